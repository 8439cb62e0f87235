//! `completions`: what a shell needs to complete commands and flags. Opens nothing.

use clap::Args;
use clap_complete::Shell;

use crate::commands::invocation::{Done, Invocation};

/// Print the completions for a shell
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  workloadctl completions bash > ~/.local/share/bash-completion/completions/workloadctl
  workloadctl completions zsh > \"${fpath[1]}/_workloadctl\"
  workloadctl completions fish > ~/.config/fish/completions/workloadctl.fish")]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints the completions.
pub(super) fn run(args: &CompletionsArgs, call: &Invocation, mut grammar: clap::Command) -> Done {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut grammar, "workloadctl", &mut text);
    call.printer.answer(&String::from_utf8_lossy(&text))?;
    Ok(None)
}
