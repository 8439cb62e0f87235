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

/// Records what an object will leave behind; gives what of it cannot be seen, and why, a sentence
/// a kind: nobody will know of that.
///
/// # Errors
/// A read that failed for another reason than a missing right, or the write of the record.
pub(crate) async fn note(
    target: &Target,
    keeper: &Keeper,
    id: &ObjectId,
    owner: &str,
) -> Result<Vec<String>> {
    let (mut orphans, mut unseen) = (Vec::new(), Vec::new());
    // What Kubernetes' StatefulSet controller owns. Claims are not among it: they outlive a set
    // unless it says otherwise.
    for (group, kind) in [("", "Pod"), ("apps", "ControllerRevision")] {
        let found = dependents(target, &GroupKind::new(group, kind), id, owner).await?;
        orphans.extend(found.seen);
        unseen.extend(found.unseen);
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
        .await?;
    Ok(unseen)
}

/// What of one kind an object owns.
struct Dependents<T> {
    seen: Vec<T>,
    /// What else there may be, and why it cannot be seen.
    unseen: Option<String>,
}

async fn dependents(
    target: &Target,
    kind: &GroupKind,
    owner_id: &ObjectId,
    owner: &str,
) -> Result<Dependents<Orphan>> {
    let namespace = owner_id.namespace.as_deref();
    // Unfiltered by our label: pods carry the labels of their template only.
    let Some(path) = target.kinds.collection_path(kind, "v1", namespace) else {
        return Ok(Dependents { seen: Vec::new(), unseen: None });
    };
    let found = match target.api.list_metadata(&path, "").await {
        Ok(list) => Dependents { seen: list.items, unseen: None },
        Err(failure) if is_list_forbidden(&failure) => {
            by_name(target, kind, owner_id, &path).await?
        }
        Err(failure) => {
            let doing = format!("cannot look for what {owner_id} leaves");
            return Err(failure.explain_list(doing, kind, namespace));
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
    let owned = found.seen.iter().filter(|object| is_owned_by(object, owner));
    Ok(Dependents { seen: owned.filter_map(orphan).collect(), unseen: found.unseen })
}

/// Asks one by one for what may not be listed, by the names that the set tells of.
async fn by_name(
    target: &Target,
    kind: &GroupKind,
    set: &ObjectId,
    collection: &str,
) -> Result<Dependents<Value>> {
    let mut found = Dependents { seen: Vec::new(), unseen: None };
    let path = target.path(set, "v1").expect("StatefulSets are built in");
    let live = target.api.find(Request::get(path)).await;
    // Without its number of replicas no pod could be named, and none recorded.
    let live =
        live.map_err(|failure| failure.explain("get", "cannot look for pods of", set, None))?;
    let Some(live) = live else { return Ok(found) };
    let names = if kind.kind == "Pod" {
        pods(&live, &set.name)
    } else {
        found.unseen =
            Some(format!("its older {}s cannot be seen: forbidden: list {kind}", kind.kind));
        revisions(&live)
    };
    for name in names {
        match target.api.find(Request::get_metadata(format!("{collection}/{name}"))).await {
            Ok(object) => found.seen.extend(object),
            // Who cannot be asked counts as alive (docs/design.md, Absence): it is said.
            Err(failure) if failure.is_forbidden() => {
                found.unseen =
                    Some(format!("its {}s cannot be seen: forbidden: get {kind}", kind.kind));
                break;
            }
            Err(failure) => {
                let id = ObjectId::new(&kind.group, &kind.kind, set.namespace.as_deref(), &name);
                return Err(failure.explain("get", "cannot look at", &id, None));
            }
        }
    }
    Ok(found)
}

/// Names the pods of a set: they are numbered.
fn pods(set: &Value, name: &str) -> Vec<String> {
    let number = |pointer: &str| set.pointer(pointer).and_then(Value::as_u64).unwrap_or_default();
    let first = number("/spec/ordinals/start");
    // A set that is being scaled down still has the pods of its old size.
    let count = number("/spec/replicas").max(number("/status/replicas"));
    (first..first + count).map(|ordinal| format!("{name}-{ordinal}")).collect()
}

/// Names the revisions that a set runs: others are named by a hash that nobody tells.
fn revisions(set: &Value) -> Vec<String> {
    let name = |field: &str| set["status"][field].as_str().map(str::to_owned);
    let mut names: Vec<String> =
        ["currentRevision", "updateRevision"].into_iter().filter_map(name).collect();
    names.dedup();
    names
}
