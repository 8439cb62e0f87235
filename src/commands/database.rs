//! The database, as the commands open it: after their flags were checked, and only then.

use super::invocation::Invocation;
use crate::{store::Store, workload::error::Result};

impl Invocation {
    /// Opens the database for reading and writing.
    ///
    /// # Errors
    /// Those of [`Store::open`]; code 2 where no place for it is known.
    pub(crate) fn open(&self) -> Result<Store> {
        Store::open(&self.db()?)
    }

    /// Opens the database for a command that only reads.
    ///
    /// # Errors
    /// Those of [`Store::open_for_reading`]; code 2 where no place for it is known.
    pub(crate) fn open_for_reading(&self) -> Result<Store> {
        Store::open_for_reading(&self.db()?)
    }
}
