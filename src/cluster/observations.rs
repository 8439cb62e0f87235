//! What the answers of one connection tell besides their bodies: how many requests there were, the
//! server's clock, its warnings. kube drops the headers that they stand in.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue,
    header::{DATE, WARNING},
};
use jiff::{SignedDuration, Timestamp};

use super::uptime::uptime;

/// More different warnings than these are not told.
const WARNING_LIMIT: usize = 1000;

/// A request that was answered, or was not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestSeen {
    /// The HTTP method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// The HTTP status; 0 where there was no answer.
    pub status: u16,
    /// The time from sending to the answer's headers.
    pub took: Duration,
    /// The bodies of request and answer, where they are told: after the request, once more.
    pub bodies: Option<(Bytes, Bytes)>,
}

pub(crate) type OnRequest = Arc<dyn Fn(RequestSeen) + Send + Sync>;

/// What the answers of one connection told.
#[derive(Default)]
pub(crate) struct Observations {
    requests: AtomicU64,
    on_request: Option<OnRequest>,
    clock: Mutex<Option<(Timestamp, Duration)>>,
    warnings: ServerWarnings,
    unanswered: Mutex<Option<Timestamp>>,
}

/// The warnings of servers, each text once: shared by all connections of a command.
#[derive(Clone, Default)]
pub struct ServerWarnings(Arc<Mutex<Warnings>>);

#[derive(Default)]
struct Warnings {
    fresh: Vec<String>,
    known: BTreeSet<String>,
}

impl ServerWarnings {
    /// Takes out the warnings that came since the last call. Each text comes once in all.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().expect("noting a warning does not panic").fresh)
    }

    fn add(&self, text: String) {
        let mut warnings = self.0.lock().expect("noting a warning does not panic");
        if warnings.known.len() < WARNING_LIMIT && warnings.known.insert(text.clone()) {
            warnings.fresh.push(text);
        }
    }
}

impl Observations {
    pub(crate) fn new(on_request: Option<OnRequest>, warnings: ServerWarnings) -> Self {
        Self { on_request, warnings, ..Self::default() }
    }

    /// Tells of a request, or of its bodies.
    pub(crate) fn tell(&self, seen: RequestSeen) {
        if let Some(report) = &self.on_request {
            report(seen);
        }
    }

    pub(super) fn sending(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    /// Gives the number of requests that were sent so far.
    #[cfg(test)]
    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Takes out the warnings.
    #[cfg(test)]
    pub(crate) fn warnings(&self) -> Vec<String> {
        self.warnings.take()
    }

    /// Estimates the server's clock from the newest answer, to the second; ours where no answer
    /// told it.
    pub(crate) fn server_now(&self) -> Timestamp {
        let told = *self.clock.lock().expect("noting a time does not panic");
        told.and_then(|(date, at)| {
            let passed = SignedDuration::try_from(uptime().saturating_sub(at)).ok()?;
            date.checked_add(passed).ok()
        })
        .unwrap_or_else(Timestamp::now)
    }

    /// Notes that something was to be made and nobody answered: whether it arrived, or will, is not
    /// known.
    pub(super) fn lose_answer(&self) {
        let now = self.server_now();
        *self.unanswered.lock().expect("noting a time does not panic") = Some(now);
    }

    /// Gives the time, by the server's clock, of the last answer of that kind that was lost.
    pub(crate) fn lost_answer(&self) -> Option<Timestamp> {
        *self.unanswered.lock().expect("noting a time does not panic")
    }

    pub(super) fn note_time(&self, headers: &HeaderMap) {
        // Every answer has it, and it is the one clock that two clients share (docs/design.md).
        if let Some(date) = headers.get(DATE).and_then(date_of) {
            *self.clock.lock().expect("noting a time does not panic") = Some((date, uptime()));
        }
    }

    pub(super) fn note_warnings(&self, headers: &HeaderMap) {
        headers.get_all(WARNING).iter().flat_map(warnings_of).for_each(|text| self.warn(text));
    }

    /// Adds a warning of our own.
    pub(crate) fn warn(&self, text: String) {
        self.warnings.add(text);
    }
}

fn date_of(header: &HeaderValue) -> Option<Timestamp> {
    jiff::fmt::rfc2822::parse(header.to_str().ok()?).ok().map(|zoned| zoned.timestamp())
}

/// Reads the texts of `299 - "text"`, several of which may stand in one header. Other codes are
/// about caches.
fn warnings_of(header: &HeaderValue) -> Vec<String> {
    let text = String::from_utf8_lossy(header.as_bytes());
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some((before, quoted)) = rest.split_once('"') {
        let Some((message, after)) = unquote(quoted) else { break };
        if before.starts_with("299 ") && !message.is_empty() {
            found.push(message);
        }
        let after = after.trim_start();
        let after = match after.strip_prefix('"') {
            Some(date) => date.split_once('"').map_or("", |(_, after)| after),
            None => after,
        };
        rest = after.trim_start_matches([' ', '\t', ',']);
    }
    found
}

/// Reads a quoted string whose opening quote has been read; also gives what follows it.
fn unquote(quoted: &str) -> Option<(String, &str)> {
    let mut message = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '"' => return Some((message, &quoted[at + 1..])),
            '\\' => message.push(chars.next()?.1),
            char if char.is_control() => message.push(' '),
            char => message.push(char),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_are_read_as_the_server_writes_them() {
        for (header, expected) in [
            (
                r#"299 - "v1 ComponentStatus is deprecated""#,
                &["v1 ComponentStatus is deprecated"][..],
            ),
            (r#"299 - "unknown field \"spec.foo\", a\\b""#, &[r#"unknown field "spec.foo", a\b"#]),
            (r#"299 kube-apiserver "one" , 299 - "two""#, &["one", "two"]),
            (r#"299 - "one" "Tue, 24 Nov 2026 13:25:00 GMT", 299 - "two""#, &["one", "two"]),
            (r#"110 - "Response is stale", 299 - "one""#, &["one"]),
            (r#"299 - """#, &[]),
            (r#"299 - "not closed"#, &[]),
            (r#"299 - "ends in a backslash\"#, &[]),
            ("299", &[]),
            ("", &[]),
            ("299 - \"sch\u{f6}n\tclear\"", &["sch\u{f6}n clear"]),
        ] {
            let value = HeaderValue::from_bytes(header.as_bytes()).unwrap();
            assert_eq!(warnings_of(&value), expected, "{header}");
        }
    }

    #[test]
    fn each_warning_is_told_once() {
        let seen = Observations::default();
        let mut headers = HeaderMap::new();
        headers.append(WARNING, HeaderValue::from_static(r#"299 - "b""#));
        headers.append(WARNING, HeaderValue::from_static(r#"299 - "a""#));
        seen.note_warnings(&headers);
        seen.note_warnings(&headers);
        assert_eq!(seen.warnings(), ["b", "a"]);
        headers.append(WARNING, HeaderValue::from_static(r#"299 - "c""#));
        seen.note_warnings(&headers);
        assert_eq!(seen.warnings(), ["c"]);
    }

    #[test]
    fn the_newest_answer_tells_the_servers_clock() {
        let seen = Observations::default();
        let distance =
            |from: &str| seen.server_now().duration_since(from.parse().unwrap()).as_secs();
        assert!(seen.server_now().duration_since(Timestamp::now()).as_secs().abs() <= 1);
        for (header, expected) in [
            ("Tue, 24 Nov 2026 13:25:00 GMT", "2026-11-24T13:25:00Z"),
            ("yesterday", "2026-11-24T13:25:00Z"),
            ("Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(DATE, HeaderValue::from_static(header));
            seen.note_time(&headers);
            assert!((0..60).contains(&distance(expected)), "{header}");
        }
    }
}
