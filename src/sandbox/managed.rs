//! `metadata.managedFields`: which manager owns which fields, and what an update or an apply does
//! to that. The algorithm is that of structured-merge-diff's updater and of apimachinery's field
//! managers around it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{
    fields::FieldSet,
    typed::{self, Comparison},
};
use crate::schema::Schema;

/// How many entries of updates an object keeps before the oldest are put together.
const MAX_UPDATERS: usize = 10;

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

/// What is common to an update and an apply.
pub(super) struct FieldManager<'a> {
    pub(super) schema: &'a Schema,
    pub(super) api_version: String,
    /// Top-level fields that this request cannot write.
    pub(super) reset: &'a [&'a str],
    pub(super) manager: &'a str,
    pub(super) subresource: &'a str,
    pub(super) now: String,
}

/// One field that somebody else owns.
#[derive(Debug)]
pub(super) struct FieldManagerConflict {
    /// `"kubectl" using v1`.
    pub(super) owner: String,
    /// `.spec.replicas`.
    pub(super) path: String,
}

/// Why an apply did not go through.
#[derive(Debug)]
pub(super) enum Refused {
    /// Other managers own these fields.
    Conflicts(Vec<FieldManagerConflict>),
    /// The body does not fit.
    Malformed(String),
}

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

    /// Takes what changed from whoever had it.
    fn give_up(&mut self, comparison: &Comparison, except: Option<&Owner>) {
        let mut changed = comparison.modified.clone();
        changed.union(&comparison.added);
        changed.union(&comparison.removed);
        if changed.is_empty() {
            return;
        }
        self.0.retain(|owner, entry| {
            if Some(owner) != except {
                entry.set = entry.set.difference(&changed);
            }
            !entry.set.is_empty()
        });
    }

    /// Records an update: the manager owns what it changed, the others no longer do.
    pub(super) fn update(mut self, old: &Value, new: &Value, change: &FieldManager<'_>) -> Self {
        let comparison = change.filtered(typed::compare(old, new, change.schema));
        self.give_up(&comparison, None);
        let mut set = comparison.modified;
        set.union(&comparison.added);
        change.filter(&mut set);
        strip(&mut set);
        if !set.is_empty() {
            let owner = Owner::new(change.manager, false, &change.api_version, change.subresource);
            if let Some(previous) = self.0.get(&owner) {
                set.union(&previous.set);
            }
            let entry = VersionedSet {
                version: change.api_version.clone(),
                time: Some(change.now.clone()),
                set,
            };
            self.0.insert(owner, entry);
        }
        self.cap();
        self
    }

    /// Puts the oldest updates together when there are too many.
    fn cap(&mut self) {
        let mut updaters: Vec<(Option<String>, Owner)> = self
            .0
            .iter()
            .filter(|(owner, _)| !owner.applied)
            .map(|(owner, entry)| (entry.time.clone(), owner.clone()))
            .collect();
        updaters.sort();
        let mut excess = updaters.len().saturating_sub(MAX_UPDATERS);
        let mut first: BTreeMap<String, Owner> = BTreeMap::new();
        for (time, owner) in updaters {
            if excess == 0 {
                return;
            }
            let bucket = Owner::new("ancient-changes", false, &owner.version, "");
            let Some(first) = first.get(&owner.version) else {
                first.insert(owner.version.clone(), owner);
                continue;
            };
            if !self.0.contains_key(&bucket)
                && let Some(entry) = self.0.remove(first)
            {
                self.0.insert(bucket.clone(), entry);
            }
            if let Some(gone) = self.0.remove(&owner)
                && let Some(entry) = self.0.get_mut(&bucket)
            {
                entry.set.union(&gone.set);
                entry.time = time;
                excess -= 1;
            }
        }
    }

    /// Applies a configuration. Gives the merged object, or none if nothing changes in it, and the
    /// entries afterwards.
    pub(super) fn apply(
        mut self,
        live: &Value,
        config: &Value,
        change: &FieldManager<'_>,
        force: bool,
    ) -> Result<(Option<Value>, Self), Refused> {
        let owner = Owner::new(change.manager, true, "", change.subresource);
        let merged = typed::merge(Some(live), Some(config), change.schema)
            .map_err(|text| Refused::Malformed(format!("failed to merge config: {text}")))?
            .unwrap_or_default();
        let previous = self.0.get(&owner).cloned();
        let mut set = typed::to_set(config, change.schema);
        change.filter(&mut set);
        let entry = VersionedSet {
            version: change.api_version.clone(),
            time: previous.as_ref().and_then(|entry| entry.time.clone()),
            set,
        };
        self.0.insert(owner.clone(), entry);
        let merged = match previous {
            Some(last) if !last.set.is_empty() => self.prune(merged, &last.set, change.schema),
            _ => merged,
        };
        let comparison = change.filtered(typed::compare(live, &merged, change.schema));
        if !force {
            let conflicts = self.conflicts(&comparison, &owner);
            if !conflicts.is_empty() {
                return Err(Refused::Conflicts(conflicts));
            }
        }
        self.give_up(&comparison, Some(&owner));
        let unchanged = merged == *live;
        if let Some(entry) = self.0.get_mut(&owner) {
            strip(&mut entry.set);
            if !unchanged {
                entry.time = Some(change.now.clone());
            }
            if entry.set.is_empty() {
                self.0.remove(&owner);
            }
        }
        Ok(((!unchanged).then_some(merged), self))
    }

    fn conflicts(&self, comparison: &Comparison, except: &Owner) -> Vec<FieldManagerConflict> {
        let mut changed = comparison.modified.clone();
        changed.union(&comparison.added);
        let others = self.0.iter().filter(|(owner, _)| *owner != except);
        others
            .flat_map(|(owner, entry)| {
                let paths = entry.set.intersection(&changed).paths();
                paths.into_iter().map(|path| FieldManagerConflict { owner: owner.shown(), path })
            })
            .collect()
    }

    /// Takes out what the manager applied before and does not any more, unless another owns it.
    fn prune(&self, merged: Value, last: &FieldSet, schema: &Schema) -> Value {
        let named = |set: &FieldSet| set.with_named_fields(Some(schema));
        let pruned = typed::remove(&merged, &named(last), schema);
        // Back what others own.
        let mut owned = FieldSet::default();
        for entry in self.0.values() {
            owned.union(&entry.set);
        }
        let merged_set = named(&typed::to_set(&merged, schema));
        let mut kept = named(&typed::to_set(&pruned, schema));
        kept.union(&named(&owned));
        let pruned = typed::remove(&merged, &merged_set.difference(&kept), schema);
        // Back what nobody ever owned, such as defaults beside it.
        let pruned_set = named(&typed::to_set(&pruned, schema));
        let gone = merged_set.difference(&pruned_set).intersection(&named(last));
        typed::remove(&merged, &gone, schema)
    }
}

impl FieldManager<'_> {
    /// Writes into an updated object who owns what in it, given the entries that it starts from.
    pub(super) fn record(&self, managed: ManagedFields, old: &Value, new: &mut Value) {
        let exists = old["metadata"]["uid"].is_string();
        // An object whose entries somebody took away stays without, until the next apply.
        let managed = if managed.is_empty() && exists {
            managed
        } else {
            managed.update(&without_entries(old), &without_entries(new), self)
        };
        managed.write(new);
    }

    fn filter(&self, set: &mut FieldSet) {
        for name in self.reset {
            set.remove_field(name);
        }
    }

    fn filtered(&self, mut comparison: Comparison) -> Comparison {
        self.filter(&mut comparison.modified);
        self.filter(&mut comparison.added);
        self.filter(&mut comparison.removed);
        comparison
    }
}

/// The object without the entries themselves, which nobody owns.
pub(super) fn without_entries(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.remove("managedFields");
    }
    object
}

/// Drops what is nobody's: the identity and what the server writes.
fn strip(set: &mut FieldSet) {
    const META: [&str; 8] = [
        "name",
        "namespace",
        "creationTimestamp",
        "selfLink",
        "uid",
        "generation",
        "managedFields",
        "resourceVersion",
    ];
    let mut nobody = FieldSet::default();
    let step = |name: &str| super::fields::PathElement::field(name);
    for name in ["apiVersion", "kind", "metadata"] {
        nobody.insert(&[step(name)]);
    }
    for name in META {
        nobody.insert(&[step("metadata"), step(name)]);
    }
    *set = set.difference(&nobody);
}
