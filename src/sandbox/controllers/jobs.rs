//! Jobs: pods that run to their end, so many times, with so many failures allowed.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    condition, drop_finalizer, events, has_ended, has_true, is_deleted, name, number, replicas,
    set_condition, text, uid, write_status,
};
use crate::sandbox::{
    delete::{ApiDeleteOptions, delete},
    status::StatusResult,
    storage::ObjectKey,
    world::World,
};
use crate::schema::shape;

const TRACKING: &str = "batch.kubernetes.io/job-tracking";
const INDEX: &str = "batch.kubernetes.io/job-completion-index";

/// The pods of a job by what became of them.
struct Pods {
    active: Vec<Value>,
    succeeded: Vec<Value>,
    failed: Vec<Value>,
}

impl Pods {
    fn of(all: &[Value]) -> Self {
        let phase = |wanted: &str| {
            all.iter().filter(|pod| text(pod, "/status/phase") == wanted).cloned().collect()
        };
        Self {
            active: all.iter().filter(|pod| replicas::is_active(pod)).cloned().collect(),
            succeeded: phase("Succeeded"),
            failed: phase("Failed"),
        }
    }
}

pub(super) fn reconcile(world: &World<'_>, key: &ObjectKey, object: &Value) -> StatusResult<()> {
    let all = replicas::pods(world, object)?;
    for pod in &all {
        // Every pod carries a finalizer until it is counted, so that none is lost uncounted
        // (`job-tracking`); here counting is at once.
        let over = has_ended(pod);
        if over || is_deleted(pod) || is_deleted(object) {
            untrack(world, pod)?;
        }
    }
    if is_deleted(object) {
        return Ok(());
    }
    if has_true(object, "Complete") || has_true(object, "Failed") {
        return expire(world, key, object);
    }
    let pods = Pods::of(&all);
    let mut status = object["status"].clone();
    if !status.is_object() {
        status = json!({});
    }
    if object["spec"]["suspend"] == true {
        return suspend(world, key, object, status, &pods);
    }
    if status["startTime"].is_null() {
        status["startTime"] = json!(world.stamp());
    }
    if condition(object, "Suspended").is_some() {
        let resumed = json!({"type": "Suspended", "status": "False", "reason": "JobResumed", "message": "Job resumed"});
        set_condition(&mut status, resumed, &world.stamp(), false);
    }
    if let Some((reason, message)) = failure(world, key, object, &pods, &status)? {
        let end = ("FailureTarget", "Failed", reason, message);
        return finish(world, key, object, status, &pods, end);
    }
    let wanted = object["spec"]["completions"].as_i64();
    let done = replicas::size(&pods.succeeded);
    let complete = match wanted {
        Some(wanted) => done >= wanted,
        // A work queue: the first success says that there is nothing left to begin.
        None => done > 0 && pods.active.is_empty(),
    };
    if complete {
        let message = "Reached expected number of succeeded pods";
        let end = ("SuccessCriteriaMet", "Complete", "CompletionsReached", message);
        return finish(world, key, object, status, &pods, end);
    }
    let made = fill(world, key, object, &pods, wanted)?;
    count(&mut status, &pods, made);
    write_status(world, key, object, status)
}

/// Starts as many pods as are wanted at once. Gives how many.
fn fill(
    world: &World<'_>,
    key: &ObjectKey,
    object: &Value,
    pods: &Pods,
    wanted: Option<i64>,
) -> StatusResult<i64> {
    let active = replicas::size(&pods.active);
    let left = wanted.map_or(i64::MAX, |wanted| wanted - replicas::size(&pods.succeeded));
    let want = number(object, "/spec/parallelism").min(left) - active;
    if want <= 0 {
        // Fewer at once than before.
        for pod in pods.active.iter().take(usize::try_from(-want).unwrap_or(0)) {
            replicas::remove(world, pod)?;
        }
        return Ok(0);
    }
    // After a failure the next try waits, longer every time.
    let failures = replicas::size(&pods.failed);
    if failures > 0 {
        // The controller doubles from ten seconds; here from a fifth of one.
        let pause = 100_i64 << failures.min(10);
        if !world.elapsed(key, &format!("{}/retry-{failures}", uid(object)), pause)? {
            return Ok(0);
        }
    }
    let indexed = object["spec"]["completionMode"] == "Indexed";
    let mut made = 0;
    for _ in 0..want {
        let index = indexed.then(|| free_index(pods, made));
        let template = &object["spec"]["template"];
        let pod_name = index
            .map(|index| format!("{}-{index}-{}", name(object), crate::sandbox::rand::suffix(5)));
        let done = replicas::make(world, object, template, pod_name.as_deref(), |pod| {
            pod["metadata"]["finalizers"] = json!([TRACKING]);
            if let Some(index) = index {
                pod["metadata"]["annotations"][INDEX] = json!(index.to_string());
                pod["metadata"]["labels"][INDEX] = json!(index.to_string());
            }
        })?;
        if done != replicas::Made::Pod {
            world.later(key, 1000)?;
            break;
        }
        made += 1;
    }
    Ok(made)
}

/// The next index that no pod has or had with success.
fn free_index(pods: &Pods, made: i64) -> i64 {
    let taken: Vec<i64> = pods
        .active
        .iter()
        .chain(&pods.succeeded)
        .filter_map(|pod| pod["metadata"]["annotations"][INDEX].as_str()?.parse().ok())
        .collect();
    let mut free = (0..).filter(|index| !taken.contains(index));
    free.nth(usize::try_from(made).unwrap_or(0)).unwrap_or(0)
}

/// Why a job has failed, if it has.
fn failure(
    world: &World<'_>,
    key: &ObjectKey,
    object: &Value,
    pods: &Pods,
    status: &Value,
) -> StatusResult<Option<(&'static str, &'static str)>> {
    let limit = object["spec"]["backoffLimit"].as_i64().unwrap_or(6);
    let restarts: i64 = pods
        .active
        .iter()
        .flat_map(|pod| pod["status"]["containerStatuses"].as_array().into_iter().flatten())
        .map(|status| number(status, "/restartCount"))
        .sum();
    // The kubelet restarts these in place: a pod that never ends fails by its restarts.
    let on_failure = text(object, "/spec/template/spec/restartPolicy") == "OnFailure";
    let failed = replicas::size(&pods.failed) + if on_failure { restarts } else { 0 };
    if failed > limit {
        return Ok(Some(("BackoffLimitExceeded", "Job has reached the specified backoff limit")));
    }
    if let Some(seconds) = object["spec"]["activeDeadlineSeconds"].as_i64() {
        let since: Timestamp = text(status, "/startTime").parse().unwrap_or(world.now);
        let left = since.as_millisecond() + seconds * 1000 - world.millis();
        if left <= 0 {
            return Ok(Some(("DeadlineExceeded", "Job was active longer than specified deadline")));
        }
        world.later(key, left)?;
    }
    Ok(None)
}

fn count(status: &mut Value, pods: &Pods, made: i64) {
    let ready = pods.active.iter().filter(|pod| replicas::is_ready(pod)).count();
    for (field, value) in [
        ("active", replicas::size(&pods.active) + made),
        ("succeeded", replicas::size(&pods.succeeded)),
        ("failed", replicas::size(&pods.failed)),
    ] {
        if value > 0 {
            status[field] = json!(value);
        } else {
            shape::remove(status, field);
        }
    }
    status["ready"] = json!(ready);
    status["terminating"] = json!(0);
    status["uncountedTerminatedPods"] = json!({});
}

/// Ends a job: first its outcome is known, then its pods are gone, then it is over.
fn finish(
    world: &World<'_>,
    key: &ObjectKey,
    object: &Value,
    mut status: Value,
    pods: &Pods,
    (first, last, reason, message): (&str, &str, &str, &str),
) -> StatusResult<()> {
    let now = world.stamp();
    let made = |kind: &str| json!({"type": kind, "status": "True", "reason": reason, "message": message, "lastProbeTime": now});
    count(&mut status, pods, 0);
    let known = condition(object, first).is_some();
    if !known {
        set_condition(&mut status, made(first), &now, false);
    }
    for pod in &pods.active {
        replicas::remove(world, pod)?;
    }
    // `Complete` and `Failed` are promises that no pod runs any more.
    if known && pods.active.is_empty() {
        set_condition(&mut status, made(last), &now, false);
        let told = if last == "Complete" {
            status["completionTime"] = json!(now);
            ("Normal", "Completed", "Job completed")
        } else {
            ("Warning", reason, message)
        };
        events::tell(world, object, "job-controller", told, None)?;
    } else {
        world.later(key, 50)?;
    }
    write_status(world, key, object, status)
}

fn suspend(
    world: &World<'_>,
    key: &ObjectKey,
    object: &Value,
    mut status: Value,
    pods: &Pods,
) -> StatusResult<()> {
    for pod in &pods.active {
        replicas::remove(world, pod)?;
    }
    count(&mut status, pods, 0);
    if let Some(fields) = status.as_object_mut() {
        fields.remove("active");
        // A resumed job begins its deadline anew.
        fields.remove("startTime");
    }
    let condition = json!({"type": "Suspended", "status": "True", "reason": "JobSuspended",
        "message": "Job suspended", "lastProbeTime": world.stamp()});
    if !has_true(object, "Suspended") {
        set_condition(&mut status, condition, &world.stamp(), false);
    }
    write_status(world, key, object, status)
}

/// A finished job goes after its time to live.
fn expire(world: &World<'_>, key: &ObjectKey, object: &Value) -> StatusResult<()> {
    let Some(seconds) = object["spec"]["ttlSecondsAfterFinished"].as_i64() else { return Ok(()) };
    if world.elapsed(key, &format!("{}/ttl", uid(object)), seconds * 1000)?
        && let Some(resource) = world.registry.stored(&key.resource)
    {
        delete(world, &resource, key, &ApiDeleteOptions::background())?;
    }
    Ok(())
}

/// Lets go of a pod that was counted.
fn untrack(world: &World<'_>, pod: &Value) -> StatusResult<()> {
    let tracked = pod["metadata"]["finalizers"].as_array();
    if !tracked.is_some_and(|list| list.iter().any(|finalizer| finalizer == TRACKING)) {
        return Ok(());
    }
    let key = ObjectKey::new("/pods", text(pod, "/metadata/namespace"), name(pod));
    // Read again: it may have been written since.
    let Some(mut changed) = world.get(&key)? else { return Ok(()) };
    drop_finalizer(&mut changed, TRACKING);
    let Some(resource) = world.registry.stored("/pods") else { return Ok(()) };
    world.put_or_remove(&resource, &key, changed).map(|_| ())
}
