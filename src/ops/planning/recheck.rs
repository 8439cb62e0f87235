//! A plan that was made before, and whether everything is still what it saw: metadata alone tells.

use super::Planning;
use crate::{
    ops::{
        frozen::{FrozenPlan, Sighting, moved},
        survey::Live,
    },
    workload::{
        error::Result,
        object::ObjectId,
        ownership::Witness,
        plan::{Plan, Removal},
    },
};

impl Planning<'_> {
    /// Gives the plan that was made before, or makes one.
    ///
    /// # Errors
    /// Those of [`Planning::make`] and [`Planning::recheck`].
    pub(crate) async fn make_or_recheck(self, frozen: Option<&FrozenPlan>) -> Result<(Plan, Live)> {
        match frozen {
            Some(frozen) => self.recheck(frozen).await,
            None => self.make().await,
        }
    }

    /// Gives a plan that was made before.
    ///
    /// # Errors
    /// `plan-moved` (5), where anything of it is not what the plan saw; a request that failed.
    pub(crate) async fn recheck(mut self, frozen: &FrozenPlan) -> Result<(Plan, Live)> {
        let known = self.target.cluster_uid.as_ref().zip(frozen.cluster_uid.as_ref());
        if known.is_some_and(|(here, planned)| here != planned) {
            let runtime = &self.target.runtime;
            let told = format!("{runtime} is another cluster than the plan was made for");
            return Err(moved(self.instance, vec![told]));
        }
        let newest = self.record().and_then(|record| record.newest.as_ref());
        if newest.map(|newest| &newest.release.id) != frozen.release.as_ref() {
            let told = match newest {
                Some(newest) => format!("release {} was made since", newest.release.number),
                None => "the instance is not on the cluster any more".to_owned(),
            };
            return Err(moved(self.instance, vec![told]));
        }
        let lists = std::mem::take(&mut self.lists);
        let live = self.survey().look_on(lists).await?;
        self.mark_found_namespaces_shared(&live);
        let planned = frozen.plan.items.iter().map(|item| &item.desired);
        if !self.desired.iter().eq(planned) {
            return Err(moved(
                self.instance,
                vec!["what is wanted is rendered otherwise now".to_owned()],
            ));
        }
        let told: Vec<String> = frozen.seen.iter().filter_map(|seen| seen.told(&live)).collect();
        if told.is_empty() {
            Ok((frozen.plan.clone(), live))
        } else {
            Err(moved(self.instance, told))
        }
    }
}

impl Sighting {
    /// Takes down what is live of all objects of a plan.
    pub(crate) fn all(plan: &Plan, live: &Live) -> Vec<Self> {
        let items = plan.items.iter().map(|item| &item.desired.id);
        let gone = plan.removals.iter().map(|removal: &Removal| &removal.entry.id);
        let see = |id: &ObjectId| Self {
            id: id.clone(),
            live: live.get(id).map(|live| Witness::of(&live)),
        };
        items.chain(gone).map(see).collect()
    }

    /// Says how an object is another than it was seen.
    fn told(&self, live: &Live) -> Option<String> {
        let told = match (&self.live, live.get(&self.id)) {
            (None, None) => return None,
            (None, Some(_)) => "was made since",
            (Some(_), None) => "is gone",
            (Some(seen), Some(live)) if seen.still_holds(&live) => return None,
            (Some(_), Some(_)) => "was changed since",
        };
        Some(format!("{} {told}", self.id))
    }
}
