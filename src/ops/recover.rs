//! A record that was lost: made anew from what is live, and what that does not prove.

use serde_json::Value;

use super::{locate::Located, rebuild::rebuild, session::Session, target::Target};
use crate::workload::{
    error::Result,
    name::InstanceName,
    object::{GroupKind, ObjectId, split_api_version},
    record::Entry,
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
        let count = match record.inventory.len() {
            1 => "1 live object".to_owned(),
            many => format!("{many} live objects"),
        };
        session.note(
            instance,
            format!(
                "the record {why}: rebuilt from {count} of `{instance}` in namespace {namespace}"
            ),
        );
        located.rebuilt = Some(record);
        located.doubt = doubt(why, last.is_some(), &rebuilt.unseen);
    }
    Ok(())
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
