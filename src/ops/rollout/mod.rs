//! The rollout: everything is applied in the order of the graph, side by side where nothing
//! orders it, and waited for by watches. One loop, one instance.
//!
//! It ends when everything was applied and judged, when time is up, when the holder is lost or
//! when somebody wants it to stop; it never undoes anything. What was done until then is in
//! the nodes.

mod catch_up;
mod clock;
mod ending;
mod evidence;
mod judging;
mod last_look;
mod logs;
mod node;
mod observer;
mod places;
mod second_turn;
mod shown;

use std::time::Instant;

use futures::{StreamExt as _, future::BoxFuture, stream::FuturesUnordered};
use jiff::Timestamp;

use clock::{AFTER_FAILURE, Clock};
use logs::RolloutLogs;
pub(crate) use node::Node;
pub(crate) use observer::Observer;
use places::Places;
pub(crate) use second_turn::with_second_turns;

use super::{
    deadline::Deadline,
    events::Event,
    options::Watching,
    session::Session,
    stop::{Signal, until},
    target::Target,
    write::{Writer, Written},
};
use crate::{
    cluster::{failure::Failure, fence::Fence},
    workload::{
        error::Error,
        graph::{Graph, Milestone, Schedule},
        name::InstanceName,
        plan::Item,
        readiness::{Verdict, Window},
        release::Action,
    },
};

/// How a rollout ended.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum RolloutEnd {
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

/// What a rollout is about, and how far it goes.
pub(crate) struct RolloutScope<'a> {
    pub session: &'a Session<'a>,
    pub target: &'a Target,
    pub instance: &'a InstanceName,
    pub writer: &'a Writer<'a>,
    /// The holder's fence.
    pub fence: &'a Fence,
    /// The order.
    pub graph: &'a Graph,
    /// Whether readiness is waited for.
    pub wait: bool,
    /// How it is looked at.
    pub watching: Watching,
    /// When time is up.
    pub deadline: &'a Deadline,
}

/// A rollout under way.
pub(crate) struct Rollout<'a> {
    pub scope: RolloutScope<'a>,
    /// What shows the cluster.
    pub observer: Observer,
    /// The objects, as the graph numbers them, and behind them those that have a second turn.
    pub nodes: Vec<Node<'a>>,
    /// Why the server did not answer when time was up.
    pub server_down: Option<Failure>,
    /// Which writes may begin.
    places: Places,
    /// What its pods write.
    logs: RolloutLogs,
    /// When it began, by the server's clock.
    since: Timestamp,
}

/// A write on its way.
type Writing<'a> = BoxFuture<'a, (usize, Result<Written, Error>)>;

impl<'a> Rollout<'a> {
    /// Prepares a rollout of the items of a plan, [second turns](with_second_turns) among them.
    pub(crate) fn of(scope: RolloutScope<'a>, items: Vec<&'a Item>) -> Self {
        Self {
            observer: Observer::new(&scope.target.api),
            nodes: items.into_iter().map(Node::new).collect(),
            server_down: None,
            places: Places::new(),
            logs: RolloutLogs::of(&scope),
            // Its stamps are compared with those in objects, which the server writes.
            since: scope.target.api.connection().server_now(),
            scope,
        }
    }

    /// Runs until the end, and then looks into what is not ready.
    pub(crate) async fn run(&mut self) -> RolloutEnd {
        let end = self.run_loop().await;
        if !matches!(end, RolloutEnd::Stopped(_) | RolloutEnd::Lost | RolloutEnd::LoggedOut) {
            self.tell_last_lines().await;
        }
        self.let_pods_catch_up().await;
        self.look_at_last();
        self.gather_evidence(&end).await;
        if end == RolloutEnd::TimedOut {
            // A server that is gone would let each of the looks wait for its time.
            if self.server_down.is_none() {
                self.diagnose_unwritten().await;
            }
        }
        end
    }

    fn window(&self) -> Window<'a> {
        Window {
            runtime: &self.scope.target.runtime,
            since: self.since,
            now: self.scope.target.api.connection().server_now(),
            tolerated_restarts: self.scope.watching.tolerated_restarts,
        }
    }

    async fn run_loop(&mut self) -> RolloutEnd {
        let mut schedule = Schedule::start(self.scope.graph);
        let mut writing: FuturesUnordered<Writing<'a>> = FuturesUnordered::new();
        let mut clock = Clock::new();
        loop {
            self.start_writes(&mut schedule, &mut writing);
            if writing.is_empty()
                && (self.nodes.iter().all(Node::is_over) || self.skip_hopeless(&schedule))
            {
                return self.verdict();
            }
            self.tell_phase(&mut clock, writing.is_empty());
            self.let_time_stand(&mut clock, writing.is_empty());
            let deadline = self.next_deadline(&clock);
            let due = clock.next_judging(self.observer.is_touched());
            tokio::select! {
                // In this order: who wants us to stop or has taken over comes before whatever the
                // cluster does.
                biased;
                signal = self.scope.session.stop.wait() => {
                    self.finish_writes(&mut schedule, &mut writing).await;
                    return RolloutEnd::Stopped(signal);
                }
                // Without finishing the writes: the fence holds them back, another process writes
                // now.
                () = self.scope.fence.lost() => return RolloutEnd::Lost,
                Some((node, result)) = writing.next() => {
                    self.take_write_result(&mut schedule, node, result, &mut clock);
                }
                change = self.observer.changed() => {
                    self.observer.take(change);
                    // 401: nothing will be seen any more, and waiting until time is up tells nobody
                    // why.
                    if self.observer.login_refused().is_some() {
                        self.finish_writes(&mut schedule, &mut writing).await;
                        return RolloutEnd::LoggedOut;
                    }
                }
                // What only time decides is judged without a change.
                () = until(Some(due)) => {}
                () = until(deadline) => return self.end_at_deadline(&mut clock, &mut schedule, &mut writing).await,
                // The last: who writes without pause keeps nothing else from its turn.
                event = self.logs.next() => self.tell_log(event),
            }
            if due <= Instant::now() {
                self.ask_for_unwatched(&mut clock);
                let judged = self.judge(&mut schedule, &mut clock);
                self.follow_logs(&judged);
            }
            self.heartbeat(&mut clock);
        }
    }

    /// Says what is done now, where that is something else than before: where nothing is to be
    /// applied, it waits from the beginning on.
    fn tell_phase(&self, clock: &mut Clock, is_idle: bool) {
        let is_sent = |node: &Node<'_>| node.applied || node.error.is_some() || node.skipped;
        let waits = self.scope.wait && is_idle && self.nodes.iter().all(is_sent);
        let phase = if waits { "waiting" } else { "applying" };
        if clock.phase != phase {
            clock.phase = phase;
            self.report(Event::Phase(phase));
        }
    }

    fn report(&self, event: Event) {
        self.scope.session.report(self.scope.instance, event);
    }

    fn next_deadline(&self, clock: &Clock) -> Option<Instant> {
        let grace = clock.first_failure.map(|at| at + AFTER_FAILURE);
        match (self.scope.deadline.at(), grace) {
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
                // It has a place in the order all the same: others wait for it to be ready.
                if item.action == Action::Unchanged {
                    self.mark_applied(schedule, node);
                    continue;
                }
                self.nodes[node].sent = true;
                let (places, writer) = (self.places.clone(), self.scope.writer);
                let turn = self.turn(node);
                let write = async move || writer.write(turn.item()).await;
                writing.push(Box::pin(async move { (node, places.take(write).await) }));
            }
        }
    }

    fn take_write_result(
        &mut self,
        schedule: &mut Schedule<'_>,
        node: usize,
        result: Result<Written, Error>,
        clock: &mut Clock,
    ) {
        match result {
            Ok(written) => {
                let object = self.nodes[node].item.desired.id.clone();
                self.report(Event::Done { object: object.clone(), action: written.action });
                for field in &written.yielded {
                    self.report(Event::Warning(format!("{object}: {}", field.told())));
                }
                self.nodes[node].written = Some(Box::new(written));
                self.nodes[node].applied_at = Some(self.scope.session.now());
                self.mark_applied(schedule, node);
            }
            Err(error) => {
                clock.first_failure.get_or_insert_with(Instant::now);
                self.nodes[node].error = Some(Box::new(error));
                // What needs it would fail for the same reason, with a worse one to tell.
                for skipped in schedule.failed(node) {
                    self.nodes[skipped].skipped = true;
                }
            }
        }
    }

    /// Notes that a node is as wanted on the cluster, and watches it where somebody waits.
    fn mark_applied(&mut self, schedule: &mut Schedule<'_>, index: usize) {
        schedule.reached(index, Milestone::Applied);
        let awaited = !self.scope.graph.awaited(index).is_empty();
        let node = &mut self.nodes[index];
        node.applied = true;
        // Also with `--no-wait`, where the order itself waits for it: a Namespace, a CRD,
        // `depends-on`.
        // So does a hook: it has not run before it has ended.
        let wanted = self.scope.wait && node.allowance.is_waited_for;
        node.waited_for = wanted || awaited || node.item.desired.hook.is_some();
        node.waited_since = node.waited_for.then(Instant::now);
        if !node.waited_for {
            return;
        }
        if node.watch.object {
            let RolloutScope { target, instance, .. } = self.scope;
            self.observer.watch_for(target, instance, index, node);
        } else {
            self.set_verdict(schedule, index, Verdict::ready());
        }
    }
}
