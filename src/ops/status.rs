//! `status`: the truth from the clusters, runtimes side by side, writing nothing but what was
//! seen.

use std::{
    collections::{BTreeSet, HashSet},
    time::{Duration, Instant},
};

use futures::future::join_all;
use serde_json::Value;

use super::{
    brought,
    deploy::word_of,
    events::Event,
    fixed,
    locate::{self, Located, Search},
    session::Session,
    survey::{Depth, Live, survey},
    target::{Target, choose},
    view::{InstanceView, ObjectView, Operation},
};
use crate::{
    cluster::{request::Request, watch::Collection},
    workload::{
        diagnosis::diagnose,
        error::{Code, Error, ErrorKind, Result},
        instance::{Instance, Observed, Status},
        name::InstanceName,
        object::{ObjectId, split_api_version},
        ownership::{is_ours, manager},
        readiness::{
            Related, State, Verdict, Window, images_of, judge, judge_gone, pod_counts, restarts_of,
            watch_of,
        },
        record::{Entry, Record},
        status::{InstanceFacts, JudgedObject, judge_instance},
    },
};

/// How long one runtime is waited for, where `--request-timeout` does not say.
const PATIENCE: Duration = Duration::from_secs(5);

/// Judges instances: those named, or all that the database knows. What befell one is in its
/// answer; the order is that of the names.
pub(crate) async fn of(session: &Session<'_>, names: &[InstanceName]) -> Vec<Operation> {
    let all = || -> Result<Vec<InstanceName>> {
        let store = session.store.lock().expect("no holder of the store panics");
        let instances = store.instances(&crate::store::InstanceFilter::default())?;
        Ok(instances.into_iter().map(|instance| instance.name).collect())
    };
    let (names, named) = match names {
        [] => match all() {
            Ok(all) => (all, false),
            Err(error) => return vec![Operation { error: Some(error), ..Operation::default() }],
        },
        names => (names.to_vec(), true),
    };
    join_all(names.iter().map(|name| one(session, name, named))).await
}

async fn one(session: &Session<'_>, name: &InstanceName, named: bool) -> Operation {
    let started = Instant::now();
    let mut operation = Operation {
        instance: InstanceView { name: name.to_string(), ..InstanceView::default() },
        ..Operation::default()
    };
    let limit = session.request_timeout.filter(|limit| !limit.is_zero()).unwrap_or(PATIENCE);
    let result = match tokio::time::timeout(limit, look(session, name, &mut operation)).await {
        Ok(result) => result,
        Err(_) => {
            Err(Error::runtime(Code::Timeout, format!("no answer within {} s", limit.as_secs()))
                .hint("`--request-timeout` gives more time"))
        }
    };
    if let Err(error) = result {
        operation.instance.status = Some(Status::Error);
        operation.instance.reason = Some(error.to_string());
        operation.instance.status_at = Some(session.now());
        operation.instance.outcome = Some(word_of(&error).to_owned());
        // A table tells it in its row; a named instance that cannot be asked is a failure of its
        // runtime, also where a right is missing (CLI.md, Status).
        if named {
            let is_known = operation.instance.definition.is_some();
            let kind = match error.kind {
                ErrorKind::Failed if is_known && error.code == Code::Forbidden => {
                    ErrorKind::Runtime
                }
                kind => kind,
            };
            operation.error = Some(Error { kind, ..error });
        }
    }
    operation.duration_seconds = started.elapsed().as_secs_f64();
    operation
}

async fn look(session: &Session<'_>, name: &InstanceName, operation: &mut Operation) -> Result<()> {
    let stored = {
        let store = session.store.lock().expect("no holder of the store panics");
        let stored = store.instance(name)?;
        if let Some(stored) = &stored {
            describe_stored(&mut operation.instance, stored);
            let newest = store.newest_revision(&stored.definition, Some(name))?;
            operation.instance.latest_revision = newest.map(|revision| revision.number);
            if let Some(release) = store.latest_release(name)? {
                operation.instance.release = Some(release.number);
                operation.instance.revision = Some(release.revision);
                operation.instance.deployed_at = Some(release.started_at);
                operation.instance.deployed_by = Some(release.deployer.to_string());
            }
        }
        stored
    };
    let choice = choose(session, stored.as_ref())?;
    operation.instance.runtime = Some(choice.runtime.to_string());
    let mut target = Target::connect_within(session, &choice.runtime, PATIENCE).await?;
    let here = stored.as_ref().filter(|stored| stored.runtime == choice.runtime.to_string());
    let brought = brought::by_stored(session, stored.as_ref())?;
    let places = locate::candidates(session.namespace.as_deref(), stored.as_ref(), &brought, name);
    let search = Search {
        instance: name,
        stored: here,
        namespaces: &places,
        new_cluster: false,
        lenient: false,
    };
    let mut located = locate::locate(session, &mut target, search)
        .await
        .map_err(|error| fixed::without_flag(error, name, stored.is_some()))?;
    if let Some(stored) = &stored
        && let Some(moved) = fixed::check(session, stored, &choice, &target, &located)?
        // Without a record there is nothing that the database could follow.
        && located.found.is_some()
    {
        session.reporter.report(name.as_str(), Event::Note(moved));
    }
    // Somebody may have deployed it anew already.
    if stored.is_some() && located.new_cluster && located.found.is_none() {
        return lost(session, name, operation);
    }
    if located.found.is_none() {
        recover(session, &mut target, &mut located, &places, name, stored.as_ref()).await?;
    }
    operation.instance.cluster_uid.clone_from(&target.cluster_uid);
    let Some(record) = located.record() else {
        return nothing(session, name, stored.as_ref(), operation);
    };
    target.know_kinds_of(&record.inventory).await?;
    judge_all(session, &target, &located, record, operation).await?;
    if located.found.is_some() {
        locate::follow(session, &target, record)?;
    }
    observe(session, name, &operation.instance)
}

fn describe_stored(view: &mut InstanceView, stored: &Instance) {
    view.definition = Some(stored.definition.to_string());
    view.runtime = Some(stored.runtime.clone());
    view.namespace.clone_from(&stored.namespace);
    view.namespace_mode = stored.namespace_mode;
    view.overrides = stored.overrides.clone();
    view.created_at = Some(stored.created_at);
}

/// A lost record is looked for where the database says that there was a release, and where it
/// knows nothing at all.
async fn recover(
    session: &Session<'_>,
    target: &mut Target,
    located: &mut Located,
    places: &[String],
    name: &InstanceName,
    stored: Option<&Instance>,
) -> Result<()> {
    let deployed = stored.is_none() || known_release(session, name)?.is_some();
    match places.first() {
        Some(home) if deployed => locate::recover(session, target, located, home, name).await,
        _ => Ok(()),
    }
}

fn lost(session: &Session<'_>, name: &InstanceName, operation: &mut Operation) -> Result<()> {
    let facts = InstanceFacts {
        release: known_release(session, name)?,
        lost: true,
        ..InstanceFacts::default()
    };
    take_status(session, &facts, operation);
    observe(session, name, &operation.instance)
}

fn nothing(
    session: &Session<'_>,
    name: &InstanceName,
    stored: Option<&Instance>,
    operation: &mut Operation,
) -> Result<()> {
    if stored.is_none() {
        let store = session.store.lock().expect("no holder of the store panics");
        return Err(store.no_such_instance(name.as_str()).cause(format!(
            "it is not on runtime {} either, in namespace {}",
            operation.instance.runtime.as_deref().unwrap_or_default(),
            session.namespace.as_deref().unwrap_or(name.as_str())
        )));
    }
    if known_release(session, name)?.is_some() {
        operation.instance.status = Some(Status::Unhealthy);
        operation.instance.reason =
            Some("nothing of it is on the cluster any more: somebody deleted it".to_owned());
        operation.instance.status_at = Some(session.now());
    } else {
        take_status(session, &InstanceFacts::default(), operation);
    }
    observe(session, name, &operation.instance)
}

fn known_release(
    session: &Session<'_>,
    name: &InstanceName,
) -> Result<Option<(u64, crate::workload::release::Outcome)>> {
    let store = session.store.lock().expect("no holder of the store panics");
    Ok(store.latest_release(name)?.map(|release| (release.number, release.outcome)))
}

fn take_status(session: &Session<'_>, facts: &InstanceFacts<'_>, operation: &mut Operation) {
    let (status, reason) = judge_instance(facts);
    operation.instance.status = Some(status);
    operation.instance.reason = Some(reason);
    operation.instance.status_at = Some(session.now());
}

fn observe(session: &Session<'_>, name: &InstanceName, view: &InstanceView) -> Result<()> {
    let (Some(status), Some(reason), Some(at)) = (view.status, &view.reason, view.status_at) else {
        return Ok(());
    };
    let mut store = session.store.lock().expect("no holder of the store panics");
    if store.instance(name)?.is_none() {
        return Ok(());
    }
    store.set_observed(name, &Observed { status, reason: reason.clone(), at })
}

async fn judge_all(
    session: &Session<'_>,
    target: &Target,
    located: &Located,
    record: &Record,
    operation: &mut Operation,
) -> Result<()> {
    let wanted: Vec<&Entry> = record.inventory.iter().filter(|entry| entry.wanted).collect();
    let inventory: Vec<Entry> = wanted.iter().map(|entry| (*entry).clone()).collect();
    let live =
        survey(target, &record.instance, &inventory, &[], &HashSet::new(), Depth::State).await?;
    let around = neighbours(target, &live).await;
    let now = target.api.connection().server_now();
    let window = Window::present(&target.runtime, now);
    let manager = manager(&record.namespace, record.instance.as_str());
    let mut verdicts: Vec<(&Entry, Verdict)> = Vec::new();
    for entry in &wanted {
        let object = live.get(&entry.id);
        let verdict = match object {
            None if entry.completed => Verdict::ready_saying("it completed"),
            None if entry.id.is("batch", "Job") => {
                let body = recorded(record, &entry.id).unwrap_or(&Value::Null);
                judge_gone(body, entry.uid.as_deref(), &around)
            }
            Some(object) if !is_ours(object, &manager, entry.uid.as_deref()) => Verdict {
                message: "an object of that name is there, and is not ours".to_owned(),
                ..Verdict::missing()
            },
            object => judge(object, &around, &window),
        };
        operation.objects.push(view(entry, object, &verdict, &around, &window));
        verdicts.push((entry, verdict));
    }
    let seen: Vec<JudgedObject<'_>> = verdicts
        .iter()
        .map(|(entry, verdict)| JudgedObject {
            id: &entry.id,
            verdict,
            pods: live.get(&entry.id).or_else(|| recorded(record, &entry.id)).and_then(pod_counts),
        })
        .collect();
    let running = located.found.as_ref().is_some_and(|found| found.held_by(now, &[]).is_some());
    let release = match &record.newest {
        Some(newest) => Some((newest.release.number, newest.release.outcome)),
        None => known_release(session, &record.instance)?,
    };
    let instance = &mut operation.instance;
    instance.namespace = Some(record.namespace.clone());
    instance.namespace_mode = Some(record.mode);
    if let Some(newest) = &record.newest {
        let release = &newest.release;
        instance.definition = Some(release.definition.to_string());
        instance.revision = Some(release.revision);
        instance.release = Some(release.number);
        instance.outcome = Some(release.outcome.word().to_owned());
        instance.overrides = release.overrides.clone();
        instance.deployed_at = Some(release.started_at);
        instance.deployed_by = Some(release.deployer.to_string());
    }
    let facts = InstanceFacts {
        // A record made anew from live objects has no release: something is there all the same.
        release: release.or(Some((0, crate::workload::release::Outcome::Applied))),
        running,
        lost: false,
        error: None,
        deleting: record.deleting,
        objects: &seen,
    };
    take_status(session, &facts, operation);
    Ok(())
}

/// Finds the recorded body of an object that is gone: how many pods it was meant to run.
fn recorded<'a>(record: &'a Record, id: &ObjectId) -> Option<&'a Value> {
    let objects = record.newest.as_ref()?.objects.iter();
    objects.map(|object| &object.body).find(|body| {
        let read = ObjectId::of(body);
        read.group == id.group && read.kind == id.kind && read.name == id.name
    })
}

fn view(
    entry: &Entry,
    object: Option<&Value>,
    verdict: &Verdict,
    around: &Related,
    window: &Window<'_>,
) -> ObjectView {
    let mut view = ObjectView {
        id: entry.id.clone(),
        version: entry.version.clone(),
        uid: entry.uid.clone(),
        action: None,
        state: Some(verdict.state),
        reason: verdict.reason.clone(),
        message: verdict.message.clone(),
        images: Vec::new(),
        restarts: None,
        source: None,
        yielded: entry.yielded.clone(),
    };
    if let Some(object) = object {
        view.images = images_of(object);
        view.restarts = restarts_of(object, around);
        if verdict.state == State::Failed || verdict.state == State::Waiting {
            let diagnosis = diagnose(object, around, window);
            if !diagnosis.message.is_empty() {
                view.message = diagnosis.message;
            }
        }
    }
    view
}

/// Reads what is around the objects. What may not be read only makes the reasons poorer.
async fn neighbours(target: &Target, live: &Live) -> Related {
    let mut around = Related::default();
    let mut wanted: BTreeSet<(&str, &str, Option<String>)> = BTreeSet::new();
    let mut definitions: BTreeSet<String> = BTreeSet::new();
    for (id, object) in live {
        let watch = watch_of(object);
        if let Some(info) = target.kinds.of(id).filter(|_| watch.definition) {
            definitions.insert(format!("{}.{}", info.plural, id.group));
        }
        for (group, kind, namespaced) in watch.around() {
            wanted.insert((group, kind, id.namespace.clone().filter(|_| namespaced)));
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

/// Tells the exit code's class for several answers: the first that occurred of the order of
/// CLI.md.
#[must_use]
pub(crate) fn worst(operations: &[Operation]) -> Option<ErrorKind> {
    operations
        .iter()
        .filter_map(|operation| operation.error.as_ref())
        .map(|error| error.kind)
        .min_by_key(|kind| kind.rank())
}
