//! `logs`: what the containers of an instance write.

use std::time::Duration;

use clap::Args;
use regex::Regex;

use crate::{
    commands::{
        database::DatabaseUse,
        invocation::{Done, Invocation},
        session::{self, OperationMode, Surroundings},
    },
    ops::logs::{self, LogOptions},
    output::{format::Format, logs::LogPrinter, reader},
    workload::{
        duration::parse_duration,
        error::{Code, Error},
        name::InstanceName,
    },
};

const MORE: &str = "\
All containers of the instance's pods side by side, each line as `POD/CONTAINER | text` on stdout. \
With -f pods join as they come, a stream that breaks is taken up without repeating a line, and the \
end of a pod is said on stderr; it goes on until Ctrl-C, or until nobody reads.

Examples:
  workloadctl logs web --tail 20
  workloadctl logs web Deployment/web -f        the pods of one object
  workloadctl logs web web-7d9f-x --previous    what a pod's run before the present one wrote
  workloadctl logs web --grep 'ERROR|panic' --since 10m

Exit codes:
  0  told (with -f: stopped)
  1  no such instance, no container that has run, or pods that may not be read
  2  wrong command
  7  the runtime cannot be used";

/// Show what the containers of an instance write
#[derive(Debug, Args)]
#[command(after_long_help = MORE)]
pub(crate) struct LogsArgs {
    /// The instance
    #[arg(value_name = "INSTANCE")]
    name: String,
    /// An object of the instance (KIND/NAME), a pod, a container, or POD/CONTAINER [default: all]
    #[arg(value_name = "TARGET")]
    target: Option<String>,
    /// Go on with what is written, and with pods that come
    #[arg(short, long)]
    follow: bool,
    /// Only what was written in so much time
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    since: Option<Duration>,
    /// Only so many of the last lines of each container
    #[arg(long, value_name = "N")]
    tail: Option<u64>,
    /// What the runs before the present ones wrote
    #[arg(long, conflicts_with = "follow")]
    previous: bool,
    /// Only lines in which a regular expression is found
    #[arg(long, value_name = "REGEX")]
    grep: Option<String>,
    /// Begin each line with its time
    #[arg(long)]
    timestamps: bool,
    /// Do not say who wrote a line
    #[arg(long)]
    no_prefix: bool,
}

/// Shows.
pub(super) fn run(args: LogsArgs, call: &Invocation) -> Done {
    call.only("logs", &[Format::Table])?;
    let LogsArgs { name, target, follow, since, tail, previous, grep, timestamps, no_prefix } =
        args;
    let name: InstanceName = name.parse()?;
    let wrong = |error: regex::Error| {
        Error::usage(Code::InvalidFlag, "--grep is no regular expression").chain(&error)
    };
    let grep = grep.as_deref().map(Regex::new).transpose().map_err(wrong)?;
    let options = LogOptions { follow, since, tail, previous, grep, target };
    let printer = LogPrinter { printer: call.printer, timestamps, prefix: !no_prefix };
    let mode = OperationMode {
        command: format!("workloadctl logs {name}"),
        database: DatabaseUse::Looked,
        ..OperationMode::default()
    };
    session::run(call, mode, async |Surroundings { session, .. }| {
        tokio::select! {
            shown = logs::show(session, &name, &options, |event| printer.tell(&event)) => shown,
            // It would be noticed only when the next line is written.
            () = reader::gone() => Ok(()),
        }
    })??;
    Ok(None)
}
