//! `deploy` = render → check → plan → record intent → apply → wait → prune → record outcome.
//!
//! Everything that can be refused is refused before the first write; from then on the record
//! covers whatever may have been made, so that a process killed anywhere leaves something that
//! the next `deploy` or `delete` plans again from the live state.

mod desired;
mod draft;
mod intent;
mod inventory;
mod namespace;
mod namespace_state;
mod outcome;
mod prepare;
mod prune;
mod references;
mod release;
mod report;
mod start;

use std::time::Instant;

use super::{
    conflict::{FIELD_CONFLICT, FIELD_CONFLICT_HINT},
    delete,
    events::Event,
    locate::{self, Located},
    lock::Held,
    options::{DeleteOptions, DeployOptions, PruneWhen},
    session::Session,
    view::Operation,
};
use crate::{
    cluster::record,
    workload::{
        error::{Code, Error, ErrorKind, Result},
        release::Outcome,
    },
};

pub(crate) use desired::brought_namespaces;
use prepare::Prepared;
use report::Answer;
pub(crate) use report::word_of;

/// How often others may write the record between our look and our write before it is given up.
const RACES: u32 = 20;

/// Deploys one instance. A failure is in the answer.
pub(crate) async fn run(session: &Session<'_>, options: &DeployOptions) -> Operation {
    let started = Instant::now();
    let mut answer = Answer::new(options.name.as_str());
    let result = deploy(session, options, started, &mut answer).await;
    answer.finish(result, started)
}

/// Says what a deploy would do, writing nothing. A failure is in the answer.
pub(crate) async fn plan(session: &Session<'_>, options: &DeployOptions) -> Operation {
    let started = Instant::now();
    let mut answer = Answer::new(options.name.as_str());
    let result = rehearse(session, options, &mut answer).await;
    answer.finish(result, started)
}

async fn rehearse(
    session: &Session<'_>,
    options: &DeployOptions,
    answer: &mut Answer,
) -> Result<()> {
    let prepared = tokio::select! {
        prepared = Prepared::make(session, options, prepare::Purpose::Rehearse, answer) => prepared?,
        signal = session.stop.wait() => return Err(signal.error("stopped; nothing was written")),
    };
    answer.plan(&prepared);
    answer.outcome("planned");
    refuse_blocked(&prepared)
}

async fn deploy(
    session: &Session<'_>,
    options: &DeployOptions,
    started: Instant,
    answer: &mut Answer,
) -> Result<()> {
    let mut held = prepare::lock(session, options, started).await?;
    let mut races = 0;
    loop {
        let dead = held.releases.clone();
        let purpose = prepare::Purpose::Deploy { dead, until: started + options.lock_wait };
        let prepared = tokio::select! {
            prepared = Prepared::make(session, options, purpose, answer) => prepared?,
            signal = session.stop.wait() => return Err(signal.error("stopped; nothing was written")),
        };
        // Waiting for somebody else has its own clock.
        let deadline = options.timeout.map(|timeout| Instant::now() + timeout);
        if prepared.record.deleting {
            finish_deletion(session, options, &prepared, &mut held, deadline).await?;
            continue;
        }
        answer.plan(&prepared);
        refuse_blocked(&prepared)?;
        tell_yielded(session, options, &prepared, answer);
        intent::ask(session, options, &prepared)?;
        if !prepared.needs_release(options.prune != PruneWhen::Never) {
            unchanged(session, options, &prepared, deadline, answer).await?;
            held.end();
            return Ok(());
        }
        // `None`: somebody else wrote the record first; look at everything again.
        let begun = intent::begin(session, options, &prepared, &mut held, deadline).await?;
        let Some(begun) = begun else {
            races += 1;
            if races == RACES {
                return Err(busy(options, &prepared));
            }
            *answer = Answer::new(options.name.as_str());
            continue;
        };
        let result = release::run(session, options, &prepared, begun, deadline, answer).await;
        // After a failure our holder may stand in the record: the next one here is to know it.
        if result.is_ok() {
            held.end();
        }
        return result;
    }
}

fn busy(options: &DeployOptions, prepared: &Prepared) -> Error {
    let Prepared { record, .. } = prepared;
    Error::new(
        ErrorKind::Locked,
        Code::RecordBusy,
        format!("the record of `{}` cannot be written: others were faster each time", options.name),
    )
    .object(record::head_id(&record.namespace, &record.instance))
    .hint("repeat the command")
}

/// An instance that is half deleted is deleted to the end before it starts anew.
async fn finish_deletion(
    session: &Session<'_>,
    options: &DeployOptions,
    prepared: &Prepared,
    held: &mut Held,
    deadline: Option<Instant>,
) -> Result<()> {
    note(session, options, format!("{} is half deleted: finishing that first", options.name));
    // What is deployed anew has its definition and its overrides from before.
    locate::follow(session, &prepared.target, &prepared.record)?;
    let deletion = DeleteOptions {
        name: options.name.clone(),
        timeout: options.timeout,
        lock_wait: options.lock_wait,
        no_wait: false,
        forget: false,
        ignore_not_found: true,
        delete_crds: false,
    };
    let located = Located { found: prepared.found.clone(), ..Located::default() };
    let mut operation = Operation::default();
    let record = prepared.record.clone();
    delete::carry_out(
        session,
        &deletion,
        &prepared.target,
        &located,
        record,
        held,
        deadline,
        &mut operation,
    )
    .await
    .map(drop)
}

/// Nothing is to be written: notes the no-op data, and waits where nobody has seen it ready.
async fn unchanged(
    session: &Session<'_>,
    options: &DeployOptions,
    prepared: &Prepared,
    deadline: Option<Instant>,
    answer: &mut Answer,
) -> Result<()> {
    prepared.note_seen().await;
    prepared.store_unchanged(session)?;
    let newest = prepared.newest().map(|deployed| deployed.release.outcome);
    answer.outcome("unchanged");
    if newest == Some(Outcome::Ready) || options.no_wait {
        return Ok(());
    }
    release::wait_only(session, options, prepared, deadline, answer).await
}

/// Refuses everything that must not be touched, in one list.
fn refuse_blocked(prepared: &Prepared) -> Result<()> {
    let blocked: Vec<_> = prepared.plan.blocked().collect();
    let Some(first) = blocked.first() else { return Ok(()) };
    let told = |item: &&crate::workload::plan::Item| {
        let place = item.desired.origin.as_ref().map(|at| format!(" ({at})")).unwrap_or_default();
        format!("{}{place}: {}", item.desired.id, item.reason)
    };
    let conflicts = blocked.iter().filter(|item| !item.terms.refused.is_empty()).count();
    let mut error = Error::refused(
        if conflicts == blocked.len() { FIELD_CONFLICT } else { Code::Blocked },
        match blocked.len() {
            1 => "1 object stands in the way; nothing was written".to_owned(),
            count => format!("{count} objects stand in the way; nothing was written"),
        },
    )
    .causes(blocked.iter().map(told))
    .object(&first.desired.id);
    let adopt = "`--adopt` takes over objects that exist";
    let can_adopt = blocked.iter().any(|item| item.reason.contains("not ours"));
    match (can_adopt, conflicts) {
        (true, 0) => error = error.hint(adopt),
        (true, _) => error = error.hint(format!("{adopt}; of fields, {FIELD_CONFLICT_HINT}")),
        (false, 0) => {}
        (false, _) => error = error.hint(FIELD_CONFLICT_HINT),
    }
    error.origin.clone_from(&first.desired.origin);
    Err(error)
}

/// Says which fields are left to others: an autoscaler is expected to hold them, anybody else is
/// worth a warning.
fn tell_yielded(
    session: &Session<'_>,
    options: &DeployOptions,
    prepared: &Prepared,
    answer: &mut Answer,
) {
    for item in &prepared.plan.items {
        for left in item.entry.iter().flat_map(|entry| &entry.yielded) {
            let mut told = format!("{}: {}", item.desired.id, left.told());
            if left.autoscaler.is_some() {
                note(session, options, told);
            } else {
                told.push_str(" (`--conflicts force` takes it)");
                answer.warn(std::slice::from_ref(&told));
                session.reporter.report(options.name.as_str(), Event::Warning(told));
            }
        }
    }
}

/// Tells a note about an instance.
fn note(session: &Session<'_>, options: &DeployOptions, text: impl Into<String>) {
    session.reporter.report(options.name.as_str(), Event::Note(text.into()));
}
