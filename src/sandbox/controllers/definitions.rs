//! Custom resource definitions: their names are accepted, they are established, and their objects
//! go before them.

use serde_json::{Value, json};

use super::{CONTROLLER, drop_finalizer, has_true, is_deleted, name, set_condition, text, uid};
use crate::sandbox::{
    delete::{ApiDeleteOptions, delete},
    status::StatusResult,
    storage::ObjectKey,
    world::World,
};

/// The time until a definition is established, in milliseconds: about what a real server takes.
const PACE: i64 = 60;
const FINALIZER: &str = "customresourcecleanup.apiextensions.k8s.io";

pub(super) fn reconcile(world: &World<'_>, key: &ObjectKey, object: &Value) -> StatusResult<()> {
    if is_deleted(object) {
        return empty(world, key, object);
    }
    // The naming condition controller, then the establishing one, of apiextensions-apiserver.
    let clash = clash(world, object)?;
    let mut status = object["status"].clone();
    let now = world.stamp();
    let accepted = match &clash {
        None => {
            json!({"type": "NamesAccepted", "status": "True", "reason": "NoConflicts", "message": "no conflicts found"})
        }
        Some((reason, message)) => {
            json!({"type": "NamesAccepted", "status": "False", "reason": reason, "message": message})
        }
    };
    set_condition(&mut status, accepted, &now, false);
    if clash.is_none() {
        status["acceptedNames"] = object["spec"]["names"].clone();
    } else if status["acceptedNames"].is_null() {
        status["acceptedNames"] = json!({"plural": "", "kind": ""});
    }
    // It only grows: objects may still lie in a version that is not stored any more.
    let stored = object["spec"]["versions"].as_array().into_iter().flatten();
    let mut versions = status["storedVersions"].as_array().cloned().unwrap_or_default();
    for version in stored.filter(|version| version["storage"] == true) {
        if !versions.contains(&version["name"]) {
            versions.push(version["name"].clone());
        }
    }
    status["storedVersions"] = json!(versions);
    let established = if clash.is_some() {
        json!({"type": "Established", "status": "False", "reason": "NotAccepted", "message": "not all names are accepted"})
    } else if has_true(object, "Established")
        || world.elapsed(key, &format!("{}/establish", uid(object)), PACE)?
    {
        json!({"type": "Established", "status": "True", "reason": "InitialNamesAccepted", "message": "the initial names have been accepted"})
    } else {
        json!({"type": "Established", "status": "False", "reason": "Installing", "message": "the initial names have been accepted"})
    };
    // Once established it stays so, even where a change of names clashes.
    if !has_true(object, "Established") || clash.is_none() {
        set_condition(&mut status, established, &now, false);
    }
    let mut changed = object.clone();
    changed["status"] = status;
    world.write_as("kube-apiserver", "status", key, changed).map(|_| ())
}

/// Another definition of the group with one of the names.
fn clash(world: &World<'_>, object: &Value) -> StatusResult<Option<(&'static str, String)>> {
    let group = &object["spec"]["group"];
    for other in world.storage.all("apiextensions.k8s.io/customresourcedefinitions", None)? {
        if name(&other) == name(object) || other["spec"]["group"] != *group {
            continue;
        }
        let taken = &other["status"]["acceptedNames"];
        for (field, reason) in [
            ("plural", "PluralConflict"),
            ("singular", "SingularConflict"),
            ("kind", "KindConflict"),
            ("listKind", "ListKindConflict"),
        ] {
            let wanted = &object["spec"]["names"][field];
            if wanted.is_string() && taken[field] == *wanted {
                return Ok(Some((reason, format!("{wanted} is already in use"))));
            }
        }
    }
    Ok(None)
}

/// Deletes the objects of a definition that is being deleted, then lets it go.
fn empty(world: &World<'_>, key: &ObjectKey, object: &Value) -> StatusResult<()> {
    let storage = format!("{}/{}", text(object, "/spec/group"), text(object, "/spec/names/plural"));
    let mut keys = Vec::new();
    world.storage.list(&storage, None, ("", ""), |row| {
        keys.push((ObjectKey::new(&storage, &row.namespace, &row.name), row));
        true
    })?;
    // None is served of a definition that never was established, or is not any more.
    let resource = world.registry.stored(&storage);
    for (place, row) in &keys {
        match &resource {
            Some(resource) if row.metadata()["deletionTimestamp"].is_null() => {
                delete(world, resource, place, &ApiDeleteOptions::background())?;
            }
            Some(_) => {}
            None => world.remove(place, &mut row.object())?,
        }
    }
    let mut left = false;
    world.storage.list(&storage, None, ("", ""), |_| {
        left = true;
        false
    })?;
    let mut changed = object.clone();
    let (value, reason, message) = if left {
        ("True", "InstanceDeletionInProgress", "CustomResource deletion is in progress")
    } else {
        ("False", "InstanceDeletionCompleted", "removed all instances")
    };
    let condition =
        json!({"type": "Terminating", "status": value, "reason": reason, "message": message});
    set_condition(&mut changed["status"], condition, &world.stamp(), false);
    if left {
        world.write_as(CONTROLLER, "status", key, changed)?;
        return world.later(key, PACE);
    }
    if !drop_finalizer(&mut changed, FINALIZER) {
        return Ok(());
    }
    let Some(resource) = world.registry.stored(&key.resource) else { return Ok(()) };
    world.put_or_remove(&resource, key, changed).map(|_| ())
}
