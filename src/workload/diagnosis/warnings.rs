//! The warning events about an object and its pod, as lines.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::workload::readiness::{
    Related, Window,
    admission::{FAILED_CREATE, wrong},
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
    around: &Related,
    window: &Window,
) -> Vec<String> {
    let newest = around.newest_replica_set(object);
    let mut uids: Vec<&str> = [Some(object), newest, pod]
        .into_iter()
        .flatten()
        .map(uid)
        .filter(|uid| !uid.is_empty())
        .collect();
    // A bare pod is object and pod.
    uids.dedup();
    let mut lines: Vec<WarningLine> = Vec::new();
    for event in uids.into_iter().flat_map(|uid| around.events_of(uid)) {
        let time = happened(event);
        if text(event, "/type") != "Warning" || !is_recent(time, window) {
            continue;
        }
        let text = say(event);
        match lines.iter_mut().find(|line| line.text == text) {
            Some(line) => {
                line.times += times(event);
                line.time = line.time.max(time);
            }
            None => lines.push(WarningLine { time, text, times: times(event) }),
        }
    }
    lines.sort_by(|a, b| (a.time, &a.text).cmp(&(b.time, &b.text)));
    let newest = lines.len().saturating_sub(LIMIT);
    lines.drain(newest..).map(WarningLine::into_text).collect()
}

/// What several events said, and how often.
struct WarningLine {
    time: Option<Timestamp>,
    text: String,
    times: i64,
}

impl WarningLine {
    fn into_text(self) -> String {
        let Self { time: _, text, times } = self;
        if times > 1 { format!("{text} ({times} times)") } else { text }
    }
}

fn is_recent(time: Option<Timestamp>, window: &Window) -> bool {
    let time = time.map(|time| time.checked_add(SLACK).unwrap_or(time));
    window.covers(time)
}

/// Says an event without what differs from one pod of a controller to the next.
fn say(event: &Value) -> String {
    let either = |one: &str, other: &str| match text(event, one) {
        "" => text(event, other).to_owned(),
        found => found.to_owned(),
    };
    let kind = either("/involvedObject/kind", "/regarding/kind");
    let name = either("/involvedObject/name", "/regarding/name");
    let reason = text(event, "/reason");
    let message = either("/message", "/note");
    let message = if reason == FAILED_CREATE { wrong(&message) } else { &message };
    format!("{kind}/{name} {reason}: {}", shorten(message))
}

fn times(event: &Value) -> i64 {
    ["/count", "/series/count", "/deprecatedCount"]
        .into_iter()
        .map(|pointer| count(event, pointer))
        .fold(1, i64::max)
}
