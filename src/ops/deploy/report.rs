//! What is told of a deploy or a plan in the end, gathered as it goes, so that a failure has beside
//! it what was done until then.

use std::{
    collections::{HashMap, HashSet},
    mem,
    sync::Arc,
    time::Instant,
};

use super::prepare::Prepared;
use crate::{
    ops::{
        frozen::FrozenPlan,
        rollout::Rollout,
        view::{Counts, NOT_REACHED, ObjectView, Operation, OperationOutcome},
    },
    workload::{
        details::reached_by,
        error::{Error, Result},
        instance::Observed,
        kinds::pod_template::has_template,
        name::InstanceName,
        object::ObjectId,
        plan::{Item, Plan},
        readiness::{State, images_of, unawaited},
        record::Entry,
        release::{Action, Outcome, Release},
        runtime::RuntimeName,
    },
};

/// What is said of what a release does not want any more.
const LEFT: &str = "left the definition";
/// How a failure before the first write says so.
const NOTHING: &str = "nothing was written";

/// An answer in the making.
pub(super) struct DeployReport {
    operation: Operation,
    index: HashMap<ObjectId, usize>,
    /// What was done as it was planned.
    done: HashSet<ObjectId>,
    /// What became of the objects of a deletion that had to be finished first.
    deletion: Vec<ObjectView>,
    /// Whether that came to its end.
    is_deleted: bool,
}

impl DeployReport {
    /// Begins with the instance's name alone.
    pub(super) fn new(name: &InstanceName) -> Self {
        Self {
            operation: Operation::of(name),
            index: HashMap::new(),
            done: HashSet::new(),
            deletion: Vec::new(),
            is_deleted: false,
        }
    }

    /// Begins again: somebody else was faster. What was written stays written.
    pub(super) fn restart(&mut self, name: &InstanceName) {
        let (deletion, is_deleted) = (mem::take(&mut self.deletion), self.is_deleted);
        let anew = Self { deletion, is_deleted, ..Self::new(name) };
        let wrote = mem::replace(self, anew).operation.wrote;
        self.operation.wrote = wrote;
    }

    /// Takes in what became of the objects of a deletion that had to be finished first.
    pub(super) fn deletion(&mut self, objects: Vec<ObjectView>) {
        self.deletion.extend(objects);
    }

    /// Notes that this deletion is done.
    pub(super) fn begin_anew(&mut self, observed: &Observed) {
        self.is_deleted = true;
        self.observed(observed);
    }

    /// Notes that something was written to the cluster: it cannot be refused any more.
    pub(super) fn wrote(&mut self) {
        self.operation.wrote = true;
    }

    /// Notes that what was planned for an object is done.
    pub(super) fn done(&mut self, id: &ObjectId) {
        self.done.insert(id.clone());
    }

    /// Notes that an object is deleted. One that was planned to stay for the pods that read it may go
    /// all the same once they are gone.
    pub(super) fn removed(&mut self, id: &ObjectId, action: Action) {
        let stayed = self.view_of(id).filter(|view| view.action == Some(Action::Unchanged));
        if let Some(view) = stayed.filter(|_| action == Action::Prune) {
            view.action = Some(action);
            LEFT.clone_into(&mut view.message);
            self.operation.counts.unchanged -= 1;
            self.operation.counts.add(action);
        }
        self.done(id);
    }

    /// Says on which runtime it is.
    pub(super) fn at(&mut self, runtime: &RuntimeName) {
        self.operation.instance.runtime = Some(runtime.to_string());
    }

    /// Adds a warning, once.
    pub(super) fn warn(&mut self, warning: &str) {
        if self.operation.warnings.iter().all(|known| known != warning) {
            self.operation.warnings.push(warning.to_owned());
        }
    }

    /// Keeps the plan.
    pub(super) fn freeze(&mut self, frozen: FrozenPlan) {
        self.operation.frozen = Some(Arc::new(frozen));
    }

    /// Adds a last line.
    pub(super) fn remark(&mut self, remark: String) {
        self.operation.remarks.push(remark);
    }

    /// Says that an object stays that was to be pruned.
    pub(super) fn leave(&mut self, id: &ObjectId, why: &str) {
        self.remark(format!("{id} stays: {why}"));
        self.keep(id, format!("{LEFT}; {why}"));
    }

    /// Takes back that an object is pruned.
    fn keep(&mut self, id: &ObjectId, message: String) {
        let pruned = self.view_of(id).filter(|view| view.action == Some(Action::Prune));
        let Some(view) = pruned else { return };
        view.action = Some(Action::Unchanged);
        view.message = message;
        self.operation.counts.prune -= 1;
        self.operation.counts.add(Action::Unchanged);
    }

    fn view_of(&mut self, id: &ObjectId) -> Option<&mut ObjectView> {
        self.operation.objects.get_mut(*self.index.get(id)?)
    }

    /// Sets the outcome.
    pub(super) fn outcome(&mut self, outcome: OperationOutcome) {
        self.operation.instance.outcome = Some(outcome);
    }

    /// Gives the number of objects that the plan speaks of, those to be removed included.
    pub(super) fn objects(&self) -> usize {
        self.operation.objects.len()
    }

    /// Gives the number of objects that change.
    pub(super) fn changes(&self) -> usize {
        self.operation.counts.changes()
    }

    /// Takes in what was prepared: the instance and the plan.
    pub(super) fn plan(&mut self, prepared: &Prepared) {
        let Prepared { start, draft, record, .. } = prepared;
        if let Some(deployed) = &record.newest {
            self.release(&deployed.release);
        }
        let instance = &mut self.operation.instance;
        instance.definition = Some(draft.chosen.definition.to_string());
        // What a deploy would bring, not what the newest release runs.
        instance.revision = Some(draft.chosen.revision.number);
        instance.latest_revision = Some(draft.chosen.revision.number);
        instance.pinned = draft.chosen.pinned;
        instance.cluster_uid.clone_from(&start.target.cluster_uid);
        instance.namespace = Some(draft.desired.namespace.clone());
        instance.namespace_mode = Some(draft.desired.mode);
        instance.overrides = draft.desired.overrides.clone();
        instance.created_at = start.stored.as_ref().map(|stored| stored.created_at);
        self.take_plan(&draft.plan);
        self.operation.why = draft.desired.why.clone().map(Box::new);
        self.operation.alongside = prepared.collateral.objects().cloned().collect();
    }

    fn take_plan(&mut self, plan: &Plan) {
        self.operation.counts = Counts::default();
        self.operation.objects.clear();
        self.index.clear();
        for item in &plan.items {
            self.push(item_view(item));
        }
        for removal in &plan.removals {
            let (action, message) = match removal.why_it_stays() {
                Some(why) => (Action::Unchanged, format!("{LEFT}; {why}")),
                None => (Action::Prune, LEFT.to_owned()),
            };
            let view = ObjectView {
                uid: Some(removal.uid.clone()),
                action: Some(action),
                message,
                ..ObjectView::new(removal.entry.id.clone(), &removal.entry.version)
            };
            self.push(view);
        }
    }

    fn push(&mut self, view: ObjectView) {
        view.action.into_iter().for_each(|action| self.operation.counts.add(action));
        self.index.insert(view.id.clone(), self.operation.objects.len());
        self.operation.objects.push(view);
    }

    /// Says which release it is.
    pub(super) fn release(&mut self, release: &Release) {
        self.operation.instance.describe_release(release);
    }

    /// Takes in what became of each object.
    pub(super) fn nodes(&mut self, rollout: &Rollout<'_>) {
        for node in &rollout.nodes {
            let id = &node.item.desired.id;
            if node.applied {
                self.done(id);
            }
            let Some(view) = self.view_of(id) else { continue };
            if let Some(written) = &node.written {
                view.uid.clone_from(&written.entry.uid);
                view.yielded.clone_from(&written.entry.yielded);
            }
            if let Some(verdict) = &node.verdict {
                view.state = Some(verdict.state);
                view.reason.clone_from(&verdict.reason);
                view.message = match &node.diagnosis {
                    Some(_) => node.why_not_ready(),
                    None => verdict.message.clone(),
                };
            }
            if let Some(error) = &node.error {
                view.state = Some(State::Failed);
                error.code.word().clone_into(&mut view.reason);
                view.message = error.to_string();
            } else if node.is_excused() {
                view.message = unawaited();
            } else if node.skipped {
                "skipped".clone_into(&mut view.reason);
                "left out, since something that it needs failed".clone_into(&mut view.message);
            } else if !node.applied && node.verdict.is_none() {
                "pending".clone_into(&mut view.reason);
                NOT_REACHED.clone_into(&mut view.message);
            }
            view.evidence.clone_from(&node.evidence);
            view.restarts = node.restarts;
            if let Some(Some(object)) = rollout.observer.seen(id) {
                view.details = reached_by(&object).into();
            } else if node.is_ready() {
                view.details = reached_by(&node.item.desired.body.look()).into();
            }
        }
    }

    /// What was to be pruned and is still in the inventory waits for a release that gets ready.
    pub(super) fn keep_unpruned(&mut self, inventory: &[Entry]) {
        let is_there = |entry: &&Entry| !entry.wanted && entry.uid.is_some();
        for entry in inventory.iter().filter(is_there) {
            self.keep(&entry.id, "goes with the next release that becomes ready".to_owned());
        }
    }

    /// Takes in the status as it was seen at the end.
    pub(super) fn observed(&mut self, observed: &Observed) {
        let Observed { status, reason, at } = observed.clone();
        self.operation.instance.describe_status(status, reason, at);
    }

    /// Tells of a deletion in the answer: an object once, by the release that made it anew where one
    /// has begun.
    fn tell_deletion(&mut self) {
        let is_begun = self.operation.instance.outcome.is_some();
        for view in mem::take(&mut self.deletion) {
            let is_done = view.state.is_none() && view.reason.is_empty();
            let id = view.id.clone();
            match self.view_of(&id) {
                Some(planned) if is_begun || planned.action == Some(Action::Blocked) => continue,
                Some(planned) => *planned = view,
                None => self.push(view),
            }
            if is_done {
                self.done.insert(id);
            }
        }
    }

    /// Says of a failure before the first write that the deletion before it was done.
    fn after_deletion(&self, mut error: Error) -> Error {
        if self.is_deleted && self.operation.instance.outcome.is_none() {
            let told = error.message.replace(NOTHING, &format!("of the new release {NOTHING}"));
            error.message = format!("the deletion was finished; {told}");
        }
        error
    }

    /// Ends it.
    pub(super) fn finish(mut self, result: Result<()>, started: Instant) -> Operation {
        self.tell_deletion();
        let result = result.map_err(|error| self.after_deletion(error));
        let operation = &mut self.operation;
        if operation.instance.outcome != Some(OperationOutcome::Planned) {
            operation.counts = Counts::default();
            for view in &operation.objects {
                let action = view.action.filter(|action| match action {
                    Action::Unchanged | Action::Blocked => true,
                    _ => self.done.contains(&view.id),
                });
                action.into_iter().for_each(|action| operation.counts.add(action));
            }
        }
        if let Err(error) = result {
            match operation.instance.outcome {
                None | Some(OperationOutcome::Planned) => operation.fail(error),
                // Nothing was to be written, and the wait for it failed.
                Some(OperationOutcome::Unchanged) => {
                    operation.instance.outcome = Some(Outcome::of_failure(&error).into());
                    operation.error = Some(error);
                }
                // The release has an outcome, and is what the user asks about.
                Some(_) => operation.error = Some(error),
            }
        }
        self.operation.duration_seconds = started.elapsed().as_secs_f64();
        self.operation
    }
}

fn item_view(item: &Item) -> ObjectView {
    let desired = &item.desired;
    ObjectView {
        uid: item.entry.as_ref().and_then(|entry| entry.uid.clone()),
        // A hook that does not run is not as it should be: whether it is there says nothing.
        action: (!item.is_idle_hook()).then_some(item.action),
        message: item.reason.clone(),
        images: if has_template(&desired.id) {
            images_of(&desired.body.look())
        } else {
            Vec::new()
        },
        source: desired.origin.clone(),
        yielded: item.entry.as_ref().map(|entry| entry.yielded.clone()).unwrap_or_default(),
        changes: item.difference.clone(),
        ..ObjectView::new(desired.id.clone(), &desired.version)
    }
}
