//! The form in which the API server gives an object of a built-in kind back: fields that do not
//! exist and zero values that Go's encoding drops are gone, empty structs that it writes are
//! there, quantities and whole numbers have their one spelling.

use serde_json::{Map, Value, json};

use crate::schema::{
    Schema,
    openapi::{Fills, SchemaType, Zero},
    quantity::Quantity,
};

/// Takes a field out of an object.
pub(crate) fn remove(object: &mut Value, name: &str) {
    if let Some(fields) = object.as_object_mut() {
        fields.remove(name);
    }
}

/// Brings an object of a kind into the server's form.
pub(crate) fn normalize(object: Value, schema: &Schema) -> Value {
    shaped(Some(object), schema).unwrap_or_else(|| json!({}))
}

/// The form of an object that comes back from the store: lists that are always written are null
/// when they are empty.
pub(crate) fn settled(object: Value, schema: &Schema) -> Value {
    let mut object = normalize(object, schema);
    forget_empty(&mut object, schema);
    object
}

fn forget_empty(value: &mut Value, schema: &Schema) {
    let resolved = schema.resolved();
    match value {
        Value::Array(items) if items.is_empty() => *value = Value::Null,
        Value::Array(items) => {
            if let Some(schema) = resolved.item() {
                items.iter_mut().for_each(|item| forget_empty(item, schema));
            }
        }
        Value::Object(fields) if !resolved.properties.is_empty() => {
            for (name, value) in fields.iter_mut() {
                if let Some(schema) = resolved.properties.get(name.as_str()) {
                    forget_empty(value, schema);
                }
            }
        }
        _ => {}
    }
}

/// The object of a kind that nobody has filled in.
pub(crate) fn empty(schema: &Schema) -> Value {
    normalize(json!({}), schema)
}

fn shaped(value: Option<Value>, schema: &Schema) -> Option<Value> {
    let value = value.filter(|value| !value.is_null());
    let always = schema.zero == Zero::Always;
    let resolved = schema.resolved();
    match resolved.kind {
        SchemaType::Any | SchemaType::Opaque => value,
        SchemaType::Object if resolved.properties.is_empty() => {
            let shaped = shaped_map(value, resolved);
            // A nil map without omitempty is written as null.
            if shaped.is_none() && always { Some(Value::Null) } else { shaped }
        }
        SchemaType::Object => match value {
            Some(Value::Object(fields)) => Some(shaped_struct(fields, resolved)),
            // omitempty does not see that a struct is empty.
            _ => schema.always_struct.then(|| shaped_struct(Map::new(), resolved)),
        },
        SchemaType::Array => match value {
            Some(Value::Array(items)) if !items.is_empty() => {
                let item = resolved.items.as_deref();
                Some(Value::Array(items.into_iter().map(|value| element(value, item)).collect()))
            }
            // Until it has been stored: see `settled`.
            Some(Value::Array(_)) if always => Some(json!([])),
            _ => always.then_some(Value::Null),
        },
        SchemaType::Quantity => match value.as_ref().map(text_of) {
            Some(text) => {
                Some(Quantity::parse(text.trim()).map_or(json!(text), |q| json!(q.canonical())))
            }
            None => schema.always_struct.then(|| json!("0")),
        },
        SchemaType::IntOrString => match value {
            Some(value) => Some(whole(value)),
            None => (always || schema.default.is_some()).then(|| json!(0)),
        },
        SchemaType::Time => match value {
            Some(Value::String(text)) => Some(Value::String(seconds(text))),
            _ => always.then_some(Value::Null),
        },
        SchemaType::MicroTime => match value {
            Some(Value::String(text)) => Some(Value::String(micros(&text))),
            _ => always.then_some(Value::Null),
        },
        SchemaType::Integer | SchemaType::Number => scalar(value.map(whole), &json!(0), schema),
        SchemaType::String => scalar(value, &json!(""), schema),
        SchemaType::Boolean => scalar(value, &json!(false), schema),
    }
}

/// A time in UTC with six digits of a second.
fn micros(text: &str) -> String {
    text.parse::<jiff::Timestamp>().map_or_else(
        |_| text.to_owned(),
        |time| time.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string(),
    )
}

fn scalar(value: Option<Value>, zero: &Value, schema: &Schema) -> Option<Value> {
    match (value, schema.zero) {
        (Some(value), Zero::Kept | Zero::Always) => Some(value),
        (Some(value), Zero::Dropped) => (value != *zero).then_some(value),
        (None, Zero::Always) => Some(zero.clone()),
        (None, Zero::Kept | Zero::Dropped) => None,
    }
}

fn shaped_struct(mut fields: Map<String, Value>, schema: &Schema) -> Value {
    fields.retain(|name, value| {
        let field = schema.properties.get(name.as_str());
        match field.and_then(|field| shaped(Some(value.take()), field)) {
            Some(shaped) => *value = shaped,
            None => return false,
        }
        true
    });
    for (name, value) in unasked(schema) {
        if !fields.contains_key(&**name) {
            fields.insert(name.to_string(), value.clone());
        }
    }
    Value::Object(fields)
}

/// Gives what is written of a struct's fields where nobody gives them.
fn unasked(schema: &Schema) -> &Fills {
    schema.filled.unasked.get_or_init(|| {
        let fields = schema.properties.iter().filter(|(_, field)| is_written_unasked(field));
        fields.filter_map(|(name, field)| Some((name.clone(), shaped(None, field)?))).collect()
    })
}

/// Tells whether a field may be written that nobody gave: of most fields nothing is, whatever their type.
fn is_written_unasked(field: &Schema) -> bool {
    field.zero == Zero::Always || field.always_struct || field.default.is_some()
}

fn shaped_map(value: Option<Value>, schema: &Schema) -> Option<Value> {
    let Some(Value::Object(fields)) = value else { return None };
    if schema.additional.is_none() {
        return Some(Value::Object(fields));
    }
    let item = schema.additional.as_deref();
    let fields: Map<_, _> =
        fields.into_iter().map(|(key, value)| (key, element(value, item))).collect();
    (!fields.is_empty()).then_some(Value::Object(fields))
}

/// A value in a list or a map, where null is the zero value of its type.
fn element(value: Value, schema: Option<&Schema>) -> Value {
    let Some(schema) = schema else { return value };
    let resolved = schema.resolved();
    let zero = || match resolved.kind {
        SchemaType::String => json!(""),
        SchemaType::Integer | SchemaType::Number => json!(0),
        SchemaType::Boolean => json!(false),
        SchemaType::Object if !resolved.properties.is_empty() => {
            shaped_struct(Map::new(), resolved)
        }
        SchemaType::Quantity => json!("0"),
        _ => Value::Null,
    };
    match value {
        Value::Null => zero(),
        value @ (Value::String(_) | Value::Bool(_)) if resolved.kind != SchemaType::Quantity => {
            value
        }
        value => shaped(Some(value), schema).unwrap_or_else(zero),
    }
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A whole number as such, however it was written.
#[expect(clippy::cast_possible_truncation, reason = "the value is whole and in range")]
fn whole(value: Value) -> Value {
    match value.as_f64() {
        Some(number) if value.is_f64() && number.fract() == 0.0 && number.abs() < 9e15 => {
            // `replicas: 1.0` is taken and comes back as 1 (docs/design.md).
            json!(number as i64)
        }
        _ => value,
    }
}

/// A time without the fraction of its second.
fn seconds(text: String) -> String {
    match text.split_once('.') {
        Some((whole, fraction))
            // metav1.Time has whole seconds; a MicroTime, with its six digits, keeps them.
            if text.len() < 28 && fraction.ends_with('Z') && fraction.len() < 5 =>
        {
            format!("{whole}Z")
        }
        _ => text,
    }
}
