//! Judging what was applied, as it is seen, and saying what is still open.

use std::time::{Duration, Instant};

use super::{Clock, Node, Rollout};
use crate::{
    ops::events::{Event, HEARTBEAT},
    workload::{
        graph::{Milestone, Schedule},
        plan::Desired,
        readiness::{State, Verdict, Window, judge, judge_gone},
    },
};

/// How often an object is asked for that cannot be watched.
const POLL_EVERY: Duration = Duration::from_secs(2);

impl Rollout<'_> {
    /// Judges what was touched; from time to time everything, since some judgements depend on the time.
    /// Gives the nodes that were looked at.
    pub(super) fn judge(&mut self, schedule: &mut Schedule<'_>, clock: &mut Clock) -> Vec<usize> {
        let begun = Instant::now();
        let touched = self.observer.take_touched();
        let all = clock.next_judging_of_all() <= begun;
        let nodes = if all { self.all_nodes() } else { touched.into_iter().collect() };
        self.judge_each(&nodes, schedule, clock);
        clock.note_judging(begun, all);
        nodes
    }

    pub(super) fn all_nodes(&self) -> Vec<usize> {
        (0..self.nodes.len()).collect()
    }

    fn judge_each(&mut self, nodes: &[usize], schedule: &mut Schedule<'_>, clock: &mut Clock) {
        let window = self.window();
        for &index in nodes {
            let verdict = self.judge_node(index, &window);
            self.observer.rest(self.nodes[index].uid());
            let Some(verdict) = verdict else { continue };
            // The first one starts the 30 s in which the others may end their own way
            // (docs/design.md, Wait).
            if verdict.state == State::Failed {
                clock.first_failure.get_or_insert_with(Instant::now);
            }
            if self.nodes[index].verdict.as_ref() != Some(&verdict) {
                self.set_verdict(schedule, index, verdict);
            }
        }
        // What failed may have mended itself.
        let is_failure = |node: &Node<'_>| node.error.is_some() || node.has_failed();
        if clock.first_failure.is_some() && !self.nodes.iter().any(is_failure) {
            clock.first_failure = None;
        }
    }

    /// Judges a node by what was seen of it; none where that tells nothing, or nobody waits for it.
    fn judge_node(&self, index: usize, window: &Window<'_>) -> Option<Verdict> {
        let node = &self.nodes[index];
        if !node.applied || node.is_settled() || !node.watch.object {
            return None;
        }
        let seen = self.observer.seen(&node.item.desired.id)?;
        // Before our own write it looks complete: the Deployment of yesterday is ready.
        if node.is_older_than_write(seen.as_deref()) {
            return None;
        }
        let verdict = match seen {
            // With a time to live of 0 it is gone before anybody has seen its end: its event
            // tells.
            None if node.item.desired.id.is("batch", "Job") => {
                judge_gone(&node.item.desired.body.look(), node.uid(), self.observer.around())
            }
            seen => judge(seen.as_deref(), self.observer.around(), window),
        };
        let verdict = node.in_its_time(verdict);
        // A watch may lag behind our own write.
        (verdict.state != State::Missing || node.verdict.is_some()).then_some(verdict)
    }

    pub(super) fn set_verdict(
        &mut self,
        schedule: &mut Schedule<'_>,
        index: usize,
        verdict: Verdict,
    ) {
        let now = self.scope.session.now();
        let node = &mut self.nodes[index];
        if verdict.state == State::Ready {
            node.ready_at.get_or_insert(now);
            schedule.reached(index, Milestone::Ready);
        }
        let object = node.item.desired.id.clone();
        let is_news = node.verdict.as_ref().is_none_or(|before| before.says_else(&verdict));
        node.verdict = Some(verdict.clone());
        if node.watch.object && is_news {
            self.report(Event::Judged { object, verdict });
        }
    }

    pub(super) fn ask_for_unwatched(&mut self, clock: &mut Clock) {
        if clock.polled.elapsed() < POLL_EVERY {
            return;
        }
        clock.polled = Instant::now();
        let unseen: Vec<&Desired> = self
            .nodes
            .iter()
            .filter(|node| {
                node.applied
                    && !node.is_settled()
                    && node.watch.object
                    // Watching may be forbidden, or somebody took away the label that the watch
                    // selects.
                    && !self.observer.is_watching(&node.item.desired.id)
            })
            .map(|node| &node.item.desired)
            .collect();
        self.observer.ask_for(self.scope.target, &unseen, POLL_EVERY);
    }

    /// Asks once by name for what is not ready when time is up: a watch that says nothing shows an
    /// old state, and that is no proof.
    pub(super) async fn look_at_unready(&mut self, schedule: &mut Schedule<'_>, clock: &mut Clock) {
        let unready: Vec<&Desired> = self
            .nodes
            .iter()
            .filter(|node| node.applied && !node.is_settled() && node.watch.object)
            .map(|node| &node.item.desired)
            .collect();
        self.observer.ask_at_once(self.scope.target, &unready, POLL_EVERY).await;
        self.judge_each(&self.all_nodes(), schedule, clock);
    }

    pub(super) fn heartbeat(&self, clock: &mut Clock) {
        if clock.beat.elapsed() < HEARTBEAT {
            return;
        }
        clock.beat = Instant::now();
        let open: Vec<_> = self
            .nodes
            .iter()
            .filter(|node| !node.is_over())
            .map(|node| {
                let why = match &node.verdict {
                    _ if !node.applied => "not applied yet".to_owned(),
                    Some(verdict) => verdict.message.clone(),
                    None => "not seen yet".to_owned(),
                };
                (node.item.desired.id.clone(), why)
            })
            .collect();
        let phase = clock.phase;
        self.report(Event::StillOpen { phase, elapsed: clock.started.elapsed(), open });
    }
}
