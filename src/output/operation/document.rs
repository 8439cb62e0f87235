//! The document of one operation.

use serde::Serialize;

use crate::{
    ops::view::{Counts, InstanceView, ObjectView, Operation},
    workload::{error::ErrorView, graph::Explanation, object::ObjectId},
};

/// The answer as docs/cli.md promises it: the instance's fields and what was done.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OperationDocument<'a> {
    #[serde(flatten)]
    instance: &'a InstanceView,
    counts: Counts,
    objects: &'a [ObjectView],
    #[serde(skip_serializing_if = "<[ObjectId]>::is_empty")]
    alongside: &'a [ObjectId],
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a Explanation>,
    duration_seconds: f64,
    warnings: &'a [String],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    remarks: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorView<'a>>,
    /// What returned to the last good release.
    #[serde(skip_serializing_if = "Option::is_none")]
    rollback: Option<Box<Self>>,
}

impl<'a> From<&'a Operation> for OperationDocument<'a> {
    fn from(operation: &'a Operation) -> Self {
        let Operation {
            instance,
            counts,
            objects,
            drift: _,
            added: _,
            alongside,
            duration_seconds,
            warnings,
            remarks,
            error,
            rollback,
            wrote: _,
            not_begun: _,
            why,
            frozen: _,
        } = operation;
        Self {
            instance,
            counts: *counts,
            objects,
            alongside,
            why: why.as_deref(),
            duration_seconds: (duration_seconds * 1000.0).round() / 1000.0,
            warnings,
            remarks,
            error: error.as_ref().map(ErrorView::from),
            rollback: rollback.as_ref().map(|back| Box::new(Self::from(&**back))),
        }
    }
}
