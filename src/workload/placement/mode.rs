//! The three namespace modes, and what each refuses.

use std::collections::BTreeMap;

use super::{Destination, SourceObject};
use crate::workload::{
    error::{Code, Error, Result},
    instance::NamespaceMode,
    name::{LABEL_LIMIT, check_label},
};

/// Decides mode and namespace of the record.
pub(super) fn decide(
    sources: &[SourceObject],
    to: &Destination<'_>,
) -> Result<(NamespaceMode, String)> {
    let brought: Vec<&SourceObject> =
        sources.iter().filter(|source| source.id.is("", "Namespace")).collect();
    if let Some(namespace) = to.namespace {
        check_label("namespace", namespace, LABEL_LIMIT)?;
    }
    let (mode, namespace) = match to.stored {
        Some((mode, namespace)) => (keep(mode, namespace, &brought, to)?, namespace.to_owned()),
        None => choose(&brought, to)?,
    };
    match mode {
        NamespaceMode::Managed => {
            refuse_reserved(&namespace)?;
            refuse_several(sources)?;
        }
        // Any namespace may be given, `default` too: it is never ours to make or delete.
        NamespaceMode::Given => {}
        // The labels of a Namespace are its document's.
        NamespaceMode::Own => refuse_labels(&brought, to)?,
    }
    Ok((mode, namespace))
}

/// Chooses for a new instance.
fn choose(brought: &[&SourceObject], to: &Destination<'_>) -> Result<(NamespaceMode, String)> {
    match (to.namespace, brought.first()) {
        (Some(_), Some(first)) => Err(Error::usage(
            Code::NamespaceInDefinition,
            format!("--namespace cannot be used: the definition brings {}", first.named()),
        )
        .object(&first.id)
        .at(&first.origin)
        .hint("leave out `--namespace`, or take the Namespace documents out of the definition")),
        (Some(namespace), None) => Ok((NamespaceMode::Given, namespace.to_owned())),
        (None, Some(first)) => Ok((NamespaceMode::Own, first.id.name.clone())),
        (None, None) => Ok((NamespaceMode::Managed, to.instance.to_string())),
    }
}

/// Keeps what was fixed at the first deploy, or refuses what would change it.
fn keep(
    mode: NamespaceMode,
    namespace: &str,
    brought: &[&SourceObject],
    to: &Destination<'_>,
) -> Result<NamespaceMode> {
    let instance = to.instance;
    if let Some(wanted) = to.namespace.filter(|wanted| *wanted != namespace) {
        return Err(Error::refused(
            Code::OtherNamespace,
            format!("{instance} is in namespace {namespace}, not in {wanted}"),
        )
        .hint(format!("leave out `--namespace`, or deploy another instance into {wanted}")));
    }
    let changed = |message: String| {
        Error::refused(Code::NamespaceModeFixed, message)
            .cause("where an instance's objects go is fixed at its first deploy")
            .hint("deploy it as another instance, then delete this one")
    };
    match (mode, brought.first()) {
        (NamespaceMode::Managed | NamespaceMode::Given, Some(first)) => Err(changed(format!(
            "{instance} is in namespace {namespace}, and this revision starts to bring {}",
            first.named()
        ))
        .at(&first.origin)),
        (NamespaceMode::Own, None) => Err(changed(format!(
            "{instance} brought its own namespaces, and this revision brings none"
        ))),
        (NamespaceMode::Own, Some(_)) if !brought.iter().any(|one| one.id.name == namespace) => {
            Err(changed(format!(
                "this revision drops Namespace/{namespace}, which holds the record of {instance}"
            )))
        }
        _ => Ok(mode),
    }
}

/// Tells whether a namespace is the cluster's own; such a one is never made or deleted.
pub(super) fn is_reserved(namespace: &str) -> bool {
    namespace == super::DEFAULT || namespace.starts_with("kube-")
}

fn refuse_reserved(namespace: &str) -> Result<()> {
    if !is_reserved(namespace) {
        return Ok(());
    }
    Err(Error::refused(
        Code::ReservedNamespace,
        format!("namespace {namespace} belongs to the cluster and cannot be an instance's own"),
    )
    .hint(format!("add `--namespace {namespace}`, or choose another instance name")))
}

/// Refuses documents that name several namespaces which nothing brings.
fn refuse_several(sources: &[SourceObject]) -> Result<()> {
    let mut named: BTreeMap<&str, &SourceObject> = BTreeMap::new();
    for source in sources.iter().filter(|source| source.namespaced) {
        if let Some(namespace) = &source.id.namespace {
            named.entry(namespace).or_insert(source);
        }
    }
    if named.len() < 2 {
        return Ok(());
    }
    Err(Error::usage(Code::SeveralNamespaces, "the objects name several namespaces and bring none")
        .causes(
            named
                .iter()
                .take(10)
                .map(|(namespace, source)| format!("{} goes to {namespace}", source.named())),
        )
        .hint("add Namespace documents, or put all into one with `--namespace NAMESPACE`"))
}

fn refuse_labels(brought: &[&SourceObject], to: &Destination<'_>) -> Result<()> {
    match (to.namespace_labels.keys().next(), brought.first()) {
        (Some(_), Some(first)) => Err(Error::usage(
            Code::NamespaceInDefinition,
            format!("--namespace-label cannot be used: the definition brings {}", first.named()),
        )
        .at(&first.origin)
        .hint("write the label into the Namespace document")),
        _ => Ok(()),
    }
}
