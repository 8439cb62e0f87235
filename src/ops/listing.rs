//! Instances as the database knows them, many at once.

use std::collections::HashSet;

use super::view::{FailedRelease, InstanceView, OutlineView};
use crate::{
    store::{InstanceFilter, Newest, Outline, Standing, Store},
    workload::{
        error::Result,
        instance::{Instance, Observed, Status},
        name::{DefinitionName, InstanceName},
        release::Outcome,
        runtime::RuntimeName,
    },
};

/// What is known of an instance whose newest release has begun, of which nothing was seen since.
const UNSEEN: Status = Status::Reconciling;
/// What is known without a look.
const NEVER_DEPLOYED: Status = Status::NotDeployed;

/// Which instances to list; all by default.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ListOptions<'a> {
    /// Only these; none are all.
    pub names: &'a [InstanceName],
    /// Only those of this definition.
    pub definition: Option<&'a DefinitionName>,
    /// Only those on this runtime.
    pub runtime: Option<&'a RuntimeName>,
    /// Only those in this namespace.
    pub namespace: Option<&'a str>,
}

impl ListOptions<'_> {
    /// Looks for those that are wanted.
    ///
    /// # Errors
    /// `no-such-instance` and `no-such-definition` (1) for what is named and is not here.
    fn look(
        &self,
        store: &Store,
        find: impl FnOnce(&InstanceFilter<'_>, &dyn Fn(&str, Option<&str>) -> bool) -> Result<()>,
    ) -> Result<()> {
        let Self { names, definition, runtime, namespace } = *self;
        if let Some(definition) = definition
            && store.definition(definition)?.is_none()
        {
            return Err(store.no_such_definition(definition.as_str()));
        }
        for name in names {
            if store.instance(name)?.is_none() {
                return Err(store.no_such_instance(name.as_str()));
            }
        }
        let runtime = runtime.map(ToString::to_string);
        let names: HashSet<&str> = names.iter().map(InstanceName::as_str).collect();
        find(&InstanceFilter { definition, runtime: runtime.as_deref() }, &|name, there| {
            (names.is_empty() || names.contains(name))
                && namespace.is_none_or(|wanted| there == Some(wanted))
        })
    }
}

/// Lists instances by name, with the status that was seen last.
///
/// # Errors
/// Those of [`ListOptions::look`].
pub(crate) fn list_instances(
    store: &Store,
    options: &ListOptions<'_>,
) -> Result<Vec<InstanceView>> {
    let mut views = Vec::new();
    options.look(store, |filter, is_wanted| {
        let wanted =
            store.standings(filter)?.into_iter().filter(|Standing { instance, .. }| {
                is_wanted(instance.name.as_str(), instance.namespace.as_deref())
            });
        views.extend(wanted.map(view_of));
        Ok(())
    })?;
    Ok(views)
}

/// Hands over the same as far as a table shows it, one after the other.
///
/// # Errors
/// Those of [`ListOptions::look`].
pub(crate) fn outline(
    store: &Store,
    options: &ListOptions<'_>,
    mut take: impl FnMut(OutlineView<'_>),
) -> Result<()> {
    options.look(store, |filter, is_wanted| {
        store.outline(filter, |outline| {
            if is_wanted(outline.name, outline.namespace) {
                take(outline_of(outline));
            }
        })
    })
}

/// Names the instances that [`list_instances`] lists.
pub(crate) fn instance_names(
    store: &Store,
    options: &ListOptions<'_>,
) -> Result<Vec<InstanceName>> {
    let mut names = Vec::new();
    outline(store, options, |outline| names.push(outline.name.parse()))?;
    names.into_iter().collect()
}

/// Describes an instance as the database knows it: its newest release, the revision that a deploy
/// would bring, the status that was seen last.
pub(crate) fn instance_view(store: &Store, instance: Instance) -> Result<InstanceView> {
    let release = store.latest_release(&instance.name)?;
    let newest = store.newest_revision(&instance.definition, Some(&instance.name))?;
    let newest = newest.map(|newest| Newest { number: newest.number, digest: newest.digest });
    Ok(view_of(Standing { instance, release, newest }))
}

/// Tells the same of a standing.
pub(crate) fn view_of(standing: Standing) -> InstanceView {
    let Standing { instance, release, newest } = standing;
    let Instance {
        name,
        definition,
        runtime,
        namespace,
        namespace_mode,
        cluster_uid,
        overrides,
        created_at,
        observed,
    } = instance;
    let begun = release.as_ref().filter(|release| release.outcome == Outcome::InFlight);
    let (status, reason, status_at) = match (begun, observed) {
        // What was seen before a release began says nothing of it.
        (Some(begun), seen) if seen.as_ref().is_none_or(|seen| seen.at <= begun.started_at) => {
            let reason = begun.outcome.as_reason().to_owned();
            (Some(UNSEEN), Some(reason), Some(begun.started_at))
        }
        (_, Some(Observed { status, reason, at })) => (Some(status), Some(reason), Some(at)),
        // Never deployed is known without a look; deployed and never seen is not known at all.
        (_, None) if release.is_none() => {
            (Some(NEVER_DEPLOYED), Some("it was never deployed".to_owned()), None)
        }
        (_, None) => (None, None, None),
    };
    InstanceView {
        name: name.to_string(),
        definition: Some(definition.to_string()),
        revision: release.as_ref().map(|release| release.revision),
        latest_revision: newest.map(|newest| newest.number),
        pinned: release.as_ref().is_some_and(|release| release.pinned),
        runtime: Some(runtime),
        cluster_uid,
        namespace,
        namespace_mode,
        status,
        reason,
        status_at,
        release: release.as_ref().map(|release| release.number),
        outcome: release.as_ref().map(|release| release.outcome.into()),
        overrides,
        failure: release.as_ref().and_then(FailedRelease::of),
        created_at: Some(created_at),
        deployed_at: release.as_ref().map(|release| release.started_at),
        deployed_by: release.as_ref().map(|release| release.deployer.to_string()),
    }
}

/// Tells the same of what a list reads.
fn outline_of(outline: Outline<'_>) -> OutlineView<'_> {
    let Outline { name, definition, runtime, namespace, status, release, since, newest } = outline;
    let status = match release {
        Some(release) if release.is_unseen => Some(UNSEEN),
        Some(_) => status,
        None => status.or(Some(NEVER_DEPLOYED)),
    };
    OutlineView {
        name,
        definition: Some(definition),
        revision: release.map(|release| release.revision),
        latest_revision: newest,
        pinned: release.is_some_and(|release| release.pinned),
        release: release.map(|release| release.number),
        runtime: Some(runtime),
        namespace,
        status,
        since: Some(since),
    }
}

#[cfg(test)]
mod tests;
