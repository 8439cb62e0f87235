//! Objects as they are read where many of them are only looked at: without most of `managedFields`,
//! which are the larger half of an object, and without what `kubectl apply` keeps of itself.
//!
//! What is left out is passed over in the text, and never takes room.

use std::fmt;

use serde::de::{
    Deserialize as _, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::{Deserializer as Json, Map, Value};

use crate::workload::{mask::LAST_APPLIED, ownership::MANAGER_PREFIX};

/// How deep the fields are told that we own: those of the spec, not what is in them.
const OWNED: u8 = 2;

/// Reads an object, or a list of objects.
///
/// # Errors
/// Those of the JSON.
pub(super) fn answer(json: &[u8]) -> serde_json::Result<Value> {
    read(json, Part::Object)
}

/// Reads an event of a watch.
///
/// # Errors
/// Those of the JSON.
pub(super) fn event(json: &[u8]) -> serde_json::Result<Value> {
    read(json, Part::Event)
}

fn read(json: &[u8], part: Part) -> serde_json::Result<Value> {
    let mut reader = Json::from_slice(json);
    let value = part.deserialize(&mut reader)?;
    reader.end()?;
    Ok(value)
}

/// A part of what is read.
#[derive(Debug, Clone, Copy)]
pub(super) enum Part {
    /// An event of a watch.
    Event,
    /// An object, or a list of some.
    Object,
    /// The items of a list.
    Objects,
    Metadata,
    Annotations,
    /// All entries of `managedFields`: only those of our applies are told.
    Owners,
    /// One of them.
    Owner,
    /// What it owns, so many levels of it.
    Owned(u8),
    /// Something that is read whole.
    Whole,
}

impl Part {
    /// Gives what a field is; none for one that is left out.
    fn field(self, name: &str) -> Option<Self> {
        Some(match (self, name) {
            (Self::Event, "object") => Self::Object,
            (Self::Object, "metadata") => Self::Metadata,
            (Self::Object, "items") => Self::Objects,
            (Self::Metadata, "managedFields") => Self::Owners,
            (Self::Metadata, "annotations") => Self::Annotations,
            (Self::Annotations, LAST_APPLIED) | (Self::Owned(0), _) => return None,
            (Self::Owner, "fieldsV1") => Self::Owned(OWNED),
            (Self::Owned(levels), _) => Self::Owned(levels - 1),
            _ => Self::Whole,
        })
    }

    fn item(self) -> Self {
        match self {
            Self::Objects => Self::Object,
            Self::Owners => Self::Owner,
            _ => Self::Whole,
        }
    }

    /// Tells whether an item of a list is told.
    fn is_told(self, item: &Value) -> bool {
        let is = |field: &str, wanted: fn(&str) -> bool| item[field].as_str().is_some_and(wanted);
        match self {
            Self::Owners => {
                is("operation", |it| it == "Apply")
                    && is("manager", |it| it.starts_with(MANAGER_PREFIX))
            }
            _ => true,
        }
    }
}

impl<'de> DeserializeSeed<'de> for Part {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        match self {
            Self::Whole => Value::deserialize(deserializer),
            _ => deserializer.deserialize_any(self),
        }
    }
}

/// What is neither a list nor a map is read as it is.
impl<'de> Visitor<'de> for Part {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
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

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut told = Vec::new();
        while let Some(item) = items.next_element_seed(self.item())? {
            if self.is_told(&item) {
                told.push(item);
            }
        }
        Ok(Value::Array(told))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut told = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            match self.field(&name) {
                Some(part) => {
                    told.insert(name, fields.next_value_seed(part)?);
                }
                None => {
                    fields.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Value::Object(told))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(name: &str) -> Value {
        json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {
                "name": name,
                "annotations": {"a": "1", LAST_APPLIED: "{}"},
                "managedFields": [
                    {"manager": "kube-controller-manager", "operation": "Update", "fieldsV1": {"f:status": {}}},
                    {"manager": "workloadctl:ns/web", "operation": "Apply", "time": "2026-01-01T00:00:00Z",
                     "fieldsV1": {"f:spec": {"f:paused": {}, "f:template": {"f:spec": {"f:containers": {}}}}}},
                    {"manager": "workloadctl:ns/web", "operation": "Update", "fieldsV1": {}},
                    {"operation": "Apply"}, null,
                ],
            },
            "items": "none", "metadata2": {"managedFields": [1]},
            "spec": {"managedFields": [{}], "numbers": [1, -1, 1.5, 18_446_744_073_709_551_615_u64, true, null]},
        })
    }

    fn trimmed(name: &str) -> Value {
        let mut object = object(name);
        object["metadata"]["annotations"] = json!({"a": "1"});
        object["metadata"]["managedFields"] = json!([
            {"manager": "workloadctl:ns/web", "operation": "Apply", "time": "2026-01-01T00:00:00Z",
             "fieldsV1": {"f:spec": {"f:paused": {}, "f:template": {}}}},
        ]);
        object
    }

    #[test]
    fn what_no_look_needs_is_left_out() {
        let read = |value: &Value| answer(value.to_string().as_bytes()).unwrap();
        assert_eq!(read(&object("a")), trimmed("a"));
        let list =
            json!({"kind": "List", "metadata": {}, "items": [object("a"), object("b"), null]});
        let items = json!([trimmed("a"), trimmed("b"), null]);
        assert_eq!(read(&list), json!({"kind": "List", "metadata": {}, "items": items}));
        let seen = json!({"type": "ADDED", "object": object("a")}).to_string();
        assert_eq!(event(seen.as_bytes()).unwrap()["object"], trimmed("a"));
    }

    #[test]
    fn what_is_no_object_is_read_as_it_is_and_what_is_no_json_is_refused() {
        for text in
            ["1", "-1", "1.5", "true", "null", "\"a\"", "[1]", "{\"metadata\": null}", "[]", "{}"]
        {
            let whole: Value = serde_json::from_str(text).unwrap();
            assert_eq!(answer(text.as_bytes()).unwrap(), whole, "{text}");
            assert_eq!(event(text.as_bytes()).unwrap(), whole, "{text}");
        }
        for text in ["", "{", "{} {}", "<html>", "{\"metadata\": {\"managedFields\": [}}"] {
            assert!(answer(text.as_bytes()).is_err(), "{text}");
        }
    }
}
