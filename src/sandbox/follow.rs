//! Following a log: what the container has written, and then the wait for the pod's end.

use super::{status::StatusResult, storage::ObjectKey, world::World};

#[derive(Debug, Clone)]
pub(super) struct Follow {
    key: ObjectKey,
    container: String,
    run: String,
    over: bool,
}

impl Follow {
    /// Begins to follow the log of a container of a pod that is there.
    pub(super) fn begin(world: &World<'_>, key: &ObjectKey, container: &str) -> StatusResult<Self> {
        let run = run_of(world, key, container)?;
        let over = run.is_none();
        let run = run.unwrap_or_default();
        Ok(Self { key: key.clone(), container: container.to_owned(), run, over })
    }

    /// Looks whether the container still runs; it writes nothing more.
    pub(super) fn advance(&mut self, world: &World<'_>) -> StatusResult<()> {
        // A pod of the same name with another uid is another pod: its log is not this one.
        self.over |= run_of(world, &self.key, &self.container)?.as_ref() != Some(&self.run);
        Ok(())
    }

    /// Tells whether the run has ended.
    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    pub(super) fn end(&mut self) {
        self.over = true;
    }
}

/// The uid of a pod that has not ended, and the number of its container's run.
fn run_of(world: &World<'_>, key: &ObjectKey, container: &str) -> StatusResult<Option<String>> {
    let Some(pod) = world.get(key)? else { return Ok(None) };
    let status = &pod["status"];
    let first = || pod["spec"]["containers"][0]["name"].as_str().unwrap_or_default();
    let container = if container.is_empty() { first() } else { container };
    let ended = matches!(status["phase"].as_str(), Some("Succeeded" | "Failed"));
    let lists = ["containerStatuses", "initContainerStatuses"];
    let mut known = lists.iter().flat_map(|list| status[list].as_array().into_iter().flatten());
    let known = known.find(|status| status["name"] == container);
    let runs = known.is_some_and(|known| known["state"]["running"].is_object());
    let run = known.map(|known| known["restartCount"].to_string()).unwrap_or_default();
    let uid = pod["metadata"]["uid"].as_str().filter(|_| !ended && runs);
    Ok(uid.map(|uid| format!("{uid}/{run}")))
}
