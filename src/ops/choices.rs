//! What the user chooses between: each flag with its words as a value, and what a deploy may do by
//! them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// When objects that left the definition are removed (`--prune`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum PruneWhen {
    /// After everything is ready.
    #[default]
    After,
    /// Before the new objects are applied.
    Before,
    /// Not now; they stay in the inventory.
    Never,
}

/// What to do about fields that another manager holds (`--conflicts`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Conflicts {
    /// By the class of the manager.
    #[default]
    ByManager,
    /// Take every field.
    Force,
    /// Leave every such field to its holder.
    Yield,
    /// Refuse every conflict.
    Fail,
}

/// What to do about references to objects that are neither in the set nor on the cluster
/// (`--references`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum OnMissing {
    /// Say what is not there, and go on.
    #[default]
    Warn,
    Refuse,
}

/// What to do about mistakes in objects (`--validate`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Validation {
    /// Refuse them all, before anything is stored or sent.
    #[default]
    Strict,
    /// Say them, and go on.
    Warn,
    /// Do not look.
    Ignore,
}

/// What a deploy may do: the flags that a plan which is kept keeps too.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Permissions {
    pub prune: PruneWhen,
    pub adopt: bool,
    /// `--replace`, as typed: which objects are meant shows when all are known.
    pub replace: Vec<String>,
    pub conflicts: Conflicts,
    pub references: OnMissing,
    pub validation: Validation,
    pub new_cluster: bool,
    pub namespace_labels: BTreeMap<String, String>,
}
