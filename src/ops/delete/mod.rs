//! `delete` is a deploy of nothing: the intent is recorded, the objects go wave by wave, the
//! namespace and with it the record go last, and the database forgets at the very end.

mod execute;
mod forget;
mod namespaces;

use std::time::Instant;

pub(crate) use execute::carry_out;
use execute::{leave, view};
pub(super) use namespaces::remaining;

use super::{
    brought, fixed,
    locate::{self, Located, Search},
    lock::{self, Held},
    options::DeleteOptions,
    session::Session,
    target::{Target, choose},
    view::{InstanceView, Operation},
};
use crate::workload::{
    error::{Code, Error, ErrorKind, Result},
    instance::Instance,
    name::InstanceName,
    record::Record,
};

/// Deletes one instance. A failure is in the answer.
pub(crate) async fn run(session: &Session<'_>, options: &DeleteOptions) -> Operation {
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
const NOT_FOUND: Code = Code::NoSuchInstance;

async fn delete(
    session: &Session<'_>,
    options: &DeleteOptions,
    started: Instant,
    operation: &mut Operation,
) -> Result<()> {
    let name = &options.name;
    if !session.ask.can_answer() {
        return Err(Error::usage(
            Code::NeedsYes,
            format!("deleting `{name}` needs `--yes` where nobody can be asked"),
        )
        .hint(format!("workloadctl delete {name} --yes")));
    }
    let stored = stored(session, name)?;
    let hinted = |error: Error| match (&stored, error.kind) {
        _ if error.code == Code::OtherCluster => fixed::without_flag(error, name, stored.is_some()),
        (Some(_), ErrorKind::Runtime) if error.code != Code::ContextGone => error
            .hint(format!("if the cluster is gone for good: `workloadctl delete {name} --forget`")),
        _ => error,
    };
    let until = started + options.lock_wait;
    let choice = match choose(session, stored.as_ref()) {
        Ok(choice) => choice,
        Err(error) => {
            let error = if_never_deployed(session, stored.as_ref(), error).map_err(hinted)?;
            let held = Held::acquire(session, name, until).await?;
            return drop_row(session, name, held, error, operation);
        }
    };
    operation.instance.runtime = Some(choice.runtime.to_string());
    let mut held = Held::acquire(session, name, until).await?;
    let mut target = match Target::connect(session, &choice.runtime).await {
        Ok(target) => target,
        Err(error) => {
            let error = if_never_deployed(session, stored.as_ref(), error).map_err(hinted)?;
            return drop_row(session, name, held, error, operation);
        }
    };
    let mut confirmed = false;
    loop {
        let found = tokio::select! {
            found = look(session, &mut target, name, stored.as_ref(), &held, until) => found,
            signal = session.stop.wait() => return Err(signal.error("stopped; nothing was deleted")),
        };
        let located = match found {
            Ok(located) => {
                if let Some(stored) = &stored {
                    fixed::check(session, stored, &choice, &target, &located)?;
                }
                located
            }
            Err(error) => {
                let error = if_never_deployed(session, stored.as_ref(), error).map_err(hinted)?;
                return drop_row(session, name, held, error, operation);
            }
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

/// A row that was never deployed has nothing on a cluster that cannot be asked: gives back why it
/// cannot be.
///
/// # Errors
/// That failure, where the row was deployed, there is none, or the failure is of another kind.
fn if_never_deployed(
    session: &Session<'_>,
    stored: Option<&Instance>,
    error: Error,
) -> Result<Error> {
    let unasked = error.kind == ErrorKind::Runtime || error.code == Code::Forbidden;
    let Some(stored) = stored.filter(|_| unasked) else { return Err(error) };
    let store = session.store.lock().expect("no holder of the store panics");
    if store.latest_release(&stored.name)?.is_none() { Ok(error) } else { Err(error) }
}

/// Deletes the row alone.
fn drop_row(
    session: &Session<'_>,
    name: &InstanceName,
    held: Held,
    why: Error,
    operation: &mut Operation,
) -> Result<()> {
    forget_row(session, name)?;
    held.end();
    operation.warnings.push(why.to_string());
    operation.instance.outcome = Some("deleted".to_owned());
    operation.remarks.push(format!("`{name}` was never deployed; its cluster was not asked"));
    Ok(())
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
    let brought = brought::by_stored(session, stored)?;
    let places = locate::candidates(session.namespace.as_deref(), stored, &brought, name);
    let search = Search {
        instance: name,
        stored: here,
        namespaces: &places,
        new_cluster: false,
        lenient: false,
    };
    let mut told = false;
    let mut located = loop {
        let located = locate::locate(session, target, search).await?;
        let now = target.api.connection().server_now();
        let holder = located
            .found
            .as_ref()
            .and_then(|found| found.held_by(now, &held.releases))
            .map(|holder| lock::name_of(holder, now));
        match holder {
            Some(holder) => lock::wait(session, name, &holder, until, &mut told).await?,
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
        Some(false) => Err(Error::failed(Code::AnsweredNo, "answered no; nothing was deleted")),
        None => Err(Error::usage(Code::NeedsYes, format!("deleting `{name}` needs `--yes`"))),
    }
}
