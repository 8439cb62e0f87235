//! What single values have to be, in the words of the API server's decoder.

use base64::{
    Engine as _, alphabet,
    engine::{GeneralPurpose, GeneralPurposeConfig},
};
use serde_json::Value;

use crate::schema::{
    openapi::{Reference, Schema, SchemaType},
    place::Place,
    quantity::{MALFORMED, Quantity},
};

/// Base64 as Go's decoder takes it: padded, but careless about the last bits.
pub(crate) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// Says what is wrong with a value that is no struct, map or list, or should be one.
pub(super) fn scalar_fault(value: &Value, schema: &Schema, place: &Place<'_>) -> Option<String> {
    let resolved = schema.resolved();
    match (resolved.kind, value) {
        (SchemaType::String, Value::String(text)) => {
            if resolved.format.as_deref() != Some("byte") {
                return None;
            }
            // Go ignores line breaks in base64.
            let plain: String = text.chars().filter(|c| !matches!(c, '\n' | '\r')).collect();
            let broken = BASE64.decode(&plain).err()?;
            let offset = match broken {
                base64::DecodeError::InvalidByte(offset, _)
                | base64::DecodeError::InvalidLastSymbol(offset, _) => offset,
                base64::DecodeError::InvalidLength(_) | base64::DecodeError::InvalidPadding => {
                    plain.len() / 4 * 4
                }
            };
            Some(format!("illegal base64 data at input byte {offset}"))
        }
        (SchemaType::Time, Value::String(text)) => text.parse::<jiff::Timestamp>().err().map(|_| {
            format!(
                "parsing time \"{text}\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"{text}\" \
                 as \"2006\""
            )
        }),
        (SchemaType::MicroTime, Value::String(text)) => micro_time_fault(text),
        (SchemaType::Quantity, Value::String(text)) => {
            Quantity::parse(text.trim()).is_none().then(|| MALFORMED.to_owned())
        }
        (SchemaType::Boolean, Value::Bool(_))
        | (SchemaType::Quantity | SchemaType::Number | SchemaType::IntOrString, Value::Number(_))
        | (SchemaType::IntOrString, Value::String(_)) => None,
        (SchemaType::Integer, Value::Number(number)) if is_whole(number) => None,
        _ => Some(cannot_unmarshal(value, schema, place)),
    }
}

/// Reads a time as Go's `time.Parse` does by the layout of `RFC3339Micro`; gives its words for what
/// does not fit.
fn micro_time_fault(text: &str) -> Option<String> {
    const LAYOUT: &str = "2006-01-02T15:04:05.000000Z07:00";
    let elements =
        ["2006", "-", "01", "-", "02", "T", "15", ":", "04", ":", "05", ".000000", "Z07:00"];
    let mut rest = text;
    for element in elements {
        let fits = |part: &str| {
            part.len() == element.len()
                && part.bytes().zip(element.bytes()).all(|(found, wanted)| {
                    if wanted.is_ascii_digit() { found.is_ascii_digit() } else { found == wanted }
                })
        };
        let is_zone = |part: &str| part == "Z" || part.starts_with(['+', '-']);
        let length = if element == "Z07:00" { rest.len() } else { element.len() };
        match rest.split_at_checked(length) {
            Some((part, _)) if element == "Z07:00" && !is_zone(part) => {}
            Some((part, after)) if element == "Z07:00" || fits(part) => {
                rest = after;
                continue;
            }
            _ => {}
        }
        return Some(format!(
            "parsing time \"{text}\" as \"{LAYOUT}\": cannot parse \"{rest}\" as \"{element}\""
        ));
    }
    let is_none = text.parse::<jiff::Timestamp>().is_err();
    is_none.then(|| format!("parsing time \"{text}\": out of range"))
}

fn is_whole(number: &serde_json::Number) -> bool {
    number.is_i64()
        || number.is_u64()
        || number.as_f64().is_some_and(|value| value.fract() == 0.0 && value.abs() < 1e18)
}

fn cannot_unmarshal(value: &Value, schema: &Schema, place: &Place<'_>) -> String {
    let found = match value {
        Value::Number(number) if schema.resolved().kind == SchemaType::Integer => {
            return format!(
                "json: cannot unmarshal number {number} into Go struct field {}.{} of type {}",
                place.owner,
                place.plain(),
                go_type(schema)
            );
        }
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    if place.plain().is_empty() {
        return format!("json: cannot unmarshal {found} into Go value of type {}", go_type(schema));
    }
    format!(
        "json: cannot unmarshal {found} into Go struct field {}.{} of type {}",
        place.owner,
        place.plain(),
        go_type(schema)
    )
}

fn go_type(schema: &Schema) -> String {
    let resolved = schema.resolved();
    match resolved.kind {
        SchemaType::String
        | SchemaType::Time
        | SchemaType::MicroTime
        | SchemaType::Quantity
        | SchemaType::IntOrString => "string".to_owned(),
        SchemaType::Integer => resolved.format.as_deref().unwrap_or("int64").to_owned(),
        SchemaType::Number => "float64".to_owned(),
        SchemaType::Boolean => "bool".to_owned(),
        SchemaType::Array => {
            format!("[]{}", resolved.item().map_or("interface {}".to_owned(), go_type))
        }
        SchemaType::Object if resolved.properties.is_empty() => format!(
            "map[string]{}",
            resolved.additional.as_deref().map_or("interface {}".to_owned(), go_type)
        ),
        SchemaType::Object | SchemaType::Any | SchemaType::Opaque => {
            let mut parts = schema.reference.as_ref().map_or("", Reference::name).rsplit('.');
            match (parts.next(), parts.next()) {
                (Some(name), Some(version)) => format!("{version}.{name}"),
                _ => "map[string]interface {}".to_owned(),
            }
        }
    }
}
