//! `rollback`: a new release with the content and the overrides of an earlier one.

use clap::Args;

use crate::{
    commands::{
        diff_style::DiffStyleArgs,
        fleet::{self, FleetCommand},
        invocation::{Done, Invocation},
        limits::LimitArgs,
        reports::ReportArgs,
        watching::WatchArgs,
    },
    ops::options::{DeployOptions, Earlier, Permissions, Validation},
    output::format::Format,
    workload::name::InstanceName,
};

const MORE: &str = "\
Without --to it returns to the newest release that went well and brought something else than the \
last one. Content and overrides are exactly those of that release: fields added since are removed, \
and so are objects. It is a release like any other, planned, waited for and recorded; the next \
`deploy` brings the newest revision again.

Examples:
  workloadctl rollback web             to what ran before
  workloadctl rollback web --to 7      to release 7
  workloadctl rollback web --dry-run   what that would change

Exit codes: as those of `deploy`; 1 where there is no such release.";

/// Return an instance to what an earlier release of it was
#[derive(Debug, Args)]
#[command(after_long_help = MORE)]
pub(crate) struct RollbackArgs {
    /// The instance
    #[arg(value_name = "INSTANCE")]
    name: String,
    /// The number of the release to return to
    #[arg(long, value_name = "RELEASE")]
    to: Option<u64>,
    /// Delete an object and make it again where it cannot be changed in place
    #[arg(long, value_name = "OBJECT")]
    replace: Vec<String>,
    /// How long to go on.
    #[command(flatten)]
    limits: LimitArgs,
    /// How to look at what is waited for.
    #[command(flatten)]
    watch: WatchArgs,
    /// What is left for a CI system.
    #[command(flatten)]
    reports: ReportArgs,
    /// Show what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// How that is shown.
    #[command(flatten)]
    style: DiffStyleArgs,
}

/// Rolls back.
pub(super) fn run(args: RollbackArgs, call: &Invocation) -> Done {
    call.only("rollback", &[Format::Table, Format::Json])?;
    let RollbackArgs { name, to, replace, limits, watch, reports, dry_run, style } = args;
    let call = &reports.heed(call)?;
    let name: InstanceName = name.parse()?;
    let options = DeployOptions {
        earlier: Some(Earlier::Release(to)),
        // It has been on the cluster: whatever it is, the server took it.
        may: Permissions { replace, validation: Validation::Ignore, ..Permissions::default() },
        watching: watch.check(),
        ..DeployOptions::of(limits.check(call))
    };
    let command =
        if dry_run { FleetCommand::Plan(style.style(call)) } else { FleetCommand::Deploy };
    let line = format!("workloadctl rollback {name}");
    fleet::run_one(name, line, options, command, call).map(|end| end.failed)
}
