//! DaemonSets.

use super::{after, said};

fn set(status: &str) -> String {
    format!(
        r#"
apiVersion: apps/v1
kind: DaemonSet
metadata: {{name: agent, uid: s, generation: 2, annotations: {{deprecated.daemonset.template.generation: "2"}}}}
spec: {{updateStrategy: {{type: RollingUpdate}}}}
status: {status}
"#
    )
}

fn pod(node: &str, generation: &str, status: &str) -> String {
    format!(
        r#"
---
apiVersion: v1
kind: Pod
metadata:
  name: agent-{node}
  uid: agent-{node}
  creationTimestamp: DURING
  labels: {{pod-template-generation: "{generation}"}}
  ownerReferences: [{{kind: DaemonSet, name: agent, uid: s, controller: true}}]
spec: {{nodeName: {node}, restartPolicy: Always, containers: [{{name: agent, image: "agent:2"}}]}}
status: {status}
"#
    )
}

fn node(name: &str, created: &str, more: &str) -> String {
    format!(
        "\n---\napiVersion: v1\nkind: Node\nmetadata: {{name: {name}, uid: {name}, creationTimestamp: {created}}}\n{more}\n"
    )
}

const UP: &str = "status: {conditions: [{type: Ready, status: 'True'}]}";
const DOWN: &str =
    "status: {conditions: [{type: Ready, status: Unknown, reason: NodeStatusUnknown}]}";
const CORDONED: &str =
    "spec: {unschedulable: true}\nstatus: {conditions: [{type: Ready, status: 'True'}]}";
const READY: &str = "{phase: Running, conditions: [{type: Ready, status: 'True'}], containerStatuses: [{name: agent, ready: true, state: {running: {startedAt: BEFORE}}}]}";
const CREATING: &str = "{phase: Pending}";
const DENIED: &str = "{phase: Pending, containerStatuses: [{name: agent, state: {waiting: {reason: ErrImagePull, message: 'pull access denied'}}}]}";

const ONE_OF_TWO: &str = "{observedGeneration: 2, desiredNumberScheduled: 2, currentNumberScheduled: 2, updatedNumberScheduled: 2, numberReady: 1, numberAvailable: 1, numberUnavailable: 1}";

#[test]
fn ok() {
    let all = "{observedGeneration: 2, desiredNumberScheduled: 2, currentNumberScheduled: 2, updatedNumberScheduled: 2, numberReady: 2, numberAvailable: 2}";
    assert_eq!(said(&set(all), "", after(10)), "Ready");
    let none = "{observedGeneration: 2, desiredNumberScheduled: 0, currentNumberScheduled: 0, numberReady: 0}";
    assert_eq!(said(&set(none), "", after(10)), "Ready: no node takes its pods");
    let behind = "{observedGeneration: 2, desiredNumberScheduled: 2, currentNumberScheduled: 2, numberReady: 2, numberAvailable: 2}";
    let on_delete = set(behind).replace("RollingUpdate", "OnDelete");
    assert_eq!(
        said(&on_delete, "", after(10)),
        "Ready: 2 pods on the old template until deleted (updateStrategy OnDelete)"
    );
}

#[test]
fn pending() {
    assert_eq!(
        said(
            &set("{currentNumberScheduled: 0, desiredNumberScheduled: 0, numberReady: 0}"),
            "",
            after(1)
        ),
        "Waiting Progressing: its controller has not seen it yet"
    );
    assert_eq!(said(&set(ONE_OF_TWO), "", after(10)), "Waiting Progressing: 1 of 2 pods available");
    let old = "{observedGeneration: 2, desiredNumberScheduled: 2, currentNumberScheduled: 2, updatedNumberScheduled: 1, numberReady: 2, numberAvailable: 2}";
    assert_eq!(
        said(&set(old), "", after(10)),
        "Waiting Progressing: 1 of 2 pods run the newest template"
    );
}

#[test]
fn nodes_that_do_not_take_part_are_not_waited_for_ok() {
    let pods = format!("{}{}", pod("node-1", "2", READY), pod("node-2", "2", CREATING));
    for (more, excused) in [
        (node("node-2", "BEFORE", DOWN), true),
        (node("node-2", "BEFORE", CORDONED), true),
        (node("node-2", "DURING", UP), true),
        (String::new(), true),
        (node("node-2", "BEFORE", UP), false),
    ] {
        let around = format!("{}{pods}{more}", node("node-1", "BEFORE", UP));
        let text = said(&set(ONE_OF_TWO), &around[5..], after(10));
        let ready = text == "Ready: not waited for: node-2";
        assert_eq!(ready, excused, "{text} with {more}");
    }
}

#[test]
fn an_old_pod_on_a_node_that_takes_part_is_pending() {
    let around = format!(
        "{}{}{}{}",
        node("node-1", "BEFORE", UP),
        node("node-2", "BEFORE", DOWN),
        pod("node-1", "1", READY),
        pod("node-2", "2", CREATING)
    );
    let text = said(&set(ONE_OF_TWO), &around[5..], after(10));
    assert!(text.starts_with("Waiting"), "{text}");
}

#[test]
fn one_hopeless_pod_failed() {
    let pods = format!("{}{}", pod("node-1", "2", READY), pod("node-2", "2", DENIED));
    assert_eq!(
        said(&set(ONE_OF_TWO), &pods[5..], after(10)),
        "Failed ErrImagePull: 1 of 2 pods available: pod agent-node-2 on node-2: container agent cannot pull image \"agent:2\": pull access denied"
    );
    let old = format!("{}{}", pod("node-1", "2", READY), pod("node-2", "1", DENIED));
    let text = said(&set(ONE_OF_TWO), &old[5..], after(10));
    assert_eq!(text, "Waiting Progressing: 1 of 2 pods available");
}
