//! The flags that say how a deploy of many instances goes on.

use clap::Args;

use crate::{
    commands::invocation::Failures,
    ops::waves::{Pace, Waves},
    workload::error::{Code, Error},
};

/// How a deploy of many instances goes on.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Many instances")]
pub(crate) struct PaceArgs {
    /// Go in waves, each reaching so many instances or that share of them, such as 1,25%,100%; the next
    /// one begins when all of the one before are ready
    #[arg(long, value_name = "SIZES", value_parser = str::parse::<Waves>)]
    waves: Option<Waves>,
    /// Begin no further instance once more than N have failed [default: with --waves 0, else no limit]
    #[arg(long, value_name = "N")]
    max_failures: Option<usize>,
    /// Only those whose last release did not go well, or that do not run the newest revision
    #[arg(long, conflicts_with_all = ["file", "revision", "like"])]
    failed: bool,
}

impl PaceArgs {
    /// Tells how it goes on.
    pub(super) fn pace(&self) -> Pace {
        let allowed = self.waves.is_some().then_some(0);
        let max_failures = self.max_failures.or(allowed);
        Pace { waves: self.waves.clone().unwrap_or_default(), max_failures }
    }

    /// Tells whether only those are meant that failed.
    pub(super) fn is_retry(&self) -> bool {
        self.failed
    }

    /// Refuses them for what is one instance, or has an order of its own.
    ///
    /// # Errors
    /// Code 2.
    pub(super) fn refuse_for(&self, what: &str) -> Result<(), Failures> {
        let given = [
            ("--waves", self.waves.is_some()),
            ("--max-failures", self.max_failures.is_some()),
            ("--failed", self.failed),
        ];
        match given.iter().find(|(_, given)| *given) {
            Some((flag, _)) => {
                Err(Error::usage(Code::InvalidFlag, format!("{flag} is not for {what}")).into())
            }
            None => Ok(()),
        }
    }
}
