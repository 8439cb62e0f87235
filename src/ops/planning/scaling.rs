//! Who scales the objects of a plan, and whether what was left to an autoscaler is ours again. All of
//! it is read off the survey and the
//! record; autoscalers that are not in the set are asked for only where replicas might fall.

use std::collections::{BTreeSet, HashMap, HashSet};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::{Value, json};

use super::Planning;
use crate::{
    cluster::api::IN_FLIGHT,
    ops::{options::Conflicts, survey::Live, target::is_list_forbidden},
    workload::{
        body::Body,
        error::Result,
        kinds::{Trait, builtin_kind},
        object::{GroupKind, ObjectId},
        ownership::{
            YIELDED_MANAGER, holds_replicas_alone, is_scaled_by_controller, is_scaled_by_others,
            scale_target, scales_others,
        },
        plan::{Desired, Fate},
        record::Entry,
    },
};

/// What decides about the terms of all objects of a plan.
pub(super) struct Scaling<'a> {
    pub(super) planning: &'a Planning<'a>,
    /// Which autoscaler scales an object, as `Kind/name`.
    pub(super) autoscalers: HashMap<ObjectId, String>,
    /// Objects of which nothing tells who scales them, and whose body says no number: they keep
    /// the one that they have.
    pub(super) unsure: HashSet<ObjectId>,
    /// Objects that Kubernetes' autoscaler scaled last and that none targets any more: their
    /// replicas are ours again.
    pub(super) abandoned: HashSet<ObjectId>,
    /// What the release does not want any more.
    leaving: Vec<&'a ObjectId>,
    /// What of it is deleted.
    going: HashSet<ObjectId>,
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
        let in_set = |desired: &Desired| {
            // Of most objects the id tells that they scale none: no body is looked into.
            let target = scales_others(&desired.id).then(|| scale_target(&desired.body.look()));
            Some((target.flatten()?, desired.id.short()))
        };
        let mut scaling = Self {
            planning,
            autoscalers: planning.desired.iter().filter_map(in_set).collect(),
            unsure: HashSet::new(),
            abandoned: HashSet::new(),
            leaving: planning.leaving().collect(),
            going: planning.deleted_by_release(live),
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
            if scaling.may_be_scaled(desired, entry, &live) {
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
            scaling.conclude(desired, entry, &live, hidden.contains(namespace));
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
        let has_replicas = desired.body.look().pointer("/spec/replicas").is_some();
        if self.autoscalers.contains_key(id) {
            return;
        }
        // One that this release deletes scales no more; one that leaves the definition and is kept
        // goes on.
        let is_going = |known: &&str| self.going.iter().any(|id| id.short() == **known);
        let known = entry.and_then(recorded_autoscaler).filter(|known| !is_going(known));
        match known {
            // What cannot be read is not gone (docs/design.md, Absence): the replicas would fall
            // under it.
            Some(known) if is_hidden => {
                self.autoscalers.insert(id.clone(), known.to_owned());
            }
            // Leaving replicas out where nobody else holds them lets them fall to 1
            // (docs/design.md, Fields of others).
            _ if is_hidden && !has_replicas => {
                self.unsure.insert(id.clone());
            }
            _ if !is_hidden
                && has_replicas
                && self.planning.options.conflicts == Conflicts::ByManager
                // kube-controller-manager holds them by the scale subresource: an autoscaler set
                // them, and none of the list targets the object any more.
                && is_scaled_by_controller(live) =>
            {
                self.abandoned.insert(id.clone());
            }
            _ => {}
        }
    }

    /// Tells whether it has to be known who scales an object that no autoscaler of the set does:
    /// its replicas would change or fall, or the autoscaler that they were left to may be gone.
    fn may_be_scaled(&self, desired: &Desired, entry: Option<&Entry>, live: &Body) -> bool {
        let is_written = entry.is_none_or(|entry| entry.body.as_ref() != Some(&desired.digest));
        let is_leaving = |autoscaler: &str| self.leaving.iter().any(|id| id.short() == autoscaler);
        if let Some(known) = entry.and_then(recorded_autoscaler) {
            return is_written || is_leaving(known);
        }
        if desired.id.group != "apps" || !builtin_kind(&desired.id).is(Trait::Scaled) {
            return false;
        }
        let body = desired.body.look();
        let wanted = body.pointer("/spec/replicas");
        if wanted.is_some() && is_scaled_by_controller(live) && self.loses_autoscaler(desired) {
            return true;
        }
        if !is_written {
            return false;
        }
        // Adopted, or of an adoption that was begun: who scaled it before is not known.
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
    fn loses_autoscaler(&self, desired: &Desired) -> bool {
        let mut leaving = self.leaving.iter();
        leaving.any(|id| id.namespace == desired.id.namespace && scales_others(id))
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
                        Conflicts::Fail => {
                            left.any(|left| left.manager != YIELDED_MANAGER && !left.dropped)
                        }
                        Conflicts::ByManager | Conflicts::Yield => false,
                    }
            })
    }

    /// Lists the bodies that the recorded releases sent of an object.
    pub(super) fn recorded<'b>(&'b self, id: &'b ObjectId) -> impl Iterator<Item = Body> {
        let all = self.planning.sent.into_iter().flat_map(|sent| sent.of_all(id));
        all.map(|placed| placed.body.look())
    }
}

/// Names the autoscaler that replicas were left to.
fn recorded_autoscaler(entry: &Entry) -> Option<&str> {
    entry.yielded.iter().find_map(|left| left.autoscaler.as_deref())
}

impl Planning<'_> {
    /// Lists what this release deletes, as far as it is there.
    fn deleted_by_release(&self, live: &Live) -> HashSet<ObjectId> {
        let removals = if self.options.prunes { self.removals(live).0 } else { Vec::new() };
        removals
            .into_iter()
            .filter(|removal| removal.fate != Fate::Kept)
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
                let doing = format!("cannot look for autoscalers in namespace {namespace}");
                return Err(failure.explain_list(doing, &kind, Some(namespace)));
            }
        };
        let targets = list.items.into_iter().filter_map(|mut autoscaler| {
            autoscaler["apiVersion"] = json!("autoscaling/v2");
            autoscaler["kind"] = json!(kind.kind);
            let id = ObjectId::of(&autoscaler);
            let target = scale_target(&autoscaler)?;
            (!going.contains(&id)).then(|| (target, id.short()))
        });
        Ok(Some(targets.collect()))
    }
}
