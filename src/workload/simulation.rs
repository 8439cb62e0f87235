//! What an apply would make of a live object, where the server cannot be asked: as close as is told by
//! who holds what, by how lists merge, and by the defaults of the built-in kinds.

use serde_json::Value;

use super::ownership::{
    apply_entry,
    fields::{self, OwnedPathElement},
};
use crate::schema::{self, Gvk};

/// Applies a body to a live object: what the manager set before and the body lacks goes.
pub(crate) fn applied(live: &Value, body: &Value, manager: &str) -> Value {
    let mut after = live.clone();
    let own = apply_entry(live, manager).map(|entry| fields::members(&entry["fieldsV1"]));
    for member in own.into_iter().flatten() {
        // A map stays with what others have in it, an item of a list goes as a whole.
        let is_map = matches!(member.path.last(), Some(OwnedPathElement::Field(_)));
        let stays = (member.is_whole && is_map) || fields::is_in(body, &member.path);
        if !stays {
            fields::take_out(&mut after, &fields::shown(&member.path));
        }
    }
    let mut merged = after.clone();
    if schema::merge::strategic(&mut merged, body, &Gvk::of(body)).is_err() {
        schema::merge::json(&mut after, body);
        merged = after;
    }
    fill_in(&mut merged, live);
    merged
}

/// Puts back what goes and comes again, since it is what the server fills in.
fn fill_in(after: &mut Value, live: &Value) {
    let gvk = Gvk::of(after);
    if let Some(schema) = schema::openapi::openapi().of(&gvk) {
        let whole = schema::defaults::complete(after.clone(), schema, &gvk);
        put_back(after, &whole, live);
    }
}

fn put_back(after: &mut Value, whole: &Value, live: &Value) {
    match (after, whole, live) {
        (Value::Object(after), Value::Object(whole), Value::Object(live)) => {
            for (name, filled) in whole {
                let Some(before) = live.get(name) else { continue };
                match after.get_mut(name) {
                    Some(place) => put_back(place, filled, before),
                    None if filled == before => drop(after.insert(name.clone(), filled.clone())),
                    None => {}
                }
            }
        }
        (Value::Array(after), Value::Array(whole), Value::Array(live)) => {
            for (index, (item, filled)) in after.iter_mut().zip(whole).enumerate() {
                let name = item.get("name").cloned();
                let named = name.and_then(|name| live.iter().find(|it| it["name"] == name));
                if let Some(before) = named.or_else(|| live.get(index)) {
                    put_back(item, filled, before);
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const MANAGER: &str = "workloadctl:a/web";

    fn live(body: &Value, own: &Value) -> Value {
        let mut live = body.clone();
        live["metadata"]["managedFields"] = json!([
            {"manager": MANAGER, "operation": "Apply", "fieldsV1": own},
            {"manager": "kubectl-edit", "operation": "Update", "fieldsV1": {"f:spec": {"f:theirs": {}}}},
        ]);
        live
    }

    fn after(live: &Value, body: &Value) -> Value {
        let mut after = applied(live, body, MANAGER);
        after["metadata"].as_object_mut().unwrap().remove("managedFields");
        after
    }

    #[test]
    fn what_was_ours_and_is_not_wanted_goes() {
        let thing = |spec: Value, status: Option<Value>| {
            let mut thing = json!({"apiVersion": "example.com/v1", "kind": "Thing",
                "metadata": {"name": "a", "labels": {"l": "x"}}, "spec": spec});
            status.into_iter().for_each(|status| thing["status"] = status);
            thing
        };
        let before = thing(
            json!({"a": 1, "list": [1, 2], "theirs": 3, "map": {"x": 1}}),
            Some(json!({"s": 1})),
        );
        let own = json!({"f:metadata": {"f:labels": {".": {}, "f:l": {}}},
            "f:spec": {"f:a": {}, "f:list": {}, "f:map": {".": {}, "f:x": {}}}});
        let wanted = thing(json!({"b": 2, "list": [3], "map": {"y": 1}}), None);
        assert_eq!(
            after(&live(&before, &own), &wanted),
            thing(
                json!({"b": 2, "list": [3], "theirs": 3, "map": {"y": 1}}),
                Some(json!({"s": 1}))
            )
        );
    }

    #[test]
    fn items_are_merged_by_their_keys() {
        let job = |containers: Value| {
            json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "a"},
                "spec": {"template": {"spec": {"containers": containers}}}})
        };
        let before = job(json!([
            {"name": "a", "image": "a:1", "imagePullPolicy": "IfNotPresent"},
            {"name": "gone", "image": "b:1", "imagePullPolicy": "IfNotPresent"},
        ]));
        let item = json!({".": {}, "f:name": {}, "f:image": {}});
        let own = json!({"f:spec": {"f:template": {"f:spec": {"f:containers": {
            "k:{\"name\":\"a\"}": item, "k:{\"name\":\"gone\"}": item}}}}});
        assert_eq!(
            after(&live(&before, &own), &job(json!([{"name": "a", "image": "a:2"}]))),
            job(json!([{"name": "a", "image": "a:2", "imagePullPolicy": "IfNotPresent"}]))
        );
    }

    #[test]
    fn what_goes_and_is_filled_in_again_stays() {
        let job = |container: &Value, policy: Option<&str>| {
            let mut spec = json!({"containers": [container]});
            policy.into_iter().for_each(|policy| spec["dnsPolicy"] = policy.into());
            json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "a"},
                "spec": {"template": {"spec": spec}}})
        };
        let before = json!({"name": "a", "image": "a:1", "imagePullPolicy": "IfNotPresent",
            "terminationMessagePolicy": "FallbackToLogsOnError"});
        let container =
            json!({"f:image": {}, "f:imagePullPolicy": {}, "f:terminationMessagePolicy": {}});
        let own = json!({"f:spec": {"f:template": {"f:spec": {"f:dnsPolicy": {},
            "f:containers": {"k:{\"name\":\"a\"}": container}}}}});
        let wanted = job(&json!({"name": "a", "image": "a:1"}), None);
        assert_eq!(
            after(&live(&job(&before, Some("ClusterFirst")), &own), &wanted),
            job(
                &json!({"name": "a", "image": "a:1", "imagePullPolicy": "IfNotPresent"}),
                Some("ClusterFirst")
            )
        );
    }
}
