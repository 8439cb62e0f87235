//! `deploy` = render → check → plan → record intent → apply → wait → prune → record outcome.
//!
//! Everything that can be refused is refused before the first write; from then on the record
//! covers whatever may have been made, so that a process killed anywhere leaves something that
//! the next `deploy` or `delete` plans again from the live state.

mod fallback;
mod freeze;
mod hooks;
mod images;
mod intent;
mod interruption;
mod inventory;
mod namespace;
mod others;
mod outcome;
mod prepare;
mod prune;
mod question;
mod readers;
mod recorded;
mod refusal;
mod release;
mod report;
mod told;

use std::{
    cell::RefCell,
    collections::{BTreeMap, HashSet},
    time::Instant,
};

use jiff::Timestamp;

use super::{
    asking::Deferred,
    clock::Clock,
    delete::Deletion,
    locate,
    lock::Held,
    options::{DeleteOptions, DeployOptions, PruneWhen},
    session::Session,
    view::{Operation, OperationOutcome},
};
use crate::{
    cluster::record,
    workload::{
        error::{Code, Error, ErrorKind, Mistake, Result},
        instance::{Observed, Status},
        name::InstanceName,
        record::Deployed,
        release::Outcome,
    },
};
use outcome::status_of;
use prepare::{KnownInstance, Prepared, Purpose};
use refusal::refuse_blocked;
use report::DeployReport;

/// How often others may write the record between our look and our write before it is given up.
const RACES: u32 = 20;

/// Deploys one instance. A failure is in the answer.
pub(crate) async fn run(
    session: &Session<'_>,
    name: &InstanceName,
    options: &DeployOptions,
) -> Operation {
    let mut deploy = Deploy::new(session, name, options);
    let result = deploy.run().await;
    let failed = deploy.failed.filter(|_| session.stop.requested().is_none());
    let mut operation = deploy.finish(result);
    if let Some(failed) = failed {
        operation.rollback = Some(Box::new(fallback::run(session, name, options, failed).await));
    }
    operation
}

/// Says what a deploy would do, writing nothing. A failure is in the answer.
pub(crate) async fn plan(
    session: &Session<'_>,
    name: &InstanceName,
    options: &DeployOptions,
) -> Operation {
    let mut deploy = Deploy::new(session, name, options);
    let result = deploy.rehearse().await;
    deploy.finish(result)
}

/// One deploy of one instance: who wants it, what is wanted, and what is told of it.
struct Deploy<'a> {
    session: &'a Session<'a>,
    name: &'a InstanceName,
    options: &'a DeployOptions,
    started: Instant,
    /// When that was, for what is told of others' releases.
    began: Timestamp,
    /// What a person is asked, while nothing is locked.
    questions: Deferred<'a>,
    clock: Clock,
    report: DeployReport,
    /// What the database knows, where it was read already and nobody was at work since.
    known: Option<KnownInstance>,
    /// The number of our release, where it failed and is to be followed by a return.
    failed: Option<u64>,
    /// What was said already: a round that is repeated says nothing twice.
    told: RefCell<HashSet<String>>,
    /// What is restarted although nothing of it changes, and when that was decided.
    stale: BTreeMap<String, String>,
    /// Whether the images of a local cluster were compared already.
    compared_images: bool,
    /// What is wrong with the manifests by all that is known here, unless the server is newer.
    foreseen: Vec<Mistake>,
}

impl<'a> Deploy<'a> {
    fn new(session: &'a Session<'a>, name: &'a InstanceName, options: &'a DeployOptions) -> Self {
        let report = DeployReport::new(name);
        Self {
            session,
            name,
            options,
            started: Instant::now(),
            began: session.now(),
            questions: Deferred::new(session.ask),
            clock: Clock::new(options.limits.timeout),
            report,
            known: None,
            failed: None,
            told: RefCell::default(),
            stale: BTreeMap::new(),
            compared_images: false,
            foreseen: Vec::new(),
        }
    }

    /// Ends the answer, with what the server warned of.
    fn finish(mut self, result: Result<()>) -> Operation {
        for warning in self.session.tell_warnings(self.name) {
            self.report.warn(&warning);
        }
        self.report.finish(result, self.started)
    }

    async fn rehearse(&mut self) -> Result<()> {
        self.foresee()?;
        let mut prepared = self.prepare_or_stop(Purpose::Rehearse).await?;
        self.report.plan(&prepared);
        self.report_repairs(&mut prepared).await;
        self.tell_images(&prepared).await?;
        self.report.outcome(OperationOutcome::Planned);
        refuse_blocked(&prepared)?;
        if self.options.keeps_plan {
            self.report.freeze(self.freeze(&prepared));
        }
        Ok(())
    }

    async fn run(&mut self) -> Result<()> {
        self.foresee()?;
        let mut until = self.started + self.options.limits.lock_wait;
        // Nobody is waited for where the runtime cannot be chosen.
        self.known = Some(self.read_known()?);
        let mut held = Held::acquire(self.session, self.name, until).await?;
        if held.waited {
            self.known = None;
        }
        self.clock.start();
        let mut races = 0;
        loop {
            // Anew in each round: our own intent may have been written by a request whose answer
            // was lost.
            let dead = held.releases.clone();
            let mut prepared = self.prepare_or_stop(Purpose::Deploy { dead, until }).await?;
            // Half of its objects are gone or going: what is applied now would be deleted with its
            // namespace.
            if prepared.record.deleting {
                let busy = self.busy(&prepared);
                if !self.finish_deletion(prepared, &mut held).await? {
                    races += 1;
                    if races == RACES {
                        return Err(busy);
                    }
                }
                continue;
            }
            if self.wait_for_old_home(&prepared).await? {
                continue;
            }
            self.report.plan(&prepared);
            refuse_blocked(&prepared)?;
            self.report_yielded(&prepared);
            if let Err(unconfirmed) = self.confirm(&prepared) {
                held = self.ask_unlocked(unconfirmed, held, &mut until).await?;
                continue;
            }
            if let Some(images) = self.images_to_load(&prepared).await? {
                held = self.load_unlocked(images, held, &mut until).await?;
                continue;
            }
            self.report_repairs(&mut prepared).await;
            prepared.deadline = self.deadline();
            // No release and no lock in the record: a redeploy of what did not change writes
            // nothing (docs/cli.md, Deploy).
            if !prepared.needs_release(self.options.may.prune) {
                self.finish_unchanged(&prepared).await?;
                held.end();
                return Ok(());
            }
            self.stop_unwritten()?;
            // `None`: somebody else wrote the record first; look at everything again.
            let Some(begun) = self.begin(&prepared, &mut held).await? else {
                races += 1;
                // Who is faster each time is none that we race with: a record that was looked for
                // in the wrong place was once tried for ever.
                if races == RACES {
                    return Err(self.busy(&prepared));
                }
                self.report.restart(self.name);
                continue;
            };
            let result = self.release(&prepared, begun).await;
            // After a failure our holder may stand in the record: the next one here is to know it.
            if result.is_ok() {
                held.end();
            }
            return result;
        }
    }

    /// An instance that is half deleted is deleted to the end before it starts anew.
    /// `false`: somebody else wrote the record first.
    async fn finish_deletion(&mut self, prepared: Prepared, held: &mut Held) -> Result<bool> {
        self.note(format!("{} is half deleted: finishing that first", self.name));
        let Prepared { start, record, deadline, .. } = prepared;
        // What is deployed anew has its definition and its overrides from before.
        locate::follow(self.session, &start.target, &record)?;
        let options = DeleteOptions {
            // The new release needs the namespace to be gone, whatever is waited for afterwards.
            limits: super::options::Limits { no_wait: false, ..self.options.limits },
            ignore_not_found: true,
            delete_crds: false,
        };
        let mut operation = Operation::default();
        let deletion = Deletion {
            session: self.session,
            name: self.name,
            options: &options,
            target: &start.target,
            deadline: deadline.at(),
        };
        let found = start.located.found.as_ref();
        let deleted = deletion.execute(found, record, held, &mut operation).await;
        if operation.wrote {
            self.report.wrote();
        }
        // What became of the old one is told with the new.
        operation.remarks.into_iter().for_each(|remark| self.report.remark(remark));
        self.report.deletion(operation.objects);
        let deleted = deleted?;
        if deleted {
            let observed = Observed {
                status: Status::NotDeployed,
                reason: "its deletion was finished, and nothing is deployed since".to_owned(),
                at: self.session.now(),
            };
            self.session.store().begin_anew(self.name, &observed)?;
            self.report.begin_anew(&observed);
        }
        Ok(deleted)
    }

    /// Nothing is to be written: notes the no-op data, and waits where it is not ready now.
    async fn finish_unchanged(&mut self, prepared: &Prepared) -> Result<()> {
        prepared.record_seen().await;
        locate::follow(self.session, &prepared.start.target, &prepared.record)?;
        prepared.start.target.remember(self.session)?;
        self.report.outcome(OperationOutcome::Unchanged);
        let newest = prepared.newest().map(|deployed| deployed.release.outcome);
        self.note_unseen(prepared)?;
        // A release that was only applied has nobody who saw it ready; one that was ready may have
        // lost its pods since.
        let is_ready = newest == Some(Outcome::Ready) && prepared.draft.is_ready;
        if is_ready || self.options.limits.no_wait {
            return Ok(());
        }
        self.wait_until_ready(prepared).await
    }

    /// Notes in a database that has not seen the instance how its newest release ended.
    fn note_unseen(&self, prepared: &Prepared) -> Result<()> {
        let Some(Deployed { release, .. }) = prepared.newest() else { return Ok(()) };
        let mut store = self.session.store();
        let known = store.instance(self.name)?;
        if known.is_none_or(|known| known.observed.is_some()) {
            return Ok(());
        }
        let status = match prepared.draft.is_ready {
            true => Status::Healthy,
            false => status_of(release.outcome),
        };
        let reason = release.outcome.as_reason().to_owned();
        store.set_observed(self.name, &Observed { status, reason, at: self.session.now() })
    }

    fn busy(&self, prepared: &Prepared) -> Error {
        let Prepared { record, .. } = prepared;
        let name = self.name;
        Error::new(
            ErrorKind::Locked,
            Code::RecordBusy,
            format!("the record of `{name}` cannot be written: others were faster each time"),
        )
        .object(record::head_id(&record.namespace, &record.instance))
        .hint("repeat the command")
    }
}

impl PruneWhen {
    /// Tells whether what left the definition goes with this release.
    fn is_now(self) -> bool {
        match self {
            Self::After | Self::Before => true,
            Self::Never => false,
        }
    }
}
