//! `definition`: the named sets of resources in the database.

use clap::{Args, Subcommand};

use crate::{
    commands::{
        call::{Call, Done},
        manifests::FileArgs,
    },
    workload::error::Error,
};

/// Handle workload definitions: named sets of Kubernetes resources
#[derive(Debug, Subcommand)]
pub(crate) enum DefinitionCommand {
    Apply(ApplyArgs),
    List(ListArgs),
    Show(ShowArgs),
    Delete(DeleteArgs),
}

/// Store manifests as the first or the next revision of a definition; contact no cluster
#[derive(Debug, Args)]
#[command(after_long_help = "\
The content counts, not its layout: where no object changed, no revision is made. Instances stay \
on the revision that they run until they are deployed: `workloadctl deploy --all --definition NAME`.

Exit codes:
  0  stored, or unchanged
  2  wrong command or input")]
pub struct ApplyArgs {
    /// The definition
    #[arg(requires = "file")]
    name: String,
    /// Its manifests.
    #[command(flatten)]
    files: FileArgs,
}

/// List definitions
#[derive(Debug, Args)]
pub struct ListArgs {}

/// Show a definition
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The definition
    name: String,
    /// Print one bare value of the JSON, such as revision
    #[arg(long)]
    field: Option<String>,
}

/// Delete definitions that have no instances
#[derive(Debug, Args)]
#[command(after_long_help = "\
Exit codes:
  0  deleted
  1  no such definition, or answered no
  2  wrong command, or nobody to ask and no --yes
  5  refused: it has instances")]
pub struct DeleteArgs {
    /// The definitions
    #[arg(value_name = "NAME", required = true)]
    names: Vec<String>,
    /// Succeed where there is no such definition
    #[arg(long)]
    ignore_not_found: bool,
}

/// Runs a command.
pub(super) fn run(command: DefinitionCommand, _call: &Call) -> Done {
    match command {
        DefinitionCommand::Apply(ApplyArgs { name: _, files: _ }) => {}
        DefinitionCommand::List(ListArgs {}) => {}
        DefinitionCommand::Show(ShowArgs { name: _, field: _ }) => {}
        DefinitionCommand::Delete(DeleteArgs { names: _, ignore_not_found: _ }) => {}
    }
    Err(Error::failed("unfinished", "definition is not there yet").into())
}
