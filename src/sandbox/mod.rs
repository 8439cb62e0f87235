//! A Kubernetes API inside the program: a server that is seen only through HTTP types.
//!
//! [`Sandbox`] is a `tower::Service` over requests. Its state lies in one SQLite file that many
//! processes may share. There is no port and no thread: controllers advance when a request
//! touches the sandbox, and while a watch is read. It answers as a kube-apiserver 1.36 does for
//! everything that it has; there is no RBAC, no quota, no webhook, no CEL.

use std::{
    convert::Infallible,
    fmt, io,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use rusqlite::Connection;

mod addresses;
mod admission;
mod apply;
mod bootstrap;
mod controllers;
mod custom;
mod decode;
mod defaults;
mod delete;
mod faults;
mod fields;
mod follow;
mod groups;
mod jsonpatch;
mod managed;
mod patch;
mod read;
mod registry;
mod request;
mod router;
mod rules;
mod scale;
mod selector;
mod service;
mod shape;
mod status;
mod storage;
#[cfg(test)]
mod tests;
mod typed;
mod watch;
mod world;
mod write;

pub use faults::{Effect, Fault, Matches, When};

use registry::Registry;
use request::{ApiRequest, Reply};
use router::Handled;
use status::StatusError;
use storage::Storage;
use world::World;

/// How the sandbox behaves.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How long a pod takes from its node to being ready.
    pub start: Duration,
    /// How many events the history keeps for watches.
    pub history: i64,
    /// The clock.
    pub clock: fn() -> Timestamp,
}

impl Default for Settings {
    fn default() -> Self {
        Self { start: Duration::from_millis(1000), history: 20_000, clock: Timestamp::now }
    }
}

/// What a sandbox is opened with.
#[derive(Debug, Default)]
pub struct Options {
    /// How it behaves.
    pub settings: Settings,
    /// What goes wrong, for tests.
    pub faults: Vec<Arc<Fault>>,
}

/// The sandbox file could not be opened.
#[derive(Debug)]
pub struct OpenError(String);

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for OpenError {}

/// What the server is called in place of a URL.
pub(crate) const SERVER: &str = "sandbox";

/// The server. Clones share its state.
#[derive(Clone)]
pub struct Sandbox {
    server: Arc<ApiServer>,
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox").field("settings", &self.server.settings).finish_non_exhaustive()
    }
}

struct ApiServer {
    state: Mutex<ServerState>,
    settings: Settings,
    faults: Vec<Arc<Fault>>,
}

struct ServerState {
    connection: Connection,
    /// The resources, and the state of the definitions that they were made from.
    registry: Option<(i64, Arc<Registry>)>,
}

/// How much work the controllers do in one transaction, and how much at one touch.
const BATCH: usize = 64;
const MOST_WORK: usize = 4096;

impl Sandbox {
    /// Opens the sandbox in a file, made and filled with a cluster's first objects if need be.
    ///
    /// # Errors
    /// Says why the file cannot be opened.
    pub fn open(path: &Path, options: Options) -> Result<Self, OpenError> {
        let connection = storage::open(path).map_err(|error| OpenError(error.to_string()))?;
        let Options { settings, faults } = options;
        let state = Mutex::new(ServerState { connection, registry: None });
        let sandbox = Self { server: Arc::new(ApiServer { state, settings, faults }) };
        let mut state = sandbox.server.state();
        sandbox
            .server
            .transact(&mut state, true, bootstrap::fill)
            .map_err(|failure| OpenError(failure.message))?;
        drop(state);
        Ok(sandbox)
    }

    /// Deletes the sandbox in a file: its whole state. Nothing there is success.
    ///
    /// # Errors
    /// As the file system has them.
    pub fn reset(path: &Path) -> io::Result<()> {
        for ending in ["", "-wal", "-shm"] {
            let mut file = path.as_os_str().to_owned();
            file.push(ending);
            match std::fs::remove_file(&file) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

impl ApiServer {
    fn state(&self) -> MutexGuard<'_, ServerState> {
        // A panic inside leaves at most an open transaction, which the next one ends.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs something in a transaction, which is undone if it fails.
    fn transact<T>(
        &self,
        state: &mut ServerState,
        write: bool,
        run: impl FnOnce(&World<'_>) -> Result<T, StatusError>,
    ) -> Result<T, StatusError> {
        if !state.connection.is_autocommit() {
            state.connection.execute_batch("ROLLBACK")?;
        }
        state.connection.execute_batch(if write { "BEGIN IMMEDIATE" } else { "BEGIN" })?;
        let outcome = self.inside(state, run);
        let end = if outcome.is_ok() { "COMMIT" } else { "ROLLBACK" };
        state.connection.execute_batch(end)?;
        outcome
    }

    fn inside<T>(
        &self,
        state: &mut ServerState,
        run: impl FnOnce(&World<'_>) -> Result<T, StatusError>,
    ) -> Result<T, StatusError> {
        let storage = Storage::new(&state.connection, self.settings.history);
        let definitions = storage.setting("definitions")?;
        let registry = match &state.registry {
            Some((known, registry)) if *known == definitions => Arc::clone(registry),
            _ => {
                let all = storage.all("apiextensions.k8s.io/customresourcedefinitions", None)?;
                let registry = Arc::new(Registry::new(&all));
                state.registry = Some((definitions, Arc::clone(&registry)));
                registry
            }
        };
        let now = (self.settings.clock)();
        run(&World { storage, registry, now, settings: &self.settings, dry_run: false })
    }

    /// Lets the controllers do what is due.
    fn step(&self, state: &mut ServerState) -> Result<(), StatusError> {
        let mut done = 0;
        loop {
            let now = (self.settings.clock)().as_millisecond();
            let due = Storage::new(&state.connection, self.settings.history).next_due()?;
            if due.is_none_or(|due| due > now) || done > MOST_WORK {
                return Ok(());
            }
            done += BATCH;
            self.transact(state, true, |world| {
                for _ in 0..BATCH {
                    let Some(key) = world.storage.take_due(world.millis())? else { break };
                    controllers::reconcile(world, &key)?;
                    // New definitions are served from the next transaction on.
                    if key.resource == "apiextensions.k8s.io/customresourcedefinitions" {
                        break;
                    }
                }
                Ok(())
            })?;
        }
    }

    /// Answers a call.
    fn answer(&self, request: &ApiRequest) -> Result<Handled, Infallible> {
        let mut state = self.state();
        let outcome = self.step(&mut state).and_then(|()| {
            let dry_run = request.dry_run()?;
            self.transact(&mut state, router::writes(request), |world| {
                let world = World {
                    dry_run,
                    storage: world.storage.again(),
                    registry: Arc::clone(&world.registry),
                    ..*world
                };
                router::handle(&world, request)
            })
        });
        if router::writes(request) {
            // What follows at once is there when the answer is; a failure shows at the next call.
            let _ = self.step(&mut state);
        }
        Ok(outcome.unwrap_or_else(|failure| Handled::Done(Reply::from(failure))))
    }

    /// Looks whether a stream has something to say; also gives the milliseconds until more may be.
    fn look(&self, source: &mut service::StreamSource) -> (String, u64) {
        let mut state = self.state();
        let lines = self
            .step(&mut state)
            .and_then(|()| self.transact(&mut state, false, |world| source.advance(world)))
            .unwrap_or_else(|_| {
                source.end();
                String::new()
            });
        let now = (self.settings.clock)().as_millisecond();
        let due = Storage::new(&state.connection, self.settings.history).next_due();
        let wait = due.ok().flatten().map_or(MOST_WAIT, |due| (due - now).clamp(1, MOST_WAIT));
        (lines, u64::try_from(wait).unwrap_or(1))
    }
}

/// How long a quiet watch waits before it looks for what other processes wrote, in milliseconds.
const MOST_WAIT: i64 = 50;
