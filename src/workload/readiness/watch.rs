//! What has to be watched to judge an object: nothing, itself, or itself and its neighbours.

use serde_json::Value;

use super::{
    annotations::{FAILED_WHEN, READY_WHEN},
    field::{annotation, text},
};
use crate::workload::object::split_api_version;

/// What [`judge`](super::judge) looks at for an object. With nothing set it is ready once applied.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Watch {
    /// The object itself.
    pub object: bool,
    /// The replica sets that it controls.
    pub replica_sets: bool,
    /// The pods below it.
    pub pods: bool,
    /// The events about it, its replica sets and its pods.
    pub events: bool,
    /// The nodes. Without them, nodes that are not ready are waited for.
    pub nodes: bool,
    /// The storage classes. Without them, events tell how a class binds.
    pub storage_classes: bool,
    /// The CRD of its kind: it says whether a status can be expected, and may say when objects
    /// are ready. Without it, a status is expected.
    pub definition: bool,
}

/// Tells what has to be watched for an object, as it is to be applied.
#[must_use]
pub(crate) fn watch_of(object: &Value) -> Watch {
    let (group, _) = split_api_version(text(object, "/apiVersion"));
    let own = Watch { object: true, ..Watch::default() };
    let pods = Watch { pods: true, events: true, ..own };
    match (group, text(object, "/kind")) {
        ("apps", "Deployment") => Watch { replica_sets: true, ..pods },
        ("apps", "DaemonSet") => Watch { nodes: true, ..pods },
        ("apps", "StatefulSet" | "ReplicaSet")
        | ("", "ReplicationController")
        | ("batch", "Job")
        | ("", "Pod") => pods,
        ("", "PersistentVolumeClaim") => Watch { events: true, storage_classes: true, ..own },
        ("", "Service") if text(object, "/spec/type") == "LoadBalancer" => {
            Watch { events: true, ..own }
        }
        ("", "Namespace")
        | ("apiextensions.k8s.io", "CustomResourceDefinition")
        | ("apiregistration.k8s.io", "APIService") => own,
        _ if !is_built_in(group) => Watch { definition: true, ..own },
        _ if says_when(object) => own,
        _ => Watch::default(),
    }
}

fn says_when(object: &Value) -> bool {
    annotation(object, READY_WHEN).or_else(|| annotation(object, FAILED_WHEN)).is_some()
}

/// Tells whether a group is one of Kubernetes' own. Groups that merely end in `k8s.io`, such as
/// `gateway.networking.k8s.io`, are brought by CRDs.
pub(crate) fn is_built_in(group: &str) -> bool {
    !group.contains('.') || GROUPS.contains(&group)
}

const GROUPS: &[&str] = &[
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "flowcontrol.apiserver.k8s.io",
    "internal.apiserver.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "rbac.authorization.k8s.io",
    "resource.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
    "storagemigration.k8s.io",
];
