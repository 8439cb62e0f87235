//! `runtime`: the contexts of the kubeconfig, as the places where instances run.

use clap::{Args, Subcommand};

use crate::{
    commands::call::{Call, Done},
    workload::error::Error,
};

/// Handle runtimes: the contexts of your kubeconfig
#[derive(Debug, Subcommand)]
pub(crate) enum RuntimeCommand {
    List(ListArgs),
    Use(UseArgs),
    Check(CheckArgs),
}

/// List runtimes: the contexts of the kubeconfig; contact none
#[derive(Debug, Args)]
pub struct ListArgs {}

/// Choose the default runtime of new instances
#[derive(Debug, Args)]
#[command(after_long_help = "\
Exit codes:
  0  chosen
  2  unknown context")]
pub struct UseArgs {
    /// The context, or `-` to clear the choice
    #[arg(value_name = "CONTEXT")]
    context: String,
}

/// Ask runtimes for their version and for who you are there
#[derive(Debug, Args)]
#[command(after_long_help = "\
Exit codes:
  0  they answer
  2  unknown context, no kubeconfig
  7  one does not answer, or does not let you in")]
pub struct CheckArgs {
    /// The contexts [default: the one that a new instance would get]
    #[arg(value_name = "CONTEXT")]
    contexts: Vec<String>,
}

/// Runs a command.
pub(super) fn run(command: RuntimeCommand, _call: &Call) -> Done {
    match command {
        RuntimeCommand::List(ListArgs {}) => {}
        RuntimeCommand::Use(UseArgs { context: _ }) => {}
        RuntimeCommand::Check(CheckArgs { contexts: _ }) => {}
    }
    Err(Error::failed("unfinished", "runtime is not there yet").into())
}
