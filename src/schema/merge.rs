//! Patches on objects: JSON merge patch (RFC 7386) and strategic merge patch, which knows from
//! the schema which lists are merged and by which key.

use serde_json::{Map, Value};

use super::{Gvk, Schema, openapi};

/// Applies a JSON merge patch: `null` deletes, objects merge, all else replaces.
pub fn json(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(target) = target else { return };
    for (key, value) in patch {
        if value.is_null() {
            target.remove(key);
        } else {
            json(target.entry(key.clone()).or_insert(Value::Null), value);
        }
    }
}

/// Applies a strategic merge patch to an object of a kind. Kinds without an embedded schema get
/// a JSON merge patch instead, as `kubectl` does it.
///
/// # Errors
/// Says what is wrong with the patch: an item of a merged list without its key, an unknown
/// `$patch` directive.
pub fn strategic(target: &mut Value, patch: &Value, gvk: &Gvk) -> Result<(), String> {
    match openapi().of(gvk) {
        Some(schema) => merge_value(target, patch, Some(schema)),
        None => {
            json(target, patch);
            Ok(())
        }
    }
}

fn merge_value(target: &mut Value, patch: &Value, schema: Option<&Schema>) -> Result<(), String> {
    match (patch, &target) {
        (Value::Object(patch), _) => {
            if !target.is_object() {
                *target = Value::Object(Map::new());
            }
            let Value::Object(object) = target else { return Ok(()) };
            merge_object(object, patch, schema)
        }
        (Value::Array(patch), Value::Array(_))
            if schema.is_some_and(|schema| schema.patch.merge) =>
        {
            let Value::Array(list) = target else { return Ok(()) };
            let key = schema.and_then(|schema| schema.patch.key.as_deref());
            merge_list(list, patch, key, schema.and_then(Schema::item))
        }
        (Value::Array(list), _) if schema.is_some_and(|schema| schema.patch.merge) => {
            // With nothing to merge into, the items stay as they are, without directives.
            let item_schema = schema.and_then(Schema::item);
            let mut merged = Vec::new();
            for item in list.iter().filter(|item| item.get("$patch").is_none()) {
                let mut fresh = Value::Null;
                merge_value(&mut fresh, item, item_schema)?;
                merged.push(fresh);
            }
            *target = Value::Array(merged);
            Ok(())
        }
        _ => {
            *target = patch.clone();
            Ok(())
        }
    }
}

fn merge_object(
    target: &mut Map<String, Value>,
    patch: &Map<String, Value>,
    schema: Option<&Schema>,
) -> Result<(), String> {
    match patch.get("$patch").and_then(Value::as_str) {
        Some("replace") => {
            *target = patch.clone();
            target.remove("$patch");
            return Ok(());
        }
        Some("delete") => {
            target.clear();
            return Ok(());
        }
        Some("merge") | None => {}
        Some(other) => return Err(format!("Unknown patch type '{other}' found in the patch")),
    }
    // Of a union such as a Deployment's strategy: what the other member had must go.
    if let Some(Value::Array(keys)) = patch.get("$retainKeys") {
        target.retain(|key, _| keys.iter().any(|kept| kept == key));
    }
    for (key, value) in patch {
        // Directives are no fields of the object.
        if key == "$patch" || key == "$retainKeys" || key.starts_with("$setElementOrder/") {
            continue;
        }
        if let Some(field) = key.strip_prefix("$deleteFromPrimitiveList/") {
            let gone = value.as_array().map(Vec::as_slice).unwrap_or_default();
            if let Some(Value::Array(list)) = target.get_mut(field) {
                list.retain(|item| !gone.contains(item));
            }
        } else if value.is_null() {
            target.remove(key);
        } else {
            let field = schema.and_then(|schema| schema.field(key));
            merge_value(target.entry(key.clone()).or_insert(Value::Null), value, field)?;
        }
    }
    reorder(target, patch, schema);
    Ok(())
}

/// Puts the items of merged lists into the order that the patch asks for.
fn reorder(target: &mut Map<String, Value>, patch: &Map<String, Value>, schema: Option<&Schema>) {
    for (key, order) in patch {
        let Some(field) = key.strip_prefix("$setElementOrder/") else { continue };
        let merge_key = schema.and_then(|schema| schema.field(field)?.patch.key.as_deref());
        let (Some(Value::Array(list)), Some(order)) = (target.get_mut(field), order.as_array())
        else {
            continue;
        };
        let place = |item: &Value| {
            order.iter().position(|wanted| match merge_key {
                Some(key) => wanted.get(key) == item.get(key),
                None => wanted == item,
            })
        };
        // Items that the order does not name stay behind the one they followed.
        let mut last = 0;
        let mut places: Vec<(usize, Value)> = Vec::new();
        for item in std::mem::take(list) {
            last = place(&item).unwrap_or(last);
            places.push((last, item));
        }
        places.sort_by_key(|(place, _)| *place);
        *list = places.into_iter().map(|(_, item)| item).collect();
    }
}

fn merge_list(
    target: &mut Vec<Value>,
    patch: &[Value],
    key: Option<&str>,
    item_schema: Option<&Schema>,
) -> Result<(), String> {
    if patch.iter().any(|item| item.get("$patch").and_then(Value::as_str) == Some("replace")) {
        let items = patch.iter().filter(|item| item.get("$patch").is_none());
        *target = items.cloned().collect();
        return Ok(());
    }
    let before = target.clone();
    for item in patch {
        let (Some(key), Value::Object(_)) = (key, item) else {
            if !target.contains(item) {
                target.push(item.clone());
            }
            continue;
        };
        let Some(id) = item.get(key) else {
            return Err(format!(
                "map: {} does not contain declared merge key: {key}",
                go_value(item)
            ));
        };
        let found = target.iter().position(|old| old.get(key) == Some(id));
        match (item.get("$patch").and_then(Value::as_str), found) {
            // All that have the key, should it be there twice.
            (Some("delete"), _) => target.retain(|old| old.get(key) != Some(id)),
            (_, Some(place)) => merge_value(&mut target[place], item, item_schema)?,
            (_, None) => {
                let mut fresh = Value::Null;
                merge_value(&mut fresh, item, item_schema)?;
                target.push(fresh);
            }
        }
    }
    arrange(target, &before, patch, key);
    Ok(())
}

/// Puts the items of a merged list into the server's order: those of the patch as the patch has
/// them, the others as they were, and new ones before what follows them nowhere.
fn arrange(merged: &mut Vec<Value>, before: &[Value], patch: &[Value], key: Option<&str>) {
    let place = |list: &[Value], item: &Value| {
        list.iter().position(|other| match key {
            Some(key) => other.get(key) == item.get(key),
            None => other == item,
        })
    };
    let items = std::mem::take(merged);
    let (mut named, others): (Vec<Value>, Vec<Value>) =
        items.into_iter().partition(|item| place(patch, item).is_some());
    named.sort_by_key(|item| place(patch, item));
    let (mut named, mut others) = (named.into_iter().peekable(), others.into_iter().peekable());
    loop {
        let other_first = match (others.peek(), named.peek()) {
            (None, None) => return,
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (Some(other), Some(item)) => match (place(before, other), place(before, item)) {
                (Some(other), Some(item)) => other < item,
                _ => false,
            },
        };
        merged.extend(if other_first { others.next() } else { named.next() });
    }
}

/// Writes a value as the API server's messages show it: Go's `%v`.
pub fn go_value(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            format!("[{}]", items.iter().map(go_value).collect::<Vec<_>>().join(" "))
        }
        Value::Object(fields) => {
            let fields = fields.iter().map(|(key, value)| format!("{key}:{}", go_value(value)));
            format!("map[{}]", fields.collect::<Vec<_>>().join(" "))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn merged(target: Value, patch: Value) -> Value {
        let mut object = target;
        strategic(&mut object, &patch, &Gvk::new("apps", "v1", "Deployment")).unwrap();
        object
    }

    fn pod_spec(spec: Value) -> Value {
        json!({"spec": {"template": {"spec": spec}}})
    }

    #[test]
    fn lists_merge_by_their_key_or_are_replaced() {
        let cases = [
            (
                json!({"containers": [{"name": "a", "image": "1"}, {"name": "b"}]}),
                json!({"containers": [{"name": "a", "image": "2"}, {"name": "c"}]}),
                json!({"containers": [{"name": "a", "image": "2"}, {"name": "c"}, {"name": "b"}]}),
            ),
            (
                json!({"containers": [{"name": "a", "args": ["x"]}]}),
                json!({"containers": [{"name": "a", "args": ["y"]}]}),
                json!({"containers": [{"name": "a", "args": ["y"]}]}),
            ),
            (
                json!({"containers": [{"name": "a"}, {"name": "b"}]}),
                json!({"containers": [{"name": "a", "$patch": "delete"}]}),
                json!({"containers": [{"name": "b"}]}),
            ),
            (
                json!({"containers": [{"name": "a"}]}),
                json!({"containers": [{"$patch": "replace"}, {"name": "z"}]}),
                json!({"containers": [{"name": "z"}]}),
            ),
            (
                json!({"nodeSelector": {"a": "1"}, "hostname": "h"}),
                json!({"nodeSelector": {"b": "2"}, "hostname": null}),
                json!({"nodeSelector": {"a": "1", "b": "2"}}),
            ),
            (
                json!({"volumes": [{"name": "v", "emptyDir": {}}]}),
                json!({"volumes": [{"name": "v", "$retainKeys": ["name", "secret"], "secret": {}}]}),
                json!({"volumes": [{"name": "v", "secret": {}}]}),
            ),
            (
                json!({"containers": [{"name": "a"}, {"name": "b"}]}),
                json!({"$setElementOrder/containers": [{"name": "b"}, {"name": "a"}]}),
                json!({"containers": [{"name": "b"}, {"name": "a"}]}),
            ),
        ];
        for (target, patch, expected) in cases {
            assert_eq!(
                merged(pod_spec(target), pod_spec(patch.clone())),
                pod_spec(expected),
                "{patch}"
            );
        }
    }

    #[test]
    fn finalizers_are_a_merged_set() {
        let patch = json!({"metadata": {"finalizers": ["b"], "$deleteFromPrimitiveList/finalizers": ["a"]}});
        let object = merged(json!({"metadata": {"finalizers": ["a", "c"]}}), patch);
        let mut left: Vec<_> = object["metadata"]["finalizers"].as_array().unwrap().clone();
        left.sort_by_key(ToString::to_string);
        assert_eq!(left, [json!("b"), json!("c")]);
    }

    #[test]
    fn an_item_without_its_key_is_refused() {
        let mut object = pod_spec(json!({"containers": [{"name": "a"}]}));
        let patch = pod_spec(json!({"containers": [{"image": "x"}]}));
        assert!(strategic(&mut object, &patch, &Gvk::new("apps", "v1", "Deployment")).is_err());
    }

    #[test]
    fn json_merge_replaces_lists_and_deletes_by_null() {
        let mut object = json!({"a": {"b": 1, "c": 2}, "l": [1, 2]});
        json(&mut object, &json!({"a": {"b": null, "d": 3}, "l": [3]}));
        assert_eq!(object, json!({"a": {"c": 2, "d": 3}, "l": [3]}));
    }
}
