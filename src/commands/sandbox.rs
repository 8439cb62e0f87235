//! `sandbox`: the Kubernetes API inside the program.

use std::path::Path;

use clap::{Args, Subcommand};

use crate::{
    commands::{
        invocation::{Done, Invocation},
        signals,
    },
    ops::{events, sandbox, stop::Stop},
    output::{self, format::Format, question::Questions},
    workload::error::{Code, Error},
};

/// Handle the sandbox: a Kubernetes API inside the program, for trying and rehearsing
#[derive(Debug, Subcommand)]
pub(crate) enum SandboxCommand {
    Serve(ServeArgs),
    Reset(ResetArgs),
}

/// Serve the sandbox on this machine, for kubectl, helm and clients of your own
///
/// It answers over HTTPS on 127.0.0.1 to whoever shows the token of its kubeconfig, a file that only
/// you can read; certificate and token are new each time. What is in it is what the runtime
/// `sandbox` has: both may be used at once. It goes on until Ctrl-C or SIGTERM, and takes its
/// kubeconfig with it.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  workloadctl sandbox serve
  workloadctl sandbox serve --port 6443
  workloadctl sandbox serve -o json

Exit codes:
  0  it was ended by Ctrl-C or SIGTERM
  1  the port is taken, or the sandbox is served already")]
pub(crate) struct ServeArgs {
    /// The port; without it a free one
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
}

/// Empty the sandbox: what was deployed to it is lost
#[derive(Debug, Args)]
#[command(after_long_help = "\
Exit codes:
  0  it is empty
  1  answered no, or it is being served
  2  nobody can be asked, and --yes is missing")]
pub(crate) struct ResetArgs {}

/// Runs a command.
pub(super) fn run(command: SandboxCommand, call: &Invocation) -> Done {
    match command {
        SandboxCommand::Serve(args) => serve(&args, call),
        SandboxCommand::Reset(ResetArgs {}) => reset(call),
    }
}

fn serve(args: &ServeArgs, call: &Invocation) -> Done {
    call.only("sandbox serve", &[Format::Table, Format::Json])?;
    let database = call.db()?;
    signals::run(call.printer, None, async |stop| {
        let told =
            |url: &str, kubeconfig: &Path| output::sandbox::served(&call.printer, url, kubeconfig);
        sandbox::serve(&database, args.port.unwrap_or(0), &stop, told).await
    })??;
    Ok(None)
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
    sandbox::reset(&call.db()?)?;
    output::sandbox::emptied(&call.printer)?;
    Ok(None)
}
