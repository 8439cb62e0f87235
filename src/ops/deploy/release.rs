//! A release from the intent to its outcome: apply, wait, prune, record.

use std::collections::BTreeSet;

use super::{
    Deploy,
    intent::Begun,
    inventory::Inventory,
    outcome::{conclude, reason_of},
    prepare::Prepared,
};
use crate::{
    cluster::{
        api::Api,
        fence::{Fence, Moment},
        record::Keeper,
    },
    ops::{
        events::Event,
        options::PruneWhen,
        rollout::{Rollout, RolloutScope},
        view::OperationOutcome,
        write::Writer,
    },
    workload::{
        error::{Code, ErrorKind, Result},
        instance::{Observed, Status},
        kinds::builtin_kind,
        object::ObjectId,
        plan::Item,
        record::Entry,
        release::{Action, Deed, Outcome},
    },
};

impl Deploy<'_> {
    /// Carries a begun release to its outcome.
    ///
    /// # Errors
    /// What kept it from being ready; the outcome is recorded all the same.
    pub(super) async fn release(&mut self, prepared: &Prepared, begun: Begun) -> Result<()> {
        let Begun { keeper, release, namespace, gave_way } = begun;
        self.report.release(&release);
        let (changes, objects) = (self.report.changes(), self.report.objects());
        self.session.report(self.name, Event::Planned { changes, objects });
        let mut inventory = Inventory::covering(&prepared.draft.plan);
        if let Some(written) = namespace {
            let object = written.entry.id.clone();
            self.session.report(self.name, Event::Done { object, action: written.action });
            inventory.take(written.entry);
        }
        // The holder is renewed beside the work, for as long as the work takes.
        let result = tokio::select! {
            result = self.carry_out(prepared, &keeper, &gave_way, &mut inventory) => result,
            lost = keeper.keep() => return Err(lost),
        };
        let outcome = match &result {
            Ok(()) if self.options.limits.no_wait => Outcome::Applied,
            Ok(()) => Outcome::Ready,
            Err(error) => Outcome::of_failure(error),
        };
        self.report.left_for_later(&inventory.entries());
        let recorded = self.record(prepared, &keeper, inventory, outcome).await;
        self.report.outcome(match &result {
            Err(error) if error.kind == ErrorKind::Refused => OperationOutcome::Refused,
            _ if matches!(&recorded, Err(error) if error.code == Code::Judged) => {
                OperationOutcome::Failed
            }
            Ok(()) | Err(_) => outcome.into(),
        });
        match recorded {
            // Whatever else went wrong: another goes on, and what we did not manage is not the
            // news.
            Err(lost) if lost.kind == ErrorKind::Locked => Err(lost),
            recorded => result.and(recorded).map_err(|error| {
                error.or_hint(|| {
                    format!("`workloadctl deploy {}` goes on once that is mended", self.name)
                })
            }),
        }
    }

    async fn carry_out(
        &mut self,
        prepared: &Prepared,
        keeper: &Keeper,
        gave_way: &[ObjectId],
        inventory: &mut Inventory,
    ) -> Result<()> {
        if self.options.prune == PruneWhen::Before {
            self.prune(prepared, keeper, inventory).await?;
        }
        let items = settled_items(prepared, inventory, gave_way);
        let writer =
            self.writer(prepared, prepared.start.target.api.fenced(keeper.fence()), Some(keeper));
        let scope = RolloutScope {
            session: self.session,
            target: &prepared.start.target,
            instance: self.name,
            writer: &writer,
            fence: keeper.fence(),
            graph: &prepared.draft.desired.graph,
            wait: !self.options.limits.no_wait,
            deadline: prepared.deadline,
        };
        let mut rollout = Rollout::of(scope, &items);
        let end = rollout.run().await;
        self.take_results(&rollout, inventory);
        self.report.nodes(&rollout);
        conclude(&rollout, &end)?;
        for remark in stale_readers(&rollout) {
            self.report.remark(remark);
        }
        if self.options.prune == PruneWhen::After {
            drop(rollout);
            self.prune(prepared, keeper, inventory).await?;
        }
        Ok(())
    }

    fn writer<'w>(
        &self,
        prepared: &'w Prepared,
        api: Api,
        keeper: Option<&'w Keeper>,
    ) -> Writer<'w> {
        Writer {
            target: &prepared.start.target,
            api,
            manager: &prepared.draft.manager,
            conflicts: self.options.conflicts,
            deadline: prepared.deadline,
            fresh: written_definitions(&prepared.draft.plan.items),
            keeper,
        }
    }

    fn take_results(&self, rollout: &Rollout<'_>, inventory: &mut Inventory) {
        for node in &rollout.nodes {
            let id = &node.item.desired.id;
            let completed = node.has_completed(rollout.observer.seen(id).flatten());
            if let Some(written) = &node.written {
                inventory.take(Entry { completed, ..written.entry.clone() });
            } else if completed && let Some(entry) = inventory.get_mut(id) {
                entry.completed = true;
            }
            if node.applied {
                inventory.deeds.push(Deed {
                    id: id.clone(),
                    action: node.item.action,
                    applied_at: node.applied_at.or_else(|| Some(self.session.now())),
                    ready_at: node.ready_at,
                });
            }
        }
    }

    /// Waits for an unchanged instance that nobody has seen ready.
    ///
    /// # Errors
    /// Code 3 where it does not become ready.
    pub(super) async fn wait_only(&mut self, prepared: &Prepared) -> Result<()> {
        let target = &prepared.start.target;
        // Nothing is written: the fence is only there to be passed by nobody.
        let fence = Fence::new(Moment::now(), target.api.request_timeout());
        let writer = self.writer(prepared, target.api.clone(), None);
        let scope = RolloutScope {
            session: self.session,
            target,
            instance: self.name,
            writer: &writer,
            fence: &fence,
            graph: &prepared.draft.desired.graph,
            wait: true,
            deadline: prepared.deadline,
        };
        let mut rollout = Rollout::of(scope, &prepared.draft.plan.items);
        let end = rollout.run().await;
        self.report.nodes(&rollout);
        conclude(&rollout, &end)?;
        let observed = Observed {
            status: Status::Healthy,
            reason: reason_of(Outcome::Ready).to_owned(),
            at: self.session.now(),
        };
        self.report.observed(&observed);
        self.session.store().set_observed(self.name, &observed)
    }
}

/// Gives group and kind of the definitions that a plan writes.
fn written_definitions(items: &[Item]) -> BTreeSet<(String, String)> {
    let written = items.iter().filter(|item| item.action != Action::Unchanged);
    let bodies = written
        .filter(|item| item.desired.id.is("apiextensions.k8s.io", "CustomResourceDefinition"))
        .map(|item| &item.desired.body["spec"]);
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    bodies.map(|spec| (text(&spec["group"]), text(&spec["names"]["kind"]))).collect()
}

/// Names workloads that were left alone although something that their pods read has changed.
fn stale_readers(rollout: &Rollout<'_>) -> Vec<String> {
    let is_read = |id: &ObjectId| id.is("", "ConfigMap") || id.is("", "Secret");
    let mut remarks = Vec::new();
    for (index, node) in rollout.nodes.iter().enumerate() {
        let reader = &node.item.desired.id;
        if node.item.action != Action::Unchanged || builtin_kind(reader).pod_template.is_none() {
            continue;
        }
        let reasons = rollout.scope.graph.why(index).into_iter();
        let before = reasons.map(|why| &rollout.nodes[why.from].item);
        for item in before.filter(|item| item.action == Action::Update) {
            let read = &item.desired.id;
            if is_read(read) {
                let name = rollout.scope.instance;
                remarks.push(format!(
                    "{reader} still runs with the old {read}: deploy {name} --restart"
                ));
            }
        }
    }
    remarks
}

/// The namespace that holds the record was made before: it is not written again. What gave way to
/// the record is made anew.
fn settled_items(prepared: &Prepared, inventory: &Inventory, gave_way: &[ObjectId]) -> Vec<Item> {
    let made = inventory.made_namespaces();
    let mut items = prepared.draft.plan.items.clone();
    for item in &mut items {
        if item.action == Action::Create && made.contains(&item.desired.id) {
            item.action = Action::Unchanged;
        } else if gave_way.contains(&item.desired.id) {
            (item.action, item.uid) = (Action::Create, None);
        }
    }
    items
}
