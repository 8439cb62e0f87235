//! All that is known of one release, for a page of its own.

use jiff::Timestamp;

use super::{DiffView, ReleaseView};
use crate::workload::{evidence::Unready, graph::Milestone, object::ObjectId, release::Action};

/// A release with what became of each object.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ReportView {
    /// The instance.
    pub name: String,
    pub runtime: String,
    pub namespace: Option<String>,
    pub release: ReleaseView,
    /// Whether it is known here what the release sent: not of one that another database made.
    pub is_sent_here: bool,
    /// The objects, in the order of the manifests, and behind them what was removed.
    pub objects: Vec<ReportObject>,
    /// What changed since the release before; a sentence where that is not known, or there is none.
    pub diff: Result<DiffView, String>,
}

/// What became of an object.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ReportObject {
    pub id: ObjectId,
    /// What was done; none where nothing was, or it is not known.
    pub action: Option<Action>,
    pub applied_at: Option<Timestamp>,
    pub ready_at: Option<Timestamp>,
    /// Why it was not ready at the end.
    pub unready: Option<Unready>,
    /// What comes before it.
    pub needs: Vec<ReportNeed>,
}

/// Why an object had to wait for its turn.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ReportNeed {
    /// The index of the object that comes first.
    pub from: usize,
    /// How far that one must have come.
    pub until: Milestone,
    /// Why, as words that follow its name.
    pub reason: String,
}
