//! Custom resource definitions: which resources they add, and what their schemas do to objects:
//! pruning, defaults, validation.

use serde_json::{Value, json};

use super::shape;
use crate::schema::{
    Schema,
    openapi::SchemaType,
    validate::{self, Mismatch},
};

mod validation;

pub(super) use validation::validate;

/// What a definition says about one version.
#[derive(Debug)]
pub(super) struct Definition {
    pub(super) schema: Schema,
    pub(super) status: bool,
    pub(super) scale: Option<Value>,
    /// Fields that lists may select by.
    pub(super) selectable: Vec<String>,
}

impl Definition {
    /// The served versions of an established definition, with their discovery entries.
    pub(super) fn served(definition: &Value) -> Vec<(String, Value, Self)> {
        if !has_condition(definition, "Established") {
            return Vec::new();
        }
        let spec = &definition["spec"];
        // Not those of the spec: a clash leaves the old ones in force.
        let names = &definition["status"]["acceptedNames"];
        let mut versions: Vec<&Value> = spec["versions"].as_array().into_iter().flatten().collect();
        // Discovery has the preferred version first, whatever the order in the definition.
        versions.sort_by_key(|version| {
            std::cmp::Reverse(priority(version["name"].as_str().unwrap_or_default()))
        });
        versions
            .into_iter()
            .filter(|version| version["served"] == true)
            .map(|version| {
                let custom = Self::of(version);
                let name = version["name"].as_str().unwrap_or_default().to_owned();
                let kind = json!({"group": spec["group"], "version": name, "kind": names["kind"]});
                let entry = entry(spec, names, &kind, &custom);
                (name, entry, custom)
            })
            .collect()
    }

    fn of(version: &Value) -> Self {
        let mut schema = Schema::parse(&version["schema"]["openAPIV3Schema"]);
        // Whatever its schema says of itself: every object has metadata.
        schema.kind = SchemaType::Object;
        let meta = json!({"$ref": "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"});
        embed(&mut schema, &meta);
        let paths = version["selectableFields"].as_array().into_iter().flatten();
        Self {
            schema,
            status: version["subresources"]["status"].is_object(),
            scale: Some(version["subresources"]["scale"].clone()).filter(Value::is_object),
            selectable: paths
                .filter_map(|path| path["jsonPath"].as_str())
                .map(|path| path.trim_start_matches('.').to_owned())
                .collect(),
        }
    }
}

/// Gives a schema of whole objects the fields that every object has.
fn embed(schema: &mut Schema, meta: &Value) {
    for (name, field) in [
        ("apiVersion", json!({"type": "string"})),
        ("kind", json!({"type": "string"})),
        ("metadata", meta.clone()),
    ] {
        schema.properties.insert(name.into(), Schema::parse(&field));
    }
}

fn entry(spec: &Value, names: &Value, kind: &Value, custom: &Definition) -> Value {
    let verbs = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"];
    let mut entry = json!({
        "resource": names["plural"], "responseKind": kind, "scope": spec["scope"],
        "singularResource": names["singular"], "verbs": verbs,
    });
    for key in ["shortNames", "categories"] {
        if names[key].is_array() {
            entry[key] = names[key].clone();
        }
    }
    let mut subresources = Vec::new();
    let verbs = ["get", "patch", "update"];
    if custom.status {
        subresources.push(json!({"subresource": "status", "responseKind": kind, "verbs": verbs}));
    }
    if custom.scale.is_some() {
        let kind = json!({"group": "autoscaling", "version": "v1", "kind": "Scale"});
        subresources.push(json!({"subresource": "scale", "responseKind": kind, "verbs": verbs}));
    }
    if !subresources.is_empty() {
        entry["subresources"] = json!(subresources);
    }
    entry
}

/// Kubernetes' order of versions: v2 before v1 before v1beta2 before v1alpha1 before others.
fn priority(version: &str) -> (u32, u32, u32) {
    let parse = || {
        let rest = version.strip_prefix('v')?;
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let major: u32 = rest[..digits].parse().ok()?;
        let tail = &rest[digits..];
        if tail.is_empty() {
            return Some((3, major, 0));
        }
        let (stage, minor) = match (tail.strip_prefix("beta"), tail.strip_prefix("alpha")) {
            (Some(minor), _) => (2, minor),
            (_, Some(minor)) => (1, minor),
            _ => return None,
        };
        Some((stage, major, minor.parse().ok()?))
    };
    parse().unwrap_or_default()
}

/// Tells whether an object has a condition with status True.
pub(super) fn has_condition(object: &Value, kind: &str) -> bool {
    let conditions = object["status"]["conditions"].as_array().into_iter().flatten();
    conditions
        .into_iter()
        .any(|condition| condition["type"] == kind && condition["status"] == "True")
}

/// Drops the fields that the schema does not declare and gives their paths.
pub(super) fn prune(value: &mut Value, schema: &Schema) -> Vec<String> {
    let mut dropped = Vec::new();
    prune_at(value, schema, "", &mut dropped);
    if let Some(metadata) = value.get_mut("metadata") {
        let meta = schema.properties.get("metadata").map(Schema::resolved);
        if let Some(meta) = meta {
            let findings = validate::check_against(metadata, meta, "ObjectMeta").into_iter();
            let unknown = findings.filter(|finding| finding.fault == Mismatch::Unknown);
            dropped.extend(unknown.map(|finding| format!("metadata.{}", finding.path)));
            *metadata = shape::normalize(std::mem::take(metadata), meta);
        }
    }
    dropped
}

fn prune_at(value: &mut Value, schema: &Schema, path: &str, dropped: &mut Vec<String>) {
    let resolved = schema.resolved();
    match value {
        Value::Object(fields) => {
            // A schema without a type prunes nothing.
            let open = resolved.preserves_unknown
                || resolved.kind == SchemaType::Any && resolved.properties.is_empty();
            let embedded = |name: &str| {
                resolved.embedded && matches!(name, "apiVersion" | "kind" | "metadata")
            };
            fields.retain(|name, _| {
                let known = resolved.field(name).is_some() || open || embedded(name);
                if !known {
                    dropped.push(join(path, name));
                }
                known
            });
            for (name, value) in fields.iter_mut() {
                // Pruned by the schema of all metadata, above.
                if path.is_empty() && name == "metadata" {
                    continue;
                }
                if let Some(schema) = resolved.field(name) {
                    prune_at(value, schema, &join(path, name), dropped);
                }
            }
        }
        Value::Array(items) => {
            if let Some(schema) = resolved.item() {
                for (index, item) in items.iter_mut().enumerate() {
                    prune_at(item, schema, &format!("{path}[{index}]"), dropped);
                }
            }
        }
        _ => {}
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// Fills in defaults; null gives way to a default where the schema does not allow null.
pub(super) fn default(value: &mut Value, schema: &Schema) {
    let resolved = schema.resolved();
    match value {
        Value::Object(fields) => {
            for (name, field) in &resolved.properties {
                let Some(default) = &field.default else { continue };
                let missing = match fields.get(name.as_ref()) {
                    None => true,
                    Some(Value::Null) => !field.nullable,
                    Some(_) => false,
                };
                if missing && field.reference.is_none() {
                    fields.insert(name.to_string(), default.clone());
                }
            }
            for (name, value) in fields.iter_mut().filter(|(name, _)| *name != "metadata") {
                if let Some(schema) = resolved.field(name) {
                    default(value, schema);
                }
            }
        }
        Value::Array(items) => {
            if let Some(schema) = resolved.item() {
                items.iter_mut().for_each(|item| default(item, schema));
            }
        }
        _ => {}
    }
}
