//! Whether an object is waited for, and how long: the annotations `workloadctl/wait` and
//! `workloadctl/timeout`. What the order of a release waits for is waited for all the same.

use std::time::Duration;

use serde_json::Value;

use super::known::refuse;
use crate::workload::{
    body::Body,
    duration::parse_duration,
    error::{Code, Error, Result},
    readiness::{
        field::annotation,
        verdict::{State, Verdict},
    },
};

/// The annotation that says whether an object is waited for.
pub(super) const WAIT: &str = "workloadctl/wait";
/// The annotation that says how long it may take.
pub(super) const TIMEOUT: &str = "workloadctl/timeout";

/// The reason of what took longer than it says it may.
pub(crate) const TIMED_OUT: &str = "Timeout";

/// How far an object is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Allowance {
    /// Whether it is waited for at all.
    pub is_waited_for: bool,
    /// How long it may take from its apply on; where it does not say so, the deploy's own time counts.
    pub timeout: Option<Duration>,
}

impl Allowance {
    /// Reads what an object says. What cannot be read says nothing: it was refused before.
    pub(crate) fn of(object: &Value) -> Self {
        Self {
            is_waited_for: annotation(object, WAIT) != Some("false"),
            timeout: annotation(object, TIMEOUT).and_then(|text| parse_timeout(text).ok()),
        }
    }

    /// Reads it off a body at rest.
    pub(crate) fn of_body(body: &Body) -> Self {
        match body.mentions("workloadctl/") {
            true => Self::of(&body.look()),
            false => Self::of(&Value::Null),
        }
    }

    /// Judges an object of which nobody expects more than that it is there.
    pub(crate) fn excuse(self, verdict: Verdict) -> Verdict {
        match verdict.state {
            State::Waiting | State::Failed if !self.is_waited_for => {
                Verdict::ready_saying(format!("{}: {}", unawaited(), verdict.message))
            }
            _ => verdict,
        }
    }

    /// Judges an object that is waited for since so long.
    pub(crate) fn expire(self, verdict: Verdict, since: Duration) -> Verdict {
        match self.timeout {
            Some(timeout) if verdict.state == State::Waiting && since >= timeout => {
                Verdict::failed(TIMED_OUT, format!("{}: {}", late(timeout), verdict.message))
            }
            _ => verdict,
        }
    }
}

/// Tells whether a judgement was [excused](Allowance::excuse): the object is not ready.
pub(crate) fn is_excused(verdict: &Verdict) -> bool {
    verdict.is_ready() && verdict.message.starts_with(&unawaited())
}

/// Says of an object that it is not waited for.
pub(crate) fn unawaited() -> String {
    format!("not waited for ({WAIT})")
}

/// Says of an object that its time is up.
pub(crate) fn late(timeout: Duration) -> String {
    format!("not ready within {} ({TIMEOUT})", written(timeout))
}

/// Writes a duration as one would type it.
fn written(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let parts = [(seconds / 3600, "h"), (seconds % 3600 / 60, "m"), (seconds % 60, "s")];
    let whole: String = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count}{unit}"))
        .collect();
    match whole.is_empty() {
        true => format!("{}ms", duration.as_millis()),
        false => whole,
    }
}

/// Checks whether an object says if it is waited for.
///
/// # Errors
/// Code 2.
pub(super) fn check_wait(object: &Value) -> Result<()> {
    match annotation(object, WAIT) {
        None | Some("true" | "false") => Ok(()),
        Some(value) => {
            let why = format!("is {value:?}: true or false");
            Err(refuse(WAIT, value, &why, ["true", "false"]))
        }
    }
}

/// Checks how long an object says that it may take.
///
/// # Errors
/// Code 2.
pub(super) fn check_timeout(object: &Value) -> Result<()> {
    let Some(value) = annotation(object, TIMEOUT) else { return Ok(()) };
    parse_timeout(value).map(drop).map_err(|problem| {
        let message = format!("annotation {TIMEOUT}: cannot read {value:?}: {problem}");
        Error::usage(Code::InvalidAnnotation, message)
    })
}

/// Reads a duration, of which 0 is for ever, as it is for `--timeout`.
fn parse_timeout(text: &str) -> Result<Duration, String> {
    let timeout = parse_duration(text.trim())?;
    Ok(if timeout.is_zero() { Duration::MAX } else { timeout })
}
