//! What ends an operation early: the wish to stop, for SIGINT and SIGTERM become a value that every
//! operation listens to, and time that is up.

use std::time::Instant;

use tokio::sync::watch;

use crate::workload::error::{Code, Error, ErrorKind};

/// What asked the process to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    /// SIGINT: Ctrl-C.
    Interrupt,
    /// SIGTERM: a CI system cancels with it.
    Terminate,
}

impl Signal {
    /// Gives the failure that an operation ends with when it was stopped.
    #[must_use]
    pub(crate) fn error(self, message: impl Into<String>) -> Error {
        match self {
            Self::Interrupt => Error::new(ErrorKind::Interrupted, Code::Interrupted, message),
            Self::Terminate => Error::new(ErrorKind::Terminated, Code::Interrupted, message),
        }
    }
}

/// Listens for the wish to stop. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Stop(watch::Receiver<Option<Signal>>);

impl Stop {
    /// Makes a pair of a sender, for the signal handler, and a listener.
    pub(crate) fn channel() -> (watch::Sender<Option<Signal>>, Self) {
        let (sender, receiver) = watch::channel(None);
        (sender, Self(receiver))
    }

    /// Tells whether somebody wants us to stop.
    pub(crate) fn requested(&self) -> Option<Signal> {
        *self.0.borrow()
    }

    /// Waits until somebody wants us to stop; for ever if nobody does.
    pub(crate) async fn wait(&self) -> Signal {
        let mut receiver = self.0.clone();
        loop {
            if let Some(signal) = *receiver.borrow_and_update() {
                return signal;
            }
            // The sender is gone with the signal handler: nobody can ask any more, which is no wish
            // to stop.
            if receiver.changed().await.is_err() {
                return std::future::pending().await;
            }
        }
    }
}

/// Waits until a deadline; for ever without one.
pub(crate) async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}

/// Tells a signal that came while a question stood from an answer: nobody said no.
pub(crate) fn unless_stopped(error: Error, stop: &Stop) -> Error {
    match stop.requested() {
        Some(signal) if error.code == Code::AnsweredNo => signal.error("stopped at the question"),
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_at_a_question_is_no_answer() {
        let said_no = || Error::failed(Code::AnsweredNo, "answered no");
        let (sender, stop) = Stop::channel();
        assert_eq!(unless_stopped(said_no(), &stop).kind.exit_code(), 1);
        sender.send_replace(Some(Signal::Interrupt));
        assert_eq!(unless_stopped(said_no(), &stop).kind.exit_code(), 130);
        assert_eq!(unless_stopped(Error::usage(Code::InvalidFlag, "x"), &stop).kind.exit_code(), 2);
    }
}
