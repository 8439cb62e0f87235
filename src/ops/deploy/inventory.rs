//! The inventory as it becomes while a release is carried out, and what was done to each object.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use crate::workload::{
    evidence::Unready,
    object::ObjectId,
    plan::Plan,
    record::Entry,
    release::{Action, Deed},
};

/// What the instance owns by now.
pub(super) struct Inventory {
    entries: Vec<Option<Entry>>,
    index: HashMap<ObjectId, usize>,
    /// What was done to each object.
    pub deeds: Vec<Deed>,
    /// What is not ready at the end.
    pub unready: Vec<Unready>,
}

impl Inventory {
    /// Begins with what the plan covers.
    pub(super) fn covering(plan: &Plan) -> Self {
        let mut inventory = Self {
            entries: Vec::new(),
            index: HashMap::new(),
            deeds: Vec::new(),
            unready: Vec::new(),
        };
        for entry in plan.inventory() {
            inventory.take(entry);
        }
        inventory
    }

    /// Lists what it holds.
    pub(super) fn entries(&self) -> Vec<Entry> {
        self.entries.iter().flatten().cloned().collect()
    }

    /// Gives an object's entry.
    pub(super) fn get_mut(&mut self, id: &ObjectId) -> Option<&mut Entry> {
        self.entries[*self.index.get(id)?].as_mut()
    }

    /// Adds an entry, or overwrites the one of that object.
    pub(super) fn take(&mut self, entry: Entry) {
        let index = *self.index.entry(entry.id.clone()).or_insert(self.entries.len());
        if index == self.entries.len() {
            self.entries.push(None);
        }
        self.entries[index] = Some(entry);
    }

    /// Takes an object out.
    pub(super) fn drop(&mut self, id: &ObjectId) {
        if let Some(index) = self.index.get(id) {
            self.entries[*index] = None;
        }
    }

    /// Notes of what a plan writes until when a write of it may still arrive.
    pub(super) fn unsettle(&mut self, plan: &Plan, until: Timestamp) {
        for item in plan.items.iter().filter(|item| item.action != Action::Unchanged) {
            if let Some(entry) = self.get_mut(&item.desired.id) {
                entry.unsettled = entry.unsettled.max(Some(until));
            }
        }
    }

    /// Tells which namespaces were made before the rollout: they have an answer already.
    pub(super) fn made_namespaces(&self) -> HashSet<&ObjectId> {
        let entries = self.entries.iter().flatten();
        entries
            .filter(|entry| {
                entry.id.is("", "Namespace") && entry.body.is_some() && entry.uid.is_some()
            })
            .map(|entry| &entry.id)
            .collect()
    }

    /// Keeps what was recorded with the intent or on the way: until when a write may arrive, and of
    /// objects that were deleted and not made anew what they left behind.
    pub(super) fn keep_recorded(&mut self, recorded: &[Entry]) {
        for entry in recorded.iter().filter(|entry| entry.unsettled.is_some()) {
            if let Some(known) = self.get_mut(&entry.id) {
                known.unsettled = known.unsettled.max(entry.unsettled);
            }
        }
        for entry in recorded.iter().filter(|entry| !entry.orphans.is_empty()) {
            if let Some(known) = self.get_mut(&entry.id).filter(|own| own.uid == entry.uid) {
                // Recorded past us, before the deletion: overwriting them would lose pods that
                // nobody else removes.
                known.orphans.clone_from(&entry.orphans);
            }
        }
    }
}
