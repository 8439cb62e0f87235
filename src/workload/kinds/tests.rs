use serde_json::{Value, json};

use super::*;
use crate::workload::object::{Object, Origin, split_api_version};

/// Reads inline YAML documents as objects of `a.yaml`.
pub(crate) fn objects(text: &str) -> Vec<Object> {
    let mut line = 1;
    let mut objects = Vec::new();
    for document in text.split("\n---\n") {
        if let Some(offset) = document.lines().position(|line| !line.trim().is_empty()) {
            let offset = u32::try_from(offset).unwrap();
            objects.push(Object {
                body: serde_yaml::from_str(document).unwrap(),
                origin: Origin::line("a.yaml", line + offset),
            });
        }
        line += u32::try_from(document.lines().count()).unwrap() + 1;
    }
    objects
}

const CRD: &str = "
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: backups.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {kind: Backup, plural: backups, shortNames: [bk]}
  versions:
    - {name: v1alpha1, served: false}
    - {name: v1beta1, served: true}
    - {name: v1, served: true, subresources: {status: {}}}
";

fn with_crd() -> Kinds {
    let mut kinds = Kinds::builtin();
    kinds.add_crds(&objects(CRD));
    kinds
}

fn discovery(group: &str, freshness: &str, resources: &[(&str, &str)]) -> Value {
    let resources: Vec<Value> = resources
        .iter()
        .map(|(plural, kind)| {
            json!({"resource": plural, "responseKind": {"kind": kind}, "scope": "Namespaced",
                "singularResource": kind.to_lowercase(), "verbs": ["get", "patch"],
                "subresources": [{"subresource": "status"}]})
        })
        .collect();
    let (group, version) = split_api_version(group);
    json!({"metadata": {"name": group},
        "versions": [{"version": version, "freshness": freshness, "resources": resources}]})
}

#[test]
fn the_embedded_discovery_has_the_built_in_kinds() {
    let kinds = Kinds::builtin();
    let deployment = kinds.lookup("apps", "Deployment").unwrap();
    assert!(deployment.builtin && deployment.namespaced);
    assert_eq!((&*deployment.plural, &*deployment.short_names[0]), ("deployments", "deploy"));
    assert!(!kinds.lookup("", "Namespace").unwrap().namespaced);
    let hpa = kinds.lookup("autoscaling", "HorizontalPodAutoscaler").unwrap();
    assert_eq!(hpa.versions[0], "v2");
}

#[test]
fn a_definition_of_the_set_brings_its_kind() {
    let kinds = with_crd();
    let backup = kinds.lookup("example.com", "Backup").unwrap();
    assert_eq!(backup.versions, ["v1", "v1beta1"]);
    assert_eq!(backup.singular, "backup");
    assert!(!backup.builtin);
    assert!(kinds.is_custom("example.com", "Backup") && kinds.is_custom("other.com", "X"));
    assert!(!kinds.is_custom("apps", "Deployment") && !kinds.is_custom("apps", "Strange"));
}

#[test]
fn versions_are_preferred_as_kubernetes_does() {
    let mut versions = ["foo", "v1alpha1", "v1beta2", "v2", "v10", "v1beta10", "v1", "v2beta1"];
    versions.sort_by_cached_key(|version| version_rank(version));
    assert_eq!(versions, ["v10", "v2", "v1", "v2beta1", "v1beta10", "v1beta2", "v1alpha1", "foo"]);
}

#[test]
fn a_set_wins_over_a_cluster_and_a_cluster_over_what_is_built_in() {
    let mut kinds = with_crd();
    kinds.add_discovery(&json!([
        {"kind": "APIGroupDiscoveryList", "items": [discovery("/v1", "Current", &[("pods", "Pod")])]},
        {"kind": "APIGroupDiscoveryList", "items": [
            discovery("example.com/v1beta1", "Current", &[("backups", "Backup")]),
            discovery("apps/v9", "Current", &[("deployments", "Deployment")]),
            discovery("metrics.k8s.io/v1", "Stale", &[])]},
    ]));
    assert!(kinds.lookup("example.com", "Backup").unwrap().serves("v1"));
    let deployment = kinds.lookup("apps", "Deployment").unwrap();
    assert!(deployment.serves("v9") && !deployment.serves("v1") && deployment.builtin);
}

#[test]
fn paths_are_those_of_the_api() {
    let kinds = with_crd();
    let path = |group, kind, namespace, name| {
        kinds.resource_path(&ObjectId::new(group, kind, namespace, name), "v1")
    };
    for (found, wanted) in [
        (path("", "ConfigMap", Some("a"), "b"), Some("/api/v1/namespaces/a/configmaps/b")),
        (path("", "Namespace", None, "b"), Some("/api/v1/namespaces/b")),
        (path("", "ConfigMap", None, "b"), None),
        (
            path("apps", "Deployment", Some("a"), "b"),
            Some("/apis/apps/v1/namespaces/a/deployments/b"),
        ),
        (
            path("rbac.authorization.k8s.io", "ClusterRole", Some("ignored"), "system:a b/c?"),
            Some("/apis/rbac.authorization.k8s.io/v1/clusterroles/system:a%20b%2Fc%3F"),
        ),
        (
            path("example.com", "Backup", Some("a"), "b"),
            Some("/apis/example.com/v1/namespaces/a/backups/b"),
        ),
        (path("example.com", "Restore", Some("a"), "b"), None),
    ] {
        assert_eq!(found.as_deref(), wanted);
    }
    let collection = |kind, namespace| {
        kinds.collection_path(&GroupKind::new("", kind), "v1", namespace).unwrap()
    };
    assert_eq!(collection("Pod", Some("a")), "/api/v1/namespaces/a/pods");
    assert_eq!(collection("Pod", None), "/api/v1/pods");
    assert_eq!(collection("Node", Some("a")), "/api/v1/nodes");
}

#[test]
fn wrong_kinds_and_versions_are_told_with_what_would_be_right() {
    let kinds = with_crd();
    for (api_version, kind, code, hint) in [
        ("apps/v1", "Deplyoment", "unknown-kind", Some("write `kind: Deployment`")),
        ("apps/v1", "deployment", "unknown-kind", Some("write `kind: Deployment`")),
        ("v1", "Deployment", "unknown-kind", Some("write `apiVersion: apps/v1`")),
        (
            "extensions/v1beta1",
            "Ingress",
            "unknown-kind",
            Some("write `apiVersion: networking.k8s.io/v1`"),
        ),
        ("policy/v1beta1", "PodSecurityPolicy", "unknown-kind", None),
        ("apps/v1beta1", "Deployment", "unknown-version", Some("write `apiVersion: apps/v1`")),
        ("apps", "Deployment", "unknown-kind", Some("write `apiVersion: apps/v1`")),
        (
            "example.com/v1alpha1",
            "Backup",
            "unknown-version",
            Some("write `apiVersion: example.com/v1`"),
        ),
        ("authentication.k8s.io/v1", "TokenReview", "unknown-kind", None),
    ] {
        let checked = kinds.check(&objects(&format!(
            "apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: web}}"
        )));
        assert_eq!(checked.errors.len(), 1, "{api_version} {kind}");
        let error = &checked.errors[0];
        assert_eq!(
            (error.code.word(), error.hint.as_deref()),
            (code, hint),
            "{api_version} {kind}"
        );
        assert_eq!(error.kind.exit_code(), 2);
        assert_eq!(error.object.as_deref(), Some(&*format!("{kind}/web")));
        assert_eq!(error.origin, Some(Origin::line("a.yaml", 1)));
    }
}

#[test]
fn other_groups_are_left_to_the_cluster() {
    let text = "apiVersion: other.com/v1\nkind: Thing\nmetadata: {name: a}\n---\n\
                apiVersion: other.com/v1\nkind: Thing\nmetadata: {name: b}";
    let mut kinds = Kinds::builtin();
    let checked = kinds.check(&objects(text));
    assert_eq!(checked.unjudged, [GroupKind::new("other.com", "Thing")]);
    assert_eq!(checked.errors, []);

    let core = discovery("/v1", "Current", &[("pods", "Pod")]);
    let stale = discovery("other.com/v1", "Stale", &[]);
    let absent = discovery("apps/v1", "Current", &[("deployments", "Deployment")]);
    kinds.add_discovery(&json!({"items": [core.clone(), stale]}));
    assert_eq!(kinds.check(&objects(text)).unjudged.len(), 1);

    let mut kinds = Kinds::builtin();
    kinds.add_discovery(&json!({"items": [core, absent]}));
    let checked = kinds.check(&objects(text));
    assert_eq!(checked.errors.len(), 2);
    assert_eq!(
        checked.errors[0].message,
        "there is no kind \"Thing\" in other.com/v1 on this cluster"
    );
    let old = kinds.check(&objects("apiVersion: batch/v1\nkind: Job\nmetadata: {name: a}"));
    assert_eq!(old.errors.len(), 1, "the cluster does not serve the embedded kind");
}

fn ids() -> Vec<ObjectId> {
    vec![
        ObjectId::new("apps", "Deployment", Some("a"), "web"),
        ObjectId::new("apps", "Deployment", Some("b"), "db"),
        ObjectId::new("apps", "Deployment", Some("c"), "db"),
        ObjectId::new("", "Service", Some("a"), "web"),
        ObjectId::new("serving.knative.dev", "Service", Some("a"), "web"),
        ObjectId::new("", "Service", Some("a"), "only"),
        ObjectId::new("example.com", "Backup", Some("a"), "bk"),
        ObjectId::new("other.com", "Policy", Some("a"), "web"),
        ObjectId::new("networking.k8s.io", "NetworkPolicy", Some("a"), "web"),
        ObjectId::new("rbac.authorization.k8s.io", "ClusterRole", None, "system:web"),
    ]
}

#[test]
fn objects_are_found_as_people_type_them() {
    let (ids, kinds) = (ids(), with_crd());
    for (text, wanted) in [
        ("Deployment/web", 0),
        ("deploy/web", 0),
        ("DEPLOYMENTS.APPS/web", 0),
        ("deployments.v1.apps/web", 0),
        ("a/deploy/web", 0),
        ("b/Deployment/db", 1),
        ("Service.core/web", 3),
        ("svc.v1/web", 3),
        ("a/Service.core/web", 3),
        ("svc/web", 3),
        ("service.serving.knative.dev/web", 4),
        ("services/only", 5),
        ("bk/bk", 6),
        ("policies/web", 7),
        ("netpol/web", 8),
        ("clusterrole/system:web", 9),
    ] {
        assert_eq!(find(text, &ids, &kinds), Ok(&ids[wanted]), "{text}");
    }
}

#[test]
fn what_is_not_found_is_told_with_what_is_near() {
    let (ids, kinds) = (ids(), with_crd());
    for (text, code, hint) in [
        ("web", "invalid-object", Some("write `Deployment/web`")),
        ("a/b/c/d", "invalid-object", None),
        ("/web", "invalid-object", None),
        ("Deployment/wbe", "unknown-object", Some("write `Deployment/web`")),
        ("deploy/wbe", "unknown-object", Some("write `Deployment/web`")),
        ("Deploymint/web", "unknown-object", Some("write `Deployment/web`")),
        ("z/Deployment/web", "unknown-object", Some("write `a/Deployment.apps/web`")),
        ("StatefulSet/nothing", "unknown-object", None),
        ("Deployment/db", "ambiguous-object", Some("write `b/Deployment/db`")),
        ("Service/web", "ambiguous-object", Some("write `a/Service.core/web`")),
    ] {
        let error = find(text, &ids, &kinds).unwrap_err();
        assert_eq!((error.code.word(), error.hint.as_deref()), (code, hint), "{text}");
        assert_eq!(error.kind.exit_code(), 2);
    }
    let error = find("Service/web", &ids, &kinds).unwrap_err();
    assert_eq!(error.causes, ["a/Service.core/web", "a/Service.serving.knative.dev/web"]);
}

#[test]
fn kinds_are_resolved_by_any_of_their_names() {
    let kinds = with_crd();
    for (text, wanted) in [
        ("po", vec!["Pod"]),
        ("Ingress", vec!["Ingress.networking.k8s.io"]),
        ("events", vec!["Event", "Event.events.k8s.io"]),
        ("event.core", vec!["Event"]),
        ("backups.example.com", vec!["Backup.example.com"]),
        ("nothing", vec![]),
    ] {
        let found: Vec<String> = kinds.resolve(text).iter().map(ToString::to_string).collect();
        assert_eq!(found, wanted, "{text}");
    }
}
