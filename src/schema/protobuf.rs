//! Objects of the built-in kinds as Go clients send them: protobuf, read by the embedded numbers of
//! the fields.
//!
//! The file of numbers is written by `tests/control-plane/schema`.

use std::{collections::HashMap, sync::OnceLock};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    Gvk, Schema,
    openapi::{self, SchemaType, unpack},
    shape,
};

mod wire;

use wire::{Field, Payload, fields};

/// What an object in protobuf begins with.
const MAGIC: &[u8] = b"k8s\0";
const DELETE_OPTIONS: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions";

/// Reads an object; an error says what is wrong with it.
pub(crate) fn object(bytes: &[u8]) -> Result<Value, String> {
    let broken = || "the body is no object in protobuf".to_owned();
    let envelope = bytes.strip_prefix(MAGIC).and_then(fields).ok_or_else(broken)?;
    let part = |number| {
        let mut found = envelope.iter().filter(|field: &&Field<'_>| field.number == number);
        found.find_map(|field| field.payload.bytes())
    };
    let typed = fields(part(1).unwrap_or_default()).ok_or_else(broken)?;
    let word = |number| {
        let found = typed.iter().find(|field| field.number == number);
        found.and_then(|field| field.payload.text()).unwrap_or_default()
    };
    let head = json!({"apiVersion": word(1), "kind": word(2)});
    let gvk = Gvk::of(&head);
    let schemas = openapi::openapi();
    let name = match gvk.kind.as_str() {
        "DeleteOptions" => Some(DELETE_OPTIONS),
        _ => schemas.name_of(&gvk),
    };
    let Some((name, schema)) = name.and_then(|name| Some((name, schemas.get(name)?))) else {
        return Err(format!("no kind \"{}\" is registered for version \"{}\"", word(2), word(1)));
    };
    let mut content = Map::new();
    message(part(2).unwrap_or_default(), name, schema, &mut content).ok_or_else(broken)?;
    // Go writes zero values into protobuf that it leaves out of JSON.
    let mut object = shape::normalize(Value::Object(content), schema);
    object["apiVersion"] = head["apiVersion"].clone();
    object["kind"] = head["kind"].clone();
    Ok(object)
}

/// Reads a message of a schema into the fields of an object.
fn message(bytes: &[u8], name: &str, schema: &Schema, into: &mut Map<String, Value>) -> Option<()> {
    let names = numbers().get(name)?;
    for Field { number, payload } in fields(bytes)? {
        let Some(name) = names.get(number).filter(|name| !name.is_empty()) else { continue };
        // A struct whose fields stand among those of the one that holds it.
        if let Some(inline) = name.strip_prefix('<') {
            message(payload.bytes()?, inline, schema, into)?;
            continue;
        }
        let Some(field) = schema.properties.get(name.as_str()) else { continue };
        let resolved = field.resolved();
        if let (SchemaType::Array, Some(item)) = (resolved.kind, resolved.item()) {
            let list = into.entry(name.as_str()).or_insert_with(|| json!([]));
            list.as_array_mut()?.push(value(payload, item)?);
        } else if let (SchemaType::Object, Some(values), true) =
            (resolved.kind, resolved.additional.as_deref(), resolved.properties.is_empty())
        {
            let map = into.entry(name.as_str()).or_insert_with(|| json!({}));
            let (key, value) = entry(payload.bytes()?, values)?;
            map.as_object_mut()?.insert(key, value);
        } else {
            into.insert(name.clone(), value(payload, field)?);
        }
    }
    Some(())
}

/// Reads an entry of a map.
fn entry(bytes: &[u8], values: &Schema) -> Option<(String, Value)> {
    let (mut key, mut content) = (String::new(), None);
    for Field { number, payload } in fields(bytes)? {
        match number {
            1 => key = payload.text()?.to_owned(),
            2 => content = Some(value(payload, values)?),
            _ => {}
        }
    }
    // What is not written is zero.
    Some((key, content.or_else(|| value(Payload::Bytes(&[]), values))?))
}

/// Reads a single value.
fn value(payload: Payload<'_>, schema: &Schema) -> Option<Value> {
    let resolved = schema.resolved();
    Some(match resolved.kind {
        SchemaType::String if resolved.format.as_deref() == Some("byte") => {
            json!(STANDARD.encode(payload.bytes()?))
        }
        SchemaType::String => json!(payload.text()?),
        SchemaType::Integer => json!(payload.integer()?),
        SchemaType::Boolean => json!(payload.integer()? != 0),
        SchemaType::Number => json!(payload.double()?),
        SchemaType::Time | SchemaType::MicroTime => {
            time(payload.bytes()?, resolved.kind == SchemaType::MicroTime)?
        }
        SchemaType::Quantity => {
            let parts = fields(payload.bytes()?)?;
            json!(parts.first().and_then(|field| field.payload.text()).unwrap_or("0"))
        }
        SchemaType::IntOrString => {
            let parts = fields(payload.bytes()?)?;
            let part = |number| parts.iter().find(|field| field.number == number);
            match part(1).and_then(|field| field.payload.integer()) {
                Some(1) => json!(part(3)?.payload.text()?),
                _ => json!(part(2).and_then(|field| field.payload.integer()).unwrap_or(0)),
            }
        }
        // JSON inside: `RawExtension`, `FieldsV1`.
        SchemaType::Any | SchemaType::Opaque => raw(payload.bytes()?)?,
        SchemaType::Object if schema.go_name() == "FieldsV1" => raw(payload.bytes()?)?,
        SchemaType::Object => {
            let mut into = Map::new();
            message(payload.bytes()?, schema.reference.as_ref()?.name(), resolved, &mut into)?;
            Value::Object(into)
        }
        SchemaType::Array => return None,
    })
}

/// A time as it stands in JSON; none is null.
fn time(bytes: &[u8], micro: bool) -> Option<Value> {
    let parts = fields(bytes)?;
    let part = |number| {
        let found = parts.iter().find(|field| field.number == number);
        found.and_then(|field| field.payload.integer())
    };
    let Some(seconds) = part(1) else { return Some(Value::Null) };
    let nanos = i32::try_from(part(2).unwrap_or(0)).ok()?;
    let time = Timestamp::new(seconds, if micro { nanos } else { 0 }).ok()?;
    Some(json!(if micro { format!("{time:.6}") } else { format!("{time:.0}") }))
}

/// JSON that lies in protobuf as it is.
fn raw(bytes: &[u8]) -> Option<Value> {
    let parts = fields(bytes)?;
    match parts.first().and_then(|field| field.payload.bytes()) {
        None | Some([]) => Some(Value::Null),
        Some(text) => serde_json::from_slice(text).ok(),
    }
}

/// The names of the fields of each message, by their numbers.
fn numbers() -> &'static HashMap<String, Vec<String>> {
    static NUMBERS: OnceLock<HashMap<String, Vec<String>>> = OnceLock::new();
    NUMBERS.get_or_init(|| {
        serde_json::from_value(unpack(include_bytes!("protobuf.json.gz")))
            .expect("the embedded file holds lists of names")
    })
}

#[cfg(test)]
mod tests;
