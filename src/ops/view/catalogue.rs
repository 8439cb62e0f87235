//! The answers about what the database and the kubeconfig hold: definitions, revisions, runtimes.

use jiff::Timestamp;
use serde::Serialize;

use super::{InstanceView, ObjectView};
use crate::workload::definition::Revision;

/// A runtime (docs/cli.md, JSON: runtime).
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RuntimeView {
    /// The context's name, `sandbox` or `in-cluster`.
    pub name: String,
    /// The API server's URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// Whether it is the stored default.
    pub default: bool,
    /// Whether it is the kubeconfig's current context.
    pub current: bool,
    /// Whether it is local and disposable.
    pub kind_like: bool,
    /// How many instances are on it.
    pub instances: usize,
    /// `runtime check`: whether it answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reachable: Option<bool>,
    /// `runtime check`: the server's version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// `runtime check`: who we are there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// `runtime check`: why it cannot be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// A definition (docs/cli.md, JSON: definition).
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DefinitionView {
    pub name: String,
    /// The number of the newest revision.
    pub revision: u64,
    /// The identity of its content: `sha256` in hex over the objects' canonical JSON.
    pub digest: String,
    /// How many objects it has.
    pub object_count: usize,
    /// Where it came from, as the user named it, or `record`.
    pub source: String,
    /// How many instances there are of the definition.
    pub instances: usize,
    /// When the definition was made here.
    pub created_at: Timestamp,
    /// When its newest revision was made here.
    pub updated_at: Timestamp,
}

/// A revision of a definition.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RevisionView {
    /// The number.
    pub revision: u64,
    /// The identity of its content.
    pub digest: String,
    /// How many objects it has.
    pub object_count: usize,
    /// Where it came from, as the user named it, or `record`.
    pub source: String,
    /// When it was made.
    pub created_at: Timestamp,
}

impl From<Revision> for RevisionView {
    fn from(revision: Revision) -> Self {
        let Revision { definition: _, number, digest, created_at, object_count, source } = revision;
        Self { revision: number, digest, object_count, source, created_at }
    }
}

/// Which releases of an instance brought a revision.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RevisionUseView {
    pub instance: String,
    /// The numbers of the releases, the newest first.
    pub releases: Vec<u64>,
    /// Whether the newest release of the instance is one of them.
    pub current: bool,
}

/// A revision and who brought it where.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UsedRevisionView {
    #[serde(flatten)]
    pub revision: RevisionView,
    pub used_by: Vec<RevisionUseView>,
}

/// The answer of `definition history`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DefinitionHistoryView {
    /// The definition.
    pub name: String,
    /// Its revisions, the newest first.
    pub revisions: Vec<UsedRevisionView>,
}

/// The answer of `definition show`: the definition and what belongs to it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DefinitionSheet {
    #[serde(flatten)]
    pub definition: DefinitionView,
    /// Its revisions, the newest first.
    pub revisions: Vec<RevisionView>,
    /// The objects of the newest revision, in order.
    pub objects: Vec<ObjectView>,
    /// Its instances.
    pub used_by: Vec<InstanceView>,
}

/// What `definition apply` came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum DefinitionOutcome {
    Created,
    Updated,
    Unchanged,
}

/// The answer of `definition apply`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AppliedView {
    #[serde(flatten)]
    pub definition: DefinitionView,
    pub outcome: DefinitionOutcome,
    /// The deployed instances that run something else than this content.
    pub behind: Vec<InstanceView>,
}
