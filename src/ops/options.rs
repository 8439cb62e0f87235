//! What the commands ask of the operations: flags, checked, as values that cannot be wrong.

use std::{sync::Arc, time::Duration};

pub(crate) use super::choices::{Conflicts, OnMissing, Permissions, PruneWhen, Validation};
use super::frozen::FrozenPlan;
use crate::workload::{
    name::{DefinitionName, InstanceName},
    overrides::{OverrideEdit, Overrides},
    packed::LazyContent,
    readiness::RESTARTS_TOLERATED,
    validate::Report,
};

/// The content that `-f` named.
#[derive(Debug, Clone)]
pub(crate) struct Given {
    /// The objects and their text.
    pub content: LazyContent,
    /// What is wrong with them as they were read.
    pub report: Report,
    /// The sources as the user named them, joined by a blank.
    pub source: String,
}

/// What to deploy in place of the newest revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Earlier {
    /// `--revision`: that revision of the definition.
    Revision(u64),
    /// `rollback`: what that release was, or the last one that went well before the newest.
    Release(Option<u64>),
    /// `diff`: what that release was, or the newest one; nothing is deployed.
    Compared(Option<u64>),
    /// `--like`: what another instance runs.
    Like {
        instance: InstanceName,
        /// Whether its overrides come along, in place of the own ones.
        with_overrides: bool,
    },
    /// `--rollback-on-failure`: the last release that went well, as long as the one that failed is
    /// the newest.
    LastGood {
        /// The number of the one that failed.
        failed: u64,
    },
}

/// How long an operation may take and what it waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// From the plan to the end; none: no limit.
    pub timeout: Option<Duration>,
    /// Whether somebody typed `timeout`: then objects with a time of their own end with it, too.
    pub timeout_is_typed: bool,
    /// How long another holder is waited for; not a part of `timeout`.
    pub lock_wait: Duration,
    /// Whether it ends as soon as everything is sent.
    pub no_wait: bool,
}

impl Limits {
    /// The limits of what takes no lock and has no end: a plan, which is that of a deploy that waits.
    pub(crate) fn none() -> Self {
        Self { timeout: None, timeout_is_typed: false, lock_wait: Duration::ZERO, no_wait: false }
    }
}

/// How what a release waits for is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Watching {
    /// How many lines of a log are told of what is not ready (`--log-lines`).
    pub log_lines: u32,
    /// How often a container may restart before it counts as failed (`--tolerate-restarts`).
    pub tolerated_restarts: u32,
    /// Whether what its pods write is told meanwhile (`--logs`).
    pub logs: bool,
}

impl Default for Watching {
    fn default() -> Self {
        Self { log_lines: 20, tolerated_restarts: RESTARTS_TOLERATED, logs: false }
    }
}

/// The options of `deploy` and `plan`, the same for every instance that the command is about.
#[derive(Debug, Clone)]
pub(crate) struct DeployOptions {
    /// `-f`, loaded; none: the stored definition.
    pub given: Option<Given>,
    pub earlier: Option<Earlier>,
    pub definition: Option<DefinitionName>,
    /// What a workload file says the overrides are, in place of the stored ones.
    pub declared: Option<Overrides>,
    /// `--image`, `--replicas`, `--patch`, `--set`, in the order given.
    pub edits: Vec<OverrideEdit>,
    /// Whether the same command goes to several instances: an edit may drop what is not there, and what
    /// is not at its turn yet is not left behind.
    pub is_one_of_several: bool,
    pub restart: bool,
    /// Whether only what runs with an old ConfigMap or Secret is restarted.
    pub restart_stale: bool,
    /// Whether images that a local cluster lacks are loaded onto its nodes.
    pub load_images: bool,
    pub limits: Limits,
    pub may: Permissions,
    /// Whether a release that does not go well is followed by one that returns to the last good one.
    pub rollback_on_failure: bool,
    /// Whether the plan is kept, with what it saw, to be done later as it is.
    pub keeps_plan: bool,
    /// A plan that was made before, to be done as it is.
    pub frozen: Option<Arc<FrozenPlan>>,
    /// The flags that say what is deployed, as they can be typed again. `None` where they cannot be:
    /// standard input is read, or a value is secret.
    pub typed: Option<String>,
    pub watching: Watching,
    /// The object whose place in the order a plan explains.
    pub why: Option<String>,
}

impl DeployOptions {
    /// The newest revision, with the stored overrides, as the flags are by default.
    pub(crate) fn of(limits: Limits) -> Self {
        Self {
            given: None,
            earlier: None,
            definition: None,
            declared: None,
            edits: Vec::new(),
            is_one_of_several: false,
            restart: false,
            restart_stale: false,
            load_images: false,
            limits,
            may: Permissions::default(),
            rollback_on_failure: false,
            typed: Some(String::new()),
            keeps_plan: false,
            frozen: None,
            watching: Watching::default(),
            why: None,
        }
    }
}

/// The options of `delete`, the same for every instance that the command is about.
#[derive(Debug, Clone)]
pub(crate) struct DeleteOptions {
    pub limits: Limits,
    pub ignore_not_found: bool,
    /// Whether CRDs go although others have custom resources of them.
    pub delete_crds: bool,
}
