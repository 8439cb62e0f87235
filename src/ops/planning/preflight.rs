//! The preflight: what is going to be written is asked of the server first, by the same applies as
//! dry runs.

use std::sync::Arc;

use super::{
    Planning,
    candidate::Candidate,
    dry_run::{Asked, AskedFor},
    scaling::Scaling,
};
use crate::workload::{
    error::{Code, Result},
    plan::{Block, Decision, Item},
    record::Entry,
    release::Action,
    sharing::Others,
};

impl Planning<'_> {
    /// Asks whether an apply would change anything; where it would not, the answer is recorded.
    ///
    /// # Errors
    /// A server that could not be asked.
    pub(super) async fn compare(
        &self,
        item: &mut Item,
        uid: &str,
        to_come: &mut Entry,
    ) -> Result<()> {
        to_come.uid = Some(uid.to_owned());
        item.uid = Some(uid.to_owned());
        match self.ask(item, uid, AskedFor::Comparison).await? {
            // The answer that proved equality is recorded, never a later state: that would hide
            // what somebody changes now (docs/design.md, Plan).
            Asked::Same(seen) => {
                to_come.body = Some(item.desired.digest.clone());
                to_come.seen = seen.map(Arc::new);
            }
            Asked::Differs => item.action = Action::Update,
            // A Job's template cannot be changed, and a changed Job is meant to run again: no
            // `--replace` is needed (docs/design.md, Jobs).
            Asked::Immutable(why) if item.desired.id.is("batch", "Job") => {
                item.action = Action::Recreate;
                item.reason = format!("the Job changed: {why}");
            }
            asked
            @ (Asked::Alike | Asked::Untold(_) | Asked::Immutable(_) | Asked::Rejected(_)) => {
                self.take_dry_run(item, Action::Update, asked)
            }
        }
        Ok(())
    }

    /// Plans an update; `was_applied`: it is known what was applied before, and something may have
    /// left the body since.
    ///
    /// # Errors
    /// A server that could not be asked.
    pub(super) async fn update(&self, item: &mut Item, uid: &str, was_applied: bool) -> Result<()> {
        if was_applied {
            return self.ask_before_write(item, Action::Update, uid).await;
        }
        item.uid = Some(uid.to_owned());
        let asked = self.ask(item, uid, AskedFor::Write).await?;
        self.take_dry_run(item, Action::Update, asked);
        Ok(())
    }

    /// Asks whether a write would be refused. It is written even where all that is wanted is there:
    /// whose it is changes, or something leaves.
    ///
    /// # Errors
    /// A server that could not be asked.
    pub(super) async fn ask_before_write(
        &self,
        item: &mut Item,
        action: Action,
        uid: &str,
    ) -> Result<()> {
        item.uid = Some(uid.to_owned());
        let asked = self.ask(item, uid, AskedFor::Write).await?;
        let asked = if matches!(asked, Asked::Alike) { Asked::Differs } else { asked };
        self.take_dry_run(item, action, asked);
        Ok(())
    }

    /// Plans to delete and create what cannot be changed in place, as `--replace` asks; what can be is
    /// changed, so that the same command again does nothing.
    pub(super) fn make_anew(
        &self,
        item: &mut Item,
        candidate: &Candidate<'_>,
        others: &Others,
        scaling: &Scaling<'_>,
    ) {
        let uid = item.uid.clone().unwrap_or_default();
        let why = format!("asked for by --replace: {}", item.reason);
        let decision = Decision::Recreate { uid, why: why.clone() };
        item.terms = scaling.terms(&candidate.decided(decision), others).into();
        (item.action, item.block, item.reason) = (Action::Recreate, None, why);
    }

    /// Takes a dry run's answer into an item whose action is known already.
    pub(super) fn take_dry_run(&self, item: &mut Item, action: Action, asked: Asked) {
        item.action = action;
        match asked {
            Asked::Same(_) | Asked::Differs => {}
            Asked::Alike => item.action = Action::Unchanged,
            // Nobody can say whether it can be changed: it is done as it was asked for.
            Asked::Untold(why)
                if action == Action::Update && self.options.replace.contains(&item.desired.id) =>
            {
                (item.action, item.block) = (Action::Blocked, Some(Block::Immutable));
                item.reason = why;
            }
            Asked::Untold(why) => item.reason = why,
            Asked::Immutable(why) => {
                item.action = Action::Blocked;
                item.block = Some(Block::Immutable);
                item.reason = why;
            }
            Asked::Rejected(error) => {
                item.action = Action::Blocked;
                item.block = Some(match error.code {
                    // The hint about `--conflicts` helps with these only.
                    Code::FieldConflict => Block::Fields,
                    Code::Forbidden => Block::Forbidden,
                    _ => Block::Rejected,
                });
                item.reason = if error.causes.is_empty() {
                    error.message.clone()
                } else {
                    error.causes.join("; ")
                };
            }
        }
    }
}
