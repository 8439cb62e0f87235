//! What an operation came to.

use serde::Serialize;

use crate::workload::release::Outcome;

/// What an operation came to; of an instance that is only looked at, what its newest release did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum OperationOutcome {
    /// Of an instance: its newest release has not ended, or its process died.
    InFlight,
    Ready,
    /// Everything is sent, and nobody waited for it.
    Applied,
    Unchanged,
    NotReady,
    TimedOut,
    Failed,
    /// It ended before anything was written, for whatever reason but a signal.
    Refused,
    Interrupted,
    Planned,
    Deleted,
}

impl OperationOutcome {
    /// Gives the word of the JSON answer.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::InFlight => Outcome::InFlight.word(),
            Self::Ready => Outcome::Ready.word(),
            Self::Applied => Outcome::Applied.word(),
            Self::Unchanged => "unchanged",
            Self::NotReady => Outcome::NotReady.word(),
            Self::TimedOut => Outcome::TimedOut.word(),
            Self::Failed => Outcome::Failed.word(),
            Self::Refused => "refused",
            Self::Interrupted => Outcome::Interrupted.word(),
            Self::Planned => "planned",
            Self::Deleted => "deleted",
        }
    }
}

impl From<Outcome> for OperationOutcome {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::InFlight => Self::InFlight,
            Outcome::Ready => Self::Ready,
            Outcome::Applied => Self::Applied,
            Outcome::NotReady => Self::NotReady,
            Outcome::TimedOut => Self::TimedOut,
            Outcome::Failed => Self::Failed,
            Outcome::Interrupted => Self::Interrupted,
        }
    }
}
