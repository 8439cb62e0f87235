//! `logs`: finds the pods of an instance and hands on what they write.

use std::collections::BTreeSet;

use futures::future::join_all;
use serde_json::Value;
use tokio::{sync::mpsc, task::JoinSet};

use super::{Follower, LogOptions, owned::Owned};
use crate::{
    cluster::watch::{Collection, CollectionEvent},
    ops::{
        fixed,
        locate::{self, Search},
        runtime_choice::choose_of,
        session::Session,
        target::Target,
        view::LogEvent,
    },
    workload::{
        error::{Code, Error, Result},
        kinds::{self, builtin_kind},
        name::InstanceName,
        object::{GroupKind, ObjectId, join_api_version},
        record::{Entry, Record},
    },
};

/// What stands between an instance's objects and their pods, and the pods.
const MAKERS: &[(&str, &str)] = &[("", "Pod"), ("apps", "ReplicaSet"), ("batch", "Job")];

/// Whether whoever is told wants to hear more.
type Shown = Result<bool>;

/// Hands on what the containers of an instance write, until all is told, with `follow` until the
/// wish to stop.
///
/// # Errors
/// No such instance or target, or pods that may not be read; what of single logs cannot be read is
/// handed on too.
pub(crate) async fn show(
    session: &Session<'_>,
    name: &InstanceName,
    options: &LogOptions,
    mut tell: impl FnMut(LogEvent) -> Shown,
) -> Result<()> {
    let (target, record) = find(session, name).await?;
    let wanted = Wanted::of(options.target.as_deref(), &record, &target)?;
    let collections = collections(&record, &target);
    let mut owned = Owned::of(wanted.roots.iter().cloned());
    let mut follower = Follower::new(&target.api, options.clone());
    if options.follow {
        return wanted.follow(session, &target, &collections, (owned, follower), tell).await;
    }
    let lists = collections.iter().map(|collection| collection.list(&target.api));
    for (collection, list) in collections.iter().zip(join_all(lists).await) {
        match list {
            Ok(list) => list.items.into_iter().for_each(|object| owned.put(object)),
            // Without what stands between, the pods that are near are found all the same.
            Err(_) if collection.kind != "Pod" => {}
            Err(failure) => return Err(unreadable(name, collection, &failure)),
        }
    }
    for pod in owned.pods() {
        follower.see(pod, |container| wanted.has(pod, container));
    }
    if !follower.has_begun() {
        return Err(nothing(&wanted, owned.pods(), options));
    }
    loop {
        let event = tokio::select! {
            event = follower.next_or_end() => event,
            signal = session.stop.wait() => return Err(signal.error("stopped")),
        };
        match event {
            Some(event) => {
                if !tell(event)? {
                    return Ok(());
                }
            }
            None => return Ok(()),
        }
    }
}

/// Finds an instance on its runtime.
///
/// # Errors
/// No such instance, or another cluster than before.
pub(crate) async fn find(session: &Session<'_>, name: &InstanceName) -> Result<(Target, Record)> {
    let stored = session.store().instance(name)?;
    let choice = choose_of(session, name, stored.as_ref())?;
    let mut target = Target::connect(session, &choice.runtime).await?;
    let places = locate::places_of(session, stored.as_ref(), name)?;
    let search = Search::of(name, stored.as_ref(), &places);
    let located = locate::locate(session, &mut target, search)
        .await
        .map_err(|error| fixed::hint_new_cluster(error, name, stored.is_some()))?;
    if let Some(stored) = &stored {
        fixed::check(session, stored, &choice, &target, &located)?;
    }
    let Some(record) = located.record().cloned() else {
        return Err(locate::instance_not_found(session, name, Some(&choice.runtime.to_string())));
    };
    target.know_kinds_of(&record.inventory).await?;
    Ok((target, record))
}

/// Gives what is to be read to find the pods: in each namespace that the instance has objects in.
fn collections(record: &Record, target: &Target) -> Vec<Collection> {
    let namespaces: BTreeSet<&str> =
        record.inventory.iter().filter_map(|entry| entry.id.namespace.as_deref()).collect();
    let places = namespaces
        .iter()
        .flat_map(|namespace| MAKERS.iter().map(move |(group, kind)| (*group, *kind, *namespace)));
    places
        .filter_map(|(group, kind, namespace)| {
            let id = GroupKind::new(group, kind);
            let path = target.kinds.collection_path(&id, "v1", Some(namespace))?;
            let api_version = join_api_version(group, "v1");
            Some(Collection { path, query: String::new(), api_version, kind: kind.to_owned() })
        })
        .collect()
}

/// Which containers are meant.
struct Wanted<'a> {
    name: &'a InstanceName,
    /// The uids of the objects whose pods count.
    roots: Vec<String>,
    /// The object whose pods they are.
    object: Option<&'a ObjectId>,
    /// A pod, a container, or `POD/CONTAINER`.
    text: Option<&'a str>,
}

impl<'a> Wanted<'a> {
    /// # Errors
    /// Code 1 for an object of a kind that makes no pods: none will ever come.
    fn of(text: Option<&'a str>, record: &'a Record, target: &Target) -> Result<Self> {
        let entries: Vec<&Entry> = record.inventory.iter().collect();
        let uids = |entries: &[&Entry]| entries.iter().filter_map(|it| it.uid.clone()).collect();
        let name = &record.instance;
        let all = Self { name, roots: uids(&entries), object: None, text };
        let Some(object) = text.filter(|text| text.contains('/')) else { return Ok(all) };
        match kinds::find(object, entries.iter().map(|entry| &entry.id), &target.kinds) {
            Ok(id) => {
                let is_builtin = target.kinds.of(id).is_some_and(|info| info.builtin);
                if is_builtin && builtin_kind(id).pod_template.is_none() {
                    return Err(no_logs(name, format!("{id} of `{name}` makes no pods")));
                }
                let of_it: Vec<&Entry> =
                    entries.iter().copied().filter(|entry| entry.id == *id).collect();
                Ok(Self { roots: uids(&of_it), object: Some(id), text: None, ..all })
            }
            // What is no kind may be a pod.
            Err(error) if error.code == Code::AmbiguousObject => Err(error),
            Err(_) => Ok(all),
        }
    }

    /// Tells whether any container of a pod is meant.
    fn has_any(&self, pod: &Value) -> bool {
        let lists = ["initContainers", "containers"].map(|list| pod["spec"][list].as_array());
        let mut names = lists.into_iter().flatten().flatten().filter_map(|it| it["name"].as_str());
        names.any(|container| self.has(pod, container))
    }

    fn has(&self, pod: &Value, container: &str) -> bool {
        let Some(text) = self.text else { return true };
        let pod = pod["metadata"]["name"].as_str().unwrap_or_default();
        text == pod
            || text == container
            || text.split_once('/').is_some_and(|(of, name)| of == pod && name == container)
    }

    /// Follows until the wish to stop.
    async fn follow(
        &self,
        session: &Session<'_>,
        target: &Target,
        collections: &[Collection],
        (mut owned, mut follower): (Owned, Follower),
        mut tell: impl FnMut(LogEvent) -> Shown,
    ) -> Result<()> {
        let (sender, mut changes) = mpsc::unbounded_channel();
        let mut watches = JoinSet::new();
        for collection in collections {
            watches.spawn(collection.clone().observe(target.api.clone(), sender.clone()));
        }
        let mut left_out = 0;
        loop {
            let said = tokio::select! {
                biased;
                // Following has no other end: the wish to stop is no failure.
                _ = session.stop.wait() => return Ok(()),
                Some(change) = changes.recv() => {
                    let mut said = take(change, &mut owned, &mut follower)
                        .map_err(|why| unreadable(self.name, &why.0, &why.1))?;
                    for pod in owned.pods() {
                        said.extend(follower.see(pod, |container| self.has(pod, container)));
                    }
                    if std::mem::replace(&mut left_out, follower.left_out()) < follower.left_out() {
                        said.push(format!("too many logs to follow: {left_out} are left out, name a TARGET"));
                    }
                    said.into_iter().map(LogEvent::Said).collect()
                }
                event = follower.next() => vec![event],
            };
            for event in said {
                if !tell(event)? {
                    return Ok(());
                }
            }
        }
    }
}

/// Takes in a change; gives what is to be said of it.
fn take(
    change: CollectionEvent,
    owned: &mut Owned,
    follower: &mut Follower,
) -> Result<Vec<String>, Box<(Collection, crate::cluster::failure::Failure)>> {
    match change {
        CollectionEvent::Listed(_, objects) => {
            objects.into_iter().for_each(|(_, object)| owned.put(object.into_value()));
        }
        CollectionEvent::Present(object) => owned.put(object),
        CollectionEvent::Gone(object) => {
            let is_ours = object["kind"] == "Pod" && owned.is_ours(&object);
            owned.remove(&object);
            return Ok(follower.gone(&object).filter(|_| is_ours).into_iter().collect());
        }
        CollectionEvent::Unobservable(collection, failure) if collection.kind == "Pod" => {
            return Err(Box::new((collection, failure)));
        }
        CollectionEvent::Unobservable(..) => {}
    }
    Ok(Vec::new())
}

fn unreadable(
    name: &InstanceName,
    collection: &Collection,
    failure: &crate::cluster::failure::Failure,
) -> Error {
    let namespace = collection.path.split('/').nth(4);
    let doing = format!("cannot find the pods of `{name}`");
    failure.explain_list(doing, &GroupKind::new("", &*collection.kind), namespace)
}

/// Says why there is nothing to show: no pods, none that is meant, or none that has run.
fn nothing<'p>(
    wanted: &Wanted<'_>,
    pods: impl Iterator<Item = &'p Value>,
    options: &LogOptions,
) -> Error {
    let Wanted { name, object, text, .. } = wanted;
    let whose = match object {
        Some(id) => format!("{id} of `{name}`"),
        None => format!("`{name}`"),
    };
    let pods: Vec<&Value> = pods.collect();
    let is_there = pods.iter().any(|pod| wanted.has_any(pod));
    let before = if options.previous { "before" } else { "yet" };
    no_logs(
        name,
        match text {
            _ if pods.is_empty() => format!("{whose} has no pods"),
            Some(text) if !is_there => format!("{whose} has no object, pod or container {text}"),
            Some(text) => format!("{text} of {whose} has not run {before}"),
            None => format!("no container of {whose} has run {before}"),
        },
    )
}

fn no_logs(name: &InstanceName, what: String) -> Error {
    Error::failed(Code::NotFound, what)
        .hint(format!("`workloadctl status {name}` shows what there is"))
}
