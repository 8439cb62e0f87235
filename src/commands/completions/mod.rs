//! `completions`: what a shell needs to complete commands, flags and names. The shell calls the
//! program for each word; it answers from the database and the kubeconfig, asks no cluster and
//! makes nothing.

mod names;
mod shells;

use std::{ffi::OsString, path::PathBuf};

use clap::{Args, ValueEnum as _};
use clap_complete::{Shell, engine};

use self::names::Names;
use crate::{
    commands::invocation::{Done, Invocation},
    env::Env,
    output::called::Called,
};

/// The variable by which a shell asks for words, beside which the line stands after `--`.
pub(crate) const ASKED_BY: &str = "WORKLOADCTL_COMPLETE";

/// Print the completions for a shell
#[derive(Debug, Args)]
#[command(
    long_about = "\
Print the completions for a shell

Commands, flags and their values are completed, and with them what there is: instances, definitions, \
runtimes, namespaces, objects, containers, releases and revisions, as the database and the kubeconfig \
know them. No cluster is asked.",
    after_long_help = "\
Examples:
  workloadctl completions bash > ~/.local/share/bash-completion/completions/workloadctl
  workloadctl completions zsh > \"${fpath[1]}/_workloadctl\"
  workloadctl completions fish > ~/.config/fish/completions/workloadctl.fish

As kubectl's plugin, with kubectl's completions of it:
  ln -s \"$(command -v workloadctl)\" ~/.local/bin/kubectl-workload
  ln -s kubectl-workload ~/.local/bin/kubectl_complete-workload"
)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints what a shell has to read once.
pub(super) fn run(args: &CompletionsArgs, call: &Invocation) -> Done {
    call.printer.answer(&shells::registration(args.shell))?;
    Ok(None)
}

/// What a shell is answered that asks for the words that fit at the end of a line; none where the
/// program was not called for that.
pub(crate) fn answer(
    arguments: &[OsString],
    env: &Env,
    grammar: fn() -> clap::Command,
) -> Option<String> {
    if Called::of(arguments) == Called::PluginCompletion {
        let mut line = arguments.to_vec();
        // With the word that is typed an empty one comes, too.
        if line.len() == 1 {
            line.push(OsString::new());
        }
        return Some(shells::for_kubectl(&fitting(&line, env, grammar)));
    }
    let shell = env.variable(ASKED_BY)?;
    let [_, escape, line @ ..] = arguments else { return None };
    if escape != "--" || line.is_empty() {
        return None;
    }
    // Whatever goes wrong: a line that is typed is no place to say it.
    let shell = Shell::from_str(shell, true).ok()?;
    let found = fitting(line, env, grammar);
    Some(shells::told(shell, env, line.last()?, &found))
}

/// Gives the words that fit in place of the last one of a line, each with what it stands for.
fn fitting(line: &[OsString], env: &Env, grammar: fn() -> clap::Command) -> Vec<(String, String)> {
    let names = Names::new(line, env.clone(), grammar());
    let mut dressed = names.dress(grammar());
    let here: Option<PathBuf> = Some(env.current_dir.clone());
    let found = engine::complete(&mut dressed, line.to_vec(), line.len() - 1, here.as_deref());
    let found = found.unwrap_or_default().into_iter().map(|candidate| {
        let help = candidate.get_help().map(ToString::to_string).unwrap_or_default();
        let help = help.lines().next().unwrap_or_default().to_owned();
        (candidate.get_value().to_string_lossy().into_owned(), help)
    });
    let found: Vec<(String, String)> = found.collect();
    let is_flag = |(word, _): &(String, String)| word.starts_with('-');
    // Who wants flags types a dash; among fifty of them three names are not found.
    if line.last().is_some_and(|word| word.is_empty()) && !found.iter().all(is_flag) {
        return found.into_iter().filter(|one| !is_flag(one)).collect();
    }
    found
}
