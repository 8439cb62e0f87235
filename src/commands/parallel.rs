//! The flag that says how many instances are worked on at once.

use std::num::NonZeroUsize;

use clap::Args;

/// How many instances are worked on at once, shared by `deploy`, `plan`, `delete` and `status`.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct ParallelArgs {
    /// How many instances to work on at once
    #[arg(long, value_name = "N", default_value = "8")]
    pub(super) max_parallel: NonZeroUsize,
}

impl ParallelArgs {
    /// Gives how many that is.
    pub(crate) fn width(self) -> usize {
        self.max_parallel.get()
    }
}
