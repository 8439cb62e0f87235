//! `history`: the releases of an instance, from the database.

use clap::Args;
use jiff::Timestamp;

use crate::{
    commands::invocation::{Done, Invocation},
    ops::history,
    output,
    workload::name::InstanceName,
};

const MORE: &str = "\
A release is one deploy: who made it, when, of which revision, what it changed and how it ended. \
The answer comes from the database and contacts no cluster; releases that another machine made are \
known here once a command has read the instance's record.

Examples:
  workloadctl history web
  workloadctl history web -o wide                       with git commit, CI job and digest
  workloadctl history web --at 2026-11-24T10:00:00Z     what ran then
  workloadctl render web --release 7                    the objects that release 7 sent
  workloadctl rollback web --to 7                       a new release with the content of release 7

Exit codes:
  0  told
  1  no such instance, or no release at that time
  2  wrong command";

/// List the releases of an instance, the newest first, contacting no cluster
#[derive(Debug, Args)]
#[command(after_long_help = MORE)]
pub(crate) struct HistoryArgs {
    /// The instance
    #[arg(value_name = "INSTANCE")]
    name: String,
    /// Only the release that was the newest at a time, in RFC 3339
    #[arg(long, value_name = "TIME", value_parser = time)]
    at: Option<Timestamp>,
}

/// Reads a time with its offset: which zone another one is meant in, nobody knows.
fn time(text: &str) -> Result<Timestamp, &'static str> {
    text.parse().map_err(
        |_| "write date, time and offset, as 2026-11-24T10:00:00Z or 2026-11-24T11:00:00+01:00",
    )
}

/// Lists.
pub(super) fn run(args: HistoryArgs, call: &Invocation) -> Done {
    let HistoryArgs { name, at } = args;
    let name: InstanceName = name.parse()?;
    let history = history::list(&call.open_for_reading()?, &name, at)?;
    output::history::list(&call.printer, &history, call.now)?;
    Ok(None)
}
