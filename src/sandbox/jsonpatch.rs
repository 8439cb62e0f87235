//! JSON patch (RFC 6902). A patch that cannot be carried out is a 422, as the API server has it.

use serde_json::{Value, json};

use super::status::{StatusError, StatusResult};

/// Carries out all operations, or none.
pub(super) fn apply(target: &mut Value, patch: &Value) -> StatusResult<()> {
    let Some(operations) = patch.as_array() else {
        return Err(StatusError::bad_request(
            "json: cannot unmarshal object into Go value of type jsonpatch.Patch",
        ));
    };
    // RFC 6902: a patch of which one operation fails changes nothing.
    let mut changed = target.clone();
    for operation in operations {
        step(&mut changed, operation).ok_or_else(unfit)?;
    }
    *target = changed;
    Ok(())
}

fn unfit() -> StatusError {
    let message = "the server rejected our request due to an error in our request";
    StatusError::status(422, "Invalid", message, json!({}))
}

fn step(target: &mut Value, operation: &Value) -> Option<()> {
    let path = operation["path"].as_str()?;
    let value = || operation.get("value").cloned();
    match operation["op"].as_str()? {
        // As the library evanphx/json-patch: what is absent equals null.
        "test" => (target.pointer(path).cloned().unwrap_or_default()
            == value().unwrap_or_default())
        .then_some(()),
        "add" => add(target, path, value()?),
        "replace" => {
            // The server's library looks only whether there is an object to put it into.
            let fits = target.pointer(path).is_some()
                || target.pointer(last(path)?.0).is_some_and(Value::is_object);
            if !fits {
                return None;
            }
            match target.pointer_mut(path) {
                Some(place) => *place = value()?,
                None => add(target, path, value()?)?,
            }
            Some(())
        }
        "remove" => remove(target, path).map(|_| ()),
        "move" => {
            let moved = remove(target, operation["from"].as_str()?)?;
            add(target, path, moved)
        }
        "copy" => {
            let copied = target.pointer(operation["from"].as_str()?)?.clone();
            add(target, path, copied)
        }
        _ => None,
    }
}

fn last(path: &str) -> Option<(&str, String)> {
    let (parent, name) = path.rsplit_once('/')?;
    Some((parent, name.replace("~1", "/").replace("~0", "~")))
}

fn add(target: &mut Value, path: &str, value: Value) -> Option<()> {
    if path.is_empty() {
        *target = value;
        return Some(());
    }
    let (parent, name) = last(path)?;
    match target.pointer_mut(parent)? {
        Value::Object(fields) => {
            fields.insert(name, value);
        }
        Value::Array(items) if name == "-" => items.push(value),
        Value::Array(items) => {
            let index: usize = name.parse().ok()?;
            if index > items.len() {
                return None;
            }
            items.insert(index, value);
        }
        _ => return None,
    }
    Some(())
}

fn remove(target: &mut Value, path: &str) -> Option<Value> {
    let (parent, name) = last(path)?;
    match target.pointer_mut(parent)? {
        Value::Object(fields) => fields.remove(&name),
        Value::Array(items) => {
            let index: usize = name.parse().ok()?;
            (index < items.len()).then(|| items.remove(index))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_change_the_object_or_are_refused() {
        let object = json!({"a": {"b": [1, 2]}, "x/y": 1});
        let cases = [
            (
                json!([{"op": "add", "path": "/a/c", "value": 3}]),
                Some(json!({"a": {"b": [1, 2], "c": 3}, "x/y": 1})),
            ),
            (
                json!([{"op": "add", "path": "/a/b/-", "value": 3}]),
                Some(json!({"a": {"b": [1, 2, 3]}, "x/y": 1})),
            ),
            (json!([{"op": "remove", "path": "/a/b/0"}]), Some(json!({"a": {"b": [2]}, "x/y": 1}))),
            (
                json!([{"op": "replace", "path": "/x~1y", "value": 2}]),
                Some(json!({"a": {"b": [1, 2]}, "x/y": 2})),
            ),
            (
                json!([{"op": "move", "from": "/x~1y", "path": "/z"}]),
                Some(json!({"a": {"b": [1, 2]}, "z": 1})),
            ),
            (json!([{"op": "test", "path": "/x~1y", "value": 2}]), None),
            (json!([{"op": "remove", "path": "/nope"}]), None),
            (json!([{"op": "replace", "path": "/nope/a", "value": 1}]), None),
            (json!([{"op": "replace", "path": "/a/b/2", "value": 1}]), None),
            (
                json!([{"op": "replace", "path": "/a/c", "value": 3}]),
                Some(json!({"a": {"b": [1, 2], "c": 3}, "x/y": 1})),
            ),
            (json!([{"op": "add", "path": "/nope/a", "value": 1}]), None),
        ];
        for (patch, expected) in cases {
            let mut changed = object.clone();
            let outcome = apply(&mut changed, &patch);
            assert_eq!(outcome.is_ok().then_some(changed), expected, "{patch}");
        }
    }
}
