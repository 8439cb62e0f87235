//! What may not change once an object exists.

use serde_json::{Map, Value, json};

use crate::sandbox::{registry::Resource, status::FieldError};

const IMMUTABLE: &str = "field is immutable";

/// Checks a change against what its kind allows.
pub(super) fn check(resource: &Resource, old: &Value, new: &Value, causes: &mut Vec<FieldError>) {
    let changed = |field: &str, causes: &mut Vec<FieldError>| {
        let pointer = format!("/{}", field.replace('.', "/"));
        let (before, after) = (old.pointer(&pointer), new.pointer(&pointer));
        if before != after {
            let value = after.cloned().unwrap_or_default();
            causes.push(FieldError::invalid(field, &value, IMMUTABLE));
        }
    };
    match (resource.group.as_str(), resource.kind.as_str()) {
        ("apps", "Deployment" | "ReplicaSet" | "DaemonSet") => changed("spec.selector", causes),
        ("batch", "Job") => {
            completions(old, new, causes);
            changed("spec.selector", causes);
            job_template(old, new, causes);
            changed("spec.completionMode", causes);
        }
        ("", "Service") => service(old, new, causes),
        ("", "Secret") => {
            changed("type", causes);
            frozen(old, new, &["data"], causes);
        }
        ("", "ConfigMap") => frozen(old, new, &["data", "binaryData"], causes),
        ("", "PersistentVolumeClaim") => claim(old, new, causes),
        ("", "Pod") => pod(old, new, causes),
        ("apps", "StatefulSet") => stateful_set(old, new, causes),
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding")
            if old["roleRef"] != new["roleRef"] =>
        {
            causes.push(role_ref(&new["roleRef"]));
        }
        ("storage.k8s.io", "StorageClass") => storage_class(old, new, causes),
        ("scheduling.k8s.io", "PriorityClass") if old["value"] != new["value"] => {
            causes.push(FieldError::forbidden("value", "may not be changed in an update."));
        }
        ("apiextensions.k8s.io", "CustomResourceDefinition") => {
            for field in ["spec.group", "spec.scope", "spec.names.plural", "spec.names.kind"] {
                changed(field, causes);
            }
        }
        _ => {}
    }
}

fn storage_class(old: &Value, new: &Value, causes: &mut Vec<FieldError>) {
    for name in ["provisioner", "parameters"] {
        if old[name] != new[name] {
            let detail = format!("updates to {name} are forbidden.");
            causes.push(FieldError::forbidden(name, &detail));
        }
    }
    for name in ["reclaimPolicy", "volumeBindingMode"] {
        if old[name] != new[name] {
            causes.push(FieldError::invalid(name, &new[name], IMMUTABLE));
        }
    }
}

/// The template of a job stays; of one that is suspended, the resources of its containers may
/// change, and before it has started, where its pods may go.
fn job_template(old: &Value, new: &Value, causes: &mut Vec<FieldError>) {
    if old["spec"]["suspend"] != true {
        if old["spec"]["template"] != new["spec"]["template"] {
            causes.push(FieldError::invalid("spec.template", &new["spec"]["template"], IMMUTABLE));
        }
        return;
    }
    let started = old["status"]["startTime"].is_string();
    let comparable = |object: &Value| {
        let spec = &object["spec"]["template"]["spec"];
        // `validatePodTemplateUpdate` of batch: queues such as Kueue place a job before it starts.
        let free: &[&str] = if started {
            &[]
        } else {
            &["nodeSelector", "affinity", "tolerations", "schedulingGates"]
        };
        let mut spec = without(spec, free);
        for container in
            spec.get_mut("containers").and_then(Value::as_array_mut).into_iter().flatten()
        {
            container["resources"] = Value::Null;
        }
        spec
    };
    if comparable(old) != comparable(new) {
        let spec = &new["spec"]["template"]["spec"];
        causes.push(FieldError::invalid("spec.template.spec", spec, IMMUTABLE));
    }
}

/// How often an indexed job runs may change, together with how many run at once.
fn completions(old: &Value, new: &Value, causes: &mut Vec<FieldError>) {
    let (before, after) = (&old["spec"]["completions"], &new["spec"]["completions"]);
    if before == after {
        return;
    }
    if new["spec"]["completionMode"] != "Indexed" {
        causes.push(FieldError::invalid("spec.completions", after, IMMUTABLE));
    } else if !after.is_null() && *after != new["spec"]["parallelism"] {
        let detail = "can only be modified in tandem with spec.parallelism";
        causes.push(FieldError::invalid("spec.completions", after, detail));
    }
}

/// What a binding refers to stays. The value is shown in the server's own form.
fn role_ref(reference: &Value) -> FieldError {
    let text = |name: &str| json!(reference[name].as_str().unwrap_or_default());
    FieldError {
        reason: "FieldValueInvalid",
        message: format!(
            "Invalid value: {{\"APIGroup\":{},\"Kind\":{},\"Name\":{}}}: cannot change roleRef",
            text("apiGroup"),
            text("kind"),
            text("name")
        ),
        field: "roleRef".to_owned(),
        ..FieldError::default()
    }
}

fn service(old: &Value, new: &Value, causes: &mut Vec<FieldError>) {
    let external = |service: &Value| service["spec"]["type"] == "ExternalName";
    // Changing to or from ExternalName gives the address up or draws one.
    if external(old) || external(new) {
        return;
    }
    let (before, after) = (&old["spec"]["clusterIP"], &new["spec"]["clusterIP"]);
    if before != after && !before.is_null() {
        let detail = "may not change once set";
        causes.push(FieldError::invalid("spec.clusterIPs[0]", &json!([after]), detail));
    }
}

/// Secrets and ConfigMaps that are marked immutable.
fn frozen(old: &Value, new: &Value, fields: &[&str], causes: &mut Vec<FieldError>) {
    if old["immutable"] != true {
        return;
    }
    if new["immutable"] != true {
        causes
            .push(FieldError::forbidden("immutable", "field is immutable when `immutable` is set"));
    }
    for field in fields {
        if old[field] != new[field] {
            causes.push(FieldError::forbidden(field, "field is immutable when `immutable` is set"));
        }
    }
}

fn without(object: &Value, fields: &[&str]) -> Map<String, Value> {
    let kept = object.as_object().into_iter().flatten();
    kept.filter(|(name, _)| !fields.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

fn claim(old: &Value, new: &Value, causes: &mut Vec<FieldError>) {
    let bound = old["status"]["phase"] == "Bound";
    let mut allowed =
        if bound { vec!["resources", "volumeAttributesClassName"] } else { Vec::new() };
    // It is set once, by whoever binds the claim.
    if old["spec"]["volumeName"].is_null() {
        allowed.push("volumeName");
    }
    let (before, after) = (without(&old["spec"], &allowed), without(&new["spec"], &allowed));
    if before != after {
        let detail = "spec is immutable after creation except resources.requests and \
                      volumeAttributesClassName for bound claims";
        causes.push(FieldError::forbidden("spec", detail));
    }
    let size = |claim: &Value| {
        let text = claim["spec"]["resources"]["requests"]["storage"].as_str().unwrap_or_default();
        crate::schema::quantity::Quantity::parse(text)
            .map(crate::schema::quantity::Quantity::millis)
    };
    if size(new) < size(old) && old["status"]["capacity"]["storage"].is_string() {
        let detail = "field can not be less than status.capacity";
        causes.push(FieldError::forbidden("spec.resources.requests.storage", detail));
    }
}

fn stateful_set(old: &Value, new: &Value, causes: &mut Vec<FieldError>) {
    let allowed = [
        "replicas",
        "ordinals",
        "template",
        "updateStrategy",
        "revisionHistoryLimit",
        "persistentVolumeClaimRetentionPolicy",
        "minReadySeconds",
    ];
    let comparable = |object: &Value| {
        let mut spec = without(&object["spec"], &allowed);
        for claim in
            spec.get_mut("volumeClaimTemplates").and_then(Value::as_array_mut).into_iter().flatten()
        {
            // Defaulting writes a status into templates; clients do not.
            claim["status"] = Value::Null;
        }
        spec
    };
    if comparable(old) != comparable(new) {
        let detail = "updates to statefulset spec for fields other than 'replicas', 'ordinals', \
                      'template', 'updateStrategy', 'revisionHistoryLimit', \
                      'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";
        causes.push(FieldError::forbidden("spec", detail));
    }
}

fn pod(old: &Value, new: &Value, causes: &mut Vec<FieldError>) {
    let comparable = |object: &Value| {
        let mut spec = object["spec"].clone();
        for list in ["containers", "initContainers"] {
            for container in spec[list].as_array_mut().into_iter().flatten() {
                // With a new image the kubelet restarts the container.
                container["image"] = Value::Null;
            }
        }
        without(
            &spec,
            &[
                "activeDeadlineSeconds",
                "tolerations",
                "terminationGracePeriodSeconds",
                "nodeName",
                "initContainers",
            ],
        )
        .into_iter()
        .filter(|(_, value)| !value.is_null())
        .collect::<Map<_, _>>()
    };
    if comparable(old) != comparable(new) {
        let detail = "pod updates may not change fields other than \
                      `spec.containers[*].image`,`spec.initContainers[*].image`,\
                      `spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing \
                      tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if \
                      it was previously negative)";
        causes.push(FieldError::forbidden("spec", detail));
    }
}
