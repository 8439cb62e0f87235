//! Reading single fields of objects as a server sent them: a field that is missing or of another
//! type than it should be reads as empty, never as an error.

use jiff::Timestamp;
use serde_json::Value;

use crate::workload::object::field_at;

/// The longest text of the cluster that a sentence takes over, in characters.
const TEXT_LIMIT: usize = 400;

/// Gives a text; empty where it is missing.
pub(crate) fn text<'a>(body: &'a Value, pointer: &str) -> &'a str {
    field_at(body, pointer).and_then(Value::as_str).unwrap_or_default()
}

/// Gives a whole number.
pub(crate) fn number(body: &Value, pointer: &str) -> Option<i64> {
    field_at(body, pointer)?.as_i64()
}

/// Gives a whole number, 0 where it is missing: statuses leave zeros out.
pub(crate) fn count(body: &Value, pointer: &str) -> i64 {
    number(body, pointer).unwrap_or(0)
}

/// Gives a flag; false where it is missing.
pub(crate) fn flag(body: &Value, pointer: &str) -> bool {
    field_at(body, pointer).and_then(Value::as_bool).unwrap_or(false)
}

/// Gives the items of a list.
pub(crate) fn list<'a>(body: &'a Value, pointer: &str) -> &'a [Value] {
    field_at(body, pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

pub(crate) fn time(body: &Value, pointer: &str) -> Option<Timestamp> {
    text(body, pointer).parse().ok()
}

pub(crate) fn annotation<'a>(body: &'a Value, key: &str) -> Option<&'a str> {
    body.get("metadata")?.get("annotations")?.get(key)?.as_str()
}

pub(crate) fn label<'a>(body: &'a Value, key: &str) -> Option<&'a str> {
    body.get("metadata")?.get("labels")?.get(key)?.as_str()
}

/// Gives the uid; empty where there is none.
pub(crate) fn uid(body: &Value) -> &str {
    text(body, "/metadata/uid")
}

pub(crate) fn name(body: &Value) -> &str {
    text(body, "/metadata/name")
}

/// Gives the time of creation.
pub(crate) fn created(body: &Value) -> Option<Timestamp> {
    time(body, "/metadata/creationTimestamp")
}

/// Tells whether the object is being deleted.
pub(crate) fn is_deleting(body: &Value) -> bool {
    !text(body, "/metadata/deletionTimestamp").is_empty()
}

/// Gives the uid of the controlling owner.
pub(crate) fn controller(body: &Value) -> Option<&str> {
    list(body, "/metadata/ownerReferences")
        .iter()
        .find(|owner| flag(owner, "/controller"))
        .map(|owner| text(owner, "/uid"))
}

/// Shortens a text of the cluster to a length that a sentence bears.
pub(crate) fn shorten(text: &str) -> String {
    let text = text.trim();
    match text.char_indices().nth(TEXT_LIMIT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Writes a number with its noun: `1 pod`, `2 pods`.
pub(crate) fn plural(count: i64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
