//! What an object of a placement names, and who its pods are to the API server.

use crate::workload::{
    kinds::{
        builtin_kind,
        pod_template::pod_spec,
        references::{Link, Links, items, text},
    },
    placement::Placed,
};

/// Finds everything that an object names: by its pod template, and by the rule of its kind.
pub(super) fn of(object: &Placed) -> Vec<Link<'_>> {
    let Placed { id, body, .. } = object;
    let namespace = id.namespace.as_deref().unwrap_or_default();
    Links::of(namespace, body, pod_spec(id, body), builtin_kind(id).names)
}

/// Gives the service account of the pods that an object makes.
pub(super) fn service_account(object: &Placed) -> Option<&str> {
    let spec = pod_spec(&object.id, &object.body)?;
    Some(
        text(spec, "serviceAccountName")
            .or_else(|| text(spec, "serviceAccount"))
            .unwrap_or("default"),
    )
}

/// Gives namespace and name of the ServiceAccounts that are subjects of a binding.
pub(super) fn subjects(binding: &Placed) -> impl Iterator<Item = (&str, &str)> {
    let own = binding.id.namespace.as_deref().unwrap_or_default();
    items(&binding.body, "/subjects")
        .filter(|subject| text(subject, "kind") == Some("ServiceAccount"))
        .filter_map(move |subject| {
            Some((text(subject, "namespace").unwrap_or(own), text(subject, "name")?))
        })
}
