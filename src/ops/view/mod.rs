//! The answers of the operations, in the shape that docs/cli.md promises for JSON.
//!
//! camelCase, RFC 3339 UTC, durations in seconds, absent instead of null; fields are added,
//! never removed.

mod catalogue;
mod database;
mod diff;
mod evidence;
mod forward;
mod history;
mod import;
mod logs;
mod sandbox;

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Serialize, Serializer};

pub(crate) use catalogue::{
    AppliedView, DefinitionHistoryView, DefinitionOutcome, DefinitionSheet, DefinitionView,
    RevisionUseView, RevisionView, RuntimeView, UsedRevisionView,
};

pub(crate) use database::{
    BackupView, DatabaseView, PrunedView, RebuiltInstance, RebuiltOutcome, RebuiltView,
};
pub(crate) use diff::{DiffView, DifferingView, SideView};
pub(crate) use evidence::EvidenceView;
pub(crate) use forward::ForwardEvent;
pub(crate) use history::{FailedRelease, HistoryView, ReleaseView};
pub(crate) use import::{ImportView, ImportedObject, LeftObject};
pub(crate) use logs::{LogEvent, PodLine};
pub(crate) use sandbox::FailingView;

pub(crate) use super::frozen::FrozenPlan;
use crate::workload::{
    details::ObjectDetails,
    difference::Difference,
    drift::Drift,
    error::{Error, ErrorKind},
    instance::{Instance, NamespaceMode, Status},
    mask,
    name::InstanceName,
    object::{ObjectId, Origin},
    overrides::Overrides,
    ownership::Yielded,
    readiness::State,
    record::Record,
    release::{Action, Outcome, Release},
};

/// What an operation came to; of an instance that is only looked at, what its newest release did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum OperationOutcome {
    /// Of an instance: its newest release has not ended, or its process died.
    InFlight,
    Ready,
    /// Everything is sent, and nobody waited for it.
    Applied,
    Unchanged,
    NotReady,
    TimedOut,
    Failed,
    /// It ended before anything was written, for whatever reason but a signal.
    Refused,
    Interrupted,
    Planned,
    Deleted,
}

impl OperationOutcome {
    /// Gives the word of the JSON answer.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::InFlight => Outcome::InFlight.word(),
            Self::Ready => Outcome::Ready.word(),
            Self::Applied => Outcome::Applied.word(),
            Self::Unchanged => "unchanged",
            Self::NotReady => Outcome::NotReady.word(),
            Self::TimedOut => Outcome::TimedOut.word(),
            Self::Failed => Outcome::Failed.word(),
            Self::Refused => "refused",
            Self::Interrupted => Outcome::Interrupted.word(),
            Self::Planned => "planned",
            Self::Deleted => "deleted",
        }
    }
}

impl From<Outcome> for OperationOutcome {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::InFlight => Self::InFlight,
            Outcome::Ready => Self::Ready,
            Outcome::Applied => Self::Applied,
            Outcome::NotReady => Self::NotReady,
            Outcome::TimedOut => Self::TimedOut,
            Outcome::Failed => Self::Failed,
            Outcome::Interrupted => Self::Interrupted,
        }
    }
}

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

fn masked<S: Serializer>(overrides: &Overrides, serializer: S) -> Result<S::Ok, S::Error> {
    mask::overrides(overrides).serialize(serializer)
}

/// An object (docs/cli.md, JSON: object).
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ObjectView {
    /// Group, kind, namespace and name.
    #[serde(flatten)]
    pub id: ObjectId,
    /// The API version without the group.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// The uid on the cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// What was or would be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
    /// The state on the cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<State>,
    /// A stable word for the state.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// A sentence for a person.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// The images of its containers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<String>,
    /// How often its containers restarted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restarts: Option<u64>,
    /// Where it stands in the sources.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Origin>,
    /// Fields that are left to their holders.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub yielded: Vec<Yielded>,
    /// The fields that change, where the server was asked for them.
    #[serde(skip_serializing_if = "Difference::is_empty")]
    pub changes: Difference,
    /// What tells why it is not ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<EvidenceView>,
    /// Pods, addresses, size: what `status` tells of a kind beside its state.
    #[serde(flatten)]
    pub details: ObjectDetails,
}

/// How many objects met which fate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Counts {
    /// Made.
    pub create: usize,
    /// Changed.
    pub update: usize,
    /// Left as they are.
    pub unchanged: usize,
    /// Deleted and made anew.
    pub recreate: usize,
    /// Taken over.
    pub adopt: usize,
    /// Removed because they left the definition.
    pub prune: usize,
    /// Removed with the instance.
    pub delete: usize,
    /// Stood in the way.
    pub blocked: usize,
}

impl ObjectView {
    /// Shows that there is such an object, and nothing else of it.
    pub(crate) fn new(id: ObjectId, version: &str) -> Self {
        Self {
            id,
            version: version.to_owned(),
            uid: None,
            action: None,
            state: None,
            reason: String::new(),
            message: String::new(),
            images: Vec::new(),
            restarts: None,
            source: None,
            yielded: Vec::new(),
            changes: Difference::default(),
            evidence: None,
            details: ObjectDetails::default(),
        }
    }
}

impl Operation {
    /// Begins with the instance's name alone.
    pub(crate) fn of(name: &InstanceName) -> Self {
        let instance = InstanceView { name: name.to_string(), ..InstanceView::default() };
        Self { instance, ..Self::default() }
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

impl InstanceView {
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

impl Counts {
    /// Counts one action.
    pub(crate) fn add(&mut self, action: Action) {
        *match action {
            Action::Create => &mut self.create,
            Action::Update => &mut self.update,
            Action::Unchanged => &mut self.unchanged,
            Action::Recreate => &mut self.recreate,
            Action::Adopt => &mut self.adopt,
            Action::Prune => &mut self.prune,
            Action::Delete => &mut self.delete,
            Action::Blocked => &mut self.blocked,
        } += 1;
    }

    /// Gives the number of objects that change.
    pub(crate) fn changes(&self) -> usize {
        let Self { create, update, unchanged: _, recreate, adopt, prune, delete, blocked } = *self;
        create + update + recreate + adopt + prune + delete + blocked
    }
}

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
    /// How many fields others added beside ours.
    pub added_fields: usize,
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
    /// The plan, to be kept.
    pub frozen: Option<Arc<FrozenPlan>>,
}
