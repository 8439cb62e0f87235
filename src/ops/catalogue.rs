//! What the database alone answers: definitions and instances, offline.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{
    behind, history,
    listing::{ListOptions, instance_view, list_instances, view_of},
    view::{
        AppliedView, DefinitionOutcome, DefinitionSheet, DefinitionView, InstanceView, ObjectView,
        OperationOutcome,
    },
};
use crate::{
    store::{DefinitionRow, Store},
    workload::{
        definition::{Content, Revision},
        error::Result,
        instance::{Instance, NamespaceMode},
        name::{DefinitionName, InstanceName},
        object::{Object, split_api_version},
        overrides::{OverrideEdit, Overrides, check_drops},
        placement::Destination,
        rendering::{self, render_offline},
        runtime::RuntimeName,
    },
};

/// Refuses edits that drop what none of several instances has, by what is stored or, in a workload
/// file, declared. One that is not stored may have it: only its cluster knows.
///
/// # Errors
/// `no-such-override` (2).
pub(crate) fn check_drops_of_several<'a>(
    store: &Store,
    edits: &[OverrideEdit],
    instances: impl Iterator<Item = (&'a InstanceName, Option<&'a Overrides>)>,
) -> Result<()> {
    if !edits.iter().any(OverrideEdit::is_drop) {
        return Ok(());
    }
    let mut known = Vec::new();
    for (name, declared) in instances {
        let Some(stored) = store.instance(name)? else { return Ok(()) };
        known.push(stored.overrides);
        known.extend(declared.cloned());
    }
    check_drops(edits, &known.iter().collect::<Vec<_>>())
}

/// Shows one instance, with the status that was seen last.
///
/// # Errors
/// `no-such-instance` (1).
pub(crate) fn show_instance(store: &Store, name: &InstanceName) -> Result<InstanceView> {
    match store.instance(name)? {
        Some(instance) => instance_view(store, instance),
        None => Err(store.no_such_instance(name.as_str())),
    }
}

/// Tells whether an instance is to be deployed again: it never was, its newest release did not go well,
/// or there is a newer revision, and it was not told to run another one.
pub(crate) fn is_due(store: &Store, name: &InstanceName) -> Result<bool> {
    let Some(instance) = store.instance(name)? else { return Ok(true) };
    let InstanceView { outcome, revision, latest_revision, pinned, .. } =
        instance_view(store, instance)?;
    let went_well = matches!(outcome, Some(OperationOutcome::Ready | OperationOutcome::Applied));
    Ok(!went_well || (revision != latest_revision && !pinned))
}

/// Lists definitions by name.
pub(crate) fn list_definitions(store: &Store) -> Result<Vec<DefinitionView>> {
    Ok(store.definitions()?.into_iter().map(definition_view).collect())
}

/// Shows one definition: its revisions, the objects of one (without a number of the newest), its
/// instances.
///
/// # Errors
/// `no-such-definition` and `no-such-revision` (1).
pub(crate) fn show_definition(
    store: &Store,
    name: &DefinitionName,
    number: Option<u64>,
) -> Result<DefinitionSheet> {
    let Some(mut row) = store.definition(name)? else {
        return Err(store.no_such_definition(name.as_str()));
    };
    if let Some(number) = number {
        (row.newest, _) = history::revision(store, name, None, number)?;
    }
    let objects = store.content(&row.newest)?.objects.into_iter().map(object_view).collect();
    let revisions = history::revisions(store, name)?;
    let options = ListOptions { definition: Some(name), ..ListOptions::default() };
    Ok(DefinitionSheet {
        definition: definition_view(row),
        revisions: revisions.into_iter().map(Into::into).collect(),
        objects,
        used_by: list_instances(store, &options)?,
    })
}

/// Records a definition's content and tells which deployed instances now run something else.
/// `source` is what the user named.
///
/// # Errors
/// Code 2: annotations that say nothing, which no deploy would take; those of [`Store::apply_definition`].
pub(crate) fn apply_definition(
    store: &mut Store,
    name: &DefinitionName,
    content: &Content,
    source: &str,
    now: Timestamp,
) -> Result<AppliedView> {
    rendering::check(&content.objects, &content.files)?;
    let applied = store.apply_definition(name, content, source, None, now)?;
    let Some(row) = store.definition(name)? else {
        return Err(store.no_such_definition(name.as_str()));
    };
    let behind = behind::find(store, name, None)?.into_iter().map(view_of).collect();
    Ok(AppliedView {
        definition: definition_view(row),
        outcome: match (applied.first, applied.fresh) {
            (true, _) => DefinitionOutcome::Created,
            (false, true) => DefinitionOutcome::Updated,
            (false, false) => DefinitionOutcome::Unchanged,
        },
        behind,
    })
}

/// A new instance as the user wants it.
#[derive(Debug, Clone)]
pub(crate) struct CreateOptions {
    pub name: InstanceName,
    /// `--definition`; without it the one of the instance's name.
    pub definition: Option<DefinitionName>,
    /// The runtime, decided and checked.
    pub runtime: RuntimeName,
    pub namespace: Option<String>,
    /// `--image`, `--replicas`, `--set`, `--patch`.
    pub overrides: Overrides,
}

/// Adds an instance without deploying it.
///
/// # Errors
/// `no-such-definition` (1); `instance-exists` (5); those of [`apply`] (an override without a
/// target) and of [`place`] (a namespace that cannot be).
pub(crate) fn create_instance(
    store: &mut Store,
    options: CreateOptions,
    now: Timestamp,
) -> Result<InstanceView> {
    let CreateOptions { name, definition, runtime, namespace, overrides } = options;
    let definition = match definition {
        Some(definition) => definition,
        None => name.as_str().parse()?,
    };
    let instance = Instance {
        name,
        definition,
        runtime: runtime.to_string(),
        namespace_mode: namespace.as_ref().map(|_| NamespaceMode::Given),
        namespace,
        cluster_uid: None,
        overrides,
        created_at: now,
        observed: None,
    };
    store.transaction(|store| {
        // First: that it exists already is the better reason.
        store.create_instance(&instance)?;
        check_rendering(store, &instance)
    })?;
    instance_view(store, instance)
}

/// Refuses what a deploy would refuse without having contacted a cluster.
fn check_rendering(store: &Store, instance: &Instance) -> Result<()> {
    let newest = store.newest_revision(&instance.definition, Some(&instance.name))?;
    let Some(newest) = newest else { return Ok(()) };
    let destination = Destination {
        instance: &instance.name,
        namespace: instance.namespace.as_deref(),
        stored: None,
        namespace_labels: &BTreeMap::new(),
    };
    let Content { objects, files } = store.content(&newest)?;
    render_offline(objects, &files, &instance.overrides, &destination).map(drop)
}

fn definition_view(row: DefinitionRow) -> DefinitionView {
    let DefinitionRow { name, newest, instances, created_at, updated_at } = row;
    let Revision { number, digest, object_count, source, .. } = newest;
    DefinitionView {
        name: name.to_string(),
        revision: number,
        digest,
        object_count,
        source,
        instances,
        created_at,
        updated_at,
    }
}

fn object_view(object: Object) -> ObjectView {
    let version = split_api_version(object.api_version()).1.to_owned();
    ObjectView { source: Some(object.origin.clone()), ..ObjectView::new(object.id(), &version) }
}

#[cfg(test)]
mod tests;
