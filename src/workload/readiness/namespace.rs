//! Namespaces: active.

use serde_json::Value;

use super::{
    Verdict,
    condition::Condition,
    field::{is_deleting, text},
    related::Related,
    window::Window,
};

/// Judges a Namespace.
pub(crate) fn judge(namespace: &Value, _: &Related, _: &Window) -> Verdict {
    if !is_deleting(namespace) && text(namespace, "/status/phase") != "Terminating" {
        return Verdict::ready();
    }
    // The namespace controller's conditions; what it failed at comes before what it merely waits
    // for.
    let held = [
        "NamespaceDeletionContentFailure",
        "NamespaceDeletionDiscoveryFailure",
        "NamespaceDeletionGroupVersionParsingFailure",
        "NamespaceFinalizersRemaining",
        "NamespaceContentRemaining",
    ]
    .into_iter()
    .find_map(|kind| {
        Condition::of(namespace, kind).filter(|condition| condition.status() == "True")
    });
    let message = match held {
        Some(condition) => format!("it is being deleted: {}", condition.why()),
        None => "it is being deleted".to_owned(),
    };
    Verdict::waiting("Terminating", message)
}
