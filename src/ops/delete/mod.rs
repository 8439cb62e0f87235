//! `delete` is a deploy of nothing: the intent is recorded, the objects go wave by wave, the
//! namespace and with it the record go last, and the database forgets at the very end.

mod forget;
mod home;

use std::{
    collections::{HashMap, HashSet},
    time::Instant,
};

use super::{
    holding::{self, Held},
    locate::{self, Ground, Located},
    options::DeleteOptions,
    removal::{Fate, Remover},
    report::Event,
    session::Session,
    survey::{Depth, survey},
    target::{Target, choose},
    view::{InstanceView, ObjectView, Operation},
};
use crate::{
    cluster::{
        api::Api,
        record::{Claim, Found, Keeper},
    },
    workload::{
        error::{Error, ErrorKind, Result},
        instance::{Instance, Observed, Status},
        name::InstanceName,
        object::ObjectId,
        ownership::{is_ours, manager, uid},
        plan::is_kept,
        record::{Entry, Record},
        release::{Action, Outcome},
    },
};

/// Deletes one instance. A failure is in the answer.
pub async fn run(session: &Session<'_>, options: &DeleteOptions) -> Operation {
    let started = Instant::now();
    let mut operation = Operation {
        instance: InstanceView { name: options.name.to_string(), ..InstanceView::default() },
        ..Operation::default()
    };
    let result = if options.forget {
        forget::forget(session, options, &mut operation)
    } else {
        delete(session, options, started, &mut operation).await
    };
    match result {
        Ok(()) => {}
        Err(error) if error.code == NOT_FOUND && options.ignore_not_found => {
            operation.instance.outcome = Some("unchanged".to_owned());
            operation.remarks.push(error.message);
        }
        Err(error) => {
            let word = super::deploy::word_of(&error);
            operation.instance.outcome = Some(word.to_owned());
            operation.error = Some(error);
        }
    }
    operation.duration_seconds = started.elapsed().as_secs_f64();
    operation
}

/// The code of an instance that is neither here nor on the cluster.
const NOT_FOUND: &str = "no-such-instance";

async fn delete(
    session: &Session<'_>,
    options: &DeleteOptions,
    started: Instant,
    operation: &mut Operation,
) -> Result<()> {
    let name = &options.name;
    if !session.ask.can_answer() {
        return Err(Error::usage(
            "needs-yes",
            format!("deleting `{name}` needs `--yes` where nobody can be asked"),
        )
        .hint(format!("workloadctl delete {name} --yes")));
    }
    let stored = stored(session, name)?;
    let hinted = |error: Error| match (&stored, error.kind) {
        (Some(_), ErrorKind::Runtime) => error
            .hint(format!("if the cluster is gone for good: `workloadctl delete {name} --forget`")),
        _ => error,
    };
    let choice = choose(session, stored.as_ref()).map_err(hinted)?;
    operation.instance.runtime = Some(choice.runtime.to_string());
    let mut held = Held::acquire(session, name, started + options.lock_wait).await?;
    let mut target = Target::connect(session, &choice.runtime).await.map_err(hinted)?;
    let until = started + options.lock_wait;
    let mut confirmed = false;
    loop {
        let found = tokio::select! {
            found = look(session, &mut target, name, stored.as_ref(), &held, until) => found,
            signal = session.stop.wait() => return Err(signal.error("stopped; nothing was deleted")),
        };
        let located = match found {
            // A row that was never deployed has nothing on a cluster that cannot be asked.
            Err(error)
                if error.kind == ErrorKind::Runtime
                    && never_deployed(session, stored.as_ref())? =>
            {
                operation.warnings.push(error.to_string());
                Located::default()
            }
            other => other.map_err(hinted)?,
        };
        let Some(record) = located.record().cloned() else {
            return nothing_there(session, options, stored.as_ref(), held, operation);
        };
        target.know_kinds_of(&record.inventory).await?;
        // Waiting for somebody else has its own clock.
        let deadline = options.timeout.map(|timeout| Instant::now() + timeout);
        describe(operation, &record, &target);
        if !std::mem::replace(&mut confirmed, true) {
            confirm(session, name, &record, &choice.runtime.to_string())?;
        }
        let begun =
            carry_out(session, options, &target, &located, record, &mut held, deadline, operation)
                .await?;
        if begun {
            break;
        }
    }
    if !options.no_wait {
        forget_row(session, name)?;
    }
    held.end();
    Ok(())
}

fn forget_row(session: &Session<'_>, name: &InstanceName) -> Result<()> {
    let mut store = session.store.lock().expect("no holder of the store panics");
    // The instance may be known to the cluster alone.
    if store.instance(name)?.is_some() {
        store.delete_instance(name)?;
    }
    Ok(())
}

fn stored(session: &Session<'_>, name: &InstanceName) -> Result<Option<Instance>> {
    session.store.lock().expect("no holder of the store panics").instance(name)
}

fn never_deployed(session: &Session<'_>, stored: Option<&Instance>) -> Result<bool> {
    let Some(stored) = stored else { return Ok(false) };
    let store = session.store.lock().expect("no holder of the store panics");
    Ok(store.latest_release(&stored.name)?.is_none())
}

/// Finds the record, or live objects of ours without one.
async fn look(
    session: &Session<'_>,
    target: &mut Target,
    name: &InstanceName,
    stored: Option<&Instance>,
    held: &Held,
    until: Instant,
) -> Result<Located> {
    let here = stored.filter(|stored| stored.runtime == target.runtime.to_string());
    let places = locate::candidates(session.namespace.as_deref(), stored, &[], name);
    let mut told = false;
    let mut located = loop {
        let located = locate::locate(session, target, name, here, &places, false).await?;
        let now = target.api.connection().server_now();
        let holder = located
            .found
            .as_ref()
            .and_then(|found| found.held_by(now, &held.releases))
            .map(|holder| holding::name_of(holder, now));
        match holder {
            Some(holder) => holding::wait(session, name, &holder, until, &mut told).await?,
            None => break located,
        }
    };
    if located.found.is_none() {
        let home = places.first().cloned().unwrap_or_else(|| name.to_string());
        locate::recover(session, target, &mut located, &home, name).await?;
    }
    Ok(located)
}

/// Neither a record nor a live object: the row goes, or there is no such instance.
fn nothing_there(
    session: &Session<'_>,
    options: &DeleteOptions,
    stored: Option<&Instance>,
    held: Held,
    operation: &mut Operation,
) -> Result<()> {
    let name = &options.name;
    let mut store = session.store.lock().expect("no holder of the store panics");
    let Some(stored) = stored else {
        held.end();
        return Err(store.no_such_instance(name.as_str()).cause(format!(
            "it is not on runtime {} either, in namespace {}",
            operation.instance.runtime.as_deref().unwrap_or_default(),
            session.namespace.as_deref().unwrap_or(name.as_str())
        )));
    };
    store.delete_instance(&stored.name)?;
    drop(store);
    held.end();
    operation.instance.outcome = Some("deleted".to_owned());
    operation.remarks.push(format!("nothing of `{name}` was on the cluster"));
    Ok(())
}

fn describe(operation: &mut Operation, record: &Record, target: &Target) {
    let instance = &mut operation.instance;
    instance.namespace = Some(record.namespace.clone());
    instance.namespace_mode = Some(record.mode);
    instance.cluster_uid.clone_from(&target.cluster_uid);
    if let Some(newest) = &record.newest {
        instance.definition = Some(newest.release.definition.to_string());
        instance.revision = Some(newest.release.revision);
        instance.release = Some(newest.release.number);
        instance.deployed_at = Some(newest.release.started_at);
        instance.deployed_by = Some(newest.release.deployer.to_string());
    }
}

fn confirm(
    session: &Session<'_>,
    name: &InstanceName,
    record: &Record,
    runtime: &str,
) -> Result<()> {
    let claims =
        record.inventory.iter().filter(|entry| entry.id.is("", "PersistentVolumeClaim")).count();
    let claims = match claims {
        0 => String::new(),
        1 => ", among them 1 PersistentVolumeClaim with its data".to_owned(),
        many => format!(", among them {many} PersistentVolumeClaims with their data"),
    };
    let question = format!(
        "Delete {name} from {runtime} (namespace {}): {} objects{claims}?",
        record.namespace,
        record.inventory.len()
    );
    match session.ask.confirm(&question) {
        Some(true) => Ok(()),
        Some(false) => Err(Error::failed("answered-no", "answered no; nothing was deleted")),
        None => Err(Error::usage("needs-yes", format!("deleting `{name}` needs `--yes`"))),
    }
}

/// Deletes what a record holds, to the end; the database's row stays. `false`: somebody else wrote
/// the record first, nothing was done, and everything is to be looked at again.
///
/// # Errors
/// What could not be deleted; the record then still covers it.
#[expect(clippy::too_many_arguments, reason = "each is one of the things a deletion is about")]
pub async fn carry_out(
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
        if let Some(keeper) = &keeper {
            keeper.write(record, false).await?;
        }
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
        return result.map(|()| true);
    }
    let left =
        home::leave(session, target, &api, &record, keeper.as_ref(), deadline, operation).await;
    if let Err(error) = left {
        // The next one is let through at once; a record that went with its namespace holds nobody.
        if let Some(keeper) = keeper.filter(|_| error.kind != ErrorKind::Locked) {
            let _ = keeper.write(record, false).await;
        }
        return Err(error);
    }
    operation.instance.outcome = Some("deleted".to_owned());
    Ok(true)
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
        Err(error) if error.code == "namespace-terminating" => Ok(Intent::NoPlace),
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
    let mut going = Vec::new();
    let mut kept = Vec::new();
    let mut foreign = Vec::new();
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
        action: Action::Delete,
        wait: !options.no_wait,
        delete_crds: options.delete_crds,
    };
    let fates = remover.remove(&going, deadline).await?;
    let mut failures: Vec<Error> = Vec::new();
    let mut gone: HashSet<ObjectId> = HashSet::new();
    let entries: HashMap<&ObjectId, &Entry> =
        going.iter().map(|entry| (&entry.id, entry)).collect();
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
        record.inventory.retain(|entry| {
            entry.id.is("", "Namespace")
                || (live.contains_key(&entry.id) && !gone.contains(&entry.id))
        });
    }
    match failures.len() {
        0 => Ok(()),
        1 => Err(failures.remove(0)),
        count => {
            Err(Error::failed("delete-failed", format!("{count} objects could not be deleted"))
                .causes(failures.iter().map(ToString::to_string))
                .hint(format!("the next `workloadctl delete {name}` goes on")))
        }
    }
}

/// Says of an object of the inventory that it stays, and why.
fn leave(operation: &mut Operation, entry: &Entry, why: &str) {
    operation.remarks.push(format!("{} stays: {why}", entry.id));
    let fate = Fate::Left(why.to_owned());
    operation.objects.push(view(&entry.id, Some(entry), &fate));
}

fn view(id: &ObjectId, entry: Option<&Entry>, fate: &Fate) -> ObjectView {
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
    }
}
