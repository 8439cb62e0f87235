//! References that the set does not answer: somebody else must have made the objects, or they
//! are missing.

use std::collections::HashSet;

use super::{builder::key, links};
use crate::workload::{object::ObjectId, placement::Placed};

/// A reference from an object of the set to one outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reference {
    /// The index of the object that refers.
    pub from: usize,
    /// What it refers to; the namespace is there for namespaced objects.
    pub to: ObjectId,
    /// The field that names it, such as `envFrom`.
    pub field: &'static str,
}

/// Finds the references to objects that are not in the set, that the object cannot do without
/// and that no cluster makes by itself; each target once per object that refers, a namespace
/// once in all. Whether they are on the cluster is to be asked there.
pub(crate) fn missing_references(objects: &[Placed]) -> Vec<Reference> {
    let known: HashSet<_> = objects.iter().map(key).collect();
    let mut missing = Vec::new();
    let mut namespaces = HashSet::new();
    for (from, object) in objects.iter().enumerate() {
        if let Some(namespace) = object.id.namespace.as_deref() {
            let place = ("", "Namespace", "", namespace);
            if !known.contains(&place) && namespaces.insert(namespace) {
                let to = ObjectId::new("", "Namespace", None, namespace);
                missing.push(Reference { from, to, field: "metadata.namespace" });
            }
        }
        let mut seen = HashSet::new();
        for link in links::of(object) {
            if link.optional || known.contains(&link.to) || !seen.insert(link.to) {
                continue;
            }
            let (group, kind, namespace, name) = link.to;
            if !comes_by_itself(kind, name) {
                let namespace = Some(namespace).filter(|namespace| !namespace.is_empty());
                let to = ObjectId::new(group, kind, namespace, name);
                missing.push(Reference { from, to, field: link.field });
            }
        }
    }
    missing
}

/// Tells whether every namespace gets the object from the cluster.
fn comes_by_itself(kind: &str, name: &str) -> bool {
    // kube-controller-manager makes both in every namespace (service account controller, root CA
    // publisher).
    matches!((kind, name), ("ServiceAccount", "default") | ("ConfigMap", "kube-root-ca.crt"))
}
