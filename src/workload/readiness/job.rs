//! Jobs: complete. A running Job is not ready.

use serde_json::Value;

use super::{
    State, Verdict,
    admission::Refusal,
    condition::Condition,
    culprit::Culprit,
    field::{count, created, flag, label, number, plural, text, uid},
    intent,
    pod::{self, PodState},
    pods::{self, ControlledPods},
    related::Related,
    trouble::{Trouble, TroubleKind},
    window::Window,
};

/// The label by which Kueue knows the Jobs that it lets run later.
const QUEUE: &str = "kueue.x-k8s.io/queue-name";

/// Tells whether a Job has completed: what `depends-on` waits for.
pub(crate) fn is_complete(job: &Value) -> bool {
    Condition::holds(job, "Complete")
}

/// Tells whether a Job has a time to live: without one nothing removes it but somebody's delete.
pub(crate) fn goes_when_finished(job: &Value) -> bool {
    !job.pointer("/spec/ttlSecondsAfterFinished").is_none_or(Value::is_null)
}

/// Tells whether a Job has come to its end and goes by itself some time after it.
pub(crate) fn is_leaving(job: &Value) -> bool {
    (is_complete(job) || Condition::holds(job, "Failed")) && goes_when_finished(job)
}

/// Tells whether a Job has failed for good and a pod of it was not seen to end yet: it is ending, or
/// its watch is slower than the Job's.
pub(crate) fn is_ahead_of_pods(job: &Value, around: &Related) -> bool {
    let is_running = |pod: &Value| !matches!(text(pod, "/status/phase"), "Succeeded" | "Failed");
    let has_failed = ["Failed", "FailureTarget"].iter().any(|kind| Condition::holds(job, kind));
    has_failed && around.pods_of(uid(job)).any(is_running)
}

/// Judges a Job that the server does not have any more, by the body that was applied, its uid
/// and the events about it. A time to live may take it away before anybody sees how it ended.
pub(crate) fn judge_gone(body: &Value, uid: Option<&str>, around: &Related) -> Verdict {
    if !goes_when_finished(body) {
        return Verdict::missing();
    }
    // The job controller's words for the end of a Job.
    let ends = ["Completed", "BackoffLimitExceeded", "DeadlineExceeded", "PodFailurePolicy"];
    let end = around
        .events_of(uid.unwrap_or_default())
        .find(|event| ends.contains(&text(event, "/reason")));
    match end.map(|event| (text(event, "/reason"), text(event, "/message"))) {
        Some(("Completed", _)) => Verdict::ready_saying("it completed"),
        Some((reason, message)) => Verdict::failed(reason, message),
        None => Verdict {
            message: "it is gone, and nobody saw how it ended: ttlSecondsAfterFinished removes it"
                .to_owned(),
            ..Verdict::missing()
        },
    }
}

/// Judges a Job. Crashes are its own affair: `backoffLimit` is their tolerance. It fails early
/// only when all its pods stand at something that no retry mends.
pub(crate) fn judge(job: &Value, around: &Related, window: &Window) -> Verdict {
    if is_complete(job) {
        return Verdict::ready();
    }
    if let Some(verdict) = failed(job, around, window) {
        return verdict;
    }
    // Decided, but its last pods are still ending: the controller sets Complete when they are gone.
    if Condition::holds(job, "SuccessCriteriaMet") {
        let message = "it has succeeded, its last pods are ending";
        return Verdict::waiting("SuccessCriteriaMet", message);
    }
    if flag(job, "/spec/suspend") {
        return suspended(job);
    }
    let pods = ControlledPods::of(around.pods_of(uid(job)), around, window);
    // While some of its pods are active, a refusal may concern the rest only.
    let refusal = (count(job, "/status/active") == 0)
        .then(|| Refusal::of_events(job, around, window))
        .flatten();
    let mut verdict = pods.verdict(&progress(job), pods.is_stuck(), refusal.as_ref());
    if let (State::Waiting, None, Some(ended)) =
        (verdict.state, pods.worst(), last_ended(job, around, window))
    {
        verdict.message = format!("{}: {ended}", verdict.message);
    }
    verdict
}

/// Judges a Job whose failure is decided.
fn failed(job: &Value, around: &Related, window: &Window) -> Option<Verdict> {
    // While the last pods end there is FailureTarget, Failed only afterwards (since 1.31 always).
    let condition = ["Failed", "FailureTarget"].into_iter().find_map(|kind| {
        Condition::of(job, kind).filter(|condition| condition.status() == "True")
    })?;
    let message = match last_ended(job, around, window) {
        Some(ended) => format!("{}: {ended}", condition.why()),
        None => condition.why(),
    };
    Some(Verdict::failed(condition.reason_or("Failed"), message))
}

fn suspended(job: &Value) -> Verdict {
    // Kueue's webhook suspends a Job that its manifest does not; a Job managed by another
    // controller (KEP-4368) may wait in a queue too.
    let queued = label(job, QUEUE).is_some()
        || !matches!(text(job, "/spec/managedBy"), "" | "kubernetes.io/job-controller");
    if intent::is_asked_for(job, "/f:spec/f:suspend") && !queued {
        return Verdict::ready_saying("suspended by its manifest");
    }
    let message = match queued {
        true => "it is suspended until its queue lets it run",
        false => "it is suspended",
    };
    Verdict::waiting("Suspended", message)
}

fn progress(job: &Value) -> String {
    let succeeded = count(job, "/status/succeeded");
    let failed = count(job, "/status/failed");
    let active = count(job, "/status/active");
    let mut parts = match number(job, "/spec/completions") {
        Some(completions) => {
            vec![format!("{succeeded} of {completions} completions done")]
        }
        None => vec![format!("{} done", plural(succeeded, "pod"))],
    };
    if active > 0 {
        parts.push(format!("{active} active"));
    }
    if failed > 0 {
        let limit = number(job, "/spec/backoffLimit")
            .map(|limit| format!(" (backoffLimit {limit})"))
            .unwrap_or_default();
        parts.push(format!("{failed} failed{limit}"));
    }
    parts.join(", ")
}

/// Finds the pod that keeps a Job from completing: a running one, or the one that ended badly
/// last.
pub(super) fn culprit<'a>(
    job: &'a Value,
    around: &'a Related,
    window: &Window,
) -> Option<Culprit<'a>> {
    let active = pods::culprit(job, around, window);
    active.filter(|active| active.trouble.kind > TroubleKind::Starting).or_else(|| {
        let (pod, trouble) = last_ended_pod(job, around, window)?;
        Some(Culprit { pod, trouble, is_old: false })
    })
}

/// Finds the pod that ended badly last, and why.
fn last_ended_pod<'a>(
    job: &Value,
    around: &'a Related,
    window: &Window,
) -> Option<(&'a Value, Trouble)> {
    around
        .pods_of(uid(job))
        .filter_map(|pod| match pod::look(pod, around, window) {
            PodState::Troubled(trouble) if trouble.kind == TroubleKind::Ended => {
                Some((pod, trouble))
            }
            PodState::Troubled(_) | PodState::Ready | PodState::Done | PodState::Leaving(_) => None,
        })
        .max_by_key(|(pod, _)| created(pod))
}

fn last_ended(job: &Value, around: &Related, window: &Window) -> Option<String> {
    last_ended_pod(job, around, window).map(|(pod, trouble)| trouble.sentence(pod))
}
