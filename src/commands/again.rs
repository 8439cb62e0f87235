//! `deploy --watch`: deploys, and again whenever a file of the sources changes.
//!
//! Each deploy is a process of its own, with the same command line but for `--watch`: an ordinary
//! release under its own lock, which a terminal's Ctrl-C reaches as it reaches any other.

use std::{
    collections::BTreeSet,
    ffi::OsString,
    io,
    path::{Path, PathBuf},
};

use tokio::{
    process::{Child, Command},
    signal::unix::{Signal as Signals, SignalKind, signal},
};

use super::{
    invocation::{Done, Failures, Invocation},
    manifests::FileArgs,
};
use crate::{
    ops::{
        sources::{changes::Changes, watched::is_on_disk},
        stop::Signal,
    },
    output::format::Format,
    workload::error::{Code, Error, ErrorKind, Result},
};

/// How many changed files are named.
const NAMED: usize = 3;

/// Deploys again and again until a signal comes.
///
/// # Errors
/// Code 2 where no source is a file or folder, or another answer than the table is wanted; code 1
/// where the system tells of no changes.
pub(super) fn run(files: &FileArgs, beside: Vec<String>, call: &Invocation) -> Done {
    call.only("deploy --watch", &[Format::Table])?;
    if files.reads_stdin() {
        return Err(unwatchable("-f - is read once").into());
    }
    if !files.file.iter().any(|source| is_on_disk(source)) {
        return Err(unwatchable("there is no file or folder among the sources").into());
    }
    let sources = files.file.iter().cloned().chain(files.values().iter().cloned()).chain(beside);
    let failed = |error: io::Error| Error::failed(Code::System, "cannot watch").chain(&error);
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
    runtime
        .block_on(async { Watching::new(sources.collect(), call)?.until_ended().await.map(Some) })
}

fn unwatchable(why: &str) -> Error {
    Error::usage(Code::InvalidFlag, format!("--watch: {why}"))
        .hint("name files or folders with `-f`; without `--watch` it is deployed once")
}

/// What is watched, and who may end it.
struct Watching<'a> {
    changes: Changes,
    call: &'a Invocation,
    /// The command that deploys once.
    arguments: Vec<OsString>,
    interrupts: Signals,
    terminations: Signals,
}

impl<'a> Watching<'a> {
    fn new(sources: Vec<String>, call: &'a Invocation) -> Result<Self> {
        let failed = |error: io::Error| Error::failed(Code::System, "cannot watch").chain(&error);
        let arguments = call.env.arguments.iter().skip(1).filter(|it| *it != "--watch");
        Ok(Self {
            changes: Changes::of(sources, &call.env.current_dir)?,
            call,
            arguments: arguments.cloned().collect(),
            interrupts: signal(SignalKind::interrupt()).map_err(failed)?,
            terminations: signal(SignalKind::terminate()).map_err(failed)?,
        })
    }

    /// Deploys whenever something changed; gives what stands for the end.
    async fn until_ended(&mut self) -> Result<ErrorKind, Failures> {
        let mut is_first = true;
        loop {
            match self.deploy().await? {
                // Of a command that is wrong nothing becomes right by itself.
                Some(kind @ ErrorKind::Usage) if is_first => return Ok(kind),
                Some(kind @ (ErrorKind::Interrupted | ErrorKind::Terminated)) => return Ok(kind),
                _ => is_first = false,
            }
            self.call.printer.talk("watching for changes; Ctrl-C ends it");
            tokio::select! {
                signal = next(&mut self.interrupts, &mut self.terminations) => {
                    self.call.printer.talk("no longer watching");
                    return Ok(signal.error("").kind);
                }
                changed = self.changes.next() => {
                    self.call.printer.talk(&told(&changed?, &self.call.env.current_dir));
                }
            }
        }
    }

    /// Deploys once, in good order to its end; gives what became of it where that counts.
    async fn deploy(&mut self) -> Result<Option<ErrorKind>> {
        let failed = |error: io::Error| Error::failed(Code::System, "cannot deploy").chain(&error);
        let program = std::env::current_exe().map_err(failed)?;
        let mut child = Command::new(program).args(&self.arguments).spawn().map_err(failed)?;
        let mut stopped = None;
        loop {
            let signal = tokio::select! {
                status = child.wait() => {
                    let code = status.map_err(failed)?.code();
                    let counts = [ErrorKind::Usage, ErrorKind::Interrupted, ErrorKind::Terminated];
                    let is_it = |kind: &ErrorKind| code == Some(kind.exit_code().into());
                    return Ok(stopped.or_else(|| counts.into_iter().find(is_it)));
                }
                signal = next(&mut self.interrupts, &mut self.terminations) => signal,
            };
            // A terminal sends its Ctrl-C to both; what one process is sent goes on to the other.
            if signal == Signal::Terminate || !has_terminal() {
                forward(&child, signal);
            }
            stopped = Some(signal.error("").kind);
        }
    }
}

/// Waits for a signal.
async fn next(interrupts: &mut Signals, terminations: &mut Signals) -> Signal {
    tokio::select! {
        _ = interrupts.recv() => Signal::Interrupt,
        _ = terminations.recv() => Signal::Terminate,
    }
}

/// Tells whether a terminal sends its signals to the processes that this one starts.
fn has_terminal() -> bool {
    std::fs::File::open("/dev/tty").is_ok()
}

fn forward(child: &Child, signal: Signal) {
    use rustix::process::{Pid, Signal as Sent, kill_process};
    let sent = match signal {
        Signal::Interrupt => Sent::INT,
        Signal::Terminate => Sent::TERM,
    };
    // Who has ended meanwhile needs no signal.
    if let Some(pid) = child.id().and_then(|id| Pid::from_raw(id.cast_signed())) {
        let _ = kill_process(pid, sent);
    }
}

/// Names what changed, relative to where the user is.
fn told(changed: &BTreeSet<PathBuf>, current_dir: &Path) -> String {
    let names = changed.iter().take(NAMED);
    let names: Vec<String> = names
        .map(|path| path.strip_prefix(current_dir).unwrap_or(path).display().to_string())
        .collect();
    match changed.len() - names.len() {
        0 => format!("changed: {}", names.join(", ")),
        more => format!("changed: {} and {more} more", names.join(", ")),
    }
}
