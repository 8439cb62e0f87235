//! URL paths of objects and collections.

use std::fmt::Write as _;

use super::Kinds;
use crate::workload::object::{GroupKind, ObjectId};

impl Kinds {
    /// Gives the URL path of an object, such as `/apis/apps/v1/namespaces/web/deployments/web`.
    /// None where the kind is not known, or where a namespaced object names no namespace.
    pub(crate) fn resource_path(&self, id: &ObjectId, version: &str) -> Option<String> {
        let info = self.of(id)?;
        let namespace = if info.namespaced { Some(id.namespace.as_deref()?) } else { None };
        let mut path = collection(&id.group, version, namespace, &info.plural);
        path.push('/');
        push_segment(&mut path, &id.name);
        Some(path)
    }

    /// Gives the URL path of all objects of a kind, in one namespace or (None) in all.
    /// None where the kind is not known. A cluster-scoped kind has one path for both.
    pub(crate) fn collection_path(
        &self,
        kind: &GroupKind,
        version: &str,
        namespace: Option<&str>,
    ) -> Option<String> {
        let info = self.get(kind)?;
        Some(collection(&kind.group, version, namespace.filter(|_| info.namespaced), &info.plural))
    }
}

fn collection(group: &str, version: &str, namespace: Option<&str>, plural: &str) -> String {
    let mut path = String::with_capacity(96);
    if group.is_empty() {
        path.push_str("/api/");
    } else {
        path.push_str("/apis/");
        push_segment(&mut path, group);
        path.push('/');
    }
    push_segment(&mut path, version);
    if let Some(namespace) = namespace {
        path.push_str("/namespaces/");
        push_segment(&mut path, namespace);
    }
    path.push('/');
    push_segment(&mut path, plural);
    path
}

/// Appends a path segment, percent-encoding what RFC 3986 does not allow in one: names of RBAC
/// objects may hold almost anything.
fn push_segment(path: &mut String, segment: &str) {
    for byte in segment.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&byte) {
            path.push(char::from(byte));
        } else {
            write!(path, "%{byte:02X}").expect("writing to a string cannot fail");
        }
    }
}
