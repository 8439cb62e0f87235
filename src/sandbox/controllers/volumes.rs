//! Volumes: claims are bound to volumes that are made for them; both go together.

use serde_json::{Value, json};

use super::{CONTROLLER, drop_finalizer, events, has_ended, is_deleted, name, text, uid};
use crate::sandbox::{
    delete::{ApiDeleteOptions, delete},
    status::StatusResult,
    storage::ObjectKey,
    world::World,
};

const PACE: i64 = 100;
/// Who asks for a node: the annotation that the scheduler sets on a claim that waits for one.
const SELECTED: &str = "volume.kubernetes.io/selected-node";

/// Tells a claim that waits for its first consumer that there is one.
pub(super) fn select_node(world: &World<'_>, key: &ObjectKey, claim: &Value) -> StatusResult<()> {
    if claim["metadata"]["annotations"][SELECTED].is_string() {
        return Ok(());
    }
    let mut changed = claim.clone();
    // Any node will do: the volumes are on all of them.
    changed["metadata"]["annotations"][SELECTED] = json!("node-1");
    world.write_as("kube-scheduler", "", key, changed).map(|_| ())
}

pub(super) fn claim(world: &World<'_>, key: &ObjectKey, object: &Value) -> StatusResult<()> {
    if is_deleted(object) {
        return release(world, key, object);
    }
    if let Some(protected) = protected(object, "kubernetes.io/pvc-protection") {
        return world.write_as(CONTROLLER, "", key, protected).map(|_| ());
    }
    if object["status"]["phase"] == "Bound" {
        return grow(world, key, object);
    }
    // `syncUnboundClaim` of the persistent volume controller: a volume that is there, else a new
    // one of the class.
    let class_name = text(object, "/spec/storageClassName");
    let class = world.get(&ObjectKey::new("storage.k8s.io/storageclasses", "", class_name))?;
    let named = text(object, "/spec/volumeName");
    let volume = if named.is_empty() {
        existing(world, object)?
    } else {
        world.get(&ObjectKey::new("/persistentvolumes", "", named))?
    };
    if let Some(volume) = volume {
        return bind(world, key, object, volume);
    }
    let tell = |told| events::tell(world, object, "persistentvolume-controller", told, None);
    let Some(class) = class else {
        let absent = format!("storageclass.storage.k8s.io \"{class_name}\" not found");
        let told = if class_name.is_empty() {
            let message =
                "no persistent volumes available for this claim and no storage class is set";
            ("Normal", "FailedBinding", message)
        } else {
            ("Warning", "ProvisioningFailed", absent.as_str())
        };
        if world.elapsed(key, &format!("{}/missing", uid(object)), 0)? {
            tell(told)?;
        }
        return world.later(key, 15_000);
    };
    let waits = class["volumeBindingMode"] == "WaitForFirstConsumer";
    if waits && !object["metadata"]["annotations"][SELECTED].is_string() {
        let message = "waiting for first consumer to be created before binding";
        tell(("Normal", "WaitForFirstConsumer", message))?;
        return world.later(key, 15_000);
    }
    // Another provisioner is none that runs here: the claim waits for ever, as it would.
    if text(&class, "/provisioner") != "workloadctl/sandbox"
        || !world.elapsed(key, &format!("{}/bind", uid(object)), PACE)?
    {
        return Ok(());
    }
    provision(world, key, object, &class)
}

/// A volume that somebody made and that fits a claim.
fn existing(world: &World<'_>, claim: &Value) -> StatusResult<Option<Value>> {
    let volumes = world.all("/persistentvolumes", None)?.into_iter();
    let size = |object: &Value, path: &str| {
        crate::schema::quantity::Quantity::parse(text(object, path))
            .map_or(0, crate::schema::quantity::Quantity::millis)
    };
    let mut fitting = volumes.filter(|volume| {
        let reference = &volume["spec"]["claimRef"];
        let reserved = reference["name"] == claim["metadata"]["name"]
            && reference["namespace"] == claim["metadata"]["namespace"];
        (reference.is_null() || reserved)
            && text(volume, "/spec/storageClassName") == text(claim, "/spec/storageClassName")
            && size(volume, "/spec/capacity/storage")
                >= size(claim, "/spec/resources/requests/storage")
            && volume["status"]["phase"] != "Released"
    });
    Ok(fitting.next())
}

fn provision(world: &World<'_>, key: &ObjectKey, claim: &Value, class: &Value) -> StatusResult<()> {
    // By its uid, so that a second look cannot make a second volume.
    let volume_name = format!("pvc-{}", uid(claim));
    let policy = match text(class, "/reclaimPolicy") {
        "" => "Delete",
        policy => policy,
    };
    let volume = json!({
        "metadata": {"annotations": {"pv.kubernetes.io/provisioned-by": "workloadctl/sandbox"}},
        "spec": {
            "accessModes": claim["spec"]["accessModes"],
            "capacity": {"storage": claim["spec"]["resources"]["requests"]["storage"]},
            "hostPath": {"path": format!("/var/volumes/{}", uid(claim))},
            "persistentVolumeReclaimPolicy": policy, "storageClassName": name(class),
            "volumeMode": "Filesystem",
        },
    });
    let place = ObjectKey::new("/persistentvolumes", "", &volume_name);
    let mut volume = world.create_as("workloadctl-sandbox", &place, volume)?;
    volume["metadata"]["finalizers"] = json!(["kubernetes.io/pv-protection"]);
    bind(world, key, claim, volume)
}

fn bind(world: &World<'_>, key: &ObjectKey, claim: &Value, mut volume: Value) -> StatusResult<()> {
    volume["spec"]["claimRef"] = json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "name": name(claim),
        "namespace": claim["metadata"]["namespace"], "uid": uid(claim),
        "resourceVersion": claim["metadata"]["resourceVersion"],
    });
    let place = ObjectKey::new("/persistentvolumes", "", name(&volume));
    let mut volume = world.write_as(CONTROLLER, "", &place, volume)?;
    volume["status"] = json!({"phase": "Bound", "lastPhaseTransitionTime": world.stamp()});
    let volume = world.write_as(CONTROLLER, "status", &place, volume)?;
    let mut bound = claim.clone();
    bound["spec"]["volumeName"] = volume["metadata"]["name"].clone();
    bound["metadata"]["annotations"]["pv.kubernetes.io/bind-completed"] = json!("yes");
    bound["metadata"]["annotations"]["pv.kubernetes.io/bound-by-controller"] = json!("yes");
    let mut bound = world.write_as(CONTROLLER, "", key, bound)?;
    bound["status"] = json!({
        "phase": "Bound", "accessModes": volume["spec"]["accessModes"],
        "capacity": volume["spec"]["capacity"],
    });
    world.write_as(CONTROLLER, "status", key, bound)?;
    // Pods that wait for it.
    for pod in world.storage.all("/pods", Some(&key.namespace))? {
        if pod["spec"]["nodeName"].is_null() {
            world
                .storage
                .schedule(&ObjectKey::new("/pods", &key.namespace, name(&pod)), world.millis())?;
        }
    }
    Ok(())
}

/// The object with its protection, if somebody took it off.
fn protected(object: &Value, finalizer: &str) -> Option<Value> {
    let mut list = object["metadata"]["finalizers"].as_array().cloned().unwrap_or_default();
    if list.iter().any(|known| known == finalizer) {
        return None;
    }
    list.push(json!(finalizer));
    let mut changed = object.clone();
    changed["metadata"]["finalizers"] = json!(list);
    Some(changed)
}

/// A bound claim that asks for more gets it.
fn grow(world: &World<'_>, key: &ObjectKey, claim: &Value) -> StatusResult<()> {
    let wanted = &claim["spec"]["resources"]["requests"]["storage"];
    // The resizer does it at once here; that the class allows it was checked at the write.
    if claim["status"]["capacity"]["storage"] == *wanted || wanted.is_null() {
        return Ok(());
    }
    let mut changed = claim.clone();
    changed["status"]["capacity"]["storage"] = wanted.clone();
    world.write_as(CONTROLLER, "status", key, changed).map(|_| ())
}

/// A claim that is being deleted goes when no pod uses it.
fn release(world: &World<'_>, key: &ObjectKey, claim: &Value) -> StatusResult<()> {
    let pods = world.storage.all("/pods", Some(&key.namespace))?;
    // The PVC protection controller: a pod that runs keeps its volumes.
    let used = pods.iter().any(|pod| {
        let over = has_ended(pod);
        let volumes = pod["spec"]["volumes"].as_array().into_iter().flatten();
        !over
            && volumes
                .into_iter()
                .any(|volume| volume["persistentVolumeClaim"]["claimName"] == key.name.as_str())
    });
    if used {
        return world.later(key, PACE * 5);
    }
    unprotect(world, key, claim, "kubernetes.io/pvc-protection")?;
    let volume = text(claim, "/spec/volumeName");
    if !volume.is_empty() {
        world
            .storage
            .schedule(&ObjectKey::new("/persistentvolumes", "", volume), world.millis())?;
    }
    Ok(())
}

fn unprotect(
    world: &World<'_>,
    key: &ObjectKey,
    object: &Value,
    finalizer: &str,
) -> StatusResult<()> {
    let Some(resource) = world.registry.stored(&key.resource) else { return Ok(()) };
    let mut changed = object.clone();
    if !drop_finalizer(&mut changed, finalizer) {
        return Ok(());
    }
    world.put_or_remove(&resource, key, changed).map(|_| ())
}

pub(super) fn volume(world: &World<'_>, key: &ObjectKey, object: &Value) -> StatusResult<()> {
    let reference = &object["spec"]["claimRef"];
    let claim = ObjectKey::new(
        "/persistentvolumeclaims",
        text(reference, "/namespace"),
        text(reference, "/name"),
    );
    let bound = match world.get(&claim)? {
        Some(claim) => claim["metadata"]["uid"] == reference["uid"],
        None => false,
    };
    if is_deleted(object) {
        if !bound {
            unprotect(world, key, object, "kubernetes.io/pv-protection")?;
        }
        return Ok(());
    }
    let phase = text(object, "/status/phase");
    // `syncVolume` of the persistent volume controller.
    let next = match (reference["uid"].is_string(), bound) {
        (false, _) => "Available",
        (true, true) => return Ok(()),
        (true, false) => "Released",
    };
    if phase != next {
        let mut changed = object.clone();
        changed["status"] = json!({"phase": next, "lastPhaseTransitionTime": world.stamp()});
        world.write_as(CONTROLLER, "status", key, changed)?;
        return Ok(());
    }
    if next == "Released" && text(object, "/spec/persistentVolumeReclaimPolicy") == "Delete" {
        let Some(resource) = world.registry.stored(&key.resource) else { return Ok(()) };
        delete(world, &resource, key, &ApiDeleteOptions::background())?;
    }
    Ok(())
}
