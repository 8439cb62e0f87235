//! What goes along with what a release deletes, looked up before anything is written.

use super::{Deploy, draft::Draft, start::Start};
use crate::{
    ops::collateral::{Collateral, Going},
    workload::{
        error::Result,
        kinds::{Trait, builtin_kind},
        plan::{Fate, Plan},
        record::Entry,
        release::Action,
    },
};

impl Deploy<'_> {
    /// Looks at what goes along with what is pruned or made anew.
    pub(super) async fn collateral(&self, start: &Start, draft: &Draft) -> Result<Collateral> {
        let entries = deleted(&draft.plan, self.options.may.prune.is_now());
        if entries.is_empty() {
            return Ok(Collateral::default());
        }
        let going = Going {
            target: &start.target,
            manager: &draft.manager,
            entries: &entries,
            inventory: &draft.plan.inventory(),
            delete_crds: false,
        };
        going.look().await
    }
}

/// Lists what a release deletes, whether or not it is made anew.
fn deleted(plan: &Plan, prunes: bool) -> Vec<Entry> {
    let pruned = plan.removals.iter().filter(|removal| prunes && removal.fate == Fate::Goes);
    let pruned =
        pruned.map(|removal| Entry { uid: Some(removal.uid.clone()), ..removal.entry.clone() });
    let recreated = plan.items.iter().filter(|item| {
        // What a StatefulSet leaves behind is adopted by the new one.
        item.action == Action::Recreate && !builtin_kind(&item.desired.id).is(Trait::Readopting)
    });
    let recreated = recreated.map(|item| Entry {
        uid: item.uid.clone(),
        ..Entry::new(item.desired.id.clone(), &item.desired.version)
    });
    pruned.chain(recreated).collect()
}
