//! `import`: a definition and an instance of what runs already.

use clap::{ArgGroup, Args};

use crate::{
    commands::{
        database::DatabaseUse,
        invocation::{Done, Invocation},
        session::{self, OperationMode},
    },
    ops::{
        import::{self, ImportOptions, Selection},
        stop::unless_stopped,
    },
    output,
    workload::{
        error::{Code, Error},
        name::{DefinitionName, InstanceName},
    },
};

const MORE: &str = "\
The objects are taken as they run, without what the server fills in; a deploy afterwards changes \
nothing but who they belong to. Left are what controllers made, what another instance has, and what \
every namespace has. -l and --all look at every kind; what lives in no namespace is taken by -l \
with a label that it has (not by `tier!=prod` alone), and with --all told where it names something of the namespace; --from-helm takes those of the release, \
those without a namespace too, and leaves its hooks. Values of Secrets are \
stored in the database, as those of any definition.

Examples:
  workloadctl import shop --all -n shop
  workloadctl import web -l app=web -n shop
  workloadctl import shop --from-helm shop -n shop
  workloadctl plan shop --adopt                  what the deploy would do
  workloadctl deploy shop --adopt                takes the objects over

Exit codes:
  0  imported; nothing was written to the cluster
  1  nothing to take, no such release, forbidden
  2  wrong command, unknown context
  5  refused: the instance or the definition exists
  7  the runtime cannot be used";

/// Make a definition and an instance of what runs; write nothing to the cluster
#[derive(Debug, Args)]
#[command(
    after_long_help = MORE,
    group(ArgGroup::new("what").required(true).args(["from_helm", "selector", "all"]))
)]
pub(crate) struct ImportArgs {
    /// The instance to make
    #[arg(value_name = "INSTANCE")]
    name: String,
    /// Take the objects of a release of Helm
    #[arg(long, value_name = "RELEASE")]
    from_helm: Option<String>,
    /// Take the objects whose labels fit, those without a namespace too
    #[arg(short = 'l', long, value_name = "SELECTOR")]
    selector: Option<String>,
    /// Take all objects of the namespace
    #[arg(long)]
    all: bool,
    /// The definition to make [default: the instance's name]
    #[arg(long, value_name = "NAME")]
    definition: Option<String>,
}

/// Imports.
pub(super) fn run(args: ImportArgs, call: &Invocation) -> Done {
    let ImportArgs { name, from_helm, selector, all: _, definition } = args;
    let name: InstanceName = name.parse()?;
    let definition: DefinitionName = match definition {
        Some(definition) => definition.parse()?,
        None => name.as_str().parse()?,
    };
    let Some(namespace) = call.namespace.clone() else {
        return Err(Error::usage(Code::InvalidFlag, "which namespace is imported?")
            .hint("name it with `--namespace NAMESPACE`")
            .into());
    };
    let selection = match (from_helm, selector) {
        (Some(release), _) => Selection::Helm(release),
        // `-l "$SELECTOR"` with an unset variable would mean everything.
        (None, Some(selector)) if selector.trim().is_empty() => {
            return Err(Error::usage(Code::InvalidFlag, "--selector is empty")
                .hint("`--all` takes all objects of the namespace")
                .into());
        }
        (None, Some(selector)) => Selection::Labelled(selector),
        (None, None) => Selection::All,
    };
    let mode = OperationMode {
        command: format!("workloadctl import {name}"),
        database: DatabaseUse::Stored,
        ..OperationMode::default()
    };
    let options = ImportOptions { name, definition, namespace, selection };
    let view = session::run(call, mode, async |around| {
        let imported = import::import(around.session, &options).await;
        imported.map_err(|error| unless_stopped(error, &around.session.stop))
    })??;
    output::imported::imported(&call.printer, &view)?;
    Ok(None)
}
