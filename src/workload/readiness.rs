//! Readiness: ready, waiting or failed, always with a reason that a person can act on.

use serde::{Deserialize, Serialize};

/// The state of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It does its work.
    Ready,
    /// It may still become ready by itself.
    Waiting,
    /// It will not become ready by itself.
    Failed,
    /// It is not there.
    Missing,
}

/// A judgement of one object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The state.
    pub state: State,
    /// A stable word in the field's terms, such as `ImagePullBackOff`; empty when ready.
    pub reason: String,
    /// A sentence for a person; empty when ready and nothing is to be said.
    pub message: String,
}
