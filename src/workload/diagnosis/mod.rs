//! Why an object is not ready: the root cause in one sentence, the command that helps, the log
//! worth reading and the warnings worth seeing.
//!
//! The texts are the cluster's own, shortened but not cleaned: output masks what must not reach a
//! terminal.

mod common;
mod hint;
mod warnings;

use serde::Serialize;
use serde_json::Value;

use super::readiness::{
    Culprit, Related, State, Verdict, Window,
    admission::{FAILED_CREATE, QUOTA_EXCEEDED},
    field::{name, text},
    find_culprit, judge,
    trouble::{Log, Trouble, TroubleKind},
};

/// Why an object is not ready.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Diagnosis {
    /// A stable word in the field's terms, such as `ImagePullBackOff`; empty when ready.
    pub reason: String,
    /// The root cause: which pod on which node, which container, and why.
    pub message: String,
    /// The command that helps, or finds out more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The pod that answers for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod: Option<FailingPod>,
    /// What its failing pods have in common, where that points at something else than themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub common: Option<String>,
    /// The log whose last lines tell more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<LogSource>,
    /// The warnings about the object, its newest replica set and the pod, oldest first, each as
    /// `Pod/web-1 FailedMount: message (x7 over 3m)`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// The pod that answers for an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FailingPod {
    pub pod: String,
    /// Where it runs; empty where no node has it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub node: String,
    /// The container, where it is one container's trouble.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
}

/// A container's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LogSource {
    /// The pod's namespace.
    pub namespace: String,
    pub pod: String,
    pub container: String,
    /// Whether it is the log of the run before the present one.
    pub previous: bool,
}

/// Finds out why an object is not ready. Of several pods the one that is worst off answers.
pub(crate) fn diagnose(object: &Value, around: &Related, window: &Window) -> Diagnosis {
    let verdict = judge(Some(object), around, window);
    let culprit = responsible(object, &verdict, around, window);
    let hint = hint::hint(object, &verdict, culprit.as_ref(), window.runtime);
    let pod = culprit.as_ref().map(|culprit| culprit.pod);
    let warnings = warnings::collect(object, pod, around, window);
    let log = culprit.as_ref().and_then(|Culprit { pod, trouble, .. }| log_of(pod, trouble));
    let common = pod.and_then(|_| common::cause(object, around, window));
    let pod = culprit.as_ref().map(|Culprit { pod, trouble, .. }| FailingPod {
        pod: name(pod).to_owned(),
        node: text(pod, "/spec/nodeName").to_owned(),
        container: trouble.container.clone(),
    });
    let (reason, message) = match &culprit {
        // "Error" is only the absence of a better word.
        Some(culprit) if culprit.trouble.reason == "Error" => (verdict.reason, culprit.sentence()),
        Some(culprit) => (culprit.trouble.reason.clone(), culprit.sentence()),
        None => {
            let Verdict { state: _, reason, message } = verdict;
            (reason, message)
        }
    };
    Diagnosis { reason, message, hint, pod, common, log, warnings }
}

/// Finds the pod, if it is a pod's fault.
fn responsible<'a>(
    object: &'a Value,
    verdict: &Verdict,
    around: &'a Related,
    window: &Window,
) -> Option<Culprit<'a>> {
    let refused = [FAILED_CREATE, QUOTA_EXCEEDED].contains(&&*verdict.reason);
    // Pods that could not be made are not to blame.
    if refused || matches!(verdict.state, State::Ready | State::Missing) {
        return None;
    }
    find_culprit(object, around, window).filter(|culprit| {
        // A pod that is merely starting explains nothing.
        culprit.trouble.kind > TroubleKind::Starting || culprit.trouble.reason == verdict.reason
    })
}

fn log_of(pod: &Value, trouble: &Trouble) -> Option<LogSource> {
    let previous = match trouble.log {
        Log::None => return None,
        Log::Present => false,
        Log::Previous => true,
    };
    Some(LogSource {
        namespace: text(pod, "/metadata/namespace").to_owned(),
        pod: name(pod).to_owned(),
        container: trouble.container.clone()?,
        previous,
    })
}

#[cfg(test)]
mod tests;
