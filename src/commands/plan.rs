//! `plan`: what a deploy would do, without doing it.

use clap::Args;

use crate::{
    commands::{
        diff_style::DiffStyleArgs,
        fleet::{self, FleetCommand},
        invocation::{Done, Invocation},
        release::ReleaseArgs,
    },
    ops::options::Limits,
    output::format::Format,
    workload::error::ErrorKind,
};

const MORE: &str = "\
Per object: create, update, unchanged, recreate, adopt, prune, or blocked, with the reason. The \
server is asked, nothing is written, neither to the cluster nor to the database.

Examples:
  workloadctl plan web                        what `deploy web` would do
  workloadctl plan web -f k8s/ --exit-code    4 if anything would change
  workloadctl plan web --diff fields          with a line for each field that changes

Exit codes:
  0  planned
  2  wrong command or input
  4  something would change (only with --exit-code)
  5  a deploy would be refused
  7  the runtime cannot be used";

/// Show what a deploy would do, object by object
#[derive(Debug, Args)]
#[command(after_long_help = MORE)]
pub(crate) struct PlanArgs {
    /// What to release.
    #[command(flatten)]
    release: ReleaseArgs,
    /// How changes are shown.
    #[command(flatten)]
    style: DiffStyleArgs,
    /// Exit with 4 if anything would change
    #[arg(long)]
    exit_code: bool,
}

/// Plans.
pub(super) fn run(args: PlanArgs, call: &Invocation) -> Done {
    call.only("plan", &[Format::Table, Format::Json])?;
    let PlanArgs { release, style, exit_code } = args;
    let command = FleetCommand::Plan(style.style(call));
    let end = fleet::run(release, Limits::none(), command, call)?;
    let changes = (exit_code && end.changes).then_some(ErrorKind::Changes);
    Ok(end.failed.or(changes))
}
