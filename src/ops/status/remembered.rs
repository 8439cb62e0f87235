//! What the database remembers of an instance whose record was lost: one made anew from what
//! survived is no proof that nothing is missing.

use serde_json::Value;

use crate::{
    ops::session::Session,
    workload::{
        error::Result,
        hooks::Hook,
        name::InstanceName,
        object::{ObjectId, split_api_version},
        readiness::goes_when_finished,
        record::Entry,
    },
};

/// The objects that the last release of the database sent.
#[derive(Default)]
pub(super) struct Remembered {
    objects: Vec<Value>,
}

impl Remembered {
    /// Reads them.
    pub(super) fn read(session: &Session<'_>, name: &InstanceName) -> Result<Self> {
        let store = session.store();
        let Some(release) = store.latest_release(name)? else { return Ok(Self::default()) };
        Ok(Self { objects: store.rendered(name, &release.id)?.unwrap_or_default() })
    }

    /// Gives the body of one that was sent.
    pub(super) fn body(&self, id: &ObjectId) -> Option<&Value> {
        self.objects.iter().find(|object| ObjectId::of(object) == *id)
    }

    /// Adds to the inventory what it lacks.
    pub(super) fn add_to(
        &self,
        session: &Session<'_>,
        name: &InstanceName,
        wanted: &mut Vec<Entry>,
    ) -> Result<()> {
        for object in &self.objects {
            let id = ObjectId::of(object);
            if wanted.iter().all(|entry| entry.id != id) {
                let api_version = object["apiVersion"].as_str().unwrap_or_default();
                let (_, version) = split_api_version(api_version);
                let completed = has_completed(session, name, &id, object)?;
                let hook = Hook::of(object).is_some();
                wanted.push(Entry { completed, hook, ..Entry::new(id, version) });
            }
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
