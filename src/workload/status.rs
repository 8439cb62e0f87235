//! The status of an instance, from the verdicts of its objects and what is known of its releases.
//!
//! The first that fits counts: NotDeployed, Lost, Error, Deleting, Down, Unhealthy, Reconciling,
//! Healthy (docs/cli.md, Status).

use super::{
    instance::Status,
    object::ObjectId,
    readiness::{PodCounts, State, Verdict, is_excused},
    release::Outcome,
};

/// What is known of an instance.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct InstanceFacts<'a> {
    /// The newest release: its number and how it ended; none where nothing was ever deployed.
    pub release: Option<(u64, Outcome)>,
    /// Why that release did not end well, where it is known.
    pub why: Option<&'a str>,
    /// Whether an operation that works on it lives: its holder has not expired.
    pub running: bool,
    /// Whether its cluster was created again since.
    pub lost: bool,
    /// Why the truth cannot be had.
    pub error: Option<&'a str>,
    /// Why there may be objects that nobody knows of, where all that are known are well.
    pub doubt: Option<&'a str>,
    /// Whether a deletion has begun.
    pub deleting: bool,
    /// What the deletion waits for, as a sentence; empty where nothing tells.
    pub held: &'a str,
    pub objects: &'a [JudgedObject<'a>],
}

/// An object of the instance as it was judged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct JudgedObject<'a> {
    pub id: &'a ObjectId,
    /// The judgement.
    pub verdict: &'a Verdict,
    /// The pods that it is meant to keep running, of the live object or else of the recorded one.
    pub pods: Option<PodCounts>,
}

/// Judges an instance, and says why in a sentence.
pub(crate) fn judge_instance(facts: &InstanceFacts) -> (Status, String) {
    let InstanceFacts { release, why, running, lost, error, doubt, deleting, held, objects } =
        *facts;
    let Some((number, outcome)) = release else {
        return (Status::NotDeployed, "it has not been deployed yet".to_owned());
    };
    // Before errors: a cluster that was made anew answers, but not for this instance.
    if lost {
        return (Status::Lost, "its cluster was created again since it was deployed".to_owned());
    }
    if let Some(error) = error {
        return (Status::Error, error.to_owned());
    }
    if deleting {
        let reason = match running {
            true => "it is being deleted",
            false => "its deletion was begun and is not finished",
        };
        return (
            Status::Deleting,
            match held {
                "" => reason.to_owned(),
                held => format!("{reason}: {held}"),
            },
        );
    }
    if let Some(reason) = down(objects, running) {
        return (Status::Down, reason);
    }
    if let Some(reason) = unhealthy((number, outcome, why), running, objects) {
        return (Status::Unhealthy, reason);
    }
    if let Some(reason) = waiting(number, running, objects) {
        return (Status::Reconciling, reason);
    }
    // That all is well is not known of what is not known.
    match doubt {
        Some(doubt) => (Status::Error, format!("{}; {doubt}", healthy(objects))),
        None => (Status::Healthy, healthy(objects)),
    }
}

/// Pods are wanted, none is ready, and nothing runs to change that.
fn down(objects: &[JudgedObject], running: bool) -> Option<String> {
    let counted = || {
        let counted = objects.iter().filter_map(|seen| Some((seen, seen.pods?)));
        // What is ready without a pod is so on purpose: a Deployment that its manifest pauses.
        counted.filter(|(seen, pods)| seen.verdict.state != State::Ready || pods.ready > 0)
    };
    let wanted: u64 = counted().map(|(_, pods)| pods.wanted).sum();
    let ready: u64 = counted().map(|(_, pods)| pods.ready).sum();
    let moving = running
        || objects.iter().any(|seen| {
            seen.verdict.state == State::Waiting
                && (seen.pods.is_some_and(|pods| pods.wanted > 0) || seen.id.is("batch", "Job"))
        });
    if wanted == 0 || ready > 0 || moving {
        return None;
    }
    let counts = match wanted {
        1 => "its pod is not ready".to_owned(),
        _ => format!("none of its {wanted} pods is ready"),
    };
    let culprit = counted()
        .map(|(seen, _)| seen)
        .find(|seen| matches!(seen.verdict.state, State::Failed | State::Missing));
    Some(match culprit {
        Some(seen) => format!("{counts}: {}", sentence(seen)),
        None => counts,
    })
}

/// An object failed or is missing, or the last release failed.
fn unhealthy(
    (number, outcome, why): (u64, Outcome, Option<&str>),
    running: bool,
    objects: &[JudgedObject],
) -> Option<String> {
    let bad = |seen: &&JudgedObject| match seen.verdict.state {
        State::Failed => true,
        // What is being deployed may not be there yet.
        State::Missing => !running,
        State::Ready | State::Waiting => false,
    };
    if let Some(reason) = first_of(objects, bad) {
        return Some(reason);
    }
    match outcome {
        _ if running => None,
        Outcome::Failed => Some(match why {
            Some(why) => format!("release {number} failed: {why}"),
            None => format!("release {number} failed before all of it was applied"),
        }),
        Outcome::Interrupted => Some(format!("release {number} was interrupted")),
        Outcome::InFlight => Some(format!("release {number} was begun and never ended")),
        Outcome::Ready | Outcome::Applied | Outcome::NotReady | Outcome::TimedOut => None,
    }
}

/// Something is not ready yet.
fn waiting(number: u64, running: bool, objects: &[JudgedObject]) -> Option<String> {
    first_of(objects, |seen| seen.verdict.state != State::Ready)
        .or_else(|| running.then(|| format!("release {number} is being deployed")))
}

/// Says the first of some objects, and how many more there are.
fn first_of(objects: &[JudgedObject], wanted: impl Fn(&&JudgedObject) -> bool) -> Option<String> {
    let mut found = objects.iter().filter(wanted);
    let first = sentence(found.next()?);
    Some(match found.count() {
        0 => first,
        more => format!("{first} (and {more} more)"),
    })
}

fn sentence(seen: &JudgedObject) -> String {
    let Verdict { state, reason, message } = seen.verdict;
    let id = seen.id;
    match (state, message.as_str(), reason.as_str()) {
        (State::Missing, ..) => format!("{id} is missing"),
        (State::Failed, "", "") => format!("{id} failed"),
        (_, "", "") => format!("{id} is not ready"),
        (_, "", reason) => format!("{id}: {reason}"),
        (_, message, _) => format!("{id}: {message}"),
    }
}

/// Counts what is ready. What is not, since nobody waits for it, is not said to be.
fn healthy(objects: &[JudgedObject]) -> String {
    let is_left = |seen: &&JudgedObject| is_excused(seen.verdict);
    match (objects.len(), objects.iter().filter(is_left).count()) {
        (0, _) => "it has no objects".to_owned(),
        (1, 0) => "its object is ready".to_owned(),
        (1, _) => "its object is not waited for".to_owned(),
        (all, 0) => format!("all {all} objects are ready"),
        (all, left) if left == all => format!("none of its {all} objects is waited for"),
        (all, left) => format!("{} of {all} objects ready, {left} not waited for", all - left),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: PodCounts = PodCounts { wanted: 0, ready: 0 };

    /// Judges an instance of a Deployment with pods and of a ConfigMap.
    fn said(
        release: Option<(u64, Outcome)>,
        deployment: &Verdict,
        pods: PodCounts,
        map: &Verdict,
        change: impl FnOnce(&mut InstanceFacts),
    ) -> String {
        let ids = [
            ObjectId::new("apps", "Deployment", Some("a"), "web"),
            ObjectId::new("", "ConfigMap", Some("a"), "conf"),
        ];
        let objects = [
            JudgedObject { id: &ids[0], verdict: deployment, pods: Some(pods) },
            JudgedObject { id: &ids[1], verdict: map, pods: None },
        ];
        let mut facts = InstanceFacts { release, objects: &objects, ..InstanceFacts::default() };
        change(&mut facts);
        let (status, reason) = judge_instance(&facts);
        format!("{status}: {reason}")
    }

    #[test]
    fn the_first_that_fits() {
        let ready = Verdict::ready();
        let waiting = Verdict::waiting("Progressing", "1 of 2 pods available");
        let failed = Verdict::failed("ErrImagePull", "no image");
        let missing = Verdict::missing();
        let unawaited = Verdict::ready_saying("not waited for (workloadctl/wait): no pod");
        let some = Some((7, Outcome::Ready));
        let one = PodCounts { wanted: 2, ready: 1 };
        let zero = PodCounts { wanted: 2, ready: 0 };
        let same = |_: &mut InstanceFacts| ();
        let cases = [
            (
                said(None, &ready, one, &ready, |it| it.lost = true),
                "NotDeployed: it has not been deployed yet",
            ),
            (
                said(some, &ready, one, &ready, |it| (it.lost, it.error) = (true, Some("x"))),
                "Lost: its cluster was created again since it was deployed",
            ),
            (
                said(some, &ready, one, &ready, |it| {
                    (it.deleting, it.error) = (true, Some("unreachable"))
                }),
                "Error: unreachable",
            ),
            (
                said(some, &failed, zero, &missing, |it| it.deleting = true),
                "Deleting: its deletion was begun and is not finished",
            ),
            (
                said(some, &failed, zero, &missing, |it| {
                    (it.deleting, it.held) = (true, "ConfigMap/a waits for finalizer x")
                }),
                "Deleting: its deletion was begun and is not finished: ConfigMap/a waits for \
                 finalizer x",
            ),
            (
                said(some, &failed, zero, &ready, same),
                "Down: none of its 2 pods is ready: Deployment/web: no image",
            ),
            (
                said(some, &missing, zero, &ready, same),
                "Down: none of its 2 pods is ready: Deployment/web is missing",
            ),
            (
                said(some, &failed, one, &missing, same),
                "Unhealthy: Deployment/web: no image (and 1 more)",
            ),
            (said(some, &ready, one, &missing, same), "Unhealthy: ConfigMap/conf is missing"),
            (
                said(some, &ready, one, &ready, |it| it.doubt = Some("its record is gone")),
                "Error: all 2 objects are ready; its record is gone",
            ),
            (
                said(some, &ready, one, &missing, |it| it.doubt = Some("its record is gone")),
                "Unhealthy: ConfigMap/conf is missing",
            ),
            (
                said(some, &Verdict::ready_saying("paused by its manifest"), zero, &ready, same),
                "Healthy: all 2 objects are ready",
            ),
            (
                said(some, &waiting, zero, &ready, same),
                "Reconciling: Deployment/web: 1 of 2 pods available",
            ),
            (said(some, &ready, NONE, &ready, same), "Healthy: all 2 objects are ready"),
            (
                said(some, &unawaited, zero, &ready, same),
                "Healthy: 1 of 2 objects ready, 1 not waited for",
            ),
            (
                said(some, &unawaited, zero, &unawaited, same),
                "Healthy: none of its 2 objects is waited for",
            ),
            (said(some, &unawaited, zero, &missing, same), "Unhealthy: ConfigMap/conf is missing"),
            (
                said(some, &ready, one, &ready, |it| it.running = true),
                "Reconciling: release 7 is being deployed",
            ),
            (
                said(some, &missing, zero, &ready, |it| it.running = true),
                "Reconciling: Deployment/web is missing",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(text, expected);
        }
    }

    #[test]
    fn a_release_that_did_not_end_well() {
        let ready = Verdict::ready();
        let one = PodCounts { wanted: 1, ready: 1 };
        for (outcome, text) in [
            (Outcome::Failed, "Unhealthy: release 7 failed before all of it was applied"),
            (Outcome::Interrupted, "Unhealthy: release 7 was interrupted"),
            (Outcome::InFlight, "Unhealthy: release 7 was begun and never ended"),
            (Outcome::NotReady, "Healthy: all 2 objects are ready"),
            (Outcome::TimedOut, "Healthy: all 2 objects are ready"),
            (Outcome::Applied, "Healthy: all 2 objects are ready"),
        ] {
            assert_eq!(said(Some((7, outcome)), &ready, one, &ready, |_| ()), text);
        }
        let why = said(Some((7, Outcome::Failed)), &ready, one, &ready, |it| it.why = Some("no"));
        assert_eq!(why, "Unhealthy: release 7 failed: no");
    }
}
