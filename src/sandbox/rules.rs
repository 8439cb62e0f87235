//! What makes an object of a built-in kind invalid: names, required fields, references between
//! fields, and what may not change. The causes have the API server's words and paths.

use serde_json::Value;

use super::{registry::Resource, status::FieldError};
use crate::schema::{custom, rules};

mod updates;

/// The faults of an object that is to be created.
pub(super) fn create(resource: &Resource, object: &Value) -> Vec<FieldError> {
    let mut causes = Vec::new();
    rules::metadata(&resource.group, &resource.kind, object, &mut causes);
    content(resource, object, None, &mut causes);
    // Budgets are looked at before their metadata, which then is not looked at any more.
    if resource.is("policy", "PodDisruptionBudget")
        && causes.iter().any(|cause| cause.field == "spec")
    {
        causes.retain(|cause| cause.field == "spec");
    }
    causes
}

/// The faults of a change.
pub(super) fn update(resource: &Resource, old: &Value, new: &Value) -> Vec<FieldError> {
    let mut causes = Vec::new();
    if old["metadata"]["uid"] != new["metadata"]["uid"] {
        let cause =
            FieldError::invalid("metadata.uid", &new["metadata"]["uid"], "field is immutable");
        causes.extend([cause.clone(), cause]);
    }
    // The server checks labels twice here, and says so twice.
    for _ in 0..2 {
        rules::labels(object_labels(new), "metadata.labels", &mut causes);
    }
    // Services are the one kind whose changes are looked at before their content.
    if resource.is("", "Service") {
        updates::check(resource, old, new, &mut causes);
    }
    content(resource, new, Some(old), &mut causes);
    if !resource.is("", "Service") {
        updates::check(resource, old, new, &mut causes);
    }
    causes
}

fn object_labels(object: &Value) -> &Value {
    &object["metadata"]["labels"]
}

fn content(resource: &Resource, object: &Value, old: Option<&Value>, causes: &mut Vec<FieldError>) {
    match &resource.custom {
        Some(definition) => causes.extend(custom::validate(object, old, &definition.schema)),
        None => rules::content(&resource.group, &resource.kind, object, old.is_none(), causes),
    }
}
