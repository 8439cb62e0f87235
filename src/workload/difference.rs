//! What differs between two bodies of one object, field by field: `spec.replicas: 1 -> 3`.
//!
//! Left out is what only the server writes (`status`, `metadata.uid`, …) and what marks an object as
//! ours. Values of Secrets are masked, so that a change of one stays visible. Nothing here knows
//! what a difference means: a plan, a diff of two releases and a drift all compare so.

mod lists;
mod masked;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::{
    kinds::references::items,
    object::split_api_version,
    overrides::{Path, PathStep},
    ownership::{INSTANCE_LABEL, MANAGED_LABEL},
};
use crate::schema::{Gvk, Schema, custom::schema_of, openapi};

/// What only the server writes in an object's metadata.
const SERVER_METADATA: [&str; 8] = [
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "selfLink",
    "uid",
];

/// One field that differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Change {
    /// Where, in the words of `--set`: `spec.template.spec.containers[name=web].image`.
    pub path: String,
    /// What was there; none where the field is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<Value>,
    /// What is there now; none where the field is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<Value>,
}

/// All that differs between two bodies of one object. It can be shown as it is: Secret values are
/// masked in all of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Difference {
    /// The fields, in the order of their names.
    pub changes: Vec<Change>,
    /// The body of before, without what only the server writes.
    pub old: Value,
    /// The body of after, likewise.
    pub new: Value,
}

crate::workload::rare::blank!(Difference);

impl Difference {
    /// Compares two bodies of one object; the items of a list are told apart as the embedded schema
    /// of their kind says, of other kinds by `name`, else by position.
    pub(crate) fn between(old: &Value, new: &Value) -> Self {
        Self::with_schema(old, new, embedded_schema(new))
    }

    /// Compares two bodies of one custom resource by its CustomResourceDefinition.
    pub(crate) fn of_custom(old: &Value, new: &Value, definition: &Value) -> Self {
        let api_version = new.get("apiVersion").and_then(Value::as_str).unwrap_or_default();
        let (_, version) = split_api_version(api_version);
        let mut versions = items(definition, "/spec/versions");
        let schema = versions.find(|known| known["name"].as_str() == Some(version)).map(schema_of);
        Self::with_schema(old, new, schema.as_ref())
    }

    /// Compares two bodies of one object by a schema, such as a custom resource's.
    pub(crate) fn with_schema(old: &Value, new: &Value, schema: Option<&Schema>) -> Self {
        // Most bodies of two releases are the same, and need not be copied.
        if old == new {
            return Self::default();
        }
        Self::of_own(old.clone(), new.clone(), schema)
    }

    /// Compares two bodies of one object that nobody else needs.
    pub(crate) fn between_own(old: Value, new: Value) -> Self {
        let schema = embedded_schema(&new);
        Self::of_own(old, new, schema)
    }

    fn of_own(mut old: Value, mut new: Value, schema: Option<&Schema>) -> Self {
        strip(&mut old);
        strip(&mut new);
        masked::mask(&mut old, &mut new);
        let mut comparison = Comparison { path: Path(Vec::new()), changes: Vec::new() };
        comparison.values(&old, &new, schema);
        Self { changes: comparison.changes, old, new }
    }

    /// Tells whether nothing differs.
    pub(crate) fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}

impl Serialize for Difference {
    /// Only the changes: the bodies are for people.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.changes.serialize(serializer)
    }
}

/// Gives the embedded schema of a body's kind.
fn embedded_schema(body: &Value) -> Option<&'static Schema> {
    let text = |key: &str| body.get(key).and_then(Value::as_str).unwrap_or_default();
    let (group, version) = split_api_version(text("apiVersion"));
    openapi().of(&Gvk::new(group, version, text("kind")))
}

/// Takes what only the server writes, and our marks, off a body.
fn strip(body: &mut Value) {
    let Value::Object(fields) = body else { return };
    fields.remove("status");
    let Some(Value::Object(metadata)) = fields.get_mut("metadata") else { return };
    metadata.retain(|key, _| !SERVER_METADATA.contains(&key.as_str()));
    if let Some(Value::Object(labels)) = metadata.get_mut("labels") {
        labels.retain(|label, _| !matches!(label.as_str(), INSTANCE_LABEL | MANAGED_LABEL));
        // No label at all, and none but our mark, are the same.
        if labels.is_empty() {
            metadata.remove("labels");
        }
    }
}

/// A comparison under way: where it is, and what it has found.
struct Comparison {
    path: Path,
    changes: Vec<Change>,
}

impl Comparison {
    fn values(&mut self, old: &Value, new: &Value, schema: Option<&Schema>) {
        match (old, new) {
            (old, new) if is_equal(old, new) => {}
            (Value::Object(old), Value::Object(new)) => self.objects(old, new, schema),
            (Value::Array(old), Value::Array(new)) => self.lists(old, new, schema),
            (old, new) => self.found(Some(old), Some(new)),
        }
    }

    fn objects(
        &mut self,
        old: &Map<String, Value>,
        new: &Map<String, Value>,
        schema: Option<&Schema>,
    ) {
        let added = new.keys().filter(|key| !old.contains_key(*key));
        let mut keys: Vec<&String> = old.keys().chain(added).collect();
        keys.sort();
        for key in keys {
            let schema = schema.and_then(|schema| schema.field(key));
            self.at(PathStep::Key(key.clone()), old.get(key), new.get(key), schema);
        }
    }

    /// Compares what is at one step from here.
    fn at(
        &mut self,
        step: PathStep,
        old: Option<&Value>,
        new: Option<&Value>,
        schema: Option<&Schema>,
    ) {
        self.path.0.push(step);
        match (old, new) {
            (Some(old), Some(new)) => self.values(old, new, schema),
            (old, new) => self.found(old, new),
        }
        self.path.0.pop();
    }

    fn found(&mut self, old: Option<&Value>, new: Option<&Value>) {
        let there = |value: Option<&Value>| value.filter(|value| !value.is_null()).cloned();
        let (old, new) = (there(old), there(new));
        // Null and nothing are the same to whoever reads an object.
        if old.is_some() || new.is_some() {
            self.changes.push(Change { path: self.path.to_string(), old, new });
        }
    }
}

/// Tells whether two values are the same, however their numbers are written.
fn is_equal(old: &Value, new: &Value) -> bool {
    match (old, new) {
        (Value::Number(old), Value::Number(new)) => old == new || old.as_f64() == new.as_f64(),
        (old, new) => old == new,
    }
}

#[cfg(test)]
mod tests;
