//! The plain defaults of built-in types, from `pkg/apis/*/*/defaults.go` in Kubernetes: one
//! line each.

use std::{collections::HashMap, sync::LazyLock};

use serde_json::Value;

/// Type, field, default as JSON. A field that has the value already, whatever it is, keeps it.
const TABLE: &[(&str, &str, &str)] = &[
    ("ConfigMapVolumeSource", "defaultMode", "420"),
    ("Container", "terminationMessagePath", "\"/dev/termination-log\""),
    ("Container", "terminationMessagePolicy", "\"File\""),
    ("CronJobSpec", "concurrencyPolicy", "\"Allow\""),
    ("CronJobSpec", "failedJobsHistoryLimit", "1"),
    ("CronJobSpec", "successfulJobsHistoryLimit", "3"),
    ("CronJobSpec", "suspend", "false"),
    ("CustomResourceDefinitionSpec", "conversion", "{\"strategy\":\"None\"}"),
    ("DaemonSetSpec", "revisionHistoryLimit", "10"),
    ("DeploymentSpec", "progressDeadlineSeconds", "600"),
    ("DeploymentSpec", "replicas", "1"),
    ("DeploymentSpec", "revisionHistoryLimit", "10"),
    ("DownwardAPIVolumeSource", "defaultMode", "420"),
    ("EphemeralContainer", "terminationMessagePath", "\"/dev/termination-log\""),
    ("EphemeralContainer", "terminationMessagePolicy", "\"File\""),
    ("GRPCAction", "service", "\"\""),
    ("HTTPGetAction", "path", "\"/\""),
    ("HTTPGetAction", "scheme", "\"HTTP\""),
    ("HorizontalPodAutoscalerSpec", "minReplicas", "1"),
    ("HostPathVolumeSource", "type", "\"\""),
    ("MutatingWebhook", "failurePolicy", "\"Fail\""),
    ("MutatingWebhook", "matchPolicy", "\"Equivalent\""),
    ("MutatingWebhook", "namespaceSelector", "{}"),
    ("MutatingWebhook", "objectSelector", "{}"),
    ("MutatingWebhook", "reinvocationPolicy", "\"Never\""),
    ("MutatingWebhook", "timeoutSeconds", "10"),
    ("NetworkPolicyPort", "protocol", "\"TCP\""),
    ("ObjectFieldSelector", "apiVersion", "\"v1\""),
    ("PersistentVolumeClaimSpec", "volumeMode", "\"Filesystem\""),
    ("PersistentVolumeSpec", "persistentVolumeReclaimPolicy", "\"Retain\""),
    ("PersistentVolumeSpec", "volumeMode", "\"Filesystem\""),
    ("PodSpec", "dnsPolicy", "\"ClusterFirst\""),
    ("PodSpec", "restartPolicy", "\"Always\""),
    ("PodSpec", "schedulerName", "\"default-scheduler\""),
    ("PodSpec", "securityContext", "{}"),
    ("PodSpec", "terminationGracePeriodSeconds", "30"),
    ("PriorityClass", "preemptionPolicy", "\"PreemptLowerPriority\""),
    ("Probe", "failureThreshold", "3"),
    ("Probe", "periodSeconds", "10"),
    ("Probe", "successThreshold", "1"),
    ("Probe", "timeoutSeconds", "1"),
    ("ProjectedVolumeSource", "defaultMode", "420"),
    ("ReplicaSetSpec", "replicas", "1"),
    ("ReplicationControllerSpec", "replicas", "1"),
    ("RoleRef", "apiGroup", "\"rbac.authorization.k8s.io\""),
    ("Secret", "type", "\"Opaque\""),
    ("SecretVolumeSource", "defaultMode", "420"),
    ("ServiceAccountTokenProjection", "expirationSeconds", "3600"),
    ("ServiceSpec", "sessionAffinity", "\"None\""),
    ("ServiceSpec", "type", "\"ClusterIP\""),
    (
        "StatefulSetSpec",
        "persistentVolumeClaimRetentionPolicy",
        "{\"whenDeleted\":\"Retain\",\"whenScaled\":\"Retain\"}",
    ),
    ("StatefulSetSpec", "podManagementPolicy", "\"OrderedReady\""),
    ("StatefulSetSpec", "replicas", "1"),
    ("StatefulSetSpec", "revisionHistoryLimit", "10"),
    ("StorageClass", "reclaimPolicy", "\"Delete\""),
    ("StorageClass", "volumeBindingMode", "\"Immediate\""),
    ("ValidatingWebhook", "failurePolicy", "\"Fail\""),
    ("ValidatingWebhook", "matchPolicy", "\"Equivalent\""),
    ("ValidatingWebhook", "namespaceSelector", "{}"),
    ("ValidatingWebhook", "objectSelector", "{}"),
    ("ValidatingWebhook", "timeoutSeconds", "10"),
    ("RuleWithOperations", "scope", "\"*\""),
];

pub(super) static BY_TYPE: LazyLock<HashMap<&'static str, Vec<(&'static str, Value)>>> =
    LazyLock::new(|| {
        let mut rows: HashMap<&str, Vec<(&str, Value)>> = HashMap::new();
        for (kind, field, value) in TABLE {
            let value = serde_json::from_str(value).expect("the table holds JSON");
            rows.entry(kind).or_default().push((field, value));
        }
        rows
    });
