//! The versions of the database, append-only: a step that was released never changes.

use rusqlite::Connection;

use super::{Store, failure};
use crate::workload::error::Result;

/// Step `n` brings version `n` to `n + 1`.
pub(super) const STEPS: &[&str] = &[
    include_str!("migrations/0001.sql"),
    include_str!("migrations/0002.sql"),
    include_str!("migrations/0003.sql"),
    include_str!("migrations/0004.sql"),
    include_str!("migrations/0005.sql"),
    include_str!("migrations/0006.sql"),
];

/// `wlct`: marks the file as ours, so that another program's database is never touched.
const APPLICATION_ID: i64 = 0x776c_6374;

struct Marks {
    version: i64,
    application: i64,
    tables: i64,
}

impl Marks {
    fn read(connection: &Connection) -> rusqlite::Result<Self> {
        connection.query_row(
            "SELECT (SELECT user_version FROM pragma_user_version),
                    (SELECT application_id FROM pragma_application_id),
                    (SELECT count(*) FROM sqlite_schema)",
            [],
            |row| Ok(Self { version: row.get(0)?, application: row.get(1)?, tables: row.get(2)? }),
        )
    }
}

impl Store {
    /// The version that this program writes.
    pub(super) const VERSION: i64 = STEPS.len() as i64;

    /// Brings the database to this program's version; several processes may do so at once.
    pub(super) fn migrate(&mut self) -> Result<()> {
        if self.version()? == Self::VERSION {
            return Ok(());
        }
        self.transaction(|store| {
            // Read again inside: another process may have migrated while we waited.
            let from =
                usize::try_from(store.version()?).expect("a checked version is not negative");
            STEPS[from..].iter().try_for_each(|step| store.batch(step))?;
            store.batch(&format!(
                "PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {}",
                Self::VERSION
            ))
        })
    }

    /// Checks that nothing needs to be migrated, for a file that cannot be written.
    pub(super) fn expect_current_version(&self) -> Result<()> {
        let version = self.version()?;
        if version == Self::VERSION {
            return Ok(());
        }
        Err(failure::read_only(self.path()).cause(format!(
            "it is of version {version} and must be brought to version {} first",
            Self::VERSION
        )))
    }

    /// Reads the version, and refuses a newer file and one that is not ours.
    pub(super) fn version(&self) -> Result<i64> {
        let Marks { version, application, tables } =
            Marks::read(&self.connection).map_err(|error| self.failure(error))?;
        // What we just made, or somebody else who has not got further yet, is empty.
        let fresh = version == 0 && application == 0 && tables == 0;
        if !fresh && (application != APPLICATION_ID || version < 1) {
            return Err(failure::not_a_database(self.path()));
        }
        if version > Self::VERSION {
            return Err(failure::newer(self.path(), version, Self::VERSION));
        }
        Ok(version)
    }
}
