//! Workloads come to life, change, fail and end.

use super::*;

#[test]
fn a_deployment_becomes_available_and_rolls_over() {
    let cluster = TestCluster::new();
    let path = format!("{DEPLOYMENTS}/web");
    assert_eq!(cluster.apply(&path, "me", &deployment(3, "nginx:1")).0, 201);
    cluster.until("available", || {
        has(&cluster.get(&path), "Available") && cluster.get(&path)["status"]["readyReplicas"] == 3
    });
    let object = cluster.get(&path);
    assert_eq!(object["status"]["observedGeneration"], 1);
    assert_eq!(object["status"]["conditions"].as_array().unwrap().len(), 2);
    assert_eq!(object["metadata"]["generation"], 1);
    assert_eq!(cluster.apply(&path, "me", &deployment(3, "nginx:2")).0, 200);
    cluster.until("rolled", || {
        let object = cluster.get(&path);
        object["status"]["updatedReplicas"] == 3
            && object["status"]["replicas"] == 3
            && object["status"]["availableReplicas"] == 3
    });
    let pods = cluster.get(PODS);
    cluster.until("old pods gone", || cluster.get(PODS)["items"].as_array().unwrap().len() == 3);
    assert!(
        pods["items"]
            .as_array()
            .unwrap()
            .iter()
            .any(|pod| pod["spec"]["containers"][0]["image"] == "nginx:2")
    );
    let object = cluster.get(&path);
    assert_eq!(object["metadata"]["annotations"]["deployment.kubernetes.io/revision"], "2");
    assert_eq!(
        object["status"]["conditions"]
            .as_array()
            .unwrap()
            .iter()
            .find(|c| c["type"] == "Progressing")
            .unwrap()["reason"],
        "NewReplicaSetAvailable"
    );
    cluster.delete(&path, "Foreground");
    cluster.until("gone", || cluster.code(&path) == 404);
    assert_eq!(cluster.get(PODS)["items"], json!([]));
}

#[test]
fn pods_fail_as_their_annotations_ask() {
    let cluster = TestCluster::new();
    let waiting =
        |pod: &Value| pod["status"]["containerStatuses"][0]["state"]["waiting"]["reason"].clone();
    for (word, reason) in [
        ("image-pull", "ImagePullBackOff"),
        ("config-error", "CreateContainerConfigError"),
        ("crash-loop", "CrashLoopBackOff"),
    ] {
        let pod = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": word, "annotations": {"test.workloadctl/fail": word}},
            "spec": {"containers": [{"name": "main", "image": "nginx:1"}]},
        });
        assert_eq!(cluster.post(PODS, &pod).0, 201);
        let path = format!("{PODS}/{word}");
        cluster.until(word, || waiting(&cluster.get(&path)) == reason);
        assert!(!has(&cluster.get(&path), "Ready"));
        let events = cluster.get(&format!(
            "/api/v1/namespaces/default/events?fieldSelector=involvedObject.name%3D{word}"
        ));
        assert!(
            events["items"].as_array().unwrap().iter().any(|event| event["type"] == "Warning"),
            "{word}"
        );
    }
    cluster.merge(
        &format!("{PODS}/crash-loop"),
        &json!({"metadata": {"annotations": {"test.workloadctl/restarts": "1"}}}),
    );
}

#[test]
fn a_pod_that_no_node_takes_is_unschedulable() {
    let cluster = TestCluster::new();
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"},
        "spec": {"nodeSelector": {"no": "node"}, "containers": [{"name": "main", "image": "nginx:1"}]},
    });
    cluster.post(PODS, &pod);
    cluster.pass(2000);
    let found = cluster.get(&format!("{PODS}/a"));
    assert_eq!(found["status"]["phase"], "Pending");
    assert_eq!(found["status"]["conditions"][0]["reason"], "Unschedulable");
    assert!(
        found["status"]["conditions"][0]["message"]
            .as_str()
            .unwrap()
            .starts_with("0/2 nodes are available: 2 node(s) didn't match")
    );
}

#[test]
fn a_stateful_set_starts_in_order_with_its_volumes_and_updates_backwards() {
    let cluster = TestCluster::new();
    let path = "/apis/apps/v1/namespaces/default/statefulsets/db";
    let mut body = json!({
        "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "db"},
        "spec": {
            "replicas": 2, "serviceName": "db", "selector": {"matchLabels": {"app": "web"}}, "template": template("db:1"),
            "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}],
        },
    });
    assert_eq!(cluster.apply(path, "me", &body).0, 201);
    cluster.until("first pod", || cluster.code(&format!("{PODS}/db-0")) == 200);
    assert_eq!(cluster.code(&format!("{PODS}/db-1")), 404);
    cluster.until("ready", || cluster.get(path)["status"]["readyReplicas"] == 2);
    assert_eq!(
        cluster.get("/api/v1/namespaces/default/persistentvolumeclaims/data-db-1")["status"]["phase"],
        "Bound"
    );
    body["spec"]["template"] = template("db:2");
    assert_eq!(cluster.apply(path, "me", &body).0, 200);
    cluster.until("updated", || {
        let status = cluster.get(path)["status"].clone();
        status["updatedReplicas"] == 2
            && status["readyReplicas"] == 2
            && status["currentRevision"] == status["updateRevision"]
    });
    let uid = cluster.get(&format!("{PODS}/db-0"))["metadata"]["uid"].clone();
    cluster.delete(path, "Orphan");
    cluster.until("let go", || cluster.code(path) == 404);
    cluster.apply(path, "me", &body);
    cluster.until("adopted", || cluster.get(path)["status"]["readyReplicas"] == 2);
    assert_eq!(cluster.get(&format!("{PODS}/db-0"))["metadata"]["uid"], uid);
}

#[test]
fn a_daemon_set_has_a_pod_on_both_nodes() {
    let cluster = TestCluster::new();
    let path = "/apis/apps/v1/namespaces/default/daemonsets/agent";
    let body = json!({
        "apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "agent"},
        "spec": {"selector": {"matchLabels": {"app": "web"}}, "template": template("agent:1")},
    });
    cluster.apply(path, "me", &body);
    cluster.until("ready", || cluster.get(path)["status"]["numberReady"] == 2);
    let pods = cluster.get(PODS);
    let nodes: Vec<_> = pods["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|pod| pod["spec"]["nodeName"].clone())
        .collect();
    assert!(nodes.contains(&json!("node-1")) && nodes.contains(&json!("node-2")), "{nodes:?}");
}

#[test]
fn jobs_complete_or_fail() {
    let cluster = TestCluster::new();
    let job = |name: &str, annotations: Value, limit: i64| {
        json!({
            "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name},
            "spec": {"backoffLimit": limit, "completions": 2, "template": {
                "metadata": {"annotations": annotations},
                "spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": "x:1"}]}}},
        })
    };
    let path = |name: &str| format!("/apis/batch/v1/namespaces/default/jobs/{name}");
    cluster.apply(&path("good"), "me", &job("good", json!({}), 1));
    cluster.until("complete", || has(&cluster.get(&path("good")), "Complete"));
    let good = cluster.get(&path("good"));
    assert_eq!(good["status"]["succeeded"], 2);
    assert!(has(&good, "SuccessCriteriaMet") && good["status"]["completionTime"].is_string());
    cluster.apply(&path("bad"), "me", &job("bad", json!({"test.workloadctl/fail": "job-fail"}), 1));
    cluster.until("failed", || has(&cluster.get(&path("bad")), "Failed"));
    let bad = cluster.get(&path("bad"));
    assert_eq!(bad["status"]["failed"], 2);
    assert_eq!(cluster.delete(&path("good"), "Background").0, 200);
    cluster.until("gone", || cluster.code(&path("good")) == 404);
}

#[test]
fn a_load_balancer_gets_an_address_and_a_slice_of_endpoints() {
    let cluster = TestCluster::new();
    let path = "/api/v1/namespaces/default/services/web";
    cluster.apply(&format!("{DEPLOYMENTS}/web"), "me", &deployment(1, "nginx:1"));
    let body = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "labels": {"mine": "yes"}},
        "spec": {"type": "LoadBalancer", "selector": {"app": "web"}, "ports": [{"port": 80}]},
    });
    let (_, made) = cluster.apply(path, "me", &body);
    assert!(made["spec"]["clusterIP"].as_str().unwrap().starts_with("10.96."));
    assert!(made["spec"]["ports"][0]["nodePort"].as_u64().unwrap() >= 30000);
    cluster.until("address", || {
        cluster.get(path)["status"]["loadBalancer"]["ingress"][0]["ip"].is_string()
    });
    let slices =
        "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices?labelSelector=mine%3Dyes";
    cluster.until("endpoint", || {
        cluster.get(slices)["items"][0]["endpoints"][0]["conditions"]["ready"] == true
    });
}

#[test]
fn a_followed_log_ends_with_its_pod() {
    let cluster = TestCluster::new();
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": template("x:1")["spec"]});
    cluster.post(PODS, &pod);
    let path = format!("{PODS}/a");
    cluster.until("running", || cluster.get(&path)["status"]["phase"] == "Running");
    let follow = |sandbox: Sandbox| async move {
        let request = Request::get(format!("{PODS}/a/log?container=web&follow=true"))
            .body(Full::new(Bytes::new()))
            .unwrap();
        let mut sandbox = sandbox;
        sandbox.call(request).await.unwrap().into_body()
    };
    let mut body = cluster.runtime.block_on(follow(cluster.sandbox.clone()));
    let first = cluster.runtime.block_on(body.frame()).unwrap().unwrap().into_data().unwrap();
    assert!(String::from_utf8_lossy(&first).ends_with("ready\n"));
    cluster.runtime.block_on(async {
        let more = tokio::time::timeout(std::time::Duration::from_millis(200), body.frame()).await;
        assert!(more.is_err(), "the pod still runs");
    });
    cluster.delete(&path, "Background");
    cluster.pass(60_000);
    assert!(cluster.runtime.block_on(body.frame()).is_none());
}

#[test]
fn a_deployment_says_why_its_pods_are_refused_until_they_are_not() {
    let cluster = TestCluster::new();
    let mut body = deployment(1, "web:1");
    body["spec"]["template"]["spec"]["serviceAccountName"] = json!("robot");
    cluster.apply(&format!("{DEPLOYMENTS}/web"), "me", &body);
    let web = || cluster.get(&format!("{DEPLOYMENTS}/web"));
    cluster.until("the refusal", || has(&web(), "ReplicaFailure"));
    let object = web();
    let conditions = object["status"]["conditions"].as_array().unwrap();
    let failure = conditions.iter().find(|one| one["type"] == "ReplicaFailure").unwrap();
    let message = failure["message"].as_str().unwrap();
    assert_eq!(failure["reason"], "FailedCreate");
    assert!(
        message.starts_with("pods \"web-")
            && message.ends_with(
                "-\" is forbidden: error looking up service account default/robot: \
                 serviceaccount \"robot\" not found"
            ),
        "{message}"
    );
    let account =
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot"}});
    cluster.post("/api/v1/namespaces/default/serviceaccounts", &account);
    cluster.until("availability", || has(&web(), "Available"));
    assert!(!has(&web(), "ReplicaFailure"));
}

#[test]
fn a_replication_controller_has_its_pods() {
    let cluster = TestCluster::new();
    let path = "/api/v1/namespaces/default/replicationcontrollers/rc";
    let mut body = json!({
        "apiVersion": "v1", "kind": "ReplicationController", "metadata": {"name": "rc"},
        "spec": {"replicas": 2, "template": {"metadata": {"labels": {"app": "rc"}},
            "spec": {"containers": [{"name": "c", "image": "c:1"}]}}},
    });
    // Others' pods are none of its own.
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "alone"},
        "spec": {"containers": [{"name": "c", "image": "c:1"}]}});
    cluster.post(PODS, &pod);
    assert_eq!(cluster.apply(path, "me", &body).0, 201);
    let made = cluster.get(path);
    assert_eq!(made["spec"]["selector"], json!({"app": "rc"}));
    assert_eq!(made["metadata"]["labels"], json!({"app": "rc"}));
    cluster.until("ready", || cluster.get(path)["status"]["readyReplicas"] == 2);
    body["spec"]["replicas"] = json!(1);
    cluster.apply(path, "me", &body);
    cluster.until("fewer", || cluster.get(PODS)["items"].as_array().unwrap().len() == 2);
    cluster.delete(path, "Background");
    cluster.until("gone", || cluster.get(PODS)["items"].as_array().unwrap().len() == 1);
}

#[test]
fn a_token_goes_with_its_account() {
    let cluster = TestCluster::new();
    let secrets = "/api/v1/namespaces/default/secrets";
    let token = |name: &str, account: &str| {
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name,
            "annotations": {"kubernetes.io/service-account.name": account}},
            "type": "kubernetes.io/service-account-token"})
    };
    let account =
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot"}});
    cluster.post("/api/v1/namespaces/default/serviceaccounts", &account);
    cluster.post(secrets, &token("of-nobody", "nobody"));
    cluster.post(secrets, &token("of-robot", "robot"));
    cluster.until("the token of nobody", || cluster.code(&format!("{secrets}/of-nobody")) == 404);
    assert_eq!(cluster.code(&format!("{secrets}/of-robot")), 200);
    cluster.delete("/api/v1/namespaces/default/serviceaccounts/robot", "Background");
    cluster.until("the token of robot", || cluster.code(&format!("{secrets}/of-robot")) == 404);
}

#[test]
fn an_aggregated_role_has_the_rules_of_those_that_it_selects() {
    let cluster = TestCluster::new();
    let roles = "/apis/rbac.authorization.k8s.io/v1/clusterroles";
    let role = |name: &str, rest: &Value| {
        let mut body = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
            "metadata": {"name": name}});
        crate::testing::merge::json(&mut body, rest);
        body
    };
    let part = |resource: &str| {
        let rule = json!({"apiGroups": [""], "resources": [resource], "verbs": ["get"]});
        json!({"metadata": {"labels": {"part": "yes"}}, "rules": [rule]})
    };
    let whole = format!("{roles}/whole");
    let selectors = json!([{"matchLabels": {"part": "yes"}}]);
    let rest = json!({"aggregationRule": {"clusterRoleSelectors": selectors}, "rules": []});
    assert_eq!(cluster.apply(&whole, "me", &role("whole", &rest)).0, 201);
    let rules = |wanted: &[&str]| {
        let rules = cluster.get(&whole)["rules"].clone();
        let named = rules.as_array().into_iter().flatten().map(|rule| &rule["resources"][0]);
        named.eq(wanted)
    };
    for (name, resource) in [("b", "pods"), ("a", "secrets"), ("c", "pods")] {
        cluster.apply(&format!("{roles}/{name}"), "me", &role(name, &part(resource)));
    }
    cluster.until("their rules", || rules(&["secrets", "pods"]));
    let managed = cluster.get(&whole)["metadata"]["managedFields"].clone();
    let theirs = managed.as_array().unwrap().iter().find(|entry| {
        entry["manager"] == "clusterrole-aggregation-controller" && entry["operation"] == "Apply"
    });
    assert_eq!(theirs.unwrap()["fieldsV1"], json!({"f:rules": {}}), "{managed}");
    // Another's rules are refused from now on.
    assert_eq!(cluster.apply(&whole, "me", &role("whole", &rest)).0, 409);
    cluster.delete(&format!("{roles}/a"), "Background");
    cluster.until("less", || rules(&["pods"]));
}
