//! Garbage collection: dependents go after their owners, or before them, or are let go.

use serde_json::{Value, json};

use super::{CONTROLLER, drop_finalizer, is_deleted, text, uid};
use crate::sandbox::{
    delete::{ApiDeleteOptions, delete},
    status::StatusResult,
    storage::ObjectKey,
    world::World,
};
use crate::schema::shape;

fn finalizers(object: &Value) -> Vec<String> {
    let list = object["metadata"]["finalizers"].as_array().into_iter().flatten();
    list.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Does what owners and finalizers ask for. Tells whether the object is gone or was rewritten, so
/// that nobody should go on with the state that he read.
pub(super) fn collect(world: &World<'_>, key: &ObjectKey, object: &Value) -> StatusResult<bool> {
    if is_deleted(object) {
        let list = finalizers(object);
        if list.iter().any(|finalizer| finalizer == "orphan") {
            return release(world, key, object);
        }
        if list.iter().any(|finalizer| finalizer == "foregroundDeletion") {
            return dependents_first(world, key, object);
        }
    }
    let Some(references) = object["metadata"]["ownerReferences"].as_array() else {
        return Ok(false);
    };
    let (mut present, mut absent) = (Vec::new(), 0);
    let mut waiting = false;
    for reference in references {
        match owner(world, key, reference)? {
            Some(owner) => {
                let foreground = finalizers(&owner).iter().any(|f| f == "foregroundDeletion");
                waiting |=
                    foreground && is_deleted(&owner) && reference["blockOwnerDeletion"] == true;
                present.push(reference.clone());
            }
            None => absent += 1,
        }
    }
    let Some(resource) = world.registry.stored(&key.resource) else { return Ok(false) };
    // `attemptToDeleteItem` of the garbage collector: the last owner is gone, or the only one waits
    // for its dependents in the foreground.
    if present.is_empty() && absent > 0 || waiting && present.len() == 1 {
        if is_deleted(object) {
            return Ok(false);
        }
        // An object with dependents of its own hands the waiting on.
        let blocking = waiting && !world.storage.owned(uid(object))?.is_empty();
        let options =
            if blocking { ApiDeleteOptions::foreground() } else { ApiDeleteOptions::background() };
        delete(world, &resource, key, &options)?;
        return Ok(true);
    }
    if absent > 0 {
        let mut changed = object.clone();
        changed["metadata"]["ownerReferences"] = json!(present);
        world.write_as(CONTROLLER, "", key, changed)?;
        return Ok(true);
    }
    Ok(false)
}

/// The owner that a reference means, if it is there.
fn owner(world: &World<'_>, key: &ObjectKey, reference: &Value) -> StatusResult<Option<Value>> {
    let Some(resource) =
        world.registry.of_kind(text(reference, "/apiVersion"), text(reference, "/kind"))
    else {
        // An unknown kind says nothing about its objects.
        // So the object stays: it is not proved that its owner is gone.
        return Ok(Some(json!({})));
    };
    let namespace = if resource.namespaced { key.namespace.as_str() } else { "" };
    let place = ObjectKey::new(&resource.storage(), namespace, text(reference, "/name"));
    let found = world.get(&place)?;
    // The same name with another uid is another owner: ours is gone.
    Ok(found.filter(|owner| owner["metadata"]["uid"] == reference["uid"]))
}

/// Takes a finalizer off; without the last one the object is gone.
fn let_go(
    world: &World<'_>,
    key: &ObjectKey,
    object: &Value,
    finalizer: &str,
) -> StatusResult<bool> {
    let Some(resource) = world.registry.stored(&key.resource) else { return Ok(false) };
    let mut changed = object.clone();
    drop_finalizer(&mut changed, finalizer);
    world.put_or_remove(&resource, key, changed)?;
    Ok(true)
}

/// Orphans the dependents: their references to the owner go.
fn release(world: &World<'_>, key: &ObjectKey, object: &Value) -> StatusResult<bool> {
    for dependent in world.storage.owned(uid(object))? {
        let Some(mut orphan) = world.get(&dependent)? else { continue };
        let references =
            orphan["metadata"]["ownerReferences"].as_array().cloned().unwrap_or_default();
        let left: Vec<_> = references
            .into_iter()
            .filter(|reference| reference["uid"] != object["metadata"]["uid"])
            .collect();
        if left.is_empty() {
            shape::remove(&mut orphan["metadata"], "ownerReferences");
        } else {
            orphan["metadata"]["ownerReferences"] = json!(left);
        }
        world.write_as(CONTROLLER, "", &dependent, orphan)?;
    }
    let_go(world, key, object, "orphan")
}

/// Deletes the dependents; when none that blocks is left, the owner may go.
fn dependents_first(world: &World<'_>, key: &ObjectKey, object: &Value) -> StatusResult<bool> {
    let mut blocked = false;
    for dependent in world.storage.owned(uid(object))? {
        let Some(found) = world.get(&dependent)? else { continue };
        let references = found["metadata"]["ownerReferences"].as_array().into_iter().flatten();
        blocked |= references.into_iter().any(|reference| {
            reference["uid"] == object["metadata"]["uid"] && reference["blockOwnerDeletion"] == true
        });
        if !is_deleted(&found) {
            world.storage.schedule(&dependent, world.millis())?;
        }
    }
    if blocked {
        return Ok(false);
    }
    let_go(world, key, object, "foregroundDeletion")
}
