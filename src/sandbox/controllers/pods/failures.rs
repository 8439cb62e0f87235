//! What goes wrong with a pod that asks for it.

use serde_json::{Value, json};

use super::{
    Stage, TestAnnotations, ended, running, set_ready, statuses, unready_message, waits_for,
};
use crate::sandbox::controllers::{name, number, text, uid};

pub(super) fn blocked_status(pod: &Value, known: &Value, asked: &TestAnnotations<'_>) -> Value {
    let mut status = known.clone();
    let image = text(known, "/image");
    status["state"] = if asked.fail == "image-pull" {
        let message = format!(
            "rpc error: code = NotFound desc = failed to pull and unpack image \"{image}\": failed \
             to resolve reference \"{image}\": {image}: not found"
        );
        json!({"waiting": {"reason": "ErrImagePull", "message": asked.message(message)}})
    } else {
        let message = format!("secret \"{}\" not found", first_secret(pod, &asked.target));
        json!({"waiting": {"reason": "CreateContainerConfigError", "message": asked.message(message)}})
    };
    status
}

/// The first Secret that a container's environment names.
fn first_secret(pod: &Value, target: &str) -> String {
    let containers = pod["spec"]["containers"].as_array().into_iter().flatten();
    for container in containers.filter(|container| container["name"] == target) {
        let single = container["env"].as_array().into_iter().flatten();
        let whole = container["envFrom"].as_array().into_iter().flatten();
        let mut names = single
            .map(|variable| text(variable, "/valueFrom/secretKeyRef/name"))
            .chain(whole.map(|source| text(source, "/secretRef/name")))
            .filter(|name| !name.is_empty());
        if let Some(name) = names.next() {
            return name.to_owned();
        }
    }
    format!("{target}-secret")
}

pub(super) fn back_off(pod: &Value, waiting: &Value) -> Stage {
    let image = text(waiting, "/image");
    let why = text(waiting, "/state/waiting/message").to_owned();
    let mut status = pod["status"].clone();
    for known in status["containerStatuses"].as_array_mut().into_iter().flatten() {
        if known["name"] == waiting["name"] {
            let message = format!("Back-off pulling image \"{image}\": ErrImagePull: {why}");
            known["state"] = json!({"waiting": {"reason": "ImagePullBackOff", "message": message}});
        }
    }
    let message = format!("Failed to pull image \"{image}\": {why}");
    let event =
        ("Warning", "Failed", message, format!("spec.containers{{{}}}", text(waiting, "/name")));
    Stage { stage: "pull-back-off".into(), after: 500, status, event: Some(event) }
}

/// A container that is asked to crash ends, waits and starts again.
pub(super) fn crash(pod: &Value, asked: &TestAnnotations<'_>, now: &str) -> Option<Stage> {
    let (list, field) = match asked.fail {
        "init-crash" => ("initContainerStatuses", "initContainers"),
        "crash-loop" | "oom" | "job-fail" => ("containerStatuses", "containers"),
        _ => return None,
    };
    let mut all = statuses(pod, list);
    let place = all.iter().position(|status| status["name"] == asked.target.as_str())?;
    let known = all[place].clone();
    let restarts = number(&known, "/restartCount");
    let never = text(pod, "/spec/restartPolicy") == "Never";
    let over = asked.fail == "job-fail" || never;
    let mut status = pod["status"].clone();
    let stage;
    let after;
    let mut event = None;
    if known["state"]["running"].is_object() && restarts < asked.restarts() {
        let (code, reason) = if asked.fail == "oom" { (137, "OOMKilled") } else { (1, "Error") };
        all[place] = ended(&known, now, code, reason);
        if !asked.text("message").is_empty() {
            all[place]["state"]["terminated"]["message"] = json!(asked.text("message"));
        }
        if over {
            status["phase"] = json!("Failed");
            set_ready(&mut status, now, Some(("PodFailed", String::new())));
        } else {
            set_ready(
                &mut status,
                now,
                Some(("ContainersNotReady", unready_message(&[&asked.target]))),
            );
        }
        (stage, after) = (format!("crash-{restarts}"), asked.delay().unwrap_or(100));
    } else if number(&known, "/state/terminated/exitCode") != 0 && !never && restarts > 0 {
        const WAITS: [&str; 6] = ["10s", "20s", "40s", "1m20s", "2m40s", "5m0s"];
        let wait = WAITS[usize::try_from(restarts - 1).unwrap_or(5).min(5)];
        let pod_name = format!("{}_{}({})", name(pod), text(pod, "/metadata/namespace"), uid(pod));
        let target = &asked.target;
        all[place]["lastState"] = known["state"].clone();
        all[place]["state"] = json!({"waiting": {"reason": "CrashLoopBackOff",
            "message": format!("back-off {wait} restarting failed container={target} pod={pod_name}")}});
        let told = format!("Back-off restarting failed container {target} in pod {pod_name}");
        event = Some(("Warning", "BackOff", told, format!("spec.{field}{{{target}}}")));
        (stage, after) = (format!("back-off-{restarts}"), 50);
    } else if waits_for(&known, &["CrashLoopBackOff"])
        || (number(&known, "/state/terminated/exitCode") != 0 && !never)
    {
        const PAUSES: [i64; 7] = [50, 1000, 2000, 4000, 8000, 16_000, 30_000];
        let last = if known["state"]["terminated"].is_object() {
            &known["state"]
        } else {
            &known["lastState"]
        };
        let ready = list == "containerStatuses"
            && asked.delay().is_some()
            && restarts + 1 < asked.restarts();
        all[place] = running(pod, &known, now, ready, restarts + 1);
        all[place]["lastState"] = last.clone();
        (stage, after) =
            (format!("restart-{restarts}"), PAUSES[usize::try_from(restarts).unwrap_or(6).min(6)]);
    } else {
        return None;
    }
    status[list] = json!(all);
    Some(Stage { stage, after, status, event })
}
