//! Progress as lines: one for each object that was written, became ready or failed, and a
//! heartbeat that says what is waited for.

use super::{HEARTBEAT, beats::Beats, wording};
use crate::{
    ops::events::{Event, Reporter},
    output::printer::{Printer, write_stderr},
};

/// Tells progress as lines.
#[derive(Debug)]
pub(crate) struct Lines {
    printer: Printer,
    several: bool,
    beats: Beats,
}

impl Lines {
    /// Makes a reporter whose lines name their instance where there are `several`.
    pub(crate) fn new(printer: Printer, several: bool) -> Self {
        Self { printer, several, beats: Beats::new(HEARTBEAT) }
    }

    fn text(&self, instance: &str, event: &Event) -> Option<String> {
        let is_told = match event {
            // Requests were asked for with `-v`, logs with `--logs`; everything else is talk.
            Event::Log(_) | Event::Request { .. } | Event::Bodies { .. } => true,
            // An operation says it every second; a CI log wants it less often.
            Event::StillOpen { elapsed, .. } => {
                self.beats.is_due(instance, *elapsed) && !self.printer.is_quiet()
            }
            Event::Note(_)
            | Event::Warning(_)
            | Event::Planned { .. }
            | Event::Removing { .. }
            | Event::Done { .. }
            | Event::Judged { .. }
            | Event::Phase(_)
            | Event::Estimate(_) => !self.printer.is_quiet(),
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
    use std::time::Duration;

    use super::*;
    use crate::output::format::Format;

    #[test]
    fn the_heart_beats_within_ten_seconds_per_instance() {
        let lines = Lines::new(Printer::plain(Format::Table), true);
        let told = |instance: &str, seconds| {
            let elapsed = Duration::from_secs(seconds);
            lines
                .text(instance, &Event::StillOpen { phase: "waiting", elapsed, open: Vec::new() })
                .is_some()
        };
        let times: Vec<u64> = (0..=25).filter(|seconds| told("web", *seconds)).collect();
        assert_eq!(times, [9, 18]);
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
