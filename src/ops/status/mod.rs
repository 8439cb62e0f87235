//! `status`: the truth from the clusters, runtimes side by side, writing nothing but what was
//! seen.

mod configuration;
mod drift;
mod going;
mod objects;
mod observed;
mod queue;
mod records;
mod remembered;

use std::time::{Duration, Instant};

use going::{is_home_going, what_holds_up};
use objects::{SeenObject, judge_objects, neighbours};
use observed::{known_release, observe, take_status};
use queue::{Silence, look_at_all};
pub(crate) use records::on_runtime;
use remembered::Remembered;

use super::{
    fixed,
    locate::{self, Located, Search},
    recover,
    runtime_choice::choose_of,
    session::Session,
    survey::{Depth, Survey},
    target::Target,
    view::{FailedRelease, Operation, OperationOutcome},
};
use crate::store::InstanceFilter;
use crate::workload::{
    error::{Code, Error, ErrorKind, Result},
    instance::{Instance, Status},
    name::InstanceName,
    object::ObjectId,
    readiness::Window,
    record::Entry,
    release::Outcome,
    sent_bodies::SentBodies,
    status::{InstanceFacts, JudgedObject},
};

/// How long one runtime is waited for, where `--request-timeout` does not say.
const PATIENCE: Duration = Duration::from_secs(5);

/// How much is told of what others changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DriftDetail {
    /// Which fields, at no request more.
    Fields,
    /// Their values too, at one GET for each object that differs.
    Values,
}

/// An instance, and from where it is looked for.
struct Wanted<'a> {
    session: &'a Session<'a>,
    name: InstanceName,
    /// Whether the user named it.
    named: bool,
}

/// Judges instances, each place with those that are looked for there: those named, or all that the
/// database knows. So many of a runtime at once. What befell one is in its answer; the order is that
/// of the names.
pub(crate) async fn of(
    places: &[(Session<'_>, Vec<InstanceName>)],
    detail: DriftDetail,
    width: usize,
) -> Vec<Operation> {
    let mut wanted = Vec::new();
    for (session, names) in places {
        let names = match &**names {
            [] => session.store().instances(&InstanceFilter::default()).map(|all| {
                all.into_iter().map(|instance| (instance.name, false)).collect::<Vec<_>>()
            }),
            names => Ok(names.iter().map(|name| (name.clone(), true)).collect()),
        };
        match names {
            Ok(names) => {
                wanted.extend(names.into_iter().map(|(name, named)| Wanted {
                    session,
                    name,
                    named,
                }));
            }
            Err(error) => return vec![Operation { error: Some(error), ..Operation::default() }],
        }
    }
    let look = async |wanted: &Wanted<'_>, silence: &Silence| one(wanted, detail, silence).await;
    look_at_all(&wanted, width, Wanted::runtime, look).await
}

impl Wanted<'_> {
    /// Tells by which runtime it is looked for; what is wrong with that the look tells.
    fn runtime(&self) -> Option<String> {
        let stored = || Some(self.session.store().instance(&self.name).ok()??.runtime);
        self.session.runtime.clone().or_else(stored)
    }
}

async fn one(wanted: &Wanted<'_>, detail: DriftDetail, silence: &Silence) -> Operation {
    let Wanted { session, name, named } = wanted;
    let look = async |operation: &mut Operation| look(session, name, detail, operation).await;
    answered(session, (name, *named), silence, look).await
}

/// Looks at an instance for a limited time, and turns a failure into a status.
async fn answered(
    session: &Session<'_>,
    (name, named): (&InstanceName, bool),
    silence: &Silence,
    look: impl AsyncFnOnce(&mut Operation) -> Result<()>,
) -> Operation {
    let started = Instant::now();
    let mut operation = Operation::of(name);
    let limit = session.request_timeout.filter(|limit| !limit.is_zero()).unwrap_or(PATIENCE);
    let looked = async {
        match silence.broken() {
            Some(error) => Err(error),
            None => look(&mut operation).await,
        }
    };
    let result = tokio::time::timeout(limit, looked).await.unwrap_or_else(|_| {
        Err(Error::runtime(Code::Timeout, format!("no answer within {} s", limit.as_secs_f64()))
            .hint("`--request-timeout` gives more time"))
    });
    silence.hear(&result);
    if let Err(error) = result {
        operation.instance.describe_status(Status::Error, error.to_string(), session.now());
        let is_refused = matches!(error.kind, ErrorKind::Refused | ErrorKind::Usage);
        operation.instance.outcome = Some(match is_refused {
            true => OperationOutcome::Refused,
            false => Outcome::of_failure(&error).into(),
        });
        // A table tells it in its row; a named instance that cannot be asked is a failure of its
        // runtime, also where a right is missing (docs/cli.md, Status).
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

async fn look(
    session: &Session<'_>,
    name: &InstanceName,
    detail: DriftDetail,
    operation: &mut Operation,
) -> Result<()> {
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
    let choice = choose_of(session, name, stored.as_ref())?;
    operation.instance.runtime = Some(choice.runtime.to_string());
    let mut target = Target::connect_within(session, &choice.runtime, PATIENCE).await?;
    let places = locate::places_of(session, stored.as_ref(), name)?;
    let search = Search::of(name, stored.as_ref(), &places);
    let mut located = locate::locate(session, &mut target, search)
        .await
        .map_err(|error| fixed::hint_new_cluster(error, name, stored.is_some()))?;
    if let Some(stored) = &stored
        // A renamed context is followed here as by a deploy (docs/design.md, The right cluster).
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
        recover_deployed(session, &mut target, &mut located, &places, name, stored.as_ref())
            .await?;
    }
    operation.instance.cluster_uid.clone_from(&target.cluster_uid);
    let Some(record) = located.record() else {
        return nothing(session, name, stored.as_ref(), operation);
    };
    target.know_kinds_of(&record.inventory).await?;
    judge_all(session, &target, &located, detail, operation).await?;
    if located.found.is_some() {
        locate::follow(session, &target, record)?;
    }
    observe(session, name, &operation.instance)
}

/// A lost record is looked for where the database says that there was a release, and where it
/// knows nothing at all.
async fn recover_deployed(
    session: &Session<'_>,
    target: &mut Target,
    located: &mut Located,
    places: &[String],
    name: &InstanceName,
    stored: Option<&Instance>,
) -> Result<()> {
    // Of a row that was never deployed nothing can be live; looking for it costs a list of every
    // kind.
    let deployed = stored.is_none() || known_release(session, name)?.is_some();
    match places.first() {
        Some(home) if deployed => recover::recover(session, target, located, home, name).await,
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
    let Some(stored) = stored else {
        return Err(locate::instance_not_found(
            session,
            name,
            operation.instance.runtime.as_deref(),
        ));
    };
    // Its last objects went after the command that deletes it had given up.
    if stored.observed.as_ref().is_some_and(|seen| seen.status == Status::Deleting) {
        let reason = format!(
            "its deletion was begun and nothing of it is on the cluster any more: `workloadctl \
             delete {name}` ends it"
        );
        operation.instance.describe_status(Status::Deleting, reason, session.now());
    } else if known_release(session, name)?.is_some() {
        let reason = "nothing of it is on the cluster any more: somebody deleted it".to_owned();
        operation.instance.describe_status(Status::Unhealthy, reason, session.now());
    } else {
        take_status(session, &InstanceFacts::default(), operation);
    }
    observe(session, name, &operation.instance)
}

async fn judge_all(
    session: &Session<'_>,
    target: &Target,
    located: &Located,
    detail: DriftDetail,
    operation: &mut Operation,
) -> Result<()> {
    let Some(record) = located.record() else { return Ok(()) };
    let mut wanted: Vec<Entry> =
        // What left the definition and waits to be pruned says nothing about its health.
        record.inventory.iter().filter(|entry| entry.wanted).cloned().collect();
    let mut remembered = Remembered::default();
    if record.newest.is_none() {
        remembered = Remembered::read(session, &record.instance)?;
        remembered.add_to(session, &record.instance, &mut wanted)?;
    }
    let survey = Survey { depth: Depth::State, ..Survey::of(target, &record.instance, &wanted) };
    let live = survey.look().await?;
    // A hook that is gone has had its turn.
    wanted.retain(|entry| !entry.hook || live.has(&entry.id));
    let around = neighbours(target, &live).await;
    let now = target.api.connection().server_now();
    let window = Window::present(&target.runtime, now);
    let sent = SentBodies::new(record, &target.kinds);
    let meant = |id: &ObjectId| remembered.meant(&sent, id);
    let mut judged = judge_objects(record, &wanted, meant, &live, &around, &window);
    // A release that went well has its hooks behind it, also one that ran none.
    let is_good = record.newest.as_ref().is_some_and(|newest| newest.release.outcome.is_good());
    judged.retain(|(seen, _)| !(seen.entry.hook && is_good) || seen.verdict.is_ready());
    let (judged, views): (Vec<_>, Vec<_>) = judged.into_iter().unzip();
    operation.objects.extend(views);
    operation.remarks = configuration::remarks(record, &live, &around);
    let instance = &mut operation.instance;
    instance.describe_record(record);
    let release = match &record.newest {
        Some(newest) => {
            instance.outcome = Some(newest.release.outcome.into());
            instance.overrides = newest.release.overrides.clone();
            instance.failure = FailedRelease::of(&newest.release);
            Some((newest.release.number, newest.release.outcome))
        }
        None => known_release(session, &record.instance)?,
    };
    let seen: Vec<JudgedObject<'_>> = judged
        .iter()
        .map(|SeenObject { entry, verdict, pods }| JudgedObject {
            id: &entry.id,
            verdict,
            pods: *pods,
        })
        .collect();
    let facts = InstanceFacts {
        // A record made anew from live objects has no release: something is there all the same.
        release: release.or(Some((0, Outcome::Applied))),
        why: record.newest.as_ref().and_then(|newest| newest.release.reason.as_deref()),
        // Its own holder is nobody here: reading commands take no lock, so that every living one is
        // somebody else.
        running: located.found.as_ref().is_some_and(|found| found.held_by(now, &[]).is_some()),
        lost: false,
        doubt: located.doubt.as_deref(),
        error: None,
        // A record may go before the namespace that it lies in.
        deleting: record.deleting || is_home_going(record, &live),
        held: &what_holds_up(&live),
        objects: &seen,
    };
    // What is being written or deleted differs on purpose.
    if !facts.running && !facts.deleting {
        drift::tell(target, &sent, &judged, &live, detail, operation).await;
    }
    take_status(session, &facts, operation);
    Ok(())
}
