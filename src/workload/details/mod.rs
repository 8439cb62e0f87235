//! What `status` shows of an object beside its verdict: the pods that it runs and where, what it is
//! reached by, how large it is. Facts of the live objects alone; [`readiness`](super::readiness) says
//! what they mean. A kind's facts are a file beside this one and a line in [`details_of`].

mod claim;
mod ingress;
mod job;
mod pods;
mod service;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

pub(crate) use self::pods::{PodDetails, ReplicaSetDetails};
use super::{
    object::{GroupKind, split_api_version},
    readiness::{
        Related, Window,
        field::{created, text},
        pod_counts,
    },
};

/// The facts about one live object; what its kind does not have is absent.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ObjectDetails {
    /// When the object was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// How many of its pods are ready; of a Job, how many have succeeded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ready: Option<u64>,
    /// How many pods it wants; of a Job, how many have to succeed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub desired: Option<u64>,
    /// The replica sets of a Deployment that have or want pods, the newest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub replica_sets: Vec<ReplicaSetDetails>,
    /// The pods below it; of a Pod, itself.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pods: Vec<PodDetails>,
    /// How many endpoints of a Service are ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoints: Option<u64>,
    /// How a Service is reached: `web.shop.svc:80`, `node port 30080`, `198.51.100.7:80`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<String>,
    /// What an Ingress serves, as URLs; `*` stands for any host.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
    /// The size of a PersistentVolumeClaim: of its volume, else what it asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,
    /// The phase of a PersistentVolumeClaim.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
    /// How many pods a Job has started, and how many more may fail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u64>,
    /// How many pods of a Job may fail before it has failed, itself counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt_limit: Option<u64>,
}

crate::workload::rare::blank!(ObjectDetails);

/// Gathers the facts about an object as the server has it, with what is around it.
pub(crate) fn details_of(object: &Value, around: &Related, window: &Window<'_>) -> ObjectDetails {
    let counts = pod_counts(object);
    let mut details = ObjectDetails {
        created_at: created(object),
        ready: counts.map(|counts| counts.ready),
        desired: counts.map(|counts| counts.wanted),
        ..ObjectDetails::default()
    };
    let (group, _) = split_api_version(text(object, "/apiVersion"));
    match (group, text(object, "/kind")) {
        ("", "Service") => service::add(&mut details, object, around),
        ("networking.k8s.io", "Ingress") => ingress::add(&mut details, object),
        ("", "PersistentVolumeClaim") => claim::add(&mut details, object),
        ("batch", "Job") => job::add(&mut details, object),
        _ => {}
    }
    pods::add(&mut details, object, around, window);
    details
}

/// Gives of the facts about an object only those that say how it is reached from outside.
pub(crate) fn reached_by(object: &Value) -> ObjectDetails {
    let mut details = ObjectDetails::default();
    let (group, _) = split_api_version(text(object, "/apiVersion"));
    match (group, text(object, "/kind")) {
        ("", "Service") => details.addresses = service::outer(object),
        ("networking.k8s.io", "Ingress") => ingress::add(&mut details, object),
        _ => {}
    }
    details
}

/// Tells whether the facts about a kind lie in the whole object although it has no state of its own.
pub(crate) fn is_in_body(kind: &GroupKind) -> bool {
    kind.is("networking.k8s.io", "Ingress")
}

/// Gives group and kind (of version `v1`) of what is looked at around a kind for its facts alone.
pub(crate) fn around(kind: &GroupKind) -> Option<(&'static str, &'static str)> {
    kind.is("", "Service").then_some(("discovery.k8s.io", "EndpointSlice"))
}

fn whole(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

#[cfg(test)]
mod tests;
