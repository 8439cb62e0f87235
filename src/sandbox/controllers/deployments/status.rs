//! What a Deployment says of itself: counts, and the conditions that people wait for (`syncStatus`
//! in `pkg/controller/deployment/progress.go`).

use serde_json::{Value, json};

use super::surge;
use crate::sandbox::{
    controllers::{condition, hash, name, number, set_condition, uid, write_status},
    status::StatusResult,
    storage::ObjectKey,
    world::World,
};

pub(super) fn report(
    world: &World<'_>,
    key: &ObjectKey,
    object: &Value,
    new: Option<&Value>,
    old: &[Value],
) -> StatusResult<()> {
    let all: Vec<&Value> = old.iter().chain(new).collect();
    let sum =
        |field: &str| all.iter().map(|set| number(set, &format!("/status/{field}"))).sum::<i64>();
    let wanted = number(object, "/spec/replicas");
    let updated = new.map_or(0, |set| number(set, "/status/replicas"));
    let (total, ready, available) =
        (sum("replicas"), sum("readyReplicas"), sum("availableReplicas"));
    let mut status = json!({
        "observedGeneration": object["metadata"]["generation"],
        "terminatingReplicas": sum("terminatingReplicas"),
        "conditions": object["status"]["conditions"],
    });
    let spec_total: i64 = all.iter().map(|set| number(set, "/spec/replicas")).sum();
    for (field, value) in [
        ("replicas", total),
        ("updatedReplicas", updated),
        ("readyReplicas", ready),
        ("availableReplicas", available),
        // Counted from what the sets want, not the Deployment, which wants less during a surge.
        ("unavailableReplicas", (spec_total - available).max(0)),
    ] {
        if value > 0 {
            status[field] = json!(value);
        }
    }
    if status["conditions"].is_null()
        && let Some(fields) = status.as_object_mut()
    {
        fields.remove("conditions");
    }
    let now = world.stamp();
    // `DeploymentAvailable`: as many as a rolling update would leave.
    let enough = available
        >= wanted
            - if object["spec"]["strategy"]["type"] == "Recreate" { 0 } else { surge(object).1 };
    let available_condition = if enough {
        json!({"type": "Available", "status": "True", "reason": "MinimumReplicasAvailable",
            "message": "Deployment has minimum availability."})
    } else {
        json!({"type": "Available", "status": "False", "reason": "MinimumReplicasUnavailable",
            "message": "Deployment does not have minimum availability."})
    };
    set_condition(&mut status, available_condition, &now, true);
    replica_failure(new, &mut status, &now);
    let complete = updated == wanted && total == wanted && available == wanted && new.is_some();
    progress(world, key, object, new, &mut status, complete)?;
    write_status(world, key, object, status)
}

/// Takes over from the newest ReplicaSet that its pods cannot be made, and takes back that they
/// could not.
fn replica_failure(new: Option<&Value>, status: &mut Value, now: &str) {
    let failure = new.and_then(|set| condition(set, "ReplicaFailure"));
    match failure {
        Some(failure) => {
            let failure = json!({"type": "ReplicaFailure", "status": failure["status"],
                "reason": failure["reason"], "message": failure["message"]});
            set_condition(status, failure, now, true);
        }
        None => {
            if let Some(conditions) = status["conditions"].as_array_mut() {
                conditions.retain(|condition| condition["type"] != "ReplicaFailure");
            }
        }
    }
}

/// The Progressing condition: what the update is doing, or that it has not moved for too long.
fn progress(
    world: &World<'_>,
    key: &ObjectKey,
    object: &Value,
    new: Option<&Value>,
    status: &mut Value,
    complete: bool,
) -> StatusResult<()> {
    let now = world.stamp();
    let told = |value: &str, reason: &str, message: String| json!({"type": "Progressing", "status": value, "reason": reason, "message": message});
    if object["spec"]["paused"] == true {
        let paused = told("Unknown", "DeploymentPaused", "Deployment is paused".into());
        set_condition(status, paused, &now, true);
        return Ok(());
    }
    let set = new.map(name).unwrap_or_default();
    if complete {
        let message = format!("ReplicaSet \"{set}\" has successfully progressed.");
        set_condition(status, told("True", "NewReplicaSetAvailable", message), &now, true);
        return Ok(());
    }
    let seconds = object["spec"]["progressDeadlineSeconds"].as_i64().unwrap_or(600);
    let moved = json!([
        object["metadata"]["generation"],
        status["replicas"],
        status["updatedReplicas"],
        status["readyReplicas"],
        status["availableReplicas"],
    ]);
    // Every change of these numbers is progress and begins the deadline anew.
    let stage = format!("{}/progress-{}", uid(object), hash(&moved));
    if world.elapsed(key, &stage, seconds * 1000)? {
        let message = format!("ReplicaSet \"{set}\" has timed out progressing.");
        set_condition(status, told("False", "ProgressDeadlineExceeded", message), &now, true);
        return Ok(());
    }
    let created = condition(object, "Progressing").is_none();
    let (reason, message) = if created {
        ("NewReplicaSetCreated", format!("Created new replica set \"{set}\""))
    } else {
        ("ReplicaSetUpdated", format!("ReplicaSet \"{set}\" is progressing."))
    };
    set_condition(status, told("True", reason, message), &now, true);
    Ok(())
}
