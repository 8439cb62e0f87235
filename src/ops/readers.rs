//! Which ConfigMaps and Secrets pods still read, looked at live: those that are there, and those that
//! something is about to make. How long a release is waited for says nothing about the pods of before.

use std::collections::{BTreeMap, BTreeSet};

use super::target::is_list_forbidden;
use crate::{
    cluster::api::Api,
    workload::{configuration::needed_by, error::Result, object::ObjectId},
};

/// What pods are, and what makes pods again that were made from it: group, kind, and the path to the
/// collections of a namespace.
const READERS: [(&str, &str, &str, &str); 3] = [
    ("", "Pod", "/api/v1", "pods"),
    ("apps", "ReplicaSet", "/apis/apps/v1", "replicasets"),
    ("batch", "Job", "/apis/batch/v1", "jobs"),
];

/// Tells which of these ConfigMaps and Secrets are read; `None` where pods, or what makes them, may
/// not be listed.
///
/// # Errors
/// A list that failed for another reason.
pub(super) async fn still_read(
    api: &Api,
    asked: impl IntoIterator<Item = &ObjectId>,
) -> Result<Option<BTreeSet<ObjectId>>> {
    let mut by_namespace: BTreeMap<&str, BTreeSet<&ObjectId>> = BTreeMap::new();
    for id in asked {
        by_namespace.entry(id.namespace.as_deref().unwrap_or_default()).or_default().insert(id);
    }
    let mut read = BTreeSet::new();
    for (namespace, asked) in by_namespace {
        for (group, kind, path, plural) in READERS {
            let collection = format!("{path}/namespaces/{namespace}/{plural}");
            let reader = ObjectId::new(group, kind, Some(namespace), "");
            let needed = |body| {
                let mut needed = needed_by(&reader, &body);
                needed.retain(|id| asked.contains(id));
                (!needed.is_empty()).then_some(needed)
            };
            match api.list_kept(&collection, "", true, needed).await {
                Ok(found) => read.extend(found.into_iter().flatten()),
                Err(failure) if is_list_forbidden(&failure) => return Ok(None),
                Err(failure) => {
                    return Err(failure.explain("list", "cannot look for pods", &reader, None));
                }
            }
        }
    }
    Ok(Some(read))
}
