//! The defaults of built-in kinds that the published schemas have only in prose: a table of plain
//! ones, those that depend on other fields of a type, and those of whole objects.

use serde_json::{Map, Value, json};

use super::{
    Gvk, Schema,
    openapi::{Fills, SchemaType},
    shape,
};

mod dependent;
mod table;

use table::BY_TYPE;

/// Brings an object of a built-in kind into the server's form, with defaults.
pub(crate) fn complete(object: Value, schema: &Schema, gvk: &Gvk) -> Value {
    let mut object = shape::normalize(object, schema);
    if gvk.group.is_empty() && gvk.kind == "Secret" {
        secret(&mut object);
    }
    apply(&mut object, schema, &gvk.kind);
    object
}

/// Fills in the defaults of an object of a built-in kind. The object stays in the server's form.
pub(crate) fn apply(object: &mut Value, schema: &Schema, kind: &str) {
    walk(object, schema, kind);
    let Some(object) = object.as_object_mut() else { return };
    match kind {
        "Job" => job(object),
        "Pod" => pod(object),
        "Namespace" => {
            let name = object["metadata"]["name"].clone();
            if name.is_string() {
                let labels = part(part(object, "metadata"), "labels");
                fill(labels, "kubernetes.io/metadata.name", || name);
            }
            fill(part(object, "status"), "phase", || json!("Active"));
        }
        "PersistentVolumeClaim" | "PersistentVolume" => {
            fill(part(object, "status"), "phase", || json!("Pending"));
        }
        "DaemonSet" => {
            let annotations = part(part(object, "metadata"), "annotations");
            // The conversion to `apps/v1` writes the old field into an annotation.
            fill(annotations, "deprecated.daemonset.template.generation", || json!("0"));
        }
        "APIService" => {
            if let Some(Value::Object(service)) =
                object.get_mut("spec").and_then(|s| s.get_mut("service"))
            {
                fill(service, "port", || json!(443));
            }
        }
        _ => {}
    }
}

fn walk(value: &mut Value, schema: &Schema, name: &str) {
    let resolved = schema.resolved();
    match (resolved.kind, value) {
        (SchemaType::Object, Value::Object(fields)) => {
            for (field, default) in plain(resolved, name) {
                fill(fields, field, || default.clone());
            }
            dependent::apply(fields, resolved, name);
            for (field, value) in fields.iter_mut().filter(|(_, value)| has_inside(value)) {
                if let Some(schema) = resolved.field(field) {
                    walk(value, schema, schema.go_name());
                }
            }
        }
        (SchemaType::Array, Value::Array(items)) => {
            if let Some(schema) = resolved.item() {
                for item in items {
                    walk(item, schema, schema.go_name());
                }
            }
        }
        _ => {}
    }
}

fn has_inside(value: &Value) -> bool {
    matches!(value, Value::Object(_) | Value::Array(_))
}

/// Gives the defaults of a type that depend on nothing else: those of the table before those that the
/// schema does state; zero values mean nothing there.
fn plain<'s>(schema: &'s Schema, name: &str) -> &'s Fills {
    schema.filled.defaults.get_or_init(|| {
        let table = BY_TYPE.get(name).into_iter().flatten();
        let table = table.map(|(field, value)| ((*field).into(), value.clone()));
        let stated = schema.properties.iter().filter_map(|(name, field)| match &field.default {
            Some(Value::String(text)) if !text.is_empty() => Some((name.clone(), json!(text))),
            _ => None,
        });
        table.chain(stated).collect()
    })
}

fn fill(fields: &mut Map<String, Value>, name: &str, value: impl FnOnce() -> Value) {
    match fields.get_mut(name) {
        Some(known) if known.is_null() || *known == "" => *known = value(),
        Some(_) => {}
        None => {
            fields.insert(name.to_owned(), value());
        }
    }
}

/// The object below a field, made if need be.
fn part<'a>(fields: &'a mut Map<String, Value>, name: &str) -> &'a mut Map<String, Value> {
    let value = fields.entry(name).or_insert_with(|| json!({}));
    if !value.is_object() {
        *value = json!({});
    }
    value.as_object_mut().expect("it was just made one")
}

fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> &'a str {
    fields.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn job(object: &mut Map<String, Value>) {
    let spec = part(object, "spec");
    if spec.get("completions").is_none() && spec.get("parallelism").is_none() {
        fill(spec, "completions", || json!(1));
    }
    fill(spec, "parallelism", || json!(1));
    // Failures are counted by index then.
    let limit = if spec.contains_key("backoffLimitPerIndex") { i32::MAX } else { 6 };
    fill(spec, "backoffLimit", || json!(limit));
    fill(spec, "completionMode", || json!("NonIndexed"));
    fill(spec, "suspend", || json!(false));
    fill(spec, "manualSelector", || json!(false));
    let replacement =
        if spec.contains_key("podFailurePolicy") { "Failed" } else { "TerminatingOrFailed" };
    fill(spec, "podReplacementPolicy", || json!(replacement));
}

fn pod(object: &mut Map<String, Value>) {
    let spec = part(object, "spec");
    // Of pods alone: templates get it when a pod is made of them.
    fill(spec, "enableServiceLinks", || json!(true));
    host_ports(spec);
    let containers = spec.get_mut("containers").and_then(Value::as_array_mut);
    for container in containers.into_iter().flatten() {
        let Some(Value::Object(limits)) = container.pointer("/resources/limits").cloned() else {
            continue;
        };
        if let Some(resources) = container.get_mut("resources").and_then(Value::as_object_mut) {
            let requests = part(resources, "requests");
            // A limit without a request is its own request.
            for (name, amount) in limits {
                fill(requests, &name, || amount);
            }
        }
    }
}

/// `stringData` is only for writing: it ends in `data`.
fn secret(object: &mut Value) {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let Some(fields) = object.as_object_mut() else { return };
    let Some(Value::Object(texts)) = fields.remove("stringData") else { return };
    let data = fields.entry("data").or_insert_with(|| json!({}));
    // It wins over `data` key by key.
    for (key, text) in texts {
        data[key] = json!(STANDARD.encode(text.as_str().unwrap_or_default()));
    }
}

/// Pods on the node's network take its ports; their templates do not say so yet.
fn host_ports(fields: &mut Map<String, Value>) {
    if fields.get("hostNetwork") != Some(&json!(true)) {
        return;
    }
    let containers = fields.get_mut("containers").and_then(Value::as_array_mut);
    for container in containers.into_iter().flatten() {
        for port in container.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten() {
            let number = port["containerPort"].clone();
            if number != 0
                && let Value::Object(port) = port
            {
                fill(port, "hostPort", || number);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::openapi;

    /// Makes a value of a schema with all its fields, down to a depth; each of them is what `leaf` gives.
    fn full(schema: &Schema, depth: usize, leaf: &dyn Fn(SchemaType) -> Value) -> Value {
        let resolved = schema.resolved();
        let below = |schema| full(schema, depth - 1, leaf);
        match resolved.kind {
            _ if depth == 0 => Value::Null,
            SchemaType::Object if resolved.properties.is_empty() => {
                let value = resolved.additional.as_deref().map_or(Value::Null, below);
                json!({"a": value})
            }
            SchemaType::Object => {
                let fields = resolved.properties.iter();
                Value::Object(
                    fields.map(|(name, field)| (name.to_string(), below(field))).collect(),
                )
            }
            SchemaType::Array => json!([resolved.item().map_or(Value::Null, below)]),
            kind => leaf(kind),
        }
    }

    /// Defaults are written as the server writes them: nothing of them has to be brought into its form.
    #[test]
    fn what_defaults_make_has_the_servers_form() {
        let texts = ["RollingUpdate", "LoadBalancer", "ClientIP", "None", "Group", "Egress"];
        let given = texts.map(|text| (Value::Bool(true), json!(1), text));
        let zero = (Value::Bool(false), json!(0), "");
        let null = (Value::Null, Value::Null, "");
        for gvk in openapi().kinds() {
            let schema = openapi().of(gvk).unwrap();
            for (truth, number, text) in given.iter().chain([&zero, &null]) {
                let leaf = |kind| match kind {
                    SchemaType::Boolean => truth.clone(),
                    SchemaType::Integer | SchemaType::Number => number.clone(),
                    SchemaType::Any | SchemaType::Opaque => Value::Null,
                    _ => json!(text),
                };
                for depth in 1..=9 {
                    let mut object = shape::normalize(full(schema, depth, &leaf), schema);
                    apply(&mut object, schema, &gvk.kind);
                    let again = shape::normalize(object.clone(), schema);
                    assert_eq!(object, again, "{gvk:?} {text} {depth}");
                }
            }
        }
    }
}
