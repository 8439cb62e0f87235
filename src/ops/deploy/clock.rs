//! The one clock of a deploy: from the lock to the last write. It stops while a question is asked and
//! while another holder is waited for.

use std::{
    cell::Cell,
    rc::Rc,
    time::{Duration, Instant},
};

use crate::ops::stop::until;

/// When a deploy is out of time. Clones share what it was stopped for.
#[derive(Clone)]
pub(super) struct Clock {
    started: Cell<Instant>,
    timeout: Option<Duration>,
    /// For how long it has been stopped.
    pub(super) paused: Rc<Cell<Duration>>,
}

impl Clock {
    /// Begins now; `None` never ends.
    pub(super) fn new(timeout: Option<Duration>) -> Self {
        Self { started: Cell::new(Instant::now()), timeout, paused: Rc::default() }
    }

    /// Begins anew.
    pub(super) fn start(&self) {
        self.started.set(Instant::now());
        self.paused.set(Duration::ZERO);
    }

    /// Gives when time is up, as far as is known.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.timeout.map(|timeout| self.started.get() + timeout + self.paused.get())
    }

    /// Waits until time is up; for ever where it never is.
    pub(super) async fn out_of_time(&self) {
        // Anew each time: it may have been stopped meanwhile.
        while self.deadline().is_none_or(|end| Instant::now() < end) {
            until(self.deadline()).await;
        }
    }
}
