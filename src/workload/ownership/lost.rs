//! Fields that we set and that are ours no more: others changed them or took them away since the
//! last apply. Who and when stands in their entries.

use std::cmp::Reverse;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    Dropped, ManagerClass, REPLICAS, Yielded, apply_entry, class_of, entries,
    fields::{self, OwnedPathElement},
    is_apply_of, is_autoscaler, is_left, manager_of, subresource,
    yielding::scales_for_autoscalers,
};

/// A field of a body that our entry lacks, or one that others added.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Lost {
    pub path: Vec<OwnedPathElement>,
    /// Who holds it now; nobody where it was taken away.
    pub holder: Option<Holder>,
}

/// Who holds a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Holder {
    pub manager: String,
    /// When that manager last wrote the object.
    pub at: Option<Timestamp>,
}

impl Holder {
    /// Reads an entry of managedFields.
    fn of(entry: &Value) -> Self {
        let at = entry["time"].as_str().and_then(|time| time.parse().ok());
        Self { manager: manager_of(entry).to_owned(), at }
    }

    /// Gives who made an object, as far as its oldest entry tells.
    pub(crate) fn first(object: &Value) -> Option<Self> {
        let of_object = entries(object).filter(|entry| subresource(entry).is_empty());
        of_object.map(Self::of).min_by_key(|holder| holder.at)
    }
}

/// Lists the fields of a body that were ours and are not any more, by a live object's metadata.
/// What is left to its holder by rule (an autoscaler's replicas, an injected `caBundle`, what another
/// instance shares) is not among them. A person's scale is, until a deploy has left it.
pub(crate) fn lost_fields(body: &Value, live: &Value, manager: &str) -> Vec<Lost> {
    let own = apply_entry(live, manager).map(|entry| &entry["fieldsV1"]);
    let all = entries(live).fold(None, |all: Option<Value>, entry| {
        let set = &entry["fieldsV1"];
        match all {
            None => Some(set.clone()),
            Some(mut all) => {
                fields::add(&mut all, set);
                Some(all)
            }
        }
    });
    let lost = fields::missing(&comparable(body), own, all.as_ref());
    lost.into_iter().filter_map(|path| judge(path, live, manager)).collect()
}

fn judge(path: Vec<OwnedPathElement>, live: &Value, manager: &str) -> Option<Lost> {
    let mut holders: Vec<&Value> = entries(live)
        .filter(|entry| !is_apply_of(entry, manager) && fields::has(&entry["fieldsV1"], &path))
        .collect();
    // Several may hold it: who came last made it what it is.
    holders.sort_by_key(|entry| Reverse(Holder::of(entry).at));
    let field = fields::shown(&path);
    let is_theirs = holders.iter().any(|entry| is_by_rule(entry, &field));
    (!is_theirs).then(|| Lost { path, holder: holders.first().map(|entry| Holder::of(entry)) })
}

/// Tells whether a field is left to the manager of an entry by what they are.
fn is_by_rule(entry: &Value, field: &str) -> bool {
    let manager = manager_of(entry);
    match class_of(manager) {
        ManagerClass::Instance | ManagerClass::Yielded | ManagerClass::Aggregator => true,
        ManagerClass::Person | ManagerClass::GitOps(_) | ManagerClass::Other => {
            is_left(field, manager, entry["operation"] == "Apply", false)
                || (field == REPLICAS && (scales_for_autoscalers(entry) || is_autoscaler(manager)))
        }
    }
}

/// Gives the part of a body that is entered in managedFields.
fn comparable(body: &Value) -> Value {
    let mut body = body.clone();
    if let Some(fields) = body.as_object_mut() {
        fields.retain(|name, _| !["apiVersion", "kind", "status"].contains(&name.as_str()));
        if let Some(metadata) = fields.get_mut("metadata").and_then(Value::as_object_mut) {
            let entered = ["annotations", "finalizers", "labels", "ownerReferences"];
            metadata.retain(|name, value| entered.contains(&name.as_str()) && *value != json!({}));
        }
        fields.retain(|name, value| name != "metadata" || *value != json!({}));
    }
    body
}

/// Lists the fields that others added beside ours: persons, GitOps controllers and operators.
/// Kubernetes' own controllers are left out: they finish what was asked for; nor is what was
/// ours once and stays with its holder, which is recorded.
pub(crate) fn added_beside(
    body: &Value,
    live: &Value,
    manager: &str,
    recorded: &[Yielded],
) -> Vec<Lost> {
    let added = Dropped { body, manager, before: &[], recorded: &[] };
    let stays = |path: &[OwnedPathElement]| {
        let field = fields::shown(path);
        recorded.iter().any(|left| left.dropped && field.starts_with(&left.field))
    };
    let counts = |(entry, path): &(&Value, Vec<OwnedPathElement>)| {
        !manager_of(entry).starts_with("kube-") && !stays(path)
    };
    let told = added.beyond(live).filter(counts);
    told.map(|(entry, path)| Lost { path, holder: Some(Holder::of(entry)) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live(entries: &[(&str, &str, &str, Value)]) -> Value {
        let entries = entries.iter().map(|(manager, subresource, time, fields)| {
            let operation = if *manager == "us" { "Apply" } else { "Update" };
            json!({"manager": manager, "operation": operation, "subresource": subresource,
                "time": time, "fieldsV1": fields})
        });
        json!({"metadata": {"managedFields": entries.collect::<Vec<_>>()}})
    }

    #[test]
    fn what_was_taken_tells_who_and_when_unless_it_is_theirs_by_rule() {
        let body = json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "status": {"a": 1},
            "metadata": {"name": "web", "namespace": "a", "labels": {"tier": "x"}},
            "spec": {"replicas": 2, "paused": false, "x": {"caBundle": "c"}},
        });
        let (a, b) = ("2024-05-01T10:00:00Z", "2024-05-01T11:00:00Z");
        let ours = json!({"f:metadata": {"f:labels": {"f:tier": {}}}, "f:spec": {"f:paused": {}}});
        let replicas = json!({"f:spec": {"f:replicas": {}}});
        let told = |others: &[(&str, &str, &str, Value)]| {
            let bundle = ("cert-manager", "", a, json!({"f:spec": {"f:x": {"f:caBundle": {}}}}));
            let mut all = vec![("us", "", a, ours.clone()), bundle];
            all.extend(others.iter().cloned());
            let lost = lost_fields(&body, &live(&all), "us").into_iter();
            let told = lost.map(|Lost { path, holder }| {
                let holder = holder.map(|it| format!(" {} {}", it.manager, it.at.unwrap()));
                fields::shown(&path) + &holder.unwrap_or_default()
            });
            told.collect::<Vec<_>>().join(", ")
        };
        let edit = ("kubectl-edit", "", a, replicas.clone());
        assert_eq!(told(std::slice::from_ref(&edit)), format!("spec.replicas kubectl-edit {a}"));
        let scale = ("kubectl", "scale", b, replicas.clone());
        assert_eq!(told(&[edit, scale]), format!("spec.replicas kubectl {b}"));
        assert_eq!(told(&[]), "spec.replicas", "it was taken away");
        for (manager, subresource) in [
            ("kube-controller-manager", "scale"),
            ("keda-operator", ""),
            ("workloadctl:b/other", ""),
            ("workloadctl-yielded", ""),
        ] {
            assert_eq!(told(&[(manager, subresource, b, replicas.clone())]), "", "{manager}");
        }
    }

    #[test]
    fn what_persons_add_is_counted_and_what_controllers_do_is_not() {
        let body = json!({"metadata": {"labels": {"a": "b"}}});
        let label = |name: &str| json!({"f:metadata": {"f:labels": {name: {}}}});
        let live = live(&[
            ("us", "", "", label("f:a")),
            ("kubectl-label", "", "", label("f:team")),
            ("kube-controller-manager", "", "", json!({"f:spec": {"f:volumeName": {}}})),
            ("kubelet", "status", "", json!({"f:status": {"f:a": {}}})),
        ]);
        let added = |recorded: &[Yielded]| -> Vec<String> {
            let added = added_beside(&body, &live, "us", recorded).into_iter();
            let told = added.map(|Lost { path, holder }| {
                format!("{} {}", fields::shown(&path), holder.unwrap().manager)
            });
            told.collect()
        };
        assert_eq!(added(&[]), ["metadata.labels.team kubectl-label"]);
        let team = Yielded {
            field: "metadata.labels.team".into(),
            manager: "kubectl-label".into(),
            autoscaler: None,
            dropped: true,
        };
        assert!(added(&[team]).is_empty(), "it is told already");
    }
}
