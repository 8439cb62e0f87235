//! `instance`: the instances in the database.

use clap::{Args, Subcommand};

use crate::{
    commands::{
        database::DatabaseUse,
        delete::{self, DeleteArgs},
        invocation::{Done, Invocation},
        list::{self, ListArgs},
        release::OverrideArgs,
        session::{self, OperationMode, Surroundings, unless_stopped},
    },
    ops::{
        catalogue::{self, CreateOptions},
        runtimes,
    },
    output::instances,
    workload::{
        name::InstanceName,
        overrides::{self, Overrides},
    },
};

/// Handle workload instances: running copies of definitions
#[derive(Debug, Subcommand)]
pub(crate) enum InstanceCommand {
    Create(CreateArgs),
    List(ListArgs),
    Show(InstanceShowArgs),
    #[command(hide = true)]
    Delete(DeleteArgs),
}

/// Create an instance without deploying it; contact no cluster
#[derive(Debug, Args)]
#[command(after_long_help = "\
The runtime is decided now and stored: --runtime, else WORKLOADCTL_RUNTIME, else the stored \
default, else the current context of the kubeconfig.

Exit codes:
  0  created
  1  no such definition
  2  wrong command or input, unknown context
  5  refused: the instance exists")]
pub(crate) struct CreateArgs {
    /// The instance
    name: String,
    /// The definition [default: the one of the instance's name]
    #[arg(long, value_name = "NAME")]
    definition: Option<String>,
    /// What to override.
    #[command(flatten)]
    overrides: OverrideArgs,
}

/// Show an instance from the database; contact no cluster
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  workloadctl instance show web
  kubectl -n $(workloadctl instance show web --field namespace) get pods

Exit codes:
  0  shown
  1  no such instance
  2  wrong command, no such field")]
pub(crate) struct InstanceShowArgs {
    /// The instance
    name: String,
    /// Print one bare value of the JSON, such as namespace
    #[arg(long)]
    field: Option<String>,
}

/// Runs a command.
pub(super) fn run(command: InstanceCommand, call: &Invocation) -> Done {
    match command {
        InstanceCommand::Create(args) => create(args, call),
        InstanceCommand::List(args) => list::run(args, call),
        InstanceCommand::Show(InstanceShowArgs { name, field }) => {
            let name: InstanceName = name.parse()?;
            let instance = catalogue::show_instance(&call.open_for_reading()?, &name)?;
            instances::show(&call.printer, &instance, field.as_deref(), call.now)?;
            Ok(None)
        }
        InstanceCommand::Delete(args) => delete::run(args, call),
    }
}

fn create(args: CreateArgs, call: &Invocation) -> Done {
    let CreateArgs { name, definition, overrides } = args;
    let name: InstanceName = name.parse()?;
    let definition = definition.map(|name| name.parse()).transpose()?;
    let overrides = overrides::merge(&Overrides::default(), &overrides.edits()?);
    let mode = OperationMode {
        command: format!("workloadctl instance create {name}"),
        database: DatabaseUse::Stored,
        ..OperationMode::default()
    };
    let instance = session::run(call, mode, async |Surroundings { session, .. }| {
        let runtime = runtimes::for_new_instance(session, &name)
            .map_err(|error| unless_stopped(error, &session.stop))?;
        let namespace = session.namespace.clone();
        let options = CreateOptions { name, definition, runtime, namespace, overrides };
        let mut store = session.store();
        catalogue::create_instance(&mut store, options, session.now())
    })??;
    instances::created(&call.printer, &instance)?;
    Ok(None)
}
