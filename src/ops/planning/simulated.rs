//! What changes where the server cannot be asked: of what is deleted and made anew, and of what only the
//! write will tell. It is for being shown alone.

use serde_json::Value;

use super::Planning;
use crate::{
    cluster::request::Request,
    workload::{
        difference::Difference,
        plan::{Desired, Item},
        simulation::applied,
    },
};

impl Planning<'_> {
    /// Tells what a body would change of a live object; nothing where nobody looks.
    pub(super) fn simulated(&self, desired: &Desired, live: &Value, body: &Value) -> Difference {
        match self.options.shows {
            true => self.difference(desired, live, &applied(live, body, self.manager)),
            false => Difference::default(),
        }
    }

    /// Looks at an object that is to be made anew, and at what changes of it with that.
    pub(super) async fn show_recreation(&self, item: &mut Item) {
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
