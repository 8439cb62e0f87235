//! Writing objects the way they were read: as documents of YAML, or as one List of JSON.

use serde_json::{Value, json};

use crate::workload::yaml;

/// Writes objects as YAML documents, separated by `---`.
pub(crate) fn render_yaml(objects: &[Value]) -> String {
    objects.iter().map(yaml::emit).collect::<Vec<_>>().join("---\n")
}

/// Writes objects as one `kind: List`, as indented JSON that ends with a line feed.
pub(crate) fn render_json(objects: &[Value]) -> String {
    let list = json!({"apiVersion": "v1", "kind": "List", "items": objects});
    format!("{list:#}\n")
}
