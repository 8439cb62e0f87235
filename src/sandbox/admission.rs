//! What the API server's admission and strategies change in an object before it is stored:
//! namespaces are looked at, addresses given out, volumes and accounts filled in.

use serde_json::{Value, json};

use super::{
    registry::Resource,
    status::{StatusError, StatusResult},
    storage::ObjectKey,
    world::World,
};
use crate::schema::shape;

/// An object can only be created in a namespace that exists and is not being deleted.
pub(super) fn namespace(
    world: &World<'_>,
    resource: &Resource,
    key: &ObjectKey,
) -> StatusResult<()> {
    // The NamespaceLifecycle plugin.
    if !resource.namespaced {
        return Ok(());
    }
    let Some(row) = world.storage.get(&ObjectKey::new("/namespaces", "", &key.namespace))? else {
        return Err(StatusError::not_found("", "namespaces", &key.namespace));
    };
    if !row.metadata()["deletionTimestamp"].is_string() {
        return Ok(());
    }
    // Clients tell this 403 from others by its cause alone (docs/design.md).
    let detail = format!(
        "unable to create new content in namespace {} because it is being terminated",
        key.namespace
    );
    let message = format!("namespace {} is being terminated", key.namespace);
    Err(resource.forbidden(&key.name, &detail).with_cause(
        "NamespaceTerminating",
        &message,
        "metadata.namespace",
    ))
}

/// How often the template of a DaemonSet has changed, in an annotation of old.
const TEMPLATE_GENERATION: &str = "deprecated.daemonset.template.generation";

fn add_finalizer(object: &mut Value, finalizer: &str) {
    let metadata = &mut object["metadata"];
    let mut list = metadata["finalizers"].as_array().cloned().unwrap_or_default();
    if !list.iter().any(|known| known == finalizer) {
        list.push(json!(finalizer));
        metadata["finalizers"] = json!(list);
    }
}

/// Changes an object that is about to be created.
pub(super) fn create(
    world: &World<'_>,
    resource: &Resource,
    object: &mut Value,
) -> StatusResult<()> {
    if resource.custom.is_some() {
        return custom_create(world, resource, object);
    }
    match (resource.group.as_str(), resource.kind.as_str()) {
        ("", "Namespace") => {
            // The Namespace strategy: its controller takes this off when the content is gone.
            object["spec"]["finalizers"] = json!(["kubernetes"]);
            object["status"]["phase"] = json!("Active");
        }
        ("", "Pod") => pod(world, object)?,
        ("", "PersistentVolumeClaim") => claim(world, object)?,
        // The StorageObjectInUseProtection plugin, as for claims below.
        ("", "PersistentVolume") => add_finalizer(object, "kubernetes.io/pv-protection"),
        ("batch", "Job") => job(object),
        ("apps", "DaemonSet") => {
            object["metadata"]["annotations"][TEMPLATE_GENERATION] = json!("1")
        }
        ("apiextensions.k8s.io", "CustomResourceDefinition") => {
            // The strategy of definitions: from the start, the storage version has been stored.
            let versions = object["spec"]["versions"].as_array().into_iter().flatten();
            let stored: Vec<_> = versions
                .filter(|version| version["storage"] == true)
                .map(|version| version["name"].clone())
                .collect();
            object["status"]["storedVersions"] = json!(stored);
        }
        _ => {}
    }
    Ok(())
}

/// Changes an object that is about to be changed.
pub(super) fn update(resource: &Resource, old: &Value, new: &mut Value) {
    match (resource.group.as_str(), resource.kind.as_str()) {
        ("apps", "DaemonSet") => {
            // Counted by the DaemonSet strategy; what a client writes there is lost.
            let known = old["metadata"]["annotations"][TEMPLATE_GENERATION].as_str();
            let mut number: i64 = known.and_then(|text| text.parse().ok()).unwrap_or(1);
            if old["spec"]["template"] != new["spec"]["template"] {
                number += 1;
            }
            new["metadata"]["annotations"][TEMPLATE_GENERATION] = json!(number.to_string());
        }
        ("", "Namespace") if new["spec"]["finalizers"].is_null() => {
            // A body without them does not take them off; the finalize subresource does.
            if let Some(finalizers) = old["spec"].get("finalizers") {
                new["spec"]["finalizers"] = finalizers.clone();
            }
        }
        _ => {}
    }
}

/// Custom resources of a definition that is being deleted cannot be created.
fn custom_create(world: &World<'_>, resource: &Resource, object: &Value) -> StatusResult<()> {
    let name = format!("{}.{}", resource.plural, resource.group);
    let key = ObjectKey::new("apiextensions.k8s.io/customresourcedefinitions", "", &name);
    let Some(definition) = world.storage.get(&key)? else { return Ok(()) };
    if !definition.metadata()["deletionTimestamp"].is_string() {
        return Ok(());
    }
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    let detail = "create not allowed while custom resource definition is terminating";
    Err(StatusError::status(
        405,
        "MethodNotAllowed",
        detail,
        json!({"name": name, "group": resource.group, "kind": resource.plural}),
    ))
}

fn pod(world: &World<'_>, object: &mut Value) -> StatusResult<()> {
    let spec = &mut object["spec"];
    // The ServiceAccount plugin: the account, that it exists, and its token.
    if spec["serviceAccountName"].is_null() {
        spec["serviceAccountName"] = json!("default");
        spec["serviceAccount"] = json!("default");
    }
    let account = object["spec"]["serviceAccountName"].as_str().unwrap_or_default();
    let namespace = object["metadata"]["namespace"].as_str().unwrap_or_default();
    if world.storage.get(&ObjectKey::new("/serviceaccounts", namespace, account))?.is_none() {
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        let detail = format!(
            "error looking up service account {namespace}/{account}: serviceaccount \"{account}\" \
             not found"
        );
        return Err(StatusError::forbidden("", "pods", name, &detail));
    }
    // The Priority plugin; without a class of its own the default policy is to preempt.
    priority(world, object)?;
    let spec = &mut object["spec"];
    spec["preemptionPolicy"] = json!("PreemptLowerPriority");
    // The DefaultTolerationSeconds plugin: five minutes on a node that is lost.
    let mut tolerations = spec["tolerations"].as_array().cloned().unwrap_or_default();
    for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
        if !tolerations.iter().any(|toleration| toleration["key"] == key) {
            tolerations.push(json!({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}));
        }
    }
    spec["tolerations"] = json!(tolerations);
    if spec["automountServiceAccountToken"] != false {
        mount_token(spec);
    }
    // The Pod strategy (`PrepareForCreate`).
    object["status"] = json!({"phase": "Pending", "qosClass": quality(&object["spec"])});
    Ok(())
}

fn priority(world: &World<'_>, object: &mut Value) -> StatusResult<()> {
    let spec = &mut object["spec"];
    let Some(name) = spec["priorityClassName"].as_str().filter(|name| !name.is_empty()) else {
        spec["priority"] = json!(0);
        return Ok(());
    };
    let value = match name {
        "system-cluster-critical" => json!(2_000_000_000),
        "system-node-critical" => json!(2_000_001_000),
        name => {
            let key = ObjectKey::new("scheduling.k8s.io/priorityclasses", "", name);
            match world.storage.get(&key)? {
                Some(class) => class.object()["value"].clone(),
                None => {
                    let detail = format!("no PriorityClass with name {name} was found");
                    let pod = object["metadata"]["name"].as_str().unwrap_or_default();
                    return Err(StatusError::forbidden("", "pods", pod, &detail));
                }
            }
        }
    };
    spec["priority"] = value;
    Ok(())
}

fn mount_token(spec: &mut Value) {
    let name = format!("kube-api-access-{}", super::rand::suffix(5));
    let path = "/var/run/secrets/kubernetes.io/serviceaccount";
    for list in ["initContainers", "containers"] {
        for container in spec[list].as_array_mut().into_iter().flatten() {
            let mut mounts = container["volumeMounts"].as_array().cloned().unwrap_or_default();
            // A mount of the pod's own at this place is left alone.
            if mounts.iter().all(|mount| mount["mountPath"] != path) {
                mounts.push(json!({"name": name, "readOnly": true, "mountPath": path}));
                container["volumeMounts"] = json!(mounts);
            }
        }
        if spec[list].is_null()
            && let Some(fields) = spec.as_object_mut()
        {
            fields.remove(list);
        }
    }
    let mut volumes = spec["volumes"].as_array().cloned().unwrap_or_default();
    volumes.push(json!({"name": name, "projected": {"defaultMode": 420, "sources": [
        {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": {
            "apiVersion": "v1", "fieldPath": "metadata.namespace"}}]}},
    ]}}));
    spec["volumes"] = json!(volumes);
}

/// The quality-of-service class that follows from requests and limits.
fn quality(spec: &Value) -> &'static str {
    let containers = || {
        ["containers", "initContainers"]
            .into_iter()
            .flat_map(|list| spec[list].as_array().into_iter().flatten())
    };
    let resources =
        |container: &Value, kind: &str, name: &str| container["resources"][kind].get(name).cloned();
    // As `GetPodQOS` in `pkg/apis/core/helper/qos`; only cpu and memory count.
    let none = containers().all(|container| {
        ["requests", "limits"].iter().all(|kind| {
            ["cpu", "memory"].iter().all(|name| resources(container, kind, name).is_none())
        })
    });
    if none {
        return "BestEffort";
    }
    let guaranteed = containers().all(|container| {
        ["cpu", "memory"].iter().all(|name| {
            let limit = resources(container, "limits", name);
            limit.is_some() && limit == resources(container, "requests", name)
        })
    });
    if guaranteed { "Guaranteed" } else { "Burstable" }
}

/// The storage class of claims that name none.
fn claim(world: &World<'_>, object: &mut Value) -> StatusResult<()> {
    add_finalizer(object, "kubernetes.io/pvc-protection");
    if object["spec"]["storageClassName"].is_null() {
        // The DefaultStorageClass plugin. An empty name is a name: it asks for no class.
        let mut classes = world.storage.all("storage.k8s.io/storageclasses", None)?.into_iter();
        let default = classes.find(|class| {
            class["metadata"]["annotations"]["storageclass.kubernetes.io/is-default-class"]
                == "true"
        });
        if let Some(class) = default {
            object["spec"]["storageClassName"] = class["metadata"]["name"].clone();
        } else {
            shape::remove(&mut object["spec"], "storageClassName");
        }
    }
    object["status"] = json!({"phase": "Pending"});
    Ok(())
}

/// A claim grows only if its class allows it.
pub(super) fn growth(
    world: &World<'_>,
    resource: &Resource,
    old: &Value,
    new: &Value,
) -> StatusResult<()> {
    if !resource.is("", "PersistentVolumeClaim") {
        return Ok(());
    }
    let size = |claim: &Value| {
        let text = claim["spec"]["resources"]["requests"]["storage"].as_str().unwrap_or_default();
        crate::schema::quantity::Quantity::parse(text)
            .map(crate::schema::quantity::Quantity::millis)
    };
    // The PersistentVolumeClaimResize plugin. What shrinks is the validation's to refuse.
    if size(new) <= size(old) {
        return Ok(());
    }
    let class = old["spec"]["storageClassName"].as_str().unwrap_or_default();
    let key = ObjectKey::new("storage.k8s.io/storageclasses", "", class);
    let allowed =
        world.storage.get(&key)?.is_some_and(|row| row.object()["allowVolumeExpansion"] == true);
    if allowed {
        return Ok(());
    }
    let name = new["metadata"]["name"].as_str().unwrap_or_default();
    let detail = "only dynamically provisioned pvc can be resized and the storageclass that \
                  provisions the pvc must support resize";
    Err(resource.forbidden(name, detail))
}

/// A Job finds its pods by its own uid.
fn job(object: &mut Value) {
    // The Job strategy (`generateSelector`).
    if object["spec"]["manualSelector"] == true {
        return;
    }
    let uid = object["metadata"]["uid"].clone();
    let name = object["metadata"]["name"].clone();
    object["spec"]["selector"] =
        json!({"matchLabels": {"batch.kubernetes.io/controller-uid": uid}});
    let metadata = &mut object["spec"]["template"]["metadata"];
    if !metadata["labels"].is_object() {
        metadata["labels"] = json!({});
    }
    for (label, value) in [
        ("batch.kubernetes.io/controller-uid", &uid),
        ("batch.kubernetes.io/job-name", &name),
        ("controller-uid", &uid),
        ("job-name", &name),
    ] {
        metadata["labels"][label] = value.clone();
    }
    // Without labels of its own a job has its pods'.
    let labels = object["spec"]["template"]["metadata"]["labels"].clone();
    if object["metadata"]["labels"].as_object().is_none_or(serde_json::Map::is_empty) {
        object["metadata"]["labels"] = labels;
    }
}
