//! Making a plan: a survey of the live state, the pure decision per object, and a dry run where
//! only the server can tell.

mod candidate;
mod completed;
mod dry_run;
mod leaving;
mod own_changes;
mod preflight;
mod recheck;
mod scaling;
mod sharing;
mod simulated;
mod terms;

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, OnceLock},
};

use futures::{StreamExt as _, stream};
use serde_json::Value;

use super::{
    options::Conflicts,
    survey::{Depth, Lists, Live, Survey},
    target::Target,
};
use crate::{
    cluster::{api::IN_FLIGHT, failure::Failure},
    workload::{
        error::Result,
        graph::Graph,
        hooks::{Hook, Occasion},
        name::{DefinitionName, InstanceName},
        object::ObjectId,
        ownership::{is_labelled, is_terminating, made_by, other_instances},
        plan::{Block, Decision, Desired, Item, Plan},
        record::{Entry, Quiet, Record},
        release::{Action, Outcome},
        sent_bodies::SentBodies,
        sharing::Others,
    },
};
use candidate::{Candidate, yielded_until_written};
use own_changes::OwnChanges;
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
    /// The record, with what its releases sent.
    pub sent: Option<&'a SentBodies<'a>>,
    /// Until when writes of a dead holder of the record may arrive.
    pub quiet: Option<Quiet>,
    /// What the release wants, in order.
    pub desired: Vec<Desired>,
    /// Which of it comes before what, by index.
    pub graph: &'a Graph,
    /// Which of Helm's hooks run.
    pub occasion: Occasion,
    /// Namespaces that are known not to exist yet.
    pub absent: HashSet<String>,
    pub options: PlanningOptions<'a>,
    /// The lists that were begun ahead.
    pub lists: Lists,
    /// That the server could not be asked, once it is known. Starts empty.
    pub compared_locally: OnceLock<String>,
    /// What the release changes of that by which the server judges, once the decisions are made.
    /// Starts empty.
    pub changes: OnceLock<OwnChanges>,
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
    /// Whether it is deleted before anything is written.
    pub prunes_before: bool,
    /// Whether the release is waited for before anything is deleted.
    pub waits: bool,
    /// Whether it is only a plan: it is worth showing without what may not be looked at or written.
    pub rehearse: bool,
    /// Whether what a write would change is to be shown.
    pub shows: bool,
}

/// Tells whether the state of what is waited for is looked at as well: where nothing may be left to do
/// but to wait. It costs no request more, only bytes.
fn looks_at_state(record: &Record, waits: bool) -> bool {
    waits && was_ready(record)
}

/// Tells whether the newest release became ready.
fn was_ready(record: &Record) -> bool {
    let newest = record.newest.as_ref();
    newest.is_some_and(|newest| newest.release.outcome == Outcome::Ready)
}

/// Begins the lists of what a record names, which are long on their way where it is large.
pub(crate) fn lists_ahead(
    target: &Target,
    instance: &InstanceName,
    record: &Record,
    waits: bool,
) -> Lists {
    let depth = if looks_at_state(record, waits) { Depth::Expected } else { Depth::Plan };
    Lists::ahead(&Survey { depth, ..Survey::of(target, instance, &record.inventory) })
}

impl<'a> Planning<'a> {
    fn record(&self) -> Option<&'a Record> {
        self.sent.map(SentBodies::record)
    }

    fn inventory(&self) -> &'a [Entry] {
        self.record().map(|record| record.inventory.as_slice()).unwrap_or_default()
    }
}

impl Planning<'_> {
    /// Makes the plan.
    ///
    /// # Errors
    /// A request that failed; what would be rejected is in the plan as blocked.
    pub(crate) async fn make(mut self) -> Result<(Plan, Live)> {
        let inventory = self.inventory();
        let lists = std::mem::take(&mut self.lists);
        let survey = self.survey();
        let (mut live, hidden) = if self.options.rehearse {
            // A plan is worth showing without what may not be looked at; a deploy needs to see what
            // it overwrites.
            survey.look_at_visible(lists).await?
        } else {
            (survey.look_on(lists).await?, HashMap::new())
        };
        self.mark_going(&mut live);
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
        self.changes.get_or_init(|| OwnChanges::of(&self, &candidates));
        // After the decisions: most objects are unchanged, and nobody's record has to be read for
        // them.
        let others = self.others(&candidates).await?;
        for candidate in &mut candidates {
            self.allow_adoption(candidate, &others);
        }
        let (others, scaling) = (&others, &scaling);
        let mut items: Vec<(usize, Result<Item>)> =
            stream::iter(candidates.into_iter().enumerate())
                .map(async |(place, candidate)| {
                    (place, self.item(candidate, others, scaling).await)
                })
                // A slow answer does not hold back the questions behind it.
                .buffer_unordered(IN_FLIGHT)
                .collect()
                .await;
        // In the order of the graph: items and its nodes are the same index.
        items.sort_unstable_by_key(|(place, _)| *place);
        let mut items: Vec<Item> =
            items.into_iter().map(|(_, item)| item).collect::<Result<_>>()?;
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

    /// What lies in a namespace that goes, goes with it, and what is half deleted is deleted to the end
    /// before anything is made (docs/cli.md, Delete).
    fn mark_going(&mut self, live: &mut Live) {
        let mut going: HashSet<String> = live
            .iter()
            .filter(|(id, body)| id.is("", "Namespace") && is_terminating(body))
            .map(|(id, _)| id.name.clone())
            .collect();
        let half_deleted = self.record().filter(|record| record.deleting);
        let rest: HashSet<&ObjectId> = half_deleted
            .into_iter()
            .flat_map(|record| record.inventory.iter().map(|entry| &entry.id))
            .collect();
        going.extend(rest.iter().filter(|id| id.is("", "Namespace")).map(|id| id.name.clone()));
        if going.is_empty() && rest.is_empty() {
            return;
        }
        let is_inside = |id: &ObjectId| id.namespace.as_ref().is_some_and(|it| going.contains(it));
        let now = self.target.api.connection().server_now().to_string();
        live.mark_going(|id| is_inside(id) || rest.contains(id), &now);
        // They are not there when the release begins.
        self.absent.extend(going);
    }

    /// Tells whether the state of what is waited for is looked at as well.
    pub(crate) fn looks_at_state(&self) -> bool {
        let PlanningOptions { waits, rehearse, .. } = self.options;
        self.record().is_some_and(|record| looks_at_state(record, waits && !rehearse))
    }

    /// Looks at all that is wanted or known.
    fn survey(&self) -> Survey<'_> {
        Survey {
            desired: &self.desired,
            absent: Some(&self.absent),
            depth: if self.looks_at_state() { Depth::Awaited } else { Depth::Plan },
            ..Survey::of(self.target, self.instance, self.inventory())
        }
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
                    reason: format!("it may not be looked at: {}", failure.message()),
                    entry: entries.get(&desired.id).copied().cloned(),
                    ..Item::new(desired.clone(), Action::Update)
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
                && found.is_some_and(|live| !is_labelled(&live, self.instance.as_str()))
            {
                desired.mark_shared();
            }
        }
    }

    async fn item(
        &self,
        candidate: Candidate<'_>,
        others: &Others,
        scaling: &Scaling<'_>,
    ) -> Result<Item> {
        let Candidate { desired, entry, decision, .. } = &candidate;
        let live = candidate.live();
        let mut item = self.unchanged(&candidate, others, scaling);
        if *decision == Decision::Unchanged {
            item.entry = candidate.entry_as_it_is(candidate.has_completed());
            item.reason = desired.hook.as_ref().map(Hook::told).unwrap_or_default();
            return Ok(item);
        }
        let mut to_come = candidate.entry_to_come(self.manager);
        item.content = candidate.content_known(&to_come);
        match decision {
            // Answered before.
            Decision::Unchanged => {}
            // A Job runs once for each body: its time to live must not make it run again
            // (docs/design.md, Jobs).
            Decision::Create { after: None } if self.has_completed(desired, *entry).await? => {
                item.entry = candidate.entry_as_it_is(true);
                item.reason = "the Job completed, and its time to live is over".to_owned();
                return Ok(item);
            }
            Decision::Ask { uid } => self.compare(&mut item, uid, &mut to_come).await?,
            Decision::Create { after } => {
                item.uid.clone_from(after);
                item.action = Action::Create;
                if after.is_none() && self.can_rehearse(desired) {
                    let asked = self.rehearse_create(desired).await?;
                    self.take_dry_run(&mut item, Action::Create, asked);
                }
            }
            Decision::Update { uid } => {
                to_come.uid = Some(uid.clone());
                let was_applied = entry.is_some_and(|entry| entry.body.is_some());
                self.update(&mut item, uid, was_applied).await?;
            }
            Decision::Adopt { uid } => {
                item.reason = live.as_deref().map(made_by).unwrap_or_default();
                self.ask_before_write(&mut item, Action::Adopt, uid).await?;
            }
            Decision::Recreate { uid, why } => {
                to_come.uid = Some(uid.clone());
                self.recreate(&mut item, uid, why).await;
            }
            Decision::Blocked { by, why } => {
                item.action = Action::Blocked;
                item.block = Some(*by);
                item.reason.clone_from(why);
            }
        }
        if item.block == Some(Block::Immutable) && self.options.replace.contains(&desired.id) {
            self.make_anew(&mut item, &candidate, others, scaling);
        }
        if let Some(live) = live.filter(|live| self.is_shared(desired, live)) {
            report_sharing(&mut item, &other_instances(&live, self.manager), others);
        }
        if let Some(hook) = desired.hook.as_ref().filter(|_| item.reason.is_empty()) {
            item.reason = hook.told();
        }
        candidate.note_content(&item, &mut to_come, self.manager);
        to_come.yielded = yielded_until_written(*entry, &item);
        item.entry = Some(to_come);
        Ok(item)
    }

    /// Tells whether other instances apply an object too.
    fn is_shared(&self, desired: &Desired, live: &Value) -> bool {
        desired.id.namespace.is_none() && !other_instances(live, self.manager).is_empty()
    }
}
