//! `sandbox`: the Kubernetes API inside the program.

use clap::{Args, Subcommand};

use crate::{
    commands::invocation::{Done, Invocation},
    ops::{events, runtimes::reset_sandbox, stop::Stop},
    output::{self, format::Format, question::Questions},
    workload::error::{Code, Error},
};

/// Handle the sandbox: a Kubernetes API inside the program, for trying and rehearsing
#[derive(Debug, Subcommand)]
pub(crate) enum SandboxCommand {
    Reset(ResetArgs),
}

/// Empty the sandbox: what was deployed to it is lost
#[derive(Debug, Args)]
#[command(after_long_help = "\
Exit codes:
  0  it is empty
  1  answered no
  2  nobody can be asked, and --yes is missing")]
pub(crate) struct ResetArgs {}

/// Runs a command.
pub(super) fn run(command: SandboxCommand, call: &Invocation) -> Done {
    match command {
        SandboxCommand::Reset(ResetArgs {}) => reset(call),
    }
}

fn reset(call: &Invocation) -> Done {
    call.only("sandbox reset", &[Format::Table, Format::Json])?;
    let (_, stop) = Stop::channel();
    let questions = Questions::new(call.printer, call.yes, false, stop);
    let question = "Empty the sandbox? What was deployed to it is lost.";
    events::confirm(&questions, question, "answered no; the sandbox is as it was", || {
        let message = "emptying the sandbox needs --yes where nobody can be asked";
        Error::usage(Code::NeedsYes, message).hint("workloadctl sandbox reset --yes")
    })?;
    reset_sandbox(&call.db()?)?;
    output::sandbox::emptied(&call.printer)?;
    Ok(None)
}
