//! StatefulSets: numbered pods with their own claims, made and replaced in order.

use serde_json::{Value, json};

use super::{
    CONTROLLER, claims, has_ended, hash, is_deleted, name, number, owner_reference, replicas, text,
    uid, write_status,
};
use crate::sandbox::{status::StatusResult, storage::ObjectKey, world::World};

const REVISION: &str = "controller-revision-hash";

/// The name of the present template's revision; its ControllerRevision is made if need be.
pub(super) fn revision(world: &World<'_>, object: &Value) -> StatusResult<String> {
    let template = &object["spec"]["template"];
    let revision = format!("{}-{}", name(object), hash(template));
    let namespace = text(object, "/metadata/namespace");
    let key = ObjectKey::new("apps/controllerrevisions", namespace, &revision);
    if world.storage.get(&key)?.is_none() && !replicas::is_going(world, namespace)? {
        // The numbers only need to grow; a revision that comes back keeps its old one here.
        let number = world.owned(uid(object), "apps/controllerrevisions")?.len() + 1;
        let made = json!({
            "metadata": {"labels": template["metadata"]["labels"], "ownerReferences": owner_reference(object)},
            "data": {"spec": {"template": template}}, "revision": number,
        });
        world.create_as(CONTROLLER, &key, made)?;
    }
    Ok(revision)
}

fn ordinal(set: &Value, pod: &Value) -> Option<i64> {
    name(pod).strip_prefix(&format!("{}-", name(set)))?.parse().ok()
}

pub(super) fn reconcile(world: &World<'_>, key: &ObjectKey, object: &Value) -> StatusResult<()> {
    let update = if is_deleted(object) {
        text(object, "/status/updateRevision").to_owned()
    } else {
        revision(world, object)?
    };
    // While an update runs, pods below the partition are still made of the old revision.
    let current = match text(object, "/status/currentRevision") {
        "" => update.clone(),
        known => known.to_owned(),
    };
    let mut pods = replicas::pods(world, object)?;
    pods.sort_by_key(|pod| ordinal(object, pod));
    if !is_deleted(object) {
        advance(world, key, object, &pods, (&current, &update))?;
        pods = replicas::pods(world, object)?;
    }
    report(world, key, object, &pods, (&current, &update))
}

/// One look at the pods (`updateStatefulSet` of the controller): those that are wanted are made
/// first, then those beyond the number go, then those of an old revision are replaced.
fn advance(
    world: &World<'_>,
    key: &ObjectKey,
    object: &Value,
    pods: &[Value],
    revisions: (&str, &str),
) -> StatusResult<()> {
    let first = number(object, "/spec/ordinals/start");
    let wanted = first..first + number(object, "/spec/replicas");
    let ordered = object["spec"]["podManagementPolicy"] != "Parallel";
    let find = |number: i64| pods.iter().find(|pod| ordinal(object, pod) == Some(number));
    let mut settled = true;
    for place in wanted.clone() {
        settled &= settle(world, key, object, (place, find(place)), revisions)?;
        if ordered && !settled {
            return Ok(());
        }
    }
    let beyond = |pod: &&Value| ordinal(object, pod).is_some_and(|ordinal| ordinal >= wanted.end);
    for pod in pods.iter().filter(beyond) {
        claims::fit(world, object, name(pod), Some(pod))?;
    }
    for pod in pods.iter().rev().filter(beyond) {
        if !is_deleted(pod) {
            replicas::remove(world, pod)?;
        }
        // One at a time, the last first.
        if ordered {
            return Ok(());
        }
    }
    if object["spec"]["updateStrategy"]["type"] == "OnDelete" {
        return Ok(());
    }
    let partition = number(object, "/spec/updateStrategy/rollingUpdate/partition");
    for place in (wanted.start.max(partition)..wanted.end).rev() {
        let Some(pod) = find(place) else { return Ok(()) };
        if pod["metadata"]["labels"][REVISION] != revisions.1 {
            if !is_deleted(pod) {
                replicas::remove(world, pod)?;
            }
            return Ok(());
        }
        // The next is replaced when this one is ready again.
        if !replicas::is_ready(pod) || is_deleted(pod) {
            return Ok(());
        }
    }
    Ok(())
}

/// Does what one wanted pod needs; tells whether it is there and available.
fn settle(
    world: &World<'_>,
    key: &ObjectKey,
    object: &Value,
    (place, pod): (i64, Option<&Value>),
    revisions: (&str, &str),
) -> StatusResult<bool> {
    let Some(pod) = pod else {
        if !make(world, object, place, revisions)? {
            world.later(key, 1000)?;
        }
        return Ok(false);
    };
    claims::fit(world, object, name(pod), None)?;
    if has_ended(pod) {
        replicas::remove(world, pod)?;
        return Ok(false);
    }
    match replicas::availability(world, pod, number(object, "/spec/minReadySeconds")) {
        Ok(()) => Ok(!is_deleted(pod)),
        Err(Some(left)) => world.later(key, left).map(|()| false),
        Err(None) => Ok(false),
    }
}

fn make(
    world: &World<'_>,
    object: &Value,
    place: i64,
    (current, update): (&str, &str),
) -> StatusResult<bool> {
    let partition = number(object, "/spec/updateStrategy/rollingUpdate/partition");
    let pod_name = format!("{}-{place}", name(object));
    make_claims(world, object, &pod_name)?;
    claims::fit(world, object, &pod_name, None)?;
    let (revision, template) = if place < partition && current != update {
        (current, old_template(world, object, current)?)
    } else {
        (update, object["spec"]["template"].clone())
    };
    let made = replicas::make(world, object, &template, Some(&pod_name), |pod| {
        let labels = &mut pod["metadata"]["labels"];
        labels[REVISION] = json!(revision);
        labels["statefulset.kubernetes.io/pod-name"] = json!(pod_name);
        labels["apps.kubernetes.io/pod-index"] = json!(place.to_string());
        pod["spec"]["hostname"] = json!(pod_name);
        if !text(object, "/spec/serviceName").is_empty() {
            pod["spec"]["subdomain"] = object["spec"]["serviceName"].clone();
        }
        let mut volumes: Vec<Value> = Vec::new();
        for template in object["spec"]["volumeClaimTemplates"].as_array().into_iter().flatten() {
            let claim = format!("{}-{pod_name}", name(template));
            volumes.push(
                json!({"name": name(template), "persistentVolumeClaim": {"claimName": claim}}),
            );
        }
        // A claim template wins over a volume of the same name (`updateStorage`).
        let declared = pod["spec"]["volumes"].as_array().cloned().unwrap_or_default();
        volumes.extend(declared.into_iter().filter(|volume| {
            !object["spec"]["volumeClaimTemplates"]
                .as_array()
                .into_iter()
                .flatten()
                .any(|t| t["metadata"]["name"] == volume["name"])
        }));
        if !volumes.is_empty() {
            pod["spec"]["volumes"] = json!(volumes);
        }
    })?;
    Ok(made == replicas::Made::Pod)
}

fn old_template(world: &World<'_>, object: &Value, revision: &str) -> StatusResult<Value> {
    let key =
        ObjectKey::new("apps/controllerrevisions", text(object, "/metadata/namespace"), revision);
    Ok(match world.get(&key)? {
        Some(found) => found["data"]["spec"]["template"].clone(),
        None => object["spec"]["template"].clone(),
    })
}

fn make_claims(world: &World<'_>, object: &Value, pod_name: &str) -> StatusResult<()> {
    let namespace = text(object, "/metadata/namespace");
    if replicas::is_going(world, namespace)? {
        return Ok(());
    }
    // Claims come before the pod that waits for them.
    for template in object["spec"]["volumeClaimTemplates"].as_array().into_iter().flatten() {
        let key = ObjectKey::new(
            "/persistentvolumeclaims",
            namespace,
            &format!("{}-{pod_name}", name(template)),
        );
        // A claim that is there is kept, whatever the template says now: it holds the data.
        if world.storage.get(&key)?.is_some() {
            continue;
        }
        let mut labels = template["metadata"]["labels"].as_object().cloned().unwrap_or_default();
        labels.extend(
            object["spec"]["selector"]["matchLabels"].as_object().cloned().unwrap_or_default(),
        );
        let claim = json!({
            "metadata": {"labels": labels, "annotations": template["metadata"]["annotations"]},
            "spec": template["spec"],
        });
        world.create_as(CONTROLLER, &key, claim)?;
    }
    Ok(())
}

fn report(
    world: &World<'_>,
    key: &ObjectKey,
    object: &Value,
    pods: &[Value],
    (current, update): (&str, &str),
) -> StatusResult<()> {
    let active: Vec<Value> = pods.iter().filter(|pod| !is_deleted(pod)).cloned().collect();
    let (ready, available) =
        replicas::count(world, key, &active, number(object, "/spec/minReadySeconds"))?;
    let of = |revision: &str| {
        replicas::size(
            &active
                .iter()
                .filter(|pod| pod["metadata"]["labels"][REVISION] == revision)
                .cloned()
                .collect::<Vec<_>>(),
        )
    };
    let wanted = number(object, "/spec/replicas");
    let updated = of(update);
    let done = updated == wanted && ready == wanted && replicas::size(pods) == wanted;
    let current = if done { update } else { current };
    let mut status = json!({
        "observedGeneration": object["metadata"]["generation"], "replicas": replicas::size(pods),
        "availableReplicas": available, "currentRevision": current, "updateRevision": update, "collisionCount": 0,
    });
    for (field, value) in
        [("readyReplicas", ready), ("currentReplicas", of(current)), ("updatedReplicas", updated)]
    {
        if value > 0 {
            status[field] = json!(value);
        }
    }
    write_status(world, key, object, status)
}
