//! `instance`: the instances in the database.

use clap::{Args, Subcommand};

use crate::{
    commands::{
        database::DatabaseUse,
        delete::{self, DeleteArgs},
        file_definitions::LoadedDefinition,
        invocation::{Done, Invocation},
        list::{self, ListArgs},
        overriding::OverrideArgs,
        session::{self, OperationMode, Surroundings},
        workload_file::{NamedWorkload, declared, with_place},
    },
    ops::{
        catalogue::{self, CreateOptions},
        runtimes,
        session::Session,
        stop::unless_stopped,
    },
    output::instances,
    workload::{
        error::Result,
        name::InstanceName,
        overrides::{self, OverrideEdit, Overrides},
        runtime::RuntimeName,
        shell::quoted,
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
    /// The instance; of a workload file all without it
    #[arg(required_unless_present = "file")]
    name: Option<String>,
    /// Create the instances of a workload file, and store its definitions
    #[arg(short, long, value_name = "FILE", conflicts_with = "definition")]
    file: Option<String>,
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
    let CreateArgs { name, file, definition, overrides } = args;
    let edits = overrides.edits(call)?;
    if let Some(file) = file {
        let names: Vec<String> = name.into_iter().collect();
        return create_from_file(&NamedWorkload::at(&file, &names, call)?, &edits, call);
    }
    let name: InstanceName = name.unwrap_or_default().parse()?;
    let definition = definition.map(|name| name.parse()).transpose()?;
    overrides::check_drops(&edits, &[])?;
    let overrides = overrides::merge(&Overrides::default(), &edits);
    let next = format!("workloadctl deploy {name}");
    let mode = OperationMode {
        command: format!("workloadctl instance create {name}"),
        database: DatabaseUse::Stored,
        ..OperationMode::default()
    };
    let instance = session::run(call, mode, async |Surroundings { session, .. }| {
        let runtime = runtime(session, &name)?;
        let namespace = session.namespace.clone();
        let options = CreateOptions { name, definition, runtime, namespace, overrides };
        let mut store = session.store();
        catalogue::create_instance(&mut store, options, session.now())
    })??;
    instances::created(&call.printer, &[instance], false, &next)?;
    Ok(None)
}

/// Stores the definitions of a workload file and creates the instances of it that are meant: all of
/// them or none.
fn create_from_file(named: &NamedWorkload, edits: &[OverrideEdit], call: &Invocation) -> Done {
    named.require_instances()?;
    named.refuse_for_several(&[
        ("an override", !edits.is_empty()),
        ("--runtime", call.runtime.is_some()),
        ("--namespace", call.namespace.is_some()),
    ])?;
    let used = |name: &_| named.selected.iter().any(|it| it.definition == *name);
    let loaded = named.load(call, |definition| used(&definition.name))?;
    let mode = OperationMode {
        command: format!("workloadctl instance create -f {}", quoted(&named.file.name)),
        database: DatabaseUse::Stored,
        several: named.is_list(),
        stdin_is_source: named.file.name == "-",
    };
    let created = session::run(call, mode, async |Surroundings { session, .. }| {
        let mut wanted = Vec::new();
        for instance in &named.selected {
            overrides::check_drops(edits, &[&instance.overrides])?;
            let there = declared(session, instance);
            let runtime = runtime(&there, &instance.name)
                .map_err(|error| with_place(error, named, instance))?;
            wanted.push(CreateOptions {
                name: instance.name.clone(),
                definition: Some(instance.definition.clone()),
                runtime,
                namespace: there.namespace.clone(),
                overrides: overrides::merge(&instance.overrides, edits),
            });
        }
        session.store().transaction(|store| {
            for LoadedDefinition { name, given, .. } in &loaded {
                let (content, source) = (given.content.get(), &given.source);
                catalogue::apply_definition(store, name, content, source, session.now())?;
            }
            let create = |options| catalogue::create_instance(store, options, session.now());
            wanted.into_iter().map(create).collect::<Result<Vec<_>>>()
        })
    })??;
    let next = format!("workloadctl deploy -f {}", quoted(&named.file.name));
    instances::created(&call.printer, &created, named.lists(), &next)?;
    Ok(None)
}

fn runtime(session: &Session<'_>, name: &InstanceName) -> Result<RuntimeName> {
    runtimes::for_new_instance(session, name).map_err(|error| unless_stopped(error, &session.stop))
}
