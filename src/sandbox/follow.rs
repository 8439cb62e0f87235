//! Following a log: what the container has written, and then the wait for the pod's end.

use super::{status::StatusResult, storage::ObjectKey, world::World};

#[derive(Debug, Clone)]
pub(super) struct Follow {
    key: ObjectKey,
    uid: String,
    over: bool,
}

impl Follow {
    /// Begins to follow the log of a pod that is there.
    pub(super) fn begin(world: &World<'_>, key: &ObjectKey) -> StatusResult<Self> {
        let uid = uid_of(world, key)?.unwrap_or_default();
        Ok(Self { key: key.clone(), uid, over: false })
    }

    /// Looks whether the pod still runs; it writes nothing more.
    pub(super) fn advance(&mut self, world: &World<'_>) -> StatusResult<()> {
        // A pod of the same name with another uid is another pod: its log is not this one.
        self.over = uid_of(world, &self.key)?.as_ref() != Some(&self.uid);
        Ok(())
    }

    /// Tells whether the pod has ended.
    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    pub(super) fn end(&mut self) {
        self.over = true;
    }
}

/// The uid of a pod that has not ended.
fn uid_of(world: &World<'_>, key: &ObjectKey) -> StatusResult<Option<String>> {
    let Some(pod) = world.get(key)? else { return Ok(None) };
    let ended = matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed"));
    Ok(pod["metadata"]["uid"].as_str().filter(|_| !ended).map(str::to_owned))
}
