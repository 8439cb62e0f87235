//! What is judged of the objects of an instance, with what is around them.

use std::{cell::LazyCell, collections::BTreeSet};

use futures::future::join_all;
use serde_json::Value;

use crate::{
    cluster::{request::Request, watch::Collection},
    ops::{survey::Live, target::Target, view::ObjectView},
    workload::{
        diagnosis::diagnose,
        object::{ObjectId, split_api_version},
        ownership::{is_ours, manager},
        readiness::{
            Frame, Neighbourhood, Population, State, Verdict, Watch, images_of, judge, judge_gone,
            population_of, restarts_of, watch_of,
        },
        record::{Entry, Record},
        rendering::render_recorded,
    },
};

/// What was judged of one object.
pub(super) struct JudgedObject<'a> {
    pub entry: &'a Entry,
    pub verdict: Verdict,
    /// How many pods it runs, or was meant to run where it is gone.
    pub population: Option<Population>,
}

pub(super) fn judge_objects<'a>(
    wanted: &'a [Entry],
    target: &Target,
    record: &Record,
    live: &Live,
    around: &Neighbourhood,
    frame: &Frame<'_>,
) -> Vec<JudgedObject<'a>> {
    let manager = manager(&record.namespace, record.instance.as_str());
    // Rendered only where something is gone: what it was meant to be tells what is missing.
    let sent = LazyCell::new(|| {
        let deployed = record.newest.as_ref();
        deployed
            .map(|deployed| render_recorded(record, deployed, &target.kinds))
            .unwrap_or_default()
    });
    let body_of = |id: &ObjectId| sent.iter().find(|sent| sent.id == *id).map(|sent| &sent.body);
    let judge_one = |entry: &'a Entry| {
        let object = live.get(&entry.id);
        let verdict = match object {
            None if entry.completed => Verdict::ready_saying("it completed"),
            None if entry.id.is("batch", "Job") => {
                let body = body_of(&entry.id).unwrap_or(&Value::Null);
                judge_gone(body, entry.uid.as_deref(), around)
            }
            Some(object) if !is_ours(object, &manager, entry.uid.as_deref()) => Verdict {
                message: "an object of that name is there, and is not ours".to_owned(),
                ..Verdict::missing()
            },
            object => judge(object, around, frame),
        };
        let population = object.or_else(|| body_of(&entry.id)).and_then(population_of);
        JudgedObject { entry, verdict, population }
    };
    wanted.iter().map(judge_one).collect()
}

pub(super) fn view(
    judged: &JudgedObject<'_>,
    live: Option<&Value>,
    around: &Neighbourhood,
    frame: &Frame<'_>,
) -> ObjectView {
    let JudgedObject { entry, verdict, population: _ } = judged;
    let mut view = ObjectView {
        uid: entry.uid.clone(),
        state: Some(verdict.state),
        reason: verdict.reason.clone(),
        message: verdict.message.clone(),
        yielded: entry.yielded.clone(),
        ..ObjectView::new(entry.id.clone(), &entry.version)
    };
    let Some(object) = live else { return view };
    view.images = images_of(object);
    view.restarts = restarts_of(object, around);
    match verdict.state {
        State::Failed | State::Waiting => {
            let diagnosis = diagnose(object, around, frame);
            if !diagnosis.message.is_empty() {
                view.message = diagnosis.message;
            }
        }
        State::Ready | State::Missing => {}
    }
    view
}

/// Reads what is around the objects. What may not be read only makes the reasons poorer.
pub(super) async fn neighbours(target: &Target, live: &Live) -> Neighbourhood {
    let mut around = Neighbourhood::default();
    let mut wanted: BTreeSet<(&str, &str, Option<String>)> = BTreeSet::new();
    let mut definitions: BTreeSet<String> = BTreeSet::new();
    for (id, object) in live {
        let Watch { object: _, replica_sets, pods, events, nodes, storage_classes, definition } =
            watch_of(object);
        if let Some(info) = target.kinds.of(id).filter(|_| definition) {
            definitions.insert(format!("{}.{}", info.plural, id.group));
        }
        let place = || id.namespace.clone();
        for (is_wanted, group, kind, namespaced) in [
            (replica_sets, "apps", "ReplicaSet", true),
            (pods, "", "Pod", true),
            (events, "", "Event", true),
            (nodes, "", "Node", false),
            (storage_classes, "storage.k8s.io", "StorageClass", false),
        ] {
            if is_wanted {
                wanted.insert((group, kind, if namespaced { place() } else { None }));
            }
        }
    }
    let lists = wanted.iter().filter_map(|(group, kind, namespace)| {
        let probe = ObjectId::new(group, kind, namespace.as_deref(), "");
        let path = target.kinds.collection_path(&probe.group_kind(), "v1", namespace.as_deref())?;
        let api_version = if group.is_empty() { "v1".to_owned() } else { format!("{group}/v1") };
        Some(Collection { path, query: String::new(), api_version, kind: (*kind).to_owned() })
    });
    let lists: Vec<Collection> = lists.collect();
    for list in join_all(lists.iter().map(|collection| collection.list(&target.api)))
        .await
        .into_iter()
        .flatten()
    {
        list.items.into_iter().for_each(|object| around.upsert(object));
    }
    let definitions = definitions.iter().map(|name| {
        let path = format!("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}");
        target.api.find(Request::get(path))
    });
    let definitions = join_all(definitions.collect::<Vec<_>>()).await;
    definitions.into_iter().flatten().flatten().for_each(|object| around.upsert(object));
    for object in live.values() {
        let (group, _) = split_api_version(object["apiVersion"].as_str().unwrap_or_default());
        if group == "apiextensions.k8s.io"
            || object["kind"] == "Pod"
            || object["kind"] == "ReplicaSet"
        {
            around.upsert(object.clone());
        }
    }
    around
}
