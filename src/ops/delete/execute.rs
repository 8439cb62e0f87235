//! Carrying a deletion out: the intent, the objects wave by wave, then what is at their end.

use std::{
    collections::{HashMap, HashSet},
    time::Instant,
};

use crate::{
    cluster::{
        api::Api,
        record::{Claim, Found, Keeper},
    },
    ops::{
        events::Event,
        locate::{self, Ground, Located},
        lock::Held,
        options::DeleteOptions,
        removal::{Fate, Remover},
        session::Session,
        several,
        survey::{Depth, survey},
        target::Target,
        view::{ObjectView, Operation},
    },
    workload::{
        error::{Code, Error, ErrorKind, Result},
        instance::{Observed, Status},
        name::InstanceName,
        object::ObjectId,
        ownership::{has_controller, is_ours, manager, uid},
        plan::is_kept,
        record::{Entry, Record},
        release::{Action, Outcome},
    },
};

/// Deletes what a record holds, to the end; the database's row stays. `false`: somebody else wrote
/// the record first, nothing was done, and everything is to be looked at again.
///
/// # Errors
/// What could not be deleted; the record then still covers it.
#[expect(clippy::too_many_arguments, reason = "each is one of the things a deletion is about")]
pub(crate) async fn carry_out(
    session: &Session<'_>,
    options: &DeleteOptions,
    target: &Target,
    located: &Located,
    mut record: Record,
    held: &mut Held,
    deadline: Option<Instant>,
    operation: &mut Operation,
) -> Result<bool> {
    let name = &options.name;
    record.deleting = true;
    let id = uuid::Uuid::now_v7().to_string();
    held.begin(session, &id)?;
    let keeper = match intend(session, target, located.found.as_ref(), &record, id).await? {
        Intent::Held(keeper) => Some(*keeper),
        Intent::NoPlace => None,
        Intent::Overtaken => return Ok(false),
    };
    let api = match &keeper {
        Some(keeper) => target.api.fenced(keeper.fence()),
        None => target.api.clone(),
    };
    let work = remove_all(session, options, target, &api, &mut record, deadline, operation);
    let result = match &keeper {
        Some(keeper) => tokio::select! {
            result = work => result,
            lost = keeper.keep() => return Err(lost),
        },
        None => work.await,
    };
    let all_gone = result.is_ok() && !options.no_wait;
    if !all_gone {
        let written = match &keeper {
            Some(keeper) => keeper.let_go(record).await,
            None => Ok(()),
        };
        let observed = Observed {
            status: Status::Deleting,
            reason: "its deletion has begun".to_owned(),
            at: session.now(),
        };
        operation.instance.status = Some(observed.status);
        let mut store = session.store.lock().expect("no holder of the store panics");
        // The instance may be known to the cluster alone.
        if store.instance(name)?.is_some() {
            store.set_observed(name, &observed)?;
        }
        drop(store);
        if result.is_ok() {
            operation.instance.outcome = Some(Outcome::Applied.word().to_owned());
        }
        return match written {
            // Another goes on, and what we did not manage is not the news.
            Err(lost) if lost.kind == ErrorKind::Locked => Err(lost),
            written => result.and(written).map(|()| true).map_err(|error| goes_on(error, name)),
        };
    }
    let left = super::namespaces::leave(
        session,
        target,
        &api,
        &record,
        keeper.as_ref(),
        deadline,
        operation,
    )
    .await;
    if let Err(error) = left {
        // The next one is let through at once; a record that went with its namespace holds nobody.
        if let Some(keeper) = keeper.filter(|_| error.kind != ErrorKind::Locked) {
            let _ = keeper.let_go(record).await;
        }
        return Err(goes_on(error, name));
    }
    operation.instance.outcome = Some("deleted".to_owned());
    Ok(true)
}

fn goes_on(error: Error, name: &InstanceName) -> Error {
    error.or_hint(|| format!("`workloadctl delete {name}` goes on once that is mended"))
}

/// What writing a deletion's intent came to.
enum Intent {
    /// This process holds the instance.
    Held(Box<Keeper>),
    /// The namespace of the record is gone or going: there is no place for a record, and no
    /// object to come that it would have to cover.
    NoPlace,
    /// Somebody else wrote the record first.
    Overtaken,
}

/// Records that the deletion has begun.
async fn intend(
    session: &Session<'_>,
    target: &Target,
    found: Option<&Found>,
    record: &Record,
    id: String,
) -> Result<Intent> {
    // A record in a namespace that is going would be gone at its next renewal.
    let ground = locate::ground(target, &record.namespace, &record.instance).await?;
    if matches!(ground, Ground::Free | Ground::Terminating(_)) {
        return Ok(Intent::NoPlace);
    }
    let claim =
        Claim { id, who: session.env.deployer().to_string(), command: session.command.clone() };
    match Keeper::begin(&target.api, found, record.clone(), claim).await {
        Ok(Some(keeper)) => Ok(Intent::Held(Box::new(keeper))),
        Ok(None) => Ok(Intent::Overtaken),
        // It began to go just now, and takes the record with it.
        Err(error) if error.code == Code::NamespaceTerminating => Ok(Intent::NoPlace),
        Err(error) => Err(error),
    }
}

/// Removes everything but the namespaces; the record is left with what is still there.
async fn remove_all(
    session: &Session<'_>,
    options: &DeleteOptions,
    target: &Target,
    api: &Api,
    record: &mut Record,
    deadline: Option<Instant>,
    operation: &mut Operation,
) -> Result<()> {
    let name = &options.name;
    let manager = manager(&record.namespace, name.as_str());
    let live = survey(target, name, &record.inventory, &[], &HashSet::new(), Depth::Plan).await?;
    let (mut going, mut kept, mut foreign) = (Vec::new(), Vec::new(), Vec::new());
    for entry in &record.inventory {
        if entry.id.is("", "Namespace") {
            continue;
        }
        let Some(object) = live.get(&entry.id) else { continue };
        if !is_ours(object, &manager, entry.uid.as_deref()) {
            foreign.push(entry.clone());
            continue;
        }
        if entry.keep || is_kept(object) {
            kept.push(entry.clone());
            continue;
        }
        going.push(Entry { uid: uid(object).map(str::to_owned), ..entry.clone() });
    }
    session.reporter.report(name.as_str(), Event::Removing { objects: going.len() });
    session.reporter.report(name.as_str(), Event::Phase("deleting"));
    for entry in &kept {
        leave(operation, entry, "it asks to be kept");
    }
    for entry in &foreign {
        let fate = Fate::Left("it is not ours any more: somebody made it anew".to_owned());
        operation.objects.push(view(&entry.id, Some(entry), &fate));
    }
    let remover = Remover {
        session,
        target,
        api: api.clone(),
        instance: name,
        manager: &manager,
        mode: record.mode,
        staying: &kept,
        action: Action::Delete,
        wait: !options.no_wait,
        delete_crds: options.delete_crds,
    };
    let mut fates = remover.remove(&going, deadline).await?;
    let orphans = left_behind(target, record).await?;
    fates.extend(remover.remove(&orphans, deadline).await?);
    let mut failures: Vec<Error> = Vec::new();
    let mut gone: HashSet<ObjectId> = HashSet::new();
    let entries: HashMap<&ObjectId, &Entry> =
        going.iter().chain(&orphans).map(|entry| (&entry.id, entry)).collect();
    for (id, fate) in fates {
        operation.objects.push(view(&id, entries.get(&id).copied(), &fate));
        match fate {
            Fate::Removed => {
                operation.counts.add(Action::Delete);
                gone.insert(id);
            }
            Fate::Left(why) => {
                operation.remarks.push(format!("{id} stays: {why}"));
                gone.insert(id);
            }
            Fate::Failed(error) => failures.push(*error),
        }
    }
    if !options.no_wait {
        gone.extend(foreign.into_iter().map(|entry| entry.id));
        let is_left = |entry: &Entry| !gone.contains(&entry.id);
        record.inventory.retain(|entry| {
            entry.id.is("", "Namespace")
                || (live.contains_key(&entry.id) && is_left(entry))
                || orphans.iter().any(|orphan| {
                    is_left(orphan) && entry.orphans.iter().any(|own| own.id == orphan.id)
                })
        });
    }
    if failures.is_empty() {
        return Ok(());
    }
    Err(several::one(&failures.iter().collect::<Vec<_>>(), "could not be deleted"))
}

/// Finds what a StatefulSet left behind that was deleted to be made anew and was not: with the
/// set gone, nobody else removes it.
async fn left_behind(target: &Target, record: &Record) -> Result<Vec<Entry>> {
    let orphans: Vec<Entry> = record.inventory.iter().flat_map(Entry::left_behind).collect();
    if orphans.is_empty() {
        return Ok(orphans);
    }
    let name = &record.instance;
    let live = survey(target, name, &orphans, &[], &HashSet::new(), Depth::Plan).await?;
    let is_orphan = |entry: &Entry| {
        live.get(&entry.id).is_some_and(|it| uid(it) == entry.uid.as_deref() && !has_controller(it))
    };
    Ok(orphans.into_iter().filter(is_orphan).collect())
}

/// Says of an object of the inventory that it stays, and why.
pub(super) fn leave(operation: &mut Operation, entry: &Entry, why: &str) {
    operation.remarks.push(format!("{} stays: {why}", entry.id));
    let fate = Fate::Left(why.to_owned());
    operation.objects.push(view(&entry.id, Some(entry), &fate));
}

/// Shows what became of an object.
pub(super) fn view(id: &ObjectId, entry: Option<&Entry>, fate: &Fate) -> ObjectView {
    let (action, message) = match fate {
        Fate::Removed => (Action::Delete, String::new()),
        Fate::Left(why) => (Action::Unchanged, why.clone()),
        Fate::Failed(error) => (Action::Blocked, error.to_string()),
    };
    ObjectView {
        id: id.clone(),
        version: entry.map(|entry| entry.version.clone()).unwrap_or_default(),
        uid: entry.and_then(|entry| entry.uid.clone()),
        action: Some(action),
        state: None,
        reason: String::new(),
        message,
        images: Vec::new(),
        restarts: None,
        source: None,
        yielded: Vec::new(),
    }
}
