//! Progress on a terminal: of one instance a heading with its phase, and a line for each object that is
//! not ready; of several a table. Notes, warnings and failures stay above them.

use std::{
    sync::{Arc, Mutex, PoisonError, Weak},
    time::{Duration, Instant},
};

use super::{
    screen::{Screen, size},
    table::Table,
    wording,
};
use crate::{
    ops::{
        events::{Event, Reporter},
        view::Operation,
    },
    output::{operation::Verb, printer::Printer, stream::Stream},
    workload::{readiness::State, runtime::RuntimeName},
};

/// How often times are drawn anew, and what came faster than it could be seen.
const TICK: Duration = Duration::from_millis(100);
/// How long a frame stands at least.
const FRAME: Duration = Duration::from_millis(30);

/// Tells progress on a terminal.
#[derive(Debug)]
pub(crate) struct Bars {
    printer: Printer,
    several: bool,
    screen: Screen,
    tracks: Arc<Mutex<Tracks>>,
}

/// The instances that are worked on.
#[derive(Debug)]
struct Tracks {
    screen: Screen,
    stream: Stream,
    several: bool,
    table: Table,
    drawn: Option<Instant>,
    /// Whether a thread draws anew as time passes.
    ticks: bool,
}

impl Bars {
    /// Makes an empty display on stderr; where that is no terminal it is invisible.
    pub(crate) fn new(printer: Printer, several: bool) -> Self {
        let screen = Screen::new(&printer);
        let tracks = Tracks {
            screen: screen.clone(),
            stream: printer.stderr(),
            several,
            table: Table::new(Instant::now()),
            drawn: None,
            ticks: false,
        };
        Self { printer, several, screen, tracks: Arc::new(Mutex::new(tracks)) }
    }

    /// Gives the screen that is drawn on.
    pub(crate) fn screen(&self) -> Screen {
        self.screen.clone()
    }

    /// Shows the instances whose turn will come.
    pub(super) fn queue<'i>(&self, instances: impl Iterator<Item = &'i str>) {
        if self.several {
            self.change(|table, _| instances.for_each(|instance| table.queue(instance)));
        }
    }

    /// Shows what became of an instance.
    pub(super) fn end(&self, verb: Verb, operation: &Operation) {
        if self.several {
            self.change(|table, now| table.end(verb, operation, now));
        }
    }

    /// Takes away the lines of an instance.
    pub(crate) fn finish(&self, instance: &str) {
        let mut tracks = lock(&self.tracks);
        if tracks.table.remove(instance) {
            tracks.draw();
        }
    }

    /// Writes a line above the display.
    fn above(&self, instance: &str, event: &Event) {
        let is_asked_for = matches!(event, Event::Log(_));
        if self.printer.is_quiet() && !is_asked_for {
            return;
        }
        let named = (self.several && !instance.is_empty()).then_some(instance);
        if let Some(text) = wording::line(event, named, &self.printer) {
            self.screen.above(&text);
        }
    }

    fn track(&self, instance: &str, event: &Event) {
        self.change(|table, now| table.take(instance, event, now));
    }

    fn change(&self, change: impl FnOnce(&mut Table, Instant)) {
        let mut tracks = lock(&self.tracks);
        let now = Instant::now();
        change(&mut tracks.table, now);
        // A burst of events is one frame; the ticker draws what came last.
        if tracks.drawn.is_none_or(|drawn| now.duration_since(drawn) >= FRAME) {
            tracks.draw();
        }
        if !tracks.ticks {
            tracks.ticks = true;
            let tracks = Arc::downgrade(&self.tracks);
            std::thread::spawn(move || tick(&tracks));
        }
    }
}

fn lock(tracks: &Mutex<Tracks>) -> std::sync::MutexGuard<'_, Tracks> {
    tracks.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Draws anew until nothing is worked on any more.
fn tick(tracks: &Weak<Mutex<Tracks>>) {
    loop {
        std::thread::sleep(TICK);
        let Some(tracks) = tracks.upgrade() else { return };
        let mut tracks = lock(&tracks);
        if tracks.table.is_empty() {
            tracks.ticks = false;
            return;
        }
        tracks.draw();
    }
}

impl Tracks {
    fn draw(&mut self) {
        let (now, size) = (Instant::now(), size());
        self.drawn = Some(now);
        let lines = self.table.lines(self.several, now, size, self.stream);
        self.screen.draw(lines, size.columns);
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        // The answer and the errors come after the display, on a clean line.
        lock(&self.tracks).table.clear();
        self.screen.clear();
    }
}

impl Reporter for Bars {
    fn report(&self, instance: &str, event: Event) {
        match &event {
            Event::Note(_)
            | Event::Warning(_)
            | Event::Log(_)
            | Event::Request { .. }
            | Event::Bodies { .. } => {
                self.above(instance, &event);
            }
            Event::Judged { verdict, .. } => {
                // What failed stays to be read, whatever becomes of the lines.
                if matches!(verdict.state, State::Failed | State::Missing) {
                    self.above(instance, &event);
                }
                self.track(instance, &event);
            }
            Event::Planned { .. }
            | Event::Removing { .. }
            | Event::Done { .. }
            | Event::Phase(_)
            | Event::Estimate(_)
            | Event::StillOpen { .. } => self.track(instance, &event),
        }
    }

    fn at(&self, instance: &str, runtime: &RuntimeName) {
        if self.several {
            self.change(|table, now| table.place(instance, &runtime.to_string(), now));
        }
    }

    fn verbosity(&self) -> u8 {
        self.printer.verbosity()
    }
}

#[cfg(test)]
mod tests;
