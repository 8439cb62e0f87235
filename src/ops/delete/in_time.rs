//! Time that is up and the wish to stop, where only the server can keep a deletion from ending.

use std::time::{Duration, Instant};

use super::{Delete, execute::Deletion};
use crate::{
    cluster::record::Keeper,
    ops::stop::until,
    workload::{
        error::{Code, Error, Result},
        record::Record,
    },
};

/// How long the record is tried to be written after time is up or the wish to stop. Where it could
/// not be, the next one on this machine takes over by the lock file, others when it expires.
const LAST_RECORD: Duration = Duration::from_secs(3);

impl Delete<'_> {
    /// Does what comes before the first write.
    ///
    /// # Errors
    /// Those of the work; time that is up; a signal.
    pub(super) async fn beforehand<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::select! {
            // The work first: it may know more of what was reached.
            biased;
            done = work => done,
            signal = self.session.stop.wait() => {
                Err(signal.error("stopped; nothing was deleted"))
            }
            () = self.clock.out_of_time() => Err(Error::failed(
                Code::Timeout,
                "out of time before anything was deleted: the server is slow to answer",
            )
            .hint("`--timeout` gives more time")),
        }
    }
}

impl Deletion<'_> {
    /// Does one thing; `undone` says what is not done where time is up, or somebody wants us to stop.
    ///
    /// # Errors
    /// Those of the work; time that is up; a signal.
    pub(super) async fn in_time<T>(
        &self,
        undone: &str,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let again = format!("`workloadctl delete {}` goes on", self.name);
        tokio::select! {
            // The work first: it may know more of what was reached.
            biased;
            done = work => done,
            () = until(self.deadline) => {
                Err(Error::failed(Code::Timeout, format!("out of time: {undone}"))
                    .hint(format!("{again}, `--timeout` gives more time")))
            }
            signal = self.session.stop.wait() => {
                Err(signal.error(format!("stopped: {undone}")).hint(again))
            }
        }
    }

    /// Writes the record and gives up the instance.
    ///
    /// # Errors
    /// Whatever the server answers; time that is up.
    pub(super) async fn let_go(&self, keeper: &Keeper, record: Record) -> Result<()> {
        let is_late = self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
            || self.session.stop.requested().is_some();
        let limit = is_late.then(|| Instant::now() + LAST_RECORD);
        tokio::select! {
            written = keeper.let_go(record) => written,
            () = until(limit) => Err(Error::failed(
                Code::Timeout,
                format!("how far `{}` is deleted could not be recorded in time", self.name),
            )),
        }
    }
}
