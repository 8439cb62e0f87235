//! The pods below an object, and the replica sets between them.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::{ObjectDetails, whole};
use crate::workload::readiness::{
    Related, State, Window,
    field::{controller, count, created, name, number, text, uid},
    pod::{self, PodState},
    watch_of,
};

/// A pod in a sentence and some facts.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PodDetails {
    pub name: String,
    /// The replica set that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replica_set: Option<String>,
    /// The node that it is bound to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    pub ready: bool,
    /// Ready (or well ended), waiting, or failed for good.
    pub state: State,
    /// How often its containers restarted.
    pub restarts: u64,
    /// A stable word for what keeps it from being ready, or `Completed`; empty where it is ready.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// A sentence for a person.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// Its age in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age: Option<u64>,
}

/// A replica set of a Deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReplicaSetDetails {
    pub name: String,
    pub ready: u64,
    pub desired: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
}

pub(super) fn add(
    details: &mut ObjectDetails,
    object: &Value,
    around: &Related,
    window: &Window<'_>,
) {
    if text(object, "/kind") == "Pod" {
        details.pods = vec![one(object, None, around, window)];
        return;
    }
    if !watch_of(object).pods {
        return;
    }
    let mut sets: Vec<&Value> = around.replica_sets_of(uid(object)).collect();
    sets.retain(|set| {
        number(set, "/spec/replicas").unwrap_or(1) > 0 || around.pods_of(uid(set)).next().is_some()
    });
    sets.sort_by_key(|set| (std::cmp::Reverse(created(set)), name(set)));
    details.replica_sets = sets
        .iter()
        .map(|set| ReplicaSetDetails {
            name: name(set).to_owned(),
            ready: whole(count(set, "/status/readyReplicas")),
            desired: whole(number(set, "/spec/replicas").unwrap_or(1)),
            created_at: created(set),
        })
        .collect();
    let set_of = |pod: &Value| {
        let owner = controller(pod).unwrap_or_default();
        sets.iter().find(|set| uid(set) == owner).map(|set| name(set).to_owned())
    };
    let pods = around.pods_below(uid(object));
    details.pods = pods.map(|pod| one(pod, set_of(pod), around, window)).collect();
    let place = |pod: &PodDetails| {
        details.replica_sets.iter().position(|set| Some(&set.name) == pod.replica_set.as_ref())
    };
    details.pods.sort_by(|a, b| place(a).cmp(&place(b)).then_with(|| a.name.cmp(&b.name)));
}

fn one(
    pod: &Value,
    replica_set: Option<String>,
    around: &Related,
    window: &Window<'_>,
) -> PodDetails {
    let (state, reason, message) = match pod::look(pod, around, window) {
        PodState::Ready => (State::Ready, String::new(), String::new()),
        PodState::Done => (State::Ready, "Completed".to_owned(), String::new()),
        PodState::Leaving(trouble) => (State::Waiting, trouble.reason, trouble.message),
        PodState::Troubled(trouble) => {
            let state = if trouble.hopeless { State::Failed } else { State::Waiting };
            (state, trouble.reason, trouble.message)
        }
    };
    let created_at = created(pod);
    PodDetails {
        name: name(pod).to_owned(),
        replica_set,
        node: Some(text(pod, "/spec/nodeName")).filter(|node| !node.is_empty()).map(str::to_owned),
        // One that completed does its work no more.
        ready: state == State::Ready && reason.is_empty(),
        state,
        restarts: whole(pod::restarts(pod)),
        reason,
        message,
        created_at,
        age: created_at.map(|at| whole(window.elapsed(Some(at)).as_secs())),
    }
}
