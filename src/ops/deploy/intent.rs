//! The intent: before a release's first write to an object, the record on the cluster covers
//! everything old and new, and this process holds the instance.

use std::time::Instant;

use super::{namespace, note, prepare::Prepared};
use crate::{
    cluster::record::{Claim, Keeper},
    ops::{
        lock::Held, options::DeployOptions, session::Session, target::confirm_choice,
        write::Written,
    },
    workload::{
        error::{Code, Error, ErrorKind, Result},
        instance::Instance,
        object::ObjectId,
        record::{Deployed, Entry, Record},
        release::{Action, Outcome, Release},
    },
};

/// Asks what has to be asked before anything is written (CLI.md, Questions).
///
/// # Errors
/// Code 1 where the answer is no; code 5 where nobody can be asked and it must not go on.
pub(super) fn ask(
    session: &Session<'_>,
    options: &DeployOptions,
    prepared: &Prepared,
) -> Result<()> {
    let runtime = &prepared.choice.runtime;
    let name = &options.name;
    let is_new = prepared.newest().is_none() && !prepared.rebuilt;
    if is_new {
        confirm_choice(session, &prepared.choice, "Deploy", name)?;
        let why = prepared.choice.why();
        note(session, options, format!("runtime {runtime}: {why}"));
        if prepared.known_here && prepared.stored.is_some() && !prepared.new_cluster {
            note(
                session,
                options,
                format!("{name} is not on the cluster any more: deploying it anew"),
            );
        }
    } else if let Some(newest) =
        prepared.newest().filter(|_| prepared.stored.is_none() || !prepared.known_here)
    {
        let release = &newest.release;
        let told = format!(
            "continuing {name}: release {}, last deployed by {} {}",
            release.number,
            release.deployer,
            ago(session, release)
        );
        let me = session.env.deployer();
        let other = (&release.deployer.user, &release.deployer.host) != (&me.user, &me.host);
        if other && session.ask.confirm(&format!("{told}. Go on?")) == Some(false) {
            return Err(said_no());
        }
        note(session, options, told);
    } else if let Some(newest) = prepared.newest() {
        tell_of_others(session, options, newest);
    }
    if let Some(newest) =
        prepared.newest().filter(|newest| newest.release.outcome == Outcome::InFlight)
    {
        note(
            session,
            options,
            format!(
                "release {} was not finished: going on from the live state",
                newest.release.number
            ),
        );
    }
    ask_about_losses(session, prepared)
}

/// Somebody else's release since ours is worth a line.
fn tell_of_others(session: &Session<'_>, options: &DeployOptions, newest: &Deployed) {
    let store = session.store.lock().expect("no holder of the store panics");
    let known = store.releases(&options.name).unwrap_or_default();
    drop(store);
    if !known.iter().any(|release| release.id == newest.release.id) {
        let release = &newest.release;
        note(
            session,
            options,
            format!(
                "{}: release {} by {}, {}",
                options.name,
                release.number,
                release.deployer,
                ago(session, release)
            ),
        );
    }
}

fn ago(session: &Session<'_>, release: &Release) -> String {
    let seconds = session.now().duration_since(release.started_at).as_secs().max(0);
    match seconds {
        0..60 => format!("{seconds} s ago"),
        60..3600 => format!("{} min ago", seconds / 60),
        3600..172_800 => format!("{} h ago", seconds / 3600),
        _ => format!("{} d ago", seconds / 86_400),
    }
}

/// Pruning or recreating what holds data is asked about.
fn ask_about_losses(session: &Session<'_>, prepared: &Prepared) -> Result<()> {
    let precious = |id: &ObjectId| {
        id.is("", "PersistentVolumeClaim")
            || id.is("", "Namespace")
            || id.is("apiextensions.k8s.io", "CustomResourceDefinition")
    };
    let removed = prepared
        .plan
        .removals
        .iter()
        .filter(|removal| !removal.keep && !removal.theirs && precious(&removal.entry.id))
        .map(|removal| removal.entry.id.to_string());
    let recreated = prepared
        .plan
        .items
        .iter()
        .filter(|item| item.action == Action::Recreate && precious(&item.desired.id))
        .map(|item| item.desired.id.to_string());
    let lost: Vec<String> = removed.chain(recreated).collect();
    if lost.is_empty() {
        return Ok(());
    }
    let list = lost.join(", ");
    match session.ask.confirm(&format!("This deletes {list}, with what they hold. Go on?")) {
        Some(true) => Ok(()),
        Some(false) => Err(said_no()),
        None => Err(Error::refused(
            Code::NeedsYes,
            format!("this would delete {list}, with what they hold"),
        )
        .hint("`--yes` allows it; an annotation `workloadctl/on-remove: keep` keeps an object")),
    }
}

fn said_no() -> Error {
    Error::failed(Code::AnsweredNo, "answered no; nothing was written")
}

/// A release that has begun.
pub(super) struct Begun {
    /// The record while we hold the instance.
    pub keeper: Keeper,
    /// The release.
    pub release: Release,
    /// The namespace of the record, if it had to be made for it.
    pub namespace: Option<Written>,
}

/// Writes the intent. `None`: somebody else wrote the record first.
///
/// # Errors
/// Whatever the server answers; time that is up or a signal before there is a namespace; code 6 where another holds the instance.
pub(super) async fn begin(
    session: &Session<'_>,
    options: &DeployOptions,
    prepared: &Prepared,
    held: &mut Held,
    deadline: Option<Instant>,
) -> Result<Option<Begun>> {
    let release = new_release(session, options, prepared)?;
    held.begin(session, &release.id)?;
    let namespace = namespace::make_in_time(session, options, prepared, deadline).await?;
    let mut record = prepared.record.clone();
    record.deleting = false;
    record.inventory = intended(prepared, namespace.as_ref());
    if let Some(newest) = record.newest.take()
        && matches!(newest.release.outcome, Outcome::Ready | Outcome::Applied)
    {
        record.last_good = Some(newest);
    }
    record.newest = Some(Deployed {
        release: release.clone(),
        objects: prepared.source.content.objects.clone(),
    });
    let claim = Claim {
        id: release.id.clone(),
        who: release.deployer.to_string(),
        command: session.command.clone(),
    };
    let keeper =
        Keeper::begin(&prepared.target.api, prepared.found.as_ref(), record.clone(), claim).await?;
    let Some(keeper) = keeper else { return Ok(None) };
    if let Err(error) = store(session, options, prepared, &record, &release) {
        // The cluster has the intent and nothing else: give it back before telling why.
        keeper.let_go(record).await?;
        return Err(error);
    }
    Ok(Some(Begun { keeper, release, namespace }))
}

fn new_release(
    session: &Session<'_>,
    options: &DeployOptions,
    prepared: &Prepared,
) -> Result<Release> {
    let here = session
        .store
        .lock()
        .expect("no holder of the store panics")
        .next_release_number(&options.name)?;
    let there = prepared.newest().map_or(1, |newest| newest.release.number + 1);
    let revision = &prepared.source.revision;
    let mut deployer = session.env.deployer();
    deployer.kubeconfig_user.clone_from(&prepared.target.api.connection().kubeconfig_user);
    Ok(Release {
        id: uuid::Uuid::now_v7().to_string(),
        number: if prepared.new_cluster || prepared.newest().is_some() { there } else { here },
        deployer,
        started_at: session.now(),
        ended_at: None,
        outcome: Outcome::InFlight,
        definition: prepared.source.definition.clone(),
        revision: revision.number,
        digest: revision.digest.clone(),
        revision_created_at: revision.created_at,
        overrides: prepared.wish.overrides.clone(),
    })
}

/// Lists everything old and new: what the release makes or keeps, and what it will remove.
fn intended(prepared: &Prepared, namespace: Option<&Written>) -> Vec<Entry> {
    let mut inventory = prepared.plan.inventory();
    if let Some(written) = namespace {
        for entry in &mut inventory {
            if entry.id == written.entry.id {
                *entry = written.entry.clone();
            }
        }
    }
    inventory
}

/// Stores definition, instance and release, all or none.
fn store(
    session: &Session<'_>,
    options: &DeployOptions,
    prepared: &Prepared,
    record: &Record,
    release: &Release,
) -> Result<()> {
    let now = session.now();
    let instance = Instance {
        name: options.name.clone(),
        definition: prepared.source.definition.clone(),
        runtime: prepared.choice.runtime.to_string(),
        namespace: Some(record.namespace.clone()),
        namespace_mode: Some(record.mode),
        cluster_uid: prepared.target.cluster_uid.clone(),
        overrides: prepared.wish.overrides.clone(),
        created_at: prepared.stored.as_ref().map_or(now, |stored| stored.created_at),
        observed: None,
    };
    let rendered: Vec<_> =
        prepared.wish.desired.iter().map(|desired| desired.body.clone()).collect();
    let mut store = session.store.lock().map_err(|_| {
        Error::new(ErrorKind::Failed, Code::Internal, "the database's connection was lost")
    })?;
    store.transaction(|store| {
        if let Some(given) = &options.given {
            let planned = &prepared.source.revision;
            store.keep_revision(planned, &given.content, Some(&options.name))?;
        }
        // The earlier releases that only the record knows come along.
        let before: Vec<Release> =
            record.last_good.iter().map(|deployed| deployed.release.clone()).collect();
        // And so does a revision that only the record has.
        let known = match &options.given {
            Some(_) => Vec::new(),
            None => {
                vec![(prepared.source.revision.clone(), prepared.source.content.clone())]
            }
        };
        store.take_in(&instance, &known, &before)?;
        store.begin_release(&options.name, release, &rendered)
    })?;
    drop(store);
    prepared.target.remember(session)
}
