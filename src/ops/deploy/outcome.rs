//! The outcome of a release: what the end of its rollout means, and where it is written.

use std::time::{Duration, Instant};

use super::{Deploy, inventory::Inventory, prepare::Prepared};
use crate::{
    cluster::{failure::Failure, record::Keeper},
    ops::{
        own_judges::{OwnJudges, own_record_rejected},
        rollout::{Rollout, RolloutEnd},
        several,
        stop::until,
        view::NOT_REACHED,
    },
    store::End,
    workload::{
        error::{Code, Error, ErrorKind, Result},
        instance::{Observed, Status},
        name::InstanceName,
        record::Record,
        release::Outcome,
    },
};

/// How long the record is tried to be written after time is up or the wish to stop. Where it could
/// not be, the next one on this machine takes over by the lock file, others when it expires.
const LAST_RECORD: Duration = Duration::from_secs(3);

/// Gives the status of an instance whose newest release ended so.
pub(super) fn status_of(outcome: Outcome) -> Status {
    match outcome {
        Outcome::Ready => Status::Healthy,
        Outcome::Applied | Outcome::InFlight => Status::Reconciling,
        Outcome::NotReady | Outcome::TimedOut | Outcome::Failed | Outcome::Interrupted => {
            Status::Unhealthy
        }
    }
}

/// Turns the end of a rollout into success or the one error that lists everything that failed.
///
/// # Errors
/// Whatever kept it from being ready.
pub(super) fn conclude(
    rollout: &Rollout<'_>,
    end: &RolloutEnd,
    returns_to: Option<u64>,
) -> Result<()> {
    let name = rollout.scope.instance;
    // What was begun is stored: it needs no source any more.
    let again = format!("`{}`", again(name, returns_to));
    let hint = || {
        let diagnoses = rollout.nodes.iter().filter_map(|node| node.diagnosis.as_ref());
        diagnoses.filter_map(|diagnosis| diagnosis.hint.clone()).next()
    };
    let errors: Vec<&Error> =
        rollout.nodes.iter().filter_map(|node| node.error.as_deref()).collect();
    match end {
        RolloutEnd::Ready => Ok(()),
        RolloutEnd::Lost => Err(rollout.scope.fence.why_lost()),
        RolloutEnd::Failed => Err(failed(rollout, &errors, returns_to)),
        RolloutEnd::LoggedOut if !errors.is_empty() => Err(failed(rollout, &errors, returns_to)),
        RolloutEnd::LoggedOut => Err(logged_out(rollout)),
        RolloutEnd::NotReady => Err(Error::new(
            ErrorKind::NotReady,
            Code::NotReady,
            format!("`{name}` was applied, but is not ready"),
        )
        .causes(unready(rollout))
        .hint(hint().unwrap_or_else(|| format!("`workloadctl status {name}` shows all of it")))),
        RolloutEnd::TimedOut if !errors.is_empty() => Err(failed(rollout, &errors, returns_to)),
        // Applied and not ready is 3, not applied is 1 (docs/cli.md, Time).
        RolloutEnd::TimedOut if rollout.nodes.iter().all(|node| node.applied) => Err(Error::new(
            ErrorKind::NotReady,
            Code::Timeout,
            format!("out of time: `{name}` was applied, but is not ready yet"),
        )
        .causes(unready(rollout))
        .causes(server_down(rollout))
        .hint(format!(
            "`workloadctl status {name} --wait` goes on waiting, `--timeout` gives more time"
        ))),
        RolloutEnd::TimedOut => Err(Error::failed(
            Code::Timeout,
            format!(
                "out of time: {} of {} objects of `{name}` were applied",
                rollout.applied(),
                rollout.objects()
            ),
        )
        .causes(left(rollout))
        .causes(server_down(rollout))
        .hint(
            hook_hint(rollout, returns_to)
                .unwrap_or_else(|| format!("{again} goes on, `--timeout` gives more time")),
        )),
        RolloutEnd::Stopped(signal) => Err(signal
            .error(format!(
                "stopped: {} of {} objects of `{name}` are applied",
                rollout.applied(),
                rollout.objects()
            ))
            .causes(left(rollout))
            .hint(format!("{again} goes on, `workloadctl delete {name}` removes it"))),
    }
}

fn logged_out(rollout: &Rollout<'_>) -> Error {
    let refused = rollout.observer.login_refused().and_then(Failure::of_the_server);
    let refused = refused.unwrap_or_else(|| Error::runtime(Code::Unauthorized, "logged out"));
    refused.while_doing(format!("cannot wait for `{}`", rollout.scope.instance))
}

/// Says what helps where what is not ready may wait for hooks that come after it: Helm without its
/// `--wait` would have run them.
fn hook_hint(rollout: &Rollout<'_>, returns_to: Option<u64>) -> Option<String> {
    let (hooks, rest): (Vec<_>, Vec<_>) =
        rollout.nodes.iter().partition(|node| node.item.desired.hook.is_some());
    let late: Vec<String> = hooks
        .iter()
        .filter(|node| !node.applied && node.error.is_none())
        .map(|node| node.item.desired.id.to_string())
        .collect();
    let is_applied = rest.iter().all(|node| node.applied);
    let is_ready = rest.iter().all(|node| node.is_ready());
    (is_applied && !is_ready && !late.is_empty()).then(|| {
        format!(
            "if what is not ready waits for hooks that come after it ({}): `{} --no-wait`",
            late.join(", "),
            again(rollout.scope.instance, returns_to)
        )
    })
}

/// Says that the server was not there any more when time was up.
fn server_down(rollout: &Rollout<'_>) -> Option<String> {
    let failure = rollout.server_down.as_ref()?;
    Some(format!("the server does not answer any more: {}", failure.message()))
}

/// Lists what is left to do: what was not applied, with its place, and why where that is known;
/// then what is not ready.
fn left(rollout: &Rollout<'_>) -> Vec<String> {
    let unwritten = rollout.nodes.iter().filter(|node| !node.applied).map(|node| {
        let why = node.verdict.as_ref().map_or(NOT_REACHED, |verdict| &*verdict.message);
        format!("{}: {why}", several::named(&node.item.desired))
    });
    several::shown(unwritten.chain(unready(rollout)).collect())
}

/// Lists what was applied and is not ready, and why.
fn unready<'a>(rollout: &'a Rollout<'_>) -> impl Iterator<Item = String> + use<'a> {
    let unready = rollout.nodes.iter().filter(|node| node.applied && !node.is_settled());
    unready.map(|node| {
        let id = &node.item.desired.id;
        format!("{id}: {}", node.why_not_ready())
    })
}

/// Makes one error of everything that could not be applied or did not become ready, and of what
/// was left out for it.
fn failed(rollout: &Rollout<'_>, errors: &[&Error], returns_to: Option<u64>) -> Error {
    let name = rollout.scope.instance;
    let skipped: Vec<String> = rollout
        .nodes
        .iter()
        .filter(|node| node.skipped)
        .map(|node| node.item.desired.id.to_string())
        .collect();
    let mut error = match errors {
        [] => Error::failed(
            Code::Failed,
            format!(
                "{} of {} objects of `{name}` were applied",
                rollout.applied(),
                rollout.objects()
            ),
        )
        .hint(hook_hint(rollout, returns_to).unwrap_or_else(|| match returns_to {
            Some(number) => goes_on(name, number),
            None => format!("`workloadctl status {name}` shows all of it"),
        })),
        errors => several::merge(errors, "were not applied"),
    };
    if let Some(number) = returns_to {
        error = error.or_hint(|| goes_on(name, number));
    }
    error = error.causes(unready(rollout));
    if !skipped.is_empty() {
        error = error.cause(format!("left out, since they need it: {}", skipped.join(", ")));
    }
    error
}

/// Gives the command that goes on with a release; a deploy would go to the newest revision, and a
/// rollback without a number to another release by now.
fn again(name: &InstanceName, returns_to: Option<u64>) -> String {
    match returns_to {
        Some(number) => format!("workloadctl rollback {name} --to {number}"),
        None => format!("workloadctl deploy {name}"),
    }
}

/// Says what a rollback that failed goes on with: a deploy would go to the newest revision.
fn goes_on(name: &InstanceName, number: u64) -> String {
    format!("`{}` goes on once that is mended", again(name, Some(number)))
}

impl Deploy<'_> {
    /// Writes the outcome to the cluster, then to the database; gives the one that is recorded, which
    /// is worse than the one given where the record itself is rejected, and whether it could be
    /// written: code 6 where another holds the instance by now; whatever the server answers.
    // `reason`: why it did not end well, in one line. `judges`: those that may reject the record.
    pub(super) async fn record(
        &mut self,
        prepared: &Prepared,
        keeper: &Keeper,
        mut inventory: Inventory,
        (outcome, reason): (Outcome, Option<String>),
        judges: &mut OwnJudges<'_>,
    ) -> (Outcome, Result<()>) {
        // As it was written last: what a StatefulSet leaves behind was recorded on the way.
        let mut record: Record = keeper.record().await;
        inventory.keep_recorded(&record.inventory);
        if let Some(until) = prepared.start.target.api.unsettled() {
            inventory.unsettle(&prepared.draft.plan, until);
            // So may the record be made again whose own answer was lost.
            let is_new = prepared.start.located.found.is_none();
            record.unsettled = record.unsettled.max(is_new.then_some(until));
        }
        record.inventory = inventory.entries().into();
        let ended_at = self.session.now();
        if let Some(newest) = &mut record.newest {
            newest.release.outcome = outcome;
            newest.release.reason = reason;
            newest.release.ended_at = Some(ended_at);
            if outcome.is_good() {
                // The newest is the last good one: it is not kept twice.
                record.last_good = None;
            }
        }
        let is_late = matches!(outcome, Outcome::TimedOut | Outcome::Interrupted);
        let limit = is_late.then(|| Instant::now() + LAST_RECORD);
        let written = self.let_go(keeper, &mut record, limit, judges).await;
        let ended = record.newest.map(|newest| newest.release);
        let (outcome, reason) =
            ended.map_or((outcome, None), |release| (release.outcome, release.reason));
        // Whoever took over goes on from the record: our results are not put beside theirs in the
        // database.
        if keeper.fence().is_lost() {
            return (outcome, written);
        }
        let Inventory { deeds, unready, .. } = &inventory;
        let end = End { outcome, reason: reason.as_deref(), at: ended_at, deeds, unready };
        let stored = self.store_outcome(keeper, &end);
        (outcome, stored.and(written))
    }

    fn store_outcome(&mut self, keeper: &Keeper, end: &End<'_>) -> Result<()> {
        let (outcome, ended_at) = (end.outcome, end.at);
        let status = status_of(outcome);
        let observed = Observed { status, reason: outcome.as_reason().to_owned(), at: ended_at };
        self.report.observed(&observed);
        self.session.store().transaction(|store| {
            store.end_release(self.name, keeper.id(), end)?;
            store.set_observed(self.name, &observed)
        })
    }
}

impl Deploy<'_> {
    /// Writes the record with the outcome. A webhook or policy of this very release that rejects
    /// it is taken away again, and the release has failed.
    async fn let_go(
        &self,
        keeper: &Keeper,
        record: &mut Record,
        limit: Option<Instant>,
        judges: &mut OwnJudges<'_>,
    ) -> Result<()> {
        loop {
            if let (Some(why), Some(newest)) = (judges.rejection(), &mut record.newest) {
                newest.release.outcome = Outcome::Failed;
                newest.release.reason = Some(why.in_short());
            }
            let written = tokio::select! {
                written = keeper.let_go(record.clone()) => written,
                () = until(limit) => Err(Error::failed(
                    Code::Timeout,
                    format!("the outcome of `{}` could not be recorded in time", self.name),
                )),
            };
            match written {
                Err(error) if judges.give_way(&error).await? => {}
                written => {
                    let why = judges.rejection().filter(|_| written.is_ok());
                    let rejected = |why| own_record_rejected(self.name, &judges.gone(), why);
                    return why.map_or(written, |why| Err(rejected(why)));
                }
            }
        }
    }
}
