//! How a rollout ends: the last writes, what is left out, and what all of it comes to.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use futures::{StreamExt as _, stream::FuturesUnordered};

use super::{Clock, Node, Rollout, RolloutEnd, Writing, last_look::probe_server};
use crate::workload::graph::Schedule;

/// How long writes in flight are waited for after time is up or the wish to stop: what they did is
/// worth knowing, and yet who said `--timeout 20s` wants to wait for 20 s.
const LAST_WRITES: Duration = Duration::from_secs(2);

impl<'a> Rollout<'a> {
    /// Ends at the nearer of two deadlines: the user's, and 30 s after the first failure.
    pub(super) async fn end_at_deadline(
        &mut self,
        clock: &mut Clock,
        schedule: &mut Schedule<'_>,
        writing: &mut FuturesUnordered<Writing<'a>>,
    ) -> RolloutEnd {
        if !clock.failed_long_ago() {
            // Side by side: time is up already.
            let probe = probe_server(self.scope.target.api.clone());
            let ((), down) = tokio::join!(self.finish_writes(schedule, writing), probe);
            if down.is_none() {
                self.look_at_unready(schedule, clock).await;
            }
            self.server_down = down;
            let is_over = self.nodes.iter().all(Node::is_over);
            return if is_over { self.verdict() } else { RolloutEnd::TimedOut };
        }
        self.finish_writes(schedule, writing).await;
        self.look_at_unready(schedule, clock).await;
        // What failed is waited for no longer, nor is what its turn did not come for.
        for node in &mut self.nodes {
            node.skipped |= !node.applied && node.error.is_none();
        }
        self.verdict()
    }

    /// Lets the deadline stand still while nothing but objects with a time of their own is waited for:
    /// what comes after them has as long as if they had been ready at once.
    pub(super) fn let_time_stand(&self, clock: &mut Clock, is_idle: bool) {
        let passed = clock.looked.elapsed();
        clock.looked = Instant::now();
        if is_idle && waits_for_own_times(&self.nodes) {
            self.scope.deadline.rest(passed);
        }
    }

    /// Leaves out what waits for something that failed to become ready, where nothing else is
    /// under way.
    pub(super) fn skip_hopeless(&mut self, schedule: &Schedule<'_>) -> bool {
        let failed: Vec<usize> =
            (0..self.nodes.len()).filter(|index| self.nodes[*index].has_failed()).collect();
        if failed.is_empty() {
            return false;
        }
        // On a copy: what has failed to become ready may still recover, as long as something else
        // is under way.
        let mut schedule = schedule.clone();
        let hopeless: HashSet<usize> =
            failed.into_iter().flat_map(|index| schedule.failed(index)).collect();
        let mut nodes = self.nodes.iter().enumerate();
        if !nodes.all(|(index, node)| node.is_over() || hopeless.contains(&index)) {
            return false;
        }
        for index in hopeless {
            self.nodes[index].skipped = true;
        }
        true
    }

    /// Lets writes end that are on their way: what they did is worth knowing.
    pub(super) async fn finish_writes(
        &mut self,
        schedule: &mut Schedule<'_>,
        writing: &mut FuturesUnordered<Writing<'a>>,
    ) {
        let until = Instant::now() + LAST_WRITES;
        let mut clock = Clock::new();
        while !writing.is_empty() {
            tokio::select! {
                Some((node, result)) = writing.next() => self.take_write_result(schedule, node, result, &mut clock),
                () = tokio::time::sleep_until(until.into()) => return,
            }
        }
    }

    pub(super) fn verdict(&self) -> RolloutEnd {
        if self.nodes.iter().any(|node| node.error.is_some() || node.skipped) {
            RolloutEnd::Failed
        } else if self.nodes.iter().any(|node| !node.is_settled()) {
            RolloutEnd::NotReady
        } else {
            RolloutEnd::Ready
        }
    }
}

/// Tells whether something is waited for, and nothing that has no time of its own.
fn waits_for_own_times(nodes: &[Node<'_>]) -> bool {
    let mut open = nodes.iter().filter(|node| node.applied && !node.is_over()).peekable();
    open.peek().is_some() && open.all(Node::has_own_time)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::workload::{
        plan::{Desired, Item},
        readiness::Verdict,
        release::Action,
    };

    #[test]
    fn the_deadline_rests_while_only_objects_with_a_time_of_their_own_are_waited_for() {
        let item = |annotations| {
            let body = json!({"apiVersion": "batch/v1", "kind": "Job",
                "metadata": {"name": "a", "annotations": annotations}});
            Item::new(Desired::new(body, None), Action::Create)
        };
        let own = item(json!({"workloadctl/timeout": "30m"}));
        let (plain, left) = (item(json!({})), item(json!({"workloadctl/wait": "false"})));
        let node = |item, waited_for, verdict: Option<Verdict>| Node {
            applied: true,
            waited_for,
            verdict,
            ..Node::new(item)
        };
        let waiting = |item| node(item, true, None);
        let ready = |item| node(item, true, Some(Verdict::ready()));
        let failed = |item| node(item, true, Some(Verdict::failed("", "")));
        for (what, nodes, rests) in [
            ("nothing", vec![], false),
            ("all are ready", vec![ready(&own), ready(&plain)], false),
            ("one of its own time", vec![ready(&plain), waiting(&own)], true),
            ("what nobody waits for", vec![node(&left, false, None), waiting(&own)], true),
            ("what has failed", vec![failed(&plain), waiting(&own)], true),
            ("another too", vec![waiting(&own), waiting(&plain)], false),
            ("another that is to come", vec![waiting(&own), Node::new(&plain)], true),
            ("its time is up", vec![failed(&own), waiting(&plain)], false),
        ] {
            assert_eq!(waits_for_own_times(&nodes), rests, "{what}");
        }
    }
}
