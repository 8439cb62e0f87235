//! The controllers, the scheduler and the nodes of the cluster: each looks at one object, reads
//! from its status what comes next, does it, and says when it wants to look again.

use serde_json::{Value, json};

use super::{
    request::{ApiRequest, Reply},
    status::StatusResult,
    storage::ObjectKey,
    world::World,
};
use crate::schema::shape;

mod claims;
mod daemonsets;
mod definitions;
mod deployments;
mod events;
mod garbage;
mod jobs;
mod namespaces;
mod pods;
mod replicas;
mod replicasets;
mod roles;
mod scheduler;
mod services;
mod statefulsets;
mod tokens;
mod volumes;

pub(super) use pods::logs;

const CONTROLLER: &str = "kube-controller-manager";

/// Looks at an object and does what is next.
pub(super) fn reconcile(world: &World<'_>, key: &ObjectKey) -> StatusResult<()> {
    let Some(object) = world.get(key)? else { return Ok(()) };
    // First, as its owner may be gone: its controller must not act on an object that goes.
    if garbage::collect(world, key, &object)? {
        return Ok(());
    }
    match key.resource.as_str() {
        "/namespaces" => namespaces::reconcile(world, key, &object),
        "/persistentvolumeclaims" => volumes::claim(world, key, &object),
        "/persistentvolumes" => volumes::volume(world, key, &object),
        "/pods" => pods::reconcile(world, key, &object),
        "/replicationcontrollers" => replicasets::reconcile(world, key, &object),
        "/secrets" => tokens::reconcile(world, key, &object),
        "/services" => services::reconcile(world, key, &object),
        "apiextensions.k8s.io/customresourcedefinitions" => {
            definitions::reconcile(world, key, &object)
        }
        "apiregistration.k8s.io/apiservices" => services::api(world, key, &object),
        "apps/daemonsets" => daemonsets::reconcile(world, key, &object),
        "apps/deployments" => deployments::reconcile(world, key, &object),
        "apps/replicasets" => replicasets::reconcile(world, key, &object),
        "apps/statefulsets" => statefulsets::reconcile(world, key, &object),
        "batch/jobs" => jobs::reconcile(world, key, &object),
        "policy/poddisruptionbudgets" => services::budget(world, key, &object),
        "rbac.authorization.k8s.io/clusterroles" => roles::reconcile(world, key, &object),
        _ => Ok(()),
    }
}

/// Text at a path, empty if there is none.
fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn number(object: &Value, pointer: &str) -> i64 {
    object.pointer(pointer).and_then(Value::as_i64).unwrap_or(0)
}

fn uid(object: &Value) -> &str {
    text(object, "/metadata/uid")
}

fn name(object: &Value) -> &str {
    text(object, "/metadata/name")
}

fn is_deleted(object: &Value) -> bool {
    object["metadata"]["deletionTimestamp"].is_string()
}

/// Tells whether the containers of a pod have ended for good.
fn has_ended(pod: &Value) -> bool {
    matches!(text(pod, "/status/phase"), "Succeeded" | "Failed")
}

/// The reference of a controller to be put on what it makes.
fn owner_reference(owner: &Value) -> Value {
    json!([{
        "apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"], "controller": true, "blockOwnerDeletion": true,
    }])
}

fn is_controlled_by(object: &Value, owner: &Value) -> bool {
    let references = object["metadata"]["ownerReferences"].as_array().into_iter().flatten();
    references.into_iter().any(|reference| {
        reference["controller"] == true && reference["uid"] == owner["metadata"]["uid"]
    })
}

fn has_controller(object: &Value) -> bool {
    let references = object["metadata"]["ownerReferences"].as_array().into_iter().flatten();
    references.into_iter().any(|reference| reference["controller"] == true)
}

/// Sets a condition; its transition time changes with its status only. Tells whether anything
/// changed.
fn set_condition(status: &mut Value, condition: Value, now: &str, updates: bool) -> bool {
    let mut list = status["conditions"].as_array().cloned().unwrap_or_default();
    let mut condition = condition;
    condition["lastTransitionTime"] = json!(now);
    if updates {
        condition["lastUpdateTime"] = json!(now);
    }
    let known = list.iter_mut().find(|known| known["type"] == condition["type"]);
    match known {
        Some(known) => {
            let same = known["status"] == condition["status"]
                && known["reason"] == condition["reason"]
                && known["message"] == condition["message"];
            if same {
                return false;
            }
            // As every controller does: the time says since when it is so, not when it was last
            // said.
            if known["status"] == condition["status"] {
                condition["lastTransitionTime"] = known["lastTransitionTime"].clone();
            }
            *known = condition;
        }
        None => list.push(condition),
    }
    status["conditions"] = json!(list);
    true
}

fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    let list = object["status"]["conditions"].as_array()?;
    list.iter().find(|condition| condition["type"] == kind)
}

fn has_true(object: &Value, kind: &str) -> bool {
    condition(object, kind).is_some_and(|condition| condition["status"] == "True")
}

/// Writes a new status of an object, if it differs.
fn write_status(
    world: &World<'_>,
    key: &ObjectKey,
    object: &Value,
    status: Value,
) -> StatusResult<()> {
    if object["status"] == status {
        return Ok(());
    }
    let mut changed = object.clone();
    changed["status"] = status;
    world.write_as(CONTROLLER, "status", key, changed).map(|_| ())
}

/// A hash in the alphabet of generated names.
fn hash(value: &Value) -> String {
    // FNV-1a over the canonical text.
    let sum = value
        .to_string()
        .bytes()
        .fold(0x811c_9dc5_u32, |sum, byte| (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    super::rand::safe_encode(&sum.to_string())
}

/// Takes a finalizer off an object that a controller has read; tells whether it was there.
fn drop_finalizer(object: &mut Value, finalizer: &str) -> bool {
    let Some(list) = object["metadata"]["finalizers"].as_array() else { return false };
    let left: Vec<_> = list.iter().filter(|known| *known != finalizer).cloned().collect();
    if left.len() == list.len() {
        return false;
    }
    if left.is_empty() {
        shape::remove(&mut object["metadata"], "finalizers");
    } else {
        object["metadata"]["finalizers"] = json!(left);
    }
    true
}

/// Answers what a container wrote.
fn log_reply(lines: &[String]) -> Reply {
    Reply::text(200, lines.concat())
}

/// Parses a duration such as `500ms`, `3s`, `1m30s`; milliseconds.
fn duration(text: &str) -> Option<i64> {
    let mut total = 0.0;
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let amount: f64 = rest[..end].parse().ok()?;
        let tail = &rest[end..];
        let unit_end = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
        total += amount
            * match &tail[..unit_end] {
                "ms" => 1.0,
                "s" => 1000.0,
                "m" => 60_000.0,
                "h" => 3_600_000.0,
                _ => return None,
            };
        rest = &tail[unit_end..];
    }
    #[expect(clippy::cast_possible_truncation, reason = "milliseconds of a test's delay")]
    Some(total as i64)
}

/// The number that an int-or-percent field means of a total.
fn share(value: &Value, total: i64, up: bool) -> i64 {
    if let Some(number) = value.as_i64() {
        return number;
    }
    let percent: i64 =
        value.as_str().and_then(|text| text.strip_suffix('%')?.parse().ok()).unwrap_or(0);
    let exact = percent * total;
    if up { (exact + 99).div_euclid(100) } else { exact.div_euclid(100) }
}

fn parameter_container<'a>(request: &'a ApiRequest, pod: &'a Value) -> &'a str {
    match request.parameter("container") {
        "" => text(pod, "/spec/containers/0/name"),
        name => name,
    }
}
