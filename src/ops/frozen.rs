//! A plan that is kept: all that a deploy needs to do exactly that, and what the plan saw, so that it
//! is done only where nothing of it moved.
//!
//! It holds the objects as they are sent, values of Secrets included.

use serde::{Deserialize, Serialize};

use super::choices::Permissions;
use crate::workload::{
    definition::{Content, Revision},
    error::{Code, Error, Result},
    name::{DefinitionName, InstanceName},
    object::ObjectId,
    overrides::Overrides,
    ownership::Witness,
    plan::Plan,
};

const API_VERSION: &str = "workloadctl/v1alpha1";
const KIND: &str = "FrozenPlan";

/// A plan that is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FrozenPlan {
    pub api_version: String,
    pub kind: String,
    pub instance: InstanceName,
    /// The runtime, as it is stored with an instance.
    pub runtime: String,
    /// The uid of the cluster's `kube-system`, where it could be read: elsewhere a context of the same
    /// name may lead to another cluster.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cluster_uid: Option<String>,
    /// `--namespace`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub namespace: Option<String>,
    /// The id of the newest release that the record knew.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub release: Option<String>,
    pub definition: DefinitionName,
    pub revision: Revision,
    pub content: Content,
    pub overrides: Overrides,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub returns_to: Option<u64>,
    /// Whether the revision is held until a deploy that names none.
    #[serde(default)]
    pub pinned: bool,
    /// What the deploy may do.
    pub flags: Permissions,
    /// What is done.
    pub plan: Plan,
    /// What was live of it.
    pub seen: Vec<Sighting>,
}

/// What a plan saw of one object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Sighting {
    pub id: ObjectId,
    /// What was there; none where nothing was.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub live: Option<Witness>,
}

impl FrozenPlan {
    /// Gives the head of such a file.
    pub(crate) fn head() -> (String, String) {
        (API_VERSION.to_owned(), KIND.to_owned())
    }

    /// Reads a plan that was kept in a file of this name.
    ///
    /// # Errors
    /// Code 2 for anything else.
    pub(crate) fn read(name: &str, text: &str) -> Result<Self> {
        let wrong = || {
            Error::usage(Code::UnreadableSource, format!("{name} is no plan of workloadctl"))
                .hint("`workloadctl plan INSTANCE --out FILE` makes one")
        };
        let frozen: Self = serde_json::from_str(text).map_err(|error| wrong().chain(&error))?;
        let is_one = (&*frozen.api_version, &*frozen.kind) == (API_VERSION, KIND);
        if is_one { Ok(frozen) } else { Err(wrong()) }
    }

    /// Gives it as the text of a file.
    pub(crate) fn text(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("a plan has string keys");
        text.push('\n');
        text
    }
}

/// The refusal of a plan of which something moved.
pub(crate) fn moved(instance: &InstanceName, what: Vec<String>) -> Error {
    Error::refused(Code::PlanMoved, "the plan is of another state by now; nothing was written")
        .causes(what)
        .hint(format!("`workloadctl plan {instance} --out FILE`, with its flags, plans anew"))
}
