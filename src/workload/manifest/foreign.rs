//! Documents that are for this program or another one, not for a cluster.

use serde_json::Value;

use crate::workload::{
    error::Code,
    object::split_api_version,
    shell::quoted,
    yaml::{Problem, YamlNode},
};

/// Something that is no manifest, though it may stand beside manifests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::workload) enum Foreign {
    /// A workload file of this program.
    WorkloadFile,
    /// A config of Threeport, by its root key.
    Threeport(&'static str),
    /// A `kustomization.yaml`.
    Kustomization,
}

/// The root keys of Threeport's configs.
const THREEPORT: [&str; 12] = [
    "Workload",
    "WorkloadDefinition",
    "WorkloadInstance",
    "KubernetesWorkload",
    "KubernetesWorkloadDefinition",
    "KubernetesWorkloadInstance",
    "HelmWorkload",
    "HelmWorkloadDefinition",
    "HelmWorkloadInstance",
    "KubernetesRuntime",
    "KubernetesRuntimeDefinition",
    "KubernetesRuntimeInstance",
];

/// Recognises a document that is no manifest.
pub(in crate::workload) fn foreign(document: &Value) -> Option<Foreign> {
    let api_version = document.get("apiVersion").and_then(Value::as_str);
    match api_version.map(split_api_version) {
        Some(("workloadctl", _)) => Some(Foreign::WorkloadFile),
        Some(("kustomize.config.k8s.io", _)) => Some(Foreign::Kustomization),
        Some(_) => None,
        None if document.get("kind").is_some() => None,
        None => {
            let root = THREEPORT.into_iter().find(|key| document.get(key).is_some());
            root.map(Foreign::Threeport)
        }
    }
}

impl Foreign {
    /// Says why it cannot stand among manifests.
    pub(super) fn problem(self, node: YamlNode<'_>, file: &str) -> Problem {
        let aside = || {
            format!(
                "move it to another folder; by itself it is deployed with `workloadctl deploy -f {}`",
                quoted(file)
            )
        };
        let (code, message, hint) = match self {
            Self::WorkloadFile => (
                Code::WorkloadFile,
                "a workload file cannot stand among manifests".to_owned(),
                aside(),
            ),
            Self::Threeport(key) => (
                Code::WorkloadFile,
                format!("a Threeport config (`{key}`) cannot stand among manifests"),
                aside(),
            ),
            Self::Kustomization => (
                Code::Kustomization,
                "a kustomization is not a manifest".to_owned(),
                "name its folder".to_owned(),
            ),
        };
        Problem::new(code, node.position(), message).hint(hint)
    }
}
