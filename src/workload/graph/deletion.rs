//! The order of deleting: custom resources while their operator still runs, what calls before
//! what answers, what uses before what is used, definitions and namespaces last.

use crate::workload::{kinds::Kinds, object::ObjectId};

/// What is deleted side by side, and must be gone before the next wave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wave {
    /// What it is, for messages: `custom resources`.
    pub what: &'static str,
    /// The indices of the objects.
    pub members: Vec<usize>,
}

const WHAT: [&str; 6] = [
    "custom resources",
    "webhooks and API services",
    "workloads",
    "configuration",
    "custom resource definitions",
    "namespaces",
];

/// Sorts objects into waves of deletion; waves without a member are left out.
#[must_use]
pub(crate) fn deletion_waves(ids: &[ObjectId], kinds: &Kinds) -> Vec<Wave> {
    let mut waves = WHAT.map(|what| Wave { what, members: Vec::new() });
    for (index, id) in ids.iter().enumerate() {
        waves[wave(id, kinds)].members.push(index);
    }
    waves.into_iter().filter(|wave| !wave.members.is_empty()).collect()
}

fn wave(id: &ObjectId, kinds: &Kinds) -> usize {
    match (&*id.group, &*id.kind) {
        ("", "Namespace") => 5,
        ("apiextensions.k8s.io", "CustomResourceDefinition") => 4,
        ("admissionregistration.k8s.io", _) | ("apiregistration.k8s.io", "APIService") => 1,
        ("apps" | "batch" | "autoscaling" | "policy", _)
        | ("", "Pod" | "ReplicationController" | "PodTemplate")
        | ("networking.k8s.io", "Ingress") => 2,
        (group, kind) if kinds.is_custom(group, kind) => 0,
        _ => 3,
    }
}
