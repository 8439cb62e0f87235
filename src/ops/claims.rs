//! The PersistentVolumeClaims of a namespace, looked at live: nobody deploys those that a
//! StatefulSet makes, and they go with their namespace or with their owner.

use serde_json::Value;

use super::target::is_list_forbidden;
use crate::{
    cluster::api::Api,
    workload::{error::Result, object::ObjectId, ownership::is_terminating, plan::is_kept},
};

/// What is said where claims may not be listed.
pub(crate) const UNSEEN: &str = "cannot be seen: forbidden: list PersistentVolumeClaim";

/// Gives the metadata of the claims of a namespace, whoever made them; `None` where they may not be
/// listed.
///
/// # Errors
/// A list that failed for another reason.
pub(crate) async fn of_namespace(api: &Api, namespace: &str) -> Result<Option<Vec<Value>>> {
    let collection = format!("/api/v1/namespaces/{namespace}/persistentvolumeclaims");
    match api.list_metadata(&collection, "").await {
        Ok(list) => Ok(Some(list.items)),
        Err(failure) if is_list_forbidden(&failure) => Ok(None),
        Err(failure) => {
            let id = ObjectId::new("", "PersistentVolumeClaim", Some(namespace), "");
            Err(failure.explain("list", "cannot look for claims", &id, None))
        }
    }
}

/// Names a claim.
pub(crate) fn id_of(claim: &Value) -> ObjectId {
    let text = |field: &str| claim["metadata"][field].as_str();
    let name = text("name").unwrap_or_default();
    ObjectId::new("", "PersistentVolumeClaim", text("namespace"), name)
}

/// Tells whether a claim asks to be kept; of one that goes already it is too late.
pub(crate) fn asks_to_stay(claim: &Value) -> bool {
    is_kept(claim) && !is_terminating(claim)
}

/// Tells whether a StatefulSet, read whole, takes its claims along.
pub(crate) fn go_with_their_set(set: &Value) -> bool {
    set["spec"]["persistentVolumeClaimRetentionPolicy"]["whenDeleted"] == "Delete"
}
