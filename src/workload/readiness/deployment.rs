//! Deployments: all pods run the newest template and are available, and no old one is left.

use serde_json::Value;

use super::{
    State, Verdict,
    admission::Refusal,
    annotations::quorum::Counted,
    condition::Condition,
    culprit::Culprit,
    field::{count, flag, number, plural, uid},
    intent,
    pods::{ControlledPods, worst_of},
    related::Related,
    unseen_yet,
    window::Window,
};

/// The progress deadline where the Deployment names none, in seconds.
const DEFAULT_DEADLINE: i64 = 600;

/// Judges a Deployment. It fails early only when all its new pods are hopeless: while one may
/// come up, the rollout may go on.
pub(crate) fn judge(deployment: &Value, around: &Related, window: &Window) -> Verdict {
    if let Some(verdict) = unseen_yet(deployment) {
        return verdict;
    }
    let rollout = DeploymentProgress::of(deployment);
    // Paused by its manifest, it is as it is wanted; paused by somebody else, nobody would ever
    // make it go on (Progressing is then Unknown, and no deadline runs).
    if flag(deployment, "/spec/paused") {
        return rollout.paused(intent::is_asked_for(deployment, "/f:spec/f:paused"));
    }
    let pods = ControlledPods::of(new_pods(deployment, around), around, window);
    if rollout.is_complete() && !pods.is_shaky() {
        return Verdict::ready();
    }
    if let Some(verdict) = rollout.counted(pods.healthy()).suffices(deployment) {
        return verdict;
    }
    let refusal =
        (pods.len() < rollout.desired).then(|| refusal(deployment, around, window)).flatten();
    let verdict = pods.verdict(&rollout.progress(), pods.all_hopeless(), refusal.as_ref());
    match overdue(deployment, window) {
        Some(seconds) if verdict.state == State::Waiting => Verdict::failed(
            "ProgressDeadlineExceeded",
            format!("no progress for {seconds} s, {}", verdict.message),
        ),
        _ => verdict,
    }
}

/// Finds the pod that keeps a Deployment from being ready.
pub(super) fn culprit<'a>(
    deployment: &'a Value,
    around: &'a Related,
    window: &Window,
) -> Option<Culprit<'a>> {
    worst_of(new_pods(deployment, around), around, window)
}

/// Gives the pods of the newest template: what this deploy changed.
pub(super) fn new_pods<'a>(
    deployment: &Value,
    around: &'a Related,
) -> impl Iterator<Item = &'a Value> {
    around.newest_replica_set(deployment).into_iter().flat_map(|set| around.pods_of(uid(set)))
}

/// How far a rollout is.
#[derive(Debug)]
struct DeploymentProgress {
    desired: i64,
    updated: i64,
    total: i64,
    available: i64,
}

impl DeploymentProgress {
    fn of(deployment: &Value) -> Self {
        Self {
            desired: number(deployment, "/spec/replicas").unwrap_or(1),
            updated: count(deployment, "/status/updatedReplicas"),
            total: count(deployment, "/status/replicas"),
            available: count(deployment, "/status/availableReplicas"),
        }
    }

    fn is_complete(&self) -> bool {
        let Self { desired, updated, total, available } = *self;
        // The three questions of `kubectl rollout status`, and what it does not ask: whether what is
        // too many has gone.
        updated >= desired && total <= updated && total <= desired && available >= desired
    }

    fn counted(&self, healthy: Option<i64>) -> Counted {
        let Self { desired, updated, total, available } = *self;
        Counted { desired, to_update: desired, total, updated, available, healthy }
    }

    fn progress(&self) -> String {
        let Self { desired, updated, total, available } = *self;
        if updated < desired {
            format!("{updated} of {desired} pods run the newest template")
        } else if total > updated {
            format!("{} still to go", plural(total - updated, "old pod"))
        } else if total > desired {
            format!("{} still to go", plural(total - desired, "pod"))
        } else {
            format!("{available} of {desired} pods available")
        }
    }

    fn paused(&self, asked: bool) -> Verdict {
        match (self.is_complete(), asked) {
            (true, _) => Verdict::ready_saying("it is paused"),
            (false, true) => {
                Verdict::ready_saying(format!("paused by its manifest, {}", self.progress()))
            }
            (false, false) => {
                Verdict::failed("DeploymentPaused", format!("it is paused, {}", self.progress()))
            }
        }
    }
}

/// Finds the refusal of new pods or of their replica set, if it happened during this deploy.
fn refusal(deployment: &Value, around: &Related, window: &Window) -> Option<Refusal> {
    // The replica set controller says why it cannot create pods; the Deployment's condition may be
    // that of an older replica set.
    let failure = |body| Condition::of(body, "ReplicaFailure").filter(|it| it.status() == "True");
    let condition = around
        .newest_replica_set(deployment)
        .and_then(failure)
        .or_else(|| failure(deployment))
        .or_else(|| {
            Condition::denied(deployment, "Progressing")
                // Not even the replica set could be created: by quota, or by an admission webhook.
                .filter(|condition| condition.reason() == "ReplicaSetCreateError")
        })
        .filter(|condition| window.covers(condition.changed()))?;
    Some(Refusal::judge(condition.message(), window.elapsed(condition.changed()).as_secs()))
}

/// Gives the progress deadline if it is exceeded. One that was exceeded before this deploy has
/// to run out anew: what this deploy changed may be what was missing.
fn overdue(deployment: &Value, window: &Window) -> Option<i64> {
    let condition = Condition::denied(deployment, "Progressing")
        .filter(|condition| condition.reason() == "ProgressDeadlineExceeded")?;
    let deadline = number(deployment, "/spec/progressDeadlineSeconds").unwrap_or(DEFAULT_DEADLINE);
    // Right after the apply that mends it the old condition still stands there.
    (window.covers(condition.updated()) || window.elapsed(None).as_secs() >= deadline)
        .then_some(deadline)
}
