//! Whether somebody holds a field or an object, or only Kubernetes itself does.

use serde_json::Value;

use super::{entries, fields, manager_of, subresource};

/// Tells whether a manager is a component of Kubernetes itself.
fn is_component(manager: &str) -> bool {
    // `kubectl` is a person's.
    manager.starts_with("kube-") || ["kubelet", "cloud-controller-manager"].contains(&manager)
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

/// Tells whether Kubernetes itself made an object, and nobody else set anything in it.
pub(crate) fn is_of_kubernetes(live: &Value) -> bool {
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
}
