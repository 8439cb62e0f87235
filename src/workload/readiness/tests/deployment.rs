//! Deployments.

use super::{after, said};

/// A Deployment of two, at generation 2, with its newest and its old replica set.
fn deployment(status: &str) -> String {
    format!(
        r#"
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web, namespace: a, uid: d, generation: 2, annotations: {{deployment.kubernetes.io/revision: "2"}}}}
spec:
  replicas: 2
  progressDeadlineSeconds: 600
  template:
    metadata: {{creationTimestamp: null, labels: {{app: web}}}}
    spec: {{containers: [{{name: app, image: "web:2", resources: {{}}}}]}}
status: {status}
"#
    )
}

const SETS: &str = r#"
apiVersion: apps/v1
kind: ReplicaSet
metadata:
  name: web-new
  uid: new
  annotations: {deployment.kubernetes.io/revision: "2"}
  ownerReferences: [{kind: Deployment, name: web, uid: d, controller: true}]
spec:
  replicas: 2
  template:
    metadata: {labels: {app: web, pod-template-hash: new}}
    spec: {containers: [{name: app, image: "web:2", resources: {}}]}
---
apiVersion: apps/v1
kind: ReplicaSet
metadata:
  name: web-old
  uid: old
  annotations: {deployment.kubernetes.io/revision: "1"}
  ownerReferences: [{kind: Deployment, name: web, uid: d, controller: true}]
spec:
  replicas: 2
  template:
    metadata: {labels: {app: web, pod-template-hash: old}}
    spec: {containers: [{name: app, image: "web:1", resources: {}}]}
"#;

/// A pod of a replica set.
fn pod(name: &str, set: &str, created: &str, status: &str) -> String {
    format!(
        r#"
---
apiVersion: v1
kind: Pod
metadata:
  name: {name}
  uid: {name}
  creationTimestamp: {created}
  ownerReferences: [{{kind: ReplicaSet, name: web-{set}, uid: {set}, controller: true}}]
spec:
  nodeName: node-1
  restartPolicy: Always
  containers: [{{name: app, image: "web:2"}}]
status: {status}
"#
    )
}

const READY: &str = "{phase: Running, conditions: [{type: Ready, status: 'True'}], containerStatuses: [{name: app, ready: true, started: true, restartCount: 0, state: {running: {startedAt: DURING}}}]}";
const NOT_FOUND: &str = r#"{phase: Pending, conditions: [{type: Ready, status: 'False'}], containerStatuses: [{name: app, restartCount: 0, state: {waiting: {reason: ImagePullBackOff, message: 'Back-off pulling image "web:2": ErrImagePull: rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/library/web:2": failed to resolve reference "docker.io/library/web:2": docker.io/library/web:2: not found'}}}]}"#;
const CREATING: &str = "{phase: Pending, conditions: [{type: PodScheduled, status: 'True'}], containerStatuses: [{name: app, state: {waiting: {reason: ContainerCreating}}}]}";

fn crashing(restarts: i64) -> String {
    format!(
        "{{phase: Running, conditions: [{{type: Ready, status: 'False'}}], containerStatuses: [{{name: app, ready: false, restartCount: {restarts}, lastState: {{terminated: {{exitCode: 1, reason: Error}}}}, state: {{waiting: {{reason: CrashLoopBackOff, message: back-off 10s}}}}}}]}}"
    )
}

const COMPLETE: &str = "{observedGeneration: 2, replicas: 2, updatedReplicas: 2, readyReplicas: 2, availableReplicas: 2}";
const ROLLING: &str = "{observedGeneration: 2, replicas: 3, updatedReplicas: 1, readyReplicas: 2, availableReplicas: 2, unavailableReplicas: 1}";

#[test]
fn ok() {
    assert_eq!(said(&deployment(COMPLETE), "", after(10)), "Ready");
    let none = deployment("{observedGeneration: 2}").replace("replicas: 2", "replicas: 0");
    assert_eq!(said(&none, "", after(10)), "Ready");
    let paused = deployment(COMPLETE).replace("replicas: 2\n", "replicas: 2\n  paused: true\n");
    assert_eq!(said(&paused, "", after(10)), "Ready: it is paused");
}

#[test]
fn old_pods_do_not_count_ok() {
    let pods = format!(
        "{SETS}{}{}",
        pod("web-old-1", "old", "BEFORE", NOT_FOUND),
        pod("web-new-1", "new", "DURING", READY)
    );
    assert_eq!(said(&deployment(COMPLETE), &pods, after(10)), "Ready");
}

#[test]
fn pending() {
    let cases = [
        ("{}", "Waiting Progressing: its controller has not seen it yet"),
        (
            "{observedGeneration: 1, replicas: 2, updatedReplicas: 2, availableReplicas: 2, conditions: [{type: Progressing, status: 'False', reason: ProgressDeadlineExceeded}]}",
            "Waiting Progressing: its controller has not seen the newest change yet",
        ),
        ("{observedGeneration: 2}", "Waiting Progressing: 0 of 2 pods run the newest template"),
        (ROLLING, "Waiting Progressing: 1 of 2 pods run the newest template"),
        (
            "{observedGeneration: 2, replicas: 3, updatedReplicas: 2, availableReplicas: 3}",
            "Waiting Progressing: 1 old pod still to go",
        ),
        (
            "{observedGeneration: 2, replicas: 2, updatedReplicas: 2, readyReplicas: 2, availableReplicas: 1}",
            "Waiting Progressing: 1 of 2 pods available",
        ),
    ];
    for (status, text) in cases {
        assert_eq!(said(&deployment(status), "", after(10)), text, "{status}");
    }
}

#[test]
fn a_deadline_from_before_the_deploy_is_pending_until_it_ran_out_anew() {
    let status = |time: &str| {
        format!(
            "{{observedGeneration: 2, replicas: 2, updatedReplicas: 2, conditions: [{{type: Progressing, status: 'False', reason: ProgressDeadlineExceeded, lastUpdateTime: {time}, lastTransitionTime: {time}}}]}}"
        )
    };
    let old = deployment(&status("BEFORE"));
    assert_eq!(said(&old, "", after(10)), "Waiting Progressing: 0 of 2 pods available");
    let failed = "Failed ProgressDeadlineExceeded: no progress for 600 s, 0 of 2 pods available";
    assert_eq!(said(&old, "", after(600)), failed);
    assert_eq!(said(&deployment(&status("DURING")), "", after(10)), failed);
}

#[test]
fn one_hopeless_pod_of_two_is_pending() {
    let pods = format!(
        "{SETS}{}{}",
        pod("web-new-1", "new", "DURING", NOT_FOUND),
        pod("web-new-2", "new", "DURING", CREATING)
    );
    assert_eq!(
        said(&deployment(ROLLING), &pods, after(10)),
        "Waiting ImagePullBackOff: 1 of 2 pods run the newest template: pod web-new-1 on node-1: container app cannot pull image \"web:2\": not found"
    );
}

#[test]
fn all_pods_hopeless_failed() {
    let pods = format!(
        "{SETS}{}{}",
        pod("web-new-1", "new", "DURING", NOT_FOUND),
        pod("web-old-1", "old", "BEFORE", READY)
    );
    assert_eq!(
        said(&deployment(ROLLING), &pods, after(10)),
        "Failed ImagePullBackOff: 1 of 2 pods run the newest template: pod web-new-1 on node-1: container app cannot pull image \"web:2\": not found"
    );
}

#[test]
fn crashes_are_tolerated_pending_then_failed() {
    let pods =
        |restarts| format!("{SETS}{}", pod("web-new-1", "new", "DURING", &crashing(restarts)));
    assert_eq!(
        said(&deployment(ROLLING), &pods(2), after(40)),
        "Waiting CrashLoopBackOff: 1 of 2 pods run the newest template: pod web-new-1 on node-1: container app ended with exit code 1, restarted twice"
    );
    assert_eq!(
        said(&deployment(ROLLING), &pods(3), after(80)),
        "Failed CrashLoopBackOff: 1 of 2 pods run the newest template: pod web-new-1 on node-1: container app ended with exit code 1, restarted 3 times"
    );
    // `--tolerate-restarts`: of 0 the first fails, of 5 the sixth.
    for (tolerated, restarts, failed) in
        [(0, 0, false), (0, 1, true), (5, 5, false), (5, 6, true), (u32::MAX, 1000, false)]
    {
        let window = super::Window { tolerated_restarts: tolerated, ..after(80) };
        let said = said(&deployment(ROLLING), &pods(restarts), window);
        assert_eq!(said.starts_with("Failed"), failed, "{tolerated} {restarts}: {said}");
    }
}

#[test]
fn crashes_from_before_the_deploy_are_pending() {
    let mut around =
        super::around(&format!("{SETS}{}", pod("web-new-1", "new", "BEFORE", &crashing(40))));
    let object = super::yaml(&deployment(ROLLING));
    let state = |around: &_| super::judge(Some(&object), around, &after(60)).state;
    assert_eq!(state(&around), super::State::Waiting);
    around.upsert(super::yaml(&pod("web-new-1", "new", "BEFORE", &crashing(42))[5..]));
    assert_eq!(state(&around), super::State::Waiting);
    around.upsert(super::yaml(&pod("web-new-1", "new", "BEFORE", &crashing(43))[5..]));
    assert_eq!(state(&around), super::State::Failed);
    let present = super::Window::present(after(60).runtime, after(60).now);
    let around =
        super::around(&format!("{SETS}{}", pod("web-new-1", "new", "BEFORE", &crashing(40))));
    assert_eq!(super::judge(Some(&object), &around, &present).state, super::State::Failed);
}

#[test]
fn an_image_that_was_missing_before_the_deploy_is_pending_until_it_is_tried_anew() {
    let pods = format!("{SETS}{}", pod("web-new-1", "new", "BEFORE", NOT_FOUND));
    let text = said(&deployment(ROLLING), &pods, after(10));
    assert!(text.starts_with("Waiting ImagePullBackOff"), "{text}");
    let event = r#"
---
apiVersion: v1
kind: Event
metadata: {name: e, uid: e}
involvedObject: {kind: Pod, name: web-new-1, uid: web-new-1, fieldPath: 'spec.containers{app}'}
type: Warning
reason: Failed
message: 'Failed to pull image "web:2": not found'
lastTimestamp: DURING
"#;
    let text = said(&deployment(ROLLING), &format!("{pods}{event}"), after(10));
    assert!(text.starts_with("Failed ImagePullBackOff"), "{text}");
    let text = said(&deployment(ROLLING), &pods, after(300));
    assert!(text.starts_with("Failed ImagePullBackOff"), "{text}");
}

#[test]
fn a_pod_that_just_restarted_is_pending_until_it_stays_up() {
    let shaky = "{phase: Running, conditions: [{type: Ready, status: 'True'}], containerStatuses: [{name: app, ready: true, started: true, restartCount: 2, lastState: {terminated: {exitCode: 1, reason: Error}}, state: {running: {startedAt: '2026-01-01T12:00:30Z'}}}]}";
    let pods = format!("{SETS}{}", pod("web-new-1", "new", "DURING", shaky));
    assert_eq!(
        said(&deployment(COMPLETE), &pods, after(32)),
        "Waiting Restarted: 2 of 2 pods available: pod web-new-1 on node-1: container app restarted twice (ended with exit code 1) and has to show that it stays up"
    );
    assert_eq!(said(&deployment(COMPLETE), &pods, after(40)), "Ready");
}

#[test]
fn pods_that_cannot_be_created_pending_or_failed() {
    let status = |message: &str, time: &str| {
        format!(
            "{{observedGeneration: 2, conditions: [{{type: ReplicaFailure, status: 'True', reason: FailedCreate, lastTransitionTime: {time}, message: '{message}'}}]}}"
        )
    };
    let quota = r#"pods "web-new-x" is forbidden: exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2"#;
    assert_eq!(
        said(&deployment(&status(quota, "DURING")), "", after(200)),
        "Waiting QuotaExceeded: 0 of 2 pods run the newest template: its pods cannot be created: exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2"
    );
    let security = r#"pods "web-new-x" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true"#;
    assert_eq!(
        said(&deployment(&status(security, "DURING")), "", after(6)),
        r#"Failed FailedCreate: 0 of 2 pods run the newest template: its pods cannot be created: violates PodSecurity "restricted:latest": runAsNonRoot != true"#
    );
    assert_eq!(
        said(&deployment(&status(security, "BEFORE")), "", after(6)),
        "Waiting Progressing: 0 of 2 pods run the newest template"
    );
}

#[test]
fn paused_is_said() {
    let paused = deployment(ROLLING).replace("replicas: 2\n", "replicas: 2\n  paused: true\n");
    assert_eq!(
        said(&paused, "", after(10)),
        "Failed DeploymentPaused: it is paused, 1 of 2 pods run the newest template"
    );
    let asked = paused.replace(
        "generation: 2,",
        "generation: 2, managedFields: [{manager: 'workloadctl:a/web', operation: Apply, fieldsV1: {'f:spec': {'f:paused': {}}}}],",
    );
    assert_eq!(
        said(&asked, "", after(10)),
        "Ready: paused by its manifest, 1 of 2 pods run the newest template"
    );
}

#[test]
fn a_template_that_cannot_be_compared_falls_back_to_the_revision_failed() {
    let sets = SETS.replace("resources: {}", "resources: {}, newDefault: x");
    let pods = format!("{sets}{}", pod("web-new-1", "new", "DURING", NOT_FOUND));
    let text = said(&deployment(ROLLING), &pods, after(10));
    assert!(text.starts_with("Failed ImagePullBackOff"), "{text}");
    let none_yet = deployment("{observedGeneration: 2, replicas: 2, availableReplicas: 2}");
    let text = said(&none_yet, &pods, after(10));
    assert_eq!(text, "Waiting Progressing: 0 of 2 pods run the newest template");
}

#[test]
fn evicted_pods_are_replaced_pending() {
    let evicted =
        "{phase: Failed, reason: Evicted, message: 'The node was low on resource: memory.'}";
    let pods = format!("{SETS}{}", pod("web-new-1", "new", "DURING", evicted));
    assert_eq!(
        said(&deployment(ROLLING), &pods, after(10)),
        "Waiting Progressing: 1 of 2 pods run the newest template"
    );
}
