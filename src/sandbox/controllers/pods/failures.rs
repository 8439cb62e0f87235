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
    // So that the message names what the manifest names.
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
    Stage { name: "pull-back-off".into(), after: 500, status, event: Some(event) }
}

/// A container that is asked to crash, and where its status stands.
struct Crashing<'a> {
    pod: &'a Value,
    asked: &'a TestAnnotations<'a>,
    now: &'a str,
    /// `containerStatuses` or `initContainerStatuses`.
    list: &'static str,
    statuses: Vec<Value>,
    place: usize,
    restarts: i64,
}

/// A container that is asked to crash ends, waits and starts again.
pub(super) fn crash(pod: &Value, asked: &TestAnnotations<'_>, now: &str) -> Option<Stage> {
    let list = match asked.fail {
        "init-crash" => "initContainerStatuses",
        "crash-loop" | "oom" | "job-fail" => "containerStatuses",
        _ => return None,
    };
    let statuses = statuses(pod, list);
    let place = statuses.iter().position(|status| status["name"] == asked.target.as_str())?;
    let known = &statuses[place];
    let restarts = number(known, "/restartCount");
    let never = text(pod, "/spec/restartPolicy") == "Never";
    let failed = number(known, "/state/terminated/exitCode") != 0 && !never;
    let running = known["state"]["running"].is_object();
    let waits = waits_for(known, &["CrashLoopBackOff"]);
    let crashing = Crashing { pod, asked, now, list, statuses, place, restarts };
    if running && restarts < asked.restarts() {
        Some(crashing.end(never || asked.fail == "job-fail"))
    } else if failed && restarts > 0 {
        Some(crashing.back_off())
    } else if waits || failed {
        // The kubelet restarts at once after the first crash.
        Some(crashing.restart())
    } else {
        None
    }
}

impl Crashing<'_> {
    fn end(mut self, for_good: bool) -> Stage {
        let (now, asked, restarts) = (self.now, self.asked, self.restarts);
        let (code, reason) = if asked.fail == "oom" { (137, "OOMKilled") } else { (1, "Error") };
        let container = &mut self.statuses[self.place];
        *container = ended(container, now, code, reason);
        if !asked.text("message").is_empty() {
            container["state"]["terminated"]["message"] = json!(asked.text("message"));
        }
        let mut status = self.pod["status"].clone();
        let unready = if for_good {
            status["phase"] = json!("Failed");
            ("PodFailed", String::new())
        } else {
            ("ContainersNotReady", unready_message(&[&asked.target]))
        };
        set_ready(&mut status, now, Some(unready));
        status[self.list] = json!(self.statuses);
        let after = asked.delay().unwrap_or(100);
        Stage { name: format!("crash-{restarts}"), after, status, event: None }
    }

    fn back_off(mut self) -> Stage {
        /// What the kubelet says; here the wait is shorter.
        const WAITS: [&str; 6] = ["10s", "20s", "40s", "1m20s", "2m40s", "5m0s"];
        let wait = WAITS[usize::try_from(self.restarts - 1).unwrap_or(5).min(5)];
        let (pod, target) = (self.pod, &self.asked.target);
        let pod_name = format!("{}_{}({})", name(pod), text(pod, "/metadata/namespace"), uid(pod));
        let message =
            format!("back-off {wait} restarting failed container={target} pod={pod_name}");
        let container = &mut self.statuses[self.place];
        container["lastState"] = container["state"].clone();
        container["state"] = json!({"waiting": {"reason": "CrashLoopBackOff", "message": message}});
        let mut status = pod["status"].clone();
        status[self.list] = json!(self.statuses);
        let field = self.list.replace("Statuses", "s");
        let told = format!("Back-off restarting failed container {target} in pod {pod_name}");
        let event = ("Warning", "BackOff", told, format!("spec.{field}{{{target}}}"));
        let name = format!("back-off-{}", self.restarts);
        Stage { name, after: 50, status, event: Some(event) }
    }

    fn restart(mut self) -> Stage {
        const PAUSES: [i64; 7] = [50, 1000, 2000, 4000, 8000, 16_000, 30_000];
        let (asked, restarts) = (self.asked, self.restarts);
        let container = &mut self.statuses[self.place];
        let last = if container["state"]["terminated"].is_object() {
            container["state"].clone()
        } else {
            container["lastState"].clone()
        };
        let ready = self.list == "containerStatuses"
            && asked.delay().is_some()
            && restarts + 1 < asked.restarts();
        *container = running(self.pod, container, self.now, ready, restarts + 1);
        container["lastState"] = last;
        let mut status = self.pod["status"].clone();
        status[self.list] = json!(self.statuses);
        let after = PAUSES[usize::try_from(restarts).unwrap_or(6).min(6)];
        Stage { name: format!("restart-{restarts}"), after, status, event: None }
    }
}
