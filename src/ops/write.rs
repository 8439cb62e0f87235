//! Writing one object: a server-side apply with its preconditions inside, repeatable at any
//! point, and what to do about each way in which it can fail.

mod content;
mod handover;

use std::time::{Duration, Instant};

use content::Content;
pub(super) use content::is_instances;
use serde_json::{Value, json};

use super::{
    conflict::{Resolution, Yielded},
    deletion::{self, Deletion},
    options::Conflicts,
    orphans,
    shared::resolve,
    target::Target,
};
use crate::{
    cluster::{
        api::Api,
        failure::Failure,
        record::Keeper,
        request::{Apply, Request},
    },
    workload::{
        error::{Code, Error, Result},
        ownership::{Seen, is_ours, is_terminating, other_instances, resource_version, uid},
        plan::{Desired, Item},
        record::Entry,
        release::Action,
    },
};

/// How long a failure that passes by itself is borne: a webhook whose backend is not up yet, a
/// namespace without its default ServiceAccount, a kind that is served in a moment.
const PATIENCE: Duration = Duration::from_secs(30);
/// The pause before such a write is tried again.
const PAUSE: Duration = Duration::from_millis(250);

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
    /// `--conflicts`.
    pub conflicts: Conflicts,
    /// Where steps are recorded on the way; none where nothing is recreated.
    pub keeper: Option<&'a Keeper>,
}

/// What has to be true of the live object for a write to be right.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Precondition {
    /// It is not there.
    Absent,
    /// It is the one with this uid.
    Uid(String),
}

impl Writer<'_> {
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
            (Action::Create, Some(after)) => {
                deletion::wait(&self.api, &desired.id, &path, after).await?;
                Precondition::Absent
            }
            (Action::Recreate, Some(uid)) => {
                replicas = self.replicas_to_keep(item, &path, uid).await?;
                self.take_away(desired, &path, uid).await?;
                Precondition::Absent
            }
            (_, Some(uid)) => Precondition::Uid(uid.clone()),
            (_, None) => Precondition::Absent,
        };
        self.apply(item, &path, precondition, replicas).await
    }

    async fn take_away(&self, desired: &Desired, path: &str, uid: &str) -> Result<()> {
        // A StatefulSet goes alone: its pods and volumes are adopted by the new one.
        let deletion = if desired.id.is("apps", "StatefulSet") {
            if let Some(keeper) = self.keeper {
                orphans::note(self.target, keeper, &desired.id, uid).await?;
            }
            Deletion::Orphan
        } else {
            Deletion::Foreground
        };
        deletion::delete(&self.api, &desired.id, path, uid, deletion).await?;
        deletion::wait(&self.api, &desired.id, path, uid).await
    }

    async fn apply(
        &self,
        item: &Item,
        path: &str,
        mut precondition: Precondition,
        replicas: Option<Value>,
    ) -> Result<Written> {
        let desired = &item.desired;
        let started = Instant::now();
        let mut content = Content::of(item, replicas);
        let mut force = false;
        if let (true, Precondition::Uid(uid)) = (content.terms.hand_over, &precondition) {
            self.hand_over(desired, path, uid).await?;
        }
        let (mut is_bare, mut holds_all, mut is_new) = (false, false, false);
        if let Some(live) =
            content.terms.live.take().filter(|_| precondition != Precondition::Absent)
        {
            is_bare = content.terms.is_bare(&live);
            self.take_over(item, path, &content.body, live).await?;
        }
        loop {
            if precondition == Precondition::Absent && !is_new {
                content.renew();
            }
            is_new = precondition == Precondition::Absent;
            let answer = self.send(path, &mut content.body, force, &precondition).await;
            match answer {
                Ok(answer) if is_terminating(&answer) => {
                    let uid = uid(&answer).unwrap_or_default();
                    deletion::wait(&self.api, &desired.id, path, uid).await?;
                    precondition = Precondition::Absent;
                }
                // Only now there is something to take over.
                Ok(answer) if is_bare => {
                    is_bare = false;
                    self.take_over(item, path, &content.body, answer).await?;
                }
                Ok(answer) => {
                    let answer = self.give_back(item, path, answer, &mut content).await?;
                    return Ok(self.written(item, &answer, content));
                }
                Err(failure) => {
                    if let Some(resolution) =
                        resolve(&failure, desired, &item.sharing, self.conflicts)
                    {
                        match resolution {
                            Resolution::Refuse(error) => return Err(*error),
                            Resolution::Again { force: taken, yielded: mut left } => {
                                let all = left.len();
                                left.retain(|field| {
                                    !content.terms.reclaimed.contains(&field.field)
                                });
                                let taken = taken || left.len() < all;
                                let mut helps = taken && !force;
                                force |= taken;
                                for field in left {
                                    helps |= content.leave(field);
                                }
                                if !helps {
                                    return Err(self.explain(desired, &failure));
                                }
                            }
                        }
                    } else if failure.is_conflict() || is_other_uid(&failure) {
                        if started.elapsed() > PATIENCE {
                            return Err(self.explain(desired, &failure));
                        }
                        precondition = self.look_again(item, path, &failure).await?;
                    } else if !holds_all
                        && self.hold_forbidden(desired, path, &content.body, &failure).await?
                    {
                        holds_all = true;
                    } else if may_pass(&failure, desired) && started.elapsed() < PATIENCE {
                        tokio::time::sleep(PAUSE).await;
                    } else {
                        return Err(self.explain(desired, &failure));
                    }
                }
            }
        }
    }

    async fn send(
        &self,
        path: &str,
        body: &mut Value,
        force: bool,
        precondition: &Precondition,
    ) -> Result<Value, Failure> {
        let metadata = body["metadata"].as_object_mut().expect("every object has a name");
        metadata.remove("uid");
        metadata.remove("resourceVersion");
        match precondition {
            // Any version that is never current means: create only.
            Precondition::Absent => metadata.insert("resourceVersion".to_owned(), json!("1")),
            Precondition::Uid(uid) => metadata.insert("uid".to_owned(), json!(uid)),
        };
        let how = Apply { manager: self.manager, force, dry_run: false };
        self.api.send(Request::apply(path, body, &how)).await.map(|answer| answer.body)
    }

    /// After a precondition failed: the live object says which one is right. It is the one that
    /// the plan is about and was written by somebody at that moment, or ours after all, made by a
    /// write of ours whose answer was lost.
    async fn look_again(&self, item: &Item, path: &str, failure: &Failure) -> Result<Precondition> {
        let desired = &item.desired;
        let is_kept = !matches!(item.action, Action::Create | Action::Recreate);
        let planned = item.uid.as_deref().filter(|_| is_kept);
        let live = self.api.find(Request::get_metadata(path)).await.map_err(|failure| {
            failure.explain("get", "cannot look at", &desired.id, desired.origin.as_ref())
        })?;
        match live {
            None => Ok(Precondition::Absent),
            Some(live) if is_terminating(&live) => {
                deletion::wait(&self.api, &desired.id, path, uid(&live).unwrap_or_default())
                    .await?;
                Ok(Precondition::Absent)
            }
            // Ours, or of an instance that shares it and was faster.
            Some(live)
                if is_ours(&live, self.manager, planned)
                    || desired.id.namespace.is_none()
                        && !other_instances(&live, self.manager).is_empty() =>
            {
                Ok(Precondition::Uid(uid(&live).unwrap_or_default().to_owned()))
            }
            Some(_) => Err(self.at(
                desired,
                Error::refused(
                    Code::NotOurs,
                    format!("{} appeared meanwhile and is not ours", desired.id),
                )
                .cause(failure.message())
                .hint("`--adopt` takes over objects that exist"),
            )),
        }
    }

    fn written(&self, item: &Item, answer: &Value, content: Content<'_>) -> Written {
        let desired = &item.desired;
        let is_left = content.left_to_instance || !item.sharing.leaves.is_empty();
        let seen = Seen::of(answer, self.manager, &desired.body);
        Written {
            entry: Entry {
                id: desired.id.clone(),
                version: desired.version.clone(),
                uid: uid(answer).map(str::to_owned),
                body: Some(desired.digest.clone()),
                seen: if is_left { seen.map(Seen::by_version_alone) } else { seen },
                wanted: true,
                keep: desired.keep,
                completed: false,
                orphans: Vec::new(),
                yielded: content.terms.yielded,
            },
            action: item.action,
            version: version_of(answer),
            yielded: content.yielded,
        }
    }

    fn explain(&self, desired: &Desired, failure: &Failure) -> Error {
        let error = failure.explain("patch", "cannot apply", &desired.id, desired.origin.as_ref());
        if failure.is_immutable() {
            let mut error = error;
            error.kind = crate::workload::error::ErrorKind::Refused;
            error.code = Code::Immutable;
            return error
                .hint(format!("`--replace {}` deletes it and creates it again", desired.id));
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
#[must_use]
pub(crate) fn version_of(object: &Value) -> Option<u64> {
    resource_version(object)?.parse().ok()
}

/// Tells the answer to a uid precondition that met another object of that name.
fn is_other_uid(failure: &Failure) -> bool {
    failure.code() == 422
        && (failure.causes().iter().any(|cause| cause.field == "metadata.uid")
            || failure.message().contains("metadata.uid"))
}

/// Tells failures that pass by themselves shortly after something else was applied.
fn may_pass(failure: &Failure, desired: &Desired) -> bool {
    let message = failure.message();
    failure.is_webhook_down()
        || (failure.code() == 403 && message.contains("serviceaccount \"default\" not found"))
        || (failure.code() == 404
            && desired.id.group.contains('.')
            && message.contains("404 page not found"))
}
