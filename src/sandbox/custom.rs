//! Custom resource definitions: which resources they add.

use serde_json::{Value, json};

use crate::schema::{Schema, custom};

/// What a definition says about one version.
#[derive(Debug)]
pub(super) struct Definition {
    pub(super) schema: Schema,
    pub(super) status: bool,
    pub(super) scale: Option<Value>,
    /// Fields that lists may select by.
    pub(super) selectable: Vec<String>,
    /// The columns of its tables (`additionalPrinterColumns`).
    pub(super) columns: Vec<Value>,
}

impl Definition {
    /// The served versions of an established definition, with their discovery entries.
    pub(super) fn served(definition: &Value) -> Vec<(String, Value, Self)> {
        if !has_condition(definition, "Established") {
            return Vec::new();
        }
        let spec = &definition["spec"];
        // Not those of the spec: a clash leaves the old ones in force.
        let names = &definition["status"]["acceptedNames"];
        let mut versions: Vec<&Value> = spec["versions"].as_array().into_iter().flatten().collect();
        // Discovery has the preferred version first, whatever the order in the definition.
        versions.sort_by_key(|version| {
            std::cmp::Reverse(priority(version["name"].as_str().unwrap_or_default()))
        });
        versions
            .into_iter()
            .filter(|version| version["served"] == true)
            .map(|version| {
                let custom = Self::of(version);
                let name = version["name"].as_str().unwrap_or_default().to_owned();
                let kind = json!({"group": spec["group"], "version": name, "kind": names["kind"]});
                let entry = entry(spec, names, &kind, &custom);
                (name, entry, custom)
            })
            .collect()
    }

    fn of(version: &Value) -> Self {
        let paths = version["selectableFields"].as_array().into_iter().flatten();
        Self {
            schema: custom::schema_of(version),
            status: version["subresources"]["status"].is_object(),
            scale: Some(version["subresources"]["scale"].clone()).filter(Value::is_object),
            columns: version["additionalPrinterColumns"].as_array().cloned().unwrap_or_default(),
            selectable: paths
                .filter_map(|path| path["jsonPath"].as_str())
                .map(|path| path.trim_start_matches('.').to_owned())
                .collect(),
        }
    }
}

fn entry(spec: &Value, names: &Value, kind: &Value, custom: &Definition) -> Value {
    let verbs = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"];
    let mut entry = json!({
        "resource": names["plural"], "responseKind": kind, "scope": spec["scope"],
        "singularResource": names["singular"], "verbs": verbs,
    });
    for key in ["shortNames", "categories"] {
        if names[key].is_array() {
            entry[key] = names[key].clone();
        }
    }
    let mut subresources = Vec::new();
    let verbs = ["get", "patch", "update"];
    if custom.status {
        subresources.push(json!({"subresource": "status", "responseKind": kind, "verbs": verbs}));
    }
    if custom.scale.is_some() {
        let kind = json!({"group": "autoscaling", "version": "v1", "kind": "Scale"});
        subresources.push(json!({"subresource": "scale", "responseKind": kind, "verbs": verbs}));
    }
    if !subresources.is_empty() {
        entry["subresources"] = json!(subresources);
    }
    entry
}

/// Kubernetes' order of versions: v2 before v1 before v1beta2 before v1alpha1 before others.
fn priority(version: &str) -> (u32, u32, u32) {
    let parse = || {
        let rest = version.strip_prefix('v')?;
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let major: u32 = rest[..digits].parse().ok()?;
        let tail = &rest[digits..];
        if tail.is_empty() {
            return Some((3, major, 0));
        }
        let (stage, minor) = match (tail.strip_prefix("beta"), tail.strip_prefix("alpha")) {
            (Some(minor), _) => (2, minor),
            (_, Some(minor)) => (1, minor),
            _ => return None,
        };
        Some((stage, major, minor.parse().ok()?))
    };
    parse().unwrap_or_default()
}

/// Tells whether an object has a condition with status True.
pub(super) fn has_condition(object: &Value, kind: &str) -> bool {
    let conditions = object["status"]["conditions"].as_array().into_iter().flatten();
    conditions
        .into_iter()
        .any(|condition| condition["type"] == kind && condition["status"] == "True")
}
