//! `runtime`: the contexts of the kubeconfig, as the places where instances run.

use clap::{Args, Subcommand};

use crate::{
    commands::{
        database::DatabaseUse,
        invocation::{Done, Invocation},
        session::{self, OperationMode},
    },
    ops::runtimes,
    output::{self, errors::exit_kind},
    workload::error::{Code, Error},
};

/// Handle runtimes: the contexts of your kubeconfig
#[derive(Debug, Subcommand)]
pub(crate) enum RuntimeCommand {
    List(RuntimeListArgs),
    Use(UseArgs),
    Check(CheckArgs),
}

/// List runtimes: the contexts of the kubeconfig; contact none
#[derive(Debug, Args)]
pub(crate) struct RuntimeListArgs {}

/// Choose the default runtime of new instances
#[derive(Debug, Args)]
#[command(after_long_help = "\
Exit codes:
  0  chosen
  2  unknown context")]
pub(crate) struct UseArgs {
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
pub(crate) struct CheckArgs {
    /// The contexts [default: the one that a new instance would get]
    #[arg(value_name = "CONTEXT")]
    contexts: Vec<String>,
}

/// Runs a command.
pub(super) fn run(command: RuntimeCommand, call: &Invocation) -> Done {
    match command {
        RuntimeCommand::List(RuntimeListArgs {}) => list(call),
        RuntimeCommand::Use(args) => choose(&args, call),
        RuntimeCommand::Check(args) => check(args, call),
    }
}

fn list(call: &Invocation) -> Done {
    let kubeconfig = runtimes::kubeconfig(&call.env, call.kubeconfig.as_deref())?;
    let all = runtimes::list(&kubeconfig, &call.open_for_reading()?)?;
    output::runtimes::list(&call.printer, &all, false)?;
    Ok(None)
}

fn choose(args: &UseArgs, call: &Invocation) -> Done {
    let kubeconfig = runtimes::kubeconfig(&call.env, call.kubeconfig.as_deref())?;
    let mut store = call.open()?;
    let chosen = runtimes::set_default(&kubeconfig, &mut store, &args.context)?;
    let name = chosen.as_ref().map(ToString::to_string);
    output::runtimes::chosen(&call.printer, name.as_deref())?;
    Ok(None)
}

fn check(args: CheckArgs, call: &Invocation) -> Done {
    let CheckArgs { contexts } = args;
    let names: Vec<String> = match &call.runtime {
        Some(runtime) if contexts.is_empty() => vec![runtime.clone()],
        Some(_) => {
            return Err(Error::usage(
                Code::InvalidFlag,
                "name the runtimes or give --runtime, not both",
            )
            .into());
        }
        None => contexts,
    };
    let mode = OperationMode {
        command: "workloadctl runtime check".into(),
        database: DatabaseUse::Looked,
        ..OperationMode::default()
    };
    let answers =
        session::run(call, mode, async |around| runtimes::check(around.session, &names).await)??;
    let one = names.len() < 2;
    let (views, errors): (Vec<_>, Vec<_>) = answers.into_iter().unzip();
    match views.as_slice() {
        [view] if one => output::runtimes::show(&call.printer, view)?,
        views => output::runtimes::list(&call.printer, views, true)?,
    }
    let errors: Vec<Error> = errors.into_iter().flatten().collect();
    call.printer.errors(&errors);
    Ok(exit_kind(&errors))
}
