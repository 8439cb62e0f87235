//! One run of one container: its log, line by line, also over streams that break.

use std::time::Duration;

use jiff::Timestamp;
use regex::Regex;
use serde_json::Value;
use tokio::sync::{mpsc::Sender, watch};

use crate::cluster::{
    api::Api,
    failure::Failure,
    log::{LogLine, LogLines, LogRequest},
    request::Request,
};
use crate::ops::view::{LogEvent, PodLine};

/// The pause before a broken stream is taken up again.
const PAUSE: Duration = Duration::from_millis(500);
/// How often in a row a log is asked for that cannot be had.
const TRIES: u32 = 10;

/// A run of a container.
pub(super) struct Run {
    pub request: LogRequest,
    /// Its number: how often the container had restarted.
    pub number: i64,
    pub uid: String,
    pub grep: Option<Regex>,
    /// Whether what was written by then is all that is wanted.
    pub finishing: watch::Receiver<bool>,
}

/// How the reading of a stream ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// It came to its end.
    Whole,
    /// It broke, or was not to be followed any longer.
    Broken,
    /// Nobody listens.
    Unheard,
}

/// How far a log was read.
#[derive(Debug, Default)]
struct Cursor {
    time: Option<Timestamp>,
    /// How many lines were written at that time.
    lines: usize,
    /// How many lines of that time come again.
    again: usize,
    /// Whether the newest line was told already, and so its further pieces.
    repeats: bool,
}

impl Cursor {
    /// Takes up a stream anew, which begins with the whole second of the last line.
    fn rewind(&mut self) {
        self.again = self.lines;
    }

    /// Tells whether a line is new.
    fn is_new(&mut self, line: &LogLine) -> bool {
        let Some(time) = line.time else { return !self.repeats };
        self.repeats = match self.time {
            Some(last) if time < last => self.again > 0,
            Some(last) if time == last && self.again > 0 => {
                self.again -= 1;
                true
            }
            Some(last) if time == last => {
                self.lines += 1;
                false
            }
            _ => {
                *self = Self { time: Some(time), lines: 1, ..Self::default() };
                false
            }
        };
        !self.repeats
    }
}

impl Run {
    /// Tells its log until it ends, cannot be read, or nobody listens any more.
    pub(super) async fn tell(mut self, api: Api, events: Sender<LogEvent>) {
        let mut cursor = Cursor::default();
        let mut failures = 0;
        loop {
            if *self.finishing.borrow() {
                self.request.follow = false;
            }
            let opened = tokio::select! {
                opened = LogLines::open(&api, &self.request) => opened,
                // Who answers only when something is written is not waited for.
                () = is_finishing(&mut self.finishing), if self.request.follow => continue,
            };
            let ended = match opened {
                Ok(lines) => {
                    failures = 0;
                    match self.read(lines, &mut cursor, &events).await {
                        Reading::Whole => true,
                        Reading::Broken => false,
                        Reading::Unheard => return,
                    }
                }
                // It went before it could be asked.
                Err(failure) if failure.is_not_found() => return,
                Err(failure) if failures < TRIES && may_pass(&failure) => {
                    failures += 1;
                    false
                }
                Err(failure) => {
                    let LogRequest { pod, container, .. } = &self.request;
                    let why = format!("log of {pod}/{container}: {}", failure.message());
                    // Where nobody listens, nobody misses it.
                    let _ = events.send(LogEvent::Unread(why)).await;
                    return;
                }
            };
            if ended && (!self.request.follow || !self.goes_on(&api).await) {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(PAUSE) => {}
                () = is_finishing(&mut self.finishing), if self.request.follow => {}
            }
            cursor.rewind();
            if cursor.time.is_some() {
                let LogRequest { tail, since_seconds, since, .. } = &mut self.request;
                (*tail, *since_seconds, *since) = (None, None, cursor.time);
            }
        }
    }

    /// Reads to the end of a stream.
    async fn read(
        &mut self,
        mut lines: LogLines,
        cursor: &mut Cursor,
        events: &Sender<LogEvent>,
    ) -> Reading {
        loop {
            let line = tokio::select! {
                line = lines.next() => line,
                () = events.closed() => return Reading::Unheard,
                () = is_finishing(&mut self.finishing), if self.request.follow => return Reading::Broken,
            };
            let line = match line {
                Ok(Some(line)) => line,
                Ok(None) => return Reading::Whole,
                Err(_) => return Reading::Broken,
            };
            let is_wanted = self.grep.as_ref().is_none_or(|grep| grep.is_match(&line.text));
            if !cursor.is_new(&line) || !is_wanted {
                continue;
            }
            let LogRequest { pod, container, .. } = &self.request;
            let (pod, container) = (pod.clone(), container.clone());
            let LogLine { time, text } = line;
            let line = LogEvent::Line(PodLine { pod, container, time, text });
            if events.send(line).await.is_err() {
                return Reading::Unheard;
            }
        }
    }

    /// Tells whether the run goes on although its stream has ended: something on the way closes
    /// streams that are quiet.
    async fn goes_on(&self, api: &Api) -> bool {
        let LogRequest { namespace, pod, container, .. } = &self.request;
        let path = format!("/api/v1/namespaces/{namespace}/pods/{pod}");
        match api.find(Request::get(path)).await {
            Ok(Some(pod)) => {
                pod["metadata"]["uid"] == self.uid.as_str()
                    && status_of(&pod, container).is_some_and(|status| {
                        status["restartCount"].as_i64().unwrap_or(0) == self.number
                            && status["state"]["running"].is_object()
                    })
            }
            Ok(None) => false,
            // The next try to read the log says what is wrong.
            Err(_) => true,
        }
    }
}

/// Waits until what was written by then is all that is wanted; for ever where nobody will say so.
async fn is_finishing(finishing: &mut watch::Receiver<bool>) {
    if finishing.wait_for(|is| *is).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Finds the status of a container.
pub(super) fn status_of<'a>(pod: &'a Value, container: &str) -> Option<&'a Value> {
    ["containerStatuses", "initContainerStatuses"]
        .into_iter()
        .flat_map(|list| pod["status"][list].as_array().into_iter().flatten())
        .find(|status| status["name"] == container)
}

fn may_pass(failure: &Failure) -> bool {
    // No answer, overload, or a node that does not answer its server.
    matches!(failure.code(), 0 | 429 | 500..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_that_is_taken_up_again_repeats_no_line() {
        let line = |time: &str, text: &str| LogLine {
            time: (!time.is_empty()).then(|| format!("2026-01-01T12:00:{time}Z").parse().unwrap()),
            text: text.into(),
        };
        let mut cursor = Cursor::default();
        let mut told = Vec::new();
        let mut take = |cursor: &mut Cursor, lines: &[(&str, &str)]| {
            for (time, text) in lines {
                if cursor.is_new(&line(time, text)) {
                    told.push((*text).to_owned());
                }
            }
        };
        take(&mut cursor, &[("00", "a"), ("01.2", "b"), ("01.2", "c"), ("", "c's rest")]);
        cursor.rewind();
        take(
            &mut cursor,
            &[
                ("01.1", "before"),
                ("01.2", "b"),
                ("01.2", "c"),
                ("", "c's rest"),
                ("01.2", "d"),
                ("01.3", "e"),
            ],
        );
        cursor.rewind();
        take(&mut cursor, &[("01.3", "e"), ("02", "f"), ("01.9", "the clock went back")]);
        assert_eq!(told, ["a", "b", "c", "c's rest", "d", "e", "f", "the clock went back"]);
    }
}
