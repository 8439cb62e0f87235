//! The objects of a namespace, of every kind that the cluster serves.

use serde_json::Value;

use super::{
    super::{claims, target::Target},
    Found, cluster_scoped,
    listing::{self, Objects},
};
use crate::{
    cluster::request::encode_query,
    workload::{
        error::Result,
        import::{is_made_for_another, reason_to_leave},
        object::ObjectId,
    },
};

/// Looks at all objects of a namespace; or at those whose labels fit, those that live in no namespace
/// among them.
///
/// # Errors
/// A failed LIST, other than a forbidden one: that kind is told as left.
pub(super) async fn look(
    target: &Target,
    namespace: &str,
    selector: Option<&str>,
) -> Result<Found> {
    let query = selector.map(|selector| format!("&labelSelector={}", encode_query(selector)));
    let query = query.unwrap_or_default();
    let mut found = Found::default();
    let (kinds, place) = (listing::kinds(target, Some(namespace)), Some(namespace));
    let listed = listing::list(target, &kinds, &query, place, &mut found).await?;
    let Objects { live: mut objects, forbidden } = listed;
    forbidden.iter().for_each(|kind| found.leave(kind, "its objects may not be listed"));
    objects.retain(|live| !is_made_for_another(live));
    for live in &objects {
        let made_by_set = objects.iter().find(|set| makes(set, live)).map(ObjectId::of);
        let made = made_by_set.map(|set| format!("{set} makes it"));
        match made.or_else(|| reason_to_leave(live)) {
            Some(reason) => found.leave(ObjectId::of(live), reason),
            None => found.taken.push(live.clone()),
        }
    }
    match selector {
        Some(selector) => {
            cluster_scoped::take_labelled(target, selector, &query, &mut found).await?;
        }
        None => cluster_scoped::tell_referring(target, namespace, &mut found).await?,
    }
    for group in target.kinds.stale_groups() {
        found.leave(group, "the server of this API group does not answer");
    }
    Ok(found)
}

/// Tells whether a StatefulSet makes a claim from one of its templates.
fn makes(set: &Value, claim: &Value) -> bool {
    let name = |object: &Value| object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    if !ObjectId::of(claim).is("", "PersistentVolumeClaim")
        || !ObjectId::of(set).is("apps", "StatefulSet")
    {
        return false;
    }
    let templates = set.pointer("/spec/volumeClaimTemplates").and_then(Value::as_array);
    let mut templates = templates.into_iter().flatten();
    templates.any(|template| claims::is_made_from(&name(claim), &name(template), &name(set)))
}
