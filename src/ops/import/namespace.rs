//! The objects of a namespace, of every kind that the cluster serves.

use std::collections::BTreeSet;

use futures::stream::{self, StreamExt as _};
use serde_json::Value;

use super::{
    super::{
        claims,
        target::{Target, is_list_forbidden},
    },
    Found,
};
use crate::{
    cluster::{
        api::{IN_FLIGHT, List},
        failure::Failure,
        request::encode_query,
    },
    workload::{
        error::Result,
        import::{is_listed, is_made_for_another, reason_to_leave},
        object::{GroupKind, ObjectId, join_api_version},
        ownership::uid,
    },
};

/// A kind to list.
struct Listed {
    kind: GroupKind,
    api_version: String,
    path: String,
}

/// Looks at all objects of a namespace, or at those whose labels fit.
///
/// # Errors
/// A failed LIST, other than a forbidden one: that kind is told as left.
pub(super) async fn look(
    target: &Target,
    namespace: &str,
    selector: Option<&str>,
) -> Result<Found> {
    let query = selector.map(|selector| format!("&labelSelector={}", encode_query(selector)));
    let query = query.unwrap_or_default();
    let kinds = listed(target, namespace);
    let lists: Vec<Result<List, Failure>> = stream::iter(&kinds)
        .map(|listed| target.api.list(&listed.path, &query))
        .buffered(IN_FLIGHT)
        .collect()
        .await;
    let mut found = Found::default();
    let mut seen = BTreeSet::new();
    let mut objects = Vec::new();
    for (Listed { kind, api_version, .. }, list) in kinds.iter().zip(lists) {
        let list = match list {
            Ok(list) => list,
            Err(failure) if is_list_forbidden(&failure) => {
                found.leave(kind, "its objects may not be listed");
                continue;
            }
            // A group whose server does not answer, or a kind that has gone since it was told of.
            Err(failure) if failure.is_not_found() || target.kinds.is_stale(&kind.group) => {
                found.leave(kind, failure.message());
                continue;
            }
            Err(failure) => {
                let doing = format!("cannot look at namespace {namespace}");
                return Err(failure.explain_list(doing, kind, Some(namespace)));
            }
        };
        for mut live in list.items {
            live["apiVersion"] = api_version.as_str().into();
            live["kind"] = kind.kind.as_str().into();
            // Some kinds are served by two groups.
            let is_new = uid(&live).is_none_or(|uid| seen.insert(uid.to_owned()));
            if is_new && !is_made_for_another(&live) {
                objects.push(live);
            }
        }
    }
    for live in &objects {
        let made_by_set = objects.iter().find(|set| makes(set, live)).map(ObjectId::of);
        let made = made_by_set.map(|set| format!("{set} makes it"));
        match made.or_else(|| reason_to_leave(live)) {
            Some(reason) => found.leave(ObjectId::of(live), reason),
            None => found.taken.push(live.clone()),
        }
    }
    for group in target.kinds.stale_groups() {
        found.leave(group, "the server of this API group does not answer");
    }
    Ok(found)
}

fn listed(target: &Target, namespace: &str) -> Vec<Listed> {
    let kinds = target.kinds.iter().filter(|(group, kind, info)| is_listed(group, kind, info));
    let listed = kinds.filter_map(|(group, kind, info)| {
        let version = info.versions.first()?;
        let kind = GroupKind::new(group, kind);
        let path = target.kinds.collection_path(&kind, version, Some(namespace))?;
        Some(Listed { api_version: join_api_version(group, version), kind, path })
    });
    listed.collect()
}

/// Tells whether a StatefulSet makes a claim from one of its templates.
fn makes(set: &Value, claim: &Value) -> bool {
    let name = |object: &Value| object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    if !ObjectId::of(claim).is("", "PersistentVolumeClaim")
        || !ObjectId::of(set).is("apps", "StatefulSet")
    {
        return false;
    }
    let templates = set.pointer("/spec/volumeClaimTemplates").and_then(Value::as_array);
    let mut templates = templates.into_iter().flatten();
    templates.any(|template| claims::is_made_from(&name(claim), &name(template), &name(set)))
}
