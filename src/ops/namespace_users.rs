//! Whether a namespace stays that an instance leaves: somebody else made it, uses it or lives in
//! it, or something of the instance stays in it. What is in a namespace goes with it.

use serde_json::Value;

use super::{
    claims, shared,
    target::{Target, is_list_forbidden},
};
use crate::{
    cluster::{api::Api, request::encode_query},
    workload::{
        error::Result,
        instance::NamespaceMode,
        name::InstanceName,
        object::{GroupKind, ObjectId},
        ownership::{is_labelled, is_ours},
        record::{Entry, RECORD_LABEL},
    },
};

/// Why a namespace stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stay {
    /// It is somebody else's: our entry is taken out of it.
    Theirs(String),
    /// It stays ours all the same.
    Ours(String),
}

/// The instance that leaves.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Leaver<'a> {
    pub instance: &'a InstanceName,
    /// Its field manager.
    pub manager: &'a str,
    /// How its objects were placed.
    pub mode: NamespaceMode,
    /// What of it stays on the cluster.
    pub staying: &'a [Entry],
}

/// The reason of a namespace that the instance did not make.
pub(crate) const NOT_MADE: &str = "this instance did not make it";

/// Tells whether the instance made a namespace.
pub(crate) fn is_made_by(live: &Value, instance: &InstanceName, manager: &str) -> bool {
    is_labelled(live, instance.as_str()) && is_ours(live, manager, None)
}

/// Says why a live namespace stays; `None` where it goes with all that is in it.
pub(crate) async fn why_it_stays(
    target: &Target,
    api: &Api,
    leaver: Leaver<'_>,
    id: &ObjectId,
    live: &Value,
) -> Result<Option<Stay>> {
    let Leaver { instance, manager, mode, staying } = leaver;
    // Made by us is only what our create-only apply made, and the label says so on the object
    // itself (docs/design.md, Namespaces).
    if mode == NamespaceMode::Given || !is_made_by(live, instance, manager) {
        return Ok(Some(Stay::Theirs(NOT_MADE.to_owned())));
    }
    // Another instance applies it: it was there when that one came, or brings it too.
    let others = shared::living(target, live, manager).await?;
    if !others.is_empty() {
        return Ok(Some(Stay::Theirs(format!("also used by {}", others.join(", ")))));
    }
    // Never, whatever labels they carry: the cluster does not survive it (docs/design.md,
    // Namespaces).
    if id.name == "default" || id.name.starts_with("kube-") {
        return Ok(Some(Stay::Ours("it is the cluster's own".to_owned())));
    }
    // What is in a namespace goes with it, whatever its annotation asks for.
    let inside = |entry: &&Entry| entry.id.namespace.as_deref() == Some(&id.name);
    if let Some(Entry { id, keep, .. }) = staying.iter().find(inside) {
        let why = if *keep { "in it asks to be kept" } else { "is in it" };
        return Ok(Some(Stay::Ours(format!("{id} {why}"))));
    }
    // Those of StatefulSets are in no inventory, and may be anybody's.
    let kept = match claims::of_namespace(api, &id.name).await? {
        Some(found) => found.iter().find(|claim| claims::asks_to_stay(claim)).map(claims::id_of),
        // Who cannot be asked counts as alive (docs/design.md, Absence).
        None => {
            let why = format!("whether a claim in it asks to be kept {}", claims::UNSEEN);
            return Ok(Some(Stay::Ours(why)));
        }
    };
    if let Some(kept) = kept {
        return Ok(Some(Stay::Ours(format!("{kept} in it asks to be kept"))));
    }
    // An instance deployed into it by `--namespace` does not apply the Namespace: only its record
    // shows it.
    let other = other_record(api, instance, &id.name).await?;
    Ok(other.map(|other| {
        Stay::Ours(match other {
            Other::Named(name) => format!("instance {name} lives in it"),
            Other::Hidden => {
                "whether another instance lives in it cannot be seen: forbidden: list \
                              Secret"
                    .to_owned()
            }
        })
    }))
}

/// Another instance in a namespace.
enum Other {
    Named(String),
    /// Nobody knows whether there is one: Secrets may not be listed.
    Hidden,
}

/// Finds the record of another instance in a namespace.
async fn other_record(
    api: &Api,
    instance: &InstanceName,
    namespace: &str,
) -> Result<Option<Other>> {
    let collection = format!("/api/v1/namespaces/{namespace}/secrets");
    let query = format!("&labelSelector={}", encode_query(RECORD_LABEL));
    let list = match api.list_metadata(&collection, &query).await {
        Ok(list) => list,
        // Who cannot be asked counts as alive: a namespace takes everything in it along
        // (docs/design.md, Absence).
        Err(failure) if is_list_forbidden(&failure) => {
            return Ok(Some(Other::Hidden));
        }
        Err(failure) => {
            let doing = format!("cannot look for other records in namespace {namespace}");
            return Err(failure.explain_list(
                doing,
                &GroupKind::new("", "Secret"),
                Some(namespace),
            ));
        }
    };
    let named =
        |secret: &Value| secret["metadata"]["labels"][RECORD_LABEL].as_str().map(str::to_owned);
    let mut others = list.items.iter().filter_map(named);
    Ok(others.find(|other| other != instance.as_str()).map(Other::Named))
}
