//! What the cluster shows while a release rolls out: watched objects and what is around them,
//! with GETs where watching is forbidden.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    time::Duration,
};

use futures::{StreamExt as _, future::BoxFuture, stream::FuturesUnordered};
use serde_json::Value;
use tokio::{sync::mpsc, task::JoinSet};

use super::{
    node::Node,
    shown::{Place, Shown, place_of},
};
use crate::{
    cluster::{
        api::Api,
        explain::timed_out,
        failure::Failure,
        request::Request,
        watch::{BY_NAME, Collection, CollectionEvent},
    },
    ops::target::Target,
    workload::{
        body::Body,
        name::InstanceName,
        object::{GroupKind, ObjectId, join_api_version},
        ownership::{INSTANCE_LABEL, MANAGED_LABEL},
        plan::Desired,
        readiness::Related,
    },
};

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
    /// What cannot be watched, and why.
    unwatchable: HashMap<Place, String>,
    sender: mpsc::UnboundedSender<CollectionEvent>,
    changes: mpsc::UnboundedReceiver<CollectionEvent>,
    /// What it shows.
    shown: Shown,
    /// What was asked for by name since no watch shows it.
    polled: HashSet<ObjectId>,
    /// What is being asked for by name.
    asking: FuturesUnordered<BoxFuture<'static, Change>>,
    /// How the server refused the login, where it did.
    login_refused: Option<Failure>,
}

impl Observer {
    /// Makes an observer that watches nothing yet.
    pub(crate) fn new(api: &Api) -> Self {
        let (sender, changes) = mpsc::unbounded_channel();
        Self {
            api: api.clone(),
            watches: JoinSet::new(),
            started: HashSet::new(),
            unwatchable: HashMap::new(),
            sender,
            changes,
            shown: Shown::new(),
            polled: HashSet::new(),
            asking: FuturesUnordered::new(),
            login_refused: None,
        }
    }

    /// Lets what is below an object rest, after somebody has looked at it.
    pub(super) fn rest(&mut self, uid: Option<&str>) {
        uid.into_iter().for_each(|uid| self.shown.around.rest(uid));
    }

    /// Gives what is around the objects: pods, replica sets, events.
    pub(crate) fn around(&self) -> &Related {
        &self.shown.around
    }

    /// Watches what a judgement of a node of the rollout looks at.
    pub(super) fn watch_for(
        &mut self,
        target: &Target,
        instance: &InstanceName,
        index: usize,
        node: &Node<'_>,
    ) {
        let (desired, watch) = (&node.item.desired, node.watch);
        let id = &desired.id;
        if watch.object {
            self.shown.await_object(index, id, node.uid(), watch);
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
                self.shown.keep(object);
            }
            CollectionEvent::Gone(object) => self.shown.gone(object),
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

    fn take_list(&mut self, collection: &Collection, objects: Vec<(ObjectId, Body)>) {
        if collection.query.starts_with(BY_NAME) {
            // One neighbour: it says nothing about the others of its kind.
            let objects = objects.into_iter().map(|(_, object)| object.into_value());
            objects.for_each(|object| self.shown.keep_around(object));
            return;
        }
        for (id, _) in &objects {
            self.polled.remove(id);
        }
        self.shown.list(place_of(collection), collection, objects);
    }

    /// Gives an object as it was seen last, or `None` where it is not there; the outer `None`
    /// where nothing is known yet.
    pub(crate) fn seen(&self, id: &ObjectId) -> Option<Option<Body>> {
        self.shown.of(id)
    }

    /// Tells whether a judgement may be another than it was.
    pub(super) fn is_touched(&self) -> bool {
        self.shown.is_touched()
    }

    /// Gives the nodes whose judgement may be another since this was asked last.
    pub(super) fn take_touched(&mut self) -> BTreeSet<usize> {
        self.shown.take_touched()
    }

    /// Tells whether a watch shows the object as it is. Where it does not, watching is forbidden,
    /// or the object is gone or has lost the label that the watch selects: it has to be asked for.
    pub(crate) fn is_watching(&self, id: &ObjectId) -> bool {
        self.shown.is_live(id)
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
                let asked = tokio::time::timeout(limit, api.find(Request::look(path))).await;
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
                self.shown.keep(object);
                self.polled.insert(id);
            }
            Ok(None) => self.shown.is_not_there(id),
            // What cannot be asked now is asked at the next tick.
            Err(_) => {}
        }
    }
}
