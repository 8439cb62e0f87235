//! What differs between releases, revisions, instances and manifests, from the database alone, and
//! from what is live, by a plan.
//!
//! Recorded sides are compared as they are before placement, with their overrides: where the namespaces of two
//! instances differ, or their labels, nobody changed anything.

use super::{
    history,
    view::{DiffView, DifferingView, ObjectView, Operation, SideView},
};
use crate::{
    store::Store,
    workload::{
        body::Body,
        definition::Content,
        error::{Code, Error, Result},
        kinds::Kinds,
        name::{DefinitionName, InstanceName},
        overrides::{self, Overrides},
        release::{Action, Release},
        set_difference::{Fate, compare},
    },
};

/// One side of a comparison.
#[derive(Debug, Clone)]
pub(crate) enum Side {
    /// A release of an instance; without a number the newest.
    Release { instance: InstanceName, number: Option<u64> },
    /// What the next deploy of an instance would bring: its definition's newest revision.
    Newest { instance: InstanceName },
    /// A revision of a definition, as it was read; without a number the newest.
    Revision { definition: DefinitionName, number: Option<u64> },
    /// Manifests as a deploy of the instance with `-f` would bring them.
    Given {
        instance: Option<InstanceName>,
        content: Content,
        /// What a workload file says the overrides are.
        declared: Option<Box<Overrides>>,
        /// As the user named them.
        source: String,
    },
}

/// A side whose objects are not read yet.
struct Found {
    view: SideView,
    /// The digest of the content.
    digest: String,
    overrides: Overrides,
    content: FoundContent,
}

/// Where the objects of a side are.
enum FoundContent {
    /// In a revision of a definition, with its number as the deployer counted.
    Stored(DefinitionName, u64),
    /// In manifests that were read.
    Read(Content),
}

/// Tells what differs from one side to the other.
///
/// # Errors
/// `no-such-instance`, `no-such-definition`, `no-such-release` and `no-such-revision` (1); overrides
/// that do not fit the objects (2).
pub(crate) fn sides(store: &Store, from: Side, to: Side) -> Result<DiffView> {
    let (mut from, mut to) = (find(store, from)?, find(store, to)?);
    // When the pods of two instances were restarted says nothing about them.
    if from.view.instance != to.view.instance {
        from.overrides = from.overrides.restarted_as(&Overrides::default());
        to.overrides = to.overrides.restarted_as(&Overrides::default());
    }
    let is_same = (&from.digest, &from.overrides) == (&to.digest, &to.overrides);
    let (from_view, to_view) = (from.view.clone(), to.view.clone());
    let objects = match is_same {
        true => Vec::new(),
        false => compare(from.objects(store)?, to.objects(store)?),
    };
    Ok(DiffView {
        from: from_view,
        to: to_view,
        objects: objects.into_iter().map(Into::into).collect(),
    })
}

/// Tells what differs from what is live to a release, from the plan of deploying that release: what
/// only the server writes is in none, and what others hold by right is left out.
///
/// # Errors
/// What the plan ended with, where it got to no object.
pub(crate) fn of_plan(operation: Operation, release: Option<u64>) -> Result<DiffView> {
    let Operation { instance, objects, error, .. } = operation;
    if let Some(error) = error.filter(|_| objects.is_empty()) {
        return Err(error);
    }
    let name = Some(instance.name);
    let from =
        SideView { instance: name.clone(), runtime: instance.runtime, ..SideView::default() };
    let to = SideView {
        instance: name,
        release: release.or(instance.release),
        definition: instance.definition,
        revision: instance.revision,
        ..SideView::default()
    };
    let objects = objects.into_iter().filter_map(differing).collect();
    Ok(DiffView { from, to, objects })
}

fn differing(object: ObjectView) -> Option<DifferingView> {
    let fate = match object.action? {
        Action::Unchanged => return None,
        Action::Create => Fate::Added,
        Action::Prune | Action::Delete => Fate::Removed,
        Action::Update | Action::Recreate | Action::Adopt | Action::Blocked => Fate::Changed,
    };
    Some(DifferingView { id: object.id, fate, difference: object.changes.into_inner() })
}

fn find(store: &Store, side: Side) -> Result<Found> {
    match side {
        Side::Release { instance, number: Some(number) } => {
            let release = history::release(store, &instance, number)?;
            Ok(of_release(&instance, release))
        }
        Side::Release { instance, number: None } => {
            Ok(of_release(&instance, newest_release(store, &instance)?))
        }
        Side::Newest { instance } => newest(store, &instance),
        Side::Revision { definition, number } => {
            let found = match number {
                Some(number) => Some(history::revision(store, &definition, None, number)?.0),
                None => store.newest_revision(&definition, None)?,
            };
            let Some(revision) = found else {
                return Err(store.no_such_definition(definition.as_str()));
            };
            Ok(Found {
                view: SideView {
                    definition: Some(definition.to_string()),
                    revision: Some(revision.number),
                    ..SideView::default()
                },
                digest: revision.digest,
                overrides: Overrides::default(),
                content: FoundContent::Stored(definition, revision.number),
            })
        }
        Side::Given { instance, content, declared, source } => {
            let before = match &instance {
                Some(instance) => store.latest_release(instance)?.map(|it| it.overrides),
                None => None,
            };
            let before = before.unwrap_or_default();
            // As a deploy with `-f` takes them (docs/cli.md, Overrides).
            let overrides = match declared {
                Some(declared) => (*declared).restarted_as(&before),
                None => before.restart_alone(),
            };
            Ok(Found {
                view: SideView {
                    instance: instance.map(String::from),
                    source: Some(source),
                    ..SideView::default()
                },
                digest: content.digest(),
                overrides,
                content: FoundContent::Read(content),
            })
        }
    }
}

/// Finds the newest release of an instance.
///
/// # Errors
/// `no-such-instance` and `no-such-release` (1).
fn newest_release(store: &Store, instance: &InstanceName) -> Result<Release> {
    if store.instance(instance)?.is_none() {
        return Err(store.no_such_instance(instance.as_str()));
    }
    store.latest_release(instance)?.ok_or_else(|| {
        Error::failed(Code::NoSuchRelease, format!("`{instance}` was never deployed"))
            .hint(format!("workloadctl deploy {instance}"))
    })
}

fn of_release(instance: &InstanceName, release: Release) -> Found {
    let Release { number, definition, revision, digest, overrides, .. } = release;
    Found {
        view: SideView {
            instance: Some(instance.to_string()),
            release: Some(number),
            definition: Some(definition.to_string()),
            revision: Some(revision),
            ..SideView::default()
        },
        digest,
        overrides,
        content: FoundContent::Stored(definition, revision),
    }
}

/// Finds what the next deploy of an instance would bring.
fn newest(store: &Store, instance: &InstanceName) -> Result<Found> {
    let Some(stored) = store.instance(instance)? else {
        return Err(store.no_such_instance(instance.as_str()));
    };
    let definition = stored.definition;
    let Some(revision) = store.newest_revision(&definition, Some(instance))? else {
        return Err(store.no_such_definition(definition.as_str()));
    };
    let released = store.latest_release(instance)?.map(|release| release.overrides);
    Ok(Found {
        view: SideView {
            instance: Some(instance.to_string()),
            definition: Some(definition.to_string()),
            revision: Some(revision.number),
            ..SideView::default()
        },
        digest: revision.digest,
        overrides: released.unwrap_or(stored.overrides),
        content: FoundContent::Stored(definition, revision.number),
    })
}

impl Found {
    /// Reads the objects, with the overrides in force.
    fn objects(self, store: &Store) -> Result<Vec<Body>> {
        let Self { view, digest, overrides, content } = self;
        let mut objects = match content {
            FoundContent::Read(content) => content.objects,
            FoundContent::Stored(definition, number) => {
                history::content_of(store, &definition, number, &digest)?.1.objects
            }
        };
        if !overrides.is_empty() {
            let mut kinds = Kinds::builtin();
            kinds.add_crds(&objects);
            overrides::apply(&overrides, &mut objects, &kinds).map_err(|error| {
                error.while_doing(format!("cannot tell what {} is", view.told()))
            })?;
        }
        Ok(objects.into_iter().map(|object| object.body).collect())
    }
}
