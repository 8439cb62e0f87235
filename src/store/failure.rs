//! What SQLite and the file system report, as errors that name the file and what helps.

use std::{io, path::Path};

use rusqlite::ErrorCode;

use super::BUSY_TIMEOUT;
use crate::workload::error::{Code, Error, ErrorKind};

const ELSEWHERE: &str = "`--db FILE` names another database";

/// Tells whether the database cannot be written, while reading it may well work.
pub(super) fn is_unwritable(error: &Error) -> bool {
    matches!(error.code, Code::ReadOnlyDatabase | Code::DiskFull)
}

fn shown(path: Option<&Path>) -> String {
    path.map_or_else(|| "in memory".to_owned(), |path| path.display().to_string())
}

/// Turns an error of SQLite, or of one of our columns inside it, into the user's.
pub(super) fn of_sqlite(path: Option<&Path>, error: rusqlite::Error) -> Error {
    let file = shown(path);
    match error {
        rusqlite::Error::FromSqlConversionFailure(_, _, inner) => match inner.downcast::<Error>() {
            Ok(ours) => ours.cause(format!("in the database {file}")),
            Err(other) => corrupt(path).chain(other.as_ref()),
        },
        rusqlite::Error::ToSqlConversionFailure(inner) => match inner.downcast::<Error>() {
            Ok(ours) => *ours,
            Err(other) => unexpected(&file).chain(other.as_ref()),
        },
        rusqlite::Error::SqliteFailure(code, ref text) => {
            let text = text.clone().unwrap_or_else(|| code.to_string());
            of_code(path, code.code, &file).cause(text)
        }
        rusqlite::Error::InvalidColumnType(..) | rusqlite::Error::IntegralValueOutOfRange(..) => {
            corrupt(path).chain(&error)
        }
        other => unexpected(&file).chain(&other),
    }
}

fn of_code(path: Option<&Path>, code: ErrorCode, file: &str) -> Error {
    match code {
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Error::new(
            ErrorKind::Locked,
            Code::DatabaseLocked,
            format!(
                "another process has held the database {file} for more than {} s",
                BUSY_TIMEOUT.as_secs()
            ),
        )
        .hint(format!("try again when it has ended; {ELSEWHERE}")),
        ErrorCode::ReadOnly => read_only(path),
        ErrorCode::DiskFull => disk_full(file),
        ErrorCode::DatabaseCorrupt => corrupt(path),
        ErrorCode::NotADatabase => not_a_database(path),
        ErrorCode::CannotOpen | ErrorCode::PermissionDenied => {
            Error::failed(Code::CannotOpenDatabase, format!("cannot open the database {file}"))
                .hint(ELSEWHERE)
        }
        ErrorCode::SystemIoFailure => {
            Error::failed(Code::DatabaseIo, format!("cannot read or write the database {file}"))
                .hint(format!("is the disk full? {ELSEWHERE}"))
        }
        _ => unexpected(file),
    }
}

/// Turns a failure to make the folder or the file into the user's.
pub(super) fn of_io(path: &Path, what: &str, error: &io::Error) -> Error {
    let file = shown(Some(path));
    match error.kind() {
        // The latter three: a folder that cannot be made, as in a home that does not exist, or
        // below a file.
        io::ErrorKind::ReadOnlyFilesystem
        | io::ErrorKind::PermissionDenied
        | io::ErrorKind::NotFound
        | io::ErrorKind::AlreadyExists
        | io::ErrorKind::NotADirectory => read_only(Some(path)).cause(format!("{what}: {error}")),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            disk_full(&file).cause(format!("{what}: {error}"))
        }
        _ => Error::failed(Code::CannotOpenDatabase, format!("cannot make the database {file}"))
            .cause(format!("{what}: {error}"))
            .hint(ELSEWHERE),
    }
}

pub(super) fn read_only(path: Option<&Path>) -> Error {
    Error::failed(Code::ReadOnlyDatabase, format!("the database {} cannot be written", shown(path)))
        .hint(ELSEWHERE)
}

pub(super) fn not_a_database(path: Option<&Path>) -> Error {
    Error::usage(Code::NotADatabase, format!("{} is not a workloadctl database", shown(path)))
        .hint(ELSEWHERE)
}

pub(super) fn newer(path: Option<&Path>, version: i64, known: i64) -> Error {
    Error::failed(
        Code::NewerDatabase,
        format!(
            "the database {} was written by a newer workloadctl (version {version}, this program \
             knows {known})",
            shown(path)
        ),
    )
    .hint(format!("install the newer workloadctl; {ELSEWHERE}"))
}

/// A word that this program does not know: it was written by a newer one, or by hand.
pub(super) fn unknown_word(text: &str, why: impl ToString) -> Error {
    Error::failed(
        Code::UnknownWord,
        format!("the database holds {text:?}, which is not understood"),
    )
    .cause(why.to_string())
    .hint(format!("install the newest workloadctl; {ELSEWHERE}"))
}

fn disk_full(file: &str) -> Error {
    Error::failed(Code::DiskFull, format!("no space left to write the database {file}"))
        .hint(format!("make space; {ELSEWHERE}"))
}

pub(super) fn corrupt(path: Option<&Path>) -> Error {
    let file = shown(path);
    Error::failed(Code::CorruptDatabase, format!("the database {file} is damaged")).hint(format!(
        "`mv {file} {file}.damaged`: what is deployed is known to the clusters and comes back; \
         {ELSEWHERE}"
    ))
}

fn unexpected(file: &str) -> Error {
    Error::failed(Code::Database, format!("the database {file} refuses"))
}
