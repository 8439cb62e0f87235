//! Progress as bars: one per instance, with what it waits for; notes, warnings and failures
//! stay above them as lines.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Mutex,
    time::Duration,
};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::wording;
use crate::{
    ops::events::{Event, Reporter},
    output::{
        printer::{Printer, write_stderr},
        sanitize::one_line,
        stream::Tone,
    },
    workload::{object::ObjectId, readiness::State},
};

/// Tells progress as bars.
#[derive(Debug)]
pub(crate) struct Bars {
    printer: Printer,
    several: bool,
    screen: MultiProgress,
    tracks: Mutex<HashMap<String, Track>>,
}

/// The bar of one instance and what it counts.
#[derive(Debug)]
struct Track {
    bar: ProgressBar,
    changes: usize,
    written: usize,
    judged: BTreeMap<ObjectId, (State, String)>,
    waiting: bool,
}

impl Bars {
    /// Makes bars on stderr; where that is no terminal they are invisible.
    pub(crate) fn new(printer: Printer, several: bool) -> Self {
        let target = if printer.is_quiet() {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr()
        };
        Self {
            printer,
            several,
            screen: MultiProgress::with_draw_target(target),
            tracks: Mutex::default(),
        }
    }

    /// Gives the screen that the bars are drawn on.
    pub(crate) fn screen(&self) -> MultiProgress {
        self.screen.clone()
    }

    /// Takes away the bar of an instance.
    pub(crate) fn finish(&self, instance: &str) {
        if let Ok(mut tracks) = self.tracks.lock()
            && let Some(track) = tracks.remove(instance)
        {
            track.bar.finish_and_clear();
        }
    }

    /// Writes a line above the bars.
    fn above(&self, instance: &str, event: &Event) {
        if self.printer.is_quiet() {
            return;
        }
        let named = (self.several && !instance.is_empty()).then_some(instance);
        if let Some(text) = wording::line(event, named, &self.printer) {
            // Written past the bars it would stand in the middle of one.
            self.screen.suspend(|| write_stderr(&text));
        }
    }

    fn track(&self, instance: &str, change: impl FnOnce(&mut Track)) {
        let Ok(mut tracks) = self.tracks.lock() else { return };
        let track = tracks.entry(instance.to_owned()).or_insert_with(|| {
            let bar = self.screen.add(ProgressBar::new(0).with_style(style()));
            bar.set_prefix(self.printer.stderr().paint(Tone::Strong, &one_line(instance)));
            bar.enable_steady_tick(Duration::from_millis(200));
            Track { bar, changes: 0, written: 0, judged: BTreeMap::new(), waiting: false }
        });
        change(track);
        track.draw();
    }
}

impl Track {
    fn draw(&self) {
        let ready = self.judged.values().filter(|(state, _)| *state == State::Ready).count();
        let (length, position) =
            // While it waits, a bar counts what is ready; before that, what is written.
            if self.waiting { (self.judged.len(), ready) } else { (self.changes, self.written) };
        self.bar.set_length(length as u64);
        self.bar.set_position(position as u64);
        let open = self.judged.iter().find(|(_, (state, _))| *state != State::Ready);
        if let Some((object, (_, why))) = open.filter(|_| self.waiting) {
            let text = if why.is_empty() { object.to_string() } else { format!("{object}: {why}") };
            self.bar.set_message(one_line(&text).into_owned());
        }
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        // The answer and the errors come after the bars, on a clean line.
        if let Ok(tracks) = self.tracks.get_mut() {
            tracks.values().for_each(|track| track.bar.finish_and_clear());
        }
    }
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{prefix} {bar:20} {pos}/{len} {elapsed} {wide_msg}")
        .expect("the template is well formed")
        .progress_chars("━━─")
}

impl Reporter for Bars {
    fn report(&self, instance: &str, event: Event) {
        match &event {
            Event::Note(_) | Event::Warning(_) | Event::Request { .. } | Event::Bodies { .. } => {
                self.above(instance, &event);
            }
            Event::Planned { changes, .. } | Event::Removing { objects: changes } => {
                self.track(instance, |track| {
                    track.changes = *changes;
                })
            }
            Event::Done { object, action } => self.track(instance, |track| {
                track.written += 1;
                track.bar.set_message(wording::done(object, *action));
            }),
            Event::Judged { object, verdict } => {
                // A bar has room for one message; what failed must not be overwritten by the next.
                if matches!(verdict.state, State::Failed | State::Missing) {
                    self.above(instance, &event);
                }
                self.track(instance, |track| {
                    let why = wording::reason(verdict);
                    track.judged.insert(object.clone(), (verdict.state, why));
                });
            }
            Event::Phase(phase) => self.track(instance, |track| {
                track.waiting = *phase == "waiting";
                track.bar.set_message(*phase);
            }),
            Event::StillOpen { open, .. } => self.track(instance, |track| {
                for (object, why) in open {
                    track
                        .judged
                        .entry(object.clone())
                        .or_insert((State::Waiting, String::new()))
                        .1
                        .clone_from(why);
                }
            }),
        }
    }

    fn verbosity(&self) -> u8 {
        self.printer.verbosity()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        output::format::Format,
        workload::{readiness::Verdict, release::Action},
    };

    #[test]
    fn a_bar_counts_what_is_written_and_then_what_is_ready() {
        let bars = Bars::new(Printer::plain(Format::Table), false);
        let object = |name: &str| ObjectId::new("", "Pod", None, name);
        let judged = |name: &str, state, message: &str| Event::Judged {
            object: object(name),
            verdict: Verdict { state, reason: String::new(), message: message.into() },
        };
        let seen = || {
            let tracks = bars.tracks.lock().unwrap();
            let bar = &tracks["web"].bar;
            (bar.position(), bar.length().unwrap(), bar.message())
        };
        bars.report("web", Event::Planned { changes: 2, objects: 3 });
        bars.report("web", Event::Done { object: object("a"), action: Action::Create });
        assert_eq!(seen(), (1, 2, "created Pod/a".into()));
        bars.report("web", Event::Phase("waiting"));
        bars.report("web", judged("a", State::Ready, ""));
        bars.report("web", judged("b", State::Waiting, "0 of 1\nready"));
        assert_eq!(seen(), (1, 2, "Pod/b: 0 of 1 ready".into()));
    }
}
