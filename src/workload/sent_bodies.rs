//! The bodies that the releases of a record sent, by object. They are rendered once, and only where
//! somebody asks.

use std::{collections::HashMap, sync::OnceLock};

use serde_json::Value;

use super::{
    body::Body,
    kinds::Kinds,
    object::ObjectId,
    ownership::{INSTANCE_LABEL, MANAGED_LABEL},
    placement::Placed,
    plan::Desired,
    record::{Deployed, Entry, Record},
    rendering::render_recorded,
};

type Bodies = HashMap<ObjectId, Placed>;

/// What a record's releases sent.
pub(crate) struct SentBodies<'a> {
    record: &'a Record,
    kinds: &'a Kinds,
    newest: OnceLock<Bodies>,
    last_good: OnceLock<Bodies>,
}

impl<'a> SentBodies<'a> {
    pub(crate) fn new(record: &'a Record, kinds: &'a Kinds) -> Self {
        Self { record, kinds, newest: OnceLock::new(), last_good: OnceLock::new() }
    }

    /// Gives the record.
    pub(crate) fn record(&self) -> &'a Record {
        self.record
    }

    /// Gives what the newest release sent of an object.
    pub(crate) fn of_newest(&self, id: &ObjectId) -> Option<&Placed> {
        self.newest.get_or_init(|| self.render(self.record.newest.as_ref())).get(id)
    }

    /// Gives what the releases sent of an object, the newest first.
    pub(crate) fn of_all(&self, id: &ObjectId) -> impl Iterator<Item = &Placed> {
        // A release that failed sent some, and of the others those of the last good one are live.
        let good = || self.last_good.get_or_init(|| self.render(self.record.last_good.as_ref()));
        let good = std::iter::once_with(good).filter_map(|bodies| bodies.get(id));
        self.of_newest(id).into_iter().chain(good)
    }

    /// Gives the body of an object as it was sent last. `None` where no release of the record
    /// sent it.
    pub(crate) fn last(&self, entry: &Entry) -> Option<Body> {
        let digest = entry.body.as_deref()?;
        let exact = self.of_all(&entry.id).find_map(|sent| {
            let mut sent = desired(sent);
            if *sent.digest == *digest {
                return Some(sent.body);
            }
            // A Namespace that was there before is sent as a shared object.
            sent.mark_shared();
            (*sent.digest == *digest).then_some(sent.body)
        });
        // The planning leaves out owners that are gone, and an older program may have rendered
        // otherwise: what was certainly sent is the rest.
        let newest = || self.of_newest(&entry.id).map(desired);
        exact.or_else(|| newest().map(|sent| Body::from(certain(&sent.body.look()))))
    }

    fn render(&self, deployed: Option<&Deployed>) -> Bodies {
        let placed = deployed.map(|deployed| render_recorded(self.record, deployed, self.kinds));
        placed.into_iter().flatten().map(|placed| (placed.id.clone(), placed)).collect()
    }
}

fn desired(placed: &Placed) -> Desired {
    Desired::new(placed.body.clone(), placed.origin.clone())
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::workload::{
        instance::NamespaceMode,
        object::{Object, Origin},
        release::{Outcome, Release},
    };

    fn deployed(value: &str, outcome: Outcome) -> Deployed {
        let body = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "conf"},
            "data": {"a": value}});
        Deployed {
            release: Release::sample(value, 1, outcome),
            objects: vec![Object { body: body.into(), origin: Origin::line("a.yaml", 1) }].into(),
        }
    }

    #[test]
    fn what_is_live_is_what_was_sent_last() {
        let mut record = Record::new("shop", &"web".parse().unwrap(), NamespaceMode::Given);
        record.newest = Some(deployed("new", Outcome::Failed));
        record.last_good = Some(deployed("old", Outcome::Ready));
        let kinds = Kinds::builtin();
        let sent = SentBodies::new(&record, &kinds);
        let id = ObjectId::new("", "ConfigMap", Some("shop"), "conf");
        let all: Vec<_> = sent.of_all(&id).collect();
        let values = |body: &Value| body["data"]["a"].as_str().unwrap().to_owned();
        assert_eq!(all.iter().map(|it| values(&it.body)).collect::<Vec<_>>(), ["new", "old"]);
        assert_eq!(sent.of_newest(&id), Some(all[0]));
        let last = |digest: Option<&str>| {
            sent.last(&Entry { body: digest.map(Into::into), ..Entry::new(id.clone(), "v1") })
        };
        for placed in all {
            let mut wanted = desired(placed);
            assert_eq!(last(Some(&wanted.digest)).unwrap().look(), wanted.body.look());
            wanted.mark_shared();
            assert_eq!(last(Some(&wanted.digest)).unwrap().look(), wanted.body.look());
        }
        let rest = last(Some("of an older program")).unwrap();
        assert_eq!(values(&rest), "new");
        assert_eq!(rest["metadata"]["labels"], json!({}), "these are ours to write");
        assert_eq!(last(None), None, "it was never sent");
        let other = ObjectId::new("", "ConfigMap", Some("shop"), "other");
        assert_eq!(sent.of_all(&other).count(), 0);
    }
}
