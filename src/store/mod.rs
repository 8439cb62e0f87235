//! The database: definitions, instances, releases and the default runtime, in one SQLite file.
//!
//! **Truth.** For what is deployed the record on the cluster is the truth and this is its cache;
//! alone it knows what was never deployed, older releases and the default runtime.
//!
//! **Locking.** WAL, so readers never wait. Every change is one short `BEGIN IMMEDIATE`
//! transaction, which waits up to [`BUSY_TIMEOUT`] for another process; the API is synchronous, so
//! that none can be held across an await. What must happen together goes into
//! [`Store::transaction`]. That an instance is worked on by one process is [`lock`]'s affair.
//!
//! **Durability.** `synchronous=FULL`: a command commits a handful of times, at well below a
//! millisecond each; for that neither a killed process nor a power failure loses a commit.
//!
//! **Errors.** Every method may fail as the database does ([`failure`]); only what else it refuses is
//! said where it stands.
//!
//! **Compatibility.** Migrations are append-only and counted in `user_version`; an older program
//! refuses a newer file, and every program refuses a file that is not ours.

mod backup;
mod check;
mod column;
mod definitions;
mod failure;
mod history;
mod instances;
pub(crate) mod lock;
mod migrations;
mod open;
mod prune;
mod releases;
mod revisions;
mod runtimes;
mod standing;
mod sum_up;
mod take_in;
#[cfg(test)]
mod tests;

use std::{path::Path, path::PathBuf, time::Duration};

use rusqlite::{Connection, Params, Row};

pub use self::runtimes::KnownRuntime;
pub(crate) use self::{
    check::Checked,
    definitions::DefinitionRow,
    instances::InstanceFilter,
    prune::Pruned,
    releases::End,
    standing::{Newest, Outline, Standing},
};
use crate::workload::error::{Code, Error, Result};

/// How long a transaction waits for another process's.
pub(crate) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The one owner of the connection to the database.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    /// The file; none in memory.
    path: Option<PathBuf>,
    /// Opened for reading where writing is impossible.
    read_only: bool,
}

impl Store {
    /// Opens the database, making its folder (0700) and file (0600) and bringing it to this
    /// program's version first, where needed.
    ///
    /// # Errors
    /// `read-only-database`, `disk-full`, `cannot-open-database`, `not-a-database`,
    /// `corrupt-database`, `newer-database` or `database-locked`, each with the path and a hint.
    pub fn open(path: &Path) -> Result<Self> {
        let connection = open::connect(path)?;
        let mut store = Self { connection, path: Some(path.to_owned()), read_only: false };
        store.version()?;
        open::use_wal(&store.connection).map_err(|error| store.failure(error))?;
        store.migrate()?;
        // What fails is tried again at the next start: nobody asked for it.
        let _ = store.sum_up();
        Ok(store)
    }

    /// Opens the database for a command that only reads: where it is absent it counts as empty and is
    /// not made, and where it cannot be written (a read-only home) it is read as it is.
    ///
    /// # Errors
    /// As [`Store::open`], except for what is said above.
    pub(crate) fn open_for_reading(path: &Path) -> Result<Self> {
        if !path.exists() {
            return Ok(Self { read_only: true, ..Self::in_memory()? });
        }
        match Self::open(path) {
            Err(error) if failure::is_unwritable(&error) => match Self::look_into(path)? {
                Some(store) => Ok(store),
                None => Ok(Self { read_only: true, ..Self::in_memory()? }),
            },
            result => result,
        }
    }

    /// Opens the database for a look that makes and changes nothing; none where it is absent.
    ///
    /// # Errors
    /// As [`Store::open`], and where the file is of an older version.
    pub(crate) fn look_into(path: &Path) -> Result<Option<Self>> {
        let Some(connection) = open::connect_read_only(path)? else { return Ok(None) };
        let store = Self { connection, path: Some(path.to_owned()), read_only: true };
        store.expect_current_version()?;
        Ok(Some(store))
    }

    /// Opens the database for a command that works on clusters, for which it is a cache: where it
    /// cannot be written, what is in it is read into memory, and why is given beside it.
    ///
    /// # Errors
    /// As [`Store::open`], except for what is said above.
    pub(crate) fn open_as_cache(path: &Path) -> Result<(Self, Option<Error>)> {
        let why = match Self::open(path) {
            Ok(store) => return Ok((store, None)),
            Err(error) if failure::is_unwritable(&error) => error,
            Err(error) => return Err(error),
        };
        let there = match open::connect_read_only(path) {
            // What may not even be read is no cache.
            Err(error) if error.code == Code::CannotOpenDatabase => None,
            other => other?,
        };
        let Some(there) = there else { return Ok((Self::in_memory()?, Some(why))) };
        let connection = open::connect_copy(path, &there)?;
        let mut store = Self { connection, path: None, read_only: false };
        store.migrate()?;
        Ok((store, Some(why)))
    }

    /// Makes an empty database in memory; for tests, and where no file can be.
    ///
    /// # Errors
    /// When there is no memory.
    pub(crate) fn in_memory() -> Result<Self> {
        let connection = open::connect_in_memory()?;
        let mut store = Self { connection, path: None, read_only: false };
        store.migrate()?;
        Ok(store)
    }

    /// Gives the file; none in memory.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Tells whether the database can only be read. [`Store::take_in`] and
    /// [`Store::set_observed`], which only keep the cache fresh, then do nothing; every other
    /// change fails with `read-only-database`.
    #[cfg(test)]
    pub(crate) fn is_read_only(&self) -> bool {
        self.read_only
    }

    /// Does several changes as one: all of them, or on an error (or panic) none. May be nested.
    ///
    /// # Errors
    /// What `work` returns, and those of the commit; the database is then as before.
    pub(crate) fn transaction<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        let mut open = OpenTransaction::begin(self)?;
        let value = work(open.store)?;
        open.commit()?;
        Ok(value)
    }

    fn failure(&self, error: rusqlite::Error) -> Error {
        failure::of_sqlite(self.path.as_deref(), error)
    }

    fn batch(&self, sql: &str) -> Result<()> {
        self.connection.execute_batch(sql).map_err(|error| self.failure(error))
    }

    /// Runs one statement; gives the number of changed rows.
    fn execute(&self, sql: &str, params: impl Params) -> Result<usize> {
        if self.read_only {
            return Err(failure::read_only(self.path.as_deref()));
        }
        self.connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.execute(params))
            .map_err(|error| self.failure(error))
    }

    fn rows<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.query_map(params, read)?.collect())
            .map_err(|error| self.failure(error))
    }

    fn row<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>> {
        use rusqlite::OptionalExtension as _;
        self.connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.query_row(params, read).optional())
            .map_err(|error| self.failure(error))
    }
}

/// A transaction, or a savepoint within one, that is rolled back unless it is committed.
struct OpenTransaction<'s> {
    store: &'s mut Store,
    end: Option<(&'static str, &'static str)>,
}

impl<'s> OpenTransaction<'s> {
    fn begin(store: &'s mut Store) -> Result<Self> {
        // BEGIN cannot be nested, savepoints can; IMMEDIATE, because a transaction that writes
        // after it read fails at once where another has written in between, and does not wait.
        let (begin, commit, rollback) = if store.connection.is_autocommit() {
            ("BEGIN IMMEDIATE", "COMMIT", "ROLLBACK")
        } else {
            (
                "SAVEPOINT inner_part",
                "RELEASE inner_part",
                "ROLLBACK TO inner_part; RELEASE inner_part",
            )
        };
        store.batch(begin)?;
        Ok(Self { store, end: Some((commit, rollback)) })
    }

    fn commit(&mut self) -> Result<()> {
        if let Some((commit, _)) = self.end {
            self.store.batch(commit)?;
            self.end = None;
        }
        Ok(())
    }
}

impl Drop for OpenTransaction<'_> {
    fn drop(&mut self) {
        if let Some((_, rollback)) = self.end {
            // A full disk or an I/O error may have rolled back already; then this fails, rightly.
            let _ = self.store.connection.execute_batch(rollback);
        }
    }
}
