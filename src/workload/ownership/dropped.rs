//! Fields that the definition drops and that stay all the same: another manager holds them beside
//! us, or took them from us, and an apply takes away only what nobody else holds.

use serde_json::Value;

use super::{
    ManagerClass, Yielded, apply_entry, class_of, entries,
    fields::{self, OwnedPathElement},
    is_apply_of, is_left, manager_of, subresource,
};

/// What decides whether a field that somebody holds was ours and is wanted no more.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dropped<'a> {
    /// The body as it is wanted, with what is left to others.
    pub body: &'a Value,
    /// Our manager.
    pub manager: &'a str,
    /// What releases before set.
    pub before: &'a [Value],
    /// What was left before.
    pub recorded: &'a [Yielded],
}

impl Dropped<'_> {
    /// Lists the fields that stay, by a live object's metadata as it is after the takeover. A list
    /// item that left as a whole is told as one.
    pub(crate) fn of(&self, live: &Value) -> Vec<Yielded> {
        let own = apply_entry(live, self.manager).map(|entry| &entry["fieldsV1"]);
        let mut all: Vec<Yielded> = Vec::new();
        for (entry, path) in self.beyond(live) {
            let (field, manager) = (fields::shown(self.lost(&path)), manager_of(entry));
            let was_left =
                |left: &Yielded| left.dropped && left.field == field && left.manager == manager;
            let was_ours = own.is_some_and(|own| fields::has(own, &path))
                || self.before.iter().any(|body| fields::is_in(body, &path))
                || self.recorded.iter().any(was_left);
            if was_ours && all.iter().all(|left| left.field != field) {
                let manager = manager.to_owned();
                all.push(Yielded { field, manager, autoscaler: None, dropped: true });
            }
        }
        all
    }

    /// Tells whether others hold anything that the body does not set: whether it was ours, what
    /// earlier releases sent has to tell.
    pub(crate) fn may_be(&self, live: &Value) -> bool {
        self.beyond(live).next().is_some()
    }

    /// Lists what others hold beyond the body. What another instance holds is shared with it, and
    /// what autoscalers, injectors and the aggregation of roles do was never ours.
    pub(super) fn beyond<'b>(
        &self,
        live: &'b Value,
    ) -> impl Iterator<Item = (&'b Value, Vec<OwnedPathElement>)> {
        let Self { body, manager, .. } = *self;
        let others = entries(live).filter(move |entry| {
            let is_counted = match class_of(manager_of(entry)) {
                ManagerClass::Person | ManagerClass::GitOps(_) | ManagerClass::Other => true,
                ManagerClass::Instance | ManagerClass::Yielded | ManagerClass::Aggregator => false,
            };
            is_counted && !is_apply_of(entry, manager) && subresource(entry).is_empty()
        });
        let members = others.flat_map(|entry| {
            fields::members(&entry["fieldsV1"]).into_iter().map(move |member| (entry, member))
        });
        members.filter_map(move |(entry, member)| {
            let is_status = member.path.first() == Some(&OwnedPathElement::Field("status".into()));
            let is_beyond = !member.is_whole && !is_status && !fields::is_in(body, &member.path);
            let applies = entry["operation"] == "Apply";
            let is_theirs =
                || is_left(&fields::shown(&member.path), manager_of(entry), applies, false);
            (is_beyond && !is_theirs()).then_some((entry, member.path))
        })
    }

    /// Cuts a path at the list item that the body lacks.
    fn lost<'p>(&self, path: &'p [OwnedPathElement]) -> &'p [OwnedPathElement] {
        let item = (1..=path.len()).find(|end| {
            matches!(path[end - 1], OwnedPathElement::Item(_))
                && !fields::is_in(self.body, &path[..*end])
        });
        &path[..item.unwrap_or(path.len())]
    }
}

/// Tells whether the manager that a field was left to holds it, or something in it, on a live
/// object.
pub(crate) fn is_held_still(live: &Value, left: &Yielded) -> bool {
    entries(live).filter(|entry| manager_of(entry) == left.manager).any(|entry| {
        let members = fields::members(&entry["fieldsV1"]);
        let mut places = members.iter().flat_map(|member| {
            (1..=member.path.len()).map(|end| fields::shown(&member.path[..end]))
        });
        places.any(|place| place == left.field)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn live(entries: &[(&str, &str, Value)]) -> Value {
        let entries = entries.iter().map(|(manager, operation, fields)| {
            json!({"manager": manager, "operation": operation, "fieldsV1": fields})
        });
        json!({"metadata": {"managedFields": entries.collect::<Vec<_>>()}})
    }

    #[test]
    fn what_was_ours_and_others_hold_stays() {
        let item = json!({".": {}, "f:name": {}, "f:image": {}});
        let held = json!({"f:data": {"f:a": {}, "f:b": {}, "f:theirs": {}},
            "f:spec": {"f:containers": {"k:{\"name\":\"c\"}": item}}});
        let body = json!({"data": {"a": "1"}, "spec": {"containers": [{"name": "d"}]}});
        let before = json!({"data": {"a": "1", "b": "2"},
            "spec": {"containers": [{"name": "c", "image": "i"}]}});
        let told = |live: &Value, before: &[Value], recorded: &[Yielded]| {
            let dropped = Dropped { body: &body, manager: "us", before, recorded };
            let fields = dropped.of(live).into_iter().map(|left| {
                assert!(left.dropped && is_held_still(live, &left));
                left.field
            });
            fields.collect::<Vec<_>>()
        };
        let both = ["data.b", "spec.containers[name=\"c\"]"];
        let shared = live(&[("us", "Apply", held.clone()), ("operator", "Update", held.clone())]);
        assert_eq!(told(&shared, &[], &[]), ["data.b", "data.theirs", both[1]]);
        let taken = live(&[
            ("us", "Apply", json!({"f:data": {"f:a": {}}})),
            ("operator", "Apply", held.clone()),
        ]);
        assert_eq!(told(&taken, &[], &[]), [""; 0], "nothing says that it was ours");
        assert_eq!(told(&taken, std::slice::from_ref(&before), &[]), both);
        let left = Yielded {
            field: "data.b".into(),
            manager: "operator".into(),
            autoscaler: None,
            dropped: true,
        };
        assert_eq!(told(&taken, &[], std::slice::from_ref(&left)), ["data.b"]);
        assert_eq!(told(&taken, &[], &[Yielded { dropped: false, ..left.clone() }]), [""; 0]);
        for manager in ["workloadctl:a/a", "workloadctl-yielded"] {
            let shared = live(&[("us", "Apply", held.clone()), (manager, "Apply", held.clone())]);
            assert_eq!(told(&shared, &[], &[]), [""; 0], "{manager}");
            assert!(!is_held_still(&shared, &left));
        }
    }

    #[test]
    fn what_autoscalers_and_controllers_write_was_never_ours() {
        let body = json!({"metadata": {"annotations": {}}});
        for (manager, held) in [
            ("keda-operator", json!({"f:spec": {"f:replicas": {}}})),
            ("kube-controller-manager", json!({"f:metadata": {"f:annotations": {"f:x": {}}}})),
            ("operator", json!({"f:status": {"f:a": {}}})),
        ] {
            let live = live(&[("us", "Apply", held.clone()), (manager, "Update", held)]);
            let dropped = Dropped { body: &body, manager: "us", before: &[], recorded: &[] };
            assert!(!dropped.may_be(&live) && dropped.of(&live).is_empty(), "{manager}");
        }
    }
}
