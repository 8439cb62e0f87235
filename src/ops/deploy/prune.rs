//! Pruning: what left the definition goes, at the time that `--prune` says.

use std::{collections::HashSet, time::Instant};

use super::{inventory::Carried, prepare::Prepared, report::Answer};
use crate::{
    cluster::record::Keeper,
    ops::{
        events::Event,
        options::DeployOptions,
        removal::{Fate, Remover},
        session::Session,
        several,
    },
    workload::{
        error::Result,
        object::ObjectId,
        plan::Plan,
        record::Entry,
        release::{Action, Deed},
    },
};

/// Removes what left the definition. Begins with a renewal: nothing is deleted by a process that
/// does not surely hold the instance.
///
/// # Errors
/// What could not be removed; time that is up, a signal, a lost holder.
pub(super) async fn prune(
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
            if removal.entry.uid.as_ref() == Some(&removal.uid) {
                going.extend(removal.entry.left_behind());
            }
            going.push(Entry { uid: Some(removal.uid.clone()), ..removal.entry.clone() });
        }
    }
    let staying = staying(&prepared.plan);
    let remover = Remover {
        session,
        target: &prepared.target,
        api: prepared.target.api.fenced(keeper.fence()),
        instance: &options.name,
        manager: &prepared.manager,
        mode: prepared.wish.mode,
        staying: &staying,
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
                answer.leave(&id, &why);
                carried.drop(&id);
            }
            Fate::Failed(error) => failures.push(*error),
        }
    }
    if failures.is_empty() {
        return Ok(());
    }
    Err(several::one(&failures.iter().collect::<Vec<_>>(), "could not be removed"))
}

/// Lists what stays of an instance when all is removed that leaves.
fn staying(plan: &Plan) -> Vec<Entry> {
    let going = plan.removals.iter().filter(|removal| !removal.keep);
    let going: HashSet<&ObjectId> = going.map(|removal| &removal.entry.id).collect();
    plan.inventory().into_iter().filter(|entry| !going.contains(&entry.id)).collect()
}
