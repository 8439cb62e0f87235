//! An object as a release wants it, and whether it stays when the instance leaves.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::workload::{
    body::Body,
    definition::digest_of_text,
    hooks::Hook,
    object::{ObjectId, Origin, split_api_version},
    placement,
    readiness::KEEP_ANNOTATION,
};

/// Helm's annotation of the same meaning as [`KEEP_ANNOTATION`].
pub(crate) const HELM_KEEP_ANNOTATION: &str = "helm.sh/resource-policy";

/// What only a server may set in an object's metadata.
const SERVERS_OWN: [&str; 6] =
    ["uid", "resourceVersion", "generation", "managedFields", "creationTimestamp", "selfLink"];

/// An object as a release wants it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Desired {
    /// The identity, placed.
    pub id: ObjectId,
    /// The API version without the group.
    pub version: String,
    /// The body as it is sent, without preconditions.
    pub body: Body,
    /// The digest of the body.
    pub digest: Arc<str>,
    /// Where it stands in the sources; none for what we add, such as a managed namespace.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub origin: Option<Origin>,
    /// Whether it stays when the instance leaves.
    pub keep: bool,
    /// What it says of itself as one of Helm's hooks.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub hook: Option<Hook>,
}

impl Desired {
    /// Prepares a placed body for sending: what only a server may set is taken out.
    pub(crate) fn new(body: impl Into<Body>, origin: Option<Origin>) -> Self {
        let mut body: Body = body.into();
        let has = |field: &&str| body["metadata"].get(*field).is_some();
        if SERVERS_OWN.iter().any(has) {
            let metadata = body["metadata"].as_object_mut().expect("it has fields");
            SERVERS_OWN.iter().for_each(|field| drop(metadata.remove(*field)));
        }
        let id = ObjectId::of(&body);
        let api_version = body.get("apiVersion").and_then(Value::as_str).unwrap_or_default();
        let version = split_api_version(api_version).1.to_owned();
        let (keep, hook) = (is_kept(&body), Hook::of(&body));
        body.rest();
        let digest = digest_of_text(&body.text()).into();
        Self { id, version, digest, keep, hook, body, origin }
    }

    /// Marks an object as shared rather than made by the instance.
    pub(crate) fn mark_shared(&mut self) {
        placement::mark_shared(&mut self.body);
        self.take_digest();
    }

    /// Takes these ownerReferences out of the body.
    pub(crate) fn leave_owners_out(&mut self, dead: &[Value]) {
        let metadata = self.body.get_mut("metadata").and_then(Value::as_object_mut);
        if let Some(metadata) = metadata
            && let Some(owners) = metadata.get_mut("ownerReferences").and_then(Value::as_array_mut)
        {
            owners.retain(|owner| !dead.contains(owner));
            if owners.is_empty() {
                metadata.remove("ownerReferences");
            }
        }
        self.take_digest();
    }

    fn take_digest(&mut self) {
        self.body.rest();
        self.digest = digest_of_text(&self.body.text()).into();
    }
}

/// Tells whether an object, desired or live, asks to stay. Values are checked before they are sent; one that
/// somebody wrote on a live object keeps unless it is `delete`: what was mistyped must not lose data. Helm
/// reads its own in any case.
pub(crate) fn is_kept(object: &Value) -> bool {
    let annotation = |key: &str| object.get("metadata")?.get("annotations")?.get(key)?.as_str();
    let of_helm = annotation(HELM_KEEP_ANNOTATION);
    annotation(KEEP_ANNOTATION).is_some_and(|value| value != "delete")
        || of_helm.is_some_and(|value| value.trim().eq_ignore_ascii_case("keep"))
}
