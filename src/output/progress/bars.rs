//! Progress on a terminal: a heading for each instance with its phase, and a line for each object that
//! is not ready; notes, warnings and failures stay above them.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::{Duration, Instant},
};

use super::{
    screen::{Line, Screen, Size, size},
    track::Track,
    wording,
};
use crate::{
    ops::events::{Event, Reporter},
    output::{printer::Printer, stream::Stream},
    workload::readiness::State,
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
    by_name: BTreeMap<String, Track>,
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
            by_name: BTreeMap::new(),
            drawn: None,
            ticks: false,
        };
        Self { printer, several, screen, tracks: Arc::new(Mutex::new(tracks)) }
    }

    /// Gives the screen that is drawn on.
    pub(crate) fn screen(&self) -> Screen {
        self.screen.clone()
    }

    /// Takes away the lines of an instance.
    pub(crate) fn finish(&self, instance: &str) {
        let mut tracks = lock(&self.tracks);
        if tracks.by_name.remove(instance).is_some() {
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
        let mut tracks = lock(&self.tracks);
        let now = Instant::now();
        tracks
            .by_name
            .entry(instance.to_owned())
            .or_insert_with(|| Track::new(now))
            .take(event, now);
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
        if tracks.by_name.is_empty() {
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
        self.screen.draw(lines(&self.by_name, now, size, self.stream), size.columns);
    }
}

/// Gives the lines for a window: never more than it has rows, the last of which is the cursor's, and
/// never wider than it is.
fn lines(tracks: &BTreeMap<String, Track>, now: Instant, size: Size, stream: Stream) -> Vec<Line> {
    // A line that fills the last column wraps on some terminals.
    let width = size.columns.saturating_sub(1);
    let rows = size.rows.saturating_sub(1).max(1);
    let shown = if tracks.len() <= rows { tracks.len() } else { rows - 1 };
    let (mut left, mut lines) = (rows - shown, Vec::new());
    for (index, (name, track)) in tracks.iter().take(shown).enumerate() {
        lines.push(track.heading(name, now, width, stream));
        // What one needs not, the next may take.
        let share = left / (shown - index);
        let open = track.open(now, share.min(track.open_count()), width, stream);
        left -= open.len();
        lines.extend(open);
    }
    if shown < tracks.len() {
        let text = format!("and {} more instances", tracks.len() - shown);
        lines.push(Line { columns: text.len(), text });
    }
    lines
}

impl Drop for Bars {
    fn drop(&mut self) {
        // The answer and the errors come after the display, on a clean line.
        lock(&self.tracks).by_name.clear();
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

    fn verbosity(&self) -> u8 {
        self.printer.verbosity()
    }
}

#[cfg(test)]
mod tests;
