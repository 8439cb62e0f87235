//! Custom resource definitions: which resources they add, and what their schemas do to objects:
//! pruning, defaults, validation.

use serde_json::{Map, Value, json};

use super::{answer::Cause, shape};
use crate::schema::{
    Schema,
    openapi::{Kind, ListType},
    validate::{self, Fault},
};

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
        let names = &definition["status"]["acceptedNames"];
        let mut versions: Vec<&Value> = spec["versions"].as_array().into_iter().flatten().collect();
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
        schema.kind = Kind::Object;
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
            let unknown = findings.filter(|finding| finding.fault == Fault::Unknown);
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
            let open = resolved.preserves_unknown
                || resolved.kind == Kind::Any && resolved.properties.is_empty();
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

/// Checks an object against its schema: types, required fields, limits, enums.
pub(super) fn validate(object: &Value, schema: &Schema) -> Vec<Cause> {
    let mut causes = Vec::new();
    for (name, field) in &schema.properties {
        if matches!(name.as_ref(), "metadata" | "apiVersion" | "kind") {
            continue;
        }
        if let Some(value) = object.get(name.as_ref()) {
            check(value, field, name, &mut causes);
        }
    }
    for name in schema.required.iter().filter(|name| object.get(name.as_ref()).is_none()) {
        causes.push(Cause::required(name, ""));
    }
    causes
}

fn type_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Object => "object",
        Kind::Array => "array",
        Kind::String | Kind::Time => "string",
        Kind::Integer => "integer",
        Kind::Number => "number",
        Kind::Boolean => "boolean",
        Kind::IntOrString | Kind::Quantity => "integer,string",
        Kind::Any | Kind::Opaque => "",
    }
}

fn check(value: &Value, schema: &Schema, path: &str, causes: &mut Vec<Cause>) {
    let resolved = schema.resolved();
    if value.is_null() {
        if !schema.nullable && resolved.kind != Kind::Any {
            causes.push(mistyped(path, "null", type_name(resolved.kind)));
        }
        return;
    }
    let found = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.as_f64().is_some_and(|n| n.fract() == 0.0) => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let wanted = type_name(resolved.kind);
    let fits = wanted.is_empty()
        || wanted.split(',').any(|wanted| wanted == found)
        || (wanted == "number" && found == "integer");
    if !fits {
        causes.push(mistyped(path, found, wanted));
        return;
    }
    if !resolved.allowed.is_empty() && !resolved.allowed.contains(value) {
        let allowed: Vec<_> = resolved.allowed.iter().map(text).collect();
        let allowed: Vec<&str> = allowed.iter().map(String::as_str).collect();
        causes.push(Cause::not_supported(path, value, &allowed));
    }
    limits(value, &resolved.rules, path, causes);
    match value {
        Value::Object(fields) => {
            for name in resolved.required.iter().filter(|name| !fields.contains_key(name.as_ref()))
            {
                causes.push(Cause::required(&format!("{path}.{name}"), ""));
            }
            for (name, value) in fields {
                if let Some(schema) = resolved.field(name) {
                    check(value, schema, &format!("{path}.{name}"), causes);
                }
            }
        }
        Value::Array(items) => {
            duplicates(items, resolved, path, causes);
            if let Some(schema) = resolved.item() {
                for (index, item) in items.iter().enumerate() {
                    check(item, schema, &format!("{path}[{index}]"), causes);
                }
            }
        }
        _ => {}
    }
}

fn mistyped(path: &str, found: &str, wanted: &str) -> Cause {
    Cause {
        reason: "FieldValueTypeInvalid",
        message: format!(
            "Invalid value: \"{found}\": {path} in body must be of type {wanted}: \"{found}\""
        ),
        field: path.to_owned(),
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn duplicates(items: &[Value], schema: &Schema, path: &str, causes: &mut Vec<Cause>) {
    let key = |item: &Value| match &schema.list {
        ListType::Atomic => None,
        ListType::Set => Some(item.clone()),
        ListType::Map(keys) => {
            let fields: Map<String, Value> =
                keys.iter().filter_map(|key| Some((key.clone(), item.get(key)?.clone()))).collect();
            Some(Value::Object(fields))
        }
    };
    let mut seen = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let Some(key) = key(item) else { return };
        if seen.contains(&key) {
            causes.push(Cause::duplicate(&format!("{path}[{index}]"), &key));
        }
        seen.push(key);
    }
}

fn limits(value: &Value, rules: &Map<String, Value>, path: &str, causes: &mut Vec<Cause>) {
    let count = match value {
        Value::String(text) => text.chars().count(),
        Value::Array(items) => items.len(),
        Value::Object(fields) => fields.len(),
        _ => 0,
    };
    for (rule, limit) in rules {
        let number = value.as_f64().unwrap_or_default();
        let bound = limit.as_f64().unwrap_or_default();
        #[expect(clippy::cast_precision_loss, reason = "lengths are small")]
        let size = count as f64;
        let words = match (rule.as_str(), value) {
            ("minimum", Value::Number(_)) if number < bound => "should be greater than or equal to",
            ("maximum", Value::Number(_)) if number > bound => "should be less than or equal to",
            ("minLength", Value::String(_)) if size < bound => "should be at least",
            ("maxLength", Value::String(_)) if size > bound => "should be at most",
            ("minItems", Value::Array(_)) if size < bound => "should have at least",
            ("maxItems", Value::Array(_)) if size > bound => "should have at most",
            ("minProperties", Value::Object(_)) if size < bound => "should have at least",
            ("maxProperties", Value::Object(_)) if size > bound => "should have at most",
            _ => continue,
        };
        let unit = match rule.as_str() {
            "minLength" => " chars long",
            "maxLength" => " bytes",
            "minItems" | "maxItems" => " items",
            "minProperties" | "maxProperties" => " properties",
            _ => "",
        };
        let detail = format!("{path} in body {words} {limit}{unit}");
        causes.push(match rule.as_str() {
            "maxLength" => Cause::too_long(
                path,
                limit.as_u64().and_then(|l| usize::try_from(l).ok()).unwrap_or_default(),
            ),
            _ => Cause::invalid(path, value, &detail),
        });
    }
}
