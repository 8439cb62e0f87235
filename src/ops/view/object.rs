//! An object in an answer, and how many of them met which fate.

use serde::Serialize;

use super::EvidenceView;
use crate::workload::{
    details::ObjectDetails,
    difference::Difference,
    object::{ObjectId, Origin},
    ownership::Yielded,
    rare::Rare,
    readiness::State,
    release::Action,
};

/// What is said of an object that nothing was done about before the end.
pub(crate) const NOT_REACHED: &str = "its turn did not come";

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
    pub changes: Rare<Difference>,
    /// What tells why it is not ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Box<EvidenceView>>,
    /// Pods, addresses, size: what `status` tells of a kind beside its state.
    #[serde(flatten)]
    pub details: Rare<ObjectDetails>,
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
            changes: Rare::default(),
            evidence: None,
            details: Rare::default(),
        }
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
