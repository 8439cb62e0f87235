//! Readiness: ready, waiting or failed, always with a reason that a person can act on.
//!
//! [`judge`] is a pure function of an object, of what is around it ([`Related`]) and of the
//! deploy that asks ([`Window`]). Two rules hold everywhere: a status that was written for an
//! older generation says nothing, and a failure that was there before this deploy counts only
//! when it happens anew. `Failed` is not final: what mends itself is ready at the next judgement.
//!
//! The rules of the kinds are one table ([`RULES`]); what else is true of a kind, and needs no
//! object to be seen, is in [`kinds`](super::kinds), which knows nothing of this.

pub(crate) mod admission;
mod annotations;
mod api;
mod claim;
pub(crate) mod condition;
pub(crate) mod container;
mod counts;
pub(crate) mod culprit;
mod custom;
pub(crate) mod daemon_set;
pub(crate) mod deployment;
mod exit;
pub(crate) mod field;
mod intent;
pub(crate) mod job;
mod jsonpath;
pub(crate) mod namespace;
mod neighbour;
pub(crate) mod pod;
pub(crate) mod pods;
mod probe;
pub(crate) mod pull;
mod related;
mod replica_set;
mod service;
pub(crate) mod stateful_set;
mod template;
pub(crate) mod trouble;
mod verdict;
mod watch;
mod window;

use serde_json::Value;

pub(crate) use self::related::happened;
use self::{
    annotations::WaitAnnotations,
    field::{count, is_deleting, list, number, text, uid},
};
pub(crate) use self::{
    annotations::{
        WrongAnnotation,
        allowance::{Allowance, TIMED_OUT, is_excused, late, unawaited},
        check_annotations,
        removal::KEEP_ANNOTATION,
        says_when,
    },
    counts::{PodCounts, is_ahead_of_all_pods, pod_counts},
    culprit::Culprit,
    job::{goes_when_finished, is_ahead_of_pods, is_complete, is_leaving, judge_gone},
    pod::is_of_this_deploy,
    related::Related,
    template::images_of,
    verdict::{State, Verdict},
    watch::WatchNeeds,
    window::{RESTARTS_TOLERATED, Window},
};
use super::{
    body::Body,
    object::{GroupKind, ObjectId, split_api_version},
};

/// Judges an object as the server has it; none where the server has none.
///
/// The object's `metadata.managedFields` tell what its manifest asks for: without them a
/// Deployment that its manifest pauses counts as paused by somebody else.
pub(crate) fn judge(object: Option<&Value>, around: &Related, window: &Window) -> Verdict {
    let Some(object) = object else { return Verdict::missing() };
    let (group, _) = split_api_version(text(object, "/apiVersion"));
    let kind = text(object, "/kind");
    let rule = rule_of(group, kind);
    if is_deleting(object) && !rule.is_some_and(|rule| (rule.is_judged_deleting)(object)) {
        return deleting(object);
    }
    let definition = around.definition(group, kind);
    let annotations = match WaitAnnotations::of(object, definition) {
        // Those of a definition are for its objects.
        Ok(_) if (group, kind) == CUSTOM_RESOURCE_DEFINITION => None,
        Ok(annotations) => annotations,
        Err(error) => return Verdict::failed("InvalidAnnotation", error.message),
    };
    let by_kind = || match rule {
        Some(rule) => (rule.judge)(object, around, window),
        None if watch::is_built_in(group) => applied(object),
        None => custom::judge(object, around, window),
    };
    match annotations {
        Some(annotations) => unseen(object).unwrap_or_else(|| annotations.judge(object, by_kind)),
        None => by_kind(),
    }
}

/// Judges an object as a part of its instance, like [`judge`]: one that is not to be waited for is as
/// it should be once it is there.
pub(crate) fn judge_part(object: Option<&Value>, around: &Related, window: &Window) -> Verdict {
    let verdict = judge(object, around, window);
    match object {
        Some(object) => Allowance::of(object).excuse(verdict),
        None => verdict,
    }
}

/// Where annotations stand for other objects.
const CUSTOM_RESOURCE_DEFINITION: (&str, &str) =
    ("apiextensions.k8s.io", "CustomResourceDefinition");

/// How objects of one built-in kind are judged.
struct ReadinessRule {
    group: &'static str,
    kind: &'static str,
    judge: fn(&Value, &Related, &Window) -> Verdict,
    /// What `judge` looks at.
    watch: WatchNeeds,
    /// Whether there is anything to wait for at an object; where not, it is ready once applied.
    is_awaited: fn(&Value) -> bool,
    /// Whether `judge` tells more of an object on its way out than that it is being deleted.
    is_judged_deleting: fn(&Value) -> bool,
    /// Finds the pod that keeps an object from being ready.
    culprit: for<'a> fn(&'a Value, &'a Related, &Window) -> Option<Culprit<'a>>,
}

/// The rules of the kinds that have a state of their own. A kind's rule is a file beside this one
/// and a line here.
#[rustfmt::skip]
static RULES: &[ReadinessRule] = &[
    ReadinessRule { culprit: deployment::culprit, ..rule("apps", "Deployment", deployment::judge, WatchNeeds::ROLLOUT) },
    ReadinessRule { culprit: daemon_set::culprit, ..rule("apps", "DaemonSet", daemon_set::judge, WatchNeeds::PODS_ON_NODES) },
    ReadinessRule { culprit: stateful_set::culprit, ..rule("apps", "StatefulSet", stateful_set::judge, WatchNeeds::PODS) },
    rule("apps", "ReplicaSet", replica_set::judge, WatchNeeds::PODS),
    rule("", "ReplicationController", replica_set::judge, WatchNeeds::PODS),
    ReadinessRule { culprit: job::culprit, is_judged_deleting: is_leaving, ..rule("batch", "Job", job::judge, WatchNeeds::PODS) },
    ReadinessRule { culprit: pod::culprit, ..rule("", "Pod", pod::judge, WatchNeeds::PODS) },
    rule("", "PersistentVolumeClaim", claim::judge, WatchNeeds::VOLUME),
    ReadinessRule { is_awaited: service::has_load_balancer, ..rule("", "Service", service::judge, WatchNeeds::EVENTS) },
    ReadinessRule { is_judged_deleting: |_| true, ..rule("", "Namespace", namespace::judge, WatchNeeds::OBJECT) },
    rule("apiextensions.k8s.io", "CustomResourceDefinition", api::judge_definition, WatchNeeds::OBJECT),
    rule("apiregistration.k8s.io", "APIService", api::judge_service, WatchNeeds::OBJECT),
];

const fn rule(
    group: &'static str,
    kind: &'static str,
    judge: fn(&Value, &Related, &Window) -> Verdict,
    watch: WatchNeeds,
) -> ReadinessRule {
    ReadinessRule {
        group,
        kind,
        judge,
        watch,
        is_awaited: |_| true,
        is_judged_deleting: |_| false,
        culprit: pods::culprit,
    }
}

fn rule_of(group: &str, kind: &str) -> Option<&'static ReadinessRule> {
    RULES.iter().find(|rule| rule.group == group && rule.kind == kind)
}

/// Tells whether objects of a kind can be anything but ready once they are applied.
pub(crate) fn has_state(kind: &GroupKind) -> bool {
    rule_of(&kind.group, &kind.kind).is_some() || !watch::is_built_in(&kind.group)
}

/// Tells what has to be watched for an object, as it is to be applied.
pub(crate) fn watch_of(object: &Value) -> WatchNeeds {
    let (group, _) = split_api_version(text(object, "/apiVersion"));
    match rule_of(group, text(object, "/kind")) {
        Some(rule) if (rule.is_awaited)(object) => rule.watch,
        _ if !watch::is_built_in(group) => WatchNeeds { definition: true, ..WatchNeeds::OBJECT },
        _ if says_when(object) => WatchNeeds::OBJECT,
        _ => WatchNeeds::default(),
    }
}

/// Finds the pod that keeps an object from being ready: of those that this deploy changed, the one
/// that is worst off.
pub(crate) fn find_culprit<'a>(
    object: &'a Value,
    around: &'a Related,
    window: &Window,
) -> Option<Culprit<'a>> {
    let (group, _) = split_api_version(text(object, "/apiVersion"));
    match rule_of(group, text(object, "/kind")) {
        Some(rule) => (rule.culprit)(object, around, window),
        None => pods::culprit(object, around, window),
    }
}

/// Tells whether a pod is kept from being ready by more than its start.
pub(crate) fn has_trouble(pod: &Value, around: &Related, window: &Window) -> bool {
    match pod::look(pod, around, window) {
        pod::PodState::Troubled(trouble) => trouble.kind > trouble::TroubleKind::Starting,
        pod::PodState::Ready | pod::PodState::Done | pod::PodState::Leaving(_) => false,
    }
}

/// Counts how often the containers of an object's pods restarted; none for kinds without pods.
pub(crate) fn restarts_of(object: &Value, around: &Related) -> Option<u64> {
    let (group, _) = split_api_version(text(object, "/apiVersion"));
    let rule = rule_of(group, text(object, "/kind")).filter(|rule| rule.watch.pods)?;
    let restarts: i64 = match rule.kind {
        "Pod" => pod::restarts(object),
        _ => around.pods_below(uid(object)).map(pod::restarts).sum(),
    };
    u64::try_from(restarts).ok()
}

/// Tells by what costs less than a look whether there may be more to an object at rest than that it
/// is there: a state of its kind, or annotations that say when it is ready.
pub(crate) fn may_have_state(id: &ObjectId, body: &Body) -> bool {
    rule_of(&id.group, &id.kind).is_some()
        || !watch::is_built_in(&id.group)
        || body.mentions("workloadctl/")
}

/// Tells what has to be watched for an object, without a tree of it where there is nothing.
pub(crate) fn watch_of_body(id: &ObjectId, body: &Body) -> WatchNeeds {
    match may_have_state(id, body) {
        true => watch_of(&body.look()),
        false => WatchNeeds::default(),
    }
}

/// Judges an object of a built-in kind that does nothing by itself: it is ready once applied.
fn applied(object: &Value) -> Verdict {
    if text(object, "/kind") == "CronJob" && field::flag(object, "/spec/suspend") {
        return Verdict::ready_saying("it is suspended");
    }
    match custom::by_conditions(object) {
        Some(verdict) if condition::Condition::of(object, "Ready").is_some() => verdict,
        _ => Verdict::ready(),
    }
}

/// Waits for the controller to see the newest generation: until then the status is history.
fn unseen(object: &Value) -> Option<Verdict> {
    let observed = number(object, "/status/observedGeneration")?;
    (observed < count(object, "/metadata/generation")).then(|| {
        Verdict::waiting("Progressing", "its controller has not seen the newest change yet")
    })
}

/// Waits like [`unseen`], for kinds that always tell the generation they saw: where it is
/// missing, nothing was seen at all.
fn unseen_yet(object: &Value) -> Option<Verdict> {
    match number(object, "/status/observedGeneration") {
        Some(_) => unseen(object),
        None => Some(Verdict::waiting("Progressing", "its controller has not seen it yet")),
    }
}

fn deleting(object: &Value) -> Verdict {
    let finalizers: Vec<&str> =
        list(object, "/metadata/finalizers").iter().filter_map(Value::as_str).collect();
    let message = match finalizers.is_empty() {
        true => "it is being deleted".to_owned(),
        false => format!("it is being deleted, held by {}", finalizers.join(", ")),
    };
    Verdict::waiting("Terminating", message)
}

#[cfg(test)]
pub(crate) mod tests;
