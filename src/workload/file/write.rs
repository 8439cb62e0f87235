//! Writing a workload file: a first one, for a person to go on with.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{json_schema::SCHEMA_URL, native};
use crate::workload::{
    name::{DefinitionName, InstanceName},
    overrides::Overrides,
    yaml,
};

/// A document to be written.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub definition: DefinitionName,
    /// Sources, relative to the file.
    pub manifests: Vec<String>,
    pub instances: Vec<DraftInstance>,
}

/// An instance of a document to be written.
#[derive(Debug, Clone)]
pub(crate) struct DraftInstance {
    pub name: InstanceName,
    pub runtime: Option<String>,
    pub namespace: Option<String>,
    pub overrides: Overrides,
}

/// Writes a file whose first line names the schema for editors.
pub(crate) fn write(drafts: &[Draft]) -> String {
    let mut text = format!("# yaml-language-server: $schema={SCHEMA_URL}\n");
    for (index, draft) in drafts.iter().enumerate() {
        if index > 0 {
            text.push_str("---\n");
        }
        let Draft { definition, manifests, instances } = draft;
        let (version, kind) = (native::API_VERSION, native::KIND);
        writeln!(text, "apiVersion: {version}\nkind: {kind}").expect(INFALLIBLE);
        writeln!(text, "metadata:\n  {}\nspec:", named(definition.as_str())).expect(INFALLIBLE);
        add(&mut text, 2, &json!({"manifests": manifests}));
        text.push_str("  instances:\n");
        for DraftInstance { name, runtime, namespace, overrides } in instances {
            writeln!(text, "    - {}", named(name.as_str())).expect(INFALLIBLE);
            let Overrides {
                images,
                replicas,
                patches,
                sets,
                restarted_at: _,
                restarts: _,
                said: _,
            } = overrides;
            for (key, value) in [
                ("runtime", json!(runtime)),
                ("namespace", json!(namespace)),
                ("images", json!(images)),
                ("replicas", json!(replicas)),
                ("patches", json!(patches)),
                ("sets", json!(sets)),
            ] {
                if !is_empty(&value) {
                    add(&mut text, 6, &json!({key: value}));
                }
            }
        }
    }
    text
}

const INFALLIBLE: &str = "writing to a string cannot fail";

/// Writes a name, in quotes where it would be read as something else (`on`, `1e3`).
fn named(name: &str) -> String {
    yaml::emit(&json!({"name": name})).trim_end().to_owned()
}

fn add(text: &mut String, indent: usize, value: &Value) {
    for line in yaml::emit(value).lines() {
        writeln!(text, "{:indent$}{line}", "").expect(INFALLIBLE);
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(entries) => entries.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}
