//! StatefulSets: all pods are available and, but for what partition and strategy leave behind, of
//! the newest revision.

use serde_json::Value;

use super::{
    Verdict,
    admission::Refusal,
    annotations::quorum::Counted,
    culprit::Culprit,
    field::{count, label, number, plural, text, uid},
    pods::{ControlledPods, worst_of},
    related::Related,
    trouble::TroubleKind,
    unseen_yet,
    window::Window,
};

/// The label with a pod's revision.
const REVISION: &str = "controller-revision-hash";

/// Judges a StatefulSet. Its pods come one after the other, so that one hopeless new pod is
/// enough to fail it; under the strategy `OnDelete` it never fails early.
pub(crate) fn judge(set: &Value, around: &Related, window: &Window) -> Verdict {
    if let Some(verdict) = unseen_yet(set) {
        return verdict;
    }
    let (new, old) = pods_by_revision(set, around);
    let new = ControlledPods::of(new.into_iter(), around, window);
    let old = ControlledPods::of(old.into_iter(), around, window);
    let rollout = StatefulSetProgress::of(set);
    if rollout.is_complete() && !new.is_shaky() {
        return rollout.completed();
    }
    if let Some(verdict) = rollout.counted(new.healthy()).suffices(set) {
        return verdict;
    }
    let progress = rollout.progress();
    let refusal = (new.len() + old.len() < rollout.desired)
        .then(|| Refusal::of_events(set, around, window))
        .flatten();
    let fails = new.any_hopeless() && !rollout.on_delete;
    // The controller waits for a broken pod before it replaces it ("forced rollback" in Kubernetes'
    // documentation): only its deletion helps, and this deploy did not break it.
    if let (false, None, Some((pod, trouble))) = (fails, &refusal, old.blocking()) {
        let message = format!("{progress}: the old {}", trouble.sentence(pod));
        return Verdict::waiting(&trouble.reason, message);
    }
    new.verdict(&progress, fails, refusal.as_ref())
}

/// Finds the pod that keeps a StatefulSet from being ready: a new one, or an old one that the
/// controller waits for before it goes on.
pub(super) fn culprit<'a>(
    set: &'a Value,
    around: &'a Related,
    window: &Window,
) -> Option<Culprit<'a>> {
    let (new, old) = pods_by_revision(set, around);
    let new = worst_of(new.into_iter(), around, window);
    new.filter(|new| new.trouble.kind > TroubleKind::Starting).or_else(|| {
        let old = worst_of(old.into_iter(), around, window)?;
        old.trouble.hopeless.then_some(Culprit { is_old: true, ..old })
    })
}

/// Gives the pods of the newest revision, and the older ones.
fn pods_by_revision<'a>(set: &Value, around: &'a Related) -> (Vec<&'a Value>, Vec<&'a Value>) {
    let newest = text(set, "/status/updateRevision");
    around
        .pods_of(uid(set))
        .partition(|pod| label(pod, REVISION).is_none_or(|revision| revision == newest))
}

/// How far a StatefulSet is.
#[derive(Debug)]
struct StatefulSetProgress {
    desired: i64,
    total: i64,
    updated: i64,
    available: i64,
    /// How many pods have to be of the newest revision.
    to_update: i64,
    /// Whether the newest revision is the only one.
    settled: bool,
    partition: i64,
    on_delete: bool,
}

impl StatefulSetProgress {
    fn of(set: &Value) -> Self {
        let desired = number(set, "/spec/replicas").unwrap_or(1);
        let partition = count(set, "/spec/updateStrategy/rollingUpdate/partition");
        let available = number(set, "/status/availableReplicas")
            .unwrap_or_else(|| count(set, "/status/readyReplicas"));
        Self {
            desired,
            total: count(set, "/status/replicas"),
            updated: count(set, "/status/updatedReplicas"),
            available,
            to_update: (desired - partition).max(0),
            settled: text(set, "/status/currentRevision") == text(set, "/status/updateRevision"),
            partition,
            on_delete: text(set, "/spec/updateStrategy/type") == "OnDelete",
        }
    }

    fn is_complete(&self) -> bool {
        let Self { desired, total, updated, available, to_update, settled, partition, on_delete } =
            *self;
        // The controller sets currentRevision to updateRevision when it has updated all pods, which
        // it never does above a partition.
        let revisions = on_delete || (updated >= to_update && (partition > 0 || settled))
            // nothing is to be updated: currentRevision follows late or never
            || desired == 0;
        total == desired && available >= desired && revisions
    }

    fn counted(&self, healthy: Option<i64>) -> Counted {
        let Self { desired, total, updated, available, to_update, on_delete, .. } = *self;
        let to_update = if on_delete { 0 } else { to_update };
        Counted { desired, to_update, total, updated, available, healthy }
    }

    fn completed(&self) -> Verdict {
        let behind = self.desired - self.updated;
        if self.settled || behind <= 0 {
            Verdict::ready()
        } else if self.on_delete {
            Verdict::ready_saying(format!(
                "{} on the old revision until deleted (updateStrategy OnDelete)",
                plural(behind, "pod")
            ))
        } else {
            Verdict::ready_saying(format!(
                "{} on the old revision (partition {})",
                plural(behind, "pod"),
                self.partition
            ))
        }
    }

    fn progress(&self) -> String {
        let desired = self.desired;
        if self.total > self.desired {
            format!("{} still to go", plural(self.total - self.desired, "pod"))
        } else if self.available < self.desired || self.on_delete {
            format!("{} of {desired} pods available", self.available)
        } else {
            format!("{} of {} pods of the newest revision", self.updated, self.to_update)
        }
    }
}
