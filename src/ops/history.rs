//! What was deployed before, from the database alone: the releases of an instance, and what one of
//! them or a revision of a definition was.

use jiff::Timestamp;
use serde_json::Value;

use super::view::{HistoryView, ReleaseView};
use crate::{
    store::Store,
    workload::{
        definition::{Content, Revision},
        error::{Code, Error, Result},
        history::{Kept, newest_at},
        name::{DefinitionName, InstanceName},
        release::Release,
    },
};

/// Lists the releases of an instance, the newest first; with `at` only the one that was the newest
/// at that time.
///
/// # Errors
/// `no-such-instance` (1); `no-such-release` (1) where there was none at that time yet.
pub(crate) fn list(
    store: &Store,
    name: &InstanceName,
    at: Option<Timestamp>,
) -> Result<HistoryView> {
    if store.instance(name)?.is_none() {
        return Err(store.no_such_instance(name.as_str()));
    }
    let kept = store.history(name)?;
    let wanted = match at {
        None => None,
        Some(at) => Some(newest_at(&kept, at).ok_or_else(|| {
            let message = format!("`{name}` had no release at {at}");
            Error::failed(Code::NoSuchRelease, message)
        })?),
    };
    let wanted = wanted.map(|wanted| wanted.release.id.clone());
    let is_shown = |kept: &Kept| wanted.as_ref().is_none_or(|id| kept.release.id == *id);
    let shown = kept.into_iter().filter(is_shown);
    Ok(HistoryView { name: name.to_string(), releases: shown.map(view).collect() })
}

fn view(kept: Kept) -> ReleaseView {
    let Kept { release, counts, images_changed } = kept;
    let duration = release.ended_at.map(|ended| ended.duration_since(release.started_at));
    ReleaseView {
        release: release.number,
        id: release.id,
        outcome: release.outcome.into(),
        reason: release.reason,
        definition: release.definition.to_string(),
        revision: release.revision,
        digest: release.digest,
        overrides: release.overrides,
        returns_to: release.returns_to,
        pinned: release.pinned,
        deployed_at: release.started_at,
        ended_at: release.ended_at,
        duration_seconds: duration.map(|duration| duration.as_secs_f64().max(0.0)),
        deployed_by: release.deployer.to_string(),
        deployer: release.deployer,
        counts,
        images_changed,
    }
}

/// Gives the objects that a release sent, as they were sent.
///
/// # Errors
/// `no-such-instance` and `no-such-release` (1), the latter also where another database sent it.
pub(crate) fn sent(store: &Store, name: &InstanceName, number: u64) -> Result<Vec<Value>> {
    let release = release(store, name, number)?;
    store.rendered(name, &release.id)?.ok_or_else(|| {
        let message = format!("what release {number} of `{name}` sent is not known here");
        Error::failed(Code::NoSuchRelease, message)
            .cause(format!("it was deployed by {}, with another database", release.deployer))
    })
}

/// Finds a release by its number.
///
/// # Errors
/// `no-such-instance` and `no-such-release` (1).
pub(crate) fn release(store: &Store, name: &InstanceName, number: u64) -> Result<Release> {
    if store.instance(name)?.is_none() {
        return Err(store.no_such_instance(name.as_str()));
    }
    let releases = store.releases(name)?;
    let found = releases.into_iter().find(|release| release.number == number);
    found.ok_or_else(|| no_such_release(name, number))
}

/// Finds the last release of an instance that went well: what it runs.
///
/// # Errors
/// `no-such-instance` (1); `no-such-release` (1) where none went well.
pub(crate) fn last_good(store: &Store, name: &InstanceName) -> Result<Release> {
    if store.instance(name)?.is_none() {
        return Err(store.no_such_instance(name.as_str()));
    }
    let releases = store.releases(name)?;
    let message = match releases.is_empty() {
        true => format!("`{name}` was never deployed"),
        false => format!("no release of `{name}` went well"),
    };
    let good = releases.into_iter().find(|release| release.outcome.is_good());
    good.ok_or_else(|| {
        Error::failed(Code::NoSuchRelease, message).hint(format!("workloadctl deploy {name}"))
    })
}

/// The failure of a number that no release has.
pub(crate) fn no_such_release(name: &InstanceName, number: u64) -> Error {
    Error::failed(Code::NoSuchRelease, format!("`{name}` has no release {number} here"))
        .hint(format!("`workloadctl history {name}` lists those there are"))
}

/// Gives the objects of a definition as they were read: of a revision, or of the newest.
///
/// # Errors
/// As [`revision`].
pub(crate) fn content(
    store: &Store,
    definition: &DefinitionName,
    number: Option<u64>,
) -> Result<Content> {
    if let Some(number) = number {
        return Ok(revision(store, definition, None, number)?.1);
    }
    match store.newest_revision(definition, None)? {
        Some(revision) => store.content(&revision),
        None => Err(store.no_such_definition(definition.as_str())),
    }
}

/// Gives what lies behind a digest that a release names; `number` is the revision's, as its deployer
/// counted.
///
/// # Errors
/// `no-such-revision` (1): it is not known here (any more).
pub(crate) fn content_of(
    store: &Store,
    definition: &DefinitionName,
    number: u64,
    digest: &str,
) -> Result<(Revision, Content)> {
    let Some(revision) = store.revision_by_digest(definition, digest)? else {
        let message =
            format!("the content of revision {number} of `{definition}` is not known here");
        return Err(Error::failed(Code::NoSuchRevision, message)
            .hint(format!("`workloadctl definition show {definition}` lists those there are")));
    };
    let content = store.content(&revision)?;
    Ok((revision, content))
}

/// Lists the revisions of a definition, the newest first. One that came in with a record has none of
/// its own: what an instance runs stands for it.
///
/// # Errors
/// `no-such-definition` (1).
pub(crate) fn revisions(store: &Store, definition: &DefinitionName) -> Result<Vec<Revision>> {
    let Some(row) = store.definition(definition)? else {
        return Err(store.no_such_definition(definition.as_str()));
    };
    let revisions = store.revisions(definition, None)?;
    Ok(if revisions.is_empty() { vec![row.newest] } else { revisions })
}

/// Finds a revision of a definition by its number, among those that an instance goes by or, without
/// one, the definition's own.
///
/// # Errors
/// `no-such-definition` and `no-such-revision` (1).
pub(crate) fn revision(
    store: &Store,
    definition: &DefinitionName,
    instance: Option<&InstanceName>,
    number: u64,
) -> Result<(Revision, Content)> {
    let known = match instance {
        Some(_) if store.definition(definition)?.is_some() => {
            store.revisions(definition, instance)?
        }
        _ => revisions(store, definition)?,
    };
    let Some(revision) = known.into_iter().find(|revision| revision.number == number) else {
        let message = format!("definition `{definition}` has no revision {number} here");
        return Err(Error::failed(Code::NoSuchRevision, message)
            .hint(format!("`workloadctl definition show {definition}` lists those there are")));
    };
    let content = store.content(&revision)?;
    Ok((revision, content))
}
