//! Bare pods, and with them everything that can be with a pod.

use super::{after, on_kind, said};

/// A pod that was made during the deploy.
fn pod(spec: &str, status: &str) -> String {
    format!(
        r#"
apiVersion: v1
kind: Pod
metadata: {{name: one, namespace: a, uid: p, creationTimestamp: DURING}}
spec: {spec}
status: {status}
"#
    )
}

const SPEC: &str =
    "{nodeName: node-1, restartPolicy: Always, containers: [{name: app, image: 'x:1'}]}";

/// A status with one container in a state.
fn state(state: &str) -> String {
    format!(
        "{{phase: Pending, conditions: [{{type: Ready, status: 'False'}}], containerStatuses: [{{name: app, restartCount: 0, state: {state}}}]}}"
    )
}

fn waiting(reason: &str, message: &str) -> String {
    state(&format!("{{waiting: {{reason: {reason}, message: {message:?}}}}}"))
}

#[test]
fn ok() {
    let ready = "{phase: Running, conditions: [{type: Ready, status: 'True'}], containerStatuses: [{name: app, ready: true, started: true, restartCount: 0, state: {running: {startedAt: DURING}}}]}";
    assert_eq!(said(&pod(SPEC, ready), "", after(10)), "Ready");
    let done = "{phase: Succeeded, conditions: [{type: Ready, status: 'False', reason: PodCompleted}], containerStatuses: [{name: app, state: {terminated: {exitCode: 0}}}]}";
    assert_eq!(said(&pod(SPEC, done), "", after(10)), "Ready: it has completed");
}

#[test]
fn pending() {
    let bare = "{restartPolicy: Always, containers: [{name: app, image: 'x:1'}]}";
    let cases = [
        (bare, "{phase: Pending}".to_owned(), "Waiting Pending: waits for the scheduler"),
        (
            "{schedulingGates: [{name: acme.io/quota}], containers: [{name: app}]}",
            "{phase: Pending, conditions: [{type: PodScheduled, status: 'False', reason: SchedulingGated}]}".to_owned(),
            "Waiting SchedulingGated: is held back by its scheduling gates: acme.io/quota",
        ),
        (
            SPEC,
            "{phase: Pending}".to_owned(),
            "Waiting ContainerCreating: container app has not been started yet (on node-1)",
        ),
        (
            SPEC,
            state("{waiting: {reason: ContainerCreating}}"),
            "Waiting ContainerCreating: container app is being created (on node-1)",
        ),
        (
            SPEC,
            waiting("CreateContainerConfigError", "failed to sync secret cache: timed out waiting for the condition"),
            "Waiting CreateContainerConfigError: container app cannot be created: failed to sync secret cache: timed out waiting for the condition (on node-1)",
        ),
        (
            SPEC,
            waiting("ErrImagePull", "dial tcp: lookup registry.internal: no such host"),
            "Waiting ErrImagePull: container app cannot pull image \"x:1\": dial tcp: lookup registry.internal: no such host (on node-1)",
        ),
        (
            SPEC,
            waiting("CreateContainerError", "context deadline exceeded"),
            "Waiting CreateContainerError: container app cannot be started: context deadline exceeded (on node-1)",
        ),
        (
            SPEC,
            "{phase: Running, conditions: [{type: Ready, status: 'False', reason: ContainersNotReady}], containerStatuses: [{name: app, ready: false, started: true, restartCount: 0, state: {running: {startedAt: DURING}}}]}".to_owned(),
            "Waiting ContainersNotReady: container app runs, but is not ready yet (on node-1)",
        ),
    ];
    for (spec, status, text) in cases {
        assert_eq!(said(&pod(spec, &status), "", after(25)), text, "{status}");
    }
    let newer = pod(
        SPEC,
        "{phase: Running, observedGeneration: 1, conditions: [{type: Ready, status: 'True'}]}",
    )
    .replace("uid: p,", "uid: p, generation: 2,");
    assert_eq!(
        said(&newer, "", after(10)),
        "Waiting Progressing: the kubelet has not seen its newest change yet"
    );
}

#[test]
fn probes_and_gates_are_named_pending() {
    let spec = "{nodeName: node-1, containers: [{name: app, startupProbe: {tcpSocket: {port: 80}}, readinessProbe: {httpGet: {path: /healthz, port: 8080}}}]}";
    let status = |started: bool| {
        format!(
            "{{phase: Running, conditions: [{{type: Ready, status: 'False'}}], containerStatuses: [{{name: app, ready: false, started: {started}, restartCount: 0, state: {{running: {{startedAt: DURING}}}}}}]}}"
        )
    };
    assert_eq!(
        said(&pod(spec, &status(false)), "", after(10)),
        "Waiting ContainersNotReady: container app runs, but its startup probe (TCP :80) does not pass (on node-1)"
    );
    let event = r#"
apiVersion: v1
kind: Event
metadata: {name: e, uid: e}
involvedObject: {kind: Pod, name: one, uid: p, fieldPath: 'spec.containers{app}'}
type: Warning
reason: Unhealthy
message: 'Readiness probe failed: HTTP probe failed with statuscode: 503'
lastTimestamp: DURING
"#;
    assert_eq!(
        said(&pod(spec, &status(true)), event, after(10)),
        "Waiting ContainersNotReady: container app runs, but its readiness probe (GET :8080/healthz) does not pass: HTTP probe failed with statuscode: 503 (on node-1)"
    );
    let gated = "{nodeName: node-1, readinessGates: [{conditionType: lb.acme.io/target}], containers: [{name: app}]}";
    let up = "{phase: Running, conditions: [{type: Ready, status: 'False', reason: ReadinessGatesNotReady}, {type: ContainersReady, status: 'True'}], containerStatuses: [{name: app, ready: true, state: {running: {}}}]}";
    assert_eq!(
        said(&pod(gated, up), "", after(10)),
        "Waiting ReadinessGatesNotReady: its readiness gate lb.acme.io/target is not True: nothing has set it (on node-1)"
    );
}

#[test]
fn volumes_are_named_pending() {
    let event = r#"
apiVersion: v1
kind: Event
metadata: {name: e, uid: e}
involvedObject: {kind: Pod, name: one, uid: p}
type: Warning
reason: FailedMount
message: 'MountVolume.SetUp failed for volume "conf" : configmap "web-conf" not found'
lastTimestamp: DURING
---
apiVersion: v1
kind: Event
metadata: {name: f, uid: f}
involvedObject: {kind: Pod, name: one, uid: p}
type: Warning
reason: FailedMount
message: 'Unable to attach or mount volumes: unmounted volumes=[conf], unattached volumes=[]: timed out waiting for the condition'
lastTimestamp: '2026-01-01T12:02:00Z'
"#;
    assert_eq!(
        said(&pod(SPEC, &state("{waiting: {reason: ContainerCreating}}")), event, after(130)),
        "Waiting FailedMount: cannot mount volume \"conf\": configmap \"web-conf\" not found (on node-1)"
    );
}

#[test]
fn init_containers_count() {
    let spec = "{nodeName: node-1, restartPolicy: Always, initContainers: [{name: setup}, {name: proxy, restartPolicy: Always}], containers: [{name: app}]}";
    let status = |setup: &str, proxy: &str| {
        format!(
            "{{phase: Pending, conditions: [{{type: Ready, status: 'False'}}], initContainerStatuses: [{{name: setup, {setup}}}, {{name: proxy, {proxy}}}], containerStatuses: [{{name: app, state: {{waiting: {{reason: PodInitializing}}}}}}]}}"
        )
    };
    let next = "state: {waiting: {reason: PodInitializing}}";
    let ended = "state: {terminated: {exitCode: 0, reason: Completed}}";
    let cases = [
        (
            "state: {running: {startedAt: DURING}}",
            next,
            "Waiting PodInitializing: init container setup is running (on node-1)",
        ),
        (
            "restartCount: 2, lastState: {terminated: {exitCode: 1, reason: Error}}, state: {waiting: {reason: CrashLoopBackOff}}",
            next,
            "Waiting CrashLoopBackOff: init container setup ended with exit code 1, restarted twice (on node-1)",
        ),
        (
            "restartCount: 5, lastState: {terminated: {exitCode: 1, reason: Error}}, state: {waiting: {reason: CrashLoopBackOff}}",
            next,
            "Failed CrashLoopBackOff: init container setup ended with exit code 1, restarted 5 times (on node-1)",
        ),
        (
            ended,
            "ready: false, started: true, state: {running: {startedAt: DURING}}",
            "Waiting ContainersNotReady: sidecar proxy runs, but is not ready yet (on node-1)",
        ),
        (
            ended,
            "state: {waiting: {reason: ErrImageNeverPull, message: 'Container image \"p:1\" is not present with pull policy of Never'}}",
            "Failed ErrImageNeverPull: sidecar proxy may not pull image \"\": it is not on the node, and imagePullPolicy is Never (on node-1)",
        ),
    ];
    for (setup, proxy, text) in cases {
        assert_eq!(said(&pod(spec, &status(setup, proxy)), "", after(60)), text, "{setup} {proxy}");
    }
}

#[test]
fn failed() {
    let limited = "{nodeName: node-1, restartPolicy: Always, containers: [{name: app, resources: {limits: {memory: 64Mi}}}]}";
    let cases = [
        (
            SPEC,
            waiting("InvalidImageName", "couldn't parse image name \"X:Y:Z\": invalid reference format"),
            "Failed InvalidImageName: container app cannot parse the image name \"x:1\": couldn't parse image name \"X:Y:Z\": invalid reference format (on node-1)",
        ),
        (
            SPEC,
            waiting("CreateContainerConfigError", "couldn't find key url in Secret a/web"),
            "Failed CreateContainerConfigError: container app cannot be created: couldn't find key url in Secret a/web (on node-1)",
        ),
        (
            SPEC,
            waiting("RunContainerError", "failed to create containerd task: unable to start container process: exec: \"srv\": executable file not found in $PATH: unknown"),
            "Failed RunContainerError: container app cannot be started: failed to create containerd task: unable to start container process: exec: \"srv\": executable file not found in $PATH: unknown (on node-1)",
        ),
        (
            limited,
            "{phase: Running, conditions: [{type: Ready, status: 'False'}], containerStatuses: [{name: app, restartCount: 4, lastState: {terminated: {exitCode: 137, reason: OOMKilled}}, state: {waiting: {reason: CrashLoopBackOff}}}]}".to_owned(),
            "Failed OOMKilled: container app ran out of memory (limit 64Mi) and was killed, restarted 4 times (on node-1)",
        ),
        (
            SPEC,
            "{phase: Running, conditions: [{type: Ready, status: 'False'}], containerStatuses: [{name: app, restartCount: 4, lastState: {terminated: {exitCode: 0, reason: Completed}}, state: {waiting: {reason: CrashLoopBackOff}}}]}".to_owned(),
            "Failed CrashLoopBackOff: container app ended (exit code 0), but is meant to keep running, restarted 4 times (on node-1)",
        ),
        (
            SPEC,
            "{phase: Running, containerStatuses: [{name: app, restartCount: 4, state: {waiting: {reason: CrashLoopBackOff}}}]}".to_owned(),
            "Failed CrashLoopBackOff: container app ended, restarted 4 times (on node-1)",
        ),
        (
            "{nodeName: node-1, restartPolicy: Never, containers: [{name: app}]}",
            "{phase: Failed, containerStatuses: [{name: app, restartCount: 0, state: {terminated: {exitCode: 3, reason: Error}}}]}".to_owned(),
            "Failed Error: container app ended with exit code 3 (on node-1)",
        ),
        (
            SPEC,
            "{phase: Failed, reason: OutOfcpu, message: 'Pod was rejected: Node did not have enough resource: cpu'}".to_owned(),
            "Failed OutOfcpu: failed: Pod was rejected: Node did not have enough resource: cpu (on node-1)",
        ),
    ];
    for (spec, status, text) in cases {
        assert_eq!(said(&pod(spec, &status), "", after(60)), text, "{status}");
    }
}

#[test]
fn a_secret_that_may_still_come_is_pending_then_failed() {
    let object = pod(SPEC, &waiting("CreateContainerConfigError", "secret \"web\" not found"));
    let text = "CreateContainerConfigError: container app cannot be created: secret \"web\" not found (on node-1)";
    assert_eq!(said(&object, "", after(20)), format!("Waiting {text}"));
    assert_eq!(said(&object, "", after(40)), format!("Failed {text}"));
}

#[test]
fn evicted_and_preempted_are_no_failures_pending() {
    let evicted =
        "{phase: Failed, reason: Evicted, message: 'The node was low on resource: memory.'}";
    assert_eq!(
        said(&pod(SPEC, evicted), "", after(10)),
        "Waiting Evicted: was driven from its node: The node was low on resource: memory. (on node-1)"
    );
    let preempted = "{phase: Failed, conditions: [{type: DisruptionTarget, status: 'True', reason: PreemptionByScheduler, message: 'preempting to accommodate a higher priority pod'}]}";
    assert_eq!(
        said(&pod(SPEC, preempted), "", after(10)),
        "Waiting DisruptionTarget: was driven from its node: preempting to accommodate a higher priority pod (on node-1)"
    );
}

#[test]
fn unschedulable_is_pending_except_on_kind() {
    let unschedulable = |why: &str| {
        pod(
            "{containers: [{name: app}]}",
            &format!(
                "{{phase: Pending, conditions: [{{type: PodScheduled, status: 'False', reason: Unschedulable, lastTransitionTime: DURING, message: '{why}'}}]}}"
            ),
        )
    };
    let cpu = unschedulable(
        "0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: 1 No preemption victims found.",
    );
    let claims = unschedulable(
        "0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.",
    );
    let text = "Unschedulable: cannot be scheduled: 0/1 nodes are available: 1 Insufficient cpu";
    assert_eq!(said(&claims, "", after(200)), format!("Waiting {text}"));
    assert_eq!(said(&cpu, "", after(200)), format!("Waiting {text}"));
    assert_eq!(said(&cpu, "", on_kind(20)), format!("Waiting {text}"));
    assert_eq!(said(&cpu, "", on_kind(40)), format!("Failed {text}"));
    let starting = unschedulable(
        "0/1 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/not-ready: }.",
    );
    assert!(said(&starting, "", on_kind(40)).starts_with("Waiting"));
}

#[test]
fn absurd_messages_are_shortened() {
    let object = pod(SPEC, &waiting("CreateContainerError", &"x".repeat(100_000)));
    assert!(said(&object, "", after(10)).len() < 600);
}
