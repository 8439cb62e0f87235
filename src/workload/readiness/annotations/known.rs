//! Which annotations of ours there are: one that is mistyped would say nothing, and nobody would know.

use serde_json::Value;

use crate::workload::{
    error::{Code, Error, Result},
    name::nearest,
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

/// Refuses an annotation that looks like ours and is none.
///
/// # Errors
/// Code 2, with the nearest that there is.
pub(super) fn check(object: &Value) -> Result<()> {
    let annotations = object.pointer("/metadata/annotations").and_then(Value::as_object);
    let names = annotations.into_iter().flatten().filter_map(|(key, _)| key.strip_prefix(PREFIX));
    match names.into_iter().find(|name| !NAMES.contains(name)) {
        Some(name) => {
            let message = format!("there is no annotation {PREFIX}{name}");
            Err(Error::usage(Code::InvalidAnnotation, message).hint(near(name, PREFIX, NAMES)))
        }
        None => Ok(()),
    }
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
    match nearest(word, known) {
        Some(name) => format!("did you mean `{before}{}`?", quoted(name)),
        None => format!("there are: {}", known.map(quoted).join(", ")),
    }
}
