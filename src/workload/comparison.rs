//! Comparing a live object with the answer to a dry run; and with a body without asking the server:
//! where writing is forbidden, no dry run tells what an apply would change.
//!
//! A live object has more than was sent: defaults, and what others own. It differs where
//! something that was sent is not in it. What the server writes in another form (`500m` for
//! `0.5`) counts as different: a plan that says too much is better than one that says too little.

use serde_json::Value;

/// Tells whether a live object has all that a body wants, item by item in its lists.
pub(crate) fn contains(live: &Value, wanted: &Value) -> bool {
    match (live, wanted) {
        (Value::Object(live), Value::Object(wanted)) => wanted.iter().all(|(key, wanted)| {
            match live.get(key) {
                Some(live) => contains(live, wanted),
                // What is empty may be left out where it is stored.
                None => is_empty(wanted),
            }
        }),
        (Value::Array(live), Value::Array(wanted)) => {
            live.len() == wanted.len()
                && live.iter().zip(wanted).all(|(live, wanted)| contains(live, wanted))
        }
        (Value::Number(live), Value::Number(wanted)) => live.as_f64() == wanted.as_f64(),
        (live, wanted) => live == wanted,
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(fields) => fields.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Tells whether the answer to a dry run is the live object.
pub(crate) fn is_same(rehearsed: &Value, live: &Value) -> bool {
    let bare = |object: &Value| {
        let mut object = object.clone();
        if let Some(entries) =
            object.pointer_mut("/metadata/managedFields").and_then(Value::as_array_mut)
        {
            for entry in entries.iter_mut().filter_map(Value::as_object_mut) {
                entry.remove("time");
            }
        }
        object
    };
    rehearsed == live || bare(rehearsed) == bare(live)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_wanted_is_looked_for_in_what_is_live() {
        let live = json!({"spec": {"replicas": 2, "strategy": {"type": "RollingUpdate"},
            "containers": [{"name": "web", "image": "web:1", "resources": {}}]}});
        for (wanted, expected) in [
            (json!({}), true),
            (json!({"spec": {"replicas": 2.0}}), true),
            (json!({"spec": {"replicas": 3}}), false),
            (json!({"spec": {"containers": [{"name": "web", "image": "web:1"}]}}), true),
            (json!({"spec": {"containers": [{"name": "web", "image": "web:2"}]}}), false),
            (json!({"spec": {"containers": []}}), false),
            (json!({"spec": {"paused": true}}), false),
            (json!({"spec": {"nothing": null, "tolerations": []}}), true),
        ] {
            assert_eq!(contains(&live, &wanted), expected, "{wanted}");
        }
    }
}
