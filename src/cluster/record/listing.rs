//! All records that an account may see.

use serde_json::Value;

use crate::{
    cluster::{api::Api, request::encode_query},
    workload::{
        error::{Error, Result},
        name::InstanceName,
        object::GroupKind,
        record::{RECORD_LABEL, head_name},
    },
};

/// Where a record lies.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) instance: InstanceName,
    pub(crate) namespace: String,
}

/// Lists the records of a namespace, or of all, by name.
///
/// # Errors
/// A failed or forbidden LIST.
pub(crate) async fn list(api: &Api, namespace: Option<&str>) -> Result<Vec<Place>> {
    let collection = match namespace {
        Some(namespace) => super::collection(namespace),
        None => "/api/v1/secrets".to_owned(),
    };
    let query = format!("&labelSelector={}", encode_query(RECORD_LABEL));
    let list = api.list_metadata(&collection, &query).await.map_err(|failure| {
        let doing = "cannot list the records".to_owned();
        let error = failure.explain_list(doing, &GroupKind::new("", "Secret"), namespace);
        hinted(error, namespace.is_none() && failure.is_forbidden())
    })?;
    let mut places: Vec<Place> = list.items.iter().filter_map(place).collect();
    places.sort();
    Ok(places)
}

fn hinted(error: Error, may_see_less: bool) -> Error {
    match may_see_less {
        true => error.hint("an account of one namespace needs `--namespace NAMESPACE`"),
        false => error,
    }
}

/// Reads the head of a record; its parts carry its label, too.
fn place(secret: &Value) -> Option<Place> {
    let metadata = &secret["metadata"];
    let instance: InstanceName = metadata["labels"][RECORD_LABEL].as_str()?.parse().ok()?;
    let is_head = metadata["name"].as_str()? == head_name(&instance);
    let namespace = metadata["namespace"].as_str()?.to_owned();
    is_head.then_some(Place { instance, namespace })
}
