//! The form of a body: what does not fit is refused, what is missing is filled in.

use serde_json::Value;

use super::{
    registry::Resource,
    request::{ApiRequest, Validation},
    status::{StatusError, StatusResult},
};
use crate::schema::{
    custom, defaults,
    validate::{self, Mismatch},
};

/// Brings an object into the server's form, with defaults.
pub(super) fn prepared(resource: &Resource, mut object: Value) -> Value {
    let schema = resource.schema();
    if resource.custom.is_some() {
        custom::complete(&mut object, schema);
    } else {
        object = defaults::complete(object, schema, &resource.gvk());
    }
    resource.dress(&mut object);
    object
}

/// Checks the form of a body and brings it into the server's.
pub(super) fn decode(
    resource: &Resource,
    request: &ApiRequest,
    body: Value,
    warnings: &mut Vec<String>,
) -> StatusResult<Value> {
    let (version, kind) = (&resource.version, &resource.kind);
    let refuse = |fault: &str| {
        StatusError::bad_request(format!(
            "{kind} in version \"{version}\" cannot be handled as a {kind}: {fault}"
        ))
    };
    let Value::Object(fields) = &body else {
        return Err(refuse("json: cannot unmarshal into an object"));
    };
    let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
    if text("kind") != kind || text("apiVersion") != resource.api_version() {
        if text("kind").is_empty() || text("apiVersion").is_empty() {
            return Err(StatusError::bad_request(format!(
                "the object provided is unrecognized (must be of type {kind}): couldn't get \
                 version/kind; Object '{}' is missing in '{body}'",
                if text("kind").is_empty() { "Kind" } else { "apiVersion" }
            )));
        }
        return Err(StatusError::bad_request(format!(
            "{} in version \"{}\" cannot be handled as a {kind}: no kind \"{}\" is registered for \
             version \"{}\" in scheme \"pkg/runtime/scheme.go:111\"",
            text("kind"),
            text("apiVersion").rsplit('/').next().unwrap_or_default(),
            text("kind"),
            text("apiVersion"),
        )));
    }
    // Types first: a body that does not fit is refused even where unknown fields are ignored.
    let unknown = match &resource.custom {
        Some(custom) => custom::prune(&mut body.clone(), &custom.schema),
        None => {
            let findings = validate::check_against(&body, resource.schema(), kind);
            if let Some(fault) = findings.iter().find(|finding| finding.fault != Mismatch::Unknown)
            {
                return Err(refuse(&fault.message()));
            }
            findings.into_iter().map(|finding| finding.path).collect()
        }
    };
    let unknown: Vec<_> = unknown.iter().map(|path| format!("unknown field \"{path}\"")).collect();
    match request.validation() {
        Validation::Strict if !unknown.is_empty() => {
            return Err(refuse(&format!("strict decoding error: {}", unknown.join(", "))));
        }
        Validation::Warn => warnings.extend(unknown),
        Validation::Strict | Validation::Ignore => {}
    }
    Ok(prepared(resource, body))
}
