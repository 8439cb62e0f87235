//! Making a plan: a survey of the live state, the pure decision per object, and a dry run where
//! only the server can tell.

use std::collections::{HashMap, HashSet};

use futures::{StreamExt as _, stream};
use serde_json::{Value, json};

use super::{
    conflict::{Resolution, resolve, take_out},
    options::Conflicts,
    survey::{Depth, Live, survey},
    target::Target,
};
use crate::{
    cluster::{
        api::IN_FLIGHT,
        call::{Apply, Call, encode_query},
        failure::Failure,
    },
    workload::{
        error::{Error, Result},
        name::InstanceName,
        object::{GroupKind, ObjectId},
        ownership::{Seen, is_labelled, is_ours, uid},
        plan::{Choices, Decision, Desired, Item, Plan, Removal, decide, is_kept, job_completed},
        readiness::{Neighbourhood, judge_gone},
        record::{Entry, Record},
        release::Action,
    },
};

/// What a plan is made from.
pub struct Planning<'a> {
    /// The runtime.
    pub target: &'a Target,
    /// The instance.
    pub instance: &'a InstanceName,
    /// The field manager.
    pub manager: &'a str,
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
    /// Whether the server is asked about every write, so that its rejections are known.
    pub rehearse: bool,
}

/// What the server said to a dry run.
enum Asked {
    /// An apply would change nothing; the answer proves it.
    Same(Box<Option<Seen>>),
    /// It would change something.
    Differs,
    /// It would change what cannot be changed.
    Immutable(String),
    /// It would be rejected or refused.
    Rejected(Box<Error>),
}

impl Planning<'_> {
    /// Makes the plan.
    ///
    /// # Errors
    /// A request that failed; what would be rejected is in the plan as blocked (with
    /// `rehearse`) or left for the apply to find out.
    pub async fn make(mut self) -> Result<(Plan, Live)> {
        let inventory = self.record.map(|record| &*record.inventory).unwrap_or_default();
        let live =
            survey(self.target, self.instance, inventory, &self.desired, self.absent, Depth::Plan)
                .await?;
        self.leave_found_namespaces(&live);
        let entries: HashMap<&ObjectId, &Entry> =
            inventory.iter().map(|entry| (&entry.id, entry)).collect();
        let decided: Vec<(&Desired, Option<&Entry>, Decision)> = self
            .desired
            .iter()
            .map(|desired| {
                let entry = entries.get(&desired.id).copied();
                let choices =
                    Choices { adopt: self.adopt, replace: self.replace.contains(&desired.id) };
                let decision = decide(desired, entry, live.get(&desired.id), self.manager, choices);
                (desired, entry, decision)
            })
            .collect();
        let items = stream::iter(decided)
            .map(|(desired, entry, decision)| {
                self.item(desired, entry, decision, live.get(&desired.id))
            })
            .buffered(IN_FLIGHT)
            .collect()
            .await;
        let wanted: HashSet<&ObjectId> = self.desired.iter().map(|desired| &desired.id).collect();
        let (mut removals, mut left) = (Vec::new(), Vec::new());
        for entry in inventory.iter().filter(|entry| !wanted.contains(&entry.id)) {
            let Some(object) = live.get(&entry.id) else { continue };
            if !is_ours(object, self.manager, entry.uid.as_deref()) {
                continue;
            }
            if entry.keep && !entry.wanted {
                left.push(entry.clone());
                continue;
            }
            removals.push(Removal {
                uid: uid(object).unwrap_or_default().to_owned(),
                keep: entry.keep || is_kept(object),
                entry: entry.clone(),
            });
        }
        Ok((Plan { items, removals, left }, live))
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
    ) -> Item {
        let mut recorded = Entry {
            id: desired.id.clone(),
            version: desired.version.clone(),
            uid: None,
            body: None,
            seen: None,
            wanted: true,
            keep: desired.keep,
            completed: live.is_some_and(job_completed),
        };
        if let Some(entry) = entry {
            recorded.uid.clone_from(&entry.uid);
        }
        let mut item = Item {
            desired: desired.clone(),
            action: Action::Unchanged,
            uid: None,
            reason: String::new(),
            entry: None,
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
                match self.ask(desired, Some(&uid)).await {
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
                if self.rehearse {
                    let asked = self.ask(desired, Some(&uid)).await;
                    self.settle(&mut item, Action::Update, asked);
                }
            }
            Decision::Adopt { uid } => {
                item.uid = Some(uid.clone());
                item.action = Action::Adopt;
                if self.rehearse {
                    let asked = self.ask(desired, Some(&uid)).await;
                    self.settle(&mut item, Action::Adopt, asked);
                }
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
        item.entry = Some(recorded);
        item
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
        let Ok(list) = self.target.api.list(&path, &query, false).await else { return false };
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
            Asked::Immutable(why) if self.rehearse => {
                item.action = Action::Blocked;
                item.reason =
                    format!("{why}; `--replace {}` deletes and creates it again", item.desired.id);
            }
            Asked::Rejected(error) if self.rehearse => {
                item.action = Action::Blocked;
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

    /// Asks the server what an apply to a live object would do.
    async fn ask(&self, desired: &Desired, uid: Option<&str>) -> Asked {
        let Some(path) = self.target.path(&desired.id, &desired.version) else {
            return Asked::Differs;
        };
        let mut body = desired.body.clone();
        if let Some(uid) = uid {
            body["metadata"]["uid"] = json!(uid);
        }
        let mut force = false;
        for _ in 0..2 {
            let how = Apply { manager: self.manager, force, dry_run: true, validation: "Strict" };
            let dry = Call::apply(&path, &body, &how).whole();
            let (rehearsed, live) = futures::future::join(
                self.target.api.call(dry),
                self.target.api.find(Call::get(&*path)),
            )
            .await;
            match (rehearsed, live) {
                (Ok(rehearsed), Ok(Some(live))) => {
                    return if same(&rehearsed.body, &live) {
                        Asked::Same(Box::new(Seen::of(
                            &rehearsed.body,
                            self.manager,
                            &desired.body,
                        )))
                    } else {
                        Asked::Differs
                    };
                }
                (Ok(_), _) => return Asked::Differs,
                (Err(failure), _) => match resolve(&failure, desired, self.conflicts) {
                    Some(Resolution::Again { force: taken, yielded }) => {
                        force |= taken;
                        for field in yielded {
                            take_out(&mut body, &field.field);
                        }
                    }
                    Some(Resolution::Refuse(error)) => return Asked::Rejected(error),
                    None => return rejected(desired, &failure),
                },
            }
        }
        Asked::Differs
    }

    /// Asks the server whether it would take a new object. Where its namespace is not there yet,
    /// `default` stands in: admission by namespace is not seen then, validation is.
    async fn rehearse_create(&self, desired: &Desired) -> Asked {
        let mut id = desired.id.clone();
        let mut body = desired.body.clone();
        let missing =
            id.namespace.as_ref().is_some_and(|namespace| self.absent.contains(namespace));
        if missing {
            id.namespace = Some("default".to_owned());
            body["metadata"]["namespace"] = json!("default");
        }
        body["metadata"]["resourceVersion"] = json!("1");
        let Some(path) = self.target.path(&id, &desired.version) else { return Asked::Differs };
        let how =
            Apply { manager: self.manager, force: false, dry_run: true, validation: "Strict" };
        match self.target.api.call(Call::apply(&path, &body, &how)).await {
            Ok(_) => Asked::Differs,
            // Not a rejection: the stand-in has an object of that name, or the kind comes with
            // the set's own CRD.
            Err(failure) if failure.is_conflict() || failure.is_not_found() => Asked::Differs,
            Err(failure) => rejected(desired, &failure),
        }
    }
}

fn rejected(desired: &Desired, failure: &Failure) -> Asked {
    if failure.is_immutable() {
        let why = failure.causes().first().map_or_else(
            || failure.message(),
            |cause| format!("{}: {}", cause.field, cause.message),
        );
        return Asked::Immutable(shorten(&why));
    }
    let error = failure.explain("patch", "cannot apply", &desired.id, desired.origin.as_ref());
    Asked::Rejected(Box::new(error))
}

/// Cuts a server's message that quotes a whole value.
fn shorten(text: &str) -> String {
    const LIMIT: usize = 200;
    if text.len() <= LIMIT {
        return text.to_owned();
    }
    let (field, rest) = text.split_once(':').unwrap_or(("", text));
    let tail = rest.rsplit(": ").next().unwrap_or(rest);
    let mut short = format!("{field}: {tail}");
    if short.len() > LIMIT {
        short = short.chars().take(LIMIT).chain(['…']).collect();
    }
    short
}

/// Tells whether the answer to a dry run is the live object.
fn same(rehearsed: &Value, live: &Value) -> bool {
    let bare = |object: &Value| {
        let mut object = object.clone();
        if let Some(entries) =
            object.pointer_mut("/metadata/managedFields").and_then(Value::as_array_mut)
        {
            for entry in entries.iter_mut().filter_map(Value::as_object_mut) {
                entry.remove("time");
            }
        }
        object
    };
    rehearsed == live || bare(rehearsed) == bare(live)
}
