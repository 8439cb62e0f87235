//! What makes workloads, services and the like invalid.

use serde_json::{Value, json};

use super::{FieldError, cron, names, not_negative, one_of, pods};
use crate::schema::label_selector::LabelSelector;

/// A Deployment, ReplicaSet, StatefulSet or DaemonSet.
pub(super) fn workload(kind: &str, object: &Value, causes: &mut Vec<FieldError>) {
    let spec = &object["spec"];
    not_negative(&spec["replicas"], "spec.replicas", causes);
    not_negative(&spec["minReadySeconds"], "spec.minReadySeconds", causes);
    not_negative(&spec["revisionHistoryLimit"], "spec.revisionHistoryLimit", causes);
    if kind == "StatefulSet" {
        let strategy = &spec["updateStrategy"];
        if strategy["type"] == "OnDelete" && strategy["rollingUpdate"].is_object() {
            let rolling = &strategy["rollingUpdate"];
            let value = json!({"Partition": rolling["partition"], "MaxUnavailable": rolling["maxUnavailable"]});
            let detail = "only allowed for updateStrategy 'RollingUpdate'";
            causes.push(FieldError::invalid("spec.updateStrategy.rollingUpdate", &value, detail));
        }
        one_of(
            &spec["podManagementPolicy"],
            "spec.podManagementPolicy",
            &["OrderedReady", "Parallel"],
            causes,
        );
    }
    let labels = &spec["template"]["metadata"]["labels"];
    match LabelSelector::of(&spec["selector"]) {
        None => {
            // A DaemonSet without a selector is told of the labels alone.
            if kind != "DaemonSet" {
                causes.push(FieldError::required("spec.selector", ""));
            }
            causes.push(mismatch(labels));
        }
        Some(selector) if selector.is_empty() => {
            let detail = "empty selector is invalid for";
            let noun = match kind {
                "Deployment" => "deployment",
                "DaemonSet" => "daemonset",
                "StatefulSet" => "statefulset",
                _ => "replicaset",
            };
            causes.push(FieldError::invalid(
                "spec.selector",
                &spec["selector"],
                &format!("{detail} {noun}"),
            ));
        }
        Some(selector) if !selector.matches(labels) => causes.push(mismatch(labels)),
        Some(_) => {}
    }
    names::labels(labels, "spec.template.labels", causes);
    let templates = spec["volumeClaimTemplates"].as_array().into_iter().flatten();
    let claims: Vec<&str> =
        templates.filter_map(|claim| claim["metadata"]["name"].as_str()).collect();
    pods::spec(&spec["template"]["spec"], &"spec.template.spec", kind, &claims, causes);
    if kind == "Deployment" {
        strategy(spec, causes);
    }
}

fn mismatch(labels: &Value) -> FieldError {
    FieldError::invalid(
        "spec.template.metadata.labels",
        labels,
        "`selector` does not match template `labels`",
    )
}

fn strategy(spec: &Value, causes: &mut Vec<FieldError>) {
    let strategy = &spec["strategy"];
    one_of(&strategy["type"], "spec.strategy.type", &["Recreate", "RollingUpdate"], causes);
    if strategy["type"] == "Recreate" && strategy["rollingUpdate"].is_object() {
        let detail = "may not be specified when strategy `type` is 'Recreate'";
        causes.push(FieldError::forbidden("spec.strategy.rollingUpdate", detail));
    }
    let zero = |value: &Value| *value == json!(0) || *value == json!("0%");
    let rolling = &strategy["rollingUpdate"];
    if rolling.is_object() && zero(&rolling["maxSurge"]) && zero(&rolling["maxUnavailable"]) {
        let detail = "may not be 0 when `maxSurge` is 0";
        causes.push(FieldError::invalid(
            "spec.strategy.rollingUpdate.maxUnavailable",
            &rolling["maxUnavailable"],
            detail,
        ));
    }
    // Else no rollout could ever be in time.
    let deadline = spec["progressDeadlineSeconds"].as_i64().unwrap_or(i64::MAX);
    if deadline <= spec["minReadySeconds"].as_i64().unwrap_or(0) {
        let value = &spec["progressDeadlineSeconds"];
        causes.push(FieldError::invalid(
            "spec.progressDeadlineSeconds",
            value,
            "must be greater than minReadySeconds",
        ));
    }
}

pub(super) fn job(object: &Value, causes: &mut Vec<FieldError>) {
    let spec = &object["spec"];
    for name in [
        "parallelism",
        "completions",
        "backoffLimit",
        "activeDeadlineSeconds",
        "ttlSecondsAfterFinished",
    ] {
        not_negative(&spec[name], format_args!("spec.{name}"), causes);
    }
    let labels = &spec["template"]["metadata"]["labels"];
    names::labels(labels, "spec.template.labels", causes);
    restart_of_job(&spec["template"]["spec"], "spec.template.spec", causes);
    match LabelSelector::of(&spec["selector"]) {
        None => {
            let (required, mismatch) =
                (FieldError::required("spec.selector", ""), mismatch(labels));
            // The server says both twice.
            causes.extend([required.clone(), required, mismatch.clone(), mismatch]);
        }
        Some(selector) if !selector.matches(labels) => causes.push(mismatch(labels)),
        Some(_) => {}
    }
    pods::spec(&spec["template"]["spec"], &"spec.template.spec", "Always", &[], causes);
}

fn restart_of_job(spec: &Value, path: &str, causes: &mut Vec<FieldError>) {
    let policy = spec["restartPolicy"].as_str().unwrap_or_default();
    if !matches!(policy, "OnFailure" | "Never") {
        let field = format_args!("{path}.restartPolicy");
        if policy == "Always" || policy.is_empty() {
            let detail = "valid values: \"OnFailure\", \"Never\"";
            causes.push(FieldError::required(field, detail));
        } else {
            causes.push(FieldError::not_supported(field, &json!(policy), &["OnFailure", "Never"]));
        }
    }
}

pub(super) fn cron_job(object: &Value, is_new: bool, causes: &mut Vec<FieldError>) {
    let spec = &object["spec"];
    let schedule = spec["schedule"].as_str().unwrap_or_default();
    if schedule.is_empty() {
        causes.push(FieldError::required("spec.schedule", ""));
    } else if let Err(why) = cron::schedule(schedule) {
        let supported = cron::DESCRIPTORS.iter().filter(|_| schedule.starts_with('@'));
        causes.push(FieldError {
            supported: supported.map(|&word| word.to_owned()).collect(),
            ..FieldError::invalid("spec.schedule", &json!(schedule), &why)
        });
    }
    if schedule.contains("TZ") {
        let why = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead";
        causes.push(FieldError::invalid("spec.schedule", &json!(schedule), why));
    }
    not_negative(&spec["startingDeadlineSeconds"], "spec.startingDeadlineSeconds", causes);
    let zone = &spec["timeZone"];
    if let Some(Err(why)) = zone.as_str().map(cron::time_zone) {
        causes.push(FieldError {
            supported: cron::time_zones().map(str::to_owned).collect(),
            ..FieldError::invalid("spec.timeZone", zone, &why)
        });
    }
    one_of(
        &spec["concurrencyPolicy"],
        "spec.concurrencyPolicy",
        &["Allow", "Forbid", "Replace"],
        causes,
    );
    let path = "spec.jobTemplate.spec.template.spec";
    let template = &spec["jobTemplate"]["spec"]["template"];
    let labels = &template["metadata"]["labels"];
    names::labels(labels, "spec.jobTemplate.spec.template.labels", causes);
    let template = &template["spec"];
    pods::spec(template, &path, "Always", &[], causes);
    restart_of_job(template, path, causes);
    for field in ["successfulJobsHistoryLimit", "failedJobsHistoryLimit"] {
        not_negative(&spec[field], format_args!("spec.{field}"), causes);
    }
    // Eleven are left for what its Jobs are called after; a change is not asked again.
    let name = &object["metadata"]["name"];
    if is_new && name.as_str().is_some_and(|name| name.len() > 52) {
        causes.push(FieldError::invalid(
            "metadata.name",
            name,
            "must be no more than 52 characters",
        ));
    }
}

pub(super) fn claim(object: &Value, causes: &mut Vec<FieldError>) {
    let spec = &object["spec"];
    if spec["accessModes"].as_array().is_none_or(Vec::is_empty) {
        causes.push(FieldError::required("spec.accessModes", "at least 1 access mode is required"));
    }
    let modes = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];
    for mode in spec["accessModes"].as_array().into_iter().flatten() {
        one_of(mode, "spec.accessModes", &modes, causes);
    }
    let class = spec["storageClassName"].as_str().unwrap_or_default();
    if !class.is_empty() && !names::is_subdomain(class) {
        causes.push(FieldError::invalid("spec.storageClassName", &json!(class), names::SUBDOMAIN));
    }
    if spec["resources"]["requests"]["storage"].is_null() {
        causes.push(FieldError::required("spec.resources[storage]", ""));
    }
}

pub(super) fn role_ref(object: &Value, causes: &mut Vec<FieldError>) {
    let reference = &object["roleRef"];
    let kinds: &[&str] =
        if object["kind"] == "RoleBinding" { &["Role", "ClusterRole"] } else { &["ClusterRole"] };
    one_of(&reference["apiGroup"], "roleRef.apiGroup", &["rbac.authorization.k8s.io"], causes);
    one_of(&reference["kind"], "roleRef.kind", kinds, causes);
    if reference["name"].as_str().is_none_or(str::is_empty) {
        causes.push(FieldError::required("roleRef.name", ""));
    }
    for (index, subject) in object["subjects"].as_array().into_iter().flatten().enumerate() {
        let field = format_args!("subjects[{index}]");
        one_of(
            &subject["kind"],
            format_args!("{field}.kind"),
            &["Group", "ServiceAccount", "User"],
            causes,
        );
        let cluster = object["kind"] == "ClusterRoleBinding";
        if cluster && subject["kind"] == "ServiceAccount" && subject["namespace"].is_null() {
            causes.push(FieldError::required(format_args!("{field}.namespace"), ""));
        }
    }
}

pub(super) fn autoscaler(object: &Value, causes: &mut Vec<FieldError>) {
    let spec = &object["spec"];
    let max = spec["maxReplicas"].as_i64().unwrap_or(0);
    if max < 1 {
        causes.push(FieldError::required("spec.maxReplicas", "must be set and greater than 0"));
    }
    if spec["minReplicas"].as_i64().is_some_and(|min| min > max) {
        let detail = "must be greater than or equal to `minReplicas`";
        causes.push(FieldError::invalid("spec.maxReplicas", &json!(max), detail));
    }
    for name in ["kind", "name"] {
        if spec["scaleTargetRef"][name].as_str().is_none_or(str::is_empty) {
            causes.push(FieldError::required(format_args!("spec.scaleTargetRef.{name}"), ""));
        }
    }
}

/// A disruption budget has one of two limits. The value is shown in the server's own form.
pub(super) fn budget(object: &Value, causes: &mut Vec<FieldError>) {
    let spec = &object["spec"];
    if spec["minAvailable"].is_null() || spec["maxUnavailable"].is_null() {
        return;
    }
    let value = format!(
        "{{\"MinAvailable\":{},\"Selector\":{},\"MaxUnavailable\":{},\
         \"UnhealthyPodEvictionPolicy\":{}}}",
        spec["minAvailable"],
        spec["selector"],
        spec["maxUnavailable"],
        spec["unhealthyPodEvictionPolicy"]
    );
    causes.push(FieldError {
        reason: "FieldValueInvalid",
        message: format!(
            "Invalid value: {value}: minAvailable and maxUnavailable cannot be both set"
        ),
        field: "spec".to_owned(),
        detail: "minAvailable and maxUnavailable cannot be both set".to_owned(),
        ..FieldError::default()
    });
}
