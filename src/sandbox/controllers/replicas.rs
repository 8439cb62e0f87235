//! What the controllers of pods share: making, finding, counting and deleting them.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    CONTROLLER, condition, events, has_controller, has_ended, has_true, is_controlled_by,
    is_deleted, name, owner_reference, text, uid,
};
use crate::sandbox::{
    delete::{ApiDeleteOptions, delete},
    rand::suffix,
    selector::Selector,
    status::{StatusError, StatusResult},
    storage::ObjectKey,
    world::World,
};

/// The annotation of a template whose pods are not admitted: with which words.
const REFUSED: &str = "test.workloadctl/refused";

/// The pods of a controller; orphans that its selector means are adopted.
pub(super) fn pods(world: &World<'_>, owner: &Value) -> StatusResult<Vec<Value>> {
    let namespace = text(owner, "/metadata/namespace");
    // An owner that goes adopts nothing: it would take the orphans with it.
    if !is_deleted(owner) {
        adopt(world, owner, "/pods", namespace)?;
    }
    let found = world.owned(uid(owner), "/pods")?;
    Ok(found.into_iter().filter(|pod| is_controlled_by(pod, owner)).collect())
}

/// Gives whom an owner means. A ReplicationController is from before selectors had operators.
fn selector(owner: &Value) -> Option<Selector> {
    let selector = &owner["spec"]["selector"];
    if owner["kind"] == "ReplicationController" {
        return Selector::of(&json!({"matchLabels": selector}));
    }
    Selector::of(selector)
}

/// Takes objects without a controller that the owner's selector means.
pub(super) fn adopt(
    world: &World<'_>,
    owner: &Value,
    storage: &str,
    namespace: &str,
) -> StatusResult<()> {
    let Some(selector) = selector(owner) else { return Ok(()) };
    let mut orphans = Vec::new();
    world.storage.list(storage, Some(namespace), ("", ""), |row| {
        // A cheap look before the object is parsed.
        if !row.meta.contains("\"controller\":true") {
            let metadata = json!({"metadata": row.metadata()});
            if selector.matches(&metadata) && !is_deleted(&metadata) && !has_controller(&metadata) {
                orphans.push(ObjectKey::new(storage, &row.namespace, &row.name));
            }
        }
        true
    })?;
    for key in orphans {
        let Some(mut orphan) = world.get(&key)? else { continue };
        let mut references =
            orphan["metadata"]["ownerReferences"].as_array().cloned().unwrap_or_default();
        references.extend(owner_reference(owner).as_array().cloned().unwrap_or_default());
        orphan["metadata"]["ownerReferences"] = json!(references);
        world.write_as(CONTROLLER, "", &key, orphan)?;
    }
    Ok(())
}

/// Tells whether a pod counts: not being deleted and not at an end.
pub(super) fn is_active(pod: &Value) -> bool {
    !is_deleted(pod) && !has_ended(pod)
}

pub(super) fn is_ready(pod: &Value) -> bool {
    has_true(pod, "Ready")
}

/// Tells whether a pod has been ready long enough; if not yet, when it will be, in milliseconds
/// from now.
pub(super) fn availability(
    world: &World<'_>,
    pod: &Value,
    seconds: i64,
) -> Result<(), Option<i64>> {
    if !is_ready(pod) {
        return Err(None);
    }
    if seconds == 0 {
        return Ok(());
    }
    let since =
        condition(pod, "Ready").map(|ready| text(ready, "/lastTransitionTime")).unwrap_or_default();
    let since: Timestamp = since.parse().unwrap_or(world.now);
    let left = since.as_millisecond() + seconds * 1000 - world.millis();
    if left <= 0 { Ok(()) } else { Err(Some(left)) }
}

/// How many of some pods are ready, and available.
pub(super) fn count(
    world: &World<'_>,
    key: &ObjectKey,
    pods: &[Value],
    seconds: i64,
) -> StatusResult<(i64, i64)> {
    let (mut ready, mut available) = (0, 0);
    for pod in pods {
        ready += i64::from(is_ready(pod));
        match availability(world, pod, seconds) {
            Ok(()) => available += 1,
            Err(Some(left)) => world.later(key, left)?,
            Err(None) => {}
        }
    }
    Ok((ready, available))
}

/// What became of the wish for a pod.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Made {
    /// It is there.
    Pod,
    /// It cannot be just now: its namespace goes, or its name is taken.
    NotNow,
    /// It was not admitted, for this reason.
    Refused(String),
}

/// Makes a pod of a template. What is not admitted is told as an event; the caller tries again.
pub(super) fn make(
    world: &World<'_>,
    owner: &Value,
    template: &Value,
    pod_name: Option<&str>,
    change: impl FnOnce(&mut Value),
) -> StatusResult<Made> {
    let namespace = text(owner, "/metadata/namespace");
    if is_going(world, namespace)? {
        return Ok(Made::NotNow);
    }
    // `GetPodFromTemplate` and `CreatePods` of `pkg/controller/controller_utils.go`.
    let prefix = format!("{}-", name(owner));
    let full = pod_name.map_or_else(|| format!("{prefix}{}", suffix(5)), str::to_owned);
    let mut pod = json!({
        "metadata": {
            "labels": template["metadata"]["labels"], "annotations": template["metadata"]["annotations"],
            "finalizers": template["metadata"]["finalizers"], "ownerReferences": owner_reference(owner),
        },
        "spec": template["spec"],
    });
    if pod_name.is_none() {
        pod["metadata"]["generateName"] = json!(prefix);
    }
    change(&mut pod);
    let key = ObjectKey::new("/pods", namespace, &full);
    if world.storage.get(&key)?.is_some() {
        return Ok(Made::NotNow);
    }
    let component = match text(owner, "/kind") {
        "ReplicationController" => "replication-controller".to_owned(),
        kind => format!("{}-controller", kind.to_lowercase()),
    };
    let made = match refusal(&pod, &full) {
        Some(failure) => Err(failure),
        None => world.create_as(CONTROLLER, &key, pod),
    };
    match made {
        Ok(_) => {
            let message = format!("Created pod: {full}");
            events::tell(world, owner, &component, ("Normal", "SuccessfulCreate", &message), None)?;
            Ok(Made::Pod)
        }
        Err(failure) => {
            // The server refuses before it draws a name.
            let why = match pod_name {
                Some(_) => failure.message,
                None => failure.message.replace(&full, &prefix),
            };
            let message = format!("Error creating: {why}");
            events::tell(world, owner, &component, ("Warning", "FailedCreate", &message), None)?;
            Ok(Made::Refused(why))
        }
    }
}

/// Refuses a pod as a quota or a policy would, where its template asks for that.
fn refusal(pod: &Value, full: &str) -> Option<StatusError> {
    let why = pod["metadata"]["annotations"][REFUSED].as_str()?;
    let message = format!("pods {full:?} is forbidden: {why}");
    Some(StatusError::status(403, "Forbidden", message, json!({})))
}

/// Tells whether a namespace is being deleted or gone.
pub(super) fn is_going(world: &World<'_>, namespace: &str) -> StatusResult<bool> {
    let row = world.storage.get(&ObjectKey::new("/namespaces", "", namespace))?;
    Ok(row.is_none_or(|row| row.metadata()["deletionTimestamp"].is_string()))
}

pub(super) fn remove(world: &World<'_>, pod: &Value) -> StatusResult<()> {
    let key = ObjectKey::new("/pods", text(pod, "/metadata/namespace"), name(pod));
    let Some(resource) = world.registry.stored("/pods") else { return Ok(()) };
    match delete(world, &resource, &key, &ApiDeleteOptions::background()) {
        // Somebody else deleted it; that is what was wanted.
        Err(failure) if failure.code != 404 => Err(failure),
        _ => Ok(()),
    }
}

/// Orders pods by who is to go first: without a node, not ready, young.
pub(super) fn first_to_go(pods: &mut [Value]) {
    // `ActivePods` of `pkg/controller/controller_utils.go`, without restarts and spreading.
    pods.sort_by_key(|pod| {
        (
            pod["spec"]["nodeName"].is_string(),
            text(pod, "/status/phase") == "Running",
            is_ready(pod),
            std::cmp::Reverse(text(pod, "/metadata/creationTimestamp").to_owned()),
            name(pod).to_owned(),
        )
    });
}

/// The length of a list as the status has it.
pub(super) fn size(list: &[Value]) -> i64 {
    i64::try_from(list.len()).unwrap_or(i64::MAX)
}
