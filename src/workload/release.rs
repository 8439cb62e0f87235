//! A release: one deploy of an instance, numbered per instance.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    error::{Code, Error, ErrorKind},
    name::DefinitionName,
    object::ObjectId,
    overrides::Overrides,
};

/// Who deployed: taken from the environment, said to the next person.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Deployer {
    /// The user at the machine.
    pub user: String,
    /// The machine.
    pub host: String,
    /// The kubeconfig's user, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kubeconfig_user: Option<String>,
    /// The git commit, where the environment tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The CI job, where the environment tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
}

impl fmt::Display for Deployer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.user, self.host)
    }
}

/// How a release ended, or that it has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Outcome {
    /// Begun, and no outcome written: running, or its process died.
    InFlight,
    /// Everything applied and ready.
    Ready,
    /// Everything applied; nobody waited.
    Applied,
    /// Everything applied; something failed to become ready.
    NotReady,
    TimedOut,
    /// Something was rejected.
    Failed,
    /// Stopped by a signal.
    Interrupted,
}

impl Outcome {
    /// Gives the outcome of a release that failed with an error. A request that took too long
    /// (code 7) is a failure of the server: only our own clock ends a release as timed out.
    pub(crate) fn of_failure(error: &Error) -> Self {
        match error.kind {
            ErrorKind::Interrupted | ErrorKind::Terminated => Self::Interrupted,
            ErrorKind::NotReady | ErrorKind::Failed if error.code == Code::Timeout => {
                Self::TimedOut
            }
            ErrorKind::NotReady => Self::NotReady,
            ErrorKind::Failed
            | ErrorKind::Usage
            | ErrorKind::Changes
            | ErrorKind::Refused
            | ErrorKind::Locked
            | ErrorKind::Runtime => Self::Failed,
        }
    }

    /// Tells whether the release is one to go back to.
    pub(crate) fn is_good(self) -> bool {
        matches!(self, Self::Ready | Self::Applied)
    }

    /// Gives the stable word of the JSON output and the database.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::InFlight => "inFlight",
            Self::Ready => "ready",
            Self::Applied => "applied",
            Self::NotReady => "notReady",
            Self::TimedOut => "timedOut",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
        }
    }

    /// Says an outcome as the reason of a status.
    pub(crate) fn as_reason(self) -> &'static str {
        match self {
            Self::Ready => "everything is ready",
            Self::Applied => "applied; nobody has waited for it",
            // Its process may be at work, or dead: the database alone cannot tell.
            Self::InFlight => "a release was begun and has not ended",
            Self::NotReady => "the last release did not become ready",
            Self::TimedOut => "the last release ran out of time",
            Self::Failed => "the last release failed",
            Self::Interrupted => "the last release was interrupted",
        }
    }
}

/// What a release did, or a plan would do, to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Action {
    /// Make it.
    Create,
    /// Change it in place.
    Update,
    /// Leave it as it is.
    Unchanged,
    /// Delete it and make it anew.
    Recreate,
    /// Take over an object that exists and was not ours.
    Adopt,
    /// Delete it, since it left the definition.
    Prune,
    /// Delete it with the instance.
    Delete,
    /// Nothing: something stands in the way.
    Blocked,
}

impl Action {
    /// Gives the stable word.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Unchanged => "unchanged",
            Self::Recreate => "recreate",
            Self::Adopt => "adopt",
            Self::Prune => "prune",
            Self::Delete => "delete",
            Self::Blocked => "blocked",
        }
    }
}

/// What was done to one object in a release.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Deed {
    pub id: ObjectId,
    /// What was done.
    pub action: Action,
    /// When the server had accepted it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub applied_at: Option<Timestamp>,
    /// When it was ready.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ready_at: Option<Timestamp>,
}

/// One deploy of an instance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Release {
    /// A random id: two databases may count to the same number.
    pub id: String,
    /// The number, per instance from 1.
    pub number: u64,
    pub deployer: Deployer,
    /// When it began.
    pub started_at: Timestamp,
    /// When its outcome was written.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ended_at: Option<Timestamp>,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it did not end well, in one line.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    pub definition: DefinitionName,
    /// The revision's number, as the deployer's database counted.
    pub revision: u64,
    /// The revision's digest.
    pub digest: String,
    /// When the revision was made.
    pub revision_created_at: Timestamp,
    /// The number of the release that a rollback returns to.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub returns_to: Option<u64>,
    /// Whether the revision was named, and is held until the next deploy that names none.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub pinned: bool,
    /// The overrides in force.
    #[serde(skip_serializing_if = "Overrides::is_empty", default)]
    pub overrides: Overrides,
}

#[cfg(test)]
impl Release {
    /// Makes one of the definition `web`, for tests that say of it what they are about.
    pub(crate) fn sample(id: impl Into<String>, number: u64, outcome: Outcome) -> Self {
        Self {
            id: id.into(),
            number,
            deployer: Deployer::default(),
            started_at: Timestamp::UNIX_EPOCH,
            ended_at: None,
            outcome,
            reason: None,
            definition: "web".parse().expect("a name"),
            revision: 1,
            digest: String::new(),
            revision_created_at: Timestamp::UNIX_EPOCH,
            returns_to: None,
            pinned: false,
            overrides: Overrides::default(),
        }
    }
}

/// Gives what names an instance in a `deploy` that is to keep the revision that runs: where it was gone
/// back to, or is pinned, a bare name would bring the newest one.
pub(crate) fn named_as_it_runs(name: &str, revision: u64, is_held: bool) -> String {
    if is_held { format!("{name} --revision {revision}") } else { name.to_owned() }
}
