//! `--restart-stale`: which workloads run, or would run after this release, with an old ConfigMap or
//! Secret that they read only at their start.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Deploy;
use crate::{
    cluster::watch::Collection,
    ops::{survey::Live, target::Target},
    workload::{
        configuration::stale_reads,
        error::Result,
        kinds::{Trait, builtin_kind},
        object::{GroupKind, ObjectId, join_api_version},
        ownership::uid,
        plan::{Item, Plan},
        readiness::Related,
        release::Action,
        sent_content::{ContentTimes, SentContent, content_times, has_content},
    },
};

/// A workload and what it reads.
pub(in crate::ops::deploy) type Stale = (ObjectId, ObjectId);

impl Deploy<'_> {
    /// Finds what `--restart-stale` is to restart, where that was not found yet.
    ///
    /// # Errors
    /// As [`find`].
    pub(super) async fn find_stale(
        &self,
        target: &Target,
        plan: &Plan,
        live: &Live,
        manager: &str,
    ) -> Result<Vec<Stale>> {
        if !self.options.restart_stale || !self.stale.is_empty() {
            return Ok(Vec::new());
        }
        let mut found = Vec::new();
        for ((reader, read), held) in find(target, plan, live, manager).await? {
            match held {
                Some(until) => self.note(format!(
                    "{reader} runs with the old {read} and is not restarted: its pods change only {until}"
                )),
                None => found.push((reader, read)),
            }
        }
        Ok(found)
    }
}

/// Says until when a workload keeps its pods although its template changes.
fn keeps_pods(workload: &Value) -> Option<&'static str> {
    let paused = workload.pointer("/spec/paused").and_then(Value::as_bool) == Some(true);
    let strategy = workload.pointer("/spec/updateStrategy/type").and_then(Value::as_str);
    match (paused, strategy) {
        (true, _) => Some("once it is not paused any more"),
        (_, Some("OnDelete")) => Some("when they are deleted (OnDelete)"),
        _ => None,
    }
}

/// Finds the workloads and what of theirs is old, in the order of the plan; and why a restart would
/// change nothing.
///
/// # Errors
/// Pods that may not be read: nobody knows what is old then.
async fn find(
    target: &Target,
    plan: &Plan,
    live: &Live,
    manager: &str,
) -> Result<Vec<(Stale, Option<&'static str>)>> {
    let read = plan.items.iter().filter(|item| has_content(&item.desired.id));
    let read: Vec<_> =
        read.filter_map(|item| Some((&item.desired.id, times(item, live, manager)?))).collect();
    let is_reader = |item: &&Item| builtin_kind(&item.desired.id).is(Trait::Restarted);
    let readers: Vec<_> = plan
        .items
        .iter()
        .filter(is_reader)
        .filter_map(|item| Some((&item.desired, uid(&*live.get(&item.desired.id)?)?.to_owned())))
        .collect();
    let around = pods_around(target, readers.iter().map(|(reader, _)| &reader.id)).await?;
    let mut stale = Vec::new();
    for (reader, uid) in &readers {
        let body = reader.body.look();
        let held = keeps_pods(&body);
        let old = stale_reads((&reader.id, &body), &read, &around, uid);
        stale.extend(old.into_iter().map(|read| ((reader.id.clone(), read.clone()), held)));
    }
    Ok(stale)
}

/// Tells when it had its content, or the one that it will have.
fn times(item: &Item, live: &Live, manager: &str) -> Option<ContentTimes> {
    let sent = item.entry.as_ref().and_then(|entry| entry.content.as_ref());
    match brings_content(item) {
        true => sent.map(SentContent::times),
        false => content_times(&*live.get(&item.desired.id)?, sent, manager),
    }
}

/// Tells whether an item changes the content of a ConfigMap or Secret that is there; of its labels
/// alone no pod knows.
pub(in crate::ops::deploy) fn brings_content(item: &Item) -> bool {
    let sent = item.entry.as_ref().and_then(|entry| entry.content.as_ref());
    has_content(&item.desired.id)
        && matches!(item.action, Action::Update | Action::Adopt | Action::Recreate)
        && sent.is_none_or(SentContent::is_new)
}

/// Lists the pods in the namespaces of workloads, and what makes those of Deployments.
///
/// # Errors
/// They may not be listed, or the server cannot be asked.
pub(in crate::ops::deploy) async fn pods_around(
    target: &Target,
    readers: impl Iterator<Item = &ObjectId>,
) -> Result<Related> {
    let mut around = Related::default();
    let namespaces: BTreeSet<&str> = readers.filter_map(|id| id.namespace.as_deref()).collect();
    for namespace in namespaces {
        for (group, kind) in [("", "Pod"), ("apps", "ReplicaSet")] {
            let id = GroupKind::new(group, kind);
            let path = target.kinds.collection_path(&id, "v1", Some(namespace));
            let Some(path) = path else { continue };
            let api_version = join_api_version(group, "v1");
            let collection =
                Collection { path, query: String::new(), api_version, kind: kind.to_owned() };
            let list = collection.list(&target.api).await.map_err(|failure| {
                let doing = "cannot tell what runs with an old ConfigMap or Secret";
                failure.explain_list(doing, &id, Some(namespace))
            })?;
            list.items.into_iter().for_each(|object| around.upsert(object));
        }
    }
    Ok(around)
}
