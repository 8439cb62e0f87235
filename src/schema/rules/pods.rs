//! What makes the specification of pods invalid.

use std::fmt::Display;

use serde_json::{Value, json};

use super::{FieldError, names, not_negative, one_of};
use crate::schema::quantity::Quantity;

/// Checks a pod's specification at a path; `claims` are volumes that come from elsewhere.
pub(super) fn spec(
    spec: &Value,
    path: &dyn Display,
    restart: &str,
    claims: &[&str],
    causes: &mut Vec<FieldError>,
) {
    let mut volumes: Vec<&str> = Vec::new();
    for (index, volume) in spec["volumes"].as_array().into_iter().flatten().enumerate() {
        let name = volume["name"].as_str().unwrap_or_default();
        let field = format_args!("{path}.volumes[{index}]");
        named(name, &format_args!("{field}.name"), &mut volumes, causes);
        let sources = volume.as_object().map_or(0, |fields| fields.len().saturating_sub(1));
        if sources > 1 {
            let extra = volume.as_object().into_iter().flatten().filter(|(key, _)| *key != "name");
            for (key, _) in extra.skip(1) {
                let detail = "may not specify more than 1 volume type";
                causes.push(FieldError::forbidden(format_args!("{field}.{key}"), detail));
            }
        }
    }
    // Claims that come with each pod are volumes too.
    volumes.extend(claims);
    let containers = spec["containers"].as_array();
    if containers.is_none_or(Vec::is_empty) {
        causes.push(FieldError::required(format_args!("{path}.containers"), ""));
    }
    let mut seen: Vec<&str> = Vec::new();
    // Init containers share the names of the others, so `seen` goes on.
    for list in ["containers", "initContainers"] {
        for (index, container) in spec[list].as_array().into_iter().flatten().enumerate() {
            let field = format_args!("{path}.{list}[{index}]");
            let name = container["name"].as_str().unwrap_or_default();
            named(name, &format_args!("{field}.name"), &mut seen, causes);
            self::container(container, &field, &volumes, causes);
        }
    }
    seccomp(&spec["securityContext"], &format_args!("{path}.securityContext"), causes);
    let policies: &[&str] = match restart {
        "Always" => &["Always", "OnFailure", "Never"],
        "Job" => &["OnFailure", "Never"],
        _ => &["Always"],
    };
    one_of(&spec["restartPolicy"], format_args!("{path}.restartPolicy"), policies, causes);
    let dns = ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];
    one_of(&spec["dnsPolicy"], format_args!("{path}.dnsPolicy"), &dns, causes);
}

fn named<'a>(
    name: &'a str,
    field: &dyn Display,
    seen: &mut Vec<&'a str>,
    causes: &mut Vec<FieldError>,
) {
    if name.is_empty() {
        causes.push(FieldError::required(field, ""));
    } else if let Some(fault) = names::label_fault(name) {
        causes.push(FieldError::invalid(field, &json!(name), fault));
    } else if name.len() > 63 {
        causes.push(FieldError::invalid(field, &json!(name), "must be no more than 63 bytes"));
    } else if seen.contains(&name) {
        causes.push(FieldError::duplicate(field, &json!(name)));
    }
    seen.push(name);
}

fn container(
    container: &Value,
    field: &dyn Display,
    volumes: &[&str],
    causes: &mut Vec<FieldError>,
) {
    if container["image"].as_str().is_none_or(str::is_empty) {
        causes.push(FieldError::required(format_args!("{field}.image"), ""));
    }
    one_of(
        &container["imagePullPolicy"],
        format_args!("{field}.imagePullPolicy"),
        &["Always", "IfNotPresent", "Never"],
        causes,
    );
    ports(container, field, causes);
    environment(container, field, causes);
    mounts(container, field, volumes, causes);
    resources(&container["resources"], &format_args!("{field}.resources"), causes);
    seccomp(&container["securityContext"], &format_args!("{field}.securityContext"), causes);
    for hook in ["postStart", "preStop"] {
        handler(&container["lifecycle"][hook], &format_args!("{field}.lifecycle.{hook}"), causes);
    }
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        self::probe(&container[probe], &format_args!("{field}.{probe}"), causes);
        let threshold = &container[probe]["successThreshold"];
        // Who is alive or has started is so at once.
        if probe != "readinessProbe" && threshold.as_i64().is_some_and(|number| number > 1) {
            let field = format_args!("{field}.{probe}.successThreshold");
            causes.push(FieldError::invalid(field, threshold, "must be 1"));
        }
    }
}

fn ports(container: &Value, field: &dyn Display, causes: &mut Vec<FieldError>) {
    for (index, port) in container["ports"].as_array().into_iter().flatten().enumerate() {
        let number = &port["containerPort"];
        let field = format_args!("{field}.ports[{index}]");
        match number.as_i64() {
            None | Some(0) => {
                causes.push(FieldError::required(format_args!("{field}.containerPort"), ""))
            }
            Some(1..=65535) => {}
            Some(_) => causes.push(FieldError::invalid(
                format_args!("{field}.containerPort"),
                number,
                "must be between 1 and 65535, inclusive",
            )),
        }
        one_of(
            &port["protocol"],
            format_args!("{field}.protocol"),
            &["SCTP", "TCP", "UDP"],
            causes,
        );
    }
}

fn environment(container: &Value, field: &dyn Display, causes: &mut Vec<FieldError>) {
    for (index, variable) in container["env"].as_array().into_iter().flatten().enumerate() {
        let place = format_args!("{field}.env[{index}]");
        if variable["name"].as_str().is_none_or(str::is_empty) {
            causes.push(FieldError::required(format_args!("{place}.name"), ""));
        }
        source(&variable["valueFrom"], &format_args!("{place}.valueFrom"), causes);
        if variable["valueFrom"].is_object()
            && variable["value"].as_str().is_some_and(|v| !v.is_empty())
        {
            let detail = "may not be specified when `value` is not empty";
            causes.push(FieldError::invalid(format_args!("{place}.valueFrom"), &json!(""), detail));
        }
    }
}

fn mounts(container: &Value, field: &dyn Display, volumes: &[&str], causes: &mut Vec<FieldError>) {
    for (index, mount) in container["volumeMounts"].as_array().into_iter().flatten().enumerate() {
        let place = format_args!("{field}.volumeMounts[{index}]");
        let name = mount["name"].as_str().unwrap_or_default();
        if name.is_empty() {
            causes.push(FieldError::required(format_args!("{place}.name"), ""));
        } else if !volumes.contains(&name) {
            causes.push(FieldError {
                reason: "FieldValueNotFound",
                message: format!("Not found: \"{name}\""),
                field: format!("{place}.name"),
                detail: "there is no volume of that name".to_owned(),
                value: json!(name),
                supported: volumes.iter().map(|&volume| volume.to_owned()).collect(),
            });
        }
        if mount["mountPath"].as_str().is_none_or(str::is_empty) {
            causes.push(FieldError::required(format_args!("{place}.mountPath"), ""));
        }
    }
}

/// Where the value of a variable comes from.
fn source(source: &Value, field: &dyn Display, causes: &mut Vec<FieldError>) {
    let Some(fields) = source.as_object() else { return };
    if fields.is_empty() {
        let detail = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, \
                      `secretKeyRef` or `fileKeyRef`";
        causes.push(FieldError::invalid(field, &json!(""), detail));
    }
    for (kind, name) in
        [("fieldRef", "fieldPath"), ("configMapKeyRef", "key"), ("secretKeyRef", "key")]
    {
        let place = &source[kind];
        if place.is_object() && place[name].as_str().is_none_or(str::is_empty) {
            causes.push(FieldError::required(format_args!("{field}.{kind}.{name}"), ""));
        }
    }
}

fn seccomp(context: &Value, field: &dyn Display, causes: &mut Vec<FieldError>) {
    let profile = &context["seccompProfile"];
    if !profile.is_object() {
        return;
    }
    let field = format_args!("{field}.seccompProfile");
    match profile["type"].as_str().unwrap_or_default() {
        "" => {
            let detail = "type is required when seccompProfile is set";
            causes.push(FieldError::required(format_args!("{field}.type"), detail));
        }
        "Localhost" if profile["localhostProfile"].is_null() => {
            let detail = "must be set when seccomp type is Localhost";
            causes.push(FieldError::required(format_args!("{field}.localhostProfile"), detail));
        }
        _ => {
            let types = ["Localhost", "RuntimeDefault", "Unconfined"];
            one_of(&profile["type"], format_args!("{field}.type"), &types, causes);
        }
    }
}

fn probe(probe: &Value, field: &dyn Display, causes: &mut Vec<FieldError>) {
    if !probe.is_object() {
        return;
    }
    one_handler(probe, &["exec", "httpGet", "tcpSocket", "grpc"], field, causes);
    for name in [
        "initialDelaySeconds",
        "timeoutSeconds",
        "periodSeconds",
        "successThreshold",
        "failureThreshold",
    ] {
        not_negative(&probe[name], format_args!("{field}.{name}"), causes);
    }
    command(probe, field, causes);
    for handler in ["httpGet", "tcpSocket"] {
        let port = &probe[handler]["port"];
        if probe[handler].is_object()
            && !port.is_string()
            && !port.as_i64().is_some_and(|number| (1..=65535).contains(&number))
        {
            // A field that is absent has Go's zero value in the message.
            let value = if port.is_null() { &json!(0) } else { port };
            let detail = "must be between 1 and 65535, inclusive";
            causes.push(FieldError::invalid(format_args!("{field}.{handler}.port"), value, detail));
        }
    }
}

/// What a hook of a container does.
fn handler(hook: &Value, field: &dyn Display, causes: &mut Vec<FieldError>) {
    if !hook.is_object() {
        return;
    }
    one_handler(hook, &["exec", "httpGet", "tcpSocket", "sleep"], field, causes);
    command(hook, field, causes);
}

/// Checks that one thing is done, of those that are known.
fn one_handler(handler: &Value, known: &[&str], field: &dyn Display, causes: &mut Vec<FieldError>) {
    let mut given = known.iter().filter(|name| handler[**name].is_object());
    if given.next().is_none() {
        causes.push(FieldError::required(field, "must specify a handler type"));
    }
    for name in given {
        let detail = "may not specify more than 1 handler type";
        causes.push(FieldError::forbidden(format_args!("{field}.{name}"), detail));
    }
}

fn command(handler: &Value, field: &dyn Display, causes: &mut Vec<FieldError>) {
    let exec = &handler["exec"];
    if exec.is_object() && exec["command"].as_array().is_none_or(Vec::is_empty) {
        causes.push(FieldError::required(format_args!("{field}.exec.command"), ""));
    }
}

fn resources(resources: &Value, field: &dyn Display, causes: &mut Vec<FieldError>) {
    let amount = |value: &Value| value.as_str().and_then(Quantity::parse).map(Quantity::millis);
    for (name, request) in resources["requests"].as_object().into_iter().flatten() {
        let place = format_args!("{field}.requests");
        if let (Some(asked), Some(limit)) = (amount(request), amount(&resources["limits"][name]))
            && asked > limit
        {
            let limit = resources["limits"][name].as_str().unwrap_or_default();
            let detail = format!("must be less than or equal to {name} limit of {limit}");
            causes.push(FieldError::invalid(place, request, &detail));
        }
    }
}
