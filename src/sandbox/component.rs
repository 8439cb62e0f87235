//! Writes of the cluster's own components: the controllers, the scheduler, the kubelets, and the
//! API server itself when it fills an empty cluster. They come from inside, so no request is
//! decoded and nothing is validated; ownership, generation and admission are the same.

use serde_json::{Value, json};

use super::{
    admission,
    decode::prepared,
    managed::{ManagedFields, without_entries},
    status::{StatusError, StatusResult},
    storage::ObjectKey,
    strategy::{blank, bump_generation, field_manager, spec_changed},
    world::{World, new_uid},
};
use crate::schema::shape;

impl World<'_> {
    /// Writes an object as one of the cluster's own components does: with its entry in
    /// managedFields; nothing is written if nothing changed.
    pub(super) fn write_as(
        &self,
        manager: &str,
        subresource: &str,
        key: &ObjectKey,
        mut object: Value,
    ) -> StatusResult<Value> {
        let resource =
            self.registry.stored(&key.resource).ok_or_else(StatusError::no_such_resource)?;
        let old = self.get(key)?;
        resource.dress(&mut object);
        if resource.custom.is_none() {
            object = shape::normalize(object, resource.schema());
        }
        if let Some(old) = &old {
            if without_version(old) == without_version(&object) {
                return Ok(object);
            }
            if subresource != "status"
                && resource.counts_generations()
                && spec_changed(&resource, old, &object)
            {
                bump_generation(&mut object);
            }
        }
        let mut before = old.unwrap_or_else(|| blank(&resource));
        resource.dress(&mut before);
        let managed = ManagedFields::of_update(&before, &object);
        field_manager(&resource, subresource, manager, self.stamp()).record(
            managed,
            &before,
            &mut object,
        );
        self.put(key, &mut object)?;
        Ok(object)
    }

    /// Creates an object as a component does: with uid, time and defaults.
    pub(super) fn create_as(
        &self,
        manager: &str,
        key: &ObjectKey,
        mut object: Value,
    ) -> StatusResult<Value> {
        let resource =
            self.registry.stored(&key.resource).ok_or_else(StatusError::no_such_resource)?;
        resource.dress(&mut object);
        object["metadata"]["name"] = json!(key.name);
        if !key.namespace.is_empty() {
            object["metadata"]["namespace"] = json!(key.namespace);
        }
        let mut object = prepared(&resource, object);
        object["metadata"]["uid"] = json!(new_uid());
        object["metadata"]["creationTimestamp"] = json!(self.stamp());
        if resource.counts_generations() {
            object["metadata"]["generation"] = json!(1);
        }
        admission::create(self, &resource, &mut object)?;
        self.write_as(manager, "", key, object)
    }
}

impl World<'_> {
    /// Applies an object as a component does that uses server-side apply, by force; one that is
    /// not there is not made.
    pub(super) fn apply_as(
        &self,
        manager: &str,
        key: &ObjectKey,
        config: &Value,
    ) -> StatusResult<()> {
        let resource =
            self.registry.stored(&key.resource).ok_or_else(StatusError::no_such_resource)?;
        let Some(live) = self.get(key)? else { return Ok(()) };
        let managed = ManagedFields::decode(live.get("metadata")).unwrap_or_default();
        let writer = field_manager(&resource, "", manager, self.stamp());
        let (new, managed) = managed
            .apply(&without_entries(&live), config, &writer, true)
            .map_err(|refused| StatusError::internal(format!("{refused:?}")))?;
        let Some(new) = new else { return Ok(()) };
        let mut new = shape::normalize(new, resource.schema());
        resource.dress(&mut new);
        managed.write(&mut new);
        self.put(key, &mut new)
    }
}

fn without_version(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.remove("resourceVersion");
        metadata.remove("managedFields");
    }
    object
}
