//! The namespaces of a release before anything is planned: which are there, whose they are, and
//! what is refused because of it.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::desired::{self, Source, Wish};
use crate::{
    cluster::record,
    ops::{
        locate::{self, Ground},
        options::DeployOptions,
        target::Target,
    },
    workload::{
        error::{Code, Error, Result},
        instance::{Instance, NamespaceMode},
        object::ObjectId,
        ownership::other_instances,
        record::Record,
        sharing::instance_of,
    },
};

/// Settles the mode of a rebuilt record. Live objects do not tell whether the definition brings
/// the namespace: the content does. Nor whose a namespace was that is gone: `stored`, the instance
/// as the database has it on this cluster, does, and without it what a first deploy would choose.
pub(super) fn settle_mode(
    rebuilt: &mut Record,
    source: &Source,
    stored: Option<&Instance>,
    flag: Option<&str>,
) {
    let stored = stored
        .filter(|stored| stored.namespace.as_ref() == Some(&rebuilt.namespace))
        .and_then(|stored| stored.namespace_mode);
    if desired::brought_namespaces(&source.content).contains(&rebuilt.namespace) {
        rebuilt.mode = NamespaceMode::Own;
    } else if rebuilt.mode == NamespaceMode::Given {
        let is_named_alike = flag.is_none() && rebuilt.namespace == rebuilt.instance.as_str();
        let chosen = if is_named_alike { NamespaceMode::Managed } else { NamespaceMode::Given };
        rebuilt.mode = stored.unwrap_or(chosen);
    }
}

/// Looks at the namespaces before anything is planned; gives those that are not there.
///
/// # Errors
/// Code 5 for one that is being deleted, and for a managed one that somebody else made.
pub(super) async fn check(
    target: &Target,
    options: &DeployOptions,
    wish: &Wish,
    home: &str,
    ground: Option<Ground>,
    recorded: bool,
    fixed: bool,
) -> Result<HashSet<String>> {
    let mut absent = HashSet::new();
    let ground_of_record = match ground {
        Some(ground) if home == wish.namespace => Some(ground),
        Some(_) => Some(locate::ground(target, &wish.namespace, &options.name).await?),
        None => None,
    };
    match (wish.mode, ground_of_record) {
        (_, None) => {}
        (_, Some(Ground::Free)) => {
            absent.insert(wish.namespace.clone());
        }
        (_, Some(Ground::Terminating(ours)))
            if !(ours || recorded) || wish.mode == NamespaceMode::Given =>
        {
            return Err(Error::refused(
                Code::NamespaceTerminating,
                format!("namespace {} is being deleted", wish.namespace),
            )
            .object(format!("Namespace/{}", wish.namespace))
            .hint("wait until it is gone, then repeat the command"));
        }
        // Ours: what is left of it goes before it is made anew.
        (_, Some(Ground::Terminating(_))) => {
            absent.insert(wish.namespace.clone());
        }
        (NamespaceMode::Managed, Some(Ground::Foreign | Ground::Shared)) => {
            let error = locate::namespace_taken(&wish.namespace, &options.name);
            return Err(match fixed {
                // The flag would be refused: the mode is that of the first deploy.
                true => error.hint(format!(
                    "`workloadctl delete {}` leaves it; then `--namespace {}` deploys into it",
                    options.name, wish.namespace
                )),
                false => error,
            });
        }
        (_, Some(Ground::Foreign | Ground::Ours | Ground::Shared)) => {}
    }
    if wish.mode == NamespaceMode::Own {
        for desired in wish.desired.iter().filter(|desired| desired.id.is("", "Namespace")) {
            if desired.id.name != wish.namespace
                && locate::ground(target, &desired.id.name, &options.name).await? == Ground::Free
            {
                absent.insert(desired.id.name.clone());
            }
        }
    }
    Ok(absent)
}

/// A definition that brings its own namespaces runs once per runtime.
///
/// # Errors
/// Code 5 where another instance of it is there.
pub(super) async fn refuse_second_own(
    target: &Target,
    wish: &Wish,
    source: &Source,
    manager: &str,
    live: &HashMap<ObjectId, Value>,
) -> Result<()> {
    if wish.mode != NamespaceMode::Own {
        return Ok(());
    }
    let id = ObjectId::new("", "Namespace", None, &wish.namespace);
    let Some(namespace) = live.get(&id) else { return Ok(()) };
    for other in other_instances(namespace, manager) {
        let Some((place, other)) = instance_of(other) else { continue };
        let Some(found) = record::read(&target.api, place, &other).await? else { continue };
        let same = found
            .record
            .newest
            .is_some_and(|deployed| deployed.release.definition == source.definition);
        if same {
            return Err(Error::refused(
                Code::OwnNamespacesTaken,
                format!(
                    "definition `{}` brings its own namespaces and runs here already, as instance `{other}`",
                    source.definition
                ),
            )
            .hint(format!(
                "take the Namespace documents out of the definition, or deploy instance `{other}`"
            )));
        }
    }
    Ok(())
}
