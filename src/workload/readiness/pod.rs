//! One pod: ready, done, on its way out, or kept from it by a trouble.

use serde_json::Value;

use super::{
    Verdict,
    condition::Condition,
    container::Container,
    culprit::Culprit,
    field::{count, created, is_deleting, list, number, shorten, text, uid},
    related::{Related, happened},
    trouble::{GRACE_SECONDS, Trouble, TroubleKind},
    window::Window,
};
use crate::workload::hooks::Hook;

/// How a pod is, seen from what waits for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PodState {
    /// It does its work.
    Ready,
    /// It ended, and well.
    Done,
    /// It is being deleted, or was evicted or preempted: its controller makes another.
    Leaving(Trouble),
    /// Something keeps it from being ready.
    Troubled(Trouble),
}

/// Looks at a pod.
pub(crate) fn look(pod: &Value, around: &Related, window: &Window) -> PodState {
    match text(pod, "/status/phase") {
        "Succeeded" => return PodState::Done,
        "Failed" => return ended(pod, around, window),
        _ => {}
    }
    if is_deleting(pod) {
        let message = "is being deleted".to_owned();
        return PodState::Leaving(Trouble::of_pod(TroubleKind::Starting, "Terminating", message));
    }
    if let Some(trouble) = scheduling(pod, window) {
        return PodState::Troubled(trouble);
    }
    // A ready pod may have a container that crashed and came up again; nothing else counts then.
    let ready = Condition::holds(pod, "Ready");
    let troubles =
        Container::all(pod).filter_map(|container| container.trouble(around, window)).filter(
            |trouble| !ready || matches!(trouble.kind, TroubleKind::Shaky | TroubleKind::Crash),
        );
    match worst(troubles) {
        Some(trouble) if trouble.kind == TroubleKind::Starting => {
            PodState::Troubled(setup(pod, around, window).unwrap_or(trouble))
        }
        Some(trouble) => PodState::Troubled(trouble),
        None if ready => PodState::Ready,
        None => PodState::Troubled(gate(pod)),
    }
}

/// Tells whether a pod belongs to this deploy: it is new, or the run of a Job that is waited for.
pub(crate) fn is_of_this_deploy(pod: &Value, window: &Window) -> bool {
    let ended = matches!(text(pod, "/status/phase"), "Succeeded" | "Failed");
    let is_run = list(pod, "/metadata/ownerReferences").iter().any(|it| text(it, "/kind") == "Job");
    window.covers(created(pod)) || (is_run && !ended)
}

/// Judges a pod that has no controller.
pub(crate) fn judge(pod: &Value, around: &Related, window: &Window) -> Verdict {
    let generation = number(pod, "/metadata/generation");
    let observed = number(pod, "/status/observedGeneration");
    // Only newer servers count generations of pods (KEP-5067); elsewhere either number is missing,
    // and nothing is behind.
    if let (Some(generation), Some(observed)) = (generation, observed)
        && observed < generation
    {
        return Verdict::waiting("Progressing", "the kubelet has not seen its newest change yet");
    }
    let on = match text(pod, "/spec/nodeName") {
        "" => String::new(),
        node => format!(" (on {node})"),
    };
    match look(pod, around, window) {
        // What comes after it needs what it does.
        PodState::Ready if Hook::of(pod).is_some() => {
            Verdict::waiting("Running", format!("a hook has to end{on}"))
        }
        PodState::Ready => Verdict::ready(),
        PodState::Done => Verdict::ready_saying("it has completed"),
        PodState::Leaving(trouble) => {
            Verdict::waiting(&trouble.reason, format!("{}{on}", trouble.message))
        }
        PodState::Troubled(trouble) => {
            let message = format!("{}{on}", trouble.message);
            if trouble.hopeless {
                Verdict::failed(&trouble.reason, message)
            } else {
                Verdict::waiting(&trouble.reason, message)
            }
        }
    }
}

/// A pod that has no controller stands for itself.
pub(super) fn culprit<'a>(
    pod: &'a Value,
    around: &'a Related,
    window: &Window,
) -> Option<Culprit<'a>> {
    match look(pod, around, window) {
        PodState::Troubled(trouble) | PodState::Leaving(trouble) => {
            Some(Culprit { pod, trouble, is_old: false })
        }
        PodState::Ready | PodState::Done => None,
    }
}

/// Tells of a pod whose phase is Failed.
fn ended(pod: &Value, around: &Related, window: &Window) -> PodState {
    let reason = text(pod, "/status/reason");
    let why = shorten(text(pod, "/status/message"));
    // Its containers were killed with it: their exit codes tell nothing of the program.
    if is_displaced(pod) {
        let reason = if reason.is_empty() { "DisruptionTarget" } else { reason };
        let why = Condition::of(pod, "DisruptionTarget")
            .map_or(why.clone(), |condition| if why.is_empty() { condition.why() } else { why });
        let message = format!("was driven from its node: {why}");
        return PodState::Leaving(Trouble::of_pod(TroubleKind::Ended, reason, message));
    }
    let troubles = Container::all(pod)
        .filter(|container| container.bad_exit().is_some())
        .filter_map(|container| container.trouble(around, window));
    PodState::Troubled(match worst(troubles) {
        Some(trouble) => Trouble { kind: TroubleKind::Ended, hopeless: true, ..trouble },
        None => {
            let reason = if reason.is_empty() { "Failed" } else { reason };
            let why = if why.is_empty() { "it does not say why".to_owned() } else { why };
            Trouble::of_pod(TroubleKind::Ended, reason, format!("failed: {why}")).hopeless(true)
        }
    })
}

/// Tells whether a pod ended through no fault of its own: evicted, preempted, shut down with its
/// node.
fn is_displaced(pod: &Value) -> bool {
    // Who writes them: the kubelet's eviction manager, its admission of critical pods, its handling
    // of a node's shutdown (three words over the versions), the node controller.
    const REASONS: &[&str] = &[
        "Evicted",
        "Preempting",
        "Preempted",
        "Terminated",
        "NodeShutdown",
        "Shutdown",
        "NodeLost",
    ];
    REASONS.contains(&text(pod, "/status/reason")) || Condition::holds(pod, "DisruptionTarget")
}

/// Tells why no node has the pod.
fn scheduling(pod: &Value, window: &Window) -> Option<Trouble> {
    if !text(pod, "/spec/nodeName").is_empty() {
        return None;
    }
    let Some(condition) = Condition::denied(pod, "PodScheduled") else {
        let message = "waits for the scheduler".to_owned();
        return Some(Trouble::of_pod(TroubleKind::Starting, "Pending", message));
    };
    // KEP-3521: whoever set a gate lifts it; no node is looked for before.
    if condition.reason() == "SchedulingGated" {
        let gates: Vec<&str> =
            list(pod, "/spec/schedulingGates").iter().map(|gate| text(gate, "/name")).collect();
        let message = format!("is held back by its scheduling gates: {}", gates.join(", "));
        return Some(Trouble::of_pod(TroubleKind::Scheduling, "SchedulingGated", message));
    }
    let why = condition.why();
    // What follows is about other pods, and about claims of devices that nobody made.
    let why = why.split(" preemption: ").next().unwrap_or_default().trim_end_matches([',', ' ']);
    let why = why.trim_end_matches("no new claims to deallocate").trim_end_matches(['.', ' ']);
    // The pods that it replaces may hold the room for as long as they take to end.
    let from = condition.changed().max(created(pod));
    let late = window.elapsed(from).as_secs() >= GRACE_SECONDS;
    let reason = condition.reason_or("Unschedulable");
    let message = format!("cannot be scheduled: {why}");
    Some(
        Trouble::of_pod(TroubleKind::Scheduling, reason, message)
            // Elsewhere an autoscaler may bring a node, which takes minutes.
            .hopeless(window.is_kind_like() && late && !room_may_come(why)),
    )
}

/// Tells whether even a runtime of one fixed node may take the pod later: the node or a volume is
/// still being set up.
fn room_may_come(why: &str) -> bool {
    [
        "unbound immediate PersistentVolumeClaims",
        "waiting for ephemeral volume controller",
        "node.kubernetes.io/not-ready",
        "node.kubernetes.io/unreachable",
        "node.kubernetes.io/network-unavailable",
        "node.kubernetes.io/disk-pressure",
        "no nodes available",
        "node.cloudprovider.kubernetes.io/uninitialized",
    ]
    .iter()
    .any(|words| why.contains(words))
}

/// Finds out from the pod's events why its containers are not created: a volume or its network.
fn setup(pod: &Value, around: &Related, window: &Window) -> Option<Trouble> {
    const REASONS: &[&str] = &[
        "FailedMount",
        "FailedAttachVolume",
        "FailedMapVolume",
        "FailedCreatePodSandBox",
        "FailedCreatePodContainer",
        "NetworkNotReady",
    ];
    // A server keeps events for an hour: once a container was created, those about what it needed
    // are history.
    let is_created = list(pod, "/status/containerStatuses")
        .iter()
        .chain(list(pod, "/status/initContainerStatuses"))
        .any(|status| {
            !text(status, "/containerID").is_empty() || status.pointer("/state/running").is_some()
        });
    if is_created {
        return None;
    }
    let event = around
        .events_of(uid(pod))
        .filter(|event| REASONS.contains(&text(event, "/reason")))
        .filter(|event| window.covers(happened(event)))
        .max_by_key(|event| {
            // The kubelet's summary over all volumes; the event of the one volume says why.
            let vague = text(event, "/message").starts_with("Unable to attach or mount volumes");
            (!vague, happened(event))
        })?;
    let said = text(event, "/message");
    let message = match said.strip_prefix("MountVolume.SetUp failed for volume ") {
        Some(rest) => match rest.split_once(" : ") {
            Some((volume, why)) => format!("cannot mount volume {volume}: {}", shorten(why)),
            None => format!("cannot mount volume {}", shorten(rest)),
        },
        None => format!("cannot be set up: {}", shorten(said)),
    };
    Some(Trouble::of_pod(TroubleKind::Setup, text(event, "/reason"), message))
}

/// Tells why a pod is not ready although its containers are.
fn gate(pod: &Value) -> Trouble {
    let closed = list(pod, "/spec/readinessGates")
        .iter()
        .map(|gate| text(gate, "/conditionType"))
        .find(|gate| !Condition::holds(pod, gate));
    if let Some(gate) = closed {
        let why = Condition::of(pod, gate).map_or("nothing has set it".to_owned(), Condition::why);
        let message = format!("its readiness gate {gate} is not True: {why}");
        return Trouble::of_pod(TroubleKind::Probe, "ReadinessGatesNotReady", message);
    }
    match Condition::of(pod, "Ready") {
        Some(condition) => Trouble::of_pod(
            TroubleKind::Probe,
            condition.reason_or("NotReady"),
            format!("is not ready: {}", condition.why()),
        ),
        None => Trouble::of_pod(TroubleKind::Starting, "Pending", "has just been made".to_owned()),
    }
}

/// Gives how often a pod's containers restarted.
pub(crate) fn restarts(pod: &Value) -> i64 {
    ["/status/initContainerStatuses", "/status/containerStatuses"]
        .into_iter()
        .flat_map(|statuses| list(pod, statuses))
        .map(|status| count(status, "/restartCount"))
        .sum()
}

/// Gives the worst trouble of several; of equal ones the first.
fn worst(troubles: impl Iterator<Item = Trouble>) -> Option<Trouble> {
    troubles.reduce(|worst, next| if next.weight() > worst.weight() { next } else { worst })
}
