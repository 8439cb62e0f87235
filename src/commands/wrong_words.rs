//! What is meant by a word that is no command: a command of the same place that is spelled nearly
//! so, or the one that does what another tool calls by that word.

use std::ffi::OsString;

use clap::{
    Command,
    builder::StyledStr,
    error::{ContextKind, ContextValue, ErrorKind},
};

use super::wrong_flags;
use crate::workload::name::nearest;

/// Other tools' words, and what does the same here. The first part is where they stand: at the
/// top, or behind a command.
const OTHERS: &[(&str, &[&str], &str)] = &[
    ("", &["undo", "revert", "rollout"], "rollback"),
    (
        "",
        &[
            "apply", "up", "install", "upgrade", "run", "start", "sync", "release", "create",
            "add", "update", "edit", "replace", "retry",
        ],
        "deploy",
    ),
    ("", &["down", "rm", "remove", "uninstall", "destroy", "stop", "kill", "del"], "delete"),
    ("", &["ls", "get", "instances"], "list"),
    (
        "",
        &["ps", "describe", "show", "inspect", "info", "top", "health", "events", "tree"],
        "status",
    ),
    ("", &["compare"], "diff"),
    ("", &["promote"], "deploy --like"),
    ("", &["log", "tail"], "logs"),
    ("", &["revisions", "releases", "changelog"], "history"),
    ("", &["template", "manifest", "build"], "render"),
    ("", &["preview", "dry-run", "whatif"], "plan"),
    ("", &["context", "contexts", "cluster", "clusters", "env", "use"], "runtime"),
    ("", &["definitions", "workload", "workloads"], "definition"),
    ("", &["database", "store"], "db"),
    ("", &["validate", "lint", "verify"], "definition validate"),
    ("", &["restart"], "deploy --restart"),
    ("", &["scale"], "deploy --replicas"),
    ("", &["set"], "deploy --set"),
    ("", &["patch"], "deploy --patch"),
    ("", &["watch"], "status --watch"),
    ("", &["wait"], "status --wait"),
    ("", &["drift"], "status --drift"),
    ("", &["adopt"], "import"),
    ("", &["help"], "--help"),
    ("", &["version"], "--version"),
    ("", &["completion"], "completions"),
    ("", &["port-forward", "portforward", "proxy", "tunnel"], "forward"),
    ("", &["browse"], "open"),
    ("", &["serve"], "sandbox serve"),
    ("", &["fail"], "sandbox fail"),
    ("", &["exec", "attach", "cp", "debug", "explain"], "kubectl"),
    ("definition", &["create", "add", "new", "update", "set", "push"], "definition apply"),
    ("definition", &["ls", "get"], "definition list"),
    ("definition", &["describe", "inspect", "cat"], "definition show"),
    ("definition", &["rm", "remove", "destroy"], "definition delete"),
    ("definition", &["log", "revisions", "versions"], "definition history"),
    ("definition", &["lint", "check", "verify"], "definition validate"),
    ("instance", &["add", "new"], "instance create"),
    ("instance", &["apply", "deploy", "up", "run", "start"], "deploy"),
    ("instance", &["ls", "get"], "instance list"),
    ("instance", &["describe", "inspect"], "instance show"),
    ("instance", &["rm", "remove", "destroy"], "delete"),
    ("instance", &["status", "logs", "history", "rollback", "diff", "plan"], ""),
    ("runtime", &["ls", "get"], "runtime list"),
    ("runtime", &["set", "switch", "select", "default"], "runtime use"),
    ("runtime", &["test", "ping", "show"], "runtime check"),
    ("db", &["verify", "status"], "db check"),
    ("db", &["dump", "copy", "export"], "db backup"),
    ("db", &["repair", "restore", "fix"], "db rebuild"),
    ("db", &["clean", "gc", "vacuum"], "db prune"),
    ("sandbox", &["clear", "clean", "delete", "rm"], "sandbox reset"),
    ("sandbox", &["start", "run", "up", "listen"], "sandbox serve"),
    ("sandbox", &["ls", "list", "get", "status"], "status --runtime sandbox"),
    ("sandbox", &["break", "inject"], "sandbox fail"),
];

/// Says in an error about a word that is no command which one is meant, where that can be told;
/// gives it too.
pub(crate) fn advise(
    error: &mut clap::Error,
    arguments: &[OsString],
    grammar: &Command,
) -> Option<String> {
    match error.kind() {
        ErrorKind::InvalidSubcommand => {}
        ErrorKind::UnknownArgument => return wrong_flags::advise(error, arguments, grammar),
        _ => return None,
    }
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand) else {
        return None;
    };
    let word = word.clone();
    // What clap finds near is often another thing that begins alike.
    error.remove(ContextKind::SuggestedSubcommand);
    let meant = meant(&word, arguments, grammar)?;
    let advice = format!("did you mean `workloadctl {meant}`?");
    let styled = vec![StyledStr::from(advice.clone())];
    error.insert(ContextKind::Suggested, ContextValue::StyledStrs(styled));
    Some(advice)
}

fn meant(word: &str, arguments: &[OsString], grammar: &Command) -> Option<String> {
    let (at, mut path) = wrong_flags::place(arguments, word, grammar);
    let place = path.join(" ");
    let named = word.to_lowercase();
    let other = OTHERS.iter().find(|(there, words, _)| *there == place && words.contains(&&*named));
    if let Some((_, _, meant)) = other {
        return Some(if meant.is_empty() { named } else { (*meant).to_owned() });
    }
    let shown = at.get_subcommands().filter(|inner| !inner.is_hide_set());
    let near = nearest(&named, shown.map(Command::get_name))?;
    path.push(near);
    Some(path.join(" "))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::commands::Command as Commands;

    #[derive(Debug, clap::Parser)]
    #[command(disable_help_subcommand = true)]
    struct Grammar {
        #[command(subcommand)]
        command: Commands,
    }

    #[test]
    fn other_words_lead_to_commands_that_are_there() {
        let mut grammar = Grammar::command();
        grammar.build();
        for (place, words, meant) in OTHERS {
            let mut at = &grammar;
            for part in place.split_whitespace() {
                at = at.find_subcommand(part).unwrap();
            }
            for word in *words {
                assert!(at.find_subcommand(word).is_none(), "{place} {word} is a command");
            }
            let meant = if meant.is_empty() { words[0] } else { meant };
            let (mut at, mut is_value) = (&grammar, false);
            for part in meant.split_whitespace() {
                let after_flag = std::mem::replace(&mut is_value, part.starts_with("--"));
                match part.strip_prefix("--") {
                    Some("help" | "version" | "runtime") => {}
                    Some(flag) => {
                        let mut flags = at.get_arguments().filter_map(clap::Arg::get_long);
                        assert!(flags.any(|known| known == flag), "{meant}");
                    }
                    None if after_flag => {}
                    None => at = at.find_subcommand(part).expect(meant),
                }
            }
        }
    }
}
