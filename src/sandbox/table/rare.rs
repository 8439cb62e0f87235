//! Kinds that few people look at.

use serde_json::{Value, json};

use super::{
    Printed, age,
    row::{NONE, Row, plain},
};

const UNSET: &str = "<unset>";
/// How many addresses or ports are shown.
const SHOWN: usize = 3;

pub(super) const TABLES: &[Printed] = &[
    Printed { kind: "ResourceQuota", columns: "Name,Request,Limit,Age", cells: quota },
    Printed {
        kind: "PodTemplate",
        columns: "Name,Containers,Images,Pod Labels",
        cells: |row| {
            let [names, images] = row.containers("/template");
            let labels = super::row::labels(row.at("/template/metadata/labels"));
            vec![row.name(), names, images, json!(labels)]
        },
    },
    Printed {
        kind: "Endpoints",
        columns: "Name,Endpoints,Age",
        cells: |row| vec![row.name(), json!(endpoints(row)), row.age()],
    },
    Printed {
        kind: "EndpointSlice",
        columns: "Name,AddressType,Ports,Endpoints,Age",
        cells: |row| {
            let ports = row.list("/ports").map(|port| match (&port["port"], &port["name"]) {
                (Value::Null, Value::Null) => "*".to_owned(),
                (Value::Null, name) => plain(name),
                (number, _) => plain(number),
            });
            let ports = few(ports, UNSET);
            let addresses = row.list("/endpoints").flat_map(|it| it["addresses"].as_array());
            let addresses = few(addresses.flatten().map(plain), UNSET);
            let family = json!(row.text("/addressType"));
            vec![row.name(), family, json!(ports), json!(addresses), row.age()]
        },
    },
    Printed {
        kind: "VolumeAttachment",
        columns: "Name,Attacher,PV,Node,?Attached,Age",
        cells: |row| {
            let volume = row.text("/spec/source/persistentVolumeName");
            let is_attached = row.at("/status/attached") == &json!(true);
            let [attacher, node] = ["/spec/attacher", "/spec/nodeName"].map(|at| row.text(at));
            vec![
                row.name(),
                json!(attacher),
                json!(volume),
                json!(node),
                json!(is_attached),
                row.age(),
            ]
        },
    },
    Printed {
        kind: "CSINode",
        columns: "Name,#Drivers,Age",
        cells: |row| vec![row.name(), json!(row.list("/spec/drivers").count()), row.age()],
    },
    Printed {
        kind: "VolumeAttributesClass",
        columns: "Name,DriverName,Age",
        cells: |row| vec![row.name(), json!(row.text("/driverName")), row.age()],
    },
    Printed {
        kind: "PriorityLevelConfiguration",
        columns: "Name,Type,NominalConcurrencyShares,Queues,HandSize,QueueLengthLimit,Age",
        cells: |row| {
            let of = |at: &str| match row.at(&format!("/spec/limited/{at}")) {
                Value::Null => json!(NONE),
                number => number.clone(),
            };
            let queuing = |key: &str| of(&format!("limitResponse/queuing/{key}"));
            let [queues, hand, length] = ["queues", "handSize", "queueLengthLimit"].map(queuing);
            let shares = of("nominalConcurrencyShares");
            vec![row.name(), json!(row.text("/spec/type")), shares, queues, hand, length, row.age()]
        },
    },
    Printed {
        kind: "FlowSchema",
        columns: "Name,PriorityLevel,MatchingPrecedence,DistinguisherMethod,Age,MissingPL",
        cells: |row| {
            let mut conditions = row.list("/status/conditions");
            let dangling = conditions.find(|known| known["type"] == "Dangling");
            let level = row.text("/spec/priorityLevelConfiguration/name");
            vec![
                row.name(),
                json!(level),
                json!(row.number("/spec/matchingPrecedence")),
                json!(row.text_or("/spec/distinguisherMethod/type", NONE)),
                row.age(),
                json!(dangling.map_or("?", |it| it["status"].as_str().unwrap_or_default())),
            ]
        },
    },
    Printed {
        kind: "ValidatingAdmissionPolicy",
        columns: "Name,#Validations,ParamKind,Age",
        cells: |row| policy(row, "/spec/validations"),
    },
    Printed {
        kind: "MutatingAdmissionPolicy",
        columns: "Name,#Mutations,ParamKind,Age",
        cells: |row| policy(row, "/spec/mutations"),
    },
    Printed {
        kind: "CertificateSigningRequest",
        columns: "Name,Age,SignerName,Requestor,RequestedDuration,Condition",
        cells: |row| {
            let duration = match row.at("/spec/expirationSeconds").as_i64() {
                Some(seconds) => age::span(seconds),
                None => NONE.to_owned(),
            };
            let signer = row.text_or("/spec/signerName", NONE);
            let user = row.text("/spec/username");
            vec![
                row.name(),
                row.age(),
                json!(signer),
                json!(user),
                json!(duration),
                json!(condition(row)),
            ]
        },
    },
    Printed {
        kind: "ServiceCIDR",
        columns: "Name,CIDRs,Age",
        cells: |row| {
            let ranges: Vec<String> = row.list("/spec/cidrs").map(plain).collect();
            vec![row.name(), json!(ranges.join(",")), row.age()]
        },
    },
    Printed {
        kind: "IPAddress",
        columns: "Name,ParentRef",
        cells: |row| vec![row.name(), json!(parent(row))],
    },
    Printed { kind: "DeviceClass", columns: "Name,Age", cells: named },
    Printed { kind: "ResourceClaimTemplate", columns: "Name,Age", cells: named },
    Printed {
        kind: "ResourceClaim",
        columns: "Name,State,Age",
        cells: |row| vec![row.name(), json!(claim(row)), row.age()],
    },
    Printed {
        kind: "ResourceSlice",
        columns: "Name,Node,Driver,Pool,Age",
        cells: |row| {
            let [node, driver, pool] =
                ["/spec/nodeName", "/spec/driver", "/spec/pool/name"].map(|at| json!(row.text(at)));
            vec![row.name(), node, driver, pool, row.age()]
        },
    },
];

fn named(row: &Row<'_>) -> Vec<Value> {
    vec![row.name(), row.age()]
}

fn quota(row: &Row<'_>) -> Vec<Value> {
    let of = |limits: bool| {
        let hard = row.at("/status/hard").as_object().into_iter().flatten();
        let wanted = hard.filter(|(name, _)| name.starts_with("limits.") == limits);
        let parts = wanted.map(|(name, hard)| {
            let used = match &row.at("/status/used")[name] {
                Value::Null => "0".to_owned(),
                used => plain(used),
            };
            format!("{name}: {used}/{}", plain(hard))
        });
        json!(parts.collect::<Vec<_>>().join(", "))
    };
    vec![row.name(), of(false), of(true), row.age()]
}

/// The first few of a list, and how many more there are.
fn few(all: impl Iterator<Item = String>, none: &str) -> String {
    let all: Vec<String> = all.collect();
    match all.len() {
        0 => none.to_owned(),
        count if count > SHOWN => {
            format!("{} + {} more...", all[..SHOWN].join(","), count - SHOWN)
        }
        _ => all.join(","),
    }
}

fn endpoints(row: &Row<'_>) -> String {
    let mut all = Vec::new();
    for subset in row.list("/subsets") {
        let list = |key: &str| subset[key].as_array().into_iter().flatten();
        let addresses = || list("addresses").filter_map(|it| it["ip"].as_str());
        if list("ports").next().is_none() {
            all.extend(addresses().map(str::to_owned));
        }
        for port in list("ports") {
            all.extend(addresses().map(|ip| match ip.contains(':') {
                true => format!("[{ip}]:{}", port["port"]),
                false => format!("{ip}:{}", port["port"]),
            }));
        }
    }
    let is_empty = row.list("/subsets").next().is_none();
    few(all.into_iter(), if is_empty { NONE } else { "" })
}

fn policy(row: &Row<'_>, list: &str) -> Vec<Value> {
    let parameter = match row.at("/spec/paramKind") {
        Value::Null => UNSET.to_owned(),
        kind => format!("{}/{}", plain(&kind["apiVersion"]), plain(&kind["kind"])),
    };
    vec![row.name(), json!(row.list(list).count()), json!(parameter), row.age()]
}

fn condition(row: &Row<'_>) -> String {
    let is = |kind: &str| row.list("/status/conditions").any(|known| known["type"] == kind);
    let mut said = match (is("Denied"), is("Approved")) {
        (true, _) => "Denied",
        (false, true) => "Approved",
        (false, false) => "Pending",
    }
    .to_owned();
    if is("Failed") {
        said.push_str(",Failed");
    }
    if !row.text("/status/certificate").is_empty() {
        said.push_str(",Issued");
    }
    said
}

fn parent(row: &Row<'_>) -> String {
    let of = |key: &str| row.text(&format!("/spec/parentRef/{key}"));
    if row.at("/spec/parentRef").is_null() {
        return NONE.to_owned();
    }
    let resource = match of("group") {
        "" => of("resource").to_owned(),
        group => format!("{}.{group}", of("resource")),
    };
    let mut parts = vec![resource.to_lowercase()];
    parts.extend([of("namespace")].into_iter().filter(|it| !it.is_empty()).map(str::to_owned));
    parts.push(of("name").to_owned());
    parts.join("/")
}

fn claim(row: &Row<'_>) -> String {
    let mut states = Vec::new();
    if row.is_deleted() {
        states.push("deleted");
    }
    match row.at("/status/allocation") {
        Value::Null if row.is_deleted() => {}
        Value::Null => states.push("pending"),
        _ => states.push("allocated"),
    }
    if states.contains(&"allocated") && row.list("/status/reservedFor").next().is_some() {
        states.push("reserved");
    }
    states.join(",")
}

#[cfg(test)]
mod tests;
