//! What the commands of `db` answer.

use serde::Serialize;

/// A database that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DatabaseView {
    pub file: String,
    /// Its size in bytes, without its log.
    pub bytes: u64,
    /// The version that it is of.
    pub version: i64,
    /// The version that this program writes.
    pub current_version: i64,
    pub definitions: u64,
    pub revisions: u64,
    pub instances: u64,
    pub releases: u64,
    /// Whether nothing is wrong with it.
    pub healthy: bool,
}

/// A copy that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct BackupView {
    pub file: String,
    pub bytes: u64,
}

/// What was removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PrunedView {
    pub releases: usize,
    pub revisions: usize,
    pub freed_bytes: u64,
}

/// What became of the records of a runtime.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RebuiltView {
    pub runtime: String,
    pub instances: Vec<RebuiltInstance>,
}

/// What became of one record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RebuiltInstance {
    pub name: String,
    pub namespace: String,
    pub outcome: RebuiltOutcome,
    /// The number of its newest release, as the record has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release: Option<u64>,
    /// Why it was left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What was done with a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum RebuiltOutcome {
    /// The instance was not in the database.
    Added,
    /// The database followed the record.
    Updated,
    /// The database had all of it.
    Unchanged,
    /// The database is as it was.
    Left,
}

impl RebuiltOutcome {
    /// Gives the word of the answer.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
            Self::Left => "left",
        }
    }
}
