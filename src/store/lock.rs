//! The lock that lets one process at a time work on an instance on this machine: a file per
//! instance beside the database.
//!
//! The kernel frees it when the process dies, however it dies. The file itself is never deleted
//! (two processes could then hold locks on two files of one name), only emptied when the work
//! ended in order; what a dead predecessor left in it says which releases were its own. No link is
//! followed, neither to the file nor to its folder: what it leads to is not ours to write.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read as _, Seek as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};

mod writer;

pub(crate) use writer::{Machine, Writer};

use crate::workload::{
    error::{Code, Error, Result},
    name::InstanceName,
};

/// What the holder of a lock says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LockContent {
    pub(crate) pid: u32,
    /// What it does, as typed: `deploy web`.
    pub(crate) command: String,
    pub(crate) started: Timestamp,
    /// The release that it has begun, once it has, after those of its dead predecessors: until
    /// its own holder stands in the record, one of theirs does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) releases: Vec<String>,
    /// Where it was written; none by a program that did not say so yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) writer: Option<Writer>,
}

impl LockContent {
    /// Gives the releases whose holder may be taken over at once: those of a writer that ran on
    /// this machine since its start, wrote this very file, and is dead. Any other may be alive.
    pub(crate) fn releases_of_the_dead(self, here: &Writer) -> Vec<String> {
        let ours = self.writer.is_some_and(|writer| writer.is(here));
        if ours && writer::is_dead(self.pid) { self.releases } else { Vec::new() }
    }
}

/// The answer to an attempt.
#[derive(Debug)]
pub(crate) enum Acquired {
    /// The lock is ours.
    Got {
        /// The lock; it lasts as long as this value.
        lock: InstanceLock,
        /// What a predecessor left that did not end in order.
        left: Option<LockContent>,
    },
    /// Another process has it, and says this of itself, if it has got that far.
    Held(Option<LockContent>),
}

/// The lock of one instance. Dropping it frees the lock and leaves the content, as death would:
/// the next holder may take over a release that was not ended. [`InstanceLock::release`] ends in
/// order.
#[derive(Debug)]
pub(crate) struct InstanceLock {
    file: File,
    path: PathBuf,
}

impl InstanceLock {
    /// Tries to lock an instance, without waiting. `database` is the path of the database.
    ///
    /// # Errors
    /// `cannot-lock` where no lock file can be made.
    pub(crate) fn try_acquire(database: &Path, instance: &InstanceName) -> Result<Acquired> {
        let path = lock_path(database, instance);
        let file = open(&path).map_err(|error| cannot_lock(&path, &error))?;
        let mut lock = Self { file, path };
        match lock.file.try_lock() {
            Ok(()) => {
                let left = lock.read();
                Ok(Acquired::Got { lock, left })
            }
            Err(TryLockError::WouldBlock) => Ok(Acquired::Held(lock.read())),
            Err(TryLockError::Error(error)) => Err(cannot_lock(&lock.path, &error)),
        }
    }

    /// Says where this process writes, as its own successors have to find it.
    ///
    /// # Errors
    /// `cannot-lock` where the file cannot be looked at.
    pub(crate) fn writer(&self, machine: &Machine) -> Result<Writer> {
        let file = self.file.metadata().map_err(|error| cannot_lock(&self.path, &error))?;
        Ok(Writer::new(machine, &file))
    }

    /// Says who holds the lock and which releases it answers for.
    ///
    /// # Errors
    /// `cannot-lock` where the file cannot be written.
    pub(crate) fn write(&mut self, content: &LockContent) -> Result<()> {
        let json = serde_json::to_vec(content).expect("the content has no map with odd keys");
        self.put(&json).map_err(|error| cannot_lock(&self.path, &error))
    }

    /// Ends in order: empties the file and frees the lock. For when the release's outcome and its
    /// holder's absence stand in the record; otherwise drop the lock.
    ///
    /// # Errors
    /// `cannot-lock` where the file cannot be emptied; the lock is free all the same.
    pub(crate) fn release(self) -> Result<()> {
        self.file.set_len(0).map_err(|error| cannot_lock(&self.path, &error))
    }

    /// Writes over the old content before cutting off its rest, so that there is always a whole
    /// first value in the file.
    fn put(&mut self, json: &[u8]) -> io::Result<()> {
        self.file.rewind()?;
        self.file.write_all(json)?;
        self.file.set_len(json.len() as u64)
    }

    /// Reads the content; what is not one counts as absent.
    fn read(&mut self) -> Option<LockContent> {
        let mut bytes = Vec::new();
        self.file.rewind().ok()?;
        self.file.read_to_end(&mut bytes).ok()?;
        // The first value alone: a process that died while it wrote leaves a rest of the older one.
        serde_json::Deserializer::from_slice(&bytes).into_iter().next()?.ok()
    }
}

/// Gives the lock file: `<database>.locks/<instance>.lock`, the same for every way to name the
/// database.
fn lock_path(database: &Path, instance: &InstanceName) -> PathBuf {
    // A symbolic link to the database must not lead to a second lock.
    let database = fs::canonicalize(database).unwrap_or_else(|_| database.to_owned());
    let mut folder = OsString::from(database);
    folder.push(".locks");
    PathBuf::from(folder).join(format!("{instance}.lock"))
}

fn open(path: &Path) -> io::Result<File> {
    let folder = path.parent().expect("a lock file is in a folder");
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    if fs::symlink_metadata(folder)?.is_symlink() {
        return Err(io::Error::other("its folder is a symbolic link, which is not followed"));
    }
    // Not truncated: what a dead predecessor left is read first.
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    options.custom_flags(flags.bits().cast_signed());
    let file = options.open(path).map_err(|error| match error.raw_os_error() {
        Some(code) if code == rustix::io::Errno::LOOP.raw_os_error() => {
            io::Error::other("it is a symbolic link, which is not followed")
        }
        _ => error,
    })?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("it is no file")) }
}

fn cannot_lock(path: &Path, error: &io::Error) -> Error {
    Error::failed(Code::CannotLock, format!("cannot use the lock file {}", path.display()))
        .cause(error.to_string())
        .hint("`--db FILE` names a database in a folder that can be written")
}

#[cfg(test)]
mod tests;
