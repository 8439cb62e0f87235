//! The answer of a deploy or a plan, gathered as it goes, so that a failure has beside it what
//! was done until then.

use std::{collections::HashMap, time::Instant};

use serde_json::Value;

use super::prepare::Prepared;
use crate::{
    ops::{
        namespace_users::NOT_MADE,
        rollout::Rollout,
        view::{Counts, InstanceView, ObjectView, Operation},
    },
    workload::{
        error::{Code, Error, ErrorKind, Result},
        instance::Observed,
        object::ObjectId,
        plan::{Item, Plan},
        readiness::{images_of, restarts_of},
        record::Entry,
        release::{Action, Release},
        runtime::RuntimeName,
    },
};

/// An answer in the making.
pub(super) struct Answer {
    operation: Operation,
    index: HashMap<ObjectId, usize>,
}

impl Answer {
    /// Begins with the instance's name alone.
    #[must_use]
    pub(super) fn new(name: &str) -> Self {
        let instance = InstanceView { name: name.to_owned(), ..InstanceView::default() };
        Self { operation: Operation { instance, ..Operation::default() }, index: HashMap::new() }
    }

    /// Says on which runtime it is.
    pub(super) fn at(&mut self, runtime: &RuntimeName) {
        self.operation.instance.runtime = Some(runtime.to_string());
    }

    /// Adds warnings.
    pub(super) fn warn(&mut self, warnings: &[String]) {
        for warning in warnings {
            if !self.operation.warnings.contains(warning) {
                self.operation.warnings.push(warning.clone());
            }
        }
    }

    /// Adds a last line.
    pub(super) fn remark(&mut self, remark: String) {
        self.operation.remarks.push(remark);
    }

    /// Says that an object stays that was to be pruned.
    pub(super) fn leave(&mut self, id: &ObjectId, why: &str) {
        self.remark(format!("{id} stays: {why}"));
        let Some(view) = self.index.get(id).map(|index| &mut self.operation.objects[*index]) else {
            return;
        };
        if view.action.replace(Action::Unchanged) == Some(Action::Prune) {
            self.operation.counts.prune -= 1;
            self.operation.counts.add(Action::Unchanged);
            view.message = format!("left the definition; {why}");
        }
    }

    /// Sets the outcome.
    pub(super) fn outcome(&mut self, word: &str) {
        self.operation.instance.outcome = Some(word.to_owned());
    }

    /// Gives the number of objects that the plan speaks of, those to be removed included.
    pub(super) fn objects(&self) -> usize {
        self.operation.objects.len()
    }

    /// Gives the number of objects that change.
    #[must_use]
    pub(super) fn changes(&self) -> usize {
        self.operation.counts.changes()
    }

    /// Takes in what was prepared: the instance and the plan.
    pub(super) fn plan(&mut self, prepared: &Prepared) {
        let instance = &mut self.operation.instance;
        let newest = prepared.newest().map(|deployed| &deployed.release);
        instance.definition = Some(prepared.source.definition.to_string());
        instance.revision = Some(prepared.source.revision.number);
        instance.latest_revision = Some(prepared.source.revision.number);
        instance.cluster_uid.clone_from(&prepared.target.cluster_uid);
        instance.namespace = Some(prepared.wish.namespace.clone());
        instance.namespace_mode = Some(prepared.wish.mode);
        instance.overrides = prepared.wish.overrides.clone();
        instance.created_at = prepared.stored.as_ref().map(|stored| stored.created_at);
        if let Some(release) = newest {
            self.release(release);
        }
        // What a deploy would bring, not what the newest release runs.
        self.operation.instance.revision = Some(prepared.source.revision.number);
        self.take_plan(&prepared.plan);
    }

    fn take_plan(&mut self, plan: &Plan) {
        self.operation.counts = Counts::default();
        self.operation.objects.clear();
        self.index.clear();
        for item in &plan.items {
            self.push(view_of(item), item.action);
        }
        for removal in &plan.removals {
            let stays = removal.keep || removal.theirs;
            let action = if stays { Action::Unchanged } else { Action::Prune };
            let view = ObjectView {
                id: removal.entry.id.clone(),
                version: removal.entry.version.clone(),
                uid: Some(removal.uid.clone()),
                action: Some(action),
                state: None,
                reason: String::new(),
                message: match (removal.keep, removal.theirs) {
                    (true, _) => "left the definition; it asks to be kept".to_owned(),
                    (false, true) => format!("left the definition; {NOT_MADE}"),
                    (false, false) => "left the definition".to_owned(),
                },
                images: Vec::new(),
                restarts: None,
                source: None,
                yielded: Vec::new(),
            };
            self.push(view, action);
        }
    }

    fn push(&mut self, view: ObjectView, action: Action) {
        self.operation.counts.add(action);
        self.index.insert(view.id.clone(), self.operation.objects.len());
        self.operation.objects.push(view);
    }

    /// Says which release it is.
    pub(super) fn release(&mut self, release: &Release) {
        let instance = &mut self.operation.instance;
        instance.release = Some(release.number);
        instance.revision = Some(release.revision);
        instance.deployed_at = Some(release.started_at);
        instance.deployed_by = Some(release.deployer.to_string());
    }

    /// Takes in what became of each object.
    pub(super) fn nodes(&mut self, rollout: &Rollout<'_>) {
        for node in &rollout.nodes {
            let id = &node.item.desired.id;
            let Some(view) =
                self.index.get(id).and_then(|index| self.operation.objects.get_mut(*index))
            else {
                continue;
            };
            if let Some(written) = &node.written {
                view.uid.clone_from(&written.entry.uid);
                view.yielded.clone_from(&written.entry.yielded);
            }
            if let Some(verdict) = &node.verdict {
                view.state = Some(verdict.state);
                view.reason.clone_from(&verdict.reason);
                view.message = match &node.diagnosis {
                    Some(_) => node.why_not_ready().to_owned(),
                    None => verdict.message.clone(),
                };
            }
            if let Some(error) = &node.error {
                view.state = Some(crate::workload::readiness::State::Failed);
                error.code.word().clone_into(&mut view.reason);
                view.message = error.to_string();
            } else if node.skipped {
                "skipped".clone_into(&mut view.reason);
                "left out, since something that it needs failed".clone_into(&mut view.message);
            }
            if let Some(Some(object)) = rollout.observer.seen(id) {
                view.restarts = restarts(object, rollout);
            }
        }
    }

    /// What was to be pruned and is still in the inventory waits for a release that gets ready.
    pub(super) fn left_for_later(&mut self, inventory: &[Entry]) {
        for entry in inventory.iter().filter(|entry| !entry.wanted) {
            let Some(view) =
                self.index.get(&entry.id).and_then(|index| self.operation.objects.get_mut(*index))
            else {
                continue;
            };
            if view.action == Some(Action::Prune) {
                view.action = Some(Action::Unchanged);
                "goes with the next release that becomes ready".clone_into(&mut view.message);
                self.operation.counts.prune -= 1;
                self.operation.counts.unchanged += 1;
            }
        }
    }

    /// Takes in the status as it was seen at the end.
    pub(super) fn observed(&mut self, observed: &Observed) {
        let instance = &mut self.operation.instance;
        instance.status = Some(observed.status);
        instance.reason = Some(observed.reason.clone());
        instance.status_at = Some(observed.at);
    }

    /// Ends it.
    #[must_use]
    pub(super) fn finish(mut self, result: Result<()>, started: Instant) -> Operation {
        if let Err(error) = result {
            let instance = &mut self.operation.instance;
            if instance
                .outcome
                .as_deref()
                .is_none_or(|outcome| outcome == "unchanged" || outcome == "planned")
            {
                instance.outcome = Some(word_of(&error).to_owned());
            }
            self.operation.error = Some(error);
        }
        self.operation.duration_seconds = started.elapsed().as_secs_f64();
        self.operation
    }
}

fn restarts(object: &Value, rollout: &Rollout<'_>) -> Option<u64> {
    restarts_of(object, &rollout.observer.around)
}

fn view_of(item: &Item) -> ObjectView {
    let desired = &item.desired;
    ObjectView {
        id: desired.id.clone(),
        version: desired.version.clone(),
        uid: item.entry.as_ref().and_then(|entry| entry.uid.clone()),
        action: Some(item.action),
        state: None,
        reason: String::new(),
        message: item.reason.clone(),
        images: images_of(&desired.body),
        restarts: None,
        source: desired.origin.clone(),
        yielded: item.entry.as_ref().map(|entry| entry.yielded.clone()).unwrap_or_default(),
    }
}

/// Gives the outcome's word for a failure.
#[must_use]
pub(crate) fn word_of(error: &Error) -> &'static str {
    match error.kind {
        ErrorKind::Interrupted | ErrorKind::Terminated => "interrupted",
        ErrorKind::Refused | ErrorKind::Locked | ErrorKind::Usage => "refused",
        ErrorKind::NotReady if error.code == Code::Timeout => "timedOut",
        ErrorKind::NotReady => "notReady",
        ErrorKind::Failed if error.code == Code::Timeout => "timedOut",
        ErrorKind::Failed | ErrorKind::Runtime | ErrorKind::Changes => "failed",
    }
}
