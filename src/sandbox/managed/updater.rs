//! What an update or an apply does to the entries: structured-merge-diff's `merge.Updater`, and
//! apimachinery's field managers around it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{ManagedFields, Owner, VersionedSet, without_entries};
use crate::{
    sandbox::{
        fields::{FieldSet, PathElement},
        typed::{self, Comparison},
    },
    schema::Schema,
};

/// How many entries of updates an object keeps before the oldest are put together
/// (`DefaultMaxUpdateManagers`).
const MAX_UPDATERS: usize = 10;

/// What is common to an update and an apply.
pub(in crate::sandbox) struct FieldManager<'a> {
    pub(in crate::sandbox) schema: &'a Schema,
    pub(in crate::sandbox) api_version: String,
    /// Top-level fields that this request cannot write.
    pub(in crate::sandbox) reset: &'a [&'a str],
    pub(in crate::sandbox) manager: &'a str,
    pub(in crate::sandbox) subresource: &'a str,
    pub(in crate::sandbox) now: String,
}

/// One field that somebody else owns.
#[derive(Debug)]
pub(in crate::sandbox) struct FieldManagerConflict {
    /// `"kubectl" using v1`.
    pub(in crate::sandbox) owner: String,
    /// `.spec.replicas`.
    pub(in crate::sandbox) path: String,
}

/// Why an apply did not go through.
#[derive(Debug)]
pub(in crate::sandbox) enum Refused {
    /// Other managers own these fields.
    Conflicts(Vec<FieldManagerConflict>),
    /// The body does not fit.
    Malformed(String),
}

impl ManagedFields {
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
    pub(in crate::sandbox) fn update(
        mut self,
        old: &Value,
        new: &Value,
        change: &FieldManager<'_>,
    ) -> Self {
        // Whoever changes a field owns it alone: what others had of it goes.
        let comparison = change.filtered(typed::compare(old, new, change.schema));
        self.give_up(&comparison, None);
        let mut set = comparison.modified;
        set.union(&comparison.added);
        change.filter(&mut set);
        strip(&mut set);
        if !set.is_empty() {
            let owner = Owner::new(change.manager, false, &change.api_version, change.subresource);
            // An update adds to what its manager had before; only an apply replaces it.
            if let Some(previous) = self.0.get(&owner) {
                set.union(&previous.set);
            }
            // The server carries the entries of a scale over to the object without their times
            // (`ScaleHandler.ToParent`).
            let time = (change.subresource != "scale").then(|| change.now.clone());
            let entry = VersionedSet { version: change.api_version.clone(), time, set };
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
            // By version, since the fields of one version mean nothing in another.
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
    pub(in crate::sandbox) fn apply(
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
        // An apply that changes nothing must not move its own time: a second one would then never
        // be a no-op.
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
    pub(in crate::sandbox) fn record(&self, managed: ManagedFields, old: &Value, new: &mut Value) {
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
    let step = |name: &str| PathElement::field(name);
    for name in ["apiVersion", "kind", "metadata"] {
        nobody.insert(&[step(name)]);
    }
    for name in META {
        nobody.insert(&[step("metadata"), step(name)]);
    }
    *set = set.difference(&nobody);
}
