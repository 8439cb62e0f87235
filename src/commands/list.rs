//! `list`: instances as the database knows them, without contacting a cluster.

use clap::Args;

use crate::{
    commands::{
        invocation::{Done, Invocation},
        names::instance_names,
    },
    ops::listing::{self, ListOptions},
    output::{format::Format, instances},
    workload::{name::DefinitionName, runtime::RuntimeName},
};

const MORE: &str = "\
The answer comes from the database and contacts no cluster; STATUS is what was seen last, and \
`-o wide` tells how long ago. `status` asks the clusters. --runtime and --namespace filter.

Examples:
  workloadctl list
  workloadctl list --definition web -o wide
  workloadctl list -o name --runtime kind-dev | xargs workloadctl delete --yes";

/// List instances from the database, contacting no cluster
#[derive(Debug, Args)]
#[command(after_long_help = MORE)]
pub(crate) struct ListArgs {
    /// The instances; none are all
    #[arg(value_name = "INSTANCE")]
    names: Vec<String>,
    /// Only instances of this definition
    #[arg(long, value_name = "NAME")]
    definition: Option<String>,
}

/// Lists.
pub(super) fn run(args: ListArgs, call: &Invocation) -> Done {
    let ListArgs { names, definition } = args;
    let names = instance_names(&names)?;
    let definition: Option<DefinitionName> = definition.map(|name| name.parse()).transpose()?;
    let runtime = call.runtime.as_deref().map(RuntimeName::stored).transpose()?;
    let options = ListOptions {
        names: &names,
        definition: definition.as_ref(),
        runtime: runtime.as_ref(),
        namespace: call.namespace.as_deref(),
    };
    let store = call.open_for_reading()?;
    let filtered = definition.is_some() || options.runtime.is_some() || options.namespace.is_some();
    match call.printer.format() {
        Format::Table => {
            let mut outlines = instances::Outlines::new(call.now);
            listing::outline(&store, &options, |instance| outlines.add(instance))?;
            outlines.tell(&call.printer, filtered)?;
        }
        Format::Name => {
            instances::list_names(&call.printer, &listing::instance_names(&store, &options)?)?;
        }
        Format::Wide | Format::Json | Format::Yaml => {
            let all = listing::list_instances(&store, &options)?;
            instances::list(&call.printer, &all, filtered, call.now)?;
        }
    }
    Ok(None)
}
