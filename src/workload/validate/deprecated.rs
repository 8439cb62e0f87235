//! API versions that Kubernetes has deprecated or removed, with what stands in their place: its
//! deprecation guide as a table.

use crate::schema::Gvk;

/// A version that has gone, or will go.
struct Old {
    group: &'static str,
    version: &'static str,
    /// The kinds; none are all of the version.
    kinds: &'static [&'static str],
    /// The minor version of Kubernetes 1 that does not serve it any more; none: it is only
    /// deprecated.
    removed: Option<u32>,
    /// The `apiVersion` to write; empty where there is none.
    instead: &'static str,
}

const fn gone(
    group: &'static str,
    version: &'static str,
    kinds: &'static [&'static str],
    removed: u32,
    instead: &'static str,
) -> Old {
    Old { group, version, kinds, removed: Some(removed), instead }
}

const APPS: &[&str] =
    &["DaemonSet", "Deployment", "ReplicaSet", "StatefulSet", "ControllerRevision", "Scale"];

static TABLE: &[Old] = &[
    gone("extensions", "v1beta1", &["Ingress"], 22, "networking.k8s.io/v1"),
    gone("extensions", "v1beta1", &["NetworkPolicy"], 16, "networking.k8s.io/v1"),
    gone("extensions", "v1beta1", &["PodSecurityPolicy"], 16, ""),
    gone("extensions", "v1beta1", APPS, 16, "apps/v1"),
    gone("apps", "v1beta1", APPS, 16, "apps/v1"),
    gone("apps", "v1beta2", APPS, 16, "apps/v1"),
    gone(
        "admissionregistration.k8s.io",
        "v1beta1",
        &["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"],
        22,
        "admissionregistration.k8s.io/v1",
    ),
    gone("apiextensions.k8s.io", "v1beta1", &[], 22, "apiextensions.k8s.io/v1"),
    gone("apiregistration.k8s.io", "v1beta1", &[], 22, "apiregistration.k8s.io/v1"),
    gone(
        "certificates.k8s.io",
        "v1beta1",
        &["CertificateSigningRequest"],
        22,
        "certificates.k8s.io/v1",
    ),
    gone("coordination.k8s.io", "v1beta1", &["Lease"], 22, "coordination.k8s.io/v1"),
    gone("networking.k8s.io", "v1beta1", &["Ingress", "IngressClass"], 22, "networking.k8s.io/v1"),
    gone("rbac.authorization.k8s.io", "v1alpha1", &[], 22, "rbac.authorization.k8s.io/v1"),
    gone("rbac.authorization.k8s.io", "v1beta1", &[], 22, "rbac.authorization.k8s.io/v1"),
    gone("scheduling.k8s.io", "v1beta1", &["PriorityClass"], 22, "scheduling.k8s.io/v1"),
    gone(
        "storage.k8s.io",
        "v1beta1",
        &["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment"],
        22,
        "storage.k8s.io/v1",
    ),
    gone("batch", "v1beta1", &["CronJob"], 25, "batch/v1"),
    gone("batch", "v2alpha1", &["CronJob"], 21, "batch/v1"),
    gone("discovery.k8s.io", "v1beta1", &["EndpointSlice"], 25, "discovery.k8s.io/v1"),
    gone("events.k8s.io", "v1beta1", &["Event"], 25, "events.k8s.io/v1"),
    gone("autoscaling", "v2beta1", &["HorizontalPodAutoscaler"], 25, "autoscaling/v2"),
    gone("autoscaling", "v2beta2", &["HorizontalPodAutoscaler"], 26, "autoscaling/v2"),
    gone("policy", "v1beta1", &["PodDisruptionBudget"], 25, "policy/v1"),
    gone("policy", "v1beta1", &["PodSecurityPolicy"], 25, ""),
    gone("node.k8s.io", "v1beta1", &["RuntimeClass"], 25, "node.k8s.io/v1"),
    gone("flowcontrol.apiserver.k8s.io", "v1beta1", &[], 26, "flowcontrol.apiserver.k8s.io/v1"),
    gone("flowcontrol.apiserver.k8s.io", "v1beta2", &[], 29, "flowcontrol.apiserver.k8s.io/v1"),
    gone("flowcontrol.apiserver.k8s.io", "v1beta3", &[], 32, "flowcontrol.apiserver.k8s.io/v1"),
    gone("storage.k8s.io", "v1beta1", &["CSIStorageCapacity"], 27, "storage.k8s.io/v1"),
    Old {
        group: "",
        version: "v1",
        kinds: &["Endpoints"],
        removed: None,
        instead: "discovery.k8s.io/v1",
    },
    Old { group: "", version: "v1", kinds: &["ComponentStatus"], removed: None, instead: "" },
];

/// What is to be said of an old version.
pub(super) struct Deprecation {
    pub message: String,
    /// Whether Kubernetes does not serve it any more.
    pub removed: bool,
}

/// Looks a kind up.
pub(super) fn of(gvk: &Gvk) -> Option<Deprecation> {
    let old = TABLE.iter().find(|old| {
        old.group == gvk.group
            && old.version == gvk.version
            && (old.kinds.is_empty() || old.kinds.contains(&&*gvk.kind))
    })?;
    let what = format!("{} {}", gvk.api_version(), gvk.kind);
    let kind = if gvk.kind == "Endpoints" { " EndpointSlice" } else { "" };
    let instead = match old.instead {
        "" => "there is nothing in its place".to_owned(),
        instead => format!("write {instead}{kind}"),
    };
    let message = match old.removed {
        Some(minor) => format!("Kubernetes 1.{minor} and newer do not serve {what}: {instead}"),
        None => format!("{what} is deprecated: {instead}"),
    };
    Some(Deprecation { message, removed: old.removed.is_some() })
}
