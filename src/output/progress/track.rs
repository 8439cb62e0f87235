//! What is known of the work on one instance, and the lines that tell it: a heading, and a line for
//! each object that is not ready, as many as fit.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    time::{Duration, Instant},
};

use super::{screen::Line, wording};
use crate::{
    ops::events::Event,
    output::{
        human,
        sanitize::one_line,
        stream::{Stream, Tone},
        width::{columns, cut, pad},
    },
    workload::{object::ObjectId, readiness::State, release::Action},
};

/// How wide the bar is, and from which window on.
const BAR: usize = 16;
const BAR_FROM: usize = 70;
/// The most columns that the name of an object takes.
const NAME: usize = 44;

/// The work on one instance.
#[derive(Debug)]
pub(super) struct Track {
    started: Instant,
    phase: &'static str,
    /// How many objects are to be written or removed, and how many of them were.
    changes: usize,
    done: usize,
    /// How many objects the release has.
    all: usize,
    /// What was written and nobody has judged since.
    unjudged: BTreeSet<ObjectId>,
    /// How long earlier releases took.
    estimate: Option<Duration>,
    objects: BTreeMap<ObjectId, Seen>,
}

/// What was last heard of an object.
#[derive(Debug)]
struct Seen {
    state: State,
    why: String,
    /// Since when it is waited for.
    since: Instant,
    /// Whether it was looked at, and not only named as open.
    judged: bool,
}

impl Seen {
    fn is_bad(&self) -> bool {
        matches!(self.state, State::Failed | State::Missing)
    }

    /// What failed first, then what is known to wait, then what nobody has looked at.
    fn urgency<'a>(&self, id: &'a ObjectId) -> (bool, bool, &'a ObjectId) {
        (!self.is_bad(), !self.judged, id)
    }
}

impl Track {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            started: now,
            phase: "",
            changes: 0,
            done: 0,
            all: 0,
            unjudged: BTreeSet::new(),
            estimate: None,
            objects: BTreeMap::new(),
        }
    }

    /// Takes an event in.
    pub(super) fn take(&mut self, event: &Event, now: Instant) {
        match event {
            Event::Note(_)
            | Event::Warning(_)
            | Event::Log(_)
            | Event::Request { .. }
            | Event::Bodies { .. } => {}
            Event::Planned { changes, objects } => {
                (self.changes, self.done, self.all) = (*changes, 0, *objects);
                // What a release before wrote is nothing of this one.
                self.unjudged.clear();
            }
            Event::Removing { objects } => {
                (self.changes, self.done, self.all) = (*objects, 0, 0);
            }
            Event::Estimate(estimate) => self.estimate = Some(*estimate),
            Event::Phase(phase) => self.turn(phase),
            Event::Done { object, action } => {
                self.done += 1;
                if *action != Action::Delete {
                    self.unjudged.insert(object.clone());
                }
                // One that is removed is not waited for any more; one that is written is judged anew.
                self.objects.remove(object);
            }
            Event::Judged { object, verdict } => {
                self.unjudged.remove(object);
                let why = wording::reason(verdict);
                self.see(object, verdict.state, why, true, now);
            }
            Event::StillOpen { phase, open, .. } => {
                self.turn(phase);
                // What is not named here is ready.
                self.unjudged.clear();
                let named: HashSet<&ObjectId> = open.iter().map(|(id, _)| id).collect();
                self.objects
                    .retain(|object, seen| seen.state == State::Ready || named.contains(object));
                for (object, why) in open {
                    let state = self.objects.get(object).map_or(State::Waiting, |seen| seen.state);
                    self.see(object, state, one_line(why).into_owned(), false, now);
                }
            }
        }
    }

    /// Begins a phase. What was waited for in the one before says nothing of this one.
    fn turn(&mut self, phase: &'static str) {
        let is_release = |phase| matches!(phase, "" | "applying" | "waiting");
        if self.phase != phase && !(is_release(self.phase) && is_release(phase)) {
            self.objects.clear();
        }
        self.phase = phase;
    }

    fn see(&mut self, id: &ObjectId, state: State, why: String, judged: bool, now: Instant) {
        let seen = self.objects.entry(id.clone()).or_insert_with(|| Seen {
            state,
            why: String::new(),
            since: now,
            judged,
        });
        seen.judged |= judged;
        (seen.state, seen.why) = (state, why);
    }

    /// Tells since when it is worked on.
    pub(super) fn started(&self) -> Instant {
        self.started
    }

    pub(super) fn phase(&self) -> &'static str {
        if self.phase.is_empty() { "starting" } else { self.phase }
    }

    /// Tells how many objects of how many are so far, and how far that is; none where there are none.
    pub(super) fn share(&self) -> Option<(usize, usize, &'static str)> {
        let share = match self.phase {
            "waiting" => {
                let unjudged = self.unjudged.iter().filter(|id| !self.objects.contains_key(*id));
                let open = self.open_count() + unjudged.count();
                // What did not change is judged by nobody, and counts.
                let all = self.all.max(self.objects.len()).max(open);
                (all - open, all, "ready")
            }
            _ => (self.done, self.changes, "done"),
        };
        Some(share).filter(|(_, of, _)| *of > 0)
    }

    /// Tells whether an object fails.
    pub(super) fn fails(&self) -> bool {
        self.objects.values().any(Seen::is_bad)
    }

    /// Says what is wrong with the object that comes first in the lines, in one.
    pub(super) fn worst(&self) -> Option<String> {
        let open = self.objects.iter().filter(|(_, seen)| seen.state != State::Ready);
        let (id, Seen { why, .. }) = open.min_by_key(|(id, seen)| seen.urgency(id))?;
        let object = one_line(&id.to_string()).into_owned();
        Some(if why.is_empty() { object } else { format!("{object}: {why}") })
    }

    /// Gives the heading, which fits a number of columns.
    pub(super) fn heading(&self, name: &str, now: Instant, width: usize, stream: Stream) -> Line {
        let share = self.share();
        let bar = match share {
            Some((part, of, _)) if width >= BAR_FROM => bar(part, of) + " ",
            _ => String::new(),
        };
        let count =
            share.map(|(part, of, what)| format!("{part}/{of} {what} · ")).unwrap_or_default();
        let phase = self.phase();
        let usually = self.estimate.map(|time| format!(", usually {}", whole(time)));
        let elapsed = whole(now.saturating_duration_since(self.started));
        let rest = format!("{bar}{count}{phase} {elapsed}{}", usually.unwrap_or_default());
        let name = cut(&one_line(name), width / 2);
        let rest = cut(&rest, width.saturating_sub(columns(&name) + 1));
        let columns = columns(&name) + 1 + columns(&rest);
        Line { text: format!("{} {rest}", stream.paint(Tone::Strong, &name)), columns }
    }

    /// Gives a line for each object that is not ready, at most `rows`; the last says how many more
    /// there are.
    pub(super) fn open(
        &self,
        now: Instant,
        rows: usize,
        width: usize,
        stream: Stream,
    ) -> Vec<Line> {
        let mut open: Vec<(&ObjectId, &Seen)> =
            self.objects.iter().filter(|(_, seen)| seen.state != State::Ready).collect();
        open.sort_by_key(|(id, seen)| seen.urgency(id));
        let shown = if open.len() <= rows { open.len() } else { rows.saturating_sub(1) };
        let names: Vec<String> = open[..shown]
            .iter()
            .map(|(id, _)| cut(&one_line(&id.to_string()), NAME.min(width * 2 / 5)))
            .collect();
        let widest = names.iter().map(|name| columns(name)).max().unwrap_or(0);
        // All of them grow in the same moment, once a second.
        let second = |at: Instant| at.saturating_duration_since(self.started).as_secs();
        let age = |seen: &Seen| {
            whole(Duration::from_secs(second(now).saturating_sub(second(seen.since))))
        };
        let ages: Vec<String> = open[..shown].iter().map(|(_, seen)| age(seen)).collect();
        let oldest = ages.iter().map(String::len).max().unwrap_or(0);
        let mut lines: Vec<Line> = names
            .iter()
            .zip(&ages)
            .zip(&open)
            .map(|((name, age), (_, seen))| {
                let before = format!("  {}  {age:>oldest$}  ", pad(name, widest));
                let why = cut(&seen.why, width.saturating_sub(columns(&before)));
                let tone = if seen.is_bad() { Tone::Bad } else { Tone::Plain };
                let columns = columns(&before) + columns(&why);
                Line { text: before + &stream.paint(tone, &why), columns }
            })
            .collect();
        if rows > 0 && shown < open.len() {
            let more = cut(&format!("  and {} more", open.len() - shown), width);
            lines.push(Line { columns: columns(&more), text: stream.paint(Tone::Dim, &more) });
        }
        lines
    }

    /// Counts the objects that are not ready.
    pub(super) fn open_count(&self) -> usize {
        self.objects.values().filter(|seen| seen.state != State::Ready).count()
    }
}

fn bar(part: usize, of: usize) -> String {
    let full = (part.min(of) * BAR).checked_div(of).unwrap_or(0);
    "━".repeat(full) + &"─".repeat(BAR - full)
}

/// Shows a time in whole seconds: a line that changes ten times a second cannot be read.
pub(super) fn whole(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..=119 => format!("{seconds} s"),
        seconds => human::duration(Duration::from_secs(seconds)),
    }
}
