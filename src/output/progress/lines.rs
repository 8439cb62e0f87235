//! Progress as lines: one for each object that was written, became ready or failed, and a
//! heartbeat that says what is waited for.

use std::{collections::HashMap, sync::Mutex, time::Duration};

use super::{HEARTBEAT, wording};
use crate::{
    ops::events::{Event, Reporter},
    output::printer::{Printer, write_stderr},
};

/// Tells progress as lines.
#[derive(Debug)]
pub(crate) struct Lines {
    printer: Printer,
    several: bool,
    /// Per instance the time of the last heartbeat, as it passed since the start.
    beats: Mutex<HashMap<String, Duration>>,
}

impl Lines {
    /// Makes a reporter whose lines name their instance where there are `several`.
    pub(crate) fn new(printer: Printer, several: bool) -> Self {
        Self { printer, several, beats: Mutex::default() }
    }

    /// Tells whether it is time for a heartbeat again.
    fn beats(&self, instance: &str, elapsed: Duration) -> bool {
        let Ok(mut beats) = self.beats.lock() else { return false };
        match beats.get(instance) {
            // A smaller time is that of another operation on the same instance.
            Some(last) if elapsed >= *last && elapsed - *last < HEARTBEAT => false,
            None if elapsed < HEARTBEAT => false,
            _ => {
                beats.insert(instance.to_owned(), elapsed);
                true
            }
        }
    }

    fn text(&self, instance: &str, event: &Event) -> Option<String> {
        let is_told = match event {
            // Requests were asked for with `-v`; everything else is talk.
            Event::Request { .. } | Event::Bodies { .. } => true,
            // An operation says it every few seconds; a CI log wants it less often.
            Event::StillOpen { elapsed, .. } => {
                self.beats(instance, *elapsed) && !self.printer.is_quiet()
            }
            Event::Note(_)
            | Event::Warning(_)
            | Event::Planned { .. }
            | Event::Removing { .. }
            | Event::Done { .. }
            | Event::Judged { .. }
            | Event::Phase(_) => !self.printer.is_quiet(),
        };
        is_told.then(|| wording::line(event, self.named(instance), &self.printer)).flatten()
    }

    fn named<'a>(&self, instance: &'a str) -> Option<&'a str> {
        (self.several && !instance.is_empty()).then_some(instance)
    }
}

impl Reporter for Lines {
    fn report(&self, instance: &str, event: Event) {
        if let Some(text) = self.text(instance, &event) {
            write_stderr(&text);
        }
    }

    fn verbosity(&self) -> u8 {
        self.printer.verbosity()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::format::Format;

    #[test]
    fn the_heart_beats_every_ten_seconds_per_instance() {
        let lines = Lines::new(Printer::plain(Format::Table), true);
        let told = |instance: &str, seconds| {
            let elapsed = Duration::from_secs(seconds);
            lines
                .text(instance, &Event::StillOpen { phase: "waiting", elapsed, open: Vec::new() })
                .is_some()
        };
        let times: Vec<u64> = (0..=25).filter(|seconds| told("web", *seconds)).collect();
        assert_eq!(times, [10, 20]);
        assert!(told("db", 12));
        assert!(!told("db", 3) || !told("db", 4), "a new operation begins anew");
    }

    #[test]
    fn one_instance_is_not_named_again_and_again() {
        let lines = Lines::new(Printer::plain(Format::Table), false);
        let text = lines.text("web", &Event::Phase("applying"));
        assert_eq!(text.as_deref(), Some("applying\n"));
    }
}
