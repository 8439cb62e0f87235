//! `plan`: what a deploy would do, without doing it.

use std::{
    fs::OpenOptions,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::Args;

use crate::{
    commands::{
        diff_style::DiffStyleArgs,
        fleet::{self, FleetCommand},
        invocation::{Done, Invocation},
        release::ReleaseArgs,
    },
    ops::{frozen::FrozenPlan, options::Limits},
    output::format::Format,
    workload::error::{Code, Error, ErrorKind, Result},
};

const MORE: &str = "\
Per object: create, update, unchanged, recreate, adopt, prune, or blocked, with the reason. The \
server is asked, nothing is written, neither to the cluster nor to the database.

Examples:
  workloadctl plan web                        what `deploy web` would do
  workloadctl plan web -f k8s/ --exit-code    4 if anything would change
  workloadctl plan web --diff fields          with a line for each field that changes
  workloadctl plan web --out web.plan         for `deploy --plan web.plan`, which does just that

Exit codes:
  0  planned
  2  wrong command or input
  4  something would change (only with --exit-code)
  5  a deploy would be refused
  7  the runtime cannot be used";

/// Show what a deploy would do, object by object
#[derive(Debug, Args)]
#[command(after_long_help = MORE)]
pub(crate) struct PlanArgs {
    /// What to release.
    #[command(flatten)]
    release: ReleaseArgs,
    /// How changes are shown.
    #[command(flatten)]
    style: DiffStyleArgs,
    /// Keep the plan in a file, for `deploy --plan`; it holds the values of Secrets
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Exit with 4 if anything would change
    #[arg(long)]
    exit_code: bool,
}

/// Plans.
pub(super) fn run(args: PlanArgs, call: &Invocation) -> Done {
    call.only("plan", &[Format::Table, Format::Json])?;
    let PlanArgs { release, style, out, exit_code } = args;
    let command = FleetCommand::Plan(style.style(call));
    let end = fleet::run(release, Limits::none(), command, call)?;
    if let (Some(out), None) = (&out, end.failed) {
        keep(&end.frozen, &call.env.current_dir.join(out), out)?;
    }
    let changes = (exit_code && end.changes).then_some(ErrorKind::Changes);
    Ok(end.failed.or(changes))
}

/// Writes the one plan into a file that nobody else may read.
fn keep(plans: &[Arc<FrozenPlan>], path: &Path, shown: &Path) -> Result<()> {
    let [plan] = plans else {
        return Err(Error::usage(Code::SeveralInstances, "--out needs exactly one instance"));
    };
    let shown = shown.display();
    let failed = |error| Error::failed(Code::System, format!("cannot write {shown}")).chain(&error);
    // A file of before may be readable by all: it is made anew, beside it, and takes its place.
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    let mut options = OpenOptions::new();
    let open = options.write(true).create_new(true).mode(0o600).open(&beside);
    let written = open.and_then(|mut file| file.write_all(plan.text().as_bytes()));
    written.and_then(|()| std::fs::rename(&beside, path)).map_err(failed)
}
