//! What the commands ask of the operations: flags, checked, as values that cannot be wrong.

use std::time::Duration;

use crate::workload::{
    definition::Content,
    name::{DefinitionName, InstanceName},
    overrides::OverrideEdit,
};

/// When objects that left the definition are removed (`--prune`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
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
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
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

/// The content that `-f` named.
#[derive(Debug, Clone)]
pub(crate) struct Given {
    /// The objects and their text.
    pub content: Content,
    /// The sources as the user named them, joined by a blank.
    pub source: String,
}

/// The options of `deploy` and `plan` for one instance.
#[derive(Debug, Clone)]
pub(crate) struct DeployOptions {
    /// The instance.
    pub name: InstanceName,
    /// `-f`, loaded; none: the stored definition.
    pub given: Option<Given>,
    /// `--definition`.
    pub definition: Option<DefinitionName>,
    /// `--image`, `--replicas`, `--set`, in the order given.
    pub edits: Vec<OverrideEdit>,
    /// `--restart`.
    pub restart: bool,
    /// `--timeout`; none: no limit.
    pub timeout: Option<Duration>,
    /// `--lock-wait`.
    pub lock_wait: Duration,
    /// `--no-wait`.
    pub no_wait: bool,
    /// `--prune`.
    pub prune: PruneWhen,
    /// `--adopt`.
    pub adopt: bool,
    /// `--replace`, as typed.
    pub replace: Vec<String>,
    /// `--conflicts`.
    pub conflicts: Conflicts,
    /// `--references error`: what refers to an object that is not there is refused.
    pub refuses_missing: bool,
    /// `--new-cluster`.
    pub new_cluster: bool,
    /// `--namespace-label`.
    pub namespace_labels: Vec<(String, String)>,
}

/// The options of `delete` for one instance.
#[derive(Debug, Clone)]
pub(crate) struct DeleteOptions {
    /// The instance.
    pub name: InstanceName,
    /// `--timeout`; none: no limit.
    pub timeout: Option<Duration>,
    /// `--lock-wait`.
    pub lock_wait: Duration,
    /// `--no-wait`.
    pub no_wait: bool,
    /// `--forget`.
    pub forget: bool,
    /// `--ignore-not-found`.
    pub ignore_not_found: bool,
    /// `--delete-crds`.
    pub delete_crds: bool,
}
