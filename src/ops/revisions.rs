//! The revisions of a definition, and which releases brought each where.

use super::{
    history,
    view::{DefinitionHistoryView, RevisionUseView, UsedRevisionView},
};
use crate::{
    store::{InstanceFilter, Store},
    workload::{
        definition::Revision, error::Result, instance::Instance, name::DefinitionName,
        release::Release,
    },
};

/// Lists the revisions of a definition, the newest first, with the releases of each.
///
/// # Errors
/// `no-such-definition` (1).
pub(crate) fn history(store: &Store, name: &DefinitionName) -> Result<DefinitionHistoryView> {
    let revisions = history::revisions(store, name)?;
    let filter = InstanceFilter { definition: Some(name), runtime: None };
    let mut used: Vec<Vec<RevisionUseView>> = revisions.iter().map(|_| Vec::new()).collect();
    for Instance { name: instance, .. } in store.instances(&filter)? {
        for (place, release) in store.releases(&instance)?.iter().enumerate() {
            let Some(revision) = brought(&revisions, name, release) else { continue };
            let uses = &mut used[revision];
            match uses.last_mut().filter(|last| last.instance == instance.as_str()) {
                Some(known) => known.releases.push(release.number),
                None => uses.push(RevisionUseView {
                    instance: instance.to_string(),
                    releases: vec![release.number],
                    // The newest comes first.
                    current: place == 0,
                }),
            }
        }
    }
    let revisions = revisions.into_iter().zip(used);
    let revisions = revisions
        .map(|(revision, used_by)| UsedRevisionView { revision: revision.into(), used_by });
    Ok(DefinitionHistoryView { name: name.to_string(), revisions: revisions.collect() })
}

/// Finds the revision that a release brought. Another database may have counted otherwise, and a
/// content may have come back under another number.
fn brought(revisions: &[Revision], name: &DefinitionName, release: &Release) -> Option<usize> {
    let same_content =
        |revision: &Revision| release.definition == *name && release.digest == revision.digest;
    let same = |revision: &Revision| same_content(revision) && release.revision == revision.number;
    revisions.iter().position(same).or_else(|| revisions.iter().position(same_content))
}
