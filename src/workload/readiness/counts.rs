//! How many pods an object wants, and how many are ready.

use serde_json::Value;

use super::{
    condition::Condition,
    deployment::new_pods,
    field::{count, number, text, uid},
    job::{is_ahead_of_pods, is_complete},
    related::Related,
};
use crate::workload::{
    kinds::{Trait, builtin_kind},
    object::{ObjectId, split_api_version},
};

/// The pods of an object that is meant to keep pods running.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct PodCounts {
    /// How many are wanted.
    pub wanted: u64,
    /// How many are ready.
    pub ready: u64,
}

/// Counts the pods of an object by its own status; none for kinds that do not keep pods running
/// (a Job's end). The body of an object that is not on the cluster tells what it wants.
pub(crate) fn pod_counts(object: &Value) -> Option<PodCounts> {
    let (group, _) = split_api_version(text(object, "/apiVersion"));
    // The server's default.
    let replicas = || number(object, "/spec/replicas").unwrap_or(1);
    let (wanted, ready) = match (group, text(object, "/kind")) {
        _ if builtin_kind(&ObjectId::of(object)).is(Trait::Scaled) => {
            (replicas(), count(object, "/status/readyReplicas"))
        }
        // How many nodes take its pods is known to its controller alone.
        ("apps", "DaemonSet") => {
            (count(object, "/status/desiredNumberScheduled"), count(object, "/status/numberReady"))
        }
        ("", "Pod") if matches!(text(object, "/spec/restartPolicy"), "" | "Always") => {
            (1, i64::from(Condition::holds(object, "Ready")))
        }
        _ => return None,
    };
    let count = |number: i64| u64::try_from(number).unwrap_or(0);
    Some(PodCounts { wanted: count(wanted), ready: count(ready) })
}

/// Tells whether an object counts more pods that are ready, or that have ended, than were seen: their
/// watch is slower than its own.
pub(crate) fn is_ahead_of_all_pods(object: &Value, around: &Related) -> bool {
    let seen = |is_counted: fn(&Value) -> bool| {
        u64::try_from(around.pods_below(uid(object)).filter(|pod| is_counted(pod)).count())
    };
    let is_behind = |counted: u64, is_counted| seen(is_counted).is_ok_and(|seen| seen < counted);
    let is_ready = |pod: &Value| Condition::holds(pod, "Ready");
    match text(object, "/kind") {
        // There is no other that could be slower.
        "Pod" => false,
        "Job" if is_complete(object) => {
            let succeeded = u64::try_from(count(object, "/status/succeeded")).unwrap_or(0);
            is_behind(succeeded, |pod| text(pod, "/status/phase") == "Succeeded")
        }
        "Job" => is_ahead_of_pods(object, around),
        // A pod of the template before may still be seen as if it were one of those that count.
        "Deployment" => {
            let ready = new_pods(object, around).filter(|pod| is_ready(pod)).count();
            let counted = ["/status/updatedReplicas", "/status/readyReplicas"]
                .map(|pointer| usize::try_from(count(object, pointer)).unwrap_or(0));
            counted.into_iter().all(|counted| ready < counted)
        }
        _ => pod_counts(object).is_some_and(|counts| is_behind(counts.ready, is_ready)),
    }
}
