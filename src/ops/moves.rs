//! What the flags say of an instance against what is stored: runtime and namespace are fixed at
//! the first deploy. A renamed context is no other runtime: the stored record is found there.

use super::{
    locate::Located,
    session::Session,
    target::{Choice, ChosenBy},
};
use crate::workload::{
    error::{Error, Result},
    instance::Instance,
    record::Record,
};

/// Checks where an instance is looked for against where it is; gives a note where it is known
/// under another runtime's name from now on.
///
/// # Errors
/// Code 5 for another runtime or another namespace.
pub fn check(
    session: &Session<'_>,
    stored: &Instance,
    choice: &Choice,
    located: &Located,
) -> Result<Option<String>> {
    let name = &stored.name;
    let runtime = choice.runtime.to_string();
    let moved = choice.by == ChosenBy::Flag && stored.runtime != runtime;
    let record = located.found.as_ref().map(|found| &found.record);
    if moved && !record.is_some_and(|record| is_stored_one(session, stored, record)) {
        return Err(Error::refused(
            "other-runtime",
            format!("`{name}` is on runtime `{}`, not on `{runtime}`", stored.runtime),
        )
        .hint(format!(
            "deploy under another instance name, or `workloadctl delete {name}` first"
        )));
    }
    if let (Some(flag), Some(namespace)) = (&session.namespace, &stored.namespace)
        && flag != namespace
        && !located.new_cluster
    {
        return Err(Error::refused(
            "other-namespace",
            format!("`{name}` is in namespace {namespace}, not in {flag}"),
        )
        .hint("the namespace is fixed at the first deploy: leave the flag out, or use another instance name"));
    }
    Ok(moved.then(|| format!("`{name}` is on runtime {runtime} from now on")))
}

/// Tells whether a record is the stored one: the uids of the cluster tell, or where one was not
/// to be read, a release that is known here.
fn is_stored_one(session: &Session<'_>, stored: &Instance, record: &Record) -> bool {
    match (&stored.cluster_uid, &record.cluster_uid) {
        (Some(stored), Some(recorded)) => stored == recorded,
        _ => {
            let store = session.store.lock().expect("no holder of the store panics");
            let known = store.releases(&stored.name).unwrap_or_default();
            let mut recorded = record.newest.iter().chain(&record.last_good);
            recorded.any(|recorded| known.iter().any(|known| known.id == recorded.release.id))
        }
    }
}
