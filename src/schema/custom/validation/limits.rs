//! What a schema says of one value by itself: its format, its size, its range, its pattern, and
//! that no item of a list is there twice.

use core::net::{Ipv4Addr, Ipv6Addr};

use regex::Regex;
use serde_json::{Map, Value};

use super::mistyped;
use crate::schema::{Schema, openapi::ListType, rules::FieldError};

/// Checks the formats that are easily read; others pass.
pub(super) fn format_of(value: &Value, schema: &Schema, path: &str) -> Option<FieldError> {
    let (format, text) = (schema.format.as_deref()?, value.as_str()?);
    let fits = match format {
        "date-time" => text.parse::<jiff::Timestamp>().is_ok(),
        "date" => text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok(),
        "ipv4" => text.parse::<Ipv4Addr>().is_ok(),
        "ipv6" => text.parse::<Ipv6Addr>().is_ok(),
        "uuid" => text.parse::<uuid::Uuid>().is_ok(),
        _ => true,
    };
    (!fits).then(|| mistyped(path, text, format))
}

pub(super) fn duplicates(
    items: &[Value],
    schema: &Schema,
    path: &str,
    causes: &mut Vec<FieldError>,
) {
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
            causes.push(FieldError::duplicate(format_args!("{path}[{index}]"), &key));
        }
        seen.push(key);
    }
}

pub(super) fn limits(
    value: &Value,
    rules: &Map<String, Value>,
    path: &str,
    causes: &mut Vec<FieldError>,
) {
    let of = |rule: &str| rules.get(rule);
    match value {
        // Of a text the first fault is told, of others all.
        Value::String(text) => causes.extend(
            size("maxLength", value, of("maxLength"), path)
                .or_else(|| size("minLength", value, of("minLength"), path))
                .or_else(|| mismatch(path, text, of("pattern")?)),
        ),
        Value::Number(number) => {
            let number = number.as_f64().unwrap_or_default();
            let fails = |rule: &str, words, fails: fn(f64, f64) -> bool| {
                let limit = of(rule)?;
                fails(number, limit.as_f64()?).then(|| {
                    let detail = format!("{path} in body should {words} {limit}");
                    FieldError::invalid(path, value, &detail)
                })
            };
            let is_exclusive = |rule: &str| of(rule) == Some(&Value::Bool(true));
            causes.extend(fails("multipleOf", "be a multiple of", |n, limit| {
                (n / limit).fract() != 0.0
            }));
            causes.extend(if is_exclusive("exclusiveMinimum") {
                fails("minimum", "be greater than", |n, limit| n <= limit)
            } else {
                fails("minimum", "be greater than or equal to", |n, limit| n < limit)
            });
            causes.extend(if is_exclusive("exclusiveMaximum") {
                fails("maximum", "be less than", |n, limit| n >= limit)
            } else {
                fails("maximum", "be less than or equal to", |n, limit| n > limit)
            });
        }
        _ => {
            for rule in ["minItems", "maxItems", "minProperties", "maxProperties"] {
                causes.extend(size(rule, value, of(rule), path));
            }
        }
    }
}

fn mismatch(path: &str, value: &str, pattern: &Value) -> Option<FieldError> {
    let pattern = pattern.as_str()?;
    // A pattern that cannot be read was refused with the definition.
    let fits = Regex::new(pattern).is_ok_and(|regex| regex.is_match(value));
    (!fits).then(|| {
        let detail = format!("{path} in body should match '{pattern}'");
        FieldError::invalid(path, &value.into(), &detail)
    })
}

fn size(rule: &str, value: &Value, limit: Option<&Value>, path: &str) -> Option<FieldError> {
    let count = match value {
        Value::String(text) => text.chars().count(),
        Value::Array(items) => items.len(),
        Value::Object(fields) => fields.len(),
        _ => return None,
    };
    let bound = usize::try_from(limit?.as_u64()?).ok()?;
    let too_few = |words: &str, unit: &str| {
        let detail = format!("{path} in body should {words} at least {bound} {unit}");
        let value = if value.is_string() { value.clone() } else { count.into() };
        (count < bound).then(|| FieldError::invalid(path, &value, &detail))
    };
    match (rule, value) {
        ("minLength", Value::String(_)) => too_few("be", "chars long"),
        ("minItems", Value::Array(_)) => too_few("have", "items"),
        ("minProperties", Value::Object(_)) => too_few("have", "properties"),
        ("maxLength", Value::String(_)) => {
            (count > bound).then(|| FieldError::too_long(path, bound))
        }
        ("maxItems", Value::Array(_)) | ("maxProperties", Value::Object(_)) => {
            (count > bound).then(|| FieldError::too_many(path, count, bound))
        }
        _ => None,
    }
}
