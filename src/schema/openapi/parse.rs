//! Reading a schema off its JSON, of OpenAPI or of a custom resource.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Filled, ListType, PatchRule, Reference, Schema, SchemaType, Zero};

impl Schema {
    /// Reads a schema, of OpenAPI or of a custom resource.
    pub(crate) fn parse(value: &Value) -> Self {
        let text = |key: &str| value.get(key).and_then(Value::as_str);
        let flag = |key: &str| value.get(key).and_then(Value::as_bool).unwrap_or(false);
        let texts = |key: &str| -> Vec<Box<str>> {
            let items = value.get(key).and_then(Value::as_array);
            items.into_iter().flatten().filter_map(Value::as_str).map(Into::into).collect()
        };
        let reference = text("$ref").map(Reference::new);
        let merge_key = text("x-kubernetes-patch-merge-key").map(str::to_owned);
        let strategy = text("x-kubernetes-patch-strategy").unwrap_or_default();
        let list = match text("x-kubernetes-list-type") {
            Some("set") => ListType::Set,
            Some("map") => ListType::Map(
                texts("x-kubernetes-list-map-keys").into_iter().map(Into::into).collect(),
            ),
            _ => ListType::Atomic,
        };
        let properties: BTreeMap<Box<str>, Schema> = value
            .get("properties")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .map(|(name, schema)| (name.as_str().into(), Self::parse(schema)))
            .collect();
        let default = value.get("default").cloned();
        Self {
            always_struct: reference.is_some() && default == Some(Value::Object(Map::new())),
            kind: kind_of(value, text("type"), text("format")),
            format: text("format").map(Into::into),
            additional: match value.get("additionalProperties") {
                Some(schema @ Value::Object(_)) => Some(Box::new(Self::parse(schema))),
                // A map of anything.
                Some(Value::Bool(true)) => Some(Box::new(Self::parse(&Value::Object(Map::new())))),
                _ => None,
            },
            items: value.get("items").map(|items| Box::new(Self::parse(items))),
            list,
            atomic: text("x-kubernetes-map-type") == Some("atomic"),
            allowed: value.get("enum").and_then(Value::as_array).cloned().unwrap_or_default(),
            required: texts("required"),
            patch: PatchRule {
                merge: strategy.contains("merge"),
                retain_keys: strategy.contains("retainKeys"),
                key: merge_key,
            },
            zero: Zero::Dropped,
            preserves_unknown: flag("x-kubernetes-preserve-unknown-fields"),
            nullable: flag("nullable"),
            embedded: flag("x-kubernetes-embedded-resource"),
            rules: rules_of(value),
            filled: Filled::default(),
            reference,
            properties,
            default,
        }
    }
}

fn rules_of(value: &Value) -> Map<String, Value> {
    const RULES: [&str; 16] = [
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
        "minProperties",
        "maxProperties",
        "pattern",
        "uniqueItems",
        "multipleOf",
        "oneOf",
        "anyOf",
        "not",
    ];
    let object = value.as_object().into_iter().flatten();
    object
        .filter(|(key, _)| RULES.contains(&key.as_str()) || *key == "allOf")
        .map(|(key, rule)| (key.clone(), rule.clone()))
        .collect()
}

fn kind_of(value: &Value, kind: Option<&str>, format: Option<&str>) -> SchemaType {
    if value.get("x-kubernetes-int-or-string") == Some(&Value::Bool(true)) {
        return SchemaType::IntOrString;
    }
    match (kind, format) {
        (Some("object"), _) => SchemaType::Object,
        (Some("array"), _) => SchemaType::Array,
        (Some("string"), Some("date-time")) => SchemaType::Time,
        (Some("string"), _) => SchemaType::String,
        (Some("integer"), _) => SchemaType::Integer,
        (Some("number"), _) => SchemaType::Number,
        (Some("boolean"), _) => SchemaType::Boolean,
        (_, Some("int-or-string")) => SchemaType::IntOrString,
        _ => SchemaType::Any,
    }
}
