//! What leaves a definition goes. Server-side apply takes away only what somebody owns, so that
//! what the server derives or defaults from a field may outlive it: an object that loses a field,
//! or changes from one variant to another, has to end as one that was made that way.

use serde_json::{Map, Value, json};
use workloadctl::testing::{Apply, Failure, ObjectId, Request, derived};

use crate::harness::Place;

/// Objects with as many fields as go together: `collection` is `GROUP/VERSION path|plural`.
const RICH: &str = include_str!("../bodies/rich.json");
/// Pairs of variants of one object.
const VARIANTS: &str = include_str!("../bodies/variants.json");

struct Collection<'a> {
    place: &'a Place,
    path: String,
}

impl<'a> Collection<'a> {
    fn new(place: &'a Place, namespace: &str, collection: &Value) -> Self {
        let (base, plural) = collection.as_str().unwrap().split_once('|').unwrap();
        Self { place, path: format!("{base}/namespaces/{namespace}/{plural}") }
    }

    /// Applies a body as a deploy sends it.
    fn apply(&self, name: &str, body: &Value, dry_run: bool) -> Result<Value, Failure> {
        let mut body = body.clone();
        body["metadata"]["name"] = json!(name);
        derived::complete(&ObjectId::of(&body), &mut body);
        let how = Apply { manager: "test", force: true, dry_run };
        let call = Request::apply(&format!("{}/{name}", self.path), &body, &how).whole();
        self.place.call(call).map(|answer| bare(answer.body))
    }

    /// What the object would be, had it been made of this body.
    fn fresh(&self, body: &Value) -> Result<Value, Failure> {
        let mut body = body.clone();
        let ports = body.pointer_mut("/spec/ports").and_then(Value::as_array_mut);
        for port in ports.into_iter().flatten() {
            // The live object has it.
            port.as_object_mut().unwrap().remove("nodePort");
        }
        self.apply("fresh", &body, true)
    }

    fn delete(&self, name: &str) {
        let options = json!({"propagationPolicy": "Background"});
        let path = format!("{}/{name}", self.path);
        self.place.call(Request::json(http::Method::DELETE, path, &options)).unwrap();
    }
}

/// What of an object comes from its body: no status, no names that are drawn, nothing empty.
fn bare(mut object: Value) -> Value {
    let metadata = object["metadata"].take();
    object["metadata"] = json!({"labels": metadata["labels"]});
    for (key, value) in metadata["annotations"].as_object().into_iter().flatten() {
        if !key.starts_with("deployment.kubernetes.io/") && !key.starts_with("deprecated.daemonset")
        {
            object["metadata"]["annotations"][key] = value.clone();
        }
    }
    object.as_object_mut().unwrap().remove("status");
    if let Some(spec) = object["spec"].as_object_mut() {
        for drawn in ["clusterIP", "clusterIPs", "healthCheckNodePort"] {
            spec.remove(drawn);
        }
        for port in spec.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten() {
            port.as_object_mut().unwrap().remove("nodePort");
        }
    }
    // Filled in when a StatefulSet is made, and not again.
    if object.pointer("/spec/updateStrategy/rollingUpdate") == Some(&json!({"partition": 0})) {
        object["spec"]["updateStrategy"]["rollingUpdate"] = Value::Null;
    }
    without_empty(object).unwrap()
}

fn without_empty(value: Value) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::Object(fields) => {
            let kept: Map<String, Value> = fields
                .into_iter()
                .filter_map(|(name, value)| Some((name, without_empty(value)?)))
                .collect();
            (!kept.is_empty()).then_some(Value::Object(kept))
        }
        Value::Array(items) => {
            let kept: Vec<Value> = items.into_iter().filter_map(without_empty).collect();
            (!kept.is_empty()).then_some(Value::Array(kept))
        }
        other => Some(other),
    }
}

/// Lists the pointers of everything in a value.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(items) => {
            items.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect()
        }
        _ => Vec::new(),
    };
    for (name, child) in children {
        let pointer = format!("{at}/{name}");
        pointers(child, &pointer, found);
        found.push(pointer);
    }
}

fn without(value: &Value, pointer: &str) -> Value {
    let mut value = value.clone();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    match value.pointer_mut(parent).unwrap() {
        Value::Object(fields) => drop(fields.remove(name)),
        Value::Array(items) => drop(items.remove(name.parse().unwrap())),
        other => panic!("{other} has nothing inside"),
    }
    value
}

fn cases(text: &str) -> Vec<Value> {
    serde_json::from_str(text).unwrap()
}

fn in_a_namespace(place: &Place, run: impl FnOnce(&str)) {
    let name = place.instance("");
    let body = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
    place.call(Request::json(http::Method::POST, "/api/v1/namespaces", &body)).unwrap();
    run(&name);
    let path = format!("/api/v1/namespaces/{name}");
    place.call(Request::json(http::Method::DELETE, path, &json!({}))).unwrap();
}

on_both! {
    fn a_field_that_is_dropped_goes_with_all_that_came_of_it(place) {
        in_a_namespace(place, |namespace| {
            let (mut removed, mut wrong) = (0, Vec::new());
            for case in cases(RICH) {
                let collection = Collection::new(place, namespace, &case["collection"]);
                let full = &case["object"];
                let mut all = Vec::new();
                pointers(full, "", &mut all);
                let fixed = ["/apiVersion", "/kind", "/metadata", "/metadata/name", "/spec"];
                for pointer in all.iter().filter(|pointer| !fixed.contains(&&***pointer)) {
                    let reduced = without(full, pointer);
                    let Ok(fresh) = collection.fresh(&reduced) else { continue };
                    collection.apply("x", full, false).unwrap_or_else(|failure| {
                        panic!("{}: {}", full["kind"], failure.message())
                    });
                    removed += 1;
                    match collection.apply("x", &reduced, false) {
                        Ok(left) if left == fresh => {}
                        // The server says so itself: the object has to be made anew.
                        Err(failure) if failure.is_immutable() => {}
                        other => wrong.push(format!("{} {pointer}: {other:?} instead of {fresh}", full["kind"])),
                    }
                    collection.delete("x");
                }
            }
            assert!(wrong.is_empty(), "{} of {removed}:\n{}", wrong.len(), wrong.join("\n"));
            assert!(removed > 500, "{removed}");
        });
    }

    fn variants_of_an_object_follow_each_other(place) {
        in_a_namespace(place, |namespace| {
            let mut wrong = Vec::new();
            for case in cases(VARIANTS) {
                let collection = Collection::new(place, namespace, &case["collection"]);
                let what = &case["what"];
                let fresh = collection.fresh(&case["to"]).unwrap_or_else(|failure| panic!("{what}: {}", failure.message()));
                collection.apply("x", &case["from"], false).unwrap();
                match collection.apply("x", &case["to"], false) {
                    Ok(left) if left == fresh => {}
                    other => wrong.push(format!("{what}: {other:?} instead of {fresh}")),
                }
                collection.delete("x");
            }
            assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
        });
    }
}
