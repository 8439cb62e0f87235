//! What is told before the command line is understood: help, the version, and what is wrong
//! with the command line itself.

use std::ffi::OsString;

use clap::{ColorChoice, ValueEnum as _, error::ErrorKind};

use super::{
    called::Called,
    format::{ColorWhen, Format},
    printer::{Printer, TalkOptions, write_stderr},
};
use crate::workload::error::{Code, Error};

/// Finds `--color` in a command line that may be wrong elsewhere.
pub(crate) fn color(arguments: &[OsString]) -> ColorChoice {
    match color_when(arguments) {
        ColorWhen::Auto => ColorChoice::Auto,
        ColorWhen::Always => ColorChoice::Always,
        ColorWhen::Never => ColorChoice::Never,
    }
}

fn color_when(arguments: &[OsString]) -> ColorWhen {
    let word = value(arguments, &["--color"]);
    word.and_then(|word| ColorWhen::from_str(&word, false).ok()).unwrap_or(ColorWhen::Auto)
}

/// Finds `-o` in a command line that may be wrong elsewhere.
fn format(arguments: &[OsString]) -> Option<Format> {
    Format::from_str(&value(arguments, &["--output", "-o"])?, false).ok()
}

/// Finds the last value of a flag, in the spellings `--flag value`, `--flag=value`, `-fvalue`.
fn value(arguments: &[OsString], names: &[&str]) -> Option<String> {
    let words: Vec<&str> =
        arguments.iter().skip(1).map(|word| word.to_str().unwrap_or_default()).collect();
    // What follows `--` is no flag, whatever it looks like.
    let words = words.split(|word| *word == "--").next().unwrap_or_default();
    let mut found = None;
    for (index, word) in words.iter().enumerate() {
        let rest = names.iter().find_map(|name| match word.strip_prefix(name)? {
            "" => words.get(index + 1).copied(),
            rest if name.starts_with("--") => rest.strip_prefix('='),
            rest => Some(rest.strip_prefix('=').unwrap_or(rest)),
        });
        found = rest.or(found);
    }
    found.map(str::to_owned)
}

/// Writes an answer that is made before anything was read. Gives the exit code.
pub(crate) fn answer(text: &str) -> u8 {
    print(&plain(None, ColorWhen::Never), text)
}

/// Tells what clap has to say: help and version on stdout, errors on stderr (and as a document
/// on stdout, where one is wanted, with what helps). Gives the exit code.
pub(crate) fn report(
    error: &clap::Error,
    arguments: &[OsString],
    called: Called,
    hint: Option<String>,
) -> u8 {
    let printer = plain(format(arguments), color_when(arguments)).as_called(called);
    let shown = |colour: bool| {
        let text = error.render();
        let text = if colour { text.ansi().to_string() } else { text.to_string() };
        called.tell(&text).into_owned()
    };
    match error.kind() {
        ErrorKind::DisplayVersion => print(
            &printer,
            concat!(
                "workloadctl ",
                env!("WORKLOADCTL_VERSION"),
                "
"
            ),
        ),
        ErrorKind::DisplayHelp => print(&printer, &shown(printer.stdout().colour)),
        _ => {
            write_stderr(&shown(printer.stderr().colour));
            let message = shown(false);
            let message = message.lines().next().unwrap_or_default();
            let message = message.strip_prefix("error: ").unwrap_or(message);
            // `-o json` is answered by JSON on failure too, also where clap could not read the
            // rest.
            let wrong = Error { hint, ..Error::usage(Code::InvalidCommand, message) };
            printer.failure_document(&[wrong]);
            2
        }
    }
}

fn plain(format: Option<Format>, color: ColorWhen) -> Printer {
    Printer::new(TalkOptions {
        format,
        quiet: false,
        verbosity: 0,
        color,
        dumb: true,
        reflows: true,
        json_talk: false,
    })
}

fn print(printer: &Printer, text: &str) -> u8 {
    match printer.answer(text) {
        Ok(()) => 0,
        Err(error) => {
            printer.errors(std::slice::from_ref(&error));
            error.kind.exit_code()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_found_in_every_spelling() {
        for (line, expected) in [
            ("x deploy -o json --nonsense", Some(Format::Json)),
            ("x -ojson", Some(Format::Json)),
            ("x -o=json", Some(Format::Json)),
            ("x --output=json", Some(Format::Json)),
            ("x --output yaml -o json", Some(Format::Json)),
            ("x --outputjson", None),
            ("x -o", None),
            ("x -- -o json", None),
            ("x -o jsonpath", None),
        ] {
            let arguments: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            assert_eq!(format(&arguments), expected, "{line}");
        }
    }
}
