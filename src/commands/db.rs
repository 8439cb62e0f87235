//! `db`: the care of the database.

use clap::{Args, Subcommand};

use crate::{
    commands::{
        database::DatabaseUse,
        invocation::{Done, Invocation},
        session::{self, OperationMode},
    },
    ops::{database, stop::Stop},
    output::{self, errors::exit_kind, question::Questions},
};

/// Look after the database: check it, copy it, rebuild it, prune it
#[derive(Debug, Subcommand)]
pub(crate) enum DbCommand {
    Check(DbCheckArgs),
    Backup(BackupArgs),
    Rebuild(RebuildArgs),
    Prune(PruneArgs),
}

/// Check that the database is whole and that nobody else may read it; write nothing
#[derive(Debug, Args)]
#[command(after_long_help = "\
Every page is looked at, every row, and the content of every revision against its digest.

Exit codes:
  0  it is whole
  1  it is not, or there is none
  2  the file is no database of workloadctl")]
pub(crate) struct DbCheckArgs {}

/// Copy the database into a new file, while others may use it
#[derive(Debug, Args)]
#[command(after_long_help = "\
The copy is one file that only you may read; values of Secrets lie in it as in the database. To use \
it, name it with --db, or put it in the place of the database while no command runs.

Examples:
  workloadctl db backup workloads.db

Exit codes:
  0  written
  1  there is no database, or it is damaged
  5  refused: the file exists")]
pub(crate) struct BackupArgs {
    /// The file to write
    #[arg(value_name = "FILE")]
    file: String,
}

/// Fill the database from the records on a runtime
#[derive(Debug, Args)]
#[command(after_long_help = "\
Takes in every record that you may see on the runtime, or with --namespace in that namespace: \
instances, the two releases that a record holds, and their definitions. What the database knows \
better stays. Nothing is written to the cluster.

Examples:
  workloadctl db rebuild --runtime kind-dev
  workloadctl db rebuild --runtime prod --namespace web

Exit codes:
  0  taken in
  1  forbidden, or a record cannot be read
  2  unknown context, no kubeconfig
  7  the runtime cannot be used")]
pub(crate) struct RebuildArgs {}

/// Remove releases and revisions that are too old to be needed
#[derive(Debug, Args)]
#[command(after_long_help = "\
Of each instance stay the newest releases and the two that went well last; of each definition the \
newest revisions, and those of every release that stays. On the clusters nothing changes.

Examples:
  workloadctl db prune --keep 20

Exit codes:
  0  removed, or nothing to remove
  1  answered no
  2  nobody can be asked, and --yes is missing
  6  another process uses the database")]
pub(crate) struct PruneArgs {
    /// How many releases of each instance and revisions of each definition stay
    #[arg(
        long,
        value_name = "N",
        default_value = "10",
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    keep: u32,
}

/// Runs a command.
pub(super) fn run(command: DbCommand, call: &Invocation) -> Done {
    match command {
        DbCommand::Check(DbCheckArgs {}) => check(call),
        DbCommand::Backup(args) => back_up(&args, call),
        DbCommand::Rebuild(RebuildArgs {}) => rebuild(call),
        DbCommand::Prune(args) => prune(&args, call),
    }
}

fn check(call: &Invocation) -> Done {
    let (view, faults) = database::check(&call.db()?)?;
    output::database::checked(&call.printer, &view, &faults)?;
    call.printer.errors(&faults);
    Ok(exit_kind(&faults))
}

fn back_up(args: &BackupArgs, call: &Invocation) -> Done {
    let BackupArgs { file } = args;
    let view = database::back_up(&call.db()?, &call.env.current_dir.join(file), file)?;
    output::database::backed_up(&call.printer, &view)?;
    Ok(None)
}

fn rebuild(call: &Invocation) -> Done {
    let mode = OperationMode {
        command: "workloadctl db rebuild".into(),
        database: DatabaseUse::Stored,
        ..OperationMode::default()
    };
    let (view, errors) =
        session::run(call, mode, async |around| database::rebuild(around.session).await)??;
    output::database::rebuilt(&call.printer, &view, &errors)?;
    call.printer.errors(&errors);
    Ok(exit_kind(&errors))
}

fn prune(args: &PruneArgs, call: &Invocation) -> Done {
    let PruneArgs { keep } = args;
    let (_, stop) = Stop::channel();
    let questions = Questions::new(call.printer, call.yes, false, stop);
    let keep = usize::try_from(*keep).unwrap_or(usize::MAX);
    let view = database::prune(&mut call.open()?, keep, &questions)?;
    output::database::pruned(&call.printer, &view)?;
    Ok(None)
}
