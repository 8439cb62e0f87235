//! The answer of an operation for one instance.

use std::sync::Arc;

use super::{
    instance::InstanceView,
    object::{Counts, ObjectView},
    outcome::OperationOutcome,
};
use crate::{
    ops::frozen::FrozenPlan,
    workload::{
        drift::Drift,
        error::{Code, Error, ErrorKind},
        graph::Explanation,
        name::InstanceName,
        object::ObjectId,
        release::Outcome,
    },
};

/// The answer of `deploy`, `plan` and `delete` for one instance.
///
/// A failed operation has its [`Error`] beside what was done until then; a failure before
/// anything was known has an instance with a name alone.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Operation {
    /// The instance; its `outcome` is the operation's.
    pub instance: InstanceView,
    /// How many objects met which fate: of a plan what would be done, else what was.
    pub counts: Counts,
    pub objects: Vec<ObjectView>,
    /// What others changed since the newest release.
    pub drift: Vec<Drift>,
    /// What others added beside ours.
    pub added: Vec<Drift>,
    /// What goes along with what is deleted, although nobody deployed it.
    pub alongside: Vec<ObjectId>,
    /// How long it took.
    pub duration_seconds: f64,
    /// What the user should heed.
    pub warnings: Vec<String>,
    /// Last lines for the user beside the outcome, such as what still runs with an old ConfigMap.
    pub remarks: Vec<String>,
    /// Why it failed.
    pub error: Option<Error>,
    /// The release that returned to the last good one (`--rollback-on-failure`).
    pub rollback: Option<Box<Operation>>,
    /// Whether anything was written to the cluster.
    pub wrote: bool,
    /// Whether its turn did not come before the stop.
    pub not_begun: bool,
    /// Why an object has its place in the order, where that is asked for.
    pub why: Option<Box<Explanation>>,
    /// The plan, to be kept.
    pub frozen: Option<Arc<FrozenPlan>>,
}

impl Operation {
    /// Begins with the instance's name alone.
    pub(crate) fn of(name: &InstanceName) -> Self {
        let instance = InstanceView { name: name.to_string(), ..InstanceView::default() };
        Self { instance, ..Self::default() }
    }

    /// Tells whether its turn did not come: before the stop, or since what comes before it failed.
    pub(crate) fn is_not_begun(&self) -> bool {
        let failed_before = |error: &Error| error.code == Code::DependencyFailed;
        self.not_begun || self.error.as_ref().is_some_and(failed_before)
    }

    /// Gives why it failed, where it is what should have returned an instance.
    pub(crate) fn return_error(&self) -> Option<Error> {
        let what = || format!("cannot roll back `{}`", self.instance.name);
        self.error.clone().map(|error| error.while_doing(what()))
    }

    /// Ends it with a failure that no release has recorded.
    pub(crate) fn fail(&mut self, error: Error) {
        let is_refused = match error.kind {
            ErrorKind::Interrupted | ErrorKind::Terminated | ErrorKind::NotReady => false,
            ErrorKind::Failed
            | ErrorKind::Usage
            | ErrorKind::Changes
            | ErrorKind::Refused
            | ErrorKind::Locked
            | ErrorKind::Runtime => !self.wrote,
        };
        self.instance.outcome = Some(match is_refused {
            true => OperationOutcome::Refused,
            false => Outcome::of_failure(&error).into(),
        });
        self.error = Some(error);
    }
}
