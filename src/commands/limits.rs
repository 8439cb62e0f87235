//! The flags that say how long an operation may take and what it waits for.

use std::time::Duration;

use clap::Args;

use crate::{
    commands::invocation::Invocation, ops::options::Limits, workload::duration::parse_duration,
};

/// How long an operation may take where nobody says it.
const TIMEOUT: Duration = Duration::from_mins(5);

/// How long an operation may take and what it waits for, shared by `deploy` and `delete`.
#[derive(Debug, Args)]
pub(crate) struct LimitArgs {
    /// How long each instance may take, from lock to end; 0 is for ever [default: 5m]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    timeout: Option<Duration>,
    /// How long to wait while somebody else works on an instance [default: 0 on a terminal, else
    /// 5m]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    lock_wait: Option<Duration>,
    /// Return as soon as everything is sent
    #[arg(long)]
    no_wait: bool,
}

impl LimitArgs {
    /// Decides what was left open.
    pub(crate) fn check(&self, call: &Invocation) -> Limits {
        // A person decides for himself whether to wait for another; a script has time.
        let patience = if call.printer.stderr().terminal { 0 } else { 300 };
        Limits {
            timeout: limit(self.timeout.unwrap_or(TIMEOUT)),
            timeout_is_typed: self.timeout.is_some(),
            lock_wait: self.lock_wait.unwrap_or(Duration::from_secs(patience)),
            no_wait: self.no_wait,
        }
    }
}

/// Reads a duration of which 0 means no limit.
pub(crate) fn limit(duration: Duration) -> Option<Duration> {
    Some(duration).filter(|duration| !duration.is_zero())
}
