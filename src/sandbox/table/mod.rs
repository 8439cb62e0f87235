//! Tables as the server prints them (`meta.k8s.io/v1` `Table`): what `kubectl get` shows.
//!
//! The columns of the built-in kinds are those of Kubernetes' `printers/internalversion`, those of
//! custom resources are what their definitions say; any other kind has name and age.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{registry::Resource, request::ApiRequest};

mod age;
mod custom;
mod network;
mod others;
mod path;
mod pods;
mod rare;
mod row;
mod storage;
mod workloads;

use row::Row;

/// The columns of a kind and how its cells are made.
///
/// A column that is shown by `-o wide` alone ends with `+`, one with whole numbers begins with `#`,
/// one with flags with `?`.
struct Printed {
    kind: &'static str,
    columns: &'static str,
    cells: fn(&Row<'_>) -> Vec<Value>,
}

/// Tells whether a request asks for a table.
pub(super) fn is_wanted(request: &ApiRequest) -> bool {
    request.accept.contains("as=Table")
}

/// How objects are shown in tables.
#[derive(Debug, Clone)]
pub(super) struct Tables {
    /// `includeObject`: `None`, `Metadata` or `Object`.
    include: String,
}

impl Tables {
    /// The tables that a request asks for, if it does.
    pub(super) fn wanted(request: &ApiRequest) -> Option<Self> {
        let include = request.parameter("includeObject").to_owned();
        is_wanted(request).then_some(Self { include })
    }

    /// The table of objects of a resource, with the metadata of their list.
    pub(super) fn of(
        &self,
        resource: &Resource,
        now: Timestamp,
        objects: &[Value],
        metadata: &Value,
    ) -> Value {
        let printed = TABLES
            .iter()
            .flat_map(|table| table.iter())
            .find(|known| resource.custom.is_none() && known.kind == resource.kind);
        let (columns, cells): (Vec<Value>, Vec<Vec<Value>>) = match printed {
            Some(printed) => (
                printed.columns.split(',').map(column).collect(),
                objects.iter().map(|object| (printed.cells)(&Row { object, now })).collect(),
            ),
            None => custom::table(resource, now, objects),
        };
        let rows: Vec<_> = objects
            .iter()
            .zip(cells)
            .map(|(object, cells)| {
                let mut row = json!({"cells": cells});
                match self.include.as_str() {
                    "None" => row["object"] = Value::Null,
                    "Object" => row["object"] = object.clone(),
                    _ => {
                        row["object"] = json!({
                            "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1",
                            "metadata": object["metadata"],
                        });
                    }
                }
                row
            })
            .collect();
        json!({
            "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata,
            "columnDefinitions": columns, "rows": rows,
        })
    }
}

/// A column's definition.
fn column(text: &str) -> Value {
    let (text, priority) = text.strip_suffix('+').map_or((text, 0), |text| (text, 1));
    let (name, kind) = match (text.strip_prefix('#'), text.strip_prefix('?')) {
        (Some(name), _) => (name, "integer"),
        (_, Some(name)) => (name, "boolean"),
        _ => (text, "string"),
    };
    let format = if name == "Name" { "name" } else { "" };
    json!({"name": name, "type": kind, "format": format, "description": "", "priority": priority})
}

const TABLES: [&[Printed]; 6] = [
    pods::TABLES,
    workloads::TABLES,
    network::TABLES,
    storage::TABLES,
    others::TABLES,
    rare::TABLES,
];

#[cfg(test)]
mod tests;
