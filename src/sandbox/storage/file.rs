//! Making, opening and setting up the file, and bringing it to this program's layout.

use std::{
    fmt, fs,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::Path,
    thread,
    time::{Duration, Instant},
};

use rusqlite::{Connection, ErrorCode, TransactionBehavior};

/// How long another process that writes is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// Layout `n` is made of layout `n - 1` by step `n - 1`; a step that was released never changes.
///
/// The first one also finds the files from before there was a number in them, which are like it
/// but for what was added later.
const STEPS: &[&str] = &["
    CREATE TABLE IF NOT EXISTS objects (
        resource TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
        version INTEGER NOT NULL, meta TEXT NOT NULL, rest TEXT NOT NULL,
        UNIQUE (resource, namespace, name));
    CREATE INDEX IF NOT EXISTS service_addresses ON objects (json_extract(rest, '$.spec.clusterIP'))
        WHERE resource = '/services';
    CREATE TABLE IF NOT EXISTS owners (
        owner TEXT NOT NULL, resource TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
        PRIMARY KEY (owner, resource, namespace, name)) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS owned ON owners (resource, namespace, name);
    CREATE TABLE IF NOT EXISTS history (
        version INTEGER PRIMARY KEY, resource TEXT NOT NULL, namespace TEXT NOT NULL,
        name TEXT NOT NULL, kind TEXT NOT NULL, meta TEXT NOT NULL, rest TEXT NOT NULL, before TEXT);
    CREATE INDEX IF NOT EXISTS history_of ON history (resource, version);
    CREATE TABLE IF NOT EXISTS work (
        resource TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL, due INTEGER NOT NULL,
        PRIMARY KEY (resource, namespace, name)) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS work_due ON work (due);
    CREATE TABLE IF NOT EXISTS timers (
        resource TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL, stage TEXT NOT NULL,
        due INTEGER NOT NULL, PRIMARY KEY (resource, namespace, name, stage)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS settings (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
    INSERT OR IGNORE INTO settings VALUES ('version', 1), ('compacted', 0), ('definitions', 0);
", "
    CREATE TABLE failures (
        namespace TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, failure TEXT NOT NULL,
        PRIMARY KEY (namespace, kind, name)) WITHOUT ROWID;
"];

/// The layout that this program writes.
const LAYOUT: i64 = STEPS.len() as i64;

/// Why the file cannot be used.
#[derive(Debug)]
pub(in crate::sandbox) enum FileError {
    Sqlite(rusqlite::Error),
    /// Its layout is one that this program does not know.
    Newer(i64),
}

impl From<rusqlite::Error> for FileError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(error) => error.fmt(f),
            Self::Newer(layout) => write!(
                f,
                "it was written by a newer workloadctl (layout {layout}, this program knows \
                 {LAYOUT})"
            ),
        }
    }
}

/// Opens the file, made if need be, with its folder, so that only its owner reads it: Secrets lie in
/// it.
pub(in crate::sandbox) fn open(path: &Path) -> Result<Connection, FileError> {
    // What is wrong with the place SQLite says too, and a file that is there is as well. The folder
    // is the database's, which nobody has made yet who only looks.
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        let _ = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    }
    let _ = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(PATIENCE)?;
    // More than the default of 16, so that each statement is prepared once.
    connection.set_prepared_statement_cache_capacity(64);
    use_wal(&connection)?;
    // The state is disposable; after a power cut it may be older, never broken.
    connection.pragma_update(None, "synchronous", "OFF")?;
    migrate(&mut connection)?;
    Ok(connection)
}

/// Brings the file to this program's layout; several processes may do so at once.
fn migrate(connection: &mut Connection) -> Result<(), FileError> {
    if layout(connection)? == LAYOUT {
        return Ok(());
    }
    // Another process may have done it by the time the lock is ours.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let from = usize::try_from(layout(&transaction)?).unwrap_or(0);
    for step in &STEPS[from..] {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", LAYOUT)?;
    Ok(transaction.commit()?)
}

/// The layout of a file, 0 where it has none yet.
fn layout(connection: &Connection) -> Result<i64, FileError> {
    let layout: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if layout > LAYOUT { Err(FileError::Newer(layout)) } else { Ok(layout) }
}

/// Switches the file to WAL. SQLite does not wait by itself where two processes switch a new file
/// at once.
fn use_wal(connection: &Connection) -> rusqlite::Result<()> {
    let end = Instant::now() + PATIENCE;
    loop {
        match connection.pragma_update(None, "journal_mode", "WAL") {
            Err(rusqlite::Error::SqliteFailure(error, _))
                if error.code == ErrorCode::DatabaseBusy && Instant::now() < end =>
            {
                thread::sleep(Duration::from_millis(5));
            }
            other => return other,
        }
    }
}
