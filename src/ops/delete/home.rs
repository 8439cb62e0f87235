//! The end of a deletion: the namespaces that the instance made, the record's own last, or the
//! record alone where its namespace stays.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::{
    cluster::{api::Api, call::Call, record::Keeper},
    ops::{
        gone::{self, Deletion, Sent},
        removal,
        report::Event,
        session::Session,
        shared,
        target::{Target, is_list_forbidden},
        view::Operation,
    },
    workload::{
        error::{Error, Result},
        instance::NamespaceMode,
        object::ObjectId,
        ownership::{is_labelled, is_ours, is_terminating, manager, uid},
        record::{Entry, RECORD_LABEL, Record},
        release::Action,
    },
};

/// The pause between two looks at a namespace that goes.
const PAUSE: Duration = Duration::from_millis(250);
/// How often it is said what it waits for.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// How often a namespace is looked at again that others write.
const TRIES: u32 = 10;
/// The pause before that, once more for each time.
const AGAIN: Duration = Duration::from_millis(50);

/// Removes namespaces and record. Begins with a renewal, and renews for as long as something is
/// sent: a process that was not heard of meanwhile must not take a successor's namespace away.
///
/// # Errors
/// Whatever the server answers; time that is up, a signal; code 6 when the holder is lost.
pub async fn leave(
    session: &Session<'_>,
    target: &Target,
    api: &Api,
    record: &Record,
    keeper: Option<&Keeper>,
    deadline: Option<Instant>,
    operation: &mut Operation,
) -> Result<()> {
    let work = send_namespaces(session, target, api, record, deadline, operation);
    let home = match keeper {
        Some(keeper) => {
            keeper.renew().await?;
            tokio::select! {
                home = work => home?,
                lost = keeper.keep() => return Err(lost),
            }
        }
        None => work.await?,
    };
    match (home, keeper) {
        // The record goes with it: from here on there is nothing to renew.
        (Home::Goes(going), _) => end(session, target, record, &going, deadline, operation).await,
        (Home::Stays, Some(keeper)) => keeper.remove().await,
        (Home::Stays | Home::Absent, _) => Ok(()),
    }
}

/// What becomes of the record's namespace.
enum Home {
    Absent,
    Stays,
    Goes(Box<Going>),
}

/// A namespace whose deletion is sent.
struct Going {
    entry: Entry,
    path: String,
    uid: String,
}

/// Removes the other namespaces to the end, and sends the deletion of the record's own.
async fn send_namespaces(
    session: &Session<'_>,
    target: &Target,
    api: &Api,
    record: &Record,
    deadline: Option<Instant>,
    operation: &mut Operation,
) -> Result<Home> {
    let mut namespaces: Vec<&Entry> =
        record.inventory.iter().filter(|entry| entry.id.is("", "Namespace")).collect();
    // The one with the record goes last, and takes the record with it.
    namespaces.sort_by_key(|entry| entry.id.name == record.namespace);
    let mut home = Home::Stays;
    for entry in namespaces {
        let id = &entry.id;
        let is_home = id.name == record.namespace;
        match send(target, api, record, id).await? {
            Fate::Absent if is_home => home = Home::Absent,
            Fate::Absent => {}
            Fate::Stays(why) => {
                super::leave(operation, entry, &why);
            }
            Fate::Goes(uid) => {
                let path = target.path(id, "v1").expect("namespaces are built in");
                let going = Going { entry: entry.clone(), path, uid };
                if is_home {
                    home = Home::Goes(Box::new(going));
                } else {
                    end(session, target, record, &going, deadline, operation).await?;
                }
            }
        }
    }
    Ok(home)
}

/// Waits for the end of a namespace and says so.
async fn end(
    session: &Session<'_>,
    target: &Target,
    record: &Record,
    going: &Going,
    deadline: Option<Instant>,
    operation: &mut Operation,
) -> Result<()> {
    let Going { entry, path, uid } = going;
    let id = &entry.id;
    wait(session, target, record, id, path, uid, deadline).await?;
    session.reporter.report(
        record.instance.as_str(),
        Event::Done { object: id.clone(), action: Action::Delete },
    );
    operation.counts.add(Action::Delete);
    operation.objects.push(super::view(id, Some(entry), &removal::Fate::Removed));
    Ok(())
}

enum Fate {
    Absent,
    Stays(String),
    Goes(String),
}

/// Leaves a namespace, or sends the deletion of exactly what was looked at.
async fn send(target: &Target, api: &Api, record: &Record, id: &ObjectId) -> Result<Fate> {
    let path = target.path(id, "v1").expect("namespaces are built in");
    let manager = manager(&record.namespace, record.instance.as_str());
    for attempt in 0..TRIES {
        tokio::time::sleep(AGAIN * attempt).await;
        let live = api
            .find(Call::get_metadata(&*path))
            .await
            .map_err(|failure| failure.explain("get", "cannot look at", id, None))?;
        let Some(live) = live else { return Ok(Fate::Absent) };
        let goes = || Fate::Goes(uid(&live).unwrap_or_default().to_owned());
        if let Some(why) = why_it_is_left(target, record, &live, &manager).await? {
            if shared::leave(api, &manager, id, &live, &path).await? {
                return Ok(Fate::Stays(why));
            }
            continue;
        }
        if let Some(why) = why_it_stays(api, record, id).await? {
            return Ok(Fate::Stays(why));
        }
        if is_terminating(&live) {
            return Ok(goes());
        }
        match gone::delete_version(api, id, &path, &live, Deletion::Background).await? {
            Some(Sent::Accepted) => return Ok(goes()),
            Some(Sent::AlreadyGone) => return Ok(Fate::Absent),
            None => {}
        }
    }
    Err(Error::failed("object-busy", format!("{id} is written by others all the time"))
        .object(id)
        .hint("the next `delete` goes on"))
}

/// Says why a namespace is somebody else's: then our entry is taken out of it.
async fn why_it_is_left(
    target: &Target,
    record: &Record,
    live: &Value,
    manager: &str,
) -> Result<Option<String>> {
    let ours = is_labelled(live, record.instance.as_str()) && is_ours(live, manager, None);
    if !ours || record.mode == NamespaceMode::Given {
        return Ok(Some("this instance did not make it".to_owned()));
    }
    let others = shared::living(target, live, manager).await?;
    Ok((!others.is_empty()).then(|| format!("also used by {}", others.join(", "))))
}

/// Says why a namespace of ours stays all the same, and stays ours.
async fn why_it_stays(api: &Api, record: &Record, id: &ObjectId) -> Result<Option<String>> {
    if id.name == "default" || id.name.starts_with("kube-") {
        return Ok(Some("it is the cluster's own".to_owned()));
    }
    if let Some(kept) =
        record.inventory.iter().find(|entry| entry.id.namespace.as_deref() == Some(&id.name))
    {
        return Ok(Some(format!("{} in it asks to be kept", kept.id)));
    }
    let other = other_record(api, record, &id.name).await?;
    Ok(other.map(|other| format!("instance {other} lives in it")))
}

/// Finds the record of another instance in a namespace.
async fn other_record(api: &Api, record: &Record, namespace: &str) -> Result<Option<String>> {
    let collection = format!("/api/v1/namespaces/{namespace}/secrets");
    let query = format!("&labelSelector={}", crate::cluster::call::encode_query(RECORD_LABEL));
    let list = match api.list(&collection, &query, true).await {
        Ok(list) => list,
        Err(failure) if is_list_forbidden(&failure) => return Ok(None),
        Err(failure) => {
            let id = ObjectId::new("", "Secret", Some(namespace), "");
            return Err(failure.explain("list", "cannot look for other records", &id, None));
        }
    };
    let instance =
        |secret: &Value| secret["metadata"]["labels"][RECORD_LABEL].as_str().map(str::to_owned);
    Ok(list.items.iter().filter_map(instance).find(|other| other != record.instance.as_str()))
}

/// Waits until a namespace is gone, saying what it waits for.
async fn wait(
    session: &Session<'_>,
    target: &Target,
    record: &Record,
    id: &ObjectId,
    path: &str,
    wanted: &str,
    deadline: Option<Instant>,
) -> Result<()> {
    let (started, mut beat) = (Instant::now(), Instant::now());
    loop {
        let live =
            target.api.find(Call::get(path)).await.map_err(|failure| {
                failure.explain("get", "cannot wait for the end of", id, None)
            })?;
        let live = match live {
            Some(live) if uid(&live) == Some(wanted) => live,
            _ => return Ok(()),
        };
        let why = remaining(&live);
        if beat.elapsed() >= HEARTBEAT {
            beat = Instant::now();
            session.reporter.report(
                record.instance.as_str(),
                Event::StillOpen {
                    phase: "deleting",
                    elapsed: started.elapsed(),
                    open: vec![(id.clone(), why.clone())],
                },
            );
        }
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return Err(Error::failed(
                "timeout",
                format!("out of time: namespace {} is still being deleted", id.name),
            )
            .cause(why)
            .hint(format!(
                "`workloadctl delete {}` goes on, `--timeout` gives more time",
                record.instance
            )));
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            signal = session.stop.wait() => {
                return Err(signal
                    .error(format!("stopped: namespace {} is still being deleted", id.name))
                    .hint(format!("`workloadctl delete {}` goes on", record.instance)));
            }
        }
    }
}

/// Says what a namespace waits for, by its conditions.
fn remaining(namespace: &Value) -> String {
    let telling = [
        "NamespaceContentRemaining",
        "NamespaceFinalizersRemaining",
        "NamespaceDeletionContentFailure",
    ];
    let told: Vec<&str> = namespace["status"]["conditions"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|condition| {
            condition["status"] == "True"
                && condition["type"].as_str().is_some_and(|kind| telling.contains(&kind))
        })
        .filter_map(|condition| condition["message"].as_str())
        .collect();
    if told.is_empty() { "is being deleted".to_owned() } else { told.join("; ") }
}
