//! The answers of the operations, in the shape that docs/cli.md promises for JSON.
//!
//! camelCase, RFC 3339 UTC, durations in seconds, absent instead of null; fields are added,
//! never removed.

mod catalogue;
mod database;
mod diff;
mod forward;
mod history;
mod import;
mod instance;
mod logs;
mod object;
mod operation;
mod outcome;
mod report;
mod sandbox;

pub(crate) use catalogue::{
    AppliedView, DefinitionHistoryView, DefinitionOutcome, DefinitionSheet, DefinitionView,
    RevisionUseView, RevisionView, RuntimeView, UsedRevisionView,
};
pub(crate) use database::{
    BackupView, DatabaseView, PrunedView, RebuiltInstance, RebuiltOutcome, RebuiltView,
};
pub(crate) use diff::{DiffView, DifferingView, SideView};
pub(crate) use forward::ForwardEvent;
pub(crate) use history::{FailedRelease, HistoryView, ReleaseView};
pub(crate) use import::{ImportView, ImportedObject, LeftObject};
pub(crate) use instance::{InstanceView, OutlineView};
pub(crate) use logs::{LogEvent, PodLine};
pub(crate) use object::{Counts, NOT_REACHED, ObjectView};
pub(crate) use operation::Operation;
pub(crate) use outcome::OperationOutcome;
pub(crate) use report::{ReportNeed, ReportObject, ReportView};
pub(crate) use sandbox::{AskedToFail, FailingView};

pub(crate) use super::frozen::FrozenPlan;
pub(crate) use crate::workload::evidence::Evidence as EvidenceView;
