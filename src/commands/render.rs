//! `render`: objects as they were read, or as they would be sent.

use clap::Args;
use serde_json::Value;

use crate::{
    commands::{
        call::{Call, Done},
        manifests::FileArgs,
    },
    output::{format::Format, objects},
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
    /// Its manifests, in place of the stored definition.
    #[command(flatten)]
    files: FileArgs,
}

/// Renders.
pub(super) fn run(args: RenderArgs, call: &Call) -> Done {
    call.only("render", &[Format::Yaml, Format::Json, Format::Name])?;
    let RenderArgs { name, files } = args;
    let objects: Vec<Value> = match name {
        None => {
            let objects = files.load(call)?.content.objects;
            objects.into_iter().map(|object| object.body).collect()
        }
        Some(_) => {
            return Err(
                Error::failed("unfinished", "render of an instance is not there yet").into()
            );
        }
    };
    objects::print(&call.printer, &objects)?;
    Ok(None)
}
