//! The defaults of built-in kinds that the published schemas have only in prose: one table of
//! plain ones, and the few that depend on other fields.

use std::{collections::HashMap, sync::LazyLock};

use serde_json::{Map, Value, json};

use crate::schema::{Schema, openapi::SchemaType};

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

static BY_TYPE: LazyLock<HashMap<&'static str, Vec<(&'static str, Value)>>> = LazyLock::new(|| {
    let mut rows: HashMap<&str, Vec<(&str, Value)>> = HashMap::new();
    for (kind, field, value) in TABLE {
        let value = serde_json::from_str(value).expect("the table holds JSON");
        rows.entry(kind).or_default().push((field, value));
    }
    rows
});

/// Fills in the defaults of an object of a built-in kind. The object stays in the server's form.
pub(super) fn apply(object: &mut Value, schema: &Schema, kind: &str) {
    walk(object, schema, kind);
    let Some(object) = object.as_object_mut() else { return };
    match kind {
        "Job" => job(object),
        "Pod" => pod(object),
        "Namespace" => {
            let name = object["metadata"]["name"].clone();
            if name.is_string() {
                fill(part(part(object, "metadata"), "labels"), "kubernetes.io/metadata.name", name);
            }
            fill(part(object, "status"), "phase", json!("Active"));
        }
        "PersistentVolumeClaim" | "PersistentVolume" => {
            fill(part(object, "status"), "phase", json!("Pending"));
        }
        "DaemonSet" => {
            let annotations = part(part(object, "metadata"), "annotations");
            fill(annotations, "deprecated.daemonset.template.generation", json!("0"));
        }
        "APIService" => {
            if let Some(Value::Object(service)) =
                object.get_mut("spec").and_then(|s| s.get_mut("service"))
            {
                fill(service, "port", json!(443));
            }
        }
        _ => {}
    }
}

fn walk(value: &mut Value, schema: &Schema, name: &str) {
    let resolved = schema.resolved();
    match (resolved.kind, value) {
        (SchemaType::Object, Value::Object(fields)) => {
            for (field, default) in BY_TYPE.get(name).into_iter().flatten() {
                fill(fields, field, default.clone());
            }
            published(fields, resolved);
            dependent(fields, name);
            for (field, value) in fields.iter_mut() {
                if let Some(schema) = resolved.field(field) {
                    walk(value, schema, schema.go_name());
                }
            }
        }
        (SchemaType::Array, Value::Array(items)) => {
            if let Some(schema) = resolved.item() {
                for item in items {
                    walk(item, schema, schema.go_name());
                }
            }
        }
        _ => {}
    }
}

/// The defaults that the schema does state; zero values mean nothing there.
fn published(fields: &mut Map<String, Value>, schema: &Schema) {
    for (name, field) in &schema.properties {
        match &field.default {
            Some(Value::String(text)) if !text.is_empty() => fill(fields, name, json!(text)),
            _ => {}
        }
    }
}

fn fill(fields: &mut Map<String, Value>, name: &str, value: Value) {
    if fields.get(name).is_none_or(|known| known.is_null() || *known == "") {
        fields.insert(name.to_owned(), value);
    }
}

/// The object below a field, made if need be.
fn part<'a>(fields: &'a mut Map<String, Value>, name: &str) -> &'a mut Map<String, Value> {
    let value = fields.entry(name).or_insert_with(|| json!({}));
    if !value.is_object() {
        *value = json!({});
    }
    value.as_object_mut().expect("it was just made one")
}

fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> &'a str {
    fields.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn dependent(fields: &mut Map<String, Value>, name: &str) {
    match name {
        "Container" | "EphemeralContainer" => {
            let image = text(fields, "image").to_owned();
            if !image.is_empty() || name == "Container" {
                let policy = if is_latest(&image) { "Always" } else { "IfNotPresent" };
                fill(fields, "imagePullPolicy", json!(policy));
            }
        }
        "PodSpec" => pod_spec(fields),
        "Volume" if fields.len() == 1 => fill(fields, "emptyDir", json!({})),
        "DeploymentStrategy" => {
            fill(fields, "type", json!("RollingUpdate"));
            if text(fields, "type") == "RollingUpdate" {
                let rolling = part(fields, "rollingUpdate");
                fill(rolling, "maxUnavailable", json!("25%"));
                fill(rolling, "maxSurge", json!("25%"));
            }
        }
        "StatefulSetUpdateStrategy" => {
            if text(fields, "type").is_empty() {
                fill(fields, "type", json!("RollingUpdate"));
                part(fields, "rollingUpdate");
            }
            let rolling = text(fields, "type") == "RollingUpdate";
            if rolling && fields.contains_key("rollingUpdate") {
                fill(part(fields, "rollingUpdate"), "partition", json!(0));
            }
        }
        "DaemonSetUpdateStrategy" => {
            fill(fields, "type", json!("RollingUpdate"));
            if text(fields, "type") == "RollingUpdate" {
                fill(part(fields, "rollingUpdate"), "maxUnavailable", json!(1));
            }
            if fields.contains_key("rollingUpdate") {
                let rolling = part(fields, "rollingUpdate");
                fill(rolling, "maxUnavailable", json!(0));
                fill(rolling, "maxSurge", json!(0));
            }
        }
        "StatefulSetSpec" => {
            let claims = fields.get_mut("volumeClaimTemplates").and_then(Value::as_array_mut);
            for claim in claims.into_iter().flatten().filter_map(Value::as_object_mut) {
                fill(claim, "apiVersion", json!("v1"));
                fill(claim, "kind", json!("PersistentVolumeClaim"));
                fill(part(claim, "status"), "phase", json!("Pending"));
            }
        }
        "ServiceSpec" => service(fields),
        "Subject" => {
            let group = match text(fields, "kind") {
                "User" | "Group" => "rbac.authorization.k8s.io",
                _ => return,
            };
            fill(fields, "apiGroup", json!(group));
        }
        "NetworkPolicySpec" => {
            let egress =
                fields.get("egress").and_then(Value::as_array).is_some_and(|e| !e.is_empty());
            let types = if egress { json!(["Ingress", "Egress"]) } else { json!(["Ingress"]) };
            fill(fields, "policyTypes", types);
        }
        "WebhookClientConfig" => {
            if let Some(Value::Object(service)) = fields.get_mut("service") {
                fill(service, "port", json!(443));
            }
        }
        "CustomResourceDefinitionSpec" => {
            let names = part(fields, "names");
            let kind = text(names, "kind").to_owned();
            fill(names, "singular", json!(kind.to_lowercase()));
            if !kind.is_empty() {
                fill(names, "listKind", json!(format!("{kind}List")));
            }
        }
        "HorizontalPodAutoscalerSpec" if fields.contains_key("scaleTargetRef") => {
            let metric = json!([{"type": "Resource", "resource": {
                "name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}}]);
            if fields.get("targetCPUUtilizationPercentage").is_none() {
                fill(fields, "metrics", metric);
            }
        }
        _ => {}
    }
}

/// Tells whether an image reference has no tag or the tag `latest`, and no digest.
fn is_latest(image: &str) -> bool {
    if image.contains('@') {
        return false;
    }
    let last = image.rsplit('/').next().unwrap_or_default();
    match last.split_once(':') {
        Some((_, tag)) => tag == "latest",
        None => true,
    }
}

fn pod_spec(fields: &mut Map<String, Value>) {
    // The old name of the field follows the new one.
    let account = match text(fields, "serviceAccountName") {
        "" => text(fields, "serviceAccount").to_owned(),
        name => name.to_owned(),
    };
    if !account.is_empty() {
        fields.insert("serviceAccountName".into(), json!(account));
        fields.insert("serviceAccount".into(), json!(account));
    }
}

fn service(fields: &mut Map<String, Value>) {
    let kind = text(fields, "type").to_owned();
    if text(fields, "sessionAffinity") == "ClientIP" {
        let affinity = part(fields, "sessionAffinityConfig");
        fill(part(affinity, "clientIP"), "timeoutSeconds", json!(10800));
    }
    if text(fields, "sessionAffinity") == "None" {
        fields.remove("sessionAffinityConfig");
    }
    if kind == "NodePort" || kind == "LoadBalancer" {
        fill(fields, "externalTrafficPolicy", json!("Cluster"));
    }
    if kind == "LoadBalancer" {
        fill(fields, "allocateLoadBalancerNodePorts", json!(true));
    }
    if kind != "ExternalName" {
        fill(fields, "internalTrafficPolicy", json!("Cluster"));
    }
    for port in fields.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten() {
        let number = port["port"].clone();
        let unset = |port: &Value| {
            port.get("targetPort").is_none_or(|target| *target == json!(0) || *target == json!(""))
        };
        if unset(port) {
            port["targetPort"] = number;
        }
    }
}

fn job(object: &mut Map<String, Value>) {
    let spec = part(object, "spec");
    if spec.get("completions").is_none() && spec.get("parallelism").is_none() {
        fill(spec, "completions", json!(1));
    }
    fill(spec, "parallelism", json!(1));
    let limit = if spec.contains_key("backoffLimitPerIndex") { i32::MAX } else { 6 };
    fill(spec, "backoffLimit", json!(limit));
    fill(spec, "completionMode", json!("NonIndexed"));
    fill(spec, "suspend", json!(false));
    fill(spec, "manualSelector", json!(false));
    let replacement =
        if spec.contains_key("podFailurePolicy") { "Failed" } else { "TerminatingOrFailed" };
    fill(spec, "podReplacementPolicy", json!(replacement));
}

fn pod(object: &mut Map<String, Value>) {
    let spec = part(object, "spec");
    fill(spec, "enableServiceLinks", json!(true));
    host_ports(spec);
    let containers = spec.get_mut("containers").and_then(Value::as_array_mut);
    for container in containers.into_iter().flatten() {
        let Some(Value::Object(limits)) = container.pointer("/resources/limits").cloned() else {
            continue;
        };
        if let Some(resources) = container.get_mut("resources").and_then(Value::as_object_mut) {
            let requests = part(resources, "requests");
            for (name, amount) in limits {
                fill(requests, &name, amount);
            }
        }
    }
}

/// `stringData` is only for writing: it ends in `data`.
pub(super) fn secret(object: &mut Value) {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let Some(fields) = object.as_object_mut() else { return };
    let Some(Value::Object(texts)) = fields.remove("stringData") else { return };
    let data = fields.entry("data").or_insert_with(|| json!({}));
    for (key, text) in texts {
        data[key] = json!(STANDARD.encode(text.as_str().unwrap_or_default()));
    }
}

/// Pods on the node's network take its ports; their templates do not say so yet.
fn host_ports(fields: &mut Map<String, Value>) {
    if fields.get("hostNetwork") != Some(&json!(true)) {
        return;
    }
    let containers = fields.get_mut("containers").and_then(Value::as_array_mut);
    for container in containers.into_iter().flatten() {
        for port in container.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten() {
            let number = port["containerPort"].clone();
            if let Value::Object(port) = port {
                fill(port, "hostPort", number);
            }
        }
    }
}
