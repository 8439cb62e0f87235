//! Taking Lists apart: any object with a field `items` is a list of objects, as for kubectl.

use std::sync::Arc;

use serde_json::Value;

use crate::workload::{
    error::{Code, Error},
    yaml::{Problem, YamlNode},
};

/// An object of a document, before it is checked.
pub(super) struct RawObject<'d> {
    /// The file that it stands in.
    pub(super) file: Arc<str>,
    /// Its place in the text.
    pub(super) node: YamlNode<'d>,
    /// The body, a mapping.
    pub(super) body: Value,
}

/// Gives the objects of a document, given its value and its outermost node, each in its place.
pub(super) fn flatten<'d>(
    mut value: Value,
    root: YamlNode<'d>,
    file: &Arc<str>,
) -> Vec<Result<RawObject<'d>, Vec<Error>>> {
    let items = match value.get_mut("items") {
        None => return vec![found(value, root, file)],
        Some(Value::Null) => return Vec::new(),
        Some(Value::Array(items)) => std::mem::take(items),
        Some(other) => {
            let message = format!("`items` must be a list of objects, this is {}", describe(other));
            let node = root.field("items").unwrap_or(root);
            return vec![refuse(node, file, Code::NotAnObject, message)];
        }
    };
    let nodes = root.field("items").map(YamlNode::items).unwrap_or_default();
    nodes.into_iter().zip(items).map(|(node, item)| of_list(&value, item, node, file)).collect()
}

/// Gives an object of a list: its item, in its place.
pub(super) fn of_list<'d>(
    list: &Value,
    mut item: Value,
    node: YamlNode<'d>,
    file: &Arc<str>,
) -> Result<RawObject<'d>, Vec<Error>> {
    if item.get("items").is_some_and(Value::is_array) {
        return refuse(node, file, Code::NestedList, "a List inside a List".to_owned());
    }
    inherit(list, &mut item);
    found(item, node, file)
}

fn found<'d>(
    body: Value,
    node: YamlNode<'d>,
    file: &Arc<str>,
) -> Result<RawObject<'d>, Vec<Error>> {
    if body.is_object() {
        return Ok(RawObject { file: Arc::clone(file), node, body });
    }
    let message = format!("an object must be a mapping, this is {}", describe(&body));
    refuse(node, file, Code::NotAnObject, message)
}

fn refuse<T>(
    node: YamlNode<'_>,
    file: &Arc<str>,
    code: Code,
    message: String,
) -> Result<T, Vec<Error>> {
    Err(vec![Problem::new(code, node.position(), message).into_error(file)])
}

/// Gives an item of a typed list (`ConfigMapList`) that names no kind the kind of its list.
fn inherit(list: &Value, item: &mut Value) {
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let absent = |key| text(item, key).is_none_or(|text| text.is_empty());
    if !item.is_object() || !absent("kind") || !absent("apiVersion") {
        return;
    }
    let kind = text(list, "kind").unwrap_or_default();
    let kind = kind.strip_suffix("List").unwrap_or(&kind);
    if let (false, Some(api_version)) = (kind.is_empty(), text(list, "apiVersion")) {
        item["kind"] = kind.into();
        item["apiVersion"] = api_version.into();
    }
}

/// Says what kind of value it is, with an article: `a number`.
pub(in crate::workload) fn describe_kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a mapping",
    }
}

/// Says what kind of value it is, with an article and, where it is short, the value.
pub(in crate::workload) fn describe(value: &Value) -> String {
    match value {
        Value::Bool(value) => format!("the boolean {value}"),
        Value::Number(value) => format!("the number {value}"),
        other => describe_kind(other).to_owned(),
    }
}
