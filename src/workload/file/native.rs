//! Workload files of this program: `apiVersion: workloadctl/v1alpha1`, `kind: Workload`.

use serde_json::Value;

use super::{
    FileInstance, Found,
    shape::{Field, Shape},
};
use crate::workload::{
    error::{Error, Result},
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
    for (number, (instance, node)) in instances.zip(nodes).enumerate() {
        if let Some(read) = read_instance(instance, node, &definition, found) {
            let overrides = overrides(instance, number, node, found);
            found.file.instances.push(FileInstance { overrides, ..read });
        }
    }
}

fn read_instance(
    value: &Value,
    node: YamlNode<'_>,
    of: &DefinitionName,
    found: &mut Found,
) -> Option<FileInstance> {
    let name_node = node.field("name").unwrap_or(node);
    let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let name = found.name::<InstanceName>(&text("name").unwrap_or_default(), name_node)?;
    let mut instance = found.instance(name, of.clone(), name_node)?;
    instance.runtime = found.place(text("runtime"), node, "runtime");
    instance.namespace = found.place(text("namespace"), node, "namespace");
    let depends = node.field("dependsOn").map(YamlNode::items).unwrap_or_default();
    for (text, node) in texts(&value["dependsOn"]).iter().zip(depends) {
        if let Some(name) = found.name::<InstanceName>(text, node) {
            instance.depends_on.push((name, found.origin(node)));
        }
    }
    Some(instance)
}

/// Reads the overrides of an instance; each is checked as its flag would be, and told of at its own
/// place.
fn overrides(value: &Value, number: usize, node: YamlNode<'_>, found: &mut Found) -> Overrides {
    let number = number.to_string();
    let instance = ["spec", "instances", &number];
    let mut edits = Vec::new();
    for key in ["images", "replicas", "sets"] {
        for (name, value) in value[key].as_object().into_iter().flatten() {
            let place = found.file_place(&instance, &[key, name]);
            match override_edit(key, name, value) {
                Ok(edit) => edits.push(edit.in_file(place)),
                Err(error) => {
                    let entry = node.field(key).and_then(|entries| entries.pair(name));
                    let error = as_entry(error, &place.key(), (key, name, value));
                    found.fail(error, entry.map_or(node, |(name, _)| name));
                }
            }
        }
    }
    let patches = value["patches"].as_array().cloned().unwrap_or_default();
    let places: Vec<_> = (0..patches.len())
        .map(|index| found.file_place(&instance, &["patches", &index.to_string()]))
        .collect();
    let places: Vec<_> = patches.iter().cloned().zip(places).collect();
    if !patches.is_empty() {
        edits.push(OverrideEdit::Patches(patches));
    }
    let mut overrides = overrides::merge(&Overrides::default(), &edits);
    for (patch, place) in places {
        overrides.said.note_patch(&patch, place);
    }
    overrides
}

/// Reads an entry of `images`, `replicas` or `sets`.
fn override_edit(key: &str, name: &str, value: &Value) -> Result<OverrideEdit> {
    match key {
        "images" => overrides::parse_image(&typed(name, value)),
        "replicas" => overrides::parse_replicas(&typed(name, value)),
        // Not through the flag's text: a value of the file needs no quoting.
        _ => overrides::check_set_place(name).map(|()| OverrideEdit::Set {
            place: name.to_owned(),
            value: Some(value.clone()),
            said: None,
        }),
    }
}

/// Writes an entry as its flag has it.
fn typed(name: &str, value: &Value) -> String {
    let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    format!("{name}={value}")
}

/// Tells of an entry what is wrong with its flag.
fn as_entry(error: Error, place: &str, (key, name, value): (&str, &str, &Value)) -> Error {
    let (flag, text, form) = match key {
        "images" => ("--image", typed(name, value), "web: nginx:1.29"),
        "replicas" => ("--replicas", typed(name, value), "Deployment/web: 3"),
        _ => ("--set", name.to_owned(), "Ingress/web:spec.rules[0].host: example.com"),
    };
    let why = error.message.strip_prefix(&format!("{flag} {text:?}: ")).unwrap_or(&error.message);
    let message = format!("{place}: {why}");
    Error { message, ..error }.hint(format!("the form is `{form}`"))
}

fn texts(list: &Value) -> Vec<String> {
    let items = list.as_array().into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}
