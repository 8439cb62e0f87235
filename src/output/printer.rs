//! The printer: what is shown and how is decided once, and handed down as a small value.
//!
//! stdout is the answer, stderr the talk. A closed stdout or stderr is no failure: whoever reads
//! has read enough, and what was begun on a cluster goes on.

use std::{
    fmt::Write as _,
    io::{self, ErrorKind, IsTerminal as _, Write as _},
};

use anstream::{AutoStream, ColorChoice};
use jiff::Timestamp;
use serde::Serialize;

use super::{
    called::Called,
    errors,
    format::{ColorWhen, Format},
    sanitize::{self, one_line, sanitize},
    stream::{Stream, Tone},
};
use crate::workload::error::{Code, Error, ErrorView, Result};

/// What the command line says about how to talk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TalkOptions {
    /// `-o`, if it was given.
    pub format: Option<Format>,
    /// `-q`.
    pub quiet: bool,
    /// How often `-v` was given.
    pub verbosity: u8,
    pub color: ColorWhen,
    /// Whether the terminal cannot move its cursor (`TERM=dumb`).
    pub dumb: bool,
    /// Whether the terminal breaks long lines anew when it becomes narrower.
    pub reflows: bool,
    /// Whether everything on stderr is JSON lines (`--progress json`).
    pub json_talk: bool,
}

/// Decides what is shown and how. Small, and handed down by value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Printer {
    format: Option<Format>,
    quiet: bool,
    verbosity: u8,
    stdout: Stream,
    stderr: Stream,
    width: Option<u16>,
    dumb: bool,
    reflows: bool,
    json_talk: bool,
    called: Called,
}

impl Printer {
    /// Looks at the two streams of this process and at the manner that was asked for.
    pub(crate) fn new(options: TalkOptions) -> Self {
        let TalkOptions { format, quiet, verbosity, color, dumb, reflows, json_talk } = options;
        let colour = |automatic: ColorChoice| match color {
            ColorWhen::Always => true,
            ColorWhen::Never => false,
            ColorWhen::Auto => automatic != ColorChoice::Never,
        };
        Self {
            format,
            quiet,
            verbosity,
            stdout: Stream {
                terminal: io::stdout().is_terminal(),
                colour: colour(AutoStream::choice(&io::stdout())),
            },
            stderr: Stream {
                terminal: io::stderr().is_terminal(),
                colour: colour(AutoStream::choice(&io::stderr())),
            },
            width: terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| width.0),
            dumb,
            reflows,
            json_talk,
            called: Called::Program,
        }
    }

    /// Tells commands under the name by which the program was called.
    pub(crate) fn as_called(self, called: Called) -> Self {
        Self { called, ..self }
    }

    /// Fits the answer to a window that may have changed since.
    pub(crate) fn within(self, columns: usize) -> Self {
        Self { width: Some(columns.try_into().unwrap_or(u16::MAX)), ..self }
    }

    /// A printer that writes to files: no terminal, no colour.
    #[cfg(test)]
    pub(crate) fn plain(format: Format) -> Self {
        Self {
            format: Some(format),
            quiet: false,
            verbosity: 0,
            stdout: Stream::PLAIN,
            stderr: Stream::PLAIN,
            width: None,
            dumb: true,
            reflows: true,
            json_talk: false,
            called: Called::Program,
        }
    }

    /// Gives the form of the answer: `-o`, else a table.
    pub(crate) fn format(&self) -> Format {
        self.format.unwrap_or(Format::Table)
    }

    /// Gives `-o`, if it was given.
    pub(crate) fn chosen_format(&self) -> Option<Format> {
        self.format
    }

    /// Tells whether the user wants no talk.
    pub(crate) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Tells how much of the requests the user wants to see.
    pub(crate) fn verbosity(&self) -> u8 {
        self.verbosity
    }

    /// Gives what stdout can do.
    pub(crate) fn stdout(&self) -> Stream {
        self.stdout
    }

    /// Gives what stderr can do.
    pub(crate) fn stderr(&self) -> Stream {
        self.stderr
    }

    /// Tells whether what was written to stderr can be drawn over.
    pub(crate) fn can_move(&self) -> bool {
        self.stderr.terminal && !self.dumb
    }

    /// Tells whether the terminal breaks long lines anew when it becomes narrower.
    pub(crate) fn reflows(&self) -> bool {
        self.reflows
    }

    /// Gives the width that tables may use; none where nobody looks, and for whoever asks for a wide
    /// one: the terminal breaks its lines.
    pub(crate) fn width(&self) -> Option<u16> {
        self.width.filter(|_| self.format != Some(Format::Wide))
    }

    /// Writes the answer, which ends with a line end. A reader that went away is no failure.
    ///
    /// # Errors
    /// Code 1 when stdout cannot be written for another reason, such as a full disk.
    pub(crate) fn answer(&self, text: &str) -> Result<()> {
        // `deploy | head -1` closes the pipe: a deploy goes on (a full disk is another matter).
        self.more(text).map(|_| ())
    }

    /// Writes a further part of the answer; `false` where its reader has gone away.
    ///
    /// # Errors
    /// As [`Printer::answer`].
    pub(crate) fn more(&self, text: &str) -> Result<bool> {
        let mut stdout = io::stdout().lock();
        match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
            Err(error) => {
                Err(Error::failed(Code::Stdout, "cannot write the answer to stdout").chain(&error))
            }
        }
    }

    /// Writes one line of talk, unless `-q` was given.
    pub(crate) fn talk(&self, line: &str) {
        let line = &*self.called.tell(line);
        match (self.quiet, self.json_talk) {
            (true, _) => {}
            (false, true) => write_stderr(&event("note", "message", line)),
            (false, false) => write_stderr(&format!("{}\n", sanitize(line))),
        }
    }

    /// Writes one line of talk that comes from outside; on a terminal the line that stands
    /// there is ended first (`^C` was typed into it).
    pub(crate) fn interject(&self, line: &str) {
        if self.stderr.terminal && !self.quiet && !self.json_talk {
            write_stderr("\n");
        }
        self.talk(line);
    }

    /// Writes a warning, unless `-q` was given.
    pub(crate) fn warn(&self, text: &str) {
        let text = &*self.called.tell(text);
        match (self.quiet, self.json_talk) {
            (true, _) => {}
            (false, true) => write_stderr(&event("warning", "message", text)),
            (false, false) => write_stderr(&self.warning(text)),
        }
    }

    /// Writes the command that comes next, unless `-q` was given.
    pub(crate) fn hint(&self, command: &str) {
        if self.json_talk {
            self.talk(command);
        } else {
            self.talk(&format!("hint: {command}"));
        }
    }

    /// Gives the line of a warning.
    pub(crate) fn warning(&self, text: &str) -> String {
        let mut line = self.stderr.paint(Tone::Warn, "warning:");
        writeln!(line, " {}", one_line(text)).expect("writing to a string cannot fail");
        line
    }

    /// Writes what tells more of an error, whatever `-q` says; documents have it in their objects.
    pub(crate) fn details(&self, text: &str) {
        if !self.json_talk {
            write_stderr(text);
        }
    }

    /// Writes errors, whatever `-q` says.
    pub(crate) fn errors(&self, errors: &[Error]) {
        self.errors_of(errors.iter().map(|error| ("", error)));
    }

    /// Writes errors with the names of the instances that they are about, whatever `-q` says; empty
    /// where one is about none.
    pub(crate) fn errors_of<'e>(&self, errors: impl IntoIterator<Item = (&'e str, &'e Error)>) {
        if self.json_talk {
            for (instance, error) in errors {
                let error = ErrorView::from(error);
                write_stderr(&event_of(instance, "error", "error", error));
            }
        } else {
            let errors: Vec<Error> = errors.into_iter().map(|(_, error)| error.clone()).collect();
            write_stderr(&self.called.tell(&errors::text(&errors, self.stderr)));
        }
    }
}

/// Gives a line of JSON beside those of the progress.
fn event(word: &str, key: &str, value: impl Serialize) -> String {
    event_of("", word, key, value)
}

/// Gives such a line about an instance; about none where its name is empty.
fn event_of(instance: &str, word: &str, key: &str, value: impl Serialize) -> String {
    let time = format!("{:.3}", Timestamp::now());
    let value = serde_json::to_string(&value).expect("errors and texts have string keys");
    let instance = match instance {
        "" => String::new(),
        name => format!("\"instance\":{},", serde_json::Value::from(name)),
    };
    sanitize::json(format!(
        "{{\"time\":\"{time}\",{instance}\"event\":\"{word}\",\"{key}\":{value}}}\n"
    ))
}

/// Writes to stderr; where that is closed, nobody listens and nothing is lost.
pub(super) fn write_stderr(text: &str) {
    let mut stderr = io::stderr().lock();
    let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
}
