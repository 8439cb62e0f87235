//! Threeport's own config files, as they are: a definition, an instance, or both in one
//! (`Workload`), in the spelling of either generation.

use serde_json::Value;

use super::{
    Found, overlay,
    shape::{Field, Shape},
};
use crate::workload::{
    name::{DefinitionName, InstanceName},
    yaml::YamlNode,
};

/// A config: one object, or several beside each other.
pub(super) const DOCUMENT: Shape = Shape::Fields(&[
    Field::optional("Workload", Shape::Fields(WORKLOAD), "a definition and its instance"),
    Field::optional("WorkloadDefinition", Shape::Fields(DEFINITION), "a definition"),
    Field::optional("WorkloadInstance", Shape::Fields(INSTANCE), "an instance"),
    Field::optional("KubernetesWorkload", Shape::Fields(WORKLOAD), "a definition and its instance"),
    Field::optional("KubernetesWorkloadDefinition", Shape::Fields(DEFINITION), "a definition"),
    Field::optional("KubernetesWorkloadInstance", Shape::Fields(LATER_INSTANCE), "an instance"),
    control_plane("HelmWorkload"),
    control_plane("HelmWorkloadDefinition"),
    control_plane("HelmWorkloadInstance"),
    control_plane("KubernetesRuntime"),
    control_plane("KubernetesRuntimeDefinition"),
    control_plane("KubernetesRuntimeInstance"),
]);

const NAME: Field = Field::required("Name", Shape::Text, "its name");
const DOCUMENT_PATH: Field =
    Field::required("YAMLDocument", Shape::Text, "the manifests, relative to the config file");
/// Threeport's client writes the path of the config over it.
const CONFIG_PATH: Field = Field::optional("WorkloadConfigPath", Shape::Text, "not used");
/// What Threeport's client prints, and reads again.
const STATUS: Field = Field::optional("Status", Shape::Any, "not used");
const AGE: Field = Field::optional("Age", Shape::Any, "not used");
const RUNTIME: Field =
    Field::optional("KubernetesRuntimeInstance", Shape::Fields(RUNTIME_FIELDS), "the runtime");
const OVERLAY: Field =
    Field::optional("KustomizeOverlay", Shape::Text, "what differs in this instance");

const WORKLOAD: &[Field] = &[
    NAME,
    DOCUMENT_PATH,
    CONFIG_PATH,
    RUNTIME,
    OVERLAY,
    STATUS,
    AGE,
    control_plane("DomainName"),
    control_plane("Gateway"),
    control_plane("Secret"),
    control_plane("AwsRelationalDatabase"),
    control_plane("AwsObjectStorageBucket"),
];

const DEFINITION: &[Field] = &[NAME, DOCUMENT_PATH, CONFIG_PATH, STATUS, AGE];

const INSTANCE: &[Field] = &[
    NAME,
    RUNTIME,
    Field::required("WorkloadDefinition", Shape::Fields(&[NAME]), "its definition"),
    STATUS,
    AGE,
];

const LATER_INSTANCE: &[Field] = &[
    NAME,
    RUNTIME,
    Field::required("KubernetesWorkloadDefinition", Shape::Fields(&[NAME]), "its definition"),
    OVERLAY,
    STATUS,
    AGE,
];

const RUNTIME_FIELDS: &[Field] = &[
    NAME,
    control_plane("ThreeportControlPlaneHost"),
    control_plane("DefaultRuntime"),
    control_plane("Location"),
    control_plane("ThreeportAgentImage"),
    control_plane("KubernetesRuntimeDefinition"),
];

const fn control_plane(key: &'static str) -> Field {
    Field::optional(key, Shape::ControlPlane, "needs Threeport's control plane")
}

/// Reads a config whose shape was checked.
pub(super) fn read(document: &Value, node: YamlNode<'_>, found: &mut Found) {
    for (root, body) in document.as_object().into_iter().flatten() {
        let node = node.field(root).unwrap_or(node);
        let config = Config { root, body, node };
        match root.as_str() {
            "Workload" | "KubernetesWorkload" => {
                if let Some(definition) = config.definition(found) {
                    config.instance(definition, found);
                }
            }
            "WorkloadDefinition" | "KubernetesWorkloadDefinition" => {
                config.definition(found);
            }
            _ => {
                // It names its definition under the name of that object.
                let key = root.replace("Instance", "Definition");
                let place = node.field(&key).and_then(|node| node.field("Name")).unwrap_or(node);
                let name = body[&key]["Name"].as_str().unwrap_or_default();
                if let Some(definition) = found.name::<DefinitionName>(name, place) {
                    config.instance(definition, found);
                }
            }
        }
    }
}

/// One object of a config.
#[derive(Clone, Copy)]
struct Config<'d> {
    root: &'d str,
    body: &'d Value,
    node: YamlNode<'d>,
}

impl Config<'_> {
    fn definition(self, found: &mut Found) -> Option<DefinitionName> {
        let (name, place) = self.text("Name");
        let name = found.name::<DefinitionName>(&name, place)?;
        let (manifest, node) = self.text("YAMLDocument");
        let manifests = vec![(manifest, found.origin(node))];
        found.definition(name.clone(), manifests, place);
        Some(name)
    }

    fn instance(self, definition: DefinitionName, found: &mut Found) {
        let (name, place) = self.text("Name");
        let Some(name) = found.name::<InstanceName>(&name, place) else { return };
        let Some(mut instance) = found.instance(name, definition, place) else { return };
        let runtime = &self.body["KubernetesRuntimeInstance"]["Name"];
        if let (Some(runtime), Some(node)) =
            (runtime.as_str(), self.node.field("KubernetesRuntimeInstance"))
        {
            instance.runtime = found.place(Some(runtime.to_owned()), node, "Name");
        }
        if let Some(overlay) = self.body["KustomizeOverlay"].as_str() {
            let node = self.node.field("KustomizeOverlay").unwrap_or(self.node);
            match overlay::overrides(overlay) {
                Ok(overrides) => {
                    let place = found.file_place(&[self.root], &["KustomizeOverlay"]);
                    instance.overrides = overrides.embedded(&place);
                }
                Err(errors) => errors.into_iter().for_each(|error| found.fail(error, node)),
            }
        }
        found.file.instances.push(instance);
    }

    fn text(&self, key: &str) -> (String, YamlNode<'_>) {
        let text = self.body[key].as_str().unwrap_or_default().to_owned();
        (text, self.node.field(key).unwrap_or(self.node))
    }
}
