//! The judgement of one object.

use serde::{Deserialize, Serialize};

/// The state of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    /// It does its work.
    Ready,
    /// It may still become ready by itself.
    Waiting,
    /// It will not become ready by itself.
    Failed,
    /// It is not there.
    Missing,
}

impl State {
    /// Gives the word of the JSON answer.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Waiting => "waiting",
            Self::Failed => "failed",
            Self::Missing => "missing",
        }
    }
}

/// A judgement of one object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Verdict {
    pub state: State,
    /// A stable word in the field's terms, such as `ImagePullBackOff`; empty when ready.
    pub reason: String,
    /// A sentence for a person; empty when ready and nothing is to be said.
    pub message: String,
}

impl Verdict {
    pub(crate) fn ready() -> Self {
        Self::ready_saying("")
    }

    /// It is ready, and something is to be said about that.
    pub(crate) fn ready_saying(message: impl Into<String>) -> Self {
        Self { state: State::Ready, reason: String::new(), message: message.into() }
    }

    pub(crate) fn waiting(reason: impl Into<String>, message: impl Into<String>) -> Self {
        Self { state: State::Waiting, reason: reason.into(), message: message.into() }
    }

    pub(crate) fn failed(reason: impl Into<String>, message: impl Into<String>) -> Self {
        Self { state: State::Failed, reason: reason.into(), message: message.into() }
    }

    /// It is not there.
    pub(crate) fn missing() -> Self {
        Self {
            state: State::Missing,
            reason: "NotFound".to_owned(),
            message: "it is not on the cluster".to_owned(),
        }
    }

    /// Tells whether another judgement reads differently: the kubelet's words for one trouble take turns.
    pub(crate) fn says_else(&self, other: &Self) -> bool {
        let said =
            |it: &Self| if it.message.is_empty() { it.reason.clone() } else { it.message.clone() };
        self.state != other.state || said(self) != said(other)
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.state == State::Ready
    }
}
