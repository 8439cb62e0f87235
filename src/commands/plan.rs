//! `plan`: what a deploy would do, without doing it.

use clap::Args;

use crate::{
    commands::{
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
    /// Exit with 4 if anything would change
    #[arg(long)]
    exit_code: bool,
}

/// Plans.
pub(super) fn run(args: PlanArgs, call: &Invocation) -> Done {
    call.only("plan", &[Format::Table, Format::Json])?;
    let PlanArgs { release, exit_code } = args;
    let end = fleet::run(release, Limits::none(), FleetCommand::Plan, call)?;
    let changes = (exit_code && end.changes).then_some(ErrorKind::Changes);
    Ok(end.failed.or(changes))
}
