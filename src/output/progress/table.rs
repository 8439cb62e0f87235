//! The instances that are worked on, and the table that shows several of them: a row each, as many as
//! fit the window, those that fail and those that are under way before the others.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use super::{
    screen::{Line, Size},
    track::{Track, whole},
};
use crate::{
    ops::{events::Event, view::Operation},
    output::{
        operation::{Verb, fate},
        sanitize::one_line,
        stream::{Stream, Tone},
        width::{columns, cut},
    },
};

const HEAD: [&str; 6] = ["INSTANCE", "RUNTIME", "PHASE", "OBJECTS", "TIME", "REASON"];
/// The column of the times, which end below each other.
const TIME: usize = 4;
/// From which window on it is said what the objects are counted by.
const WORD_FROM: usize = 70;
/// The lowest window that has a heading.
const HEAD_FROM: usize = 4;

/// The instances that are worked on, or will be.
#[derive(Debug)]
pub(super) struct Table {
    /// Times grow in the same moment, once a second since then.
    began: Instant,
    added: usize,
    rows: BTreeMap<String, Row>,
}

/// One instance.
#[derive(Debug)]
struct Row {
    /// Its place in the order of the command line.
    number: usize,
    runtime: String,
    /// None before its turn.
    track: Option<Track>,
    ended: Option<Ended>,
}

/// What became of an instance that has ended before one whose answer comes first.
#[derive(Debug)]
struct Ended {
    at: Instant,
    word: &'static str,
    /// What went wrong.
    failure: Option<String>,
}

/// What is most urgent is shown where not all rows fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Urgency {
    Fails,
    UnderWay,
    Queued,
    Ended,
}

impl Table {
    pub(super) fn new(now: Instant) -> Self {
        Self { began: now, added: 0, rows: BTreeMap::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.rows.clear();
    }

    /// Gives the row of an instance, a new one where there is none.
    fn row(&mut self, instance: &str) -> &mut Row {
        let Self { added, rows, .. } = self;
        rows.entry(instance.to_owned()).or_insert_with(|| {
            *added += 1;
            Row { number: *added, runtime: String::new(), track: None, ended: None }
        })
    }

    /// Adds an instance whose turn will come.
    pub(super) fn queue(&mut self, instance: &str) {
        self.row(instance);
    }

    /// Says on which runtime an instance is.
    pub(super) fn place(&mut self, instance: &str, runtime: &str, now: Instant) {
        let row = self.row(instance);
        row.runtime = one_line(runtime).into_owned();
        row.track.get_or_insert_with(|| Track::new(now));
    }

    /// Takes in what happened to an instance.
    pub(super) fn take(&mut self, instance: &str, event: &Event, now: Instant) {
        let row = self.row(instance);
        row.track.get_or_insert_with(|| Track::new(now)).take(event, now);
    }

    /// Says what became of an instance.
    pub(super) fn end(&mut self, verb: Verb, operation: &Operation, now: Instant) {
        let row = self.row(&operation.instance.name);
        if let Some(runtime) = &operation.instance.runtime {
            row.runtime = one_line(runtime).into_owned();
        }
        let failure = operation.error.as_ref().map(|error| {
            // That it failed, the row says already.
            let why = error.causes.first().unwrap_or(&error.message);
            one_line(why).into_owned()
        });
        row.ended = Some(Ended { at: now, word: fate(verb, operation), failure });
    }

    /// Takes an instance away; tells whether it was there.
    pub(super) fn remove(&mut self, instance: &str) -> bool {
        self.rows.remove(instance).is_some()
    }

    /// Gives the lines for a window: never more than it has rows, the last of which is the cursor's,
    /// and never wider than it is. Without `several` the one instance has all of it.
    pub(super) fn lines(
        &self,
        several: bool,
        now: Instant,
        size: Size,
        stream: Stream,
    ) -> Vec<Line> {
        // A line that fills the last column wraps on some terminals.
        let width = size.columns.saturating_sub(1);
        let height = size.rows.saturating_sub(1).max(1);
        match self.rows.first_key_value() {
            Some((name, Row { track: Some(track), .. })) if !several && self.rows.len() == 1 => {
                let mut lines = vec![track.heading(name, now, width, stream)];
                let open = (height - 1).min(track.open_count());
                lines.extend(track.open(now, open, width, stream));
                lines
            }
            Some(_) => self.several(now, width, height, stream),
            None => Vec::new(),
        }
    }

    fn several(&self, now: Instant, width: usize, height: usize, stream: Stream) -> Vec<Line> {
        let mut rows: Vec<(&String, &Row)> = self.rows.iter().collect();
        rows.sort_by_key(|(_, row)| row.number);
        let head = usize::from(height >= HEAD_FROM);
        let room = height - head;
        let left = if rows.len() <= room { 0 } else { rows.len() + 1 - room };
        if left > 0 {
            rows.sort_by_key(|(_, row)| (row.urgency(), row.number));
            rows.truncate(room - 1);
        }
        let mut cells: Vec<[Cell; 6]> =
            rows.iter().map(|(name, row)| row.cells(name, self.began, now, width)).collect();
        if head == 1 {
            cells.insert(0, HEAD.map(|word| Cell { text: word.to_owned(), tone: Tone::Dim }));
        }
        let widest = |column: usize| {
            cells.iter().map(|cells| columns(&cells[column].text)).max().unwrap_or(0)
        };
        let widths: [usize; 6] = std::array::from_fn(widest);
        let mut lines: Vec<Line> =
            cells.iter().map(|cells| line(cells, &widths, width, stream)).collect();
        if left > 0 {
            let more = cut(&format!("and {left} more"), width);
            lines.push(Line { columns: columns(&more), text: stream.paint(Tone::Dim, &more) });
        }
        lines
    }
}

/// What stands in one column.
struct Cell {
    text: String,
    tone: Tone,
}

impl Row {
    fn urgency(&self) -> Urgency {
        match (&self.ended, &self.track) {
            (Some(Ended { failure: Some(_), .. }), _) => Urgency::Fails,
            (Some(Ended { failure: None, .. }), _) => Urgency::Ended,
            (None, Some(track)) if track.fails() => Urgency::Fails,
            (None, Some(_)) => Urgency::UnderWay,
            (None, None) => Urgency::Queued,
        }
    }

    fn cells(&self, name: &str, began: Instant, now: Instant, width: usize) -> [Cell; 6] {
        let cell = |tone, text: String| Cell { text, tone };
        let (tone, phase) = match (&self.ended, &self.track) {
            (Some(Ended { word, failure: None, .. }), _) => (Tone::Good, *word),
            (Some(Ended { word, failure: Some(_), .. }), _) => (Tone::Bad, *word),
            (None, Some(track)) => (Tone::Plain, track.phase()),
            (None, None) => (Tone::Dim, "queued"),
        };
        let ended_well = matches!(self.ended, Some(Ended { failure: None, .. }));
        let share = self.track.as_ref().and_then(Track::share).map(|share| match share {
            // It may end between two looks: what it ended as counts.
            (_, of, what @ "ready") if ended_well => (of, of, what),
            share => share,
        });
        let objects = match share {
            Some((part, of, what)) if width >= WORD_FROM => format!("{part}/{of} {what}"),
            Some((part, of, _)) => format!("{part}/{of}"),
            None => String::new(),
        };
        let second = |at: Instant| at.saturating_duration_since(began).as_secs();
        let end = self.ended.as_ref().map_or(now, |ended| ended.at);
        let time =
            self.track.as_ref().map(|track| second(end) - second(track.started()).min(second(end)));
        let time = time.map(|seconds| whole(Duration::from_secs(seconds))).unwrap_or_default();
        let (is_bad, reason) = match (&self.ended, &self.track) {
            (Some(Ended { failure, .. }), _) => (failure.is_some(), failure.clone()),
            (None, Some(track)) => (track.fails(), track.worst()),
            (None, None) => (false, None),
        };
        [
            cell(Tone::Strong, cut(&one_line(name), width / 4)),
            cell(Tone::Plain, cut(&self.runtime, width / 6)),
            cell(tone, phase.to_owned()),
            cell(Tone::Plain, objects),
            cell(Tone::Plain, time),
            cell(if is_bad { Tone::Bad } else { Tone::Plain }, reason.unwrap_or_default()),
        ]
    }
}

/// Sets a row's cells below those of the others; what does not fit is cut.
fn line(cells: &[Cell], widths: &[usize], width: usize, stream: Stream) -> Line {
    let mut line = Line { text: String::new(), columns: 0 };
    let mut at = 0;
    for (column, (cell, wide)) in cells.iter().zip(widths).enumerate() {
        let taken = columns(&cell.text);
        let begin = if column == TIME { at + wide - taken } else { at };
        let text = cut(&cell.text, width.saturating_sub(begin));
        if !text.is_empty() {
            line.text += &" ".repeat(begin - line.columns);
            line.columns = begin + columns(&text);
            line.text += &stream.paint(cell.tone, &text);
        }
        // A column in which nothing stands takes no room.
        at += if *wide == 0 { 0 } else { wide + 2 };
    }
    line
}
