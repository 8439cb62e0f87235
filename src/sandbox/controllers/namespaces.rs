//! Namespaces: what each has from the beginning, and how its content goes with it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{CONTROLLER, is_deleted, name, set_condition};
use crate::sandbox::{
    delete::{ApiDeleteOptions, delete},
    status::StatusResult,
    storage::ObjectKey,
    world::World,
};

/// How long a namespace takes to go at the least, in milliseconds, and between looks at it.
const PACE: i64 = 100;

pub(super) fn reconcile(world: &World<'_>, key: &ObjectKey, object: &Value) -> StatusResult<()> {
    if is_deleted(object) { empty(world, key, object) } else { furnish(world, object) }
}

/// Gives a namespace its service account and the cluster's certificate.
fn furnish(world: &World<'_>, object: &Value) -> StatusResult<()> {
    let namespace = name(object);
    let account = ObjectKey::new("/serviceaccounts", namespace, "default");
    if world.storage.get(&account)?.is_none() {
        world.create_as(CONTROLLER, &account, json!({}))?;
    }
    let certificate = ObjectKey::new("/configmaps", namespace, "kube-root-ca.crt");
    if world.storage.get(&certificate)?.is_none() {
        // The words of the root CA publisher; the certificate is none, as there is no server to
        // check.
        let description = "Contains a CA bundle that can be used to verify the kube-apiserver when \
             using internal endpoints such as the internal service IP or \
             kubernetes.default.svc. No other usage is guaranteed across distributions of \
             Kubernetes clusters.";
        let map = json!({
            "metadata": {"annotations": {"kubernetes.io/description": description}},
            "data": {"ca.crt": "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"},
        });
        world.create_as(CONTROLLER, &certificate, map)?;
    }
    Ok(())
}

/// Deletes what is in a namespace that is being deleted; the last finalizer goes with the last
/// object.
fn empty(world: &World<'_>, key: &ObjectKey, object: &Value) -> StatusResult<()> {
    let namespace = name(object);
    for content in world.storage.inside(namespace)? {
        let Some(resource) = world.registry.stored(&content.resource) else {
            // Of a definition that is gone.
            if let Some(row) = world.storage.get(&content)? {
                world.remove(&content, &mut row.object())?;
            }
            continue;
        };
        let Some(row) = world.storage.get(&content)? else { continue };
        if !row.metadata()["deletionTimestamp"].is_string() {
            delete(world, &resource, &content, &ApiDeleteOptions::background())?;
        }
    }
    // What holds a finalizer of its own stays and is told of below.
    let rest = world.storage.inside(namespace)?;
    let status = conditions(world, object, &rest)?;
    let mut changed = object.clone();
    changed["status"] = status;
    let stored = world.write_as(CONTROLLER, "status", key, changed)?;
    if !rest.is_empty() {
        return world.later(key, PACE);
    }
    let Some(resource) = world.registry.stored("/namespaces") else { return Ok(()) };
    let mut last = stored;
    // Only its own finalizer is the controller's to take off.
    let others: Vec<Value> = last["spec"]["finalizers"].as_array().cloned().unwrap_or_default();
    let others: Vec<Value> =
        others.into_iter().filter(|finalizer| finalizer != "kubernetes").collect();
    last["spec"] = if others.is_empty() { json!({}) } else { json!({"finalizers": others}) };
    if last != object.clone() {
        world.put_or_remove(&resource, key, last)?;
    }
    Ok(())
}

/// The status of a namespace that is being deleted, in the words of the namespace controller
/// (`pkg/controller/namespace/deletion/status_condition_utils.go`).
fn conditions(world: &World<'_>, object: &Value, rest: &[ObjectKey]) -> StatusResult<Value> {
    let (remaining, held) = remains(world, rest)?;
    let fine = |reason: &'static str, message: &str| ("False", reason, message.to_owned());
    let mut status = object["status"].clone();
    for (kind, (value, reason, message)) in [
        (
            "NamespaceDeletionDiscoveryFailure",
            fine("ResourcesDiscovered", "All resources successfully discovered"),
        ),
        (
            "NamespaceDeletionGroupVersionParsingFailure",
            fine("ParsedGroupVersions", "All legacy kube types successfully parsed"),
        ),
        (
            "NamespaceDeletionContentFailure",
            fine(
                "ContentDeleted",
                "All content successfully deleted, may be waiting on finalization",
            ),
        ),
        ("NamespaceContentRemaining", remaining),
        ("NamespaceFinalizersRemaining", held),
    ] {
        let condition =
            json!({"type": kind, "status": value, "reason": reason, "message": message});
        set_condition(&mut status, condition, &world.stamp(), false);
    }
    Ok(status)
}

/// Status, reason and message of a condition.
type Told = (&'static str, &'static str, String);

/// Tells what remains of a namespace's content, and which finalizers hold it.
fn remains(world: &World<'_>, rest: &[ObjectKey]) -> StatusResult<(Told, Told)> {
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    let mut holders: BTreeMap<String, usize> = BTreeMap::new();
    for content in rest {
        let (group, plural) = content.resource.split_once('/').unwrap_or_default();
        *kinds.entry(format!("{plural}.{group}")).or_default() += 1;
        let metadata = world.storage.get(content)?.map(|row| row.metadata()).unwrap_or_default();
        for finalizer in metadata["finalizers"].as_array().into_iter().flatten() {
            *holders.entry(finalizer.as_str().unwrap_or_default().to_owned()).or_default() += 1;
        }
    }
    let listed = |counts: &BTreeMap<String, usize>, words: &str| {
        let items =
            counts.iter().map(|(name, count)| format!("{name} {words} {count} resource instances"));
        items.collect::<Vec<_>>().join(", ")
    };
    let remaining = if kinds.is_empty() {
        ("False", "ContentRemoved", "All content successfully removed".to_owned())
    } else {
        let message = format!("Some resources are remaining: {}", listed(&kinds, "has"));
        ("True", "SomeResourcesRemain", message)
    };
    let held = if holders.is_empty() {
        ("False", "ContentHasNoFinalizers", "All content-preserving finalizers finished".to_owned())
    } else {
        let message = format!(
            "Some content in the namespace has finalizers remaining: {}",
            listed(&holders, "in")
        );
        ("True", "SomeFinalizersRemain", message)
    };
    Ok((remaining, held))
}
