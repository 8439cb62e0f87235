//! Workloads whose end both servers are to reach: what to apply, and when it is there.

use serde_json::{Value, json};

fn template(annotations: Value) -> Value {
    json!({
        "metadata": {"labels": {"app": "end"}, "annotations": annotations},
        "spec": {"containers": [{"name": "main", "image": "nginx:1"}]},
    })
}

fn job(annotations: Value) -> Value {
    let mut template = template(annotations);
    template["spec"]["restartPolicy"] = json!("Never");
    json!({"spec": {"backoffLimit": 0, "template": template}})
}

/// A pod by itself, which no controller takes for its own.
fn pod(annotations: Value) -> Value {
    let mut pod = template(annotations);
    pod["metadata"]["labels"] = json!({"alone": "yes"});
    pod
}

/// Path below the namespace, body, and the JSON pointer and value that say that it is there.
pub(crate) fn all() -> Vec<(&'static str, Value, &'static str, Value)> {
    let selector = json!({"matchLabels": {"app": "end"}});
    let fail = |word: &str| json!({"test.workloadctl/fail": word});
    let workload = |rest: Value| {
        let mut body = json!({"spec": {"selector": selector, "template": template(json!({}))}});
        workloadctl::testing::merge::json(&mut body, &rest);
        body
    };
    vec![
        (
            "/api/v1|ReplicationController|replicationcontrollers|good-old",
            json!({"spec": {"replicas": 2, "template": {
                "metadata": {"labels": {"of": "old"}},
                "spec": template(json!({}))["spec"],
            }}}),
            "/status/availableReplicas",
            json!(2),
        ),
        (
            "/apis/apps/v1|Deployment|deployments|good",
            workload(json!({"spec": {"replicas": 2}})),
            "/status/availableReplicas",
            json!(2),
        ),
        (
            "/apis/apps/v1|Deployment|deployments|bad",
            workload(
                json!({"spec": {"progressDeadlineSeconds": 1, "template": template(fail("image-pull"))}}),
            ),
            "/status/conditions/1/status",
            json!("False"),
        ),
        (
            "/apis/apps/v1|StatefulSet|statefulsets|db",
            workload(json!({"spec": {"replicas": 2, "serviceName": "x"}})),
            "/status/availableReplicas",
            json!(2),
        ),
        (
            "/apis/apps/v1|DaemonSet|daemonsets|agent",
            workload(json!({})),
            "/status/numberAvailable",
            json!(2),
        ),
        (
            "/apis/apps/v1|ReplicaSet|replicasets|set",
            workload(
                json!({"spec": {"selector": {"matchLabels": {"app": "set"}}, "template": {"metadata": {"labels": {"app": "set"}}}}}),
            ),
            "/status/availableReplicas",
            json!(1),
        ),
        (
            "/apis/batch/v1|Job|jobs|done",
            job(json!({})),
            "/status/conditions/1/type",
            json!("Complete"),
        ),
        (
            "/apis/batch/v1|Job|jobs|broken",
            job(fail("job-fail")),
            "/status/conditions/1/type",
            json!("Failed"),
        ),
        (
            "/api/v1|Pod|pods|alone",
            {
                let mut pod = pod(json!({}));
                pod["spec"]["initContainers"] = json!([{"name": "init", "image": "i:1"}]);
                pod
            },
            "/status/phase",
            json!("Running"),
        ),
        (
            "/api/v1|Pod|pods|nowhere",
            {
                let mut pod = pod(json!({}));
                pod["spec"]["nodeSelector"] = json!({"no": "node"});
                pod
            },
            "/status/conditions/0/reason",
            json!("Unschedulable"),
        ),
        (
            "/api/v1|Pod|pods|crashing",
            pod(json!({"test.workloadctl/fail": "crash-loop"})),
            "/status/containerStatuses/0/state/waiting/reason",
            json!("CrashLoopBackOff"),
        ),
        (
            "/api/v1|Pod|pods|unconfigured",
            pod(fail("config-error")),
            "/status/containerStatuses/0/state/waiting/reason",
            json!("CreateContainerConfigError"),
        ),
        (
            "/api/v1|Service|services|outside",
            json!({"spec": {"type": "LoadBalancer", "selector": {"app": "end"}, "ports": [{"port": 80}]}}),
            "/status/loadBalancer/ingress/0/ipMode",
            json!("VIP"),
        ),
        (
            "/api/v1|PersistentVolumeClaim|persistentvolumeclaims|data",
            json!({"spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}),
            "/status/phase",
            json!("Bound"),
        ),
        (
            "/apis/policy/v1|PodDisruptionBudget|poddisruptionbudgets|budget",
            json!({"spec": {"maxUnavailable": 1, "selector": {"matchLabels": {"app": "set"}}}}),
            "/status/currentHealthy",
            json!(1),
        ),
    ]
}
