//! `delete` is a deploy of nothing: the intent is recorded, the objects go wave by wave, the
//! namespace and with it the record go last, and the database forgets at the very end.

mod answer;
mod confirm;
mod contents;
mod execute;
mod forget;
mod late;
mod namespaces;

use std::{cell::Cell, time::Instant};

pub(crate) use execute::Deletion;
pub(crate) use forget::forget;

use super::{
    events::Event,
    fixed,
    locate::{self, Located, Search},
    lock::{self, Held},
    options::DeleteOptions,
    recover,
    runtime_choice::{Choice, choose},
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
    let delete = Delete { session, name, options, until };
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
    until: Instant,
}

impl Delete<'_> {
    async fn run(&self, operation: &mut Operation) -> Result<()> {
        let (session, name) = (self.session, self.name);
        if !session.ask.can_answer() {
            return Err(needs_yes(name, " where nobody can be asked")
                .hint(format!("workloadctl delete {name} --yes")));
        }
        let mut confirmed = session.ask.is_asking() && self.ask_first(operation).await?;
        let (mut held, stored, choice) = self.lock(operation).await?;
        let stored = stored.as_ref();
        let (choice, mut target) = match self.connect(choice, operation).await {
            Ok(connected) => connected,
            Err(error) => return self.end_without_cluster(stored, error, held, operation),
        };
        loop {
            let found = tokio::select! {
                found = self.look(&mut target, stored, &held) => found,
                signal = session.stop.wait() => {
                    return Err(signal.error("stopped; nothing was deleted"));
                }
            };
            let located = match found {
                Ok(located) => located,
                Err(error) => return self.end_without_cluster(stored, error, held, operation),
            };
            if let Some(stored) = stored {
                fixed::check(session, stored, &choice, &target, &located)?;
            }
            // Also when it came back here: somebody else has deleted the rest meanwhile.
            let Some(record) = located.record().cloned() else {
                return self.end_without_record(stored, held, operation);
            };
            if let Some(doubt) = located.doubt.clone() {
                operation.doubt(session, name, doubt);
            }
            target.know_kinds_of(&record.inventory).await?;
            operation.instance.describe_record(&record);
            operation.instance.cluster_uid.clone_from(&target.cluster_uid);
            // Once: the same question after a lost race would make nobody wiser.
            if !std::mem::replace(&mut confirmed, true) {
                self.confirm(&record, &choice, &target, operation).await?;
            }
            // Waiting for somebody else, or for an answer, has its own clock.
            let deadline = self.options.limits.timeout.map(|timeout| Instant::now() + timeout);
            let Self { session, name, options, .. } = *self;
            let deletion = Deletion { session, name, options, target: &target, deadline };
            let found = located.found.as_ref();
            if deletion.execute(found, record, &mut held, operation).await? {
                break;
            }
        }
        if !self.options.limits.no_wait {
            self.delete_row()?;
        }
        held.end();
        Ok(())
    }

    /// Asks before anything is locked: who thinks about the answer holds nobody up. `false` where
    /// nothing was found to ask about; whatever went wrong is told with the lock.
    ///
    /// # Errors
    /// The answer is no, or a signal came.
    async fn ask_first(&self, operation: &mut Operation) -> Result<bool> {
        let stored = self.session.store().instance(self.name)?;
        let Ok(choice) = choose(self.session, stored.as_ref()) else { return Ok(false) };
        let look = async {
            let mut target = Target::connect(self.session, &choice.runtime).await?;
            let located = self.look(&mut target, stored.as_ref(), &Held::nothing()).await?;
            let record = located.record().cloned();
            if let Some(record) = &record {
                target.know_kinds_of(&record.inventory).await?;
            }
            Ok::<_, Error>(record.map(|record| (record, target)))
        };
        let looked = tokio::select! {
            looked = look => looked,
            signal = self.session.stop.wait() => {
                return Err(signal.error("stopped; nothing was deleted"));
            }
        };
        match looked {
            Ok(Some((record, target))) => {
                self.confirm(&record, &choice, &target, operation).await.map(|()| true)
            }
            Ok(None) | Err(_) => Ok(false),
        }
    }

    /// Locks the instance; gives what the database knows of it, and the runtime that follows.
    async fn lock(
        &self,
        operation: &mut Operation,
    ) -> Result<(Held, Option<Instance>, Result<Choice>)> {
        let read = || -> Result<(Option<Instance>, Result<Choice>)> {
            let stored = self.session.store().instance(self.name)?;
            let choice = choose(self.session, stored.as_ref());
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
        let held = Held::acquire(self.session, self.name, self.until).await?;
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
        // Its clock begins after the look.
        let paused = Cell::default();
        let mut located =
            lock::locate_free(session, target, search, dead, self.until, &paused).await?;
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
            (Some(_), ErrorKind::Runtime) if error.code != Code::ContextGone => error.hint(
                format!("if the cluster is gone for good: `workloadctl delete {name} --forget`"),
            ),
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

fn needs_yes(name: &InstanceName, why: &str) -> Error {
    Error::usage(Code::NeedsYes, format!("deleting `{name}` needs `--yes`{why}"))
}
