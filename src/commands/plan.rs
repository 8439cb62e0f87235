//! `plan`: what a deploy would do, without doing it.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
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
  workloadctl plan web --why deploy/web       why the Deployment has its place in the order
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
    /// Explain the place of an object in the order: what it waits for, what waits for it, and why
    #[arg(long, value_name = "OBJECT")]
    why: Option<String>,
    /// Exit with 4 if anything would change
    #[arg(long)]
    exit_code: bool,
}

/// Plans.
pub(super) fn run(args: PlanArgs, call: &Invocation) -> Done {
    call.only("plan", &[Format::Table, Format::Json])?;
    let PlanArgs { mut release, style, out, why, exit_code } = args;
    release.why = why;
    release.keeps_plan = out.is_some();
    release.single = out.is_some().then_some("--out");
    let command = FleetCommand::Plan(style.style(call));
    // Before the plan is shown, so that what is told is one answer.
    let out = out.map(|out| PlanFile::begin(&call.env.current_dir, &out)).transpose()?;
    let end = fleet::run(release, Limits::none(), command, call)?;
    if let (Some(out), None) = (out, end.failed)
        && let Err(error) = out.keep(&end.frozen)
    {
        // The answer is told: a second document would spoil it.
        call.printer.errors(std::slice::from_ref(&error));
        return Ok(Some(error.kind));
    }
    let changes = (exit_code && end.changes).then_some(ErrorKind::Changes);
    Ok(end.failed.or(changes))
}

/// A file that a plan is written into, beside it at first: nobody else may read it, and what was
/// there is replaced by a whole plan alone.
struct PlanFile {
    path: PathBuf,
    beside: PathBuf,
    file: File,
    shown: String,
    is_kept: bool,
}

impl PlanFile {
    /// Begins a file.
    ///
    /// # Errors
    /// `file-exists` (5) where something else than a plan is there; `unwritable-report` (2) where
    /// nothing can be written.
    fn begin(folder: &Path, path: &Path) -> Result<Self> {
        let shown = path.display().to_string();
        let path = folder.join(path);
        if fs::symlink_metadata(&path).is_ok_and(|there| !there.is_file() || !is_plan(&path)) {
            let message = format!("{shown} is there already, and is no plan");
            return Err(Error::refused(Code::FileExists, message).hint("name another file"));
        }
        let mut beside = path.as_os_str().to_owned();
        beside.push(".new");
        let beside = PathBuf::from(beside);
        let mut options = OpenOptions::new();
        let file = options.write(true).create_new(true).mode(0o600).open(&beside);
        let file = file.map_err(|error| {
            // Nothing was asked for it yet, as with the files of reports.
            Error::usage(Code::UnwritableReport, format!("cannot write {shown}")).chain(&error)
        })?;
        Ok(Self { path, beside, file, shown, is_kept: false })
    }

    /// Writes the one plan.
    fn keep(mut self, plans: &[Arc<FrozenPlan>]) -> Result<()> {
        let [plan] = plans else {
            return Err(Error::usage(Code::SeveralInstances, "--out needs exactly one instance"));
        };
        let written = self.file.write_all(plan.text().as_bytes());
        let written = written.and_then(|()| fs::rename(&self.beside, &self.path));
        self.is_kept = written.is_ok();
        written.map_err(|error| cannot_write(&self.shown, &error))
    }
}

impl Drop for PlanFile {
    fn drop(&mut self) {
        if !self.is_kept {
            // There is nothing in it that anybody would miss.
            let _ = fs::remove_file(&self.beside);
        }
    }
}

fn cannot_write(shown: &str, error: &io::Error) -> Error {
    Error::failed(Code::System, format!("cannot write {shown}")).chain(error)
}

/// Tells whether a file begins as a plan does.
fn is_plan(path: &Path) -> bool {
    let mut head = [0; 200];
    let read = File::open(path).and_then(|mut file| file.read(&mut head)).unwrap_or_default();
    String::from_utf8_lossy(&head[..read]).contains("\"FrozenPlan\"")
}
