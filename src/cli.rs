//! The command line: its commands and its global flags. Parsing only records; each command
//! checks what was given and turns it into options that cannot be wrong.

use clap::Parser;

use crate::commands::{Command, global::GlobalArgs};

const EXAMPLES: &str = "\
Examples:
  workloadctl deploy web -f k8s/                  make definition and instance `web`, and deploy it
  workloadctl deploy web --image web=web:v2       change one image and deploy again
  workloadctl status                              see every instance, live
  workloadctl plan web -f k8s/                    see what a deploy would do
  workloadctl delete web                          remove everything that `web` made

Exit codes:
  0  done
  1  failed: rejected, forbidden, out of time, no such name, answered no
  2  wrong command or input
  3  applied, but not ready
  4  changes found (only with --exit-code)
  5  refused: what is not ours, or what was fixed before, would be touched
  6  locked: somebody else works on the instance
  7  the runtime cannot be used: unreachable, not logged in, another cluster
  130, 143  stopped by SIGINT or SIGTERM

Environment:
  WORKLOADCTL_DB, WORKLOADCTL_RUNTIME, KUBECONFIG, NO_COLOR and the proxy variables";

/// Define a set of Kubernetes resources once, run any number of instances of it on any cluster,
/// and always know what runs where, since when, and why it is not ready
///
/// A workload definition is a named set of Kubernetes resources, kept as numbered revisions. A
/// workload instance is a running copy of a definition on a runtime, with overrides of its own. A
/// runtime is a context of your kubeconfig, or `sandbox`: a Kubernetes API inside the program.
#[derive(Debug, Parser)]
#[command(
    name = "workloadctl",
    version,
    propagate_version = true,
    about = "Define a set of Kubernetes resources once, run any number of instances of it",
    after_long_help = EXAMPLES,
    max_term_width = 100,
    disable_help_subcommand = true,
)]
pub(crate) struct Cli {
    /// What holds for every command.
    #[command(flatten)]
    pub global: GlobalArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn help_speaks_in_the_imperative_and_without_a_full_stop() {
        fn check(command: &clap::Command) {
            let about = command.get_about().map(ToString::to_string).unwrap_or_default();
            assert!(!about.is_empty() && !about.ends_with('.'), "{}: {about}", command.get_name());
            for argument in command.get_arguments() {
                let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
                assert!(
                    !help.is_empty() && !help.ends_with('.'),
                    "{} {}: {help}",
                    command.get_name(),
                    argument.get_id()
                );
            }
            command.get_subcommands().for_each(check);
        }
        check(&Cli::command());
    }
}
