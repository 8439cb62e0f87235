//! The JSON Schema of workload files, made from the table that the reading goes by.

use serde_json::{Map, Value, json};

use super::{native, shape::Shape};

/// Where the schema can be had: the first line of a file names it for editors.
pub(super) const SCHEMA_URL: &str =
    concat!(env!("CARGO_PKG_REPOSITORY"), "/raw/main/docs/workload.schema.json");

/// Gives the JSON Schema of a document of a workload file, as indented JSON.
pub(crate) fn json_schema() -> String {
    let Value::Object(document) = schema(&native::DOCUMENT) else {
        unreachable!("a document is a mapping")
    };
    let mut all = Map::new();
    all.insert("$schema".into(), "http://json-schema.org/draft-07/schema#".into());
    all.insert("$id".into(), SCHEMA_URL.into());
    all.insert("title".into(), "a workload file of workloadctl".into());
    all.extend(document);
    format!("{:#}\n", Value::Object(all))
}

fn schema(shape: &Shape) -> Value {
    match shape {
        Shape::Only(text) => json!({"const": text}),
        Shape::Text => json!({"type": "string"}),
        Shape::Replicas => json!({"type": "integer", "minimum": 0, "maximum": i32::MAX}),
        Shape::Any => json!({}),
        Shape::List(items) => json!({"type": "array", "items": schema(items)}),
        Shape::Items(items) => json!({"type": "array", "items": schema(items), "minItems": 1}),
        Shape::Map(values) => json!({"type": "object", "additionalProperties": schema(values)}),
        Shape::Open(fields) => object(fields, true),
        Shape::Fields(fields) => object(fields, false),
        Shape::ControlPlane => json!(false),
    }
}

fn object(fields: &[super::shape::Field], open: bool) -> Value {
    let mut properties = Map::new();
    for field in fields {
        let mut property = schema(&field.shape);
        if !field.required {
            // What is left empty is as good as left out.
            property = json!({"anyOf": [property, {"type": "null"}]});
        }
        property["description"] = field.about.into();
        properties.insert(field.key.to_owned(), property);
    }
    let required: Vec<&str> =
        fields.iter().filter(|field| field.required).map(|field| field.key).collect();
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": open,
    })
}
