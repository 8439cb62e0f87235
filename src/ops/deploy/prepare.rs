//! Everything before the first write: which runtime, which record, what is wanted, and the plan.

use std::{
    collections::{HashMap, HashSet},
    time::Instant,
};

use super::{
    desired::{Source, Wish},
    draft::Draft,
    note,
    references::{missing_references, warn_of_missing},
    report::Answer,
    start::{Start, choose_for},
};
use crate::{
    cluster::record::{self, Found},
    ops::{
        events::Event,
        locate::{self, Located},
        lock::Held,
        options::DeployOptions,
        session::Session,
        target::{Choice, Target},
    },
    workload::{
        error::{Error, Result},
        instance::Instance,
        object::ObjectId,
        plan::Plan,
        record::{Deployed, Entry, Record},
        release::Outcome,
    },
};

/// Locks the instance on this machine.
///
/// # Errors
/// Code 6, naming the holder.
pub(super) async fn lock(
    session: &Session<'_>,
    options: &DeployOptions,
    started: Instant,
) -> Result<Held> {
    // Nothing is locked for a runtime that cannot be chosen.
    let stored =
        session.store.lock().expect("no holder of the store panics").instance(&options.name)?;
    choose_for(session, options, stored.as_ref())?;
    Held::acquire(session, &options.name, started + options.lock_wait).await
}

/// What a preparation is for.
#[derive(Debug, Clone)]
pub(super) enum Purpose {
    /// Only to be shown: the server is asked about every write, nothing is locked.
    Rehearse,
    /// To be deployed.
    Deploy {
        /// The releases of dead predecessors on this machine.
        dead: Vec<String>,
        /// Until when to wait for another holder.
        until: Instant,
    },
}

/// All that is known before the first write.
pub(super) struct Prepared {
    /// What chose the runtime.
    pub choice: Choice,
    /// The runtime.
    pub target: Target,
    /// The instance as the database had it.
    pub stored: Option<Instance>,
    /// The record as it was read.
    pub found: Option<Found>,
    /// The record: read, rebuilt, or new.
    pub record: Record,
    /// Whether the record was lost and made anew from live objects.
    pub rebuilt: bool,
    /// Whether the runtime's cluster was created again.
    pub new_cluster: bool,
    /// The content.
    pub source: Source,
    /// What is wanted.
    pub wish: Wish,
    /// The field manager.
    pub manager: String,
    /// The plan.
    pub plan: Plan,
    /// Namespaces that are not there yet.
    pub absent: HashSet<String>,
    /// Whether the database knew of a release of this instance.
    pub known_here: bool,
}

impl Prepared {
    /// Prepares a deploy.
    ///
    /// # Errors
    /// Every refusal and every failed read; nothing was written.
    pub(super) async fn make(
        session: &Session<'_>,
        options: &DeployOptions,
        purpose: Purpose,
        answer: &mut Answer,
    ) -> Result<Self> {
        let mut start = Start::make(session, options, &purpose, answer).await?;
        let mut draft = Draft::make(session, options, &purpose, &mut start).await?;
        if start.located.record().is_none() && draft.shows_ours {
            // A namespace that was there before does not tell that the record is gone.
            start.recover(session, options).await?;
            draft = Draft::make(session, options, &purpose, &mut start).await?;
        }
        for said in &draft.wish.notes {
            note(session, options, said);
        }
        let unreadable = start.located.unreadable.as_ref();
        let mut warnings: Vec<String> = unreadable.map(no_record).into_iter().collect();
        warnings.append(&mut draft.wish.warnings);
        warnings.extend(draft.plan.warnings.iter().cloned());
        warnings.extend(draft.plan.shared().map(|(id, reason)| format!("{id}: {reason}")));
        let (target, absent) = (&start.target, &draft.absent);
        let missing = warn_of_missing(target, &draft.wish, &draft.plan, absent).await?;
        if options.refuses_missing && !missing.is_empty() {
            return Err(missing_references(missing));
        }
        warnings.extend(missing);
        warn(session, options, answer, &warnings);
        let Start { choice, target, stored, located, known_here, .. } = start;
        let Draft { source, wish, absent, manager, plan, shows_ours: _ } = draft;
        let record = located.record().cloned();
        let mut record =
            record.unwrap_or_else(|| Record::new(&wish.namespace, &options.name, wish.mode));
        record.cluster_uid.clone_from(&target.cluster_uid);
        let Located { found, rebuilt, new_cluster, unreadable: _ } = located;
        Ok(Self {
            choice,
            target,
            stored,
            found,
            record,
            rebuilt: rebuilt.is_some(),
            new_cluster,
            source,
            wish,
            manager,
            plan,
            absent,
            known_here,
        })
    }

    /// Gives the newest release that the record knows.
    #[must_use]
    pub(super) fn newest(&self) -> Option<&Deployed> {
        self.record.newest.as_ref()
    }

    /// Tells whether a release is to be made: revision, overrides or any object changes, or the
    /// last one was neither ready nor applied. `prunes`: what left the definition is to go now.
    #[must_use]
    pub(super) fn needs_release(&self, prunes: bool) -> bool {
        let Some(newest) = self.newest() else { return true };
        let release = &newest.release;
        self.plan.has_changes(prunes)
            || self.record.deleting
            || release.digest != self.source.revision.digest
            || release.overrides != self.wish.overrides
            || !matches!(release.outcome, Outcome::Ready | Outcome::Applied)
    }

    /// Records the no-op data that dry runs renewed, if somebody did not write meanwhile.
    pub(super) async fn note_seen(&self) {
        let Some(found) = &self.found else { return };
        let mut record = self.record.clone();
        record.inventory = self.plan.inventory();
        let before: HashMap<&ObjectId, &Entry> =
            self.record.inventory.iter().map(|entry| (&entry.id, entry)).collect();
        if record.inventory.len() == before.len()
            && record.inventory.iter().all(|entry| before.get(&entry.id) == Some(&entry))
        {
            return;
        }
        record::note(&self.target.api, found, &record).await;
    }

    /// Lets the database follow where nothing changed: it may lack the instance altogether.
    ///
    /// # Errors
    /// Those of the database.
    pub(super) fn store_unchanged(&self, session: &Session<'_>) -> Result<()> {
        locate::follow(session, &self.target, &self.record)?;
        self.target.remember(session)
    }
}

fn warn(session: &Session<'_>, options: &DeployOptions, answer: &mut Answer, warnings: &[String]) {
    answer.warn(warnings);
    for warning in warnings {
        session.reporter.report(options.name.as_str(), Event::Warning(warning.clone()));
    }
}

fn no_record(error: &Error) -> String {
    format!("{error}; planned without it")
}
