//! Which annotations of ours there are: one that is mistyped would say nothing, and nobody would know.

use serde_json::Value;

use super::WrongAnnotation;
use crate::workload::{
    error::{Code, Error},
    kinds::pod_template::{template, template_place},
    name::nearest,
    object::Object,
    overrides::PathStep,
};

/// What the names of our annotations begin with.
const PREFIX: &str = "workloadctl/";

/// What may follow.
const NAMES: [&str; 8] = [
    "failed-when",
    "on-remove",
    "ready-at",
    "ready-when",
    // Ours, on pods that `--restart` made anew.
    "restartedAt",
    "timeout",
    "versioned",
    "wait",
];

/// What pods have that `--restart` made anew, and their template.
const OF_PODS: &str = "restartedAt";

/// Finds annotations that look like ours and are none, each with the nearest that there is.
pub(super) fn check(object: &Object) -> impl Iterator<Item = WrongAnnotation> + use<'_> {
    let names = ours(&object.body).filter(|name| !NAMES.contains(name));
    names.map(|name| {
        let message = format!("there is no annotation {PREFIX}{name}");
        let error = Error::usage(Code::InvalidAnnotation, message);
        let error = error.hint(near(name, PREFIX, NAMES));
        WrongAnnotation::of(object, &format!("{PREFIX}{name}"), error)
    })
}

/// Finds annotations of ours on a pod template, where nobody reads them.
pub(super) fn check_template(object: &Object) -> Vec<WrongAnnotation> {
    let (id, body) = (object.id(), &object.body);
    // A pod without a template is an object itself.
    let place = template_place(&id).filter(|place| !place.is_empty());
    let Some((place, template)) = place.zip(template(&id, body)) else { return Vec::new() };
    let names = ours(template).filter(|name| *name != OF_PODS);
    let wrong = names.map(|name| {
        let name = format!("{PREFIX}{name}");
        let keys = place.split('/').skip(1).chain(["metadata", "annotations", &name]);
        let steps: Vec<PathStep> = keys.map(|key| PathStep::Key(key.to_owned())).collect();
        let message = format!("annotation {name} does nothing on a pod template");
        let hint = format!("write it below `metadata` of the {} itself", id.kind);
        let error = Error::usage(Code::InvalidAnnotation, message).hint(hint);
        WrongAnnotation::at(object, steps, error)
    });
    wrong.collect()
}

/// Gives what follows our prefix in the names of annotations.
pub(super) fn ours(body: &Value) -> impl Iterator<Item = &str> {
    let annotations = body.pointer("/metadata/annotations").and_then(Value::as_object);
    annotations.into_iter().flatten().filter_map(|(key, _)| key.strip_prefix(PREFIX))
}

/// Refuses a value, with the nearest of those that there are.
pub(super) fn refuse<const N: usize>(key: &str, value: &str, why: &str, known: [&str; N]) -> Error {
    Error::usage(Code::InvalidAnnotation, format!("annotation {key} {why}")).hint(near(
        value,
        &format!("{key}: "),
        known,
    ))
}

/// Writes a value as YAML has to have it: an annotation is a text.
fn quoted(value: &str) -> String {
    match value {
        "true" | "false" => format!("{value:?}"),
        _ => value.to_owned(),
    }
}

fn near<const N: usize>(word: &str, before: &str, known: [&str; N]) -> String {
    // Who writes `Keep` means `keep`.
    match nearest(word, known).or_else(|| nearest(&word.to_lowercase(), known)) {
        Some(name) => format!("did you mean `{before}{}`?", quoted(name)),
        None => format!("there are: {}", known.map(quoted).join(", ")),
    }
}
