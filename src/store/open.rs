//! Making, opening and setting up the file.

use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    time::Instant,
};

use rusqlite::{Connection, ErrorCode, OpenFlags, backup::Backup};
use rustix::fs::Access;

use super::{BUSY_TIMEOUT, failure};
use crate::workload::error::Result;

/// How long to rest between two attempts to switch a new file to WAL.
const WAL_RETRY: std::time::Duration = std::time::Duration::from_millis(5);

/// How many pages are copied between two looks at whether somebody writes.
const PAGES_AT_ONCE: std::ffi::c_int = 1000;

/// Opens the file for reading and writing, and makes it where it is absent.
pub(super) fn connect(path: &Path) -> Result<Connection> {
    let folder = folder(path);
    if !path.exists() {
        make_folder(&folder).map_err(|error| failure::of_io(path, "its folder", &error))?;
        make_file(path).map_err(|error| failure::of_io(path, "the file", &error))?;
    }
    // SQLite would wait for a pipe, and call a device a full disk.
    let is_file = |metadata: &fs::Metadata| metadata.is_file() || metadata.is_dir();
    if fs::metadata(path).is_ok_and(|metadata| !is_file(&metadata)) {
        return Err(failure::not_a_database(Some(path)).cause("it is no file"));
    }
    // SQLite would open what it may not write for reading only, and fail at the first write.
    for (part, what) in [(folder.as_path(), "its folder"), (path, "the file")] {
        rustix::fs::access(part, Access::WRITE_OK)
            .map_err(|error| failure::of_io(path, what, &error.into()))?;
    }
    // The session's lock lets one thread at a time at it.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(path, flags)
        .and_then(|connection| {
            set_up(&connection)?;
            Ok(connection)
        })
        .map_err(|error| failure::of_sqlite(Some(path), error))
}

/// Opens a file that cannot be written; none where it is absent.
pub(super) fn connect_read_only(path: &Path) -> Result<Option<Connection>> {
    if !path.exists() {
        return Ok(None);
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let plain = Connection::open_with_flags(path, flags).and_then(readable);
    // WAL needs files beside the database; where none can be made, nobody writes either.
    let opened = plain.or_else(|error| {
        Connection::open_with_flags(immutable(path), flags | OpenFlags::SQLITE_OPEN_URI)
            .and_then(readable)
            .map_err(|_| error)
    });
    opened.map(Some).map_err(|error| failure::of_sqlite(Some(path), error))
}

/// Opens an empty database in memory.
pub(super) fn connect_in_memory() -> Result<Connection> {
    Connection::open_in_memory()
        .and_then(|connection| {
            connection.pragma_update(None, "foreign_keys", true)?;
            Ok(connection)
        })
        .map_err(|error| failure::of_sqlite(None, error))
}

/// Copies a database into memory.
pub(super) fn connect_copy(path: &Path, from: &Connection) -> Result<Connection> {
    let mut copy = connect_in_memory()?;
    copy_into(&mut copy, from).map_err(|error| failure::of_sqlite(Some(path), error))?;
    Ok(copy)
}

/// Copies a database into another one, while others may write to it.
pub(super) fn copy_into(copy: &mut Connection, from: &Connection) -> rusqlite::Result<()> {
    Backup::new(from, copy)?.run_to_completion(PAGES_AT_ONCE, WAL_RETRY, None)
}

fn readable(connection: Connection) -> rusqlite::Result<Connection> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    Ok(connection)
}

fn set_up(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    Ok(())
}

/// Switches a file that is ours, or new, to WAL. Where the file system cannot do it, SQLite's
/// rollback journal does as well, only slower.
pub(super) fn use_wal(connection: &Connection) -> rusqlite::Result<()> {
    let end = Instant::now() + BUSY_TIMEOUT;
    loop {
        let mode =
            connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get::<_, String>(0));
        match mode {
            // SQLite does not wait by itself where two processes switch a new file at once.
            Err(rusqlite::Error::SqliteFailure(error, _))
                if error.code == ErrorCode::DatabaseBusy && Instant::now() < end =>
            {
                std::thread::sleep(WAL_RETRY);
            }
            other => return other.map(drop),
        }
    }
}

fn folder(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

fn make_folder(folder: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Makes an empty file that only its owner reads, unless it is there.
///
/// It is made under another name and linked: closing a file drops the locks that this process
/// holds on it through SQLite (POSIX), and another thread may have opened it already.
fn make_file(path: &Path) -> io::Result<()> {
    let draft = make_draft(path)?;
    match publish(&draft, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        result => result,
    }
}

/// Makes an empty file that only its owner reads beside where it will stand.
pub(super) fn make_draft(path: &Path) -> io::Result<PathBuf> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{}.new", uuid::Uuid::new_v4().simple()));
    let draft = PathBuf::from(draft);
    fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    Ok(draft)
}

/// Gives a draft its name, unless another file has it: that one stays. The draft is gone then.
pub(super) fn publish(draft: &Path, path: &Path) -> io::Result<()> {
    let linked = fs::hard_link(draft, path);
    match linked {
        // A file system without hard links.
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            let taken = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
            match taken {
                Ok(_) => fs::rename(draft, path),
                Err(error) => fs::remove_file(draft).and(Err(error)),
            }
        }
        result => fs::remove_file(draft).and(result),
    }
}

/// Gives the URI of a file that nobody writes.
fn immutable(path: &Path) -> String {
    use std::os::unix::ffi::OsStrExt as _;
    let mut uri = "file:".to_owned();
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => {
                uri.push(char::from(*byte));
            }
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    uri.push_str("?immutable=1");
    uri
}
