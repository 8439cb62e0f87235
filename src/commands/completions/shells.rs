//! How each shell is told: the text that it reads once, and the words that fit.

use std::ffi::OsStr;

use clap_complete::{Shell, env};

use super::ASKED_BY;
use crate::env::Env;

/// Bash shows what is listed and inserts what is completed: these types only list.
const LISTING: [&str; 3] = ["63", "33", "64"];

/// Gives the text that a shell reads once.
pub(super) fn registration(shell: Shell) -> String {
    let library: &dyn env::EnvCompleter = match shell {
        Shell::Bash => return include_str!("bash.sh").to_owned(),
        Shell::Zsh => return include_str!("zsh.sh").to_owned(),
        Shell::Elvish => &env::Elvish,
        Shell::PowerShell => &env::Powershell,
        // `Shell` may grow; those that it has now are all here.
        _ => &env::Fish,
    };
    let (name, mut text) = ("workloadctl", Vec::new());
    library
        .write_registration(ASKED_BY, name, name, name, &mut text)
        .expect("writing to memory cannot fail");
    format!("{}\n", String::from_utf8_lossy(&text).trim())
}

/// Gives the words for the one that is being typed, as a shell reads them.
pub(super) fn told(shell: Shell, env: &Env, word: &OsStr, found: &[(String, String)]) -> String {
    match shell {
        Shell::Bash => for_bash(env, &word.to_string_lossy(), found),
        Shell::Zsh => found.iter().map(for_zsh).collect(),
        Shell::Elvish => found.iter().map(|(word, _)| format!("{word}\n")).collect(),
        _ => found.iter().map(tabbed).collect(),
    }
}

/// Gives the words as kubectl reads them from a plugin: the last line says that files are none.
pub(super) fn for_kubectl(found: &[(String, String)]) -> String {
    let is_open = found.len() == 1 && found[0].0.ends_with(['=', ':', '@', '/']);
    // No blank behind it (2) and no files (4), in the terms of kubectl's library.
    let directive = if is_open { ":6\n" } else { ":4\n" };
    found.iter().map(tabbed).chain([directive.to_owned()]).collect()
}

fn tabbed((word, about): &(String, String)) -> String {
    match about.as_str() {
        "" => format!("{word}\n"),
        about => format!("{word}\t{about}\n"),
    }
}

/// Bash replaces what stands behind the last break, and shows nothing beside the words: what they
/// stand for is written behind them, where they are only listed.
fn for_bash(env: &Env, word: &str, found: &[(String, String)]) -> String {
    let breaks = env.variable("WORKLOADCTL_COMPLETE_BREAKS").unwrap_or_default();
    let is_break = |c: char| "=:@".contains(c) && breaks.contains(c);
    let kept = word.rfind(is_break).map_or(0, |at| at + 1);
    let listing = env.variable("WORKLOADCTL_COMPLETE_TYPE").is_some_and(|it| LISTING.contains(&it));
    let width = found.iter().map(|(word, _)| word.chars().count()).max().unwrap_or(0);
    let line = |(word, about): &(String, String)| {
        let rest = word.get(kept..).unwrap_or(word);
        match about.as_str() {
            about if listing && found.len() > 1 && !about.is_empty() => {
                format!("{rest:width$}  ({about})\n", width = width.saturating_sub(kept))
            }
            _ => format!("{rest}\n"),
        }
    };
    found.iter().map(line).collect()
}

/// Zsh parts a word from what it stands for by a colon.
fn for_zsh((word, about): &(String, String)) -> String {
    let word = word.replace('\\', "\\\\").replace(':', "\\:");
    match about.as_str() {
        "" => format!("{word}\n"),
        about => format!("{word}:{}\n", about.replace('\\', "\\\\")),
    }
}
