//! Judging what was applied, as it is seen, and saying what is still open.

use std::time::{Duration, Instant};

use super::{Clock, Rollout};
use crate::{
    ops::events::{Event, HEARTBEAT},
    workload::{
        graph::{Milestone, Schedule},
        plan::Desired,
        readiness::{State, Verdict, judge, judge_gone},
    },
};

/// How often an object is asked for that cannot be watched.
const POLL_EVERY: Duration = Duration::from_secs(2);
impl Rollout<'_> {
    pub(super) fn judge_all(&mut self, schedule: &mut Schedule<'_>, clock: &mut Clock) {
        clock.dirty = false;
        clock.judged = Instant::now();
        let window = self.window();
        for index in 0..self.nodes.len() {
            let node = &self.nodes[index];
            if !node.applied || node.is_settled() || !node.watch.object {
                continue;
            }
            let Some(seen) = self.observer.seen(&node.item.desired.id) else { continue };
            // Before our own write it looks complete: the Deployment of yesterday is ready.
            if node.is_older_than_write(seen) {
                continue;
            }
            let verdict = match seen {
                // With a time to live of 0 it is gone before anybody has seen its end: its event
                // tells.
                None if node.item.desired.id.is("batch", "Job") => {
                    judge_gone(&node.item.desired.body.look(), node.uid(), &self.observer.around)
                }
                seen => judge(seen, &self.observer.around, &window),
            };
            let verdict = node.in_its_time(verdict);
            // A watch may lag behind our own write.
            if verdict.state == State::Missing && node.verdict.is_none() {
                continue;
            }
            // The first one starts the 30 s in which the others may end their own way
            // (docs/design.md, Wait).
            if verdict.state == State::Failed {
                clock.first_failure.get_or_insert_with(Instant::now);
            }
            if node.verdict.as_ref() != Some(&verdict) {
                self.set_verdict(schedule, index, verdict);
            }
        }
        // What failed may have mended itself.
        if !self.nodes.iter().any(|node| node.error.is_some() || node.has_failed()) {
            clock.first_failure = None;
        }
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
        node.verdict = Some(verdict.clone());
        if node.watch.object {
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
        self.judge_all(schedule, clock);
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
