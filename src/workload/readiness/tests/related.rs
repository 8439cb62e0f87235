//! The index over pods, replica sets and events; images and restarts.

use super::{Related, around, yaml};
use crate::workload::{
    kinds::Kinds,
    object::GroupKind,
    readiness::{PodCounts, WatchNeeds, has_state, images_of, pod_counts, restarts_of, watch_of},
};

const DEPLOYMENT: &str = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, uid: d}, spec: {replicas: 3, template: {spec: {initContainers: [{name: i, image: 'setup:1'}], containers: [{name: a, image: 'web:1'}, {name: b, image: 'web:1'}]}}}, status: {readyReplicas: 1}}";

const FAMILY: &str = "
{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: web-1, uid: r, ownerReferences: [{uid: d, controller: true}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: web-1-a, uid: p, managedFields: [{}], ownerReferences: [{uid: x}, {uid: r, controller: true}]}, status: {containerStatuses: [{name: a, restartCount: 2}], initContainerStatuses: [{name: i, restartCount: 1}]}}
---
{apiVersion: v1, kind: Event, metadata: {name: e, uid: e}, involvedObject: {uid: p}}
---
{apiVersion: events.k8s.io/v1, kind: Event, metadata: {name: f, uid: f}, regarding: {uid: p}}
---
{apiVersion: v1, kind: Pod, metadata: {name: bare, uid: b}}
---
{apiVersion: v1, kind: Pod, metadata: {name: without-uid}}
";

#[test]
fn finds_what_belongs_to_what() {
    let mut around = around(FAMILY);
    assert_eq!(around.replica_sets_of("d").count(), 1);
    assert_eq!(around.pods_of("r").count(), 1);
    assert_eq!(around.pods_of("x").count(), 0);
    assert_eq!(around.events_of("p").count(), 2);
    assert!(around.pods_of("r").all(|pod| pod.pointer("/metadata/managedFields").is_none()));
    assert_eq!(restarts_of(&yaml(DEPLOYMENT), &around), Some(3));
    around.remove("p");
    around.remove("nobody");
    assert_eq!(around.pods_of("r").count(), 0);
    assert_eq!(restarts_of(&yaml(DEPLOYMENT), &around), Some(0));
}

#[test]
fn keeps_the_events_that_tell_of_trouble() {
    let event = |name: &str, more: &str| {
        format!(
            "{{apiVersion: v1, kind: Event, metadata: {{name: {name}, uid: {name}}}, involvedObject: {{uid: p}}, {more}}}"
        )
    };
    let events = [
        event("a", "type: Warning, reason: Unhealthy"),
        event("b", "type: Normal, reason: Pulled"),
        event("c", "type: Normal, reason: WaitForFirstConsumer"),
        event("d", "type: Normal, reason: FailedBinding"),
    ];
    let around = around(&events.join("\n---\n"));
    let mut reasons: Vec<_> = around.events_of("p").map(|event| event["reason"].clone()).collect();
    reasons.sort_by_key(ToString::to_string);
    assert_eq!(reasons, ["FailedBinding", "Unhealthy", "WaitForFirstConsumer"]);
}

#[test]
fn takes_the_newer_state() {
    let mut around = Related::default();
    let pod = |owner: &str| {
        yaml(&format!(
            "{{apiVersion: v1, kind: Pod, metadata: {{name: a, uid: p, ownerReferences: [{{uid: {owner}, controller: true}}]}}}}"
        ))
    };
    around.upsert(pod("one"));
    around.upsert(pod("two"));
    assert_eq!(around.pods_of("one").count(), 0);
    assert_eq!(around.pods_of("two").count(), 1);
}

#[test]
fn images_and_population() {
    let deployment = yaml(DEPLOYMENT);
    assert_eq!(images_of(&deployment), ["setup:1", "web:1"]);
    assert_eq!(pod_counts(&deployment), Some(PodCounts { wanted: 3, ready: 1 }));
    let map = yaml("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}");
    assert!(images_of(&map).is_empty());
    assert_eq!(pod_counts(&map), None);
    assert_eq!(restarts_of(&map, &Related::default()), None);
    let custom = yaml("{apiVersion: acme.io/v1, kind: Deployment, spec: {replicas: 3}}");
    assert_eq!(pod_counts(&custom), None);
}

#[test]
fn says_what_has_to_be_watched() {
    let own = WatchNeeds { object: true, ..WatchNeeds::default() };
    let pods = WatchNeeds { pods: true, events: true, ..own };
    let custom = WatchNeeds { definition: true, ..own };
    let cases = [
        ("{apiVersion: apps/v1, kind: Deployment}", WatchNeeds { replica_sets: true, ..pods }),
        ("{apiVersion: apps/v1, kind: DaemonSet}", WatchNeeds { nodes: true, ..pods }),
        ("{apiVersion: v1, kind: Pod}", pods),
        ("{apiVersion: v1, kind: Service}", WatchNeeds::default()),
        (
            "{apiVersion: v1, kind: Service, spec: {type: LoadBalancer}}",
            WatchNeeds { events: true, ..own },
        ),
        ("{apiVersion: v1, kind: ConfigMap}", WatchNeeds::default()),
        (
            "{apiVersion: v1, kind: ConfigMap, metadata: {annotations: {workloadctl/ready-when: create}}}",
            own,
        ),
        ("{apiVersion: networking.k8s.io/v1, kind: Ingress}", WatchNeeds::default()),
        ("{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway}", custom),
        ("{apiVersion: acme.io/v1, kind: Deployment}", custom),
    ];
    for (object, watch) in cases {
        assert_eq!(watch_of(&yaml(object)), watch, "{object}");
    }
}

#[test]
fn kinds_with_a_state_are_those_of_the_table() {
    let kinds = Kinds::builtin();
    let found: Vec<String> = kinds
        .iter()
        .map(|(group, kind, _)| GroupKind::new(group, kind))
        .filter(has_state)
        .map(|kind| kind.to_string())
        .collect();
    assert_eq!(
        found,
        [
            "Namespace",
            "PersistentVolumeClaim",
            "Pod",
            "ReplicationController",
            "Service",
            "CustomResourceDefinition.apiextensions.k8s.io",
            "APIService.apiregistration.k8s.io",
            "DaemonSet.apps",
            "Deployment.apps",
            "ReplicaSet.apps",
            "StatefulSet.apps",
            "Job.batch",
        ]
    );
    assert!(has_state(&GroupKind::new("example.com", "Deployment")));
}
