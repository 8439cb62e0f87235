//! Who owns what on the cluster: field managers, our Apply entry, and the one rule by which
//! metadata alone shows that an apply would change nothing.
//!
//! An object is ours if it is in the inventory with its uid, or has an Apply entry of our
//! manager and no controlling owner; never by its label alone: Endpoints copy the labels of
//! their Service, and people copy manifests. Fields that others hold are taken over
//! ([`Takeover`]) or left to them ([`Yields`]); what is done about one object is its [`Terms`].

mod class;
mod dropped;
pub(crate) mod fields;
mod holder;
mod leftover;
mod lost;
mod maker;
mod scaled;
mod takeover;
mod terms;
mod witness;
mod yielding;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::definition::digest_of;
use class::is_autoscaler;
pub(crate) use class::{ManagerClass, class_of};
pub(crate) use dropped::{Dropped, is_held_still};
pub(crate) use holder::{is_held, is_of_kubernetes};
pub(crate) use leftover::{hold_leftovers, is_leftover};
pub(crate) use lost::{Holder, Lost, added_beside, lost_fields};
pub(crate) use maker::{is_created_by, kept_by, made_by};
pub(crate) use scaled::{Scaled, scaled_by_others};
pub(crate) use takeover::{Takeover, has_persons};
pub(crate) use terms::Terms;
pub(crate) use witness::Witness;
pub(crate) use yielding::{
    REPLICAS, YIELDED_MANAGER, Yielded, Yields, given_back, holds_replicas_alone, is_left,
    is_scaled_by_controller, is_scaled_by_others, kept_replicas, scale_target, scales_others,
};

/// The label on namespaced objects and on Namespaces that an instance made.
pub(crate) const INSTANCE_LABEL: &str = "workloadctl/instance";
/// The label on all other cluster-scoped objects; its value is `true`.
pub(crate) const MANAGED_LABEL: &str = "workloadctl/managed";
/// What the names of our field managers begin with.
pub(crate) const MANAGER_PREFIX: &str = "workloadctl:";

/// Gives the field manager of an instance: `workloadctl:<namespace>/<instance>`.
pub(crate) fn manager(namespace: &str, instance: &str) -> String {
    format!("{MANAGER_PREFIX}{namespace}/{instance}")
}

/// Finds the Apply entry of a manager in an object's managedFields.
pub(crate) fn apply_entry<'a>(object: &'a Value, manager: &str) -> Option<&'a Value> {
    entries(object).find(|entry| is_apply_of(entry, manager))
}

/// Lists the entries of an object's managedFields.
fn entries(object: &Value) -> impl Iterator<Item = &Value> {
    object.pointer("/metadata/managedFields").and_then(Value::as_array).into_iter().flatten()
}

fn is_apply_of(entry: &Value, manager: &str) -> bool {
    entry["manager"] == manager && entry["operation"] == "Apply" && subresource(entry).is_empty()
}

/// Gives the subresource that an entry was written through; empty for the object itself.
fn subresource(entry: &Value) -> &str {
    entry["subresource"].as_str().unwrap_or_default()
}

fn manager_of(entry: &Value) -> &str {
    entry["manager"].as_str().unwrap_or_default()
}

/// Every namespace's label with its own name, which the server sets.
pub(crate) const NAME_LABEL: &str = "kubernetes.io/metadata.name";

/// Tells the entry of an instance that only came into a namespace: its record tells of it.
fn only_came(entry: &Value) -> bool {
    entry["fieldsV1"] == json!({"f:metadata": {"f:labels": {format!("f:{NAME_LABEL}"): {}}}})
}

/// Lists the other instances that apply this object, by their managers' names.
pub(crate) fn other_instances<'a>(object: &'a Value, manager: &str) -> Vec<&'a str> {
    entries(object)
        .filter(|entry| entry["operation"] == "Apply" && !only_came(entry))
        .filter_map(|entry| entry["manager"].as_str())
        .filter(|name| name.starts_with(MANAGER_PREFIX) && *name != manager)
        .collect()
}

/// Finds the position of our Apply entry, for a JSON patch that takes it out.
pub(crate) fn apply_entry_index(object: &Value, manager: &str) -> Option<usize> {
    entries(object).position(|entry| is_apply_of(entry, manager))
}

/// Tells whether an object was made by a controller for another object.
pub(crate) fn has_controller(object: &Value) -> bool {
    object
        .pointer("/metadata/ownerReferences")
        .and_then(Value::as_array)
        .is_some_and(|owners| owners.iter().any(|owner| owner["controller"] == true))
}

/// Tells whether an object goes with the owner of this uid.
pub(crate) fn is_owned_by(object: &Value, owner: &str) -> bool {
    let owners = object.pointer("/metadata/ownerReferences").and_then(Value::as_array);
    owners.is_some_and(|owners| owners.iter().any(|reference| reference["uid"] == owner))
}

/// Tells whether a live object is ours.
///
/// In the instance's namespace the uid is enough: somebody may have stripped all managedFields.
/// Elsewhere our Apply entry is needed, which only who may write the object itself can make: the
/// inventory can be written by everybody who may write one Secret.
pub(crate) fn is_ours(object: &Value, manager: &str, inventory_uid: Option<&str>) -> bool {
    let is_applied = apply_entry(object, manager).is_some();
    let is_recorded = inventory_uid.is_some() && uid(object) == inventory_uid;
    (is_recorded && (is_applied || is_at_home(object, manager)))
        || (is_applied && !has_controller(object))
}

/// Tells whether an object lies in the namespace of the instance of that manager.
pub(crate) fn is_at_home(object: &Value, manager: &str) -> bool {
    let home = manager.strip_prefix(MANAGER_PREFIX).and_then(|name| name.split_once('/'));
    metadata_text(object, "namespace")
        .is_some_and(|namespace| home.is_some_and(|(home, _)| home == namespace))
}

/// Tells whether a live object carries the label of the instance: of a Namespace it says that
/// the instance made it.
pub(crate) fn is_labelled(object: &Value, instance: &str) -> bool {
    object
        .get("metadata")
        .and_then(|metadata| metadata.get("labels")?.get(INSTANCE_LABEL)?.as_str())
        .is_some_and(|label| label == instance)
}

pub(crate) fn uid(object: &Value) -> Option<&str> {
    metadata_text(object, "uid")
}

pub(crate) fn resource_version(object: &Value) -> Option<&str> {
    metadata_text(object, "resourceVersion")
}

/// Tells whether an object's deletion has begun.
pub(crate) fn is_terminating(object: &Value) -> bool {
    metadata_text(object, "deletionTimestamp").is_some()
}

/// Gives when an object's deletion began.
pub(crate) fn deleted_at(object: &Value) -> Option<Timestamp> {
    metadata_text(object, "deletionTimestamp")?.parse().ok()
}

/// Gives when an object was made.
pub(crate) fn made_at(object: &Value) -> Option<Timestamp> {
    metadata_text(object, "creationTimestamp")?.parse().ok()
}

/// Tells by its metadata whether other ClusterRoles are aggregated into this one.
pub(crate) fn is_aggregated(role: &Value) -> bool {
    entries(role).any(|entry| entry["fieldsV1"].get("f:aggregationRule").is_some())
}

pub(crate) fn finalizers(object: &Value) -> Vec<&str> {
    object
        .pointer("/metadata/finalizers")
        .and_then(Value::as_array)
        .map(|all| all.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default()
}

fn metadata_text<'a>(object: &'a Value, field: &str) -> Option<&'a str> {
    object.get("metadata")?.get(field)?.as_str()
}

/// What an answer told that proved equality: the data of the no-op rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Seen {
    /// The resourceVersion in that answer.
    pub resource_version: String,
    /// The generation, for kinds that count one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub generation: Option<i64>,
    /// The digest of our Apply entry, fields and time.
    pub entry: String,
    /// The digest of the values of our labels and annotations.
    pub marks: String,
}

impl Seen {
    /// Takes down what the answer to an apply (or to a dry-run apply that changed nothing) told.
    /// `None` where the answer lacks our entry, so that nothing can be proved by it.
    pub(crate) fn of(answer: &Value, manager: &str, body: &Value) -> Option<Self> {
        Some(Self {
            resource_version: resource_version(answer)?.to_owned(),
            generation: generation(answer),
            entry: digest_of(apply_entry(answer, manager)?),
            marks: marks(answer, body),
        })
    }

    /// Gives the same data for an object of which something is left to others: their leaving
    /// changes neither generation nor our entry, and the resourceVersion alone tells of it.
    #[must_use]
    pub(crate) fn by_version_alone(self) -> Self {
        Self { generation: None, ..self }
    }

    /// Tells, from a live object's metadata, that an apply of the same body would change
    /// nothing.
    ///
    /// The rule (a property test on a real server found no other that is safe): the uid is
    /// equal, and either the resourceVersion is; or, for kinds that count generations, the
    /// generation, our own Apply entry and the values of our labels and annotations are.
    pub(crate) fn still_holds(&self, live: &Value, manager: &str, body: &Value) -> bool {
        if self.is_last(live) {
            return true;
        }
        // Status writes and other people's labels change the resourceVersion alone.
        self.generation.is_some()
            && generation(live) == self.generation
            && self.keeps_fields(live, manager, body)
    }

    /// Tells that nobody wrote an object since, for which no body need be looked into.
    pub(crate) fn is_last(&self, live: &Value) -> bool {
        resource_version(live) == Some(&self.resource_version)
    }

    /// Tells, from a live object's metadata, that nobody took a field of ours since: a foreign
    /// change of one takes it out of our entry, by whatever verb. It does not tell that an apply
    /// would change nothing.
    pub(crate) fn keeps_fields(&self, live: &Value, manager: &str, body: &Value) -> bool {
        apply_entry(live, manager).is_some_and(|entry| digest_of(entry) == self.entry)
            && marks(live, body) == self.marks
    }
}

fn generation(object: &Value) -> Option<i64> {
    object.get("metadata")?.get("generation")?.as_i64()
}

/// Digests the live values of the labels and annotations that the body sets.
fn marks(live: &Value, body: &Value) -> String {
    let values = ["labels", "annotations"].map(|map| {
        // Labels and annotations count no generation.
        let wanted = body.get("metadata").and_then(|meta| meta.get(map)).and_then(Value::as_object);
        let there = live.get("metadata").and_then(|meta| meta.get(map));
        wanted
            .into_iter()
            .flatten()
            .map(|(key, _)| json!([key, there.and_then(|map| map.get(key))]))
            .collect::<Value>()
    });
    digest_of(&json!(values))
}

#[cfg(test)]
mod tests;
