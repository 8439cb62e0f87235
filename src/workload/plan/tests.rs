//! The decision about one object, and what makes a release.

use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::workload::{object::Origin, ownership::Seen};

const MANAGER: &str = "workloadctl:ns/web";

fn desired(kind: &str, api: &str, namespace: Option<&str>) -> Desired {
    Desired::new(
        json!({"apiVersion": api, "kind": kind, "metadata": {"name": "x", "namespace": namespace}}),
        Some(Origin::line("a.yaml", 1)),
    )
}

fn live(managers: &[(&str, &str)]) -> Value {
    let fields: Vec<Value> = managers
        .iter()
        .map(|(manager, operation)| json!({"manager": manager, "operation": operation}))
        .collect();
    json!({"metadata": {"uid": "u", "resourceVersion": "5", "managedFields": fields}})
}

fn entry(desired: &Desired, live: &Value) -> Entry {
    Entry {
        id: desired.id.clone(),
        version: desired.version.clone(),
        uid: Some("u".into()),
        body: Some(desired.digest.clone()),
        seen: Seen::of(live, MANAGER, &desired.body).map(Arc::new),
        wanted: true,
        keep: false,
        completed: false,
        hook: false,
        orphans: Vec::new(),
        yielded: Vec::new(),
        unsettled: None,
        content: None,
    }
}

#[test]
fn decides_by_ownership_and_by_the_rule() {
    let secret = desired("Secret", "v1", Some("ns"));
    let ours = live(&[(MANAGER, "Apply")]);
    let known = entry(&secret, &ours);
    let none = Choices::default();
    let adopt = Choices { adopt: true, ..none };
    let foreign = live(&[("kubectl-create", "Update")]);
    let mut moved = ours.clone();
    moved["metadata"]["resourceVersion"] = json!("6");
    let mut terminating = ours.clone();
    terminating["metadata"]["deletionTimestamp"] = json!("now");
    let mut other = known.clone();
    other.body = Some("other".into());
    let uid = || "u".to_owned();
    assert_eq!(decide(&secret, None, None, MANAGER, none), Decision::Create { after: None });
    assert_eq!(decide(&secret, Some(&known), Some(&ours), MANAGER, none), Decision::Unchanged);
    assert_eq!(
        decide(&secret, Some(&known), Some(&moved), MANAGER, none),
        Decision::Ask { uid: uid() }
    );
    assert_eq!(
        decide(&secret, Some(&other), Some(&ours), MANAGER, none),
        Decision::Update { uid: uid() }
    );
    assert_eq!(decide(&secret, None, Some(&ours), MANAGER, none), Decision::Ask { uid: uid() });
    assert_eq!(
        decide(&secret, Some(&known), Some(&terminating), MANAGER, none),
        Decision::Create { after: Some(uid()) }
    );
    assert!(matches!(
        decide(&secret, None, Some(&foreign), MANAGER, none),
        Decision::Blocked { by: Block::NotOurs, why } if why == "it exists and is not ours: made by kubectl-create"
    ));
    assert_eq!(
        decide(&secret, None, Some(&foreign), MANAGER, adopt),
        Decision::Adopt { uid: uid() }
    );
}

#[test]
fn cluster_scoped_objects_of_other_instances_are_shared_and_namespaced_ones_are_not() {
    let theirs = live(&[("workloadctl:b/b", "Apply")]);
    let choices = Choices { adopt: true, ..Choices::default() };
    let role = desired("ClusterRole", "rbac.authorization.k8s.io/v1", None);
    assert_eq!(
        decide(&role, None, Some(&theirs), MANAGER, choices),
        Decision::Update { uid: "u".into() }
    );
    let secret = desired("Secret", "v1", Some("ns"));
    assert!(matches!(
        decide(&secret, None, Some(&theirs), MANAGER, choices),
        Decision::Blocked { by: Block::OtherInstance, why } if why.contains("b/b")
    ));
}

#[test]
fn jobs_run_once_per_body() {
    let mut body = desired("Job", "batch/v1", Some("ns")).body;
    let job = Desired::new(body.clone(), None);
    body["spec"] = json!({"ttlSecondsAfterFinished": 0});
    let passing = Desired::new(body, None);
    let ours = live(&[(MANAGER, "Apply")]);
    let mut known = entry(&job, &ours);
    let none = Choices::default();
    assert_eq!(decide(&job, Some(&known), Some(&ours), MANAGER, none), Decision::Unchanged);
    let mut failed = ours.clone();
    failed["status"] = json!({"conditions": [{"type": "Failed", "status": "True"}]});
    assert!(matches!(
        decide(&job, Some(&known), Some(&failed), MANAGER, none),
        Decision::Recreate { .. }
    ));
    assert_eq!(decide(&job, Some(&known), None, MANAGER, none), Decision::Create { after: None });
    known.completed = true;
    assert_eq!(
        decide(&job, Some(&known), None, MANAGER, none),
        Decision::Create { after: None },
        "somebody deleted it"
    );
    let completed = Entry { completed: true, ..entry(&passing, &ours) };
    assert_eq!(decide(&passing, Some(&completed), None, MANAGER, none), Decision::Unchanged);
    known.body = Some("old".into());
    assert_eq!(
        decide(&job, Some(&known), Some(&ours), MANAGER, none),
        Decision::Ask { uid: "u".into() }
    );
}

#[test]
fn what_only_a_server_sets_is_not_sent() {
    let body = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {
        "name": "x", "uid": "u", "resourceVersion": "1", "creationTimestamp": null,
        "annotations": {"helm.sh/resource-policy": "keep"}}});
    let desired = Desired::new(body, None);
    assert_eq!(
        desired.body["metadata"],
        json!({"name": "x", "annotations": {"helm.sh/resource-policy": "keep"}})
    );
    assert!(desired.keep);
}
