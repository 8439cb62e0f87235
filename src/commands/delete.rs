//! `delete`: removes instances from their clusters and from the database.

use clap::Args;

use crate::{
    commands::{
        call::{Call, Done},
        deploy::LimitArgs,
        names::instance_names,
    },
    output::format::Format,
    workload::error::Error,
};

const LONG: &str = "\
Delete instances with all their objects; their definitions stay

Steps:
  1. record on the cluster that the instance is being deleted
  2. delete custom resources, and wait until their operator has finished them
  3. delete everything else, custom resource definitions last
  4. delete the record and the namespace that the instance made";

const MORE: &str = "\
Examples:
  workloadctl delete web
  workloadctl delete pr-17 --yes --ignore-not-found     in a script
  workloadctl delete web --forget                       its cluster is gone

Exit codes:
  0  everything is gone (with --no-wait: every deletion is sent)
  1  no such instance, out of time, answered no
  2  wrong command, or nobody to ask and no --yes
  6  somebody else works on the instance
  7  the runtime cannot be used; everything is kept
  130, 143  stopped by SIGINT or SIGTERM, in good order";

/// Delete instances with all their objects; their definitions stay
#[derive(Debug, Args)]
#[command(long_about = LONG, after_long_help = MORE)]
pub struct DeleteArgs {
    /// The instances
    #[arg(value_name = "INSTANCE", required = true)]
    names: Vec<String>,
    /// How long to go on.
    #[command(flatten)]
    limits: LimitArgs,
    /// Contact no cluster: only drop what is stored here, and list what may be left there
    #[arg(long)]
    forget: bool,
    /// Succeed where there is no such instance
    #[arg(long)]
    ignore_not_found: bool,
    /// Delete custom resource definitions although others have custom resources of them
    #[arg(long, conflicts_with = "forget")]
    delete_crds: bool,
}

/// Deletes.
pub(super) fn run(args: DeleteArgs, call: &Call) -> Done {
    call.only("delete", &[Format::Table, Format::Json])?;
    let DeleteArgs { names, limits: _, forget: _, ignore_not_found: _, delete_crds: _ } = args;
    let _names = instance_names(&names)?;
    Err(Error::failed("unfinished", "delete is not there yet").into())
}
