//! PersistentVolumeClaims: bound, or waiting for the pod that will use them.

use serde_json::Value;

use super::{
    Verdict,
    field::{annotation, shorten, text, uid},
    related::{Related, happened},
    window::Window,
};

/// The annotation by which the scheduler tells the provisioner that a pod has come.
const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";

/// Judges a claim.
pub(crate) fn judge(claim: &Value, around: &Related, window: &Window) -> Verdict {
    match text(claim, "/status/phase") {
        "Bound" => Verdict::ready(),
        "Lost" => Verdict::failed("Lost", "its volume is gone"),
        _ if waits_for_pod(claim, around) => {
            Verdict::ready_saying("its volume comes with the first pod that uses it")
        }
        _ => match last_failure(claim, around, window) {
            Some((reason, message)) => {
                Verdict::waiting(reason, format!("no volume yet: {message}"))
            }
            None => Verdict::waiting("Pending", "no volume is bound yet"),
        },
    }
}

/// Tells whether the volume is made only for a pod, and none has come. The class says so, or
/// (where it may not be read) an event.
fn waits_for_pod(claim: &Value, around: &Related) -> bool {
    // A pod has come: from now on the volume is really waited for.
    if annotation(claim, SELECTED_NODE).is_some() {
        return false;
    }
    // A claim that waits for its consumer shows nothing of it in its status (docs/design.md).
    match around.storage_class(text(claim, "/spec/storageClassName")) {
        Some(class) => text(class, "/volumeBindingMode") == "WaitForFirstConsumer",
        None => around
            .events_of(uid(claim))
            .any(|event| text(event, "/reason") == "WaitForFirstConsumer"),
    }
}

fn last_failure<'a>(
    claim: &Value,
    around: &'a Related,
    window: &Window,
) -> Option<(&'a str, String)> {
    around
        .events_of(uid(claim))
        .filter(|event| matches!(text(event, "/reason"), "ProvisioningFailed" | "FailedBinding"))
        .filter(|event| window.covers(happened(event)))
        .max_by_key(|event| happened(event))
        .map(|event| (text(event, "/reason"), shorten(text(event, "/message"))))
}
