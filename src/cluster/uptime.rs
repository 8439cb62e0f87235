//! The clock by which this process measures ages of what a server said.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Reads a clock that never goes back and counts the time in which the machine sleeps.
pub(crate) fn uptime() -> Duration {
    // On Linux the monotonic clock stands still while the machine sleeps, and a holder would not
    // age.
    #[cfg(target_os = "linux")]
    let clock = ClockId::Boottime;
    #[cfg(not(target_os = "linux"))]
    let clock = ClockId::Monotonic;
    let now = clock_gettime(clock);
    Duration::new(
        now.tv_sec.try_into().unwrap_or_default(),
        now.tv_nsec.try_into().unwrap_or_default(),
    )
}
