//! Everything before the first write: which runtime, which record, what is wanted, and the plan.

mod alongside;
mod desired;
mod draft;
mod earlier;
mod foresight;
mod namespaces;
mod owners;
mod present;
mod references;
mod repairs;
mod revision;
mod stale;
mod start;

use std::{collections::HashMap, time::Instant};

use super::Deploy;
use crate::{
    cluster::record,
    ops::{
        collateral::Collateral,
        deadline::Deadline,
        options::{OnMissing, PruneWhen},
    },
    workload::{
        error::Result,
        object::ObjectId,
        overrides::restart_key,
        plan::Item,
        record::{Deployed, Entry, Record},
        release::Action,
    },
};
pub(super) use draft::Draft;
pub(super) use namespaces::terminating;
use references::{missing_references, warn_of_missing};
pub(super) use repairs::Repair;
pub(super) use stale::{brings_content, pods_around};
pub(super) use start::KnownInstance;
use start::Start;

/// What a preparation is for.
#[derive(Debug, Clone)]
pub(super) enum Purpose {
    /// Only to be shown: the server is asked about every write, nothing is locked.
    Rehearse,
    Deploy {
        /// The releases of dead predecessors on this machine.
        dead: Vec<String>,
        /// Until when to wait for another holder.
        until: Instant,
    },
}

/// All that is known before the first write.
pub(super) struct Prepared {
    pub start: Start,
    pub draft: Draft,
    /// The record: read, rebuilt, or new.
    pub record: Record,
    /// What goes along with what the release deletes.
    pub collateral: Collateral,
    /// When time is up.
    pub deadline: Deadline,
}

impl Deploy<'_> {
    /// Notes what is to be restarted, and says it.
    fn note_stale(&mut self, draft: &Draft) {
        let now = self.session.now().to_string();
        for (reader, read) in &draft.stale {
            self.note(format!("restarting {reader}, which runs with the old {read}"));
            self.stale.insert(restart_key(reader, draft.desired.mode), now.clone());
        }
        if draft.stale.is_empty() {
            self.note("nothing runs with an old ConfigMap or Secret");
        }
    }

    /// Prepares a deploy.
    ///
    /// # Errors
    /// Every refusal and every failed read; nothing was written.
    pub(super) async fn prepare(&mut self, purpose: Purpose) -> Result<Prepared> {
        let started = self.start(&purpose).await;
        let mut start = started.map_err(|error| self.foreseen_instead(error))?;
        self.heed_foreseen(&start).await?;
        let mut draft = self.draft(&purpose, &mut start).await?;
        if start.located.record().is_none() && draft.shows_ours {
            // A namespace that was there before does not tell that the record is gone.
            start.recover(self.session, self.name).await?;
            draft = self.draft(&purpose, &mut start).await?;
        }
        if self.options.restart_stale && self.stale.is_empty() {
            self.note_stale(&draft);
            if !self.stale.is_empty() {
                draft = self.draft(&purpose, &mut start).await?;
            }
        }
        for said in &draft.desired.notes {
            self.note(said);
        }
        let missing = warn_of_missing(&start.target, &draft).await?;
        if self.options.may.references == OnMissing::Refuse && !missing.is_empty() {
            return Err(missing_references(missing));
        }
        // A plan without the record cannot know what left the definition.
        if let Some(error) = &start.located.unreadable {
            self.warn(format!("{error}; planned without it"));
        }
        let is_half_deleted = start.located.record().is_some_and(|record| record.deleting);
        if is_half_deleted && matches!(purpose, Purpose::Rehearse) {
            let name = self.name;
            self.warn(format!("{name} is half deleted: a deploy finishes that first"));
        }
        if let Some(doubt) = &start.located.doubt {
            self.warn(doubt.clone());
        }
        let shared = draft.plan.shared().map(|(id, reason)| format!("{id}: {reason}"));
        let shared: Vec<String> = shared.collect();
        for warning in draft.desired.warnings.iter().chain(&draft.plan.warnings).chain(&shared) {
            self.warn(warning.clone());
        }
        for warning in missing {
            self.warn(warning);
        }
        let collateral = self.collateral(&start, &draft).await?;
        if matches!(purpose, Purpose::Rehearse) {
            for told in collateral.told() {
                self.warn(format!("goes along with what is deleted: {told}"));
            }
        }
        let record = start.located.record().cloned();
        let mut record = record.unwrap_or_else(|| {
            Record::new(&draft.desired.namespace, self.name, draft.desired.mode)
        });
        // Written down in the record too: an empty disk has nothing else to compare with
        // (docs/design.md, The right cluster).
        record.cluster_uid.clone_from(&start.target.cluster_uid);
        Ok(Prepared { start, draft, record, collateral, deadline: self.deadline() })
    }
}

impl Prepared {
    /// Gives the namespace that the record lies in, and its uid, where it is being deleted: the record
    /// goes with it, and all that would be written now.
    pub(super) fn going_home(&self) -> Option<(&ObjectId, &str)> {
        self.start.located.found.as_ref()?;
        let home = |item: &&Item| {
            let id = &item.desired.id;
            id.is("", "Namespace") && id.name == self.record.namespace
        };
        let item = self.draft.plan.items.iter().find(home)?;
        let after = item.uid.as_deref().filter(|_| item.action == Action::Create)?;
        Some((&item.desired.id, after))
    }

    /// Gives the newest release that the record knows.
    pub(super) fn newest(&self) -> Option<&Deployed> {
        self.record.newest.as_ref()
    }

    /// Tells whether a release is to be made.
    pub(super) fn needs_release(&self, prune: PruneWhen) -> bool {
        self.draft.needs_release(&self.record, prune)
    }

    /// Records the no-op data that dry runs renewed, if somebody did not write meanwhile.
    pub(super) async fn record_seen(&self) {
        let Some(found) = &self.start.located.found else { return };
        let mut record = self.record.clone();
        record.inventory = self.draft.plan.inventory().into();
        let before: HashMap<&ObjectId, &Entry> =
            self.record.inventory.iter().map(|entry| (&entry.id, entry)).collect();
        if record.inventory.len() == before.len()
            && record.inventory.iter().all(|entry| before.get(&entry.id) == Some(&entry))
        {
            return;
        }
        record::note(&self.start.target.api, found, &record).await;
    }
}
