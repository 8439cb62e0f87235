//! Readiness: ready, waiting or failed, always with a reason that a person can act on.
//!
//! [`judge`] is a pure function of an object, of what is around it ([`Neighbourhood`]) and of the
//! deploy that asks ([`Frame`]). Two rules hold everywhere: a status that was written for an
//! older generation says nothing, and a failure that was there before this deploy counts only
//! when it happens anew. `Failed` is not final: what mends itself is ready at the next judgement.

pub(crate) mod admission;
mod annotations;
mod api;
mod claim;
pub(crate) mod condition;
pub(crate) mod container;
mod counts;
mod custom;
pub(crate) mod daemon_set;
pub(crate) mod deployment;
mod exit;
pub(crate) mod field;
mod intent;
pub(crate) mod job;
mod jsonpath;
mod namespace;
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
    annotations::Wishes,
    field::{count, is_deleting, list, number, text},
};
pub(crate) use self::{
    annotations::check_annotations,
    counts::{Population, population_of, restarts_of},
    job::{is_complete, is_leaving, judge_gone},
    related::Neighbourhood,
    template::images_of,
    verdict::{State, Verdict},
    watch::{Watch, watch_of},
    window::Frame,
};
use super::object::split_api_version;

/// Judges an object as the server has it; none where the server has none.
///
/// The object's `metadata.managedFields` tell what its manifest asks for: without them a
/// Deployment that its manifest pauses counts as paused by somebody else.
#[must_use]
pub(crate) fn judge(object: Option<&Value>, around: &Neighbourhood, frame: &Frame) -> Verdict {
    let Some(object) = object else { return Verdict::missing() };
    let (group, _) = split_api_version(text(object, "/apiVersion"));
    let kind = text(object, "/kind");
    let judged_to_the_end = match (group, kind) {
        ("", "Namespace") => true,
        ("batch", "Job") => is_leaving(object),
        _ => false,
    };
    if is_deleting(object) && !judged_to_the_end {
        return deleting(object);
    }
    let definition = around.definition(group, kind);
    let wishes = match Wishes::of(object, definition) {
        Ok(wishes) => wishes,
        Err(error) => return Verdict::failed("InvalidAnnotation", error.message),
    };
    match wishes {
        Some(wishes) => unseen(object).unwrap_or_else(|| {
            wishes.judge(object, || built_in(group, kind, object, around, frame))
        }),
        None => built_in(group, kind, object, around, frame),
    }
}

/// Judges by the rules of the kind alone.
fn built_in(
    group: &str,
    kind: &str,
    object: &Value,
    around: &Neighbourhood,
    frame: &Frame,
) -> Verdict {
    match (group, kind) {
        ("apps", "Deployment") => deployment::judge(object, around, frame),
        ("apps", "ReplicaSet") | ("", "ReplicationController") => {
            replica_set::judge(object, around, frame)
        }
        ("apps", "StatefulSet") => stateful_set::judge(object, around, frame),
        ("apps", "DaemonSet") => daemon_set::judge(object, around, frame),
        ("batch", "Job") => job::judge(object, around, frame),
        ("", "Pod") => pod::judge(object, around, frame),
        ("", "PersistentVolumeClaim") => claim::judge(object, around, frame),
        ("", "Service") => service::judge(object, around, frame),
        ("", "Namespace") => namespace::judge(object),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => api::judge_definition(object),
        ("apiregistration.k8s.io", "APIService") => api::judge_service(object),
        _ if watch::is_built_in(group) => applied(object),
        _ => custom::judge(object, around, frame),
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
