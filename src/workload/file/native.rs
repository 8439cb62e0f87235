//! Workload files of this program: `apiVersion: workloadctl/v1alpha1`, `kind: Workload`.

use serde_json::Value;

use super::{
    Found,
    shape::{Field, Shape},
};
use crate::workload::{
    error::Result,
    name::{DefinitionName, InstanceName},
    overrides::{self, OverrideEdit, Overrides},
    yaml::YamlNode,
};

/// The API version of workload files.
pub(super) const API_VERSION: &str = "workloadctl/v1alpha1";
/// The kind of workload files.
pub(super) const KIND: &str = "Workload";

/// A document.
pub(super) const DOCUMENT: Shape = Shape::Fields(&[
    Field::required("apiVersion", Shape::Only(API_VERSION), "the version of this form"),
    Field::required("kind", Shape::Only(KIND), "what this document is"),
    Field::required(
        "metadata",
        Shape::Fields(&[Field::required("name", Shape::Text, "the name of the definition")]),
        "how it is called",
    ),
    Field::required("spec", Shape::Fields(SPEC), "what it is"),
]);

const SPEC: &[Field] = &[
    Field::required(
        "manifests",
        Shape::Items(&Shape::Text),
        "files and folders of manifests, relative to this file; all of them form the definition",
    ),
    Field::optional(
        "instances",
        Shape::List(&Shape::Fields(INSTANCE)),
        "the running copies of the definition",
    ),
];

const INSTANCE: &[Field] = &[
    Field::required("name", Shape::Text, "the name of the instance"),
    Field::optional(
        "runtime",
        Shape::Text,
        "a context of the kubeconfig, or sandbox; without it the default runtime",
    ),
    Field::optional(
        "namespace",
        Shape::Text,
        "where it goes; without it into a namespace of its own, called like the instance",
    ),
    Field::optional(
        "dependsOn",
        Shape::List(&Shape::Text),
        "instances of this file that have to be healthy first",
    ),
    Field::optional(
        "images",
        Shape::Map(&Shape::Text),
        "images by container name, or else by image repository",
    ),
    Field::optional("replicas", Shape::Map(&Shape::Replicas), "replicas by KIND/NAME"),
    Field::optional(
        "patches",
        Shape::List(&Shape::Open(PATCH)),
        "partial objects that are merged into those they name; null removes",
    ),
    Field::optional(
        "sets",
        Shape::Map(&Shape::Any),
        "single values by KIND/NAME:PATH; null removes the field",
    ),
];

const PATCH: &[Field] = &[
    Field::required("kind", Shape::Text, "the kind of the object"),
    Field::required(
        "metadata",
        Shape::Open(&[Field::required("name", Shape::Text, "the name of the object")]),
        "how the object is called",
    ),
];

/// Reads a document whose shape was checked.
pub(super) fn read(document: &Value, node: YamlNode<'_>, found: &mut Found) {
    let at = |path: &[&str]| path.iter().try_fold(node, |node, key| node.field(key));
    let name_node = at(&["metadata", "name"]).unwrap_or(node);
    let text = document["metadata"]["name"].as_str().unwrap_or_default();
    let Some(definition) = found.name::<DefinitionName>(text, name_node) else { return };
    let spec = &document["spec"];
    let places = at(&["spec", "manifests"]).map(YamlNode::items).unwrap_or_default();
    let places = places.into_iter().map(|node| found.origin(node));
    let manifests = texts(&spec["manifests"]).into_iter().zip(places).collect();
    found.definition(definition.clone(), manifests, name_node);
    let nodes = at(&["spec", "instances"]).map(YamlNode::items).unwrap_or_default();
    let instances = spec["instances"].as_array().into_iter().flatten();
    for (instance, node) in instances.zip(nodes) {
        read_instance(instance, node, &definition, found);
    }
}

fn read_instance(value: &Value, node: YamlNode<'_>, of: &DefinitionName, found: &mut Found) {
    let name_node = node.field("name").unwrap_or(node);
    let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let name = text("name").unwrap_or_default();
    let Some(name) = found.name::<InstanceName>(&name, name_node) else { return };
    let Some(mut instance) = found.instance(name, of.clone(), name_node) else { return };
    instance.runtime = found.place(text("runtime"), node, "runtime");
    instance.namespace = found.place(text("namespace"), node, "namespace");
    let depends = node.field("dependsOn").map(YamlNode::items).unwrap_or_default();
    for (text, node) in texts(&value["dependsOn"]).iter().zip(depends) {
        if let Some(name) = found.name::<InstanceName>(text, node) {
            instance.depends_on.push((name, found.origin(node)));
        }
    }
    match overrides(value) {
        Ok(overrides) => instance.overrides = overrides,
        Err(error) => found.fail(error, node),
    }
    found.file.instances.push(instance);
}

/// Reads the overrides of an instance; each is checked as its flag would be.
fn overrides(value: &Value) -> Result<Overrides> {
    let entries = |key: &str| value[key].as_object().into_iter().flatten();
    let mut edits = Vec::new();
    for (name, image) in entries("images") {
        let image = image.as_str().unwrap_or_default();
        edits.push(overrides::parse_image(&format!("{name}={image}"))?);
    }
    for (object, count) in entries("replicas") {
        edits.push(overrides::parse_replicas(&format!("{object}={count}"))?);
    }
    for (place, value) in entries("sets") {
        // Not through the flag's text: a value of the file needs no quoting.
        overrides::check_set_place(place)?;
        edits.push(OverrideEdit::Set { place: place.clone(), value: Some(value.clone()) });
    }
    let patches = value["patches"].as_array().cloned().unwrap_or_default();
    if !patches.is_empty() {
        edits.push(OverrideEdit::Patches(patches));
    }
    Ok(overrides::merge(&Overrides::default(), &edits))
}

fn texts(list: &Value) -> Vec<String> {
    let items = list.as_array().into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}
