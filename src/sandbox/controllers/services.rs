//! Services: addresses of load balancers and endpoints; and what hangs on them: served APIs and
//! disruption budgets.

use serde_json::{Value, json};

use super::{
    CONTROLLER, duration, has_ended, has_true, is_deleted, number, owner_reference, set_condition,
    share, text, uid, write_status,
};
use crate::sandbox::{selector::Selector, status::StatusResult, storage::ObjectKey, world::World};

pub(super) fn reconcile(world: &World<'_>, key: &ObjectKey, object: &Value) -> StatusResult<()> {
    if is_deleted(object) {
        return Ok(());
    }
    load_balancer(world, key, object)?;
    endpoints(world, key, object)
}

fn load_balancer(world: &World<'_>, key: &ObjectKey, object: &Value) -> StatusResult<()> {
    let asked = &object["metadata"]["annotations"];
    let address = &object["status"]["loadBalancer"]["ingress"];
    if object["spec"]["type"] != "LoadBalancer" {
        if address.is_array() {
            return write_status(world, key, object, json!({"loadBalancer": {}}));
        }
        return Ok(());
    }
    if address.is_array() || asked["test.workloadctl/fail"] == "no-address" {
        return Ok(());
    }
    let delay = duration(text(asked, "/test.workloadctl~1delay")).unwrap_or(100);
    if !world.elapsed(key, &format!("{}/address", uid(object)), delay)? {
        return Ok(());
    }
    // An address of the network that RFC 2544 sets apart, different for every service.
    let ip = text(object, "/spec/clusterIP").replacen("10.96.", "198.18.", 1);
    write_status(
        world,
        key,
        object,
        json!({"loadBalancer": {"ingress": [{"ip": ip, "ipMode": "VIP"}]}}),
    )
}

/// The pods behind a service: Endpoints and an EndpointSlice, with the service's labels.
fn endpoints(world: &World<'_>, key: &ObjectKey, object: &Value) -> StatusResult<()> {
    let selector = &object["spec"]["selector"];
    if !selector.is_object() || object["spec"]["type"] == "ExternalName" {
        return Ok(());
    }
    let labels = json!({"matchLabels": selector});
    let Some(selector) = Selector::of(&labels) else { return Ok(()) };
    let pods: Vec<Value> = world
        .storage
        .all("/pods", Some(&key.namespace))?
        .into_iter()
        .filter(|pod| selector.matches(pod) && pod["status"]["podIP"].is_string())
        .filter(|pod| !has_ended(pod))
        .collect();
    let listed: Vec<Value> = pods
        .iter()
        .map(|pod| {
            let ready = has_true(pod, "Ready");
            json!({
                "addresses": [pod["status"]["podIP"]], "nodeName": pod["spec"]["nodeName"],
                "conditions": {"ready": ready, "serving": ready, "terminating": is_deleted(pod)},
                "targetRef": {"kind": "Pod", "name": pod["metadata"]["name"],
                    "namespace": pod["metadata"]["namespace"], "uid": pod["metadata"]["uid"]},
            })
        })
        .collect();
    let ports: Vec<Value> = object["spec"]["ports"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|port| {
            let number = port["targetPort"]
                .as_i64()
                .or_else(|| named_port(&pods, text(port, "/targetPort")));
            json!({"name": text(port, "/name"), "port": number, "protocol": port["protocol"]})
        })
        .collect();
    let place = ObjectKey::new(
        "discovery.k8s.io/endpointslices",
        &key.namespace,
        // A fixed end instead of a drawn one: it is found again without a look at all of them.
        &format!("{}-sandbox", key.name),
    );
    let mut labels = object["metadata"]["labels"].clone();
    // The controller copies the service's labels, ours with them: an object is never ours by its
    // label (docs/design.md).
    labels["endpointslice.kubernetes.io/managed-by"] = json!("endpointslice-controller.k8s.io");
    labels["kubernetes.io/service-name"] = object["metadata"]["name"].clone();
    let Some(mut known) = world.get(&place)? else {
        let slice = json!({
            "metadata": {"labels": labels, "generateName": format!("{}-", key.name), "ownerReferences": owner_reference(object)},
            "addressType": "IPv4", "endpoints": listed, "ports": ports,
        });
        return world.create_as(CONTROLLER, &place, slice).map(|_| ());
    };
    known["metadata"]["labels"] = labels;
    known["endpoints"] = json!(listed);
    known["ports"] = json!(ports);
    world.write_as(CONTROLLER, "", &place, known).map(|_| ())
}

fn named_port(pods: &[Value], wanted: &str) -> Option<i64> {
    let containers =
        pods.iter().flat_map(|pod| pod["spec"]["containers"].as_array().into_iter().flatten());
    let mut ports =
        containers.flat_map(|container| container["ports"].as_array().into_iter().flatten());
    ports.find(|port| port["name"] == wanted)?["containerPort"].as_i64()
}

/// An API that another server serves is available when its service is there. Nothing serves it
/// here all the same.
pub(super) fn api(world: &World<'_>, key: &ObjectKey, object: &Value) -> StatusResult<()> {
    let service = &object["spec"]["service"];
    let (status, reason, message) = if service.is_null() {
        ("True", "Local", "Local APIServices are always available".to_owned())
    } else {
        let (namespace, service) = (text(service, "/namespace"), text(service, "/name"));
        match world.get(&ObjectKey::new("/services", namespace, service))? {
            None => (
                "False",
                "ServiceNotFound",
                format!("service/{service} in \"{namespace}\" is not present"),
            ),
            Some(_) => ("True", "Passed", "all checks passed".to_owned()),
        }
    };
    let mut changed = object["status"].clone();
    let condition =
        json!({"type": "Available", "status": status, "reason": reason, "message": message});
    if set_condition(&mut changed, condition, &world.stamp(), false) {
        let mut object = object.clone();
        object["status"] = changed;
        world.write_as("kube-apiserver", "status", key, object)?;
    }
    Ok(())
}

/// How many pods a budget leaves to be disrupted.
pub(super) fn budget(world: &World<'_>, key: &ObjectKey, object: &Value) -> StatusResult<()> {
    let selected = match Selector::of(&object["spec"]["selector"]) {
        Some(selector) => {
            let pods = world.storage.all("/pods", Some(&key.namespace))?;
            pods.into_iter()
                .filter(|pod| selector.matches(pod) && !is_deleted(pod))
                .collect::<Vec<_>>()
        }
        None => Vec::new(),
    };
    let expected = i64::try_from(selected.len()).unwrap_or(i64::MAX);
    let healthy = i64::try_from(selected.iter().filter(|pod| has_true(pod, "Ready")).count())
        .unwrap_or(i64::MAX);
    let spec = &object["spec"];
    // Both round up (`getExpectedPodCount` of the disruption controller).
    let desired = if spec["maxUnavailable"].is_null() {
        share(&spec["minAvailable"], expected, true)
    } else {
        (expected - share(&spec["maxUnavailable"], expected, true)).max(0)
    };
    let allowed = (healthy - desired).max(0);
    let mut status = object["status"].clone();
    for (field, value) in [
        ("currentHealthy", healthy),
        ("desiredHealthy", desired),
        ("disruptionsAllowed", allowed),
        ("expectedPods", expected),
        ("observedGeneration", number(object, "/metadata/generation")),
    ] {
        status[field] = json!(value);
    }
    let (value, reason) =
        if allowed > 0 { ("True", "SufficientPods") } else { ("False", "InsufficientPods") };
    let condition = json!({"type": "DisruptionAllowed", "status": value, "reason": reason, "message": "",
        "observedGeneration": object["metadata"]["generation"]});
    set_condition(&mut status, condition, &world.stamp(), false);
    write_status(world, key, object, status)
}
