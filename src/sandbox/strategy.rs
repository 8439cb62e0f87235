//! What the registry strategies of Kubernetes (`pkg/registry/*/*/strategy.go`) say of a kind: what
//! a fresh object is, what a client cannot write, what counts as a change. Pure: no state is seen.

use serde_json::{Map, Value, json};

use super::{managed::FieldManager, registry::Resource};
use crate::schema::shape;

/// The object of a kind that nobody has filled in: what a create is compared with.
pub(super) fn blank(resource: &Resource) -> Value {
    let mut object = match resource.custom {
        Some(_) => json!({"metadata": {}}),
        None => shape::empty(resource.schema()),
    };
    resource.dress(&mut object);
    object
}

/// The fields that a write to the object or a subresource of it cannot change, and so cannot own
/// (`GetResetFields`).
pub(super) fn reset_fields(resource: &Resource, subresource: &str) -> &'static [&'static str] {
    match subresource {
        "status" => &["spec"],
        _ if resource.has("status") => &["status"],
        _ => &[],
    }
}

/// The manager of a write as its entry in `managedFields` names it.
pub(super) fn field_manager<'a>(
    resource: &'a Resource,
    subresource: &'a str,
    manager: &'a str,
    now: String,
) -> FieldManager<'a> {
    FieldManager {
        schema: resource.schema(),
        api_version: resource.api_version(),
        reset: reset_fields(resource, subresource),
        manager,
        subresource,
        now,
    }
}

/// Kinds that a PUT creates (`AllowCreateOnUpdate`).
pub(super) fn allows_create_on_update(resource: &Resource) -> bool {
    matches!(
        (resource.group.as_str(), resource.kind.as_str()),
        ("", "Endpoints" | "Event" | "LimitRange" | "Service")
            | ("coordination.k8s.io", _)
            | ("node.k8s.io", _)
            | ("rbac.authorization.k8s.io", _)
    )
}

/// Carries over what a client cannot change.
pub(super) fn keep_identity(old: &Value, new: &mut Value) {
    let kept = [
        "name",
        "namespace",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "generation",
        "resourceVersion",
        "generateName",
    ];
    for name in kept {
        match old["metadata"].get(name) {
            Some(value) => new["metadata"][name] = value.clone(),
            None => shape::remove(&mut new["metadata"], name),
        }
    }
    // A uid that is given stays: it is checked as a precondition.
    if new["metadata"]["uid"].is_null() {
        new["metadata"]["uid"] = old["metadata"]["uid"].clone();
    }
}

/// Tells whether what counts for the generation has changed.
pub(super) fn spec_changed(resource: &Resource, old: &Value, new: &Value) -> bool {
    // Its strategy counts annotations too; the controller copies them to ReplicaSets.
    if resource.kind == "Deployment"
        && old["metadata"]["annotations"] != new["metadata"]["annotations"]
    {
        return true;
    }
    let counted = |object: &Value| -> Map<String, Value> {
        let status = resource.custom.is_none() || resource.has("status");
        let fields = object.as_object().into_iter().flatten();
        fields
            .filter(|(name, _)| {
                !matches!(name.as_str(), "metadata" | "apiVersion" | "kind")
                    && (name.as_str() != "status" || !status)
            })
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    };
    counted(old) != counted(new)
}

pub(super) fn bump_generation(object: &mut Value) {
    let generation = object["metadata"]["generation"].as_i64().unwrap_or(0);
    object["metadata"]["generation"] = json!(generation + 1);
}
