//! What the cluster itself does with objects, in the sandbox as on a server.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use workloadctl::testing::Request;

use crate::harness::Place;

/// What a real server says of times of leases, and which names it takes for which kinds.
const EXPECTED: &str = r#"2026-01-02T03:04:05Z: Lease in version "v1" cannot be handled as a Lease: parsing time "2026-01-02T03:04:05Z" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "Z" as ".000000"
2026-01-02T03:04:05.123Z: Lease in version "v1" cannot be handled as a Lease: parsing time "2026-01-02T03:04:05.123Z" as "2006-01-02T15:04:05.000000Z07:00": cannot parse ".123Z" as ".000000"
2026-01-02T03:04:05.123456Z: made
2026-01-02: Lease in version "v1" cannot be handled as a Lease: parsing time "2026-01-02" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "" as "T"
soon: Lease in version "v1" cannot be handled as a Lease: parsing time "soon" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "soon" as "2006"
CronJob: a.b
PriorityClass: long a.b
Lease: long a.b
IngressClass: long a.b
ServiceAccount: long a.b
ResourceQuota: long a.b
ControllerRevision:
PersistentVolumeClaim: long a.b
ReplicationController: long a.b
"#;

const ROLES: &str = "/apis/rbac.authorization.k8s.io/v1/clusterroles";

fn post(place: &Place, path: &str, body: &Value) -> String {
    match place.call(Request::json(Method::POST, path, body)) {
        Ok(_) => "made".to_owned(),
        Err(failure) => failure.message(),
    }
}

on_both! {
    fn an_aggregated_role_is_filled(place) {
        let (whole, part) = (format!("{}-whole", place.instance("")), format!("{}-part", place.instance("")));
        let role = |name: &str, rest: Value| {
            let mut body = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": name}});
            workloadctl::testing::merge::json(&mut body, &rest);
            body
        };
        let rule = json!({"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]});
        let selectors = json!([{"matchLabels": {"of": whole}}]);
        assert_eq!(post(place, ROLES, &role(&whole, json!({"aggregationRule": {"clusterRoleSelectors": selectors}}))), "made");
        assert_eq!(post(place, ROLES, &role(&part, json!({"metadata": {"labels": {"of": whole}}, "rules": [rule]}))), "made");
        let filled = || place.get(&format!("{ROLES}/{whole}")).unwrap();
        place.until("its rules", Duration::from_secs(20), || filled()["rules"] == json!([rule]));
        let entries = filled()["metadata"]["managedFields"].as_array().unwrap().iter()
            .map(|entry| (entry["manager"] == "clusterrole-aggregation-controller", entry["operation"].clone(), entry["fieldsV1"]["f:rules"].clone()))
            .find(|(theirs, ..)| *theirs);
        assert_eq!(entries, Some((true, json!("Apply"), json!({}))));
        for name in [&whole, &part] {
            place.call(Request::json(Method::DELETE, format!("{ROLES}/{name}"), &json!({}))).unwrap();
        }
    }

    fn a_token_without_an_account_is_removed(place) {
        let name = format!("{}-token", place.instance(""));
        let secrets = "/api/v1/namespaces/default/secrets";
        let body = json!({"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/service-account-token",
            "metadata": {"name": name, "annotations": {"kubernetes.io/service-account.name": "nobody"}}});
        assert_eq!(post(place, secrets, &body), "made");
        place.until("the end of the token", Duration::from_secs(30), || place.get(&format!("{secrets}/{name}")).is_none());
    }

    fn times_and_names_are_checked_alike(place) {
        let mut told = String::new();
        for time in ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05.123Z", "2026-01-02T03:04:05.123456Z", "2026-01-02", "soon"] {
            let name = format!("{}-lease", place.instance(""));
            let body = json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": name}, "spec": {"renewTime": time}});
            let path = "/apis/coordination.k8s.io/v1/namespaces/default/leases";
            let said = post(place, path, &body);
            told += &format!("{time}: {said}\n");
            if said == "made" {
                place.call(Request::json(Method::DELETE, format!("{path}/{name}"), &json!({}))).unwrap();
            }
        }
        let long = "a".repeat(60);
        for (api, kind, plural, rest) in [
            ("batch/v1", "CronJob", "namespaces/default/cronjobs", json!({"spec": {"schedule": "* * * * *", "jobTemplate": {"spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "c:1"}]}}}}}})),
            ("scheduling.k8s.io/v1", "PriorityClass", "priorityclasses", json!({"value": 1})),
            ("coordination.k8s.io/v1", "Lease", "namespaces/default/leases", json!({})),
            ("networking.k8s.io/v1", "IngressClass", "ingressclasses", json!({"spec": {"controller": "a.example/b"}})),
            ("v1", "ServiceAccount", "namespaces/default/serviceaccounts", json!({})),
            ("v1", "ResourceQuota", "namespaces/default/resourcequotas", json!({})),
            ("apps/v1", "ControllerRevision", "namespaces/default/controllerrevisions", json!({"revision": 1})),
            ("v1", "PersistentVolumeClaim", "namespaces/default/persistentvolumeclaims", json!({"spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}})),
            ("v1", "ReplicationController", "namespaces/default/replicationcontrollers", json!({"spec": {"template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "c:1"}]}}}})),
        ] {
            let prefix = if api == "v1" { "/api/v1".to_owned() } else { format!("/apis/{api}") };
            told += &format!("{kind}:");
            for name in [&*long, "a_b", "a.b", "A", "a:b"] {
                let mut body = json!({"apiVersion": api, "kind": kind, "metadata": {"name": name}});
                workloadctl::testing::merge::json(&mut body, &rest);
                let said = post(place, &format!("{prefix}/{plural}?dryRun=All"), &body);
                if said == "made" {
                    told += &format!(" {}", if name == long { "long" } else { name });
                }
            }
            told += "\n";
        }
        assert_eq!(told, EXPECTED);
    }
}
