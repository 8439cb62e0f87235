//! What the failing pods of an object have in common: a node that breaks whatever runs on it.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::workload::readiness::{
    Related, Window,
    field::{text, uid},
    has_trouble,
};

/// Says that all failing pods are on one node, where there are several of them. On a local runtime,
/// which mostly has one node, only where others do well elsewhere.
pub(super) fn cause(object: &Value, around: &Related, window: &Window) -> Option<String> {
    // Pods of an older template are on their way out.
    let newest = around.newest_replica_set(object).unwrap_or(object);
    let pods = around.pods_of(uid(newest));
    let (failing, well): (Vec<&Value>, Vec<&Value>) =
        pods.partition(|pod| has_trouble(pod, around, window));
    let node_of = |pod: &&Value| text(pod, "/spec/nodeName").to_owned();
    let nodes: BTreeSet<String> = failing.iter().map(node_of).collect();
    let node = nodes.first().filter(|node| nodes.len() == 1 && !node.is_empty())?;
    let elsewhere = well.iter().map(node_of).any(|other| !other.is_empty() && other != *node);
    if failing.len() < 2 || (window.is_kind_like() && !elsewhere) {
        return None;
    }
    Some(format!("all {} failing pods are on {node}", failing.len()))
}
