//! Which instances a new revision of their definition leaves on earlier ones.

use crate::{
    store::{InstanceFilter, Store},
    workload::{
        error::Result,
        instance::Instance,
        name::{DefinitionName, InstanceName},
    },
};

/// Finds the instances whose newest release runs other content than a deploy would bring, but for one,
/// with the revision that each stays on.
pub(crate) fn find(
    store: &Store,
    definition: &DefinitionName,
    but: Option<&InstanceName>,
) -> Result<Vec<(Instance, u64)>> {
    let filter = InstanceFilter { definition: Some(definition), runtime: None };
    let mut behind = Vec::new();
    for instance in store.instances(&filter)? {
        if but == Some(&instance.name) {
            continue;
        }
        let Some(release) = store.latest_release(&instance.name)? else { continue };
        let newest = store.newest_revision(definition, Some(&instance.name))?;
        if newest.is_some_and(|newest| newest.digest != release.digest) {
            behind.push((instance, release.revision));
        }
    }
    Ok(behind)
}

/// Counts the instances that a new revision leaves behind, and says what brings them on.
pub(crate) fn told(definition: &DefinitionName, behind: &[(Instance, u64)]) -> Option<String> {
    let revision = behind.first()?.1;
    let (s, stay, them) =
        if behind.len() == 1 { ("", "stays", "it") } else { ("s", "stay", "them") };
    let on = match behind.iter().all(|(_, other)| *other == revision) {
        true => format!("on revision {revision}"),
        false => "on earlier revisions".to_owned(),
    };
    let count = behind.len();
    Some(format!(
        "{count} other instance{s} {stay} {on}: `workloadctl deploy --all --definition {definition}` brings {them} on"
    ))
}
