//! `man`: the manual pages, made from the help. Opens nothing.

use std::path::PathBuf;

use clap::Args;

use crate::{
    commands::invocation::{Done, Invocation},
    workload::error::{Code, Error},
};

/// Print the manual page of the program or of a command, or write all of them
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  workloadctl man deploy | man -l -             read one
  workloadctl man --to ~/.local/share/man/man1  write all, so that `man workloadctl-deploy` finds them

Exit codes:
  0  printed or written
  1  a file cannot be written
  2  no such command")]
pub(crate) struct ManArgs {
    /// The words of the command, such as `definition apply` [default: the program]
    #[arg(value_name = "COMMAND")]
    command: Vec<String>,
    /// The folder to write all pages to; it is made where it is absent
    #[arg(long, value_name = "FOLDER", conflicts_with = "command")]
    to: Option<PathBuf>,
}

/// Prints a page, or writes all.
pub(super) fn run(args: &ManArgs, call: &Invocation, mut grammar: clap::Command) -> Done {
    grammar.build();
    let Some(folder) = &args.to else {
        let mut found = &grammar;
        for word in &args.command {
            found = found.find_subcommand(word).ok_or_else(|| {
                let message = format!("there is no command `{}`", args.command.join(" "));
                Error::usage(Code::InvalidCommand, message).hint("workloadctl --help")
            })?;
        }
        call.printer.answer(&page(found, &args.command))?;
        return Ok(None);
    };
    let folder = call.env.current_dir.join(folder);
    let cannot = |what: &std::path::Path, error: std::io::Error| {
        Error::failed(Code::System, format!("cannot write {}", what.display())).chain(&error)
    };
    std::fs::create_dir_all(&folder).map_err(|error| cannot(&folder, error))?;
    let mut names = Vec::new();
    for (words, command) in all(&grammar) {
        let name = format!("{}.1", title(&words));
        let path = folder.join(&name);
        std::fs::write(&path, page(command, &words)).map_err(|error| cannot(&path, error))?;
        names.push(name);
    }
    call.printer.answer(&(names.join("\n") + "\n"))?;
    Ok(None)
}

/// Lists the program and its commands with the words that they are called by.
fn all(grammar: &clap::Command) -> Vec<(Vec<String>, &clap::Command)> {
    let mut found = vec![(Vec::new(), grammar)];
    let mut at = 0;
    while let Some((words, command)) = found.get(at).cloned() {
        let inner = command.get_subcommands().filter(|inner| !inner.is_hide_set());
        found.extend(inner.map(|inner| {
            let mut words = words.clone();
            words.push(inner.get_name().to_owned());
            (words, inner)
        }));
        at += 1;
    }
    found
}

fn title(words: &[String]) -> String {
    std::iter::once("workloadctl")
        .chain(words.iter().map(String::as_str))
        .collect::<Vec<_>>()
        .join("-")
}

fn page(command: &clap::Command, words: &[String]) -> String {
    let title = title(words);
    // A page is found by its title.
    let mut command = command.clone().name(title.clone()).display_name(title);
    let mut see = "";
    if !words.is_empty() {
        // They are told once, in the program's page.
        command = command.mut_args(|it| if it.is_global_set() { it.hide(true) } else { it });
        see = ".SH \"SEE ALSO\"\nworkloadctl(1) has the global options\n";
    }
    let mut text = Vec::new();
    clap_mangen::Man::new(command).render(&mut text).expect("writing to memory cannot fail");
    format!("{}{see}", String::from_utf8_lossy(&text))
}
