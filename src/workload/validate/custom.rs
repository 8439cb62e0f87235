//! What is wrong with a custom resource by the schema that a CustomResourceDefinition of the same
//! set gives it. Expressions of CEL are the server's.

use std::collections::HashMap;

use serde_json::Value;

use super::{
    fault::{self, Fault},
    place::Found,
};
use crate::{
    schema::{Gvk, Schema, custom, rules},
    workload::kinds::is_definition,
};

/// The schemas that definitions of the set bring.
#[derive(Debug, Default)]
pub(super) struct CustomSchemas(HashMap<Gvk, CustomSchema>);

#[derive(Debug)]
struct CustomSchema {
    schema: Schema,
    /// The status is written apart, and not looked at here.
    has_status: bool,
}

impl CustomSchemas {
    /// Reads the schemas of all versions that are served.
    pub(super) fn of<'a>(bodies: impl Iterator<Item = &'a Value>) -> Self {
        let mut schemas = HashMap::new();
        for spec in bodies.filter(|body| is_definition(body)).map(|body| &body["spec"]) {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let kind = text(&spec["names"]["kind"]);
            for version in spec["versions"].as_array().into_iter().flatten() {
                if version["schema"]["openAPIV3Schema"].is_object() {
                    let gvk = Gvk::new(&text(&spec["group"]), &text(&version["name"]), &kind);
                    let schema = custom::schema_of(version);
                    let has_status = version["subresources"]["status"].is_object();
                    schemas.insert(gvk, CustomSchema { schema, has_status });
                }
            }
        }
        Self(schemas)
    }

    /// Finds the faults of a custom resource; none where its definition is elsewhere.
    pub(super) fn faults(&self, body: &Value, gvk: &Gvk) -> Vec<Fault> {
        let Some(CustomSchema { schema, has_status }) = self.0.get(gvk) else { return Vec::new() };
        let mut object = body.clone();
        let mut faults: Vec<Fault> = custom::prune(&mut object, schema)
            .iter()
            .map(|path| fault::unknown(Found::at(body, path), schema))
            .collect();
        if let Some(fields) = object.as_object_mut().filter(|_| *has_status) {
            fields.remove("status");
        }
        custom::complete(&mut object, schema);
        let mut causes = custom::validate(&object, None, schema);
        rules::metadata(&gvk.group, &gvk.kind, &object, &mut causes);
        let of_form = faults.len();
        for cause in causes {
            let fault = fault::of_cause(&cause, body, false);
            if !fault.follows_from(&faults[..of_form]) && !faults.contains(&fault) {
                faults.push(fault);
            }
        }
        faults
    }
}
