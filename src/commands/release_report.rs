//! `report`: a release as a page.

use std::{fs, path::PathBuf};

use clap::Args;

use crate::{
    commands::invocation::{Done, Invocation},
    ops::release_report,
    output::{self, format::Format},
    workload::{
        error::{Code, Error},
        name::InstanceName,
    },
};

const MORE: &str = "\
The page holds everything that it shows, asks for nothing and runs nothing: it can be attached to a \
CI job or sent to somebody. It shows when each object had its turn, was applied and was ready, the \
order that they need, what changed since the release before, and of what was not ready why, with \
the last lines of its log. Values of Secrets are masked.

The answer comes from the database and contacts no cluster; of a release that another machine made \
only its outcome is known here.

Examples:
  workloadctl report web --html web.html
  workloadctl report web --release 7 --html web-7.html
  workloadctl report web --html - | gzip > web.html.gz

Exit codes:
  0  written
  1  no such instance or release, or the file cannot be written
  2  wrong command";

/// Write a release as one page of HTML, contacting no cluster
#[derive(Debug, Args)]
#[command(after_long_help = MORE)]
pub(crate) struct ReleaseReportArgs {
    /// The instance
    #[arg(value_name = "INSTANCE")]
    name: String,
    /// The number of the release [default: the newest]
    #[arg(long, value_name = "N")]
    release: Option<u64>,
    /// The file that is written, or overwritten; `-` is standard output
    #[arg(long, value_name = "FILE")]
    html: PathBuf,
}

/// Writes the page.
pub(super) fn run(args: ReleaseReportArgs, call: &Invocation) -> Done {
    let ReleaseReportArgs { name, release, html } = args;
    let name: InstanceName = name.parse()?;
    let is_stdout = html.as_os_str() == "-";
    if is_stdout {
        call.only("report --html -", &[Format::Table])?;
    }
    let report = release_report::of(&call.open_for_reading()?, &name, release)?;
    if is_stdout {
        return Ok(output::report::answer(&call.printer, &report).map(|()| None)?);
    }
    let shown = html.display().to_string();
    let file = call.env.current_dir.join(html);
    fs::write(file, output::report::page(&report)).map_err(|error| {
        Error::failed(Code::System, format!("cannot write {shown}")).chain(&error)
    })?;
    output::report::written(&call.printer, &report, &shown)?;
    Ok(None)
}
