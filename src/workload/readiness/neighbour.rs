//! What judgements look at of the objects around others: the rest of them takes most of their room.

use serde_json::{Map, Value};

/// What a judgement looks at of a pod's spec.
const POD_SPEC: [&str; 7] = [
    "affinity",
    "containers",
    "initContainers",
    "nodeName",
    "readinessGates",
    "restartPolicy",
    "schedulingGates",
];
/// What none looks at of a container.
const OF_CONTAINER: [&str; 6] =
    ["env", "envFrom", "lifecycle", "securityContext", "volumeDevices", "volumeMounts"];
/// What none looks at of a container's status.
const OF_CONTAINER_STATUS: [&str; 4] = ["allocatedResources", "resources", "user", "volumeMounts"];
/// What a judgement looks at of a node.
const NODE_SPEC: [&str; 1] = ["unschedulable"];
const NODE_STATUS: [&str; 1] = ["conditions"];

/// Takes out what no judgement looks at. `closely`: also what tells others how a pod reads its
/// configuration.
pub(super) fn shorten(object: &mut Value, closely: bool) {
    if let Some(metadata) = fields(object, "metadata") {
        // Nothing asks who owns the fields of a neighbour.
        metadata.remove("managedFields");
    }
    match object["kind"].as_str().unwrap_or_default() {
        "Pod" if closely => shorten_pod(object),
        "Node" => {
            for (part, kept) in [("spec", &NODE_SPEC[..]), ("status", &NODE_STATUS[..])] {
                if let Some(part) = fields(object, part) {
                    part.retain(|name, _| kept.contains(&&**name));
                }
            }
        }
        "CustomResourceDefinition" => {
            for version in items(fields(object, "spec"), "versions") {
                version.remove("schema");
            }
        }
        _ => {}
    }
}

fn shorten_pod(pod: &mut Value) {
    if let Some(spec) = fields(pod, "spec") {
        spec.retain(|name, _| POD_SPEC.contains(&&**name));
    }
    for containers in ["containers", "initContainers"] {
        for container in items(fields(pod, "spec"), containers) {
            container.retain(|name, _| !OF_CONTAINER.contains(&&**name));
        }
    }
    for statuses in ["containerStatuses", "initContainerStatuses"] {
        for status in items(fields(pod, "status"), statuses) {
            status.retain(|name, _| !OF_CONTAINER_STATUS.contains(&&**name));
        }
    }
}

fn fields<'a>(object: &'a mut Value, name: &str) -> Option<&'a mut Map<String, Value>> {
    object.get_mut(name)?.as_object_mut()
}

/// Gives the maps of a list.
fn items<'a>(
    object: Option<&'a mut Map<String, Value>>,
    name: &str,
) -> impl Iterator<Item = &'a mut Map<String, Value>> {
    let list = object.and_then(|object| object.get_mut(name)?.as_array_mut());
    list.into_iter().flatten().filter_map(Value::as_object_mut)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_counts_stays() {
        let container =
            json!({"name": "app", "image": "a", "env": [{"name": "A"}], "readinessProbe": {}});
        let status = json!({"name": "app", "ready": true, "user": {"linux": {}}, "resources": {}});
        let pod = json!({
            "kind": "Pod", "metadata": {"name": "a", "labels": {"b": "c"}, "managedFields": [{}]},
            "spec": {
                "nodeName": "n", "volumes": [{}], "tolerations": [{}], "restartPolicy": "Never",
                "containers": [container], "initContainers": [container],
            },
            "status": {"phase": "Running", "containerStatuses": [status], "initContainerStatuses": [status]},
        });
        let container = json!({"name": "app", "image": "a", "readinessProbe": {}});
        let status = json!({"name": "app", "ready": true});
        let mut closely = pod.clone();
        shorten(&mut closely, true);
        assert_eq!(
            closely,
            json!({
                "kind": "Pod", "metadata": {"name": "a", "labels": {"b": "c"}},
                "spec": {
                    "nodeName": "n", "restartPolicy": "Never",
                    "containers": [container], "initContainers": [container],
                },
                "status": {"phase": "Running", "containerStatuses": [status], "initContainerStatuses": [status]},
            })
        );
        // Status and the next deploy look at how a pod reads its configuration.
        let mut loosely = pod.clone();
        shorten(&mut loosely, false);
        assert_eq!((&loosely["spec"], &loosely["status"]), (&pod["spec"], &pod["status"]));
        for odd in
            [json!(null), json!({"kind": "Pod", "spec": 1, "status": {"containerStatuses": [1]}})]
        {
            let mut shortened = odd.clone();
            shorten(&mut shortened, true);
            assert_eq!(shortened, odd);
        }
    }
}
