//! Services, Ingresses and what belongs to them.

use serde_json::{Value, json};

use super::{
    Printed,
    row::{NONE, Row, labels, plain, selector},
};

pub(super) const TABLES: &[Printed] = &[
    Printed {
        kind: "Service",
        columns: "Name,Type,Cluster-IP,External-IP,Port(s),Age,Selector+",
        cells: |row| {
            vec![
                row.name(),
                json!(row.text("/spec/type")),
                json!(row.text_or("/spec/clusterIPs/0", NONE)),
                json!(external(row)),
                json!(ports(row)),
                row.age(),
                json!(labels(row.at("/spec/selector"))),
            ]
        },
    },
    Printed {
        kind: "Ingress",
        columns: "Name,Class,Hosts,Address,Ports,Age",
        cells: |row| {
            let has_tls = row.list("/spec/tls").next().is_some();
            vec![
                row.name(),
                json!(row.text_or("/spec/ingressClassName", NONE)),
                json!(hosts(row)),
                json!(balancers(row).join(",")),
                json!(if has_tls { "80, 443" } else { "80" }),
                row.age(),
            ]
        },
    },
    Printed {
        kind: "IngressClass",
        columns: "Name,Controller,Parameters,Age",
        cells: |row| {
            let parameters = row.at("/spec/parameters");
            let mut parts: Vec<&str> = ["apiGroup", "kind", "name"]
                .iter()
                .filter_map(|key| parameters[*key].as_str())
                .collect();
            if let [group, kind, _] = &mut parts[..] {
                // `Kind.group/name`
                let kind = std::mem::take(kind);
                let group = std::mem::take(group);
                return vec![
                    row.name(),
                    json!(row.text("/spec/controller")),
                    json!(format!("{kind}.{group}/{}", plain(&parameters["name"]))),
                    row.age(),
                ];
            }
            let shown = if parts.is_empty() { NONE.to_owned() } else { parts.join("/") };
            vec![row.name(), json!(row.text("/spec/controller")), json!(shown), row.age()]
        },
    },
    Printed {
        kind: "NetworkPolicy",
        columns: "Name,Pod-Selector,Age",
        cells: |row| vec![row.name(), json!(selector(row.at("/spec/podSelector"))), row.age()],
    },
];

fn texts(values: impl Iterator<Item = Value>) -> Vec<String> {
    values.filter_map(|value| value.as_str().map(str::to_owned)).collect()
}

/// The addresses of the load balancers before an object.
fn balancers(row: &Row<'_>) -> Vec<String> {
    texts(row.list("/status/loadBalancer/ingress").map(|known| match &known["ip"] {
        Value::Null => known["hostname"].clone(),
        ip => ip.clone(),
    }))
}

fn external(row: &Row<'_>) -> String {
    let own = texts(row.list("/spec/externalIPs").cloned());
    match row.text("/spec/type") {
        "ClusterIP" | "NodePort" if own.is_empty() => NONE.to_owned(),
        "ClusterIP" | "NodePort" => own.join(","),
        "LoadBalancer" => {
            let all = [balancers(row), own].concat();
            if all.is_empty() { "<pending>".to_owned() } else { all.join(",") }
        }
        "ExternalName" => row.text("/spec/externalName").to_owned(),
        _ => "<unknown>".to_owned(),
    }
}

fn ports(row: &Row<'_>) -> String {
    let shown: Vec<String> = row
        .list("/spec/ports")
        .map(|port| {
            let node = match port["nodePort"].as_i64() {
                Some(node) if node > 0 => format!(":{node}"),
                _ => String::new(),
            };
            format!("{}{node}/{}", port["port"], plain(&port["protocol"]))
        })
        .collect();
    if shown.is_empty() { NONE.to_owned() } else { shown.join(",") }
}

fn hosts(row: &Row<'_>) -> String {
    let rules = row.list("/spec/rules").count();
    let named: Vec<_> = row
        .list("/spec/rules")
        .filter_map(|rule| rule["host"].as_str())
        .filter(|host| !host.is_empty())
        .collect();
    match named.as_slice() {
        [] => "*".to_owned(),
        [one, two, three, ..] if rules > 3 => {
            format!("{one},{two},{three} + {} more...", rules - 3)
        }
        few => few.join(","),
    }
}
