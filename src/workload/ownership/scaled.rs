//! Replicas that somebody set where the definition sets none. Of a scale of replicas that nobody held
//! the server keeps no entry in managedFields: only the number tells.

use serde_json::Value;

use super::{YIELDED_MANAGER, entries, is_scaled_by_controller, manager_of, subresource};
use crate::workload::object::ObjectId;

/// What the server fills in where nobody says a number.
const DEFAULT: i64 = 1;

/// Replicas of an object whose definition sets none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scaled {
    pub replicas: i64,
    /// Whether a manager beside ours holds them as a field that it added.
    pub is_added_field: bool,
}

/// Tells how many replicas somebody gave an object of which `sent` sets none. What Kubernetes'
/// autoscaler set, or what was handed over to one, is theirs. `live` is the whole object.
pub(crate) fn scaled_by_others(sent: &Value, live: &Value) -> Option<Scaled> {
    let id = ObjectId::of(sent);
    let has_replicas = id.group == "apps"
        && ["Deployment", "StatefulSet", "ReplicaSet"].contains(&&*id.kind)
        || id.is("", "ReplicationController");
    let is_set = sent.pointer("/spec/replicas").is_some_and(|replicas| !replicas.is_null());
    let replicas = live.pointer("/spec/replicas")?.as_i64()?;
    let is_theirs = is_scaled_by_controller(live)
        || entries(live).any(|entry| manager_of(entry) == YIELDED_MANAGER);
    if !has_replicas || is_set || is_theirs || replicas == DEFAULT {
        return None;
    }
    let holds = |entry: &Value| entry.pointer("/fieldsV1/f:spec/f:replicas").is_some();
    let is_added_field = entries(live).any(|entry| subresource(entry).is_empty() && holds(entry));
    Some(Scaled { replicas, is_added_field })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_number_tells_where_nobody_holds_it() {
        let object = |kind: &str, replicas: Value| {
            json!({"apiVersion": "apps/v1", "kind": kind,
            "metadata": {"name": "web"}, "spec": {"replicas": replicas}})
        };
        let with = |mut live: Value, manager: &str, subresource: &str| {
            live["metadata"]["managedFields"] = json!([{"manager": manager, "operation": "Update",
                "subresource": subresource, "fieldsV1": {"f:spec": {"f:replicas": {}}}}]);
            live
        };
        let (none, three) = (object("Deployment", Value::Null), object("Deployment", json!(3)));
        let scaled = |is_added_field| Some(Scaled { replicas: 3, is_added_field });
        let cases = [
            (&none, three.clone(), scaled(false)),
            (&none, with(three.clone(), "kubectl", "scale"), scaled(false)),
            (&none, with(three.clone(), "kubectl-edit", ""), scaled(true)),
            (&none, with(three.clone(), "kube-controller-manager", "scale"), None),
            (&none, with(three.clone(), YIELDED_MANAGER, ""), None),
            (&none, object("Deployment", json!(1)), None),
            (&three, object("Deployment", json!(4)), None),
            (&object("DaemonSet", Value::Null), object("DaemonSet", json!(3)), None),
        ];
        for (sent, live, wanted) in cases {
            assert_eq!(scaled_by_others(sent, &live), wanted, "{live}");
        }
    }
}
