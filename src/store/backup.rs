//! A copy of the database in one file, made while others may write to it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, OpenFlags};

use super::{Store, failure, open};
use crate::workload::error::{Code, Error, Result};

impl Store {
    /// Copies the database into a new file that only its owner reads, whole or not at all; gives
    /// its size in bytes.
    ///
    /// # Errors
    /// `file-exists` (5): no file is overwritten; `no-database` (1) where there is none to copy;
    /// `corrupt-database` where the copy would be damaged; those of [`Store::open`].
    pub(crate) fn back_up(path: &Path, to: &Path) -> Result<u64> {
        if to.exists() {
            return Err(exists(to));
        }
        let from = Self::open_as_it_is(path)?;
        let unwritable = |error: &io::Error| {
            let message = format!("cannot write {}", to.display());
            Error::failed(Code::System, message).chain(error)
        };
        let draft = Draft(open::make_draft(to).map_err(|error| unwritable(&error))?);
        copy(&from, &draft.0)?;
        // On the disk before it has its name: a copy is for days on which the machine went down.
        let size = fs::File::open(&draft.0)
            .and_then(|file| file.sync_all().and_then(|()| file.metadata()))
            .map_err(|error| unwritable(&error))?
            .len();
        match open::publish(&draft.0, to) {
            Ok(()) => Ok(size),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(exists(to)),
            Err(error) => Err(unwritable(&error)),
        }
    }

    /// Opens the file for reading, whatever its version is that this program knows.
    ///
    /// # Errors
    /// `no-database` (1) where it is absent; those of [`Store::open`].
    pub(super) fn open_as_it_is(path: &Path) -> Result<Self> {
        let Some(connection) = open::connect_read_only(path)? else {
            let message = format!("there is no database {}", path.display());
            return Err(Error::failed(Code::NoDatabase, message).hint(
                "the first command that keeps something makes it; `--db FILE` names another one",
            ));
        };
        let store = Self { connection, path: Some(path.to_owned()), read_only: true };
        store.version()?;
        Ok(store)
    }
}

/// A file that goes unless it got its name.
struct Draft(PathBuf);

impl Drop for Draft {
    fn drop(&mut self) {
        // Gone where it was published.
        let _ = fs::remove_file(&self.0);
    }
}

fn copy(from: &Store, to: &Path) -> Result<()> {
    let failure = |error| failure::of_sqlite(Some(to), error);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut copy = Connection::open_with_flags(to, flags).map_err(failure)?;
    open::copy_into(&mut copy, &from.connection).map_err(|error| from.failure(error))?;
    // The copy of a WAL database is one, too; it is to be a single file.
    copy.pragma_update(None, "journal_mode", "DELETE").map_err(failure)?;
    // A damaged page is copied like any other.
    let damage = super::check::damage(&copy).map_err(failure)?;
    if damage.is_empty() { Ok(()) } else { Err(super::check::damaged(from.path(), &damage)) }
}

fn exists(to: &Path) -> Error {
    let message = format!("{} exists; no file is overwritten", to.display());
    Error::refused(Code::FileExists, message)
}
