//! `status`: instances as they are on their clusters.

use std::time::Duration;

use clap::Args;

use crate::{
    cli::parse_duration,
    commands::{
        call::{Call, Done},
        names::instance_names,
    },
    workload::error::Error,
};

const MORE: &str = "\
Without names a table of all instances, with one name the tree of its objects, with several a \
table. Runtimes are asked side by side, each for 5 s at most (--request-timeout).

Examples:
  workloadctl status
  workloadctl status web
  workloadctl status web --wait --timeout 2m     until it is healthy

Exit codes:
  0  answered (with --exit-code or --wait: everything is Healthy)
  1  no such instance
  3  not Healthy (only with --exit-code or --wait)
  7  a named instance cannot be asked";

/// Show instances as they are on their clusters, and why they are not ready
#[derive(Debug, Args)]
#[command(after_long_help = MORE)]
pub struct StatusArgs {
    /// The instances; none are all
    #[arg(value_name = "INSTANCE")]
    names: Vec<String>,
    /// Wait until everything is healthy
    #[arg(long)]
    wait: bool,
    /// How long to wait; 0 is for ever
    #[arg(
        long,
        value_name = "DURATION",
        value_parser = parse_duration,
        default_value = "5m",
        requires = "wait"
    )]
    timeout: Duration,
    /// Exit with 3 unless everything is healthy
    #[arg(long)]
    exit_code: bool,
}

/// Asks.
pub(super) fn run(args: StatusArgs, _call: &Call) -> Done {
    let StatusArgs { names, wait: _, timeout: _, exit_code: _ } = args;
    let _names = instance_names(&names)?;
    Err(Error::failed("unfinished", "status is not there yet").into())
}
