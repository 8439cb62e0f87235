//! The flags that say how what a release waits for is looked at.

use clap::Args;

use crate::ops::options::Watching;

/// How what a release waits for is looked at, shared by `deploy` and `rollback`.
#[derive(Debug, Args)]
pub(crate) struct WatchArgs {
    /// How many lines to show of the log of what is not ready; 0 is none
    #[arg(long, value_name = "N", default_value_t = Watching::default().log_lines)]
    log_lines: u32,
    /// How often a container may restart before its pod counts as failed; what is missing has 30 s
    /// to appear, and after the first failure everything else 30 s to end
    #[arg(long, value_name = "N", default_value_t = Watching::default().tolerated_restarts)]
    tolerate_restarts: u32,
    /// Show what the new pods and Jobs write, while they are waited for
    #[arg(long, conflicts_with_all = ["no_wait", "dry_run"])]
    logs: bool,
}

impl WatchArgs {
    /// Gives what was asked for.
    pub(crate) fn check(&self) -> Watching {
        let Self { log_lines, tolerate_restarts: tolerated_restarts, logs } = *self;
        Watching { log_lines, tolerated_restarts, logs }
    }
}
