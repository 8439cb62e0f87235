//! An object as the makers of cells read it.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::age;

/// What stands where there is nothing.
pub(super) const NONE: &str = "<none>";

/// An object, and the time from which ages count.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    pub(super) object: &'a Value,
    pub(super) now: Timestamp,
}

impl<'a> Row<'a> {
    pub(super) fn at(&self, pointer: &str) -> &'a Value {
        self.object.pointer(pointer).unwrap_or(&Value::Null)
    }

    pub(super) fn text(&self, pointer: &str) -> &'a str {
        self.at(pointer).as_str().unwrap_or_default()
    }

    /// A text, or what is shown in place of none.
    pub(super) fn text_or(&self, pointer: &str, otherwise: &'a str) -> &'a str {
        Some(self.text(pointer)).filter(|text| !text.is_empty()).unwrap_or(otherwise)
    }

    pub(super) fn number(&self, pointer: &str) -> i64 {
        self.at(pointer).as_i64().unwrap_or(0)
    }

    pub(super) fn list(
        &self,
        pointer: &str,
    ) -> impl DoubleEndedIterator<Item = &'a Value> + use<'a> {
        self.at(pointer).as_array().into_iter().flatten()
    }

    pub(super) fn name(&self) -> Value {
        json!(self.text("/metadata/name"))
    }

    pub(super) fn age(&self) -> Value {
        json!(self.since("/metadata/creationTimestamp"))
    }

    pub(super) fn since(&self, pointer: &str) -> String {
        age::since(self.now, self.text(pointer))
    }

    pub(super) fn is_deleted(&self) -> bool {
        self.at("/metadata/deletionTimestamp").is_string()
    }

    /// Names and images of the containers of a template.
    pub(super) fn containers(&self, template: &str) -> [Value; 2] {
        ["name", "image"].map(|key| {
            let containers = self.list(&format!("{template}/spec/containers"));
            let parts: Vec<_> = containers.filter_map(|known| known[key].as_str()).collect();
            json!(parts.join(","))
        })
    }
}

/// A value as it stands in a cell: an `IntOrString`, a flag.
pub(super) fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Labels as a list of equations.
pub(super) fn labels(labels: &Value) -> String {
    let pairs = equations(labels);
    if pairs.is_empty() { NONE.to_owned() } else { pairs.join(",") }
}

fn equations(labels: &Value) -> Vec<String> {
    let pairs = labels.as_object().into_iter().flatten();
    pairs.map(|(key, value)| format!("{key}={}", plain(value))).collect()
}

/// A label selector as kubectl takes it.
pub(super) fn selector(selector: &Value) -> String {
    let mut parts = equations(&selector["matchLabels"]);
    for rule in selector["matchExpressions"].as_array().into_iter().flatten() {
        let key = rule["key"].as_str().unwrap_or_default();
        let mut values: Vec<_> =
            rule["values"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        values.sort_unstable();
        let values = values.join(",");
        parts.push(match rule["operator"].as_str() {
            Some("In") => format!("{key} in ({values})"),
            Some("NotIn") => format!("{key} notin ({values})"),
            Some("DoesNotExist") => format!("!{key}"),
            _ => key.to_owned(),
        });
    }
    parts.sort();
    if parts.is_empty() { NONE.to_owned() } else { parts.join(",") }
}
