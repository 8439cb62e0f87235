//! The resources that are served: the built-in ones, from the embedded discovery, and those of
//! the custom resource definitions in the store.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
};

use serde_json::Value;

use super::{
    custom::Definition,
    status::{FieldError, StatusError},
};
use crate::schema::{Gvk, Schema, discovery, openapi};

/// One resource in one version.
#[derive(Debug)]
pub(super) struct Resource {
    pub(super) group: String,
    pub(super) version: String,
    pub(super) plural: String,
    pub(super) kind: String,
    pub(super) namespaced: bool,
    /// Its entry in the aggregated discovery.
    pub(super) entry: Value,
    pub(super) verbs: Vec<String>,
    pub(super) subresources: Vec<String>,
    /// A custom resource's definition; none for a built-in kind.
    pub(super) custom: Option<Arc<Definition>>,
}

/// Kinds that count the changes of their specification.
const GENERATIONS: &[&str] = &[
    "CSIDriver",
    "CronJob",
    "CustomResourceDefinition",
    "DaemonSet",
    "Deployment",
    "DeviceClass",
    "EndpointSlice",
    "FlowSchema",
    "Ingress",
    "IngressClass",
    "Job",
    "MutatingAdmissionPolicy",
    "MutatingAdmissionPolicyBinding",
    "MutatingWebhookConfiguration",
    "NetworkPolicy",
    "Pod",
    "PodDisruptionBudget",
    "PodTemplate",
    "PriorityClass",
    "PriorityLevelConfiguration",
    "ReplicaSet",
    "ReplicationController",
    "ResourceSlice",
    "StatefulSet",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "ValidatingWebhookConfiguration",
];

impl Resource {
    /// Where its objects lie in the store: `group/plural`.
    pub(super) fn storage(&self) -> String {
        format!("{}/{}", self.group, self.plural)
    }

    pub(super) fn api_version(&self) -> String {
        self.gvk().api_version()
    }

    pub(super) fn gvk(&self) -> Gvk {
        Gvk::new(&self.group, &self.version, &self.kind)
    }

    pub(super) fn schema(&self) -> &Schema {
        match &self.custom {
            Some(custom) => &custom.schema,
            None => openapi().of(&self.gvk()).unwrap_or(&NO_SCHEMA),
        }
    }

    pub(super) fn has(&self, subresource: &str) -> bool {
        self.subresources.iter().any(|known| known == subresource)
    }

    pub(super) fn counts_generations(&self) -> bool {
        self.custom.is_some() || GENERATIONS.contains(&self.kind.as_str())
    }

    /// Puts apiVersion and kind on an object from the store.
    // Objects are stored without: one object is served in several versions.
    pub(super) fn dress(&self, object: &mut Value) {
        object["apiVersion"] = Value::String(self.api_version());
        object["kind"] = Value::String(self.kind.clone());
    }

    /// How Go writes the kind: `apps/v1, Kind=Deployment`.
    pub(super) fn shown_kind(&self) -> String {
        let version =
            if self.group.is_empty() { format!("/{}", self.version) } else { self.api_version() };
        format!("{version}, Kind={}", self.kind)
    }

    pub(super) fn not_found(&self, name: &str) -> StatusError {
        StatusError::not_found(&self.group, &self.plural, name)
    }

    pub(super) fn conflict(&self, name: &str, detail: &str) -> StatusError {
        StatusError::conflict(&self.group, &self.plural, name, detail)
    }

    pub(super) fn modified(&self, name: &str) -> StatusError {
        StatusError::modified(&self.group, &self.plural, name)
    }

    pub(super) fn forbidden(&self, name: &str, detail: &str) -> StatusError {
        StatusError::forbidden(&self.group, &self.plural, name, detail)
    }

    pub(super) fn invalid(&self, name: &str, causes: &[FieldError]) -> StatusError {
        StatusError::invalid(&self.group, &self.kind, name, causes)
    }

    pub(super) fn is(&self, group: &str, kind: &str) -> bool {
        self.group == group && self.kind == kind
    }

    fn of_discovery(group: &str, version: &str, entry: &Value) -> Self {
        let text = |key: &str| entry[key].as_str().unwrap_or_default().to_owned();
        let texts = |value: &Value| -> Vec<String> {
            let items = value.as_array().into_iter().flatten();
            items.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let subresources = entry["subresources"].as_array().into_iter().flatten();
        Self {
            group: group.to_owned(),
            version: version.to_owned(),
            plural: text("resource"),
            kind: entry["responseKind"]["kind"].as_str().unwrap_or_default().to_owned(),
            namespaced: entry["scope"] == "Namespaced",
            verbs: texts(&entry["verbs"]),
            subresources: subresources
                .filter_map(|sub| sub["subresource"].as_str())
                .map(str::to_owned)
                .collect(),
            entry: entry.clone(),
            custom: None,
        }
    }
}

static NO_SCHEMA: LazyLock<Schema> = LazyLock::new(|| Schema::parse(&serde_json::json!({})));

/// All resources in the order of discovery, which is the order of preference.
#[derive(Debug, Default)]
pub(super) struct Registry {
    resources: Vec<Arc<Resource>>,
    by_path: BTreeMap<(String, String, String), Arc<Resource>>,
}

static BUILT_IN: LazyLock<Vec<Arc<Resource>>> = LazyLock::new(|| {
    let mut found = Vec::new();
    for group in discovery()["items"].as_array().into_iter().flatten() {
        let name = group["metadata"]["name"].as_str().unwrap_or_default();
        for version in group["versions"].as_array().into_iter().flatten() {
            let version_name = version["version"].as_str().unwrap_or_default();
            for entry in version["resources"].as_array().into_iter().flatten() {
                found.push(Arc::new(Resource::of_discovery(name, version_name, entry)));
            }
        }
    }
    found
});

impl Registry {
    /// The built-in resources and those of the established definitions.
    pub(super) fn new(definitions: &[Value]) -> Self {
        let mut registry = Self::default();
        for resource in BUILT_IN.iter() {
            registry.add(Arc::clone(resource));
        }
        for definition in definitions {
            for (version, entry, custom) in Definition::served(definition) {
                let group = definition["spec"]["group"].as_str().unwrap_or_default();
                let mut resource = Resource::of_discovery(group, &version, &entry);
                resource.custom = Some(Arc::new(custom));
                registry.add(Arc::new(resource));
            }
        }
        registry
    }

    fn add(&mut self, resource: Arc<Resource>) {
        let path = (resource.group.clone(), resource.version.clone(), resource.plural.clone());
        self.by_path.insert(path, Arc::clone(&resource));
        self.resources.push(resource);
    }

    pub(super) fn all(&self) -> &[Arc<Resource>] {
        &self.resources
    }

    pub(super) fn get(&self, group: &str, version: &str, plural: &str) -> Option<Arc<Resource>> {
        self.by_path.get(&(group.into(), version.into(), plural.into())).cloned()
    }

    /// The resource of a storage name in the preferred version.
    pub(super) fn stored(&self, storage: &str) -> Option<Arc<Resource>> {
        let (group, plural) = storage.split_once('/')?;
        let mut known = self.resources.iter();
        known.find(|resource| resource.group == group && resource.plural == plural).cloned()
    }

    pub(super) fn of_kind(&self, api_version: &str, kind: &str) -> Option<Arc<Resource>> {
        let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
        let known = |exact: bool| {
            self.resources.iter().find(|resource| {
                resource.group == group
                    && resource.kind == kind
                    && (!exact || resource.version == version)
            })
        };
        // A reference may name a version that is not served any more; the object is the same.
        known(true).or_else(|| known(false)).cloned()
    }

    pub(super) fn has_version(&self, group: &str, version: &str) -> bool {
        self.resources.iter().any(|known| known.group == group && known.version == version)
    }
}
