//! The answer of `diff`.

use serde::{Serialize, Serializer};

use crate::workload::{
    difference::{Change, Difference},
    object::ObjectId,
    set_difference::{Fate, ObjectDifference},
};

/// One of the two sides that are compared.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SideView {
    /// The instance; none for a definition's own objects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// The runtime, of what is live there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime: Option<String>,
    /// The instance's release; none for what has not been released.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release: Option<u64>,
    /// The definition; none for manifests that were given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub definition: Option<String>,
    /// The definition's revision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<u64>,
    /// The manifests, as the user named them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

impl SideView {
    /// Names the side: `web release 7 (web revision 3)`.
    pub(crate) fn told(&self) -> String {
        let Self { instance, runtime, release, definition, revision, source } = self;
        if let (Some(instance), Some(runtime)) = (instance, runtime) {
            return format!("{instance} as it is on {runtime}");
        }
        let revision = match (definition, revision) {
            (Some(definition), Some(revision)) => Some(format!("{definition} revision {revision}")),
            _ => source.clone(),
        };
        let revision = revision.unwrap_or_default();
        match (instance, release) {
            (Some(instance), Some(release)) => format!("{instance} release {release} ({revision})"),
            (Some(instance), None) => format!("{instance} of {revision}"),
            (None, _) => revision,
        }
    }
}

/// An object that differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DifferingView {
    #[serde(flatten)]
    pub id: ObjectId,
    #[serde(rename = "change")]
    pub fate: Fate,
    /// What changed in it; Secret values are masked.
    #[serde(
        rename = "changes",
        skip_serializing_if = "Difference::is_empty",
        serialize_with = "changes"
    )]
    pub difference: Difference,
}

impl From<ObjectDifference> for DifferingView {
    fn from(differing: ObjectDifference) -> Self {
        let ObjectDifference { id, fate, difference } = differing;
        Self { id, fate, difference }
    }
}

fn changes<S: Serializer>(difference: &Difference, serializer: S) -> Result<S::Ok, S::Error> {
    let changes: &[Change] = &difference.changes;
    changes.serialize(serializer)
}

/// What differs between two sides.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DiffView {
    pub from: SideView,
    pub to: SideView,
    /// The objects that differ; none where nothing does.
    pub objects: Vec<DifferingView>,
}
