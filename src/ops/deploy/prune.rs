//! Pruning: what left the definition goes, at the time that `--prune` says.

use std::collections::{BTreeSet, HashSet};

use super::{Deploy, inventory::Inventory, prepare::Prepared};
use crate::{
    cluster::record::Keeper,
    ops::{
        events::Event,
        readers,
        removal::{Removed, Remover},
        several,
    },
    workload::{
        error::{Error, Result},
        object::ObjectId,
        plan::{Fate, Plan, Removal, STILL_READ},
        record::Entry,
        release::{Action, Deed},
    },
};

/// What is to be removed, with all that a removal has to know.
pub(super) struct Leaving {
    pub going: Vec<Entry>,
    /// What of the instance stays on the cluster.
    pub staying: Vec<Entry>,
    /// What it is called: `Prune` or `Delete`.
    pub action: Action,
}

impl Deploy<'_> {
    /// Removes what left the definition. Begins with a renewal: nothing is deleted by a process
    /// that does not surely hold the instance.
    ///
    /// # Errors
    /// What could not be removed; time that is up, a signal, a lost holder.
    pub(super) async fn prune(
        &mut self,
        prepared: &Prepared,
        keeper: &Keeper,
        inventory: &mut Inventory,
    ) -> Result<()> {
        let plan = &prepared.draft.plan;
        if plan.removals.is_empty() {
            return Ok(());
        }
        // The rollout may have taken minutes, and a deletion cannot be taken back (docs/design.md,
        // Prune).
        let undone = "what left the definition is not deleted";
        self.in_time(prepared.deadline.at(), undone, keeper.renew()).await?;
        self.session.report(self.name, Event::Phase("pruning"));
        let read = still_read(prepared).await?;
        let (going, left): (Vec<&Removal>, Vec<_>) = plan
            .removals
            .iter()
            .partition(|removal| is_leaving(removal) && !read.contains(&removal.entry.id));
        self.tell_left(&left);
        let staying = staying(plan, &going);
        let home = &prepared.record.namespace;
        let going = going.into_iter().flat_map(|removal| with_orphans(removal, home)).collect();
        let leaving = Leaving { going, staying, action: Action::Prune };
        let failures = self.remove(prepared, keeper, &leaving, inventory).await?;
        if failures.is_empty() {
            return Ok(());
        }
        Err(several::merge(&failures.iter().collect::<Vec<_>>(), "could not be removed"))
    }

    /// Removes objects and takes them out of the inventory. Gives what could not be removed.
    ///
    /// # Errors
    /// What ends everything: time that is up, a signal, a lost holder.
    pub(super) async fn remove(
        &mut self,
        prepared: &Prepared,
        keeper: &Keeper,
        leaving: &Leaving,
        inventory: &mut Inventory,
    ) -> Result<Vec<Error>> {
        let remover = Remover {
            session: self.session,
            target: &prepared.start.target,
            api: prepared.start.target.api.fenced(keeper.fence()),
            instance: self.name,
            manager: &prepared.draft.manager,
            mode: prepared.draft.desired.mode,
            staying: &leaving.staying,
            action: leaving.action,
            wait: !self.options.limits.no_wait,
            delete_crds: false,
        };
        let (mut all, mut failures) = (Vec::new(), Vec::new());
        let end = remover.remove(&leaving.going, prepared.deadline.at(), &mut all).await;
        // What went before something ended it is gone all the same.
        for (id, removed) in all {
            match removed {
                Removed::Gone => {
                    let (action, applied_at) = (leaving.action, Some(self.session.now()));
                    let now = prepared.start.target.api.connection().server_now();
                    match inventory.get_mut(&id).and_then(|entry| entry.awaited(now)) {
                        Some(awaited) => inventory.take(awaited),
                        None => inventory.drop(&id),
                    }
                    self.report.removed(&id, action);
                    inventory.deeds.push(Deed { id, action, applied_at, ready_at: None });
                }
                Removed::Left(why) => {
                    self.report.leave(&id, &why);
                    inventory.drop(&id);
                }
                // It goes with a later release, or with the instance.
                Removed::Stays(why) => self.report.leave(&id, &why),
                // It is in the inventory still, and goes with the next release.
                Removed::Waits(_) => {}
                Removed::Failed(error) => failures.push(*error),
            }
        }
        end.map(|()| failures)
    }

    /// Says what left the definition and stays.
    fn tell_left(&mut self, left: &[&Removal]) {
        for removal in left {
            let (id, why) = (&removal.entry.id, removal.why_it_stays().unwrap_or(STILL_READ));
            self.note(format!("{id} stays: {why}"));
            if matches!(removal.fate, Fate::Stays(_) | Fate::OnceUnread { .. }) {
                self.report.leave(id, why);
            }
        }
    }
}

/// Names what pods still read of that which goes once none does. Where nobody may look, what left with
/// this very release counts as read.
async fn still_read(prepared: &Prepared) -> Result<BTreeSet<ObjectId>> {
    let removals = prepared.draft.plan.removals.iter();
    let asked: Vec<&Removal> =
        removals.filter(|it| matches!(it.fate, Fate::OnceUnread { .. })).collect();
    let api = &prepared.start.target.api;
    let read = readers::still_read(api, asked.iter().map(|removal| &removal.entry.id)).await?;
    Ok(read.unwrap_or_else(|| {
        let new = asked.iter().filter(|removal| removal.entry.wanted);
        new.map(|removal| removal.entry.id.clone()).collect()
    }))
}

/// Tells whether something leaves the instance now, to its end or to others.
fn is_leaving(removal: &Removal) -> bool {
    match removal.fate {
        // Left to others: our entry is taken out.
        Fate::Goes | Fate::OnceUnread { .. } | Fate::Left(_) => true,
        Fate::Kept | Fate::Stays(_) => false,
    }
}

/// Gives the live object that goes, after what an unfinished replacement of it left behind.
fn with_orphans(removal: &Removal, home: &str) -> Vec<Entry> {
    let Removal { entry, uid, .. } = removal;
    let mut going = Vec::new();
    // Another uid: it was made anew since, and adopted them.
    if entry.uid.as_ref() == Some(uid) {
        going.extend(entry.left_behind(home));
    }
    going.push(Entry { uid: Some(uid.clone()), ..entry.clone() });
    going
}

/// Lists what stays of an instance when all is removed that leaves.
fn staying(plan: &Plan, going: &[&Removal]) -> Vec<Entry> {
    let going: HashSet<&ObjectId> = going.iter().map(|removal| &removal.entry.id).collect();
    // What may only come yet is not there to stay.
    let may_stay = |entry: &Entry| entry.wanted || entry.uid.is_some();
    let entries = plan.inventory().into_iter().filter(may_stay);
    entries.filter(|entry| !going.contains(&entry.id)).collect()
}
