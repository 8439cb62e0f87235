//! One transaction on the sandbox's state: objects with their kinds, the clock, and the
//! appointments that every write makes with the controllers.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use serde_json::Value;

use super::{
    registry::{Registry, Resource},
    status::StatusResult,
    storage::{ObjectKey, Storage},
};

/// How the sandbox behaves.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How long a pod takes from its node to being ready.
    pub start: Duration,
    /// How many events the history keeps for watches.
    pub history: i64,
    pub clock: fn() -> Timestamp,
}

impl Default for Settings {
    fn default() -> Self {
        Self { start: Duration::from_millis(1000), history: 20_000, clock: Timestamp::now }
    }
}

/// The state as one request, or one step of a controller, sees it.
pub(super) struct World<'a> {
    pub(super) storage: Storage<'a>,
    pub(super) registry: Arc<Registry>,
    pub(super) now: Timestamp,
    pub(super) settings: &'a Settings,
    /// Nothing is written.
    pub(super) dry_run: bool,
}

/// The type of a Secret that holds the token of a service account.
pub(super) use crate::schema::rules::TOKEN;

/// Resources whose objects a controller looks at after every change.
const CONTROLLED: &[&str] = &[
    "/namespaces",
    "/nodes",
    "/persistentvolumeclaims",
    "/persistentvolumes",
    "/pods",
    "/replicationcontrollers",
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
    /// The same transaction, in which nothing is written if that is what is asked for.
    pub(super) fn dry(&self, dry_run: bool) -> World<'_> {
        World {
            dry_run,
            storage: self.storage.again(),
            registry: Arc::clone(&self.registry),
            ..*self
        }
    }

    /// The time as objects carry it.
    pub(super) fn stamp(&self) -> String {
        stamp(self.now)
    }

    pub(super) fn millis(&self) -> i64 {
        self.now.as_millisecond()
    }

    /// An object with apiVersion and kind.
    pub(super) fn get(&self, key: &ObjectKey) -> StatusResult<Option<Value>> {
        let Some(row) = self.storage.get(key)? else { return Ok(None) };
        let mut object = row.object();
        if let Some(resource) = self.registry.stored(&key.resource) {
            resource.dress(&mut object);
        }
        Ok(Some(object))
    }

    /// An object in the version of a request.
    pub(super) fn get_as(
        &self,
        resource: &Resource,
        key: &ObjectKey,
    ) -> StatusResult<Option<Value>> {
        let Some(row) = self.storage.get(key)? else { return Ok(None) };
        let mut object = row.object();
        resource.dress(&mut object);
        Ok(Some(object))
    }

    /// All objects of a resource, with apiVersion and kind.
    pub(super) fn all(&self, storage: &str, namespace: Option<&str>) -> StatusResult<Vec<Value>> {
        let mut objects = self.storage.all(storage, namespace)?;
        if let Some(resource) = self.registry.stored(storage) {
            objects.iter_mut().for_each(|object| resource.dress(object));
        }
        Ok(objects)
    }

    /// The objects of one resource that name an owner.
    pub(super) fn owned(&self, uid: &str, storage: &str) -> StatusResult<Vec<Value>> {
        let mut found = Vec::new();
        for key in self.storage.owned(uid)?.iter().filter(|key| key.resource == storage) {
            found.extend(self.get(key)?);
        }
        Ok(found)
    }

    /// Stores an object and makes the appointments that follow from it.
    pub(super) fn put(&self, key: &ObjectKey, object: &mut Value) -> StatusResult<()> {
        if self.dry_run {
            return Ok(());
        }
        self.storage.put(key, object)?;
        self.appoint(key, object)
    }

    /// Removes an object for good.
    pub(super) fn remove(&self, key: &ObjectKey, object: &mut Value) -> StatusResult<()> {
        if self.dry_run {
            return Ok(());
        }
        self.storage.remove(key, object)?;
        let uid = object["metadata"]["uid"].as_str().unwrap_or_default();
        // The garbage collector looks at them.
        for dependent in self.storage.owned(uid)? {
            self.storage.schedule(&dependent, self.millis())?;
        }
        self.appoint(key, object)
    }

    /// Stores a change, or lets go of an object whose last finalizer is gone, as the API server's
    /// generic store does (`deleteWithoutFinalizers`).
    pub(super) fn put_or_remove(
        &self,
        resource: &Resource,
        key: &ObjectKey,
        mut object: Value,
    ) -> StatusResult<Value> {
        let metadata = &object["metadata"];
        let finalizers = metadata["finalizers"].as_array().is_some_and(|list| !list.is_empty());
        let graceful = metadata["deletionGracePeriodSeconds"].as_i64().unwrap_or(0) > 0;
        // A namespace is held by the finalizers of its spec as well.
        let held = resource.is("", "Namespace")
            && object["spec"]["finalizers"].as_array().is_some_and(|list| !list.is_empty());
        if metadata["deletionTimestamp"].is_string() && !finalizers && !graceful && !held {
            self.remove(key, &mut object)?;
        } else {
            self.put(key, &mut object)?;
        }
        Ok(object)
    }

    fn appoint(&self, key: &ObjectKey, object: &Value) -> StatusResult<()> {
        let now = self.millis();
        let metadata = &object["metadata"];
        let owners = metadata["ownerReferences"].as_array();
        let deleted = metadata["deletionTimestamp"].is_string();
        if CONTROLLED.contains(&key.resource.as_str()) || owners.is_some() || deleted {
            self.storage.schedule(key, now)?;
        }
        for owner in owners.into_iter().flatten() {
            let text = |name: &str| owner[name].as_str().unwrap_or_default();
            // Owners see what becomes of their dependents, as through an informer's handler.
            if let Some(resource) = self.registry.of_kind(text("apiVersion"), text("kind")) {
                let namespace = if resource.namespaced { key.namespace.as_str() } else { "" };
                let owner = ObjectKey::new(&resource.storage(), namespace, text("name"));
                self.storage.schedule(&owner, now)?;
            }
        }
        match key.resource.as_str() {
            "apiextensions.k8s.io/customresourcedefinitions" => {
                // A number that every process compares with that of the registry it has built.
                self.storage.set("definitions", self.storage.setting("definitions")? + 1)?;
            }
            "/pods" => self.appoint_services(key, object)?,
            "/secrets" if object["type"] == TOKEN => self.storage.schedule(key, now)?,
            "rbac.authorization.k8s.io/clusterroles" => self.appoint_all(&key.resource, "")?,
            "/serviceaccounts" => self.appoint_all("/secrets", &key.namespace)?,
            "/services" | "/nodes" => self.appoint_dependents(key)?,
            _ => {}
        }
        // A namespace that is being emptied counts what is left after every change in it.
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
    fn appoint_services(&self, key: &ObjectKey, pod: &Value) -> StatusResult<()> {
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
    fn appoint_dependents(&self, key: &ObjectKey) -> StatusResult<()> {
        let concerned: &[&str] = match key.resource.as_str() {
            "/nodes" => &["apps/daemonsets", "/pods"],
            _ => &["apiregistration.k8s.io/apiservices"],
        };
        for resource in concerned {
            self.appoint_all(resource, "")?;
        }
        Ok(())
    }

    /// All objects of a resource in a namespace, or in all.
    fn appoint_all(&self, resource: &str, namespace: &str) -> StatusResult<()> {
        let mut keys = Vec::new();
        let namespace = Some(namespace).filter(|namespace| !namespace.is_empty());
        self.storage.list(resource, namespace, ("", ""), |row| {
            keys.push(ObjectKey::new(resource, &row.namespace, &row.name));
            true
        })?;
        for key in keys {
            self.storage.schedule(&key, self.millis())?;
        }
        Ok(())
    }

    /// Comes back to an object after so many milliseconds.
    pub(super) fn later(&self, key: &ObjectKey, millis: i64) -> StatusResult<()> {
        Ok(self.storage.schedule(key, self.millis() + millis)?)
    }

    /// Tells whether a stage of an object is over that takes so many milliseconds from when it
    /// was first asked about; if not, comes back then.
    pub(super) fn elapsed(&self, key: &ObjectKey, stage: &str, millis: i64) -> StatusResult<bool> {
        let due = self.storage.timer(key, stage, self.millis() + millis)?;
        if due > self.millis() {
            self.storage.schedule(key, due)?;
            return Ok(false);
        }
        Ok(true)
    }
}

/// A time as objects carry it: whole seconds, UTC.
pub(super) fn stamp(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

pub(super) fn new_uid() -> String {
    uuid::Uuid::new_v4().to_string()
}
