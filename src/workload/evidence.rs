//! What tells why an object is not ready: who answers for it, what it wrote, what the cluster says.

use serde::{Deserialize, Serialize};

use super::object::ObjectId;

/// The evidence for an object that is not ready.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Evidence {
    /// The pod that answers for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod: Option<String>,
    /// The node that the pod is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// The container, where it is one container's trouble.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// What all its failing pods have in common.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub common: Option<String>,
    /// The last lines that the container wrote, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub logs: Vec<String>,
    /// Whether the lines are those of the run before the present one.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub previous: bool,
    /// The warnings, oldest first, each text once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<String>,
    /// What could not be read, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<String>,
    /// The command that helps, or finds out more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Evidence {
    /// Tells whether it says more than the reason does.
    pub(crate) fn tells_more(&self) -> bool {
        let Self { common, logs, events, unread, .. } = self;
        common.is_some() || !logs.is_empty() || !events.is_empty() || !unread.is_empty()
    }
}

/// An object that was not ready when its release ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Unready {
    pub id: ObjectId,
    /// Why, in a sentence.
    pub message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
}
