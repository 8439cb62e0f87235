//! The warning events about an object and its pod, as lines.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::workload::readiness::{
    Frame, Neighbourhood,
    field::{count, shorten, text, uid},
    happened,
};

/// How many lines there are at most: the newest.
const LIMIT: usize = 10;

/// How long before the deploy's start an event still counts: clocks and seconds are rounded.
const SLACK: SignedDuration = SignedDuration::from_secs(5);

/// Collects the warnings of this deploy, oldest first, each text once.
pub(super) fn collect(
    object: &Value,
    pod: Option<&Value>,
    around: &Neighbourhood,
    frame: &Frame,
) -> Vec<String> {
    let newest = around.newest_replica_set(object);
    let mut uids: Vec<&str> = [Some(object), newest, pod]
        .into_iter()
        .flatten()
        .map(uid)
        .filter(|uid| !uid.is_empty())
        .collect();
    uids.dedup();
    let mut events: Vec<(Option<Timestamp>, String)> = uids
        .into_iter()
        .flat_map(|uid| around.events_of(uid))
        .filter(|event| text(event, "/type") == "Warning")
        .map(|event| (happened(event), event))
        .filter(|(time, _)| is_recent(*time, frame))
        .map(|(time, event)| (time, line(event)))
        .collect();
    events.sort();
    let mut lines: Vec<String> = Vec::new();
    for (_, line) in events {
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines.split_off(lines.len().saturating_sub(LIMIT))
}

fn is_recent(time: Option<Timestamp>, frame: &Frame) -> bool {
    let time = time.map(|time| time.checked_add(SLACK).unwrap_or(time));
    frame.covers(time)
}

fn line(event: &Value) -> String {
    let either = |one: &str, other: &str| match text(event, one) {
        "" => text(event, other).to_owned(),
        found => found.to_owned(),
    };
    let kind = either("/involvedObject/kind", "/regarding/kind");
    let name = either("/involvedObject/name", "/regarding/name");
    let message = shorten(&either("/message", "/note"));
    let times = ["/count", "/series/count", "/deprecatedCount"]
        .into_iter()
        .map(|pointer| count(event, pointer))
        .max()
        .filter(|times| *times > 1)
        .map(|times| format!(" ({times} times)"))
        .unwrap_or_default();
    format!("{kind}/{name} {}: {message}{times}", text(event, "/reason"))
}
