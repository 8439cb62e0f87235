//! Changes by a patch: JSON patch, merge patch, strategic merge patch, apply.

use serde_json::{Value, json};

use super::{
    decode::decode,
    registry::Resource,
    request::{ApiRequest, Validation},
    status::{FieldError, StatusError, StatusResult},
    world::World,
    write::{WriteTarget, finish_update},
};
use crate::schema::{
    merge,
    validate::{self, Mismatch},
};

/// Changes an object by a patch, of any type.
pub(super) fn patch(
    world: &World<'_>,
    target: &mut WriteTarget<'_>,
    warnings: &mut Vec<String>,
) -> StatusResult<(u16, Value)> {
    let kind = target.request.content_type.split(';').next().unwrap_or_default().trim();
    if matches!(kind, "application/apply-patch+yaml" | "application/apply-patch+json") {
        return super::apply::apply(world, target);
    }
    let resource = target.resource;
    check_type(kind, resource)?;
    // Only an apply creates.
    let Some(old) = target.current(world)? else {
        return Err(resource.not_found(&target.key.name));
    };
    let patch: Value = serde_json::from_slice(&target.request.body)
        .map_err(|fault| StatusError::bad_request(format!("error decoding patch: {fault}")))?;
    let mut body = old.clone();
    match kind {
        "application/json-patch+json" => super::jsonpatch::apply(&mut body, &patch)?,
        "application/merge-patch+json" => merge::json(&mut body, &patch),
        _ => merge::strategic(&mut body, &patch, &resource.gvk()).map_err(StatusError::internal)?,
    }
    if resource.custom.is_none() {
        check_patched(resource, target.request, &patch, &body)?;
    }
    let new = decode(resource, target.request, body, warnings)?;
    let meta = |object: &Value, name: &str| {
        object["metadata"][name].as_str().unwrap_or_default().to_owned()
    };
    for name in ["name", "namespace"] {
        if meta(&new, name) != meta(&old, name) {
            return Err(StatusError::bad_request(format!(
                "the {name} of the provided object does not match the {name} sent on the request"
            )));
        }
    }
    // No retry as on the server: the transaction holds the lock from its beginning.
    Ok((200, finish_update(world, target, &old, new, true)?))
}

/// Refuses what is no patch, or none for this resource.
fn check_type(kind: &str, resource: &Resource) -> StatusResult<()> {
    let (message, details) = match kind {
        "application/json-patch+json" | "application/merge-patch+json" => return Ok(()),
        // A definition's schema does not say by which key lists are merged.
        "application/strategic-merge-patch+json" if resource.custom.is_none() => return Ok(()),
        "application/strategic-merge-patch+json" => (
            "the body of the request was in an unknown format - accepted media types include: \
             application/json-patch+json, application/merge-patch+json, \
             application/apply-patch+yaml",
            Value::Null,
        ),
        _ => ("415: Unsupported Media Type", json!({})),
    };
    Err(StatusError::status(415, "UnsupportedMediaType", message, details))
}

/// What a patch came to must fit; a misfit is blamed on the patch.
fn check_patched(
    resource: &Resource,
    request: &ApiRequest,
    patch: &Value,
    merged: &Value,
) -> StatusResult<()> {
    let findings = validate::check_against(merged, resource.schema(), &resource.kind);
    let fault = findings.iter().find(|finding| finding.fault != Mismatch::Unknown);
    let strategic = request.content_type.starts_with("application/strategic");
    let message = match fault {
        Some(fault) if strategic => converted(&fault.message()),
        Some(fault) => fault.message(),
        None if request.validation() == Validation::Strict && !findings.is_empty() => {
            let unknown: Vec<_> = findings.iter().map(validate::Finding::message).collect();
            format!("strict decoding error: {}", unknown.join(", "))
        }
        None => return Ok(()),
    };
    // The value is printed as each path holds it: a Go map, or the JSON that came out.
    let shown = if strategic { json!(merge::go_value(patch)) } else { json!(merged.to_string()) };
    let cause = FieldError::invalid("patch", &shown, &message);
    Err(StatusError::invalid("", "", "", &[cause]))
}

/// The words of the converter, which strategic patches go through instead of the decoder.
fn converted(message: &str) -> String {
    let parts = message.strip_prefix("json: cannot unmarshal ").and_then(|rest| {
        let (found, rest) = rest.split_once(" into ")?;
        Some((found.split(' ').next()?, rest.rsplit_once(" of type ")?.1))
    });
    let Some((found, wanted)) = parts else {
        let prefix =
            if message.starts_with("illegal base64") { "error decoding from json: " } else { "" };
        return format!("{prefix}{message}");
    };
    let found_kind = match found {
        "array" => "slice",
        "object" => "map",
        "number" => "int64",
        other => other,
    };
    if wanted.starts_with("map[") {
        format!("cannot restore map from {found_kind}")
    } else if wanted.starts_with("[]") {
        format!("cannot restore slice from {found_kind}")
    } else if wanted.contains('.') {
        format!("cannot restore struct from: {found_kind}")
    } else if found == "number" {
        format!("cannot convert int64 to {wanted}")
    } else {
        format!("unrecognized type: {wanted}")
    }
}
