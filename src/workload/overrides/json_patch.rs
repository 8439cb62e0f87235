//! JSON patches (RFC 6902), as far as single values can say them: fields that are set or removed.
//! What changes the items of a list, or looks at what is there, is refused by its operation.

use serde_json::Value;

use super::{
    OverrideEdit,
    path::{Path, PathStep},
};

/// Reads the operations on an object as changes of its overrides; `object` is `KIND/NAME`. The error
/// names the operation that cannot be said.
pub(crate) fn read_json_patch(
    object: &str,
    operations: &[Value],
) -> Result<Vec<OverrideEdit>, String> {
    operations.iter().map(|operation| read(object, operation)).collect()
}

fn read(object: &str, operation: &Value) -> Result<OverrideEdit, String> {
    let text = |key: &str| operation.get(key).and_then(Value::as_str);
    let (Some(op), Some(pointer)) = (text("op"), text("path")) else {
        return Err("an operation of a JSON patch has no `op` or no `path`".to_owned());
    };
    let refused = |why: &str| format!("the operation `{op} {pointer}` of a JSON patch {why}");
    let value = match (op, operation.get("value")) {
        ("add" | "replace", None) => return Err(refused("has no `value`")),
        ("add" | "replace", Some(Value::Null)) | ("remove", _) => Value::Null,
        ("add" | "replace", Some(value)) => value.clone(),
        _ => return Err(refused("is none of add, replace, remove")),
    };
    let steps = steps(pointer).ok_or_else(|| refused("has a path that is no JSON pointer"))?;
    match steps.last() {
        // The items behind it would move; a single value is put where something is.
        Some(PathStep::Index(_)) if op != "replace" => {
            Err(refused("adds or removes an item of a list"))
        }
        None => Err(refused("is about the whole object")),
        Some(PathStep::Key(key)) if key == "-" => Err(refused("adds an item to a list")),
        Some(_) => {
            let place = format!("{object}:{}", Path(steps));
            Ok(OverrideEdit::Set { place, value: Some(value), said: None })
        }
    }
}

/// Reads a JSON pointer; a number counts items.
fn steps(pointer: &str) -> Option<Vec<PathStep>> {
    if pointer.is_empty() {
        return Some(Vec::new());
    }
    let tokens = pointer.strip_prefix('/')?.split('/');
    let step = |token: &str| match token.parse::<usize>() {
        Ok(index) => PathStep::Index(index),
        Err(_) => PathStep::Key(token.replace("~1", "/").replace("~0", "~")),
    };
    Some(tokens.map(step).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(operation: Value) -> String {
        match read_json_patch("Deployment/web", &[operation]) {
            Ok(edits) => match &*edits {
                [OverrideEdit::Set { place, value: Some(value), .. }] => format!("{place}={value}"),
                other => format!("{other:?}"),
            },
            Err(why) => why,
        }
    }

    #[test]
    fn operations_are_single_values_or_are_refused_by_name() {
        let at = "Deployment/web:";
        let container = "/spec/template/spec/containers/0";
        for (operation, wanted) in [
            (
                json!({"op": "replace", "path": "/spec/replicas", "value": 3}),
                format!("{at}spec.replicas=3"),
            ),
            (
                json!({"op": "add", "path": format!("{container}/image"), "value": "web:2"}),
                format!("{at}spec.template.spec.containers[0].image=\"web:2\""),
            ),
            (
                json!({"op": "replace", "path": format!("{container}/args/1"), "value": "-v"}),
                format!("{at}spec.template.spec.containers[0].args[1]=\"-v\""),
            ),
            (
                json!({"op": "remove", "path": "/metadata/annotations/a.b~1c~0d"}),
                format!("{at}metadata.annotations[\"a.b/c~d\"]=null"),
            ),
            (
                json!({"op": "add", "path": format!("{container}/env/-"), "value": {}}),
                format!(
                    "the operation `add {container}/env/-` of a JSON patch adds an item to a list"
                ),
            ),
            (
                json!({"op": "remove", "path": container}),
                format!(
                    "the operation `remove {container}` of a JSON patch adds or removes an item of a list"
                ),
            ),
            (
                json!({"op": "test", "path": "/a", "value": 1}),
                "the operation `test /a` of a JSON patch is none of add, replace, remove".into(),
            ),
            (
                json!({"op": "add", "path": "/a"}),
                "the operation `add /a` of a JSON patch has no `value`".into(),
            ),
            (
                json!({"op": "add", "path": "a", "value": 1}),
                "the operation `add a` of a JSON patch has a path that is no JSON pointer".into(),
            ),
            (
                json!({"op": "replace", "path": "", "value": 1}),
                "the operation `replace ` of a JSON patch is about the whole object".into(),
            ),
            (json!("x"), "an operation of a JSON patch has no `op` or no `path`".into()),
        ] {
            assert_eq!(told(operation.clone()), wanted, "{operation}");
        }
    }
}
