//! Questions: asked on stderr, answered on stdin, and only where a person sits at both.

use std::{
    io::{self, BufRead as _, IsTerminal as _},
    sync::{
        Mutex, PoisonError,
        mpsc::{RecvTimeoutError, channel},
    },
    time::Duration,
};

use super::{
    printer::{Printer, write_stderr},
    progress::Screen,
    sanitize::one_line,
    stream::Tone,
};
use crate::ops::{events::Ask, stop::Stop};

/// Asks the user, or answers for the user.
#[derive(Debug)]
pub(crate) struct Questions {
    answerer: Answerer,
    printer: Printer,
    screen: Option<Screen>,
    stop: Stop,
    /// One question at a time, where instances are worked on side by side.
    turn: Mutex<()>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answerer {
    Yes,
    Ask,
    Nobody,
}

impl Questions {
    /// Finds out whether somebody can be asked. `stdin_is_source`: the manifests come from there.
    pub(crate) fn new(printer: Printer, yes: bool, stdin_is_source: bool, stop: Stop) -> Self {
        // An answer from a pipe is nobody's yes (docs/cli.md, Questions).
        let person = !stdin_is_source && io::stdin().is_terminal() && printer.stderr().terminal;
        let answerer = match (yes, person) {
            (true, _) => Answerer::Yes,
            (false, true) => Answerer::Ask,
            (false, false) => Answerer::Nobody,
        };
        Self { answerer, printer, screen: None, stop, turn: Mutex::new(()) }
    }

    /// Lets progress step aside while a question stands.
    #[must_use]
    pub(crate) fn above(mut self, screen: Option<Screen>) -> Self {
        self.screen = screen;
        self
    }

    fn ask(&self, question: &str) -> bool {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        // The one before may have been ended by a signal, which ends them all.
        if self.stop.requested().is_some() {
            return false;
        }
        let question = self.printer.stderr().paint(Tone::Strong, &one_line(question));
        write_stderr(&format!("{question} [y/N] "));
        self.answer()
    }

    /// Reads a line in a thread of its own: a signal must be able to end the waiting.
    fn answer(&self) -> bool {
        let (sender, receiver) = channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            // End of input counts as no answer.
            let read = io::stdin().lock().read_line(&mut line).unwrap_or(0);
            // Nobody waits any more after a signal.
            let _ = sender.send((read > 0).then_some(line));
        });
        loop {
            match receiver.recv_timeout(Duration::from_millis(50)) {
                Ok(line) => return line.is_some_and(|line| is_yes(&line)),
                Err(RecvTimeoutError::Disconnected) => return false,
                Err(RecvTimeoutError::Timeout) if self.stop.requested().is_some() => return false,
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }
}

impl Ask for Questions {
    fn confirm(&self, question: &str) -> Option<bool> {
        match self.answerer {
            Answerer::Yes => Some(true),
            Answerer::Nobody => None,
            Answerer::Ask => Some(match &self.screen {
                // What is drawn again would write over the question.
                Some(screen) => screen.suspend(|| self.ask(question)),
                None => self.ask(question),
            }),
        }
    }

    fn can_answer(&self) -> bool {
        self.answerer != Answerer::Nobody
    }

    fn is_asking(&self) -> bool {
        self.answerer == Answerer::Ask
    }
}

fn is_yes(line: &str) -> bool {
    matches!(line.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::format::Format;

    #[test]
    fn only_yes_is_yes() {
        for (line, expected) in
            [("y\n", true), (" YES \n", true), ("\n", false), ("n\n", false), ("yeah\n", false)]
        {
            assert_eq!(is_yes(line), expected, "{line:?}");
        }
    }

    #[test]
    fn the_flag_answers_and_a_script_cannot_be_asked() {
        let questions =
            |yes| Questions::new(Printer::plain(Format::Table), yes, true, Stop::channel().1);
        assert_eq!(questions(true).confirm("delete?"), Some(true));
        assert_eq!(questions(false).confirm("delete?"), None);
    }
}
