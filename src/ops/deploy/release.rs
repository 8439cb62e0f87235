//! A release from the intent to its outcome: apply, wait, prune, record.

use std::time::Instant;

use super::{
    intent::Begun, inventory::Carried, outcome, prepare::Prepared, prune::prune, report::Answer,
};
use crate::{
    cluster::{
        fence::{Fence, Moment},
        record::Keeper,
    },
    ops::{
        events::Event,
        options::{DeployOptions, PruneWhen},
        rollout::{Node, Observer, Rollout},
        session::Session,
        write::Writer,
    },
    workload::{
        error::{ErrorKind, Result},
        instance::{Observed, Status},
        kinds::builtin_kind,
        object::ObjectId,
        plan::Item,
        record::Entry,
        release::{Action, Deed, Outcome},
    },
};

/// Carries a begun release to its outcome.
///
/// # Errors
/// What kept it from being ready; the outcome is recorded all the same.
pub(super) async fn run(
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
    let outcome = outcome::outcome_of(&result, options.no_wait);
    answer.left_for_later(&carried.inventory());
    let recorded = outcome::record(session, options, &keeper, carried, outcome, answer).await;
    answer.outcome(match (&result, outcome) {
        (Err(error), _) if error.kind == ErrorKind::Refused => "refused",
        _ => outcome.word(),
    });
    match recorded {
        // Whatever else went wrong: another goes on, and what we did not manage is not the news.
        Err(lost) if lost.kind == ErrorKind::Locked => Err(lost),
        recorded => result.and(recorded).map_err(|error| {
            error.or_hint(|| {
                format!("`workloadctl deploy {}` goes on once that is mended", options.name)
            })
        }),
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
        keeper: Some(keeper),
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
        silence: None,
    };
    let end = rollout.run().await;
    take_results(session, &rollout, carried);
    answer.nodes(&rollout);
    outcome::conclude(options, &rollout, &end)?;
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
        if node.item.action != Action::Unchanged || builtin_kind(reader).pod_template.is_none() {
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
    let made = carried.made_namespaces();
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

/// Waits for an unchanged instance that nobody has seen ready.
///
/// # Errors
/// Code 3 where it does not become ready.
pub(super) async fn wait_only(
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
        keeper: None,
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
        silence: None,
    };
    let end = rollout.run().await;
    answer.nodes(&rollout);
    outcome::conclude(options, &rollout, &end)?;
    let observed = Observed {
        status: Status::Healthy,
        reason: outcome::reason_of(Outcome::Ready).to_owned(),
        at: session.now(),
    };
    answer.observed(&observed);
    session
        .store
        .lock()
        .expect("no holder of the store panics")
        .set_observed(&options.name, &observed)
}
