//! `deploy --watch`: deploys, and again whenever a file of the sources changes.
//!
//! Each deploy is a process of its own, with the same command line but for `--watch`: an ordinary
//! release under its own lock, which a terminal's Ctrl-C reaches as it reaches any other.

use std::{
    collections::BTreeSet,
    ffi::OsString,
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use notify::{RecursiveMode, Watcher as _};
use tokio::{
    process::{Child, Command},
    signal::unix::{Signal as Signals, SignalKind, signal},
    sync::mpsc,
    time,
};

use super::{
    invocation::{Done, Failures, Invocation},
    manifests::FileArgs,
};
use crate::{
    ops::{
        sources::watched::{Watched, is_on_disk},
        stop::Signal,
    },
    output::format::Format,
    workload::error::{Code, Error, ErrorKind, Result},
};

/// How long it has to be still after a change: an editor writes a file in several steps.
const STILL: Duration = Duration::from_millis(60);
/// How long it may be restless before it is deployed all the same.
const RESTLESS: Duration = Duration::from_secs(2);
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
    runtime.block_on(async {
        let mut watching = Watching::new(sources.collect(), call).map_err(failed)?;
        watching.until_ended().await.map(Some)
    })
}

fn unwatchable(why: &str) -> Error {
    Error::usage(Code::InvalidFlag, format!("--watch: {why}"))
        .hint("name files or folders with `-f`; without `--watch` it is deployed once")
}

/// What is watched, and who may end it.
struct Watching<'a> {
    sources: Vec<String>,
    call: &'a Invocation,
    /// The command that deploys once.
    arguments: Vec<OsString>,
    watcher: notify::RecommendedWatcher,
    /// The folders that are watched.
    folders: BTreeSet<PathBuf>,
    changes: mpsc::UnboundedReceiver<()>,
    interrupts: Signals,
    terminations: Signals,
}

impl<'a> Watching<'a> {
    fn new(sources: Vec<String>, call: &'a Invocation) -> io::Result<Self> {
        let (sender, changes) = mpsc::unbounded_channel();
        let watcher = notify::recommended_watcher(move |told: notify::Result<notify::Event>| {
            // Reading is what the deploy itself does. Whatever else is told, the files are looked at.
            if told.is_ok_and(|event| event.kind.is_access()) {
                return;
            }
            let _ = sender.send(());
        });
        let arguments = call.env.arguments.iter().skip(1).filter(|it| *it != "--watch");
        Ok(Self {
            sources,
            call,
            arguments: arguments.cloned().collect(),
            watcher: watcher.map_err(io::Error::other)?,
            folders: BTreeSet::new(),
            changes,
            interrupts: signal(SignalKind::interrupt())?,
            terminations: signal(SignalKind::terminate())?,
        })
    }

    /// Deploys whenever something changed; gives what stands for the end.
    async fn until_ended(&mut self) -> Result<ErrorKind, Failures> {
        let mut seen = self.look()?;
        let mut is_first = true;
        loop {
            match self.deploy().await? {
                // Of a command that is wrong nothing becomes right by itself.
                Some(kind @ ErrorKind::Usage) if is_first => return Ok(kind),
                Some(kind @ (ErrorKind::Interrupted | ErrorKind::Terminated)) => return Ok(kind),
                _ => is_first = false,
            }
            self.call.printer.talk("watching for changes; Ctrl-C ends it");
            seen = loop {
                let now = self.look()?;
                let changed = now.changed(&seen);
                if !changed.is_empty() {
                    self.call.printer.talk(&told(&changed, &self.call.env.current_dir));
                    break now;
                }
                if let Some(signal) = self.change().await {
                    self.call.printer.talk("no longer watching");
                    return Ok(signal.error("").kind);
                }
            };
        }
    }

    /// Looks at the sources, so that every later change of them is told.
    fn look(&mut self) -> Result<Watched> {
        loop {
            // Told before it is looked at: what happens in between is looked at once more.
            let seen = Watched::look(&self.sources, &self.call.env.current_dir);
            let new: Vec<PathBuf> = seen.folders().difference(&self.folders).cloned().collect();
            if new.is_empty() {
                return Ok(seen);
            }
            for folder in new {
                self.watch(&folder)?;
                self.folders.insert(folder);
            }
        }
    }

    fn watch(&mut self, folder: &Path) -> Result<()> {
        match self.watcher.watch(folder, RecursiveMode::NonRecursive) {
            // It went while it was looked at.
            Err(error) if matches!(error.kind, notify::ErrorKind::PathNotFound) => Ok(()),
            watched => watched.map_err(|error| {
                let message = format!("cannot watch the folder {}", folder.display());
                let error = Error::failed(Code::System, message).chain(&error);
                error.hint(
                    "the system limits how many folders are watched (fs.inotify.max_user_watches)",
                )
            }),
        }
    }

    /// Waits until something changed and it is still again; gives the signal that came before.
    async fn change(&mut self) -> Option<Signal> {
        tokio::select! {
            signal = next(&mut self.interrupts, &mut self.terminations) => return Some(signal),
            _ = self.changes.recv() => {}
        }
        let settle =
            async { while let Ok(Some(())) = time::timeout(STILL, self.changes.recv()).await {} };
        tokio::select! {
            signal = next(&mut self.interrupts, &mut self.terminations) => Some(signal),
            _ = time::timeout(RESTLESS, settle) => None,
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
fn told(changed: &BTreeSet<&Path>, current_dir: &Path) -> String {
    let names = changed.iter().take(NAMED);
    let names: Vec<String> = names
        .map(|path| path.strip_prefix(current_dir).unwrap_or(path).display().to_string())
        .collect();
    match changed.len() - names.len() {
        0 => format!("changed: {}", names.join(", ")),
        more => format!("changed: {} and {more} more", names.join(", ")),
    }
}
