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
    let held = held_up(namespace);
    let message = match held.first() {
        Some(condition) => format!("it is being deleted: {}", condition.why()),
        None => "it is being deleted".to_owned(),
    };
    Verdict::waiting("Terminating", message)
}

/// Lists the conditions in which the namespace controller tells what holds the deletion up: what it
/// failed at comes before what it merely waits for.
pub(crate) fn held_up(namespace: &Value) -> Vec<Condition<'_>> {
    [
        "NamespaceDeletionContentFailure",
        // API groups whose server does not answer: what is of them nobody can tell.
        "NamespaceDeletionDiscoveryFailure",
        "NamespaceDeletionGroupVersionParsingFailure",
        "NamespaceFinalizersRemaining",
        "NamespaceContentRemaining",
    ]
    .into_iter()
    .filter_map(|kind| Condition::of(namespace, kind))
    .filter(|condition| condition.status() == "True")
    .collect()
}
