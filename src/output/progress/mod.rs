//! Progress on stderr: lines that are drawn over on a terminal, lines with a heartbeat elsewhere, JSON lines on
//! request. A reporter never fails: where stderr is closed, nobody looks.

mod bars;
mod beats;
pub(crate) mod json;
mod lines;
mod screen;
mod table;
mod track;
mod window;
mod wording;

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;

pub(crate) use self::screen::{Line, Screen, size};
use self::{bars::Bars, json::JsonLines, lines::Lines};
use super::{ci::Reports, format::Progress, operation::Verb, printer::Printer};
use crate::{
    ops::{
        events::{Event, Reporter},
        view::Operation,
    },
    workload::runtime::RuntimeName,
};

/// How much time passes at least between two lines that only say what is still open: with the second
/// that passes between two of these events, at most ten.
const HEARTBEAT: Duration = Duration::from_secs(9);
/// How many open objects are named at once.
const NAMED: usize = 5;

/// Tells what happens, in the manner that the user chose or that fits the terminal, and to the reports.
#[derive(Debug)]
pub(crate) struct ProgressReporter {
    manner: Manner,
    reports: Arc<Reports>,
}

#[derive(Debug)]
enum Manner {
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
        reports: Arc<Reports>,
    ) -> Self {
        // Requests shown with `-v` would tear bars apart.
        let bars_fit = printer.can_move() && printer.verbosity() == 0;
        let manner = match progress {
            Progress::Auto if printer.is_quiet() => Manner::Notes(Lines::new(printer, several)),
            Progress::Auto if bars_fit => Manner::Bars(Bars::new(printer, several)),
            Progress::Auto | Progress::Lines => Manner::Lines(Lines::new(printer, several)),
            Progress::Bars => Manner::Bars(Bars::new(printer, several)),
            Progress::Json => Manner::Json(JsonLines::new(printer.verbosity(), clock)),
            Progress::None => Manner::Notes(Lines::new(printer, several)),
        };
        Self { manner, reports }
    }

    /// Shows the instances whose turn will come, in their order.
    pub(crate) fn queue<'i>(&self, instances: impl Iterator<Item = &'i str>) {
        match &self.manner {
            Manner::Bars(bars) => bars.queue(instances),
            Manner::Lines(_) | Manner::Json(_) | Manner::Notes(_) => {}
        }
    }

    /// Shows what became of an instance, until its answer comes.
    pub(crate) fn end(&self, verb: Verb, operation: &Operation) {
        match &self.manner {
            Manner::Bars(bars) => bars.end(verb, operation),
            Manner::Lines(_) | Manner::Json(_) | Manner::Notes(_) => {}
        }
    }

    /// Ends the progress of an instance: its answer comes now, on a clean line.
    pub(crate) fn finish(&self, instance: &str) {
        match &self.manner {
            Manner::Bars(bars) => bars.finish(instance),
            Manner::Lines(_) | Manner::Json(_) | Manner::Notes(_) => {}
        }
    }

    /// Ends the progress of an instance and tells its answer, above the progress of the others.
    pub(crate) fn answer<T>(&self, instance: &str, tell: impl FnOnce() -> T) -> T {
        self.finish(instance);
        self.above(tell)
    }

    /// Tells something above what is drawn.
    pub(crate) fn above<T>(&self, tell: impl FnOnce() -> T) -> T {
        match self.screen() {
            Some(screen) => screen.suspend(tell),
            None => tell(),
        }
    }

    /// Gives the screen that is drawn on, which must step aside for a question.
    pub(crate) fn screen(&self) -> Option<Screen> {
        match &self.manner {
            Manner::Bars(bars) => Some(bars.screen()),
            Manner::Lines(_) | Manner::Json(_) | Manner::Notes(_) => None,
        }
    }
}

impl Reporter for ProgressReporter {
    fn report(&self, instance: &str, event: Event) {
        self.reports.observe(instance, &event);
        match &self.manner {
            Manner::Bars(bars) => bars.report(instance, event),
            Manner::Lines(lines) => lines.report(instance, event),
            Manner::Json(json) => json.report(instance, event),
            Manner::Notes(lines) => match event {
                Event::Note(_)
                | Event::Warning(_)
                | Event::Log(_)
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

    fn at(&self, instance: &str, runtime: &RuntimeName) {
        match &self.manner {
            Manner::Bars(bars) => bars.at(instance, runtime),
            Manner::Lines(_) | Manner::Json(_) | Manner::Notes(_) => {}
        }
    }

    fn verbosity(&self) -> u8 {
        match &self.manner {
            Manner::Bars(bars) => bars.verbosity(),
            Manner::Lines(lines) | Manner::Notes(lines) => lines.verbosity(),
            Manner::Json(json) => json.verbosity(),
        }
    }
}
