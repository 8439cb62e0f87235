//! The scale subresource: the replicas of a workload, by themselves.

use serde_json::{Value, json};

use super::{
    registry::Resource,
    request::{ApiRequest, Reply},
    status::{StatusError, StatusResult},
    storage::ObjectKey,
    world::World,
    write::{WriteTarget, finish_update},
};

/// Where a kind keeps its replicas: wished for, observed, and its selector.
fn paths(resource: &Resource) -> (String, String, String) {
    let custom = resource.custom.as_ref().and_then(|custom| custom.scale.as_ref());
    let path = |name: &str, fallback: &str| {
        let found = custom.and_then(|scale| scale[name].as_str());
        found.map_or(fallback.to_owned(), |path| path.replace('.', "/"))
    };
    (
        // Definitions name their paths as `.spec.replicas`.
        path("specReplicasPath", "/spec/replicas"),
        path("statusReplicasPath", "/status/replicas"),
        path("labelSelectorPath", "/spec/selector"),
    )
}

fn view(resource: &Resource, object: &Value) -> Value {
    let (wanted, observed, selector) = paths(resource);
    let metadata = &object["metadata"];
    let mut scale = json!({
        "kind": "Scale", "apiVersion": "autoscaling/v1",
        "metadata": {
            "name": metadata["name"], "namespace": metadata["namespace"], "uid": metadata["uid"],
            "resourceVersion": metadata["resourceVersion"],
            "creationTimestamp": metadata["creationTimestamp"],
        },
        "spec": {}, "status": {"replicas": object.pointer(&observed).and_then(Value::as_i64).unwrap_or(0)},
    });
    if let Some(replicas) =
        object.pointer(&wanted).and_then(Value::as_i64).filter(|count| *count != 0)
    {
        scale["spec"]["replicas"] = json!(replicas);
    }
    let labels = object.pointer(&selector).map(|selector| &selector["matchLabels"]);
    if let Some(labels) = labels.and_then(Value::as_object) {
        let pairs: Vec<_> = labels
            .iter()
            .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()))
            .collect();
        scale["status"]["selector"] = json!(pairs.join(","));
    }
    scale
}

/// Reads or changes the scale of an object.
pub(super) fn handle(
    world: &World<'_>,
    request: &ApiRequest,
    resource: &Resource,
    key: ObjectKey,
) -> StatusResult<Reply> {
    let target = WriteTarget { resource, key, subresource: "scale", request };
    let Some(old) = target.current(world)? else {
        return Err(resource.not_found(&target.key.name));
    };
    let mut scale = view(resource, &old);
    match request.method.as_str() {
        "GET" => return Ok(Reply::json(200, &scale)),
        "PUT" => scale = request.value("Scale")?,
        _ if request.content_type.starts_with("application/json-patch") => {
            super::jsonpatch::apply(&mut scale, &request.value("Scale")?)?;
        }
        _ => crate::schema::merge::json(&mut scale, &request.value("Scale")?),
    }
    // A Scale without a number asks for none: Go's zero value.
    let replicas = scale["spec"]["replicas"].as_i64().unwrap_or(0);
    if replicas < 0 {
        let detail = "must be greater than or equal to 0";
        let cause = super::status::FieldError::invalid("spec.replicas", &json!(replicas), detail);
        return Err(StatusError::invalid("autoscaling", "Scale", &target.key.name, &[cause]));
    }
    let mut new = old.clone();
    // A PUT of a scale that was read earlier is a precondition on the whole object.
    new["metadata"]["resourceVersion"] = scale["metadata"]["resourceVersion"].clone();
    let (wanted, ..) = paths(resource);
    match new.pointer_mut(&wanted) {
        Some(place) => *place = json!(replicas),
        None => new["spec"]["replicas"] = json!(replicas),
    }
    let new = finish_update(world, &target, &old, new, true)?;
    Ok(Reply::json(200, &view(resource, &new)))
}
