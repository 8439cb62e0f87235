//! `delete`: removes instances from their clusters and from the database.

use clap::Args;
use futures::{StreamExt as _, stream};
use tokio::runtime::Handle;

use crate::{
    commands::{
        database::DatabaseUse,
        fleet::not_begun,
        invocation::{Done, Failures, Invocation},
        limits::LimitArgs,
        names::instance_names,
        parallel::ParallelArgs,
        reports::ReportArgs,
        session::{self, OperationMode, Surroundings},
        workload_file::{NamedWorkload, looked_for},
    },
    ops::{
        delete,
        events::needs_yes,
        options::DeleteOptions,
        session::Session,
        side_by_side::Steps,
        stop::unless_stopped,
        view::{Operation, OperationOutcome},
    },
    output::{
        format::Format,
        operation::{Answers, Verb},
    },
    workload::{
        error::{Code, Error, ErrorKind, Result},
        file::{FileDefinition, FileInstance},
        name::InstanceName,
        shell::quoted,
    },
};

const LONG: &str = "\
Delete instances with all their objects; their definitions stay

Steps:
  1. record on the cluster that the instance is being deleted
  2. delete custom resources, and wait until their operator has finished them
  3. delete everything else, custom resource definitions last
  4. delete the record and the namespace that the instance made";

const MORE: &str = "\
Examples:
  workloadctl delete web
  workloadctl delete pr-17 --yes --ignore-not-found     in a script
  workloadctl delete -f app.yaml                        what a workload file names
  workloadctl delete web --forget                       its cluster is gone

Exit codes:
  0  everything is gone (with --no-wait: every deletion is sent)
  1  no such instance, out of time, answered no
  2  wrong command, or nobody to ask and no --yes
  6  somebody else works on the instance
  7  the runtime cannot be used; everything is kept
  130, 143  stopped by SIGINT or SIGTERM, in good order";

/// Delete instances with all their objects; their definitions stay
#[derive(Debug, Args)]
#[command(long_about = LONG, after_long_help = MORE)]
pub(crate) struct DeleteArgs {
    /// The instances
    #[arg(value_name = "INSTANCE", required_unless_present = "file")]
    names: Vec<String>,
    /// Delete the instances of a workload file, whoever depends on another first; then its
    /// definitions that no other instance runs
    #[arg(short, long, value_name = "FILE")]
    file: Option<String>,
    /// How long to go on.
    #[command(flatten)]
    limits: LimitArgs,
    /// How many at once.
    #[command(flatten)]
    parallel: ParallelArgs,
    /// What is left for a CI system.
    #[command(flatten)]
    reports: ReportArgs,
    /// Contact no cluster: only drop what is stored here, and list what may be left there
    #[arg(long)]
    forget: bool,
    /// Succeed where there is no such instance
    #[arg(long)]
    ignore_not_found: bool,
    /// Delete custom resource definitions although others have custom resources of them
    #[arg(long, conflicts_with = "forget")]
    delete_crds: bool,
}

/// Deletes.
pub(super) fn run(args: DeleteArgs, call: &Invocation) -> Done {
    call.only("delete", &[Format::Table, Format::Json])?;
    let DeleteArgs {
        names,
        file,
        limits,
        parallel,
        reports,
        forget,
        ignore_not_found,
        delete_crds,
    } = args;
    let call = &reports.heed(call)?;
    let options = DeleteOptions { limits: limits.check(call), ignore_not_found, delete_crds };
    if let Some(file) = file {
        let named = NamedWorkload::at(&file, &names, call)?;
        // Of a group that was deployed in part, what is there goes.
        let ignore_not_found = options.ignore_not_found || named.is_list();
        let each = DeleteOptions { ignore_not_found, ..options };
        return FileDeletion { named, options, each, parallel, forget, call }.run();
    }
    let names = instance_names(&names)?;
    let several = names.len() > 1;
    let all: Vec<&str> = names.iter().map(InstanceName::as_str).collect();
    let command = format!("workloadctl delete {}", all.join(" "));
    let mode =
        OperationMode { command, database: database(forget), several, ..OperationMode::default() };
    let answers = || call.answers(Verb::Delete { forgets: forget }, several);
    let told = session::run(call, mode, async |Surroundings { session, progress }| {
        let mut answers = answers();
        let (options, verb) = (&options, answers.verb());
        progress.queue(names.iter().map(InstanceName::as_str));
        let mut operations = stream::iter(&names)
            .map(|name| async move {
                // What the servers warn of is told of its own instance.
                let own = session.at(session.runtime.clone(), session.namespace.clone());
                let operation = one(&own, name, options, forget).await;
                progress.end(verb, &operation);
                (name, operation)
            })
            .buffered(width(session, parallel));
        while let Some((name, operation)) = operations.next().await {
            progress.answer(name.as_str(), || answers.add(operation))?;
        }
        answers.sum_up_instances()?;
        answers.end()
    });
    match told {
        Ok(failed) => Ok(failed?),
        Err(Failures(failures)) => {
            // What is wrong before the first instance is wrong for all of them.
            let name = if several { "" } else { names[0].as_str() };
            Ok(answers().fail(name, &failures)?)
        }
    }
}

/// Gives how many are deleted at once: one question at a time.
fn width(session: &Session<'_>, parallel: ParallelArgs) -> usize {
    if session.ask.is_asking() { 1 } else { parallel.width() }
}

/// What the database is to a deletion.
fn database(forget: bool) -> DatabaseUse {
    if forget { DatabaseUse::Stored } else { DatabaseUse::Cache }
}

async fn one(
    session: &Session<'_>,
    name: &InstanceName,
    options: &DeleteOptions,
    forget: bool,
) -> Operation {
    let mut operation = match session.stop.requested() {
        Some(signal) => not_begun(name, signal),
        None if forget => delete::forget(session, name, options),
        None => delete::run(session, name, options).await,
    };
    // A signal at the question reads as a no: what it was is known here.
    operation.error = operation.error.map(|error| unless_stopped(error, &session.stop));
    operation
}

/// The deletion of what a workload file names.
struct FileDeletion<'a> {
    named: NamedWorkload,
    options: DeleteOptions,
    /// The options of each instance.
    each: DeleteOptions,
    parallel: ParallelArgs,
    forget: bool,
    call: &'a Invocation,
}

impl FileDeletion<'_> {
    fn run(self) -> Done {
        let Self { named, forget, call, .. } = &self;
        let (several, list) = (named.is_list(), named.lists());
        let mode = OperationMode {
            command: format!("workloadctl delete -f {}", quoted(&named.file.name)),
            database: database(*forget),
            several,
            stdin_is_source: named.file.name == "-",
        };
        let answers = || call.answers(Verb::Delete { forgets: *forget }, list).of_file(several);
        let told = session::run(call, mode, async |around| self.each(&around, answers()));
        match told.flatten() {
            Ok(failed) => Ok(failed),
            Err(Failures(failures)) => Ok(answers().fail(named.subject(), &failures)?),
        }
    }

    fn each(&self, around: &Surroundings<'_>, mut answers: Answers) -> Done {
        let Self { named, call, .. } = self;
        // Before anybody is asked.
        for (dependent, needed) in named.dependents_outside() {
            let needed: Vec<String> = needed.iter().map(|name| format!("`{name}`")).collect();
            let (file, needed) = (&named.file.name, needed.join(" and "));
            call.printer.warn(&format!("{file}: `{dependent}` stays, and depends on {needed}"));
        }
        if !around.session.ask.can_answer() {
            let file = &named.file.name;
            let doing = format!("deleting what {file} names");
            let command = format!("workloadctl delete -f {} --yes", quoted(file));
            return Err(needs_yes(&doing, &command).into());
        }
        // Whoever depends on an instance goes before it.
        let mut needs = vec![Vec::new(); named.selected.len()];
        let last = needs.len().saturating_sub(1);
        for (dependent, needed) in named.needs().into_iter().enumerate() {
            needed.iter().for_each(|needed| needs[last - needed].push(last - dependent));
        }
        around.progress.queue(named.selected.iter().rev().map(|instance| instance.name.as_str()));
        let (handle, verb) = (Handle::current(), answers.verb());
        let (mut told, mut all_gone, mut any_there) = (Ok(()), true, false);
        let width = width(around.session, self.parallel);
        Steps { needs: &needs, width }.run(
            |step, dependents: &[Operation]| {
                let instance = &named.selected[last - step];
                let operation = handle.block_on(self.one(instance, dependents, around));
                around.progress.end(verb, &operation);
                operation
            },
            |operation| {
                all_gone &= operation.error.is_none();
                any_there |= operation.instance.outcome != Some(OperationOutcome::Unchanged);
                let tell = || answers.add(operation.clone());
                if let Err(error) = around.progress.answer(&operation.instance.name, tell) {
                    told = Err(error);
                }
            },
        );
        told?;
        if named.is_list() && !named.selected.is_empty() {
            answers.sum_up(&named.file.name)?;
        }
        if all_gone && !named.picked && !self.options.limits.no_wait {
            any_there |= delete_definitions(named, around.session, call)?;
        }
        let failed = answers.end()?;
        if any_there || self.options.ignore_not_found {
            return Ok(failed);
        }
        let message = format!("nothing that {} names is there", named.file.name);
        call.printer.errors(&[Error::failed(Code::NoSuchInstance, message)]);
        Ok(Some(ErrorKind::Failed))
    }

    async fn one(
        &self,
        instance: &FileInstance,
        dependents: &[Operation],
        around: &Surroundings<'_>,
    ) -> Operation {
        let name = &instance.name;
        let kept = dependents.iter().find_map(|other| Some((other, other.error.as_ref()?)));
        if let Some((dependent, why)) = kept {
            let dependent = &dependent.instance.name;
            let message = format!("`{name}` was not begun: `{dependent}` depends on it");
            let error = Error::new(why.kind, Code::DependencyFailed, message);
            return Operation {
                error: Some(error.cause(format!("`{dependent}` is not deleted"))),
                ..Operation::of(name)
            };
        }
        let brought = || self.named.first_namespace(instance, self.call);
        match looked_for(around.session, instance, brought) {
            Ok(session) => one(&session, name, &self.each, self.forget).await,
            Err(error) => Operation { error: Some(error), ..Operation::of(name) },
        }
    }
}

/// Deletes the definitions of a file that no instance runs any more; tells whether there was one.
fn delete_definitions(
    named: &NamedWorkload,
    session: &Session<'_>,
    call: &Invocation,
) -> Result<bool> {
    let mut any_there = false;
    let only = named.selected.is_empty();
    if only {
        let file = &named.file.name;
        let question = format!("Delete the definitions of {file} with all their revisions?");
        session.confirm(&question, "nothing was deleted", || {
            let doing = format!("deleting the definitions of {file}");
            needs_yes(&doing, "the same command with --yes")
        })?;
    }
    for FileDefinition { name, .. } in &named.file.definitions {
        let mut store = session.store();
        if store.definition(name)?.is_none() {
            continue;
        }
        any_there = true;
        match store.deletable_definition(name) {
            Ok(_) => {
                store.delete_definition(name)?;
                call.printer.talk(&format!("definition {name} deleted"));
            }
            // A file without instances is about nothing else.
            Err(error) if only => return Err(error),
            Err(error) => call.printer.talk(&format!("definition {name} stays: {}", error.message)),
        }
    }
    Ok(any_there)
}
