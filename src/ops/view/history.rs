//! The answers about earlier releases.

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::outcome::OperationOutcome;
use crate::workload::{
    history::{Deeds, ImageChange},
    mask,
    overrides::Overrides,
    release::{Deployer, Release},
};

/// A release (docs/cli.md, JSON: release).
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReleaseView {
    /// The number, per instance from 1.
    pub release: u64,
    /// The random id.
    pub id: String,
    pub outcome: OperationOutcome,
    /// Why it did not end well, in one line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    pub definition: String,
    /// The revision, as the deployer's database counted.
    pub revision: u64,
    /// The revision's digest.
    pub digest: String,
    /// The overrides in force; what they set in Secrets is masked in the answer.
    #[serde(skip_serializing_if = "Overrides::is_empty", serialize_with = "masked")]
    pub overrides: Overrides,
    /// The number of the release that a rollback returned to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub returns_to: Option<u64>,
    /// Whether its revision was named, and is held until the next deploy that names none.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub pinned: bool,
    /// When it began.
    pub deployed_at: Timestamp,
    /// When its outcome was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// From beginning to end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_seconds: Option<f64>,
    /// `user@host`.
    pub deployed_by: String,
    /// Who and from where, as far as the environment told.
    pub deployer: Deployer,
    /// How many objects met which fate; absent where that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counts: Option<Deeds>,
    /// The images that are not those of the release before; absent where that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub images_changed: Option<Vec<ImageChange>>,
}

/// The answer of `history`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HistoryView {
    /// The instance.
    pub name: String,
    /// Its releases, the newest first.
    pub releases: Vec<ReleaseView>,
}

/// A release that did not end well.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FailedRelease {
    /// Its number.
    pub release: u64,
    pub outcome: OperationOutcome,
    /// Why, in one line.
    pub reason: String,
}

impl FailedRelease {
    /// Tells of a release that did not end well and says why.
    pub(crate) fn of(release: &Release) -> Option<Self> {
        let reason = release.reason.clone().filter(|_| !release.outcome.is_good())?;
        Some(Self { release: release.number, outcome: release.outcome.into(), reason })
    }
}

/// Shows overrides without what they set in Secrets.
///
/// # Errors
/// Those of the serializer.
pub(super) fn masked<S: Serializer>(
    overrides: &Overrides,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    mask::overrides(overrides).serialize(serializer)
}
