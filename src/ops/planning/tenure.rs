//! On which terms the objects of a plan are written: who else holds their fields, which of them
//! an autoscaler scales, and what earlier releases set. All of it is read off the survey and the
//! record; autoscalers that are not in the set are asked for only where replicas might fall.

use std::{
    collections::{BTreeSet, HashMap},
    sync::OnceLock,
};

use futures::{StreamExt as _, stream};
use serde_json::{Value, json};

use super::Planning;
use crate::{
    cluster::api::IN_FLIGHT,
    ops::{options::Conflicts, survey::Live},
    workload::{
        object::{GroupKind, Object, ObjectId},
        overrides,
        ownership::{
            REPLICAS, Terms, Yields, has_persons, holds_replicas_alone, is_scaled_by_others,
            other_instances, scale_target,
        },
        plan::{Decision, Desired},
        record::Entry,
        sharing::{Others, Standing},
    },
};

/// What decides about the terms of all objects of a plan.
pub(super) struct Tenure<'a> {
    planning: &'a Planning<'a>,
    /// Which autoscaler scales an object, as `Kind/name`.
    autoscalers: HashMap<ObjectId, String>,
    /// The objects of the recorded releases, with their overrides.
    before: OnceLock<Vec<Object>>,
}

impl<'a> Tenure<'a> {
    /// Finds out who scales: autoscalers of the set, and where that may matter those of the
    /// namespace. One that may not be listed is not known.
    pub(super) async fn find(
        planning: &'a Planning<'a>,
        entries: &HashMap<&ObjectId, &Entry>,
        live: &Live,
    ) -> Self {
        let in_set =
            |desired: &Desired| Some((scale_target(&desired.body)?, desired.id.to_string()));
        let autoscalers = planning.desired.iter().filter_map(in_set).collect();
        let mut tenure = Self { planning, autoscalers, before: OnceLock::new() };
        let mut namespaces = BTreeSet::new();
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
                namespaces.insert(namespace.clone());
            } else if let Some(known) = entry.and_then(recorded_autoscaler) {
                // It was not ours, and nothing says that it is gone.
                tenure.autoscalers.insert(desired.id.clone(), known.to_owned());
            }
        }
        let found = stream::iter(namespaces)
            .map(|namespace| async move { planning.autoscalers_in(&namespace).await })
            .buffer_unordered(IN_FLIGHT)
            .collect::<Vec<_>>()
            .await;
        for (target, autoscaler) in found.into_iter().flatten() {
            tenure.autoscalers.entry(target).or_insert(autoscaler);
        }
        tenure
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
        let is_scaled = ["Deployment", "StatefulSet", "ReplicaSet"]
            .iter()
            .any(|kind| desired.id.is("apps", kind));
        if !is_scaled || !is_written {
            return false;
        }
        let wanted = desired.body.pointer("/spec/replicas");
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

    /// Tells whether something that was left to others is to be left no longer: by
    /// `--conflicts`, or since the autoscaler is gone.
    pub(super) fn reclaims(&self, desired: &Desired, entry: Option<&Entry>) -> bool {
        entry.is_some_and(|entry| {
            let is_gone =
                recorded_autoscaler(entry).is_some() && !self.autoscalers.contains_key(&desired.id);
            let by_flag = matches!(self.planning.conflicts, Conflicts::Force | Conflicts::Fail);
            is_gone || (by_flag && !entry.yielded.is_empty())
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
            Decision::Unchanged
            | Decision::Create { .. }
            | Decision::Recreate { .. }
            | Decision::Blocked { .. } => false,
        };
        let Some(live) = live.filter(|_| is_written) else { return Terms::default() };
        let (manager, mode) = (self.planning.manager, self.planning.conflicts);
        let recorded = entry.map(|entry| &*entry.yielded).unwrap_or_default();
        let autoscaler = self.autoscalers.get(&desired.id).map(String::as_str);
        let forced = mode == Conflicts::Force;
        let yields = Yields {
            body: &desired.body,
            manager,
            recorded,
            autoscaler,
            by_class: matches!(mode, Conflicts::ByManager | Conflicts::Yield),
        };
        let is_taken_back = |field: &str| forced || (autoscaler.is_none() && field == REPLICAS);
        let mut terms = Terms {
            yielded: if forced { Vec::new() } else { yields.of(live) },
            scaled: !forced && autoscaler.is_some(),
            hand_over: !forced && autoscaler.is_some() && holds_replicas_alone(live, manager),
            reclaimed: recorded
                .iter()
                .filter(|left| left.autoscaler.is_some() && is_taken_back(&left.field))
                .map(|left| left.field.clone())
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
        objects.iter().map(|object| &object.body).filter(|body| {
            let read = ObjectId::of(body);
            (&read.group, &read.kind, &read.name) == (&id.group, &id.kind, &id.name)
        })
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

    /// Lists what HorizontalPodAutoscalers scale in a namespace (KEDA makes one for each of its
    /// objects); those that leave with this release do not count.
    async fn autoscalers_in(&self, namespace: &str) -> Vec<(ObjectId, String)> {
        let kind = GroupKind::new("autoscaling", "HorizontalPodAutoscaler");
        let Some(path) = self.target.kinds.collection_path(&kind, "v2", Some(namespace)) else {
            return Vec::new();
        };
        let Ok(list) = self.target.api.list(&path, "", false).await else { return Vec::new() };
        let targets = list.items.into_iter().filter_map(|mut autoscaler| {
            autoscaler["apiVersion"] = json!("autoscaling/v2");
            autoscaler["kind"] = json!(kind.kind);
            let id = ObjectId::of(&autoscaler);
            let target = scale_target(&autoscaler)?;
            (!self.leaving().any(|leaving| *leaving == id)).then(|| (target, id.to_string()))
        });
        targets.collect()
    }
}
