//! Making a plan: a survey of the live state, the pure decision per object, and a dry run where
//! only the server can tell.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::OnceLock,
};

use futures::{StreamExt as _, stream};
use serde_json::{Value, json};

use super::{
    conflict::{Resolution, take_out},
    options::Conflicts,
    shared::{self, holders, resolve},
    survey::{Depth, Live, survey, survey_visible},
    target::Target,
};
use crate::{
    cluster::{
        api::IN_FLIGHT,
        call::{Apply, Call, encode_query},
        failure::Failure,
    },
    workload::{
        comparison::contains,
        error::{Error, ErrorKind, Result},
        name::{DefinitionName, InstanceName},
        object::{GroupKind, ObjectId},
        ownership::{Seen, is_labelled, is_ours, other_instances, uid},
        plan::{Choices, Decision, Desired, Item, Plan, Removal, decide, is_kept, job_completed},
        readiness::{Neighbourhood, judge_gone},
        record::{Entry, Record},
        release::Action,
        sharing::{Named, Others, Sharing, Standing, Wanted},
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
    /// Whether the server is asked about every write, so that its rejections are known.
    pub rehearse: bool,
    /// That the server could not be asked, once it is known. Starts empty.
    pub compared_locally: OnceLock<String>,
}

/// What the server said to a dry run.
enum Asked {
    /// An apply would change nothing; the answer proves it.
    Same(Box<Option<Seen>>),
    /// It may not be asked; what is live has all that is wanted.
    Alike,
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
            .filter(|(desired, ..)| !hidden.contains_key(&desired.id))
            .collect();
        let others = self.others(&decided, &live).await?;
        let mut items: Vec<Item> = stream::iter(decided)
            .map(|(desired, entry, decision)| {
                self.item(desired, entry, decision, live.get(&desired.id), &others)
            })
            .buffered(IN_FLIGHT)
            .collect()
            .await;
        self.add_hidden(&mut items, &hidden, &entries);
        let wanted: HashSet<&ObjectId> = self.desired.iter().map(|desired| &desired.id).collect();
        let (mut removals, mut left) = (Vec::new(), Vec::new());
        for entry in inventory.iter().filter(|entry| !wanted.contains(&entry.id)) {
            let Some(object) = live.get(&entry.id) else {
                // What it left behind still has to go.
                if let Some(uid) = entry.uid.clone().filter(|_| !entry.orphans.is_empty()) {
                    removals.push(Removal { uid, keep: false, entry: entry.clone() });
                }
                continue;
            };
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
        let warnings = self.compared_locally.get().cloned().into_iter().collect();
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
                    entry: entries.get(&desired.id).copied().cloned(),
                },
            );
        }
    }

    /// Notes that this account may not write: what is live is compared here then.
    fn may_not_ask(&self, failure: &Failure) {
        self.compared_locally.get_or_init(|| {
            format!("compared locally, since this account may not write: {}", failure.message())
        });
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

    /// Reads who else applies what is not known to be unchanged.
    async fn others(
        &self,
        decided: &[(&Desired, Option<&Entry>, Decision)],
        live: &Live,
    ) -> Result<Others> {
        let managers = decided
            .iter()
            .filter(|(desired, _, decision)| {
                desired.id.namespace.is_none() && *decision != Decision::Unchanged
            })
            .filter_map(|(desired, ..)| live.get(&desired.id))
            .flat_map(|live| other_instances(live, self.manager))
            .map(str::to_owned);
        shared::read(self.target, managers.collect()).await
    }

    /// Decides whose fields of a cluster-scoped object are taken, and whose are left.
    fn sharing(
        &self,
        desired: &Desired,
        entry: Option<&Entry>,
        live: Option<&Value>,
        others: &Others,
    ) -> Sharing {
        let Some(live) = live.filter(|_| desired.id.namespace.is_none()) else {
            return Sharing::default();
        };
        let changed = entry.is_none_or(|entry| entry.body.as_ref() != Some(&desired.digest));
        let ours = Wanted { manager: self.manager, definition: self.definition, changed };
        Sharing::of(live, &ours, others)
    }

    async fn item(
        &self,
        desired: &Desired,
        entry: Option<&Entry>,
        decision: Decision,
        live: Option<&Value>,
        others: &Others,
    ) -> Item {
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
            sharing: self.sharing(desired, entry, live, others),
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
                match self.ask(desired, &uid, &mut item.sharing).await {
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
                if self.rehearse || is_shared {
                    let asked = match self.ask(desired, &uid, &mut item.sharing).await {
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
                if self.rehearse {
                    let asked = self.ask(desired, &uid, &mut item.sharing).await;
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
        if is_shared {
            let managers = live.map(|live| other_instances(live, self.manager));
            tell_of_sharing(&mut item, &managers.unwrap_or_default(), others);
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
            Asked::Alike => item.action = Action::Unchanged,
            Asked::Immutable(why) if self.rehearse => {
                item.action = Action::Blocked;
                item.reason =
                    format!("{why}; `--replace {}` deletes and creates it again", item.desired.id);
            }
            // What belongs to others is refused before the first write.
            Asked::Rejected(error) if self.rehearse || error.kind == ErrorKind::Refused => {
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

    /// Asks the server what an apply to a live object would do, and whose fields it would take.
    async fn ask(&self, desired: &Desired, uid: &str, sharing: &mut Sharing) -> Asked {
        let mut met = BTreeSet::new();
        let asked = self.ask_meeting(desired, uid, sharing, &mut met).await;
        sharing.takes.retain(|manager| met.contains(manager));
        sharing.leaves.retain(|manager| met.contains(manager));
        asked
    }

    async fn ask_meeting(
        &self,
        desired: &Desired,
        uid: &str,
        sharing: &Sharing,
        met: &mut BTreeSet<String>,
    ) -> Asked {
        let Some(path) = self.target.path(&desired.id, &desired.version) else {
            return Asked::Differs;
        };
        let mut body = desired.body.clone();
        body["metadata"]["uid"] = json!(uid);
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
                        let seen = Seen::of(&rehearsed.body, self.manager, &desired.body);
                        let is_left = sharing.leaves.iter().any(|manager| met.contains(manager));
                        Asked::Same(Box::new(if is_left {
                            seen.map(Seen::by_version_alone)
                        } else {
                            seen
                        }))
                    } else {
                        Asked::Differs
                    };
                }
                (Ok(_), _) => return Asked::Differs,
                (Err(failure), Ok(Some(live))) if self.rehearse && failure.is_forbidden() => {
                    self.may_not_ask(&failure);
                    return if contains(&live, &desired.body) {
                        Asked::Alike
                    } else {
                        Asked::Differs
                    };
                }
                (Err(failure), _) => match resolve(&failure, desired, sharing, self.conflicts) {
                    Some(Resolution::Again { force: taken, yielded }) => {
                        force |= taken;
                        met.extend(holders(&failure));
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
            Err(failure) if failure.is_forbidden() => {
                self.may_not_ask(&failure);
                Asked::Differs
            }
            Err(failure) => rejected(desired, &failure),
        }
    }
}

/// Says of a shared object that it changes under others; it is not replaced under them.
fn tell_of_sharing(item: &mut Item, managers: &[&str], others: &Others) {
    let is_alive = |manager: &&&str| others.get(**manager) != Some(&Standing::Gone);
    let taken = |manager: &&&str| item.sharing.takes.iter().any(|taken| taken == **manager);
    let told = |living: Vec<&&str>| -> Option<String> {
        let living: Vec<String> =
            living.into_iter().map(|manager| Named(manager, others).to_string()).collect();
        (!living.is_empty()).then(|| format!("also used by {}", living.join("; ")))
    };
    let living = managers.iter().filter(is_alive);
    match item.action {
        Action::Update | Action::Adopt if item.reason.is_empty() => {
            item.reason = told(living.filter(taken).collect()).unwrap_or_default();
        }
        Action::Unchanged => {
            let left = item.sharing.leaves.iter().map(|manager| Named(manager, others).to_string());
            let left: Vec<String> = left.collect();
            if !left.is_empty() {
                item.reason = format!("left as it is for {}", left.join("; "));
            }
        }
        Action::Recreate => {
            if let Some(reason) = told(living.collect()) {
                (item.action, item.reason) = (Action::Blocked, reason);
            }
        }
        Action::Blocked => {
            for manager in living {
                if let Some(Standing::Lives { definition: Some(definition), .. }) =
                    others.get(*manager)
                {
                    let name = Named(manager, others);
                    item.reason.push_str(&format!("; {name}, of definition `{definition}`"));
                }
            }
        }
        _ => {}
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
