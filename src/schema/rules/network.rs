//! What makes Services and Ingresses invalid.

use std::fmt::Display;

use serde_json::{Value, json};

use super::{FieldError, names, one_of};

pub(super) fn service(object: &Value, causes: &mut Vec<FieldError>) {
    let spec = &object["spec"];
    let kind = spec["type"].as_str().unwrap_or_default();
    let ports = spec["ports"].as_array();
    // A headless service may do without: it is a name for its pods.
    if ports.is_none_or(Vec::is_empty) && kind != "ExternalName" && spec["clusterIP"] != "None" {
        causes.push(FieldError::required("spec.ports", ""));
    }
    if matches!(kind, "LoadBalancer" | "NodePort") && spec["clusterIP"] == "None" {
        let detail = format!("may not be set to 'None' for {kind} services");
        causes.push(FieldError::invalid("spec.clusterIPs[0]", &json!("None"), &detail));
    }
    if kind == "ExternalName" && spec["externalName"].as_str().is_none_or(str::is_empty) {
        causes.push(FieldError::required("spec.externalName", ""));
    }
    service_ports(ports.map_or(&[], Vec::as_slice), kind, causes);
    by_type(spec, kind, causes);
    names::labels(&spec["selector"], "spec.selector", causes);
    one_of(&spec["sessionAffinity"], "spec.sessionAffinity", &["ClientIP", "None"], causes);
    one_of(
        &spec["type"],
        "spec.type",
        &["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"],
        causes,
    );
}

fn service_ports(ports: &[Value], kind: &str, causes: &mut Vec<FieldError>) {
    let mut seen_names: Vec<&str> = Vec::new();
    let mut seen: Vec<(&Value, &Value)> = Vec::new();
    for (index, port) in ports.iter().enumerate() {
        let field = format_args!("spec.ports[{index}]");
        let name = port["name"].as_str().unwrap_or_default();
        if name.is_empty() && ports.len() > 1 {
            causes.push(FieldError::required(format_args!("{field}.name"), ""));
        } else if !name.is_empty()
            && let Some(fault) = names::label_fault(name)
        {
            causes.push(FieldError::invalid(format_args!("{field}.name"), &json!(name), fault));
        } else if !name.is_empty() && seen_names.contains(&name) {
            causes.push(FieldError::duplicate(format_args!("{field}.name"), &json!(name)));
        }
        seen_names.push(name);
        port_number(&port["port"], format_args!("{field}.port"), causes);
        // A target may be a name, too.
        if port["targetPort"].is_i64() {
            port_number(&port["targetPort"], format_args!("{field}.targetPort"), causes);
        }
        one_of(
            &port["protocol"],
            format_args!("{field}.protocol"),
            &["SCTP", "TCP", "UDP"],
            causes,
        );
        if kind == "ClusterIP" && port["nodePort"].as_i64().is_some_and(|number| number != 0) {
            let detail = "may not be used when `type` is 'ClusterIP'";
            causes.push(FieldError::forbidden(format_args!("{field}.nodePort"), detail));
        }
        let same = (&port["port"], &port["protocol"]);
        if seen.contains(&same) {
            let value = json!({"port": port["port"], "protocol": port["protocol"]});
            causes.push(FieldError::duplicate(field, &value));
        }
        seen.push(same);
    }
}

fn port_number(value: &Value, field: impl Display, causes: &mut Vec<FieldError>) {
    if !value.as_i64().is_some_and(|number| (1..=65535).contains(&number)) {
        causes.push(FieldError::invalid(field, value, "must be between 1 and 65535, inclusive"));
    }
}

/// What only some types of services have.
fn by_type(spec: &Value, kind: &str, causes: &mut Vec<FieldError>) {
    let balances = kind == "LoadBalancer";
    for (name, field) in [
        // Upstream writes the first field so.
        ("loadBalancerSourceRanges", "spec.LoadBalancerSourceRanges"),
        ("allocateLoadBalancerNodePorts", "spec.allocateLoadBalancerNodePorts"),
        ("loadBalancerClass", "spec.loadBalancerClass"),
    ] {
        if !balances && !spec[name].is_null() && spec[name] != json!([]) {
            let detail = "may only be used when `type` is 'LoadBalancer'";
            causes.push(FieldError::forbidden(field, detail));
        }
    }
    let policy = &spec["externalTrafficPolicy"];
    let has_addresses = spec["externalIPs"].as_array().is_some_and(|list| !list.is_empty());
    let is_reached = balances || kind == "NodePort" || kind == "ClusterIP" && has_addresses;
    if !policy.is_null() && !is_reached {
        let detail = "may only be set for externally-accessible services";
        causes.push(FieldError::invalid("spec.externalTrafficPolicy", policy, detail));
    }
    let port = &spec["healthCheckNodePort"];
    if port.as_i64().is_some_and(|number| number != 0) && !(balances && policy == "Local") {
        let detail =
            "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
        causes.push(FieldError::invalid("spec.healthCheckNodePort", port, detail));
    }
}

pub(super) fn ingress(object: &Value, causes: &mut Vec<FieldError>) {
    let spec = &object["spec"];
    if spec["defaultBackend"].is_null() && spec["rules"].as_array().is_none_or(Vec::is_empty) {
        let detail = "either `defaultBackend` or `rules` must be specified";
        causes.push(FieldError::invalid("spec", &spec["rules"], detail));
    }
    for (index, rule) in spec["rules"].as_array().into_iter().flatten().enumerate() {
        host(&rule["host"], format_args!("spec.rules[{index}].host"), causes);
        for (number, path) in rule["http"]["paths"].as_array().into_iter().flatten().enumerate() {
            let field = format_args!("spec.rules[{index}].http.paths[{number}]");
            if path["pathType"].is_null() {
                causes.push(FieldError::required(
                    format_args!("{field}.pathType"),
                    "pathType must be specified",
                ));
            } else {
                let kinds = ["Exact", "ImplementationSpecific", "Prefix"];
                one_of(&path["pathType"], format_args!("{field}.pathType"), &kinds, causes);
            }
            // What an ImplementationSpecific path means is its controller's affair.
            let exact = path["pathType"] == "Exact" || path["pathType"] == "Prefix";
            if exact && !path["path"].as_str().unwrap_or_default().starts_with('/') {
                causes.push(FieldError::invalid(
                    format_args!("{field}.path"),
                    &path["path"],
                    "must be an absolute path",
                ));
            }
            let service = &path["backend"]["service"];
            if service.is_object()
                && service["port"].as_object().is_none_or(serde_json::Map::is_empty)
            {
                let detail = "port name or number is required";
                causes.push(FieldError::required(
                    format_args!("{field}.backend.service.port"),
                    detail,
                ));
            }
        }
    }
}

/// A host of an Ingress: a name, or one whose first part is a wildcard. Addresses are for
/// controllers that take them by another way.
fn host(host: &Value, field: impl Display, causes: &mut Vec<FieldError>) {
    let text = host.as_str().unwrap_or_default();
    if text.is_empty() {
        return;
    }
    if text.parse::<core::net::IpAddr>().is_ok() {
        causes.push(FieldError::invalid(field, host, "must be a DNS name, not an IP address"));
        return;
    }
    let fault = match text.strip_prefix("*.") {
        Some(_) if text.contains('*') => {
            let rest = text.strip_prefix("*.").unwrap_or_default();
            (!names::is_subdomain(rest)).then_some(names::WILDCARD)
        }
        _ => (!names::is_subdomain(text)).then_some(names::SUBDOMAIN),
    };
    if let Some(words) = fault {
        causes.push(FieldError::invalid(field, host, words));
    }
}
