//! Diagnoses of realistic troubles.

use crate::workload::{
    diagnosis::{Diagnosis, FailingPod, LogSource, diagnose},
    readiness::{
        Window,
        tests::{after, around, on_kind, yaml},
    },
    runtime::RuntimeName,
};

const DEPLOYMENT: &str = r#"
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: a, uid: d, generation: 1}
spec: {replicas: 2, template: {spec: {containers: [{name: app, image: "web:dev"}]}}}
status: {observedGeneration: 1, replicas: 2, updatedReplicas: 2}
"#;

const SET: &str = r#"
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: web-7d4f, namespace: a, uid: r, ownerReferences: [{kind: Deployment, uid: d, controller: true}]}
spec: {template: {spec: {containers: [{name: app, image: "web:dev"}]}}}
"#;

fn pod(name: &str, container: &str, status: &str) -> String {
    format!(
        r#"
---
apiVersion: v1
kind: Pod
metadata: {{name: {name}, namespace: a, uid: {name}, creationTimestamp: DURING, ownerReferences: [{{kind: ReplicaSet, uid: r, controller: true}}]}}
spec: {{nodeName: node-1, restartPolicy: Always, containers: [{container}]}}
status: {status}
"#
    )
}

fn event(name: &str, pod: &str, reason: &str, message: &str, more: &str) -> String {
    format!(
        r#"
---
apiVersion: v1
kind: Event
metadata: {{name: {name}, uid: {name}}}
involvedObject: {{kind: Pod, name: {pod}, uid: {pod}, fieldPath: 'spec.containers{{app}}'}}
type: Warning
reason: {reason}
message: {message:?}
{more}
"#
    )
}

const APP: &str = r#"{name: app, image: "web:dev", imagePullPolicy: IfNotPresent}"#;

fn waiting(reason: &str, message: &str) -> String {
    format!(
        "{{phase: Pending, containerStatuses: [{{name: app, state: {{waiting: {{reason: {reason}, message: {message:?}}}}}}}]}}"
    )
}

fn diagnosis(neighbours: &str, window: Window) -> Diagnosis {
    diagnose(&yaml(DEPLOYMENT), &around(&format!("{SET}{neighbours}")), &window)
}

#[test]
fn an_image_that_is_not_on_the_node() {
    let status = waiting("ErrImagePull", "docker.io/library/web:dev: not found");
    let pods = pod("web-7d4f-abc", APP, &status);
    let found = diagnosis(&pods, on_kind(10));
    assert_eq!(found.reason, "ErrImagePull");
    assert_eq!(
        found.message,
        r#"pod web-7d4f-abc on node-1: container app cannot pull image "web:dev": not found"#
    );
    assert_eq!(found.hint.as_deref(), Some("kind load docker-image web:dev --name dev"));
    assert_eq!(found.log, None);

    let prod = diagnosis(&pods, after(10));
    assert_eq!(
        prod.hint.as_deref(),
        Some("kubectl --context prod-eu -n a describe pod web-7d4f-abc")
    );
}

#[test]
fn the_command_that_loads_an_image() {
    let cases = [
        ("kind-dev", "IfNotPresent", Some("kind load docker-image web:dev --name dev")),
        ("k3d-dev", "IfNotPresent", Some("k3d image import web:dev -c dev")),
        ("minikube", "IfNotPresent", Some("minikube image load web:dev")),
        ("minikube-two", "Never", Some("minikube image load web:dev -p minikube-two")),
        ("docker-desktop", "IfNotPresent", Some("docker build -t web:dev .")),
        (
            "kind-dev",
            "Always",
            Some(
                "kind load docker-image web:dev --name dev, and set imagePullPolicy: IfNotPresent",
            ),
        ),
    ];
    let status = waiting("ErrImagePull", "pull access denied, repository does not exist");
    for (context, policy, hint) in cases {
        let runtime = RuntimeName::Context(context.to_owned());
        let pods = pod("web-7d4f-abc", &APP.replace("IfNotPresent", policy), &status);
        let found = diagnosis(&pods, Window { runtime: &runtime, ..after(10) });
        assert_eq!(found.hint.as_deref(), hint, "{context}");
    }
    let found =
        diagnosis(&pod("p", APP, &status), Window { runtime: &RuntimeName::Sandbox, ..after(10) });
    assert_eq!(found.hint, None);
    let found = diagnosis(&pod("p", APP, &status), after(10));
    let hint = found.hint.unwrap_or_default();
    assert!(
        hint.starts_with("kubectl --context prod-eu -n a create secret docker-registry"),
        "{hint}"
    );
}

#[test]
fn a_crash_loop_names_the_log_of_the_last_run() {
    let status = "{phase: Running, conditions: [{type: Ready, status: 'False'}], containerStatuses: [{name: app, restartCount: 5, lastState: {terminated: {exitCode: 2, reason: Error}}, state: {waiting: {reason: CrashLoopBackOff}}}]}";
    let ready = "{phase: Running, conditions: [{type: Ready, status: 'True'}], containerStatuses: [{name: app, ready: true, state: {running: {startedAt: BEFORE}}}]}";
    let pods = format!("{}{}", pod("web-7d4f-abc", APP, ready), pod("web-7d4f-xyz", APP, status));
    let found = diagnosis(&pods, after(90));
    assert_eq!(found.reason, "CrashLoopBackOff");
    assert_eq!(
        found.message,
        "pod web-7d4f-xyz on node-1: container app ended with exit code 2, restarted 5 times"
    );
    assert_eq!(
        found.hint.as_deref(),
        Some("kubectl --context prod-eu -n a logs web-7d4f-xyz -c app --previous")
    );
    let log = LogSource {
        namespace: "a".to_owned(),
        pod: "web-7d4f-xyz".to_owned(),
        container: "app".to_owned(),
        previous: true,
    };
    assert_eq!(found.log, Some(log));
}

#[test]
fn the_worst_of_several_pods_answers() {
    let creating = waiting("ContainerCreating", "");
    let pulling = waiting("ErrImagePull", "i/o timeout");
    let config = waiting("CreateContainerConfigError", "couldn't find key url in Secret a/web");
    let pods = format!(
        "{}{}{}",
        pod("web-1", APP, &creating),
        pod("web-2", APP, &pulling),
        pod("web-3", APP, &config)
    );
    let found = diagnosis(&pods, after(10));
    assert_eq!(
        found.message,
        "pod web-3 on node-1: container app cannot be created: couldn't find key url in Secret a/web"
    );
    assert_eq!(found.hint.as_deref(), Some("kubectl --context prod-eu -n a describe secret web"));
}

#[test]
fn warnings_are_those_of_this_deploy_each_once() {
    let pods = pod("web-1", APP, &waiting("ContainerCreating", ""));
    let events = [
        event(
            "e1",
            "web-1",
            "FailedMount",
            r#"MountVolume.SetUp failed for volume "c" : configmap "web" not found"#,
            "count: 7\nfirstTimestamp: '2026-01-01T11:57:00Z'\nlastTimestamp: DURING",
        ),
        event("e2", "web-1", "Old", "long ago", "lastTimestamp: BEFORE"),
        event("e3", "web-1", "First", "twice", "lastTimestamp: '2026-01-01T12:00:01Z'"),
        event("e4", "web-1", "First", "twice", "lastTimestamp: '2026-01-01T12:00:02Z'"),
        event(
            "e7",
            "web-1",
            "BackOff",
            "Back-off restarting failed container app in pod web-1_a(0-1)",
            "lastTimestamp: '2026-01-01T12:00:08Z'",
        ),
        event("e5", "web-2", "Other", "another pod", "lastTimestamp: DURING"),
        event("e6", "web-1", "Pulled", "fine", "lastTimestamp: DURING")
            .replace("Warning", "Normal"),
    ]
    .concat();
    let found = diagnosis(&format!("{pods}{events}"), after(10));
    assert_eq!(
        found.message,
        r#"pod web-1 on node-1: cannot mount volume "c": configmap "web" not found"#
    );
    assert_eq!(found.hint.as_deref(), Some("kubectl --context prod-eu -n a get configmaps"));
    assert_eq!(
        found.warnings,
        [
            "Pod/web-1 First: twice (x2 over 1s)",
            r#"Pod/web-1 FailedMount: MountVolume.SetUp failed for volume "c" : configmap "web" not found (x7 over 3m)"#,
            "Pod/web-1 BackOff: Back-off restarting failed container app",
        ]
    );
}

#[test]
fn what_is_no_pods_fault() {
    let cases = [
        (
            "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: data, namespace: a}, status: {phase: Pending}}",
            "no volume is bound yet",
            Some("kubectl --context prod-eu -n a describe persistentvolumeclaim data"),
        ),
        (
            "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: a}, spec: {replicas: 1, paused: true}, status: {observedGeneration: 0}}",
            "it is paused, 0 of 1 pods run the newest template",
            Some("kubectl --context prod-eu -n a rollout resume deployment web"),
        ),
        (
            "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: a}, spec: {replicas: 1}, status: {observedGeneration: 0, conditions: [{type: ReplicaFailure, status: 'True', message: 'pods \"x\" is forbidden: exceeded quota: q'}]}}",
            "0 of 1 pods run the newest template: its pods cannot be created: exceeded quota: q",
            Some("kubectl --context prod-eu -n a describe quota"),
        ),
        (
            "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: w.acme.io}, status: {conditions: [{type: NamesAccepted, status: 'False', message: taken}]}}",
            "its names are not accepted: taken",
            Some(
                "kubectl --context prod-eu describe customresourcedefinition.apiextensions.k8s.io w.acme.io",
            ),
        ),
        ("{apiVersion: v1, kind: ConfigMap, metadata: {name: c}}", "", None),
    ];
    for (object, message, hint) in cases {
        let found = diagnose(&yaml(object), &around(""), &after(10));
        assert_eq!(found.message, message, "{object}");
        assert_eq!(found.hint.as_deref(), hint, "{object}");
    }
}

#[test]
fn an_old_pod_that_blocks_a_stateful_set_is_named() {
    let set = "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db, namespace: a, uid: s, generation: 2}, spec: {replicas: 1}, status: {observedGeneration: 2, replicas: 1, currentRevision: r1, updateRevision: r2}}";
    let pod = r#"
apiVersion: v1
kind: Pod
metadata: {name: db-0, namespace: a, uid: p, creationTimestamp: DURING, labels: {controller-revision-hash: r1}, ownerReferences: [{kind: StatefulSet, uid: s, controller: true}]}
spec: {nodeName: node-1, containers: [{name: db, image: "db:1"}]}
status: {phase: Pending, containerStatuses: [{name: db, state: {waiting: {reason: InvalidImageName, message: bad}}}]}
"#;
    let found = diagnose(&yaml(set), &around(pod), &after(10));
    assert_eq!(
        found.message,
        r#"the old pod db-0 on node-1: container db cannot parse the image name "db:1": bad"#
    );
    assert_eq!(found.hint.as_deref(), Some("kubectl --context prod-eu -n a delete pod db-0"));
}

#[test]
fn hints_are_safe_to_paste() {
    let evil = APP.replace("web:dev", "web:$(reboot)'");
    let pods = pod("web-1", &evil, &waiting("ErrImagePull", "not found"));
    let found = diagnosis(&pods, on_kind(10));
    assert_eq!(
        found.hint.as_deref(),
        Some(r"kind load docker-image 'web:$(reboot)'\''' --name dev")
    );
}

#[test]
fn a_failed_job_names_the_pod_that_failed_last() {
    let job = "{apiVersion: batch/v1, kind: Job, metadata: {name: m, namespace: a, uid: j}, status: {failed: 2, conditions: [{type: Failed, status: 'True', reason: BackoffLimitExceeded, message: Job has reached the specified backoff limit}]}}";
    let pod = |name: &str, created: &str, code: u8| {
        format!(
            "{{apiVersion: v1, kind: Pod, metadata: {{name: {name}, namespace: a, uid: {name}, creationTimestamp: {created}, ownerReferences: [{{kind: Job, uid: j, controller: true}}]}}, spec: {{nodeName: node-2, restartPolicy: Never, containers: [{{name: main}}]}}, status: {{phase: Failed, containerStatuses: [{{name: main, state: {{terminated: {{exitCode: {code}, reason: Error}}}}}}]}}}}"
        )
    };
    let pods = [pod("m-2", "DURING", 2), pod("m-1", "BEFORE", 1)].join("\n---\n");
    let found = diagnose(&yaml(job), &around(&pods), &after(10));
    assert_eq!(found.reason, "BackoffLimitExceeded");
    assert_eq!(found.message, "pod m-2 on node-2: container main ended with exit code 2");
    assert_eq!(found.log.map(|log| (log.pod, log.previous)), Some(("m-2".to_owned(), false)));
}

#[test]
fn refusals_are_merged_over_the_pods_that_they_hit() {
    let set = "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db, namespace: a, uid: s}, spec: {replicas: 2}, status: {observedGeneration: 0, replicas: 0}}";
    let event = |name: &str, said: &str, count: u8| {
        format!(
            "{{apiVersion: v1, kind: Event, metadata: {{name: {name}, uid: {name}}}, involvedObject: {{kind: StatefulSet, name: db, uid: s}}, type: Warning, reason: FailedCreate, count: {count}, lastTimestamp: DURING, message: '{said}'}}"
        )
    };
    let events = [
        event("e", r#"Create Pod db-0 in StatefulSet db failed error: pods "db-0" is forbidden: exceeded quota: q"#, 3),
        event("f", r#"(combined from similar events): Create Pod db-1 in StatefulSet db failed error: pods "db-1" is forbidden: exceeded quota: q"#, 4),
    ]
    .join("\n---\n");
    let found = diagnose(&yaml(set), &around(&events), &after(10));
    assert_eq!(found.reason, "QuotaExceeded");
    assert_eq!(found.warnings, ["StatefulSet/db FailedCreate: exceeded quota: q (x7)"]);
}

#[test]
fn the_chain_down_to_the_container_is_told() {
    let status = "{phase: Running, containerStatuses: [{name: app, restartCount: 3, state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {exitCode: 1, reason: Error}}}]}";
    let found = diagnosis(&pod("web-1", APP, status), after(10));
    let failing =
        FailingPod { pod: "web-1".into(), node: "node-1".into(), container: Some("app".into()) };
    assert_eq!(found.pod, Some(failing));
    assert_eq!(found.log.map(|log| (log.container, log.previous)), Some(("app".into(), true)));
    assert_eq!(diagnosis("", after(10)).pod, None);
}

#[test]
fn a_node_that_all_failing_pods_share_is_told() {
    let bad = waiting("ErrImagePull", "dial tcp: i/o timeout");
    let good = "{phase: Running, conditions: [{type: Ready, status: 'True'}]}";
    let on = |node: &str, name: &str, status: &str| {
        pod(name, APP, status).replace("nodeName: node-1", &format!("nodeName: {node}"))
    };
    let two = on("node-7", "web-1", &bad) + &on("node-7", "web-2", &bad);
    let apart = on("node-7", "web-1", &bad) + &on("node-8", "web-2", &bad);
    let told = Some("all 2 failing pods are on node-7");
    for (pods, window, expected) in [
        (two.clone(), after(10), told),
        (two.clone() + &on("node-8", "web-3", good), after(10), told),
        (apart, after(10), None),
        (on("node-7", "web-1", &bad), after(10), None),
        // A local cluster mostly has one node alone.
        (two.clone(), on_kind(10), None),
        (two.clone() + &on("node-8", "web-3", good), on_kind(10), told),
        (two.replace("nodeName: node-7, ", ""), after(10), None),
    ] {
        assert_eq!(diagnosis(&pods, window).common.as_deref(), expected, "{pods}");
    }
}
