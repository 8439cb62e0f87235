//! The survey: what is live of an instance's objects, at the cost of one metadata-only LIST per
//! kind and namespace.
//!
//! An object of the inventory that a LIST lacks is asked for by name before it counts as gone
//! (somebody may have taken its label away). What is not in the inventory is asked for by name
//! too, so that an object that is not ours is seen before the first write. Where LIST is
//! forbidden, GETs take its place.

mod listing;
mod live;

use std::collections::{BTreeMap, HashMap, HashSet};

use futures::{StreamExt as _, stream};
use serde_json::Value;

use listing::Listing;
pub(crate) use listing::Lists;
pub(crate) use live::Live;

use super::target::{Target, is_list_forbidden};
use crate::{
    cluster::{api::IN_FLIGHT, failure::Failure, request::Request},
    workload::{
        body::Body,
        details,
        error::Result,
        name::InstanceName,
        object::{GroupKind, ObjectId, join_api_version},
        ownership::{INSTANCE_LABEL, MANAGED_LABEL},
        plan::Desired,
        readiness::{has_state, says_when, watch_of_body},
        record::Entry,
    },
};

/// How many objects of one cluster-scoped kind are asked for by name rather than by a LIST,
/// which would show the objects of all instances.
// Cluster-scoped objects carry `workloadctl/managed`, which names no instance, since they may have
// several owners (docs/design.md, Labels and managers).
const FEW: usize = 8;

/// How much is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// Metadata; of Jobs the whole, since their status decides whether they run again.
    Plan,
    /// Metadata; of Jobs the whole, and of what is desired and has to be waited for.
    Awaited,
    /// The same, before it is known what is desired: the whole of every kind that may have to be.
    Expected,
    /// The whole of every kind that has a state of its own, or of which more is told.
    State,
}

impl Depth {
    fn is_whole(self, kind: &GroupKind) -> bool {
        // Whether a Job runs again is told by its status.
        kind.is("batch", "Job")
            || match self {
                Self::Plan | Self::Awaited => false,
                Self::Expected => has_state(kind),
                Self::State => has_state(kind) || details::is_in_body(kind),
            }
    }
}

/// One object to be looked at, and the version to ask for it in.
#[derive(Debug, Clone)]
struct Wanted<'a> {
    id: &'a ObjectId,
    version: &'a str,
    /// Whether its metadata does not tell enough.
    whole: bool,
}

/// What is listed together.
type Groups<'a> = BTreeMap<Place<'a>, Vec<Wanted<'a>>>;

/// Group, kind and namespace.
type Place<'a> = ((&'a str, &'a str), Option<&'a str>);

/// What is to be looked at.
#[derive(Clone, Copy)]
pub(crate) struct Survey<'a> {
    pub target: &'a Target,
    pub instance: &'a InstanceName,
    pub inventory: &'a [Entry],
    pub desired: &'a [Desired],
    /// Namespaces that are known not to be there.
    pub absent: Option<&'a HashSet<String>>,
    pub depth: Depth,
}

/// What was found by name, and what may not be looked at.
type LiveAndHidden = (Live, HashMap<ObjectId, Failure>);

impl<'a> Survey<'a> {
    /// Looks at an inventory: at its metadata.
    pub(crate) fn of(
        target: &'a Target,
        instance: &'a InstanceName,
        inventory: &'a [Entry],
    ) -> Self {
        Self { target, instance, inventory, desired: &[], absent: None, depth: Depth::Plan }
    }

    /// Looks at the live state of everything in the inventory and everything desired.
    ///
    /// # Errors
    /// A failed or forbidden request, naming the object.
    pub(crate) async fn look(self) -> Result<Live> {
        self.look_on(Lists::default()).await
    }

    /// Looks, going on with lists that were begun.
    ///
    /// # Errors
    /// As [`Survey::look`].
    pub(crate) async fn look_on(self, lists: Lists) -> Result<Live> {
        let (live, hidden) = self.look_at_visible(lists).await?;
        match hidden.into_iter().min_by(|(a, _), (b, _)| a.cmp(b)) {
            Some((id, failure)) => Err(failure.explain("get", "cannot look at", &id, None)),
            None => Ok(live),
        }
    }

    /// Looks, passing over what may not be looked at: also gives the failures.
    ///
    /// # Errors
    /// A request that failed for another reason.
    pub(crate) async fn look_at_visible(self, mut lists: Lists) -> Result<LiveAndHidden> {
        let (groups, mut single) = self.grouped();
        let mut awaited = HashMap::new();
        for (place, objects) in groups {
            // Of what nobody serves nothing is there, as the reads by name find out.
            match Listing::of(&self, place, &objects) {
                Some(listing) => {
                    awaited.insert(lists.begin(&self.target.api, listing), objects);
                }
                None => single.extend(objects),
            }
        }
        let mut live = Live::default();
        while !awaited.is_empty()
            && let Some((listing, found)) = lists.next().await
        {
            let Some(objects) = awaited.remove(&listing) else { continue };
            match found {
                // Somebody may have taken the label away: an object that a list lacks is asked for
                // by name before it counts as gone (docs/design.md, Absence).
                Ok(found) => {
                    single.extend(objects.into_iter().filter_map(|object| {
                        let whole = object.whole || self.needs_body(&found, object.id);
                        let again = !found.has(object.id) || whole != object.whole;
                        again.then_some(Wanted { whole, ..object })
                    }));
                    live.take(found);
                }
                // 404: the CRD is gone, or a version of it; the reads by name tell for each object.
                Err(failure) if is_list_forbidden(&failure) || failure.is_not_found() => {
                    single.extend(objects);
                }
                Err(failure) => {
                    return Err(failure.explain("list", "cannot look at", objects[0].id, None));
                }
            }
        }
        let (found, hidden) = self.get_all(single).await?;
        live.take(found);
        Ok((live, hidden))
    }

    /// Parts what is listed, by kind and namespace, from what is asked for by name: what has no
    /// uid yet, so that an object that is not ours is seen, and what would be alone in its list.
    fn grouped(&self) -> (Groups<'a>, Vec<Wanted<'a>>) {
        let entries = self.inventory.iter();
        let known: HashSet<&ObjectId> =
            entries.clone().filter(|entry| entry.uid.is_some()).map(|entry| &entry.id).collect();
        let is_awaited =
            |id, body: &Body| self.depth == Depth::Awaited && watch_of_body(id, body).object;
        let ids = entries.map(|entry| (&entry.id, (&entry.version, false)));
        let ids = ids.chain(
            self.desired
                .iter()
                .map(|Desired { id, version, body, .. }| (id, (version, is_awaited(id, body)))),
        );
        let is_absent = |id: &ObjectId| match (&id.namespace, self.absent) {
            (Some(namespace), Some(absent)) => absent.contains(namespace),
            (None, _) | (_, None) => false,
        };
        // What is desired counts, where the inventory has the object in another version.
        let wanted: HashMap<&ObjectId, (&String, bool)> =
            ids.filter(|(id, _)| !is_absent(id)).collect();
        let (mut groups, mut single) = (Groups::new(), Vec::new());
        let mut by_kind = HashMap::new();
        for (id, (version, is_awaited)) in wanted {
            let kind = (&*id.group, &*id.kind);
            let is_whole =
                by_kind.entry(kind).or_insert_with(|| self.depth.is_whole(&id.group_kind()));
            let object = Wanted { id, version, whole: is_awaited || *is_whole };
            if known.contains(id) {
                let group = (kind, id.namespace.as_deref());
                groups.entry(group).or_default().push(object);
            } else {
                single.push(object);
            }
        }
        groups.retain(|(_, namespace), objects| {
            // One object costs one request either way, and its read cannot miss it for a label.
            let few = objects.len() == 1 || (namespace.is_none() && objects.len() <= FEW);
            if few {
                single.append(objects);
            }
            !few
        });
        (groups, single)
    }

    async fn get_all(&self, objects: Vec<Wanted<'_>>) -> Result<LiveAndHidden> {
        let gets = stream::iter(objects)
            .map(|object| async move { (object.id.clone(), self.get(&object).await) })
            .buffer_unordered(IN_FLIGHT)
            .collect::<Vec<_>>()
            .await;
        let (mut live, mut hidden) = (Live::default(), HashMap::new());
        for (id, found) in gets {
            match found {
                Ok(Some(object)) => {
                    live.put(id, Body::at_rest(object));
                }
                Ok(None) => {}
                // Forbidden is not absent: the caller ends, or says of a plan that it is not known.
                Err(failure) if failure.is_forbidden() => {
                    hidden.insert(id, failure);
                }
                Err(failure) => return Err(failure.explain("get", "cannot look at", &id, None)),
            }
        }
        Ok((live, hidden))
    }

    /// Tells whether an object is judged by what its metadata does not show: by what it is to be in its
    /// own words.
    fn needs_body(&self, found: &Live, id: &ObjectId) -> bool {
        self.depth == Depth::State
            && found.mentions(id, "workloadctl/")
            && found.get(id).is_some_and(|body| says_when(&body))
    }

    async fn get(&self, object: &Wanted<'_>) -> Result<Option<Value>, Failure> {
        let target = self.target;
        let Some(path) = target.path(object.id, object.version) else { return Ok(None) };
        let call = Request::get_metadata(path);
        let look = call.clone();
        let mut found = target.api.find(if object.whole { call.whole() } else { call }).await?;
        if !object.whole && self.depth == Depth::State && found.as_ref().is_some_and(says_when) {
            found = target.api.find(look.whole()).await?;
        }
        if let Some(found) = &mut found {
            // Metadata alone calls itself something else.
            name_kind(found, object.id, target.version(object.id, object.version));
        }
        Ok(found)
    }
}

/// Writes API version and kind into an object that a list or a metadata answer gave without.
fn name_kind(object: &mut Value, id: &ObjectId, version: &str) {
    object["apiVersion"] = join_api_version(&id.group, version).into();
    object["kind"] = id.kind.clone().into();
}

/// Gives the label selector that finds an instance's objects of a kind.
pub(crate) fn selector(instance: &InstanceName, kind: &GroupKind, namespaced: bool) -> String {
    // A Namespace that an instance made is its alone, although it lies in none.
    if namespaced || kind.is("", "Namespace") {
        format!("&labelSelector={INSTANCE_LABEL}%3D{instance}")
    } else {
        format!("&labelSelector={MANAGED_LABEL}%3Dtrue")
    }
}
