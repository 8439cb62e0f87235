//! What the cluster showed so far, and which of the objects that are waited for it concerns: what an
//! event does not touch is not judged anew.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde_json::{Value, json};

use crate::{
    cluster::watch::Collection,
    workload::{
        body::Body,
        object::{GroupKind, ObjectId, split_api_version},
        ownership,
        readiness::{Related, WatchNeeds, is_leaving},
    },
};

/// A kind, and the namespace in which its objects are watched.
pub(super) type Place = (GroupKind, Option<String>);

/// What was shown of the objects that are watched.
pub(crate) struct Shown {
    /// What was seen last: whole of those that are waited for, of their neighbours who they are.
    live: HashMap<ObjectId, Body>,
    listed: HashSet<Place>,
    /// Those that are waited for.
    awaited: HashMap<ObjectId, Awaited>,
    /// Those that are waited for, by the uids that they have or had.
    by_uid: HashMap<String, ObjectId>,
    /// The nodes whose judgement may be another now.
    touched: BTreeSet<usize>,
    /// What is around the objects: pods, replica sets, events.
    pub around: Related,
}

/// An object that is waited for.
struct Awaited {
    /// The nodes of the rollout that it is: one for each turn.
    nodes: Vec<usize>,
    needs: WatchNeeds,
}

impl Shown {
    pub(super) fn new() -> Self {
        Self {
            live: HashMap::new(),
            listed: HashSet::new(),
            awaited: HashMap::new(),
            by_uid: HashMap::new(),
            touched: BTreeSet::new(),
            around: Related::resting(),
        }
    }

    /// Waits for an object from now on. Its uid tells what is about it also after it is gone.
    pub(super) fn await_object(
        &mut self,
        node: usize,
        id: &ObjectId,
        uid: Option<&str>,
        needs: WatchNeeds,
    ) {
        // As a neighbour it was not kept whole; its own watch shows it anew.
        if !self.awaited.contains_key(id) && is_around(&id.kind) {
            self.live.remove(id);
        }
        let awaited = self.awaited.entry(id.clone());
        awaited.or_insert_with(|| Awaited { nodes: Vec::new(), needs }).nodes.push(node);
        let seen = self.live.get(id).map(Body::look);
        if let Some(uid) = uid.or_else(|| seen.as_deref().and_then(ownership::uid)) {
            self.by_uid.insert(uid.to_owned(), id.clone());
        }
        self.touched.insert(node);
    }

    /// Gives an object as it was seen last, or `None` where it is not there; the outer `None`
    /// where nothing is known yet.
    pub(super) fn of(&self, id: &ObjectId) -> Option<Option<Body>> {
        match self.live.get(id) {
            Some(object) => Some(Some(object.look())),
            None => self.listed.contains(&(id.group_kind(), id.namespace.clone())).then_some(None),
        }
    }

    pub(super) fn is_live(&self, id: &ObjectId) -> bool {
        self.live.contains_key(id)
    }

    /// Tells whether a judgement may be another than it was.
    pub(super) fn is_touched(&self) -> bool {
        !self.touched.is_empty()
    }

    /// Gives the nodes whose judgement may be another since this was asked last.
    pub(super) fn take_touched(&mut self) -> BTreeSet<usize> {
        std::mem::take(&mut self.touched)
    }

    /// Takes in an object as it is now.
    pub(super) fn keep(&mut self, object: Value) {
        let kind = object["kind"].as_str().unwrap_or_default();
        let id = ObjectId::of(&object);
        if let (true, Some(uid)) = (self.awaited.contains_key(&id), ownership::uid(&object)) {
            self.by_uid.insert(uid.to_owned(), id.clone());
        }
        if !is_around(kind) {
            self.touch(&id);
            self.live.insert(id, Body::at_rest(object));
            return;
        }
        self.touch_those_around(&object);
        if self.awaited.contains_key(&id) {
            self.touch(&id);
            self.live.insert(id, Body::at_rest(object.clone()));
        } else if kind != "Event" && kind != "Node" {
            // Thousands of pods are not kept twice.
            let metadata = &object["metadata"];
            let metadata = json!({"uid": metadata["uid"], "labels": metadata["labels"]});
            self.live.insert(id, Body::at_rest(json!({"metadata": metadata})));
        }
        self.around.upsert(object);
    }

    /// Takes in an object that only its watches' neighbours look at.
    pub(super) fn keep_around(&mut self, object: Value) {
        self.touch_those_around(&object);
        self.around.upsert(object);
    }

    /// Takes in the last state of an object that is gone.
    pub(super) fn gone(&mut self, object: Value) {
        let id = ObjectId::of(&object);
        if is_over(&id, &object) {
            // How it ended counts, not that its time to live is over.
            self.touch(&id);
            self.live.insert(id, Body::at_rest(object));
            return;
        }
        self.touch_those_around(&object);
        self.forget(&id);
        if let Some(uid) = ownership::uid(&object) {
            self.around.remove(uid);
        }
    }

    /// Takes in that there is no object of a name.
    pub(super) fn is_not_there(&mut self, id: ObjectId) {
        self.forget(&id);
        self.listed.insert((id.group_kind(), id.namespace.clone()));
    }

    /// Takes in a list: what it does not have is gone.
    pub(super) fn list(
        &mut self,
        place: Place,
        collection: &Collection,
        objects: Vec<(ObjectId, Body)>,
    ) {
        let here: HashSet<&ObjectId> = objects.iter().map(|(id, _)| id).collect();
        // After a watch that broke (410, a restarted server) a new list stands in for the deletions
        // that it missed.
        let gone: Vec<ObjectId> = self
            .live
            .iter()
            .filter(|(id, object)| {
                id.group_kind() == place.0
                    && id.namespace == place.1
                    // Two watches of one kind and namespace select different labels: a list says
                    // nothing of what it does not select.
                    && !here.contains(id)
                    && collection.selects(&object.look())
                    && !is_over(id, &object.look())
            })
            .map(|(id, _)| id.clone())
            .collect();
        for id in gone {
            let object = self.live.get(&id).map(Body::look);
            if let Some(uid) = object.as_deref().and_then(ownership::uid) {
                self.touch_above(uid);
                self.around.remove(uid);
            }
            self.forget(&id);
        }
        objects.into_iter().for_each(|(_, object)| self.keep(object.into_value()));
        if self.listed.insert(place.clone()) {
            // From now on what was not seen is missing.
            let of_place = |id: &ObjectId| id.group_kind() == place.0 && id.namespace == place.1;
            let awaited = self.awaited.iter().filter(|(id, _)| of_place(id));
            self.touched.extend(awaited.flat_map(|(_, it)| &it.nodes));
        }
    }

    fn forget(&mut self, id: &ObjectId) {
        self.touch(id);
        self.live.remove(id);
    }

    fn touch(&mut self, id: &ObjectId) {
        if let Some(awaited) = self.awaited.get(id) {
            self.touched.extend(&awaited.nodes);
        }
    }

    /// Touches what is above an object, by its owners.
    fn touch_above(&mut self, uid: &str) {
        for uid in self.around.above(uid) {
            if let Some(awaited) = self.by_uid.get(uid).and_then(|id| self.awaited.get(id)) {
                self.touched.extend(&awaited.nodes);
            }
        }
    }

    /// Touches those that look at a neighbour.
    fn touch_those_around(&mut self, object: &Value) {
        let looks: fn(&WatchNeeds) -> bool = match object["kind"].as_str().unwrap_or_default() {
            "Node" => |needs| needs.nodes,
            "StorageClass" => |needs| needs.storage_classes,
            "CustomResourceDefinition" => |needs| needs.definition,
            _ => {
                let above = Related::parent(object).to_owned();
                return self.touch_above(&above);
            }
        };
        let awaited = self.awaited.values().filter(|it| looks(&it.needs));
        self.touched.extend(awaited.flat_map(|it| &it.nodes));
    }
}

/// Tells whether an object is a Job that came to its end and goes by itself.
fn is_over(id: &ObjectId, object: &Value) -> bool {
    id.is("batch", "Job") && is_leaving(object)
}

fn is_around(kind: &str) -> bool {
    ["Pod", "ReplicaSet", "Event", "Node", "StorageClass", "CustomResourceDefinition"]
        .contains(&kind)
}

/// Reads the kind and namespace of a collection off its path.
pub(super) fn place_of(collection: &Collection) -> Place {
    let (group, _) = split_api_version(&collection.api_version);
    let namespace = collection.path.split_once("/namespaces/").and_then(|(_, rest)| {
        let (namespace, plural) = rest.split_once('/')?;
        (!plural.is_empty()).then(|| namespace.to_owned())
    });
    (GroupKind::new(group, &*collection.kind), namespace)
}

#[cfg(test)]
mod tests;
