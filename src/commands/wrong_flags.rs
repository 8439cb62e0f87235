//! What is meant by a flag that a command does not have: one of the same command that is spelled nearly
//! so, or the one that does what another tool calls by that word.

use std::ffi::OsString;

use clap::{
    Arg, Command,
    builder::StyledStr,
    error::{ContextKind, ContextValue},
};

use crate::workload::{name::nearest, shell::quoted};

/// Other tools' flags, behind a command; and the flag that does the same here, or why none is needed.
const OTHERS: &[(&str, &[&str], &str)] = &[
    ("rollback", &["--release", "--revision", "--to-release", "--to-revision"], "--to"),
    ("deploy", &["--atomic", "--rollback"], "--rollback-on-failure"),
    ("deploy", &["--wait"], "`workloadctl deploy` waits by itself, unless `--no-wait` is given"),
    ("deploy", &["--create-namespace"], "`workloadctl deploy` makes a namespace that is missing"),
    ("logs", &["--lines", "--limit"], "--tail"),
    ("status", &["--follow"], "--watch"),
];

/// Says in an error about an argument that is none which one is meant, where that can be told; gives it
/// too.
pub(super) fn advise(
    error: &mut clap::Error,
    arguments: &[OsString],
    grammar: &Command,
) -> Option<String> {
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidArg) else {
        return None;
    };
    let word = word.clone();
    let mut grammar = grammar.clone();
    grammar.build();
    let (at, path) = place(arguments, &word, &grammar);
    let place = path.join(" ");
    // What clap finds near is often another thing that begins alike; nothing here is named like a flag.
    error.remove(ContextKind::SuggestedArg);
    if place != "kubectl" {
        error.remove(ContextKind::Suggested);
    }
    let usage = at.clone().render_usage();
    error.insert(ContextKind::Usage, ContextValue::StyledStr(usage));
    if place == "rollback" && word.parse::<u64>().is_ok() {
        let instance = named(arguments, &grammar).unwrap_or_else(|| "INSTANCE".to_owned());
        let advice =
            format!("did you mean `workloadctl rollback {} --to {word}`?", quoted(&instance));
        return Some(suggest(error, advice));
    }
    let meant = meant(&word, &place, at)?;
    let advice = match meant.starts_with("--") {
        true => format!("did you mean `workloadctl {place} {meant}`?"),
        false => meant,
    };
    Some(suggest(error, advice))
}

/// Puts an advice into the error.
fn suggest(error: &mut clap::Error, advice: String) -> String {
    let styled = vec![StyledStr::from(advice.clone())];
    error.insert(ContextKind::Suggested, ContextValue::StyledStrs(styled));
    advice
}

/// Gives the instance that a command with an argument too much names.
fn named(arguments: &[OsString], grammar: &Command) -> Option<String> {
    let lenient = grammar.clone().ignore_errors(true);
    let matches = lenient.try_get_matches_from(arguments).ok()?;
    let (_, of_command) = matches.subcommand()?;
    of_command.try_get_one::<String>("name").ok().flatten().cloned()
}

fn meant(word: &str, place: &str, at: &Command) -> Option<String> {
    let other = OTHERS.iter().find(|(there, words, _)| *there == place && words.contains(&word));
    if let Some((_, _, meant)) = other {
        return Some((*meant).to_owned());
    }
    let shown = at.get_arguments().filter(|flag| !flag.is_hide_set());
    let near = nearest(word.strip_prefix("--")?, shown.filter_map(Arg::get_long))?;
    Some(format!("--{near}"))
}

/// Finds the command before a word, with its name.
pub(super) fn place<'g>(
    arguments: &[OsString],
    word: &str,
    grammar: &'g Command,
) -> (&'g Command, Vec<&'g str>) {
    let mut at = grammar;
    let mut path = Vec::new();
    for argument in arguments.iter().skip(1).filter_map(|argument| argument.to_str()) {
        if argument == word {
            break;
        }
        if let Some(inner) = at.find_subcommand(argument) {
            path.push(inner.get_name());
            at = inner;
        }
    }
    (at, path)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::commands::Command as Commands;

    #[derive(Debug, clap::Parser)]
    struct Grammar {
        #[command(subcommand)]
        command: Commands,
    }

    #[test]
    fn other_flags_lead_to_flags_that_are_there() {
        let mut grammar = Grammar::command();
        grammar.build();
        for (place, words, meant) in OTHERS {
            let at = grammar.find_subcommand(place).unwrap();
            let is_there = |flag: &str| {
                at.get_arguments()
                    .filter_map(Arg::get_long)
                    .any(|known| format!("--{known}") == flag)
            };
            for word in *words {
                assert!(!is_there(word), "{place} {word} is a flag");
            }
            assert!(!meant.starts_with("--") || is_there(meant), "{place} {meant}");
        }
    }
}
