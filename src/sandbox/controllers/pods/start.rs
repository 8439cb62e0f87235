//! The first stages of a pod on its node: its containers are made, its init containers run.

use serde_json::{Value, json};

use super::{
    Stage, TestAnnotations, ended, names, running, set_ready, statuses, unready_message, waits_for,
};
use crate::sandbox::controllers::{hash, number, set_condition, text, uid};

pub(super) fn created(pod: &Value, now: &str) -> Stage {
    let init = names(pod, "initContainers");
    let reason = if init.is_empty() { "ContainerCreating" } else { "PodInitializing" };
    let waiting = |list: &str, reason: &str| -> Vec<Value> {
        let containers = pod["spec"][list].as_array().into_iter().flatten();
        containers
            .map(|container| {
                json!({
                    "name": container["name"], "image": container["image"], "imageID": "",
                    "ready": false, "restartCount": 0, "started": false, "lastState": {},
                    "state": {"waiting": {"reason": reason}},
                })
            })
            .collect()
    };
    let sum: u32 =
        uid(pod).bytes().fold(7, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
    // The nodes are node-1 and node-2; each has a network of its own.
    let node = text(pod, "/spec/nodeName").rsplit('-').next().unwrap_or("1").to_owned();
    let host = format!("172.20.0.{node}");
    let ip = if pod["spec"]["hostNetwork"] == true {
        host.clone()
    } else {
        format!("10.24{node}.{}.{}", sum / 250 % 250, sum % 250 + 1)
    };
    let mut status = pod["status"].clone();
    status["observedGeneration"] = pod["metadata"]["generation"].clone();
    status["phase"] = json!("Pending");
    status["startTime"] = json!(now);
    status["hostIP"] = json!(host);
    status["hostIPs"] = json!([{"ip": host}]);
    status["podIP"] = json!(ip);
    status["podIPs"] = json!([{"ip": ip}]);
    let fine = |kind: &str| json!({"type": kind, "status": "True", "lastProbeTime": null});
    set_condition(&mut status, fine("PodReadyToStartContainers"), now, false);
    if init.is_empty() {
        set_condition(&mut status, fine("Initialized"), now, false);
    } else {
        let message = format!("containers with incomplete status: [{}]", init.join(" "));
        let pending = json!({"type": "Initialized", "status": "False", "lastProbeTime": null,
            "reason": "ContainersNotInitialized", "message": message});
        set_condition(&mut status, pending, now, false);
        status["initContainerStatuses"] = json!(waiting("initContainers", "PodInitializing"));
    }
    set_ready(
        &mut status,
        now,
        Some(("ContainersNotReady", unready_message(&names(pod, "containers")))),
    );
    for gate in pod["spec"]["readinessGates"].as_array().into_iter().flatten() {
        set_condition(&mut status, fine(text(gate, "/conditionType")), now, false);
    }
    status["containerStatuses"] = json!(waiting("containers", reason));
    Stage { name: "create".into(), after: 0, status, event: None }
}

fn initialized(status: &mut Value, now: &str) {
    let done = json!({"type": "Initialized", "status": "True", "lastProbeTime": null});
    set_condition(status, done, now, false);
}

/// Init containers run one after the other; sidecars stay.
pub(super) fn initialize(pod: &Value, asked: &TestAnnotations<'_>, now: &str) -> Option<Stage> {
    let list = statuses(pod, "initContainerStatuses");
    let mut status = pod["status"].clone();
    if let Some(place) =
        list.iter().position(|s| s["state"]["running"].is_object() && s["ready"] != true)
    {
        let failing = asked.fail == "init-crash"
            && list[place]["name"] == asked.target.as_str()
            && number(&list[place], "/restartCount") < asked.restarts();
        if failing {
            return None;
        }
        let mut list = list;
        list[place] = ended(&list[place], now, 0, "Completed");
        list[place]["ready"] = json!(true);
        if !list.iter().any(|status| status["state"]["waiting"].is_object()) {
            initialized(&mut status, now);
        }
        status["initContainerStatuses"] = json!(list);
        return Some(Stage { name: format!("init-{place}"), after: 50, status, event: None });
    }
    let mut list = list;
    let mut begun = false;
    for (place, container) in pod["spec"]["initContainers"].as_array()?.iter().enumerate() {
        let known = list.get(place)?;
        if known["ready"] == true || !waits_for(known, &["PodInitializing"]) {
            continue;
        }
        // A sidecar is ready at once and lets the next begin.
        let sidecar = container["restartPolicy"] == "Always";
        list[place] = running(pod, known, now, sidecar, number(known, "/restartCount"));
        if !sidecar {
            begun = true;
            break;
        }
    }
    if !begun && list.iter().any(|status| status["ready"] != true) {
        return None;
    }
    if !begun {
        initialized(&mut status, now);
    }
    status["initContainerStatuses"] = json!(list);
    Some(Stage { name: format!("begin-{}", hash(&json!(list))), after: 0, status, event: None })
}
