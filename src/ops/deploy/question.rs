//! A question is asked while nothing is locked: who thinks about the answer holds nobody up.

use std::time::Instant;

use super::Deploy;
use crate::{
    ops::lock::Held,
    workload::error::{Error, Result},
};

impl Deploy<'_> {
    /// Gives the lock back, asks what was taken down, and locks again; everything is to be looked
    /// at anew then, and whatever is another question by then is asked as well.
    ///
    /// # Errors
    /// `unconfirmed`, where the answer is no or nobody was to be asked; those of [`Held::acquire`].
    pub(super) async fn ask_unlocked(
        &mut self,
        unconfirmed: Error,
        held: Held,
        until: &mut Instant,
    ) -> Result<Held> {
        // Not ended in order: what dead predecessors left in the file is still to be taken over.
        drop(held);
        let began = Instant::now();
        if self.questions.ask_open() != Some(true) {
            return Err(unconfirmed);
        }
        // A question stops every clock (docs/cli.md, Questions).
        self.clock.pause(began.elapsed());
        self.lock_again(began, until).await
    }

    /// Locks again what was given back when it `began`.
    ///
    /// # Errors
    /// Those of [`Held::acquire`].
    pub(super) async fn lock_again(&mut self, began: Instant, until: &mut Instant) -> Result<Held> {
        *until += began.elapsed();
        let waits = Instant::now();
        let held = Held::acquire(self.session, self.name, *until).await?;
        self.clock.pause(waits.elapsed());
        self.known = None;
        self.report.restart(self.name);
        Ok(held)
    }
}
