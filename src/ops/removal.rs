//! Removing objects: what left the definition, or everything with the instance.
//!
//! Every deletion carries the uid, and is waited for by the uid. Custom resources go first,
//! alone, while their operator is still there to finish them; CRDs go last but for namespaces.
//! What another instance applies too is left to it: our entry is taken out of the object's
//! managedFields, and its content stays as it is.

mod judged;
mod keeping;
mod staying;
mod waiting;

use std::{
    collections::{HashMap, HashSet},
    time::{Duration, Instant},
};

use futures::{StreamExt as _, stream};

use judged::GoneJudges;
use waiting::{Wait, WaitEnd};

use super::{
    deletion::{self, Propagation, Sent},
    events::Event,
    namespace_users::Stay,
    session::Session,
    several, shared,
    stop::{Signal, until},
    target::Target,
};
use crate::{
    cluster::api::{Api, IN_FLIGHT},
    workload::{
        error::{Code, Error, Result},
        graph::deletion_waves,
        instance::NamespaceMode,
        kinds::{Trait, builtin_kind},
        name::InstanceName,
        object::ObjectId,
        ownership::uid,
        record::Entry,
        release::Action,
    },
};

/// How long the answers to the last deletions are waited for.
const LAST_ANSWERS: Duration = Duration::from_secs(2);
/// What is said of those that were not answered.
const NO_ANSWER: &str = "may be deleted: the server has not answered";

/// What became of one object.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Removed {
    /// It is gone (without waiting: its deletion is sent).
    Gone,
    /// It was left to others or kept, and this is why.
    Left(String),
    /// It stays ours, and this is why it did not go.
    Stays(String),
    /// Its deletion is sent; it was not seen to be gone, and this is what it waits for.
    Waits(String),
    /// It could not be removed.
    Failed(Box<Error>),
}

impl Removed {
    /// Tells what became of an object when its deletion was sent; `None` where it goes now.
    fn at_once(sent: Sent) -> Option<Self> {
        match sent {
            Sent::Accepted => None,
            Sent::Gone => Some(Self::Gone),
        }
    }
}

/// Removes objects of one instance.
pub(crate) struct Remover<'a> {
    /// The surroundings.
    pub session: &'a Session<'a>,
    /// The runtime.
    pub target: &'a Target,
    /// Its API server behind the holder's fence.
    pub api: Api,
    pub instance: &'a InstanceName,
    /// The field manager.
    pub manager: &'a str,
    /// How its objects were placed.
    pub mode: NamespaceMode,
    /// What of it stays on the cluster.
    pub staying: &'a [Entry],
    /// What was done: `Prune` or `Delete`.
    pub action: Action,
    /// Whether the end of the objects is waited for.
    pub wait: bool,
    /// `--delete-crds`: CRDs go although others have custom resources of them.
    pub delete_crds: bool,
}

impl Remover<'_> {
    /// Removes objects, wave by wave. `entries` have uids; namespaces among them go last. What befell
    /// single objects is added to `removed`, also where something ends the rest, or the caller does.
    ///
    /// # Errors
    /// What ends everything: a signal, a lost connection, time that is up.
    pub(crate) async fn remove(
        &self,
        entries: &[Entry],
        deadline: Option<Instant>,
        removed: &mut Vec<(ObjectId, Removed)>,
    ) -> Result<()> {
        let ids: Vec<ObjectId> = entries.iter().map(|entry| entry.id.clone()).collect();
        let (all, from) = (entries.len(), removed.len());
        // Each wave is gone before the next: a custom resource needs its operator to lose its
        // finalizers, and a webhook's configuration must go before the pods that answer its calls
        // (docs/design.md, Delete).
        let aggregated = self.aggregated_roles(entries).await?;
        let mut judges = GoneJudges::default();
        for wave in deletion_waves(&ids, &self.target.kinds, &aggregated) {
            let entries: Vec<&Entry> = wave.members.iter().map(|index| &entries[*index]).collect();
            let sent = self.send_deletions(&entries, &judges, deadline).await;
            let answered: HashSet<&ObjectId> = sent.iter().map(|(sent, _)| &sent.id).collect();
            let unanswered: Vec<&Entry> =
                entries.into_iter().filter(|entry| !answered.contains(&entry.id)).collect();
            let mut going = Vec::new();
            for (entry, outcome) in sent {
                match outcome {
                    Ok(Some(outcome)) => self.record_outcome(removed, entry, outcome),
                    Ok(None) if self.wait => going.push(entry),
                    Ok(None) => self.record_outcome(removed, entry, Removed::Gone),
                    Err(error) => {
                        removed.push((entry.id.clone(), Removed::Failed(Box::new(error))))
                    }
                }
            }
            // Whether an unanswered deletion arrived is not known: the record keeps the object, and
            // the next command looks.
            if !unanswered.is_empty() {
                removed.extend(
                    unanswered
                        .iter()
                        .map(|entry| (entry.id.clone(), Removed::Waits(NO_ANSWER.to_owned()))),
                );
                return Err(match self.session.stop.requested() {
                    Some(signal) => self.stopped_error(signal, all, &removed[from..]),
                    None => self.timeout_error(&unanswered, |_| NO_ANSWER.to_owned()),
                });
            }
            let wait = Wait::of(self, going, removed).until_gone(deadline).await;
            wait.map_err(|end| match end {
                WaitEnd::Failed(error) => *error,
                WaitEnd::OutOfTime(going) => {
                    let held: HashMap<_, _> =
                        going.iter().map(|(entry, held)| (&entry.id, held)).collect();
                    let entries: Vec<&Entry> = going.iter().map(|(entry, _)| *entry).collect();
                    self.timeout_error(&entries, |entry| held[&entry.id].clone())
                }
                WaitEnd::Stopped(signal) => self.stopped_error(signal, all, &removed[from..]),
            })?;
            judges.take_in(&removed[from..]);
            // Between waves too: where nothing is waited for, no wait has noticed it.
            if let Some(signal) = self.session.stop.requested() {
                return Err(self.stopped_error(signal, all, &removed[from..]));
            }
            // Their operator has to be there to finish them, and they go with their definition.
            let is_custom = |id: &ObjectId| self.target.kinds.is_custom(&id.group, &id.kind);
            // A webhook or a missing right keeps a custom resource: without its operator it could
            // never be finished, and without its CRD its finalizers would hold the CRD for ever.
            if removed[from..]
                .iter()
                .any(|(id, outcome)| matches!(outcome, Removed::Failed(_)) && is_custom(id))
            {
                break;
            }
        }
        Ok(())
    }

    /// Sends the deletions of a wave, until all are answered: none once somebody wants us to stop,
    /// and the last answers are not waited for long then, nor once time is up.
    async fn send_deletions<'e>(
        &self,
        entries: &[&'e Entry],
        judges: &GoneJudges,
        deadline: Option<Instant>,
    ) -> Vec<(&'e Entry, Result<Option<Removed>>)> {
        let is_over = async {
            tokio::select! {
                _ = self.session.stop.wait() => {}
                () = until(deadline) => {}
            }
            // What was sent may well be done: two seconds of patience save the next command a wave.
            tokio::time::sleep(LAST_ANSWERS).await;
        };
        stream::iter(entries.iter().copied())
            // Before `map`: what was not sent yet is not sent any more.
            .take_until(Box::pin(self.session.stop.wait()))
            .map(|entry| async move {
                (entry, judges.outlast(async || self.send_deletion(entry).await).await)
            })
            .buffer_unordered(IN_FLIGHT)
            .take_until(Box::pin(is_over))
            .collect()
            .await
    }

    /// Says how far it came, and how it goes on.
    fn stopped_error(&self, signal: Signal, all: usize, removed: &[(ObjectId, Removed)]) -> Error {
        let is_open = |outcome: &Removed| matches!(outcome, Removed::Failed(_) | Removed::Waits(_));
        let done = removed.iter().filter(|(_, outcome)| !is_open(outcome)).count();
        let name = self.instance;
        let (what, command) = self.words();
        signal
            .error(format!("stopped: {done} of {all} objects of `{name}` {what}"))
            .hint(format!("`workloadctl {command} {name}` goes on"))
    }

    fn timeout_error(&self, going: &[&Entry], why: impl Fn(&Entry) -> String) -> Error {
        let are = match going.len() {
            1 => "1 object is".to_owned(),
            count => format!("{count} objects are"),
        };
        let (name, (_, command)) = (self.instance, self.words());
        Error::failed(Code::Timeout, format!("out of time: {are} still being deleted"))
            .causes(several::shown(
                going.iter().map(|entry| format!("{} {}", entry.id, why(entry))).collect(),
            ))
            .hint(format!("`workloadctl {command} {name}` goes on, `--timeout` gives more time"))
    }

    /// What is done to the objects, and the command that does it.
    fn words(&self) -> (&'static str, &'static str) {
        match self.action {
            Action::Prune => ("that left the definition are deleted", "deploy"),
            Action::Create
            | Action::Update
            | Action::Unchanged
            | Action::Recreate
            | Action::Adopt
            | Action::Delete
            | Action::Blocked => ("are deleted", "delete"),
        }
    }

    fn record_outcome(
        &self,
        removed: &mut Vec<(ObjectId, Removed)>,
        entry: &Entry,
        outcome: Removed,
    ) {
        match &outcome {
            Removed::Gone => {
                self.report(Event::Done { object: entry.id.clone(), action: self.action })
            }
            Removed::Left(why) | Removed::Stays(why) => {
                self.report(Event::Note(format!("{} stays: {why}", entry.id)));
            }
            Removed::Waits(_) | Removed::Failed(_) => {}
        }
        removed.push((entry.id.clone(), outcome));
    }

    fn report(&self, event: Event) {
        self.session.report(self.instance, event);
    }

    /// Sends one deletion; `None` where the object goes now.
    async fn send_deletion(&self, entry: &Entry) -> Result<Option<Removed>> {
        let id = &entry.id;
        // Its kind is not served any more: the CRD went, and everything of it with it.
        let Some(path) = self.target.path(id, &entry.version) else {
            return Ok(Some(Removed::Gone));
        };
        // Without a uid it was recorded before its creation and never found: there is nothing that
        // is ours.
        let Some(wanted) = &entry.uid else { return Ok(Some(Removed::Gone)) };
        // Only cluster-scoped objects have several owners (docs/design.md, Shared objects).
        if id.namespace.is_none() {
            return self.delete_unless_shared(id, &path, wanted).await;
        }
        if builtin_kind(id).is(Trait::ClaimTemplates) {
            self.keep_claims(id, &path, wanted).await?;
        }
        let sent = deletion::delete(&self.api, id, &path, wanted, Propagation::of(id)).await?;
        Ok(Removed::at_once(sent))
    }

    /// Leaves what others share, or sends the deletion of exactly what was looked at: somebody
    /// who comes meanwhile makes us look again.
    async fn delete_unless_shared(
        &self,
        id: &ObjectId,
        path: &str,
        wanted: &str,
    ) -> Result<Option<Removed>> {
        let hint = "the next `delete` or `deploy` goes on";
        deletion::act_on_latest(&self.api, id, path, hint, async |live| {
            let Some(live) = live.filter(|live| uid(live) == Some(wanted)) else {
                return Ok(Some(Some(Removed::Gone)));
            };
            match self.why_it_stays(id, path, &live).await? {
                Some(Stay::Theirs(why)) => {
                    let left = shared::drop_apply_entry(&self.api, self.manager, id, &live, path);
                    return Ok(left.await?.then_some(Some(Removed::Left(why))));
                }
                Some(Stay::Ours(why)) => return Ok(Some(Some(Removed::Stays(why)))),
                None => {}
            }
            let sent =
                deletion::delete_version(&self.api, id, path, &live, Propagation::of(id)).await?;
            Ok(sent.map(Removed::at_once))
        })
        .await
    }
}
