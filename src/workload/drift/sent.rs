//! The bodies that were sent last, object by object: of a release that failed some were, and of the
//! others those of the last good release were.

use std::{cell::OnceCell, collections::HashMap};

use serde_json::Value;

use crate::workload::{
    body::Body,
    kinds::Kinds,
    object::ObjectId,
    ownership::{INSTANCE_LABEL, MANAGED_LABEL},
    plan::Desired,
    record::{Deployed, Entry, Record},
    rendering::render_recorded,
};

type Bodies = HashMap<ObjectId, Desired>;

/// What a record's releases sent. Rendered only where it is asked for.
pub(crate) struct SentBodies<'a> {
    record: &'a Record,
    kinds: &'a Kinds,
    newest: OnceCell<Bodies>,
    last_good: OnceCell<Bodies>,
}

impl<'a> SentBodies<'a> {
    pub(crate) fn new(record: &'a Record, kinds: &'a Kinds) -> Self {
        Self { record, kinds, newest: OnceCell::new(), last_good: OnceCell::new() }
    }

    /// Gives the body of an object as it was sent last. `None` where no release of the record
    /// sent it.
    pub(crate) fn of(&self, entry: &Entry) -> Option<Body> {
        let digest = entry.body.as_deref()?;
        let newest = self.newest().get(&entry.id);
        let all = [newest, self.last_good().get(&entry.id)];
        let exact = all.into_iter().flatten().find_map(|sent| {
            let mut shared = sent.clone();
            if *sent.digest == *digest {
                return Some(shared.body);
            }
            // A Namespace that was there before is sent as a shared object.
            shared.mark_shared();
            (*shared.digest == *digest).then_some(shared.body)
        });
        // The planning leaves out owners that are gone, and an older program may have rendered
        // otherwise: what was certainly sent is the rest.
        exact.or_else(|| newest.map(|sent| Body::from(certain(&sent.body.look()))))
    }

    fn newest(&self) -> &Bodies {
        self.newest.get_or_init(|| self.render(self.record.newest.as_ref()))
    }

    fn last_good(&self) -> &Bodies {
        self.last_good.get_or_init(|| self.render(self.record.last_good.as_ref()))
    }

    fn render(&self, deployed: Option<&Deployed>) -> Bodies {
        let Some(deployed) = deployed else { return Bodies::new() };
        let placed = render_recorded(self.record, deployed, self.kinds).into_iter();
        let desired = placed.map(|placed| Desired::new(placed.body, placed.origin));
        desired.map(|desired| (desired.id.clone(), desired)).collect()
    }
}

fn certain(body: &Value) -> Value {
    let mut body = body.clone();
    if let Some(metadata) = body.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("ownerReferences");
        if let Some(labels) = metadata.get_mut("labels").and_then(Value::as_object_mut) {
            labels.retain(|name, _| name != INSTANCE_LABEL && name != MANAGED_LABEL);
        }
    }
    body
}
