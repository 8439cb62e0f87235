//! The command line: its commands and its global flags. Parsing only records; each command
//! checks what was given and turns it into options that cannot be wrong.

mod duration;

use std::{path::PathBuf, time::Duration};

use clap::{ArgAction, Args, Parser, Subcommand};

pub(crate) use self::duration::parse_duration;
use crate::{
    commands::{
        completions::CompletionsArgs, definition::DefinitionCommand, delete::DeleteArgs,
        deploy::DeployArgs, instance::InstanceCommand, list::ListArgs, plan::PlanArgs,
        render::RenderArgs, runtime::RuntimeCommand, sandbox::SandboxCommand, status::StatusArgs,
    },
    output::format::{ColorWhen, Format, Progress},
};

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

/// The commands; their help is the documentation of what they hold.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Deploy(DeployArgs),
    Plan(PlanArgs),
    Status(StatusArgs),
    List(ListArgs),
    Render(RenderArgs),
    Delete(DeleteArgs),
    #[command(subcommand)]
    Definition(DefinitionCommand),
    #[command(subcommand)]
    Instance(InstanceCommand),
    #[command(subcommand)]
    Runtime(RuntimeCommand),
    #[command(subcommand)]
    Sandbox(SandboxCommand),
    Completions(CompletionsArgs),
}

/// The flags that every command takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct GlobalArgs {
    /// The runtime: a context of the kubeconfig, or `sandbox`
    #[arg(long, alias = "context", global = true, value_name = "CONTEXT")]
    pub runtime: Option<String>,
    /// The namespace
    #[arg(short, long, global = true, value_name = "NAMESPACE")]
    pub namespace: Option<String>,
    /// The kubeconfig, instead of KUBECONFIG or ~/.kube/config
    #[arg(long, global = true, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// The database, instead of WORKLOADCTL_DB or the one in the configuration folder
    #[arg(long, global = true, value_name = "FILE")]
    pub db: Option<PathBuf>,
    /// The form of the answer
    #[arg(short, long, global = true, value_enum, value_name = "FORMAT")]
    pub output: Option<Format>,
    /// Say nothing but the answer and errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Show requests with status and time; -vv shows bodies too, Secret values masked
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// When to use colours
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = ColorWhen::Auto)]
    pub color: ColorWhen,
    /// How to show progress on stderr
    #[arg(long, global = true, value_enum, value_name = "HOW", default_value_t = Progress::Auto)]
    pub progress: Progress,
    /// How long one request may take [default: 30s, status: 5s]
    #[arg(long, global = true, value_name = "DURATION", value_parser = parse_duration)]
    pub request_timeout: Option<Duration>,
    /// Answer every question with yes
    #[arg(short, long, global = true)]
    pub yes: bool,
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
