//! The warning events about an object and its pod, as lines.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::workload::readiness::{
    Related, Window,
    admission::{FAILED_CREATE, wrong},
    field::{count, shorten, text, time, uid},
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
                line.first = line.first.min(began(event));
            }
            None => {
                lines.push(WarningLine { time, first: began(event), text, times: times(event) })
            }
        }
    }
    lines.sort_by(|a, b| (a.time, &a.text).cmp(&(b.time, &b.text)));
    let newest = lines.len().saturating_sub(LIMIT);
    lines.drain(newest..).map(WarningLine::into_text).collect()
}

/// What several events said, and how often.
struct WarningLine {
    time: Option<Timestamp>,
    /// When the first of them happened.
    first: Option<Timestamp>,
    text: String,
    times: i64,
}

impl WarningLine {
    fn into_text(self) -> String {
        let Self { time, first, text, times } = self;
        if times <= 1 {
            return text;
        }
        match first.zip(time).map(|(first, last)| last.duration_since(first)) {
            Some(span) if span >= SignedDuration::from_secs(1) => {
                format!("{text} (x{times} over {})", rough(span))
            }
            _ => format!("{text} (x{times})"),
        }
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
    // The kubelet names the pod again, with its uid.
    let again = format!(" in pod {name}_");
    let message = match message.split_once(&again) {
        Some((said, rest)) if rest.ends_with(')') && !rest.contains(' ') => said,
        _ => message,
    };
    format!("{kind}/{name} {reason}: {}", shorten(message))
}

/// Gives the time at which an event happened first.
fn began(event: &Value) -> Option<Timestamp> {
    let said = ["/firstTimestamp", "/deprecatedFirstTimestamp", "/eventTime"];
    said.into_iter().filter_map(|pointer| time(event, pointer)).min().or_else(|| happened(event))
}

/// Says a span in its largest unit, as kubectl does.
fn rough(span: SignedDuration) -> String {
    match span.as_secs() {
        seconds if seconds < 120 => format!("{seconds}s"),
        seconds if seconds < 2 * 3600 => format!("{}m", seconds / 60),
        seconds => format!("{}h", seconds / 3600),
    }
}

fn times(event: &Value) -> i64 {
    ["/count", "/series/count", "/deprecatedCount"]
        .into_iter()
        .map(|pointer| count(event, pointer))
        .fold(1, i64::max)
}
