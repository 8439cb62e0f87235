//! The scheduler: which node takes a pod.

use serde_json::{Value, json};

use super::{events, name, set_condition, text};
use crate::{
    sandbox::{status::StatusResult, storage::ObjectKey, world::World},
    schema::quantity::Quantity,
};

/// Gives a pod a node, or says on it why there is none.
pub(super) fn schedule(world: &World<'_>, key: &ObjectKey, pod: &Value) -> StatusResult<()> {
    let mut changed = pod.clone();
    let now = world.stamp();
    match choose(world, pod)? {
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
            // Volumes and nodes call it back as well; what else could help says nothing.
            world.later(key, 2000)
        }
    }
}

/// A node for a pod, or why there is none, in the scheduler's words.
fn choose(world: &World<'_>, pod: &Value) -> StatusResult<Result<String, String>> {
    if let Some(trouble) = volumes(world, pod)? {
        return Ok(Err(trouble));
    }
    let nodes = world.storage.all("/nodes", None)?;
    let mut fitting = Vec::new();
    let mut reasons: Vec<(String, usize)> = Vec::new();
    for node in &nodes {
        match obstacle(pod, node) {
            None => fitting.push(name(node)),
            Some(reason) => match reasons.iter_mut().find(|(known, _)| *known == reason) {
                Some((_, count)) => *count += 1,
                None => reasons.push((reason, 1)),
            },
        }
    }
    if fitting.is_empty() {
        // The words and their order are those of `FitError`.
        reasons.sort();
        let listed: Vec<_> =
            reasons.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
        let count = nodes.len();
        return Ok(Err(format!(
            "0/{count} nodes are available: {}. no new claims to deallocate, preemption: 0/{count} nodes are available: {count} \
             Preemption is not helpful for scheduling.",
            listed.join(", ")
        )));
    }
    // Spread by the pod's uid.
    let sum: usize = text(pod, "/metadata/uid").bytes().map(usize::from).sum();
    Ok(Ok(fitting[sum % fitting.len()].to_owned()))
}

/// What keeps a pod from a node.
pub(super) fn obstacle(pod: &Value, node: &Value) -> Option<String> {
    let spec = &pod["spec"];
    if node["spec"]["unschedulable"] == true
        && !tolerates(spec, "node.kubernetes.io/unschedulable", "NoSchedule")
    {
        return Some("node(s) were unschedulable".to_owned());
    }
    for taint in node["spec"]["taints"].as_array().into_iter().flatten() {
        let (key, effect) = (text(taint, "/key"), text(taint, "/effect"));
        // That one is a wish.
        if effect != "PreferNoSchedule" && !tolerates(spec, key, effect) {
            return Some(format!(
                "node(s) had untolerated taint(s) {{{key}: {}}}",
                text(taint, "/value")
            ));
        }
    }
    let labels = &node["metadata"]["labels"];
    let mut wanted = spec["nodeSelector"].as_object().into_iter().flatten();
    if wanted.any(|(key, value)| labels.get(key) != Some(value)) || !affine(spec, node) {
        return Some("node(s) didn't match Pod's node affinity/selector".to_owned());
    }
    for resource in ["cpu", "memory"] {
        let asked: i128 = spec["containers"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|container| {
                Quantity::parse(container["resources"]["requests"][resource].as_str()?)
                    .map(Quantity::millis)
            })
            .sum();
        let room = Quantity::parse(text(&node["status"]["allocatable"], &format!("/{resource}")));
        if room.is_some_and(|room| asked > room.millis()) {
            return Some(format!("Insufficient {resource}"));
        }
    }
    None
}

fn tolerates(spec: &Value, key: &str, effect: &str) -> bool {
    let tolerations = spec["tolerations"].as_array().into_iter().flatten();
    tolerations.into_iter().any(|toleration| {
        let keys = toleration["key"].is_null() || toleration["key"] == key;
        keys && (toleration["effect"].is_null() || toleration["effect"] == effect)
    })
}

/// The required node affinity: one of its terms must fit.
fn affine(spec: &Value, node: &Value) -> bool {
    let required =
        &spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
    let Some(terms) = required["nodeSelectorTerms"].as_array() else { return true };
    terms.iter().any(|term| {
        let labels = term["matchExpressions"].as_array().into_iter().flatten();
        let fields = term["matchFields"].as_array().into_iter().flatten();
        labels
            .into_iter()
            .all(|rule| fits(rule, node["metadata"]["labels"].get(text(rule, "/key"))))
            && fields.into_iter().all(|rule| fits(rule, Some(&node["metadata"]["name"])))
    })
}

fn fits(rule: &Value, found: Option<&Value>) -> bool {
    let listed = rule["values"]
        .as_array()
        .is_some_and(|values| found.is_some_and(|found| values.contains(found)));
    match text(rule, "/operator") {
        "In" => listed,
        "NotIn" => !listed,
        "Exists" => found.is_some(),
        "DoesNotExist" => found.is_none(),
        _ => true,
    }
}

/// Claims that a pod names and that are missing or wait.
fn volumes(world: &World<'_>, pod: &Value) -> StatusResult<Option<String>> {
    let namespace = text(pod, "/metadata/namespace");
    for volume in pod["spec"]["volumes"].as_array().into_iter().flatten() {
        let Some(claim) = volume["persistentVolumeClaim"]["claimName"].as_str() else { continue };
        let key = ObjectKey::new("/persistentvolumeclaims", namespace, claim);
        let Some(found) = world.get(&key)? else {
            return Ok(Some(format!(
                "0/2 nodes are available: persistentvolumeclaim \"{claim}\" not found. no new claims to deallocate, preemption: \
                 0/2 nodes are available: 2 Preemption is not helpful for scheduling."
            )));
        };
        if found["status"]["phase"] == "Bound" {
            continue;
        }
        super::volumes::select_node(world, &key, &found)?;
        return Ok(Some(
            "0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims. no new claims to deallocate, preemption: \
             0/2 nodes are available: 2 Preemption is not helpful for scheduling."
                .to_owned(),
        ));
    }
    Ok(None)
}
