//! What leaves with a release: objects of the inventory that it does not want.

use std::collections::HashSet;

use super::Planning;
use crate::{
    ops::{namespace_users, survey::Live},
    workload::{
        object::ObjectId,
        ownership::{is_ours, uid},
        plan::{Removal, is_kept},
        record::Entry,
    },
};

impl Planning<'_> {
    /// Lists the objects of the inventory that the release does not want.
    pub(super) fn leaving(&self) -> impl Iterator<Item = &ObjectId> {
        let wanted: HashSet<&ObjectId> = self.desired.iter().map(|desired| &desired.id).collect();
        let inventory = self.record.map(|record| &*record.inventory).unwrap_or_default();
        inventory.iter().map(|entry| &entry.id).filter(move |id| !wanted.contains(id))
    }

    /// Lists what is to be removed, and what left before and asks to be kept.
    pub(super) fn removals(&self, live: &Live) -> (Vec<Removal>, Vec<Entry>) {
        let inventory = self.record.map(|record| &*record.inventory).unwrap_or_default();
        let wanted: HashSet<&ObjectId> = self.desired.iter().map(|desired| &desired.id).collect();
        let (mut removals, mut left) = (Vec::new(), Vec::new());
        for entry in inventory.iter().filter(|entry| !wanted.contains(&entry.id)) {
            let Some(object) = live.get(&entry.id) else {
                // What it left behind still has to go.
                if let Some(uid) = entry.uid.clone().filter(|_| !entry.orphans.is_empty()) {
                    removals.push(Removal {
                        uid,
                        keep: false,
                        theirs: false,
                        entry: entry.clone(),
                    });
                }
                continue;
            };
            // Somebody deleted ours and made another: it is theirs.
            if !is_ours(object, self.manager, entry.uid.as_deref()) {
                continue;
            }
            // It left with an earlier release and stays in the inventory, so that a later delete
            // knows not to take its namespace.
            if entry.keep && !entry.wanted {
                left.push(entry.clone());
                continue;
            }
            removals.push(Removal {
                uid: uid(object).unwrap_or_default().to_owned(),
                // The live annotation counts as well: somebody may have protected it by hand since.
                keep: entry.keep || is_kept(object),
                theirs: entry.id.is("", "Namespace")
                    && !namespace_users::is_made_by(object, self.instance, self.manager),
                entry: entry.clone(),
            });
        }
        (removals, left)
    }
}
