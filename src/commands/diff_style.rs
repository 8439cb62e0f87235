//! `--diff`: how what would change is shown.

use clap::Args;

use crate::{commands::invocation::Invocation, output::difference::DiffStyle};

/// How changed fields are shown.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct DiffStyleArgs {
    /// How to show what changes in each object [default: unified on a terminal, else none]
    #[arg(long, value_enum, value_name = "HOW")]
    diff: Option<DiffStyle>,
}

impl DiffStyleArgs {
    /// Chooses the style: what is piped stays a table, line by line, unless more is asked for.
    pub(crate) fn style(self, call: &Invocation) -> DiffStyle {
        let is_seen = call.printer.stdout().terminal;
        self.diff.unwrap_or(if is_seen { DiffStyle::Unified } else { DiffStyle::None })
    }
}
