//! The defaults of built-in types that depend on other fields of the same type
//! (`SetDefaults_*` in `pkg/apis/*/*/defaults.go`).

use serde_json::{Map, Value, json};

use super::{Schema, fill, part, text};

/// Fills in what depends on other fields of a type, given by its Go name.
pub(super) fn apply(fields: &mut Map<String, Value>, schema: &Schema, name: &str) {
    match name {
        "Container" | "EphemeralContainer" => pull_policy(fields, name),
        "PodSpec" => service_account(fields),
        // Only its name is given, no source.
        "Volume" if fields.len() == 1 => fill(fields, "emptyDir", || json!({})),
        "DeploymentStrategy" => deployment_strategy(fields),
        "StatefulSetUpdateStrategy" => stateful_set_strategy(fields),
        "DaemonSetUpdateStrategy" => daemon_set_strategy(fields),
        "ReplicationController" => replication_controller(fields),
        "StatefulSetSpec" => claim_templates(fields),
        "ServiceSpec" => service(fields),
        "Subject"
            if matches!(text(fields, "kind"), "User" | "Group")
                // Those of a FlowSchema have none.
                && schema.properties.contains_key("apiGroup") =>
        {
            fill(fields, "apiGroup", || json!("rbac.authorization.k8s.io"));
        }
        "NetworkPolicySpec" => {
            let egress =
                fields.get("egress").and_then(Value::as_array).is_some_and(|e| !e.is_empty());
            let types = if egress { json!(["Ingress", "Egress"]) } else { json!(["Ingress"]) };
            fill(fields, "policyTypes", || types);
        }
        "WebhookClientConfig" => {
            if let Some(Value::Object(service)) = fields.get_mut("service") {
                fill(service, "port", || json!(443));
            }
        }
        "CustomResourceDefinitionSpec" => definition_names(part(fields, "names")),
        "HorizontalPodAutoscalerSpec"
            if fields.contains_key("scaleTargetRef")
                // v1 names the share itself.
                && schema.properties.contains_key("metrics") =>
        {
            let metric = || {
                json!([{"type": "Resource", "resource": {
                "name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}}])
            };
            fill(fields, "metrics", metric);
        }
        _ => {}
    }
}

/// What it selects, and its own labels, are those of its pods where nobody says.
fn replication_controller(fields: &mut Map<String, Value>) {
    let labels = fields.get("spec").and_then(|spec| spec.pointer("/template/metadata/labels"));
    let Some(labels @ Value::Object(_)) = labels.cloned() else { return };
    for (place, field) in [("spec", "selector"), ("metadata", "labels")] {
        let place = part(fields, place);
        if place.get(field).and_then(Value::as_object).is_none_or(Map::is_empty) {
            place.insert(field.to_owned(), labels.clone());
        }
    }
}

fn pull_policy(fields: &mut Map<String, Value>, name: &str) {
    let image = text(fields, "image");
    if !image.is_empty() || name == "Container" {
        let policy = if is_latest(image) { "Always" } else { "IfNotPresent" };
        fill(fields, "imagePullPolicy", || json!(policy));
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

fn service_account(fields: &mut Map<String, Value>) {
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

fn deployment_strategy(fields: &mut Map<String, Value>) {
    fill(fields, "type", || json!("RollingUpdate"));
    if text(fields, "type") == "RollingUpdate" {
        let rolling = part(fields, "rollingUpdate");
        fill(rolling, "maxUnavailable", || json!("25%"));
        fill(rolling, "maxSurge", || json!("25%"));
    }
}

fn stateful_set_strategy(fields: &mut Map<String, Value>) {
    if text(fields, "type").is_empty() {
        fill(fields, "type", || json!("RollingUpdate"));
        part(fields, "rollingUpdate");
    }
    // A type that was given alone gets no parameters.
    if text(fields, "type") == "RollingUpdate" && fields.contains_key("rollingUpdate") {
        fill(part(fields, "rollingUpdate"), "partition", || json!(0));
    }
}

fn daemon_set_strategy(fields: &mut Map<String, Value>) {
    fill(fields, "type", || json!("RollingUpdate"));
    if text(fields, "type") == "RollingUpdate" {
        fill(part(fields, "rollingUpdate"), "maxUnavailable", || json!(1));
    }
    if fields.contains_key("rollingUpdate") {
        let rolling = part(fields, "rollingUpdate");
        fill(rolling, "maxUnavailable", || json!(0));
        fill(rolling, "maxSurge", || json!(0));
    }
}

fn claim_templates(fields: &mut Map<String, Value>) {
    let claims = fields.get_mut("volumeClaimTemplates").and_then(Value::as_array_mut);
    for claim in claims.into_iter().flatten().filter_map(Value::as_object_mut) {
        fill(claim, "apiVersion", || json!("v1"));
        fill(claim, "kind", || json!("PersistentVolumeClaim"));
        fill(part(claim, "status"), "phase", || json!("Pending"));
    }
}

fn definition_names(names: &mut Map<String, Value>) {
    let kind = text(names, "kind").to_owned();
    if !kind.is_empty() {
        fill(names, "singular", || json!(kind.to_lowercase()));
        fill(names, "listKind", || json!(format!("{kind}List")));
    }
}

fn service(fields: &mut Map<String, Value>) {
    let kind = text(fields, "type").to_owned();
    if text(fields, "sessionAffinity") == "ClientIP" {
        let affinity = part(fields, "sessionAffinityConfig");
        fill(part(affinity, "clientIP"), "timeoutSeconds", || json!(10800));
    }
    if text(fields, "sessionAffinity") == "None" {
        fields.remove("sessionAffinityConfig");
    }
    if kind == "NodePort" || kind == "LoadBalancer" {
        fill(fields, "externalTrafficPolicy", || json!("Cluster"));
    }
    if kind == "LoadBalancer" {
        fill(fields, "allocateLoadBalancerNodePorts", || json!(true));
    }
    if kind != "ExternalName" {
        fill(fields, "internalTrafficPolicy", || json!("Cluster"));
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
