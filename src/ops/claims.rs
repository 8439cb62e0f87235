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

/// Names the claim templates of a StatefulSet, read whole, that ask to be kept.
pub(crate) fn kept_templates(set: &Value) -> Vec<&str> {
    let templates = set["spec"]["volumeClaimTemplates"].as_array().into_iter().flatten();
    templates
        .filter(|template| is_kept(template))
        .filter_map(|template| template["metadata"]["name"].as_str())
        .collect()
}

/// Tells whether a claim of a StatefulSet is kept by its template: one from before the template
/// asked for it does not say so itself.
pub(crate) fn is_kept_by(set: &Value, claim: &Value) -> bool {
    let name = |object: &Value| object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    let (claim, set_name) = (name(claim), name(set));
    kept_templates(set).iter().any(|template| is_made_from(&claim, template, &set_name))
}

/// Tells whether a claim is called as one that a StatefulSet makes from a template:
/// `TEMPLATE-SET-NUMBER`.
pub(crate) fn is_made_from(claim: &str, template: &str, set: &str) -> bool {
    claim
        .strip_prefix(template)
        .and_then(|rest| rest.strip_prefix('-')?.strip_prefix(set)?.strip_prefix('-'))
        .is_some_and(|number| {
            !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_is_told_by_its_name() {
        for (claim, expected) in [
            ("data-db-0", true),
            ("data-db-12", true),
            ("data-db-", false),
            ("data-db-x", false),
            ("data-db-0-1", false),
            ("data-other-0", false),
            ("logs-db-0", false),
        ] {
            assert_eq!(is_made_from(claim, "data", "db"), expected, "{claim}");
        }
    }
}
