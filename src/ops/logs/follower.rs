//! Follows the logs of many containers: a task for each run of each container that it is shown.

use std::collections::{HashMap, HashSet};

use serde_json::Value;
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
};

use super::{
    LogOptions,
    container::{Run, status_of},
};
use crate::ops::view::LogEvent;
use crate::{
    cluster::{api::Api, log::LogRequest},
    workload::ownership::uid,
};

/// How many lines wait to be told at most: who writes faster than is read waits.
const WAITING: usize = 256;
/// How many logs are followed at once; each is a connection.
const FOLLOWED: usize = 100;

/// A container of a pod: the pod's uid and the container's name.
type Place = (String, String);

/// Follows logs.
pub(crate) struct Follower {
    api: Api,
    options: LogOptions,
    tasks: JoinSet<()>,
    /// The newest run of each container that was begun with.
    begun: HashMap<Place, i64>,
    /// Pods whose end was told.
    ended: HashSet<String>,
    left_out: usize,
    finishing: watch::Sender<bool>,
    sender: mpsc::Sender<LogEvent>,
    events: mpsc::Receiver<LogEvent>,
}

impl Follower {
    /// Begins without a pod.
    pub(crate) fn new(api: &Api, options: LogOptions) -> Self {
        let (sender, events) = mpsc::channel(WAITING);
        Self {
            api: api.clone(),
            options,
            tasks: JoinSet::new(),
            begun: HashMap::new(),
            ended: HashSet::new(),
            left_out: 0,
            finishing: watch::Sender::new(false),
            sender,
            events,
        }
    }

    /// Takes in a pod, or its newer state; gives what is to be said of it.
    pub(crate) fn see(&mut self, pod: &Value, is_wanted: impl Fn(&str) -> bool) -> Option<String> {
        let pod_uid = uid(pod)?.to_owned();
        for list in ["initContainers", "containers"] {
            for container in pod["spec"][list].as_array().into_iter().flatten() {
                let Some(name) = container["name"].as_str().filter(|name| is_wanted(name)) else {
                    continue;
                };
                if let Some(status) = status_of(pod, name) {
                    self.see_container(pod, (pod_uid.clone(), name.to_owned()), status);
                }
            }
        }
        let phase = pod["status"]["phase"].as_str().unwrap_or_default();
        let word = match phase {
            "Succeeded" => "has completed",
            "Failed" => "has failed",
            _ => return None,
        };
        let name = pod["metadata"]["name"].as_str().unwrap_or_default();
        self.ended.insert(pod_uid).then(|| format!("pod {name} {word}"))
    }

    /// Takes in that a pod is gone; gives what is to be said of it.
    pub(crate) fn gone(&mut self, pod: &Value) -> Option<String> {
        let pod_uid = uid(pod)?;
        let name = pod["metadata"]["name"].as_str().unwrap_or_default();
        self.ended.insert(pod_uid.to_owned()).then(|| format!("pod {name} is gone"))
    }

    fn see_container(&mut self, pod: &Value, place: Place, status: &Value) {
        let is = |state: &str| status["state"][state].is_object();
        let ran = is("running") || is("terminated");
        if !ran && !status["lastState"]["terminated"].is_object() {
            return;
        }
        let number = status["restartCount"].as_i64().unwrap_or(0);
        let before = self.begun.get(&place).copied();
        // Of the runs before the present ones there is one log each.
        let known = before.is_some_and(|before| self.options.previous || before >= number);
        if known || (self.options.previous && number == 0) {
            return;
        }
        if self.options.follow && self.tasks.len() >= FOLLOWED {
            self.left_out += 1;
            self.begun.insert(place, number);
            return;
        }
        self.begin(pod, place, number, before.is_some());
    }

    fn begin(&mut self, pod: &Value, place: Place, number: i64, again: bool) {
        let metadata = |field: &str| pod["metadata"][field].as_str().unwrap_or_default().to_owned();
        let LogOptions { follow, since, tail, previous, grep, target: _ } = &self.options;
        let run = Run {
            request: LogRequest {
                namespace: metadata("namespace"),
                pod: metadata("name"),
                container: place.1.clone(),
                follow: *follow && !*previous,
                previous: *previous,
                // All that a run writes which began meanwhile is new.
                tail: tail.filter(|_| !again),
                since_seconds: since.filter(|_| !again).map(|since| since.as_secs().max(1)),
                since: None,
            },
            number,
            uid: place.0.clone(),
            grep: grep.clone(),
            finishing: self.finishing.subscribe(),
        };
        self.begun.insert(place, number);
        let (api, sender) = (self.api.clone(), self.sender.clone());
        self.tasks.spawn(run.tell(api, sender));
    }

    /// Counts the logs that are not followed, since there are too many.
    pub(crate) fn left_out(&self) -> usize {
        self.left_out
    }

    /// Tells whether any log was begun with.
    pub(crate) fn has_begun(&self) -> bool {
        !self.begun.is_empty()
    }

    /// Waits for the next event; for ever where nothing comes.
    pub(crate) async fn next(&mut self) -> LogEvent {
        loop {
            tokio::select! {
                biased;
                event = self.events.recv() => return event.expect("a sender is kept"),
                // What has ended makes room.
                Some(_) = self.tasks.join_next() => {}
            }
        }
    }

    /// Ends following: what was written by now is read, and no more.
    pub(crate) fn finish(&self) {
        self.finishing.send_replace(true);
    }

    /// Waits for the next event as long as a log is being read; `None` at the end of all.
    pub(crate) async fn next_or_end(&mut self) -> Option<LogEvent> {
        loop {
            tokio::select! {
                biased;
                event = self.events.recv() => return event,
                done = self.tasks.join_next() => match done {
                    Some(_) => {}
                    // What was sent before the last task ended is there by now.
                    None => return self.events.try_recv().ok(),
                },
            }
        }
    }
}
