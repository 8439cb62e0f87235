//! `delete`: removes instances from their clusters and from the database.

use clap::Args;
use futures::{StreamExt as _, stream};

use crate::{
    commands::{
        database::DatabaseUse,
        fleet::not_begun,
        invocation::{Done, Failures, Invocation},
        limits::LimitArgs,
        names::instance_names,
        session::{self, OperationMode, Surroundings, unless_stopped},
    },
    ops::{delete, options::DeleteOptions},
    output::{
        format::Format,
        operation::{Answers, Verb},
    },
    workload::name::InstanceName,
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
    #[arg(value_name = "INSTANCE", required = true)]
    names: Vec<String>,
    /// How long to go on.
    #[command(flatten)]
    limits: LimitArgs,
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

/// How many instances are deleted at a time: each waits for its namespace for most of it.
const SIDE_BY_SIDE: usize = 8;

/// Deletes.
pub(super) fn run(args: DeleteArgs, call: &Invocation) -> Done {
    call.only("delete", &[Format::Table, Format::Json])?;
    let DeleteArgs { names, limits, forget, ignore_not_found, delete_crds } = args;
    let names = instance_names(&names)?;
    let options = DeleteOptions { limits: limits.check(call), ignore_not_found, delete_crds };
    let several = names.len() > 1;
    let all: Vec<&str> = names.iter().map(InstanceName::as_str).collect();
    let command = format!("workloadctl delete {}", all.join(" "));
    let database = if forget { DatabaseUse::Stored } else { DatabaseUse::Cache };
    let mode = OperationMode { command, database, several, ..OperationMode::default() };
    let answers = || Answers::new(call.printer, Verb::Delete { forgets: forget }, several);
    let told = session::run(call, mode, async |Surroundings { session, progress }| {
        let mut answers = answers();
        // One question at a time.
        let width = if session.ask.is_asking() { 1 } else { SIDE_BY_SIDE };
        let mut operations = stream::iter(&names)
            .map(async |name| {
                let operation = match session.stop.requested() {
                    Some(signal) => not_begun(name, signal),
                    None if forget => delete::forget(session, name, &options),
                    None => delete::run(session, name, &options).await,
                };
                (name, operation)
            })
            .buffered(width);
        while let Some((name, mut operation)) = operations.next().await {
            // A signal at the question reads as a no: what it was is known here.
            operation.error = operation.error.map(|error| unless_stopped(error, &session.stop));
            progress.finish(name.as_str());
            answers.add(operation)?;
        }
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
