//! The kinds that are known: built in, brought by CRDs of the set, or told by a cluster.
//!
//! What a CRD of the set says wins over what a cluster says, since it is about to be applied;
//! what a cluster says wins over what is built in. That is how kinds are *called* and served, in
//! [`Kinds`]; what the built-in ones *are* stands in one table ([`builtin_kind`]).

use std::collections::{BTreeMap, BTreeSet};

use super::object::{GroupKind, ObjectId};
use crate::schema;

mod builtin;
mod check;
mod crd;
pub(crate) mod data_references;
mod discovery;
mod notation;
mod path;
pub(crate) mod pod_template;
pub(crate) mod references;

pub(crate) use builtin::{DeletionWave, Referent, Trait, builtin_kind};
pub(crate) use crd::{defined_kind, is_definition};
pub(crate) use notation::{Typed, find};

/// Where the knowledge of a kind comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KindOrigin {
    /// The embedded discovery alone.
    Embedded,
    /// A CustomResourceDefinition of the set.
    Set,
    /// The discovery of a cluster.
    Cluster,
}

/// What is known of a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KindInfo {
    /// The name in URLs, such as `deployments`.
    pub plural: String,
    /// The lower-case singular, such as `deployment`.
    pub singular: String,
    /// Short names, such as `deploy`.
    pub short_names: Vec<String>,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
    /// The served versions, the preferred one first.
    pub versions: Vec<String>,
    /// Whether it is a kind of Kubernetes itself.
    pub builtin: bool,
    /// What the server can do with it, such as `list`.
    pub verbs: Vec<String>,
    /// Where this is known from.
    pub source: KindOrigin,
}

impl KindInfo {
    /// Tells whether the version is served.
    pub(crate) fn serves(&self, version: &str) -> bool {
        self.versions.iter().any(|served| served == version)
    }

    /// Tells whether the server can do `verb` with it.
    pub(crate) fn can(&self, verb: &str) -> bool {
        self.verbs.iter().any(|known| known == verb)
    }
}

/// The known kinds, by group and kind.
#[derive(Debug, Clone, Default)]
pub(crate) struct Kinds {
    /// Group → kind → what is known; nested so that a look-up needs no allocation.
    groups: BTreeMap<String, BTreeMap<String, KindInfo>>,
    /// The groups of the embedded discovery.
    embedded: BTreeSet<String>,
    /// The groups that a cluster has told of; the core group is the empty text.
    contacted: BTreeSet<String>,
    /// The groups whose server did not answer when the cluster was asked.
    stale: BTreeSet<String>,
}

impl Kinds {
    /// Gives the built-in kinds of the embedded discovery.
    pub(crate) fn builtin() -> Self {
        Self::embedded(schema::discovery())
    }

    /// Gives what is known of a kind.
    pub(crate) fn get(&self, kind: &GroupKind) -> Option<&KindInfo> {
        self.lookup(&kind.group, &kind.kind)
    }

    /// Gives what is known of a kind, by its group and its name.
    pub(crate) fn lookup(&self, group: &str, kind: &str) -> Option<&KindInfo> {
        self.groups.get(group)?.get(kind)
    }

    /// Gives what is known of the kind of an object.
    pub(crate) fn of(&self, id: &ObjectId) -> Option<&KindInfo> {
        self.lookup(&id.group, &id.kind)
    }

    /// Goes through all known kinds, sorted by group and kind.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str, &KindInfo)> {
        self.groups.iter().flat_map(|(group, kinds)| {
            kinds.iter().map(move |(kind, info)| (&**group, &**kind, info))
        })
    }

    /// Tells whether a cluster's discovery was taken in, core group included.
    pub(crate) fn knows_cluster(&self) -> bool {
        // A cluster tells of the core group (`/api`) and of the others (`/apis`) in two answers;
        // half of them proves nothing missing.
        self.contacted.contains("") && self.contacted.len() > 1
    }

    /// Tells whether the kind is a custom resource: known, or in a group that is not built in.
    pub(crate) fn is_custom(&self, group: &str, kind: &str) -> bool {
        match self.lookup(group, kind) {
            Some(info) => !info.builtin,
            None => !self.embedded.contains(group),
        }
    }

    /// Tells whether the group is one of the embedded discovery: the API server itself serves it.
    pub(crate) fn is_embedded(&self, group: &str) -> bool {
        self.embedded.contains(group)
    }

    /// Tells whether the group's server did not answer when the cluster was asked.
    pub(crate) fn is_stale(&self, group: &str) -> bool {
        self.stale.contains(group)
    }

    /// Names the groups whose server did not answer when the cluster was asked.
    pub(crate) fn stale_groups(&self) -> impl Iterator<Item = &str> {
        self.stale.iter().map(String::as_str)
    }

    fn insert(&mut self, group: &str, kind: &str, info: KindInfo) {
        self.groups.entry(group.to_owned()).or_default().insert(kind.to_owned(), info);
    }
}

/// A version's rank as Kubernetes sorts them: `v2`, `v1`, `v2beta1`, `v1beta2`, `v1alpha1`, then
/// anything else by its text. Smaller is preferred.
pub(super) fn version_rank(version: &str) -> (u8, std::cmp::Reverse<(u64, u64)>, String) {
    use std::cmp::Reverse;
    let parse = || {
        let rest = version.strip_prefix('v')?;
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let major = rest[..digits].parse::<u64>().ok()?;
        let rest = &rest[digits..];
        if rest.is_empty() {
            return Some((0, Reverse((major, 0)), String::new()));
        }
        let (rank, minor) = match rest.strip_prefix("beta") {
            Some(minor) => (1, minor),
            None => (2, rest.strip_prefix("alpha")?),
        };
        Some((rank, Reverse((major, minor.parse().ok()?)), String::new()))
    };
    parse().unwrap_or((3, Reverse((0, 0)), version.to_owned()))
}

#[cfg(test)]
pub(crate) mod tests;
