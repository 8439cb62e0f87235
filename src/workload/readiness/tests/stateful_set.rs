//! StatefulSets.

use super::{after, said};

fn set(strategy: &str, status: &str) -> String {
    format!(
        r#"
apiVersion: apps/v1
kind: StatefulSet
metadata: {{name: db, namespace: a, uid: s, generation: 3}}
spec: {{replicas: 3, updateStrategy: {strategy}}}
status: {status}
"#
    )
}

fn pod(name: &str, revision: &str, status: &str) -> String {
    format!(
        r#"
---
apiVersion: v1
kind: Pod
metadata:
  name: {name}
  uid: {name}
  creationTimestamp: DURING
  labels: {{controller-revision-hash: {revision}}}
  ownerReferences: [{{kind: StatefulSet, name: db, uid: s, controller: true}}]
spec: {{nodeName: node-1, restartPolicy: Always, containers: [{{name: db, image: "db:2"}}]}}
status: {status}
"#
    )
}

const ROLLING: &str = "{type: RollingUpdate, rollingUpdate: {partition: 0}}";
const DENIED: &str = "{phase: Pending, containerStatuses: [{name: db, state: {waiting: {reason: ErrImagePull, message: 'pull access denied'}}}]}";
const READY: &str = "{phase: Running, conditions: [{type: Ready, status: 'True'}], containerStatuses: [{name: db, ready: true, state: {running: {startedAt: BEFORE}}}]}";

#[test]
fn ok() {
    let cases = [
        (
            ROLLING,
            "{observedGeneration: 3, replicas: 3, readyReplicas: 3, availableReplicas: 3, updatedReplicas: 3, currentRevision: r2, updateRevision: r2}",
            "Ready",
        ),
        (
            "{type: RollingUpdate, rollingUpdate: {partition: 2}}",
            "{observedGeneration: 3, replicas: 3, readyReplicas: 3, availableReplicas: 3, updatedReplicas: 1, currentRevision: r1, updateRevision: r2}",
            "Ready: 2 pods on the old revision (partition 2)",
        ),
        (
            "{type: OnDelete}",
            "{observedGeneration: 3, replicas: 3, readyReplicas: 3, availableReplicas: 3, currentRevision: r1, updateRevision: r2}",
            "Ready: 3 pods on the old revision until deleted (updateStrategy OnDelete)",
        ),
    ];
    for (strategy, status, text) in cases {
        assert_eq!(said(&set(strategy, status), "", after(10)), text, "{status}");
    }
    let none = set(
        ROLLING,
        "{observedGeneration: 3, replicas: 0, availableReplicas: 0, currentRevision: r1, updateRevision: r2}",
    );
    assert_eq!(said(&none.replace("replicas: 3,", "replicas: 0,"), "", after(10)), "Ready");
}

#[test]
fn pending() {
    let cases = [
        (ROLLING, "{replicas: 0, availableReplicas: 0}", "its controller has not seen it yet"),
        (
            ROLLING,
            "{observedGeneration: 2, replicas: 3, readyReplicas: 3, availableReplicas: 3, updatedReplicas: 3, currentRevision: r1, updateRevision: r1}",
            "its controller has not seen the newest change yet",
        ),
        (
            ROLLING,
            "{observedGeneration: 3, replicas: 1, readyReplicas: 1, availableReplicas: 1, updatedReplicas: 1, currentRevision: r2, updateRevision: r2}",
            "1 of 3 pods available",
        ),
        (
            ROLLING,
            "{observedGeneration: 3, replicas: 3, readyReplicas: 3, availableReplicas: 3, updatedReplicas: 1, currentRevision: r1, updateRevision: r2}",
            "1 of 3 pods of the newest revision",
        ),
        (
            ROLLING,
            "{observedGeneration: 3, replicas: 4, readyReplicas: 4, availableReplicas: 4, updatedReplicas: 4, currentRevision: r2, updateRevision: r2}",
            "1 pod still to go",
        ),
        (
            "{type: OnDelete}",
            "{observedGeneration: 3, replicas: 3, readyReplicas: 2, availableReplicas: 2, currentRevision: r1, updateRevision: r2}",
            "2 of 3 pods available",
        ),
    ];
    for (strategy, status, message) in cases {
        let text = format!("Waiting Progressing: {message}");
        assert_eq!(said(&set(strategy, status), "", after(10)), text, "{status}");
    }
}

const HALFWAY: &str = "{observedGeneration: 3, replicas: 3, readyReplicas: 2, availableReplicas: 2, updatedReplicas: 1, currentRevision: r1, updateRevision: r2}";

#[test]
fn one_hopeless_new_pod_failed() {
    let pods = format!(
        "{}{}{}",
        pod("db-0", "r1", READY),
        pod("db-1", "r1", READY),
        pod("db-2", "r2", DENIED)
    );
    assert_eq!(
        said(&set(ROLLING, HALFWAY), &pods[5..], after(10)),
        "Failed ErrImagePull: 2 of 3 pods available: pod db-2 on node-1: container db cannot pull image \"db:2\": pull access denied"
    );
    let text = said(&set("{type: OnDelete}", HALFWAY), &pods[5..], after(10));
    assert!(text.starts_with("Waiting ErrImagePull"), "{text}");
}

#[test]
fn an_old_pod_that_blocks_the_rollout_is_pending() {
    let pods = format!("{}{}", pod("db-0", "r1", READY), pod("db-2", "r1", DENIED));
    assert_eq!(
        said(&set(ROLLING, HALFWAY), &pods[5..], after(10)),
        "Waiting ErrImagePull: 2 of 3 pods available: the old pod db-2 on node-1: container db cannot pull image \"db:2\": pull access denied"
    );
}

#[test]
fn pods_that_cannot_be_created_failed() {
    let event = |time: &str| {
        format!(
            r#"
apiVersion: v1
kind: Event
metadata: {{name: e, uid: e}}
involvedObject: {{kind: StatefulSet, name: db, uid: s}}
type: Warning
reason: FailedCreate
message: 'create Pod db-0 in StatefulSet db failed error: pods "db-0" is forbidden: violates PodSecurity "baseline:latest": host namespaces'
firstTimestamp: {time}
lastTimestamp: {time}
"#
        )
    };
    let empty = "{observedGeneration: 3, replicas: 0, availableReplicas: 0, currentRevision: r2, updateRevision: r2}";
    assert_eq!(
        said(&set(ROLLING, empty), &event("DURING"), after(10)),
        r#"Failed FailedCreate: 0 of 3 pods available: its pods cannot be created: violates PodSecurity "baseline:latest": host namespaces"#
    );
    assert_eq!(
        said(&set(ROLLING, empty), &event("BEFORE"), after(10)),
        "Waiting Progressing: 0 of 3 pods available"
    );
}
