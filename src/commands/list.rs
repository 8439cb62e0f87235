//! `list`: instances as the database knows them, without contacting a cluster.

use clap::Args;

use crate::{
    commands::{
        call::{Call, Done},
        names::instance_names,
    },
    workload::error::Error,
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
pub struct ListArgs {
    /// The instances; none are all
    #[arg(value_name = "INSTANCE")]
    names: Vec<String>,
    /// Only instances of this definition
    #[arg(long, value_name = "NAME")]
    definition: Option<String>,
}

/// Lists.
pub(super) fn run(args: ListArgs, _call: &Call) -> Done {
    let ListArgs { names, definition: _ } = args;
    let _names = instance_names(&names)?;
    Err(Error::failed("unfinished", "list is not there yet").into())
}
