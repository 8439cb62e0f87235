//! The apply of one object, from the first request until the server has taken it, and what is done
//! about each way in which it can fail meanwhile.

use std::{
    borrow::Cow,
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{
    Writer, Written,
    content::ApplyContent,
    trouble::{PATIENCE, Trouble, Waiting, is_other_object},
    version_of,
};
use crate::{
    cluster::{
        failure::Failure,
        request::{Apply, Request},
    },
    ops::{conflict::Resolution, deletion, shared::resolve},
    workload::{
        derived::gets_labels_of_its_pods,
        error::{Code, Error, Result},
        ownership::{Seen, is_ours, is_terminating, other_instances, uid},
        plan::Item,
        record::Entry,
        release::Action,
    },
};

/// The pause before a write that may still go through is tried again.
const PAUSE: Duration = Duration::from_millis(250);
/// What helps where somebody else's webhook does not answer.
const WEBHOOK_HINT: &str = "its backend has to run, or its configuration has to go: `kubectl get \
    validatingwebhookconfigurations,mutatingwebhookconfigurations` lists them";
/// How often a 409 is answered to although the live object is what the write is about: a webhook
/// may deny with that code, and an object may be written all the time.
const CONFLICTS: u32 = 5;

/// What has to be true of the live object for a write to be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Precondition {
    /// It is not there.
    Absent,
    Uid(String),
}

/// One object on its way.
pub(super) struct Attempt<'a> {
    writer: &'a Writer<'a>,
    item: &'a Item,
    path: &'a str,
    content: ApplyContent<'a>,
    precondition: Precondition,
    /// Whether fields that others hold are taken.
    force: bool,
    /// Whether the live object has no Apply entry yet: there is something to take over only after
    /// the first apply.
    is_bare: bool,
    /// Whether what the server filled in and forbids was taken hold of already.
    claimed_forbidden: bool,
    /// What it waits for.
    waiting: Waiting,
    /// How many 409s a look at the live object did not explain.
    conflicts: u32,
}

impl<'a> Attempt<'a> {
    pub(super) fn new(
        writer: &'a Writer<'a>,
        item: &'a Item,
        path: &'a str,
        precondition: Precondition,
        replicas: Option<Value>,
    ) -> Self {
        let mut content = ApplyContent::of(item, replicas);
        if precondition == Precondition::Absent {
            content.renew();
        }
        Self {
            writer,
            item,
            path,
            content,
            precondition,
            force: false,
            is_bare: false,
            claimed_forbidden: false,
            waiting: Waiting::default(),
            conflicts: 0,
        }
    }

    /// Applies until the server has it.
    ///
    /// # Errors
    /// What the server rejected, or what must not be touched after all.
    pub(super) async fn run(mut self) -> Result<Written> {
        let Self { writer, item, path, .. } = self;
        if let Precondition::Uid(uid) = &self.precondition {
            if self.content.terms.hand_over {
                // Before the apply that leaves them out: killed in between, they are held twice and
                // do not fall.
                writer.hand_over_replicas(&item.desired, path, uid).await?;
            }
            if let Some(live) = self.content.terms.live.take() {
                // Stripped of all managedFields the object has nothing to rewrite: the server makes
                // a `before-first-apply` entry with the first apply.
                self.is_bare = self.content.terms.is_bare(&live);
                writer.take_over(item, path, &self.content.body, live).await?;
            }
        }
        loop {
            match self.send().await {
                Ok(answer) if is_terminating(&answer) => {
                    let uid = uid(&answer).unwrap_or_default();
                    deletion::wait(&writer.api, &item.desired.id, path, uid).await?;
                    self.waiting = Waiting::default();
                    self.set_precondition(Precondition::Absent);
                }
                // It has the labels of its pods, and gets ours beside them. Killed in between, the
                // next deploy finds it by our Apply entry.
                Ok(answer) if self.is_unlabelled() => {
                    self.precondition =
                        Precondition::Uid(uid(&answer).unwrap_or_default().to_owned());
                }
                // Only now there is something to take over.
                Ok(answer) if self.is_bare => {
                    self.is_bare = false;
                    writer.take_over(item, path, &self.content.body, answer).await?;
                }
                Ok(answer) => {
                    let answer =
                        writer.give_back_replicas(item, path, answer, &mut self.content).await?;
                    return Ok(self.written(&answer));
                }
                Err(failure) => self.handle_failure(&failure).await?,
            }
        }
    }

    /// Changes what has to be true. What is made anew has all of its fields.
    fn set_precondition(&mut self, precondition: Precondition) {
        if precondition == Precondition::Absent && self.precondition != Precondition::Absent {
            self.content.renew();
        }
        self.precondition = precondition;
    }

    /// Tells whether the object is about to be made without any label.
    fn is_unlabelled(&self) -> bool {
        self.precondition == Precondition::Absent
            && gets_labels_of_its_pods(&self.item.desired.id, &self.content.body)
    }

    async fn send(&mut self) -> Result<Value, Failure> {
        let is_unlabelled = self.is_unlabelled();
        let Self { writer, path, content, force, .. } = self;
        let metadata = content.body["metadata"].as_object_mut().expect("every object has a name");
        // From the attempt before: another precondition may be right now.
        metadata.remove("uid");
        metadata.remove("resourceVersion");
        match &self.precondition {
            // Any version that is never current means: create only.
            Precondition::Absent => metadata.insert("resourceVersion".to_owned(), json!("1")),
            Precondition::Uid(uid) => metadata.insert("uid".to_owned(), json!(uid)),
        };
        let how = Apply { manager: writer.manager, force: *force, dry_run: false };
        let mut body = Cow::Borrowed(&content.body);
        if is_unlabelled && let Some(metadata) = body.to_mut()["metadata"].as_object_mut() {
            metadata.remove("labels");
        }
        writer.api.send(Request::apply(path, &body, &how)).await.map(|answer| answer.body)
    }

    /// Does what makes the next request go better.
    ///
    /// # Errors
    /// The failure, where nothing does.
    async fn handle_failure(&mut self, failure: &Failure) -> Result<()> {
        let Self { writer, item, path, .. } = *self;
        let desired = &item.desired;
        // First: a conflict on fields and a failed precondition are both 409.
        if let Some(resolution) = resolve(failure, desired, &item.sharing, writer.conflicts) {
            if self.resolve_conflict(resolution)? {
                return Ok(());
            }
        } else if is_other_object(failure) {
            // Somebody writes it at this very moment, all the time: it is told after a while, not
            // fought.
            if self.waiting.waited(Trouble::Conflict) <= PATIENCE && self.conflicts < CONFLICTS {
                let looked = Instant::now();
                let precondition = self.recheck_precondition(failure).await?;
                // The end of the object before may take as long as it likes.
                self.waiting.forgive(looked.elapsed());
                if precondition == self.precondition {
                    self.conflicts += 1;
                    tokio::time::sleep(PAUSE * self.conflicts).await;
                }
                self.set_precondition(precondition);
                return Ok(());
            }
        } else if !self.claimed_forbidden
            && writer.claim_forbidden(desired, path, &self.content.body, failure).await?
        {
            self.claimed_forbidden = true;
            return Ok(());
        } else if self.is_worth_waiting(failure) {
            tokio::time::sleep(PAUSE).await;
            return Ok(());
        }
        let error = writer.explain(desired, failure);
        Err(match self.waiting.trouble() {
            Some((Trouble::Webhook, since)) if failure.is_webhook_down() => error
                .cause(format!("its backend did not answer for {} s", since.elapsed().as_secs()))
                .hint(WEBHOOK_HINT),
            _ => error,
        })
    }

    /// Tells failures that pass by themselves, for as long as that may take. The last moment before
    /// time is up is for telling why.
    fn is_worth_waiting(&mut self, failure: &Failure) -> bool {
        let Self { writer, item, .. } = *self;
        let is_fresh = || writer.is_fresh(&item.desired.id);
        let Some((trouble, patience)) = Trouble::of(failure, &item.desired, is_fresh) else {
            return false;
        };
        let waited = self.waiting.waited(trouble);
        let left = writer.deadline.at().map(|end| end.saturating_duration_since(Instant::now()));
        let is_own = trouble == Trouble::Webhook && writer.backends.serve(failure);
        match left {
            Some(left) if left <= PAUSE * 2 => false,
            Some(_) if is_own => true,
            _ => waited <= patience,
        }
    }

    /// Takes or leaves fields that others hold; `false` where that changes nothing of the request.
    fn resolve_conflict(&mut self, resolution: Resolution) -> Result<bool> {
        let (taken, left) = match resolution {
            Resolution::Refuse(error) => return Err(*error),
            Resolution::Again { force, yielded } => (force, yielded),
        };
        // What was left to an autoscaler that is gone is ours again, whoever holds it.
        let reclaimed = &self.content.terms.reclaimed;
        let (reclaimed, left): (Vec<_>, Vec<_>) =
            left.into_iter().partition(|field| reclaimed.contains(&field.field));
        let taken = taken || !reclaimed.is_empty();
        let mut helps = taken && !self.force;
        self.force |= taken;
        for field in left {
            helps |= self.content.leave(field);
        }
        Ok(helps)
    }

    /// After a precondition failed: the live object says which one is right. It is the one that
    /// the plan is about and was written by somebody at that moment, or ours after all, made by a
    /// write of ours whose answer was lost.
    async fn recheck_precondition(&self, failure: &Failure) -> Result<Precondition> {
        let Self { writer, item, path, .. } = *self;
        let desired = &item.desired;
        // What is made anew has another uid than the one in the plan, which is that of the object
        // before.
        let is_kept = !matches!(item.action, Action::Create | Action::Recreate);
        let planned = item.uid.as_deref().filter(|_| is_kept);
        match writer.read(desired, Request::get_metadata(path)).await? {
            // It was deleted since the plan: it is wanted all the same.
            None => Ok(Precondition::Absent),
            Some(live) if is_terminating(&live) => {
                deletion::wait(&writer.api, &desired.id, path, uid(&live).unwrap_or_default())
                    .await?;
                Ok(Precondition::Absent)
            }
            // Ours, or of an instance that shares it and was faster.
            Some(live)
                if (planned.is_some() && uid(&live) == planned)
                    || is_ours(&live, writer.manager, None)
                    || desired.id.namespace.is_none()
                        && !other_instances(&live, writer.manager).is_empty() =>
            {
                Ok(Precondition::Uid(uid(&live).unwrap_or_default().to_owned()))
            }
            Some(_) => Err(writer.at(
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

    fn written(self, answer: &Value) -> Written {
        let Self { writer, item, content, .. } = self;
        let desired = &item.desired;
        // That another instance leaves changes neither generation nor our entry (docs/design.md,
        // Unchanged objects).
        let is_left = content.left_to_instance || !item.sharing.leaves.is_empty();
        let seen = Seen::of(answer, writer.manager, &desired.body.look());
        Written {
            entry: Entry {
                id: desired.id.clone(),
                version: desired.version.clone(),
                uid: uid(answer).map(str::to_owned),
                body: Some(desired.digest.clone()),
                seen: if is_left { seen.map(Seen::by_version_alone) } else { seen }.map(Arc::new),
                wanted: true,
                keep: desired.keep,
                completed: false,
                hook: desired.hook.is_some(),
                orphans: Vec::new(),
                yielded: content.terms.yielded,
                // An earlier one may come after this one was answered.
                unsettled: item.entry.as_ref().and_then(|entry| entry.unsettled),
                content: item.entry.as_ref().and_then(|entry| {
                    Some(entry.content.as_ref()?.written(answer, writer.manager))
                }),
            },
            action: item.action,
            version: version_of(answer),
            yielded: content.yielded,
        }
    }
}
