//! Whether a value fits its schema, in the words of structured-merge-diff.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{item, path_element};
use crate::schema::{
    Schema,
    merge::go_value,
    openapi::{ListType, SchemaType},
};

/// Checks that a value fits its schema; gives one line per fault.
pub(in crate::sandbox) fn validate(
    value: &Value,
    schema: &Schema,
    duplicates: bool,
) -> Vec<String> {
    let mut faults = Vec::new();
    check(value, schema, "", duplicates, &mut faults);
    faults
}

fn check(value: &Value, schema: &Schema, path: &str, duplicates: bool, faults: &mut Vec<String>) {
    let resolved = schema.resolved();
    let mut fault = |text: String| {
        faults.push(if path.is_empty() { text } else { format!("{path}: {text}") });
    };
    match (resolved.kind, value) {
        (_, Value::Null) | (SchemaType::Any | SchemaType::Opaque, _) => {}
        (SchemaType::Object, Value::Object(fields)) => {
            for (name, value) in fields {
                let below = format!("{path}.{name}");
                match resolved.field(name) {
                    Some(schema) => check(value, schema, &below, duplicates, faults),
                    None if resolved.is_open() => {}
                    None => {
                        faults.push(format!("{below}: field not declared in schema"));
                        // smd gives up on a map at its first unknown field, in Go's random order.
                        return;
                    }
                }
            }
        }
        (SchemaType::Object, other) => fault(format!("expected map, got &{{{}}}", go_value(other))),
        (SchemaType::Array, Value::Array(items)) => {
            check_items(items, schema, path, duplicates, faults);
        }
        (SchemaType::Array, other) => fault(format!("expected list, got &{{{}}}", go_value(other))),
        (SchemaType::String, Value::String(_))
        | (SchemaType::Boolean, Value::Bool(_))
        | (SchemaType::Integer | SchemaType::Number, Value::Number(_)) => {}
        (SchemaType::String, other) => fault(format!(
            "expected string, got &value.valueUnstructured{{Value:{}}}",
            go_syntax(other)
        )),
        (SchemaType::Boolean, other) => {
            fault(format!("expected boolean, got &{{{}}}", go_value(other)))
        }
        (SchemaType::Integer | SchemaType::Number, other) => {
            fault(format!("expected numeric (int or float), got {}", go_type(other)));
        }
        (_, other @ (Value::Object(_) | Value::Array(_))) => {
            fault(format!("expected any scalar, got &{{{}}}", go_value(other)));
        }
        _ => {}
    }
}

/// Items of sets and keyed lists are named by what tells them apart, those of others by number.
fn check_items(
    items: &[Value],
    schema: &Schema,
    path: &str,
    duplicates: bool,
    faults: &mut Vec<String>,
) {
    let mut seen = BTreeSet::new();
    for (index, value) in items.iter().enumerate() {
        let mut below = format!("{path}[{index}]");
        if schema.resolved().list != ListType::Atomic {
            let element = match path_element(schema, value) {
                Ok(element) => element,
                Err(text) => {
                    faults.push(format!("{path}: element {index}: {text}"));
                    return;
                }
            };
            let shown = element.shown();
            below = format!("{path}{shown}");
            if !seen.insert(element) && !duplicates {
                faults.push(format!("{path}: duplicate entries for key {shown}"));
            }
        }
        check(value, item(schema), &below, duplicates, faults);
    }
}

/// Go's `%#v` of a decoded value.
fn go_syntax(value: &Value) -> String {
    match value {
        Value::Null => "interface {}(nil)".to_owned(),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(go_syntax).collect();
            format!("[]interface {{}}{{{}}}", items.join(", "))
        }
        Value::Object(fields) => {
            let fields = fields.iter().map(|(key, value)| format!("{key:?}:{}", go_syntax(value)));
            format!("map[string]interface {{}}{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

/// Go's `%T` of a decoded value.
fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float64",
        Value::Number(_) => "int64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}
