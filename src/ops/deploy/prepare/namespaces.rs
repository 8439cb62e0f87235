//! The namespaces of a release before anything is planned: which are there, whose they are, and
//! what is refused because of it.

use std::collections::HashSet;

use super::{Deploy, desired::DesiredState, start::Start};
use crate::{
    cluster::record,
    ops::{
        locate::{self, NamespaceState},
        survey::Live,
        target::Target,
    },
    workload::{
        error::{Code, Error, Result},
        instance::{Instance, NamespaceMode},
        name::DefinitionName,
        object::ObjectId,
        ownership::other_instances,
        record::{Record, nothing_known},
        sharing::instance_of,
    },
};

/// Settles the mode of a rebuilt record. Live objects do not tell whether the definition brings
/// the namespace: the content does. Nor whose a namespace was that is gone: `stored`, the instance
/// as the database has it on this cluster, does, and without it what a first deploy would choose.
pub(super) fn fix_rebuilt_mode(
    rebuilt: &mut Record,
    brought: &[String],
    stored: Option<&Instance>,
    flag: Option<&str>,
) {
    let stored = stored
        .filter(|stored| stored.namespace.as_ref() == Some(&rebuilt.namespace))
        .and_then(|stored| stored.namespace_mode);
    // The content tells what the live namespace cannot: whether it is a document of the definition.
    if brought.contains(&rebuilt.namespace) {
        rebuilt.mode = NamespaceMode::Own;
    // Also what was rebuilt while the namespace is gone: a managed instance would make it without
    // its label, or move into somebody else's.
    } else if rebuilt.mode == NamespaceMode::Given {
        let is_named_alike = flag.is_none() && rebuilt.namespace == rebuilt.instance.as_str();
        let chosen = if is_named_alike { NamespaceMode::Managed } else { NamespaceMode::Given };
        rebuilt.mode = stored.unwrap_or(chosen);
    }
}

impl Deploy<'_> {
    /// Looks at the namespaces before anything is planned; gives those that are not there.
    ///
    /// # Errors
    /// Code 5 for one that is being deleted, and for a managed one that somebody else made.
    pub(super) async fn check_namespaces(
        &self,
        start: &Start,
        desired: &DesiredState,
    ) -> Result<HashSet<String>> {
        let (target, name) = (&start.target, self.name);
        let DesiredState { mode, namespace, objects, .. } = desired;
        // The placement may have chosen another namespace than the one that was looked at.
        let state = match start.namespace_state {
            Some(state) if start.record_namespace == *namespace => Some(state),
            Some(_) => Some(locate::namespace_state(target, namespace, name).await?),
            None => None,
        };
        let mut absent = HashSet::new();
        match (mode, state) {
            (_, None) => {}
            (_, Some(NamespaceState::Absent)) => {
                absent.insert(namespace.clone());
            }
            (_, Some(NamespaceState::Terminating { ours }))
                // Somebody else deletes it: what comes after it is theirs to decide.
                if *mode == NamespaceMode::Given || !(ours || start.located.record().is_some()) =>
            {
                return Err(terminating(namespace));
            }
            // Ours: what is left of it goes before it is made anew.
            (_, Some(NamespaceState::Terminating { .. })) => {
                absent.insert(namespace.clone());
            }
            (NamespaceMode::Managed, Some(NamespaceState::Foreign | NamespaceState::Shared)) => {
                let error = locate::namespace_taken(namespace, name);
                return Err(match start.fixed_place() {
                    // The flag would be refused: the mode is that of the first deploy.
                    Some(_) => error.hint(format!(
                        "`workloadctl delete {name}` leaves it; then `--namespace {namespace}` deploys into it"
                    )),
                    None => error,
                });
            }
            (_, Some(NamespaceState::Foreign | NamespaceState::Ours | NamespaceState::Shared)) => {}
        }
        // Looked at so that dry runs and lists leave out what cannot be there yet (docs/design.md,
        // New kinds and dry runs).
        if *mode == NamespaceMode::Own {
            let others = objects.iter().map(|desired| &desired.id);
            for id in others.filter(|id| id.is("", "Namespace") && id.name != *namespace) {
                let state = locate::namespace_state(target, &id.name, name).await?;
                if state == NamespaceState::Absent {
                    absent.insert(id.name.clone());
                }
            }
        }
        Ok(absent)
    }
}

/// Makes the failure of a namespace that is being deleted.
pub(in crate::ops::deploy) fn terminating(namespace: &str) -> Error {
    Error::refused(Code::NamespaceTerminating, format!("namespace {namespace} is being deleted"))
        .object(format!("Namespace/{namespace}"))
        .hint("wait until it is gone, then repeat the command")
}

/// A definition that brings its own namespaces runs once per runtime.
///
/// # Errors
/// Code 5 where another instance of it is there.
pub(super) async fn refuse_second_own(
    target: &Target,
    desired: &DesiredState,
    definition: &DefinitionName,
    manager: &str,
    live: &Live,
) -> Result<()> {
    if desired.mode != NamespaceMode::Own {
        return Ok(());
    }
    let id = ObjectId::new("", "Namespace", None, &desired.namespace);
    let Some(namespace) = live.get(&id) else { return Ok(()) };
    for other in other_instances(&namespace, manager) {
        let Some((place, other)) = instance_of(other) else { continue };
        // An Apply entry without a record is what somebody left behind: no instance.
        let found = record::read(&target.api, place, &other, &nothing_known).await?;
        let Some(found) = found else { continue };
        let newest = found.record.newest;
        if newest.is_some_and(|deployed| deployed.release.definition == *definition) {
            return Err(Error::refused(
                Code::OwnNamespacesTaken,
                format!(
                    "definition `{definition}` brings its own namespaces and runs here already, as instance `{other}`"
                ),
            )
            .hint(format!(
                "take the Namespace documents out of the definition, or deploy instance `{other}`"
            )));
        }
    }
    Ok(())
}
