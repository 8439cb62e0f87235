//! What a plan saw of a live object, so that it can be told later, from metadata alone, whether it is
//! still so.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{entries, generation, resource_version, subresource, uid};
use crate::workload::definition::digest_of;

/// What was seen of a live object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Witness {
    uid: String,
    resource_version: String,
    /// The generation; none for kinds that count none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    generation: Option<i64>,
    /// The digest of what everybody holds but the status.
    managers: String,
}

impl Witness {
    /// Takes down a live object's metadata.
    pub(crate) fn of(live: &Value) -> Self {
        let held = entries(live).filter(|entry| subresource(entry) != "status");
        Self {
            uid: uid(live).unwrap_or_default().to_owned(),
            resource_version: resource_version(live).unwrap_or_default().to_owned(),
            generation: generation(live),
            managers: digest_of(&held.cloned().collect()),
        }
    }

    /// Tells whether an object is still what was seen. That a controller wrote its status changes the
    /// resourceVersion alone; of kinds that count no generations that counts, too.
    pub(crate) fn still_holds(&self, live: &Value) -> bool {
        let now = Self::of(live);
        now.uid == self.uid
            && (now.resource_version == self.resource_version
                || (self.generation.is_some()
                    && now.generation == self.generation
                    && now.managers == self.managers))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_status_is_no_change_of_what_was_seen() {
        let live = |uid: &str, version: &str, generation: Option<i64>, time: &str| {
            json!({"metadata": {"uid": uid, "resourceVersion": version, "generation": generation,
                "managedFields": [{"manager": "kubectl-edit", "time": time},
                    {"manager": "controller", "subresource": "status", "time": version}]}})
        };
        for (generation, now, holds) in [
            (Some(1), live("u", "1", Some(1), "a"), true),
            (Some(1), live("u", "2", Some(1), "a"), true),
            (Some(1), live("u", "2", Some(2), "a"), false),
            (Some(1), live("u", "2", Some(1), "b"), false),
            (Some(1), live("v", "1", Some(1), "a"), false),
            (None, live("u", "1", None, "a"), true),
            (None, live("u", "2", None, "a"), false),
        ] {
            let seen = Witness::of(&live("u", "1", generation, "a"));
            assert_eq!(seen.still_holds(&now), holds, "{now}");
        }
    }
}
