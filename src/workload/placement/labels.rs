//! The labels that objects carry: at the top level only, never in pod templates or selectors.

use serde_json::{Map, Value};

use super::metadata;
use crate::workload::{
    error::{Code, Error, Result},
    name::InstanceName,
    ownership::{INSTANCE_LABEL, MANAGED_LABEL},
};

/// Labels an object as one of the instance alone: namespaced, or a Namespace that it makes.
pub(crate) fn mark_made(body: &mut Value, instance: &InstanceName) {
    unset(body, MANAGED_LABEL);
    set(body, INSTANCE_LABEL, instance.as_str());
}

/// Labels an object as one that several may share: cluster-scoped, or a Namespace that was there
/// before the instance.
pub(crate) fn mark_shared(body: &mut Value) {
    unset(body, INSTANCE_LABEL);
    set(body, MANAGED_LABEL, "true");
}

/// Parses `KEY=VALUE` of `--namespace-label`.
///
/// # Errors
/// Code 2 where it is not of that form or not a valid label.
pub(crate) fn parse_namespace_label(text: &str) -> Result<(String, String)> {
    let invalid = |why: &str| {
        Error::usage(Code::InvalidLabel, format!("{text:?} is not a valid label: {why}"))
            .hint("write KEY=VALUE, such as `pod-security.kubernetes.io/enforce=restricted`")
    };
    let (key, value) = text.split_once('=').ok_or_else(|| invalid("there is no `=`"))?;
    let (prefix, name) = match key.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };
    if prefix.is_some_and(|prefix| !is_domain(prefix)) {
        return Err(invalid("the part before `/` must be a domain name"));
    }
    if name.is_empty() || !is_label_text(name) {
        return Err(invalid("the key must be letters, digits, `-`, `_` and `.`, at most 63"));
    }
    if !value.is_empty() && !is_label_text(value) {
        return Err(invalid("the value must be letters, digits, `-`, `_` and `.`, at most 63"));
    }
    Ok((key.to_owned(), value.to_owned()))
}

fn is_label_text(text: &str) -> bool {
    let alphanumeric = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    text.len() <= 63
        && alphanumeric(bytes.first())
        && alphanumeric(bytes.last())
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
}

fn is_domain(text: &str) -> bool {
    text.len() <= 253
        && text.split('.').all(|part| {
            !part.is_empty()
                && !part.starts_with('-')
                && !part.ends_with('-')
                && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        })
}

/// Sets a label. Where `labels` is null it becomes a mapping; where it is something else, the
/// server has the word.
pub(super) fn set(body: &mut Value, key: &str, value: &str) {
    let labels = metadata(body).entry("labels").or_insert(Value::Null);
    // kubectl sends a null as it is; with a label in it, it is a map.
    if labels.is_null() {
        *labels = Value::Object(Map::new());
    }
    if let Value::Object(labels) = labels {
        labels.insert(key.to_owned(), value.into());
    }
}

fn unset(body: &mut Value, key: &str) {
    if let Some(Value::Object(labels)) = metadata(body).get_mut("labels") {
        labels.remove(key);
    }
}
