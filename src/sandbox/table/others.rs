//! Everything else that has columns of its own.

use serde_json::{Value, json};

use super::{
    Printed, age,
    row::{NONE, Row},
};

pub(super) const TABLES: &[Printed] = &[
    Printed {
        kind: "Namespace",
        columns: "Name,Status,Age",
        cells: |row| vec![row.name(), json!(row.text("/status/phase")), row.age()],
    },
    Printed {
        kind: "Node",
        columns: "Name,Status,Roles,Age,Version,Internal-IP+,External-IP+,OS-Image+,Kernel-Version+,\
                  Container-Runtime+",
        cells: node,
    },
    Printed {
        kind: "ConfigMap",
        columns: "Name,Data,Age",
        cells: |row| {
            let count = |key: &str| row.at(key).as_object().map_or(0, serde_json::Map::len);
            vec![row.name(), json!(count("/data") + count("/binaryData")), row.age()]
        },
    },
    Printed {
        kind: "Secret",
        columns: "Name,Type,Data,Age",
        cells: |row| {
            let count = row.at("/data").as_object().map_or(0, serde_json::Map::len);
            vec![row.name(), json!(row.text("/type")), json!(count), row.age()]
        },
    },
    Printed {
        kind: "ServiceAccount",
        columns: "Name,Age",
        cells: |row| vec![row.name(), row.age()],
    },
    Printed {
        kind: "Event",
        columns: "Last Seen,Type,Reason,Object,Subobject+,Source+,Message,First Seen+,Count+,Name+",
        cells: event,
    },
    Printed { kind: "RoleBinding", columns: BINDING, cells: binding },
    Printed { kind: "ClusterRoleBinding", columns: BINDING, cells: binding },
    Printed { kind: "Role", columns: "Name,Created At", cells: created },
    Printed { kind: "ClusterRole", columns: "Name,Created At", cells: created },
    Printed { kind: "CustomResourceDefinition", columns: "Name,Created At", cells: created },
    Printed {
        kind: "Lease",
        columns: "Name,Holder,Age",
        cells: |row| vec![row.name(), json!(row.text("/spec/holderIdentity")), row.age()],
    },
    Printed {
        kind: "ControllerRevision",
        columns: "Name,Controller,Revision,Age",
        cells: |row| {
            let owner = row.list("/metadata/ownerReferences").find(|it| it["controller"] == true);
            let owner = owner.map_or(NONE.to_owned(), |owner| {
                let group = owner["apiVersion"].as_str().and_then(|text| text.split_once('/'));
                let kind = owner["kind"].as_str().unwrap_or_default().to_lowercase();
                let name = owner["name"].as_str().unwrap_or_default();
                group
                    .map_or(format!("{kind}/{name}"), |(group, _)| format!("{kind}.{group}/{name}"))
            });
            vec![row.name(), json!(owner), json!(row.number("/revision")), row.age()]
        },
    },
    Printed {
        kind: "PriorityClass",
        columns: "Name,#Value,Global-Default,Age,PreemptionPolicy",
        cells: |row| {
            let policy = row.text_or("/preemptionPolicy", "PreemptLowerPriority");
            let is_default = row.at("/globalDefault") == &json!(true);
            vec![
                row.name(),
                json!(row.number("/value")),
                json!(is_default),
                row.age(),
                json!(policy),
            ]
        },
    },
    Printed {
        kind: "RuntimeClass",
        columns: "Name,Handler,Age",
        cells: |row| vec![row.name(), json!(row.text("/handler")), row.age()],
    },
    Printed {
        kind: "MutatingWebhookConfiguration",
        columns: "Name,#Webhooks,Age",
        cells: webhooks,
    },
    Printed {
        kind: "ValidatingWebhookConfiguration",
        columns: "Name,#Webhooks,Age",
        cells: webhooks,
    },
    Printed {
        kind: "ValidatingAdmissionPolicyBinding",
        columns: "Name,PolicyName,ParamRef,Age",
        cells: |row| {
            let namespace = row.text_or("/spec/paramRef/namespace", "*");
            let parameter = match row.text("/spec/paramRef/name") {
                "" => "<unset>".to_owned(),
                name => format!("{namespace}/{name}"),
            };
            vec![row.name(), json!(row.text("/spec/policyName")), json!(parameter), row.age()]
        },
    },
];

fn webhooks(row: &Row<'_>) -> Vec<Value> {
    vec![row.name(), json!(row.at("/webhooks").as_array().map_or(0, Vec::len)), row.age()]
}

const BINDING: &str = "Name,Role,Age,Users+,Groups+,ServiceAccounts+";

/// Kinds whose tables the server makes of metadata alone.
fn created(row: &Row<'_>) -> Vec<Value> {
    vec![row.name(), json!(row.text("/metadata/creationTimestamp"))]
}

fn binding(row: &Row<'_>) -> Vec<Value> {
    let role = format!("{}/{}", row.text("/roleRef/kind"), row.text("/roleRef/name"));
    let of = |kind: &str| {
        let subjects = row.list("/subjects").filter(|subject| subject["kind"] == kind);
        let names: Vec<_> = subjects
            .map(|subject| {
                let name = subject["name"].as_str().unwrap_or_default();
                match subject["namespace"].as_str() {
                    Some(namespace) => format!("{namespace}/{name}"),
                    None => name.to_owned(),
                }
            })
            .collect();
        json!(names.join(", "))
    };
    vec![row.name(), json!(role), row.age(), of("User"), of("Group"), of("ServiceAccount")]
}

fn node(row: &Row<'_>) -> Vec<Value> {
    let ready = row.list("/status/conditions").find(|known| known["type"] == "Ready");
    let mut status = match ready {
        Some(ready) if ready["status"] == "True" => "Ready",
        Some(_) => "NotReady",
        None => "Unknown",
    }
    .to_owned();
    if row.at("/spec/unschedulable") == &json!(true) {
        status.push_str(",SchedulingDisabled");
    }
    let labels = row.at("/metadata/labels").as_object().into_iter().flatten();
    let roles: Vec<_> =
        labels.filter_map(|(key, _)| key.strip_prefix("node-role.kubernetes.io/")).collect();
    let address = |kind: &str| {
        let mut known = row.list("/status/addresses").filter(|known| known["type"] == kind);
        json!(known.find_map(|known| known["address"].as_str()).unwrap_or(NONE))
    };
    let info = |key: &str| row.text_or(&format!("/status/nodeInfo/{key}"), "<unknown>").to_owned();
    let mut kernel = info("kernelVersion");
    match row.text("/status/nodeInfo/architecture") {
        "" => {}
        machine => kernel = format!("{kernel} ({machine})"),
    }
    vec![
        row.name(),
        json!(status),
        json!(if roles.is_empty() { NONE.to_owned() } else { roles.join(",") }),
        row.age(),
        json!(row.text("/status/nodeInfo/kubeletVersion")),
        address("InternalIP"),
        address("ExternalIP"),
        json!(info("osImage")),
        json!(kernel),
        json!(info("containerRuntimeVersion")),
    ]
}

fn event(row: &Row<'_>) -> Vec<Value> {
    let first = match row.text("/firstTimestamp") {
        "" => row.since("/eventTime"),
        time => age::since(row.now, time),
    };
    let (last, count) = match (row.text("/series/lastObservedTime"), row.text("/lastTimestamp")) {
        ("", "") => (first.clone(), row.number("/count").max(1)),
        ("", time) => (age::since(row.now, time), row.number("/count").max(1)),
        (time, _) => (age::since(row.now, time), row.number("/series/count")),
    };
    let kind = row.text("/involvedObject/kind").to_lowercase();
    let target = match row.text("/involvedObject/name") {
        "" => kind,
        name => format!("{kind}/{name}"),
    };
    let component = row.text_or("/source/component", row.text("/reportingComponent"));
    let source = match row.text_or("/source/host", row.text("/reportingInstance")) {
        "" => component.to_owned(),
        host => format!("{component}, {host}"),
    };
    vec![
        json!(last),
        json!(row.text("/type")),
        json!(row.text("/reason")),
        json!(target),
        json!(row.text("/involvedObject/fieldPath")),
        json!(source),
        json!(row.text("/message").trim()),
        json!(first),
        json!(count),
        row.name(),
    ]
}
