//! Who scales the objects of a plan, and on which terms they are written: who else holds their
//! fields, which of them an autoscaler scales, and what earlier releases set. All of it is read off the survey and the
//! record; autoscalers that are not in the set are asked for only where replicas might fall.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::OnceLock,
};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::{Value, json};

use super::{Candidate, Planning};
use crate::{
    cluster::api::IN_FLIGHT,
    ops::{options::Conflicts, survey::Live, target::is_list_forbidden},
    workload::{
        error::Result,
        object::{GroupKind, ObjectId},
        ownership::{
            REPLICAS, Terms, YIELDED_MANAGER, Yielded, Yields, has_persons, holds_replicas_alone,
            is_scaled_by_controller, is_scaled_by_others, kept_replicas, other_instances,
            scale_target,
        },
        placement::Placed,
        plan::{Decision, Desired},
        record::Entry,
        rendering::render_recorded,
        sharing::{Others, Standing},
    },
};

/// What decides about the terms of all objects of a plan.
pub(super) struct Scaling<'a> {
    planning: &'a Planning<'a>,
    /// Which autoscaler scales an object, as `Kind/name`.
    autoscalers: HashMap<ObjectId, String>,
    /// Objects of which nothing tells who scales them, and whose body says no number: they keep
    /// the one that they have.
    unsure: HashSet<ObjectId>,
    /// Objects that Kubernetes' autoscaler scaled last and that none targets any more: their
    /// replicas are ours again.
    abandoned: HashSet<ObjectId>,
    /// What is deleted by this release.
    going: HashSet<ObjectId>,
    /// The objects that the recorded releases sent.
    before: OnceLock<Vec<Placed>>,
}

impl<'a> Scaling<'a> {
    /// Finds out who scales: autoscalers of the set, and where that may matter those of the
    /// namespace. Where they may not be listed, the recorded one counts as being there.
    ///
    /// # Errors
    /// A list that failed for another reason: what cannot be read is not gone.
    pub(super) async fn find(
        planning: &'a Planning<'a>,
        entries: &HashMap<&ObjectId, &Entry>,
        live: &Live,
    ) -> Result<Self> {
        let in_set =
            |desired: &Desired| Some((scale_target(&desired.body)?, desired.id.to_string()));
        let mut scaling = Self {
            planning,
            autoscalers: planning.desired.iter().filter_map(in_set).collect(),
            unsure: HashSet::new(),
            abandoned: HashSet::new(),
            going: planning.going(live),
            before: OnceLock::new(),
        };
        let (mut asked, mut namespaces) = (Vec::new(), BTreeSet::new());
        for desired in &planning.desired {
            let (Some(live), Some(namespace)) = (live.get(&desired.id), &desired.id.namespace)
            else {
                continue;
            };
            let entry = entries.get(&desired.id).copied();
            if planning.options.conflicts == Conflicts::Force
                || scaling.autoscalers.contains_key(&desired.id)
            {
                continue;
            }
            if scaling.may_be_scaled(desired, entry, live) {
                namespaces.insert(&**namespace);
                asked.push((desired, entry, live, &**namespace));
            } else if let Some(known) = entry.and_then(recorded_autoscaler) {
                // It was not ours, and nothing says that it is gone.
                scaling.autoscalers.insert(desired.id.clone(), known.to_owned());
            }
        }
        let going = &scaling.going;
        let found: Vec<_> = stream::iter(namespaces)
            .map(|namespace| async move {
                let found = planning.autoscalers_in(namespace, going).await;
                found.map(|found| (namespace, found))
            })
            .buffer_unordered(IN_FLIGHT)
            .try_collect()
            .await?;
        let mut hidden = HashSet::new();
        for (namespace, found) in found {
            if found.is_none() {
                hidden.insert(namespace);
            }
            for (target, autoscaler) in found.into_iter().flatten() {
                scaling.autoscalers.entry(target).or_insert(autoscaler);
            }
        }
        for (desired, entry, live, namespace) in asked {
            scaling.conclude(desired, entry, live, hidden.contains(namespace));
        }
        Ok(scaling)
    }

    /// Decides about an object that no autoscaler is known to target: `is_hidden` where they may
    /// not be listed.
    fn conclude(
        &mut self,
        desired: &Desired,
        entry: Option<&Entry>,
        live: &Value,
        is_hidden: bool,
    ) {
        let id = &desired.id;
        let has_replicas = desired.body.pointer("/spec/replicas").is_some();
        if self.autoscalers.contains_key(id) {
            return;
        }
        let is_going = |known: &&str| self.going.iter().any(|id| id.to_string() == **known);
        let known = entry.and_then(recorded_autoscaler).filter(|known| !is_going(known));
        match known {
            Some(known) if is_hidden => {
                self.autoscalers.insert(id.clone(), known.to_owned());
            }
            _ if is_hidden && !has_replicas => {
                self.unsure.insert(id.clone());
            }
            _ if !is_hidden
                && has_replicas
                && self.planning.options.conflicts == Conflicts::ByManager
                && is_scaled_by_controller(live) =>
            {
                self.abandoned.insert(id.clone());
            }
            _ => {}
        }
    }

    /// Tells whether it has to be known who scales an object that no autoscaler of the set does:
    /// its replicas would change or fall, or the autoscaler that they were left to may be gone.
    fn may_be_scaled(&self, desired: &Desired, entry: Option<&Entry>, live: &Value) -> bool {
        let is_written = entry.is_none_or(|entry| entry.body.as_ref() != Some(&desired.digest));
        let is_leaving =
            |autoscaler: &str| self.planning.leaving().any(|id| id.to_string() == autoscaler);
        if let Some(known) = entry.and_then(recorded_autoscaler) {
            return is_written || is_leaving(known);
        }
        let is_scalable = ["Deployment", "StatefulSet", "ReplicaSet"]
            .iter()
            .any(|kind| desired.id.is("apps", kind));
        let wanted = desired.body.pointer("/spec/replicas");
        if is_scalable && wanted.is_some() && is_scaled_by_controller(live) && self.loses(desired) {
            return true;
        }
        if !is_scalable || !is_written {
            return false;
        }
        let is_new_here = entry.is_none_or(|entry| entry.uid.is_none());
        if is_new_here && wanted.is_some() {
            return true;
        }
        let repeats =
            || self.recorded(&desired.id).any(|body| body.pointer("/spec/replicas") == wanted);
        is_scaled_by_others(live)
            || (holds_replicas_alone(live, self.planning.manager)
                && (wanted.is_none() || !repeats()))
    }

    /// Tells whether an autoscaler, whose target is not known, leaves an object's namespace.
    fn loses(&self, desired: &Desired) -> bool {
        self.planning.leaving().any(|id| {
            id.namespace == desired.id.namespace
                && (id.is("autoscaling", "HorizontalPodAutoscaler")
                    || id.is("keda.sh", "ScaledObject"))
        })
    }

    /// Tells whether something that was left to others is to be left no longer: by
    /// `--conflicts`, or since the autoscaler is gone.
    pub(super) fn reclaims(&self, desired: &Desired, entry: Option<&Entry>) -> bool {
        self.abandoned.contains(&desired.id)
            || entry.is_some_and(|entry| {
                let is_gone = recorded_autoscaler(entry).is_some()
                    && !self.autoscalers.contains_key(&desired.id);
                let mut left = entry.yielded.iter();
                is_gone
                    || match self.planning.options.conflicts {
                        Conflicts::Force => left.len() > 0,
                        // What a manager of ours holds for an autoscaler is in nobody's way.
                        Conflicts::Fail => left.any(|left| left.manager != YIELDED_MANAGER),
                        Conflicts::ByManager | Conflicts::Yield => false,
                    }
            })
    }

    /// Gives the terms on which an object is written.
    pub(super) fn terms(&self, candidate: &Candidate<'_>, others: &Others) -> Terms {
        let Some(live) = candidate.live else { return Terms::default() };
        match &candidate.decision {
            Decision::Ask { .. } | Decision::Update { .. } | Decision::Adopt { .. } => {
                self.terms_of_write(candidate, live, others)
            }
            // Its pods live on, and so does their number.
            Decision::Recreate { .. } if candidate.desired.id.is("apps", "StatefulSet") => {
                self.terms_of_replacement(candidate, live)
            }
            // What is not written, or is made anew, has no other holders.
            Decision::Recreate { .. }
            | Decision::Unchanged
            | Decision::Create { .. }
            | Decision::Blocked { .. } => Terms::default(),
        }
    }

    fn is_forced(&self) -> bool {
        self.planning.options.conflicts == Conflicts::Force
    }

    /// Tells whether replicas stay with whoever holds them.
    fn is_scaled(&self, id: &ObjectId) -> bool {
        !self.is_forced() && (self.autoscalers.contains_key(id) || self.unsure.contains(id))
    }

    /// Lists the fields that are left to others.
    fn yielded(&self, candidate: &Candidate<'_>, live: &Value) -> Vec<Yielded> {
        if self.is_forced() {
            return Vec::new();
        }
        let Candidate { desired, entry, .. } = candidate;
        let yields = Yields {
            body: &desired.body,
            manager: self.planning.manager,
            recorded: entry.map(|entry| &*entry.yielded).unwrap_or_default(),
            autoscaler: self.autoscalers.get(&desired.id).map(String::as_str),
            abandoned: self.abandoned.contains(&desired.id),
            by_class: match self.planning.options.conflicts {
                Conflicts::ByManager | Conflicts::Yield => true,
                Conflicts::Force | Conflicts::Fail => false,
            },
        };
        yields.of(live)
    }

    fn terms_of_replacement(&self, candidate: &Candidate<'_>, live: &Value) -> Terms {
        let desired = candidate.desired;
        let mut left = self.yielded(candidate, live);
        left.retain(|left| left.field == REPLICAS);
        let is_kept = !left.is_empty() || desired.body.pointer("/spec/replicas").is_none();
        let scaled = self.is_scaled(&desired.id);
        let kept =
            is_kept.then(|| kept_replicas(live, self.planning.manager, left.first(), scaled));
        Terms { yielded: left, kept: kept.flatten(), ..Terms::default() }
    }

    fn terms_of_write(&self, candidate: &Candidate<'_>, live: &Value, others: &Others) -> Terms {
        let Candidate { desired, entry, .. } = candidate;
        let (manager, mode) = (self.planning.manager, self.planning.options.conflicts);
        let scaled = self.is_scaled(&desired.id);
        let gone = other_instances(live, manager)
            .into_iter()
            .filter(|other| others.get(*other) == Some(&Standing::Gone))
            .map(str::to_owned);
        let mut terms = Terms {
            yielded: self.yielded(candidate, live),
            scaled,
            hand_over: scaled && holds_replicas_alone(live, manager),
            reclaimed: self.reclaimed(desired, *entry),
            adopting: is_adopting(desired, *entry, &candidate.decision),
            takes: matches!(mode, Conflicts::ByManager | Conflicts::Force),
            gone: gone.collect(),
            ..Terms::default()
        };
        let matters = has_persons(live) || !terms.reclaimed.is_empty() || !terms.gone.is_empty();
        if (terms.takes && matters) || terms.is_bare(live) {
            terms.before = self.recorded(&desired.id).cloned().collect();
        }
        let body = terms.body(&desired.body);
        if terms.is_bare(live) || terms.managed_fields(&body, manager, live).is_some() {
            terms.live = Some(bare_metadata(live));
        } else {
            terms.before.clear();
        }
        terms
    }

    /// Lists the fields that were left to an autoscaler and are ours again.
    fn reclaimed(&self, desired: &Desired, entry: Option<&Entry>) -> Vec<String> {
        let has_autoscaler = self.autoscalers.contains_key(&desired.id);
        let is_back = |field: &str| self.is_forced() || (!has_autoscaler && field == REPLICAS);
        let recorded = entry.map(|entry| &*entry.yielded).unwrap_or_default();
        let back = recorded.iter().filter(|left| left.autoscaler.is_some() && is_back(&left.field));
        let mut reclaimed: Vec<String> = back.map(|left| left.field.clone()).collect();
        if self.abandoned.contains(&desired.id) {
            reclaimed.push(REPLICAS.to_owned());
        }
        reclaimed
    }

    /// Lists the bodies that the recorded releases sent of an object.
    fn recorded<'b>(&'b self, id: &'b ObjectId) -> impl Iterator<Item = &'b Value> {
        let objects = self.before.get_or_init(|| self.planning.recorded_objects());
        objects.iter().filter(move |placed| placed.id == *id).map(|placed| &placed.body)
    }
}

/// Names the autoscaler that replicas were left to.
fn recorded_autoscaler(entry: &Entry) -> Option<&str> {
    entry.yielded.iter().find_map(|left| left.autoscaler.as_deref())
}

/// An adoption that was begun goes on. Namespaces are shared, never adopted.
fn is_adopting(desired: &Desired, entry: Option<&Entry>, decision: &Decision) -> bool {
    let begun = entry.is_some_and(|entry| entry.uid.is_none());
    let adopts = begun || matches!(decision, Decision::Adopt { .. });
    adopts && !desired.id.is("", "Namespace")
}

/// What a takeover needs to know of a live object.
fn bare_metadata(live: &Value) -> Value {
    let mut metadata = json!({});
    for field in ["uid", "resourceVersion", "annotations", "managedFields"] {
        if let Some(value) = live.get("metadata").and_then(|metadata| metadata.get(field)) {
            metadata[field] = value.clone();
        }
    }
    json!({ "metadata": metadata })
}

impl Planning<'_> {
    fn recorded_objects(&self) -> Vec<Placed> {
        let Some(record) = self.record else { return Vec::new() };
        let releases = [&record.newest, &record.last_good].into_iter().flatten();
        releases
            .flat_map(|deployed| render_recorded(record, deployed, &self.target.kinds))
            .collect()
    }

    /// Lists what this release deletes, as far as it is there.
    fn going(&self, live: &Live) -> HashSet<ObjectId> {
        let removals = if self.options.prunes { self.removals(live).0 } else { Vec::new() };
        removals
            .into_iter()
            .filter(|removal| !removal.keep)
            .map(|removal| removal.entry.id)
            .collect()
    }

    /// Lists what HorizontalPodAutoscalers scale in a namespace (KEDA makes one for each of its
    /// objects), without those that are `going`; `None` where they may not be listed.
    async fn autoscalers_in(
        &self,
        namespace: &str,
        going: &HashSet<ObjectId>,
    ) -> Result<Option<Vec<(ObjectId, String)>>> {
        let kind = GroupKind::new("autoscaling", "HorizontalPodAutoscaler");
        let Some(path) = self.target.kinds.collection_path(&kind, "v2", Some(namespace)) else {
            return Ok(Some(Vec::new()));
        };
        let list = match self.target.api.list(&path, "", false).await {
            Ok(list) => list,
            Err(failure) if is_list_forbidden(&failure) => return Ok(None),
            Err(failure) => {
                let id = ObjectId::new(&kind.group, &kind.kind, Some(namespace), namespace);
                return Err(failure.explain("list", "cannot look for autoscalers in", &id, None));
            }
        };
        let targets = list.items.into_iter().filter_map(|mut autoscaler| {
            autoscaler["apiVersion"] = json!("autoscaling/v2");
            autoscaler["kind"] = json!(kind.kind);
            let id = ObjectId::of(&autoscaler);
            let target = scale_target(&autoscaler)?;
            (!going.contains(&id)).then(|| (target, id.to_string()))
        });
        Ok(Some(targets.collect()))
    }
}
