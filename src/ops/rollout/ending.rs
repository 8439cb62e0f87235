//! The last looks when time was up: what held up the writes, and whether the server is there.

use std::time::Duration;

use super::Rollout;
use crate::{
    cluster::{call::Call, explain::timed_out, failure::Failure},
    ops::gone::held_by,
    workload::{ownership::is_terminating, readiness::Verdict},
};

/// How long the last look at one object may take.
const LAST_LOOK: Duration = Duration::from_secs(2);

impl Rollout<'_> {
    /// Asks whether the server is still there; gives why it is not.
    pub(super) async fn listen(&self) -> Option<Failure> {
        let (api, call) = (&self.target.api, Call::get("/version").once());
        match tokio::time::timeout(LAST_LOOK, api.send(&call)).await {
            Ok(answer) => answer.err(),
            Err(_) => {
                let late = timed_out(&api.connection().server, LAST_LOOK);
                Some(Failure::NoAnswer(Box::new(late)))
            }
        }
    }

    /// Finds out what held up writes that time ran out for: an object that goes and is held.
    pub(super) async fn look_at_the_unwritten(&mut self) {
        for node in &mut self.nodes {
            let desired = &node.item.desired;
            if node.applied || node.error.is_some() || node.skipped {
                continue;
            }
            let Some(path) = self.target.path(&desired.id, &desired.version) else { continue };
            let look = self.target.api.find(Call::get_metadata(path).once());
            if let Ok(Ok(Some(live))) = tokio::time::timeout(LAST_LOOK, look).await
                && is_terminating(&live)
            {
                let mut why = "the one before is still being deleted".to_owned();
                let held = held_by(&live);
                if !held.is_empty() {
                    why = format!("{why} and {held}");
                }
                node.verdict = Some(Verdict::waiting("Terminating", why));
            }
        }
    }
}
