//! `status`: the truth from the clusters, runtimes side by side, writing nothing but what was
//! seen.

use std::{
    cell::LazyCell,
    collections::BTreeSet,
    time::{Duration, Instant},
};

use futures::future::join_all;
use serde_json::Value;

use super::{
    fixed,
    locate::{self, Located, Search},
    session::Session,
    survey::{Depth, Live, Survey},
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
            Frame, Neighbourhood, Population, State, Verdict, Watch, images_of, judge, judge_gone,
            population_of, restarts_of, watch_of,
        },
        record::{Entry, Record},
        release::Outcome,
        rendering::render_recorded,
        status::{Facts, Seen, judge_instance},
    },
};

/// How long one runtime is waited for, where `--request-timeout` does not say.
const PATIENCE: Duration = Duration::from_secs(5);

/// Judges instances: those named, or all that the database knows. What befell one is in its
/// answer; the order is that of the names.
pub(crate) async fn of(session: &Session<'_>, names: &[InstanceName]) -> Vec<Operation> {
    let all = || -> Result<Vec<InstanceName>> {
        let store = session.store();
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
    let mut operation = Operation::of(name);
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
        operation.instance.outcome = Some((&error).into());
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
        let store = session.store();
        let stored = store.instance(name)?;
        if let Some(stored) = &stored {
            operation.instance.describe_stored(stored);
            let newest = store.newest_revision(&stored.definition, Some(name))?;
            operation.instance.latest_revision = newest.map(|revision| revision.number);
            if let Some(release) = store.latest_release(name)? {
                operation.instance.describe_release(&release);
            }
        }
        stored
    };
    let choice = choose(session, stored.as_ref())?;
    operation.instance.runtime = Some(choice.runtime.to_string());
    let mut target = Target::connect_within(session, &choice.runtime, PATIENCE).await?;
    let here = stored.as_ref().filter(|stored| stored.runtime == choice.runtime.to_string());
    let places = locate::places_of(session, stored.as_ref(), name)?;
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
        session.note(name, moved);
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
    let facts = Facts { release: known_release(session, name)?, lost: true, ..Facts::default() };
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
        return Err(locate::nowhere(session, name, operation.instance.runtime.as_deref()));
    }
    if known_release(session, name)?.is_some() {
        operation.instance.status = Some(Status::Unhealthy);
        operation.instance.reason =
            Some("nothing of it is on the cluster any more: somebody deleted it".to_owned());
        operation.instance.status_at = Some(session.now());
    } else {
        take_status(session, &Facts::default(), operation);
    }
    observe(session, name, &operation.instance)
}

fn known_release(session: &Session<'_>, name: &InstanceName) -> Result<Option<(u64, Outcome)>> {
    let store = session.store();
    Ok(store.latest_release(name)?.map(|release| (release.number, release.outcome)))
}

fn take_status(session: &Session<'_>, facts: &Facts<'_>, operation: &mut Operation) {
    let (status, reason) = judge_instance(facts);
    operation.instance.status = Some(status);
    operation.instance.reason = Some(reason);
    operation.instance.status_at = Some(session.now());
}

fn observe(session: &Session<'_>, name: &InstanceName, view: &InstanceView) -> Result<()> {
    let (Some(status), Some(reason), Some(at)) = (view.status, &view.reason, view.status_at) else {
        return Ok(());
    };
    let mut store = session.store();
    if store.instance(name)?.is_none() {
        return Ok(());
    }
    store.set_observed(name, &Observed { status, reason: reason.clone(), at })
}

/// What was judged of one object.
struct JudgedObject<'a> {
    entry: &'a Entry,
    verdict: Verdict,
    /// How many pods it runs, or was meant to run where it is gone.
    population: Option<Population>,
}

async fn judge_all(
    session: &Session<'_>,
    target: &Target,
    located: &Located,
    record: &Record,
    operation: &mut Operation,
) -> Result<()> {
    let wanted: Vec<Entry> =
        record.inventory.iter().filter(|entry| entry.wanted).cloned().collect();
    let survey = Survey { depth: Depth::State, ..Survey::of(target, &record.instance, &wanted) };
    let live = survey.look().await?;
    let around = neighbours(target, &live).await;
    let now = target.api.connection().server_now();
    let frame = Frame::present(&target.runtime, now);
    let judged = judge_objects(&wanted, target, record, &live, &around, &frame);
    for object in &judged {
        let live = live.get(&object.entry.id);
        operation.objects.push(view(object, live, &around, &frame));
    }
    let instance = &mut operation.instance;
    instance.describe_record(record);
    let release = match &record.newest {
        Some(newest) => {
            instance.outcome = Some(newest.release.outcome.into());
            instance.overrides = newest.release.overrides.clone();
            Some((newest.release.number, newest.release.outcome))
        }
        None => known_release(session, &record.instance)?,
    };
    let seen: Vec<Seen<'_>> = judged
        .iter()
        .map(|JudgedObject { entry, verdict, population }| Seen {
            id: &entry.id,
            verdict,
            population: *population,
        })
        .collect();
    let facts = Facts {
        // A record made anew from live objects has no release: something is there all the same.
        release: release.or(Some((0, Outcome::Applied))),
        running: located.found.as_ref().is_some_and(|found| found.held_by(now, &[]).is_some()),
        lost: false,
        error: None,
        deleting: record.deleting,
        objects: &seen,
    };
    take_status(session, &facts, operation);
    Ok(())
}

fn judge_objects<'a>(
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

fn view(
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
async fn neighbours(target: &Target, live: &Live) -> Neighbourhood {
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
