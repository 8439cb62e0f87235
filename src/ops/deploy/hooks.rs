//! What becomes of Helm's hooks after their turn: they go where their policy says so.

use super::{Deploy, inventory::Inventory, prepare::Prepared, prune::Leaving};
use crate::{
    cluster::record::Keeper,
    ops::rollout::{Node, Rollout, RolloutEnd},
    workload::{
        error::Result,
        kinds::{Trait, builtin_kind},
        object::ObjectId,
        release::Action,
    },
};

/// Lists the hooks that have had their turn and are to go: those that ended well, or failed.
pub(super) fn spent_hooks(rollout: &Rollout<'_>, end: &RolloutEnd) -> Vec<ObjectId> {
    match end {
        RolloutEnd::Ready | RolloutEnd::NotReady | RolloutEnd::Failed => {}
        // Nobody is there to wait for a removal any more, or to be asked for it.
        RolloutEnd::TimedOut
        | RolloutEnd::Stopped(_)
        | RolloutEnd::Lost
        | RolloutEnd::LoggedOut => return Vec::new(),
    }
    // What was made anew for its second turn is judged by that one.
    let overtaken = rollout.overtaken();
    let is_spent = |node: &Node<'_>| {
        let desired = &node.item.desired;
        // What holds data or others' objects is not made anew either.
        let may_go = !desired.keep && !builtin_kind(&desired.id).is(Trait::Precious);
        may_go
            && desired.hook.as_ref().is_some_and(|hook| {
                node.written.is_some()
                    && (hook.on_success && node.is_ready() || hook.on_failure && node.has_failed())
            })
    };
    let nodes = rollout.nodes.iter().enumerate();
    let spent = nodes.filter(|(index, node)| !overtaken.contains(index) && is_spent(node));
    spent.map(|(_, node)| node.item.desired.id.clone()).collect()
}

impl Deploy<'_> {
    /// Removes hooks that have had their turn. What could not be removed is told, and stays in the
    /// inventory: the release is what it is without it.
    ///
    /// # Errors
    /// Time that is up, a signal, a lost holder.
    pub(super) async fn clear_hooks(
        &mut self,
        prepared: &Prepared,
        keeper: &Keeper,
        spent: &[ObjectId],
        inventory: &mut Inventory,
    ) -> Result<()> {
        let (going, staying): (Vec<_>, Vec<_>) =
            inventory.entries().into_iter().partition(|entry| spent.contains(&entry.id));
        if going.is_empty() {
            return Ok(());
        }
        keeper.renew().await?;
        let leaving = Leaving { going, staying, action: Action::Delete };
        for failure in self.remove(prepared, keeper, &leaving, inventory).await? {
            self.warn(format!("the hook is still there: {failure}"));
        }
        Ok(())
    }
}
