//! What the flags say of an instance against what is stored: runtime and namespace are fixed at
//! the first deploy. A renamed context is no other runtime: the same cluster is found there.

use super::{
    locate::Located,
    runtime_choice::{Choice, ChosenBy},
    session::Session,
    target::Target,
};
use crate::workload::{
    error::{Code, Error, Result},
    instance::Instance,
    name::InstanceName,
    record::Record,
    runtime::RuntimeName,
};

/// Checks where an instance is looked for against where it is; gives a note where it is known
/// under another runtime's name from now on.
///
/// # Errors
/// Code 5 for another runtime or another namespace.
pub(crate) fn check(
    session: &Session<'_>,
    stored: &Instance,
    choice: &Choice,
    target: &Target,
    located: &Located,
) -> Result<Option<String>> {
    let name = &stored.name;
    let runtime = choice.runtime.to_string();
    // Only a flag or a file can name another runtime: else the stored one was chosen.
    let named = matches!(choice.by, ChosenBy::Flag | ChosenBy::File);
    let moved = named && stored.runtime != runtime;
    let record = located.found.as_ref().map(|found| &found.record);
    if moved && !is_stored_cluster(session, stored, target.cluster_uid.as_deref(), record) {
        let lost = RuntimeName::stored(&stored.runtime)?
            .context()
            .is_some_and(|context| !session.kubeconfig.has_context(context));
        // Nothing can be deleted through a context that is gone.
        let forget = if lost { " --forget" } else { "" };
        return Err(Error::refused(
            Code::OtherRuntime,
            format!("`{name}` is on runtime `{}`, not on `{runtime}`", stored.runtime),
        )
        .hint(format!(
            "deploy under another instance name, or `workloadctl delete {name}{forget}` first"
        )));
    }
    if let (Some(flag), Some(namespace)) = (&session.namespace, &stored.namespace)
        && flag != namespace
        // On a cluster that was created again nothing is fixed any more.
        && !located.new_cluster
    {
        return Err(Error::refused(
            Code::OtherNamespace,
            format!("`{name}` is in namespace {namespace}, not in {flag}"),
        )
        .hint("the namespace is fixed at the first deploy: leave the flag out, or use another instance name"));
    }
    Ok(moved.then(|| format!("`{name}` is on runtime {runtime} from now on")))
}

/// Tells whether a cluster is the one that an instance is on: the uids tell, or where they were
/// not to be read, a release that is known here.
fn is_stored_cluster(
    session: &Session<'_>,
    stored: &Instance,
    read: Option<&str>,
    record: Option<&Record>,
) -> bool {
    let recorded = record.and_then(|record| record.cluster_uid.as_deref());
    is_same_cluster(stored.cluster_uid.as_deref(), recorded, read).unwrap_or_else(|| {
        let Some(record) = record else { return false };
        let store = session.store();
        let known = store.releases(&stored.name).unwrap_or_default();
        // Ids of releases are drawn at random: one that both know was made through this database.
        let mut recorded = record.newest.iter().chain(&record.last_good);
        recorded.any(|recorded| known.iter().any(|known| known.id == recorded.release.id))
    })
}

/// Compares the uid that the database has with the one in the record and the one that was read
/// from the cluster itself: a record may be a copy. `None` where too little is known.
fn is_same_cluster(
    stored: Option<&str>,
    recorded: Option<&str>,
    read: Option<&str>,
) -> Option<bool> {
    let there = recorded.or(read);
    // A record that was copied to another cluster, with a backup or by hand, still names the old
    // one and must not move the instance there.
    let copied = recorded.is_some() && read.is_some() && recorded != read;
    match (stored, there) {
        _ if copied => Some(false),
        (Some(stored), Some(there)) => Some(stored == there),
        _ => None,
    }
}

/// Hints at what helps where a command without `--new-cluster` found another cluster; `stored`:
/// the instance is known here.
pub(crate) fn hint_new_cluster(error: Error, name: &InstanceName, stored: bool) -> Error {
    if error.code != Code::OtherCluster {
        return error;
    }
    let or_forget = if stored {
        format!("; `workloadctl delete {name} --forget` drops what is known of the old one")
    } else {
        String::new()
    };
    error.hint(format!(
        "if the cluster was replaced on purpose: `workloadctl deploy {name} --new-cluster` goes on with the new one{or_forget}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_is_the_same_where_every_uid_that_is_known_says_so() {
        for (stored, recorded, read, same) in [
            (Some("a"), Some("a"), Some("a"), Some(true)),
            (Some("a"), Some("a"), None, Some(true)),
            (Some("a"), None, Some("a"), Some(true)),
            (Some("a"), Some("a"), Some("b"), Some(false)),
            (None, Some("a"), Some("b"), Some(false)),
            (Some("a"), Some("b"), Some("b"), Some(false)),
            (Some("a"), None, Some("b"), Some(false)),
            (None, Some("a"), Some("a"), None),
            (Some("a"), None, None, None),
        ] {
            let found = is_same_cluster(stored, recorded, read);
            assert_eq!(found, same, "{stored:?} {recorded:?} {read:?}");
        }
    }
}
