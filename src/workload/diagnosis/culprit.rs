//! The pod that keeps an object from being ready: of those that this deploy changed, the one that
//! is worst off.

use serde_json::Value;

use crate::workload::{
    object::split_api_version,
    readiness::{
        Frame, Neighbourhood, State, Verdict, daemon_set, deployment,
        field::{text, uid},
        job,
        pod::{self, Fate},
        pods::Crew,
        stateful_set,
        trouble::{Cause, Trouble},
    },
};

/// A pod and what is with it.
#[derive(Debug)]
pub(super) struct Culprit<'a> {
    pub pod: &'a Value,
    pub trouble: Trouble,
    /// Whether it is a pod of an old revision, for which a StatefulSet waits in vain.
    pub is_old: bool,
}

impl Culprit<'_> {
    pub(super) fn sentence(&self) -> String {
        let old = if self.is_old { "the old " } else { "" };
        format!("{old}{}", self.trouble.sentence(self.pod))
    }
}

/// Finds the pod, if it is a pod's fault.
pub(super) fn find<'a>(
    object: &'a Value,
    verdict: &Verdict,
    around: &'a Neighbourhood,
    frame: &Frame,
) -> Option<Culprit<'a>> {
    let refused = matches!(verdict.reason.as_str(), "FailedCreate" | "QuotaExceeded");
    if refused || matches!(verdict.state, State::Ready | State::Missing) {
        return None;
    }
    worst(object, around, frame).filter(|culprit| {
        culprit.trouble.cause > Cause::Starting || culprit.trouble.reason == verdict.reason
    })
}

fn worst<'a>(object: &'a Value, around: &'a Neighbourhood, frame: &Frame) -> Option<Culprit<'a>> {
    let of = |pods: &mut dyn Iterator<Item = &'a Value>| {
        let crew = Crew::of(pods, around, frame);
        let (pod, trouble) = crew.worst()?;
        Some(Culprit { pod, trouble: trouble.clone(), is_old: false })
    };
    let (group, _) = split_api_version(text(object, "/apiVersion"));
    match (group, text(object, "/kind")) {
        ("", "Pod") => itself(object, around, frame),
        ("apps", "Deployment") => of(&mut deployment::new_pods(object, around)),
        ("apps", "DaemonSet") => of(&mut daemon_set::new_pods(object, around, frame)),
        ("apps", "StatefulSet") => {
            let (new, old) = stateful_set::pods_by_revision(object, around);
            let new = of(&mut new.into_iter()).filter(|new| new.trouble.cause > Cause::Starting);
            new.or_else(|| {
                let old = of(&mut old.into_iter())?;
                old.trouble.hopeless.then_some(Culprit { is_old: true, ..old })
            })
        }
        ("batch", "Job") => {
            let active = of(&mut around.pods_of(uid(object)))
                .filter(|active| active.trouble.cause > Cause::Starting);
            active.or_else(|| {
                let (pod, trouble) = job::last_ended_pod(object, around, frame)?;
                Some(Culprit { pod, trouble, is_old: false })
            })
        }
        _ => of(&mut around.pods_of(uid(object))),
    }
}

fn itself<'a>(pod: &'a Value, around: &Neighbourhood, frame: &Frame) -> Option<Culprit<'a>> {
    match pod::look(pod, around, frame) {
        Fate::Troubled(trouble) | Fate::Leaving(trouble) => {
            Some(Culprit { pod, trouble, is_old: false })
        }
        Fate::Ready | Fate::Done => None,
    }
}
