//! ReplicaSets and ReplicationControllers of our own: as many pods as wanted are available.

use serde_json::Value;

use super::{
    Verdict,
    admission::Refusal,
    condition::Condition,
    field::{count, number, plural, uid},
    pods::Crew,
    related::Neighbourhood,
    unseen_yet,
    window::Frame,
};

/// Judges a ReplicaSet or a ReplicationController. It fails early only when all its pods are
/// hopeless.
pub(crate) fn judge(set: &Value, around: &Neighbourhood, frame: &Frame) -> Verdict {
    if let Some(verdict) = unseen_yet(set) {
        return verdict;
    }
    let desired = number(set, "/spec/replicas").unwrap_or(1);
    let total = count(set, "/status/replicas");
    let available = count(set, "/status/availableReplicas");
    let crew = Crew::of(around.pods_of(uid(set)), around, frame);
    if total == desired && available >= desired && !crew.is_shaky() {
        return Verdict::ready();
    }
    let progress = if total > desired {
        format!("{} too many", plural(total - desired, "pod"))
    } else {
        format!("{available} of {desired} pods available")
    };
    let refusal = Condition::of(set, "ReplicaFailure")
        .filter(|condition| condition.status() == "True" && frame.covers(condition.changed()))
        .map(|condition| {
            Refusal::judge(condition.message(), frame.elapsed(condition.changed()).as_secs())
        });
    crew.verdict(&progress, crew.all_hopeless(), refusal.as_ref())
}
