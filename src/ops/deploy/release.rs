//! A release from the intent to its outcome: apply, wait, prune, record.

use std::collections::{HashMap, HashSet};

use super::{
    Deploy, hooks::spent_hooks, intent::Begun, inventory::Inventory, outcome::conclude,
    prepare::Prepared, readers::stale_readers,
};
use crate::{
    cluster::{
        api::Api,
        fence::{Fence, Moment},
        record::Keeper,
    },
    ops::{
        events::Event,
        lock,
        options::PruneWhen,
        own_judges::OwnJudges,
        rollout::{Node, Rollout, RolloutScope, with_second_turns},
        write::{Backends, Writer},
    },
    workload::{
        error::{Error, ErrorKind, Result},
        history::usual_duration,
        instance::{Observed, Status},
        kinds::defined_kind,
        object::{GroupKind, ObjectId},
        plan::Item,
        record::Entry,
        release::{Action, Deed, Outcome, named_as_it_runs},
    },
};

impl<'a> Deploy<'a> {
    /// Carries a begun release to its outcome.
    ///
    /// # Errors
    /// What kept it from being ready; the outcome is recorded all the same.
    pub(super) async fn release(&mut self, prepared: &Prepared, begun: Begun) -> Result<()> {
        let Begun { keeper, release, namespace, gave_way } = begun;
        self.report.release(&release);
        let (changes, objects) = (self.report.changes(), self.report.objects());
        self.session.report(self.name, Event::Planned { changes, objects });
        self.tell_estimate()?;
        let mut inventory = Inventory::covering(&prepared.draft.plan);
        if let Some(written) = namespace {
            let object = written.entry.id.clone();
            self.session.report(self.name, Event::Done { object, action: written.action });
            inventory.deeds.push(Deed {
                id: written.entry.id.clone(),
                action: written.action,
                applied_at: Some(self.session.now()),
                ready_at: None,
            });
            inventory.take(written.entry);
        }
        let target = &prepared.start.target;
        let mut judges = OwnJudges::of(self.session, target, &keeper.record().await);
        // The holder is renewed beside the work, for as long as the work takes.
        let work = self.apply_and_prune(prepared, &keeper, &gave_way, &mut inventory);
        // Where the holder is lost, nothing is recorded: the record is somebody else's by now.
        let result = lock::while_held(Some(&keeper), &mut judges, work).await?;
        let outcome = match &result {
            Ok(()) if self.options.limits.no_wait => Outcome::Applied,
            Ok(()) => Outcome::Ready,
            // The outcome is written after a failure, a signal and the end of time too: the next
            // one is let through at once.
            Err(error) => Outcome::of_failure(error),
        };
        self.report.keep_unpruned(&inventory.entries());
        let why = result.as_ref().err().map(Error::in_short);
        let ended = (outcome, why);
        let (outcome, recorded) =
            self.record(prepared, &keeper, inventory, ended, &mut judges).await;
        self.report.outcome(outcome.into());
        match recorded {
            // Whatever else went wrong: another goes on, and what we did not manage is not the
            // news.
            Err(lost) if lost.kind == ErrorKind::Locked => Err(lost),
            recorded => result.and(recorded).map_err(|error| {
                self.note_failure(&release, &error);
                let again = || self.again(release.returns_to);
                error.or_hint(|| format!("{} goes on once that is mended", again()))
            }),
        }
    }

    async fn apply_and_prune(
        &mut self,
        prepared: &Prepared,
        keeper: &Keeper,
        gave_way: &[ObjectId],
        inventory: &mut Inventory,
    ) -> Result<()> {
        // For what cannot stand side by side: a node port, a host name, a volume that attaches
        // once.
        if self.options.may.prune == PruneWhen::Before {
            self.prune(prepared, keeper, inventory).await?;
        }
        let settled = settled_items(prepared, inventory, gave_way);
        let items = prepared.draft.plan.items.iter().enumerate();
        let items = items.map(|(index, item)| settled.get(&index).unwrap_or(item)).collect();
        let items = with_second_turns(items, &prepared.draft.desired.graph);
        let writer =
            self.writer(prepared, prepared.start.target.api.fenced(keeper.fence()), Some(keeper));
        let wait = !self.options.limits.no_wait;
        let scope = self.scope(prepared, &writer, keeper.fence(), wait);
        let mut rollout = Rollout::of(scope, items);
        let end = rollout.run().await;
        self.record_results(&rollout, inventory);
        self.report.nodes(&rollout);
        let spent = spent_hooks(&rollout, &end);
        let cleared = self.clear_hooks(prepared, keeper, &spent, inventory).await;
        conclude(&rollout, &end, prepared.draft.chosen.returns_to)?;
        cleared?;
        // Pods read a ConfigMap when they start: an update of it alone restarts nothing.
        let chosen = &prepared.draft.chosen;
        let is_held = chosen.pinned || chosen.returns_to.is_some();
        let instance = named_as_it_runs(self.name.as_str(), chosen.revision.number, is_held);
        for remark in stale_readers(&prepared.start.target, &rollout, &instance).await {
            self.report.remark(remark);
        }
        if self.options.may.prune == PruneWhen::After {
            // Its watches end here: a removal looks by itself.
            drop(rollout);
            self.prune(prepared, keeper, inventory).await?;
        }
        Ok(())
    }

    fn scope<'r>(
        &self,
        prepared: &'r Prepared,
        writer: &'r Writer<'r>,
        fence: &'r Fence,
        wait: bool,
    ) -> RolloutScope<'r>
    where
        'a: 'r,
    {
        RolloutScope {
            session: self.session,
            target: &prepared.start.target,
            instance: self.name,
            writer,
            fence,
            graph: &prepared.draft.desired.graph,
            wait,
            watching: self.options.watching,
            deadline: &prepared.deadline,
        }
    }

    pub(super) fn writer<'w>(
        &self,
        prepared: &'w Prepared,
        api: Api,
        keeper: Option<&'w Keeper>,
    ) -> Writer<'w>
    where
        'a: 'w,
    {
        Writer {
            session: self.session,
            instance: self.name,
            target: &prepared.start.target,
            api,
            manager: &prepared.draft.manager,
            conflicts: self.options.may.conflicts,
            deadline: &prepared.deadline,
            fresh: written_definitions(&prepared.draft.plan.items),
            backends: Backends::of(&prepared.draft.plan.items),
            keeper,
        }
    }

    fn record_results(&self, rollout: &Rollout<'_>, inventory: &mut Inventory) {
        inventory.unready = rollout.nodes.iter().filter_map(Node::unready).collect();
        for (index, node) in rollout.nodes.iter().enumerate() {
            let id = &node.item.desired.id;
            // Recorded, so that a Job whose time to live is over is not run again (docs/design.md,
            // Jobs).
            let completed = node.has_completed(rollout.observer.seen(id).flatten().as_deref());
            if let Some(written) = &node.written {
                inventory.take(Entry { completed, ..written.entry.clone() });
            } else if completed && let Some(entry) = inventory.get_mut(id) {
                entry.completed = true;
            } else if node.is_unanswered()
                && let Some(entry) = inventory.get_mut(id)
            {
                let api = &rollout.scope.target.api;
                entry.unsettled = Some(api.arrived(api.connection().server_now()));
            }
            // The namespace was made before the rollout, which found it unchanged.
            if let Some(made) = inventory.deeds.first_mut().filter(|deed| deed.id == *id) {
                made.ready_at = node.ready_at;
            } else if rollout.scope.graph.first_turn(index).is_some() || node.item.is_idle_hook() {
                // What was done to the object is told already, or nothing was.
            } else if node.applied {
                inventory.deeds.push(Deed {
                    id: id.clone(),
                    action: node.item.action,
                    applied_at: node.applied_at.or_else(|| Some(self.session.now())),
                    ready_at: node.ready_at,
                });
            }
        }
    }

    /// Says how long it usually takes, where earlier releases tell.
    fn tell_estimate(&self) -> Result<()> {
        let releases = self.session.store().releases(self.name)?;
        if let Some(usual) = usual_duration(&releases) {
            self.session.report(self.name, Event::Estimate(usual));
        }
        Ok(())
    }

    /// Waits for an unchanged instance that nobody has seen ready.
    ///
    /// # Errors
    /// Code 3 where it does not become ready.
    pub(super) async fn wait_until_ready(&mut self, prepared: &Prepared) -> Result<()> {
        let target = &prepared.start.target;
        // Nothing is written: the fence is only there to be passed by nobody.
        let fence = Fence::new(Moment::now(), target.api.request_timeout());
        let writer = self.writer(prepared, target.api.clone(), None);
        let scope = self.scope(prepared, &writer, &fence, true);
        self.tell_estimate()?;
        let items = with_second_turns(
            prepared.draft.plan.items.iter().collect(),
            &prepared.draft.desired.graph,
        );
        let mut rollout = Rollout::of(scope, items);
        let end = rollout.run().await;
        self.report.nodes(&rollout);
        conclude(&rollout, &end, prepared.draft.chosen.returns_to)?;
        let observed = Observed {
            status: Status::Healthy,
            reason: Outcome::Ready.as_reason().to_owned(),
            at: self.session.now(),
        };
        self.report.observed(&observed);
        self.session.store().set_observed(self.name, &observed)
    }
}

/// Gives the kinds whose definitions a plan writes.
fn written_definitions(items: &[Item]) -> HashSet<GroupKind> {
    let written = items.iter().filter(|item| item.action != Action::Unchanged);
    written.filter_map(|item| defined_kind(&item.desired.body.look())).collect()
}

/// Gives what is not done as it was planned, by its index: the namespace that holds the record was
/// made before, and is not written again; what gave way to the record is made anew.
fn settled_items(
    prepared: &Prepared,
    inventory: &Inventory,
    gave_way: &[ObjectId],
) -> HashMap<usize, Item> {
    let made = inventory.made_namespaces();
    let settled = |item: &Item| {
        if item.action == Action::Create && made.contains(&item.desired.id) {
            return Some(Item { action: Action::Unchanged, ..item.clone() });
        }
        let gave_way = gave_way.contains(&item.desired.id);
        gave_way.then(|| Item { action: Action::Create, uid: None, ..item.clone() })
    };
    let items = prepared.draft.plan.items.iter().enumerate();
    items.filter_map(|(index, item)| Some((index, settled(item)?))).collect()
}
