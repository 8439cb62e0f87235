//! What calls others comes after those that answer.

use super::*;

pub(super) const OPERATOR: &str = "
{apiVersion: example.com/v1, kind: Backup, metadata: {name: nightly}}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: judge}
webhooks:
  - clientConfig: {service: {name: hook, namespace: default}}
    rules: [{apiGroups: [example.com], apiVersions: ['*'], operations: ['*'], resources: ['*']}]
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: backups.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {kind: Backup, plural: backups}
  versions: [{name: v1, served: true}]
  conversion: {webhook: {clientConfig: {service: {name: hook, namespace: default}}}}
---
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: v1.served.example.com}
spec: {group: served.example.com, version: v1, service: {name: hook, namespace: default}}
---
{apiVersion: served.example.com/v1, kind: Thing, metadata: {name: thing}}
---
{apiVersion: v1, kind: Service, metadata: {name: hook}, spec: {selector: {app: op}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: operator}
spec: {template: {metadata: {labels: {app: op, x: y}}, spec: {}}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: once}
spec: {template: {metadata: {labels: {app: op}}, spec: {}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: other}
spec: {template: {metadata: {labels: {app: other}}, spec: {}}}
";

#[test]
fn callers_come_after_what_answers_them() {
    let answers = [
        "Service/hook applied: it answers the calls",
        "Deployment/operator available: it answers the calls",
    ];
    assert_eq!(before(OPERATOR, "ValidatingWebhookConfiguration/judge"), answers);
    assert_eq!(before(OPERATOR, "APIService/v1.served.example.com"), answers);
    assert_eq!(before(OPERATOR, "CustomResourceDefinition/backups.example.com"), [""; 0]);
    assert_eq!(
        before(OPERATOR, "Backup/nightly"),
        [
            "ValidatingWebhookConfiguration/judge applied: its webhook judges the kind",
            "CustomResourceDefinition/backups.example.com established: it defines the kind",
            "Service/hook applied: it converts between versions of the kind",
            "Deployment/operator applied: it converts between versions of the kind",
        ]
    );
    assert_eq!(
        before(OPERATOR, "Thing/thing"),
        ["APIService/v1.served.example.com ready: it serves the kind"]
    );
}

#[test]
fn jobs_that_change_webhooks_come_after_them() {
    let text = "
apiVersion: batch/v1
kind: Job
metadata: {name: patch}
spec: {template: {spec: {containers: [{args: [patch, '--webhook-name=hook', '--secret-name=s']}]}}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: create}
spec: {template: {spec: {containers: [{args: [create, '--secret-name=hook']}]}}}
---
{apiVersion: admissionregistration.k8s.io/v1, kind: MutatingWebhookConfiguration, metadata: {name: hook}}
";
    assert_eq!(
        before(text, "Job/patch"),
        ["MutatingWebhookConfiguration/hook applied: --webhook-name names it"]
    );
    assert_eq!(before(text, "Job/create"), [""; 0]);
}

#[test]
fn without_waiting_backends_need_only_be_applied() {
    let (objects, graph) = build(OPERATOR);
    let mut graph = graph.unwrap();
    let find = |name: &str| objects.iter().position(|placed| placed.id.name == name).unwrap();
    let operator = find("operator");
    assert_eq!(graph.awaited(operator), BTreeSet::from([Milestone::Available]));
    assert_eq!(
        graph.awaited(find("backups.example.com")),
        BTreeSet::from([Milestone::Established])
    );
    graph.forgo_backends();
    assert_eq!(graph.awaited(operator), BTreeSet::new());
    assert_eq!(graph.awaited(find("v1.served.example.com")), BTreeSet::from([Milestone::Ready]));
}

#[test]
fn what_depends_on_a_failure_is_skipped() {
    let (objects, graph) = build(OPERATOR);
    let graph = graph.unwrap();
    let find = |name: &str| objects.iter().position(|placed| placed.id.name == name).unwrap();
    let mut schedule = Schedule::start(&graph);
    assert_eq!(schedule.released(), [0, find("judge") + 1]);
    schedule.reached(0, Milestone::Active);
    schedule.released();
    let operator = find("operator");
    schedule.reached(find("hook"), Milestone::Applied);
    schedule.reached(operator, Milestone::Applied);
    assert!(schedule.released().is_empty());
    let skipped = schedule.failed(operator);
    let wanted = ["nightly", "judge", "v1.served.example.com", "thing"].map(find);
    assert_eq!(skipped, wanted);
    assert_eq!(schedule.waiting().count(), 0);
}
