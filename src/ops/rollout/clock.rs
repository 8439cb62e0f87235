//! The times that a rollout goes by.

use std::time::{Duration, Instant};

/// How long the others get after the first failure to end their own way.
pub(super) const AFTER_FAILURE: Duration = Duration::from_secs(30);
/// How often everything is judged, for what only time decides.
const TICK: Duration = Duration::from_millis(250);
/// How long the events of a burst are gathered before what they touch is judged.
const BURST: Duration = Duration::from_millis(10);
/// The part of the time that judging everything may take: one in so many.
const SHARE: u32 = 100;
/// How late a judgement may be that only time decides, however large the set.
const LATEST: Duration = Duration::from_secs(5);

/// When what was last done.
pub(super) struct Clock {
    /// When the rollout began.
    pub(super) started: Instant,
    /// When objects were last judged.
    judged: Instant,
    /// When all of them were, and how long that took.
    judged_all: (Instant, Duration),
    /// When what cannot be watched was last asked for.
    pub(super) polled: Instant,
    /// When the deadline was last looked at.
    pub(super) looked: Instant,
    /// When it was last said what is open.
    pub(super) beat: Instant,
    /// When something failed first.
    pub(super) first_failure: Option<Instant>,
    /// The phase that was told last.
    pub(super) phase: &'static str,
}

impl Clock {
    pub(super) fn new() -> Self {
        let now = Instant::now();
        Self {
            started: now,
            judged: now,
            judged_all: (now, Duration::ZERO),
            polled: now,
            looked: now,
            beat: now,
            first_failure: None,
            phase: "",
        }
    }

    /// Says when objects are to be judged next: what was touched soon, everything in a while.
    pub(super) fn next_judging(&self, is_touched: bool) -> Instant {
        let all = self.next_judging_of_all();
        if is_touched { all.min(self.judged + BURST) } else { all }
    }

    /// Says when everything is to be judged next. Of a large set that takes long, and is done less often.
    pub(super) fn next_judging_of_all(&self) -> Instant {
        let (at, took) = self.judged_all;
        at + (took * SHARE).clamp(TICK, LATEST)
    }

    /// Notes that objects were judged, all of them or some.
    pub(super) fn note_judging(&mut self, begun: Instant, all: bool) {
        self.judged = Instant::now();
        if all {
            self.judged_all = (self.judged, self.judged - begun);
        }
    }

    pub(super) fn failed_long_ago(&self) -> bool {
        self.first_failure.is_some_and(|at| at.elapsed() >= AFTER_FAILURE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_touched_is_judged_soon_and_everything_as_often_as_it_is_cheap() {
        let mut clock = Clock::new();
        let now = Instant::now();
        let ahead = |at: Instant| at.saturating_duration_since(now);
        assert!(ahead(clock.next_judging(true)) <= BURST);
        assert!(ahead(clock.next_judging(false)) > BURST);
        // What took 40 ms is done every four seconds, and does not hold up what is touched.
        clock.note_judging(now.checked_sub(Duration::from_millis(40)).unwrap(), true);
        assert!(ahead(clock.next_judging(false)) >= Duration::from_secs(4));
        clock.note_judging(now, false);
        assert!(ahead(clock.next_judging_of_all()) >= Duration::from_secs(4));
        // However long it takes, time is not looked at too late.
        clock.note_judging(now.checked_sub(Duration::from_secs(1)).unwrap(), true);
        assert!(ahead(clock.next_judging_of_all()) <= LATEST + Duration::from_secs(2));
        assert!(ahead(clock.next_judging(true)) < Duration::from_secs(1));
    }
}
