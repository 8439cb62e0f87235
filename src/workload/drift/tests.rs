//! What counts as drift of one object.

use std::sync::Arc;

use serde_json::json;

use super::*;
use crate::workload::ownership::{Seen, Yielded};

const US: &str = "workloadctl:a/web";
const THEN: &str = "2024-05-01T10:00:00Z";

fn sent() -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "a", "labels": {"tier": "x"}},
        "spec": {"replicas": 2, "paused": false},
    })
}

/// The live object: what of the spec is ours still, what somebody else holds, and a change of it.
fn live(ours: &Value, theirs: &Value, generation: u64, change: impl FnOnce(&mut Value)) -> Value {
    let own = json!({"f:metadata": {"f:labels": {"f:tier": {}}}, "f:spec": ours});
    let mut live = sent();
    live["metadata"]["uid"] = json!("u");
    live["metadata"]["resourceVersion"] = json!(generation.to_string());
    live["metadata"]["generation"] = json!(generation);
    live["metadata"]["managedFields"] = json!([
        {"manager": US, "operation": "Apply", "time": THEN, "fieldsV1": own},
        {"manager": "kubectl-set", "operation": "Update", "time": THEN,
            "fieldsV1": {"f:spec": theirs}},
    ]);
    change(&mut live);
    live
}

fn told(entry: &Entry, live: Option<&Value>) -> String {
    let all = drift_of(entry, Some(&sent()), live, US).into_iter().map(|drift| {
        let Drift { change, path, by, at, .. } = drift;
        let (by, at) = (by.unwrap_or_default(), at.map(|at| at.to_string()).unwrap_or_default());
        format!("{change:?} {} {by} {at}", shown(&path)).trim_end().to_owned()
    });
    all.collect::<Vec<_>>().join(", ")
}

#[test]
fn what_others_did_to_an_object() {
    let same = |_: &mut Value| ();
    let (both, paused) = (json!({"f:replicas": {}, "f:paused": {}}), json!({"f:paused": {}}));
    let (replicas, none) = (json!({"f:replicas": {}}), json!({}));
    let before = live(&both, &none, 1, same);
    let id = ObjectId::of(&before);
    let entry = Entry {
        uid: Some("u".into()),
        body: Some("d".into()),
        seen: Seen::of(&before, US, &sent()).map(Arc::new),
        ..Entry::new(id, "v1")
    };
    assert_eq!(told(&entry, Some(&before)), "");
    let taken = live(&paused, &replicas, 2, same);
    let text = format!("Changed spec.replicas kubectl-set {THEN}");
    assert_eq!(told(&entry, Some(&taken)), text);
    assert_eq!(told(&entry, Some(&live(&paused, &none, 2, same))), "Removed spec.replicas");
    let added = live(&both, &json!({"f:other": {}}), 2, same);
    assert_eq!(told(&entry, Some(&added)), "", "what is beside ours is no drift");
    let yielded = Yielded {
        field: "spec.replicas".into(),
        manager: "kubectl-set".into(),
        autoscaler: None,
        dropped: false,
    };
    let left = Entry { yielded: vec![yielded], ..entry.clone() };
    assert_eq!(told(&left, Some(&taken)), "", "it is known to be left");
    let mut other = left.clone();
    other.yielded[0].manager = "kubectl".into();
    assert_eq!(told(&other, Some(&taken)), text, "another took it");
    other.yielded[0].autoscaler = Some("HorizontalPodAutoscaler/web".into());
    assert_eq!(told(&other, Some(&taken)), "", "whoever scales for it");
    let going = live(&both, &none, 2, |it| it["metadata"]["deletionTimestamp"] = json!(THEN));
    assert_eq!(told(&entry, Some(&going)), format!("Deleted   {THEN}"));
    let anew = live(&none, &both, 1, |it| it["metadata"]["uid"] = json!("other"));
    assert_eq!(told(&entry, Some(&anew)), format!("Replaced  {US} {THEN}"));
    let bare = live(&none, &both, 2, |it| {
        it["metadata"].as_object_mut().unwrap().remove("managedFields");
    });
    assert_eq!(told(&entry, Some(&bare)), "Removed metadata.managedFields");
    assert_eq!(told(&entry, None), "Deleted");
    for quiet in [
        Entry { uid: None, ..entry.clone() },
        Entry { hook: true, ..entry.clone() },
        Entry { wanted: false, ..entry.clone() },
    ] {
        assert_eq!(told(&quiet, None), "", "{quiet:?}");
    }
    assert_eq!(told(&Entry { seen: None, ..entry }, Some(&taken)), "", "nothing to compare with");
}

#[test]
fn values_are_those_of_the_field_and_secret_ones_are_masked() {
    let field = |names: &[&str]| {
        names.iter().map(|name| OwnedPathElement::Field((*name).to_owned())).collect::<Vec<_>>()
    };
    let id = |kind| ObjectId::new("", kind, Some("a"), "x");
    let of = |kind: &str, value: &str| json!({"kind": kind, "data": {"a": value}});
    for (kind, old, new) in [("ConfigMap", "MQ==", "Mg=="), ("Secret", "***", "***")] {
        let mut drift = Drift::of(&id(kind), Change::Changed, field(&["data", "a"]));
        drift.take_values(&of(kind, "MQ=="), &of(kind, "Mg=="));
        assert_eq!((drift.old, drift.new), (Some(json!(old)), Some(json!(new))), "{kind}");
    }
}
