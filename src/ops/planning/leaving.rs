//! What leaves with a release: objects of the inventory that it does not want.

use std::collections::HashSet;

use jiff::Timestamp;
use serde_json::Value;

use super::{Planning, was_ready};
use crate::{
    ops::{
        custom_resources,
        namespace_users::{self, Leaver, NOT_MADE, Stay},
        readers, shared,
        survey::Live,
    },
    workload::{
        error::Result,
        instance::NamespaceMode,
        object::ObjectId,
        ownership::{is_ours, is_terminating, uid},
        plan::{Desired, Fate, Removal, is_kept},
        record::Entry,
        versioning::is_versioned,
    },
};

impl Planning<'_> {
    /// Lists the objects of the inventory that the release does not want.
    pub(super) fn leaving(&self) -> impl Iterator<Item = &ObjectId> {
        let wanted: HashSet<&ObjectId> = self.desired.iter().map(|desired| &desired.id).collect();
        let inventory = self.inventory();
        inventory.iter().map(|entry| &entry.id).filter(move |id| !wanted.contains(id))
    }

    /// Says until when a write of a dead release may still make an object.
    pub(super) fn unsettled(
        &self,
        entry: Option<&Entry>,
        live: Option<&Value>,
    ) -> Option<Timestamp> {
        let until = self.record()?.unsettled(entry?, live.is_some(), self.quiet)?;
        (until > self.now()).then_some(until)
    }

    fn now(&self) -> Timestamp {
        self.target.api.connection().server_now()
    }

    /// Lists what is to be removed, and what left before and is not to be removed yet.
    pub(super) fn removals(&self, live: &Live) -> (Vec<Removal>, Vec<Entry>) {
        let inventory = self.inventory();
        let wanted: HashSet<&ObjectId> = self.desired.iter().map(|desired| &desired.id).collect();
        let (mut removals, mut left) = (Vec::new(), Vec::new());
        for entry in inventory.iter().filter(|entry| !wanted.contains(&entry.id)) {
            let looked_at = live.get(&entry.id);
            let Some(object) = looked_at.as_deref() else {
                // What it left behind still has to go.
                if let Some(uid) = entry.uid.clone().filter(|_| !entry.orphans.is_empty()) {
                    removals.push(Removal { uid, fate: Fate::Goes, entry: entry.clone() });
                } else if self.is_redefined(&entry.id) {
                    left.push(Entry { wanted: false, ..entry.clone() });
                } else {
                    // That it is not there is no proof yet: a later release looks again.
                    let unsettled = self.unsettled(Some(entry), None);
                    left.extend(Entry { unsettled, ..entry.clone() }.awaited(self.now()));
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
            let unsettled = self.unsettled(Some(entry), Some(object));
            let is_made = || namespace_users::is_made_by(object, self.instance, self.manager);
            removals.push(Removal {
                uid: uid(object).unwrap_or_default().to_owned(),
                fate: if entry.keep || is_kept(object) {
                    // The live annotation counts as well: somebody may have protected it by hand
                    // since.
                    Fate::Kept
                } else if entry.id.is("", "Namespace") && !is_made() {
                    Fate::Left(NOT_MADE.to_owned())
                } else if is_versioned(object) {
                    match self.options.waits {
                        true => Fate::OnceUnread { is_read: false },
                        false => Fate::Stays("pods of before may still read it".to_owned()),
                    }
                } else {
                    Fate::Goes
                },
                entry: Entry { unsettled, ..entry.clone() },
            });
        }
        (removals, left)
    }

    /// Tells whether the set changes the CustomResourceDefinition of an object's kind. Until the
    /// server has accepted it, the object is asked for where it may not be, and its absence is no
    /// proof.
    fn is_redefined(&self, id: &ObjectId) -> bool {
        let defines = |desired: &&Desired| {
            if !custom_resources::is_definition(&desired.id) {
                return false;
            }
            let body = desired.body.look();
            let spec = &body["spec"];
            spec["group"] == *id.group && spec["names"]["kind"] == *id.kind
        };
        let Some(definition) = self.desired.iter().find(defines) else { return false };
        let mut inventory = self.inventory().iter();
        let known = inventory.find(|entry| entry.id == definition.id);
        known.is_some_and(|entry| entry.body.as_ref() != Some(&definition.digest))
    }

    /// Looks whether what left has to stay: namespaces and definitions for what is in them, or of
    /// them (who would be told after the release could not be asked before it), and what an earlier
    /// release left to the pods that read it.
    ///
    /// # Errors
    /// A request that failed.
    pub(super) async fn settle(
        &self,
        removals: &mut [Removal],
        left: &[Entry],
        live: &Live,
    ) -> Result<()> {
        let wanted = self.desired.iter().map(|desired| Entry {
            keep: desired.keep,
            ..Entry::new(desired.id.clone(), &desired.version)
        });
        let kept = removals.iter().filter(|removal| removal.fate == Fate::Kept);
        let kept = kept.map(|removal| Entry { keep: true, wanted: false, ..removal.entry.clone() });
        let staying: Vec<Entry> = wanted.chain(kept).chain(left.iter().cloned()).collect();
        for removal in removals.iter_mut().filter(|removal| removal.fate == Fate::Goes) {
            let Some(object) = live.get(&removal.entry.id) else { continue };
            if let Some(stay) = self.why_it_stays(&removal.entry, &object, &staying).await? {
                removal.fate = match stay {
                    Stay::Theirs(why) => Fate::Left(why),
                    Stay::Ours(why) => Fate::Stays(why),
                };
            }
        }
        // Where nothing was waited for, or in vain, this release waits for the pods to follow.
        let mut left_before: Vec<&mut Removal> = removals
            .iter_mut()
            .filter(|removal| matches!(removal.fate, Fate::OnceUnread { .. }))
            .filter(|removal| !removal.entry.wanted && self.record().is_some_and(was_ready))
            .collect();
        let asked = left_before.iter().map(|removal| &removal.entry.id);
        let read = readers::still_read(&self.target.api, asked).await?.unwrap_or_default();
        for removal in &mut left_before {
            removal.fate = Fate::OnceUnread { is_read: read.contains(&removal.entry.id) };
        }
        Ok(())
    }

    async fn why_it_stays(
        &self,
        entry: &Entry,
        live: &Value,
        staying: &[Entry],
    ) -> Result<Option<Stay>> {
        let Self { target, instance, manager, .. } = *self;
        let (id, api) = (&entry.id, &target.api);
        if id.is("", "Namespace") {
            // It has the mode of the instance: only one that brings its namespaces loses one.
            let leaver = Leaver { instance, manager, mode: NamespaceMode::Own, staying };
            return namespace_users::why_it_stays(target, api, leaver, id, live).await;
        }
        if !custom_resources::is_definition(id) || is_terminating(live) {
            return Ok(None);
        }
        let Some(path) = target.path(id, &entry.version) else { return Ok(None) };
        let owners = shared::living(target, live, manager).await?;
        if !owners.is_empty() {
            return Ok(Some(Stay::Theirs(format!("also used by {}", owners.join(", ")))));
        }
        let resources = custom_resources::of(api, id, &path).await?;
        Ok(resources.why_definition_stays(manager, staying).map(Stay::Ours))
    }
}
