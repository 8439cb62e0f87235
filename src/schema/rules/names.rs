//! Names, labels and keys: RFC 1123 and what Kubernetes makes of it.

use std::fmt::Display;

use serde_json::{Value, json};

use super::FieldError;

pub(crate) const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric \
     characters, '-' or '.', and must start and end with an alphanumeric character (e.g. \
     'example.com', regex used for validation is \
     '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
pub(super) const WILDCARD: &str = "a wildcard DNS-1123 subdomain must start with '*.', followed by \
     a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' \
     and end with an alphanumeric character (e.g. '*.example.com', regex used for validation is \
     '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric \
     characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or \
     '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const LABEL_VALUE: &str = "a valid label must be an empty string or consist of alphanumeric \
     characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. \
     'MyValue',  or 'my_value',  or '12345', regex used for validation is \
     '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const QUALIFIED: &str = "name part must consist of alphanumeric characters, '-', '_' or '.', and \
     must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or \
     '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const CONFIG_KEY: &str = "a valid config key must consist of alphanumeric characters, '-', '_' or \
     '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is \
     '[-._a-zA-Z0-9]+')";

fn is_lower(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

/// Tells whether a text is an RFC 1123 label, of any length.
pub(super) fn is_label(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| is_lower(byte) || byte == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// Says what is wrong with a text that is to be an RFC 1123 label.
pub(crate) fn label_fault(text: &str) -> Option<&'static str> {
    match text {
        _ if is_label(text) => None,
        _ if is_subdomain(text) => Some("must not contain dots"),
        _ => Some(LABEL),
    }
}

/// Tells whether a text is RFC 1123 labels with dots between them.
pub(crate) fn is_subdomain(text: &str) -> bool {
    text.split('.').all(is_label)
}

/// The faults of a name, of a kind that wants it so.
fn name_faults(group: &str, kind: &str, name: &str) -> Vec<String> {
    let (longest, fault) = match (group, kind) {
        // These become a part of a DNS name; `NameIsDNSSubdomain` is the rule elsewhere.
        ("", "Namespace" | "Service") | ("apps", "StatefulSet") => (63, label_fault(name)),
        // Nobody looks at the name of a budget.
        ("policy", "PodDisruptionBudget") => return Vec::new(),
        // Role names have colons: only what breaks a path is refused (`IsValidPathSegmentName`).
        ("rbac.authorization.k8s.io", _) => {
            let bad = if name == "." || name == ".." {
                Some(format!("may not be '{name}'"))
            } else {
                ['/', '%']
                    .into_iter()
                    .find(|c| name.contains(*c))
                    .map(|c| format!("may not contain '{c}'"))
            };
            return bad.into_iter().collect();
        }
        _ => (253, (!is_subdomain(name)).then_some(SUBDOMAIN)),
    };
    let mut faults = Vec::new();
    if name.len() > longest {
        faults.push(format!("must be no more than {longest} bytes"));
    }
    faults.extend(fault.map(str::to_owned));
    faults
}

/// Checks name, labels and annotations.
pub(crate) fn metadata(group: &str, kind: &str, object: &Value, causes: &mut Vec<FieldError>) {
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    for fault in name_faults(group, kind, name) {
        causes.push(FieldError::invalid("metadata.name", &json!(name), &fault));
    }
    if let Some(namespace) = object["metadata"]["namespace"].as_str()
        && let Some(fault) = label_fault(namespace)
    {
        causes.push(FieldError::invalid("metadata.namespace", &json!(namespace), fault));
    }
    labels(&object["metadata"]["labels"], "metadata.labels", causes);
    let annotations = &object["metadata"]["annotations"];
    for key in annotations.as_object().into_iter().flatten().map(|(key, _)| key) {
        // Upstream checks annotations' keys in lower case and shows them as they are.
        if let Some(fault) = qualified_fault(&key.to_lowercase()) {
            causes.push(FieldError::invalid("metadata.annotations", &json!(key), &fault));
        }
    }
    owners(object, causes);
}

/// Checks whose an object says to be.
fn owners(object: &Value, causes: &mut Vec<FieldError>) {
    for owner in object["metadata"]["ownerReferences"].as_array().into_iter().flatten() {
        for (name, detail) in [
            ("apiVersion", "version must not be empty"),
            ("kind", "must not be empty"),
            ("name", "must not be empty"),
            ("uid", "must not be empty"),
        ] {
            if owner[name].as_str().is_none_or(str::is_empty) {
                let field = format_args!("metadata.ownerReferences.{name}");
                causes.push(FieldError::invalid(field, &json!(""), detail));
            }
        }
    }
}

/// Says what is wrong with a key of labels, taints or conditions, such as `example.com/name`.
pub(crate) fn qualified_fault(key: &str) -> Option<String> {
    let (prefix, name) =
        key.split_once('/').map_or((None, key), |(prefix, name)| (Some(prefix), name));
    if let Some(prefix) = prefix {
        if prefix.is_empty() {
            return Some("prefix part must be non-empty".into());
        }
        if !is_subdomain(prefix) {
            return Some(format!("prefix part {SUBDOMAIN}"));
        }
    }
    if name.is_empty() {
        return Some("name part must be non-empty".into());
    }
    if name.len() > 63 {
        return Some("name part must be no more than 63 bytes".into());
    }
    (!is_label_text(name)).then(|| QUALIFIED.to_owned())
}

fn is_label_text(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.ends_with(|c: char| c.is_ascii_alphanumeric())
}

/// Checks a map of labels.
pub(crate) fn labels(labels: &Value, field: impl Display + Copy, causes: &mut Vec<FieldError>) {
    for (key, value) in labels.as_object().into_iter().flatten() {
        if let Some(fault) = qualified_fault(key) {
            causes.push(FieldError::invalid(field, &json!(key), &fault));
        }
        let text = value.as_str().unwrap_or_default();
        if text.len() > 63 {
            causes.push(FieldError::invalid(field, value, "must be no more than 63 bytes"));
        }
        if !text.is_empty() && !is_label_text(text) {
            causes.push(FieldError::invalid(field, value, LABEL_VALUE));
        }
    }
}

/// Checks the keys of a ConfigMap or Secret.
pub(super) fn data_keys(object: &Value, causes: &mut Vec<FieldError>) {
    for field in ["data", "binaryData"] {
        for key in object[field].as_object().into_iter().flatten().map(|(key, _)| key) {
            let place = format_args!("{field}[{key}]");
            if field == "data" && object["binaryData"].get(key).is_some() {
                causes.push(FieldError::invalid(
                    place,
                    &json!(key),
                    "duplicate of key present in binaryData",
                ));
            }
            let fits = !key.is_empty()
                && key.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
            if key.len() > 253 {
                causes.push(FieldError::invalid(
                    place,
                    &json!(key),
                    "must be no more than 253 bytes",
                ));
            }
            if !fits {
                causes.push(FieldError::invalid(place, &json!(key), CONFIG_KEY));
            } else if key == "." || key == ".." {
                causes.push(FieldError::invalid(
                    place,
                    &json!(key),
                    &format!("must not be '{key}'"),
                ));
            }
        }
    }
}
