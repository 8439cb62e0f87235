//! What a write changes, to be shown: by the server's answer, or simulated where it cannot be asked, of what
//! is deleted and made anew, and of what only the write will tell.

use std::borrow::Cow;

use serde_json::Value;

use super::Planning;
use crate::{
    cluster::request::Request,
    workload::{
        difference::Difference,
        kinds::defined_kind,
        ownership::Terms,
        plan::{Desired, Item},
        release::Action,
        simulation::applied,
    },
};

impl Planning<'_> {
    /// Tells what an apply would change: its answer against what is live.
    pub(super) fn difference(&self, desired: &Desired, live: &Value, answer: &Value) -> Difference {
        let kind = desired.id.group_kind();
        let definition =
            self.desired.iter().find(|it| defined_kind(&it.body.look()).as_ref() == Some(&kind));
        match definition {
            Some(definition) => Difference::of_custom(live, answer, &definition.body),
            None => Difference::between(live, answer),
        }
    }

    /// Gives what a write makes, for which the dry run is only the second half: before it, what persons and
    /// packagers hold is taken over, and what of that is not wanted goes.
    pub(super) fn as_written<'r>(
        &self,
        terms: &Terms,
        body: &Value,
        rehearsed: &'r Value,
    ) -> Cow<'r, Value> {
        let Some(fields) = terms.managed_fields(body, self.manager, rehearsed) else {
            return Cow::Borrowed(rehearsed);
        };
        let mut held = rehearsed.clone();
        held["metadata"]["managedFields"] = fields;
        Cow::Owned(applied(&held, body, self.manager))
    }

    /// Tells what a body would change of a live object; nothing where nobody looks.
    pub(super) fn simulated(&self, desired: &Desired, live: &Value, body: &Value) -> Difference {
        match self.options.shows {
            true => self.difference(desired, live, &applied(live, body, self.manager)),
            false => Difference::default(),
        }
    }

    /// Plans to delete an object and to make it anew, of which the server cannot be asked
    /// (docs/design.md, Preflight).
    pub(super) async fn recreate(&self, item: &mut Item, uid: &str, why: &str) {
        item.uid = Some(uid.to_owned());
        item.action = Action::Recreate;
        why.clone_into(&mut item.reason);
        let desired = &item.desired;
        let Some(path) = self.target.path(&desired.id, &desired.version) else { return };
        if !self.options.shows {
            return;
        }
        // A plan is worth showing without.
        if let Ok(Some(live)) = self.target.api.find(Request::get(path)).await {
            item.difference =
                self.simulated(desired, &live, &item.terms.body(&desired.body.look())).into();
        }
    }
}
