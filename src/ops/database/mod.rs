//! The care of the database: whether it is whole, a copy of it, what is too old, and what the
//! clusters know of it.

mod rebuild;

use std::path::Path;

use super::{
    events::{Ask, confirm, needs_yes},
    view::{BackupView, DatabaseView, PrunedView},
};
use crate::{
    store::{Checked, Pruned, Store},
    workload::error::{Error, Result},
};

pub(crate) use rebuild::rebuild;

/// Looks whether a database is whole; gives what is wrong beside what it is.
///
/// # Errors
/// Those of [`Store::check`].
pub(crate) fn check(path: &Path) -> Result<(DatabaseView, Vec<Error>)> {
    let Checked { file, bytes, version, current, counts, faults } = Store::check(path)?;
    let [definitions, revisions, instances, releases] = counts;
    let view = DatabaseView {
        file: file.display().to_string(),
        bytes,
        version,
        current_version: current,
        definitions,
        revisions,
        instances,
        releases,
        healthy: faults.is_empty(),
    };
    Ok((view, faults))
}

/// Copies the database into a new file. `shown` is the file as the user named it.
///
/// # Errors
/// Those of [`Store::back_up`].
pub(crate) fn back_up(path: &Path, to: &Path, shown: &str) -> Result<BackupView> {
    let bytes = Store::back_up(path, to)?;
    Ok(BackupView { file: shown.to_owned(), bytes })
}

/// Removes what is surplus where so many releases and revisions are to stay, and gives the space
/// back.
///
/// # Errors
/// `answered-no` (1), `needs-yes` (2), those of the database.
pub(crate) fn prune(store: &mut Store, keep: usize, ask: &dyn Ask) -> Result<PrunedView> {
    let surplus = store.prunable(keep)?;
    let pruned = if surplus == Pruned::default() {
        surplus
    } else {
        let what = counted(surplus);
        let question =
            format!("Remove {what}? What they were cannot be shown or returned to any more.");
        confirm(ask, &question, "answered no; the database is as it was", || {
            let command = format!("workloadctl db prune --keep {keep} --yes");
            needs_yes(&format!("removing {what}"), &command)
        })?;
        store.prune(keep)?
    };
    // Also where nothing was removed: an earlier one may have been killed before this.
    let freed_bytes = store.compact()?;
    let Pruned { releases, revisions } = pruned;
    Ok(PrunedView { releases, revisions, freed_bytes })
}

fn counted(surplus: Pruned) -> String {
    let Pruned { releases, revisions } = surplus;
    let s = |number| if number == 1 { "" } else { "s" };
    format!("{releases} release{} and {revisions} revision{}", s(releases), s(revisions))
}
