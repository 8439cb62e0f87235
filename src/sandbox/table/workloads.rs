//! What makes pods: Deployments, StatefulSets, DaemonSets, ReplicaSets, Jobs and CronJobs.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    Printed, age,
    row::{NONE, Row, labels, plain, selector},
};

const SETS: &str = "Name,#Desired,#Current,#Ready,Age,Containers+,Images+,Selector+";

pub(super) const TABLES: &[Printed] = &[
    Printed {
        kind: "Deployment",
        columns: "Name,Ready,Up-to-date,Available,Age,Containers+,Images+,Selector+",
        cells: |row| {
            let ready =
                format!("{}/{}", row.number("/status/readyReplicas"), row.number("/spec/replicas"));
            let counts = ["updatedReplicas", "availableReplicas"]
                .map(|key| json!(row.number(&format!("/status/{key}"))));
            let mut cells = vec![row.name(), json!(ready)];
            cells.extend(counts);
            cells.push(row.age());
            wide(row, "/spec/template", cells, selector(row.at("/spec/selector")))
        },
    },
    Printed {
        kind: "StatefulSet",
        columns: "Name,Ready,Age,Containers+,Images+",
        cells: |row| {
            let ready =
                format!("{}/{}", row.number("/status/readyReplicas"), row.number("/spec/replicas"));
            let mut cells = vec![row.name(), json!(ready), row.age()];
            cells.extend(row.containers("/spec/template"));
            cells
        },
    },
    Printed {
        kind: "ReplicaSet",
        columns: SETS,
        cells: |row| set(row, selector(row.at("/spec/selector"))),
    },
    Printed {
        kind: "ReplicationController",
        columns: SETS,
        cells: |row| set(row, labels(row.at("/spec/selector"))),
    },
    Printed {
        kind: "DaemonSet",
        columns: "Name,#Desired,#Current,#Ready,#Up-to-date,#Available,Node Selector,Age,Containers+,\
                  Images+,Selector+",
        cells: |row| {
            let mut cells = vec![row.name()];
            let keys = [
                "desiredNumberScheduled",
                "currentNumberScheduled",
                "numberReady",
                "updatedNumberScheduled",
                "numberAvailable",
            ];
            cells.extend(keys.map(|key| json!(row.number(&format!("/status/{key}")))));
            cells.push(json!(labels(row.at("/spec/template/spec/nodeSelector"))));
            cells.push(row.age());
            wide(row, "/spec/template", cells, selector(row.at("/spec/selector")))
        },
    },
    Printed {
        kind: "Job",
        columns: "Name,Status,Completions,Duration,Age,Containers+,Images+,Selector+",
        cells: job,
    },
    Printed {
        kind: "CronJob",
        columns: "Name,Schedule,Timezone,Suspend,#Active,Last Schedule,Age,Containers+,Images+,Selector+",
        cells: |row| {
            let last = match row.text("/status/lastScheduleTime") {
                "" => NONE.to_owned(),
                time => age::since(row.now, time),
            };
            let suspended = row.at("/spec/suspend");
            let cells = vec![
                row.name(),
                json!(row.text("/spec/schedule")),
                json!(row.text_or("/spec/timeZone", NONE)),
                json!(if suspended == &json!(true) { "True" } else { "False" }),
                json!(row.list("/status/active").count()),
                json!(last),
                row.age(),
            ];
            wide(
                row,
                "/spec/jobTemplate/spec/template",
                cells,
                selector(row.at("/spec/jobTemplate/spec/selector")),
            )
        },
    },
    Printed {
        kind: "HorizontalPodAutoscaler",
        columns: "Name,Reference,Targets,MinPods,MaxPods,Replicas,Age",
        cells: |row| {
            let target = "/spec/scaleTargetRef";
            let kind = row.text(&format!("{target}/kind"));
            vec![
                row.name(),
                json!(format!("{kind}/{}", row.text(&format!("{target}/name")))),
                json!(targets(row)),
                json!(
                    row.at("/spec/minReplicas")
                        .as_i64()
                        .map_or("<unset>".to_owned(), |n| n.to_string())
                ),
                json!(row.number("/spec/maxReplicas")),
                json!(row.number("/status/currentReplicas")),
                row.age(),
            ]
        },
    },
    Printed {
        kind: "PodDisruptionBudget",
        columns: "Name,Min Available,Max Unavailable,#Allowed Disruptions,Age",
        cells: |row| {
            let bound = |key: &str| match row.at(&format!("/spec/{key}")) {
                Value::Null => json!("N/A"),
                bound => json!(plain(bound)),
            };
            let allowed = row.number("/status/disruptionsAllowed");
            vec![
                row.name(),
                bound("minAvailable"),
                bound("maxUnavailable"),
                json!(allowed),
                row.age(),
            ]
        },
    },
];

/// Adds what is shown where there is room.
fn wide(row: &Row<'_>, template: &str, mut cells: Vec<Value>, selector: String) -> Vec<Value> {
    cells.extend(row.containers(template));
    cells.push(json!(selector));
    cells
}

fn set(row: &Row<'_>, selector: String) -> Vec<Value> {
    let mut cells = vec![row.name(), json!(row.number("/spec/replicas"))];
    cells.extend(
        ["replicas", "readyReplicas"].map(|key| json!(row.number(&format!("/status/{key}")))),
    );
    cells.push(row.age());
    wide(row, "/spec/template", cells, selector)
}

fn job(row: &Row<'_>) -> Vec<Value> {
    let succeeded = row.number("/status/succeeded");
    let completions = match (row.at("/spec/completions").as_i64(), row.number("/spec/parallelism"))
    {
        (Some(wanted), _) => format!("{succeeded}/{wanted}"),
        (None, several @ 2..) => format!("{succeeded}/1 of {several}"),
        (None, _) => format!("{succeeded}/1"),
    };
    let time = |key: &str| row.text(&format!("/status/{key}")).parse::<Timestamp>().ok();
    let lasted = match (time("startTime"), time("completionTime")) {
        (None, _) => String::new(),
        (Some(began), ended) => age::span(ended.unwrap_or(row.now).as_second() - began.as_second()),
    };
    let is = |kind: &str| {
        row.list("/status/conditions")
            .any(|known| known["type"] == kind && known["status"] == "True")
    };
    let status = match () {
        () if is("Complete") => "Complete",
        () if is("Failed") => "Failed",
        () if row.is_deleted() => "Terminating",
        () if is("Suspended") => "Suspended",
        () if is("FailureTarget") => "FailureTarget",
        () if is("SuccessCriteriaMet") => "SuccessCriteriaMet",
        () => "Running",
    };
    let cells = vec![row.name(), json!(status), json!(completions), json!(lasted), row.age()];
    wide(row, "/spec/template", cells, selector(row.at("/spec/selector")))
}

/// What an autoscaler aims at. Nothing is measured here.
fn targets(row: &Row<'_>) -> String {
    let of = |metric: &Value| {
        let source = match metric["type"].as_str() {
            Some("Resource") => &metric["resource"],
            _ => return None,
        };
        let name = source["name"].as_str()?;
        match source["target"]["averageUtilization"].as_i64() {
            Some(percent) => Some(format!("{name}: <unknown>/{percent}%")),
            None => Some(format!("{name}: <unknown>/{}", plain(&source["target"]["averageValue"]))),
        }
    };
    let metrics: Vec<String> = row
        .list("/spec/metrics")
        .map(|metric| of(metric).unwrap_or_else(|| "<unknown type>".to_owned()))
        .collect();
    if metrics.is_empty() { NONE.to_owned() } else { metrics.join(", ") }
}
