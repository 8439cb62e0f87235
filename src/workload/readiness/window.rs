//! What a judgement measures against: the runtime, the start of this deploy, and now.

use jiff::{SignedDuration, Timestamp};

use crate::workload::runtime::RuntimeName;

/// How often a container may restart since the start of the deploy: its database may come up after
/// it. The kubelet restarts at once, then after 10 and 20 s.
pub(crate) const RESTARTS_TOLERATED: u32 = 2;

/// The window of a judgement. Both times are those of the server's clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window<'a> {
    /// The runtime: what is local and disposable is judged differently.
    pub runtime: &'a RuntimeName,
    /// When this deploy began. What was wrong before is given time to mend.
    pub since: Timestamp,
    /// The time.
    pub now: Timestamp,
    /// How often a container may restart before it counts as failed.
    pub tolerated_restarts: u32,
}

impl<'a> Window<'a> {
    /// Makes a window for looking at things as they are, with no deploy under way: nothing is too
    /// old to count.
    pub(crate) fn present(runtime: &'a RuntimeName, now: Timestamp) -> Self {
        Self { runtime, since: Timestamp::MIN, now, tolerated_restarts: RESTARTS_TOLERATED }
    }

    /// Tells whether the runtime is local and disposable.
    pub(crate) fn is_kind_like(&self) -> bool {
        self.runtime.is_kind_like()
    }

    /// Tells whether a time belongs to this deploy. Objects carry whole seconds.
    pub(crate) fn covers(&self, time: Option<Timestamp>) -> bool {
        time.is_none_or(|time| time.as_second() >= self.since.as_second())
    }

    /// Gives the time that passed since something began or, if later, since this deploy began.
    pub(crate) fn elapsed(&self, from: Option<Timestamp>) -> SignedDuration {
        let from = from.map_or(self.since, |from| from.max(self.since));
        self.now.duration_since(from)
    }
}
