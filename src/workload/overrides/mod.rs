//! What an instance changes in its definition: images, replicas, patches and single values.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

mod apply;
mod drops;
mod edit;
mod images;
mod json_patch;
mod overriding;
mod patch_file;
mod path;
mod said;

pub(crate) use apply::{apply, has_image, restart_key};
pub(crate) use drops::check_drops;
pub(crate) use edit::{
    OverrideEdit, check_set_place, merge, parse_image, parse_replicas, parse_set, patch_key,
};
pub(crate) use json_patch::read_json_patch;
pub(crate) use overriding::{Flag, Overridden, Overriding};
pub(crate) use patch_file::read_patches;
pub(in crate::workload) use path::{Path, PathStep};
pub(crate) use said::Sayings;
pub(in crate::workload) use said::{FilePlace, Saying};

/// The overrides of an instance, applied in the order images, replicas, patches, sets.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Overrides {
    /// Container name (or else image repository) to image.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub images: BTreeMap<String, String>,
    /// `Kind/name` to the number of replicas.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub replicas: BTreeMap<String, u32>,
    /// Partial objects that name themselves; null deletes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub patches: Vec<Value>,
    /// `Kind/name:path` to a value; null deletes the field.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub sets: BTreeMap<String, Value>,
    /// The value of the pod-template annotation that `--restart` wrote last: an RFC 3339 time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restarted_at: Option<String>,
    /// The same by `--restart-stale`, which restarts single objects: `Kind/name`, or
    /// `namespace/Kind/name` where the definition brings its namespaces, to a time.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub restarts: BTreeMap<String, String>,
    /// Where they were said.
    #[serde(skip)]
    pub said: Sayings,
}

impl Overrides {
    /// Tells whether nothing is overridden.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Gives the base for what `-f` brings: the stamps of the last restarts alone. Dropping those
    /// too would restart the pods once more.
    pub(crate) fn restart_alone(&self) -> Self {
        Self::default().restarted_as(self)
    }

    /// Gives these with the stamps of restarts that others have.
    #[must_use]
    pub(crate) fn restarted_as(self, others: &Self) -> Self {
        let Self { restarted_at, restarts, .. } = others.clone();
        Self { restarted_at, restarts, ..self }
    }

    /// Lists what these overrides set and the others do not, as the flags that set it.
    pub(crate) fn missing_from(&self, others: &Self) -> Vec<String> {
        let images = self.images.keys().filter(|key| !others.images.contains_key(*key));
        let replicas = self.replicas.keys().filter(|key| !others.replicas.contains_key(*key));
        let sets = self.sets.keys().filter(|key| !others.sets.contains_key(*key));
        let mut missing: Vec<String> = images.map(|key| format!("--image {key}")).collect();
        missing.extend(replicas.map(|key| format!("--replicas {key}")));
        missing.extend(sets.map(|key| format!("--set {key}")));
        let keys = |patches: &[Value]| -> Vec<String> {
            patches.iter().filter_map(|patch| patch_key(patch).ok()).collect()
        };
        let kept = keys(&others.patches);
        let patches = keys(&self.patches).into_iter().filter(|key| !kept.contains(key));
        missing.extend(patches.map(|key| format!("--patch {key}")));
        missing
    }
}

#[cfg(test)]
mod tests;
