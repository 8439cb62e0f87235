//! ReplicaSets, and ReplicationControllers, which they came after: so many pods of one template.

use serde_json::{Value, json};

use super::{
    is_deleted, number,
    replicas::{self, Made},
    set_condition, write_status,
};
use crate::sandbox::{status::StatusResult, storage::ObjectKey, world::World};

pub(super) fn reconcile(world: &World<'_>, key: &ObjectKey, object: &Value) -> StatusResult<()> {
    let all = replicas::pods(world, object)?;
    let going = all.iter().filter(|pod| is_deleted(pod)).count();
    let mut pods: Vec<Value> = all.into_iter().filter(replicas::is_active).collect();
    let wanted = number(object, "/spec/replicas");
    let mut refused = None;
    if !is_deleted(object) {
        let missing = wanted - replicas::size(&pods);
        for _ in 0..missing {
            let made = replicas::make(world, object, &object["spec"]["template"], None, |_| {})?;
            if made != Made::Pod {
                // What kept it out (a missing account, a name) says nothing when it is mended.
                world.later(key, 1000)?;
                if let Made::Refused(why) = made {
                    refused = Some(why);
                }
                break;
            }
        }
        if missing < 0 {
            replicas::first_to_go(&mut pods);
            for pod in pods.drain(..usize::try_from(-missing).unwrap_or(0)) {
                replicas::remove(world, &pod)?;
            }
        }
        if missing > 0 {
            pods = replicas::pods(world, object)?.into_iter().filter(replicas::is_active).collect();
        }
    }
    let seconds = number(object, "/spec/minReadySeconds");
    let (ready, available) = replicas::count(world, key, &pods, seconds)?;
    let mut status = json!({
        "replicas": replicas::size(&pods), "observedGeneration": object["metadata"]["generation"],
    });
    // The old kind does not count them.
    if object["kind"] == "ReplicaSet" {
        status["terminatingReplicas"] = json!(going);
    }
    for (field, value) in [
        ("fullyLabeledReplicas", replicas::size(&pods)),
        ("readyReplicas", ready),
        ("availableReplicas", available),
    ] {
        if value > 0 {
            status[field] = json!(value);
        }
    }
    // Without a refusal the new status has no conditions: what was refused is made now.
    if let Some(why) = refused {
        status["conditions"] = object["status"]["conditions"].clone();
        let failure = json!({"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate",
            "message": why});
        set_condition(&mut status, failure, &world.stamp(), false);
    }
    write_status(world, key, object, status)
}
