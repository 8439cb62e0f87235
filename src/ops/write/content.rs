//! What is sent of one object: its body without what is left to others.

use serde_json::Value;

use crate::workload::{
    body::Body,
    ownership::{ManagerClass, Terms, Yielded, class_of, fields::take_out},
    plan::Item,
};

/// The content of an apply, as it becomes while the server answers.
pub(super) struct ApplyContent<'a> {
    wanted: &'a Body,
    /// The replicas that an object which is made anew begins with.
    replicas: Option<Value>,
    /// The terms, with what turned out to be left to others.
    pub(super) terms: Terms,
    /// The body as it is sent.
    pub(super) body: Value,
    /// Fields that turned out to be left to their holders.
    pub(super) yielded: Vec<Yielded>,
    /// Whether one of them is left to another instance, which is no term and yet matters for what
    /// proves that nothing changed.
    pub(super) left_to_instance: bool,
}

impl<'a> ApplyContent<'a> {
    pub(super) fn of(item: &'a Item, replicas: Option<Value>) -> Self {
        let terms = Terms::clone(&item.terms);
        Self {
            wanted: &item.desired.body,
            replicas,
            body: terms.body(&item.desired.body.look()),
            terms,
            yielded: Vec::new(),
            left_to_instance: false,
        }
    }

    /// Leaves a field to its holder; false where the body does not have it.
    pub(super) fn leave(&mut self, field: Yielded) -> bool {
        let was_there = take_out(&mut self.body, &field.field);
        self.left_to_instance |= is_held_by_instance(&field);
        self.terms.leave(field.clone());
        self.yielded.push(field);
        was_there
    }

    /// Sends all from now on: nobody holds anything of what is made anew.
    pub(super) fn renew(&mut self) {
        self.terms.yielded.clear();
        self.yielded.clear();
        self.left_to_instance = false;
        // The holders went with the object: a field that is left out now would be missing for
        // everybody.
        self.body = Value::clone(&self.wanted.look());
        if let Some(replicas) = &self.replicas {
            self.body["spec"]["replicas"] = replicas.clone();
        }
    }
}

/// Tells a field that another instance holds: its leaving changes nothing that the rule for what is
/// unchanged looks at, other than the version.
pub(in crate::ops) fn is_held_by_instance(field: &Yielded) -> bool {
    class_of(&field.manager) == ManagerClass::Instance
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::workload::{plan::Desired, release::Action};

    #[test]
    fn what_is_made_anew_has_all_that_was_left_to_others() {
        let body = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
            "metadata": {"name": "x", "labels": {"a": "1"}}, "rules": [{"verbs": ["get"]}],
        });
        let item = Item::new(Desired::new(body, None), Action::Update);
        let item = Item { uid: Some("u".into()), ..item };
        for (manager, terms, is_held_by_instance) in
            [("workloadctl:b/b", 0, true), ("operator", 1, false)]
        {
            let mut content = ApplyContent::of(&item, None);
            let rules = Yielded {
                field: "rules".into(),
                manager: manager.into(),
                autoscaler: None,
                dropped: false,
            };
            assert!(content.leave(rules.clone()));
            assert!(!content.leave(rules), "it is out already");
            assert_eq!(content.body["rules"], json!(null));
            assert_eq!(
                (content.terms.yielded.len(), content.left_to_instance),
                (terms, is_held_by_instance)
            );
            content.renew();
            assert_eq!(content.body, *item.desired.body);
            assert_eq!((content.terms.yielded.len(), content.yielded.len()), (0, 0));
            assert!(!content.left_to_instance);
        }
    }
}
