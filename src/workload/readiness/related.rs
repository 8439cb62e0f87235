//! The objects around those that are judged: pods, replica sets, events, nodes, storage classes,
//! EndpointSlices and CRDs, indexed so that judging one object never walks over the others.
//!
//! It holds what it was handed and nothing else: where an account may not read pods or events,
//! judgements are as good as the objects' own statuses. Of each object it holds what they look at.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use serde_json::Value;

use super::{
    condition::Condition,
    field::{self, annotation, controller, count, label, list, text, time},
    neighbour, template,
};
use crate::workload::body::Body;

/// The annotation that numbers the replica sets of a Deployment.
const REVISION: &str = "deployment.kubernetes.io/revision";
/// The label by which an EndpointSlice names its Service.
const SERVICE_NAME: &str = "kubernetes.io/service-name";

/// How many levels of controllers there are at the most: a circle of owners has no end.
const LEVELS: usize = 8;

/// An index over the neighbours of the objects of an instance.
#[derive(Debug, Default, Clone)]
pub(crate) struct Related {
    pods: KindIndex,
    replica_sets: KindIndex,
    events: KindIndex,
    nodes: KindIndex,
    storage_classes: KindIndex,
    definitions: KindIndex,
    endpoint_slices: KindIndex,
    /// Restarts by container, of pods by uid, as they were seen first.
    first_restarts: HashMap<String, HashMap<String, i64>>,
    /// Whether what there are many of rests until it is looked at.
    rests: bool,
}

impl Related {
    /// Makes an index that is kept for long: what there are many of rests, and is to be laid to
    /// [rest](Self::rest) again after a look.
    pub(crate) fn resting() -> Self {
        Self { rests: true, ..Self::default() }
    }

    /// Takes in an object, or its newer state. Kinds that no judgement looks at are ignored.
    ///
    /// An object without a uid cannot be told from others and is ignored too.
    pub(crate) fn upsert(&mut self, mut object: Value) {
        let uid = field::uid(&object).to_owned();
        if uid.is_empty() {
            return;
        }
        let parent = parent_of(&object);
        neighbour::shorten(&mut object, self.rests);
        let rests = self.rests;
        let index = match text(&object, "/kind") {
            "Pod" => {
                self.remember_restarts(&uid, &object);
                &mut self.pods
            }
            "ReplicaSet" => &mut self.replica_sets,
            "Event" if is_routine(&object) => return,
            "Event" => &mut self.events,
            "Node" => &mut self.nodes,
            "StorageClass" => &mut self.storage_classes,
            "CustomResourceDefinition" => &mut self.definitions,
            "EndpointSlice" => &mut self.endpoint_slices,
            _ => return,
        };
        let rests = rests && matches!(text(&object, "/kind"), "Pod" | "ReplicaSet" | "Event");
        let body = if rests { Body::at_rest(object) } else { Body::from(object) };
        index.put(uid, parent, body);
    }

    /// Lets what is below an object rest, after somebody has looked at it.
    pub(crate) fn rest(&mut self, uid: &str) {
        if !self.rests {
            return;
        }
        let sets = self.replica_sets.rest(uid);
        let pods: Vec<String> = self.pods.rest(uid);
        let pods: Vec<String> =
            sets.iter().flat_map(|set| self.pods.rest(set)).chain(pods).collect();
        for about in sets.iter().chain(&pods).map(String::as_str).chain([uid]) {
            self.events.rest(about);
        }
    }

    /// Forgets an object that is gone.
    pub(crate) fn remove(&mut self, uid: &str) {
        for index in [
            &mut self.pods,
            &mut self.replica_sets,
            &mut self.events,
            &mut self.nodes,
            &mut self.storage_classes,
            &mut self.definitions,
            &mut self.endpoint_slices,
        ] {
            index.take(uid);
        }
        self.first_restarts.remove(uid);
    }

    /// Gives the pods that a controller (ReplicaSet, StatefulSet, DaemonSet, Job) made.
    pub(crate) fn pods_of(&self, controller: &str) -> impl Iterator<Item = &Value> {
        self.pods.children(controller)
    }

    /// Gives the replica sets that a Deployment made.
    pub(crate) fn replica_sets_of(&self, deployment: &str) -> impl Iterator<Item = &Value> {
        self.replica_sets.children(deployment)
    }

    /// Gives the events about an object.
    pub(crate) fn events_of(&self, uid: &str) -> impl Iterator<Item = &Value> {
        self.events.children(uid)
    }

    /// Gives the uids of what may be judged by the object of a uid: its own, its controller's, and so
    /// on, as far as they are known.
    pub(crate) fn above<'a>(&'a self, uid: &'a str) -> impl Iterator<Item = &'a str> {
        let parent = |uid: &&'a str| {
            let known = [&self.pods, &self.replica_sets]
                .into_iter()
                .find_map(|index| index.objects.get(*uid))?;
            Some(&*known.parent)
        };
        std::iter::successors(Some(uid), parent).take(LEVELS)
    }

    /// Gives the uid of what an object is controlled by, or, of an event, what it is about.
    pub(crate) fn parent(object: &Value) -> &str {
        match text(object, "/kind") {
            "Event" => involved(object),
            _ => controller(object).unwrap_or_default(),
        }
    }

    pub(crate) fn node(&self, name: &str) -> Option<&Value> {
        self.nodes.children(name).next()
    }

    /// Tells whether nodes are known at all.
    pub(crate) fn knows_nodes(&self) -> bool {
        !self.nodes.objects.is_empty()
    }

    pub(crate) fn storage_class(&self, name: &str) -> Option<&Value> {
        self.storage_classes.children(name).next()
    }

    /// Gives the CRD of a custom resource.
    pub(crate) fn definition(&self, group: &str, kind: &str) -> Option<&Value> {
        // Of two that claim the same names only one is established.
        self.definitions
            .children(&definition_key(group, kind))
            .max_by_key(|definition| Condition::holds(definition, "Established"))
    }

    /// Gives the EndpointSlices of a Service, whoever made them.
    pub(crate) fn endpoint_slices_of<'a>(
        &'a self,
        service: &Value,
    ) -> impl Iterator<Item = &'a Value> + use<'a> {
        let namespace = text(service, "/metadata/namespace");
        self.endpoint_slices.children(&service_key(namespace, field::name(service)))
    }

    /// Finds the replica set that runs a Deployment's present pod template.
    ///
    /// It is the newest one with that template. Where templates cannot be compared (the server
    /// learned a new default since), it is the one with the Deployment's own revision, provided
    /// that the Deployment counts updated pods.
    pub(crate) fn newest_replica_set(&self, deployment: &Value) -> Option<&Value> {
        let newest = self
            .replica_sets_of(field::uid(deployment))
            .filter(|set| template::same(deployment, set))
            .max_by_key(|set| revision(set));
        newest.or_else(|| {
            // Before the controller has counted updated pods, the revision may still be that of the
            // template before.
            let wanted = revision(deployment).filter(|_| {
                count(deployment, "/status/updatedReplicas") > 0
                    && count(deployment, "/status/observedGeneration")
                        >= count(deployment, "/metadata/generation")
            })?;
            self.replica_sets_of(field::uid(deployment)).find(|set| revision(set) == Some(wanted))
        })
    }

    /// Gives all pods below an object, whatever their revision: its own, and those of its replica
    /// sets.
    pub(crate) fn pods_below(&self, uid: &str) -> impl Iterator<Item = &Value> {
        let sets = self.replica_sets_of(uid);
        self.pods_of(uid).chain(sets.flat_map(|set| self.pods_of(field::uid(set))))
    }

    /// Gives how often a container had restarted when its pod was seen first.
    pub(crate) fn first_restarts(&self, pod: &str, container: &str) -> i64 {
        self.first_restarts
            .get(pod)
            .and_then(|containers| containers.get(container))
            .copied()
            .unwrap_or(0)
    }

    fn remember_restarts(&mut self, uid: &str, pod: &Value) {
        // Only the first look counts: what a pod of an older deploy had restarted by then is not
        // this one's doing.
        self.first_restarts.entry(uid.to_owned()).or_insert_with(|| {
            ["/status/initContainerStatuses", "/status/containerStatuses"]
                .into_iter()
                .flat_map(|statuses| list(pod, statuses))
                .map(|status| (text(status, "/name").to_owned(), count(status, "/restartCount")))
                .filter(|(_, restarts)| *restarts > 0)
                .collect()
        });
    }
}

fn revision(body: &Value) -> Option<u64> {
    annotation(body, REVISION)?.parse().ok()
}

/// Gives the key under which an object is looked up: its controller's uid, the uid of the object
/// that an event is about, the name of a node or storage class, the Service of an EndpointSlice,
/// group and kind of a CRD.
fn parent_of(object: &Value) -> String {
    match text(object, "/kind") {
        "Pod" | "ReplicaSet" => controller(object).unwrap_or_default().to_owned(),
        "Event" => involved(object).to_owned(),
        "EndpointSlice" => {
            let service = label(object, SERVICE_NAME).unwrap_or_default();
            service_key(text(object, "/metadata/namespace"), service)
        }
        "CustomResourceDefinition" => {
            definition_key(text(object, "/spec/group"), text(object, "/spec/names/kind"))
        }
        _ => field::name(object).to_owned(),
    }
}

fn service_key(namespace: &str, name: &str) -> String {
    format!("{namespace}/{name}")
}

fn definition_key(group: &str, kind: &str) -> String {
    format!("{group}/{kind}")
}

/// Tells whether an event is about nothing going wrong: most are, and nobody looks at them.
fn is_routine(event: &Value) -> bool {
    let is_telling = match text(event, "/reason") {
        "WaitForFirstConsumer" | "FailedBinding" => true,
        // A Job whose time to live is short is gone before anybody sees its status.
        "Completed" => about(event, "kind") == "Job",
        _ => false,
    };
    text(event, "/type") == "Normal" && !is_telling
}

/// Gives the uid of the object that an event (of either API group) is about.
fn involved(event: &Value) -> &str {
    about(event, "uid")
}

/// Gives a field of the reference to the object that an event is about.
fn about<'a>(event: &'a Value, field: &str) -> &'a str {
    // core/v1 calls it involvedObject, events.k8s.io/v1 regarding.
    let said = text(event, &format!("/involvedObject/{field}"));
    if said.is_empty() { text(event, &format!("/regarding/{field}")) } else { said }
}

/// Gives the time at which an event happened last.
pub(crate) fn happened(event: &Value) -> Option<Timestamp> {
    [
        // core/v1 and events.k8s.io/v1 say it in different places; a series has been seen last
        // later than it says above.
        "/series/lastObservedTime",
        "/lastTimestamp",
        "/deprecatedLastTimestamp",
        "/eventTime",
        "/metadata/creationTimestamp",
    ]
    .into_iter()
    .filter_map(|pointer| time(event, pointer))
    .max()
}

/// Objects of one kind, by their own uid and by a parent: a controller, an involved object, or
/// the name under which they are looked up.
#[derive(Debug, Default, Clone)]
struct KindIndex {
    objects: HashMap<String, IndexedObject>,
    children: HashMap<String, BTreeSet<String>>,
}

#[derive(Debug, Clone)]
struct IndexedObject {
    parent: String,
    body: Body,
}

impl KindIndex {
    fn put(&mut self, uid: String, parent: String, body: Body) {
        self.take(&uid);
        self.children.entry(parent.clone()).or_default().insert(uid.clone());
        self.objects.insert(uid, IndexedObject { parent, body });
    }

    fn take(&mut self, uid: &str) {
        let Some(object) = self.objects.remove(uid) else { return };
        if let Some(siblings) = self.children.get_mut(&object.parent) {
            siblings.remove(uid);
            if siblings.is_empty() {
                self.children.remove(&object.parent);
            }
        }
    }

    fn get(&self, uid: &str) -> Option<&Value> {
        self.objects.get(uid).map(|object| &*object.body)
    }

    /// Lets the children of a parent rest; gives their uids.
    fn rest(&mut self, parent: &str) -> Vec<String> {
        let children: Vec<String> =
            self.children.get(parent).into_iter().flatten().cloned().collect();
        for uid in &children {
            if let Some(object) = self.objects.get_mut(uid) {
                object.body.rest();
            }
        }
        children
    }

    fn children<'a>(&'a self, parent: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
        self.children.get(parent).into_iter().flatten().filter_map(|uid| self.get(uid))
    }
}
