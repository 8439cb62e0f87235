//! Writing one object: a server-side apply with its preconditions inside, repeatable at any
//! point, and what to do about each way in which it can fail.

mod attempt;
mod backends;
mod content;
mod handover;
mod trouble;

use std::collections::HashSet;

use attempt::{Attempt, Precondition};
pub(super) use backends::Backends;
pub(super) use content::is_held_by_instance;
use serde_json::Value;
pub(super) use trouble::{is_other_object, may_pass};

use super::{
    conflict::Yielded,
    deadline::Deadline,
    deletion::{self, Propagation},
    events::Event,
    options::Conflicts,
    orphans,
    session::Session,
    target::Target,
};
use crate::{
    cluster::{api::Api, failure::Failure, record::Keeper, request::Request},
    workload::{
        error::{Code, Error, ErrorKind, Result},
        kinds::{Trait, builtin_kind},
        name::InstanceName,
        object::{GroupKind, ObjectId},
        ownership::resource_version,
        plan::{Desired, Item},
        record::Entry,
        release::Action,
        shell::quoted,
    },
};

/// What writing one object came to.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    /// The inventory's entry from now on.
    pub entry: Entry,
    /// What was done.
    pub action: Action,
    /// The resourceVersion of the answer: an older state says nothing about this write.
    pub version: Option<u64>,
    /// Fields that were left to their holders, beside those that the plan told.
    pub yielded: Vec<Yielded>,
}

/// Writes the objects of one instance.
pub(crate) struct Writer<'a> {
    /// The runtime.
    pub target: &'a Target,
    /// Its API server behind the holder's fence.
    pub api: Api,
    /// The field manager.
    pub manager: &'a str,
    pub conflicts: Conflicts,
    /// When time is up.
    pub deadline: &'a Deadline,
    /// The kinds whose definitions this release writes.
    pub fresh: HashSet<GroupKind>,
    /// What answers webhooks and is of this release.
    pub backends: Backends,
    /// Where steps are recorded on the way; none where nothing is recreated.
    pub keeper: Option<&'a Keeper>,
    /// Who is told what should be heeded before a step is taken.
    pub session: &'a Session<'a>,
    /// The instance.
    pub instance: &'a InstanceName,
}

impl Writer<'_> {
    /// Tells a custom resource whose definition this release writes.
    fn is_fresh(&self, id: &ObjectId) -> bool {
        self.fresh.contains(&id.group_kind())
    }

    /// Does what the plan says about one object.
    ///
    /// # Errors
    /// What the server rejected, or what must not be touched after all.
    pub(crate) async fn write(&self, item: &Item) -> Result<Written> {
        let desired = &item.desired;
        let path = self.target.path(&desired.id, &desired.version).ok_or_else(|| {
            Error::usage(
                Code::UnknownKind,
                format!("{} is of a kind that the cluster does not know", desired.id),
            )
            .object(&desired.id)
        })?;
        let mut replicas = None;
        let precondition = match (item.action, &item.uid) {
            // The one before is still being deleted: an apply to it is accepted, and lost with it
            // (docs/design.md, Preconditions).
            (Action::Create, Some(after)) => {
                deletion::wait(&self.api, &desired.id, &path, after).await?;
                Precondition::Absent
            }
            (Action::Recreate, Some(uid)) => {
                replicas = self.replicas_to_keep(item, &path, uid).await?;
                self.delete_first(desired, &path, uid).await?;
                Precondition::Absent
            }
            (_, Some(uid)) => Precondition::Uid(uid.clone()),
            (_, None) => Precondition::Absent,
        };
        Attempt::new(self, item, &path, precondition, replicas).run().await
    }

    async fn delete_first(&self, desired: &Desired, path: &str, uid: &str) -> Result<()> {
        // A StatefulSet goes alone: its pods and volumes are adopted by the new one.
        let deletion = if builtin_kind(&desired.id).is(Trait::Readopting) {
            // Before the deletion: killed in between, nobody else would know whose the pods were.
            if let Some(keeper) = self.keeper {
                for unseen in orphans::note(self.target, keeper, &desired.id, uid).await? {
                    let told = format!(
                        "{}: {unseen}; if this ends before it is made anew, nobody removes them",
                        desired.id
                    );
                    self.session.report(self.instance, Event::Warning(told));
                }
            }
            Propagation::Orphan
        } else {
            Propagation::Foreground
        };
        deletion::delete(&self.api, &desired.id, path, uid, deletion).await?;
        deletion::wait(&self.api, &desired.id, path, uid).await
    }

    async fn read(&self, desired: &Desired, request: Request) -> Result<Option<Value>> {
        self.api.find(request).await.map_err(|failure| {
            failure.explain("get", "cannot look at", &desired.id, desired.origin.as_ref())
        })
    }

    fn explain(&self, desired: &Desired, failure: &Failure) -> Error {
        let error = failure.explain("patch", "cannot apply", &desired.id, desired.origin.as_ref());
        if failure.is_immutable() {
            return Error { kind: ErrorKind::Refused, code: Code::Immutable, ..error }.hint(
                format!(
                    "`--replace {}` deletes it and creates it again",
                    quoted(&desired.id.to_string())
                ),
            );
        }
        error
    }

    fn at(&self, desired: &Desired, error: Error) -> Error {
        let error = error.object(&desired.id);
        match &desired.origin {
            Some(origin) => error.at(origin),
            None => error,
        }
    }
}

/// Gives an object's resourceVersion as a number, by which states of one object are ordered.
pub(crate) fn version_of(object: &Value) -> Option<u64> {
    resource_version(object)?.parse().ok()
}
