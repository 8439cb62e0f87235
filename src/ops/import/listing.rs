//! Live objects of many kinds, one LIST a kind.

use std::collections::BTreeSet;

use futures::stream::{self, StreamExt as _};
use serde_json::Value;

use super::{
    super::target::{Target, is_list_forbidden},
    Found,
};
use crate::{
    cluster::{
        api::{IN_FLIGHT, List},
        failure::Failure,
    },
    workload::{
        error::Result,
        import::is_listed,
        object::{GroupKind, join_api_version},
        ownership::uid,
    },
};

/// A kind to list.
pub(super) struct Listed {
    kind: GroupKind,
    api_version: String,
    path: String,
}

/// What was listed.
pub(super) struct Objects {
    /// Each with `apiVersion` and `kind`, and each once.
    pub live: Vec<Value>,
    /// The kinds that may not be listed.
    pub forbidden: Vec<GroupKind>,
}

/// Gives the kinds that live in namespaces, to be listed in one of them; without a namespace those
/// that live in none.
pub(super) fn kinds(target: &Target, namespace: Option<&str>) -> Vec<Listed> {
    let kinds = target.kinds.iter().filter(|(group, kind, info)| {
        info.namespaced == namespace.is_some() && is_listed(group, kind, info)
    });
    let listed = kinds.filter_map(|(group, kind, info)| {
        let version = info.versions.first()?;
        let kind = GroupKind::new(group, kind);
        let path = target.kinds.collection_path(&kind, version, namespace)?;
        Some(Listed { api_version: join_api_version(group, version), kind, path })
    });
    listed.collect()
}

impl Listed {
    /// Gives the kind.
    pub(super) fn kind(&self) -> &GroupKind {
        &self.kind
    }
}

/// Lists the objects of these kinds; `place` says where, for an error. A kind that has gone, or
/// whose server does not answer, is told as left.
///
/// # Errors
/// A failed LIST, other than a forbidden one.
pub(super) async fn list(
    target: &Target,
    kinds: &[Listed],
    query: &str,
    place: Option<&str>,
    found: &mut Found,
) -> Result<Objects> {
    let lists: Vec<Result<List, Failure>> = stream::iter(kinds)
        .map(|listed| target.api.list(&listed.path, query))
        .buffered(IN_FLIGHT)
        .collect()
        .await;
    let mut seen = BTreeSet::new();
    let mut objects = Objects { live: Vec::new(), forbidden: Vec::new() };
    for (Listed { kind, api_version, .. }, list) in kinds.iter().zip(lists) {
        let list = match list {
            Ok(list) => list,
            Err(failure) if is_list_forbidden(&failure) => {
                objects.forbidden.push(kind.clone());
                continue;
            }
            // A group whose server does not answer, or a kind that has gone since it was told of.
            Err(failure) if failure.is_not_found() || target.kinds.is_stale(&kind.group) => {
                found.leave(kind, failure.message());
                continue;
            }
            Err(failure) => {
                let at = place.map_or("the cluster".to_owned(), |name| format!("namespace {name}"));
                return Err(failure.explain_list(format!("cannot look at {at}"), kind, place));
            }
        };
        for mut live in list.items {
            live["apiVersion"] = api_version.as_str().into();
            live["kind"] = kind.kind.as_str().into();
            // Some kinds are served by two groups.
            if uid(&live).is_none_or(|uid| seen.insert(uid.to_owned())) {
                objects.live.push(live);
            }
        }
    }
    Ok(objects)
}
