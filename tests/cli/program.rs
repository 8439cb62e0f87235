//! The program under test: the real binary, a home of its own, and no environment.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use tempfile::TempDir;

use crate::snapshot;

/// A home for some calls of the program.
pub(crate) struct Program {
    home: TempDir,
}

/// What a call gave.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// The exit code.
    pub code: i32,
    /// The answer.
    pub stdout: String,
    /// The talk.
    pub stderr: String,
}

impl Program {
    /// Makes a home without anything in it.
    pub(crate) fn new() -> Self {
        Self { home: TempDir::new().unwrap() }
    }

    /// Gives the home's folder.
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// Writes a file into the home.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.home().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Prepares a call: environment cleared, home in the temporary folder, no kubeconfig.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_workloadctl"));
        command
            .args(arguments)
            .env_clear()
            .env("HOME", self.home())
            .env("XDG_CONFIG_HOME", self.home().join(".config"))
            .env("USER", "tester")
            .current_dir(self.home())
            .stdin(Stdio::null());
        command
    }

    /// Calls the program with the words of a line.
    pub(crate) fn call(&self, line: &str) -> Outcome {
        let arguments: Vec<&str> = line.split_whitespace().collect();
        outcome(self.command(&arguments).output().unwrap())
    }

    /// Calls the program with a text on stdin.
    pub(crate) fn call_with(&self, line: &str, stdin: &str) -> Outcome {
        let arguments: Vec<&str> = line.split_whitespace().collect();
        let mut child = self
            .command(&arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A program that does not read its stdin may be gone already.
        let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
        outcome(child.wait_with_output().unwrap())
    }

    /// Calls the program line by line, and shows what was called and all that it answered.
    pub(crate) fn told(&self, lines: &[&str]) -> String {
        let answers = lines.iter().map(|line| self.call(line).shown(line));
        answers.collect::<Vec<_>>().join("\n")
    }
}

impl Outcome {
    /// Shows the whole answer to a line.
    pub(crate) fn shown(&self, line: &str) -> String {
        snapshot::shown(line, self.code, &self.stdout, &self.stderr)
    }
}

/// Reads what a process left.
pub(crate) fn outcome(output: Output) -> Outcome {
    Outcome {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}
