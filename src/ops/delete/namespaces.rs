//! The end of a deletion: the namespaces that the instance made, the record's own last, or the
//! record alone where its namespace stays.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::{
    cluster::{api::Api, record::Keeper, request::Request},
    ops::{
        deletion::{self, Deletion, Sent},
        events::Event,
        namespace_users::{self, Leaver, Stay},
        removal,
        session::Session,
        shared,
        target::Target,
        view::Operation,
    },
    workload::{
        error::{Code, Error, Result},
        object::ObjectId,
        ownership::{is_terminating, manager, uid},
        record::{Entry, Record},
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
pub(super) async fn leave(
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
    let leaver = Leaver {
        instance: &record.instance,
        manager: &manager,
        mode: record.mode,
        staying: &record.inventory,
    };
    for attempt in 0..TRIES {
        tokio::time::sleep(AGAIN * attempt).await;
        let live = api
            .find(Request::get_metadata(&*path))
            .await
            .map_err(|failure| failure.explain("get", "cannot look at", id, None))?;
        let Some(live) = live else { return Ok(Fate::Absent) };
        let goes = || Fate::Goes(uid(&live).unwrap_or_default().to_owned());
        match namespace_users::why_it_stays(target, api, leaver, id, &live).await? {
            Some(Stay::Theirs(why)) => {
                if shared::leave(api, &manager, id, &live, &path).await? {
                    return Ok(Fate::Stays(why));
                }
                continue;
            }
            Some(Stay::Ours(why)) => return Ok(Fate::Stays(why)),
            None => {}
        }
        if is_terminating(&live) {
            return Ok(goes());
        }
        match deletion::delete_version(api, id, &path, &live, Deletion::Background).await? {
            Some(Sent::Accepted) => return Ok(goes()),
            Some(Sent::AlreadyGone) => return Ok(Fate::Absent),
            None => {}
        }
    }
    Err(Error::failed(Code::ObjectBusy, format!("{id} is written by others all the time"))
        .object(id)
        .hint("the next `delete` goes on"))
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
            target.api.find(Request::get(path)).await.map_err(|failure| {
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
                Code::Timeout,
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
pub(crate) fn remaining(namespace: &Value) -> String {
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
