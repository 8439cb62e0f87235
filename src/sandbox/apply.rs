//! Server-side apply: what one manager wants of an object, merged into what others want.

use serde_json::{Value, json};

use super::{
    managed::{ManagedFields, Refused, without_entries},
    status::{FieldError, StatusError, StatusResult},
    strategy, typed,
    world::World,
    write::{WriteTarget, finish_apply},
};
use crate::schema::{custom, defaults, shape};

/// The longest name of a manager, in bytes.
const LONGEST_MANAGER: usize = 128;

pub(super) fn apply(world: &World<'_>, target: &mut WriteTarget<'_>) -> StatusResult<(u16, Value)> {
    let (resource, request) = (target.resource, target.request);
    check_options(target)?;
    let mut config = request.value(&resource.kind)?;
    if !config.is_object() {
        return Err(StatusError::bad_request("error decoding YAML: the body is not an object"));
    }
    let text = |name: &str| config[name].as_str().unwrap_or_default().to_owned();
    if text("kind") != resource.kind || text("apiVersion") != resource.api_version() {
        // The message is Go's own: it prints a GroupVersionKind with its empty group.
        let api_version = text("apiVersion");
        let shown = if api_version.contains('/') { api_version } else { format!("/{api_version}") };
        let message = format!("invalid object type: {shown}, Kind={}", text("kind"));
        return Err(StatusError::bad_request(message));
    }
    let old = target.current(world)?;
    if old.is_none() && !target.subresource.is_empty() {
        return Err(resource.not_found(&target.key.name));
    }
    // Ownership follows from what is applied; a body that claims it is refused.
    if config["metadata"]["managedFields"].is_array() {
        return Err(StatusError::bad_request("metadata.managedFields must be nil"));
    }
    check_form(target, &config)?;
    // An apply to nothing is a merge into the empty object of the kind.
    let live = old.clone().unwrap_or_else(|| strategy::blank(resource));
    let mut new = merged(world, target, &live, &config)?;
    check_place(target, &mut config, &mut new, old.is_some())?;
    if old.is_none() {
        // A create-only apply carries a resourceVersion that no object can have: it is no
        // precondition here, only where the object exists (docs/design.md).
        check_absent(target, &config)?;
        if let Some(metadata) = new["metadata"].as_object_mut() {
            for name in [
                "uid",
                "resourceVersion",
                "creationTimestamp",
                "generation",
                "deletionTimestamp",
                "deletionGracePeriodSeconds",
            ] {
                metadata.remove(name);
            }
        }
    } else {
        // What the body names wins over the merge: it is a precondition.
        for name in ["uid", "resourceVersion"] {
            if let Some(wanted) = config["metadata"][name].as_str() {
                new["metadata"][name] = json!(wanted);
            }
        }
    }
    finish_apply(world, target, old.as_ref(), new)
}

fn check_options(target: &WriteTarget<'_>) -> StatusResult<()> {
    let manager = target.request.parameter("fieldManager");
    let cause = if manager.is_empty() {
        FieldError::required("fieldManager", "is required for apply patch")
    } else if manager.len() > LONGEST_MANAGER {
        FieldError::too_long("fieldManager", LONGEST_MANAGER)
    } else {
        return Ok(());
    };
    Err(StatusError::invalid("meta.k8s.io", "PatchOptions", "", &[cause]))
}

/// Refuses a body that does not fit the schema: 500, as the server does.
fn check_form(target: &WriteTarget<'_>, config: &Value) -> StatusResult<()> {
    // Whatever fieldValidation says: the merge cannot place what it does not know.
    let faults = typed::validate(config, target.resource.schema(), false);
    let text = match faults.as_slice() {
        [] => return Ok(()),
        [only] => only.clone(),
        several => format!("errors:\n  {}", several.join("\n  ")),
    };
    let meta = |name: &str| config["metadata"][name].as_str().unwrap_or_default();
    Err(StatusError::internal(format!(
        "failed to create typed patch object ({}/{}; {}): {text}",
        meta("namespace"),
        meta("name"),
        target.resource.shown_kind()
    )))
}

fn merged(
    world: &World<'_>,
    target: &WriteTarget<'_>,
    live: &Value,
    config: &Value,
) -> StatusResult<Value> {
    let (resource, request) = (target.resource, target.request);
    let schema = resource.schema();
    let writer =
        |manager| strategy::field_manager(resource, target.subresource, manager, world.stamp());
    let bare = without_entries(live);
    let mut managed = ManagedFields::decode(live.get("metadata"))
        .ok_or_else(|| StatusError::internal("failed to decode managed fields"))?;
    if managed.is_empty() && live["metadata"]["uid"].is_string() {
        // An object whose fields nobody owns yet: they are given a manager, else the first apply
        // could take any of them without a conflict.
        managed = managed.update(&strategy::blank(resource), &bare, &writer("before-first-apply"));
    }
    let manager = request.parameter("fieldManager");
    let (new, managed) =
        managed.apply(&bare, config, &writer(manager), request.flag("force")).map_err(refusal)?;
    let mut new = match new {
        None => bare,
        Some(new) if resource.custom.is_some() => {
            let mut new = new;
            // The merge works on the bare object; form and defaults come back afterwards.
            custom::complete(&mut new, schema);
            new
        }
        Some(new) => {
            check_values(target, config, &new)?;
            defaults::complete(new, schema, &resource.gvk())
        }
    };
    resource.dress(&mut new);
    managed.write(&mut new);
    Ok(new)
}

/// Refuses values that the typed object cannot hold: bad base64, quantities, times.
fn check_values(target: &WriteTarget<'_>, config: &Value, new: &Value) -> StatusResult<()> {
    let resource = target.resource;
    let findings = crate::schema::validate::check_against(new, resource.schema(), &resource.kind);
    let Some(finding) = findings.first() else { return Ok(()) };
    let meta = |name: &str| config["metadata"][name].as_str().unwrap_or_default();
    let (kind, fault) = (resource.shown_kind(), finding.message());
    let json = if fault.starts_with("illegal base64") { "error decoding from json: " } else { "" };
    Err(StatusError::internal(format!(
        "failed to convert new object ({}/{}; {kind}) to proper version: unable to convert \
         unstructured object to {kind}: {json}{fault}",
        meta("namespace"),
        meta("name"),
    )))
}

fn refusal(refused: Refused) -> StatusError {
    let conflicts = match refused {
        Refused::Malformed(text) => return StatusError::internal(text),
        Refused::Conflicts(conflicts) => conflicts,
    };
    let message = match conflicts.as_slice() {
        [only] => {
            format!("Apply failed with 1 conflict: conflict with {}: {}", only.owner, only.path)
        }
        several => {
            let mut text = format!("Apply failed with {} conflicts: ", several.len());
            let mut lines: Vec<String> = Vec::new();
            let mut owners: Vec<&str> =
                several.iter().map(|conflict| conflict.owner.as_str()).collect();
            // They come in the order of the entries, each owner's paths together.
            owners.dedup();
            for owner in owners {
                lines.push(format!("conflicts with {owner}:"));
                let paths = several.iter().filter(|conflict| conflict.owner == owner);
                lines.extend(paths.map(|conflict| format!("- {}", conflict.path)));
            }
            text.push_str(&lines.join("\n"));
            text
        }
    };
    let causes: Vec<_> = conflicts
        .iter()
        .map(|conflict| {
            json!({
                "reason": "FieldManagerConflict",
                "message": format!("conflict with {}", conflict.owner),
                "field": conflict.path,
            })
        })
        .collect();
    StatusError::status(409, "Conflict", message, json!({"causes": causes}))
}

/// The body's name and namespace must be those of the URL.
fn check_place(
    target: &WriteTarget<'_>,
    config: &mut Value,
    new: &mut Value,
    exists: bool,
) -> StatusResult<()> {
    let (resource, key) = (target.resource, &target.key);
    let meta = |object: &Value, name: &str| {
        object["metadata"][name].as_str().unwrap_or_default().to_owned()
    };
    let namespace = meta(config, "namespace");
    if resource.namespaced && !namespace.is_empty() && namespace != key.namespace {
        return Err(StatusError::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    let name = meta(config, "name");
    if !name.is_empty() && name != key.name {
        return Err(StatusError::bad_request(format!(
            "the name of the object ({name}) does not match the name on the URL ({})",
            key.name
        )));
    }
    if !exists {
        if name.is_empty() {
            let cause = FieldError::required("metadata.name", "name or generateName is required");
            return Err(resource.invalid("", &[cause]));
        }
        if resource.namespaced {
            new["metadata"]["namespace"] = json!(key.namespace);
        } else {
            shape::remove(&mut new["metadata"], "namespace");
        }
    }
    Ok(())
}

/// Preconditions on what does not exist: a uid is never met; a resourceVersion says "create".
fn check_absent(target: &WriteTarget<'_>, config: &Value) -> StatusResult<()> {
    let Some(uid) = config["metadata"]["uid"].as_str() else { return Ok(()) };
    let detail = format!(
        "uid mismatch: the provided object specified uid {uid}, and no existing object was found"
    );
    Err(target.resource.conflict(&target.key.name, &detail))
}
