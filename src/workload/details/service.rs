//! Services: their ready endpoints, and how they are reached.

use serde_json::Value;

use super::ObjectDetails;
use crate::workload::readiness::{
    Related,
    field::{list, name, number, text},
};

pub(super) fn add(details: &mut ObjectDetails, service: &Value, around: &Related) {
    details.endpoints = endpoints(service, around);
    details.addresses = addresses(service);
}

/// Counts the ready endpoints; none where nothing is known of them: a Service without a selector may
/// have none, and slices may not be readable.
fn endpoints(service: &Value, around: &Related) -> Option<u64> {
    let mut slices = around.endpoint_slices_of(service).peekable();
    slices.peek()?;
    // One slice per address family: the same pods, counted once.
    let mut families: Vec<(&str, u64)> = Vec::new();
    for slice in slices {
        let ready = list(slice, "/endpoints").iter().filter(|endpoint| {
            // Absent means ready (the API's own words for `conditions.ready`).
            endpoint.pointer("/conditions/ready").and_then(Value::as_bool).unwrap_or(true)
        });
        let count = u64::try_from(ready.count()).unwrap_or(0);
        let family = text(slice, "/addressType");
        match families.iter_mut().find(|(known, _)| *known == family) {
            Some((_, sum)) => *sum += count,
            None => families.push((family, count)),
        }
    }
    families.into_iter().map(|(_, sum)| sum).max()
}

fn port_of(port: &Value) -> String {
    let number = number(port, "/port").unwrap_or_default();
    match text(port, "/protocol") {
        "" | "TCP" => number.to_string(),
        protocol => format!("{number}/{protocol}"),
    }
}

fn addresses(service: &Value) -> Vec<String> {
    let kind = text(service, "/spec/type");
    if kind == "ExternalName" {
        return vec![text(service, "/spec/externalName").to_owned()];
    }
    let ports = list(service, "/spec/ports");
    let inside = format!("{}.{}.svc", name(service), text(service, "/metadata/namespace"));
    let mut addresses: Vec<String> =
        ports.iter().map(|port| format!("{inside}:{}", port_of(port))).collect();
    addresses.extend(outer(service));
    addresses
}

/// Gives the addresses that are reached from outside the cluster.
pub(super) fn outer(service: &Value) -> Vec<String> {
    let ports = list(service, "/spec/ports");
    let mut addresses = Vec::new();
    let node_ports = ports.iter().filter_map(|port| number(port, "/nodePort"));
    addresses.extend(node_ports.map(|port| format!("node port {port}")));
    let balancers =
        list(service, "/status/loadBalancer/ingress").iter().map(|ingress| {
            match text(ingress, "/hostname") {
                "" => text(ingress, "/ip"),
                host => host,
            }
        });
    let external = list(service, "/spec/externalIPs").iter().filter_map(Value::as_str);
    for host in balancers.chain(external).filter(|host| !host.is_empty()) {
        // An IPv6 address and its port are told apart by brackets.
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        addresses.extend(ports.iter().map(|port| format!("{host}:{}", port_of(port))));
    }
    addresses
}
