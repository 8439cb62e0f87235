//! What the schema of a custom resource definition does to objects: pruning, defaults, validation.

use serde_json::{Value, json};

use super::{
    Schema,
    openapi::SchemaType,
    shape,
    validate::{self, Mismatch},
};

mod validation;

pub(crate) use validation::validate;

/// Reads the schema of one version of a definition.
pub(crate) fn schema_of(version: &Value) -> Schema {
    let mut schema = Schema::parse(&version["schema"]["openAPIV3Schema"]);
    // Whatever its schema says of itself: every object has metadata.
    schema.kind = SchemaType::Object;
    let meta = json!({"$ref": "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"});
    embed(&mut schema, &meta);
    schema
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

/// Brings a custom resource into the server's form: pruned, with defaults.
pub(crate) fn complete(object: &mut Value, schema: &Schema) {
    prune(object, schema);
    default(object, schema);
}

/// Drops the fields that the schema does not declare and gives their paths.
pub(crate) fn prune(value: &mut Value, schema: &Schema) -> Vec<String> {
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
fn default(value: &mut Value, schema: &Schema) {
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
