//! An instance in an answer.

use jiff::Timestamp;
use serde::Serialize;

use super::{
    history::{FailedRelease, masked},
    outcome::OperationOutcome,
};
use crate::workload::{
    instance::{Instance, NamespaceMode, Status},
    overrides::Overrides,
    record::Record,
    release::Release,
};

/// An instance (docs/cli.md, JSON: instance).
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InstanceView {
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub definition: Option<String>,
    /// The revision that the newest release runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<u64>,
    /// The newest revision that a `deploy` would bring.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latest_revision: Option<u64>,
    /// Whether that revision was named, and is held until the next deploy that names none.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub pinned: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime: Option<String>,
    /// The uid of the cluster's `kube-system`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster_uid: Option<String>,
    /// The namespace of the record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// How objects are placed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace_mode: Option<NamespaceMode>,
    /// The status: live from `status`, last observed from `list`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// Why, always a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When the status was seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_at: Option<Timestamp>,
    /// The number of the newest release.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release: Option<u64>,
    /// The outcome of the newest release (of an operation: its own outcome).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<OperationOutcome>,
    /// The overrides in force; what they set in Secrets is masked in the answer.
    #[serde(skip_serializing_if = "Overrides::is_empty", serialize_with = "masked")]
    pub overrides: Overrides,
    /// When the instance was made here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// How the newest release ended, where it did not end well; until the next one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<FailedRelease>,
    /// When the newest release began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deployed_at: Option<Timestamp>,
    /// Who made the newest release, `user@host`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deployed_by: Option<String>,
}

/// An instance as far as a table of many shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OutlineView<'a> {
    pub name: &'a str,
    pub definition: Option<&'a str>,
    pub revision: Option<u64>,
    pub latest_revision: Option<u64>,
    pub pinned: bool,
    pub release: Option<u64>,
    pub runtime: Option<&'a str>,
    pub namespace: Option<&'a str>,
    pub status: Option<Status>,
    /// When the newest release began, else when the instance was made.
    pub since: Option<Timestamp>,
}

impl InstanceView {
    /// Gives what a table of many shows.
    pub(crate) fn outline(&self) -> OutlineView<'_> {
        OutlineView {
            name: &self.name,
            definition: self.definition.as_deref(),
            revision: self.revision,
            latest_revision: self.latest_revision,
            pinned: self.pinned,
            release: self.release,
            runtime: self.runtime.as_deref(),
            namespace: self.namespace.as_deref(),
            status: self.status,
            since: self.deployed_at.or(self.created_at),
        }
    }

    /// Takes in what the database knows of an instance.
    pub(crate) fn describe_stored(&mut self, stored: &Instance) {
        self.definition = Some(stored.definition.to_string());
        self.runtime = Some(stored.runtime.clone());
        self.namespace.clone_from(&stored.namespace);
        self.namespace_mode = stored.namespace_mode;
        self.overrides = stored.overrides.clone();
        self.created_at = Some(stored.created_at);
    }

    /// Takes in what a record says of an instance.
    pub(crate) fn describe_record(&mut self, record: &Record) {
        self.namespace = Some(record.namespace.clone());
        self.namespace_mode = Some(record.mode);
        if let Some(newest) = &record.newest {
            self.definition = Some(newest.release.definition.to_string());
            self.describe_release(&newest.release);
        }
    }

    /// Takes in a status: what it is, why, and when it was seen.
    pub(crate) fn describe_status(&mut self, status: Status, reason: String, at: Timestamp) {
        self.status = Some(status);
        self.reason = Some(reason);
        self.status_at = Some(at);
    }

    /// Takes in a release: which one, of which revision, by whom and when.
    pub(crate) fn describe_release(&mut self, release: &Release) {
        self.release = Some(release.number);
        self.revision = Some(release.revision);
        self.pinned = release.pinned;
        self.deployed_at = Some(release.started_at);
        self.deployed_by = Some(release.deployer.to_string());
    }
}
