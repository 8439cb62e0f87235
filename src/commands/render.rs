//! `render`: objects as they were read, or as they would be sent.

use clap::Args;

use crate::{
    commands::call::{Call, Done},
    output::format::Format,
    workload::error::Error,
};

const MORE: &str = "\
Neither a cluster nor the database is touched where only manifests are named. With an instance \
the objects are printed as they would be sent: with overrides, namespaces and labels.

Examples:
  workloadctl render -f k8s/                     the objects as they are read
  workloadctl render -f k8s/ -o json | jq .      one list
  workloadctl render web                         instance `web` as `deploy web` would send it

Exit codes:
  0  rendered
  1  no such instance
  2  wrong command or input";

/// Print the objects of manifests as they are read, or those of an instance as they would be sent
#[derive(Debug, Args)]
#[command(after_long_help = MORE)]
pub struct RenderArgs {
    /// The instance
    #[arg(value_name = "INSTANCE", required_unless_present = "file")]
    name: Option<String>,
    /// Read manifests from a file, a folder or `-` (standard input)
    #[arg(short, long, value_name = "PATH")]
    file: Vec<String>,
}

/// Renders.
pub(super) fn run(args: RenderArgs, call: &Call) -> Done {
    call.only("render", &[Format::Yaml, Format::Json, Format::Name])?;
    let RenderArgs { name: _, file: _ } = args;
    Err(Error::failed("unfinished", "render is not there yet").into())
}
