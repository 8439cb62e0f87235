//! What is left of live objects.

use serde_json::json;

use super::*;

/// What a real server gave back for a Deployment of a few lines.
fn deployment() -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {
            "name": "web", "namespace": "shop", "uid": "u", "resourceVersion": "7", "generation": 2,
            "creationTimestamp": "2026-01-01T00:00:00Z", "labels": {"app": "web"},
            "annotations": {"deployment.kubernetes.io/revision": "1", "note": "ours",
                "kubectl.kubernetes.io/last-applied-configuration": "{}"},
            "finalizers": ["x.com/a"], "managedFields": [],
        },
        "spec": {
            "progressDeadlineSeconds": 600, "replicas": 1, "revisionHistoryLimit": 5,
            "selector": {"matchLabels": {"app": "web"}},
            "strategy": {"type": "RollingUpdate",
                "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 0}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {
                    "containers": [{
                        "name": "web", "image": "nginx:1.27", "imagePullPolicy": "IfNotPresent",
                        "ports": [{"containerPort": 80, "protocol": "TCP"}], "resources": {},
                        "livenessProbe": {"httpGet": {"path": "/live", "port": 80, "scheme": "HTTP"},
                            "failureThreshold": 3, "periodSeconds": 5, "successThreshold": 1,
                            "timeoutSeconds": 1},
                        "terminationMessagePath": "/dev/termination-log",
                        "terminationMessagePolicy": "File",
                    }],
                    "dnsPolicy": "ClusterFirst", "restartPolicy": "Always",
                    "schedulerName": "default-scheduler", "securityContext": {},
                    "serviceAccount": "web", "serviceAccountName": "web",
                    "terminationGracePeriodSeconds": 30,
                    "volumes": [{"name": "conf", "configMap": {"name": "conf", "defaultMode": 420}},
                        {"name": "cache", "emptyDir": {}}],
                },
            },
        },
        "status": {"readyReplicas": 1},
    })
}

#[test]
fn what_the_server_filled_in_goes_and_what_differs_stays() {
    let spec = json!({
        "revisionHistoryLimit": 5,
        "selector": {"matchLabels": {"app": "web"}},
        "strategy": {"rollingUpdate": {"maxUnavailable": 0}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {
                "containers": [{
                    "name": "web", "image": "nginx:1.27", "ports": [{"containerPort": 80}],
                    "livenessProbe": {"httpGet": {"path": "/live", "port": 80}, "periodSeconds": 5},
                }],
                "serviceAccountName": "web",
                "volumes": [{"name": "conf", "configMap": {"name": "conf"}}, {"name": "cache"}],
            },
        },
    });
    let lean = stripped(&deployment());
    let expected = json!({"apiVersion": "apps/v1", "kind": "Deployment", "spec": spec,
        "metadata": {"name": "web", "labels": {"app": "web"}, "annotations": {"note": "ours"}}});
    assert_eq!(lean, expected, "{lean:#}");
    // What is left of what is left is the same.
    assert_eq!(stripped(&expected), expected);
}

#[test]
fn the_server_makes_the_same_of_it_again() {
    let schema = openapi().of(&Gvk::new("apps", "v1", "Deployment")).unwrap();
    let gvk = Gvk::new("apps", "v1", "Deployment");
    let spec = |body: Value| defaults::complete(body, schema, &gvk)["spec"].clone();
    assert_eq!(spec(stripped(&deployment())), spec(deployment()));
}

#[test]
fn what_the_server_chose_goes_and_what_somebody_chose_stays() {
    let service = |held: Value| {
        let live = json!({
            "apiVersion": "v1", "kind": "Service",
            "metadata": {"name": "web", "managedFields": [
                {"manager": "kubectl-create", "operation": "Update", "fieldsV1": held}]},
            "spec": {
                "type": "NodePort", "clusterIP": "10.0.0.7", "clusterIPs": ["10.0.0.7"],
                "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack",
                "externalTrafficPolicy": "Cluster", "internalTrafficPolicy": "Cluster",
                "sessionAffinity": "None", "selector": {"app": "web"},
                "ports": [{"port": 80, "protocol": "TCP", "targetPort": 8080, "nodePort": 30001}],
            },
        });
        stripped(&live)["spec"].clone()
    };
    let chosen = json!({"type": "NodePort", "selector": {"app": "web"},
        "ports": [{"port": 80, "targetPort": 8080}]});
    assert_eq!(service(json!({"f:spec": {"f:type": {}}})), chosen);
    let held = json!({"f:spec": {"f:clusterIP": {}, "f:ports": {
        "k:{\"port\":80,\"protocol\":\"TCP\"}": {"f:nodePort": {}}}}});
    let mut given = chosen;
    given["clusterIP"] = json!("10.0.0.7");
    given["ports"][0]["nodePort"] = json!(30001);
    assert_eq!(service(held), given);
    let headless = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"},
        "spec": {"clusterIP": "None", "clusterIPs": ["None"], "selector": {"app": "web"}}});
    assert_eq!(
        stripped(&headless)["spec"],
        json!({"clusterIP": "None", "selector": {"app": "web"}})
    );
}

#[test]
fn a_job_loses_its_uid_and_a_claim_its_volume() {
    let labels = json!({"app": "a", "controller-uid": "u", "job-name": "a",
        "batch.kubernetes.io/controller-uid": "u", "batch.kubernetes.io/job-name": "a"});
    let job = json!({"apiVersion": "batch/v1", "kind": "Job",
        "metadata": {"name": "a", "labels": labels},
        "spec": {"selector": {"matchLabels": {"controller-uid": "u"}}, "suspend": false,
            "backoffLimit": 6, "completions": 1, "parallelism": 1, "completionMode": "NonIndexed",
            "manualSelector": false, "podReplacementPolicy": "TerminatingOrFailed",
            "template": {"metadata": {"labels": labels},
                "spec": {"restartPolicy": "Never", "containers": [{"name": "a", "image": "a:1"}]}}}});
    assert_eq!(
        stripped(&job),
        json!({"apiVersion": "batch/v1", "kind": "Job",
        "metadata": {"name": "a", "labels": {"app": "a"}},
        "spec": {"template": {"metadata": {"labels": {"app": "a"}},
            "spec": {"restartPolicy": "Never", "containers": [{"name": "a", "image": "a:1"}]}}}})
    );
    let claim = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim",
        "metadata": {"name": "a", "annotations": {"pv.kubernetes.io/bind-completed": "yes"}},
        "spec": {"accessModes": ["ReadWriteOnce"], "volumeMode": "Filesystem", "volumeName": "pvc-1",
            "storageClassName": "fast", "resources": {"requests": {"storage": "1Gi"}}}});
    assert_eq!(
        stripped(&claim),
        json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim",
        "metadata": {"name": "a"},
        "spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": "fast",
            "resources": {"requests": {"storage": "1Gi"}}}})
    );
}

#[test]
fn what_is_not_built_in_keeps_all_that_it_says() {
    let live = json!({"apiVersion": "x.com/v1", "kind": "Widget", "spec": {"a": null, "b": {}},
        "metadata": {"name": "a", "uid": "u"}, "status": {"ready": true}});
    assert_eq!(
        stripped(&live),
        json!({"apiVersion": "x.com/v1", "kind": "Widget",
        "spec": {"a": null, "b": {}}, "metadata": {"name": "a"}})
    );
}

#[test]
fn what_somebody_changed_since_is_told() {
    let sent = |image: &str| {
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
            "spec": {"selector": {"matchLabels": {"app": "web"}}, "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"serviceAccountName": "web", "containers": [{"name": "web", "image": image,
                    "ports": [{"containerPort": 80}],
                    "livenessProbe": {"httpGet": {"path": "/live", "port": 80}, "periodSeconds": 5}}],
                    "volumes": [{"name": "conf", "configMap": {"name": "conf"}}, {"name": "cache"}]},
            }, "revisionHistoryLimit": 5, "strategy": {"rollingUpdate": {"maxUnavailable": 0}}}})
    };
    assert!(is_as_sent(&deployment(), &sent("nginx:1.27")));
    assert!(!is_as_sent(&deployment(), &sent("nginx:1.26")));
    let limits = |cpu: &str| {
        json!({"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "a"},
            "spec": {"limits": [{"type": "Container", "max": {"cpu": cpu}}]}})
    };
    assert!(is_as_sent(&limits("500m"), &limits("0.5")));
}
