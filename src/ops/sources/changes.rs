//! Changes of the sources on the disk, by the system's word and by a look that needs none.
//!
//! A watch is one of a folder itself (its inode), not of its path, and what tells of its end may come
//! when another lies there already. So all are set up anew with every look, then the files are read:
//! what changed before is seen by that, and what changes afterwards is told. What is lost all the
//! same (some network and shared folders tell of nothing) is seen by a look now and then.

use std::{
    collections::BTreeSet,
    io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::{sync::mpsc, time};

use super::watched::Watched;
use crate::workload::error::{Code, Error, Result};

/// How long it has to be still after a change: an editor writes a file in several steps.
const STILL: Duration = Duration::from_millis(60);
/// How long it may be restless before it is looked at all the same.
const RESTLESS: Duration = Duration::from_secs(2);
/// When it is looked at though nothing was told,
const UNTOLD: Duration = Duration::from_secs(10);
/// and how many times as long as a look takes it waits for that at least.
const LOOKS: u32 = 50;

/// The sources of a deploy as they were seen last, and what tells when they change.
#[derive(Debug)]
pub(crate) struct Changes {
    sources: Vec<String>,
    current_dir: PathBuf,
    seen: Watched,
    /// How long it is waited for what the system tells.
    untold: Duration,
    /// Kept for what it does: it tells as long as it is there.
    watcher: Option<RecommendedWatcher>,
    teller: mpsc::UnboundedSender<Vec<PathBuf>>,
    told: mpsc::UnboundedReceiver<Vec<PathBuf>>,
}

impl Changes {
    /// Looks at sources for the first time, so that every later change is told.
    ///
    /// # Errors
    /// Code 1 where the system tells of no changes.
    pub(crate) fn of(sources: Vec<String>, current_dir: &Path) -> Result<Self> {
        let (teller, told) = mpsc::unbounded_channel();
        let mut changes = Self {
            sources,
            current_dir: current_dir.to_owned(),
            seen: Watched::default(),
            untold: UNTOLD,
            watcher: None,
            teller,
            told,
        };
        changes.seen = changes.look()?;
        Ok(changes)
    }

    /// Waits for files that came, went or changed since they were seen last, and gives them.
    ///
    /// # Errors
    /// As [`Changes::of`].
    pub(crate) async fn next(&mut self) -> Result<BTreeSet<PathBuf>> {
        loop {
            self.settle().await;
            let now = self.look()?;
            let changed: BTreeSet<PathBuf> =
                now.changed(&self.seen).into_iter().map(Path::to_owned).collect();
            self.seen = now;
            if !changed.is_empty() {
                return Ok(changed);
            }
        }
    }

    /// Waits until something is told that concerns the sources and it is still again, or until it is
    /// time for a look anyway.
    async fn settle(&mut self) {
        let Self { seen, told, untold, .. } = self;
        let mut concerned = async || {
            while let Some(paths) = told.recv().await {
                // Without a path: some were lost.
                if paths.is_empty() || paths.iter().any(|path| seen.concerns(path)) {
                    return;
                }
            }
        };
        if time::timeout(*untold, concerned()).await.is_ok() {
            let still = async { while time::timeout(STILL, concerned()).await.is_ok() {} };
            let _ = time::timeout(RESTLESS, still).await;
        }
    }

    /// Looks at the sources, with watches from before the look.
    fn look(&mut self) -> Result<Watched> {
        let began = Instant::now();
        let teller = self.teller.clone();
        let watcher = notify::recommended_watcher(move |told: notify::Result<Event>| {
            let paths = match told {
                // Reading is what the deploy itself does, and the look.
                Ok(event) if event.kind.is_access() => return,
                Ok(event) => event.paths,
                Err(_) => Vec::new(),
            };
            let _ = teller.send(paths);
        });
        let watcher = watcher.map_err(|error| failed("cannot watch for changes", &error))?;
        let watcher = self.watcher.insert(watcher);
        let mut watches: BTreeSet<PathBuf> = BTreeSet::new();
        loop {
            let seen = Watched::look(&self.sources, &self.current_dir);
            let folders = seen.folders();
            let new: Vec<&Path> =
                folders.into_iter().filter(|folder| !watches.contains(*folder)).collect();
            if new.is_empty() {
                self.untold = UNTOLD.max(began.elapsed() * LOOKS);
                return Ok(seen);
            }
            for folder in new {
                watch(watcher, folder)?;
                watches.insert(folder.to_owned());
            }
        }
    }
}

fn watch(watcher: &mut RecommendedWatcher, folder: &Path) -> Result<()> {
    let Err(error) = watcher.watch(folder, RecursiveMode::NonRecursive) else { return Ok(()) };
    match &error.kind {
        // It went while it was looked at, or may be passed and not read: others tell of it.
        notify::ErrorKind::PathNotFound => Ok(()),
        notify::ErrorKind::Io(cause) if cause.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        _ => Err(failed(&format!("cannot watch the folder {}", folder.display()), &error)),
    }
}

fn failed(message: &str, error: &notify::Error) -> Error {
    let error = Error::failed(Code::System, message).chain(error);
    error
        .hint("the system limits what is watched (fs.inotify.max_user_watches, max_user_instances)")
}

#[cfg(test)]
mod tests;
