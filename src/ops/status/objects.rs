//! What is judged of the objects of an instance, with what is around them.

use std::collections::BTreeSet;

use futures::future::join_all;
use serde_json::Value;

use crate::{
    cluster::watch::Collection,
    ops::{definitions::add_definitions, survey::Live, target::Target, view::ObjectView},
    workload::{
        body::Body,
        details::{self, details_of},
        diagnosis::diagnose,
        object::{ObjectId, join_api_version},
        ownership::{is_ours, manager},
        readiness::{
            PodCounts, Related, State, Verdict, Window, goes_when_finished, images_of, judge_gone,
            judge_part, pod_counts, restarts_of, watch_of_body,
        },
        record::{Entry, Record},
    },
};

/// What was judged of one object.
pub(super) struct SeenObject<'a> {
    pub entry: &'a Entry,
    pub verdict: Verdict,
    /// The pods that it runs, or was meant to run where it is gone.
    pub pods: Option<PodCounts>,
}

/// Judges the objects, and says what is shown of each: both by one look. `meant` gives what one that
/// is gone was meant to be.
pub(super) fn judge_objects<'a>(
    record: &Record,
    wanted: &'a [Entry],
    meant: impl Fn(&ObjectId) -> Option<Body>,
    live: &Live,
    around: &Related,
    window: &Window<'_>,
) -> Vec<(SeenObject<'a>, ObjectView)> {
    let manager = manager(&record.namespace, record.instance.as_str());
    let judge_one = |entry: &'a Entry| {
        let looked_at = live.get(&entry.id);
        let object = looked_at.as_deref();
        // What is gone is judged by what it was meant to be.
        let meant = object.is_none().then(|| meant(&entry.id)).flatten();
        let meant = meant.as_deref();
        let verdict = match object {
            // Its time to live took it away, and the record knows how it ended.
            None if entry.completed && meant.is_none_or(goes_when_finished) => {
                Verdict::ready_saying("it completed")
            }
            None if entry.id.is("batch", "Job") => {
                judge_gone(meant.unwrap_or(&Value::Null), entry.uid.as_deref(), around)
            }
            Some(object) if !is_ours(object, &manager, entry.uid.as_deref()) => Verdict {
                message: "an object of that name is there, and is not ours".to_owned(),
                ..Verdict::missing()
            },
            object => judge_part(object, around, window),
        };
        let pods = object.or(meant).and_then(pod_counts);
        let view = view(entry, &verdict, object, around, window);
        (SeenObject { entry, verdict, pods }, view)
    };
    wanted.iter().map(judge_one).collect()
}

fn view(
    entry: &Entry,
    verdict: &Verdict,
    live: Option<&Value>,
    around: &Related,
    window: &Window<'_>,
) -> ObjectView {
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
    view.details = details_of(object, around, window).into();
    match verdict.state {
        State::Failed | State::Waiting => {
            let diagnosis = diagnose(object, around, window);
            if !diagnosis.message.is_empty() {
                view.message = diagnosis.message;
            }
        }
        State::Ready | State::Missing => {}
    }
    view
}

/// Reads what is around the objects. What may not be read only makes the reasons poorer.
pub(super) async fn neighbours(target: &Target, live: &Live) -> Related {
    let mut around = Related::default();
    let mut wanted: BTreeSet<(&str, &str, Option<String>)> = BTreeSet::new();
    for (id, object) in live.iter() {
        let watch = watch_of_body(id, &object);
        for (group, kind, namespaced) in watch.around() {
            wanted.insert((group, kind, id.namespace.clone().filter(|_| namespaced)));
        }
        if let Some((group, kind)) = details::around(&id.group_kind()) {
            wanted.insert((group, kind, id.namespace.clone()));
        }
    }
    let lists = wanted.iter().filter_map(|(group, kind, namespace)| {
        let probe = ObjectId::new(group, kind, namespace.as_deref(), "");
        let path = target.kinds.collection_path(&probe.group_kind(), "v1", namespace.as_deref())?;
        let api_version = join_api_version(group, "v1");
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
    for (id, object) in live.iter() {
        if id.group == "apiextensions.k8s.io" || ["Pod", "ReplicaSet"].contains(&&*id.kind) {
            around.upsert((*object).clone());
        }
    }
    add_definitions(target, live, &mut around).await;
    around
}
