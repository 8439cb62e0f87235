//! The commands that an answer may belong to.

use crate::{
    ops::view::Operation,
    output::{ci::Reports, difference::DiffStyle},
    workload::error::Result,
};

/// Which command an answer belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    /// `deploy`; whether it waits until everything is ready.
    Deploy {
        /// Not with `--no-wait`.
        waits: bool,
    },
    /// `plan` and `deploy --dry-run`; how they show what changes.
    Plan(DiffStyle),
    /// `delete`; whether it contacts nothing.
    Delete { forgets: bool },
}

impl Verb {
    /// Gives the kind of the document for one instance.
    pub(super) fn kind(self) -> &'static str {
        match self {
            Self::Deploy { .. } => "Deploy",
            Self::Plan(_) => "Plan",
            Self::Delete { .. } => "Delete",
        }
    }

    /// Writes the reports of what was done; of a plan there are none.
    pub(super) fn report(self, reports: &Reports, operations: &[Operation]) -> Result<()> {
        match self {
            Self::Deploy { .. } => reports.write("deploy", operations),
            Self::Delete { .. } => reports.write("delete", operations),
            Self::Plan(_) => Ok(()),
        }
    }
}
