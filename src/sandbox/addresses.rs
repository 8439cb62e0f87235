//! What services are given: cluster addresses and node ports.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::{
    registry::Resource,
    status::{FieldError, StatusError, StatusResult},
    world::World,
};

/// The first address of services: 10.96.0.0/16, as kind and kubeadm have it.
const SERVICE_NETWORK: u32 = 0x0a60_0000;

/// Gives out addresses and ports to services, as the Service registry does
/// (`pkg/registry/core/service/storage`).
pub(super) fn allocate(
    world: &World<'_>,
    resource: &Resource,
    old: Option<&Value>,
    object: &mut Value,
) -> StatusResult<()> {
    if !resource.is("", "Service") {
        return Ok(());
    }
    // `dropTypeDependentFields` of the Service strategy.
    if let Some(old) = old {
        drop_type_dependent(old, object);
    }
    let kind = object["spec"]["type"].as_str().unwrap_or_default().to_owned();
    if kind == "ExternalName" {
        remove_addresses(object);
        return Ok(());
    }
    if let Some(old) = old {
        carry_over(old, object);
    }
    families(object)?;
    cluster_address(world, old.is_none(), object)?;
    health_check_port(object, &kind);
    let external = kind == "NodePort"
        || kind == "LoadBalancer" && object["spec"]["allocateLoadBalancerNodePorts"] != false;
    node_ports(world, object, old, external)
}

/// A name outside of the cluster has no address in it.
fn remove_addresses(object: &mut Value) {
    let Some(spec) = object["spec"].as_object_mut() else { return };
    for name in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy"]
    {
        spec.remove(name);
    }
}

/// What an update leaves out stays as it is (`patchAllocatedValues`), so that the YAML that
/// made a service can be sent again.
fn carry_over(old: &Value, object: &mut Value) {
    for name in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "healthCheckNodePort"] {
        // Of a service that balancers do not ask for its health, the port is given back.
        let dropped = name == "healthCheckNodePort" && !is_checked(object);
        if object["spec"][name].is_null() && !old["spec"][name].is_null() && !dropped {
            object["spec"][name] = old["spec"][name].clone();
        }
        if object["spec"][name].is_null()
            && let Some(spec) = object["spec"].as_object_mut()
        {
            spec.remove(name);
        }
    }
}

/// Gives a free address, or checks the one that a new service asks for.
fn cluster_address(world: &World<'_>, is_new: bool, object: &mut Value) -> StatusResult<()> {
    let asked = object["spec"]["clusterIP"].as_str().unwrap_or_default().to_owned();
    if asked.is_empty() {
        object["spec"]["clusterIP"] = json!(free_address(world, object)?);
    } else if is_new && asked != "None" {
        let why = if !is_inside(&asked) {
            format!(
                "the provided IP ({asked}) is not in the valid range. The range of valid IPs is \
                 10.96.0.0/16"
            )
        } else if world.storage.is_address_taken(&asked)? {
            "provided IP is already allocated".to_owned()
        } else {
            String::new()
        };
        if !why.is_empty() {
            let why = format!("failed to allocate IP {asked}: {why}");
            let cause = FieldError::invalid("spec.clusterIPs", &json!([asked]), &why);
            return Err(refused(object, cause));
        }
    }
    let spec = &mut object["spec"];
    spec["clusterIPs"] = json!([spec["clusterIP"]]);
    for (name, value) in [("ipFamilies", json!(["IPv4"])), ("ipFamilyPolicy", json!("SingleStack"))]
    {
        if spec[name].is_null() {
            spec[name] = value;
        }
    }
    Ok(())
}

/// The sandbox has addresses of one family.
fn families(object: &Value) -> StatusResult<()> {
    let mut asked = object["spec"]["ipFamilies"].as_array().into_iter().flatten().enumerate();
    if let Some((index, family)) = asked.find(|(_, family)| **family == "IPv6") {
        let field = format!("spec.ipFamilies[{index}]");
        let cause = FieldError::invalid(&field, family, "not configured on this cluster");
        return Err(refused(object, cause));
    }
    Ok(())
}

fn refused(service: &Value, cause: FieldError) -> StatusError {
    let name = service["metadata"]["name"].as_str().unwrap_or_default();
    StatusError::invalid("", "Service", name, &[cause])
}

fn is_inside(address: &str) -> bool {
    address
        .parse::<std::net::Ipv4Addr>()
        .is_ok_and(|address| u32::from(address) & 0xffff_0000 == SERVICE_NETWORK)
}

/// Tells whether a balancer asks the nodes of a service for their health.
fn is_checked(service: &Value) -> bool {
    service["spec"]["type"] == "LoadBalancer" && service["spec"]["externalTrafficPolicy"] == "Local"
}

/// Drops what the old type had and the new one does not, unless the update changed it.
fn drop_type_dependent(old: &Value, object: &mut Value) {
    let kind = |service: &Value| service["spec"]["type"].as_str().unwrap_or_default().to_owned();
    let (before, after) = (kind(old), kind(object));
    let external = |kind: &str| kind == "NodePort" || kind == "LoadBalancer";
    let mut gone = Vec::new();
    if is_checked(old) && !is_checked(object) {
        gone.push("healthCheckNodePort");
    }
    if external(&before) && !external(&after) {
        gone.extend(["externalTrafficPolicy", "healthCheckNodePort"]);
    }
    if before == "LoadBalancer" && after != "LoadBalancer" {
        gone.extend(["allocateLoadBalancerNodePorts", "loadBalancerClass"]);
    }
    let (had, spec) = (&old["spec"], &mut object["spec"]);
    if let Some(fields) = spec.as_object_mut() {
        // A field that the same update sets anew was meant: the validation speaks of it.
        fields.retain(|name, value| !gone.contains(&name.as_str()) || had[name] != *value);
    }
}

/// A load balancer that keeps clients' addresses asks the nodes for their health at a port.
fn health_check_port(object: &mut Value, kind: &str) {
    let local = object["spec"]["externalTrafficPolicy"] == "Local";
    if kind == "LoadBalancer" && local && object["spec"]["healthCheckNodePort"].is_null() {
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        let sum: u64 = name.bytes().map(u64::from).sum();
        object["spec"]["healthCheckNodePort"] = json!(32000 + sum % 768);
    }
}

fn node_ports(
    world: &World<'_>,
    object: &mut Value,
    old: Option<&Value>,
    external: bool,
) -> StatusResult<()> {
    let kept = |port: &Value| {
        let ports = old.and_then(|old| old["spec"]["ports"].as_array());
        let same = ports.into_iter().flatten().find(|other| other["name"] == port["name"]);
        same.and_then(|other| other["nodePort"].as_u64())
    };
    let Some(ports) = object["spec"]["ports"].as_array().cloned() else { return Ok(()) };
    let mut ports = ports;
    let mut given: Vec<u64> = ports.iter().filter_map(|port| port["nodePort"].as_u64()).collect();
    for port in &mut ports {
        if !external {
            if let Some(fields) = port.as_object_mut()
                && old.is_some_and(|old| old["spec"]["type"] != "ClusterIP")
            {
                fields.remove("nodePort");
            }
            continue;
        }
        if port["nodePort"].is_u64() {
            continue;
        }
        if let Some(number) = kept(port).filter(|number| !given.contains(number)) {
            given.push(number);
            port["nodePort"] = json!(number);
            continue;
        }
        let mut taken: HashSet<u64> = given.iter().copied().collect();
        world.storage.list("/services", None, ("", ""), |row| {
            // A service without node ports says the word nowhere.
            if row.rest.contains("\"nodePort\"") {
                let other = row.object();
                let ports = other["spec"]["ports"].as_array().into_iter().flatten();
                taken.extend(ports.filter_map(|port| port["nodePort"].as_u64()));
            }
            true
        })?;
        let free = (30000..32768).find(|number| !taken.contains(number)).unwrap_or(32767);
        given.push(free);
        port["nodePort"] = json!(free);
    }
    object["spec"]["ports"] = json!(ports);
    Ok(())
}

/// A free address, near one that follows from the name.
fn free_address(world: &World<'_>, object: &Value) -> StatusResult<String> {
    let name = object["metadata"].to_string();
    let start =
        name.bytes().fold(7_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
    for step in 0..65000_u32 {
        let host = start.wrapping_add(step) % 65000 + 256;
        let [a, b, c, d] = (SERVICE_NETWORK + host).to_be_bytes();
        let address = format!("{a}.{b}.{c}.{d}");
        if !world.storage.is_address_taken(&address)? {
            return Ok(address);
        }
    }
    Ok(String::new())
}
