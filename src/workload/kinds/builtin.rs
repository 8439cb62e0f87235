//! What the built-in kinds are: one table, a row a kind.
//!
//! A row holds what is true of every object of the kind and is known without a cluster; who wants
//! to know asks for the fact and names no kind. Whether an object is ready has to be *seen*: those
//! rules are a table of their own, in [`readiness`](crate::workload::readiness), which stands above
//! this one, reads it and is not known here. So a readiness rule is a file and a line there, a
//! rule about references a function and a line here, and nothing imports in a circle.
//!
//! Names, plurals, short names and versions are not facts of this table: the embedded discovery
//! has them ([`Kinds::builtin`](super::Kinds::builtin)).

use std::{collections::HashMap, fmt, sync::LazyLock};

use Trait::{
    ClaimTemplates, FixedSpec, GovernsPods, NoDependents, Precious, Readopting, Restarted, Scaled,
};

use serde_json::Value;

use super::references::{self, ReferenceRule};
use crate::workload::object::ObjectId;

/// What is true of every object of a kind.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BuiltinKind {
    group: &'static str,
    /// The kind; `*` for those of the group that have no row of their own.
    kind: &'static str,
    /// The JSON pointer to its pod template; the whole object for a Pod.
    pub pod_template: Option<&'static str>,
    /// What else is true of it.
    traits: &'static [Trait],
    /// Its maps whose values must be texts, beside labels and annotations.
    pub text_maps: &'static [TextMap],
    /// What it names by name alone, beside what its pod template names.
    pub names: Option<ReferenceRule>,
    /// What it names by namespace and name.
    pub names_in_namespaces: &'static [NamespacedReference],
    /// When it is deleted.
    pub deletion: DeletionWave,
}

impl BuiltinKind {
    /// Tells whether something is true of the kind.
    pub(crate) fn is(&self, wanted: Trait) -> bool {
        self.traits.contains(&wanted)
    }
}

/// Something that is true of a kind or is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trait {
    /// It has `spec.replicas`, which autoscalers may set through the scale subresource.
    Scaled,
    /// `--restart` has its pods made anew.
    Restarted,
    /// Its spec cannot change once it is there.
    FixedSpec,
    /// It makes a PersistentVolumeClaim a pod (`spec.volumeClaimTemplates`).
    ClaimTemplates,
    /// Another of its name adopts the pods and claims that it leaves behind.
    Readopting,
    /// Nothing is ever owned by it, so that nobody has to be waited for when it is deleted.
    NoDependents,
    /// It says what the pods of its namespace may do, from when they are made.
    GovernsPods,
    /// With it goes data, or objects of others.
    Precious,
}

/// A map whose values must be texts.
#[derive(Debug)]
pub(crate) struct TextMap {
    /// What a value is, for messages: `a selector`.
    pub what: &'static str,
    /// The fields that lead to the map.
    pub path: &'static [&'static str],
}

/// A field that names an object by namespace and name.
#[derive(Debug)]
pub(crate) struct NamespacedReference {
    /// The kind that it names.
    pub to: Referent,
    /// The JSON pointer to the list in whose items it stands; none where it stands alone.
    pub list: Option<&'static str>,
    /// The JSON pointer to `{namespace, name}`, in the item or in the object.
    pub place: &'static str,
}

impl NamespacedReference {
    /// Gives what stands in the field, once for every item of the list.
    pub(crate) fn all_in<'a>(&self, body: &'a Value) -> impl Iterator<Item = &'a Value> {
        let (items, alone) = match self.list {
            Some(list) => (body.pointer(list).and_then(Value::as_array), None),
            None => (None, Some(body)),
        };
        items.into_iter().flatten().chain(alone).filter_map(|item| item.pointer(self.place))
    }

    /// Gives what stands in the field to change it.
    pub(crate) fn all_in_mut<'a>(
        &self,
        body: &'a mut Value,
    ) -> impl Iterator<Item = &'a mut Value> {
        let (items, alone) = match self.list {
            Some(list) => (body.pointer_mut(list).and_then(Value::as_array_mut), None),
            None => (None, Some(body)),
        };
        items.into_iter().flatten().chain(alone).filter_map(|item| item.pointer_mut(self.place))
    }
}

/// The kinds that are named by namespace and name, so that references follow where they go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Referent {
    ServiceAccount,
    Service,
    /// cert-manager's.
    Certificate,
}

impl Referent {
    /// Tells which of them an object is.
    pub(crate) fn of(id: &ObjectId) -> Option<Self> {
        match (&*id.group, &*id.kind) {
            ("", "ServiceAccount") => Some(Self::ServiceAccount),
            ("", "Service") => Some(Self::Service),
            ("cert-manager.io", "Certificate") => Some(Self::Certificate),
            _ => None,
        }
    }
}

impl fmt::Display for Referent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ServiceAccount => "ServiceAccount",
            Self::Service => "Service",
            Self::Certificate => "Certificate",
        })
    }
}

/// When objects are deleted: each wave is gone before the next begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum DeletionWave {
    Admission,
    CustomResources,
    ApiServices,
    Workloads,
    AggregatedRoles,
    Configuration,
    Definitions,
    Namespaces,
}

/// Gives what is true of the kind of an object; of a custom resource nothing is.
pub(crate) fn builtin_kind(id: &ObjectId) -> &'static BuiltinKind {
    static CUSTOM: BuiltinKind = plain("", "", &[]);
    // Asked many times of each object.
    static ROWS: LazyLock<HashMap<(&str, &str), &BuiltinKind>> =
        LazyLock::new(|| TABLE.iter().rev().map(|row| ((row.group, row.kind), row)).collect());
    let rows: &HashMap<(&str, &str), _> = &ROWS;
    let of = |kind| rows.get(&(&*id.group, kind));
    of(&id.kind).or_else(|| of("*")).copied().unwrap_or(&CUSTOM)
}

const fn plain(group: &'static str, kind: &'static str, traits: &'static [Trait]) -> BuiltinKind {
    BuiltinKind {
        group,
        kind,
        traits,
        pod_template: None,
        text_maps: &[],
        names: None,
        names_in_namespaces: &[],
        deletion: DeletionWave::Configuration,
    }
}

/// A kind that makes pods, or that sees to those of others.
const fn workload(
    group: &'static str,
    kind: &'static str,
    traits: &'static [Trait],
) -> BuiltinKind {
    BuiltinKind { deletion: DeletionWave::Workloads, ..plain(group, kind, traits) }
}

const TEMPLATE: Option<&str> = Some("/spec/template");
const JOB_TEMPLATE: Option<&str> = Some("/spec/jobTemplate/spec/template");

const CONFIG_MAP: &[TextMap] = &[
    TextMap { what: "ConfigMap data", path: &["data"] },
    TextMap { what: "ConfigMap data", path: &["binaryData"] },
];
const SECRET: &[TextMap] = &[
    TextMap { what: "Secret data", path: &["data"] },
    TextMap { what: "Secret data", path: &["stringData"] },
];
const SELECTOR: &[TextMap] = &[TextMap { what: "a selector", path: &["spec", "selector"] }];
const MATCH_LABELS: &[TextMap] =
    &[TextMap { what: "a selector", path: &["spec", "selector", "matchLabels"] }];

const SUBJECTS: &[NamespacedReference] =
    &[NamespacedReference { to: Referent::ServiceAccount, list: Some("/subjects"), place: "" }];
const WEBHOOKS: &[NamespacedReference] = &[NamespacedReference {
    to: Referent::Service,
    list: Some("/webhooks"),
    place: "/clientConfig/service",
}];
const API_SERVICE: &[NamespacedReference] =
    &[NamespacedReference { to: Referent::Service, list: None, place: "/spec/service" }];
const CONVERSION: &[NamespacedReference] = &[NamespacedReference {
    to: Referent::Service,
    list: None,
    place: "/spec/conversion/webhook/clientConfig/service",
}];

const RBAC: &str = "rbac.authorization.k8s.io";
const ADMISSION: &str = "admissionregistration.k8s.io";

#[rustfmt::skip]
static TABLE: &[BuiltinKind] = &[
    BuiltinKind { pod_template: Some(""), ..workload("", "Pod", &[FixedSpec, NoDependents]) },
    workload("", "PodTemplate", &[]),
    BuiltinKind { pod_template: TEMPLATE, text_maps: SELECTOR, ..workload("", "ReplicationController", &[Scaled]) },
    BuiltinKind { text_maps: CONFIG_MAP, ..plain("", "ConfigMap", &[NoDependents]) },
    BuiltinKind { text_maps: SECRET, names: Some(references::token), ..plain("", "Secret", &[NoDependents]) },
    BuiltinKind { text_maps: SELECTOR, ..plain("", "Service", &[NoDependents]) },
    BuiltinKind { names: Some(references::service_account), ..plain("", "ServiceAccount", &[NoDependents]) },
    BuiltinKind { names: Some(references::claim), ..plain("", "PersistentVolumeClaim", &[FixedSpec, NoDependents, Precious]) },
    plain("", "PersistentVolume", &[FixedSpec]),
    plain("", "LimitRange", &[NoDependents, GovernsPods]),
    plain("", "ResourceQuota", &[NoDependents, GovernsPods]),
    plain("", "Endpoints", &[NoDependents]),
    BuiltinKind { deletion: DeletionWave::Namespaces, ..plain("", "Namespace", &[NoDependents, Precious]) },

    BuiltinKind { pod_template: TEMPLATE, text_maps: MATCH_LABELS, ..workload("apps", "Deployment", &[Scaled, Restarted]) },
    BuiltinKind { pod_template: TEMPLATE, text_maps: MATCH_LABELS, names: Some(references::stateful_set),
        ..workload("apps", "StatefulSet", &[Scaled, Restarted, ClaimTemplates, Readopting]) },
    BuiltinKind { pod_template: TEMPLATE, text_maps: MATCH_LABELS, ..workload("apps", "ReplicaSet", &[Scaled]) },
    BuiltinKind { pod_template: TEMPLATE, text_maps: MATCH_LABELS, ..workload("apps", "DaemonSet", &[Restarted]) },
    BuiltinKind { text_maps: MATCH_LABELS, ..workload("apps", "*", &[]) },

    BuiltinKind { pod_template: TEMPLATE, text_maps: MATCH_LABELS, ..workload("batch", "Job", &[Restarted, FixedSpec]) },
    BuiltinKind { pod_template: JOB_TEMPLATE, ..workload("batch", "CronJob", &[]) },
    workload("batch", "*", &[]),

    BuiltinKind { names: Some(references::scale_target), ..workload("autoscaling", "HorizontalPodAutoscaler", &[NoDependents]) },
    workload("autoscaling", "*", &[NoDependents]),
    workload("policy", "*", &[NoDependents]),

    BuiltinKind { names: Some(references::ingress), ..workload("networking.k8s.io", "Ingress", &[NoDependents]) },
    plain("networking.k8s.io", "NetworkPolicy", &[NoDependents, GovernsPods]),
    plain("networking.k8s.io", "*", &[NoDependents]),

    BuiltinKind { names: Some(references::binding), names_in_namespaces: SUBJECTS, ..plain(RBAC, "RoleBinding", &[NoDependents]) },
    BuiltinKind { names: Some(references::binding), names_in_namespaces: SUBJECTS, ..plain(RBAC, "ClusterRoleBinding", &[NoDependents]) },
    plain(RBAC, "*", &[NoDependents]),

    BuiltinKind { names_in_namespaces: WEBHOOKS, deletion: DeletionWave::Admission, ..plain(ADMISSION, "ValidatingWebhookConfiguration", &[NoDependents]) },
    BuiltinKind { names_in_namespaces: WEBHOOKS, deletion: DeletionWave::Admission, ..plain(ADMISSION, "MutatingWebhookConfiguration", &[NoDependents]) },
    BuiltinKind { deletion: DeletionWave::Admission, ..plain(ADMISSION, "*", &[NoDependents]) },
    BuiltinKind { names_in_namespaces: API_SERVICE, deletion: DeletionWave::ApiServices, ..plain("apiregistration.k8s.io", "APIService", &[]) },
    BuiltinKind { names_in_namespaces: CONVERSION, deletion: DeletionWave::Definitions,
        ..plain("apiextensions.k8s.io", "CustomResourceDefinition", &[NoDependents, Precious]) },
    plain("apiextensions.k8s.io", "*", &[NoDependents]),
];

#[cfg(test)]
mod tests;
