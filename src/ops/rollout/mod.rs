//! The rollout: everything is applied in the order of the graph, side by side where nothing
//! orders it, and waited for by watches. One loop, one instance.
//!
//! It ends when everything was applied and judged, when time is up, when the holder is lost or
//! when somebody wants it to stop; it never undoes anything. What was done until then is in
//! the nodes.

mod clock;
mod ending;
mod node;
mod observer;

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use futures::{StreamExt as _, future::BoxFuture, stream::FuturesUnordered};
use jiff::Timestamp;

use clock::{AFTER_FAILURE, Clock, TICK};
pub(crate) use node::Node;
pub(crate) use observer::Observer;

use super::{
    events::Event,
    session::Session,
    stop::Signal,
    target::Target,
    write::{Writer, Written},
};
use crate::{
    cluster::{failure::Failure, fence::Fence},
    workload::{
        diagnosis::diagnose,
        error::Error,
        graph::{Graph, Milestone, Schedule},
        name::InstanceName,
        plan::Desired,
        readiness::{State, Verdict, Window, judge, judge_gone},
        release::Action,
    },
};

/// How often it is said what is still open.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// How often an object is asked for that cannot be watched.
const ASK_EVERY: Duration = Duration::from_secs(2);
/// How long writes in flight are waited for after the wish to stop.
const LAST_WRITES: Duration = Duration::from_secs(10);

/// How a rollout ended.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum End {
    /// Everything is applied and what was to be ready is.
    Ready,
    /// Everything is applied; something failed to become ready.
    NotReady,
    /// Something could not be applied.
    Failed,
    /// Time is up.
    TimedOut,
    /// Somebody wants us to stop.
    Stopped(Signal),
    /// Somebody else holds the instance now.
    Lost,
    /// The server does not accept the login any more.
    LoggedOut,
}

/// What a rollout works with.
pub(crate) struct Rollout<'a> {
    /// The surroundings.
    pub session: &'a Session<'a>,
    /// The runtime.
    pub target: &'a Target,
    /// The instance.
    pub instance: &'a InstanceName,
    /// The one who writes.
    pub writer: &'a Writer<'a>,
    /// The holder's fence.
    pub fence: &'a Fence,
    /// The order.
    pub graph: &'a Graph,
    /// Whether readiness is waited for.
    pub wait: bool,
    /// When time is up.
    pub deadline: Option<Instant>,
    /// When this deploy began, by the server's clock.
    pub since: Timestamp,
    /// What shows the cluster.
    pub observer: Observer,
    /// The objects, in the graph's order.
    pub nodes: Vec<Node<'a>>,
    /// Why the server did not answer when time was up.
    pub silence: Option<Failure>,
}

type Writing<'a> = BoxFuture<'a, (usize, Result<Written, Error>)>;

impl<'a> Rollout<'a> {
    /// Runs until the end, and then looks into what is not ready.
    pub(crate) async fn run(&mut self) -> End {
        let end = self.roll().await;
        let window = self.window();
        for node in self.nodes.iter_mut().filter(|node| node.applied && !node.is_settled()) {
            if let Some(Some(object)) = self.observer.seen(&node.item.desired.id) {
                node.diagnosis = Some(diagnose(object, &self.observer.around, &window));
            }
        }
        if end == End::TimedOut {
            self.silence = self.listen().await;
            if self.silence.is_none() {
                self.look_at_the_unwritten().await;
            }
        }
        end
    }

    fn window(&self) -> Window<'a> {
        Window {
            runtime: &self.target.runtime,
            since: self.since,
            now: self.target.api.connection().server_now(),
        }
    }

    async fn roll(&mut self) -> End {
        let mut schedule = Schedule::start(self.graph);
        let mut writing: FuturesUnordered<Writing<'a>> = FuturesUnordered::new();
        let mut clock = Clock::new();
        self.phase("applying");
        loop {
            self.start_writes(&mut schedule, &mut writing);
            if writing.is_empty()
                && (self.nodes.iter().all(Node::is_over) || self.gives_up(&schedule))
            {
                return self.verdict();
            }
            let deadline = self.nearest(&clock);
            tokio::select! {
                biased;
                signal = self.session.stop.wait() => {
                    self.finish_writes(&mut schedule, &mut writing).await;
                    return End::Stopped(signal);
                }
                () = self.fence.lost() => return End::Lost,
                Some((node, result)) = writing.next() => {
                    self.wrote(&mut schedule, node, result, &mut clock);
                    if writing.is_empty() && self.wait && self.nodes.iter().all(|node| node.applied || node.error.is_some() || node.skipped) {
                        self.phase("waiting");
                    }
                }
                change = self.observer.changed() => {
                    self.observer.take(change);
                    clock.dirty = true;
                    if self.observer.refused().is_some() {
                        self.finish_writes(&mut schedule, &mut writing).await;
                        return End::LoggedOut;
                    }
                }
                () = tokio::time::sleep(TICK) => {}
                () = until(deadline) => {
                    self.finish_writes(&mut schedule, &mut writing).await;
                    if !clock.failed_long_ago() {
                        return End::TimedOut;
                    }
                    // What failed is waited for no longer, nor is what its turn did not come for.
                    for node in &mut self.nodes {
                        node.skipped |= !node.applied && node.error.is_none();
                    }
                    return self.verdict();
                }
            }
            if clock.judging_is_due() {
                self.ask_for_unwatched(&mut clock).await;
                self.judge_all(&mut schedule, &mut clock);
            }
            self.heartbeat(&mut clock);
        }
    }

    /// Leaves out what waits for something that failed to become ready, where nothing else is
    /// under way.
    fn gives_up(&mut self, schedule: &Schedule<'_>) -> bool {
        let failed: Vec<usize> =
            (0..self.nodes.len()).filter(|index| self.nodes[*index].has_failed()).collect();
        if failed.is_empty() {
            return false;
        }
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

    fn phase(&self, name: &'static str) {
        self.report(Event::Phase(name));
    }

    fn report(&self, event: Event) {
        self.session.reporter.report(self.instance.as_str(), event);
    }

    fn nearest(&self, clock: &Clock) -> Option<Instant> {
        let grace = clock.first_failure.map(|at| at + AFTER_FAILURE);
        match (self.deadline, grace) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    fn start_writes(
        &mut self,
        schedule: &mut Schedule<'_>,
        writing: &mut FuturesUnordered<Writing<'a>>,
    ) {
        loop {
            let next = schedule.released();
            if next.is_empty() {
                return;
            }
            for node in next {
                let item = self.nodes[node].item;
                if item.action == Action::Unchanged {
                    self.is_applied(schedule, node);
                    continue;
                }
                let writer = self.writer;
                writing.push(Box::pin(async move { (node, writer.write(item).await) }));
            }
        }
    }

    fn wrote(
        &mut self,
        schedule: &mut Schedule<'_>,
        node: usize,
        result: Result<Written, Error>,
        clock: &mut Clock,
    ) {
        clock.dirty = true;
        match result {
            Ok(written) => {
                let object = self.nodes[node].item.desired.id.clone();
                self.report(Event::Done { object: object.clone(), action: written.action });
                for field in &written.yielded {
                    self.report(Event::Warning(format!("{object}: {}", field.told())));
                }
                self.nodes[node].written = Some(written);
                self.nodes[node].applied_at = Some(self.session.now());
                self.is_applied(schedule, node);
            }
            Err(error) => {
                clock.first_failure.get_or_insert_with(Instant::now);
                self.nodes[node].error = Some(error);
                for skipped in schedule.failed(node) {
                    self.nodes[skipped].skipped = true;
                }
            }
        }
    }

    /// Notes that a node is as wanted on the cluster, and watches it where somebody waits.
    fn is_applied(&mut self, schedule: &mut Schedule<'_>, index: usize) {
        schedule.reached(index, Milestone::Applied);
        let awaited = !self.graph.awaited(index).is_empty();
        let node = &mut self.nodes[index];
        node.applied = true;
        node.waited_for = self.wait || awaited;
        if !node.waited_for {
            return;
        }
        if node.watch.object {
            self.observer.watch_for(self.target, self.instance, &node.item.desired, node.watch);
        } else {
            let verdict =
                Verdict { state: State::Ready, reason: String::new(), message: String::new() };
            self.judged(schedule, index, verdict);
        }
    }

    fn judge_all(&mut self, schedule: &mut Schedule<'_>, clock: &mut Clock) {
        clock.dirty = false;
        clock.judged = Instant::now();
        let window = self.window();
        for index in 0..self.nodes.len() {
            let node = &self.nodes[index];
            if !node.waited_for || !node.applied || node.is_ready() || !node.watch.object {
                continue;
            }
            let Some(seen) = self.observer.seen(&node.item.desired.id) else { continue };
            if node.is_older_than_write(seen) {
                continue;
            }
            let verdict = match seen {
                None if node.item.desired.id.is("batch", "Job") => {
                    judge_gone(&node.item.desired.body, node.uid(), &self.observer.around)
                }
                seen => judge(seen, &self.observer.around, &window),
            };
            // A watch may lag behind our own write.
            if verdict.state == State::Missing && node.verdict.is_none() {
                continue;
            }
            if verdict.state == State::Failed {
                clock.first_failure.get_or_insert_with(Instant::now);
            }
            if node.verdict.as_ref() != Some(&verdict) {
                self.judged(schedule, index, verdict);
            }
        }
        // What failed may have mended itself.
        if !self.nodes.iter().any(|node| node.error.is_some() || node.has_failed()) {
            clock.first_failure = None;
        }
    }

    fn judged(&mut self, schedule: &mut Schedule<'_>, index: usize, verdict: Verdict) {
        let now = self.session.now();
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

    async fn ask_for_unwatched(&mut self, clock: &mut Clock) {
        if clock.asked.elapsed() < ASK_EVERY {
            return;
        }
        clock.asked = Instant::now();
        let unseen: Vec<&Desired> = self
            .nodes
            .iter()
            .filter(|node| {
                node.waited_for
                    && node.applied
                    && !node.is_ready()
                    && node.watch.object
                    && !self.observer.is_watching(&node.item.desired.id)
            })
            .map(|node| &node.item.desired)
            .collect();
        self.observer.ask(self.target, &unseen, ASK_EVERY).await;
    }

    fn heartbeat(&self, clock: &mut Clock) {
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
        let phase = if self.nodes.iter().all(|node| node.applied) { "waiting" } else { "applying" };
        self.report(Event::StillOpen { phase, elapsed: clock.started.elapsed(), open });
    }

    /// Lets writes end that are on their way: what they did is worth knowing.
    async fn finish_writes(
        &mut self,
        schedule: &mut Schedule<'_>,
        writing: &mut FuturesUnordered<Writing<'a>>,
    ) {
        let until = Instant::now() + LAST_WRITES;
        let mut clock = Clock::new();
        while !writing.is_empty() {
            tokio::select! {
                Some((node, result)) = writing.next() => self.wrote(schedule, node, result, &mut clock),
                () = tokio::time::sleep_until(until.into()) => return,
            }
        }
    }

    fn verdict(&self) -> End {
        if self.nodes.iter().any(|node| node.error.is_some() || node.skipped) {
            End::Failed
        } else if self.nodes.iter().any(|node| node.waited_for && !node.is_ready()) {
            End::NotReady
        } else {
            End::Ready
        }
    }

    /// Lists the objects that were applied.
    #[must_use]
    pub(crate) fn applied(&self) -> HashSet<usize> {
        (0..self.nodes.len()).filter(|index| self.nodes[*index].applied).collect()
    }
}

/// Waits until a deadline; for ever without one.
pub(super) async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}
