//! What lands of an object equals what a plain server-side apply of the same bytes lands, our label
//! and our manager apart: the server derives some fields only where an object has no labels at all.

use regex::Regex;
use serde_json::{Value, json};
use workloadctl::testing::{Apply, Request};

use crate::{harness::Place, owners::write};

/// Path of the group, plural and body of every kind that holds pods or stands beside them.
fn kinds() -> Vec<(&'static str, &'static str, Value)> {
    let selector = json!({"matchLabels": {"app": "a"}});
    let pod = |policy: &str| json!({"restartPolicy": policy, "containers": [{"name": "main", "image": "nginx:1", "ports": [{"containerPort": 80}]}]});
    let template =
        |policy: &str| json!({"metadata": {"labels": {"app": "a"}}, "spec": pod(policy)});
    let rules = json!([{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]);
    let claim =
        json!({"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}});
    let kind = |prefix, plural, api: &str, kind: &str, rest: Value| {
        let mut body =
            json!({"apiVersion": api, "kind": kind, "metadata": {"name": format!("x-{plural}")}});
        workloadctl::testing::merge::json(&mut body, &rest);
        (prefix, plural, body)
    };
    let (core, apps, batch, net, rbac) = (
        "/api/v1",
        "/apis/apps/v1",
        "/apis/batch/v1",
        "/apis/networking.k8s.io/v1",
        "/apis/rbac.authorization.k8s.io/v1",
    );
    vec![
        kind(core, "pods", "v1", "Pod", json!({"spec": pod("Always")})),
        kind(
            core,
            "replicationcontrollers",
            "v1",
            "ReplicationController",
            json!({"spec": {"replicas": 0, "template": template("Always")}}),
        ),
        kind(
            apps,
            "replicasets",
            "apps/v1",
            "ReplicaSet",
            json!({"spec": {"replicas": 0, "selector": selector, "template": template("Always")}}),
        ),
        kind(
            apps,
            "deployments",
            "apps/v1",
            "Deployment",
            json!({"spec": {"replicas": 0, "selector": selector, "template": template("Always")}}),
        ),
        kind(
            apps,
            "statefulsets",
            "apps/v1",
            "StatefulSet",
            json!({"spec": {"replicas": 0, "serviceName": "a", "selector": selector, "template": template("Always"),
            "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": claim}]}}),
        ),
        kind(
            apps,
            "daemonsets",
            "apps/v1",
            "DaemonSet",
            json!({"spec": {"selector": selector, "template": template("Always")}}),
        ),
        kind(
            batch,
            "jobs",
            "batch/v1",
            "Job",
            json!({"spec": {"suspend": true, "template": template("Never")}}),
        ),
        kind(
            batch,
            "cronjobs",
            "batch/v1",
            "CronJob",
            json!({"spec": {"schedule": "@daily", "suspend": true, "jobTemplate": {"spec": {"template": template("Never")}}}}),
        ),
        kind(core, "configmaps", "v1", "ConfigMap", json!({"data": {"a": "1"}})),
        kind(core, "secrets", "v1", "Secret", json!({"data": {"a": "MQ=="}})),
        kind(
            core,
            "services",
            "v1",
            "Service",
            json!({"spec": {"selector": {"app": "a"}, "ports": [{"port": 80}]}}),
        ),
        kind(core, "serviceaccounts", "v1", "ServiceAccount", json!({})),
        kind(core, "persistentvolumeclaims", "v1", "PersistentVolumeClaim", json!({"spec": claim})),
        kind(
            net,
            "ingresses",
            "networking.k8s.io/v1",
            "Ingress",
            json!({"spec": {"defaultBackend": {"service": {"name": "a", "port": {"number": 80}}}}}),
        ),
        kind(
            net,
            "networkpolicies",
            "networking.k8s.io/v1",
            "NetworkPolicy",
            json!({"spec": {"podSelector": {}}}),
        ),
        kind(rbac, "roles", "rbac.authorization.k8s.io/v1", "Role", json!({"rules": rules})),
        kind(
            rbac,
            "rolebindings",
            "rbac.authorization.k8s.io/v1",
            "RoleBinding",
            json!({
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "x-roles"}, "subjects": [{"kind": "ServiceAccount", "name": "a"}]}),
        ),
        kind(
            "/apis/autoscaling/v2",
            "horizontalpodautoscalers",
            "autoscaling/v2",
            "HorizontalPodAutoscaler",
            json!({
            "spec": {"maxReplicas": 2, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "a"}}}),
        ),
        kind(
            "/apis/policy/v1",
            "poddisruptionbudgets",
            "policy/v1",
            "PodDisruptionBudget",
            json!({"spec": {"minAvailable": 1, "selector": selector}}),
        ),
    ]
}

/// What of an object does not depend on its place, its time and its maker.
fn bare(place: &Place, path: &str) -> Value {
    let mut object = place.get(path).unwrap();
    let uid = object["metadata"]["uid"].as_str().unwrap().to_owned();
    let namespace = object["metadata"]["namespace"].as_str().unwrap().to_owned();
    let metadata = object["metadata"].take();
    object["metadata"] = json!({"labels": metadata["labels"]});
    if let Some(labels) = object["metadata"]["labels"].as_object_mut() {
        // Ours, and those that a pod gets from its node.
        labels.retain(|key, _| key != "workloadctl/instance" && !key.starts_with("topology."));
        if labels.is_empty() {
            object["metadata"]["labels"] = Value::Null;
        }
    }
    object.as_object_mut().unwrap().remove("status");
    if let Some(spec) = object["spec"].as_object_mut() {
        // What is drawn, or found a moment later.
        for drawn in ["clusterIP", "clusterIPs", "nodeName", "volumeName"] {
            spec.remove(drawn);
        }
    }
    let text = object.to_string().replace(&uid, "UID").replace(&namespace, "NAMESPACE");
    let drawn = Regex::new("kube-api-access-[a-z0-9]{5}").unwrap();
    serde_json::from_str(&drawn.replace_all(&text, "kube-api-access")).unwrap()
}

on_both! {
    fn every_kind_lands_as_kubectl_lands_it(place) {
        let mut wrong = Vec::new();
        for (suffix, labels) in [("-none", Value::Null), ("-empty", json!({})), ("-own", json!({"app": "own"}))] {
            let (name, home) = (place.instance(suffix), place.instance(&format!("{suffix}-home")));
            let mut set: Vec<(&str, &str, Value)> = kinds();
            for (_, _, body) in &mut set {
                if !labels.is_null() {
                    body["metadata"]["labels"] = labels.clone();
                }
            }
            let bodies: Vec<Value> = set.iter().map(|(_, _, body)| body.clone()).collect();
            write(place, &bodies);
            place.run(&format!("deploy {name} -f set.json --no-wait")).expect(0);
            let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": home}});
            place.call(Request::json(http::Method::POST, "/api/v1/namespaces", &namespace)).unwrap();
            for (prefix, plural, mut body) in set {
                let object = body["metadata"]["name"].as_str().unwrap().to_owned();
                let path = |namespace: &str| format!("{prefix}/namespaces/{namespace}/{plural}/{object}");
                body["metadata"]["namespace"] = json!(home);
                let how = Apply { manager: "kubectl", force: false, dry_run: false };
                place.call(Request::apply(&path(&home), &body, &how)).unwrap_or_else(|failure| panic!("{plural}: {}", failure.message()));
                let (ours, theirs) = (bare(place, &path(&name)), bare(place, &path(&home)));
                if ours != theirs {
                    wrong.push(format!("{plural} with labels {labels}:\n  {ours}\n  {theirs}"));
                }
            }
            place.call(Request::json(http::Method::DELETE, format!("/api/v1/namespaces/{home}"), &json!({}))).unwrap();
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
