//! What an object names: the objects that it cannot do without, or wants to find. The rule of a
//! kind is a function here and a word in its row of the table.

use serde_json::{Map, Value};

use super::data_references::{DataReference, Need, OF_PODS, OF_SERVICE_ACCOUNTS};
use crate::workload::object::{BorrowedObjectId, split_api_version};

/// An object that another one names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Link<'a> {
    /// What is named.
    pub(crate) to: BorrowedObjectId<'a>,
    /// The field that names it.
    pub(crate) field: &'static str,
    /// Whether the object works without it.
    pub(crate) optional: bool,
}

/// What an object names: of its pods first the ConfigMaps and Secrets, then the rest in order.
pub(crate) struct Links<'a> {
    namespace: &'a str,
    found: Vec<Link<'a>>,
}

const RBAC: &str = "rbac.authorization.k8s.io";

/// Adds what an object of one kind names: a rule of the table of built-in kinds.
pub(crate) type ReferenceRule = for<'a> fn(&mut Links<'a>, &'a Value);

impl<'a> Links<'a> {
    /// Collects what an object of a namespace names, by its pods' spec and the rule of its kind.
    pub(crate) fn of(
        namespace: &'a str,
        body: &'a Value,
        pod_spec: Option<&'a Value>,
        rule: Option<ReferenceRule>,
    ) -> Vec<Link<'a>> {
        let mut links = Self { namespace, found: Vec::new() };
        if let Some(spec) = pod_spec {
            links.pod(spec);
        }
        if let Some(rule) = rule {
            rule(&mut links, body);
        }
        links.found
    }

    /// Adds a link to an object of the same namespace, or to a cluster-scoped one.
    fn add(&mut self, to: BorrowedObjectId<'a>, field: &'static str, optional: bool) {
        self.found.push(Link { to, field, optional });
    }

    /// Adds a link to an object of the same namespace.
    fn named(
        &mut self,
        group: &'static str,
        kind: &'static str,
        name: Option<&'a str>,
        field: &'static str,
        optional: bool,
    ) {
        if let Some(name) = name {
            self.add((group, kind, self.namespace, name), field, optional);
        }
    }

    /// Adds a link to a cluster-scoped object.
    fn cluster(
        &mut self,
        group: &'static str,
        kind: &'static str,
        name: Option<&'a str>,
        field: &'static str,
    ) {
        if let Some(name) = name {
            self.add((group, kind, "", name), field, false);
        }
    }

    /// Adds the ConfigMaps and Secrets that the fields of a list name.
    fn data(&mut self, value: &'a Value, references: &'static [DataReference]) {
        for reference in references {
            let is_optional = |holder: &Map<String, Value>| match reference.need {
                Need::Stated => Some(holder.get("optional").and_then(Value::as_bool) == Some(true)),
                Need::Optional => Some(true),
                Need::Named => None,
            };
            reference.read(value, &mut |holder, name| {
                if let Some(optional) = is_optional(holder) {
                    self.named("", reference.kind, Some(name), reference.field, optional);
                }
            });
        }
    }

    fn pod(&mut self, spec: &'a Value) {
        self.data(spec, OF_PODS);
        items(spec, "/volumes").for_each(|volume| self.volume(volume));
        // The second is the first's older name; the server fills each from the other.
        let account = text(spec, "serviceAccountName").or_else(|| text(spec, "serviceAccount"));
        self.named("", "ServiceAccount", account, "serviceAccountName", false);
        let class = text(spec, "priorityClassName");
        self.cluster("scheduling.k8s.io", "PriorityClass", class, "priorityClassName");
        let class = text(spec, "runtimeClassName");
        self.cluster("node.k8s.io", "RuntimeClass", class, "runtimeClassName");
        for claim in items(spec, "/resourceClaims") {
            let name = text(claim, "resourceClaimName");
            self.named("resource.k8s.io", "ResourceClaim", name, "resourceClaims", false);
            let name = text(claim, "resourceClaimTemplateName");
            self.named("resource.k8s.io", "ResourceClaimTemplate", name, "resourceClaims", false);
        }
    }

    fn volume(&mut self, volume: &'a Value) {
        if let Some(claim) = volume.get("persistentVolumeClaim") {
            let name = text(claim, "claimName");
            self.named("", "PersistentVolumeClaim", name, "volumes", false);
        }
        if let Some(claim) = volume.pointer("/ephemeral/volumeClaimTemplate") {
            self.storage_class(claim);
        }
    }

    fn storage_class(&mut self, claim: &'a Value) {
        let class = claim.get("spec").and_then(|spec| text(spec, "storageClassName"));
        self.cluster("storage.k8s.io", "StorageClass", class, "storageClassName");
    }
}

pub(super) fn stateful_set<'a>(links: &mut Links<'a>, body: &'a Value) {
    let service = body.get("spec").and_then(|spec| text(spec, "serviceName"));
    links.named("", "Service", service, "serviceName", false);
    items(body, "/spec/volumeClaimTemplates").for_each(|claim| links.storage_class(claim));
}

pub(super) fn claim<'a>(links: &mut Links<'a>, body: &'a Value) {
    links.storage_class(body);
    let volume = body.get("spec").and_then(|spec| text(spec, "volumeName"));
    links.cluster("", "PersistentVolume", volume, "volumeName");
}

pub(super) fn service_account<'a>(links: &mut Links<'a>, body: &'a Value) {
    links.data(body, OF_SERVICE_ACCOUNTS);
}

/// A service account's token: a controller deletes it where the account does not exist.
pub(super) fn token<'a>(links: &mut Links<'a>, body: &'a Value) {
    if text(body, "type") == Some("kubernetes.io/service-account-token") {
        let account = body
            .pointer("/metadata/annotations/kubernetes.io~1service-account.name")
            .and_then(Value::as_str);
        links.named("", "ServiceAccount", account, "kubernetes.io/service-account.name", false);
    }
}

pub(super) fn binding<'a>(links: &mut Links<'a>, body: &'a Value) {
    if let Some(role) = body.get("roleRef") {
        match text(role, "kind") {
            Some("Role") => links.named(RBAC, "Role", text(role, "name"), "roleRef", false),
            Some("ClusterRole") => {
                links.cluster(RBAC, "ClusterRole", text(role, "name"), "roleRef");
            }
            _ => {}
        }
    }
    for subject in items(body, "/subjects") {
        if let (Some("ServiceAccount"), Some(name)) = (text(subject, "kind"), text(subject, "name"))
        {
            // A subject without a namespace means the binding's own (docs/design.md).
            let namespace = text(subject, "namespace").unwrap_or(links.namespace);
            links.add(("", "ServiceAccount", namespace, name), "subjects", false);
        }
    }
}

pub(super) fn ingress<'a>(links: &mut Links<'a>, body: &'a Value) {
    let Some(spec) = body.get("spec") else { return };
    let class = text(spec, "ingressClassName");
    links.cluster("networking.k8s.io", "IngressClass", class, "ingressClassName");
    let backends = spec.get("defaultBackend").into_iter().chain(
        items(spec, "/rules")
            .flat_map(|rule| items(rule, "/http/paths"))
            .filter_map(|path| path.get("backend")),
    );
    for backend in backends {
        let service = backend.get("service").and_then(|service| text(service, "name"));
        links.named("", "Service", service, "backend", false);
    }
}

pub(super) fn scale_target<'a>(links: &mut Links<'a>, body: &'a Value) {
    let Some(target) = body.pointer("/spec/scaleTargetRef") else { return };
    let (Some(kind), Some(name)) = (text(target, "kind"), text(target, "name")) else { return };
    let api_version = text(target, "apiVersion").unwrap_or_default();
    let group = split_api_version(api_version).0;
    links.add((group, kind, links.namespace, name), "scaleTargetRef", false);
}

/// Gives a text field that is not empty.
pub(crate) fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key)?.as_str().filter(|text| !text.is_empty())
}

/// Goes through a list; what is no list has no items.
pub(crate) fn items<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    value.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}
