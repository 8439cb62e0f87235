//! `/openapi/v3`: the schemas of what is served, for clients that read them first, such as
//! `kubectl apply` and `kubectl explain`.
//!
//! They are made from the embedded schemas, which have no descriptions; those of custom resources
//! are what their definitions say.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{registry::Resource, request::Reply, status::StatusResult, world::World};
use crate::schema::{openapi, openapi::published};

const META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

/// Answers a path below `/openapi`, if there is something.
pub(super) fn answer(world: &World<'_>, path: &[&str]) -> StatusResult<Option<Reply>> {
    let body = match path {
        ["openapi", "v3"] => index(world)?,
        ["openapi", "v3", "api", version] => return document(world, "", version),
        ["openapi", "v3", "apis", group, version] => return document(world, group, version),
        _ => return Ok(None),
    };
    Ok(Some(Reply::json(200, &body)))
}

/// Which documents there are: one for each version of each group.
fn index(world: &World<'_>) -> StatusResult<Value> {
    // Clients keep a document for as long as its URL stays the same.
    let definitions = world.storage.setting("definitions")?;
    let mut paths = Map::new();
    for resource in world.registry.all() {
        let path = root(resource);
        let hash = if resource.custom.is_some() { definitions } else { 0 };
        let url = format!("/openapi/v3/{path}?hash={hash:016X}");
        paths.insert(path, json!({"serverRelativeURL": url}));
    }
    Ok(json!({"paths": paths}))
}

/// `api/v1`, `apis/apps/v1`.
fn root(resource: &Resource) -> String {
    let prefix = if resource.group.is_empty() { "api" } else { "apis" };
    format!("{prefix}/{}", resource.api_version())
}

fn document(world: &World<'_>, group: &str, version: &str) -> StatusResult<Option<Reply>> {
    let known = world.registry.all().iter();
    let resources: Vec<_> =
        known.filter(|known| known.group == group && known.version == version).collect();
    if resources.is_empty() {
        return Ok(None);
    }
    let custom = world.storage.all("apiextensions.k8s.io/customresourcedefinitions", None)?;
    let mut paths = Map::new();
    let mut schemas = Map::new();
    let mut wanted = BTreeSet::new();
    for resource in resources {
        let gvk = resource.gvk();
        let kind = json!({"group": gvk.group, "version": gvk.version, "kind": gvk.kind});
        let scope = if resource.namespaced { "/namespaces/{namespace}" } else { "" };
        let path = format!("/{}{scope}/{}", root(resource), resource.plural);
        let operations = [("", ["list", "create"].as_slice()), ("/{name}", &["get", "patch"])];
        for (part, verbs) in operations {
            paths.insert(format!("{path}{part}"), operations_of(resource, &kind, verbs));
        }
        if resource.custom.is_some() {
            let (name, schema) = custom_schema(&custom, resource, &kind);
            wanted.extend(references(&schema));
            schemas.insert(name, schema);
        } else {
            wanted.extend(openapi().name_of(&gvk).map(str::to_owned));
        }
    }
    gather(wanted, &mut schemas);
    let body = json!({
        "openapi": "3.0.0", "info": {"title": "Kubernetes", "version": "v1.36.3+sandbox"},
        "paths": paths, "components": {"schemas": schemas},
    });
    Ok(Some(Reply::json(200, &body)))
}

/// What may be done at a path, with the parameters that clients look for.
fn operations_of(resource: &Resource, kind: &Value, verbs: &[&str]) -> Value {
    let mut operations = Map::new();
    for verb in verbs.iter().filter(|verb| resource.verbs.iter().any(|known| known == *verb)) {
        let (method, parameters): (_, &[&str]) = match *verb {
            "create" => ("post", &["dryRun", "fieldManager", "fieldValidation"]),
            "patch" => ("patch", &["dryRun", "fieldManager", "fieldValidation", "force"]),
            _ => ("get", &[]),
        };
        let parameters: Vec<_> = parameters
            .iter()
            .map(|name| json!({"name": name, "in": "query", "schema": {"type": "string"}}))
            .collect();
        operations.insert(
            method.to_owned(),
            json!({
                "x-kubernetes-action": if method == "post" { "post" } else { verb },
                "x-kubernetes-group-version-kind": kind, "parameters": parameters,
                "responses": {"200": {"description": "OK"}},
            }),
        );
    }
    Value::Object(operations)
}

/// The schema of a custom resource, as its definition says, under its name.
fn custom_schema(definitions: &[Value], resource: &Resource, kind: &Value) -> (String, Value) {
    let versions = definitions
        .iter()
        .filter(|known| known["spec"]["group"] == resource.group.as_str())
        .filter(|known| known["spec"]["names"]["plural"] == resource.plural.as_str())
        .flat_map(|known| known["spec"]["versions"].as_array().into_iter().flatten());
    let mut schema = versions
        .filter(|version| version["name"] == resource.version.as_str())
        .map(|version| version["schema"]["openAPIV3Schema"].clone())
        .find(Value::is_object)
        .unwrap_or_else(|| json!({"type": "object"}));
    schema["x-kubernetes-group-version-kind"] = json!([kind]);
    schema["properties"]["metadata"] = json!({"allOf": [reference(META)]});
    for name in ["apiVersion", "kind"] {
        schema["properties"][name] = json!({"type": "string"});
    }
    let mut name: Vec<&str> = resource.group.split('.').rev().collect();
    name.extend([&*resource.version, &*resource.kind]);
    (name.join("."), schema)
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// Adds schemas, and all that they refer to.
fn gather(mut wanted: BTreeSet<String>, into: &mut Map<String, Value>) {
    let document = published();
    while let Some(name) = wanted.pop_first() {
        let Some(schema) = document["schemas"].get(&name).filter(|_| !into.contains_key(&name))
        else {
            continue;
        };
        let schema = told(schema);
        wanted.extend(references(&schema));
        into.insert(name, schema);
    }
}

/// The names that a schema refers to.
fn references(schema: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![schema];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(fields) => {
                if let Some(name) = fields.get("$ref").and_then(Value::as_str) {
                    found.extend(name.rsplit('/').next().map(str::to_owned));
                }
                open.extend(fields.values());
            }
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
    found
}

/// An embedded schema in the form of OpenAPI: what stands beside a reference would be ignored.
fn told(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut told: Map<String, Value> =
                fields.iter().map(|(key, value)| (key.clone(), told_field(key, value))).collect();
            let Some(Value::String(name)) = told.remove("$ref") else { return Value::Object(told) };
            if told.is_empty() {
                return reference(&name);
            }
            told.insert("allOf".to_owned(), json!([reference(&name)]));
            Value::Object(told)
        }
        Value::Array(items) => items.iter().map(told).collect(),
        other => other.clone(),
    }
}

fn told_field(key: &str, value: &Value) -> Value {
    // A default is a value and no schema.
    if key == "default" { value.clone() } else { told(value) }
}
