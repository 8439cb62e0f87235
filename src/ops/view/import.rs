//! What `import` answers.

use serde::Serialize;

use super::InstanceView;
use crate::workload::object::ObjectId;

/// An instance that was made of what runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ImportView {
    #[serde(flatten)]
    pub instance: InstanceView,
    /// What belongs to its definition now.
    pub objects: Vec<ImportedObject>,
    /// What was left, and why; without what controllers made.
    pub left: Vec<LeftObject>,
    /// How many of the objects hold values of Secrets.
    pub secrets: usize,
    /// What is to be heeded beside.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
}

/// An object of the definition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ImportedObject {
    #[serde(flatten)]
    pub id: ObjectId,
    /// Who made it, where something tells.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub made_by: String,
    /// Whether it is not what Helm sent: somebody changed it since.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub changed: bool,
}

/// What was left.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct LeftObject {
    /// The object as `Kind/name`, or a kind that could not be listed.
    pub object: String,
    pub reason: String,
}
