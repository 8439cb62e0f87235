//! Pods: the scheduler gives them a node, and the node's kubelet brings them to life, to failure
//! if they ask for it, and to an end.
//!
//! What comes next is read off the pod's status alone, as in the stages of the tests' control
//! plane: the annotations `test.workloadctl/…` and the words in the status are the same.

use serde_json::{Value, json};

use super::{
    condition, duration, events, has_ended, is_deleted, number, scheduler, set_condition, text, uid,
};
use crate::sandbox::{
    delete::{ApiDeleteOptions, delete},
    failing,
    status::StatusResult,
    storage::ObjectKey,
    world::World,
};

mod failures;
mod logs;
mod start;

pub(in crate::sandbox) use logs::logs;

use failures::{back_off, blocked_status, crash};
use start::{created, initialize};

/// A stage of a pod, as kwok has them: after so many milliseconds it has this status, and this is
/// told.
struct Stage {
    name: String,
    after: i64,
    status: Value,
    event: Option<(&'static str, &'static str, String, String)>,
}

pub(super) fn reconcile(world: &World<'_>, key: &ObjectKey, pod: &Value) -> StatusResult<()> {
    let asked = TestAnnotations::of(pod);
    if is_deleted(pod) {
        // Nothing but finalizers holds it; they are others' to take off.
        if number(pod, "/metadata/deletionGracePeriodSeconds") == 0 {
            return Ok(());
        }
        let delay = duration(asked.text("stop-delay")).unwrap_or(50);
        if world.elapsed(key, &format!("{}/stop", uid(pod)), delay)?
            && let Some(resource) = world.registry.stored("/pods")
        {
            // As the kubelet does when the containers have stopped.
            delete(world, &resource, key, &ApiDeleteOptions::at_once())?;
        }
        return Ok(());
    }
    if has_ended(pod) {
        return Ok(());
    }
    if statuses(pod, "containerStatuses").is_empty() && failing::mark(world, key, pod)? {
        return Ok(());
    }
    if pod["spec"]["nodeName"].is_null() {
        return scheduler::schedule(world, key, pod);
    }
    let Some(stage) = next(world, pod, &asked) else { return Ok(()) };
    if !world.elapsed(key, &format!("{}/{}", uid(pod), stage.name), stage.after)? {
        return Ok(());
    }
    let mut changed = pod.clone();
    changed["status"] = stage.status;
    let changed = world.write_as("kubelet", "status", key, changed)?;
    if let Some((kind, reason, message, field)) = stage.event {
        events::tell(world, &changed, "kubelet", (kind, reason, &message), Some(&field))?;
    }
    Ok(())
}

/// What the pod's annotations ask for.
struct TestAnnotations<'a> {
    annotations: &'a Value,
    fail: &'a str,
    target: String,
}

impl<'a> TestAnnotations<'a> {
    fn of(pod: &'a Value) -> Self {
        let annotations = &pod["metadata"]["annotations"];
        let get = |word: &str| annotations[format!("test.workloadctl/{word}")].as_str();
        let fail = get("fail").unwrap_or_default();
        let list = if fail == "init-crash" { "initContainers" } else { "containers" };
        let first = text(pod, &format!("/spec/{list}/0/name"));
        Self { annotations, fail, target: get("container").unwrap_or(first).to_owned() }
    }

    fn text(&self, word: &str) -> &'a str {
        self.annotations[format!("test.workloadctl/{word}")].as_str().unwrap_or_default()
    }

    fn delay(&self) -> Option<i64> {
        duration(self.text("delay"))
    }

    fn restarts(&self) -> i64 {
        // Without a number it never recovers.
        self.text("restarts").parse().unwrap_or(1_000_000)
    }

    fn crashes(&self) -> bool {
        matches!(self.fail, "crash-loop" | "oom" | "job-fail")
    }

    fn message(&self, default: String) -> String {
        match self.text("message") {
            "" => default,
            message => message.to_owned(),
        }
    }
}

fn statuses(pod: &Value, list: &str) -> Vec<Value> {
    pod["status"][list].as_array().cloned().unwrap_or_default()
}

fn waits_for(status: &Value, reasons: &[&str]) -> bool {
    reasons.contains(&text(status, "/state/waiting/reason"))
}

/// The next stage of a pod that has a node.
fn next(world: &World<'_>, pod: &Value, asked: &TestAnnotations<'_>) -> Option<Stage> {
    let now = world.stamp();
    let main = statuses(pod, "containerStatuses");
    if main.is_empty() {
        return Some(created(pod, &now));
    }
    if let Some(stage) = crash(pod, asked, &now) {
        return Some(stage);
    }
    if condition(pod, "Initialized").is_some_and(|condition| condition["status"] == "False") {
        return initialize(pod, asked, &now);
    }
    if main.iter().all(|status| waits_for(status, &["ContainerCreating", "PodInitializing"])) {
        let after = i64::try_from(world.settings.start.as_millis()).unwrap_or(1000);
        return Some(started(pod, asked, &now, after));
    }
    if let Some(waiting) = main.iter().find(|status| waits_for(status, &["ErrImagePull"])) {
        return Some(back_off(pod, waiting));
    }
    if text(pod, "/status/phase") != "Running"
        || !main.iter().all(|status| status["state"]["running"].is_object())
    {
        return None;
    }
    let target = main.iter().find(|status| status["name"] == asked.target.as_str());
    let recovered = matches!(asked.fail, "crash-loop" | "oom")
        && target.is_some_and(|status| number(status, "/restartCount") >= asked.restarts());
    // A pod that failed in its init containers has got past them when it is here.
    let fine = matches!(asked.fail, "" | "init-crash") || recovered;
    let ready = condition(pod, "Ready").is_some_and(|condition| condition["status"] == "True");
    if !ready {
        return fine.then(|| become_ready(pod, asked, &now));
    }
    if runs_to_its_end(pod) {
        return fine.then(|| complete(pod, asked, &now));
    }
    restart_changed(pod, &main, &now)
}

/// Whether its containers end well: those of a Job do, and those of a hook of Helm that is a pod by
/// itself, as `helm test` runs them, unless they are to be started for ever.
fn runs_to_its_end(pod: &Value) -> bool {
    let owners = pod["metadata"]["ownerReferences"].as_array().into_iter().flatten();
    let hook = pod["metadata"]["annotations"]["helm.sh/hook"].is_string();
    owners.into_iter().any(|owner| owner["kind"] == "Job")
        || hook && matches!(text(pod, "/spec/restartPolicy"), "Never" | "OnFailure")
}

fn unready_message(names: &[&str]) -> String {
    format!("containers with unready status: [{}]", names.join(" "))
}

fn set_ready(status: &mut Value, now: &str, unready: Option<(&str, String)>) {
    // They differ only by readiness gates, which are met from the start.
    for kind in ["Ready", "ContainersReady"] {
        let mut new = json!({"type": kind, "lastProbeTime": null});
        match &unready {
            None => new["status"] = json!("True"),
            Some((reason, message)) => {
                new["status"] = json!("False");
                new["reason"] = json!(reason);
                if !message.is_empty() {
                    new["message"] = json!(message);
                }
            }
        }
        set_condition(status, new, now, false);
    }
}

fn names<'a>(pod: &'a Value, list: &str) -> Vec<&'a str> {
    let containers = pod["spec"][list].as_array().into_iter().flatten();
    containers.map(|container| text(container, "/name")).collect()
}

fn container_id(pod: &Value, container: &Value, restarts: i64) -> String {
    let seed = super::hash(&json!([uid(pod), container["name"], restarts]));
    format!("containerd://{seed:0<64}")
}

fn running(pod: &Value, status: &Value, now: &str, ready: bool, restarts: i64) -> Value {
    json!({
        "name": status["name"], "image": status["image"],
        "imageID": format!("sha256:{}", super::hash(&status["image"])),
        "containerID": container_id(pod, status, restarts), "ready": ready,
        "restartCount": restarts, "started": true, "lastState": {},
        "state": {"running": {"startedAt": now}},
    })
}

fn ended(status: &Value, now: &str, code: i64, reason: &str) -> Value {
    let mut new = status.clone();
    new["ready"] = json!(false);
    new["started"] = json!(false);
    new["state"] = json!({"terminated": {
        "exitCode": code, "reason": reason, "startedAt": status["state"]["running"]["startedAt"],
        "finishedAt": now, "containerID": status["containerID"],
    }});
    new
}

/// All containers start.
fn started(pod: &Value, asked: &TestAnnotations<'_>, now: &str, after: i64) -> Stage {
    let mut status = pod["status"].clone();
    let mut unready: Vec<String> = Vec::new();
    let mut blocked = false;
    let mut list = Vec::new();
    for known in statuses(pod, "containerStatuses") {
        let container = text(&known, "/name").to_owned();
        let failing =
            !asked.fail.is_empty() && asked.fail != "init-crash" && container == asked.target;
        if failing && matches!(asked.fail, "image-pull" | "config-error") {
            blocked = true;
            unready.push(container);
            list.push(blocked_status(pod, &known, asked));
            continue;
        }
        let ready = if failing {
            asked.crashes() && asked.delay().is_some()
        } else {
            asked.delay().is_none() || asked.crashes() || runs_to_its_end(pod)
        };
        if !ready {
            unready.push(container);
        }
        list.push(running(pod, &known, now, ready, number(&known, "/restartCount")));
    }
    status["containerStatuses"] = json!(list);
    status["phase"] = json!(if blocked { "Pending" } else { "Running" });
    let unready: Vec<&str> = unready.iter().map(String::as_str).collect();
    let why = (!unready.is_empty()).then(|| ("ContainersNotReady", unready_message(&unready)));
    set_ready(&mut status, now, why);
    let event = match asked.fail {
        "never-ready" => {
            let message = asked
                .message("Readiness probe failed: HTTP probe failed with statuscode: 503".into());
            Some(("Warning", "Unhealthy", message, format!("spec.containers{{{}}}", asked.target)))
        }
        "config-error" => {
            let known = list.iter().find(|status| status["name"] == asked.target.as_str());
            let why = known
                .map(|status| text(status, "/state/waiting/message").to_owned())
                .unwrap_or_default();
            Some((
                "Warning",
                "Failed",
                format!("Error: {why}"),
                format!("spec.containers{{{}}}", asked.target),
            ))
        }
        _ => None,
    };
    Stage { name: "start".into(), after, status, event }
}

fn become_ready(pod: &Value, asked: &TestAnnotations<'_>, now: &str) -> Stage {
    let mut status = pod["status"].clone();
    for known in status["containerStatuses"].as_array_mut().into_iter().flatten() {
        known["ready"] = json!(true);
    }
    set_ready(&mut status, now, None);
    Stage { name: "ready".into(), after: asked.delay().unwrap_or(50), status, event: None }
}

fn complete(pod: &Value, asked: &TestAnnotations<'_>, now: &str) -> Stage {
    let mut status = pod["status"].clone();
    let list: Vec<_> = statuses(pod, "containerStatuses")
        .iter()
        .map(|known| ended(known, now, 0, "Completed"))
        .collect();
    status["containerStatuses"] = json!(list);
    status["phase"] = json!("Succeeded");
    set_ready(&mut status, now, Some(("PodCompleted", String::new())));
    let done = json!({"type": "Initialized", "status": "True", "lastProbeTime": null, "reason": "PodCompleted"});
    set_condition(&mut status, done, now, false);
    Stage { name: "complete".into(), after: asked.delay().unwrap_or(200), status, event: None }
}

/// A change of an image restarts that container.
fn restart_changed(pod: &Value, main: &[Value], now: &str) -> Option<Stage> {
    if pod["status"]["observedGeneration"] == pod["metadata"]["generation"] {
        return None;
    }
    let mut status = pod["status"].clone();
    status["observedGeneration"] = pod["metadata"]["generation"].clone();
    let mut list = main.to_vec();
    for container in pod["spec"]["containers"].as_array()? {
        let Some(known) = list.iter_mut().find(|status| status["name"] == container["name"]) else {
            continue;
        };
        if known["image"] != container["image"] {
            let last = ended(known, now, 0, "Completed")["state"].clone();
            known["image"] = container["image"].clone();
            *known = running(pod, known, now, true, number(known, "/restartCount") + 1);
            known["lastState"] = last;
        }
    }
    status["containerStatuses"] = json!(list);
    Some(Stage {
        name: format!("observe-{}", pod["metadata"]["generation"]),
        after: 0,
        status,
        event: None,
    })
}
