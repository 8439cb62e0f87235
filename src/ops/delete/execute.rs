//! Carrying a deletion out: the intent, the objects wave by wave, then what is at their end.

use std::{collections::HashSet, mem, time::Instant};

use super::{account::Account, answer::could_not_be_deleted, last::Last};
use crate::{
    cluster::{
        api::Api,
        record::{Claim, Found, Keeper},
    },
    ops::{
        events::Event,
        locate::{self, NamespaceState},
        lock::{self, Held},
        options::DeleteOptions,
        own_judges::{self, OwnJudges},
        removal::Remover,
        session::Session,
        survey::{Live, Survey},
        target::Target,
        view::{Operation, OperationOutcome},
    },
    workload::{
        error::{Code, Error, ErrorKind, Result},
        instance::{Observed, Status},
        name::InstanceName,
        object::ObjectId,
        ownership::{has_controller, is_ours, manager, uid},
        plan::is_kept,
        record::{Entry, Quiet, Record},
        release::Action,
    },
};

/// The deletion of what a record holds, on its cluster.
pub(crate) struct Deletion<'a> {
    pub session: &'a Session<'a>,
    pub name: &'a InstanceName,
    pub options: &'a DeleteOptions,
    pub target: &'a Target,
    /// When time is up.
    pub deadline: Option<Instant>,
}

/// What writing a deletion's intent came to.
enum Intent {
    /// This process holds the instance.
    Held(Box<Keeper>),
    /// The namespace of the record is gone or going: there is no place for a record, and no
    /// object to come that it would have to cover.
    NoPlace,
    /// Somebody else wrote the record first.
    Overtaken,
}

/// With what a deletion is carried out.
#[derive(Clone, Copy)]
struct Surroundings<'a> {
    /// The API server behind the holder's fence.
    api: &'a Api,
    keeper: Option<&'a Keeper>,
    quiet: Option<Quiet>,
}

/// The objects of an inventory that are there, by what becomes of them. Namespaces go later.
#[derive(Default)]
pub(super) struct Sorted {
    pub going: Vec<Entry>,
    pub kept: Vec<Entry>,
    pub foreign: Vec<Entry>,
}

impl Deletion<'_> {
    /// Deletes what a record holds, to the end; the database's row stays. `false`: somebody else
    /// wrote the record first, nothing was done, and everything is to be looked at again.
    ///
    /// # Errors
    /// What could not be deleted; the record then still covers it.
    pub(crate) async fn execute(
        &self,
        found: Option<&Found>,
        mut record: Record,
        held: &mut Held,
        operation: &mut Operation,
    ) -> Result<bool> {
        // From here on every command knows: `deploy` finishes the deletion first, `status` says
        // Deleting.
        record.deleting = true;
        let id = uuid::Uuid::now_v7().to_string();
        held.begin(self.session, &id)?;
        let mut judges = OwnJudges::of(self.session, self.target, &record);
        let intent = self.intend(found, &record, id.clone(), &mut judges);
        let undone = "the server has not answered to the intent";
        let keeper = match self.in_time(undone, intent).await? {
            Intent::Held(keeper) => Some(*keeper),
            Intent::NoPlace => None,
            Intent::Overtaken => return Ok(false),
        };
        operation.wrote = true;
        // For `list`, whatever becomes of this process; the record tells it all the same.
        let _ = self.note_deleting();
        let keeper = keeper.as_ref();
        let api = match keeper {
            Some(keeper) => self.target.api.fenced(keeper.fence()),
            // Without a holder there is no successor to be protected either: a namespace that goes
            // takes no new record.
            None => self.target.api.clone(),
        };
        let mut account = Account::of(operation, &record);
        let surroundings =
            Surroundings { api: &api, keeper, quiet: found.map(|found| found.quiet) };
        let ended = self.carry_out(record, surroundings, &mut judges, &mut account).await;
        if let Err(error) = &ended {
            account.close(error);
        } else if self.target.api.unsettled().is_none() {
            // A deploy that goes on has no dead predecessor in us.
            held.withdraw(self.session, &id)?;
        }
        ended.map(|()| true)
    }

    /// Deletes all of it, and records how far it came.
    async fn carry_out(
        &self,
        mut record: Record,
        surroundings: Surroundings<'_>,
        judges: &mut OwnJudges<'_>,
        account: &mut Account<'_>,
    ) -> Result<()> {
        let Surroundings { api, keeper, quiet } = surroundings;
        let work = self.remove_all(api, &mut record, quiet, account);
        let with_home = match lock::while_held(keeper, judges, work).await? {
            Ok(with_home) if !self.options.limits.no_wait => with_home,
            ended => {
                return self.end_early(ended.map(drop), record, keeper, account.operation).await;
            }
        };
        let operation = &mut *account.operation;
        let last = Last { api, record: &record, with_home: &with_home };
        let last = self.remove_namespaces_and_record(last, keeper, judges, operation);
        if let Err(error) = last.await {
            // The next one is let through at once; a record that went with its namespace holds
            // nobody.
            if let Some(keeper) = keeper.filter(|_| error.kind != ErrorKind::Locked) {
                let _ = self.let_go(keeper, record).await;
            }
            self.observe_deleting(operation)?;
            return Err(self.with_resume_hint(error));
        }
        operation.instance.outcome = Some(OperationOutcome::Deleted);
        Ok(())
    }

    /// Records what is left to be deleted, by the next command.
    async fn end_early(
        &self,
        result: Result<()>,
        record: Record,
        keeper: Option<&Keeper>,
        operation: &mut Operation,
    ) -> Result<()> {
        let written = match keeper {
            Some(keeper) => {
                let write = async || self.let_go(keeper, record.clone()).await;
                own_judges::outlast(&record, write).await
            }
            None => Ok(()),
        };
        self.observe_deleting(operation)?;
        if result.is_ok() {
            operation.instance.outcome = Some(OperationOutcome::Applied);
        }
        match written {
            // Another goes on, and what we did not manage is not the news.
            Err(lost) if lost.kind == ErrorKind::Locked => Err(lost),
            written => result.and(written).map_err(|error| self.with_resume_hint(error)),
        }
    }

    fn observe_deleting(&self, operation: &mut Operation) -> Result<()> {
        operation.instance.status = Some(Status::Deleting);
        self.note_deleting()
    }

    /// Takes down in the database that the deletion has begun.
    fn note_deleting(&self) -> Result<()> {
        let observed = Observed {
            status: Status::Deleting,
            reason: "its deletion has begun".to_owned(),
            at: self.session.now(),
        };
        let mut store = self.session.store();
        // The instance may be known to the cluster alone.
        if store.instance(self.name)?.is_some() {
            store.set_observed(self.name, &observed)?;
        }
        Ok(())
    }

    fn with_resume_hint(&self, error: Error) -> Error {
        error.or_hint(|| format!("`workloadctl delete {}` goes on once that is mended", self.name))
    }

    /// Records that the deletion has begun.
    async fn intend(
        &self,
        found: Option<&Found>,
        record: &Record,
        id: String,
        judges: &mut OwnJudges<'_>,
    ) -> Result<Intent> {
        // A record in a namespace that is going would be gone at its next renewal.
        let state =
            locate::namespace_state(self.target, &record.namespace, &record.instance).await?;
        match state {
            NamespaceState::Absent | NamespaceState::Terminating { .. } => {
                return Ok(Intent::NoPlace);
            }
            NamespaceState::Ours | NamespaceState::Shared | NamespaceState::Foreign => {}
        }
        let who = self.session.env.deployer().to_string();
        let claim = Claim { id, who, command: self.session.command.clone() };
        let begun = loop {
            let api = &self.target.api;
            match Keeper::begin(api, found, record.clone(), claim.clone()).await {
                Err(error) if judges.give_way(&error).await? => {}
                begun => break begun,
            }
        };
        match begun {
            Ok(Some(keeper)) => Ok(Intent::Held(Box::new(keeper))),
            Ok(None) => Ok(Intent::Overtaken),
            // It began to go just now, and takes the record with it.
            Err(error) if error.code == Code::NamespaceTerminating => Ok(Intent::NoPlace),
            Err(error) => Err(error),
        }
    }

    /// Removes everything but the namespaces, and but what goes with the record's own, which is in
    /// the answer; the record is left with what is still there.
    async fn remove_all(
        &self,
        api: &Api,
        record: &mut Record,
        quiet: Option<Quiet>,
        account: &mut Account<'_>,
    ) -> Result<Vec<Entry>> {
        let name = self.name;
        let manager = manager(&record.namespace, name.as_str());
        let survey = Survey::of(self.target, name, &record.inventory);
        let live = self.in_time("nothing was deleted yet", survey.look()).await?;
        account.saw(&live, name, &manager);
        self.mark_unsettled(record, &live, quiet);
        let Sorted { going, kept, foreign } = sort(record, &live, &manager);
        let objects = going.len() + account.namespaces(&kept);
        self.session.report(name, Event::Removing { objects });
        self.session.report(name, Event::Phase("deleting"));
        for entry in &kept {
            account.operation.stays(entry, "it asks to be kept");
        }
        for entry in &foreign {
            account.operation.is_foreign(entry, live.get(&entry.id).as_deref());
        }
        let (with_home, going) = self.with_home(record, &live, going, &kept);
        let remover = Remover { staying: &kept, ..self.remover(api, record, &manager) };
        let removed = &mut account.removed;
        let (mut orphans, mut late) = (Vec::new(), Vec::new());
        let work = async {
            remover.remove(&going, self.deadline, removed).await?;
            // After the sets are gone: one that still lived would have adopted its pods.
            orphans = self.left_behind(record).await?;
            remover.remove(&orphans, self.deadline, removed).await?;
            late = self.remove_late(&remover, record, &live, removed).await?;
            Ok(())
        };
        let end: Result<()> = work.await;
        let known: Vec<&Entry> = going.iter().chain(&orphans).chain(&late).collect();
        let removed = mem::take(&mut account.removed);
        let (mut gone, failures) = account.operation.take_removed(removed, &known);
        // What was deleted until then is told; the record keeps it for the next command to look.
        end?;
        // Without waiting nothing is known to be gone: the record keeps all of it for the next
        // command.
        if !self.options.limits.no_wait {
            // Not ours any more: it neither keeps the namespace nor is it deleted.
            gone.extend(foreign.into_iter().map(|entry| entry.id));
            let is_left = |entry: &Entry| !gone.contains(&entry.id);
            let ids = |entries: &[Entry]| -> HashSet<ObjectId> {
                let ids = entries.iter().filter(|entry| is_left(entry));
                ids.map(|entry| entry.id.clone()).collect()
            };
            let (late, orphans) = (ids(&late), ids(&orphans));
            record.inventory.retain(|entry| {
                entry.id.is("", "Namespace")
                    || (live.has(&entry.id) && is_left(entry))
                    || late.contains(&entry.id)
                    || entry.orphans.iter().any(|own| orphans.contains(&own.id))
            });
        }
        could_not_be_deleted(&failures).map(|()| with_home)
    }

    /// Makes what removes objects of this instance.
    pub(super) fn remover<'r>(
        &'r self,
        api: &Api,
        record: &'r Record,
        manager: &'r str,
    ) -> Remover<'r> {
        Remover {
            session: self.session,
            target: self.target,
            api: api.clone(),
            instance: self.name,
            manager,
            mode: record.mode,
            staying: &[],
            action: Action::Delete,
            wait: !self.options.limits.no_wait,
            delete_crds: self.options.delete_crds,
        }
    }

    /// Finds what a StatefulSet left behind that was deleted to be made anew and was not: with the
    /// set gone, nobody else removes it.
    async fn left_behind(&self, record: &Record) -> Result<Vec<Entry>> {
        let orphans: Vec<Entry> = {
            let home = &record.namespace;
            record.inventory.iter().flat_map(|entry| entry.left_behind(home)).collect()
        };
        if orphans.is_empty() {
            return Ok(orphans);
        }
        let live = Survey::of(self.target, self.name, &orphans).look().await?;
        let is_orphan = |entry: &Entry| {
            live.get(&entry.id)
                .is_some_and(|it| uid(&it) == entry.uid.as_deref() && !has_controller(&it))
        };
        Ok(orphans.into_iter().filter(is_orphan).collect())
    }
}

/// Sorts the objects of a record that are there.
pub(super) fn sort(record: &Record, live: &Live, manager: &str) -> Sorted {
    let mut sorted = Sorted::default();
    for entry in record.inventory.iter().filter(|entry| !entry.id.is("", "Namespace")) {
        let Some(object) = live.get(&entry.id) else { continue };
        if !is_ours(&object, manager, entry.uid.as_deref()) {
            sorted.foreign.push(entry.clone());
        } else if entry.keep || is_kept(&object) {
            sorted.kept.push(entry.clone());
        } else {
            sorted.going.push(Entry { uid: uid(&object).map(str::to_owned), ..entry.clone() });
        }
    }
    sorted
}
