//! DaemonSets: one pod on every node that takes it.

use serde_json::{Value, json};

use super::{
    has_ended, is_deleted, name, number, replicas, scheduler, share, statefulsets, text,
    write_status,
};
use crate::sandbox::{status::StatusResult, storage::ObjectKey, world::World};

const REVISION: &str = "controller-revision-hash";

/// The node that a pod of a DaemonSet is for.
fn target(pod: &Value) -> &str {
    let affinity = "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution";
    let wanted = text(pod, &format!("{affinity}/nodeSelectorTerms/0/matchFields/0/values/0"));
    // Before a pod has a node, its affinity names the one that it is for.
    if wanted.is_empty() { text(pod, "/spec/nodeName") } else { wanted }
}

pub(super) fn reconcile(world: &World<'_>, key: &ObjectKey, object: &Value) -> StatusResult<()> {
    let template = &object["spec"]["template"];
    let revision =
        if is_deleted(object) { String::new() } else { statefulsets::revision(world, object)? };
    let sum = revision.strip_prefix(&format!("{}-", name(object))).unwrap_or_default().to_owned();
    let all = replicas::pods(world, object)?;
    let mut eligible: Vec<String> = Vec::new();
    for node in world.storage.all("/nodes", None)? {
        let mut pod = json!({"spec": template["spec"]});
        tolerate(&mut pod);
        if scheduler::obstacle(&pod, &node).is_none() {
            eligible.push(name(&node).to_owned());
        }
    }
    if !is_deleted(object) {
        for pod in all.iter().filter(|pod| !is_deleted(pod)) {
            let over = has_ended(pod);
            if over || !eligible.iter().any(|node| node == target(pod)) {
                replicas::remove(world, pod)?;
            }
        }
        for node in &eligible {
            if all.iter().any(|pod| target(pod) == node) {
                continue;
            }
            let made = replicas::make(world, object, template, None, |pod| {
                prepare(pod, node, &sum, object)
            })?;
            if made != replicas::Made::Pod {
                world.later(key, 1000)?;
            }
        }
        update(world, object, &all, &sum, eligible.len())?;
    }
    let pods: Vec<Value> =
        replicas::pods(world, object)?.into_iter().filter(|pod| !is_deleted(pod)).collect();
    report(world, key, object, &pods, &sum, eligible.len())
}

fn tolerate(pod: &mut Value) {
    let mut tolerations = pod["spec"]["tolerations"].as_array().cloned().unwrap_or_default();
    // `AddOrUpdateDaemonPodTolerations`: a daemon stays where other pods are driven off.
    for (kind, effect) in [
        ("not-ready", "NoExecute"),
        ("unreachable", "NoExecute"),
        ("disk-pressure", "NoSchedule"),
        ("memory-pressure", "NoSchedule"),
        ("pid-pressure", "NoSchedule"),
        ("unschedulable", "NoSchedule"),
    ] {
        tolerations.push(json!({"key": format!("node.kubernetes.io/{kind}"), "operator": "Exists", "effect": effect}));
    }
    pod["spec"]["tolerations"] = json!(tolerations);
}

fn prepare(pod: &mut Value, node: &str, sum: &str, object: &Value) {
    let generation = number(object, "/metadata/generation").to_string();
    pod["metadata"]["labels"][REVISION] = json!(sum);
    pod["metadata"]["labels"]["pod-template-generation"] = json!(generation);
    tolerate(pod);
    pod["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"] = json!({
        "nodeSelectorTerms": [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]}],
    });
}

/// Replaces pods of an old template, so many at a time as may be missing.
fn update(
    world: &World<'_>,
    object: &Value,
    pods: &[Value],
    sum: &str,
    desired: usize,
) -> StatusResult<()> {
    if object["spec"]["updateStrategy"]["type"] == "OnDelete" {
        return Ok(());
    }
    let desired = i64::try_from(desired).unwrap_or(0);
    let rolling = &object["spec"]["updateStrategy"]["rollingUpdate"];
    let most = share(&rolling["maxUnavailable"], desired, true).max(1);
    let missing = desired
        - replicas::size(
            &pods
                .iter()
                .filter(|pod| replicas::is_ready(pod) && !is_deleted(pod))
                .cloned()
                .collect::<Vec<_>>(),
        );
    let mut room = most - missing;
    for pod in
        pods.iter().filter(|pod| pod["metadata"]["labels"][REVISION] != sum && !is_deleted(pod))
    {
        // What does not work anyway takes nothing away.
        let broken = !replicas::is_ready(pod);
        if broken || room > 0 {
            replicas::remove(world, pod)?;
            room -= i64::from(!broken);
        }
    }
    Ok(())
}

fn report(
    world: &World<'_>,
    key: &ObjectKey,
    object: &Value,
    pods: &[Value],
    sum: &str,
    desired: usize,
) -> StatusResult<()> {
    let desired = i64::try_from(desired).unwrap_or(0);
    let (ready, available) =
        replicas::count(world, key, pods, number(object, "/spec/minReadySeconds"))?;
    let updated = pods.iter().filter(|pod| pod["metadata"]["labels"][REVISION] == sum).count();
    let mut status = json!({
        "observedGeneration": object["metadata"]["generation"], "desiredNumberScheduled": desired,
        "currentNumberScheduled": replicas::size(pods).min(desired), "numberMisscheduled": 0, "numberReady": ready,
    });
    for (field, value) in [
        ("numberAvailable", available),
        ("numberUnavailable", desired - available),
        ("updatedNumberScheduled", i64::try_from(updated).unwrap_or(0)),
    ] {
        if value > 0 {
            status[field] = json!(value);
        }
    }
    write_status(world, key, object, status)
}
