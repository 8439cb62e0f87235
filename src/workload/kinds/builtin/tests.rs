//! The table against what Kubernetes' kinds are.

use super::*;
use crate::workload::kinds::Kinds;

/// What each kind with a fact of its own is, kinds of one answer together; the embedded
/// discovery is gone through, so that a kind that is not named here has the fact of no other.
fn kinds_with(fact: impl Fn(&BuiltinKind) -> bool) -> Vec<String> {
    let kinds = Kinds::builtin();
    let all = kinds.iter().map(|(group, kind, _)| ObjectId::new(group, kind, None, "x"));
    all.filter(|id| fact(builtin_kind(id))).map(|id| id.group_kind().to_string()).collect()
}

#[test]
fn every_kind_has_the_facts_that_kubernetes_gives_it() {
    let has = |wanted: Trait| move |row: &BuiltinKind| row.is(wanted);
    let at = |place| move |row: &BuiltinKind| row.pod_template == place;
    assert_eq!(kinds_with(at(Some(""))), ["Pod"]);
    assert_eq!(
        kinds_with(at(TEMPLATE)),
        [
            "ReplicationController",
            "DaemonSet.apps",
            "Deployment.apps",
            "ReplicaSet.apps",
            "StatefulSet.apps",
            "Job.batch"
        ]
    );
    assert_eq!(kinds_with(at(JOB_TEMPLATE)), ["CronJob.batch"]);
    assert_eq!(
        kinds_with(has(Scaled)),
        ["ReplicationController", "Deployment.apps", "ReplicaSet.apps", "StatefulSet.apps"]
    );
    assert_eq!(
        kinds_with(has(Restarted)),
        ["DaemonSet.apps", "Deployment.apps", "StatefulSet.apps", "Job.batch"]
    );
    assert_eq!(
        kinds_with(has(FixedSpec)),
        ["PersistentVolume", "PersistentVolumeClaim", "Pod", "Job.batch"]
    );
    assert_eq!(kinds_with(has(ClaimTemplates)), ["StatefulSet.apps"]);
    assert_eq!(kinds_with(has(Readopting)), ["StatefulSet.apps"]);
    assert_eq!(
        kinds_with(has(GovernsPods)),
        ["LimitRange", "ResourceQuota", "NetworkPolicy.networking.k8s.io"]
    );
    assert_eq!(
        kinds_with(has(Precious)),
        ["Namespace", "PersistentVolumeClaim", "CustomResourceDefinition.apiextensions.k8s.io"]
    );
}

#[test]
fn what_has_no_dependents_is_known_by_group_but_in_the_core() {
    let groups =
        [RBAC, "networking.k8s.io", ADMISSION, "apiextensions.k8s.io", "policy", "autoscaling"];
    let core = [
        "ConfigMap",
        "Secret",
        "ServiceAccount",
        "Service",
        "Namespace",
        "PersistentVolumeClaim",
        "LimitRange",
        "ResourceQuota",
        "Pod",
        "Endpoints",
    ];
    for (group, kind, _) in Kinds::builtin().iter() {
        let id = ObjectId::new(group, kind, None, "x");
        let expected = groups.contains(&group) || (group.is_empty() && core.contains(&kind));
        assert_eq!(builtin_kind(&id).is(NoDependents), expected, "{kind}.{group}");
    }
    for group in groups {
        assert!(builtin_kind(&ObjectId::new(group, "Newer", None, "x")).is(NoDependents));
    }
    assert!(!builtin_kind(&ObjectId::new("x.com", "Pod", None, "x")).is(NoDependents));
}

#[test]
fn waves_of_deletion_are_known_by_group_and_kind() {
    for (group, kind, _) in Kinds::builtin().iter() {
        let expected = match (group, kind) {
            ("", "Namespace") => DeletionWave::Namespaces,
            ("apiextensions.k8s.io", "CustomResourceDefinition") => DeletionWave::Definitions,
            (ADMISSION, _) => DeletionWave::Admission,
            ("apiregistration.k8s.io", "APIService") => DeletionWave::ApiServices,
            ("apps" | "batch" | "autoscaling" | "policy", _)
            | ("", "Pod" | "ReplicationController" | "PodTemplate")
            | ("networking.k8s.io", "Ingress") => DeletionWave::Workloads,
            _ => DeletionWave::Configuration,
        };
        let id = ObjectId::new(group, kind, None, "x");
        assert_eq!(builtin_kind(&id).deletion, expected, "{kind}.{group}");
    }
}

#[test]
fn texts_are_asked_of_data_and_selectors() {
    for (group, kind, _) in Kinds::builtin().iter() {
        let expected: &[&[&str]] = match (group, kind) {
            ("", "ConfigMap") => &[&["data"], &["binaryData"]],
            ("", "Secret") => &[&["data"], &["stringData"]],
            ("", "Service" | "ReplicationController") => &[&["spec", "selector"]],
            ("apps", _) | ("batch", "Job") => &[&["spec", "selector", "matchLabels"]],
            _ => &[],
        };
        let row = builtin_kind(&ObjectId::new(group, kind, None, "x"));
        let paths: Vec<&[&str]> = row.text_maps.iter().map(|map| map.path).collect();
        assert_eq!(paths, expected, "{kind}.{group}");
    }
}

#[test]
fn a_row_of_a_kind_comes_before_that_of_its_group() {
    for (index, row) in TABLE.iter().enumerate() {
        let twice = TABLE[..index].iter().any(|it| (it.group, it.kind) == (row.group, row.kind));
        assert!(!twice, "{}.{}", row.kind, row.group);
    }
}
