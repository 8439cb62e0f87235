//! `delete` is a deploy of nothing: the intent is recorded, the objects go wave by wave, the
//! namespace and with it the record go last, and the database forgets at the very end.

mod account;
mod answer;
mod confirm;
mod contents;
mod ending;
mod execute;
mod forget;
mod in_time;
mod last;
mod late;
mod namespaces;

use std::{cell::Cell, time::Instant};

pub(crate) use execute::Deletion;
pub(crate) use forget::forget;

use super::{
    asking::Deferred,
    clock::Clock,
    events::{self, Event},
    fixed,
    locate::{self, Located, Search},
    lock::{self, Held},
    options::DeleteOptions,
    recover,
    runtime_choice::{Choice, choose_of},
    session::Session,
    target::Target,
    view::{Operation, OperationOutcome},
};
use crate::workload::{
    error::{Code, Error, ErrorKind, Result},
    instance::Instance,
    name::InstanceName,
};

/// Deletes one instance. A failure is in the answer.
pub(crate) async fn run(
    session: &Session<'_>,
    name: &InstanceName,
    options: &DeleteOptions,
) -> Operation {
    let started = Instant::now();
    let until = started + options.limits.lock_wait;
    let mut operation = Operation::of(name);
    let questions = Deferred::new(session.ask);
    let (until, clock) = (Cell::new(until), Clock::new(options.limits.timeout));
    let delete = Delete { session, name, options, until, clock, questions };
    let result = delete.run(&mut operation).await;
    operation.warnings.extend(session.tell_warnings(name));
    operation.ended(result, options, started)
}

impl Operation {
    /// Warns, once, that something may be left.
    fn doubt(&mut self, session: &Session<'_>, name: &InstanceName, doubt: String) {
        if !self.warnings.contains(&doubt) {
            session.report(name, Event::Warning(doubt.clone()));
            self.warnings.push(doubt);
        }
    }

    /// Takes in how a deletion ended.
    fn ended(mut self, result: Result<()>, options: &DeleteOptions, started: Instant) -> Self {
        match result {
            Ok(()) => {}
            Err(error) if error.code == Code::NoSuchInstance && options.ignore_not_found => {
                self.instance.outcome = Some(OperationOutcome::Unchanged);
                self.remarks.push(error.message);
            }
            Err(error) => self.fail(error),
        }
        self.duration_seconds = started.elapsed().as_secs_f64();
        self
    }
}

/// One `delete` of one instance.
struct Delete<'a> {
    session: &'a Session<'a>,
    name: &'a InstanceName,
    options: &'a DeleteOptions,
    /// Until when another holder is waited for.
    until: Cell<Instant>,
    clock: Clock,
    /// What a person is asked, while nothing is locked.
    questions: Deferred<'a>,
}

/// How far a deletion came.
enum Progress {
    Done,
    /// A person is to be asked first; the failure where the answer is not yes.
    Unconfirmed(Error),
}

impl Delete<'_> {
    async fn run(&self, operation: &mut Operation) -> Result<()> {
        let (session, name) = (self.session, self.name);
        if !session.ask.can_answer() {
            return Err(needs_yes(name));
        }
        // What was agreed to has to hold when it is done: it is looked at again under the lock, and
        // anything else is another question.
        while let Progress::Unconfirmed(unconfirmed) = self.delete_locked(operation).await? {
            let began = Instant::now();
            if self.questions.ask_open() != Some(true) {
                return Err(unconfirmed);
            }
            // A question stops every clock (docs/cli.md, Questions).
            self.until.set(self.until.get() + began.elapsed());
        }
        Ok(())
    }

    /// Locks the instance and deletes it, or finds out what is to be asked.
    async fn delete_locked(&self, operation: &mut Operation) -> Result<Progress> {
        let (session, name) = (self.session, self.name);
        let (mut held, stored, choice) = self.lock(operation).await?;
        // A question, which is asked while nothing is locked, has no clock.
        self.clock.start();
        let (stored, mut is_told) = (stored.as_ref(), false);
        let connected = self.beforehand(self.connect(choice, operation)).await;
        let (choice, mut target) = match connected {
            Ok(connected) => connected,
            Err(error) => {
                self.end_without_cluster(stored, error, held, operation)?;
                return Ok(Progress::Done);
            }
        };
        loop {
            let found = self.beforehand(self.look(&mut target, stored, &held)).await;
            let located = match found {
                Ok(located) => located,
                Err(error) => {
                    self.end_without_cluster(stored, error, held, operation)?;
                    return Ok(Progress::Done);
                }
            };
            if let Some(stored) = stored {
                fixed::check(session, stored, &choice, &target, &located)?;
            }
            // Also when it came back here: somebody else has deleted the rest meanwhile.
            let Some(record) = located.record().cloned() else {
                self.end_without_record(stored, held, operation)?;
                return Ok(Progress::Done);
            };
            if let Some(doubt) = located.doubt.clone() {
                operation.doubt(session, name, doubt);
            }
            self.beforehand(target.know_kinds_of(&record.inventory)).await?;
            operation.instance.describe_record(&record);
            operation.instance.cluster_uid.clone_from(&target.cluster_uid);
            // Nobody is asked a second time, nor told: a lost race makes nobody wiser.
            if session.ask.is_asking() || !is_told {
                let outlook = self.beforehand(self.outlook(&record, &target)).await?;
                if let Err(unconfirmed) = self.confirm(&outlook, &record, &choice) {
                    return Ok(Progress::Unconfirmed(unconfirmed));
                }
                if !std::mem::replace(&mut is_told, true) {
                    self.tell(&outlook, operation);
                }
            }
            let (options, deadline) = (self.options, self.clock.deadline());
            let deletion = Deletion { session, name, options, target: &target, deadline };
            if deletion.execute(located.found.as_ref(), record, &mut held, operation).await? {
                break;
            }
        }
        if !self.options.limits.no_wait {
            self.delete_row()?;
        }
        held.end();
        Ok(Progress::Done)
    }

    /// Locks the instance; gives what the database knows of it, and the runtime that follows.
    async fn lock(
        &self,
        operation: &mut Operation,
    ) -> Result<(Held, Option<Instance>, Result<Choice>)> {
        let read = || -> Result<(Option<Instance>, Result<Choice>)> {
            let stored = self.session.store().instance(self.name)?;
            let choice = choose_of(self.session, self.name, stored.as_ref());
            Ok((stored, choice))
        };
        let (stored, choice) = read()?;
        match &choice {
            Ok(choice) => operation.instance.runtime = Some(choice.runtime.to_string()),
            // Nobody is waited for where the runtime cannot be chosen.
            Err(error) if self.was_deployed(stored.as_ref(), error)? => {
                return Err(self.with_hint(stored.as_ref(), error.clone()));
            }
            Err(_) => {}
        }
        let held = Held::acquire(self.session, self.name, self.until.get()).await?;
        // Somebody has deployed or deleted it meanwhile.
        let (stored, choice) = if held.waited { read()? } else { (stored, choice) };
        Ok((held, stored, choice))
    }

    async fn connect(
        &self,
        choice: Result<Choice>,
        operation: &mut Operation,
    ) -> Result<(Choice, Target)> {
        let choice = choice?;
        operation.instance.runtime = Some(choice.runtime.to_string());
        self.session.reporter.at(self.name.as_str(), &choice.runtime);
        let target = Target::connect(self.session, &choice.runtime).await?;
        Ok((choice, target))
    }

    /// Finds the record, or live objects of ours without one.
    async fn look(
        &self,
        target: &mut Target,
        stored: Option<&Instance>,
        held: &Held,
    ) -> Result<Located> {
        let (session, name) = (self.session, self.name);
        let places = locate::places_of(session, stored, name)?;
        let search = Search::of(name, stored, &places);
        let dead = &held.releases;
        let (until, paused) = (self.until.get(), &self.clock.paused);
        let mut located = lock::locate_free(session, target, search, dead, until, paused).await?;
        if located.found.is_none() {
            let home = places.first().cloned().unwrap_or_else(|| name.to_string());
            recover::recover(session, target, &mut located, &home, name).await?;
        }
        Ok(located)
    }

    fn delete_row(&self) -> Result<()> {
        let mut store = self.session.store();
        // The instance may be known to the cluster alone.
        if store.instance(self.name)?.is_some() {
            store.delete_instance(self.name)?;
        }
        Ok(())
    }

    /// The cluster could not be asked. A row that was never deployed has nothing there: it goes
    /// alone.
    ///
    /// # Errors
    /// That failure, with what helps, where the row was deployed, there is none, or the failure is
    /// of another kind.
    fn end_without_cluster(
        &self,
        stored: Option<&Instance>,
        error: Error,
        held: Held,
        operation: &mut Operation,
    ) -> Result<()> {
        let name = self.name;
        if self.was_deployed(stored, &error)? {
            return Err(self.with_hint(stored, error));
        }
        self.delete_row()?;
        held.end();
        operation.warnings.push(error.to_string());
        operation.instance.outcome = Some(OperationOutcome::Deleted);
        operation.remarks.push(format!("`{name}` was never deployed; its cluster was not asked"));
        Ok(())
    }

    /// Tells whether something may be on a cluster that could not be asked. A row that was never
    /// deployed must not be kept by a context that is gone, a login that fails or a record that may
    /// not be read.
    fn was_deployed(&self, stored: Option<&Instance>, error: &Error) -> Result<bool> {
        let is_unasked = error.kind == ErrorKind::Runtime || error.code == Code::Forbidden;
        match stored {
            Some(_) if is_unasked => Ok(self.session.store().latest_release(self.name)?.is_some()),
            Some(_) | None => Ok(true),
        }
    }

    fn with_hint(&self, stored: Option<&Instance>, error: Error) -> Error {
        let name = self.name;
        match (stored, error.kind) {
            // `delete` has no `--new-cluster`: that flag would deploy it anew.
            _ if error.code == Code::OtherCluster => {
                fixed::hint_new_cluster(error, name, stored.is_some())
            }
            (Some(_), ErrorKind::Runtime) if error.code != Code::ContextGone => {
                let gone = format!(
                    "if the cluster is gone for good: `workloadctl delete {name} --forget`"
                );
                // One that is only slow is not gone.
                let slow = error.hint.clone().filter(|_| error.code == Code::Timeout);
                error.hint(slow.map_or(gone.clone(), |slow| format!("{slow}; {gone}")))
            }
            _ => error,
        }
    }

    /// Neither a record nor a live object: the row goes, or there is no such instance.
    fn end_without_record(
        &self,
        stored: Option<&Instance>,
        held: Held,
        operation: &mut Operation,
    ) -> Result<()> {
        let (session, name) = (self.session, self.name);
        if stored.is_none() {
            held.end();
            return Err(locate::instance_not_found(
                session,
                name,
                operation.instance.runtime.as_deref(),
            ));
        }
        session.store().delete_instance(name)?;
        held.end();
        operation.instance.outcome = Some(OperationOutcome::Deleted);
        operation.remarks.push(format!("nothing of `{name}` was on the cluster"));
        Ok(())
    }
}

fn needs_yes(name: &InstanceName) -> Error {
    events::needs_yes(&format!("deleting `{name}`"), &format!("workloadctl delete {name} --yes"))
}
