//! What the fields of one struct ask of each other, by the Go type that has them. Every rule is one that
//! a real server enforces; the place is that of what is to be changed.

use serde_json::{Value, json};

use crate::schema::{
    place::{Place, Step},
    rules::FieldError,
};

/// Finds what does not go together in a struct of a type.
pub(super) fn check(owner: &str, value: &Value, place: &Place<'_>, causes: &mut Vec<FieldError>) {
    match owner {
        "Container" => port_names(&value["ports"], place, causes),
        "NodeSelectorRequirement" => node_requirement(value, place, causes),
        "PodSpec" => pod(value, place, causes),
        "PolicyRule" => policy_rule(value, place, causes),
        "SecurityContext" => security(value, place, causes),
        "StatefulSetSpec" => claims(value, place, causes),
        "Toleration" => toleration(value, place, causes),
        _ => {}
    }
}

/// Gives a text; empty where it is missing.
fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or_default()
}

fn items(list: &Value) -> impl Iterator<Item = (usize, &Value)> {
    list.as_array().into_iter().flatten().enumerate()
}

fn is_empty(list: &Value) -> bool {
    list.as_array().is_none_or(Vec::is_empty)
}

/// Ports of one container that have the same name.
fn port_names(ports: &Value, place: &Place<'_>, causes: &mut Vec<FieldError>) {
    let mut seen: Vec<&str> = Vec::new();
    for (index, port) in items(ports) {
        let name = text(port, "name");
        if name.is_empty() {
            continue;
        }
        if seen.contains(&name) {
            let path = format!("{place}.ports[{index}].name");
            causes.push(FieldError::duplicate(&path, &port["name"]));
        }
        seen.push(name);
    }
}

fn toleration(value: &Value, place: &Place<'_>, causes: &mut Vec<FieldError>) {
    let tolerates_all = text(value, "operator") == "Exists";
    if text(value, "key").is_empty() && !tolerates_all {
        let detail = "operator must be Exists when `key` is empty, which means \"match all values and all keys\"";
        causes.push(FieldError::required(below(place, "key"), detail));
    }
    if !value["tolerationSeconds"].is_null() && text(value, "effect") != "NoExecute" {
        let detail = "effect must be 'NoExecute' when `tolerationSeconds` is set";
        causes.push(FieldError::invalid(below(place, "effect"), &value["effect"], detail));
    }
    if tolerates_all && !text(value, "value").is_empty() {
        let detail = "value must be empty when `operator` is 'Exists'";
        causes.push(FieldError::invalid(below(place, "value"), &value["value"], detail));
    }
}

fn node_requirement(value: &Value, place: &Place<'_>, causes: &mut Vec<FieldError>) {
    let values = below(place, "values");
    let count = value["values"].as_array().map_or(0, Vec::len);
    match text(value, "operator") {
        "In" | "NotIn" if count == 0 => {
            let detail = "must be specified when `operator` is 'In' or 'NotIn'";
            causes.push(FieldError::required(values, detail));
        }
        "Exists" | "DoesNotExist" if count > 0 => {
            let detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
            causes.push(FieldError::forbidden(values, detail));
        }
        "Gt" | "Lt" if count != 1 => {
            let detail = "must be specified single value when `operator` is 'Lt' or 'Gt'";
            causes.push(FieldError::required(values, detail));
        }
        _ => {}
    }
}

fn pod(spec: &Value, place: &Place<'_>, causes: &mut Vec<FieldError>) {
    dns(spec, place, causes);
    host_ports(spec, place, causes);
    for (index, container) in items(&spec["initContainers"]) {
        // Those run beside the others.
        if text(container, "restartPolicy") == "Always" {
            continue;
        }
        for field in ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] {
            if container[field].is_object() {
                let field = format!("{place}.initContainers[{index}].{field}");
                let detail = "may not be set for init containers without restartPolicy=Always";
                causes.push(FieldError::forbidden(field, detail));
            }
        }
    }
}

fn dns(spec: &Value, place: &Place<'_>, causes: &mut Vec<FieldError>) {
    if text(spec, "dnsPolicy") != "None" {
        return;
    }
    let config = below(place, "dnsConfig");
    if !spec["dnsConfig"].is_object() {
        let detail = "must provide `dnsConfig` when `dnsPolicy` is None";
        causes.push(FieldError::required(config, detail));
    } else if is_empty(&spec["dnsConfig"]["nameservers"]) {
        let detail = "must provide at least one DNS nameserver when `dnsPolicy` is None";
        causes.push(FieldError::required(format!("{config}.nameservers"), detail));
    }
}

/// Ports of the node that are taken twice, or are another one than the container's where that is on the
/// node's network.
fn host_ports(spec: &Value, place: &Place<'_>, causes: &mut Vec<FieldError>) {
    let (on_host, mut taken) = (spec["hostNetwork"] == true, Vec::new());
    let containers = items(&spec["containers"]);
    let ports = containers.flat_map(|(index, container)| {
        items(&container["ports"]).map(move |(number, port)| (index, number, port))
    });
    for (index, number, port) in ports {
        let Some(given) = port["hostPort"].as_i64().filter(|given| *given > 0) else { continue };
        let field = format!("{place}.containers[{index}].ports[{number}].hostPort");
        if on_host && port["containerPort"] != given {
            let detail = "must match `containerPort` when `hostNetwork` is true";
            causes.push(FieldError::invalid(&field, &port["hostPort"], detail));
        }
        let protocol = port["protocol"].as_str().filter(|text| !text.is_empty()).unwrap_or("TCP");
        let host = format!("{protocol}/{}/{given}", text(port, "hostIP"));
        if taken.contains(&host) {
            causes.push(FieldError::duplicate(&field, &json!(host)));
        }
        taken.push(host);
    }
}

fn security(context: &Value, place: &Place<'_>, causes: &mut Vec<FieldError>) {
    let escalates = &context["allowPrivilegeEscalation"];
    if context["privileged"] == true && *escalates == false {
        let detail = "cannot set `allowPrivilegeEscalation` to false and `privileged` to true";
        let field = below(place, "allowPrivilegeEscalation");
        causes.push(FieldError::invalid(field, escalates, detail));
    }
}

fn policy_rule(rule: &Value, place: &Place<'_>, causes: &mut Vec<FieldError>) {
    if !is_empty(&rule["nonResourceURLs"]) {
        let of_resources = ["apiGroups", "resources", "resourceNames"];
        if of_resources.iter().any(|field| !is_empty(&rule[*field])) {
            let detail = "rules cannot apply to both regular resources and non-resource URLs";
            let (field, urls) = (below(place, "nonResourceURLs"), &rule["nonResourceURLs"]);
            causes.push(FieldError::invalid(field, urls, detail));
        }
        return;
    }
    for (field, detail) in [
        ("apiGroups", "resource rules must supply at least one api group"),
        ("resources", "resource rules must supply at least one resource"),
    ] {
        if is_empty(&rule[field]) {
            causes.push(FieldError::required(below(place, field), detail));
        }
    }
}

/// The claims that come with each pod.
fn claims(spec: &Value, place: &Place<'_>, causes: &mut Vec<FieldError>) {
    for (index, claim) in items(&spec["volumeClaimTemplates"]) {
        let field = format!("{place}.volumeClaimTemplates[{index}].spec");
        if is_empty(&claim["spec"]["accessModes"]) {
            let detail = "at least 1 access mode is required";
            causes.push(FieldError::required(format!("{field}.accessModes"), detail));
        }
        if claim["spec"]["resources"]["requests"]["storage"].is_null() {
            causes.push(FieldError::required(format!("{field}.resources.requests.storage"), ""));
        }
    }
}

fn below(place: &Place<'_>, field: &str) -> String {
    Place { above: Some(place), step: Step::Field(field), owner: place.owner }.path()
}
