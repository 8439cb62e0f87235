//! Deleting: preconditions, grace, finalizers, what becomes of dependents.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{
    registry::Resource,
    request::ApiRequest,
    status::{StatusError, StatusResult},
    storage::ObjectKey,
    strategy::bump_generation,
    world::{World, stamp},
};
use crate::schema::shape;

/// What a client asks for.
#[derive(Debug, Default, Clone)]
pub(super) struct ApiDeleteOptions {
    uid: Option<String>,
    version: Option<String>,
    /// `Background`, `Foreground` or `Orphan`.
    propagation: Option<String>,
    grace: Option<i64>,
    pub(super) dry_run: bool,
}

impl ApiDeleteOptions {
    /// Reads the options from the body and the query.
    pub(super) fn read(request: &ApiRequest) -> StatusResult<Self> {
        let body: Value =
            if request.body.is_empty() { Value::Null } else { request.value("DeleteOptions")? };
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let query =
            |name: &str| Some(request.parameter(name).to_owned()).filter(|text| !text.is_empty());
        let options = Self {
            uid: text(&body["preconditions"]["uid"]),
            version: text(&body["preconditions"]["resourceVersion"]),
            propagation: text(&body["propagationPolicy"])
                .or_else(|| query("propagationPolicy"))
                // The older field, deprecated and still taken.
                .or_else(|| {
                    body["orphanDependents"]
                        .as_bool()
                        .map(|orphan| if orphan { "Orphan" } else { "Background" }.to_owned())
                }),
            grace: body["gracePeriodSeconds"]
                .as_i64()
                .or_else(|| query("gracePeriodSeconds")?.parse().ok()),
            dry_run: request.dry_run()?
                || body["dryRun"].as_array().is_some_and(|list| !list.is_empty()),
        };
        match options.propagation.as_deref() {
            None | Some("Background" | "Foreground" | "Orphan") => Ok(options),
            Some(other) => {
                let cause = super::status::FieldError::not_supported(
                    "propagationPolicy",
                    &json!(other),
                    &["Foreground", "Background", "Orphan"],
                );
                Err(StatusError::invalid("meta.k8s.io", "DeleteOptions", "", &[cause]))
            }
        }
    }

    /// What the cluster's own components ask for.
    pub(super) fn background() -> Self {
        Self { propagation: Some("Background".into()), ..Self::default() }
    }

    pub(super) fn foreground() -> Self {
        Self { propagation: Some("Foreground".into()), ..Self::default() }
    }

    pub(super) fn at_once() -> Self {
        Self { grace: Some(0), ..Self::background() }
    }

    fn check(&self, resource: &Resource, object: &Value) -> StatusResult<()> {
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        let refuse = |what: &str, wanted: &str, found: &Value, why: &str| {
            let found = found.as_str().unwrap_or_default();
            let detail = format!(
                "the {what} in the precondition ({wanted}) does not match the {what} in record \
                 ({found}). {why}"
            );
            StatusError::conflict(&resource.group, &resource.kind, name, &detail)
        };
        if let Some(uid) = &self.uid
            && object["metadata"]["uid"] != json!(uid)
        {
            let why = "The object might have been deleted and then recreated";
            return Err(refuse("UID", uid, &object["metadata"]["uid"], why));
        }
        if let Some(version) = &self.version
            && object["metadata"]["resourceVersion"] != json!(version)
        {
            let why = "The object might have been modified";
            return Err(refuse(
                "ResourceVersion",
                version,
                &object["metadata"]["resourceVersion"],
                why,
            ));
        }
        Ok(())
    }
}

/// Deletes one object. Gives it as it is afterwards, and whether it is gone.
pub(super) fn delete(
    world: &World<'_>,
    resource: &Resource,
    key: &ObjectKey,
    options: &ApiDeleteOptions,
) -> StatusResult<(Value, bool)> {
    let Some(mut object) = world.get_as(resource, key)? else {
        return Err(resource.not_found(&key.name));
    };
    options.check(resource, &object)?;
    // Grace and propagation mean nothing to it: its content always goes first.
    if resource.is("", "Namespace") {
        return namespace(world, resource, key, object);
    }
    let old = object.clone();
    finalize(resource, &mut object, options);
    if resource.is("apiextensions.k8s.io", "CustomResourceDefinition") {
        // The definition waits for its objects.
        let mut list = object["metadata"]["finalizers"].as_array().cloned().unwrap_or_default();
        if !object["metadata"]["deletionTimestamp"].is_string() {
            list.push(json!("customresourcecleanup.apiextensions.k8s.io"));
            object["metadata"]["finalizers"] = json!(list);
        }
    }
    let finalizers =
        object["metadata"]["finalizers"].as_array().is_some_and(|list| !list.is_empty());
    let grace = grace(resource, &object, options);
    let pending = object["metadata"]["deletionTimestamp"].is_string();
    if grace == 0 && !finalizers {
        world.remove(key, &mut object)?;
        return Ok((object, true));
    }
    // A second delete may shorten the grace of the first, never lengthen it (`BeforeDelete`).
    let shorter =
        object["metadata"]["deletionGracePeriodSeconds"].as_i64().is_none_or(|old| grace < old);
    if !pending || shorter {
        let at = world.now + SignedDuration::from_secs(grace);
        object["metadata"]["deletionTimestamp"] = json!(stamp(at));
        object["metadata"]["deletionGracePeriodSeconds"] = json!(grace);
    }
    if !pending
        && object["metadata"]["generation"].as_i64().is_some_and(|generation| generation > 0)
    {
        // Being deleted is a change of what is wanted: controllers see it by the generation.
        bump_generation(&mut object);
    }
    if resource.is("apiextensions.k8s.io", "CustomResourceDefinition") {
        terminate_definition(world, &mut object);
    }
    if object == old {
        return Ok((object, false));
    }
    let stored = world.put_or_remove(resource, key, object)?;
    Ok((stored, false))
}

/// Adds the finalizers that the propagation asks for, and drops those that it rules out.
fn finalize(resource: &Resource, object: &mut Value, options: &ApiDeleteOptions) {
    // `DefaultGarbageCollectionPolicy` of batch/v1 Jobs, and the reason to always state a policy.
    let orphan_by_default = resource.is("batch", "Job");
    let asked = options.propagation.as_deref();
    let mut list: Vec<Value> =
        object["metadata"]["finalizers"].as_array().cloned().unwrap_or_default();
    let wanted = match asked {
        Some("Foreground") => Some("foregroundDeletion"),
        Some("Orphan") => Some("orphan"),
        Some(_) => None,
        // Somebody has decided already; without a new wish that holds.
        None if list.iter().any(|f| f == "foregroundDeletion" || f == "orphan") => return,
        None if orphan_by_default => Some("orphan"),
        None => None,
    };
    list.retain(|finalizer| finalizer != "foregroundDeletion" && finalizer != "orphan");
    if let Some(finalizer) = wanted {
        list.push(json!(finalizer));
    }
    if list.is_empty() {
        shape::remove(&mut object["metadata"], "finalizers");
    } else {
        object["metadata"]["finalizers"] = json!(list);
    }
}

/// The seconds that the object still has: pods on a node are given some.
fn grace(resource: &Resource, object: &Value, options: &ApiDeleteOptions) -> i64 {
    if !resource.is("", "Pod") {
        return 0;
    }
    // No kubelet has it, or has it any more: nothing is there to be stopped (`CheckGracefulDelete`
    // of the Pod strategy).
    let scheduled = object["spec"]["nodeName"].is_string();
    let over = matches!(object["status"]["phase"].as_str(), Some("Succeeded" | "Failed"));
    if !scheduled || over {
        return 0;
    }
    let wanted = object["spec"]["terminationGracePeriodSeconds"].as_i64().unwrap_or(30);
    options.grace.unwrap_or(wanted).max(0)
}

fn namespace(
    world: &World<'_>,
    resource: &Resource,
    key: &ObjectKey,
    mut object: Value,
) -> StatusResult<(Value, bool)> {
    // The immortal namespaces of the NamespaceLifecycle plugin.
    if matches!(key.name.as_str(), "default" | "kube-system" | "kube-public") {
        let detail = "this namespace may not be deleted";
        return Err(StatusError::forbidden("", "namespaces", &key.name, detail));
    }
    if object["metadata"]["deletionTimestamp"].is_string() {
        return Ok((object, false));
    }
    object["metadata"]["deletionTimestamp"] = json!(world.stamp());
    object["status"]["phase"] = json!("Terminating");
    let stored = world.put_or_remove(resource, key, object)?;
    Ok((stored, false))
}

fn terminate_definition(world: &World<'_>, object: &mut Value) {
    let condition = json!({
        "type": "Terminating", "status": "True", "lastTransitionTime": world.stamp(),
        "reason": "InstanceDeletionPending", "message": "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
    });
    let mut conditions = object["status"]["conditions"].as_array().cloned().unwrap_or_default();
    if !conditions.iter().any(|known| known["type"] == "Terminating") {
        conditions.push(condition);
        object["status"]["conditions"] = json!(conditions);
    }
}

/// Tells whether the answer to a delete is the object rather than a `Status`.
pub(super) fn answers_object(resource: &Resource) -> bool {
    matches!(
        (resource.group.as_str(), resource.kind.as_str()),
        (
            "",
            "Namespace"
                | "PersistentVolume"
                | "PersistentVolumeClaim"
                | "Pod"
                | "PodTemplate"
                | "ResourceQuota"
                | "Service"
                | "ServiceAccount"
        ) | ("storage.k8s.io", "StorageClass" | "CSIDriver" | "CSINode" | "VolumeAttachment")
            | ("resource.k8s.io", _)
    )
}
