//! Which of the live objects of a namespace belong to a definition.

use serde_json::Value;

use super::super::{
    kinds::{KindInfo, builtin_kind},
    object::ObjectId,
    ownership::{
        MANAGER_PREFIX, has_controller, is_of_kubernetes, is_terminating, other_instances,
    },
    record::RECORD_LABEL,
};

/// Kinds whose objects Kubernetes makes and forgets; those that somebody made are of no definition.
const PASSING: &[(&str, &str)] = &[
    ("", "Event"),
    ("events.k8s.io", "Event"),
    ("coordination.k8s.io", "Lease"),
    ("certificates.k8s.io", "CertificateSigningRequest"),
    ("storage.k8s.io", "VolumeAttachment"),
];

/// Annotation of a volume that a provisioner made.
const PROVISIONED_BY: &str = "pv.kubernetes.io/provisioned-by";

/// Tells whether objects of a kind can be part of a definition: they are made, changed and deleted by
/// whoever may.
pub(crate) fn is_listed(group: &str, kind: &str, info: &KindInfo) -> bool {
    ["list", "create", "patch", "delete"].iter().all(|verb| info.can(verb))
        && !PASSING.contains(&(group, kind))
}

/// Tells whether a controller made an object for another one. There may be thousands of them.
pub(crate) fn is_made_for_another(live: &Value) -> bool {
    // They follow their Service, which they do not name as their owner.
    let endpoints = ObjectId::of(live).is("", "Endpoints");
    has_controller(live) || (endpoints && is_of_kubernetes(live))
}

/// Gives the reason to leave a live object out, as a clause; `None` where it is taken.
pub(crate) fn reason_to_leave(live: &Value) -> Option<String> {
    let id = ObjectId::of(live);
    if is_terminating(live) {
        return Some("it is being deleted".to_owned());
    }
    if let Some(manager) = other_instances(live, "").first() {
        let name = manager.strip_prefix(MANAGER_PREFIX).unwrap_or(manager);
        return Some(format!("instance {name} has it"));
    }
    let reason = match (&*id.group, &*id.kind, &*id.name) {
        ("", "ServiceAccount", "default") | ("", "ConfigMap", "kube-root-ca.crt") => {
            "every namespace has it"
        }
        ("", "Secret", _) => reason_to_leave_secret(live)?,
        ("", "Pod", _) => "a pod that no controller makes cannot be changed",
        // The API server makes it of its flags.
        ("networking.k8s.io", "ServiceCIDR", "kubernetes") => "Kubernetes made it",
        ("", "Namespace", _) => "an instance in a given namespace brings none",
        ("", "Node", _) | ("storage.k8s.io", "CSINode", _) => "it is a node of the cluster",
        ("", "PersistentVolume", _) if has_annotation(live, PROVISIONED_BY) => {
            "it was made for a claim"
        }
        _ if is_of_kubernetes(live) => "Kubernetes made it",
        _ => return None,
    };
    Some(reason.to_owned())
}

/// Tells whether what a label selector means has a label that it names: `app`, `app=web`,
/// `app in (web, api)`. `tier!=prod` and `!tier` mean whatever has no such label, too.
pub(crate) fn requires_label(selector: &str) -> bool {
    let mut depth = 0_usize;
    let mut requirements = selector.split(|c| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    });
    requirements.any(|requirement| {
        let key = requirement.trim();
        let is_negative = key.starts_with('!')
            || key.contains("!=")
            || key.split([' ', '\t', '(']).any(|word| word == "notin");
        !key.is_empty() && !is_negative
    })
}

fn has_annotation(live: &Value, key: &str) -> bool {
    live["metadata"]["annotations"].get(key).is_some()
}

/// Names what an object that lives in no namespace names of a namespace, if it does: `Kind/name`.
pub(crate) fn referred(live: &Value, namespace: &str) -> Option<String> {
    let id = ObjectId::of(live);
    let named = |kind: &str, holder: &Value| {
        let there = holder["namespace"] == namespace;
        there.then(|| format!("{kind}/{}", holder["name"].as_str().unwrap_or_default()))
    };
    if id.is("", "PersistentVolume") {
        return named("PersistentVolumeClaim", &live["spec"]["claimRef"]);
    }
    let references = builtin_kind(&id).names_in_namespaces.iter();
    let mut all = references.flat_map(|it| it.all_in(live).map(move |holder| (it.to, holder)));
    all.find_map(|(to, holder)| named(&to.to_string(), holder))
}

fn reason_to_leave_secret(live: &Value) -> Option<&'static str> {
    let is_record =
        live.pointer("/metadata/labels").is_some_and(|it| it.get(RECORD_LABEL).is_some());
    match live["type"].as_str().unwrap_or_default() {
        "kubernetes.io/service-account-token" => Some("a token of a service account"),
        "bootstrap.kubernetes.io/token" => Some("a token of the cluster"),
        "helm.sh/release.v1" => Some("Helm's own"),
        _ if is_record => Some("the record of an instance"),
        _ if is_of_kubernetes(live) => Some("Kubernetes made it"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_others_have_and_what_kubernetes_makes_is_left() {
        let object = |kind: &str, name: &str| json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": name}});
        let with = |mut object: Value, pointer: &str, value: Value| {
            let (place, key) = pointer.rsplit_once('/').unwrap();
            object.pointer_mut(place).unwrap()[key] = value;
            object
        };
        let secret = |of: &str| with(object("Secret", "a"), "/type", json!(of));
        let held = |manager: &str| {
            let entry = json!([{"manager": manager, "operation": "Apply",
                "fieldsV1": {"f:data": {"f:a": {}}}}]);
            with(object("ConfigMap", "a"), "/metadata/managedFields", entry)
        };
        let gone = with(
            object("ConfigMap", "a"),
            "/metadata/deletionTimestamp",
            json!("2026-01-01T00:00:00Z"),
        );
        let record =
            with(secret("workloadctl/record"), "/metadata/labels", json!({RECORD_LABEL: "web"}));
        for (live, reason) in [
            (object("ConfigMap", "a"), None),
            (held("kubectl"), None),
            (secret("Opaque"), None),
            (object("ServiceAccount", "web"), None),
            (held("kube-controller-manager"), Some("Kubernetes made it")),
            (held("workloadctl:shop/web"), Some("instance shop/web has it")),
            (gone, Some("it is being deleted")),
            (record, Some("the record of an instance")),
            (secret("helm.sh/release.v1"), Some("Helm's own")),
            (secret("kubernetes.io/service-account-token"), Some("a token of a service account")),
            (object("ServiceAccount", "default"), Some("every namespace has it")),
            (object("ConfigMap", "kube-root-ca.crt"), Some("every namespace has it")),
            (object("Pod", "a"), Some("a pod that no controller makes cannot be changed")),
        ] {
            assert_eq!(reason_to_leave(&live).as_deref(), reason, "{live}");
        }
    }

    #[test]
    fn a_label_is_required_unless_all_that_is_said_is_what_there_is_not() {
        for (selector, expected) in [
            ("app", true),
            ("app=web", true),
            ("app == web", true),
            ("app in (web, api)", true),
            ("tier!=prod, app", true),
            ("tier notin (prod,test),app", true),
            ("notin=web", true),
            ("tier!=prod", false),
            ("tier != prod", false),
            ("!tier", false),
            ("! tier", false),
            ("tier notin (prod, test)", false),
            ("tier notin(prod),!a", false),
            ("", false),
            (" , ", false),
        ] {
            assert_eq!(requires_label(selector), expected, "{selector}");
        }
    }

    #[test]
    fn what_names_something_of_a_namespace_is_told() {
        let of = |api_version: &str, kind: &str, more: Value| {
            let mut body =
                json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "a"}});
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            referred(&body, "shop")
        };
        let binding = |namespace: &str| {
            let subjects = json!([{"kind": "User", "name": "eve"},
                {"kind": "ServiceAccount", "name": "web", "namespace": namespace}]);
            of("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", json!({"subjects": subjects}))
        };
        assert_eq!(binding("shop").as_deref(), Some("ServiceAccount/web"));
        assert_eq!(binding("other"), None);
        let claim = json!({"spec": {"claimRef": {"namespace": "shop", "name": "data"}}});
        let volume = of("v1", "PersistentVolume", claim);
        assert_eq!(volume.as_deref(), Some("PersistentVolumeClaim/data"));
        let service = json!({"webhooks": [{"clientConfig": {"url": "https://a"}},
            {"clientConfig": {"service": {"namespace": "shop", "name": "hook"}}}]});
        let webhook =
            of("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration", service);
        assert_eq!(webhook.as_deref(), Some("Service/hook"));
        assert_eq!(of("rbac.authorization.k8s.io/v1", "ClusterRole", json!({"rules": []})), None);
    }

    #[test]
    fn what_is_made_for_another_is_told_by_its_owner_or_its_maker() {
        let by = |kind: &str, manager: &str, owners: Value| {
            json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": "a", "ownerReferences": owners,
                "managedFields": [{"manager": manager, "operation": "Update"}]}})
        };
        for (live, expected) in [
            (by("Endpoints", "kube-controller-manager", json!([])), true),
            (by("Endpoints", "kubectl-create", json!([])), false),
            (by("ConfigMap", "kube-controller-manager", json!([])), false),
            (by("Pod", "kube-controller-manager", json!([{"controller": true}])), true),
            (by("Pod", "kubectl-create", json!([{"controller": false}])), false),
        ] {
            assert_eq!(is_made_for_another(&live), expected, "{live}");
        }
    }

    #[test]
    fn kinds_that_pass_or_cannot_be_made_are_not_listed() {
        let kinds = crate::workload::kinds::Kinds::builtin();
        let listed =
            |group: &str, kind: &str| is_listed(group, kind, kinds.lookup(group, kind).unwrap());
        for (group, kind, expected) in [
            ("apps", "Deployment", true),
            ("", "Secret", true),
            ("", "Event", false),
            ("events.k8s.io", "Event", false),
            ("coordination.k8s.io", "Lease", false),
            ("", "Namespace", true),
            ("rbac.authorization.k8s.io", "ClusterRole", true),
            ("certificates.k8s.io", "CertificateSigningRequest", false),
            ("storage.k8s.io", "VolumeAttachment", false),
            ("authorization.k8s.io", "LocalSubjectAccessReview", false),
        ] {
            assert_eq!(listed(group, kind), expected, "{kind}.{group}");
        }
    }
}
