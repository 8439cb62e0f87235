//! Watches come one by one: what ends a rollout may be seen before what led to it.

use std::time::{Duration, Instant};

use super::{Rollout, until};
use crate::workload::readiness::is_ahead_of_pods;

/// How long pods are waited for that have ended, and were not seen to have.
const PATIENCE: Duration = Duration::from_secs(2);

impl Rollout<'_> {
    /// Takes in what is under way of the pods of Jobs that have failed: a rollout may end with the
    /// Job, and its reason is that of the pod.
    pub(super) async fn let_pods_catch_up(&mut self) {
        let deadline = Some(Instant::now() + PATIENCE);
        while self.has_job_ahead_of_pods() {
            tokio::select! {
                biased;
                // Nobody waits for a reason any more.
                _ = self.scope.session.stop.wait() => return,
                change = self.observer.changed() => self.observer.take(change),
                () = until(deadline) => return,
            }
        }
    }

    fn has_job_ahead_of_pods(&self) -> bool {
        let failed = self.nodes.iter().filter(|node| node.applied && node.has_failed());
        failed
            .filter_map(|node| self.observer.seen(&node.item.desired.id).flatten())
            .any(|object| is_ahead_of_pods(&object, self.observer.around()))
    }
}
