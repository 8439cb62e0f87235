//! The logs of what a rollout starts, told while it is waited for (`--logs`).

use std::{
    future::pending,
    time::{Duration, Instant},
};

use super::{Node, Observer, Rollout, RolloutScope, until};
use crate::{
    ops::{
        events::Event,
        logs::{Follower, LogOptions},
        view::LogEvent,
    },
    workload::readiness::{Window, is_ahead_of_all_pods, is_of_this_deploy},
};

/// How long the last lines are waited for of what has ended.
const PATIENCE: Duration = Duration::from_secs(5);

/// The logs that are followed.
pub(super) struct RolloutLogs {
    /// None where nobody wants to see them.
    follower: Option<Follower>,
    left_out: usize,
    unseen: bool,
}

impl RolloutLogs {
    pub(super) fn of(scope: &RolloutScope<'_>) -> Self {
        let options = LogOptions { follow: true, ..LogOptions::default() };
        let follower = scope.watching.logs.then(|| Follower::new(&scope.target.api, options));
        Self { follower, left_out: 0, unseen: false }
    }

    /// Waits for what is to be told next; for ever where nothing comes.
    pub(super) async fn next(&mut self) -> LogEvent {
        match &mut self.follower {
            Some(follower) => follower.next().await,
            None => pending().await,
        }
    }

    /// Takes in the pods of nodes as they are now; gives what is to be said of them.
    fn see<'n>(
        &mut self,
        nodes: impl Iterator<Item = &'n Node<'n>>,
        observer: &mut Observer,
        window: &Window<'_>,
    ) -> Vec<String> {
        let Some(follower) = &mut self.follower else { return Vec::new() };
        let mut said = Vec::new();
        for node in nodes.filter(|node| node.applied && node.waited_for) {
            let id = &node.item.desired.id;
            let itself = observer.seen(id).flatten().filter(|_| id.is("", "Pod"));
            let below = node.uid().map(|uid| observer.around().pods_below(uid));
            for pod in itself.as_deref().into_iter().chain(below.into_iter().flatten()) {
                if is_of_this_deploy(pod, window) {
                    // What becomes of it is said by its object.
                    follower.see(pod, |_| true);
                }
            }
            observer.rest(node.uid());
            let namespace = id.namespace.as_deref();
            let around = node.watch.around().any(|(_, kind, _)| kind == "Pod");
            if let Some(why) =
                observer.why_unseen("Pod", namespace).filter(|_| around && !self.unseen)
            {
                self.unseen = true;
                said.push(format!("no logs: pods may not be read: {why}"));
            }
        }
        if std::mem::replace(&mut self.left_out, follower.left_out()) < follower.left_out() {
            said.push(format!("too many logs to follow: {} are left out", self.left_out));
        }
        said
    }
}

impl Rollout<'_> {
    /// Follows the logs of pods that have come with one of these nodes.
    pub(super) fn follow_logs(&mut self, nodes: &[usize]) {
        let window = self.window();
        let nodes = nodes.iter().map(|index| &self.nodes[*index]);
        for text in self.logs.see(nodes, &mut self.observer, &window) {
            self.report(Event::Note(text));
        }
    }

    /// Tells what came of the logs.
    pub(super) fn tell_log(&self, event: LogEvent) {
        self.report(match event {
            LogEvent::Line(line) => Event::Log(line),
            LogEvent::Said(text) | LogEvent::Unread(text) => Event::Note(text),
        });
    }

    /// Tells all that was written by now: the last lines of a Job are its result.
    pub(super) async fn tell_last_lines(&mut self) {
        if self.logs.follower.is_none() {
            return;
        }
        let deadline = Some(Instant::now() + PATIENCE);
        self.follow_logs(&self.all_nodes());
        while self.is_ahead_of_pods() {
            tokio::select! {
                biased;
                _ = self.scope.session.stop.wait() => return,
                change = self.observer.changed() => self.observer.take(change),
                event = self.logs.next() => self.tell_log(event),
                () = until(deadline) => break,
            }
            self.follow_logs(&self.all_nodes());
        }
        let Some(mut follower) = self.logs.follower.take() else { return };
        follower.finish();
        loop {
            tokio::select! {
                biased;
                _ = self.scope.session.stop.wait() => return,
                event = follower.next_or_end() => match event {
                    Some(event) => self.tell_log(event),
                    None => return,
                },
                () = until(deadline) => return,
            }
        }
    }

    /// Tells whether pods are missing that an object of this rollout counts.
    fn is_ahead_of_pods(&self) -> bool {
        let ours = self.nodes.iter().filter(|node| node.written.is_some() && node.waited_for);
        ours.filter_map(|node| self.observer.seen(&node.item.desired.id).flatten())
            .any(|object| is_ahead_of_all_pods(&object, self.observer.around()))
    }
}
