//! One transaction on the sandbox's state: objects with their kinds, the clock, and the
//! appointments that every write makes with the controllers.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    Settings,
    managed::{FieldManager, ManagedFields},
    registry::Registry,
    status::StatusError,
    storage::{ObjectKey, Storage},
};

/// The state as one request, or one step of a controller, sees it.
pub(super) struct World<'a> {
    pub(super) storage: Storage<'a>,
    pub(super) registry: Arc<Registry>,
    pub(super) now: Timestamp,
    pub(super) settings: &'a Settings,
    /// Nothing is written.
    pub(super) dry_run: bool,
}

/// Resources whose objects a controller looks at after every change.
const CONTROLLED: &[&str] = &[
    "/namespaces",
    "/nodes",
    "/persistentvolumeclaims",
    "/persistentvolumes",
    "/pods",
    "/services",
    "apiextensions.k8s.io/customresourcedefinitions",
    "apiregistration.k8s.io/apiservices",
    "apps/daemonsets",
    "apps/deployments",
    "apps/replicasets",
    "apps/statefulsets",
    "batch/jobs",
    "policy/poddisruptionbudgets",
];

impl World<'_> {
    /// The time as objects carry it.
    pub(super) fn stamp(&self) -> String {
        stamp(self.now)
    }

    pub(super) fn millis(&self) -> i64 {
        self.now.as_millisecond()
    }

    /// An object with apiVersion and kind.
    pub(super) fn get(&self, key: &ObjectKey) -> Result<Option<Value>, StatusError> {
        let Some(row) = self.storage.get(key)? else { return Ok(None) };
        let mut object = row.object();
        if let Some(resource) = self.registry.stored(&key.resource) {
            resource.dress(&mut object);
        }
        Ok(Some(object))
    }

    /// All objects of a resource, with apiVersion and kind.
    pub(super) fn all(
        &self,
        storage: &str,
        namespace: Option<&str>,
    ) -> Result<Vec<Value>, StatusError> {
        let mut objects = self.storage.all(storage, namespace)?;
        if let Some(resource) = self.registry.stored(storage) {
            objects.iter_mut().for_each(|object| resource.dress(object));
        }
        Ok(objects)
    }

    /// The objects of one resource that name an owner.
    pub(super) fn owned(&self, uid: &str, storage: &str) -> Result<Vec<Value>, StatusError> {
        let mut found = Vec::new();
        for key in self.storage.owned(uid)?.iter().filter(|key| key.resource == storage) {
            found.extend(self.get(key)?);
        }
        Ok(found)
    }

    /// Stores an object and makes the appointments that follow from it.
    pub(super) fn put(&self, key: &ObjectKey, object: &mut Value) -> Result<(), StatusError> {
        if self.dry_run {
            return Ok(());
        }
        self.storage.put(key, object)?;
        self.appoint(key, object)
    }

    /// Removes an object for good.
    pub(super) fn remove(&self, key: &ObjectKey, object: &mut Value) -> Result<(), StatusError> {
        if self.dry_run {
            return Ok(());
        }
        self.storage.remove(key, object)?;
        let uid = object["metadata"]["uid"].as_str().unwrap_or_default();
        for dependent in self.storage.owned(uid)? {
            self.storage.schedule(&dependent, self.millis())?;
        }
        self.appoint(key, object)
    }

    fn appoint(&self, key: &ObjectKey, object: &Value) -> Result<(), StatusError> {
        let now = self.millis();
        let metadata = &object["metadata"];
        let owners = metadata["ownerReferences"].as_array();
        let deleted = metadata["deletionTimestamp"].is_string();
        if CONTROLLED.contains(&key.resource.as_str()) || owners.is_some() || deleted {
            self.storage.schedule(key, now)?;
        }
        for owner in owners.into_iter().flatten() {
            let text = |name: &str| owner[name].as_str().unwrap_or_default();
            if let Some(resource) = self.registry.of_kind(text("apiVersion"), text("kind")) {
                let namespace = if resource.namespaced { key.namespace.as_str() } else { "" };
                let owner = ObjectKey::new(&resource.storage(), namespace, text("name"));
                self.storage.schedule(&owner, now)?;
            }
        }
        match key.resource.as_str() {
            "apiextensions.k8s.io/customresourcedefinitions" => {
                self.storage.set("definitions", self.storage.setting("definitions")? + 1)?;
            }
            "/pods" => self.appoint_services(key, object)?,
            "/services" | "/nodes" => self.appoint_dependents(key)?,
            _ => {}
        }
        if !key.namespace.is_empty() {
            let namespace = ObjectKey::new("/namespaces", "", &key.namespace);
            if let Some(row) = self.storage.get(&namespace)?
                && row.meta.contains("deletionTimestamp")
            {
                self.storage.schedule(&namespace, now)?;
            }
        }
        Ok(())
    }

    /// A pod that came, went or changed concerns disruption budgets in its namespace, and pods
    /// that wait for room.
    fn appoint_services(&self, key: &ObjectKey, pod: &Value) -> Result<(), StatusError> {
        for resource in ["policy/poddisruptionbudgets", "/services"] {
            let selects = |object: &Value| match resource {
                "/services" => object["spec"]["selector"].as_object().is_some_and(|selector| {
                    !selector.is_empty()
                        && selector
                            .iter()
                            .all(|(name, value)| &pod["metadata"]["labels"][name] == value)
                }),
                _ => true,
            };
            for object in self.storage.all(resource, Some(&key.namespace))? {
                if selects(&object) {
                    let name = object["metadata"]["name"].as_str().unwrap_or_default();
                    let key = ObjectKey::new(resource, &key.namespace, name);
                    self.storage.schedule(&key, self.millis())?;
                }
            }
        }
        Ok(())
    }

    /// Nodes concern daemon sets and pending pods; services concern the APIs that they serve.
    fn appoint_dependents(&self, key: &ObjectKey) -> Result<(), StatusError> {
        let concerned: &[&str] = match key.resource.as_str() {
            "/nodes" => &["apps/daemonsets", "/pods"],
            _ => &["apiregistration.k8s.io/apiservices"],
        };
        for resource in concerned {
            let mut keys = Vec::new();
            self.storage.list(resource, None, ("", ""), |row| {
                keys.push(ObjectKey::new(resource, &row.namespace, &row.name));
                true
            })?;
            for key in keys {
                self.storage.schedule(&key, self.millis())?;
            }
        }
        Ok(())
    }

    /// Comes back to an object after so many milliseconds.
    pub(super) fn later(&self, key: &ObjectKey, millis: i64) -> Result<(), StatusError> {
        Ok(self.storage.schedule(key, self.millis() + millis)?)
    }

    /// Tells whether a stage of an object is over that takes so many milliseconds from when it
    /// was first asked about; if not, comes back then.
    pub(super) fn elapsed(
        &self,
        key: &ObjectKey,
        stage: &str,
        millis: i64,
    ) -> Result<bool, StatusError> {
        let due = self.storage.timer(key, stage, self.millis() + millis)?;
        if due > self.millis() {
            self.storage.schedule(key, due)?;
            return Ok(false);
        }
        Ok(true)
    }

    /// Writes an object as one of the cluster's own components does: with its entry in
    /// managedFields; nothing is written if nothing changed.
    pub(super) fn write_as(
        &self,
        manager: &str,
        subresource: &str,
        key: &ObjectKey,
        mut object: Value,
    ) -> Result<Value, StatusError> {
        let resource =
            self.registry.stored(&key.resource).ok_or_else(StatusError::no_such_resource)?;
        let old = self.get(key)?;
        let mut before = old.clone().unwrap_or_else(|| super::write::blank(&resource));
        resource.dress(&mut object);
        if resource.custom.is_none() {
            object = super::shape::normalize(object, resource.schema());
        }
        if let Some(old) = &old {
            if without_version(old) == without_version(&object) {
                return Ok(object);
            }
            if subresource != "status"
                && resource.counts_generations()
                && super::write::spec_changed(&resource, old, &object)
            {
                super::write::bump_generation(&mut object);
            }
        }
        resource.dress(&mut before);
        let api_version = resource.api_version();
        let reset: &[&str] = match (subresource, resource.has("status")) {
            ("status", _) => &["spec"],
            ("", true) => &["status"],
            _ => &[],
        };
        let now = self.stamp();
        let change = FieldManager {
            schema: resource.schema(),
            api_version: &api_version,
            reset,
            manager,
            subresource,
            now: &now,
        };
        let managed = ManagedFields::of_update(&before, &object);
        let mut bare = object.clone();
        for side in [&mut bare, &mut before] {
            if let Some(metadata) = side["metadata"].as_object_mut() {
                metadata.remove("managedFields");
            }
        }
        // An object whose entries somebody took away stays without, until the next apply.
        let managed = if managed.is_empty() && old.is_some() {
            managed
        } else {
            managed.update(&before, &bare, &change)
        };
        managed.write(&mut object);
        self.put(key, &mut object)?;
        Ok(object)
    }

    /// Creates an object as a component does: with uid, time and defaults.
    pub(super) fn create_as(
        &self,
        manager: &str,
        key: &ObjectKey,
        mut object: Value,
    ) -> Result<Value, StatusError> {
        let resource =
            self.registry.stored(&key.resource).ok_or_else(StatusError::no_such_resource)?;
        resource.dress(&mut object);
        object["metadata"]["name"] = json!(key.name);
        if !key.namespace.is_empty() {
            object["metadata"]["namespace"] = json!(key.namespace);
        }
        let mut object = super::decode::prepared(&resource, object);
        object["metadata"]["uid"] = json!(new_uid());
        object["metadata"]["creationTimestamp"] = json!(self.stamp());
        if resource.counts_generations() {
            object["metadata"]["generation"] = json!(1);
        }
        super::admission::create(self, &resource, &mut object)?;
        self.write_as(manager, "", key, object)
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

/// A time as objects carry it: whole seconds, UTC.
pub(super) fn stamp(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

pub(super) fn new_uid() -> String {
    uuid::Uuid::new_v4().to_string()
}
