//! Who wrote the content of a lock, and the proof that it was our own predecessor and is dead.
//!
//! That the lock was free proves nothing by itself: the folder may be a copy, or on a disk that
//! another machine writes too, and the writer of what stands there alive.

use std::{fs, fs::Metadata, os::unix::fs::MetadataExt as _};

use rustix::{
    io::Errno,
    process::{Pid, test_kill_process},
};
use serde::{Deserialize, Serialize};

/// A machine since it was started last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Machine {
    pub(crate) host: String,
    /// The id of its start; none where the system tells none, and then nothing is proven.
    pub(crate) boot: Option<String>,
}

/// Where a writer was: on which machine, and in which file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Writer {
    #[serde(flatten)]
    machine: Machine,
    device: u64,
    inode: u64,
}

impl Writer {
    pub(super) fn new(machine: &Machine, file: &Metadata) -> Self {
        Self { machine: machine.clone(), device: file.dev(), inode: file.ino() }
    }

    /// Tells whether another writer was in this very file on this very machine.
    pub(super) fn is(&self, other: &Self) -> bool {
        self == other && self.machine.boot.is_some()
    }
}

/// Tells whether a process of this machine has ended. Not sure of it is no.
pub(super) fn is_dead(pid: u32) -> bool {
    // Containers give the same number to one after the other; this one is us.
    if pid == std::process::id() {
        return true;
    }
    let Some(known) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return false };
    match test_kill_process(known) {
        Err(error) => error == Errno::SRCH,
        // One that ended and was not waited for still has its number.
        Ok(()) => fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| {
            stat.rsplit_once(") ").is_some_and(|(_, state)| state.starts_with(['Z', 'X']))
        }),
    }
}
