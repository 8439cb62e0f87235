//! What the database remembers of an instance whose record was lost: one made anew from what
//! survived is no proof that nothing is missing.

use std::collections::{BTreeMap, HashSet};

use serde_json::Value;

use crate::{
    ops::session::Session,
    workload::{
        body::Body,
        error::Result,
        hooks::Hook,
        name::InstanceName,
        object::{ObjectId, split_api_version},
        readiness::goes_when_finished,
        record::Entry,
        sent_bodies::SentBodies,
    },
};

/// The objects that the last release of the database sent.
#[derive(Default)]
pub(super) struct Remembered {
    objects: BTreeMap<ObjectId, Body>,
}

impl Remembered {
    /// Reads them.
    pub(super) fn read(session: &Session<'_>, name: &InstanceName) -> Result<Self> {
        let store = session.store();
        let Some(release) = store.latest_release(name)? else { return Ok(Self::default()) };
        let sent = store.rendered(name, &release.id)?.unwrap_or_default().into_iter();
        let objects = sent.map(|object| (ObjectId::of(&object), Body::at_rest(object)));
        Ok(Self { objects: objects.collect() })
    }

    /// Gives what an object was meant to be, by the record or else by this.
    pub(super) fn meant(&self, sent: &SentBodies<'_>, id: &ObjectId) -> Option<Body> {
        let recorded = sent.of_newest(id).map(|placed| placed.body.look());
        recorded.or_else(|| self.objects.get(id).map(Body::look))
    }

    /// Adds to the inventory what it lacks.
    pub(super) fn add_to(
        &self,
        session: &Session<'_>,
        name: &InstanceName,
        wanted: &mut Vec<Entry>,
    ) -> Result<()> {
        let known: HashSet<ObjectId> = wanted.iter().map(|entry| entry.id.clone()).collect();
        for (id, object) in self.objects.iter().filter(|(id, _)| !known.contains(id)) {
            let object = object.look();
            let api_version = object["apiVersion"].as_str().unwrap_or_default();
            let (_, version) = split_api_version(api_version);
            let completed = has_completed(session, name, id, &object)?;
            let hook = Hook::of(&object).is_some();
            wanted.push(Entry { completed, hook, ..Entry::new(id.clone(), version) });
        }
        Ok(())
    }
}

/// Tells whether a Job was ready, which is complete, in a release that sent it as it is now: its
/// time to live may have taken it away since.
fn has_completed(
    session: &Session<'_>,
    name: &InstanceName,
    id: &ObjectId,
    body: &Value,
) -> Result<bool> {
    if !id.is("batch", "Job") || !goes_when_finished(body) {
        return Ok(false);
    }
    let store = session.store();
    for release in store.releases(name)? {
        let sent = store.rendered(name, &release.id)?.unwrap_or_default();
        // Another body is another Job, whatever became of it.
        if !sent.contains(body) {
            return Ok(false);
        }
        let deeds = store.deeds(name, &release.id)?;
        if deeds.iter().any(|deed| deed.id == *id && deed.ready_at.is_some()) {
            return Ok(true);
        }
    }
    Ok(false)
}
