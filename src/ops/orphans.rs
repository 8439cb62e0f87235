//! What a StatefulSet leaves behind for a moment while it is deleted and made anew: its pods go
//! on, and the new one adopts them. They are recorded before the deletion, so that whoever comes
//! after a process that died in between can remove them.

use serde_json::Value;

use super::target::{Target, is_list_forbidden};
use crate::{
    cluster::{record::Keeper, request::Request},
    workload::{
        error::Result,
        object::{GroupKind, ObjectId},
        ownership::{is_owned_by, uid},
        record::Orphan,
    },
};

/// Records what an object will leave behind.
///
/// # Errors
/// A read that failed for another reason than a missing right, or the write of the record.
pub(crate) async fn note(
    target: &Target,
    keeper: &Keeper,
    id: &ObjectId,
    owner: &str,
) -> Result<()> {
    let mut orphans = Vec::new();
    // What Kubernetes' StatefulSet controller owns. Claims are not among it: they outlive a set
    // unless it says otherwise.
    for (group, kind) in [("", "Pod"), ("apps", "ControllerRevision")] {
        orphans.extend(dependents(target, &GroupKind::new(group, kind), id, owner).await?);
    }
    keeper
        .amend(|record| {
            let mut inventory = record.inventory.iter_mut();
            if let Some(entry) = inventory.find(|entry| entry.id == *id) {
                // The uid of the one that goes tells later whose orphans they were.
                entry.uid = Some(owner.to_owned());
                entry.orphans = orphans;
            }
        })
        .await
}

async fn dependents(
    target: &Target,
    kind: &GroupKind,
    owner_id: &ObjectId,
    owner: &str,
) -> Result<Vec<Orphan>> {
    let namespace = owner_id.namespace.as_deref();
    // Unfiltered by our label: pods carry the labels of their template only.
    let Some(path) = target.kinds.collection_path(kind, "v1", namespace) else {
        return Ok(Vec::new());
    };
    let objects = match target.api.list_metadata(&path, "").await {
        Ok(list) => list.items,
        Err(failure) if is_list_forbidden(&failure) => {
            by_name(target, kind, owner_id, &path).await?
        }
        Err(failure) => {
            return Err(failure.explain("list", "cannot look for pods of", owner_id, None));
        }
    };
    let orphan = |object: &Value| {
        let name = object["metadata"]["name"].as_str()?;
        Some(Orphan {
            id: ObjectId::new(&kind.group, &kind.kind, namespace, name),
            version: "v1".to_owned(),
            uid: uid(object)?.to_owned(),
        })
    };
    Ok(objects.iter().filter(|object| is_owned_by(object, owner)).filter_map(orphan).collect())
}

/// Asks for pods one by one where they may not be listed: their names are those of the set with
/// a number.
async fn by_name(
    target: &Target,
    kind: &GroupKind,
    set: &ObjectId,
    collection: &str,
) -> Result<Vec<Value>> {
    let mut found = Vec::new();
    let path = target.path(set, "v1").expect("StatefulSets are built in");
    let live = target.api.find(Request::get(path)).await;
    // Without its number of replicas no pod could be named, and none recorded.
    let live =
        live.map_err(|failure| failure.explain("get", "cannot look for pods of", set, None))?;
    let Some(live) = live else { return Ok(found) };
    // ControllerRevisions are named by a hash: they cannot be guessed, and hold nothing that runs.
    if kind.kind != "Pod" {
        return Ok(found);
    }
    let number = |pointer: &str| live.pointer(pointer).and_then(Value::as_u64).unwrap_or_default();
    let first = number("/spec/ordinals/start");
    // A set that is being scaled down still has the pods of its old size.
    for ordinal in first..first + number("/spec/replicas").max(number("/status/replicas")) {
        let path = format!("{collection}/{}-{ordinal}", set.name);
        match target.api.find(Request::get_metadata(path)).await {
            Ok(pod) => found.extend(pod),
            // Without the right to read pods the reasons are poorer and so is this (docs/design.md,
            // Rights).
            Err(failure) if failure.is_forbidden() => break,
            Err(failure) => {
                return Err(failure.explain("get", "cannot look for pods of", set, None));
            }
        }
    }
    Ok(found)
}
