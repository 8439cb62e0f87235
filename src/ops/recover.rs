//! A record that was lost: made anew from what is live, and what that does not prove.

use serde_json::Value;

use super::{locate::Located, rebuild::rebuild, session::Session, target::Target};
use crate::workload::{
    error::Result,
    name::InstanceName,
    object::{GroupKind, ObjectId, split_api_version},
    record::{Entry, Record},
};

/// Rebuilds a record that is gone, where something of ours may be live. What was found is no proof
/// that there was nothing else: the answer is to say so.
///
/// # Errors
/// Those of [`rebuild`].
pub(crate) async fn recover(
    session: &Session<'_>,
    target: &mut Target,
    located: &mut Located,
    namespace: &str,
    instance: &InstanceName,
) -> Result<()> {
    let last = last_sent(session, instance).map(|sent| sent.filter(|_| !located.new_cluster))?;
    let remembered = last.as_deref().unwrap_or_default();
    let rebuilt = rebuild(target, namespace, instance, remembered).await?;
    if let Some(record) = rebuilt.record {
        let why = if located.unreadable.is_some() { "cannot be read" } else { "is gone" };
        session.note(instance, told(&record, why, rebuilt.home_is_going));
        located.rebuilt = Some(record);
        located.doubt = doubt(why, last.is_some(), &rebuilt.unseen);
    }
    Ok(())
}

/// Says that a record was lost, and what it is made from: its namespace that is going is no news.
fn told(record: &Record, why: &str, home_is_going: bool) -> String {
    let Record { namespace, instance, inventory, .. } = record;
    let home = ObjectId::new("", "Namespace", None, namespace);
    let others = inventory.iter().filter(|entry| !home_is_going || entry.id != home).count();
    let from = match others {
        1 => "1 live object".to_owned(),
        many => format!("{many} live objects"),
    };
    match (home_is_going, others) {
        (true, 0) => format!("namespace {namespace} is being deleted, and took the record with it"),
        (true, _) => format!(
            "namespace {namespace} is being deleted, and took the record with it: rebuilt from \
             {from} of `{instance}`"
        ),
        (false, _) => format!(
            "the record {why}: rebuilt from {from} of `{instance}` in namespace {namespace}"
        ),
    }
}

/// Gives what the last release that the database knows sent; none where it knows of none.
fn last_sent(session: &Session<'_>, instance: &InstanceName) -> Result<Option<Vec<Entry>>> {
    let store = session.store();
    let Some(release) = store.latest_release(instance)? else { return Ok(None) };
    let sent = store.rendered(instance, &release.id)?;
    let entry = |object: &Value| {
        let (_, version) = split_api_version(object["apiVersion"].as_str().unwrap_or_default());
        Entry::new(ObjectId::of(object), version)
    };
    Ok(sent.map(|sent| sent.iter().map(entry).collect()))
}

/// Says what a rebuilt record may lack.
fn doubt(lost: &str, is_remembered: bool, unseen: &[GroupKind]) -> Option<String> {
    let mut why = Vec::new();
    if !is_remembered {
        why.push("no release of it is known here".to_owned());
    }
    if let [first, rest @ ..] = unseen {
        why.push(match rest.len() {
            0 => format!("{first} cannot be listed"),
            more => format!("{first} and {more} further kinds cannot be listed"),
        });
    }
    (!why.is_empty()).then(|| {
        format!("what else it had cannot be told: its record {lost}, and {}", why.join(", and "))
    })
}
