//! DaemonSets: every node that takes part has an available pod of the newest generation. Nodes
//! that left, are cordoned or not ready, or joined after the deploy began are not waited for.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    Verdict,
    admission::Refusal,
    annotations::quorum::{Counted, tolerated},
    condition::Condition,
    culprit::Culprit,
    field::{annotation, count, created, flag, label, plural, text, uid},
    pods::{ControlledPods, worst_of},
    related::Related,
    unseen_yet,
    window::Window,
};

/// The label of a pod, and the annotation of a DaemonSet, with the template's generation.
const POD_GENERATION: &str = "pod-template-generation";
const GENERATION: &str = "deprecated.daemonset.template.generation";

/// Judges a DaemonSet. One hopeless new pod is enough to fail it: each node has only its own.
pub(crate) fn judge(set: &Value, around: &Related, window: &Window) -> Verdict {
    if let Some(verdict) = unseen_yet(set) {
        return verdict;
    }
    let desired = count(set, "/status/desiredNumberScheduled");
    let on_delete = text(set, "/spec/updateStrategy/type") == "OnDelete";
    let updated = count(set, "/status/updatedNumberScheduled");
    let available = count(set, "/status/numberAvailable");
    // The controller's pods tolerate nodes that are cordoned or not ready, so that
    // desiredNumberScheduled counts those nodes too.
    let excused: BTreeSet<&str> = excused(set, around, window);
    let new = ControlledPods::of(new_pods(set, around, window), around, window);
    let complete = available >= desired && (on_delete || updated >= desired);
    if complete && !new.is_shaky() {
        return completed(desired, desired - updated);
    }
    let ready = around
        .pods_of(uid(set))
        .filter(|pod| !excused.contains(node_of(pod)))
        .filter(|pod| (on_delete || is_new(set, pod)) && Condition::holds(pod, "Ready"))
        .map(node_of)
        .collect::<BTreeSet<&str>>();
    if !excused.is_empty() && count_of(&ready) + count_of(&excused) >= desired && !new.is_shaky() {
        let nodes = excused.into_iter().collect::<Vec<_>>().join(", ");
        return Verdict::ready_saying(format!("not waited for: {nodes}"));
    }
    let total = count(set, "/status/currentNumberScheduled");
    let to_update = if on_delete { 0 } else { desired };
    let all = around.pods_of(uid(set)).filter(|pod| is_new(set, pod));
    let healthy = ControlledPods::of(all, around, window).healthy();
    let counted = Counted { desired, to_update, total, updated, available, healthy };
    if let Some(verdict) = counted.suffices(set) {
        return verdict;
    }
    let progress = if updated < desired && !on_delete {
        format!("{updated} of {desired} pods run the newest template")
    } else {
        format!("{available} of {desired} pods available")
    };
    // A DaemonSet has no condition for it: the controller tells of refusals in events alone.
    let refusal = (total < desired).then(|| Refusal::of_events(set, around, window)).flatten();
    let fails = new.hopeless() > tolerated(set, desired).unwrap_or(0) && !on_delete;
    new.verdict(&progress, fails, refusal.as_ref())
}

/// Finds the pod that keeps a DaemonSet from being ready.
pub(super) fn culprit<'a>(
    set: &'a Value,
    around: &'a Related,
    window: &Window,
) -> Option<Culprit<'a>> {
    worst_of(new_pods(set, around, window), around, window)
}

/// Gives the pods of the newest template on nodes that take part.
fn new_pods<'a>(
    set: &'a Value,
    around: &'a Related,
    window: &Window,
) -> impl Iterator<Item = &'a Value> {
    let excused = excused(set, around, window);
    around.pods_of(uid(set)).filter(move |pod| is_new(set, pod) && !excused.contains(node_of(pod)))
}

fn completed(desired: i64, behind: i64) -> Verdict {
    if desired == 0 {
        Verdict::ready_saying("no node takes its pods")
    } else if behind > 0 {
        Verdict::ready_saying(format!(
            "{} on the old template until deleted (updateStrategy OnDelete)",
            plural(behind, "pod")
        ))
    } else {
        Verdict::ready()
    }
}

/// Tells whether a pod is of the newest template; where nobody says, it is.
fn is_new(set: &Value, pod: &Value) -> bool {
    // The controller, too, believes the label (IsPodUpdated); the hash of the template is in no
    // field of the set.
    match (annotation(set, GENERATION), label(pod, POD_GENERATION)) {
        (Some(wanted), Some(present)) => wanted == present,
        _ => true,
    }
}

/// Gives the node of a pod, also of one that has not been scheduled: the controller pins it there.
fn node_of(pod: &Value) -> &str {
    // Since 1.12 the scheduler places pods of DaemonSets, by this affinity to the node's name.
    const PIN: &str = "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution\
                       /nodeSelectorTerms/0/matchFields/0/values/0";
    match text(pod, "/spec/nodeName") {
        "" => text(pod, PIN),
        node => node,
    }
}

/// Gives the nodes with pods of the set that are not waited for.
fn excused<'a>(set: &Value, around: &'a Related, window: &Window) -> BTreeSet<&'a str> {
    // An account may not read nodes: then all of them are waited for.
    if !around.knows_nodes() {
        return BTreeSet::new();
    }
    around
        .pods_of(uid(set))
        .map(node_of)
        .filter(|name| !name.is_empty())
        .filter(|name| {
            around.node(name).is_none_or(|node| {
                flag(node, "/spec/unschedulable")
                    || !Condition::holds(node, "Ready")
                    || joined_late(node, window)
            })
        })
        .collect()
}

/// Tells whether a node joined after the deploy began.
fn joined_late(node: &Value, window: &Window) -> bool {
    // A look at things as they are has no beginning: no node is late for it.
    window.since != jiff::Timestamp::MIN
        && created(node).is_some_and(|created| created > window.since)
}

fn count_of(nodes: &BTreeSet<&str>) -> i64 {
    i64::try_from(nodes.len()).unwrap_or(i64::MAX)
}
