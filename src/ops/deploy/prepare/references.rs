//! References to objects that are neither in the set nor on the cluster: warnings before anything
//! is applied. Controllers and Jobs make some of them later, so that they are no errors; a
//! namespace nobody makes in time, so that what lies in it is refused.

use std::collections::BTreeMap;

use futures::{StreamExt as _, stream};

use super::draft::Draft;
use crate::{
    cluster::{api::IN_FLIGHT, request::Request},
    ops::{several::named, target::Target},
    workload::{
        error::{Code, Error, Result},
        graph::Reference,
        object::ObjectId,
        plan::{Desired, Plan},
        release::Action,
    },
};

/// Looks for what the objects of a draft refer to, and says what is not there. What may not be
/// looked at counts as there, and unchanged objects had their warning when they were applied.
///
/// # Errors
/// Code 2 where objects lie in a namespace that is not there.
pub(super) async fn warn_of_missing(target: &Target, draft: &Draft) -> Result<Vec<String>> {
    let Draft { desired, plan, absent, .. } = draft;
    let mut wanted: BTreeMap<&ObjectId, Vec<&Reference>> = BTreeMap::new();
    for reference in &desired.missing {
        // It is made before the record.
        let is_home = reference.to.is("", "Namespace") && reference.to.name == desired.namespace;
        let is_idle =
            plan.items.get(reference.from).is_none_or(|item| item.action == Action::Unchanged);
        if !is_home && !is_idle {
            wanted.entry(&reference.to).or_default().push(reference);
        }
    }
    let missing: Vec<(&ObjectId, Vec<&Reference>)> = stream::iter(wanted)
        .map(|(to, references)| async move {
            let is_missing = match &to.namespace {
                // Nothing can be in a namespace that is not there yet.
                Some(namespace) if absent.contains(namespace) => true,
                _ => is_missing(target, to).await,
            };
            is_missing.then_some((to, references))
        })
        .buffered(IN_FLIGHT)
        .filter_map(std::future::ready)
        .collect()
        .await;
    let homeless = missing.iter().find(|(to, references)| {
        to.is("", "Namespace") && references.iter().any(|of| of.field == "metadata.namespace")
    });
    match homeless {
        Some((namespace, _)) => Err(no_namespace(target, plan, &namespace.name)),
        None => Ok(missing
            .into_iter()
            .map(|(to, references)| missing_reference(to, &references, plan))
            .collect()),
    }
}

/// Makes one error of the sentences about references, where they are to be refused.
pub(super) fn missing_references(sentences: Vec<String>) -> Error {
    let count = match sentences.len() {
        1 => "1 object that is referred to is not there".to_owned(),
        many => format!("{many} objects that are referred to are not there"),
    };
    Error::usage(Code::MissingReferences, count)
        .causes(sentences)
        .hint("bring them in the same manifests, or leave `--references error` out")
}

/// How many objects without a namespace are named.
const NAMED: usize = 10;

fn no_namespace(target: &Target, plan: &Plan, namespace: &str) -> Error {
    let inside: Vec<&Desired> = plan
        .items
        .iter()
        .map(|item| &item.desired)
        .filter(|desired| desired.id.namespace.as_deref() == Some(namespace))
        .collect();
    let mut causes: Vec<String> = inside.iter().take(NAMED).copied().map(named).collect();
    if inside.len() > NAMED {
        causes.push(format!("{} more", inside.len() - NAMED));
    }
    let (count, is) = match inside.len() {
        1 => ("1 object".to_owned(), "is"),
        many => (format!("{many} objects"), "are"),
    };
    Error::usage(
        Code::NoNamespace,
        format!(
            "{count} {is} in namespace {namespace}, which is neither in the set nor on {}",
            target.runtime
        ),
    )
    .causes(causes)
    .hint(format!("add a Namespace document, or `kubectl create namespace {namespace}` first"))
}

async fn is_missing(target: &Target, to: &ObjectId) -> bool {
    let Some(path) = target.path(to, "") else { return false };
    // Only a proof of absence warns: a refusal or a failure counts as there (docs/design.md,
    // Absence).
    matches!(target.api.find(Request::get_metadata(path)).await, Ok(None))
}

fn missing_reference(to: &ObjectId, references: &[&Reference], plan: &Plan) -> String {
    let first = references[0];
    let from = named(&plan.items[first.from].desired);
    let others = match references.len() - 1 {
        0 => String::new(),
        1 => " and 1 other object".to_owned(),
        many => format!(" and {many} other objects"),
    };
    let namespace =
        to.namespace.as_ref().map(|name| format!(" in namespace {name}")).unwrap_or_default();
    format!(
        "{from}{others}: {} names {to}{namespace}, which is neither in the set nor on the cluster",
        first.field
    )
}
