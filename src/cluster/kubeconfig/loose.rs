//! YAML and JSON read as loosely as kubectl reads a kubeconfig.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeOwned, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Value};

/// Decodes UTF-8 with or without a byte order mark, and UTF-16 with one.
pub(super) fn decode(bytes: Vec<u8>) -> Result<String, String> {
    let units = |rest: &[u8], join: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = rest.chunks_exact(2).map(|pair| join([pair[0], pair[1]])).collect();
        String::from_utf16(&units).map_err(|_| "it is not valid UTF-16".to_owned())
    };
    match bytes.as_slice() {
        // What PowerShell's `>` writes.
        [0xFF, 0xFE, rest @ ..] => units(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => units(rest, u16::from_be_bytes),
        _ => {
            let text = String::from_utf8(bytes).map_err(|error| {
                let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
                let line = good.iter().filter(|byte| **byte == b'\n').count() + 1;
                format!("line {line} is not valid UTF-8")
            })?;
            Ok(text.strip_prefix('\u{feff}').map_or(text.clone(), str::to_owned))
        }
    }
}

/// Takes the offending text out of a message: it may be a secret.
pub(super) fn unquoted(message: &str) -> String {
    match message
        .split_once(" \"")
        .and_then(|(before, rest)| Some((before, rest.rsplit_once('"')?.1)))
    {
        Some((before, after)) => format!("{before}{after}"),
        None => message.to_owned(),
    }
}

/// Reads the first document of YAML or JSON text. Of a key that stands twice the last one
/// counts, unknown keys are left out, and an empty text is a default value.
///
/// # Errors
/// What is wrong, with the line where the parser knows it. The text's values are not quoted.
pub(crate) fn parse<T: DeserializeOwned + Default>(text: &str) -> Result<T, String> {
    let value = if text.trim_start().starts_with('{') {
        serde_json::from_str::<Loose>(text).map_err(|error| error.to_string())
    } else {
        Err(String::new())
    };
    // what is not JSON may still be a YAML flow mapping
    let Loose(value) = value.or_else(|_| parse_yaml(text))?;
    if value.is_null() {
        return Ok(T::default());
    }
    if !value.is_object() {
        return Err("it is not a mapping".to_owned());
    }
    serde_json::from_value(value).map_err(|error| unquoted(&error.to_string()))
}

fn parse_yaml(text: &str) -> Result<Loose, String> {
    match serde_yaml::Deserializer::from_str(text).next() {
        None => Ok(Loose(Value::Null)),
        Some(document) => Loose::deserialize(document).map_err(|error| error.to_string()),
    }
}

/// A value in which the last of equal keys won and merge keys are merged.
struct Loose(Value);

impl<'de> Deserialize<'de> for Loose {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LooseVisitor).map(Self)
    }
}

struct LooseVisitor;

impl<'de> Visitor<'de> for LooseVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("YAML or JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<Value, D::Error> {
        inner.deserialize_any(self)
    }

    fn visit_enum<A: de::EnumAccess<'de>>(self, data: A) -> Result<Value, A::Error> {
        // a value with a tag of its own: the tag means nothing here
        let (_tag, variant) = data.variant::<de::IgnoredAny>()?;
        de::VariantAccess::newtype_variant::<Loose>(variant).map(|loose| loose.0)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Loose(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some((Loose(key), Loose(value))) = entries.next_entry()? {
            match (key, value) {
                (Value::String(key), Value::Object(merged)) if key == "<<" => {
                    merged.into_iter().for_each(|(key, value)| {
                        map.insert(key, value);
                    });
                }
                (Value::String(key), value) => {
                    map.insert(key, value);
                }
                (key, value) => {
                    map.insert(key.to_string(), value);
                }
            }
        }
        Ok(Value::Object(map))
    }
}

/// A text that may have been written as a number or a bool.
pub(super) struct LooseText(pub(super) String);

impl<'de> Deserialize<'de> for LooseText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(text) => Ok(Self(text)),
            Value::Number(number) => Ok(Self(number.to_string())),
            Value::Bool(bool) => Ok(Self(bool.to_string())),
            Value::Null => Ok(Self(String::new())),
            Value::Array(_) => Err(de::Error::custom("a text is needed, not a list")),
            Value::Object(_) => Err(de::Error::custom("a text is needed, not a mapping")),
        }
    }
}

pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    LooseText::deserialize(deserializer).map(|scalar| scalar.0)
}

/// Reads a text; an empty one and null count as absent, as in kubectl.
pub(super) fn optional<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    text(deserializer).map(|text| Some(text).filter(|text| !text.is_empty()))
}

pub(super) fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Reads a bool by the words of YAML 1.1, which kubectl knows.
pub(super) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    match text(deserializer)?.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "y" => Ok(true),
        "false" | "no" | "off" | "n" | "" => Ok(false),
        _ => Err(de::Error::custom("neither true nor false")),
    }
}

pub(super) fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let list: Option<Vec<LooseText>> = Option::deserialize(deserializer)?;
    Ok(list.unwrap_or_default().into_iter().map(|scalar| scalar.0).collect())
}

pub(super) fn text_lists<'de, D>(deserializer: D) -> Result<BTreeMap<String, Vec<String>>, D::Error>
where
    D: Deserializer<'de>,
{
    let map: Option<BTreeMap<String, Option<Vec<LooseText>>>> = Option::deserialize(deserializer)?;
    let plain = |list: Option<Vec<LooseText>>| list.unwrap_or_default().into_iter().map(|s| s.0);
    Ok(map.unwrap_or_default().into_iter().map(|(k, list)| (k, plain(list).collect())).collect())
}
