//! Creating and changing objects: the steps that every write goes through, in the API server's
//! order: decode, default, own, admit, prepare, check, store.

use serde_json::{Value, json};

use super::{
    addresses, admission,
    decode::decode,
    managed::ManagedFields,
    rand,
    registry::Resource,
    request::ApiRequest,
    rules,
    status::{FieldError, StatusError, StatusResult},
    storage::ObjectKey,
    strategy::{
        allows_create_on_update, blank, bump_generation, field_manager, keep_identity, spec_changed,
    },
    world::{World, new_uid},
};
use crate::schema::{defaults, shape};

/// What a write is about.
pub(super) struct WriteTarget<'a> {
    pub(super) resource: &'a Resource,
    pub(super) key: ObjectKey,
    /// Empty for the object itself.
    pub(super) subresource: &'a str,
    pub(super) request: &'a ApiRequest,
}

impl WriteTarget<'_> {
    /// The stored object in the version of the request.
    pub(super) fn current(&self, world: &World<'_>) -> StatusResult<Option<Value>> {
        world.get_as(self.resource, &self.key)
    }

    /// Enters the manager of an update in the object.
    fn own(&self, world: &World<'_>, old: &Value, new: &mut Value) {
        let manager = self.request.manager();
        let mut writer = field_manager(self.resource, self.subresource, &manager, world.stamp());
        if self.subresource == "status" && self.resource.custom.is_some() {
            writer.reset = &["spec", "metadata"];
        }
        let managed = if self.subresource.is_empty() {
            ManagedFields::of_update(old, new)
        } else {
            ManagedFields::decode(old.get("metadata")).unwrap_or_default()
        };
        writer.record(managed, old, new);
    }
}

/// Creates an object (POST).
pub(super) fn create(
    world: &World<'_>,
    target: &mut WriteTarget<'_>,
    warnings: &mut Vec<String>,
) -> StatusResult<Value> {
    let resource = target.resource;
    let body = target.request.value(&resource.kind)?;
    let mut object = decode(resource, target.request, body, warnings)?;
    place(target, &mut object)?;
    // It is the etcd store that refuses this, not the API: hence a 500.
    if object["metadata"]["resourceVersion"].is_string() {
        return Err(StatusError::internal(
            "resourceVersion should not be set on objects to be created",
        ));
    }
    let prefix = object["metadata"]["generateName"].as_str().unwrap_or_default();
    // `BeforeCreate` in apiserver's `registry/rest/create.go`: the name, then what a client cannot
    // say about itself.
    if object["metadata"]["name"].is_null() && !prefix.is_empty() {
        object["metadata"]["name"] = json!(format!("{prefix}{}", rand::suffix(5)));
    }
    target.key.name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    if target.key.name.is_empty() {
        let cause = FieldError::required("metadata.name", "name or generateName is required");
        return Err(resource.invalid("", &[cause]));
    }
    if let Some(metadata) = object["metadata"].as_object_mut() {
        for name in [
            "uid",
            "creationTimestamp",
            "deletionTimestamp",
            "deletionGracePeriodSeconds",
            "generation",
            "selfLink",
        ] {
            metadata.remove(name);
        }
    }
    let blank = blank(resource);
    target.own(world, &blank, &mut object);
    finish_create(world, target, object)
}

/// Checks that the body means the place that the request was sent to.
fn place(target: &WriteTarget<'_>, object: &mut Value) -> StatusResult<()> {
    let resource = target.resource;
    let named = object["metadata"]["namespace"].as_str().unwrap_or_default();
    if !resource.namespaced {
        if !named.is_empty()
            && let Some(metadata) = object["metadata"].as_object_mut()
        {
            metadata.remove("namespace");
        }
        return Ok(());
    }
    if !named.is_empty() && named != target.key.namespace {
        return Err(StatusError::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    if !object["metadata"].is_object() {
        object["metadata"] = json!({});
    }
    object["metadata"]["namespace"] = json!(target.key.namespace);
    Ok(())
}

/// The last steps of a create, for POST and for an apply to what does not exist.
fn finish_create(
    world: &World<'_>,
    target: &WriteTarget<'_>,
    mut object: Value,
) -> StatusResult<Value> {
    let (resource, key) = (target.resource, &target.key);
    admission::namespace(world, resource, key)?;
    object["metadata"]["name"] = json!(key.name);
    object["metadata"]["uid"] = json!(new_uid());
    object["metadata"]["creationTimestamp"] = json!(world.stamp());
    if resource.counts_generations() {
        object["metadata"]["generation"] = json!(1);
    }
    if resource.has("status")
        && let Some(fields) = object.as_object_mut()
    {
        // A status that a client sends along is not looked at.
        let empty = blank(resource).get("status").cloned();
        fields.remove("status");
        fields.extend(empty.map(|status| ("status".to_owned(), status)));
        if resource.custom.is_none() {
            defaults::apply(&mut object, resource.schema(), &resource.kind);
        }
    }
    admission::create(world, resource, &mut object)?;
    let causes = rules::create(resource, &object);
    if !causes.is_empty() {
        return Err(resource.invalid(&key.name, &causes));
    }
    // Only here: a create that is invalid is told so even where the name is taken.
    if let Some(known) = world.storage.get(key)? {
        let going = known.metadata()["deletionTimestamp"].is_string();
        return Err(StatusError::already_exists(
            &resource.group,
            &resource.plural,
            &key.name,
            going,
        ));
    }
    addresses::allocate(world, resource, None, &mut object)?;
    if resource.custom.is_none() {
        object = shape::settled(object, resource.schema());
    }
    world.put(key, &mut object)?;
    Ok(object)
}

/// Replaces an object (PUT).
pub(super) fn update(
    world: &World<'_>,
    target: &WriteTarget<'_>,
    warnings: &mut Vec<String>,
) -> StatusResult<(u16, Value)> {
    let resource = target.resource;
    let body = target.request.value(&resource.kind)?;
    let mut object = decode(resource, target.request, body, warnings)?;
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    if name != target.key.name {
        return Err(StatusError::bad_request(format!(
            "the name of the object ({name}) does not match the name on the URL ({})",
            target.key.name
        )));
    }
    place(target, &mut object)?;
    let Some(old) = target.current(world)? else {
        if !allows_create_on_update(resource) || !target.subresource.is_empty() {
            return Err(resource.not_found(&target.key.name));
        }
        target.own(world, &blank(resource), &mut object);
        return Ok((201, finish_create(world, target, object)?));
    };
    Ok((200, finish_update(world, target, &old, object, true)?))
}

/// The last steps of a change; `own` says that the change is an update whose owner is to be
/// recorded.
pub(super) fn finish_update(
    world: &World<'_>,
    target: &WriteTarget<'_>,
    old: &Value,
    mut new: Value,
    own: bool,
) -> StatusResult<Value> {
    let (resource, key) = (target.resource, &target.key);
    preconditions(target, old, &new)?;
    let asked = new["metadata"]["resourceVersion"].as_str().unwrap_or_default();
    // "0" means any, as in etcd; docs/design.md has what an apply does with it.
    if !matches!(asked, "" | "0") && Some(asked) != old["metadata"]["resourceVersion"].as_str() {
        return Err(resource.modified(&key.name));
    }
    if own {
        target.own(world, old, &mut new);
    }
    keep_identity(old, &mut new);
    let mut new = keep_rest(target, old, new);
    if new["metadata"]["managedFields"].is_null()
        && let Some(metadata) = new["metadata"].as_object_mut()
    {
        metadata.remove("managedFields");
    }
    if resource.counts_generations()
        && target.subresource != "status"
        && spec_changed(resource, old, &new)
    {
        bump_generation(&mut new);
    }
    admission::update(resource, old, &mut new);
    addresses::allocate(world, resource, Some(old), &mut new)?;
    let causes = rules::update(resource, old, &new);
    if !causes.is_empty() {
        return Err(resource.invalid(&key.name, &causes));
    }
    admission::growth(world, resource, old, &new)?;
    if resource.custom.is_none() {
        new = shape::settled(new, resource.schema());
        resource.dress(&mut new);
    }
    // A write that changes nothing is none: no event, the same resourceVersion. The times of the
    // managers move at every write and do not count (`IgnoreManagedFieldsTimestampsTransformer`).
    if without_times(old) == without_times(&new) {
        return Ok(old.clone());
    }
    world.put_or_remove(resource, key, new)
}

/// A write to the object leaves its status as it was; one to the status leaves all else
/// (`PrepareForUpdate` of the strategies).
fn keep_rest(target: &WriteTarget<'_>, old: &Value, mut new: Value) -> Value {
    let resource = target.resource;
    let (mut kept, status) = match target.subresource {
        "status" => {
            let mut kept = old.clone();
            if resource.custom.is_some() {
                // Of a custom resource not even the labels are written.
                kept["metadata"]["managedFields"] = new["metadata"]["managedFields"].clone();
            } else {
                kept["metadata"] = std::mem::take(&mut new["metadata"]);
            }
            (kept, new.get("status").cloned())
        }
        _ if resource.has("status") => (new, old.get("status").cloned()),
        _ => return new,
    };
    match status {
        Some(status) => kept["status"] = status,
        None => shape::remove(&mut kept, "status"),
    }
    kept
}

/// What a PUT must state, and what it may.
fn preconditions(target: &WriteTarget<'_>, old: &Value, new: &Value) -> StatusResult<()> {
    let (resource, key) = (target.resource, &target.key);
    if target.request.method != "PUT" || target.subresource == "scale" {
        return Ok(());
    }
    let (asked, found) = (&new["metadata"]["uid"], &old["metadata"]["uid"]);
    if let (Some(asked), Some(found)) = (asked.as_str(), found.as_str())
        && asked != found
    {
        let place = if resource.namespaced {
            format!("{}/{}", key.namespace, key.name)
        } else {
            key.name.clone()
        };
        // The words of the etcd store, its key with them.
        let detail = format!(
            "StorageError: invalid object, Code: 4, Key: /registry/{}/{place}, ResourceVersion: 0, \
             AdditionalErrorMsg: Precondition failed: UID in precondition: {asked}, UID in object \
             meta: {found}",
            resource.plural
        );
        return Err(resource.conflict(&key.name, &detail));
    }
    // `AllowUnconditionalUpdate` is false for these.
    let conditional = resource.custom.is_some()
        || matches!(
            (resource.group.as_str(), resource.kind.as_str()),
            ("admissionregistration.k8s.io" | "apiregistration.k8s.io" | "coordination.k8s.io", _)
                | ("apiextensions.k8s.io" | "node.k8s.io", _)
                | ("policy", "PodDisruptionBudget")
                | (
                    "storage.k8s.io",
                    "CSIDriver" | "CSINode" | "CSIStorageCapacity" | "VolumeAttachment"
                )
        );
    if conditional && new["metadata"]["resourceVersion"].as_str().is_none_or(str::is_empty) {
        let detail = "must be specified for an update";
        let cause = FieldError::invalid("metadata.resourceVersion", &json!(0), detail);
        return Err(StatusError::invalid(&resource.group, &resource.plural, &key.name, &[cause]));
    }
    Ok(())
}

/// The object without the times of its managers: what decides whether anything changed.
fn without_times(object: &Value) -> Value {
    let mut object = object.clone();
    let entries = object["metadata"]["managedFields"].as_array_mut();
    for entry in entries.into_iter().flatten().filter_map(Value::as_object_mut) {
        entry.remove("time");
    }
    object
}

/// Applies what a server-side apply came to: a new object, or a change of an old one.
pub(super) fn finish_apply(
    world: &World<'_>,
    target: &WriteTarget<'_>,
    old: Option<&Value>,
    new: Value,
) -> StatusResult<(u16, Value)> {
    match old {
        Some(old) => Ok((200, finish_update(world, target, old, new, false)?)),
        None => Ok((201, finish_create(world, target, new)?)),
    }
}
