//! The order of deleting: what judges others first, so that a set never blocks its own deletion;
//! then custom resources while their operator still runs, what calls before what answers, what uses
//! before what is used, definitions and namespaces last.

use std::collections::HashSet;

use crate::workload::{
    kinds::{DeletionWave, Kinds, builtin_kind},
    object::ObjectId,
};

/// What is deleted side by side, and must be gone before the next wave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wave {
    /// What it is, for messages: `custom resources`.
    pub what: &'static str,
    /// The indices of the objects.
    pub members: Vec<usize>,
}

/// What each [`DeletionWave`] is called.
const WHAT: [&str; 8] = [
    "webhooks and admission policies",
    "custom resources",
    "API services",
    "workloads",
    "aggregated roles",
    "configuration",
    "custom resource definitions",
    "namespaces",
];

/// Sorts objects into waves of deletion; waves without a member are left out. `aggregated` are the
/// ClusterRoles that others are aggregated into.
pub(crate) fn deletion_waves(
    ids: &[ObjectId],
    kinds: &Kinds,
    aggregated: &HashSet<ObjectId>,
) -> Vec<Wave> {
    let mut waves = WHAT.map(|what| Wave { what, members: Vec::new() });
    for (index, id) in ids.iter().enumerate() {
        // Before what it is made of: when a part goes, its controller applies the rest of the rules,
        // and an apply makes anew what has just been deleted.
        let wave = match aggregated.contains(id) {
            true => DeletionWave::AggregatedRoles,
            false => wave(id, kinds),
        };
        waves[wave as usize].members.push(index);
    }
    waves.into_iter().filter(|wave| !wave.members.is_empty()).collect()
}

fn wave(id: &ObjectId, kinds: &Kinds) -> DeletionWave {
    match builtin_kind(id).deletion {
        // Alone, while the operator that removes their finalizers still runs.
        DeletionWave::Configuration if kinds.is_custom(&id.group, &id.kind) => {
            DeletionWave::CustomResources
        }
        wave => wave,
    }
}
