//! A terminal to run the program in, and what a person sees there.

use std::{
    fs::{File, OpenOptions},
    io::Read as _,
    os::{fd::OwnedFd, unix::ffi::OsStrExt as _},
    process::{Child, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::{Duration, Instant},
};

use rustix::{
    process::{Pid, Signal, kill_process},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{Winsize, tcsetwinsize},
};

use crate::program::Program;

/// How long anything may take to appear.
const LIMIT: Duration = Duration::from_secs(60);

/// A terminal of some size.
pub(crate) struct Terminal {
    ours: File,
    theirs: File,
}

fn winsize(rows: u16, columns: u16) -> Winsize {
    Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }
}

impl Terminal {
    pub(crate) fn of(rows: u16, columns: u16) -> Self {
        let ours: OwnedFd = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&ours).unwrap();
        unlockpt(&ours).unwrap();
        let name = ptsname(&ours, Vec::new()).unwrap();
        let path = std::ffi::OsStr::from_bytes(name.as_bytes());
        let theirs = OpenOptions::new().read(true).write(true).open(path).unwrap();
        tcsetwinsize(&theirs, winsize(rows, columns)).unwrap();
        Self { ours: File::from(ours), theirs }
    }

    fn spawn(&self, program: &Program, line: &str, term: &str) -> Child {
        let arguments: Vec<&str> = line.split_whitespace().collect();
        let stdio = || Stdio::from(self.theirs.try_clone().unwrap());
        let mut command = program.command(&arguments);
        command.env("TERM", term).stdin(stdio()).stdout(stdio()).stderr(stdio());
        command.spawn().unwrap()
    }

    /// Starts the program here, on a terminal that does not break its lines anew when it becomes
    /// narrower, as the emulator does not.
    pub(crate) fn start(self, program: &Program, line: &str) -> Screen {
        let child = self.spawn(program, line, "vt100");
        let size = rustix::termios::tcgetwinsize(&self.theirs).unwrap();
        let (sender, written) = channel();
        let mut from = self.ours.try_clone().unwrap();
        thread::spawn(move || {
            let mut buffer = [0; 65536];
            while let Ok(read @ 1..) = from.read(&mut buffer) {
                let _ = sender.send(buffer[..read].to_vec());
            }
        });
        let emulator = vt100::Parser::new(
            size.ws_row.try_into().unwrap(),
            size.ws_col.try_into().unwrap(),
            1000,
        );
        Screen { child, emulator, written, ours: self.ours, frames: 0, bytes: 0 }
    }
}

/// What a person sees of a running program.
pub(crate) struct Screen {
    child: Child,
    emulator: vt100::Parser,
    written: Receiver<Vec<u8>>,
    ours: File,
    /// How often something was written, and how much.
    pub(crate) frames: usize,
    pub(crate) bytes: usize,
}

impl Screen {
    /// Gives what is on the screen, without blanks at line ends and empty lines at its end.
    pub(crate) fn text(&self) -> String {
        let text = self.emulator.screen().contents();
        let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
        lines.join("\n").trim_end().to_owned()
    }

    fn take(&mut self, bytes: &[u8]) {
        self.frames += 1;
        self.bytes += bytes.len();
        self.emulator.process(bytes);
    }

    /// Waits until the screen shows something, and gives it.
    #[track_caller]
    pub(crate) fn until(&mut self, what: &str, is_shown: impl Fn(&str) -> bool) -> String {
        let end = Instant::now() + LIMIT;
        loop {
            let text = self.text();
            if is_shown(&text) {
                return text;
            }
            let left = end.saturating_duration_since(Instant::now());
            match self.written.recv_timeout(left) {
                Ok(bytes) => self.take(&bytes),
                Err(error) => panic!("{error}: never seen: {what}\n{text}"),
            }
        }
    }

    /// Looks on for a while, whatever is shown.
    pub(crate) fn watch(&mut self, time: Duration) {
        let end = Instant::now() + time;
        loop {
            match self.written.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(bytes) => self.take(&bytes),
                Err(_) => return,
            }
        }
    }

    /// Makes the window larger or smaller.
    pub(crate) fn resize(&mut self, rows: u16, columns: u16) {
        tcsetwinsize(&self.ours, winsize(rows, columns)).unwrap();
        self.emulator.screen_mut().set_size(rows.try_into().unwrap(), columns.try_into().unwrap());
    }

    /// Sends what Ctrl-C sends.
    pub(crate) fn interrupt(&self) {
        let id = Pid::from_child(&self.child);
        kill_process(id, Signal::INT).unwrap();
    }

    /// Waits for the end; gives the exit code and what stays on the screen.
    pub(crate) fn end(mut self) -> (i32, String) {
        let code = self.child.wait().unwrap().code().unwrap_or(-1);
        // What it wrote last is on its way.
        while let Ok(bytes) = self.written.recv_timeout(Duration::from_millis(300)) {
            self.take(&bytes);
        }
        (code, self.text())
    }
}
