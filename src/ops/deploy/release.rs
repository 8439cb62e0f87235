//! A release from the intent to its outcome: apply, wait, prune, record.

use std::{
    collections::{HashMap, HashSet},
    time::Instant,
};

use super::{answer::Answer, intent::Begun, prepare::Prepared};
use crate::{
    cluster::{
        fence::{self, Fence, Moment},
        record::Keeper,
    },
    ops::{
        options::{DeployOptions, PruneWhen},
        removal::{Fate, Remover},
        report::Event,
        rollout::{End, Node, Observer, Rollout},
        session::Session,
        write::Writer,
    },
    workload::{
        error::{Error, ErrorKind, Result},
        instance::{Observed, Status},
        object::ObjectId,
        plan::Item,
        record::{Entry, Record},
        release::{Action, Deed, Outcome},
        template,
    },
};

/// Carries a begun release to its outcome.
///
/// # Errors
/// What kept it from being ready; the outcome is recorded all the same.
pub async fn run(
    session: &Session<'_>,
    options: &DeployOptions,
    prepared: &Prepared,
    begun: Begun,
    deadline: Option<Instant>,
    answer: &mut Answer,
) -> Result<()> {
    let Begun { keeper, release, namespace } = begun;
    answer.release(&release);
    session.reporter.report(
        options.name.as_str(),
        Event::Planned { changes: answer.changes(), objects: answer.objects() },
    );
    let work = async {
        let mut carried = Carried::new(prepared);
        if let Some(written) = namespace {
            let object = written.entry.id.clone();
            let done = Event::Done { object, action: written.action };
            session.reporter.report(options.name.as_str(), done);
            carried.take(written.entry);
        }
        let result =
            carry(session, options, prepared, &keeper, deadline, &mut carried, answer).await;
        (carried, result)
    };
    // The holder is renewed beside the work, for as long as the work takes.
    let (carried, result) = tokio::select! {
        done = work => done,
        lost = keeper.keep() => return Err(lost),
    };
    let outcome = outcome_of(&result, options.no_wait);
    answer.left_for_later(&carried.inventory());
    let recorded = record_outcome(session, options, &keeper, carried, outcome, answer).await;
    answer.outcome(match (&result, outcome) {
        (Err(error), _) if error.kind == ErrorKind::Refused => "refused",
        _ => outcome.word(),
    });
    match recorded {
        // Whatever else went wrong: another goes on, and what we did not manage is not the news.
        Err(lost) if lost.kind == ErrorKind::Locked => Err(lost),
        recorded => result.and(recorded),
    }
}

/// What the inventory has become.
struct Carried {
    entries: Vec<Option<Entry>>,
    index: HashMap<ObjectId, usize>,
    deeds: Vec<Deed>,
}

impl Carried {
    fn new(prepared: &Prepared) -> Self {
        let mut carried = Self { entries: Vec::new(), index: HashMap::new(), deeds: Vec::new() };
        for entry in prepared.plan.inventory() {
            carried.take(entry);
        }
        carried
    }

    fn inventory(&self) -> Vec<Entry> {
        self.entries.iter().flatten().cloned().collect()
    }

    fn get_mut(&mut self, id: &ObjectId) -> Option<&mut Entry> {
        self.entries[*self.index.get(id)?].as_mut()
    }

    fn take(&mut self, entry: Entry) {
        let index = *self.index.entry(entry.id.clone()).or_insert(self.entries.len());
        if index == self.entries.len() {
            self.entries.push(None);
        }
        self.entries[index] = Some(entry);
    }

    fn drop(&mut self, id: &ObjectId) {
        if let Some(index) = self.index.get(id) {
            self.entries[*index] = None;
        }
    }
}

async fn carry(
    session: &Session<'_>,
    options: &DeployOptions,
    prepared: &Prepared,
    keeper: &Keeper,
    deadline: Option<Instant>,
    carried: &mut Carried,
    answer: &mut Answer,
) -> Result<()> {
    if options.prune == PruneWhen::Before {
        prune(session, options, prepared, keeper, deadline, carried, answer).await?;
    }
    let items = settled_items(prepared, carried);
    let api = prepared.target.api.fenced(keeper.fence());
    let writer = Writer {
        target: &prepared.target,
        api,
        manager: &prepared.manager,
        conflicts: options.conflicts,
    };
    let mut rollout = Rollout {
        session,
        target: &prepared.target,
        instance: &options.name,
        writer: &writer,
        fence: keeper.fence(),
        graph: &prepared.wish.graph,
        wait: !options.no_wait,
        deadline,
        since: prepared.target.api.connection().server_now(),
        observer: Observer::new(&prepared.target.api),
        nodes: items.iter().map(Node::new).collect(),
    };
    let end = rollout.run().await;
    take_results(session, &rollout, carried);
    answer.nodes(&rollout);
    let fine = conclude(options, &rollout, &end)?;
    debug_assert!(fine, "every other end is an error");
    for remark in stale_readers(options, &rollout) {
        answer.remark(remark);
    }
    if options.prune == PruneWhen::After {
        drop(rollout);
        prune(session, options, prepared, keeper, deadline, carried, answer).await?;
    }
    Ok(())
}

/// Names workloads that were left alone although something that their pods read has changed.
fn stale_readers(options: &DeployOptions, rollout: &Rollout<'_>) -> Vec<String> {
    let is_read = |id: &ObjectId| id.is("", "ConfigMap") || id.is("", "Secret");
    let mut remarks = Vec::new();
    for (index, node) in rollout.nodes.iter().enumerate() {
        let reader = &node.item.desired.id;
        if node.item.action != Action::Unchanged
            || template::pointer(&reader.group, &reader.kind).is_none()
        {
            continue;
        }
        let changed = rollout.graph.why(index).into_iter().map(|why| &rollout.nodes[why.from].item);
        for item in
            changed.filter(|item| item.action == Action::Update && is_read(&item.desired.id))
        {
            remarks.push(format!(
                "{reader} still runs with the old {}: deploy {} --restart",
                item.desired.id, options.name
            ));
        }
    }
    remarks
}

/// The namespace that holds the record was made before: it is not written again.
fn settled_items(prepared: &Prepared, carried: &Carried) -> Vec<Item> {
    let made: HashSet<&ObjectId> = carried
        .entries
        .iter()
        .flatten()
        .filter(|entry| entry.id.is("", "Namespace") && entry.body.is_some() && entry.uid.is_some())
        .map(|entry| &entry.id)
        .collect();
    let mut items = prepared.plan.items.clone();
    for item in &mut items {
        if item.action == Action::Create && made.contains(&item.desired.id) {
            item.action = Action::Unchanged;
        }
    }
    items
}

fn take_results(session: &Session<'_>, rollout: &Rollout<'_>, carried: &mut Carried) {
    for node in &rollout.nodes {
        let id = &node.item.desired.id;
        let completed = node.has_completed(rollout.observer.seen(id).flatten());
        if let Some(written) = &node.written {
            carried.take(Entry { completed, ..written.entry.clone() });
        } else if completed && let Some(entry) = carried.get_mut(id) {
            entry.completed = true;
        }
        if node.applied {
            carried.deeds.push(Deed {
                id: id.clone(),
                action: node.item.action,
                applied_at: node.applied_at.or_else(|| Some(session.now())),
                ready_at: node.ready_at,
            });
        }
    }
}

/// Turns the end of a rollout into success or the one error that lists everything that failed.
fn conclude(options: &DeployOptions, rollout: &Rollout<'_>, end: &End) -> Result<bool> {
    let name = &options.name;
    let unready = || {
        rollout
            .nodes
            .iter()
            .filter(|node| node.applied && !node.is_settled())
            .map(|node| format!("{}: {}", node.item.desired.id, node.why_not_ready()))
    };
    let hint = || {
        let diagnoses = rollout.nodes.iter().filter_map(|node| node.diagnosis.as_ref());
        diagnoses.filter_map(|diagnosis| diagnosis.hint.clone()).next()
    };
    let errors: Vec<&Error> = rollout.nodes.iter().filter_map(|node| node.error.as_ref()).collect();
    match end {
        End::Ready => Ok(true),
        End::Lost => Err(fence::lost()),
        End::Failed => Err(failed(rollout, &errors)),
        End::NotReady => Err(Error::new(
            ErrorKind::NotReady,
            "not-ready",
            format!("`{name}` was applied, but is not ready"),
        )
        .causes(unready())
        .hint(hint().unwrap_or_else(|| format!("`workloadctl status {name}` shows all of it")))),
        End::TimedOut if !errors.is_empty() => Err(failed(rollout, &errors)),
        End::TimedOut if rollout.nodes.iter().all(|node| node.applied) => Err(Error::new(
            ErrorKind::NotReady,
            "timeout",
            format!("out of time: `{name}` was applied, but is not ready yet"),
        )
        .causes(unready())
        .hint(format!(
            "`workloadctl status {name} --wait` goes on waiting, `--timeout` gives more time"
        ))),
        End::TimedOut => Err(Error::failed(
            "timeout",
            format!(
                "out of time: {} of {} objects of `{name}` were applied",
                rollout.applied().len(),
                rollout.nodes.len()
            ),
        )
        .causes(unready())
        .hint(format!("`workloadctl deploy {name}` goes on, `--timeout` gives more time"))),
        End::Stopped(signal) => Err(signal
            .error(format!(
                "stopped: {} of {} objects of `{name}` are applied",
                rollout.applied().len(),
                rollout.nodes.len()
            ))
            .hint(format!(
                "`workloadctl deploy {name}` goes on, `workloadctl delete {name}` removes it"
            ))),
    }
}

/// Makes one error of everything that could not be applied, and of what was left out for it.
fn failed(rollout: &Rollout<'_>, errors: &[&Error]) -> Error {
    let skipped: Vec<String> = rollout
        .nodes
        .iter()
        .filter(|node| node.skipped)
        .map(|node| node.item.desired.id.to_string())
        .collect();
    let mut error = match errors {
        [one] => (*one).clone(),
        [] => Error::failed("failed", "the release failed"),
        [first, ..] => {
            let kind = errors
                .iter()
                .map(|error| error.kind)
                .min_by_key(|kind| kind.rank())
                .unwrap_or(ErrorKind::Failed);
            let all =
                Error::new(kind, first.code, format!("{} objects were not applied", errors.len()));
            let all = match errors.iter().find_map(|error| error.hint.clone()) {
                Some(hint) => all.hint(hint),
                None => all,
            };
            all.causes(errors.iter().map(|error| error.to_string()))
        }
    };
    if !skipped.is_empty() {
        error = error.cause(format!("left out, since they need it: {}", skipped.join(", ")));
    }
    error
}

/// Removes what left the definition. Begins with a renewal: nothing is deleted by a process that
/// does not surely hold the instance.
async fn prune(
    session: &Session<'_>,
    options: &DeployOptions,
    prepared: &Prepared,
    keeper: &Keeper,
    deadline: Option<Instant>,
    carried: &mut Carried,
    answer: &mut Answer,
) -> Result<()> {
    if prepared.plan.removals.is_empty() {
        return Ok(());
    }
    keeper.renew().await?;
    session.reporter.report(options.name.as_str(), Event::Phase("pruning"));
    let mut going = Vec::new();
    for removal in &prepared.plan.removals {
        if removal.keep {
            let note = format!("{} stays: it asks to be kept", removal.entry.id);
            session.reporter.report(options.name.as_str(), Event::Note(note));
        } else {
            going.push(Entry { uid: Some(removal.uid.clone()), ..removal.entry.clone() });
        }
    }
    let remover = Remover {
        session,
        target: &prepared.target,
        api: prepared.target.api.fenced(keeper.fence()),
        instance: &options.name,
        manager: &prepared.manager,
        action: Action::Prune,
        wait: !options.no_wait,
        delete_crds: false,
    };
    let mut failures = Vec::new();
    for (id, fate) in remover.remove(&going, deadline).await? {
        match fate {
            Fate::Removed => {
                carried.deeds.push(Deed {
                    id: id.clone(),
                    action: Action::Prune,
                    applied_at: Some(session.now()),
                    ready_at: None,
                });
                carried.drop(&id);
            }
            Fate::Left(why) => {
                answer.remark(format!("{id} stays: {why}"));
                carried.drop(&id);
            }
            Fate::Failed(error) => failures.push(*error),
        }
    }
    match failures.len() {
        0 => Ok(()),
        1 => Err(failures.remove(0)),
        count => {
            Err(Error::failed("prune-failed", format!("{count} objects could not be removed"))
                .causes(failures.iter().map(ToString::to_string)))
        }
    }
}

fn outcome_of(result: &Result<()>, no_wait: bool) -> Outcome {
    match result {
        Ok(()) if no_wait => Outcome::Applied,
        Ok(()) => Outcome::Ready,
        Err(error) => match error.kind {
            ErrorKind::Interrupted | ErrorKind::Terminated => Outcome::Interrupted,
            _ if error.code == "timeout" => Outcome::TimedOut,
            ErrorKind::NotReady => Outcome::NotReady,
            _ => Outcome::Failed,
        },
    }
}

/// Writes the outcome to the cluster, then to the database.
async fn record_outcome(
    session: &Session<'_>,
    options: &DeployOptions,
    keeper: &Keeper,
    carried: Carried,
    outcome: Outcome,
    answer: &mut Answer,
) -> Result<()> {
    let mut record: Record = keeper.record().await;
    record.inventory = carried.inventory();
    let ended_at = session.now();
    if let Some(newest) = &mut record.newest {
        newest.release.outcome = outcome;
        newest.release.ended_at = Some(ended_at);
        if matches!(outcome, Outcome::Ready | Outcome::Applied) {
            record.last_good = None;
        }
    }
    let written = keeper.write(record, false).await;
    if keeper.fence().is_lost() {
        return written;
    }
    let status = match outcome {
        Outcome::Ready => Status::Healthy,
        Outcome::Applied | Outcome::InFlight => Status::Reconciling,
        Outcome::NotReady | Outcome::TimedOut | Outcome::Failed | Outcome::Interrupted => {
            Status::Unhealthy
        }
    };
    let observed = Observed { status, reason: reason_of(outcome).to_owned(), at: ended_at };
    answer.observed(&observed);
    let mut store = session.store.lock().expect("no holder of the store panics");
    store.end_release(&options.name, keeper.id(), outcome, ended_at, &carried.deeds)?;
    store.set_observed(&options.name, &observed)?;
    drop(store);
    written
}

fn reason_of(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Ready => "everything is ready",
        Outcome::Applied => "applied; nobody has waited for it",
        Outcome::InFlight => "a release is under way",
        Outcome::NotReady => "the last release did not become ready",
        Outcome::TimedOut => "the last release ran out of time",
        Outcome::Failed => "the last release failed",
        Outcome::Interrupted => "the last release was interrupted",
    }
}

/// Waits for an unchanged instance that nobody has seen ready.
///
/// # Errors
/// Code 3 where it does not become ready.
pub async fn wait_only(
    session: &Session<'_>,
    options: &DeployOptions,
    prepared: &Prepared,
    deadline: Option<Instant>,
    answer: &mut Answer,
) -> Result<()> {
    // Nothing is written: the fence is only there to be passed by nobody.
    let fence = Fence::new(Moment::now(), prepared.target.api.request_timeout());
    let writer = Writer {
        target: &prepared.target,
        api: prepared.target.api.clone(),
        manager: &prepared.manager,
        conflicts: options.conflicts,
    };
    let mut rollout = Rollout {
        session,
        target: &prepared.target,
        instance: &options.name,
        writer: &writer,
        fence: &fence,
        graph: &prepared.wish.graph,
        wait: true,
        deadline,
        since: prepared.target.api.connection().server_now(),
        observer: Observer::new(&prepared.target.api),
        nodes: prepared.plan.items.iter().map(Node::new).collect(),
    };
    let end = rollout.run().await;
    answer.nodes(&rollout);
    conclude(options, &rollout, &end)?;
    let observed = Observed {
        status: Status::Healthy,
        reason: reason_of(Outcome::Ready).to_owned(),
        at: session.now(),
    };
    answer.observed(&observed);
    session
        .store
        .lock()
        .expect("no holder of the store panics")
        .set_observed(&options.name, &observed)
}
