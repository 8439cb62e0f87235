//! The server behind the service: one transaction per request, and the controllers' due work
//! before and after it.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use rusqlite::Connection;

use super::{
    controllers,
    faults::Fault,
    registry::Registry,
    request::{ApiRequest, Reply},
    router::{self, Handled},
    status::StatusResult,
    storage::Storage,
    stream::StreamSource,
    world::{Settings, World},
};

/// What the clones of a sandbox share.
pub(super) struct ApiServer {
    state: Mutex<ServerState>,
    pub(super) settings: Settings,
    pub(super) faults: Vec<Arc<Fault>>,
    /// Watches come to their end, as nobody will serve them any longer.
    leaves: AtomicBool,
}

pub(super) struct ServerState {
    connection: Connection,
    /// The resources, and the state of the definitions that they were made from.
    registry: Option<(i64, Arc<Registry>)>,
}

/// How much work the controllers do in one transaction, and how much at one touch.
const BATCH: usize = 64;
const MOST_WORK: usize = 4096;

impl ApiServer {
    pub(super) fn new(connection: Connection, settings: Settings, faults: Vec<Arc<Fault>>) -> Self {
        let state = Mutex::new(ServerState { connection, registry: None });
        Self { state, settings, faults, leaves: AtomicBool::new(false) }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, ServerState> {
        // A panic inside leaves at most an open transaction, which the next one ends.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs something in a transaction, which is undone if it fails.
    pub(super) fn transact<T>(
        &self,
        state: &mut ServerState,
        write: bool,
        run: impl FnOnce(&World<'_>) -> StatusResult<T>,
    ) -> StatusResult<T> {
        // What a panic has left open.
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
        run: impl FnOnce(&World<'_>) -> StatusResult<T>,
    ) -> StatusResult<T> {
        // Another process may have changed the definitions.
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
    fn step(&self, state: &mut ServerState) -> StatusResult<()> {
        let mut done = 0;
        loop {
            let now = (self.settings.clock)().as_millisecond();
            let due = Storage::new(&state.connection, self.settings.history).next_due()?;
            if due.is_none_or(|due| due > now) || done > MOST_WORK {
                return Ok(());
            }
            // Short transactions, so that other processes get their turn; a look that never comes
            // to an end is given up, and goes on at the next touch.
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

    pub(super) fn answer(&self, request: &ApiRequest) -> Handled {
        let mut state = self.state();
        // What is due must be done before it is asked for: nobody else does it.
        let outcome = self.step(&mut state).and_then(|()| {
            let dry_run = request.dry_run()?;
            self.transact(&mut state, router::writes(request), |world| {
                router::handle(&world.dry(dry_run), request)
            })
        });
        if router::writes(request) {
            // What follows at once is there when the answer is; a failure shows at the next call.
            let _ = self.step(&mut state);
        }
        outcome.unwrap_or_else(|failure| Handled::Done(Reply::from(failure)))
    }

    /// Looks whether a stream has something to say; also gives the milliseconds until more may be.
    pub(super) fn look(&self, source: &mut StreamSource) -> (String, u64) {
        let mut state = self.state();
        let lines = self
            .step(&mut state)
            .and_then(|()| self.transact(&mut state, false, |world| source.advance(world)))
            // A client whose watch ends lists again and is told then what is wrong.
            .unwrap_or_else(|_| {
                source.end();
                String::new()
            });
        (lines, self.pause(&state))
    }

    /// Lets the controllers work; gives the milliseconds until they may have to again.
    pub(super) fn advance(&self) -> u64 {
        let mut state = self.state();
        // A failure shows at the next request.
        let _ = self.step(&mut state);
        self.pause(&state)
    }

    fn pause(&self, state: &ServerState) -> u64 {
        let now = (self.settings.clock)().as_millisecond();
        let due = Storage::new(&state.connection, self.settings.history).next_due();
        let wait = due.ok().flatten().map_or(MOST_WAIT, |due| (due - now).clamp(1, MOST_WAIT));
        u64::try_from(wait).unwrap_or(1)
    }

    /// Lets all watches end.
    pub(super) fn leave(&self) {
        self.leaves.store(true, Ordering::Relaxed);
    }

    /// Tells whether a stream has come to its end.
    pub(super) fn is_over(&self, source: &StreamSource) -> bool {
        let now = (self.settings.clock)().as_millisecond();
        self.leaves.load(Ordering::Relaxed) || source.is_over(now)
    }
}

/// How long a quiet watch waits before it looks for what other processes wrote, in milliseconds.
const MOST_WAIT: i64 = 50;
