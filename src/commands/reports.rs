//! The flags that leave files for a CI system, shared by `deploy`, `rollback` and `delete`.

use std::path::PathBuf;

use clap::Args;

use super::invocation::Invocation;
use crate::{output::ci::ReportFiles, workload::error::Result};

/// What is left for a CI system.
#[derive(Debug, Args)]
#[command(next_help_heading = "Reports")]
pub(crate) struct ReportArgs {
    /// Write the events to a file, as the lines of --progress json
    #[arg(long, value_name = "FILE")]
    events: Option<PathBuf>,
    /// Write a JUnit report: a suite for each instance, a case for each object
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Append a summary in Markdown to a file, such as $GITHUB_STEP_SUMMARY
    #[arg(long, value_name = "FILE")]
    summary: Option<PathBuf>,
    /// Write GitLab's Code Quality report: what is wrong at which line
    #[arg(long, value_name = "FILE")]
    code_quality: Option<PathBuf>,
}

impl ReportArgs {
    /// Gives the call that leaves these files.
    ///
    /// # Errors
    /// Code 2 where a file cannot be written.
    pub(crate) fn heed(self, call: &Invocation) -> Result<Invocation> {
        let Self { events, junit, summary, code_quality } = self;
        let files = ReportFiles { events, junit, summary, code_quality };
        let reports = call.reports.with(files, &call.env.current_dir, call.printer.verbosity())?;
        Ok(call.reporting(reports))
    }
}
