//! Progress as JSON lines: `{"time": …, "instance": …, "event": …, …}`, one object per line.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::beats::Beats;
use crate::{
    ops::{
        events::{Event, Reporter},
        view::PodLine,
    },
    output::{printer::write_stderr, sanitize},
    workload::error::{Error, ErrorView},
};

/// How much time passes at least between two lines that only say what is still open.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// Tells progress as JSON lines.
#[derive(Debug)]
pub(crate) struct JsonLines {
    verbosity: u8,
    clock: fn() -> Timestamp,
    beats: Beats,
}

impl JsonLines {
    /// Makes a reporter that stamps its lines by a clock.
    pub(crate) fn new(verbosity: u8, clock: fn() -> Timestamp) -> Self {
        Self { verbosity, clock, beats: Beats::new(HEARTBEAT) }
    }

    /// Gives the line of an event, where it is time to tell it.
    pub(crate) fn due(&self, instance: &str, event: &Event) -> Option<String> {
        let is_due = match event {
            Event::StillOpen { elapsed, .. } => self.beats.is_due(instance, *elapsed),
            _ => true,
        };
        is_due.then(|| self.line(instance, event))
    }

    /// Gives the line of what went wrong with an instance.
    pub(crate) fn error(&self, instance: &str, error: &Error) -> String {
        let error = serde_json::to_value(ErrorView::from(error)).expect("errors have string keys");
        let fields = Map::from_iter([("error".to_owned(), error)]);
        self.of_fields(instance, "error", fields)
    }

    fn line(&self, instance: &str, event: &Event) -> String {
        let (event, fields) = fields(event);
        self.of_fields(instance, event, fields)
    }

    fn of_fields(&self, instance: &str, event: &str, fields: Map<String, Value>) -> String {
        let time = format!("{:.3}", (self.clock)());
        let instance = Some(instance).filter(|instance| !instance.is_empty());
        let line = serde_json::to_string(&Line { time, instance, event, fields });
        sanitize::json(line.expect("events have string keys")) + "\n"
    }
}

/// A line of the stream.
#[derive(Debug, Serialize)]
struct Line<'a> {
    time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<&'a str>,
    event: &'a str,
    #[serde(flatten)]
    fields: Map<String, Value>,
}

impl Reporter for JsonLines {
    fn report(&self, instance: &str, event: Event) {
        if let Some(line) = self.due(instance, &event) {
            write_stderr(&line);
        }
    }

    fn verbosity(&self) -> u8 {
        self.verbosity
    }
}

fn fields(event: &Event) -> (&'static str, Map<String, Value>) {
    let (word, value) = match event {
        Event::Note(message) => ("note", json!({"message": message})),
        Event::Warning(message) => ("warning", json!({"message": message})),
        Event::Planned { changes, objects } => {
            ("planned", json!({"changes": changes, "objects": objects}))
        }
        Event::Removing { objects } => ("removing", json!({"objects": objects})),
        Event::Done { object, action } => ("done", json!({"object": object, "action": action})),
        Event::Judged { object, verdict } => {
            let mut value = json!({"object": object, "state": verdict.state});
            for (key, text) in [("reason", &verdict.reason), ("message", &verdict.message)] {
                if !text.is_empty() {
                    value[key] = text.as_str().into();
                }
            }
            ("judged", value)
        }
        Event::Phase(phase) => ("phase", json!({"phase": phase})),
        Event::Estimate(time) => ("estimate", json!({"seconds": seconds(*time)})),
        Event::StillOpen { phase, elapsed, open } => {
            let open: Vec<Value> = open
                .iter()
                .map(|(object, message)| json!({"object": object, "message": message}))
                .collect();
            (
                "stillOpen",
                json!({"phase": phase, "elapsedSeconds": seconds(*elapsed), "open": open}),
            )
        }
        Event::Log(PodLine { pod, container, time, text }) => {
            let mut value = json!({"pod": pod, "container": container, "text": text});
            if let Some(time) = time {
                value["writtenAt"] = time.to_string().into();
            }
            ("log", value)
        }
        Event::Request { method, path, status, took } => (
            "request",
            json!({
                "method": method, "path": path, "status": status, "tookSeconds": seconds(*took),
            }),
        ),
        Event::Bodies { method, path, status, sent, answered } => (
            "bodies",
            json!({
                "method": method, "path": path, "status": status,
                "sent": sent, "answered": answered,
            }),
        ),
    };
    match value {
        Value::Object(fields) => (word, fields),
        _ => (word, Map::new()),
    }
}

fn seconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::{
        object::ObjectId,
        readiness::{State, Verdict},
    };

    fn pinned() -> Timestamp {
        Timestamp::from_second(1_800_000_000).unwrap()
    }

    #[test]
    fn an_event_is_an_object_on_a_line() {
        let reporter = JsonLines::new(0, pinned);
        let verdict =
            Verdict { state: State::Failed, reason: "BackOff".into(), message: "\u{9b}\n".into() };
        let object = ObjectId::new("apps", "Deployment", Some("web"), "web");
        let line = reporter.line("web", &Event::Judged { object, verdict });
        assert_eq!(line.matches('\n').count(), 1);
        assert_eq!(
            serde_json::from_str::<Value>(&line).unwrap(),
            json!({
                "time": "2027-01-15T08:00:00.000Z", "instance": "web", "event": "judged",
                "object": {
                    "group": "apps", "kind": "Deployment", "namespace": "web", "name": "web",
                },
                "state": "failed", "reason": "BackOff", "message": "\u{9b}\n",
            })
        );
        assert_eq!(
            reporter.line("", &Event::Phase("waiting")),
            "{\"time\":\"2027-01-15T08:00:00.000Z\",\"event\":\"phase\",\"phase\":\"waiting\"}\n"
        );
    }
}
