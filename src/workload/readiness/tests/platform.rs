//! Claims, Services, Namespaces, CRDs, APIServices and what is ready once applied.

use super::{after, on_kind, said};

#[test]
fn ok() {
    for object in [
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}",
        "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: a}, status: {loadBalancer: {}}}",
        "{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: a, generation: 2}, status: {conditions: [{type: ScalingActive, status: 'False'}]}}",
        "{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: a}}",
        "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a}, status: {phase: Bound}}",
        "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {type: ClusterIP, clusterIP: 10.96.0.9}, status: {loadBalancer: {}}}",
        "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {type: ExternalName}}",
        "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {type: LoadBalancer}, status: {loadBalancer: {ingress: [{ip: 192.0.2.1}]}}}",
        "{apiVersion: v1, kind: Namespace, metadata: {name: a}, status: {phase: Active}}",
        "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: a}, status: {conditions: [{type: NamesAccepted, status: 'True'}, {type: Established, status: 'True'}]}}",
        "{apiVersion: apiregistration.k8s.io/v1, kind: APIService, metadata: {name: a}, status: {conditions: [{type: Available, status: 'True', reason: Local}]}}",
    ] {
        assert_eq!(said(object, "", after(10)), "Ready", "{object}");
    }
}

#[test]
fn pending() {
    let cases = [
        (
            "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a}, status: {phase: Pending}}",
            "Waiting Pending: no volume is bound yet",
        ),
        (
            "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {type: LoadBalancer}, status: {loadBalancer: {}}}",
            "Waiting Pending: no load balancer has given it an address yet",
        ),
        (
            "{apiVersion: v1, kind: Namespace, metadata: {name: a, deletionTimestamp: DURING}, status: {phase: Terminating, conditions: [{type: NamespaceContentRemaining, status: 'True', message: 'Some resources are remaining: pods. has 1 resource instances'}]}}",
            "Waiting Terminating: it is being deleted: Some resources are remaining: pods. has 1 resource instances",
        ),
        (
            "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: a}}",
            "Waiting Installing: it is not established yet",
        ),
        (
            "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: a}, status: {conditions: [{type: NamesAccepted, status: 'True'}, {type: Established, status: 'False', reason: Installing, message: the initial names have been accepted}]}}",
            "Waiting Installing: it is not established yet: the initial names have been accepted",
        ),
        (
            "{apiVersion: apiregistration.k8s.io/v1, kind: APIService, metadata: {name: a}, status: {conditions: [{type: Available, status: 'False', reason: ServiceNotFound, message: service/x in \"a\" is not present}]}}",
            "Waiting ServiceNotFound: it is not available: service/x in \"a\" is not present",
        ),
    ];
    for (object, text) in cases {
        assert_eq!(said(object, "", after(100)), text, "{object}");
    }
}

#[test]
fn failed() {
    let cases = [
        (
            "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a}, status: {phase: Lost}}",
            "Failed Lost: its volume is gone",
        ),
        (
            "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: a}, status: {conditions: [{type: NamesAccepted, status: 'False', reason: PluralConflict, message: '\"widgets\" is already in use'}, {type: Established, status: 'False', reason: NotAccepted}]}}",
            "Failed PluralConflict: its names are not accepted: \"widgets\" is already in use",
        ),
    ];
    for (object, text) in cases {
        assert_eq!(said(object, "", after(10)), text, "{object}");
    }
}

#[test]
fn kind_has_no_load_balancers_ok() {
    let service = "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {type: LoadBalancer}, status: {loadBalancer: {}}}";
    assert_eq!(
        said(service, "", on_kind(1)),
        "Ready: no load balancer gives it an address on this runtime"
    );
}

#[test]
fn a_claim_that_waits_for_its_pod_is_ok() {
    let claim = "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: data, uid: c}, spec: {storageClassName: local}, status: {phase: Pending}}";
    let class = "{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: local, uid: k}, volumeBindingMode: WaitForFirstConsumer}";
    let event = "{apiVersion: v1, kind: Event, metadata: {name: e, uid: e}, involvedObject: {uid: c}, reason: WaitForFirstConsumer, message: waiting for first consumer to be created before binding, lastTimestamp: BEFORE}";
    let ready = "Ready: its volume comes with the first pod that uses it";
    assert_eq!(said(claim, class, after(10)), ready);
    assert_eq!(said(claim, event, after(10)), ready);
    let immediate = class.replace("WaitForFirstConsumer", "Immediate");
    assert!(said(claim, &immediate, after(10)).starts_with("Waiting"));
    let used =
        claim.replace("uid: c", "uid: c, annotations: {volume.kubernetes.io/selected-node: n}");
    assert!(said(&used, class, after(10)).starts_with("Waiting"));
    let failing = "{apiVersion: v1, kind: Event, metadata: {name: e, uid: e}, involvedObject: {uid: c}, reason: ProvisioningFailed, message: 'storageclass.storage.k8s.io \"local\" not found', lastTimestamp: DURING}";
    assert_eq!(
        said(claim, failing, after(10)),
        "Waiting ProvisioningFailed: no volume yet: storageclass.storage.k8s.io \"local\" not found"
    );
}
