//! A draft of a release: what is wanted, and what that would change.

use std::{
    collections::HashSet,
    sync::{Mutex, OnceLock},
};

use super::{
    Deploy, Purpose,
    desired::DesiredState,
    namespaces::{self, refuse_second_own, terminating},
    owners, present,
    repairs::{self, Repair},
    revision::ChosenRevision,
    stale::Stale,
    start::Start,
};
use crate::{
    ops::{
        frozen::Sighting,
        locate::{self, NamespaceState},
        options::PruneWhen,
        planning::{Planning, PlanningOptions, lists_ahead},
        rebuild,
        survey::{Lists, Live},
        target::Target,
    },
    workload::{
        error::Result,
        instance::NamespaceMode,
        ownership::{is_ours, manager},
        plan::Plan,
        record::Record,
        sent_bodies::SentBodies,
    },
};

/// What a deploy would do.
pub(in crate::ops::deploy) struct Draft {
    pub chosen: ChosenRevision,
    pub desired: DesiredState,
    /// Namespaces that are not there yet.
    pub absent: HashSet<String>,
    /// The field manager.
    pub manager: String,
    pub plan: Plan,
    /// What others changed of what is written.
    pub repairs: Vec<Repair>,
    /// What the plan saw, where it is kept.
    pub seen: Vec<Sighting>,
    /// Whether something of the instance is live already.
    pub shows_ours: bool,
    /// Whether nothing is to be written and all of it was seen to be ready.
    pub is_ready: bool,
    /// What `--restart-stale` is to restart.
    pub stale: Vec<Stale>,
}

impl Deploy<'_> {
    /// Makes a draft.
    pub(super) async fn draft(&self, purpose: &Purpose, start: &mut Start) -> Result<Draft> {
        // Beside the rendering.
        let lists = self.lists_ahead(purpose, start);
        let (chosen, mut desired) = self.wanted(start).await?;
        let absent = self.check_namespaces(start, &desired).await?;
        owners::leave_out_dead(&start.target, &mut desired).await;
        let record = start.located.record().cloned();
        if let Some(record) = &record {
            // An object of an unknown kind would count as gone and keep its CRD from being pruned.
            start.target.know_kinds_of(&record.inventory).await?;
        }
        let sent = record.as_ref().map(|record| SentBodies::new(record, &start.target.kinds));
        let manager = manager(&desired.namespace, self.name.as_str());
        let planning = Planning {
            target: &start.target,
            instance: self.name,
            manager: &manager,
            definition: &chosen.definition,
            sent: sent.as_ref(),
            quiet: start.located.found.as_ref().map(|found| found.quiet),
            desired: desired.objects.clone(),
            graph: &desired.graph,
            occasion: start.occasion(self.options),
            absent: absent.clone(),
            options: self.planning_options(purpose, &desired),
            lists,
            compared_locally: OnceLock::new(),
            changes: OnceLock::new(),
            unseen_jobs: Mutex::default(),
        };
        let looks_at_state = planning.looks_at_state();
        // Beside the plan: the traces cost six lists, for which nobody should wait in turn.
        let planned = planning.make_or_recheck(self.options.frozen.as_deref());
        let traces = self.has_traces(start, &desired.namespace);
        let home = self.refuse_going_home(start);
        let (planned, traces, home) = futures::future::join3(planned, traces, home).await;
        home?;
        let (plan, live) = planned?;
        let shows_ours = traces? || live.iter().any(|(_, object)| is_ours(&object, &manager, None));
        refuse_second_own(&start.target, &desired, &chosen.definition, &manager, &live).await?;
        let is_going = record.as_ref().is_some_and(|record| record.deleting);
        let drifting = sent.as_ref().filter(|_| !start.is_half_deleted() && !is_going);
        let repairs = repairs::find(drifting, &plan, &live, &manager);
        let stale = self.find_stale(&start.target, &plan, &live, &manager).await?;
        let mut draft = Draft {
            chosen,
            desired,
            absent,
            manager,
            repairs,
            seen: self.sightings(&plan, &live),
            plan,
            shows_ours,
            is_ready: false,
            stale,
        };
        if let Some(record) = record
            && !draft.needs_release(&record, self.options.may.prune)
        {
            draft.rest(&record, looks_at_state.then_some(&start.target), &live).await;
        }
        Ok(draft)
    }
}

impl Deploy<'_> {
    fn lists_ahead(&self, purpose: &Purpose, start: &Start) -> Lists {
        let waits = !self.options.limits.no_wait && matches!(purpose, Purpose::Deploy { .. });
        let ahead = |record| lists_ahead(&start.target, self.name, record, waits);
        start.located.record().map(ahead).unwrap_or_default()
    }

    /// Tells whether a namespace has traces of a record that was lost: where it was there before, it does
    /// not tell by itself.
    async fn has_traces(&self, start: &Start, namespace: &str) -> Result<bool> {
        let is_silent = start.located.record().is_none()
            && start.namespace_state == Some(NamespaceState::Foreign);
        Ok(is_silent && rebuild::has_traces(&start.target, namespace, self.name).await?)
    }

    /// What is written to a namespace that goes is accepted, and lost with it. One of ours is in the plan;
    /// one that was given is somebody else's to delete.
    ///
    /// # Errors
    /// Code 5 for a given one that is being deleted.
    async fn refuse_going_home(&self, start: &Start) -> Result<()> {
        let Some(record) = start.located.record().filter(|record| {
            start.located.found.is_some() && record.mode == NamespaceMode::Given && !record.deleting
        }) else {
            return Ok(());
        };
        match locate::namespace_state(&start.target, &record.namespace, self.name).await? {
            NamespaceState::Terminating { .. } => Err(terminating(&record.namespace)),
            NamespaceState::Absent
            | NamespaceState::Ours
            | NamespaceState::Shared
            | NamespaceState::Foreign => Ok(()),
        }
    }

    /// Chooses what is wanted, and renders it.
    async fn wanted(&self, start: &mut Start) -> Result<(ChosenRevision, DesiredState)> {
        let chosen = self.choose_revision(start)?;
        let stored_here = start.stored_here().cloned();
        if let Some(rebuilt) = &mut start.located.rebuilt {
            let flag = self.session.namespace.as_deref();
            let brought = chosen.content.brought_namespaces();
            namespaces::fix_rebuilt_mode(rebuilt, &brought, stored_here.as_ref(), flag);
        }
        let stored = || self.overrides(start);
        let overrides = chosen.overrides.clone().map_or_else(stored, Ok)?;
        let desired = self.desired_state(start, &chosen.content, overrides).await?;
        Ok((chosen, desired))
    }

    /// Takes down what a plan saw, where it is kept.
    fn sightings(&self, plan: &Plan, live: &Live) -> Vec<Sighting> {
        if self.options.keeps_plan { Sighting::all(plan, live) } else { Vec::new() }
    }

    fn planning_options<'d>(
        &self,
        purpose: &Purpose,
        desired: &'d DesiredState,
    ) -> PlanningOptions<'d> {
        let is_plan = matches!(purpose, Purpose::Rehearse);
        PlanningOptions {
            adopt: self.options.may.adopt,
            replace: &desired.replace,
            conflicts: self.options.may.conflicts,
            prunes: self.options.may.prune.is_now(),
            prunes_before: self.options.may.prune == PruneWhen::Before,
            waits: !self.options.limits.no_wait,
            rehearse: is_plan,
            shows: is_plan,
        }
    }
}

impl Draft {
    /// Lets rest what has nothing to do; `looked_at` where the state was looked at too.
    async fn rest(&mut self, record: &Record, looked_at: Option<&Target>, live: &Live) {
        self.plan.leave_hooks(&record.inventory);
        if let Some(target) = looked_at {
            self.is_ready = present::is_ready(target, &self.plan, live).await;
        }
    }

    /// Tells whether a release is to be made: revision, overrides or any object changes, or the
    /// last one was neither ready nor applied.
    pub(super) fn needs_release(&self, record: &Record, prune: PruneWhen) -> bool {
        // A record that was rebuilt has the objects and no release: the next one makes it whole.
        let Some(newest) = &record.newest else { return true };
        let release = &newest.release;
        self.plan.has_changes(prune.is_now())
            || record.deleting
            || release.digest != self.chosen.revision.digest
            || release.overrides != self.desired.overrides
            || release.pinned != self.chosen.pinned
            // A release that failed or was killed is finished, also where every object is as
            // wanted.
            || !release.outcome.is_good()
    }
}
