//! Pods: what their containers come to in one word (`printPod`).

use std::ops::ControlFlow;

use serde_json::{Value, json};

use super::{
    Printed, age,
    row::{NONE, Row},
};

pub(super) const TABLES: &[Printed] = &[Printed {
    kind: "Pod",
    columns: "Name,Ready,Status,Restarts,Age,IP+,Node+,Nominated Node+,Readiness Gates+",
    cells,
}];

/// What the containers of a pod come to.
#[derive(Default)]
struct Sum {
    reason: String,
    ready: usize,
    restarts: i64,
    /// When a container was restarted last.
    last: String,
    initializing: bool,
}

fn cells(row: &Row<'_>) -> Vec<Value> {
    let sidecars: Vec<&str> = row
        .list("/spec/initContainers")
        .filter(|container| container["restartPolicy"] == "Always")
        .filter_map(|container| container["name"].as_str())
        .collect();
    let total = row.list("/spec/containers").count() + sidecars.len();
    let mut sum = Sum { reason: row.text("/status/phase").to_owned(), ..Sum::default() };
    match row.text("/status/reason") {
        "" => {}
        reason => reason.clone_into(&mut sum.reason),
    }
    if row
        .list("/status/conditions")
        .any(|known| known["type"] == "PodScheduled" && known["reason"] == "SchedulingGated")
    {
        "SchedulingGated".clone_into(&mut sum.reason);
    }
    let kept = sum.of_init(row, &sidecars);
    let is_true = |kind: &str| {
        row.list("/status/conditions")
            .any(|known| known["type"] == kind && known["status"] == "True")
    };
    if !sum.initializing || is_true("Initialized") {
        (sum.restarts, sum.last) = kept;
        sum.of_main(row, is_true("Ready"));
    }
    let ended = matches!(row.text("/status/phase"), "Succeeded" | "Failed");
    if row.is_deleted() && row.text("/status/reason") == "NodeLost" {
        "Unknown".clone_into(&mut sum.reason);
    } else if row.is_deleted() && !ended {
        "Terminating".clone_into(&mut sum.reason);
    }
    let restarts = match sum.last.as_str() {
        last if sum.restarts != 0 && !last.is_empty() => {
            format!("{} ({} ago)", sum.restarts, age::since(row.now, last))
        }
        _ => sum.restarts.to_string(),
    };
    let gates: Vec<_> = row
        .list("/spec/readinessGates")
        .filter_map(|gate| gate["conditionType"].as_str())
        .collect();
    let met = gates.iter().filter(|gate| is_true(gate)).count();
    vec![
        row.name(),
        json!(format!("{}/{total}", sum.ready)),
        json!(sum.reason),
        json!(restarts),
        row.age(),
        json!(row.text_or("/status/podIPs/0/ip", NONE)),
        json!(row.text_or("/spec/nodeName", NONE)),
        json!(row.text_or("/status/nominatedNodeName", NONE)),
        json!(if gates.is_empty() { NONE.to_owned() } else { format!("{met}/{}", gates.len()) }),
    ]
}

impl Sum {
    /// Adds the init containers; gives the restarts of those that go on beside the others.
    fn of_init(&mut self, row: &Row<'_>, sidecars: &[&str]) -> (i64, String) {
        let mut kept = (0, String::new());
        let total = row.list("/spec/initContainers").count();
        for (at, status) in row.list("/status/initContainerStatuses").enumerate() {
            let is_sidecar = status["name"].as_str().is_some_and(|name| sidecars.contains(&name));
            restarted(status, &mut self.restarts, &mut self.last);
            if is_sidecar {
                restarted(status, &mut kept.0, &mut kept.1);
            }
            if self.of_one(status, is_sidecar, &format!("Init:{at}/{total}")).is_break() {
                self.initializing = true;
                break;
            }
        }
        kept
    }

    /// Adds an init container; breaks where the others have to wait for it.
    fn of_one(&mut self, status: &Value, is_sidecar: bool, waiting: &str) -> ControlFlow<()> {
        let ended = &status["state"]["terminated"];
        if ended.is_object() && ended["exitCode"] == 0 {
            return ControlFlow::Continue(());
        }
        if is_sidecar && status["started"] == true {
            self.ready += usize::from(status["ready"] == true);
            return ControlFlow::Continue(());
        }
        let reason = status["state"]["waiting"]["reason"].as_str();
        self.reason = match reason.filter(|reason| !matches!(*reason, "" | "PodInitializing")) {
            _ if ended.is_object() => format!("Init:{}", why(ended)),
            Some(reason) => format!("Init:{reason}"),
            None => waiting.to_owned(),
        };
        ControlFlow::Break(())
    }

    fn of_main(&mut self, row: &Row<'_>, is_ready: bool) {
        let mut running = false;
        let mut error = None;
        for status in row.list("/status/containerStatuses").rev() {
            restarted(status, &mut self.restarts, &mut self.last);
            let state = &status["state"];
            let waiting = state["waiting"]["reason"].as_str().filter(|reason| !reason.is_empty());
            if let Some(reason) = waiting {
                reason.clone_into(&mut self.reason);
            } else if state["terminated"].is_object() {
                self.reason = why(&state["terminated"]);
                if state["terminated"]["exitCode"] != 0 {
                    error = Some(self.reason.clone());
                }
            } else if status["ready"] == true && state["running"].is_object() {
                running = true;
                self.ready += 1;
            }
        }
        // One that has ended says nothing of a pod whose others go on.
        if self.reason == "Completed" {
            if running && is_ready {
                "Running".clone_into(&mut self.reason);
            } else if let Some(error) = error {
                self.reason = error;
            } else if running {
                "NotReady".clone_into(&mut self.reason);
            }
        }
    }
}

/// Adds the restarts of a container, and when the last one was.
fn restarted(status: &Value, restarts: &mut i64, last: &mut String) {
    *restarts += status["restartCount"].as_i64().unwrap_or(0);
    let ended = status["lastState"]["terminated"]["finishedAt"].as_str().unwrap_or_default();
    // Times in UTC are in the order of their texts.
    if ended > last.as_str() {
        ended.clone_into(last);
    }
}

/// Why a container ended, in one word.
fn why(ended: &Value) -> String {
    let number = |key: &str| ended[key].as_i64().unwrap_or(0);
    match ended["reason"].as_str().unwrap_or_default() {
        "" if number("signal") != 0 => format!("Signal:{}", number("signal")),
        "" => format!("ExitCode:{}", number("exitCode")),
        reason => reason.to_owned(),
    }
}
