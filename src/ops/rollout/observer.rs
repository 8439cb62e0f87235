//! What the cluster shows while a release rolls out: watched objects and what is around them,
//! with GETs where watching is forbidden.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use futures::{StreamExt as _, future::BoxFuture, stream::FuturesUnordered};
use serde_json::{Value, json};
use tokio::{sync::mpsc, task::JoinSet};

use crate::{
    cluster::{
        api::Api,
        explain::timed_out,
        failure::Failure,
        request::Request,
        watch::{Collection, CollectionEvent},
    },
    ops::target::Target,
    workload::{
        name::InstanceName,
        object::{GroupKind, ObjectId, join_api_version, split_api_version},
        ownership::{INSTANCE_LABEL, MANAGED_LABEL, uid},
        plan::Desired,
        readiness::{Related, WatchNeeds, is_leaving},
    },
};

/// Selects one object by its name.
const BY_NAME: &str = "&fieldSelector=metadata.name%3D";

/// Selects objects by one label.
const BY_LABEL: &str = "&labelSelector=";

/// What the cluster shows.
pub(crate) enum Change {
    /// By a watch.
    Watched(CollectionEvent),
    /// By a GET: the object, `None` where it is not there.
    Asked(ObjectId, Result<Option<Value>, Failure>),
}

/// Watches collections and keeps what they hold.
pub(crate) struct Observer {
    api: Api,
    watches: JoinSet<()>,
    started: HashSet<Collection>,
    listed: HashSet<(GroupKind, Option<String>)>,
    /// What cannot be watched, and why.
    unwatchable: HashMap<(GroupKind, Option<String>), String>,
    sender: mpsc::UnboundedSender<CollectionEvent>,
    changes: mpsc::UnboundedReceiver<CollectionEvent>,
    /// What was seen last: whole of those that are waited for, of their neighbours who they are.
    live: HashMap<ObjectId, Value>,
    /// Those that are waited for.
    awaited: HashSet<ObjectId>,
    /// What was asked for by name since no watch shows it.
    polled: HashSet<ObjectId>,
    /// What is being asked for by name.
    asking: FuturesUnordered<BoxFuture<'static, Change>>,
    /// How the server refused the login, where it did.
    login_refused: Option<Failure>,
    /// What is around the objects: pods, replica sets, events.
    pub around: Related,
}

impl Observer {
    /// Makes an observer that watches nothing yet.
    pub(crate) fn new(api: &Api) -> Self {
        let (sender, changes) = mpsc::unbounded_channel();
        Self {
            api: api.clone(),
            watches: JoinSet::new(),
            started: HashSet::new(),
            listed: HashSet::new(),
            unwatchable: HashMap::new(),
            sender,
            changes,
            live: HashMap::new(),
            awaited: HashSet::new(),
            polled: HashSet::new(),
            asking: FuturesUnordered::new(),
            login_refused: None,
            around: Related::default(),
        }
    }

    /// Watches what a judgement of the object looks at.
    pub(crate) fn watch_for(
        &mut self,
        target: &Target,
        instance: &InstanceName,
        desired: &Desired,
        watch: WatchNeeds,
    ) {
        let id = &desired.id;
        if watch.object {
            // As a neighbour it was not kept whole; its own watch shows it anew.
            if self.awaited.insert(id.clone()) && is_around(&id.kind) {
                self.live.remove(id);
            }
            // The label that the object has: a Namespace that somebody else made is shared.
            let body = desired.body.look();
            let labels = &body["metadata"]["labels"];
            // Only our own objects: a namespace may have thousands of others.
            let query = match labels[MANAGED_LABEL].as_str() {
                Some(value) => format!("{BY_LABEL}{MANAGED_LABEL}%3D{value}"),
                None => format!("{BY_LABEL}{INSTANCE_LABEL}%3D{instance}"),
            };
            self.watch(target, &id.group_kind(), &desired.version, id.namespace.as_deref(), query);
        }
        if watch.definition {
            self.watch_definition(target, &id.group_kind());
        }
        // Without a selector: pods, replica sets and events do not carry our label (docs/design.md,
        // Labels and managers).
        for (group, kind, namespaced) in watch.around() {
            let namespace = id.namespace.as_deref().filter(|_| namespaced);
            self.watch(target, &GroupKind::new(group, kind), "v1", namespace, String::new());
        }
    }

    /// Watches the CRD of a custom resource's kind, whoever applied it.
    fn watch_definition(&mut self, target: &Target, kind: &GroupKind) {
        let Some(info) = target.kinds.get(kind) else { return };
        let name = format!("{}.{}", info.plural, kind.group);
        let definition = GroupKind::new("apiextensions.k8s.io", "CustomResourceDefinition");
        let query = format!("{BY_NAME}{name}");
        self.watch(target, &definition, "v1", None, query);
    }

    fn watch(
        &mut self,
        target: &Target,
        kind: &GroupKind,
        version: &str,
        namespace: Option<&str>,
        query: String,
    ) {
        let Some(path) = target.kinds.collection_path(kind, version, namespace) else { return };
        let api_version = join_api_version(&kind.group, version);
        let collection = Collection { path, query, api_version, kind: kind.kind.clone() };
        if self.started.insert(collection.clone()) {
            self.watches.spawn(collection.observe(self.api.clone(), self.sender.clone()));
        }
    }

    /// Waits for the next change. For ever where nothing is watched.
    pub(crate) async fn changed(&mut self) -> Change {
        tokio::select! {
            Some(asked) = self.asking.next() => asked,
            // The observer holds a sender itself, so that the channel is never closed.
            seen = self.changes.recv() => Change::Watched(seen.expect("a sender is kept")),
        }
    }

    /// Takes in a change, and whatever else has come by now.
    pub(crate) fn take(&mut self, change: Change) {
        match change {
            Change::Watched(seen) => self.take_seen(seen),
            Change::Asked(id, found) => self.take_asked(id, found),
        }
        // A burst is taken as one, so that it is judged once.
        while let Ok(seen) = self.changes.try_recv() {
            self.take_seen(seen);
        }
    }

    fn take_seen(&mut self, change: CollectionEvent) {
        match change {
            CollectionEvent::Listed(collection, objects) => self.take_list(&collection, objects),
            CollectionEvent::Present(object) => {
                self.polled.remove(&ObjectId::of(&object));
                self.keep(object);
            }
            CollectionEvent::Gone(object) => {
                let id = ObjectId::of(&object);
                if id.is("batch", "Job") && is_leaving(&object) {
                    // How it ended counts, not that its time to live is over.
                    self.live.insert(id, object);
                } else {
                    self.live.remove(&id);
                    if let Some(uid) = uid(&object) {
                        self.around.remove(uid);
                    }
                }
            }
            CollectionEvent::Unobservable(collection, failure) => {
                self.unwatchable.insert(place_of(&collection), failure.message());
                // 403 leaves single reads; 401 refuses these as well.
                if failure.code() == 401 {
                    self.login_refused = Some(failure);
                }
            }
        }
    }

    /// Tells how the server refused the login, where it did: nothing more will be seen.
    pub(crate) fn login_refused(&self) -> Option<&Failure> {
        self.login_refused.as_ref()
    }

    fn keep(&mut self, object: Value) {
        let kind = object["kind"].as_str().unwrap_or_default();
        let id = ObjectId::of(&object);
        if !is_around(kind) {
            self.live.insert(id, object);
            return;
        }
        if self.awaited.contains(&id) {
            self.live.insert(id, object.clone());
        } else if kind != "Event" && kind != "Node" {
            // Thousands of pods are not kept twice.
            let metadata = &object["metadata"];
            let metadata = json!({"uid": metadata["uid"], "labels": metadata["labels"]});
            self.live.insert(id, json!({"metadata": metadata}));
        }
        self.around.upsert(object);
    }

    fn take_list(&mut self, collection: &Collection, objects: Vec<Value>) {
        if collection.query.starts_with(BY_NAME) {
            // One neighbour: it says nothing about the others of its kind.
            objects.into_iter().for_each(|object| self.around.upsert(object));
            return;
        }
        let place = place_of(collection);
        let here: HashSet<ObjectId> = objects.iter().map(ObjectId::of).collect();
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
                    && collection.selects(object)
                    && !here.contains(id)
                    && !(id.is("batch", "Job") && is_leaving(object))
            })
            .map(|(id, _)| id.clone())
            .collect();
        for id in gone {
            if let Some(object) = self.live.remove(&id)
                && let Some(uid) = uid(&object)
            {
                self.around.remove(uid);
            }
        }
        for object in objects {
            self.polled.remove(&ObjectId::of(&object));
            self.keep(object);
        }
        self.listed.insert(place);
    }

    /// Gives an object as it was seen last, or `None` where it is not there; the outer `None`
    /// where nothing is known yet.
    pub(crate) fn seen(&self, id: &ObjectId) -> Option<Option<&Value>> {
        match self.live.get(id) {
            Some(object) => Some(Some(object)),
            None => self.listed.contains(&(id.group_kind(), id.namespace.clone())).then_some(None),
        }
    }

    /// Tells whether a watch shows the object as it is. Where it does not, watching is forbidden,
    /// or the object is gone or has lost the label that the watch selects: it has to be asked for.
    pub(crate) fn is_watching(&self, id: &ObjectId) -> bool {
        self.live.contains_key(id)
            && !self.polled.contains(id)
            && !self.unwatchable.contains_key(&(id.group_kind(), id.namespace.clone()))
    }

    /// Says why the objects of a kind around those of a namespace are not seen, where they are not.
    pub(super) fn why_unseen(&self, kind: &str, namespace: Option<&str>) -> Option<&str> {
        let place = (GroupKind::new("", kind), namespace.map(str::to_owned));
        self.unwatchable.get(&place).map(String::as_str)
    }

    /// Begins to ask for objects by name; each counts as a change when it is answered, within
    /// `limit`. Nothing is asked while answers are due.
    pub(crate) fn ask_for(&mut self, target: &Target, objects: &[&Desired], limit: Duration) {
        if !self.asking.is_empty() {
            return;
        }
        for desired in objects {
            let Some(path) = target.path(&desired.id, &desired.version) else { continue };
            let (api, id) = (self.api.clone(), desired.id.clone());
            self.asking.push(Box::pin(async move {
                let asked = tokio::time::timeout(limit, api.find(Request::get(path))).await;
                let late =
                    || Failure::NoAnswer(Box::new(timed_out(&api.connection().server, limit)));
                Change::Asked(id, asked.unwrap_or_else(|_| Err(late())))
            }));
        }
    }

    /// Asks for objects by name, and waits for the answers, which come within `limit`.
    pub(crate) async fn ask_at_once(
        &mut self,
        target: &Target,
        objects: &[&Desired],
        limit: Duration,
    ) {
        self.asking.clear();
        self.ask_for(target, objects, limit);
        while let Some(change) = self.asking.next().await {
            self.take(change);
        }
    }

    fn take_asked(&mut self, id: ObjectId, found: Result<Option<Value>, Failure>) {
        match found {
            Ok(Some(object)) => {
                self.keep(object);
                self.polled.insert(id);
            }
            Ok(None) => {
                self.live.remove(&id);
                self.listed.insert((id.group_kind(), id.namespace));
            }
            // What cannot be asked now is asked at the next tick.
            Err(_) => {}
        }
    }
}

fn is_around(kind: &str) -> bool {
    ["Pod", "ReplicaSet", "Event", "Node", "StorageClass", "CustomResourceDefinition"]
        .contains(&kind)
}

/// Reads the kind and namespace of a collection off its path.
fn place_of(collection: &Collection) -> (GroupKind, Option<String>) {
    let (group, _) = split_api_version(&collection.api_version);
    let namespace = collection.path.split_once("/namespaces/").and_then(|(_, rest)| {
        let (namespace, plural) = rest.split_once('/')?;
        (!plural.is_empty()).then(|| namespace.to_owned())
    });
    (GroupKind::new(group, &*collection.kind), namespace)
}
