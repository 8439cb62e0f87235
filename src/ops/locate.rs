//! Finding an instance on its cluster: the record, or live objects of ours where the record is
//! gone, or nothing.

use std::collections::BTreeSet;

use futures::future::join_all;

use super::{
    session::Session,
    target::{Sameness, Target, other_cluster},
};
use crate::{
    cluster::{
        record::{self, Found},
        request::Request,
    },
    workload::{
        definition::{Content, Revision},
        error::{Code, Error, Result},
        instance::Instance,
        name::{DefinitionName, InstanceName},
        object::ObjectId,
        ownership::{is_labelled, is_ours, is_terminating, manager},
        record::{Deployed, Record},
        release::Release,
    },
};

/// What an instance is on its cluster.
#[derive(Debug, Clone, Default)]
pub(crate) struct Located {
    /// The record as it was read.
    pub found: Option<Found>,
    /// The record made anew from live objects, where it was lost.
    pub rebuilt: Option<Record>,
    /// Why that record may lack something, as a sentence.
    pub doubt: Option<String>,
    /// Whether the runtime's cluster was created again since the instance was deployed: what the
    /// database says of it does not count.
    pub new_cluster: bool,
    /// Why the record may not be read, where that is passed over.
    pub unreadable: Option<Error>,
}

/// What is looked for, and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Search<'a> {
    pub instance: &'a InstanceName,
    /// The instance as the database has it; on another runtime it says nothing of this one.
    pub stored: Option<&'a Instance>,
    /// Where its record may lie.
    pub namespaces: &'a [String],
    pub new_cluster: bool,
    /// Whether a record that may not be read is passed over: nothing will be written.
    pub lenient: bool,
}

impl<'a> Search<'a> {
    /// Looks for an instance as a command does that names no other cluster.
    pub(crate) fn of(
        instance: &'a InstanceName,
        stored: Option<&'a Instance>,
        namespaces: &'a [String],
    ) -> Self {
        Self { instance, stored, namespaces, new_cluster: false, lenient: false }
    }
}

impl Located {
    /// Gives the record, read or rebuilt.
    pub(crate) fn record(&self) -> Option<&Record> {
        self.found.as_ref().map(|found| &found.record).or(self.rebuilt.as_ref())
    }
}

/// Where a record may lie: in `--namespace`, else where it was, else in each namespace that the
/// manifests bring, else in the namespace named like the instance.
pub(crate) fn candidates(
    flag: Option<&str>,
    stored: Option<&Instance>,
    brought: &[String],
    instance: &InstanceName,
) -> Vec<String> {
    // Only one place then: a record elsewhere is another instance of the same name (docs/design.md,
    // Nouns).
    if let Some(namespace) = flag.or(stored.and_then(|stored| stored.namespace.as_deref())) {
        return vec![namespace.to_owned()];
    }
    if brought.is_empty() {
        return vec![instance.to_string()];
    }
    // In the order of the manifests: the first namespace is where a new record goes
    // (docs/design.md, Namespaces).
    let mut seen = BTreeSet::new();
    brought.iter().filter(|namespace| seen.insert(*namespace)).cloned().collect()
}

/// Lists where the record of an instance may lie that no manifests tell of.
pub(crate) fn places_of(
    session: &Session<'_>,
    stored: Option<&Instance>,
    instance: &InstanceName,
) -> Result<Vec<String>> {
    let brought = match stored {
        Some(stored) => brought_namespaces(session, &stored.definition, instance)?,
        None => Vec::new(),
    };
    Ok(candidates(session.namespace.as_deref(), stored, &brought, instance))
}

/// Makes the failure of an instance that is not on the runtime: it is not here either, or was never
/// deployed.
pub(crate) fn instance_not_found(
    session: &Session<'_>,
    instance: &InstanceName,
    runtime: Option<&str>,
) -> Error {
    let store = session.store();
    match store
        .instance(instance)
        .and_then(|row| row.map(|_| store.latest_release(instance)).transpose())
    {
        Err(failure) => return failure,
        Ok(Some(None)) => {
            return Error::failed(Code::NoSuchRelease, format!("`{instance}` was never deployed"))
                .hint(format!("workloadctl deploy {instance}"));
        }
        Ok(_) => {}
    }
    let error = store.no_such_instance(instance.as_str());
    error.cause(format!(
        "it is not on runtime {} either, in namespace {}",
        runtime.unwrap_or_default(),
        session.namespace.as_deref().unwrap_or(instance.as_str())
    ))
}

/// Lists the namespaces that the newest revision of an instance's definition brings, as far as the
/// database knows it.
pub(crate) fn brought_namespaces(
    session: &Session<'_>,
    definition: &DefinitionName,
    instance: &InstanceName,
) -> Result<Vec<String>> {
    let store = session.store();
    Ok(match store.newest_revision(definition, Some(instance))? {
        Some(revision) => store.content(&revision)?.brought_namespaces(),
        None => Vec::new(),
    })
}

/// Reads the record and the cluster's identity, side by side.
///
/// # Errors
/// A failed or forbidden read; code 5 for two records; code 7 for another cluster.
pub(crate) async fn locate(
    session: &Session<'_>,
    target: &mut Target,
    mut search: Search<'_>,
) -> Result<Located> {
    search.stored = search.stored.filter(|stored| stored.runtime == target.runtime.to_string());
    let Search { instance, stored, namespaces, new_cluster: _, lenient } = search;
    let known = |release: &Release| session.store().known_objects(release);
    // Side by side, and judged together below: they are the first requests of every command.
    let reads =
        namespaces.iter().map(|namespace| record::read(&target.api, namespace, instance, &known));
    let (uid, reads) = futures::future::join(target.identify(), join_all(reads)).await;
    target.cluster_uid = uid?;
    let (mut records, mut located, mut failed) = (Vec::new(), Located::default(), None);
    for read in reads {
        match read {
            Ok(found) => records.extend(found),
            // Who may read everything but Secrets can still be shown a plan: nothing is written
            // from it.
            Err(error) if lenient && error.code == Code::Forbidden => {
                located.unreadable = Some(error)
            }
            // Kept until it is known whether this is the right cluster at all.
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    // Somebody deployed it with another definition or flag: which one is meant, only the user
    // knows.
    if records.len() > 1 {
        let places: Vec<&str> = records.iter().map(|found| &*found.record.namespace).collect();
        return Err(Error::refused(
            Code::TwoRecords,
            format!("`{instance}` is deployed more than once: in namespaces {}", places.join(", ")),
        )
        .hint("name one with `--namespace NAMESPACE`"));
    }
    located.found = records.pop();
    // Another cluster's answers are worth nothing, failures included.
    located.new_cluster = is_other_cluster(session, target, &search, located.found.as_ref())?;
    if let Some(error) = failed {
        let nowhere_else = session.namespace.is_none() && stored.is_none();
        return Err(match error.code {
            Code::Forbidden if nowhere_else => {
                error.hint("an account of one namespace needs `--namespace NAMESPACE`")
            }
            _ => error,
        });
    }
    if target.cluster_uid.is_none() && !located.new_cluster {
        let recorded = located.record().and_then(|record| record.cluster_uid.clone());
        target.cluster_uid = recorded.or(stored.and_then(|stored| stored.cluster_uid.clone()));
    }
    Ok(located)
}

/// Tells whether the cluster is another one than before, where that may be.
///
/// # Errors
/// Code 7 where it must not be.
fn is_other_cluster(
    session: &Session<'_>,
    target: &Target,
    search: &Search<'_>,
    found: Option<&Found>,
) -> Result<bool> {
    let stored_uid = search.stored.and_then(|stored| stored.cluster_uid.as_ref());
    // A record may be a copy, restored from a backup of another cluster: the uid that was read now
    // counts beside the one that is written in it.
    let proven = stored_uid.is_some_and(|uid| {
        found.is_some_and(|found| found.record.cluster_uid.as_ref() == Some(uid))
            && target.cluster_uid.as_ref().is_none_or(|read| read == uid)
    });
    if proven {
        return Ok(false);
    }
    match target.compare(session, search.stored)? {
        Sameness::First | Sameness::Same => Ok(false),
        // Local clusters are created again all the time, others by accident only: there a deploy
        // would land on somebody else's cluster (docs/design.md, The right cluster).
        Sameness::Other { .. } if target.runtime.is_kind_like() || search.new_cluster => Ok(true),
        Sameness::Other { expected, found } => {
            Err(other_cluster(&target.runtime, &expected, &found))
        }
    }
}

/// What a namespace is to an instance that has no record there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NamespaceState {
    Absent,
    /// The instance made it.
    Ours,
    /// The instance applies it, or did, and does not call it its own: it was there before, or
    /// `--namespace` named it.
    Shared,
    /// It exists and somebody else made it, or it may not be looked at.
    Foreign,
    /// It is being deleted.
    Terminating {
        /// Whether the instance applies it.
        ours: bool,
    },
}

/// Looks at a namespace.
///
/// # Errors
/// Whatever the server answers but a missing right: a namespaced account may see nothing else.
pub(crate) async fn namespace_state(
    target: &Target,
    namespace: &str,
    instance: &InstanceName,
) -> Result<NamespaceState> {
    let id = ObjectId::new("", "Namespace", None, namespace);
    let path = target.path(&id, "v1").expect("namespaces are built in");
    match target.api.find(Request::get_metadata(path)).await {
        Ok(None) => Ok(NamespaceState::Absent),
        Ok(Some(live)) => {
            let ours = is_ours(&live, &manager(namespace, instance.as_str()), None);
            // Applied by us is not made by us: a Namespace that was there before is applied as
            // well, without the label (docs/design.md, Labels and managers).
            let made = ours && is_labelled(&live, instance.as_str());
            Ok(match (is_terminating(&live), ours) {
                (true, ours) => NamespaceState::Terminating { ours },
                (false, true) if made => NamespaceState::Ours,
                (false, true) => NamespaceState::Shared,
                (false, false) => NamespaceState::Foreign,
            })
        }
        // It counts as there and as somebody else's: whoever may not look at it did not make it,
        // and finds out at the first write (docs/design.md, Namespaces).
        Err(failure) if failure.is_forbidden() => Ok(NamespaceState::Foreign),
        Err(failure) => Err(failure.explain("get", "cannot look at", &id, None)),
    }
}

/// Lets the database follow a record that was read: the instance, its releases and their
/// revisions.
pub(crate) fn follow(session: &Session<'_>, target: &Target, record: &Record) -> Result<()> {
    let Some(newest) = &record.newest else { return Ok(()) };
    let mut store = session.store();
    let here = store.instance(&record.instance)?;
    let instance = Instance {
        name: record.instance.clone(),
        definition: newest.release.definition.clone(),
        runtime: target.runtime.to_string(),
        namespace: Some(record.namespace.clone()),
        namespace_mode: Some(record.mode),
        cluster_uid: record.cluster_uid.clone().or_else(|| target.cluster_uid.clone()),
        overrides: newest.release.overrides.clone(),
        // When it was made here is known here alone; the record has releases only.
        created_at: here.as_ref().map_or(newest.release.started_at, |here| here.created_at),
        observed: here.and_then(|here| here.observed),
    };
    let deployed: Vec<&Deployed> =
        [&record.last_good, &record.newest].into_iter().flatten().collect();
    let revisions: Vec<(Revision, Content)> =
        deployed.iter().map(|deployed| (deployed.revision(), deployed.content())).collect();
    let releases: Vec<_> = deployed.iter().map(|deployed| deployed.release.clone()).collect();
    store.take_in(&instance, &revisions, &releases)
}

/// Makes the failure of a managed namespace that the instance did not make.
pub(crate) fn namespace_taken(namespace: &str, instance: &InstanceName) -> Error {
    Error::refused(
        Code::NamespaceTaken,
        format!("namespace {namespace} exists and `{instance}` did not make it"),
    )
    .object(format!("Namespace/{namespace}"))
    .hint(format!("`--namespace {namespace}` deploys into it; or give the instance another name"))
}
