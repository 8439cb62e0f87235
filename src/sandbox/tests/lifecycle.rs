//! Namespaces, owners, finalizers and definitions.

use std::os::unix::fs::PermissionsExt as _;

use super::*;

#[test]
fn a_namespace_takes_its_content_with_it() {
    let cluster = TestCluster::new();
    let namespace = "/api/v1/namespaces/team";
    cluster.post(
        "/api/v1/namespaces",
        &json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}}),
    );
    let map = |name: &str, finalizers: Value| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "finalizers": finalizers}});
    let maps = format!("{namespace}/configmaps");
    assert_eq!(cluster.code(&format!("{maps}/kube-root-ca.crt")), 200);
    cluster.post(&maps, &map("plain", json!([])));
    cluster.post(&maps, &map("held", json!(["example.com/hold"])));
    let (code, body) = cluster.delete(namespace, "Background");
    assert_eq!((code, body["status"]["phase"].clone()), (200, json!("Terminating")));
    cluster.pass(1000);
    assert_eq!(cluster.code(&format!("{maps}/plain")), 404);
    let (code, refused) = cluster.post(&maps, &map("late", json!([])));
    assert_eq!(
        (code, refused["details"]["causes"][0]["reason"].clone()),
        (403, json!("NamespaceTerminating"))
    );
    let object = cluster.get(namespace);
    let conditions = object["status"]["conditions"].as_array().unwrap();
    let held = conditions.iter().find(|c| c["type"] == "NamespaceFinalizersRemaining").unwrap();
    assert_eq!(
        held["message"],
        "Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances"
    );
    cluster.merge(&format!("{maps}/held"), &json!({"metadata": {"finalizers": null}}));
    cluster.until("gone", || cluster.code(namespace) == 404);
}

#[test]
fn custom_resources_are_pruned_defaulted_and_checked() {
    let cluster = TestCluster::new();
    let definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "things.example.com"},
        "spec": {"group": "example.com", "scope": "Namespaced", "names": {"plural": "things", "kind": "Thing"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {
                "type": "object", "properties": {"spec": {"type": "object", "properties": {
                    "size": {"type": "integer", "default": 3}, "list": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"}}}}}}}]},
    });
    assert_eq!(cluster.post(definitions, &definition).0, 201);
    let things = "/apis/example.com/v1/namespaces/default/things";
    let path = format!("{things}/a");
    let thing = |spec: Value| json!({"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "a"}, "spec": spec});
    assert_eq!(cluster.code(things), 404);
    cluster.until("established", || cluster.code(things) == 200);
    let (code, made) = cluster.post(things, &thing(json!({"nonsense": 1})));
    assert_eq!((code, made["spec"].clone()), (201, json!({"size": 3})));
    assert_eq!(
        cluster.post(&format!("{things}?fieldValidation=Strict"), &thing(json!({"nonsense": 1}))).0,
        400
    );
    assert_eq!(cluster.apply(&path, "one", &thing(json!({"list": ["a"]}))).0, 200);
    let (_, both) = cluster.apply(&path, "two", &thing(json!({"list": ["b"]})));
    assert_eq!(both["spec"]["list"], json!(["a", "b"]));
    assert_eq!(cluster.merge(&path, &json!({"spec": {"size": "x"}})).0, 422);
    let name = format!("{definitions}/things.example.com");
    cluster.merge(&path, &json!({"metadata": {"finalizers": ["example.com/hold"]}}));
    assert_eq!(cluster.delete(&name, "Background").0, 200);
    cluster.pass(500);
    assert!(
        cluster.get(&name)["status"]["conditions"]
            .to_string()
            .contains("InstanceDeletionInProgress")
    );
    cluster.merge(&path, &json!({"metadata": {"finalizers": []}}));
    cluster.until("gone", || cluster.code(&name) == 404);
    assert_eq!(cluster.code(things), 404);
}

#[test]
fn dependents_go_with_their_owner_or_are_let_go() {
    let cluster = TestCluster::new();
    let maps = "/api/v1/namespaces/default/configmaps";
    for (policy, left) in [("Background", 404), ("Foreground", 404), ("Orphan", 200)] {
        let owner = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "owner"}});
        let (_, owner) = cluster.post(maps, &owner);
        let reference = json!([{"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner["metadata"]["uid"], "blockOwnerDeletion": true}]);
        let child = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "child", "ownerReferences": reference}});
        cluster.post(maps, &child);
        cluster.delete(&format!("{maps}/owner"), policy);
        cluster.until("owner gone", || cluster.code(&format!("{maps}/owner")) == 404);
        cluster.pass(100);
        assert_eq!(cluster.code(&format!("{maps}/child")), left, "{policy}");
    }
}

#[test]
fn the_state_survives_and_is_shared() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sandbox.db");
    let open = || TestCluster {
        sandbox: Sandbox::open(
            &path,
            Options { settings: Settings { clock, ..Settings::default() }, faults: Vec::new() },
        )
        .unwrap(),
        _folder: tempfile::tempdir().unwrap(),
        runtime: tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap(),
    };
    let (first, second) = (open(), open());
    for ending in ["", "-wal", "-shm"] {
        let file = folder.path().join(format!("sandbox.db{ending}"));
        assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let uid = first.get("/api/v1/namespaces/kube-system")["metadata"]["uid"].clone();
    first.apply(&format!("{DEPLOYMENTS}/web"), "me", &deployment(2, "nginx:1"));
    second.until("ready", || {
        second.get(&format!("{DEPLOYMENTS}/web"))["status"]["readyReplicas"] == 2
    });
    drop((first, second));
    let third = open();
    assert_eq!(third.get("/api/v1/namespaces/kube-system")["metadata"]["uid"], uid);
    assert_eq!(third.get(&format!("{DEPLOYMENTS}/web"))["status"]["readyReplicas"], 2);
}
