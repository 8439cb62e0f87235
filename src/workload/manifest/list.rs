//! Taking Lists apart: any object with a field `items` is a list of objects, as for kubectl.

use std::sync::Arc;

use serde_json::Value;

use crate::workload::{
    error::Error,
    yaml::{Document, Node, Problem},
};

/// An object of a document, before it is checked.
pub(super) struct Found<'d> {
    /// The file that it stands in.
    pub(super) file: Arc<str>,
    /// Its place in the text.
    pub(super) node: Node<'d>,
    /// The body, a mapping.
    pub(super) body: Value,
}

/// Gives the objects of a document, each in its place.
pub(super) fn flatten<'d>(
    document: &'d Document,
    file: &Arc<str>,
) -> Vec<Result<Found<'d>, Vec<Error>>> {
    let (root, value) = (document.root(), &document.value);
    let refuse = |node: Node<'_>, code, message: String| {
        Err(vec![Problem::new(code, node.position(), message).into_error(file)])
    };
    let found = |node, body: &Value| match body {
        Value::Object(_) => Ok(Found { file: Arc::clone(file), node, body: body.clone() }),
        other => {
            let message = format!("an object must be a mapping, this is {}", describe(other));
            refuse(node, "not-an-object", message)
        }
    };
    let Some(items) = value.get("items") else { return vec![found(root, value)] };
    let Value::Array(items) = items else {
        if items.is_null() {
            return Vec::new();
        }
        let message = format!("`items` must be a list of objects, this is {}", describe(items));
        let node = root.field("items").map_or(root, |field| field.value);
        return vec![refuse(node, "not-an-object", message)];
    };
    let nodes = root.field("items").map(|field| field.value.items()).unwrap_or_default();
    nodes
        .into_iter()
        .zip(items)
        .map(|(node, item)| {
            if item.get("items").is_some_and(Value::is_array) {
                return refuse(node, "nested-list", "a List inside a List".to_owned());
            }
            let mut found = found(node, item)?;
            inherit(value, &mut found.body);
            Ok(found)
        })
        .collect()
}

/// Gives an item of a typed list (`ConfigMapList`) that names no kind the kind of its list.
fn inherit(list: &Value, item: &mut Value) {
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let absent = |key| text(item, key).is_none_or(|text| text.is_empty());
    if !absent("kind") || !absent("apiVersion") {
        return;
    }
    let kind = text(list, "kind").unwrap_or_default();
    let kind = kind.strip_suffix("List").unwrap_or(&kind);
    if let (false, Some(api_version)) = (kind.is_empty(), text(list, "apiVersion")) {
        item["kind"] = kind.into();
        item["apiVersion"] = api_version.into();
    }
}

/// Says what kind of value it is, with an article and, where it is short, the value.
pub(super) fn describe(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => format!("the boolean {value}"),
        Value::Number(value) => format!("the number {value}"),
        Value::String(_) => "a text".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "a mapping".to_owned(),
    }
}
