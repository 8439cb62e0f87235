//! The classes of field managers: a class decides whether we take a field, leave it, or refuse.

use super::{MANAGER_PREFIX, YIELDED_MANAGER};

/// What kind of manager holds a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ManagerClass {
    /// A person's or a packager's tool: taken over.
    Person,
    /// Ourselves, where we left a field to an autoscaler: taken back.
    Yielded,
    /// Another workloadctl instance.
    Instance,
    /// Kubernetes' controller that fills in the rules of aggregated ClusterRoles: where a definition
    /// sets rules itself, the role is aggregated no more, and they are taken.
    Aggregator,
    /// A GitOps controller, named as what it is.
    GitOps(&'static str),
    /// Any other: refused with field and owner.
    Other,
}

/// Tools with which persons change single fields, beside all whose names begin with `kubectl`. Who
/// names no manager is recorded by the first word of its user agent (kube-apiserver), and what was
/// there before the first server-side apply as `before-first-apply`.
const EDITORS: &[&str] = &[
    "before-first-apply",
    "curl",
    "freelens",
    "headlamp",
    "k9s",
    "Lens",
    "lens",
    "Mozilla",
    "node-fetch",
    "oc",
    "octant",
    "rancher",
];

/// Tools that write whole objects from a person's definition.
const PACKAGERS: &[&str] = &[
    "helm",
    "Helm",
    "kapp",
    "kluctl",
    "nelm",
    "skaffold",
    "tilt",
    "timoni",
    "kubectl-client-side-apply",
    "kubectl-last-applied",
    "kubectl-create",
    "kubectl-replace",
    "kubectl-run",
    "kubectl-expose",
];

/// Classifies a manager by its name (the names that a real server was seen to record).
pub(crate) fn class_of(manager: &str) -> ManagerClass {
    // Flux applies as `kustomize-controller` and `helm-controller`, by hand as `flux`.
    let is_flux = ["kustomize-controller", "helm-controller", "flux"].contains(&manager);
    if manager == YIELDED_MANAGER {
        ManagerClass::Yielded
    } else if manager.starts_with(MANAGER_PREFIX) {
        ManagerClass::Instance
    } else if manager == "clusterrole-aggregation-controller" {
        ManagerClass::Aggregator
    } else if manager.starts_with("argocd") {
        ManagerClass::GitOps("Argo CD")
    } else if is_flux || manager.starts_with("flux-") {
        ManagerClass::GitOps("Flux")
    } else if manager.starts_with("kubectl")
        || EDITORS.contains(&manager)
        || PACKAGERS.contains(&manager)
    {
        ManagerClass::Person
    } else {
        ManagerClass::Other
    }
}

/// Tells whether a manager writes whole objects from somebody's definition, so that what it holds
/// is what that definition says. `applies`: it holds it by server-side apply.
pub(super) fn defines_objects(manager: &str, applies: bool) -> bool {
    // `kubectl apply --server-side` is recorded as `kubectl` like `kubectl scale`, but with the
    // operation Apply.
    PACKAGERS.contains(&manager) || (manager == "kubectl" && applies)
}

/// Tells an autoscaler that writes objects itself by the words of its name (`keda-operator`,
/// `vpa-updater`, `cluster-autoscaler`).
pub(super) fn is_autoscaler(manager: &str) -> bool {
    let name = manager.to_ascii_lowercase();
    name.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| {
        word.starts_with("keda")
            || word.starts_with("vpa")
            || word == "hpa"
            || word.contains("autoscal")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn managers_are_known_by_their_names() {
        for (manager, class) in [
            ("kubectl-client-side-apply", ManagerClass::Person),
            ("kubectl-set", ManagerClass::Person),
            ("kubectl", ManagerClass::Person),
            ("helm", ManagerClass::Person),
            ("before-first-apply", ManagerClass::Person),
            ("workloadctl-yielded", ManagerClass::Yielded),
            ("workloadctl:web/web", ManagerClass::Instance),
            ("argocd-application-controller", ManagerClass::GitOps("Argo CD")),
            ("kustomize-controller", ManagerClass::GitOps("Flux")),
            ("helm-controller", ManagerClass::GitOps("Flux")),
            ("helmsman", ManagerClass::Other),
            ("kube-controller-manager", ManagerClass::Other),
            ("clusterrole-aggregation-controller", ManagerClass::Aggregator),
        ] {
            assert_eq!(class_of(manager), class, "{manager}");
        }
        assert!(defines_objects("kubectl", true) && !defines_objects("kubectl", false));
        assert!(!defines_objects("kubectl-edit", true));
    }

    #[test]
    fn autoscalers_are_known_by_a_word_of_their_names() {
        for (manager, known) in [
            ("keda-operator", true),
            ("vpa-updater", true),
            ("vpa-admission-controller", true),
            ("vertical-pod-autoscaler", true),
            ("VerticalPodAutoscaler", true),
            ("evpatcher", false),
            ("kube-controller-manager", false),
        ] {
            assert_eq!(is_autoscaler(manager), known, "{manager}");
        }
    }
}
