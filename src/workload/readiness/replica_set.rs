//! ReplicaSets and ReplicationControllers of our own: as many pods as wanted are available.

use serde_json::Value;

use super::{
    Verdict,
    admission::Refusal,
    condition::Condition,
    field::{count, number, plural, uid},
    pods::ControlledPods,
    related::Related,
    unseen_yet,
    window::Window,
};

/// Judges a ReplicaSet or a ReplicationController. It fails early only when all its pods are
/// hopeless.
pub(crate) fn judge(set: &Value, around: &Related, window: &Window) -> Verdict {
    if let Some(verdict) = unseen_yet(set) {
        return verdict;
    }
    let desired = number(set, "/spec/replicas").unwrap_or(1);
    let total = count(set, "/status/replicas");
    let available = count(set, "/status/availableReplicas");
    let pods = ControlledPods::of(around.pods_of(uid(set)), around, window);
    if total == desired && available >= desired && !pods.is_shaky() {
        return Verdict::ready();
    }
    let progress = if total > desired {
        format!("{} too many", plural(total - desired, "pod"))
    } else {
        format!("{available} of {desired} pods available")
    };
    let refusal = Condition::of(set, "ReplicaFailure")
        .filter(|condition| condition.status() == "True" && window.covers(condition.changed()))
        .map(|condition| {
            Refusal::judge(condition.message(), window.elapsed(condition.changed()).as_secs())
        });
    pods.verdict(&progress, pods.all_hopeless(), refusal.as_ref())
}
