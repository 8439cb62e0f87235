//! `sandbox`: the Kubernetes API inside the program.

use std::path::Path;

use clap::{Args, Subcommand, builder::PossibleValuesParser};

use crate::{
    commands::{
        invocation::{Done, Invocation},
        signals,
    },
    ops::{
        events,
        sandbox::{self, FailingObject},
        stop::Stop,
    },
    output::{self, format::Format, question::Questions},
    workload::{
        error::{Code, Error, Result},
        runtime::RuntimeName,
    },
};

/// Handle the sandbox: a Kubernetes API inside the program, for trying and rehearsing
#[derive(Debug, Subcommand)]
pub(crate) enum SandboxCommand {
    Serve(ServeArgs),
    Fail(FailArgs),
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

/// Let the next pods of an object in the sandbox fail, for demonstrations and tests
///
/// What is asked for stays until it is cleared, and pods that run already stay as they are: deploy,
/// restart or scale to see it. Without arguments, lists what is asked for. Without `--namespace` the
/// object is looked for; one that is yet to be made needs it.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  workloadctl sandbox fail Deployment/web image-pull
  workloadctl sandbox fail Job/migrate crash -n shop     before it is made
  workloadctl sandbox fail
  workloadctl sandbox fail Deployment/web --clear
  workloadctl sandbox fail --clear

Exit codes:
  0  done
  2  no such kind, object or failure, or several objects of that name")]
pub(crate) struct FailArgs {
    /// The object: a Pod, or what makes pods
    #[arg(value_name = "KIND/NAME")]
    object: Option<String>,
    /// How its pods fail
    #[arg(requires = "object", conflicts_with = "clear", value_parser = PossibleValuesParser::new(sandbox::FAILURES))]
    failure: Option<String>,
    /// Let the next pods of the object, or of all, come to life again
    #[arg(long)]
    clear: bool,
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
    let is_other = |runtime: &&String| RuntimeName::stored(runtime) != Ok(RuntimeName::Sandbox);
    if let Some(other) = call.runtimes.iter().find(is_other) {
        let message = format!("--runtime {other}: these commands are about the sandbox alone");
        return Err(Error::usage(Code::InvalidFlag, message).into());
    }
    match command {
        SandboxCommand::Serve(args) => serve(&args, call),
        SandboxCommand::Fail(args) => fail(&args, call),
        SandboxCommand::Reset(ResetArgs {}) => reset(call),
    }
}

fn serve(args: &ServeArgs, call: &Invocation) -> Done {
    call.only("sandbox serve", &[Format::Table, Format::Json])?;
    refuse_namespace(call, "`sandbox serve` serves all namespaces")?;
    let database = call.db()?;
    signals::run(call.printer, None, async |stop| {
        let told =
            |url: &str, kubeconfig: &Path| output::sandbox::served(&call.printer, url, kubeconfig);
        sandbox::serve(&database, args.port.unwrap_or(0), &stop, told).await
    })??;
    Ok(None)
}

fn fail(args: &FailArgs, call: &Invocation) -> Done {
    call.only("sandbox fail", &[Format::Table, Format::Json, Format::Yaml])?;
    let database = call.db()?;
    let namespace = call.namespace.as_deref();
    let object = args.object.as_deref().map(|text| FailingObject::parse(text, namespace));
    match (object.transpose()?, &args.failure) {
        (object, None) if args.clear => {
            sandbox::heal(&database, object.as_ref())?;
        }
        (Some(object), Some(failure)) => {
            let asked = sandbox::fail(&database, &object, failure)?;
            output::sandbox::asked(&call.printer, &asked);
        }
        (Some(_), None) => {
            let message = "how the pods of the object are to fail is missing";
            let words = format!("{}; or --clear", sandbox::FAILURES.join(", "));
            return Err(Error::usage(Code::InvalidCommand, message).hint(words).into());
        }
        (None, _) => {}
    }
    output::sandbox::failing(&call.printer, &sandbox::failing(&database)?)?;
    Ok(None)
}

fn refuse_namespace(call: &Invocation, why: &str) -> Result<()> {
    match &call.namespace {
        Some(_) => Err(Error::usage(Code::InvalidFlag, format!("--namespace: {why}"))),
        None => Ok(()),
    }
}

fn reset(call: &Invocation) -> Done {
    call.only("sandbox reset", &[Format::Table, Format::Json])?;
    let hint = "`workloadctl delete INSTANCE --runtime sandbox` deletes one instance";
    refuse_namespace(call, "`sandbox reset` empties all namespaces")
        .map_err(|error| error.hint(hint))?;
    let (_, stop) = Stop::channel();
    let questions = Questions::new(call.printer, call.yes, false, stop);
    let question = "Empty the sandbox? What was deployed to it is lost.";
    events::confirm(&questions, question, "answered no; the sandbox is as it was", || {
        events::needs_yes("emptying the sandbox", "workloadctl sandbox reset --yes")
    })?;
    sandbox::reset(&call.db()?)?;
    output::sandbox::emptied(&call.printer)?;
    Ok(None)
}
