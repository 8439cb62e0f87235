//! The way over many instances: wave by wave, no further than failures allow, and back where that is
//! wanted.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::runtime::Handle;

use super::{FleetResult, instances::Fleet};
use crate::{
    commands::{
        invocation::{Failures, Invocation},
        selection::{Member, Selection},
        session::Surroundings,
    },
    ops::{
        catalogue, deploy,
        events::{Event, RETURNING},
        history,
        options::{DeployOptions, Earlier, Permissions, Validation},
        session::Session,
        several::shown,
        side_by_side::Steps,
        view::{InstanceView, Operation, OperationOutcome},
    },
    output::operation::Answers,
    workload::{
        error::{Code, Error, ErrorKind, Result},
        name::DefinitionName,
    },
};

impl Fleet {
    /// Deploys or plans the instances side by side, and tells what became of each and of all.
    ///
    /// # Errors
    /// What ended it before the first instance, an answer no among it.
    pub(super) async fn each(
        &self,
        around: &Surroundings<'_>,
        selection: Selection,
        mut answers: Answers,
        call: &Invocation,
    ) -> Result<FleetResult, Failures> {
        // A plan that is done goes where it was made for.
        let placed = self.options.frozen.as_ref().map(|frozen| {
            around.session.at(Some(frozen.runtime.clone()), frozen.namespace.clone())
        });
        let session = placed.as_ref().unwrap_or(around.session);
        if self.asks {
            ask(session)?;
        }
        let mut options = self.options.clone();
        if let Some(Earlier::Like { instance, .. }) = &options.earlier {
            // It can be brought to instances of its own definition alone.
            options.definition = Some(history::last_good(&session.store(), instance)?.definition);
        }
        let members = self.members(session, selection, options.definition.as_ref())?;
        if members.is_empty() {
            let none = if self.retries { "no instance is due" } else { "no instances fit" };
            call.printer.talk(&format!("{none}; `workloadctl list` shows what there is"));
        }
        if members.len() > 1 {
            let all = members.iter().map(|member| (&member.name, None));
            catalogue::check_drops_of_several(&session.store(), &options.edits, all)?;
            options.is_one_of_several = true;
        }
        let waves = Rollout { fleet: self, session, members: &members, options: &options };
        waves.run(around, &mut answers, call)?;
        answers.sum_up_instances()?;
        let (changes, frozen) = (answers.has_changes(), answers.frozen());
        Ok(FleetResult { failed: answers.end()?, changes, frozen })
    }

    fn members(
        &self,
        session: &Session<'_>,
        selection: Selection,
        definition: Option<&DefinitionName>,
    ) -> Result<Vec<Member>> {
        let members = selection.resolve(session, definition)?;
        if !self.retries {
            return Ok(members);
        }
        let store = session.store();
        let due = |member: Member| match catalogue::is_due(&store, &member.name) {
            Ok(is_due) => is_due.then_some(Ok(member)),
            Err(error) => Some(Err(error)),
        };
        members.into_iter().filter_map(due).collect()
    }
}

/// Asks whether what was shown is to be done. Nothing is locked meanwhile.
fn ask(session: &Session<'_>) -> Result<()> {
    session.confirm("Do this?", "answered no; nothing was written", || {
        Error::usage(Code::NeedsYes, "--ask: there is nobody to be asked")
            .hint("`--yes` says yes; without `--ask` nobody is asked")
    })
}

/// The instances that are gone over.
struct Rollout<'a> {
    fleet: &'a Fleet,
    session: &'a Session<'a>,
    members: &'a [Member],
    options: &'a DeployOptions,
}

/// The instances that failed so far, with their class of failure.
#[derive(Default)]
struct Failed(Mutex<Vec<(String, ErrorKind)>>);

impl Failed {
    fn all(&self) -> MutexGuard<'_, Vec<(String, ErrorKind)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a rollout changed, of what went well.
struct Gone<'a> {
    /// What has a release before to return to.
    moved: Vec<&'a Member>,
    /// The names of what is new.
    new: Vec<String>,
}

impl Rollout<'_> {
    /// Goes over all instances, and tells what became of each.
    ///
    /// # Errors
    /// Where it cannot be told.
    fn run(
        &self,
        around: &Surroundings<'_>,
        answers: &mut Answers,
        call: &Invocation,
    ) -> Result<()> {
        let failed = Failed::default();
        let Gone { moved, new } = self.go(&failed, around, answers, call)?;
        if !self.options.rollback_on_failure || self.goes_on(&failed) {
            return Ok(());
        }
        // A signal is none of the releases' faults.
        if self.session.stop.requested().is_some() {
            let moved = moved.iter().map(|member| member.name.as_str());
            let stay: Vec<&str> = moved.chain(new.iter().map(String::as_str)).collect();
            if !stay.is_empty() {
                let stay = format!("stopped; on the new release stays: {}", stay.join(", "));
                call.printer.talk(&stay);
            }
            return Ok(());
        }
        if !new.is_empty() {
            call.printer.talk(&format!(
                "new, and so with nothing to return to: {}; `workloadctl delete {}` removes what is new",
                new.join(", "),
                new.join(" ")
            ));
        }
        self.return_all(&moved, around, answers, call)
    }

    /// Deploys wave by wave, as far as failures allow.
    fn go(
        &self,
        failed: &Failed,
        around: &Surroundings<'_>,
        answers: &mut Answers,
        call: &Invocation,
    ) -> Result<Gone<'_>> {
        let ends = self.fleet.pace.ends(self.members.len());
        let (handle, verb) = (Handle::current(), answers.verb());
        around.progress.queue(self.members.iter().map(|member| member.name.as_str()));
        let (mut begin, mut told) = (0, Ok(()));
        let (mut done, mut new) = (Vec::new(), Vec::new());
        for (number, end) in ends.iter().enumerate() {
            let wave = &self.members[begin..*end];
            if ends.len() > 1 && self.goes_on(failed) {
                let (count, s) = (wave.len(), if wave.len() == 1 { "" } else { "s" });
                let (number, of) = (number + 1, ends.len());
                let wave = format!("wave {number} of {of}: {count} instance{s}");
                around.progress.above(|| call.printer.talk(&wave));
            }
            Steps { needs: &vec![Vec::new(); wave.len()], width: self.fleet.width }.run(
                |step, _: &[Operation]| {
                    let operation = handle.block_on(self.one(&wave[step], failed));
                    around.progress.end(verb, &operation);
                    operation
                },
                |operation| {
                    let tell = || answers.add(operation.clone());
                    if let Err(error) = around.progress.answer(&operation.instance.name, tell) {
                        told = Err(error);
                    }
                    done.push(has_moved(operation));
                    new.extend(is_new(operation).then(|| operation.instance.name.clone()));
                },
            );
            begin = *end;
        }
        let moved = self.members.iter().zip(done);
        let moved = moved.filter_map(|(member, moved)| moved.then_some(member)).collect();
        told.map(|()| Gone { moved, new })
    }

    fn goes_on(&self, failed: &Failed) -> bool {
        self.fleet.pace.goes_on(failed.all().len())
    }

    async fn one(&self, member: &Member, failed: &Failed) -> Operation {
        if !self.goes_on(failed) {
            return held_back(member, &failed.all());
        }
        let operation = self.fleet.one(self.session, member, self.options).await;
        if let Some(error) = &operation.error {
            failed.all().push((member.name.to_string(), error.kind));
        }
        operation
    }

    /// Brings the instances back that this rollout changed, and that are well; those that failed have
    /// returned by themselves.
    fn return_all(
        &self,
        moved: &[&Member],
        around: &Surroundings<'_>,
        answers: &mut Answers,
        call: &Invocation,
    ) -> Result<()> {
        let options = DeployOptions {
            earlier: Some(Earlier::Release(None)),
            may: Permissions {
                prune: self.options.may.prune,
                conflicts: self.options.may.conflicts,
                // It has been on the cluster: whatever it is, the server took it.
                validation: Validation::Ignore,
                ..Permissions::default()
            },
            ..DeployOptions::of(self.options.limits)
        };
        let names: Vec<&str> = moved.iter().map(|member| member.name.as_str()).collect();
        if !names.is_empty() {
            call.printer
                .talk(&format!("returning what this rollout changed: {}", names.join(", ")));
        }
        let (handle, verb, mut told) = (Handle::current(), answers.verb(), Ok(()));
        around.progress.queue(names.into_iter());
        Steps { needs: &vec![Vec::new(); moved.len()], width: self.fleet.width }.run(
            |step, _: &[Operation]| {
                let Member { name, runtime } = moved[step];
                let session = self.session.at(runtime.clone(), self.session.namespace.clone());
                session.report(name, Event::Phase(RETURNING));
                let back = handle.block_on(deploy::run(&session, name, &options));
                around.progress.end(verb, &back);
                back
            },
            |back| {
                let tell = || answers.add_return(back.clone());
                if let Err(error) = around.progress.answer(&back.instance.name, tell) {
                    told = Err(error);
                }
            },
        );
        told
    }
}

/// Tells whether an instance has a new release that went well, and one before it to return to.
fn has_moved(operation: &Operation) -> bool {
    went_well(operation) && operation.instance.release.is_some_and(|number| number > 1)
}

/// Tells whether the first release of an instance went well.
fn is_new(operation: &Operation) -> bool {
    went_well(operation) && operation.instance.release == Some(1)
}

fn went_well(operation: &Operation) -> bool {
    let InstanceView { outcome, .. } = &operation.instance;
    matches!(outcome, Some(OperationOutcome::Ready | OperationOutcome::Applied))
        && operation.error.is_none()
}

/// The answer for an instance that was not begun because too many failed before.
fn held_back(member: &Member, failed: &[(String, ErrorKind)]) -> Operation {
    let kind = failed.iter().map(|(_, kind)| *kind).min_by_key(|kind| kind.rank());
    let error = Error::new(
        kind.unwrap_or(ErrorKind::NotReady),
        Code::DependencyFailed,
        format!("`{}` was not begun", member.name),
    );
    let names: Vec<String> = failed.iter().map(|(name, _)| format!("`{name}`")).collect();
    let mut operation = Operation::of(&member.name);
    operation.instance.outcome = Some(OperationOutcome::Refused);
    operation.instance.runtime.clone_from(&member.runtime);
    operation.error = Some(error.cause(format!("{} failed", shown(names).join(", "))));
    operation
}
