//! Custom resources, and the annotations that say when an object is ready.

use super::{after, said, yaml};
use crate::workload::{
    object::{Object, Origin},
    readiness::check_annotations,
};

fn widget(metadata: &str, status: &str) -> String {
    format!(
        r#"
apiVersion: acme.io/v1
kind: Widget
metadata: {{name: one, uid: w, generation: 2, creationTimestamp: DURING{metadata}}}
spec: {{size: 3}}
{status}
"#
    )
}

fn definition(annotations: &str, subresources: &str) -> String {
    format!(
        r#"
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: widgets.acme.io, uid: crd, annotations: {{{annotations}}}}}
spec:
  group: acme.io
  names: {{kind: Widget, plural: widgets}}
  versions: [{{name: v1alpha1}}, {{name: v1, subresources: {subresources}}}]
"#
    )
}

#[test]
fn conditions() {
    let cases = [
        ("{conditions: [{type: Ready, status: 'True'}]}", "Ready"),
        (
            "{observedGeneration: 1, conditions: [{type: Ready, status: 'True'}]}",
            "Waiting Progressing: its controller has not seen the newest change yet",
        ),
        (
            "{conditions: [{type: Ready, status: 'True', observedGeneration: 1}]}",
            "Waiting Progressing: its controller has not judged the newest change yet",
        ),
        (
            "{conditions: [{type: Ready, status: 'False', reason: NoQuorum, message: 1 of 3 members}]}",
            "Waiting NoQuorum: its condition Ready is False: 1 of 3 members",
        ),
        (
            "{conditions: [{type: Reconciling, status: 'True', reason: Progressing, message: fetching}, {type: Ready, status: 'True'}]}",
            "Waiting Progressing: fetching",
        ),
        (
            "{conditions: [{type: Stalled, status: 'True', reason: BadSpec, message: size must be even}]}",
            "Failed BadSpec: size must be even",
        ),
        ("{phase: Anything}", "Ready"),
    ];
    for (status, text) in cases {
        assert_eq!(said(&widget("", &format!("status: {status}")), "", after(9)), text, "{status}");
    }
}

#[test]
fn a_status_that_never_comes_is_waited_for_where_one_is_declared() {
    let pending = "Waiting NoStatus: its controller has not reported a status yet";
    let ready = "Ready: no status was reported";
    let silent = widget("", "");
    let with = definition("", "{status: {}}");
    let without = definition("", "{}");
    assert_eq!(said(&silent, &with, after(9)), pending);
    assert_eq!(said(&silent, &with, after(15)), ready);
    assert_eq!(said(&silent, &without, after(9)), "Ready");
    assert_eq!(said(&silent, "", after(9)), pending);
    assert_eq!(said(&widget("", "status: {}"), &with, after(9)), pending);
    let applied = widget(
        ", managedFields: [{manager: 'workloadctl:a/web', operation: Apply, time: '2026-01-01T12:00:20Z'}]",
        "",
    );
    assert_eq!(said(&applied, &with, after(25)), pending);
    assert_eq!(said(&applied, &with, after(31)), ready);
}

#[test]
fn ready_when_and_failed_when() {
    let cases = [
        ("ready-when: condition=Synced", "conditions: [{type: Synced, status: 'True'}]", "Ready"),
        (
            "ready-when: condition=synced=true",
            "conditions: [{type: Synced, status: 'True'}]",
            "Ready",
        ),
        (
            "ready-when: condition=Degraded=False",
            "conditions: [{type: Degraded, status: 'False'}]",
            "Ready",
        ),
        (
            "ready-when: condition=Synced",
            "conditions: [{type: Synced, status: 'False', message: not yet}, {type: Ready, status: 'True'}]",
            "Waiting ReadyWhen: its condition Synced is False: not yet (workloadctl/ready-when)",
        ),
        (
            "ready-when: condition=Synced",
            "phase: x",
            "Waiting ReadyWhen: its condition Synced is not there yet (workloadctl/ready-when)",
        ),
        (
            "ready-when: condition=Synced",
            "conditions: [{type: Synced, status: 'True', observedGeneration: 1}]",
            "Waiting ReadyWhen: its condition Synced is of an older generation (workloadctl/ready-when)",
        ),
        ("ready-when: 'jsonpath={.status.phase}=Running'", "phase: Running", "Ready"),
        ("ready-when: \"jsonpath='{.status.phase}'=Running\"", "phase: Running", "Ready"),
        ("ready-when: 'jsonpath={.status.phase}=\"Running\"'", "phase: Running", "Ready"),
        ("ready-when: jsonpath=.status.replicas=3", "replicas: 3", "Ready"),
        ("ready-when: 'jsonpath={.status.address}'", "address: 1.2.3.4", "Ready"),
        (
            "ready-when: 'jsonpath={.status.address}'",
            "phase: x",
            "Waiting ReadyWhen: .status.address is not there yet (workloadctl/ready-when)",
        ),
        (
            "ready-when: 'jsonpath={.status.phase}=Running'",
            "phase: Creating",
            "Waiting ReadyWhen: .status.phase is \"Creating\", not \"Running\" (workloadctl/ready-when)",
        ),
        (
            "ready-when: 'jsonpath={.status.conditions[?(@.type==\"Up\")].status}=True'",
            "conditions: [{type: Up, status: 'True'}]",
            "Ready",
        ),
        (
            "ready-when: 'jsonpath={.status.items[*]}=a'",
            "items: [a, a]",
            "Waiting ReadyWhen: .status.items[*] finds more than one value (workloadctl/ready-when)",
        ),
        (
            "ready-when: \"condition=A\\ncondition=B\"",
            "conditions: [{type: A, status: 'True'}]",
            "Waiting ReadyWhen: its condition B is not there yet (workloadctl/ready-when)",
        ),
        (
            "failed-when: 'jsonpath={.status.phase}=Error'",
            "phase: Error",
            "Failed FailedWhen: .status.phase is \"Error\" (workloadctl/failed-when)",
        ),
        ("failed-when: 'jsonpath={.status.phase}=Error'", "phase: Fine", "Ready"),
        (
            "failed-when: condition=Degraded",
            "conditions: [{type: Degraded, status: 'True', message: disk full}]",
            "Failed FailedWhen: its condition Degraded is True: disk full (workloadctl/failed-when)",
        ),
    ];
    for (annotation, status, text) in cases {
        let annotation = format!("workloadctl/{annotation}");
        let own =
            widget(&format!(", annotations: {{{annotation}}}"), &format!("status: {{{status}}}"));
        assert_eq!(said(&own, "", after(9)), text, "{annotation}");
        let plain = widget("", &format!("status: {{{status}}}"));
        assert_eq!(said(&plain, &definition(&annotation, "{}"), after(9)), text, "{annotation}");
    }
}

#[test]
fn built_in_kinds_may_say_when_too() {
    let map = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, annotations: {workloadctl/ready-when: 'jsonpath={.data.done}=yes'}}, data: {done: DONE}}";
    assert_eq!(said(&map.replace("DONE", "'yes'"), "", after(9)), "Ready");
    assert!(said(&map.replace("DONE", "'no'"), "", after(9)).starts_with("Waiting ReadyWhen"));
}

#[test]
fn annotations_that_cannot_be_read_are_refused() {
    for text in [
        "",
        "Ready",
        "condition=",
        "condition==True",
        "jsonpath=",
        "jsonpath={.a",
        "jsonpath={.a}=",
        "jsonpath={.a}b",
        "jsonpath={..a}",
        "delete",
    ] {
        let body = yaml(&format!(
            "{{apiVersion: acme.io/v1, kind: Widget, metadata: {{name: one, annotations: {{workloadctl/ready-when: {text:?}}}}}}}"
        ));
        let object = Object { body: body.into(), origin: Origin::line("k8s/w.yaml", 7) };
        let error = check_annotations(&object).pop().expect(text).error;
        assert_eq!(error.kind.exit_code(), 2);
        assert_eq!(error.origin.map(|origin| origin.line), Some(7));
        let verdict = super::judge(Some(&object.body), &super::Related::default(), &after(9));
        assert_eq!(verdict.reason, "InvalidAnnotation", "{text}");
    }
}
