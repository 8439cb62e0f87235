//! On which terms the objects of a plan are written: who else holds their fields, which of them
//! an autoscaler scales, and what earlier releases set. All of it is read off the survey and the
//! record; autoscalers that are not in the set are asked for only where replicas might fall.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::OnceLock,
};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::{Value, json};

use super::Planning;
use crate::{
    cluster::api::IN_FLIGHT,
    ops::{options::Conflicts, survey::Live, target::is_list_forbidden},
    workload::{
        error::Result,
        instance::NamespaceMode,
        object::{GroupKind, Object, ObjectId},
        overrides,
        ownership::{
            REPLICAS, Terms, YIELDED_MANAGER, Yields, has_persons, holds_replicas_alone,
            is_scaled_by_controller, is_scaled_by_others, kept_replicas, other_instances,
            scale_target,
        },
        plan::{Decision, Desired},
        record::{Entry, Record},
        sharing::{Others, Standing},
    },
};

/// What decides about the terms of all objects of a plan.
pub(super) struct Tenure<'a> {
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
    /// The objects of the recorded releases, with their overrides.
    before: OnceLock<Vec<Object>>,
}

impl<'a> Tenure<'a> {
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
        let mut tenure = Self {
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
            if planning.conflicts == Conflicts::Force
                || tenure.autoscalers.contains_key(&desired.id)
            {
                continue;
            }
            if tenure.may_be_scaled(desired, entry, live) {
                namespaces.insert(&**namespace);
                asked.push((desired, entry, live, &**namespace));
            } else if let Some(known) = entry.and_then(recorded_autoscaler) {
                // It was not ours, and nothing says that it is gone.
                tenure.autoscalers.insert(desired.id.clone(), known.to_owned());
            }
        }
        let going = &tenure.going;
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
                tenure.autoscalers.entry(target).or_insert(autoscaler);
            }
        }
        for (desired, entry, live, namespace) in asked {
            tenure.conclude(desired, entry, live, hidden.contains(namespace));
        }
        Ok(tenure)
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
                && self.planning.conflicts == Conflicts::ByManager
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
                    || match self.planning.conflicts {
                        Conflicts::Force => left.len() > 0,
                        // What a manager of ours holds for an autoscaler is in nobody's way.
                        Conflicts::Fail => left.any(|left| left.manager != YIELDED_MANAGER),
                        Conflicts::ByManager | Conflicts::Yield => false,
                    }
            })
    }

    /// Gives the terms on which an object is written.
    pub(super) fn terms(
        &self,
        desired: &Desired,
        entry: Option<&Entry>,
        decision: &Decision,
        live: Option<&Value>,
        others: &Others,
    ) -> Terms {
        // What is not written, or is made anew, has no other holders.
        let is_written = match decision {
            Decision::Ask { .. } | Decision::Update { .. } | Decision::Adopt { .. } => true,
            // Its pods live on, and so does their number.
            Decision::Recreate { .. } => desired.id.is("apps", "StatefulSet"),
            Decision::Unchanged | Decision::Create { .. } | Decision::Blocked { .. } => false,
        };
        let Some(live) = live.filter(|_| is_written) else { return Terms::default() };
        let (manager, mode) = (self.planning.manager, self.planning.conflicts);
        let recorded = entry.map(|entry| &*entry.yielded).unwrap_or_default();
        let autoscaler = self.autoscalers.get(&desired.id).map(String::as_str);
        let forced = mode == Conflicts::Force;
        let abandoned = self.abandoned.contains(&desired.id);
        let scaled = !forced && (autoscaler.is_some() || self.unsure.contains(&desired.id));
        let yields = Yields {
            body: &desired.body,
            manager,
            recorded,
            autoscaler,
            abandoned,
            by_class: matches!(mode, Conflicts::ByManager | Conflicts::Yield),
        };
        if matches!(decision, Decision::Recreate { .. }) {
            let has_replicas = desired.body.pointer("/spec/replicas").is_some();
            let mut left = if forced { Vec::new() } else { yields.of(live) };
            left.retain(|left| left.field == REPLICAS);
            let is_kept = !left.is_empty() || !has_replicas;
            let kept = is_kept.then(|| kept_replicas(live, manager, left.first(), scaled));
            return Terms { yielded: left, kept: kept.flatten(), ..Terms::default() };
        }
        let is_taken_back = |field: &str| forced || (autoscaler.is_none() && field == REPLICAS);
        let mut terms = Terms {
            yielded: if forced { Vec::new() } else { yields.of(live) },
            scaled,
            hand_over: scaled && holds_replicas_alone(live, manager),
            reclaimed: recorded
                .iter()
                .filter(|left| left.autoscaler.is_some() && is_taken_back(&left.field))
                .map(|left| left.field.clone())
                .chain(abandoned.then(|| REPLICAS.to_owned()))
                .collect(),
            adopting: is_adopting(desired, entry, decision),
            takes: matches!(mode, Conflicts::ByManager | Conflicts::Force),
            gone: other_instances(live, manager)
                .into_iter()
                .filter(|other| others.get(*other) == Some(&Standing::Gone))
                .map(str::to_owned)
                .collect(),
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

    /// Lists the bodies that the recorded releases had of an object, as their definitions and
    /// overrides say.
    fn recorded<'b>(&'b self, id: &'b ObjectId) -> impl Iterator<Item = &'b Value> {
        let objects = self.before.get_or_init(|| self.planning.recorded_objects());
        let record = self.planning.record;
        objects
            .iter()
            .map(|object| &object.body)
            .filter(move |body| record.is_some_and(|record| is_body_of(body, id, record)))
    }
}

/// Tells whether a body of a recorded definition is that of an object. Namespaces that a
/// definition brings are told apart; in any other mode all is placed into one.
fn is_body_of(body: &Value, id: &ObjectId, record: &Record) -> bool {
    let read = ObjectId::of(body);
    let same_place = record.mode != NamespaceMode::Own
        || id.namespace.as_ref().is_none_or(|namespace| {
            read.namespace.as_ref().unwrap_or(&record.namespace) == namespace
        });
    same_place && (&read.group, &read.kind, &read.name) == (&id.group, &id.kind, &id.name)
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
    fn recorded_objects(&self) -> Vec<Object> {
        let Some(record) = self.record else { return Vec::new() };
        let mut all = Vec::new();
        for deployed in [&record.newest, &record.last_good].into_iter().flatten() {
            let mut objects = deployed.objects.clone();
            // Overrides that do not fit any more change nothing.
            _ = overrides::apply(&deployed.release.overrides, &mut objects, &self.target.kinds);
            all.append(&mut objects);
        }
        all
    }

    /// Lists what this release deletes, as far as it is there.
    fn going(&self, live: &Live) -> HashSet<ObjectId> {
        let removals = if self.prunes { self.removals(live).0 } else { Vec::new() };
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
        let list = match self.target.api.list(&path, "").await {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recorded_bodies_are_told_apart_by_the_namespaces_that_a_definition_brings() {
        let instance = "shop".parse().unwrap();
        let body = |namespace: Option<&str>| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "namespace": namespace}});
        let id = |namespace| ObjectId::new("", "ConfigMap", Some(namespace), "x");
        for (mode, namespace, place, same) in [
            (NamespaceMode::Own, Some("a"), "a", true),
            (NamespaceMode::Own, Some("b"), "a", false),
            (NamespaceMode::Own, None, "a", true),
            (NamespaceMode::Own, None, "b", false),
            (NamespaceMode::Managed, Some("b"), "a", true),
        ] {
            let record = Record::new("a", &instance, mode);
            assert_eq!(is_body_of(&body(namespace), &id(place), &record), same, "{namespace:?}");
        }
    }
}
