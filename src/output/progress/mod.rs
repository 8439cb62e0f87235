//! Progress on stderr: lines that are drawn over on a terminal, lines with a heartbeat elsewhere, JSON lines on
//! request. A reporter never fails: where stderr is closed, nobody looks.

mod bars;
mod beats;
mod json;
mod lines;
mod screen;
mod track;
mod window;
mod wording;

use std::time::Duration;

use jiff::Timestamp;

pub(crate) use self::screen::{Line, Screen, size};
use self::{bars::Bars, json::JsonLines, lines::Lines};
use super::{format::Progress, printer::Printer};
use crate::ops::events::{Event, Reporter};

/// How much time passes at least between two lines that only say what is still open: with the second
/// that passes between two of these events, at most ten.
const HEARTBEAT: Duration = Duration::from_secs(9);
/// How many open objects are named at once.
const NAMED: usize = 5;

/// The reporter that the user chose, or that fits the terminal.
#[derive(Debug)]
pub(crate) enum ProgressReporter {
    /// Lines that are drawn over.
    Bars(Bars),
    /// A line for whatever happens.
    Lines(Lines),
    /// A JSON object per line.
    Json(JsonLines),
    /// Only what the user must know: notes and warnings.
    Notes(Lines),
}

impl ProgressReporter {
    /// Chooses. `several`: the events of more than one instance are told, so each line names
    /// its instance. `clock` stamps JSON lines.
    pub(crate) fn new(
        progress: Progress,
        printer: Printer,
        several: bool,
        clock: fn() -> Timestamp,
    ) -> Self {
        // Requests shown with `-v` would tear bars apart.
        let bars_fit = printer.can_move() && printer.verbosity() == 0;
        match progress {
            Progress::Auto if printer.is_quiet() => Self::Notes(Lines::new(printer, several)),
            Progress::Auto if bars_fit => Self::Bars(Bars::new(printer, several)),
            Progress::Auto | Progress::Lines => Self::Lines(Lines::new(printer, several)),
            Progress::Bars => Self::Bars(Bars::new(printer, several)),
            Progress::Json => Self::Json(JsonLines::new(printer.verbosity(), clock)),
            Progress::None => Self::Notes(Lines::new(printer, several)),
        }
    }

    /// Ends the progress of an instance: its answer comes now, on a clean line.
    pub(crate) fn finish(&self, instance: &str) {
        match self {
            Self::Bars(bars) => bars.finish(instance),
            Self::Lines(_) | Self::Json(_) | Self::Notes(_) => {}
        }
    }

    /// Gives the screen that is drawn on, which must step aside for a question.
    pub(crate) fn screen(&self) -> Option<Screen> {
        match self {
            Self::Bars(bars) => Some(bars.screen()),
            Self::Lines(_) | Self::Json(_) | Self::Notes(_) => None,
        }
    }
}

impl Reporter for ProgressReporter {
    fn report(&self, instance: &str, event: Event) {
        match self {
            Self::Bars(bars) => bars.report(instance, event),
            Self::Lines(lines) => lines.report(instance, event),
            Self::Json(json) => json.report(instance, event),
            Self::Notes(lines) => match event {
                Event::Note(_)
                | Event::Warning(_)
                | Event::Request { .. }
                | Event::Bodies { .. } => {
                    lines.report(instance, event);
                }
                Event::Planned { .. }
                | Event::Removing { .. }
                | Event::Done { .. }
                | Event::Judged { .. }
                | Event::Phase(_)
                | Event::Estimate(_)
                | Event::StillOpen { .. } => {}
            },
        }
    }

    fn verbosity(&self) -> u8 {
        match self {
            Self::Bars(bars) => bars.verbosity(),
            Self::Lines(lines) | Self::Notes(lines) => lines.verbosity(),
            Self::Json(json) => json.verbosity(),
        }
    }
}
