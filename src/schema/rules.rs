//! What makes an object of a built-in kind invalid by itself: names, required fields, references
//! between fields. The causes have the API server's words and paths. An object is judged in the
//! server's own form, with its defaults.

use std::fmt::Display;

use serde_json::{Value, json};

mod cron;
mod extensions;
mod field_error;
mod names;
mod network;
mod pods;
mod workloads;

pub(crate) use field_error::FieldError;
pub(crate) use names::{SUBDOMAIN, is_subdomain, label_fault, labels, metadata, qualified_fault};

/// The type of a Secret that holds the token of a service account.
pub(crate) const TOKEN: &str = "kubernetes.io/service-account-token";

/// Finds the faults of an object's content; `is_new` says that it is to be created.
// Each kind's rules are those of `pkg/apis/*/validation` in Kubernetes, as far as manifests of
// workloads meet them; the order of the causes is theirs, too.
pub(crate) fn content(
    group: &str,
    kind: &str,
    object: &Value,
    is_new: bool,
    causes: &mut Vec<FieldError>,
) {
    match (group, kind) {
        ("", "ConfigMap") => {
            names::data_keys(object, causes);
            total_size(object, causes);
        }
        ("", "Secret") => {
            names::data_keys(object, causes);
            total_size(object, causes);
            typed_secret(object, causes);
        }
        ("", "Service") => network::service(object, causes),
        ("", "Pod") => pods::spec(&object["spec"], &"spec", "Always", &[], causes),
        ("", "PersistentVolumeClaim") => workloads::claim(object, causes),
        ("apps", "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet") => {
            workloads::workload(kind, object, causes);
        }
        ("apps", "ControllerRevision") if object["data"].is_null() => {
            causes.push(FieldError::required("data", "data is mandatory"));
        }
        ("batch", "Job") => workloads::job(object, causes),
        ("batch", "CronJob") => workloads::cron_job(object, is_new, causes),
        ("networking.k8s.io", "Ingress") => network::ingress(object, causes),
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => {
            workloads::role_ref(object, causes);
        }
        ("apiextensions.k8s.io", "CustomResourceDefinition") => {
            extensions::definition(object, causes);
        }
        (
            "admissionregistration.k8s.io",
            "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration",
        ) => extensions::webhooks(object, causes),
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy") => {
            extensions::validating_policy(object, causes);
        }
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding") => {
            extensions::validating_binding(object, causes);
        }
        ("policy", "PodDisruptionBudget") => workloads::budget(object, causes),
        ("autoscaling", "HorizontalPodAutoscaler") => workloads::autoscaler(object, causes),
        ("storage.k8s.io", "StorageClass")
            if object["provisioner"].as_str().is_none_or(str::is_empty) =>
        {
            causes.push(FieldError::required("provisioner", ""));
        }
        _ => {}
    }
}

/// The keys that a Secret of a known type must have.
fn typed_secret(object: &Value, causes: &mut Vec<FieldError>) {
    let keys: &[&str] = match object["type"].as_str().unwrap_or_default() {
        "kubernetes.io/basic-auth" => {
            // One of the two is enough.
            let has = |key: &str| object["data"].get(key).is_some();
            if has("username") || has("password") { &[] } else { &["username", "password"] }
        }
        "kubernetes.io/dockercfg" => &[".dockercfg"],
        "kubernetes.io/dockerconfigjson" => &[".dockerconfigjson"],
        "kubernetes.io/ssh-auth" => &["ssh-privatekey"],
        "kubernetes.io/tls" => &["tls.crt", "tls.key"],
        TOKEN => {
            let name = "kubernetes.io/service-account.name";
            if object["metadata"]["annotations"][name].as_str().is_none_or(str::is_empty) {
                let field = format_args!("metadata.annotations[{name}]");
                causes.push(FieldError::required(field, ""));
            }
            &[]
        }
        _ => &[],
    };
    for key in keys {
        if object["data"].get(*key).is_none() {
            causes.push(FieldError::required(format_args!("data[{key}]"), ""));
        }
    }
}

/// All keys of a Secret or ConfigMap together hold at most 1 MiB.
fn total_size(object: &Value, causes: &mut Vec<FieldError>) {
    const LIMIT: usize = 1_048_576;
    let length = |field: &str| -> usize {
        let fields = object[field].as_object().into_iter().flatten();
        let encoded = field == "binaryData" || object["kind"] == "Secret";
        fields
            .filter_map(|(_, value)| value.as_str())
            .map(|text| {
                // The limit is on the decoded bytes; that they are base64 was seen before.
                let padding = text.bytes().rev().take_while(|byte| *byte == b'=').count();
                if encoded { text.len() / 4 * 3 - padding.min(2) } else { text.len() }
            })
            .sum()
    };
    if length("data") + length("binaryData") > LIMIT {
        let field = if object["kind"] == "Secret" { "data" } else { "" };
        causes.push(FieldError::too_long(field, LIMIT));
    }
}

/// An enum field with one of the values that the server takes.
fn one_of(value: &Value, field: impl Display, allowed: &[&str], causes: &mut Vec<FieldError>) {
    if let Some(text) = value.as_str()
        && !allowed.contains(&text)
    {
        causes.push(FieldError::not_supported(field, &json!(text), allowed));
    }
}

fn not_negative(value: &Value, field: impl Display, causes: &mut Vec<FieldError>) {
    if value.as_i64().is_some_and(|number| number < 0) {
        causes.push(FieldError::invalid(field, value, "must be greater than or equal to 0"));
    }
}
