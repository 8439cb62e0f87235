//! The fence: a process that wakes late must not write.
//!
//! The record's holder expires unless it is renewed. A write is sent only while the last
//! renewal is younger than the expiry minus what a request may take, on a clock that counts
//! suspension; else it waits for the next renewal, or fails because the holder is lost. A write whose
//! answer was lost is sent again only after a renewal that tells so.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::sync::{Notify, watch};

use super::uptime::uptime;
use crate::workload::{
    error::{Code, Error, ErrorKind, Result},
    record::HOLDER_SECONDS,
};

/// What is left of the expiry besides the time that a request may take.
const MARGIN: Duration = Duration::from_secs(5);

/// Lets writes through while the holder is surely ours. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Fence(Arc<Shared>);

/// What the clones of a fence share.
#[derive(Debug)]
struct Shared {
    holding: watch::Sender<Holding>,
    fresh_for: Duration,
    /// When an answer was lost: a renewal from before does not tell of it.
    doubted: Mutex<Option<Moment>>,
    wanted: Notify,
}

/// Whether this process is the holder, as far as it knows.
#[derive(Debug)]
enum Holding {
    /// It was when the last renewal was sent; and the last one since that failed.
    Renewed(Moment, Option<FailedRenewal>),
    /// It is not any more, and why.
    Lost(Error),
}

/// A renewal that came to nothing.
#[derive(Debug)]
struct FailedRenewal {
    sent: Moment,
    why: Error,
}

/// The moment before a renewal is sent: what it proves is counted from here.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment(Duration);

impl Moment {
    pub(crate) fn now() -> Self {
        Self(uptime())
    }

    fn age(self) -> Duration {
        uptime().saturating_sub(self.0)
    }
}

impl Fence {
    /// Opens the fence: the holder was written by a request sent at `sent`.
    pub(crate) fn new(sent: Moment, request_timeout: Duration) -> Self {
        let expiry = Duration::from_secs(HOLDER_SECONDS.unsigned_abs());
        Self(Arc::new(Shared {
            holding: watch::Sender::new(Holding::Renewed(sent, None)),
            // What is let through last may reach the server a whole time-out later: it still has to
            // find the holder unexpired.
            fresh_for: expiry.saturating_sub(request_timeout).saturating_sub(MARGIN),
            doubted: Mutex::new(None),
            wanted: Notify::new(),
        }))
    }

    /// Notes that a renewal sent at `sent` succeeded.
    pub(crate) fn renewed(&self, sent: Moment) {
        self.change(Holding::Renewed(sent, None));
    }

    /// Notes that a renewal sent at `sent` failed: the next one is on its way.
    pub(crate) fn failed(&self, sent: Moment, why: Error) {
        self.0.holding.send_if_modified(|holding| match holding {
            Holding::Renewed(_, failed) => {
                *failed = Some(FailedRenewal { sent, why });
                true
            }
            Holding::Lost(_) => false,
        });
    }

    /// Notes that the holder is lost, and why: the first reason counts.
    pub(crate) fn lose(&self, why: Error) {
        self.change(Holding::Lost(why));
    }

    /// What is lost stays lost: an answer that comes late does not open the fence again.
    fn change(&self, to: Holding) {
        self.0.holding.send_if_modified(|holding| {
            let held = matches!(holding, Holding::Renewed(..));
            if held {
                *holding = to;
            }
            held
        });
    }

    pub(crate) fn why_lost(&self) -> Error {
        match &*self.0.holding.borrow() {
            Holding::Lost(why) => why.clone(),
            Holding::Renewed(..) => lost(),
        }
    }

    /// Tells whether this process is the holder no more.
    pub(crate) fn is_lost(&self) -> bool {
        matches!(*self.0.holding.borrow(), Holding::Lost(_))
    }

    /// Waits until the holder is lost; for ever if it is not.
    pub(crate) async fn lost(&self) {
        let mut holding = self.0.holding.subscribe();
        if holding.wait_for(|holding| matches!(holding, Holding::Lost(_))).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Notes that an answer was lost to a write that is sent again: not before a renewal has told
    /// of it, since a copy that arrives late makes anew what a successor has deleted.
    pub(crate) fn doubt(&self) {
        *self.0.doubted.lock().expect("noting a time does not panic") = Some(Moment::now());
    }

    /// Tells whether a renewal is young enough, and tells of all answers that were lost.
    fn is_fresh(&self, sent: Moment) -> bool {
        sent.age() < self.0.fresh_for && !self.is_doubted(sent)
    }

    /// Tells whether an answer was lost after a moment.
    fn is_doubted(&self, sent: Moment) -> bool {
        let doubted = *self.0.doubted.lock().expect("noting a time does not panic");
        doubted.is_some_and(|doubted| doubted.0 >= sent.0)
    }

    /// Lets a write through, at once or after the next renewal.
    ///
    /// # Errors
    /// Code 6 when another holds the instance, code 1 when its record was deleted; after an answer
    /// that was lost, what the renewal came to: who cannot be told of it gets no second copy.
    pub(crate) async fn pass(&self) -> Result<()> {
        let mut holding = self.0.holding.subscribe();
        loop {
            match &*holding.borrow_and_update() {
                Holding::Lost(why) => return Err(why.clone()),
                Holding::Renewed(sent, _) if self.is_fresh(*sent) => return Ok(()),
                Holding::Renewed(sent, Some(failed))
                    if self.is_doubted(*sent) && !self.is_doubted(failed.sent) =>
                {
                    return Err(failed.why.clone());
                }
                Holding::Renewed(..) => {}
            }
            // The keeper may be in the middle of its pause, or the machine has slept through its
            // end.
            self.0.wanted.notify_one();
            if holding.changed().await.is_err() {
                return Err(self.why_lost());
            }
        }
    }

    /// Waits until somebody needs a renewal before its time.
    pub(crate) async fn renewal_wanted(&self) {
        self.0.wanted.notified().await;
    }
}

/// The failure of somebody whose holder was taken over.
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
    use futures::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn a_stale_holder_waits_for_its_renewal_and_a_lost_one_fails() {
        let long_ago = Moment(uptime().saturating_sub(Duration::from_secs(80)));
        let fence = Fence::new(long_ago, Duration::from_secs(30));
        let waiting = tokio::spawn({
            let fence = fence.clone();
            async move { fence.pass().await }
        });
        fence.renewal_wanted().await;
        fence.renewed(Moment::now());
        assert!(waiting.await.unwrap().is_ok());
        // An answer was lost: the renewal before does not tell of it.
        let before = Moment::now();
        fence.doubt();
        fence.renewed(before);
        assert!(fence.pass().now_or_never().is_none());
        let why = Error::failed(Code::Unreachable, "no answer");
        fence.failed(before, why.clone());
        assert!(fence.pass().now_or_never().is_none());
        fence.failed(Moment::now(), why.clone());
        assert_eq!(fence.pass().await, Err(why));
        fence.renewed(Moment::now());
        assert!(fence.pass().await.is_ok());
        fence.lose(lost());
        assert!(fence.is_lost());
        assert_eq!(fence.pass().await.unwrap_err().kind, ErrorKind::Locked);
    }
}
