//! Events: what the components tell people about objects.

use serde_json::{Value, json};

use super::{name, text};
use crate::sandbox::{status::StatusResult, storage::ObjectKey, world::World};

/// Says something about an object; the same again counts up.
pub(super) fn tell(
    world: &World<'_>,
    about: &Value,
    component: &str,
    (kind, reason, message): (&str, &str, &str),
    field: Option<&str>,
) -> StatusResult<()> {
    let namespace = match text(about, "/metadata/namespace") {
        "" => "default",
        namespace => namespace,
    };
    let mut object = json!({
        "apiVersion": about["apiVersion"], "kind": about["kind"], "name": about["metadata"]["name"],
        "uid": about["metadata"]["uid"],
    });
    if about["metadata"]["namespace"].is_string() {
        object["namespace"] = about["metadata"]["namespace"].clone();
    }
    if let Some(field) = field {
        object["fieldPath"] = json!(field);
    }
    // client-go's correlator finds the same event in a cache; here by its name.
    let sum = super::hash(&json!([object, reason, message, component]));
    let key = ObjectKey::new("/events", namespace, &format!("{}.{sum}", name(about)));
    if let Some(mut known) = world.get(&key)? {
        known["count"] = json!(known["count"].as_i64().unwrap_or(1) + 1);
        known["lastTimestamp"] = json!(world.stamp());
        return world.write_as(component, "", &key, known).map(|_| ());
    }
    let mut source = json!({"component": component});
    let host = text(about, "/spec/nodeName");
    if component == "kubelet" && !host.is_empty() {
        source["host"] = json!(host);
    }
    let event = json!({
        "involvedObject": object, "reason": reason, "message": message, "type": kind, "count": 1,
        "firstTimestamp": world.stamp(), "lastTimestamp": world.stamp(), "source": source,
        "reportingComponent": component, "reportingInstance": host, "eventTime": null,
    });
    world.create_as(component, &key, event).map(|_| ())
}
