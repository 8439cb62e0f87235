//! What `status` tells of pods, Services, Ingresses, claims and Jobs.

use serde_json::json;

use super::*;
use crate::workload::runtime::RuntimeName;

/// Reads YAML documents as objects of a server.
fn objects(text: &str) -> Vec<Value> {
    text.split("---\n").map(|one| serde_yaml::from_str(one).unwrap()).collect()
}

/// Gives the facts about the first of some objects, with the others around it.
fn facts(text: &str) -> Value {
    let objects = objects(text);
    let mut around = Related::default();
    objects.iter().skip(1).for_each(|object| around.upsert(object.clone()));
    let runtime = RuntimeName::stored("kind-dev").unwrap();
    let window = Window::present(&runtime, "2026-01-01T00:10:00Z".parse().unwrap());
    serde_json::to_value(details_of(&objects[0], &around, &window)).unwrap()
}

#[test]
fn a_deployment_has_replica_sets_and_pods() {
    let told = facts(
        "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: a, uid: d,
          creationTimestamp: '2026-01-01T00:00:00Z'}, spec: {replicas: 3}, status: {readyReplicas: 1}}
---
{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: web-1, uid: s1,
  creationTimestamp: '2026-01-01T00:00:00Z', ownerReferences: [{uid: d, controller: true}]},
  spec: {replicas: 1}, status: {readyReplicas: 1}}
---
{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: web-0, uid: s0,
  creationTimestamp: '2025-01-01T00:00:00Z', ownerReferences: [{uid: d, controller: true}]},
  spec: {replicas: 0}}
---
{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: web-2, uid: s2,
  creationTimestamp: '2026-01-01T00:05:00Z', ownerReferences: [{uid: d, controller: true}]},
  spec: {replicas: 2}}
---
{apiVersion: v1, kind: Pod, metadata: {name: web-1-a, uid: p1,
  creationTimestamp: '2026-01-01T00:09:00Z', ownerReferences: [{uid: s1, controller: true}]},
  spec: {nodeName: node-1}, status: {phase: Running, conditions: [{type: Ready, status: 'True'}],
  containerStatuses: [{name: c, restartCount: 2, ready: true, state: {running: {}}}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: web-2-a, uid: p2,
  creationTimestamp: '2026-01-01T00:09:30Z', ownerReferences: [{uid: s2, controller: true}]},
  spec: {}, status: {phase: Pending}}",
    );
    assert_eq!(
        told,
        json!({
            "createdAt": "2026-01-01T00:00:00Z", "ready": 1, "desired": 3,
            // Without pods, and wanting none: history.
            "replicaSets": [
                {"name": "web-2", "ready": 0, "desired": 2, "createdAt": "2026-01-01T00:05:00Z"},
                {"name": "web-1", "ready": 1, "desired": 1, "createdAt": "2026-01-01T00:00:00Z"},
            ],
            "pods": [
                {"name": "web-2-a", "replicaSet": "web-2", "ready": false, "state": "waiting",
                 "restarts": 0, "reason": "Pending", "message": "waits for the scheduler",
                 "createdAt": "2026-01-01T00:09:30Z", "age": 30},
                {"name": "web-1-a", "replicaSet": "web-1", "node": "node-1", "ready": true,
                 "state": "ready", "restarts": 2, "createdAt": "2026-01-01T00:09:00Z", "age": 60},
            ],
        })
    );
}

#[test]
fn a_service_has_endpoints_and_addresses() {
    let slice = |name: &str, family: &str, of: &str| {
        format!(
            "---
{{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {{name: {name}, namespace: a,
  uid: {name}, labels: {{kubernetes.io/service-name: {of}}}}}, addressType: {family},
  endpoints: [{{conditions: {{ready: true}}}}, {{}}, {{conditions: {{ready: false}}}}]}}
"
        )
    };
    let service = |spec: &str, rest: &str| {
        let metadata = "metadata: {name: web, namespace: a, uid: s}";
        format!("{{apiVersion: v1, kind: Service, {metadata}, spec: {spec}{rest}}}\n")
    };
    let two = slice("one", "IPv4", "web") + &slice("two", "IPv6", "web") + &slice("x", "IPv4", "y");
    for (spec, rest, around, expected) in [
        // Two families are two slices of the same pods.
        (
            "{ports: [{port: 80}, {port: 53, protocol: UDP}]}",
            "",
            &*two,
            json!({"endpoints": 2, "addresses": ["web.a.svc:80", "web.a.svc:53/UDP"]}),
        ),
        // Nothing is known of endpoints where there is no slice.
        (
            "{type: NodePort, ports: [{port: 80, nodePort: 30080}]}",
            "",
            "",
            json!({"addresses": ["web.a.svc:80", "node port 30080"]}),
        ),
        (
            "{type: LoadBalancer, ports: [{port: 80}], externalIPs: ['10.0.0.9']}",
            ", status: {loadBalancer: {ingress: [{ip: 'fd00::1'}, {hostname: lb.test, ip: 1.2.3.4}]}}",
            "",
            json!({"addresses":
                ["web.a.svc:80", "[fd00::1]:80", "lb.test:80", "10.0.0.9:80"]}),
        ),
        ("{type: ExternalName, externalName: db.test}", "", "", json!({"addresses": ["db.test"]})),
    ] {
        assert_eq!(facts(&(service(spec, rest) + around)), expected, "{spec}");
    }
}

#[test]
fn what_else_kinds_tell() {
    for (text, expected) in [
        (
            "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: a}, spec: {
              tls: [{hosts: [a.test]}], rules: [
                {host: a.test, http: {paths: [{path: /}, {path: /api}]}}, {host: b.test}, {}]}}",
            json!({"hosts": ["https://a.test/", "https://a.test/api", "http://b.test", "http://*"]}),
        ),
        (
            "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a},
              spec: {resources: {requests: {storage: 1Gi}}},
              status: {phase: Bound, capacity: {storage: 2Gi}}}",
            json!({"size": "2Gi", "phase": "Bound"}),
        ),
        (
            "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a},
              spec: {resources: {requests: {storage: 1Gi}}}, status: {phase: Pending}}",
            json!({"size": "1Gi", "phase": "Pending"}),
        ),
        (
            "{apiVersion: batch/v1, kind: Job, metadata: {name: a}, spec: {completions: 2},
              status: {active: 1, failed: 2, succeeded: 1}}",
            json!({"ready": 1, "desired": 2, "attempts": 4, "attemptLimit": 7}),
        ),
        ("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}", json!({})),
    ] {
        assert_eq!(facts(text), expected, "{text}");
    }
}
