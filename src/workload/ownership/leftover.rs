//! What the server filled in by itself and a change then forbids, such as the `rollingUpdate` of
//! a Deployment that is to be recreated: nobody holds it, so that no apply takes it away. Held by
//! us, it goes with the next apply.

use serde_json::{Map, Value, json};

use super::{apply_entry_index, fields};

/// Gives the live object's managedFields with our Apply entry grown by the fields that the server
/// forbids and that the wanted body lacks. `forbidden` are paths as in `spec.strategy`. None
/// where that is not what is wrong, or where we have no Apply entry.
pub(crate) fn hold_leftovers(
    live: &Value,
    manager: &str,
    body: &Value,
    forbidden: &[&str],
) -> Option<Value> {
    let index = apply_entry_index(live, manager)?;
    let mut entries = live.pointer("/metadata/managedFields")?.clone();
    let mut grown = false;
    for path in forbidden {
        let Some(tree) = tree_of(path, body, live) else { continue };
        let held = &mut entries[index]["fieldsV1"];
        let before = held.clone();
        // To hold a field takes no value: entered in managedFields it is ours, and goes with the
        // apply that lacks it.
        fields::add(held, &tree);
        grown |= *held != before;
    }
    grown.then_some(entries)
}

/// Tells whether the server forbids what is only there because it filled it in.
pub(crate) fn is_leftover(live: &Value, body: &Value, forbidden: &[&str]) -> bool {
    forbidden.iter().any(|path| tree_of(path, body, live).is_some())
}

/// Gives the tree of the fields at a path that is live and not wanted; lists, whose items have
/// ways of their own to be named, are left alone.
fn tree_of(path: &str, body: &Value, live: &Value) -> Option<Value> {
    let names: Vec<&str> = path.split('.').collect();
    let at = |object: &Value| {
        names.iter().try_fold(object.clone(), |place, name| place.get(name).cloned())
    };
    if names.first() == Some(&"metadata") || path.contains('[') || at(body).is_some() {
        return None;
    }
    let mut tree = below(&at(live)?)?;
    for name in names.iter().rev() {
        tree = json!({ format!("f:{name}"): tree });
    }
    Some(tree)
}

fn below(value: &Value) -> Option<Value> {
    match value {
        Value::Array(_) => None,
        Value::Object(fields) => {
            let mut tree = Map::new();
            for (name, value) in fields {
                tree.insert(format!("f:{name}"), below(value)?);
            }
            Some(Value::Object(tree))
        }
        _ => Some(json!({})),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_live_and_not_wanted_is_held() {
        let live = json!({
            "metadata": {"managedFields": [
                {"manager": "kcm", "operation": "Update", "subresource": "status"},
                {"manager": "us", "operation": "Apply", "fieldsV1": {"f:spec": {"f:strategy": {"f:type": {}}}}},
            ]},
            "spec": {
                "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}},
                "list": [{"name": "a"}],
            },
        });
        let body = json!({"spec": {"strategy": {"type": "Recreate"}}});
        let path = "spec.strategy.rollingUpdate";
        let held = hold_leftovers(&live, "us", &body, &[path]).unwrap();
        let strategy =
            json!({"f:type": {}, "f:rollingUpdate": {"f:maxSurge": {}, "f:maxUnavailable": {}}});
        assert_eq!(held[1]["fieldsV1"], json!({"f:spec": {"f:strategy": strategy}}));
        assert_eq!(held[0], live["metadata"]["managedFields"][0]);
        assert!(is_leftover(&live, &body, &["spec.x", path]));
        let wanted = json!({"spec": {"strategy": {"rollingUpdate": {}}}});
        for (manager, body, path) in [
            ("them", &body, path),
            ("us", &wanted, path),
            ("us", &body, "spec.gone"),
            ("us", &body, "spec.list"),
            ("us", &body, "spec.list[0].name"),
            ("us", &body, "metadata.managedFields"),
            ("us", &body, ""),
        ] {
            assert_eq!(hold_leftovers(&live, manager, body, &[path]), None, "{path}");
        }
    }
}
