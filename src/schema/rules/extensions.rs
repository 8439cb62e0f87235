//! What makes the kinds invalid that extend the API server: definitions, webhooks and policies.

use serde_json::{Value, json};

use super::{FieldError, one_of};

fn required(value: &Value, field: &str, causes: &mut Vec<FieldError>) {
    if value.as_str().is_none_or(str::is_empty) {
        causes.push(FieldError::required(field, ""));
    }
}

fn is_empty(value: &Value) -> bool {
    value.as_array().is_none_or(Vec::is_empty)
}

pub(super) fn definition(object: &Value, causes: &mut Vec<FieldError>) {
    let spec = &object["spec"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let wanted = format!("{}.{}", text(&spec["names"]["plural"]), text(&spec["group"]));
    if text(&object["metadata"]["name"]) != wanted {
        causes.push(FieldError::invalid(
            "metadata.name",
            &object["metadata"]["name"],
            "must be spec.names.plural+\".\"+spec.group",
        ));
    }
    let versions = spec["versions"].as_array();
    required(&spec["group"], "spec.group", causes);
    if spec["scope"].as_str().is_none_or(str::is_empty) {
        causes.push(FieldError::required("spec.scope", ""));
    } else {
        one_of(&spec["scope"], "spec.scope", &["Cluster", "Namespaced"], causes);
    }
    let stored: Vec<&str> = versions
        .into_iter()
        .flatten()
        .filter(|version| version["storage"] == true)
        .filter_map(|version| version["name"].as_str())
        .collect();
    // Objects are stored in one version and converted from it.
    if stored.len() != 1 {
        let detail = "must have exactly one version marked as storage version";
        causes.push(FieldError::invalid("spec.versions", &spec["versions"], detail));
    }
    for name in ["plural", "singular", "kind", "listKind"] {
        // Singular and list kind follow from the kind.
        let follows = matches!(name, "singular" | "listKind")
            && spec["names"]["kind"].as_str().is_some_and(|kind| !kind.is_empty());
        if !follows {
            required(&spec["names"][name], &format!("spec.names.{name}"), causes);
        }
    }
    if versions.is_none_or(Vec::is_empty) {
        let detail = "must have at least one stored version";
        causes.push(FieldError::invalid("status.storedVersions", &Value::Null, detail));
    }
    for (index, version) in versions.into_iter().flatten().enumerate() {
        if !version["schema"]["openAPIV3Schema"].is_object() {
            let field = format!("spec.versions[{index}].schema.openAPIV3Schema");
            causes.push(FieldError::required(&field, "schemas are required"));
        }
        let field = format!("spec.versions[{index}].schema.openAPIV3Schema");
        types(&version["schema"]["openAPIV3Schema"], &field, causes);
    }
    if spec["preserveUnknownFields"] == true {
        let detail = "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in \
                      spec.versions[*].schema instead";
        causes.push(FieldError::invalid("spec.preserveUnknownFields", &json!(true), detail));
    }
}

/// The types that the fields of a schema have.
fn types(schema: &Value, field: &str, causes: &mut Vec<FieldError>) {
    const TYPES: [&str; 6] = ["array", "boolean", "integer", "number", "object", "string"];
    // Of null the server says something else.
    if schema["type"].as_str().is_some_and(|it| !it.is_empty() && it != "null") {
        one_of(&schema["type"], format_args!("{field}.type"), &TYPES, causes);
    }
    for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
        types(inner, &format!("{field}.properties[{name}]"), causes);
    }
    for inner in ["items", "additionalProperties"] {
        if let Some(schema) = schema.get(inner) {
            types(schema, &format!("{field}.{inner}"), causes);
        }
    }
}

/// A ValidatingWebhookConfiguration or MutatingWebhookConfiguration.
pub(super) fn webhooks(object: &Value, causes: &mut Vec<FieldError>) {
    for (index, webhook) in object["webhooks"].as_array().into_iter().flatten().enumerate() {
        let field = format!("webhooks[{index}]");
        required(&webhook["name"], &format!("{field}.name"), causes);
        let effects = webhook["sideEffects"].as_str().unwrap_or_default();
        let effects_field = format!("{field}.sideEffects");
        match effects {
            "None" | "NoneOnDryRun" => {}
            "" => causes.push(FieldError::required(
                &effects_field,
                "must specify one of None, NoneOnDryRun",
            )),
            other => causes.push(FieldError::not_supported(
                &effects_field,
                &json!(other),
                &["None", "NoneOnDryRun"],
            )),
        }
        let client = &webhook["clientConfig"];
        // Both or none.
        if client["url"].is_string() == client["service"].is_object() {
            let detail = "exactly one of url or service is required";
            causes.push(FieldError::required(format_args!("{field}.clientConfig"), detail));
        } else if client["service"].is_object() {
            for name in ["name", "namespace"] {
                let place = format!("{field}.clientConfig.service.{name}");
                required(&client["service"][name], &place, causes);
            }
        }
        if is_empty(&webhook["admissionReviewVersions"]) {
            let detail = "must specify one of v1, v1beta1";
            causes.push(FieldError::required(
                format_args!("{field}.admissionReviewVersions"),
                detail,
            ));
        }
    }
}

pub(super) fn validating_policy(object: &Value, causes: &mut Vec<FieldError>) {
    let spec = &object["spec"];
    if !spec["matchConstraints"].is_object() {
        causes.push(FieldError::required("spec.matchConstraints", ""));
    }
    if is_empty(&spec["validations"]) && is_empty(&spec["auditAnnotations"]) {
        let detail = "validations or auditAnnotations must contain at least one item";
        causes.push(FieldError::required("spec.validations", detail));
        causes.push(FieldError::required("spec.auditAnnotations", detail));
    }
}

pub(super) fn validating_binding(object: &Value, causes: &mut Vec<FieldError>) {
    let spec = &object["spec"];
    required(&spec["policyName"], "spec.policyName", causes);
    if is_empty(&spec["validationActions"]) {
        let detail = "at least one validation action is required";
        causes.push(FieldError::required("spec.validationActions", detail));
    }
}
