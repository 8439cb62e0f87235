//! When each object of an operation was applied, and when it became ready.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::{
    ops::events::{Event, RETURNING},
    workload::{object::ObjectId, readiness::State},
};

/// The times of all objects, by instance.
#[derive(Debug, Default)]
pub(super) struct Timeline {
    times: BTreeMap<(String, ObjectId), Times>,
    /// When the release of an instance gave way to one that returns, which has no times here.
    ended: BTreeMap<String, Timestamp>,
}

/// The times of one object.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub(super) struct Times {
    /// When it was written or removed.
    done: Option<Timestamp>,
    /// When it was last said to be ready or to have failed, after that.
    judged: Option<Timestamp>,
    /// When the release gave way to one that returns.
    ended: Option<Timestamp>,
}

impl Timeline {
    /// Takes an event that came at a time.
    pub(super) fn take(&mut self, instance: &str, event: &Event, at: Timestamp) {
        if self.ended.contains_key(instance) {
            return;
        }
        let (object, sets): (_, fn(&mut Times, Timestamp)) = match event {
            Event::Done { object, .. } => (object, |times, at| times.done = Some(at)),
            Event::Judged { object, verdict } if verdict.state != State::Waiting => {
                (object, |times, at| times.judged = Some(at))
            }
            Event::Phase(RETURNING) => {
                self.ended.insert(instance.to_owned(), at);
                return;
            }
            _ => return,
        };
        sets(self.times.entry((instance.to_owned(), object.clone())).or_default(), at);
    }

    /// Gives the times of an object.
    pub(super) fn of(&self, instance: &str, object: &ObjectId) -> Times {
        let times = self.times.get(&(instance.to_owned(), object.clone()));
        Times { ended: self.ended.get(instance).copied(), ..times.copied().unwrap_or_default() }
    }
}

impl Times {
    /// Tells whether it was written or removed.
    pub(super) fn is_done(self) -> bool {
        self.done.is_some()
    }

    /// Gives the seconds from the write to the last judgement; `until` where it still waits.
    pub(super) fn seconds(self, waits: bool, until: Timestamp) -> f64 {
        let Some(done) = self.done else { return 0.0 };
        let end = if waits { self.ended.unwrap_or(until) } else { self.judged.unwrap_or(done) };
        end.duration_since(done).as_secs_f64().max(0.0)
    }
}
