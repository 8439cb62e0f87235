//! Pods: the scheduler gives them a node, and the node's kubelet brings them to life, to failure
//! if they ask for it, and to an end.
//!
//! What comes next is read off the pod's status alone, as in the stages of the tests' control
//! plane: the annotations `test.workloadctl/…` and the words in the status are the same.

use serde_json::{Value, json};

use super::{
    condition, duration, events, is_deleted, log_reply, name, nodes, number, parameter_container,
    set_condition, text, uid,
};
use crate::sandbox::{
    answer::Failure,
    call::{Call, Reply},
    delete::{Options, delete},
    storage::Key,
    world::World,
};

/// A step of a pod: after so many milliseconds it has this status, and this is told.
struct Step {
    stage: String,
    after: i64,
    status: Value,
    event: Option<(&'static str, &'static str, String, String)>,
}

pub(super) fn reconcile(world: &World<'_>, key: &Key, pod: &Value) -> Result<(), Failure> {
    let asked = Asked::of(pod);
    if is_deleted(pod) {
        if number(pod, "/metadata/deletionGracePeriodSeconds") == 0 {
            return Ok(());
        }
        let delay = duration(asked.text("stop-delay")).unwrap_or(50);
        if world.elapsed(key, &format!("{}/stop", uid(pod)), delay)?
            && let Some(resource) = world.registry.stored("/pods")
        {
            delete(world, &resource, key, &Options::at_once())?;
        }
        return Ok(());
    }
    if matches!(text(pod, "/status/phase"), "Succeeded" | "Failed") {
        return Ok(());
    }
    if pod["spec"]["nodeName"].is_null() {
        return schedule(world, key, pod);
    }
    let Some(step) = next(world, pod, &asked) else { return Ok(()) };
    if !world.elapsed(key, &format!("{}/{}", uid(pod), step.stage), step.after)? {
        return Ok(());
    }
    let mut changed = pod.clone();
    changed["status"] = step.status;
    let changed = world.write_as("kubelet", "status", key, changed)?;
    if let Some((kind, reason, message, field)) = step.event {
        events::tell(world, &changed, "kubelet", (kind, reason, &message), Some(&field))?;
    }
    Ok(())
}

/// What the pod's annotations ask for.
struct Asked<'a> {
    annotations: &'a Value,
    fail: &'a str,
    target: String,
}

impl<'a> Asked<'a> {
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

fn schedule(world: &World<'_>, key: &Key, pod: &Value) -> Result<(), Failure> {
    let mut changed = pod.clone();
    let now = world.stamp();
    match nodes::choose(world, pod)? {
        Ok(node) => {
            changed["spec"]["nodeName"] = json!(node);
            let scheduled =
                json!({"type": "PodScheduled", "status": "True", "lastProbeTime": null});
            set_condition(&mut changed["status"], scheduled, &now, false);
            let changed = world.write_as("kube-scheduler", "status", key, changed)?;
            let message = format!("Successfully assigned {}/{} to {node}", key.namespace, key.name);
            events::tell(
                world,
                &changed,
                "default-scheduler",
                ("Normal", "Scheduled", &message),
                None,
            )
        }
        Err(message) => {
            let unscheduled = json!({
                "type": "PodScheduled", "status": "False", "lastProbeTime": null,
                "reason": "Unschedulable", "message": message,
                "observedGeneration": pod["metadata"]["generation"],
            });
            if set_condition(&mut changed["status"], unscheduled, &now, false) {
                let changed = world.write_as("kube-scheduler", "status", key, changed)?;
                let told = ("Warning", "FailedScheduling", message.as_str());
                events::tell(world, &changed, "default-scheduler", told, None)?;
            }
            world.later(key, 2000)
        }
    }
}

fn statuses(pod: &Value, list: &str) -> Vec<Value> {
    pod["status"][list].as_array().cloned().unwrap_or_default()
}

fn waits_for(status: &Value, reasons: &[&str]) -> bool {
    reasons.contains(&text(status, "/state/waiting/reason"))
}

/// The next step of a pod that has a node.
fn next(world: &World<'_>, pod: &Value, asked: &Asked<'_>) -> Option<Step> {
    let now = world.stamp();
    let main = statuses(pod, "containerStatuses");
    if main.is_empty() {
        return Some(created(pod, &now));
    }
    if let Some(step) = crash(pod, asked, &now) {
        return Some(step);
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
    let fine = matches!(asked.fail, "" | "init-crash") || recovered;
    let ready = condition(pod, "Ready").is_some_and(|condition| condition["status"] == "True");
    if !ready {
        return fine.then(|| become_ready(pod, asked, &now));
    }
    if is_of_job(pod) {
        return fine.then(|| complete(pod, asked, &now));
    }
    restart_changed(pod, &main, &now)
}

fn is_of_job(pod: &Value) -> bool {
    let owners = pod["metadata"]["ownerReferences"].as_array().into_iter().flatten();
    owners.into_iter().any(|owner| owner["kind"] == "Job")
}

fn unready_message(names: &[&str]) -> String {
    format!("containers with unready status: [{}]", names.join(" "))
}

fn set_ready(status: &mut Value, now: &str, unready: Option<(&str, String)>) {
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

fn created(pod: &Value, now: &str) -> Step {
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
    Step { stage: "create".into(), after: 0, status, event: None }
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

fn initialized(status: &mut Value, now: &str) {
    let done = json!({"type": "Initialized", "status": "True", "lastProbeTime": null});
    set_condition(status, done, now, false);
}

/// Init containers run one after the other; sidecars stay.
fn initialize(pod: &Value, asked: &Asked<'_>, now: &str) -> Option<Step> {
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
        return Some(Step { stage: format!("init-{place}"), after: 50, status, event: None });
    }
    let mut list = list;
    let mut begun = false;
    for (place, container) in pod["spec"]["initContainers"].as_array()?.iter().enumerate() {
        let known = list.get(place)?;
        if known["ready"] == true || !waits_for(known, &["PodInitializing"]) {
            continue;
        }
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
    Some(Step {
        stage: format!("begin-{}", super::hash(&json!(list))),
        after: 0,
        status,
        event: None,
    })
}

/// All containers start.
fn started(pod: &Value, asked: &Asked<'_>, now: &str, after: i64) -> Step {
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
            asked.delay().is_none() || asked.crashes() || is_of_job(pod)
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
    Step { stage: "start".into(), after, status, event }
}

fn blocked_status(pod: &Value, known: &Value, asked: &Asked<'_>) -> Value {
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

fn back_off(pod: &Value, waiting: &Value) -> Step {
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
    Step { stage: "pull-back-off".into(), after: 500, status, event: Some(event) }
}

fn become_ready(pod: &Value, asked: &Asked<'_>, now: &str) -> Step {
    let mut status = pod["status"].clone();
    for known in status["containerStatuses"].as_array_mut().into_iter().flatten() {
        known["ready"] = json!(true);
    }
    set_ready(&mut status, now, None);
    Step { stage: "ready".into(), after: asked.delay().unwrap_or(50), status, event: None }
}

fn complete(pod: &Value, asked: &Asked<'_>, now: &str) -> Step {
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
    Step { stage: "complete".into(), after: asked.delay().unwrap_or(200), status, event: None }
}

/// A change of an image restarts that container.
fn restart_changed(pod: &Value, main: &[Value], now: &str) -> Option<Step> {
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
    Some(Step {
        stage: format!("observe-{}", pod["metadata"]["generation"]),
        after: 0,
        status,
        event: None,
    })
}

/// A container that is asked to crash ends, waits and starts again.
fn crash(pod: &Value, asked: &Asked<'_>, now: &str) -> Option<Step> {
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
    Some(Step { stage, after, status, event })
}

/// What a container wrote.
pub(in crate::sandbox) fn logs(
    world: &World<'_>,
    call: &Call,
    key: &Key,
) -> Result<Reply, Failure> {
    let Some(pod) = world.get(key)? else {
        return Err(Failure::not_found("", "pods", &key.name));
    };
    let wanted = parameter_container(call, &pod);
    let lists = ["containerStatuses", "initContainerStatuses"];
    let known = ["containers", "initContainers"]
        .into_iter()
        .any(|list| names(&pod, list).contains(&wanted));
    if !known {
        let message = format!("container {wanted} is not valid for pod {}", key.name);
        return Err(Failure::bad_request(message));
    }
    let status = lists
        .into_iter()
        .flat_map(|list| statuses(&pod, list))
        .find(|status| status["name"] == wanted);
    let waiting =
        status.as_ref().map_or("ContainerCreating", |status| text(status, "/state/waiting/reason"));
    let restarted = status.as_ref().is_some_and(|status| number(status, "/restartCount") > 0);
    if !waiting.is_empty() && !restarted && waiting != "CrashLoopBackOff" {
        let message = format!(
            "container \"{wanted}\" in pod \"{}\" is waiting to start: {waiting}",
            key.name
        );
        return Err(Failure::bad_request(message));
    }
    if call.flag("previous") && !restarted {
        let message =
            format!("previous terminated container \"{wanted}\" in pod \"{}\" not found", key.name);
        return Err(Failure::bad_request(message));
    }
    let stamp = if call.flag("timestamps") { format!("{} ", world.stamp()) } else { String::new() };
    let mut lines: Vec<String> = ["starting", "listening on port 8080", "ready"]
        .iter()
        .map(|line| format!("{stamp}{line}\n"))
        .collect();
    if let Ok(count) = call.parameter("tailLines").parse::<usize>() {
        lines.drain(..lines.len().saturating_sub(count));
    }
    Ok(log_reply(&lines))
}
