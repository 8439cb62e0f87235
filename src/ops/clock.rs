//! The one clock of a deploy or a deletion: from the lock to the last write. It stops while a question is asked and
//! while another holder is waited for.

use std::{
    cell::Cell,
    rc::Rc,
    time::{Duration, Instant},
};

use super::stop::until;

/// When an operation is out of time. Clones share what it was stopped for.
#[derive(Clone)]
pub(crate) struct Clock {
    started: Cell<Instant>,
    timeout: Option<Duration>,
    /// For how long it has been stopped.
    pub(crate) paused: Rc<Cell<Duration>>,
}

impl Clock {
    /// Begins now; `None` never ends.
    pub(crate) fn new(timeout: Option<Duration>) -> Self {
        Self { started: Cell::new(Instant::now()), timeout, paused: Rc::default() }
    }

    /// Begins anew.
    pub(crate) fn start(&self) {
        self.started.set(Instant::now());
        self.paused.set(Duration::ZERO);
    }

    /// Stops for a time that has passed.
    pub(crate) fn pause(&self, time: Duration) {
        self.paused.set(self.paused.get() + time);
    }

    /// Gives when time is up, as far as is known.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.timeout.map(|timeout| self.started.get() + timeout + self.paused.get())
    }

    /// Waits until time is up; for ever where it never is.
    pub(crate) async fn out_of_time(&self) {
        // Anew each time: it may have been stopped meanwhile.
        while self.deadline().is_none_or(|end| Instant::now() < end) {
            until(self.deadline()).await;
        }
    }
}
