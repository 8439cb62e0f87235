//! A terminal that a test sits at.

use std::{
    fs::{File, OpenOptions},
    io::{Read as _, Write as _},
    os::{fd::OwnedFd, unix::ffi::OsStrExt as _},
    process::{Child, Command, Stdio},
};

use rustix::{
    io::{FdFlags, fcntl_setfd},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{Winsize, tcsetwinsize},
};

/// A terminal of some size.
pub(crate) struct Terminal {
    ours: File,
    theirs: Option<File>,
    shown: Vec<u8>,
}

impl Terminal {
    /// Opens one of 24 rows and 100 columns.
    pub(crate) fn open() -> Self {
        Self::of(24, 100)
    }

    pub(crate) fn of(rows: u16, columns: u16) -> Self {
        let ours: OwnedFd = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        // A program that starts here must not keep its own terminal open.
        fcntl_setfd(&ours, FdFlags::CLOEXEC).unwrap();
        grantpt(&ours).unwrap();
        unlockpt(&ours).unwrap();
        let name = ptsname(&ours, Vec::new()).unwrap();
        let path = std::ffi::OsStr::from_bytes(name.as_bytes());
        let theirs = OpenOptions::new().read(true).write(true).open(path).unwrap();
        let terminal = Self { ours: File::from(ours), theirs: Some(theirs), shown: Vec::new() };
        terminal.resize(rows, columns);
        terminal
    }

    /// Makes the window larger or smaller.
    pub(crate) fn resize(&self, rows: u16, columns: u16) {
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&self.ours, size).unwrap();
    }

    /// Starts a program here, the only one.
    pub(crate) fn start(&mut self, mut command: Command) -> Child {
        let theirs = self.theirs.take().unwrap();
        let stdio = || Stdio::from(theirs.try_clone().unwrap());
        command.stdin(stdio()).stdout(stdio()).stderr(stdio()).spawn().unwrap()
    }

    pub(crate) fn enter(&mut self, typed: &str) {
        self.ours.write_all(typed.as_bytes()).unwrap();
    }

    /// Gives what is written here, to be read by one alone.
    pub(crate) fn written(&self) -> File {
        self.ours.try_clone().unwrap()
    }

    /// Reads on until this is shown, or nothing more comes; gives what was shown since the last time.
    pub(crate) fn until(&mut self, wanted: &str) -> String {
        let mut buffer = [0; 4096];
        loop {
            let shown = String::from_utf8_lossy(&self.shown).into_owned();
            // Linux ends a terminal that nobody holds any more with an error.
            let read =
                if shown.contains(wanted) { 0 } else { self.ours.read(&mut buffer).unwrap_or(0) };
            if read == 0 {
                self.shown.clear();
                return shown.replace("\r\n", "\n");
            }
            self.shown.extend(&buffer[..read]);
        }
    }

    /// Reads to the end.
    pub(crate) fn rest(mut self) -> String {
        // No program shows this.
        self.until("\u{0}")
    }
}
