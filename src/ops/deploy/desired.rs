//! What a deploy wants: the definition's content with the instance's overrides, placed in its
//! namespaces, checked as far as that goes without asking the server.

use std::collections::{BTreeMap, HashSet};

use jiff::{SignedDuration, Timestamp};

use crate::{
    ops::{
        events::Event,
        locate::Located,
        options::{DeployOptions, Given},
        session::Session,
        target::{Target, group_unavailable},
    },
    workload::{
        definition::{Content, Revision},
        error::{Code, Error, Result},
        graph::{Graph, Reference, missing_references},
        instance::{Instance, NamespaceMode},
        kinds::{Kinds, find},
        manifest::combine,
        name::DefinitionName,
        object::{Object, ObjectId},
        overrides::{self, Overrides},
        placement::{Destination, Placement, place},
        plan::Desired,
        readiness::check_annotations,
        record::Record,
    },
};

/// The least that one revision is newer than another.
const INSTANT: SignedDuration = SignedDuration::from_nanos(1);

/// The content to be deployed and where it comes from.
pub(super) struct Source {
    /// The definition.
    pub definition: DefinitionName,
    /// The objects as read and their text.
    pub content: Content,
    /// The revision that has this content, or the one that it will become.
    pub revision: Revision,
}

/// Finds out which content is to be deployed.
///
/// # Errors
/// Code 1: no such definition; code 2 and 5: what was stored says otherwise.
pub(super) fn source(
    session: &Session<'_>,
    options: &DeployOptions,
    stored: Option<&Instance>,
    record: Option<&Record>,
) -> Result<Source> {
    let deployed = record.and_then(|record| record.newest.as_ref());
    let stored = stored.map(|stored| &stored.definition);
    let recorded = deployed.map(|deployed| &deployed.release.definition);
    if let (Some(stored), Some(recorded)) = (stored, recorded)
        && stored != recorded
        && options.definition.is_none()
    {
        // Whoever gives manifests means the definition that is known here.
        if options.given.is_some() {
            return Err(other_definition(options, recorded, stored));
        }
        let told = format!("`{}` runs definition `{recorded}` now, not `{stored}`", options.name);
        session.reporter.report(options.name.as_str(), Event::Note(told));
    }
    let definition = definition_name(options, recorded.or(stored))?;
    let store = session.store.lock().expect("no holder of the store panics");
    if let Some(Given { content, source }) = &options.given {
        let name = Some(&options.name);
        // Somebody else's clock may be ahead of ours: ours is newer all the same.
        let after = deployed
            .and_then(|deployed| deployed.release.revision_created_at.checked_add(INSTANT).ok());
        let now = after.map_or(session.now(), |after| after.max(session.now()));
        let revision = store.planned_revision(&definition, content, source, name, now)?;
        return Ok(Source { definition, content: content.clone(), revision });
    }
    let newest = store.newest_revision(&definition, Some(&options.name))?;
    // What another deployed since is newest for this instance.
    let newest = newest.filter(|newest| {
        deployed.is_none_or(|deployed| deployed.release.revision_created_at <= newest.created_at)
    });
    if let Some(revision) = newest {
        let content = store.content(&revision)?;
        return Ok(Source { definition, content, revision });
    }
    let Some(deployed) = deployed else {
        return Err(store.no_such_definition(definition.as_str()).hint(format!(
            "`workloadctl deploy {} -f PATH` makes definition and instance in one go",
            options.name
        )));
    };
    let release = &deployed.release;
    let revision = Revision {
        definition: definition.clone(),
        number: release.revision,
        digest: release.digest.clone(),
        created_at: release.revision_created_at,
        object_count: deployed.objects.len(),
        source: "record".to_owned(),
    };
    let content = Content { objects: deployed.objects.clone(), files: Vec::new() };
    Ok(Source { definition, content, revision })
}

fn other_definition(
    options: &DeployOptions,
    known: &DefinitionName,
    wanted: &DefinitionName,
) -> Error {
    Error::refused(
        Code::OtherDefinition,
        format!("`{}` runs definition `{known}`, not `{wanted}`", options.name),
    )
    .hint(format!("deploy `{wanted}` under another instance name"))
}

/// Decides which definition is meant.
///
/// # Errors
/// Code 5: the instance runs another definition; code 2: `-f` would change a shared one.
fn definition_name(
    options: &DeployOptions,
    known: Option<&DefinitionName>,
) -> Result<DefinitionName> {
    match (&options.definition, known) {
        (Some(given), Some(known)) if given != known => {
            Err(other_definition(options, known, given))
        }
        (Some(given), _) => Ok(given.clone()),
        (None, Some(known)) => {
            if options.given.is_some() && known.as_str() != options.name.as_str() {
                return Err(Error::usage(
                    Code::SharedDefinition,
                    format!(
                        "`{}` runs definition `{known}`, which `-f` would change for all its instances",
                        options.name
                    ),
                )
                .hint(format!("add `--definition {known}` if that is meant")));
            }
            Ok(known.clone())
        }
        (None, None) => options.name.as_str().parse(),
    }
}

/// Merges this command's overrides into the stored ones (CLI.md, Overrides).
///
/// # Errors
/// Code 2 where an edit removes what is not there.
pub(super) fn overrides_of(
    session: &Session<'_>,
    options: &DeployOptions,
    stored: Option<&Instance>,
    record: Option<&Record>,
    now: Timestamp,
) -> Result<Overrides> {
    let before = record
        .and_then(|record| record.newest.as_ref())
        .map(|deployed| &deployed.release.overrides)
        .or(stored.map(|stored| &stored.overrides))
        .cloned()
        .unwrap_or_default();
    let base = if options.given.is_some() {
        // The stamp of the last --restart stays: dropping it would restart the pods once more.
        Overrides { restarted_at: before.restarted_at.clone(), ..Overrides::default() }
    } else {
        before.clone()
    };
    let mut merged = overrides::merge(&base, &options.edits);
    if options.restart {
        merged.restarted_at = Some(now.to_string());
    }
    if options.given.is_some() {
        let dropped = dropped(&before, &merged);
        if !dropped.is_empty() {
            session.reporter.report(
                options.name.as_str(),
                Event::Note(format!("dropped with -f: the stored {}", dropped.join(", "))),
            );
        }
    }
    Ok(merged)
}

/// Lists stored overrides that are not said again.
fn dropped(before: &Overrides, after: &Overrides) -> Vec<String> {
    let gone = |flag: &str, before: Vec<&String>, after: Vec<&String>| -> Vec<String> {
        before
            .into_iter()
            .filter(|key| !after.contains(key))
            .map(|key| format!("{flag} {key}"))
            .collect()
    };
    let mut all = gone("--image", before.images.keys().collect(), after.images.keys().collect());
    all.extend(gone(
        "--replicas",
        before.replicas.keys().collect(),
        after.replicas.keys().collect(),
    ));
    all.extend(gone("--set", before.sets.keys().collect(), after.sets.keys().collect()));
    if !before.patches.is_empty() && after.patches.is_empty() {
        all.push(format!("{} patches", before.patches.len()));
    }
    all
}

/// What a deploy wants of the cluster.
pub(super) struct Wish {
    /// How objects are placed, and where the record lies.
    pub mode: NamespaceMode,
    /// The namespace of the record.
    pub namespace: String,
    /// The objects, in the graph's order.
    pub desired: Vec<Desired>,
    /// The order.
    pub graph: Graph,
    /// The overrides in force.
    pub overrides: Overrides,
    /// What was set and moved.
    pub notes: Vec<String>,
    /// What may not work where the objects go.
    pub warnings: Vec<String>,
    /// `--replace`, resolved.
    pub replace: HashSet<ObjectId>,
    /// References to objects that are not in the set.
    pub missing: Vec<Reference>,
}

/// Renders a content for an instance: overrides, checks, placement, order.
///
/// # Errors
/// Code 2 for wrong input, every problem at once; code 5 where mode or namespace differ from
/// what was fixed at the first deploy.
pub(super) async fn render(
    session: &Session<'_>,
    options: &DeployOptions,
    target: &mut Target,
    content: &Content,
    overrides: Overrides,
    stored: Option<(NamespaceMode, &str)>,
) -> Result<Wish> {
    let mut objects = content.objects.clone();
    target.kinds.add_crds(&objects);
    check_kinds(target, &objects).await?;
    let set = overrides::apply(&overrides, &mut objects, &target.kinds)?;
    check_wishes(&objects)?;
    let labels: BTreeMap<String, String> = options.namespace_labels.iter().cloned().collect();
    let destination = Destination {
        instance: &options.name,
        namespace: session.namespace.as_deref(),
        stored,
        namespace_labels: &labels,
    };
    let placement = place(&objects, &target.kinds, &destination)?;
    let Placement { mode, namespace, objects: placed, notes: moved, warnings } = placement;
    let notes = set.into_iter().chain(moved).collect();
    let mut graph = Graph::build(&placed, &target.kinds)?;
    if options.no_wait {
        graph.forgo_backends();
    }
    let missing = missing_references(&placed);
    let desired: Vec<Desired> =
        placed.into_iter().map(|placed| Desired::new(placed.body, placed.origin)).collect();
    let replace = replaced(&options.replace, &desired, &target.kinds)?;
    Ok(Wish { mode, namespace, desired, graph, overrides, notes, warnings, replace, missing })
}

fn replaced(wanted: &[String], desired: &[Desired], kinds: &Kinds) -> Result<HashSet<ObjectId>> {
    wanted
        .iter()
        .map(|text| find(text, desired.iter().map(|desired| &desired.id), kinds).cloned())
        .collect()
}

/// Checks kinds and versions. Those that the embedded discovery lacks are the server's decision:
/// it may be newer than we are.
async fn check_kinds(target: &mut Target, objects: &[Object]) -> Result<()> {
    let mut checked = target.kinds.check(objects);
    if !checked.errors.is_empty() || !checked.unjudged.is_empty() {
        match target.learn_kinds().await {
            Ok(()) => checked = target.kinds.check(objects),
            // Without an answer, what is wrong by all that we know is said.
            Err(_) if !checked.errors.is_empty() => {}
            Err(error) => return Err(error),
        }
    }
    if !checked.errors.is_empty() {
        return Err(combine(checked.errors));
    }
    match checked.unjudged.first() {
        None => Ok(()),
        Some(kind) => Err(group_unavailable(kind)),
    }
}

/// Checks what the objects say about their own readiness, before anything is written.
fn check_wishes(objects: &[Object]) -> Result<()> {
    let errors: Vec<Error> =
        objects.iter().filter_map(|object| check_annotations(object).err()).collect();
    if errors.is_empty() { Ok(()) } else { Err(combine(errors)) }
}

/// Gives the namespaces that a content brings, in order.
#[must_use]
pub(crate) fn brought_namespaces(content: &Content) -> Vec<String> {
    content
        .objects
        .iter()
        .map(Object::id)
        .filter(|id| id.is("", "Namespace"))
        .map(|id| id.name)
        .collect()
}

/// Gives the mode and namespace that were fixed at the first deploy.
#[must_use]
pub(super) fn fixed<'a>(
    stored: Option<&'a Instance>,
    located: &'a Located,
) -> Option<(NamespaceMode, &'a str)> {
    if let Some(record) = located.record() {
        return Some((record.mode, &record.namespace));
    }
    let stored = stored.filter(|_| !located.new_cluster)?;
    Some((stored.namespace_mode?, stored.namespace.as_deref()?))
}
