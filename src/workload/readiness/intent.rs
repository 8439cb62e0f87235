//! What the manifest itself asks for, as opposed to what somebody else set since: the field is
//! in our own Apply entry.

use serde_json::Value;

use super::field::{list, text};
use crate::workload::ownership::MANAGER_PREFIX;

/// Gives the Apply entries of workloadctl.
pub(crate) fn entries(object: &Value) -> impl Iterator<Item = &Value> {
    list(object, "/metadata/managedFields").iter().filter(|entry| {
        text(entry, "/manager").starts_with(MANAGER_PREFIX)
            && text(entry, "/operation") == "Apply"
            && text(entry, "/subresource").is_empty()
    })
}

/// Tells whether a manifest of ours sets a field, given as a pointer into `fieldsV1`
/// (`/f:spec/f:paused`).
pub(crate) fn is_asked_for(object: &Value, field: &str) -> bool {
    entries(object)
        .any(|entry| entry.get("fieldsV1").is_some_and(|fields| fields.pointer(field).is_some()))
}
