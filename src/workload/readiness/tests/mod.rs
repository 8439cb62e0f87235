//! Judgements of realistic objects, as tables of inline YAML named by their outcome.

mod allowance;
mod custom;
mod daemon_set;
mod deployment;
mod job;
mod platform;
mod pod;
mod related;
mod rules;
mod stateful_set;

use std::sync::LazyLock;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::*;
use crate::workload::runtime::RuntimeName;

/// When the deploy of the tests began.
pub(crate) const START: &str = "2026-01-01T12:00:00.7Z";
/// Within the deploy.
pub(crate) const DURING: &str = "2026-01-01T12:00:05Z";
/// Long before the deploy.
pub(crate) const BEFORE: &str = "2026-01-01T09:00:00Z";

/// Reads YAML in which `DURING` and `BEFORE` stand for times.
pub(crate) fn yaml(text: &str) -> Value {
    let text = text.replace("DURING", DURING).replace("BEFORE", BEFORE);
    serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{error} in\n{text}"))
}

/// Reads several documents.
pub(crate) fn documents(text: &str) -> impl Iterator<Item = Value> {
    text.split("\n---\n").filter(|text| !text.trim().is_empty()).map(yaml)
}

/// Makes a neighbourhood of several documents, of which no more is kept than a deploy keeps.
pub(crate) fn around(text: &str) -> Related {
    let mut around = Related::resting();
    documents(text).for_each(|object| around.upsert(object));
    around
}

/// The window of a deploy that began so many seconds ago, on a cloud's runtime.
pub(crate) fn after(seconds: i64) -> Window<'static> {
    static PROD: LazyLock<RuntimeName> = LazyLock::new(|| RuntimeName::Context("prod-eu".into()));
    let since: Timestamp = START.parse().unwrap();
    let now = since + SignedDuration::from_secs(seconds);
    Window { runtime: &PROD, since, now, tolerated_restarts: 2 }
}

/// The same on a kind cluster.
pub(crate) fn on_kind(seconds: i64) -> Window<'static> {
    static KIND: LazyLock<RuntimeName> = LazyLock::new(|| RuntimeName::Context("kind-dev".into()));
    Window { runtime: &KIND, ..after(seconds) }
}

/// Judges and writes the judgement as `state reason: message`.
pub(crate) fn said(object: &str, neighbours: &str, window: Window) -> String {
    let Verdict { state, reason, message } =
        judge(Some(&yaml(object)), &around(neighbours), &window);
    match (reason.as_str(), message.as_str()) {
        ("", "") => format!("{state:?}"),
        ("", message) => format!("{state:?}: {message}"),
        (reason, message) => format!("{state:?} {reason}: {message}"),
    }
}

#[test]
fn an_object_that_is_not_there_is_missing() {
    let verdict = judge(None, &Related::default(), &after(10));
    assert_eq!(verdict, Verdict::missing());
}

#[test]
fn an_object_that_is_being_deleted_is_pending() {
    let text = said(
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, deletionTimestamp: DURING, finalizers: [acme.io/keep]}}",
        "",
        after(10),
    );
    assert_eq!(text, "Waiting Terminating: it is being deleted, held by acme.io/keep");
}

#[test]
fn nonsense_is_judged_all_the_same() {
    for object in [
        "{}",
        "[]",
        "null",
        "{apiVersion: 1, kind: [], metadata: x, status: 7}",
        "{apiVersion: apps/v1, kind: Deployment, spec: {replicas: x}, status: {observedGeneration: {}, conditions: {}}}",
        "{apiVersion: v1, kind: Pod, spec: {containers: [1, {}]}, status: {containerStatuses: [null, {name: 3, state: []}]}}",
        "{apiVersion: batch/v1, kind: Job, status: {conditions: [{type: 3}]}}",
        "{apiVersion: apps/v1, kind: DaemonSet, metadata: {generation: -1}, status: {observedGeneration: 0, desiredNumberScheduled: -3}}",
    ] {
        said(object, "", after(10));
    }
}
