//! Making a plan: a survey of the live state, the pure decision per object, and a dry run where
//! only the server can tell.

mod dry_run;
mod leaving;
mod scaling;
mod sharing;

use std::{
    collections::{HashMap, HashSet},
    sync::OnceLock,
};

use futures::{StreamExt as _, stream};
use serde_json::{Value, json};

use super::{
    conflict::FIELD_CONFLICT,
    options::Conflicts,
    survey::{Depth, Live, survey, survey_visible},
    target::Target,
};
use crate::{
    cluster::{api::IN_FLIGHT, failure::Failure, request::encode_query},
    workload::{
        error::{ErrorKind, Result},
        name::{DefinitionName, InstanceName},
        object::{GroupKind, ObjectId},
        ownership::{Terms, Yielded, is_labelled, made_by, may_conflict, other_instances},
        plan::{Choices, Decision, Desired, Item, Plan, decide, job_completed},
        readiness::{Neighbourhood, judge_gone},
        record::{Entry, Record},
        release::Action,
        sharing::{Others, Sharing},
    },
};
use dry_run::{Asked, Purpose};
use scaling::Tenure;
use sharing::{kept_elsewhere, tell_of_sharing};

/// What a plan is made from.
pub(crate) struct Planning<'a> {
    /// The runtime.
    pub target: &'a Target,
    /// The instance.
    pub instance: &'a InstanceName,
    /// The field manager.
    pub manager: &'a str,
    /// The definition: its instances share what is cluster-scoped.
    pub definition: &'a DefinitionName,
    /// The record, where there is one.
    pub record: Option<&'a Record>,
    /// What the release wants, in order.
    pub desired: Vec<Desired>,
    /// Namespaces that are known not to exist yet.
    pub absent: &'a HashSet<String>,
    /// `--adopt`.
    pub adopt: bool,
    /// `--replace`.
    pub replace: &'a HashSet<ObjectId>,
    /// `--conflicts`.
    pub conflicts: Conflicts,
    /// Whether what left the definition is deleted (`--prune`).
    pub prunes: bool,
    /// Whether the server is asked about every write, so that its rejections are known.
    pub rehearse: bool,
    /// That the server could not be asked, once it is known. Starts empty.
    pub compared_locally: OnceLock<String>,
}

/// Gives what an inventory's entry says to be left until the write is done: what was left before,
/// so that an autoscaler that is gone is known to have been there, and what will be.
fn left_meanwhile(before: Option<&Entry>, item: &Item) -> Vec<Yielded> {
    let before = before.filter(|_| item.action != Action::Unchanged);
    let mut all = before.map(|entry| entry.yielded.clone()).unwrap_or_default();
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
        let (live, hidden) = if self.rehearse {
            survey_visible(self.target, self.instance, inventory, &self.desired, self.absent)
                .await?
        } else {
            let (desired, depth) = (&self.desired, Depth::Plan);
            let live =
                survey(self.target, self.instance, inventory, desired, self.absent, depth).await?;
            (live, HashMap::new())
        };
        self.leave_found_namespaces(&live);
        let entries: HashMap<&ObjectId, &Entry> =
            inventory.iter().map(|entry| (&entry.id, entry)).collect();
        let tenure = Tenure::find(&self, &entries, &live).await?;
        let decided: Vec<(&Desired, Option<&Entry>, Decision)> = self
            .desired
            .iter()
            .map(|desired| {
                let entry = entries.get(&desired.id).copied();
                let choices = Choices {
                    adopt: self.adopt,
                    replace: self.replace.contains(&desired.id),
                    reclaim: tenure.reclaims(desired, entry),
                };
                let seen = live.get(&desired.id);
                let decision = decide(desired, entry, seen, self.manager, choices);
                (desired, entry, self.force(desired, decision, seen))
            })
            .filter(|(desired, ..)| !hidden.contains_key(&desired.id))
            .collect();
        let others = self.others(&decided, &live).await?;
        let mut items: Vec<Item> = stream::iter(decided)
            .map(|(desired, entry, decision)| {
                let decision = self.inherit(decision, live.get(&desired.id), &others);
                (desired, entry, decision)
            })
            .map(|(desired, entry, decision)| {
                self.item(desired, entry, decision, live.get(&desired.id), &others, &tenure)
            })
            .buffered(IN_FLIGHT)
            .collect()
            .await;
        self.add_hidden(&mut items, &hidden, &entries);
        let (removals, left) = self.removals(&live);
        let mut warnings: Vec<String> = self.compared_locally.get().cloned().into_iter().collect();
        warnings.extend(items.iter().filter_map(|item| kept_elsewhere(item, &live)));
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
                    sharing: Sharing::default(),
                    terms: Terms::default(),
                    entry: entries.get(&desired.id).copied().cloned(),
                },
            );
        }
    }

    /// A Namespace of the definition that somebody else made is shared, and not ours to delete:
    /// it does not carry the label that says so.
    fn leave_found_namespaces(&mut self, live: &Live) {
        for desired in &mut self.desired {
            let found = live.get(&desired.id).filter(|_| desired.id.is("", "Namespace"));
            if desired.origin.is_some()
                && found.is_some_and(|live| !is_labelled(live, self.instance.as_str()))
            {
                desired.mark_shared();
            }
        }
    }

    async fn item(
        &self,
        desired: &Desired,
        entry: Option<&Entry>,
        decision: Decision,
        live: Option<&Value>,
        others: &Others,
        tenure: &Tenure<'_>,
    ) -> Item {
        let sharing = self.sharing(desired, entry, live, others);
        let terms = tenure.terms(desired, entry, &decision, live, others);
        let mut recorded = Entry {
            keep: desired.keep,
            completed: live.is_some_and(job_completed),
            ..Entry::new(desired.id.clone(), &desired.version)
        };
        if let Some(entry) = entry {
            recorded.uid.clone_from(&entry.uid);
            recorded.orphans.clone_from(&entry.orphans);
        }
        let is_shared = desired.id.namespace.is_none()
            && live.is_some_and(|live| !other_instances(live, self.manager).is_empty());
        let mut item = Item {
            desired: desired.clone(),
            action: Action::Unchanged,
            uid: None,
            reason: String::new(),
            sharing,
            entry: None,
            terms,
        };
        match decision {
            Decision::Unchanged => {
                item.entry = entry.cloned().map(|entry| Entry {
                    wanted: true,
                    keep: desired.keep,
                    completed: entry.completed || recorded.completed,
                    ..entry
                });
                return item;
            }
            Decision::Ask { uid } => {
                recorded.uid = Some(uid.clone());
                item.uid = Some(uid.clone());
                match self.ask(&mut item, &uid, Purpose::Compare).await {
                    Asked::Same(seen) => {
                        recorded.body = Some(desired.digest.clone());
                        recorded.seen = *seen;
                    }
                    Asked::Differs => item.action = Action::Update,
                    Asked::Immutable(why) if desired.id.is("batch", "Job") => {
                        item.action = Action::Recreate;
                        item.reason = format!("the Job changed: {why}");
                    }
                    asked => self.settle(&mut item, Action::Update, asked),
                }
            }
            Decision::Create { after: None } if self.has_completed(desired, entry).await => {
                item.entry = entry.cloned().map(|entry| Entry {
                    wanted: true,
                    keep: desired.keep,
                    completed: true,
                    ..entry
                });
                item.reason = "the Job completed, and its time to live is over".to_owned();
                return item;
            }
            Decision::Create { after } => {
                item.uid = after;
                item.action = Action::Create;
                if self.rehearse {
                    let asked = self.rehearse_create(desired).await;
                    self.settle(&mut item, Action::Create, asked);
                }
            }
            Decision::Update { uid } => {
                recorded.uid = Some(uid.clone());
                item.uid = Some(uid.clone());
                item.action = Action::Update;
                if self.rehearse || is_shared || self.may_meet_a_conflict(&item, live) {
                    let asked = match self.ask(&mut item, &uid, Purpose::Write).await {
                        // Something may have left the body.
                        Asked::Alike if entry.is_some_and(|entry| entry.body.is_some()) => {
                            Asked::Differs
                        }
                        asked => asked,
                    };
                    self.settle(&mut item, Action::Update, asked);
                }
            }
            Decision::Adopt { uid } => {
                item.uid = Some(uid.clone());
                item.action = Action::Adopt;
                item.reason = live.map(made_by).unwrap_or_default();
                let asked = match self.ask(&mut item, &uid, Purpose::Write).await {
                    Asked::Alike => Asked::Differs,
                    asked => asked,
                };
                self.settle(&mut item, Action::Adopt, asked);
            }
            Decision::Recreate { uid, why } => {
                recorded.uid = Some(uid.clone());
                item.uid = Some(uid);
                item.action = Action::Recreate;
                item.reason = why;
            }
            Decision::Blocked { why } => {
                item.action = Action::Blocked;
                item.reason = why;
            }
        }
        if is_shared {
            let managers = live.map(|live| other_instances(live, self.manager));
            tell_of_sharing(&mut item, &managers.unwrap_or_default(), others);
        }
        recorded.yielded = left_meanwhile(entry, &item);
        item.entry = Some(recorded);
        item
    }

    /// Tells whether an apply may be refused for somebody else's field: then the server is asked
    /// before the first write.
    fn may_meet_a_conflict(&self, item: &Item, live: Option<&Value>) -> bool {
        let persons = matches!(self.conflicts, Conflicts::Fail);
        let body = item.terms.body(&item.desired.body);
        matches!(self.conflicts, Conflicts::ByManager | Conflicts::Fail)
            && live.is_some_and(|live| may_conflict(&body, live, self.manager, persons))
    }

    /// Tells whether a Job that is gone was taken away by its time to live after it completed,
    /// which a deploy that did not wait has not seen: the events tell, where they may be read.
    async fn has_completed(&self, desired: &Desired, entry: Option<&Entry>) -> bool {
        let Some(uid) = entry
            .filter(|entry| {
                desired.id.is("batch", "Job") && entry.body.as_ref() == Some(&desired.digest)
            })
            .and_then(|entry| entry.uid.as_deref())
        else {
            return false;
        };
        let kind = GroupKind::new("", "Event");
        let namespace = desired.id.namespace.as_deref();
        let Some(path) = self.target.kinds.collection_path(&kind, "v1", namespace) else {
            return false;
        };
        let query = format!("&fieldSelector=involvedObject.uid%3D{}", encode_query(uid));
        let Ok(list) = self.target.api.list(&path, &query).await else { return false };
        let mut around = Neighbourhood::default();
        for mut event in list.items {
            event["kind"] = json!("Event");
            around.upsert(event);
        }
        judge_gone(&desired.body, Some(uid), &around).is_ready()
    }

    /// Takes a dry run's answer into an item whose action is known already.
    fn settle(&self, item: &mut Item, action: Action, asked: Asked) {
        item.action = action;
        match asked {
            Asked::Same(_) | Asked::Differs => {}
            Asked::Alike => item.action = Action::Unchanged,
            Asked::Immutable(why) if self.rehearse => {
                item.action = Action::Blocked;
                item.reason =
                    format!("{why}; `--replace {}` deletes and creates it again", item.desired.id);
            }
            // What belongs to others is refused before the first write.
            Asked::Rejected(error) if self.rehearse || error.kind == ErrorKind::Refused => {
                item.action = Action::Blocked;
                if error.code == FIELD_CONFLICT {
                    item.terms.refused.clone_from(&error.causes);
                }
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
