//! A terminal to run the program in, and what a person sees there.

use std::{
    io::Read as _,
    process::{Child, Command},
    sync::mpsc::{Receiver, channel},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use crate::{program::Program, pty::Terminal};

/// How long anything may take to appear.
const LIMIT: Duration = Duration::from_secs(60);

/// What a person sees of a running program.
pub(crate) struct Screen {
    child: Child,
    emulator: vt100::Parser,
    written: Receiver<Vec<u8>>,
    terminal: Terminal,
    /// How often something was written, and how much.
    pub(crate) frames: usize,
    pub(crate) bytes: usize,
}

impl Screen {
    /// Starts the program with the words of a line, on a terminal of so many rows and columns that
    /// does not break its lines anew when it becomes narrower, as the emulator does not.
    pub(crate) fn start(program: &Program, line: &str, (rows, columns): (u16, u16)) -> Self {
        let arguments: Vec<&str> = line.split_whitespace().collect();
        let mut command = program.command(&arguments);
        command.env("TERM", "vt100");
        Self::of(command, (rows, columns))
    }

    /// Starts any program so.
    pub(crate) fn of(command: Command, (rows, columns): (u16, u16)) -> Self {
        let mut terminal = Terminal::of(rows, columns);
        let child = terminal.start(command);
        let (sender, written) = channel();
        let mut from = terminal.written();
        thread::spawn(move || {
            let mut buffer = [0; 65536];
            while let Ok(read @ 1..) = from.read(&mut buffer) {
                let _ = sender.send(buffer[..read].to_vec());
            }
        });
        let emulator =
            vt100::Parser::new(rows.try_into().unwrap(), columns.try_into().unwrap(), 1000);
        Self { child, emulator, written, terminal, frames: 0, bytes: 0 }
    }

    pub(crate) fn enter(&mut self, typed: &str) {
        self.terminal.enter(typed);
    }

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
        self.terminal.resize(rows, columns);
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
