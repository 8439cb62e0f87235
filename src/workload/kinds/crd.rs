//! Reading CustomResourceDefinitions of the set into [`Kinds`].

use serde_json::Value;

use super::{KindInfo, KindOrigin, Kinds, version_rank};
use crate::workload::object::{GroupKind, Object};

const VERBS: [&str; 8] =
    ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"];

/// The kind that defines kinds.
const DEFINITION: &str = "CustomResourceDefinition";

impl Kinds {
    /// Takes in the kinds that CustomResourceDefinitions among the objects define. What is
    /// malformed is left to validation and to the server.
    pub(crate) fn add_crds(&mut self, objects: &[Object]) {
        let may_be = |object: &&Object| object.body.mentions(DEFINITION);
        for object in objects.iter().filter(may_be) {
            self.add_crd_bodies([&*object.body.look()]);
        }
    }

    /// Takes in the kinds that CustomResourceDefinitions among the bodies define.
    pub(crate) fn add_crd_bodies<'a>(&mut self, bodies: impl IntoIterator<Item = &'a Value>) {
        for (group, kind, mut info) in bodies.into_iter().filter_map(definition) {
            // A manifest may bring the CRD of a kind that its cluster has built in.
            info.builtin = self.lookup(&group, &kind).is_some_and(|known| known.builtin);
            self.insert(&group, &kind, info);
        }
    }
}

/// Tells whether a body is a CustomResourceDefinition.
pub(crate) fn is_definition(body: &Value) -> bool {
    let text = |key: &str| body.get(key).and_then(Value::as_str).unwrap_or_default();
    text("kind") == DEFINITION && text("apiVersion").starts_with("apiextensions.k8s.io/")
}

/// Gives the kind that a CustomResourceDefinition defines; none for anything else.
pub(crate) fn defined_kind(body: &Value) -> Option<GroupKind> {
    definition(body).map(|(group, kind, _)| GroupKind::new(&group, &kind))
}

/// Reads group, kind and what is known of it off a CustomResourceDefinition.
fn definition(body: &Value) -> Option<(String, String, KindInfo)> {
    if !is_definition(body) {
        return None;
    }
    let spec = body.get("spec")?;
    let names = spec.get("names")?;
    let kind = names.get("kind")?.as_str()?.to_owned();
    let plural = names.get("plural")?.as_str()?.to_owned();
    let singular = names.get("singular").and_then(Value::as_str).filter(|name| !name.is_empty());
    let short_names = names.get("shortNames").and_then(Value::as_array);
    let info = KindInfo {
        singular: singular.map_or_else(|| kind.to_lowercase(), str::to_owned),
        short_names: short_names
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        namespaced: spec.get("scope").and_then(Value::as_str) == Some("Namespaced"),
        versions: versions(spec),
        builtin: false,
        verbs: VERBS.iter().map(|verb| (*verb).to_owned()).collect(),
        source: KindOrigin::Set,
        plural,
    };
    Some((spec.get("group")?.as_str()?.to_owned(), kind, info))
}

fn versions(spec: &Value) -> Vec<String> {
    let listed = spec.get("versions").and_then(Value::as_array).into_iter().flatten();
    let mut versions: Vec<String> = listed
        .filter(|version| version.get("served").and_then(Value::as_bool).unwrap_or(false))
        .filter_map(|version| Some(version.get("name")?.as_str()?.to_owned()))
        .collect();
    versions.sort_by_cached_key(|version| version_rank(version));
    versions
}
