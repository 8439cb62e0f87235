//! Whether somebody holds a field or an object, or only Kubernetes itself does.

use serde_json::Value;

use super::{entries, fields, manager_of, subresource};

/// Components that are not called `kube-…`, and what they call themselves for a part of their work.
const COMPONENTS: &[&str] = &[
    "api-priority-and-fairness-config-consumer-v1",
    "api-priority-and-fairness-config-producer-v1",
    "cloud-controller-manager",
    "clusterrole-aggregation-controller",
    "kubelet",
];

/// Labels and annotations of what Kubernetes makes again when it starts, whoever changed it.
const MADE_AT_START: &[(&str, &str)] = &[
    ("labels", "kubernetes.io/bootstrapping"),
    ("labels", "kube-aggregator.kubernetes.io/automanaged"),
    ("annotations", "apf.kubernetes.io/autoupdate-spec"),
];

/// Tells whether a manager is a component of Kubernetes itself.
fn is_component(manager: &str) -> bool {
    // `kubectl` is a person's.
    manager.starts_with("kube-") || COMPONENTS.contains(&manager)
}

/// Tells whether somebody but Kubernetes itself holds a field of a live object, given as the server
/// writes it (`.spec.clusterIP`).
pub(crate) fn is_held(live: &Value, field: &str) -> bool {
    let Some(path) = fields::find(live, field) else { return false };
    entries(live).any(|entry| {
        subresource(entry).is_empty()
            && !is_component(manager_of(entry))
            && fields::has(&entry["fieldsV1"], &path)
    })
}

/// Tells whether Kubernetes itself made an object, and nobody else set anything in it, or it would
/// make it again.
pub(crate) fn is_of_kubernetes(live: &Value) -> bool {
    let metadata = &live["metadata"];
    if MADE_AT_START.iter().any(|(place, key)| metadata[*place].get(key).is_some()) {
        return true;
    }
    let mut managers = entries(live).map(manager_of).peekable();
    managers.peek().is_some() && managers.all(is_component)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_field_is_held_by_whoever_set_it() {
        let live = |manager: &str, subresource: &str| {
            json!({"spec": {"clusterIP": "10.0.0.1"}, "metadata": {"managedFields": [
                {"manager": manager, "operation": "Update", "subresource": subresource,
                 "fieldsV1": {"f:spec": {"f:clusterIP": {}}}}]}})
        };
        for (manager, subresource, held, theirs) in [
            ("kubectl-create", "", true, false),
            ("kube-controller-manager", "", false, true),
            ("kubelet", "", false, true),
            ("curl", "status", false, false),
        ] {
            let live = live(manager, subresource);
            assert_eq!(is_held(&live, ".spec.clusterIP"), held, "{manager}");
            assert!(!is_held(&live, ".spec.type"), "{manager}");
            assert_eq!(is_of_kubernetes(&live), theirs, "{manager}");
        }
        assert!(!is_of_kubernetes(&json!({"metadata": {}})));
    }

    #[test]
    fn what_kubernetes_makes_at_its_start_is_its_own_whoever_changed_it() {
        let by = |managers: &[&str], kind: &str, name: &str, metadata: &Value| {
            let entries = managers.iter().map(|manager| json!({"manager": manager}));
            let mut body = json!({"kind": kind, "metadata": metadata});
            body["metadata"]["name"] = name.into();
            body["metadata"]["managedFields"] = entries.collect();
            body
        };
        let labelled = json!({"labels": {"kubernetes.io/bootstrapping": "rbac-defaults"}});
        let kept = json!({"annotations": {"apf.kubernetes.io/autoupdate-spec": "false"}});
        let aggregated = ["kubectl-create", "clusterrole-aggregation-controller"];
        for (managers, kind, name, metadata, theirs) in [
            (&["kubectl-edit"][..], "ClusterRole", "edit", &labelled, true),
            (&["kubectl-edit"], "FlowSchema", "probes", &kept, true),
            (
                &["api-priority-and-fairness-config-producer-v1"],
                "FlowSchema",
                "a",
                &json!({}),
                true,
            ),
            (&aggregated[1..], "ClusterRole", "a", &json!({}), true),
            (&aggregated, "ClusterRole", "a", &json!({}), false),
            (&["kubectl-create"], "ServiceCIDR", "more", &json!({}), false),
        ] {
            let live = by(managers, kind, name, metadata);
            assert_eq!(is_of_kubernetes(&live), theirs, "{live}");
        }
    }
}
