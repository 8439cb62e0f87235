//! What ends a deploy before its work does: its time, or the wish to stop.

use std::time::Instant;

use super::{
    Deploy,
    prepare::{Prepared, Purpose},
};
use crate::{
    ops::{
        deadline::Deadline,
        options::Earlier,
        stop::{Signal, until},
    },
    workload::error::{Code, Error, Result},
};

/// What is said where time was up before the first write.
const OUT_OF_TIME: &str = "out of time, nothing was written: the server is slow to answer";

impl Deploy<'_> {
    /// Names the command that does this deploy again, with what it was given; a rollback by the
    /// release that it returns to, since without a number it would return to another one by now.
    pub(super) fn again(&self, returns_to: Option<u64>) -> String {
        let name = self.name;
        let turns_back =
            matches!(self.options.earlier, Some(Earlier::Release(_) | Earlier::LastGood { .. }));
        match (&self.options.typed, returns_to) {
            (_, Some(number)) => format!("`workloadctl rollback {name} --to {number}`"),
            (Some(typed), None) if !turns_back => format!("`workloadctl deploy {name}{typed}`"),
            (Some(_) | None, None) => "the same command".to_owned(),
        }
    }

    /// Gives when time is up, as far as is known.
    pub(super) fn deadline(&self) -> Deadline {
        Deadline::new(self.clock.deadline(), !self.options.limits.timeout_is_typed)
    }

    /// Does one thing that only the server can keep from ending; `undone` says what is not done
    /// where time is up, or somebody wants us to stop.
    pub(super) async fn in_time<T>(
        &self,
        deadline: Option<Instant>,
        undone: &str,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let again = format!("{} goes on", self.again(None));
        tokio::select! {
            done = work => done,
            () = until(deadline) => {
                Err(Error::failed(Code::Timeout, format!("out of time: {undone}"))
                    .hint(format!("{again}, `--timeout` gives more time")))
            }
            signal = self.session.stop.wait() => {
                Err(signal.error(format!("stopped: {undone}")).hint(again))
            }
        }
    }

    pub(super) async fn prepare_or_stop(&mut self, purpose: Purpose) -> Result<Prepared> {
        let (stop, clock) = (self.session.stop.clone(), self.clock.clone());
        tokio::select! {
            prepared = self.prepare(purpose) => prepared,
            signal = stop.wait() => Err(unwritten(signal)),
            () = clock.out_of_time() => Err(Error::failed(Code::Timeout, OUT_OF_TIME)
                .hint("`--timeout` gives more time")),
        }
    }

    /// Heeds a signal for the last time at which nothing is written yet.
    pub(super) fn stop_unwritten(&self) -> Result<()> {
        match self.session.stop.requested() {
            Some(signal) => Err(unwritten(signal)),
            None => Ok(()),
        }
    }
}

/// The failure of being stopped before the first write.
fn unwritten(signal: Signal) -> Error {
    signal.error("stopped; nothing was written")
}
