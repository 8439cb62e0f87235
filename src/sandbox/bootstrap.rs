//! What a cluster has from its beginning: namespaces, two nodes, storage classes, the well-known
//! roles.

use serde_json::{Value, json};

use super::{status::StatusResult, storage::ObjectKey, world::World};

const MANAGER: &str = "kube-apiserver";

/// Fills an empty sandbox; a filled one stays as it is.
pub(super) fn fill(world: &World<'_>) -> StatusResult<()> {
    if world.storage.get(&ObjectKey::new("/namespaces", "", "kube-system"))?.is_some() {
        return Ok(());
    }
    for name in ["default", "kube-node-lease", "kube-public", "kube-system"] {
        let mut namespace = json!({"metadata": {"name": name}});
        namespace["spec"]["finalizers"] = json!(["kubernetes"]);
        world.create_as(MANAGER, &ObjectKey::new("/namespaces", "", name), namespace)?;
    }
    for number in 1..=2 {
        node(world, number)?;
    }
    for (name, binding, default) in
        [("standard", "Immediate", true), ("standard-wait", "WaitForFirstConsumer", false)]
    {
        let mut class = json!({
            "provisioner": "workloadctl/sandbox", "volumeBindingMode": binding,
        });
        if default {
            class["metadata"]["annotations"] =
                json!({"storageclass.kubernetes.io/is-default-class": "true"});
        }
        world.create_as(
            MANAGER,
            &ObjectKey::new("storage.k8s.io/storageclasses", "", name),
            class,
        )?;
    }
    for (name, value) in
        [("system-cluster-critical", 2_000_000_000), ("system-node-critical", 2_000_001_000)]
    {
        let class = json!({"value": value, "description": "Used for system critical pods."});
        world.create_as(
            MANAGER,
            &ObjectKey::new("scheduling.k8s.io/priorityclasses", "", name),
            class,
        )?;
    }
    for name in ["admin", "cluster-admin", "edit", "view"] {
        let verbs = if name == "view" { json!(["get", "list", "watch"]) } else { json!(["*"]) };
        let role = json!({"rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": verbs}]});
        world.create_as(
            MANAGER,
            &ObjectKey::new("rbac.authorization.k8s.io/clusterroles", "", name),
            role,
        )?;
    }
    let service = json!({
        "metadata": {"labels": {"component": "apiserver", "provider": "kubernetes"}},
        "spec": {
            "clusterIP": "10.96.0.1", "clusterIPs": ["10.96.0.1"], "ipFamilies": ["IPv4"],
            "ipFamilyPolicy": "SingleStack",
            "ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": 6443}],
        },
    });
    // Every cluster has it, and takes its first address.
    world.create_as(MANAGER, &ObjectKey::new("/services", "default", "kubernetes"), service)?;
    Ok(())
}

fn node(world: &World<'_>, number: u32) -> StatusResult<Value> {
    let name = format!("node-{number}");
    let now = world.stamp();
    // So much that no test runs out of it; requests are looked at singly, not added up.
    let room = json!({"cpu": "1k", "memory": "1Ti", "ephemeral-storage": "1Ti", "pods": "10k"});
    let condition = |kind: &str, status: &str, reason: &str, message: &str| {
        json!({
            "type": kind, "status": status, "reason": reason, "message": message,
            "lastHeartbeatTime": now, "lastTransitionTime": now,
        })
    };
    let node = json!({
        "metadata": {"labels": {
            "kubernetes.io/arch": "amd64", "kubernetes.io/hostname": name, "kubernetes.io/os": "linux",
            "topology.kubernetes.io/region": "region-1",
            "topology.kubernetes.io/zone": format!("zone-{number}"),
        }},
        "spec": {
            "podCIDR": format!("10.{}.0.0/16", 240 + number),
            "podCIDRs": [format!("10.{}.0.0/16", 240 + number)],
        },
        "status": {
            "capacity": room, "allocatable": room,
            "addresses": [
                {"type": "InternalIP", "address": format!("172.20.0.{number}")},
                {"type": "Hostname", "address": name},
            ],
            "conditions": [
                condition("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
                condition("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
                condition("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
                condition("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
            ],
            "nodeInfo": {
                "architecture": "amd64", "operatingSystem": "linux", "osImage": "sandbox",
                "kernelVersion": "sandbox", "kubeletVersion": "v1.36.3", "kubeProxyVersion": "",
                "containerRuntimeVersion": "sandbox://1", "bootID": name, "machineID": name, "systemUUID": name,
            },
        },
    });
    world.create_as("kubelet", &ObjectKey::new("/nodes", "", &name), node)
}
