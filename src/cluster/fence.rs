//! The fence: a process that wakes late must not write.
//!
//! The record's holder expires unless it is renewed. A write is sent only while the last
//! renewal is younger than the expiry minus what a request may take, on a clock that counts
//! suspension; else it waits for the next renewal, or fails because the holder is lost.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use rustix::time::{ClockId, clock_gettime};
use tokio::sync::{Notify, watch};

use crate::workload::{
    error::{Code, Error, ErrorKind, Result},
    record::HOLDER_SECONDS,
};

/// What is left of the expiry besides the time that a request may take.
const MARGIN: Duration = Duration::from_secs(5);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Held,
    Lost,
}

/// Lets writes through while the holder is surely ours. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Fence(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    renewed: AtomicU64,
    fresh_for: Duration,
    state: watch::Sender<(State, u64)>,
    why_lost: OnceLock<Error>,
    wanted: Notify,
}

/// Reads the clock that counts suspension.
fn now() -> Duration {
    #[cfg(target_os = "linux")]
    let clock = ClockId::Boottime;
    #[cfg(not(target_os = "linux"))]
    let clock = ClockId::Monotonic;
    let time = clock_gettime(clock);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or_default())
}

/// The moment before a renewal is sent: what it proves is counted from here.
#[derive(Debug, Clone, Copy)]
pub struct Moment(Duration);

impl Moment {
    /// Takes the time.
    #[must_use]
    pub fn now() -> Self {
        Self(now())
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl Fence {
    /// Opens the fence: the holder was written by a request sent at `sent`.
    #[must_use]
    pub fn new(sent: Moment, request_timeout: Duration) -> Self {
        let expiry = Duration::from_secs(HOLDER_SECONDS.unsigned_abs());
        let renewed = millis(sent.0);
        Self(Arc::new(Inner {
            renewed: AtomicU64::new(renewed),
            fresh_for: expiry.saturating_sub(request_timeout).saturating_sub(MARGIN),
            state: watch::channel((State::Held, renewed)).0,
            why_lost: OnceLock::new(),
            wanted: Notify::new(),
        }))
    }

    /// Notes that a renewal sent at `sent` succeeded.
    pub fn renewed(&self, sent: Moment) {
        let renewed = millis(sent.0);
        self.0.renewed.store(renewed, Ordering::Release);
        self.0.state.send_if_modified(|state| {
            state.1 = renewed;
            state.0 == State::Held
        });
    }

    /// Notes that the holder is lost, and why: the first reason counts.
    pub fn lose(&self, why: Error) {
        let _ = self.0.why_lost.set(why);
        self.0.state.send_modify(|state| state.0 = State::Lost);
    }

    /// Says why the holder is lost.
    #[must_use]
    pub fn why_lost(&self) -> Error {
        self.0.why_lost.get().cloned().unwrap_or_else(lost)
    }

    /// Tells whether this process is the holder no more.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        self.0.state.borrow().0 == State::Lost
    }

    /// Waits until the holder is lost; for ever if it is not.
    pub async fn lost(&self) {
        let mut state = self.0.state.subscribe();
        if state.wait_for(|(state, _)| *state == State::Lost).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    fn is_fresh(&self) -> bool {
        let age = millis(now()).saturating_sub(self.0.renewed.load(Ordering::Acquire));
        age < millis(self.0.fresh_for)
    }

    /// Lets a write through, at once or after the next renewal.
    ///
    /// # Errors
    /// Code 6 when another holds the instance, code 1 when its record was deleted.
    pub async fn pass(&self) -> Result<()> {
        let mut state = self.0.state.subscribe();
        loop {
            if state.borrow_and_update().0 == State::Lost {
                return Err(self.why_lost());
            }
            if self.is_fresh() {
                return Ok(());
            }
            self.0.wanted.notify_one();
            if state.changed().await.is_err() {
                return Err(self.why_lost());
            }
        }
    }

    /// Waits until somebody needs a renewal before its time.
    pub async fn renewal_wanted(&self) {
        self.0.wanted.notified().await;
    }
}

/// The failure of somebody whose holder was taken over.
#[must_use]
pub(crate) fn lost() -> Error {
    Error::new(
        ErrorKind::Locked,
        Code::HolderLost,
        "another process has taken over this instance while this one was not heard of",
    )
    .hint("look at it with `workloadctl status`, then repeat the command")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_stale_holder_waits_for_its_renewal_and_a_lost_one_fails() {
        let long_ago = Moment(now().saturating_sub(Duration::from_secs(80)));
        let fence = Fence::new(long_ago, Duration::from_secs(30));
        let waiting = tokio::spawn({
            let fence = fence.clone();
            async move { fence.pass().await }
        });
        fence.renewal_wanted().await;
        fence.renewed(Moment::now());
        assert!(waiting.await.unwrap().is_ok());
        fence.lose(lost());
        assert!(fence.is_lost());
        assert_eq!(fence.pass().await.unwrap_err().kind, ErrorKind::Locked);
    }
}
