//! A workload instance: a named, running copy of one definition on one runtime.
//!
//! On its cluster an instance is its namespace and its name, and nothing else.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    name::{DefinitionName, InstanceName},
    overrides::Overrides,
};

/// Where an instance's objects go; fixed at its first deploy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NamespaceMode {
    /// A namespace of the instance's own, named like it, made and deleted with it.
    Managed,
    /// The namespace that `--namespace` named.
    Given,
    /// The namespaces that the definition brings itself.
    Own,
}

impl fmt::Display for NamespaceMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Managed => "managed",
            Self::Given => "given",
            Self::Own => "own",
        })
    }
}

/// The state of an instance as `status` judges it (docs/cli.md, Status).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// No release.
    NotDeployed,
    /// Its cluster was created again.
    Lost,
    /// The truth cannot be had.
    Error,
    /// A deletion has begun.
    Deleting,
    /// Pods are wanted, none is ready, and nothing runs to change that.
    Down,
    /// An object failed or is missing, or the last release failed.
    Unhealthy,
    /// Waiting for objects to become ready.
    Reconciling,
    /// Everything is ready.
    Healthy,
}

impl Status {
    /// Gives the stable word.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::NotDeployed => "NotDeployed",
            Self::Lost => "Lost",
            Self::Error => "Error",
            Self::Deleting => "Deleting",
            Self::Down => "Down",
            Self::Unhealthy => "Unhealthy",
            Self::Reconciling => "Reconciling",
            Self::Healthy => "Healthy",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The last status that a command saw on the cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observed {
    /// The judgement.
    pub status: Status,
    /// Why, as a sentence.
    pub reason: String,
    /// When it was seen.
    pub at: Timestamp,
}

/// An instance as the database knows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Instance {
    pub name: InstanceName,
    /// The definition it runs.
    pub definition: DefinitionName,
    /// The runtime: a kubeconfig context's name, `sandbox` or `in-cluster`.
    pub runtime: String,
    /// The namespace of the record: given at creation, or fixed at the first deploy.
    pub namespace: Option<String>,
    /// How objects are placed; none until the first deploy (or `--namespace`) fixes it.
    pub namespace_mode: Option<NamespaceMode>,
    /// The uid of the cluster's `kube-system` namespace at the first contact.
    pub cluster_uid: Option<String>,
    /// The stored overrides.
    pub overrides: Overrides,
    /// When the instance was made here.
    pub created_at: Timestamp,
    /// The status that was seen last.
    pub observed: Option<Observed>,
}
