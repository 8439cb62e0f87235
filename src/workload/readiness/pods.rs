//! The pods of one controller, looked at together.

use serde_json::Value;

use super::{
    Verdict,
    admission::Refusal,
    culprit::Culprit,
    field::{name, uid},
    pod::{self, PodState},
    related::Related,
    trouble::{Trouble, TroubleKind},
    window::Window,
};

/// Finds the pod that is worst off.
pub(super) fn worst_of<'a>(
    pods: impl Iterator<Item = &'a Value>,
    around: &Related,
    window: &Window,
) -> Option<Culprit<'a>> {
    let pods = ControlledPods::of(pods, around, window);
    let (pod, trouble) = pods.worst()?;
    Some(Culprit { pod, trouble: trouble.clone(), is_old: false })
}

/// Finds the pod that keeps a controller from being ready: the one that is worst off of its own.
pub(super) fn culprit<'a>(
    object: &'a Value,
    around: &'a Related,
    window: &Window,
) -> Option<Culprit<'a>> {
    worst_of(around.pods_of(uid(object)), around, window)
}

/// The pods of a controller with what is with each. Pods that leave, are done or have ended are
/// left out: their controller has replaced them.
#[derive(Debug)]
pub(crate) struct ControlledPods<'a>(Vec<(&'a Value, Option<Trouble>)>);

impl<'a> ControlledPods<'a> {
    /// Looks at the pods.
    pub(crate) fn of(
        pods: impl Iterator<Item = &'a Value>,
        around: &Related,
        window: &Window,
    ) -> Self {
        Self(
            pods.filter_map(|pod| match pod::look(pod, around, window) {
                PodState::Ready => Some((pod, None)),
                PodState::Troubled(trouble) if trouble.kind != TroubleKind::Ended => {
                    Some((pod, Some(trouble)))
                }
                PodState::Troubled(_) | PodState::Done | PodState::Leaving(_) => None,
            })
            .collect(),
        )
    }

    /// Gives the pod that is worst off, and its trouble; of several the first by name.
    pub(crate) fn worst(&self) -> Option<(&'a Value, &Trouble)> {
        self.troubled().min_by(|(a, first), (b, second)| {
            second.weight().cmp(&first.weight()).then_with(|| name(a).cmp(name(b)))
        })
    }

    /// Tells whether there are pods and none of them will become ready by itself.
    pub(crate) fn all_hopeless(&self) -> bool {
        !self.0.is_empty()
            && self.0.iter().all(|(_, trouble)| trouble.as_ref().is_some_and(|it| it.hopeless))
    }

    /// Tells whether all of them stand at something that no restart mends.
    pub(crate) fn is_stuck(&self) -> bool {
        self.all_hopeless()
            && self.troubled().all(|(_, trouble)| trouble.kind != TroubleKind::Crash)
    }

    /// Tells whether one of them will not become ready by itself.
    pub(crate) fn any_hopeless(&self) -> bool {
        self.hopeless() > 0
    }

    /// Counts those that will not become ready by themselves.
    pub(crate) fn hopeless(&self) -> i64 {
        let hopeless = self.troubled().filter(|(_, trouble)| trouble.hopeless).count();
        i64::try_from(hopeless).unwrap_or(i64::MAX)
    }

    /// Tells whether one restarted a moment ago and has to show that it stays up.
    pub(crate) fn is_shaky(&self) -> bool {
        self.troubled()
            .any(|(_, trouble)| matches!(trouble.kind, TroubleKind::Shaky | TroubleKind::Crash))
    }

    /// Counts those without trouble; none where no pods are seen.
    pub(crate) fn healthy(&self) -> Option<i64> {
        let healthy = self.0.iter().filter(|(_, trouble)| trouble.is_none()).count();
        (!self.0.is_empty()).then(|| i64::try_from(healthy).unwrap_or(i64::MAX))
    }

    /// Counts the pods.
    pub(crate) fn len(&self) -> i64 {
        i64::try_from(self.0.len()).unwrap_or(i64::MAX)
    }

    /// Gives the verdict of a controller that is not ready: failed if its pods say so, or if they
    /// cannot be created and will not be.
    pub(crate) fn verdict(
        &self,
        progress: &str,
        hopeless: bool,
        refusal: Option<&Refusal>,
    ) -> Verdict {
        let worst = self.worst();
        let (reason, cause) = match (refusal, worst) {
            // A refusal explains why pods are missing; what is wrong with those that are there
            // comes first only where it settles the matter.
            (Some(refusal), _) if !hopeless => (refusal.reason, refusal.sentence()),
            (_, Some((pod, trouble))) => (trouble.reason.as_str(), trouble.sentence(pod)),
            (..) => return Verdict::waiting("Progressing", progress),
        };
        let message = format!("{progress}: {cause}");
        if hopeless || refusal.is_some_and(|refusal| refusal.hopeless) {
            Verdict::failed(reason, message)
        } else {
            Verdict::waiting(reason, message)
        }
    }

    /// Gives the pod that will not become ready by itself, for which a controller may wait before
    /// it goes on.
    pub(crate) fn blocking(&self) -> Option<(&'a Value, &Trouble)> {
        self.worst().filter(|(_, trouble)| trouble.hopeless)
    }

    fn troubled(&self) -> impl Iterator<Item = (&'a Value, &Trouble)> {
        self.0.iter().filter_map(|(pod, trouble)| Some((*pod, trouble.as_ref()?)))
    }
}
