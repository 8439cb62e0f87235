//! Checking that every object is of a kind and a version that exist.
//!
//! Without a cluster, only groups of the embedded discovery are judged; with one, all are.

use serde_json::Value;

use super::{KindInfo, KindOrigin, Kinds};
use crate::workload::{
    error::{Code, Error},
    name::nearest,
    object::{GroupKind, Object, join_api_version, split_api_version},
};

/// The outcome of [`Kinds::check`].
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Checked {
    /// What is wrong, in the order of the objects; every one is code 2.
    pub errors: Vec<Error>,
    /// Kinds that only a cluster can judge, each once, in the order of the objects.
    pub unjudged: Vec<GroupKind>,
}

impl Kinds {
    /// Checks kinds and versions of the objects. CRDs of the set must have been taken in before
    /// ([`Kinds::add_crds`]); after [`Kinds::add_discovery`] the cluster's word counts, so that
    /// nothing but the groups that did not answer stays unjudged.
    pub(crate) fn check(&self, objects: &[Object]) -> Checked {
        let mut checked = Checked::default();
        for object in objects {
            let body = object.body.look();
            let text = |key: &str| body.get(key).and_then(Value::as_str).unwrap_or_default();
            match self.judge(text("apiVersion"), text("kind")) {
                Judgement::Fine => {}
                Judgement::Wrong(error) => {
                    checked.errors.push(error.object(object.id()).at(&object.origin));
                }
                Judgement::Unjudged(kind) => {
                    if !checked.unjudged.contains(&kind) {
                        checked.unjudged.push(kind);
                    }
                }
            }
        }
        checked
    }

    /// Tells what is wrong with the kind and version of one object, as [`Kinds::check`] does.
    pub(crate) fn fault(&self, api_version: &str, kind: &str) -> Option<Error> {
        match self.judge(api_version, kind) {
            Judgement::Wrong(error) => Some(error),
            Judgement::Fine | Judgement::Unjudged(_) => None,
        }
    }

    fn judge(&self, api_version: &str, kind: &str) -> Judgement {
        let (group, version) = split_api_version(api_version);
        // The embedded discovery may be newer than the cluster, or know what it has switched off.
        let missing_on_cluster = |info: &KindInfo| {
            self.knows_cluster()
                && info.source == KindOrigin::Embedded
                && !self.stale.contains(group)
        };
        match self.lookup(group, kind) {
            Some(info) if missing_on_cluster(info) => {
                Judgement::Wrong(self.unknown_kind(api_version, kind))
            }
            Some(info) if !info.serves(version) && self.stale.contains(group) => {
                Judgement::Unjudged(GroupKind::new(group, kind))
            }
            Some(info) if !info.serves(version) => {
                Judgement::Wrong(unknown_version(api_version, kind, info))
            }
            // TokenReview and its like: answers, not objects.
            Some(info) if !info.verbs.is_empty() && !info.can("patch") => {
                Judgement::Wrong(not_stored(kind))
            }
            Some(_) => Judgement::Fine,
            None if self.judges(group) || self.is_old_home(group, kind) => {
                Judgement::Wrong(self.unknown_kind(api_version, kind))
            }
            None => Judgement::Unjudged(GroupKind::new(group, kind)),
        }
    }

    /// Tells whether a kind that is not known in that group cannot exist.
    fn judges(&self, group: &str) -> bool {
        if self.knows_cluster() {
            !self.stale.contains(group)
        } else {
            self.embedded.contains(group)
        }
    }

    /// Tells whether a built-in kind is written with a group that it once had (`extensions`).
    /// Groups of CRDs have a dot.
    fn is_old_home(&self, group: &str, kind: &str) -> bool {
        !group.contains('.') && self.homes(kind).next().is_some()
    }

    /// Finds `apiVersion`s in which a kind of that name is served.
    fn homes(&self, kind: &str) -> impl Iterator<Item = String> {
        self.iter()
            .filter(move |(_, known, _)| *known == kind)
            .filter_map(|(group, _, info)| Some(join_api_version(group, info.versions.first()?)))
    }

    fn unknown_kind(&self, api_version: &str, kind: &str) -> Error {
        let (group, _) = split_api_version(api_version);
        let place = if self.knows_cluster() { " on this cluster" } else { "" };
        let error = Error::usage(
            Code::UnknownKind,
            format!("there is no kind {kind:?} in {api_version}{place}"),
        );
        if let Some(home) = self.homes(kind).find(|home| split_api_version(home).0 != group) {
            return error.hint(format!("write `apiVersion: {home}`"));
        }
        let in_group = || self.groups.get(group).into_iter().flatten().map(|(kind, _)| &**kind);
        let elsewhere = || self.iter().map(|(_, kind, _)| kind);
        let same = |known: &&str| known.eq_ignore_ascii_case(kind);
        let near = in_group()
            .find(same)
            .or_else(|| elsewhere().find(same))
            .or_else(|| nearest(kind, in_group()));
        match near.filter(|near| *near != kind) {
            Some(near) => error.hint(format!("write `kind: {near}`")),
            // Groups of CRDs have a dot, and so have those that are the cluster's own.
            None if group.contains('.') && !group.ends_with(".k8s.io") => error.hint(
                "install its CustomResourceDefinition first, or bring it in the same manifests",
            ),
            None => error,
        }
    }
}

enum Judgement {
    Fine,
    Wrong(Error),
    Unjudged(GroupKind),
}

fn unknown_version(api_version: &str, kind: &str, info: &KindInfo) -> Error {
    let (group, _) = split_api_version(api_version);
    let served: Vec<String> =
        info.versions.iter().map(|version| join_api_version(group, version)).collect();
    let message = format!("{kind} is not served as {api_version}");
    let error = Error::usage(Code::UnknownVersion, message);
    match served.first() {
        Some(first) => error
            .cause(format!("it is served as {}", served.join(", ")))
            .hint(format!("write `apiVersion: {first}`")),
        None => error.cause("no version of it is served"),
    }
}

fn not_stored(kind: &str) -> Error {
    let message = format!("a {kind} cannot be deployed");
    Error::usage(Code::UnknownKind, message)
        .cause("the server answers such requests and stores none")
}
