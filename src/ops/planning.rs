//! Making a plan: a survey of the live state, the pure decision per object, and a dry run where
//! only the server can tell.

mod completed;
mod dry_run;
mod leaving;
mod scaling;
mod sharing;
mod terms;

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, OnceLock},
};

use futures::{StreamExt as _, stream};
use jiff::Timestamp;
use serde_json::Value;

use super::{
    options::Conflicts,
    survey::{Live, Survey},
    target::Target,
};
use crate::{
    cluster::{api::IN_FLIGHT, failure::Failure},
    workload::{
        error::{Code, ErrorKind, Result},
        hooks::{Hook, Occasion},
        kinds::defined_kind,
        name::{DefinitionName, InstanceName},
        object::{GroupKind, ObjectId},
        ownership::{
            Terms, Yielded, is_held_still, is_labelled, made_by, may_conflict, other_instances,
        },
        plan::{Block, Choices, Decision, Desired, Item, Plan, decide, decide_hook},
        readiness::is_complete,
        record::{Entry, Record},
        release::Action,
        sharing::{Others, Sharing},
    },
};
use dry_run::{Asked, AskedFor};
use scaling::Scaling;
use sharing::{managed_elsewhere, report_sharing};

/// What a plan is made from.
pub(crate) struct Planning<'a> {
    pub target: &'a Target,
    pub instance: &'a InstanceName,
    /// The field manager.
    pub manager: &'a str,
    /// The definition: its instances share what is cluster-scoped.
    pub definition: &'a DefinitionName,
    pub record: Option<&'a Record>,
    /// Until when writes of a dead holder of the record may arrive.
    pub quiet: Option<Timestamp>,
    /// What the release wants, in order.
    pub desired: Vec<Desired>,
    /// Which of Helm's hooks run.
    pub occasion: Occasion,
    /// Namespaces that are known not to exist yet.
    pub absent: &'a HashSet<String>,
    pub options: PlanningOptions<'a>,
    /// That the server could not be asked, once it is known. Starts empty.
    pub compared_locally: OnceLock<String>,
    /// The kinds whose definitions this release writes, once the decisions are made. Starts empty.
    pub fresh: OnceLock<HashSet<GroupKind>>,
    /// Which Jobs may run a second time. Starts empty.
    pub unseen_jobs: Mutex<Vec<String>>,
}

/// What the user allows, and how much the server is asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PlanningOptions<'a> {
    pub adopt: bool,
    pub replace: &'a HashSet<ObjectId>,
    pub conflicts: Conflicts,
    /// Whether what left the definition is deleted.
    pub prunes: bool,
    /// Whether the server is asked about every write, so that its rejections are known.
    pub rehearse: bool,
}

/// What is said of a custom resource that the server takes only once its definition has changed.
const AFTER_DEFINITION: &str = "after its CustomResourceDefinition, which changes with it";

/// One object that is planned for: what is wanted, known and live of it, and what follows.
struct Candidate<'a> {
    desired: &'a Desired,
    entry: Option<&'a Entry>,
    live: Option<&'a Value>,
    /// Until when a write of a dead release may still arrive.
    unsettled: Option<Timestamp>,
    decision: Decision,
}

impl Candidate<'_> {
    /// Gives the inventory's entry for what is going to be written.
    fn entry_to_come(&self) -> Entry {
        let Self { desired, entry, live, unsettled, decision: _ } = self;
        let mut to_come = Entry {
            keep: desired.keep,
            unsettled: *unsettled,
            hook: desired.hook.is_some(),
            completed: live.is_some_and(is_complete),
            ..Entry::new(desired.id.clone(), &desired.version)
        };
        if let Some(entry) = entry {
            to_come.uid.clone_from(&entry.uid);
            to_come.orphans.clone_from(&entry.orphans);
        }
        to_come
    }

    /// Gives the inventory's entry where nothing is going to be written.
    fn entry_as_it_is(&self, completed: bool) -> Option<Entry> {
        let stays = |left: &Yielded| {
            !left.dropped || self.live.is_none_or(|live| is_held_still(live, left))
        };
        self.entry.map(|entry| Entry {
            wanted: true,
            keep: self.desired.keep,
            hook: self.desired.hook.is_some(),
            completed: completed || entry.completed,
            yielded: entry.yielded.iter().filter(|left| stays(left)).cloned().collect(),
            ..entry.clone()
        })
    }
}

/// Gives what an inventory's entry says to be left until the write is done: what was left before,
/// so that an autoscaler that is gone is known to have been there, and what will be.
fn yielded_until_written(before: Option<&Entry>, item: &Item) -> Vec<Yielded> {
    let before = before.filter(|_| item.action != Action::Unchanged);
    let mut all = before.map(|entry| entry.yielded.clone()).unwrap_or_default();
    // Whether what was dropped before still stays was seen just now.
    all.retain(|left| !left.dropped);
    let is_new = |left: &&Yielded| all.iter().all(|known| known.field != left.field);
    let new: Vec<Yielded> = item.terms.yielded.iter().filter(is_new).cloned().collect();
    all.extend(new);
    all
}

impl Planning<'_> {
    /// Makes the plan.
    ///
    /// # Errors
    /// A request that failed; what would be rejected is in the plan as blocked (with
    /// `rehearse`) or left for the apply to find out.
    pub(crate) async fn make(mut self) -> Result<(Plan, Live)> {
        let inventory = self.record.map(|record| &*record.inventory).unwrap_or_default();
        let survey = Survey {
            desired: &self.desired,
            absent: Some(self.absent),
            ..Survey::of(self.target, self.instance, inventory)
        };
        let (live, hidden) = if self.options.rehearse {
            // A plan is worth showing without what may not be looked at; a deploy needs to see what
            // it overwrites.
            survey.look_at_visible().await?
        } else {
            (survey.look().await?, HashMap::new())
        };
        self.mark_found_namespaces_shared(&live);
        let entries: HashMap<&ObjectId, &Entry> =
            inventory.iter().map(|entry| (&entry.id, entry)).collect();
        let scaling = Scaling::find(&self, &entries, &live).await?;
        let mut candidates: Vec<Candidate<'_>> = self
            .desired
            .iter()
            .filter(|desired| !hidden.contains_key(&desired.id))
            .map(|desired| self.candidate(desired, &entries, &live, &scaling))
            .collect();
        let written = candidates.iter().filter(|it| it.decision != Decision::Unchanged);
        self.fresh.get_or_init(|| {
            written.filter_map(|candidate| defined_kind(&candidate.desired.body)).collect()
        });
        // After the decisions: most objects are unchanged, and nobody's record has to be read for
        // them.
        let others = self.others(&candidates).await?;
        for candidate in &mut candidates {
            self.allow_adoption(candidate, &others);
        }
        let mut items: Vec<Item> = stream::iter(candidates)
            .map(|candidate| self.item(candidate, &others, &scaling))
            // In the order of the graph: items and its nodes are the same index.
            .buffered(IN_FLIGHT)
            .collect::<Vec<Result<_>>>()
            .await
            .into_iter()
            .collect::<Result<_>>()?;
        self.add_hidden(&mut items, &hidden, &entries);
        let (mut removals, left) = self.removals(&live);
        self.settle(&mut removals, &left, &live).await?;
        let mut warnings: Vec<String> = self.compared_locally.get().cloned().into_iter().collect();
        let mut unseen = std::mem::take(&mut *self.unseen_jobs.lock().expect("no holder panics"));
        unseen.sort();
        warnings.extend(unseen);
        warnings.extend(items.iter().filter_map(|item| managed_elsewhere(item, &live)));
        Ok((Plan { items, removals, left, warnings }, live))
    }

    /// Puts objects into a rehearsal that may not be looked at, each in its place: whether they
    /// change is not known.
    fn add_hidden(
        &self,
        items: &mut Vec<Item>,
        hidden: &HashMap<ObjectId, Failure>,
        entries: &HashMap<&ObjectId, &Entry>,
    ) {
        for (index, desired) in self.desired.iter().enumerate() {
            let Some(failure) = hidden.get(&desired.id) else { continue };
            items.insert(
                index,
                Item {
                    desired: desired.clone(),
                    action: Action::Update,
                    uid: None,
                    reason: format!("it may not be looked at: {}", failure.message()),
                    block: None,
                    sharing: Sharing::default(),
                    terms: Terms::default(),
                    entry: entries.get(&desired.id).copied().cloned(),
                },
            );
        }
    }

    /// A Namespace of the definition that somebody else made is shared, and not ours to delete:
    /// it does not carry the label that says so.
    fn mark_found_namespaces_shared(&mut self, live: &Live) {
        for desired in &mut self.desired {
            let found = live.get(&desired.id).filter(|_| desired.id.is("", "Namespace"));
            // One that we bring ourselves, in mode managed, has no place in the sources; of that
            // name it is refused before.
            if desired.origin.is_some()
                && found.is_some_and(|live| !is_labelled(live, self.instance.as_str()))
            {
                desired.mark_shared();
            }
        }
    }

    fn candidate<'c>(
        &'c self,
        desired: &'c Desired,
        entries: &HashMap<&ObjectId, &'c Entry>,
        live: &'c Live,
        scaling: &Scaling<'_>,
    ) -> Candidate<'c> {
        let (entry, live) = (entries.get(&desired.id).copied(), live.get(&desired.id));
        let choices = Choices {
            adopt: self.options.adopt,
            replace: self.options.replace.contains(&desired.id),
            reclaim: scaling.reclaims(desired, entry),
        };
        let decision = match &desired.hook {
            Some(hook) if hook.phase(self.occasion).is_none() => Decision::Unchanged,
            Some(hook) => decide_hook(hook, desired, entry, live, self.manager, choices),
            None => decide(desired, entry, live, self.manager, choices),
        };
        let decision = self.ask_if_forced(desired, decision, live);
        Candidate { desired, entry, live, unsettled: self.unsettled(entry, live), decision }
    }

    fn unchanged(&self, candidate: &Candidate<'_>, others: &Others, scaling: &Scaling<'_>) -> Item {
        let Candidate { desired, entry, live, .. } = *candidate;
        Item {
            desired: desired.clone(),
            action: Action::Unchanged,
            uid: None,
            reason: String::new(),
            block: None,
            sharing: self.sharing(desired, entry, live, others),
            entry: None,
            terms: scaling.terms(candidate, others),
        }
    }

    async fn item(
        &self,
        candidate: Candidate<'_>,
        others: &Others,
        scaling: &Scaling<'_>,
    ) -> Result<Item> {
        let Candidate { desired, entry, live, decision, .. } = &candidate;
        let mut item = self.unchanged(&candidate, others, scaling);
        let mut to_come = candidate.entry_to_come();
        match decision {
            Decision::Unchanged => {
                item.entry = candidate.entry_as_it_is(to_come.completed);
                item.reason = desired.hook.as_ref().map(Hook::told).unwrap_or_default();
                return Ok(item);
            }
            // A Job runs once for each body: its time to live must not make it run again
            // (docs/design.md, Jobs).
            Decision::Create { after: None } if self.has_completed(desired, *entry).await? => {
                item.entry = candidate.entry_as_it_is(true);
                item.reason = "the Job completed, and its time to live is over".to_owned();
                return Ok(item);
            }
            Decision::Ask { uid } => self.compare(&mut item, uid, &mut to_come).await,
            Decision::Create { after } => {
                item.uid.clone_from(after);
                item.action = Action::Create;
                if self.options.rehearse {
                    let asked = self.rehearse_create(desired).await;
                    self.take_dry_run(&mut item, Action::Create, asked);
                }
            }
            Decision::Update { uid } => {
                to_come.uid = Some(uid.clone());
                let was_applied = entry.is_some_and(|entry| entry.body.is_some());
                self.update(&mut item, uid, *live, was_applied).await;
            }
            Decision::Adopt { uid } => {
                item.reason = live.map(made_by).unwrap_or_default();
                self.ask_before_write(&mut item, Action::Adopt, uid).await;
            }
            // Of what is deleted and made anew the server cannot be asked (docs/design.md,
            // Preflight).
            Decision::Recreate { uid, why } => {
                to_come.uid = Some(uid.clone());
                item.uid = Some(uid.clone());
                item.action = Action::Recreate;
                item.reason.clone_from(why);
            }
            Decision::Blocked { by, why } => {
                item.action = Action::Blocked;
                item.block = Some(*by);
                item.reason.clone_from(why);
            }
        }
        if let Some(live) = live.filter(|live| self.is_shared(desired, live)) {
            report_sharing(&mut item, &other_instances(live, self.manager), others);
        }
        if let Some(hook) = desired.hook.as_ref().filter(|_| item.reason.is_empty()) {
            item.reason = hook.told();
        }
        to_come.yielded = yielded_until_written(*entry, &item);
        item.entry = Some(to_come);
        Ok(item)
    }

    /// Tells whether other instances apply an object too.
    fn is_shared(&self, desired: &Desired, live: &Value) -> bool {
        desired.id.namespace.is_none() && !other_instances(live, self.manager).is_empty()
    }

    /// Asks whether an apply would change anything; where it would not, the answer is recorded.
    async fn compare(&self, item: &mut Item, uid: &str, to_come: &mut Entry) {
        to_come.uid = Some(uid.to_owned());
        item.uid = Some(uid.to_owned());
        match self.ask(item, uid, AskedFor::Comparison).await {
            // The answer that proved equality is recorded, never a later state: that would hide
            // what somebody changes now (docs/design.md, Plan).
            Asked::Same(seen) => {
                to_come.body = Some(item.desired.digest.clone());
                to_come.seen = *seen;
            }
            Asked::Differs => item.action = Action::Update,
            // A Job's template cannot be changed, and a changed Job is meant to run again: no
            // `--replace` is needed (docs/design.md, Jobs).
            Asked::Immutable(why) if item.desired.id.is("batch", "Job") => {
                item.action = Action::Recreate;
                item.reason = format!("the Job changed: {why}");
            }
            asked @ (Asked::Alike
            | Asked::AfterDefinition
            | Asked::Immutable(_)
            | Asked::Rejected(_)) => self.take_dry_run(item, Action::Update, asked),
        }
    }

    /// Plans an update; `was_applied`: it is known what was applied before, and something may have
    /// left the body since.
    async fn update(&self, item: &mut Item, uid: &str, live: Option<&Value>, was_applied: bool) {
        let may_fail = self.options.rehearse
            || live.is_some_and(|live| self.is_shared(&item.desired, live))
            || self.may_meet_a_conflict(item, live);
        // Nobody else holds a field: an update costs one request, and the apply tells what is wrong
        // with it.
        if !may_fail {
            item.uid = Some(uid.to_owned());
            item.action = Action::Update;
        } else if was_applied {
            self.ask_before_write(item, Action::Update, uid).await;
        } else {
            item.uid = Some(uid.to_owned());
            let asked = self.ask(item, uid, AskedFor::Write).await;
            self.take_dry_run(item, Action::Update, asked);
        }
    }

    /// Asks whether a write would be refused. It is written even where all that is wanted is there:
    /// whose it is changes, or something leaves.
    async fn ask_before_write(&self, item: &mut Item, action: Action, uid: &str) {
        item.uid = Some(uid.to_owned());
        let asked = self.ask(item, uid, AskedFor::Write).await;
        let asked = if matches!(asked, Asked::Alike) { Asked::Differs } else { asked };
        self.take_dry_run(item, action, asked);
    }

    /// Tells whether an apply may be refused for somebody else's field: then the server is asked
    /// before the first write.
    fn may_meet_a_conflict(&self, item: &Item, live: Option<&Value>) -> bool {
        // With `--conflicts fail` also what is taken from persons otherwise.
        let persons = matches!(self.options.conflicts, Conflicts::Fail);
        let body = item.terms.body(&item.desired.body);
        matches!(self.options.conflicts, Conflicts::ByManager | Conflicts::Fail)
            && live.is_some_and(|live| may_conflict(&body, live, self.manager, persons))
    }

    /// Takes a dry run's answer into an item whose action is known already.
    fn take_dry_run(&self, item: &mut Item, action: Action, asked: Asked) {
        item.action = action;
        match asked {
            Asked::Same(_) | Asked::Differs => {}
            Asked::Alike => item.action = Action::Unchanged,
            Asked::AfterDefinition => AFTER_DEFINITION.clone_into(&mut item.reason),
            Asked::Immutable(why) if self.options.rehearse => {
                item.action = Action::Blocked;
                item.block = Some(Block::Immutable);
                item.reason =
                    format!("{why}; `--replace {}` deletes and creates it again", item.desired.id);
            }
            // What belongs to others is refused before the first write.
            Asked::Rejected(error) if self.options.rehearse || error.kind == ErrorKind::Refused => {
                item.action = Action::Blocked;
                // The hint about `--conflicts` helps with these only.
                let is_held = error.code == Code::FieldConflict;
                item.block = Some(if is_held { Block::Fields } else { Block::Rejected });
                item.reason = if error.causes.is_empty() {
                    error.message.clone()
                } else {
                    error.causes.join("; ")
                };
            }
            // The apply will meet the same answer, and tells it where it belongs.
            Asked::Immutable(_) | Asked::Rejected(_) => {}
        }
    }
}
