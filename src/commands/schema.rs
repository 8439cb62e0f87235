//! `schema`: the JSON Schema of workload files, for editors. Opens nothing.

use clap::Args;

use crate::{
    commands::invocation::{Done, Invocation},
    workload::file,
};

/// Print the JSON Schema of workload files
#[derive(Debug, Args)]
#[command(after_long_help = "\
`workloadctl init` writes it into the first line of a file, where editors find it:
  # yaml-language-server: $schema=URL-OR-PATH

Example:
  workloadctl schema > workload.schema.json")]
pub(crate) struct SchemaArgs {}

/// Prints the schema.
pub(super) fn run(_args: &SchemaArgs, call: &Invocation) -> Done {
    call.printer.answer(&file::json_schema())?;
    Ok(None)
}
