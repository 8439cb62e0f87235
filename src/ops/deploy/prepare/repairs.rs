//! What a release takes back of what others changed since the last one.

use std::collections::HashMap;

use crate::{
    cluster::request::Request,
    ops::{survey::Live, target::Target},
    workload::{
        body::Body,
        drift::{Drift, drift_of},
        object::ObjectId,
        ownership::fields::{shown, value_at},
        plan::{Item, Plan},
        record::Entry,
        release::Action,
        sent_bodies::SentBodies,
    },
};

/// An object that others changed, and that is written.
pub(in crate::ops::deploy) struct Repair {
    /// What is wanted of it.
    wanted: Body,
    version: String,
    /// The body that was sent last.
    sent: Option<Body>,
    pub drift: Vec<Drift>,
}

/// Finds what others changed of the objects that a plan writes, from the metadata that it was made
/// from.
pub(super) fn find(
    sent: Option<&SentBodies<'_>>,
    plan: &Plan,
    live: &Live,
    manager: &str,
) -> Vec<Repair> {
    let Some(sent) = sent else { return Vec::new() };
    let entries: HashMap<&ObjectId, &Entry> =
        sent.record().inventory.iter().map(|entry| (&entry.id, entry)).collect();
    let written = plan.items.iter().filter(|item| match item.action {
        Action::Create | Action::Update | Action::Recreate | Action::Adopt => true,
        Action::Unchanged | Action::Prune | Action::Delete | Action::Blocked => false,
    });
    let repairs = written.filter_map(|item| {
        let Item { desired, terms, .. } = item;
        let entry = entries.get(&desired.id)?;
        let sent = sent.last(entry);
        let mut drift = drift_of(entry, sent.as_deref(), live.get(&desired.id).as_deref(), manager);
        drift.retain(|one| terms.yielded.iter().all(|left| left.field != shown(&one.path)));
        (!drift.is_empty()).then(|| Repair {
            wanted: desired.body.clone(),
            version: desired.version.clone(),
            sent,
            drift,
        })
    });
    repairs.collect()
}

impl Repair {
    /// Reads what is live of the fields; those that are as they are wanted by now are no repair.
    /// What may not be read is told without values.
    pub(in crate::ops::deploy) async fn read(&mut self, target: &Target) {
        let Self { wanted, version, sent, drift } = self;
        let (Some(sent), Some(first)) = (sent, drift.first()) else { return };
        let path = target.path(&first.object, version).filter(|_| !first.path.is_empty());
        let Some(path) = path else { return };
        let Ok(Some(live)) = target.api.find(Request::get(path)).await else { return };
        drift.retain(|one| {
            let wanted = value_at(wanted, &one.path);
            wanted.is_none() || wanted != value_at(&live, &one.path)
        });
        drift.iter_mut().for_each(|one| one.take_values(sent, &live));
    }
}
