//! Tables of custom resources: the columns of their definitions.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{super::registry::Resource, age, column, path, row::Row};

/// The columns and the cells of objects of a resource that has none of its own.
pub(super) fn table(
    resource: &Resource,
    now: Timestamp,
    objects: &[Value],
) -> (Vec<Value>, Vec<Vec<Value>>) {
    let own = resource.custom.as_ref().map(|custom| custom.columns.as_slice()).unwrap_or_default();
    let mut columns = vec![column("Name")];
    if resource.custom.is_none() {
        // What the server makes of metadata alone.
        columns.push(column("Created At"));
        let created = |object| {
            let row = Row { object, now };
            vec![row.name(), json!(row.text("/metadata/creationTimestamp"))]
        };
        return (columns, objects.iter().map(created).collect());
    }
    let age = [json!({"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"})];
    let own = if own.is_empty() { &age[..] } else { own };
    columns.extend(own.iter().map(|column| {
        json!({
            "name": column["name"], "type": column["type"],
            "format": column["format"].as_str().unwrap_or_default(),
            "description": column["description"].as_str().unwrap_or_default(),
            "priority": column["priority"].as_i64().unwrap_or(0),
        })
    }));
    let cells = |object| {
        let mut cells = vec![Row { object, now }.name()];
        cells.extend(own.iter().map(|column| cell(column, object, now)));
        cells
    };
    (columns, objects.iter().map(cells).collect())
}

fn cell(column: &Value, object: &Value, now: Timestamp) -> Value {
    let found = path::find(object, column["jsonPath"].as_str().unwrap_or_default());
    let Some(first) = found.first().filter(|value| !value.is_null()) else { return Value::Null };
    match column["type"].as_str() {
        Some("date") => json!(age::since(now, first.as_str().unwrap_or_default())),
        Some("integer" | "number" | "boolean") => (*first).clone(),
        _ => {
            let texts: Vec<String> = found.iter().map(|value| super::row::plain(value)).collect();
            json!(texts.join(","))
        }
    }
}
