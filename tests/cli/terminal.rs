//! What happens on a terminal: questions are asked, colours are shown.

use std::{
    fs::{File, OpenOptions},
    io::{Read as _, Write as _},
    os::{fd::OwnedFd, unix::ffi::OsStrExt as _},
    process::Stdio,
};

use rustix::{
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{Winsize, tcsetwinsize},
};

use crate::program::Program;

/// A terminal of 100 columns.
struct Terminal {
    ours: File,
    theirs: File,
}

impl Terminal {
    fn open() -> Self {
        let ours: OwnedFd = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&ours).unwrap();
        unlockpt(&ours).unwrap();
        let name = ptsname(&ours, Vec::new()).unwrap();
        let path = std::ffi::OsStr::from_bytes(name.as_bytes());
        let theirs = OpenOptions::new().read(true).write(true).open(path).unwrap();
        let size = Winsize { ws_row: 24, ws_col: 100, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&theirs, size).unwrap();
        Self { ours: File::from(ours), theirs }
    }

    /// Calls the program here, with what is typed; gives its exit code and what was shown.
    fn call(mut self, program: &Program, line: &str, typed: &str, term: &str) -> (i32, String) {
        let arguments: Vec<&str> = line.split_whitespace().collect();
        let stdio = || Stdio::from(self.theirs.try_clone().unwrap());
        let mut command = program.command(&arguments);
        command.env("TERM", term).stdin(stdio()).stdout(stdio()).stderr(stdio());
        self.ours.write_all(typed.as_bytes()).unwrap();
        let mut child = command.spawn().unwrap();
        drop((command, self.theirs));
        let mut shown = Vec::new();
        // Linux ends a terminal that nobody holds any more with an error.
        let _ = self.ours.read_to_end(&mut shown);
        let code = child.wait().unwrap().code().unwrap_or(-1);
        (code, String::from_utf8(shown).unwrap().replace("\r\n", "\n"))
    }
}

fn on_terminal(program: &Program, line: &str, typed: &str) -> (i32, String) {
    Terminal::open().call(program, line, typed, "xterm")
}

/// A home with definition `web`.
fn home() -> Program {
    let program = Program::new();
    let manifest = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\n";
    program.write("a.yaml", manifest);
    assert_eq!(program.call("definition apply web -f a.yaml").code, 0);
    program
}

#[test]
fn a_question_is_asked_and_only_yes_is_yes() {
    let program = home();
    for (typed, code) in [("n\n", 1), ("\n", 1), ("nonsense\n", 1), ("y\n", 0)] {
        let (exit, shown) = on_terminal(&program, "definition delete web --color never", typed);
        let question = "delete definition web with all its revisions? [y/N] ";
        assert!(shown.contains(question), "{typed:?}: {shown:?}");
        assert_eq!(exit, code, "{typed:?}: {shown:?}");
    }
    assert_eq!(program.call("definition list -o name").stdout, "");
}

#[test]
fn with_yes_nothing_is_asked() {
    let (exit, shown) = on_terminal(&home(), "definition delete web --yes --color never", "");
    assert_eq!((exit, shown.as_str()), (0, "definition web deleted\n"));
}

#[test]
fn a_terminal_that_can_gets_colours() {
    let program = home();
    let (_, shown) = on_terminal(&program, "definition show wbe", "");
    assert!(shown.starts_with("\u{1b}[1m\u{1b}[31merror:\u{1b}[0m"), "{shown:?}");
    let (_, shown) = Terminal::open().call(&program, "definition show wbe", "", "dumb");
    assert!(shown.starts_with("error: there is no definition"), "{shown:?}");
    let (_, shown) = on_terminal(&program, "definition list", "");
    assert!(shown.starts_with("\u{1b}[2mNAME\u{1b}[0m"), "{shown:?}");
}

#[test]
fn another_persons_instance_is_continued_only_after_a_yes() {
    let program = home();
    let deploy = ["deploy", "web", "--runtime", "sandbox"];
    let first = program.command(&deploy).env("USER", "ann").output().unwrap();
    assert_eq!(first.status.code(), Some(0), "{first:?}");
    // An empty database beside the same sandbox: somebody else.
    let folder = program.home().join(".config/workloadctl");
    for ending in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(folder.join(format!("workloadctl.db{ending}")));
    }
    program.write("b.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: other}\n");
    let line = "deploy web -f b.yaml --runtime sandbox --color never";
    for (typed, code) in [("n\n", 1), ("y\n", 0)] {
        let (exit, shown) = on_terminal(&program, line, typed);
        let question = "continuing web: release 1, last deployed by ann@";
        assert!(shown.contains(question) && shown.contains(" ago. Go on? [y/N] "), "{shown:?}");
        assert_eq!(exit, code, "{typed:?}: {shown:?}");
        let listed = program.call("list -o name").stdout;
        assert_eq!(listed.is_empty(), code == 1, "a no leaves the database as it was");
    }
    // Known here by now: nothing is asked.
    let (exit, shown) = on_terminal(&program, line, "");
    assert_eq!(exit, 0, "{shown:?}");
    assert!(!shown.contains("Go on?"), "{shown:?}");
}
