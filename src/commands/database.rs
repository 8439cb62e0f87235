//! The database, as the commands open it: after their flags were checked, and only then.

use super::invocation::Invocation;
use crate::{
    store::Store,
    workload::error::{Code, Result},
};

/// What the database is to a command that works with clusters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum DatabaseUse {
    /// A cache, without which it goes on.
    #[default]
    Cache,
    /// A cache that is not made for it: who only looks leaves nothing behind.
    Looked,
    /// What it changes: it is refused where nothing can be written.
    Stored,
}

impl Invocation {
    /// Opens the database for reading and writing.
    ///
    /// # Errors
    /// Those of [`Store::open`]; code 2 where no place for it is known.
    pub(crate) fn open(&self) -> Result<Store> {
        Store::open(&self.db()?)
    }

    /// Opens the database for a command that only reads; says where one that was named is not there.
    ///
    /// # Errors
    /// Those of [`Store::open_for_reading`]; code 2 where no place for it is known.
    pub(crate) fn open_for_reading(&self) -> Result<Store> {
        let path = self.db()?;
        if self.named_db().is_some() && !path.exists() {
            self.printer.talk(&format!("there is no database {}", path.display()));
        }
        Store::open_for_reading(&path)
    }

    /// Opens the database for what a command does with it; warns where it is in memory alone.
    ///
    /// # Errors
    /// Those of [`Store::open`], as far as the command cannot go on without it.
    pub(crate) fn open_for(&self, what: DatabaseUse) -> Result<Store> {
        let opened = match what {
            DatabaseUse::Stored => return self.open(),
            DatabaseUse::Looked if self.db().is_ok_and(|path| !path.exists()) => {
                return Store::in_memory();
            }
            DatabaseUse::Looked | DatabaseUse::Cache => {
                self.db().and_then(|path| Store::open_as_cache(&path))
            }
        };
        let (store, why) = match opened {
            Err(error) if error.code == Code::NoDatabase => (Store::in_memory()?, Some(error)),
            other => other?,
        };
        if let Some(why) = why {
            let message = why.message;
            self.printer.warn(&format!(
                "{message}; going on without one: the clusters know what is deployed"
            ));
        }
        Ok(store)
    }
}
