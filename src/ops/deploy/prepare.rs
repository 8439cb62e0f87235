//! Everything before the first write: which runtime, which record, what is wanted, and the plan.

use std::{
    collections::{HashMap, HashSet},
    time::Instant,
};

use serde_json::Value;

use super::{
    answer::Answer,
    note,
    references::warn_of_missing,
    wish::{self, Source, Wish},
};
use crate::{
    cluster::record::{self, Found},
    ops::{
        holding::{self, Held},
        locate::{self, Ground, Located},
        options::DeployOptions,
        planning::Planning,
        report::Event,
        session::Session,
        target::{Choice, ChosenBy, Target, choose},
    },
    workload::{
        error::{Error, Result},
        instance::{Instance, NamespaceMode},
        object::ObjectId,
        ownership::{manager, other_instances},
        plan::Plan,
        record::{Deployed, Entry, Record},
        release::Outcome,
    },
};

/// Locks the instance on this machine.
///
/// # Errors
/// Code 6, naming the holder.
pub async fn lock(
    session: &Session<'_>,
    options: &DeployOptions,
    started: Instant,
) -> Result<Held> {
    // Nothing is locked for a runtime that cannot be chosen.
    let stored =
        session.store.lock().expect("no holder of the store panics").instance(&options.name)?;
    choose(session, stored.as_ref())?;
    Held::acquire(session, &options.name, started + options.lock_wait).await
}

/// What a preparation is for.
#[derive(Debug, Clone)]
pub enum Purpose {
    /// Only to be shown: the server is asked about every write, nothing is locked.
    Rehearse,
    /// To be deployed.
    Deploy {
        /// The releases of dead predecessors on this machine.
        dead: Vec<String>,
        /// Until when to wait for another holder.
        until: Instant,
    },
}

/// All that is known before the first write.
pub struct Prepared {
    /// What chose the runtime.
    pub choice: Choice,
    /// The runtime.
    pub target: Target,
    /// The instance as the database had it.
    pub stored: Option<Instance>,
    /// The record as it was read.
    pub found: Option<Found>,
    /// The record: read, rebuilt, or new.
    pub record: Record,
    /// Whether the runtime's cluster was created again.
    pub new_cluster: bool,
    /// The content.
    pub source: Source,
    /// What is wanted.
    pub wish: Wish,
    /// The field manager.
    pub manager: String,
    /// The plan.
    pub plan: Plan,
    /// Namespaces that are not there yet.
    pub absent: HashSet<String>,
    /// Whether the database knew of a release of this instance.
    pub known_here: bool,
}

impl Prepared {
    /// Prepares a deploy.
    ///
    /// # Errors
    /// Every refusal and every failed read; nothing was written.
    pub async fn make(
        session: &Session<'_>,
        options: &DeployOptions,
        purpose: Purpose,
        answer: &mut Answer,
    ) -> Result<Self> {
        let name = &options.name;
        let stored = session.store.lock().expect("no holder of the store panics").instance(name)?;
        let choice = choose(session, stored.as_ref())?;
        answer.at(&choice.runtime);
        let mut target = Target::connect(session, &choice.runtime).await?;
        let here = stored.as_ref().filter(|stored| stored.runtime == choice.runtime.to_string());
        let brought = match &options.given {
            Some(given) => wish::brought_namespaces(&given.content),
            None => stored_namespaces(session, options, stored.as_ref())?,
        };
        let places =
            locate::candidates(session.namespace.as_deref(), stored.as_ref(), &brought, name);
        let mut located = free(session, options, &purpose, &mut target, here, &places).await?;
        if let Some(stored) = &stored {
            check_moves(session, options, stored, &choice, &located)?;
        }
        if located.new_cluster {
            note(
                session,
                options,
                format!("{} was created again; deploying {name} anew", choice.runtime),
            );
        }
        let stored = stored.filter(|_| !located.new_cluster || options.given.is_none());
        let stored_here = stored.as_ref().filter(|_| !located.new_cluster);
        // Live objects of ours may be there without a record.
        let home = places.first().cloned().unwrap_or_else(|| name.to_string());
        let releases =
            session.store.lock().expect("no holder of the store panics").latest_release(name)?;
        let ground = match &located.found {
            Some(_) => None,
            None => Some(locate::ground(&target, &home, name).await?),
        };
        let deployed_before = releases.is_some() && stored_here.is_some();
        if located.found.is_none()
            && (deployed_before
                || matches!(
                    ground,
                    Some(Ground::Ours | Ground::Shared | Ground::Terminating(true))
                ))
        {
            locate::recover(session, &mut target, &mut located, &home, name).await?;
        }
        let known_here = releases.is_some();
        let source =
            wish::source(session, options, stored_here.or(stored.as_ref()), located.record())?;
        if let Some(rebuilt) = &mut located.rebuilt {
            settle_mode(rebuilt, &source);
        }
        let record = located.record().cloned();
        let overrides =
            wish::overrides_of(session, options, stored.as_ref(), record.as_ref(), session.now())?;
        let fixed =
            wish::fixed(stored_here, &located).map(|(mode, place)| (mode, place.to_owned()));
        let fixed = fixed.as_ref().map(|(mode, place)| (*mode, place.as_str()));
        let wish =
            wish::render(session, options, &mut target, &source.content, overrides, fixed).await?;
        warn(session, options, answer, &wish.warnings);
        let absent = check_ground(&target, options, &wish, &home, ground, record.is_some()).await?;
        if let Some(record) = &record {
            target.know_kinds_of(&record.inventory).await?;
        }
        let manager = manager(&wish.namespace, name.as_str());
        let planning = Planning {
            target: &target,
            instance: name,
            manager: &manager,
            record: record.as_ref(),
            desired: wish.desired.clone(),
            absent: &absent,
            adopt: options.adopt,
            replace: &wish.replace,
            conflicts: options.conflicts,
            rehearse: matches!(purpose, Purpose::Rehearse),
        };
        let (plan, live) = planning.make().await?;
        refuse_second_own(&target, &wish, &source, &manager, &live).await?;
        let missing = warn_of_missing(&target, &wish, &plan, &absent).await;
        warn(session, options, answer, &missing);
        let mut record = record.unwrap_or_else(|| Record::new(&wish.namespace, name, wish.mode));
        record.cluster_uid.clone_from(&target.cluster_uid);
        let Located { found, rebuilt: _, new_cluster } = located;
        Ok(Self {
            choice,
            target,
            stored,
            found,
            record,
            new_cluster,
            source,
            wish,
            manager,
            plan,
            absent,
            known_here,
        })
    }

    /// Gives the newest release that the record knows.
    #[must_use]
    pub fn newest(&self) -> Option<&Deployed> {
        self.record.newest.as_ref()
    }

    /// Tells whether a release is to be made: revision, overrides or any object changes, or the
    /// last one was neither ready nor applied.
    #[must_use]
    pub fn needs_release(&self) -> bool {
        let Some(newest) = self.newest() else { return true };
        let release = &newest.release;
        self.plan.has_changes()
            || self.record.deleting
            || release.digest != self.source.revision.digest
            || release.overrides != self.wish.overrides
            || !matches!(release.outcome, Outcome::Ready | Outcome::Applied)
    }

    /// Records the no-op data that dry runs renewed, if somebody did not write meanwhile.
    pub async fn note_seen(&self) {
        let Some(found) = &self.found else { return };
        let mut record = self.record.clone();
        record.inventory = self.plan.inventory();
        let before: HashMap<&ObjectId, &Entry> =
            self.record.inventory.iter().map(|entry| (&entry.id, entry)).collect();
        if record.inventory.len() == before.len()
            && record.inventory.iter().all(|entry| before.get(&entry.id) == Some(&entry))
        {
            return;
        }
        record::note(&self.target.api, found, &record).await;
    }

    /// Lets the database follow where nothing changed: it may lack the instance altogether.
    ///
    /// # Errors
    /// Those of the database.
    pub fn store_unchanged(&self, session: &Session<'_>) -> Result<()> {
        locate::follow(session, &self.target, &self.record)?;
        self.target.remember(session)
    }
}

/// Live objects do not tell whether the definition brings the namespace; the content does.
fn settle_mode(rebuilt: &mut Record, source: &Source) {
    if wish::brought_namespaces(&source.content).contains(&rebuilt.namespace) {
        rebuilt.mode = NamespaceMode::Own;
    }
}

fn warn(session: &Session<'_>, options: &DeployOptions, answer: &mut Answer, warnings: &[String]) {
    answer.warn(warnings);
    for warning in warnings {
        session.reporter.report(options.name.as_str(), Event::Warning(warning.clone()));
    }
}

/// Reads the record, waiting for another holder to go.
async fn free(
    session: &Session<'_>,
    options: &DeployOptions,
    purpose: &Purpose,
    target: &mut Target,
    stored: Option<&Instance>,
    places: &[String],
) -> Result<Located> {
    let mut told = false;
    loop {
        let located =
            locate::locate(session, target, &options.name, stored, places, options.new_cluster)
                .await?;
        let Purpose::Deploy { dead, until } = purpose else { return Ok(located) };
        let server_now = target.api.connection().server_now();
        let held = located
            .found
            .as_ref()
            .and_then(|found| found.held_by(server_now, dead))
            .map(|holder| holding::name_of(holder, server_now));
        match held {
            Some(holder) => {
                holding::wait(session, &options.name, &holder, *until, &mut told).await?;
            }
            None => return Ok(located),
        }
    }
}

/// Checks what the flags say against what is stored.
fn check_moves(
    session: &Session<'_>,
    options: &DeployOptions,
    stored: &Instance,
    choice: &Choice,
    located: &Located,
) -> Result<()> {
    let runtime = choice.runtime.to_string();
    if choice.by == ChosenBy::Flag && stored.runtime != runtime {
        let same = located.found.as_ref().is_some_and(|found| {
            stored.cluster_uid.is_some() && found.record.cluster_uid == stored.cluster_uid
        });
        if !same && stored.namespace_mode.is_some() {
            return Err(Error::refused(
                "other-runtime",
                format!(
                    "`{}` is on runtime `{}`, not on `{runtime}`",
                    options.name, stored.runtime
                ),
            )
            .hint(format!(
                "deploy under another instance name, or `workloadctl delete {}` first",
                options.name
            )));
        }
        note(session, options, format!("`{}` is on runtime {runtime} from now on", options.name));
    }
    if let (Some(flag), Some(namespace)) = (&session.namespace, &stored.namespace)
        && flag != namespace
    {
        return Err(Error::refused(
            "other-namespace",
            format!("`{}` is in namespace {namespace}, not in {flag}", options.name),
        )
        .hint("the namespace is fixed at the first deploy: leave the flag out, or use another instance name"));
    }
    Ok(())
}

fn stored_namespaces(
    session: &Session<'_>,
    options: &DeployOptions,
    stored: Option<&Instance>,
) -> Result<Vec<String>> {
    let definition = wish::definition_name(options, stored.map(|stored| &stored.definition))?;
    let store = session.store.lock().expect("no holder of the store panics");
    Ok(match store.newest_revision(&definition, Some(&options.name))? {
        Some(revision) => wish::brought_namespaces(&store.content(&revision)?),
        None => Vec::new(),
    })
}

/// Looks at the namespaces before anything is planned; gives those that are not there.
async fn check_ground(
    target: &Target,
    options: &DeployOptions,
    wish: &Wish,
    home: &str,
    ground: Option<Ground>,
    recorded: bool,
) -> Result<HashSet<String>> {
    let mut absent = HashSet::new();
    let ground_of_record = match ground {
        Some(ground) if home == wish.namespace => Some(ground),
        Some(_) => Some(locate::ground(target, &wish.namespace, &options.name).await?),
        None => None,
    };
    match (wish.mode, ground_of_record) {
        (_, None) => {}
        (_, Some(Ground::Free)) => {
            absent.insert(wish.namespace.clone());
        }
        (_, Some(Ground::Terminating(ours)))
            if !(ours || recorded) || wish.mode == NamespaceMode::Given =>
        {
            return Err(Error::refused(
                "namespace-terminating",
                format!("namespace {} is being deleted", wish.namespace),
            )
            .object(format!("Namespace/{}", wish.namespace))
            .hint("wait until it is gone, then repeat the command"));
        }
        // Ours: what is left of it goes before it is made anew.
        (_, Some(Ground::Terminating(_))) => {
            absent.insert(wish.namespace.clone());
        }
        (NamespaceMode::Managed, Some(Ground::Foreign | Ground::Shared)) => {
            return Err(locate::namespace_taken(&wish.namespace, &options.name));
        }
        (_, Some(Ground::Foreign | Ground::Ours | Ground::Shared)) => {}
    }
    if wish.mode == NamespaceMode::Own {
        for desired in wish.desired.iter().filter(|desired| desired.id.is("", "Namespace")) {
            if desired.id.name != wish.namespace
                && locate::ground(target, &desired.id.name, &options.name).await? == Ground::Free
            {
                absent.insert(desired.id.name.clone());
            }
        }
    }
    Ok(absent)
}

/// A definition that brings its own namespaces runs once per runtime.
async fn refuse_second_own(
    target: &Target,
    wish: &Wish,
    source: &Source,
    manager: &str,
    live: &HashMap<ObjectId, Value>,
) -> Result<()> {
    if wish.mode != NamespaceMode::Own {
        return Ok(());
    }
    let id = ObjectId::new("", "Namespace", None, &wish.namespace);
    let Some(namespace) = live.get(&id) else { return Ok(()) };
    for other in other_instances(namespace, manager) {
        let Some((place, other)) =
            other.trim_start_matches(crate::workload::ownership::MANAGER_PREFIX).split_once('/')
        else {
            continue;
        };
        let Ok(other) = other.parse() else { continue };
        let Some(found) = record::read(&target.api, place, &other).await? else { continue };
        let same = found
            .record
            .newest
            .is_some_and(|deployed| deployed.release.definition == source.definition);
        if same {
            return Err(Error::refused(
                "own-namespaces-taken",
                format!(
                    "definition `{}` brings its own namespaces and runs here already, as instance `{other}`",
                    source.definition
                ),
            )
            .hint(format!(
                "take the Namespace documents out of the definition, or deploy instance `{other}`"
            )));
        }
    }
    Ok(())
}
