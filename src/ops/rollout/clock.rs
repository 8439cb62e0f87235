//! The times that a rollout goes by.

use std::time::{Duration, Instant};

/// How long the others get after the first failure to end their own way.
pub(super) const AFTER_FAILURE: Duration = Duration::from_secs(30);
/// How often time-dependent judgements are made.
pub(super) const TICK: Duration = Duration::from_millis(250);

/// When what was last done.
pub(super) struct Clock {
    /// When the rollout began.
    pub(super) started: Instant,
    /// When the objects were last judged.
    pub(super) judged: Instant,
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
    /// Whether something was seen since the last judgement.
    pub(super) dirty: bool,
}

impl Clock {
    pub(super) fn new() -> Self {
        let now = Instant::now();
        Self {
            started: now,
            judged: now,
            polled: now,
            looked: now,
            beat: now,
            first_failure: None,
            phase: "",
            dirty: true,
        }
    }

    /// Judgements are made at most every 20 ms, and at least every tick.
    pub(super) fn judging_is_due(&self) -> bool {
        let age = self.judged.elapsed();
        // Watches come in bursts, and each judgement looks at everything: 20 ms gather a burst. The
        // tick is for what only time decides, such as a deadline.
        age >= TICK || (self.dirty && age >= Duration::from_millis(20))
    }

    pub(super) fn failed_long_ago(&self) -> bool {
        self.first_failure.is_some_and(|at| at.elapsed() >= AFTER_FAILURE)
    }
}
