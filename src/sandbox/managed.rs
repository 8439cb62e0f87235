//! `metadata.managedFields`: which manager owns which fields, as objects carry it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::fields::FieldSet;
use crate::schema::shape;

mod updater;

pub(super) use updater::{FieldManager, Refused};

/// Whose entry it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Owner {
    pub(super) manager: String,
    pub(super) applied: bool,
    /// Empty for an applier: it has one entry, whatever version it writes.
    version: String,
    pub(super) subresource: String,
}

impl Owner {
    pub(super) fn new(manager: &str, applied: bool, version: &str, subresource: &str) -> Self {
        let version = if applied { "" } else { version };
        Self {
            manager: if manager.is_empty() { "unknown" } else { manager }.to_owned(),
            applied,
            version: version.to_owned(),
            subresource: subresource.to_owned(),
        }
    }

    /// The owner as conflicts name it.
    fn shown(&self) -> String {
        let mut text = format!("{:?}", self.manager);
        if !self.subresource.is_empty() {
            text = format!("{text} with subresource {:?}", self.subresource);
        }
        if !self.applied {
            text = format!("{text} using {}", self.version);
        }
        text
    }
}

#[derive(Debug, Clone, PartialEq)]
struct VersionedSet {
    version: String,
    time: Option<String>,
    set: FieldSet,
}

/// All entries of an object.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct ManagedFields(BTreeMap<Owner, VersionedSet>);

impl ManagedFields {
    /// Reads the entries; none if one of them is malformed.
    pub(super) fn decode(metadata: Option<&Value>) -> Option<Self> {
        let mut managed = Self::default();
        let entries = metadata.and_then(|metadata| metadata.get("managedFields")?.as_array());
        for entry in entries.into_iter().flatten() {
            let text = |key: &str| entry.get(key).and_then(Value::as_str).unwrap_or_default();
            let applied = match text("operation") {
                "Apply" => true,
                "Update" => false,
                _ => return None,
            };
            if text("apiVersion").is_empty() || text("fieldsType") != "FieldsV1" {
                return None;
            }
            let set = match entry.get("fieldsV1") {
                Some(fields) => FieldSet::decode(fields)?,
                None => FieldSet::default(),
            };
            let mut owner =
                Owner::new(text("manager"), applied, text("apiVersion"), text("subresource"));
            // As it stands, without the name that is made up for an empty one.
            owner.manager = text("manager").to_owned();
            let time = entry.get("time").and_then(Value::as_str).map(str::to_owned);
            managed
                .0
                .insert(owner, VersionedSet { version: text("apiVersion").to_owned(), time, set });
        }
        Some(managed)
    }

    /// The entries of a new state of an object: its own if it brings any, else the old one's; all
    /// are dropped if it asks for it (an empty list, or one empty entry).
    pub(super) fn of_update(old: &Value, new: &Value) -> Self {
        match new.pointer("/metadata/managedFields").and_then(Value::as_array).map(Vec::as_slice) {
            Some([]) => return Self::default(),
            Some([only]) if only.as_object().is_some_and(Map::is_empty) => return Self::default(),
            _ => {}
        }
        match Self::decode(new.get("metadata")) {
            Some(managed) if !managed.0.is_empty() => managed,
            _ => Self::decode(old.get("metadata")).unwrap_or_default(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Writes the entries into an object, in the server's order.
    pub(super) fn write(&self, object: &mut Value) {
        let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else {
            return;
        };
        metadata.remove("managedFields");
        if self.0.is_empty() {
            return;
        }
        let mut entries: Vec<(&Owner, &VersionedSet)> = self.0.iter().collect();
        // Appliers first, then by time: `sortEncodedManagedFields`.
        entries.sort_by(|(a, x), (b, y)| {
            let key = |owner: &Owner, entry: &VersionedSet| {
                (
                    !owner.applied,
                    entry.time.clone().unwrap_or_default(),
                    owner.manager.clone(),
                    entry.version.clone(),
                    owner.subresource.clone(),
                )
            };
            key(a, x).cmp(&key(b, y))
        });
        let entries = entries.into_iter().map(|(owner, entry)| {
            let mut value = json!({
                "manager": owner.manager,
                "operation": if owner.applied { "Apply" } else { "Update" },
                "apiVersion": entry.version,
                "fieldsType": "FieldsV1",
                "fieldsV1": entry.set.encode(),
            });
            if let Some(time) = &entry.time {
                value["time"] = json!(time);
            }
            if !owner.subresource.is_empty() {
                value["subresource"] = json!(owner.subresource);
            }
            value
        });
        metadata.insert("managedFields".to_owned(), Value::Array(entries.collect()));
    }
}

/// The object without the entries themselves, which nobody owns.
pub(super) fn without_entries(object: &Value) -> Value {
    let mut object = object.clone();
    shape::remove(&mut object["metadata"], "managedFields");
    object
}
