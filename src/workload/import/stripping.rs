//! What of a live object is a definition: without what the server counts, what it would fill in
//! again to the same value, and what controllers write.

use serde_json::{Map, Value};

use super::super::{comparison, object::ObjectId, ownership::is_held, versioning::VERSIONED};
use crate::schema::{Gvk, Schema, defaults, openapi};

/// What of the metadata somebody gives.
const GIVEN: &[&str] = &["name", "labels", "annotations"];

/// Annotations that Kubernetes or kubectl writes.
const WRITTEN_ANNOTATIONS: &[&str] = &[
    "kubectl.kubernetes.io/last-applied-configuration",
    "deployment.kubernetes.io/revision",
    "deprecated.daemonset.template.generation",
    "control-plane.alpha.kubernetes.io/leader",
    "endpoints.kubernetes.io/last-change-trigger-time",
    "pv.kubernetes.io/bind-completed",
    "pv.kubernetes.io/bound-by-controller",
    "volume.beta.kubernetes.io/storage-provisioner",
    "volume.kubernetes.io/selected-node",
    "volume.kubernetes.io/storage-provisioner",
];

/// Labels that a Job gets with the uid that it is given.
const JOB_LABELS: &[&str] = &[
    "controller-uid",
    "job-name",
    "batch.kubernetes.io/controller-uid",
    "batch.kubernetes.io/job-name",
];

/// What the server chooses, where nobody else did: group, kind, field.
const CHOSEN: &[(&str, &str, &str)] = &[
    ("", "Service", "clusterIP"),
    ("", "Service", "clusterIPs"),
    ("", "Service", "healthCheckNodePort"),
    ("", "Service", "ipFamilies"),
    ("", "Service", "ipFamilyPolicy"),
    ("", "PersistentVolumeClaim", "volumeName"),
];

/// Gives the body that makes a live object as it is: without its namespace, which placement gives.
pub(crate) fn stripped(live: &Value) -> Value {
    let id = ObjectId::of(live);
    let mut body = live.clone();
    let Some(fields) = body.as_object_mut() else { return body };
    fields.remove("status");
    metadata(fields);
    chosen(&id, live, fields);
    if id.is("batch", "Job") {
        job(fields);
    }
    // A controller gathers them.
    if id.is("rbac.authorization.k8s.io", "ClusterRole") && fields.contains_key("aggregationRule") {
        fields.remove("rules");
    }
    let gvk = Gvk::of(live);
    // Of CRDs, whose schemas are huge and mostly names, the defaults stay.
    match openapi().of(&gvk).filter(|_| !id.is("apiextensions.k8s.io", "CustomResourceDefinition"))
    {
        Some(schema) => without_defaults(body, schema, &gvk),
        None => body,
    }
}

/// Tells whether a live object still says all that was sent of it.
pub(crate) fn is_as_sent(live: &Value, sent: &Value) -> bool {
    let gvk = Gvk::of(live);
    let schema = openapi().of(&gvk).filter(|_| Gvk::of(sent) == gvk);
    let Some(schema) = schema else { return comparison::contains(live, sent) };
    let complete = |body: &Value| defaults::complete(body.clone(), schema, &gvk);
    comparison::contains(&complete(live), &complete(sent))
}

fn metadata(fields: &mut Map<String, Value>) {
    let Some(metadata) = fields.get_mut("metadata").and_then(Value::as_object_mut) else { return };
    metadata.retain(|name, _| GIVEN.contains(&&**name));
    remove_keys(metadata, "annotations", WRITTEN_ANNOTATIONS);
    // The object would get another name.
    remove_keys(metadata, "annotations", &[VERSIONED]);
}

/// Takes keys out of a map of texts, which goes when it is empty.
fn remove_keys(fields: &mut Map<String, Value>, name: &str, keys: &[&str]) {
    let Some(map) = fields.get_mut(name).and_then(Value::as_object_mut) else { return };
    map.retain(|key, _| !keys.contains(&&**key));
    if map.is_empty() {
        fields.remove(name);
    }
}

fn chosen(id: &ObjectId, live: &Value, fields: &mut Map<String, Value>) {
    let is_service = id.is("", "Service");
    if id.is("", "ServiceAccount") && !is_held(live, ".secrets") {
        fields.remove("secrets");
    }
    let Some(spec) = fields.get_mut("spec").and_then(Value::as_object_mut) else { return };
    for (group, kind, field) in CHOSEN {
        // That there is no address is never the server's choice.
        let is_headless = *field == "clusterIP" && spec.get(*field).is_some_and(|it| it == "None");
        if id.is(group, kind) && !is_headless && !is_held(live, &format!(".spec.{field}")) {
            spec.remove(*field);
        }
    }
    for port in spec.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten() {
        let key =
            format!(".spec.ports[port={},protocol={}].nodePort", port["port"], port["protocol"]);
        if is_service && !is_held(live, &key) {
            port.as_object_mut().map(|port| port.remove("nodePort"));
        }
    }
}

/// A Job's selector and the labels of its pods have its uid in them, unless it brings its own.
fn job(fields: &mut Map<String, Value>) {
    if fields.get("spec").is_some_and(|spec| spec["manualSelector"] == true) {
        return;
    }
    if let Some(metadata) = fields.get_mut("metadata").and_then(Value::as_object_mut) {
        remove_keys(metadata, "labels", JOB_LABELS);
    }
    let Some(spec) = fields.get_mut("spec").and_then(Value::as_object_mut) else { return };
    spec.remove("selector");
    let template = spec.get_mut("template").and_then(|template| template.get_mut("metadata"));
    if let Some(metadata) = template.and_then(Value::as_object_mut) {
        remove_keys(metadata, "labels", JOB_LABELS);
    }
}

/// Takes out every field that the server would fill in again to the same value.
fn without_defaults(body: Value, schema: &Schema, gvk: &Gvk) -> Value {
    let complete = |body: &Value| defaults::complete(body.clone(), schema, gvk);
    let mut lean = Lean { whole: complete(&body), body, complete: &complete };
    // A field that follows from another one goes only after that one.
    loop {
        let before = lean.body.clone();
        lean.thin("", schema);
        if lean.body == before {
            return before;
        }
    }
}

/// A body on its way to what is left of it.
struct Lean<'a> {
    body: Value,
    /// What the server makes of it, now and in the end.
    whole: Value,
    complete: &'a dyn Fn(&Value) -> Value,
}

impl Lean<'_> {
    /// Tries each field at a place, with all that is below it first.
    fn thin(&mut self, place: &str, schema: &Schema) {
        let resolved = schema.resolved();
        match self.body.pointer(place) {
            Some(Value::Object(fields)) if !resolved.properties.is_empty() => {
                let names: Vec<String> = fields.keys().cloned().collect();
                for name in names {
                    // What it is and what it is called is never filled in.
                    if place.is_empty() && ["apiVersion", "kind", "metadata"].contains(&&*name) {
                        continue;
                    }
                    if self.goes(place, &name) {
                        continue;
                    }
                    if let Some(schema) = resolved.field(&name) {
                        self.thin(&format!("{place}/{}", escaped(&name)), schema);
                    }
                }
            }
            Some(Value::Array(items)) => {
                let count = items.len();
                if let Some(schema) = resolved.item() {
                    (0..count).for_each(|index| self.thin(&format!("{place}/{index}"), schema));
                }
            }
            _ => {}
        }
    }

    /// Takes a field out for good, if the server makes the same of what is left.
    fn goes(&mut self, place: &str, name: &str) -> bool {
        let fields = self.body.pointer_mut(place).and_then(Value::as_object_mut);
        let value = fields.and_then(|fields| fields.remove(name));
        if (self.complete)(&self.body) == self.whole {
            return true;
        }
        if let (Some(value), Some(map)) =
            (value, self.body.pointer_mut(place).and_then(Value::as_object_mut))
        {
            map.insert(name.to_owned(), value);
        }
        false
    }
}

/// Gives a name as a step of a JSON pointer.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests;
