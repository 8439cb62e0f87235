//! The survey: what is live of an instance's objects, at the cost of one metadata-only LIST per
//! kind and namespace.
//!
//! An object of the inventory that a LIST lacks is asked for by name before it counts as gone
//! (somebody may have taken its label away). What is not in the inventory is asked for by name
//! too, so that an object that is not ours is seen before the first write. Where LIST is
//! forbidden, GETs take its place.

use std::collections::{BTreeMap, HashMap, HashSet};

use futures::{StreamExt as _, stream};
use serde_json::Value;

use super::target::{Target, is_list_forbidden};
use crate::{
    cluster::{api::IN_FLIGHT, failure::Failure, request::Request},
    workload::{
        error::Result,
        name::InstanceName,
        object::{GroupKind, ObjectId},
        ownership::{INSTANCE_LABEL, MANAGED_LABEL},
        plan::Desired,
        readiness::watch_of,
        record::Entry,
    },
};

/// How many objects of one cluster-scoped kind are asked for by name rather than by a LIST,
/// which would show the objects of all instances.
const FEW: usize = 8;

/// How much is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// Metadata; of Jobs the whole, since their status decides whether they run again.
    Plan,
    /// The whole of every kind that has a state of its own.
    State,
}

impl Depth {
    fn is_whole(self, kind: &GroupKind) -> bool {
        let is_job = kind.is("batch", "Job");
        let has_state = || {
            let api_version =
                if kind.group.is_empty() { "v1" } else { &*format!("{}/v1", kind.group) };
            let probe = serde_json::json!({"apiVersion": api_version, "kind": kind.kind});
            kind.is("", "Service") || watch_of(&probe).object
        };
        is_job || (self == Self::State && has_state())
    }
}

/// What is live: metadata, or the whole object for Jobs. What was asked for and is not here is
/// not there.
pub(crate) type Live = HashMap<ObjectId, Value>;

/// What is wanted of one object.
#[derive(Debug, Clone)]
struct Wanted<'a> {
    id: &'a ObjectId,
    version: &'a str,
    listed: bool,
}

/// Looks at the live state of everything in the inventory and everything desired. Objects in
/// `absent` namespaces are known not to be there.
///
/// # Errors
/// A failed or forbidden request, naming the object.
pub(crate) async fn survey(
    target: &Target,
    instance: &InstanceName,
    inventory: &[Entry],
    desired: &[Desired],
    absent: &HashSet<String>,
    depth: Depth,
) -> Result<Live> {
    look(target, instance, inventory, desired, absent, depth, None).await
}

/// Looks as [`survey`] does, passing over what may not be looked at: also gives the failures.
///
/// # Errors
/// A request that failed for another reason.
pub(crate) async fn survey_visible(
    target: &Target,
    instance: &InstanceName,
    inventory: &[Entry],
    desired: &[Desired],
    absent: &HashSet<String>,
) -> Result<(Live, HashMap<ObjectId, Failure>)> {
    let mut hidden = HashMap::new();
    let live =
        look(target, instance, inventory, desired, absent, Depth::Plan, Some(&mut hidden)).await?;
    Ok((live, hidden))
}

async fn look(
    target: &Target,
    instance: &InstanceName,
    inventory: &[Entry],
    desired: &[Desired],
    absent: &HashSet<String>,
    depth: Depth,
    mut hidden: Option<&mut HashMap<ObjectId, Failure>>,
) -> Result<Live> {
    let known: HashSet<&ObjectId> =
        inventory.iter().filter(|entry| entry.uid.is_some()).map(|entry| &entry.id).collect();
    let mut wanted: HashMap<&ObjectId, Wanted<'_>> = HashMap::new();
    for entry in inventory {
        let listed = known.contains(&entry.id);
        wanted.insert(&entry.id, Wanted { id: &entry.id, version: &entry.version, listed });
    }
    for object in desired {
        let listed = known.contains(&object.id);
        wanted.insert(&object.id, Wanted { id: &object.id, version: &object.version, listed });
    }
    wanted
        .retain(|id, _| id.namespace.as_ref().is_none_or(|namespace| !absent.contains(namespace)));
    let mut groups: BTreeMap<(GroupKind, Option<&String>), Vec<Wanted<'_>>> = BTreeMap::new();
    let mut single: Vec<Wanted<'_>> = Vec::new();
    for object in wanted.into_values() {
        if object.listed {
            groups
                .entry((object.id.group_kind(), object.id.namespace.as_ref()))
                .or_default()
                .push(object);
        } else {
            single.push(object);
        }
    }
    groups.retain(|(_, namespace), objects| {
        let few = objects.len() == 1 || (namespace.is_none() && objects.len() <= FEW);
        if few {
            single.append(objects);
        }
        !few
    });
    let mut live = Live::new();
    let lists = stream::iter(groups)
        .map(|((kind, namespace), objects)| async move {
            let found = list(target, instance, &kind, namespace, objects[0].version, depth).await;
            (objects, found)
        })
        .buffer_unordered(IN_FLIGHT)
        .collect::<Vec<_>>()
        .await;
    for (objects, found) in lists {
        match found {
            Ok(found) => {
                let here: HashSet<&ObjectId> = found.keys().collect();
                single.extend(objects.into_iter().filter(|object| !here.contains(object.id)));
                live.extend(found);
            }
            Err(failure) if is_list_forbidden(&failure) || failure.is_not_found() => {
                single.extend(objects);
            }
            Err(failure) => {
                return Err(failure.explain("list", "cannot look at", objects[0].id, None));
            }
        }
    }
    let gets = stream::iter(single)
        .map(|object| async move { (object.id.clone(), get(target, &object, depth).await) })
        .buffer_unordered(IN_FLIGHT)
        .collect::<Vec<_>>()
        .await;
    for (id, found) in gets {
        match found {
            Ok(Some(object)) => {
                live.insert(id, object);
            }
            Ok(None) => {}
            Err(failure) => match &mut hidden {
                Some(hidden) if failure.is_forbidden() => {
                    hidden.insert(id, failure);
                }
                _ => return Err(failure.explain("get", "cannot look at", &id, None)),
            },
        }
    }
    Ok(live)
}

/// Writes API version and kind into an object that a list or a metadata answer gave without.
fn name_kind(object: &mut Value, id: &ObjectId, version: &str) {
    let ObjectId { group, kind, .. } = id;
    object["apiVersion"] =
        if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") }.into();
    object["kind"] = kind.clone().into();
}

/// Gives the label selector that finds an instance's objects of a kind.
#[must_use]
pub(crate) fn selector(instance: &InstanceName, kind: &GroupKind, namespaced: bool) -> String {
    if namespaced || kind.is("", "Namespace") {
        format!("&labelSelector={INSTANCE_LABEL}%3D{instance}")
    } else {
        format!("&labelSelector={MANAGED_LABEL}%3Dtrue")
    }
}

async fn list(
    target: &Target,
    instance: &InstanceName,
    kind: &GroupKind,
    namespace: Option<&String>,
    version: &str,
    depth: Depth,
) -> Result<Live, Failure> {
    let probe = ObjectId {
        group: kind.group.clone(),
        kind: kind.kind.clone(),
        namespace: namespace.cloned(),
        name: String::new(),
    };
    let version = target.version(&probe, version);
    let Some(path) = target.kinds.collection_path(kind, version, namespace.map(String::as_str))
    else {
        return Ok(Live::new());
    };
    let query = selector(instance, kind, namespace.is_some());
    let list = match depth.is_whole(kind) {
        true => target.api.list(&path, &query).await?,
        false => target.api.list_metadata(&path, &query).await?,
    };
    let named = |mut object: Value| {
        let name = object.pointer("/metadata/name")?.as_str()?.to_owned();
        name_kind(&mut object, &probe, version);
        Some((ObjectId { name, ..probe.clone() }, object))
    };
    Ok(list.items.into_iter().filter_map(named).collect())
}

async fn get(target: &Target, object: &Wanted<'_>, depth: Depth) -> Result<Option<Value>, Failure> {
    let Some(path) = target.path(object.id, object.version) else { return Ok(None) };
    let call = Request::get_metadata(path);
    let whole = depth.is_whole(&object.id.group_kind());
    let mut found = target.api.find(if whole { call.whole() } else { call }).await?;
    if let Some(found) = &mut found {
        // Metadata alone calls itself something else.
        name_kind(found, object.id, target.version(object.id, object.version));
    }
    Ok(found)
}
