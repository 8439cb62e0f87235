//! Rebuilding a lost record: only from live objects of ours, found by label and proven by our
//! Apply entry; never from the database.

use std::collections::HashMap;

use futures::{StreamExt as _, stream};
use serde_json::Value;

use super::{
    survey::{Depth, Survey, selector},
    target::{Target, is_list_forbidden},
};
use crate::{
    cluster::api::IN_FLIGHT,
    workload::{
        error::Result,
        instance::NamespaceMode,
        name::InstanceName,
        object::{GroupKind, ObjectId},
        ownership::{is_ours, is_terminating, manager, uid},
        plan::is_kept,
        record::{Entry, Record},
    },
};

/// A record made anew, and what was not looked at for it.
pub(crate) struct Rebuilt {
    /// The record; none where no live object of the instance was found.
    pub record: Option<Record>,
    /// The kinds that may not be listed, or do not answer.
    pub unseen: Vec<GroupKind>,
    /// Whether the namespace of the record is being deleted: it took the record with it.
    pub home_is_going: bool,
}

/// Rebuilds the record of an instance. `remembered` is asked for by name where its kind may not be
/// listed; whose it is, the live object proves all the same.
///
/// # Errors
/// A failed request, and one by name that is forbidden.
pub(crate) async fn rebuild(
    target: &mut Target,
    namespace: &str,
    instance: &InstanceName,
    remembered: &[Entry],
) -> Result<Rebuilt> {
    // Of every kind that the cluster serves, not only of those in the definition: the lost release
    // may have had others.
    target.learn_kinds().await?;
    let target = &*target;
    let manager = manager(namespace, instance.as_str());
    let found = stream::iter(removable_kinds(target))
        .map(|(kind, version, namespaced)| {
            let traces = Traces { target, namespace, instance };
            async move {
                let found = traces.of_kind(kind.clone(), version, namespaced, Scopes::All).await;
                (kind, found)
            }
        })
        .buffer_unordered(IN_FLIGHT)
        .collect::<Vec<_>>()
        .await;
    let (mut live, mut unseen) = (Vec::new(), Vec::new());
    for (kind, found) in found {
        match found? {
            Some(found) => live.extend(found),
            None => unseen.push(kind),
        }
    }
    unseen.sort();
    let hidden = |entry: &&Entry| unseen.contains(&entry.id.group_kind());
    let named: Vec<Entry> = remembered.iter().filter(hidden).cloned().collect();
    let survey = Survey { depth: Depth::Plan, ..Survey::of(target, instance, &named) };
    let versions: HashMap<_, _> = named.iter().map(|entry| (&entry.id, &entry.version)).collect();
    for (id, object) in survey.look().await?.iter() {
        let version = versions.get(id).copied().cloned();
        live.push((id.clone(), version.unwrap_or_default(), (*object).clone()));
    }
    let (mut inventory, mut home_is_going) = (Vec::new(), false);
    for (id, version, object) in live {
        // The label alone finds what copied it: EndpointSlices, ReplicaSets, manifests that
        // people took (docs/design.md, Copied labels).
        if is_ours(&object, &manager, None) {
            home_is_going |=
                id.is("", "Namespace") && id.name == namespace && is_terminating(&object);
            inventory.push(Entry {
                uid: uid(&object).map(str::to_owned),
                keep: is_kept(&object),
                ..Entry::new(id, &version)
            });
        }
    }
    if inventory.is_empty() {
        return Ok(Rebuilt { record: None, unseen, home_is_going });
    }
    // Lists come in the order of the answers: the same objects make the same record.
    inventory.sort_by(|a, b| a.id.cmp(&b.id));
    let mode = mode_of(&inventory, namespace, instance);
    let mut record = Record::new(namespace, instance, mode);
    record.inventory = inventory.into();
    Ok(Rebuilt { record: Some(record), unseen, home_is_going })
}

/// Lists the kinds of what may be an object of ours to remove: of what cannot be deleted (reviews, component
/// statuses) none is. Each comes with its first version, and whether it is namespaced.
fn removable_kinds(target: &Target) -> Vec<(GroupKind, String, bool)> {
    let kinds = target.kinds.iter();
    kinds
        .filter(|(_, _, info)| info.can("list") && info.can("delete"))
        .filter_map(|(group, kind, info)| {
            let version = info.versions.first()?.clone();
            Some((GroupKind::new(group, kind), version, info.namespaced))
        })
        .collect()
}

/// Tells how the live objects of an instance were placed, as far as they show it.
fn mode_of(inventory: &[Entry], namespace: &str, instance: &InstanceName) -> NamespaceMode {
    let own_namespaces = || {
        inventory.iter().filter(|entry| entry.id.is("", "Namespace")).map(|entry| &entry.id.name)
    };
    // Live objects cannot tell a managed namespace from one that the definition brings under the
    // instance's name: the content decides that later.
    if own_namespaces().count() == 1 && own_namespaces().any(|name| name == instance.as_str()) {
        NamespaceMode::Managed
    } else if own_namespaces().any(|name| name == namespace) {
        NamespaceMode::Own
    } else {
        NamespaceMode::Given
    }
}

/// Kinds of which nearly every set has one.
const COMMON: [(&str, &str); 6] = [
    ("", "ConfigMap"),
    ("", "Secret"),
    ("", "Service"),
    ("", "ServiceAccount"),
    ("apps", "Deployment"),
    ("apps", "StatefulSet"),
];

/// Tells whether something of an instance without a record lives in a namespace, by the kinds
/// that nearly every set has. What may not be listed shows nothing.
pub(crate) async fn has_traces(
    target: &Target,
    namespace: &str,
    instance: &InstanceName,
) -> Result<bool> {
    let manager = manager(namespace, instance.as_str());
    let lists = COMMON.map(|(group, kind)| {
        let kind = GroupKind::new(group, kind);
        Traces { target, namespace, instance }.of_kind(kind, "v1".to_owned(), true, Scopes::One)
    });
    for found in futures::future::join_all(lists).await {
        if found?.iter().flatten().any(|(_, _, object)| is_ours(object, &manager, None)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Where a kind is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scopes {
    /// Everywhere, or where that is forbidden in the namespace.
    All,
    /// In the namespace alone.
    One,
}

/// What an instance without a record may have left.
#[derive(Clone, Copy)]
struct Traces<'a> {
    target: &'a Target,
    namespace: &'a str,
    instance: &'a InstanceName,
}

impl Traces<'_> {
    /// Lists the objects of a kind that bear the instance's label; none where nobody can tell.
    async fn of_kind(
        self,
        kind: GroupKind,
        version: String,
        namespaced: bool,
        scopes: Scopes,
    ) -> Result<Option<Vec<(ObjectId, String, Value)>>> {
        let Self { target, namespace, instance } = self;
        let query = selector(instance, &kind, namespaced);
        // Own namespaces may hold objects anywhere; an account of one namespace sees only that.
        let mut items = None;
        let scopes = match scopes {
            Scopes::All => &[None, Some(namespace)][..],
            Scopes::One => &[Some(namespace)],
        };
        for scope in scopes.iter().copied() {
            let Some(path) = target.kinds.collection_path(&kind, &version, scope) else { break };
            match target.api.list_metadata(&path, &query).await {
                Ok(list) => {
                    items = Some(list.items);
                    break;
                }
                // Not in all namespaces: then in the one that the account is bound to.
                Err(failure) if is_list_forbidden(&failure) && namespaced => {}
                Err(failure) if is_list_forbidden(&failure) => break,
                // A kind that has gone since: the server's plain 404 of it was settled by discovery.
                Err(failure) if failure.is_not_found() => {
                    items = Some(Vec::new());
                    break;
                }
                // An aggregated API that is down is none of ours.
                // Of a built-in group it is a failure: what was not looked at would be missing in
                // the record, and nobody would remove it.
                Err(failure) if failure.code() == 503 && !target.kinds.is_embedded(&kind.group) => {
                    break;
                }
                Err(failure) => {
                    let doing = format!("cannot look for objects of `{instance}`");
                    return Err(failure.explain_list(doing, &kind, scope));
                }
            }
        }
        let named = |object: Value| {
            let text = |field: &str| object["metadata"][field].as_str();
            let id = ObjectId::new(&kind.group, &kind.kind, text("namespace"), text("name")?);
            Some((id, version.clone(), object))
        };
        Ok(items.map(|items| items.into_iter().filter_map(named).collect()))
    }
}
