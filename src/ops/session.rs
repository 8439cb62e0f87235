//! What every operation is handed: the environment, the database, the user's choice of a
//! runtime, and the ones to talk to. One instance and its runtime an operation; nothing here is
//! global to the process.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use jiff::Timestamp;

use super::{
    events::{Ask, Event, Reporter, confirm},
    stop::{Stop, unless_stopped},
};
use crate::{
    cluster::{
        exec_plugin::ExecPlugins,
        kubeconfig::Kubeconfig,
        observations::{OnRequest, RequestSeen, ServerWarnings},
        pool::Pool,
    },
    env::Env,
    store::Store,
    workload::{
        error::{Error, Result},
        mask::shown,
        name::InstanceName,
    },
};

/// The surroundings of an operation.
pub(crate) struct Session<'a> {
    /// The process's environment.
    pub env: &'a Env,
    /// The kubeconfig as it was read at the start.
    pub kubeconfig: &'a Kubeconfig,
    /// The database.
    pub store: &'a Mutex<Store>,
    /// The database's file, whether or not it can be written; the sandbox lies beside it. None
    /// where no place for one is known.
    pub database: Option<PathBuf>,
    /// The one who is told.
    pub reporter: &'a dyn Reporter,
    /// The one who is asked.
    pub ask: &'a dyn Ask,
    /// The wish to stop.
    pub stop: Stop,
    // A function and no time: a deploy lasts minutes, and its tests pin the clock.
    pub clock: fn() -> Timestamp,
    pub runtime: Option<String>,
    pub namespace: Option<String>,
    /// Whether a workload file named the runtime, not `--runtime`.
    pub is_declared: bool,
    /// `--request-timeout`; none where the command's default counts.
    pub request_timeout: Option<Duration>,
    /// Who is told of every request, with `-v`.
    pub on_request: Option<OnRequest>,
    /// What the servers warn of.
    pub warnings: ServerWarnings,
    /// The exec plugins that logged in to a cluster.
    pub plugins: ExecPlugins,
    /// The connections that are open.
    pub pool: Pool,
    /// The command line, as the lock's holder names it (`workloadctl deploy web`).
    pub command: String,
}

impl Session<'_> {
    /// Gives the same surroundings for an instance that goes elsewhere than the flags say.
    pub(crate) fn at(&self, runtime: Option<String>, namespace: Option<String>) -> Session<'_> {
        let Session { env, kubeconfig, store, reporter, ask, clock, request_timeout, .. } = *self;
        Session {
            env,
            kubeconfig,
            store,
            database: self.database.clone(),
            reporter,
            ask,
            stop: self.stop.clone(),
            clock,
            runtime,
            namespace,
            is_declared: self.is_declared,
            request_timeout,
            on_request: self.on_request.clone(),
            // Those of another instance, side by side, are not this one's.
            warnings: no_warnings(),
            plugins: self.plugins.clone(),
            pool: self.pool.clone(),
            command: self.command.clone(),
        }
    }

    /// Reads the clock.
    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Gives the database. Held for single statements only: nothing is awaited meanwhile.
    pub(crate) fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().expect("no holder of the store panics")
    }

    /// Reports what happened to an instance.
    pub(crate) fn report(&self, instance: &InstanceName, event: Event) {
        self.reporter.report(instance.as_str(), event);
    }

    /// Tells a sentence about an instance that the user should know.
    pub(crate) fn note(&self, instance: &InstanceName, text: impl Into<String>) {
        self.report(instance, Event::Note(text.into()));
    }

    /// Tells what the servers warned of, each text once in a command; gives it too.
    pub(crate) fn tell_warnings(&self, instance: &InstanceName) -> Vec<String> {
        let warnings = self.warnings.take();
        for warning in &warnings {
            self.report(instance, Event::Warning(warning.clone()));
        }
        warnings
    }

    /// Asks for a yes.
    ///
    /// # Errors
    /// Those of [`confirm`]; 130 or 143 where a signal came instead of an answer.
    pub(crate) fn confirm(
        &self,
        question: &str,
        undone: &str,
        refusal: impl FnOnce() -> Error,
    ) -> Result<()> {
        confirm(self.ask, question, undone, refusal)
            .map_err(|error| unless_stopped(error, &self.stop))
    }
}

/// Begins without a warning of a server.
pub(crate) fn no_warnings() -> ServerWarnings {
    ServerWarnings::default()
}

/// Begins without a login; `interactive` says whether one may ask on the terminal.
pub(crate) fn exec_plugins(interactive: bool) -> ExecPlugins {
    ExecPlugins::new(interactive)
}

/// Begins without a connection.
pub(crate) fn no_connections() -> Pool {
    Pool::default()
}

/// Tells a reporter of every request (`-v`), and of bodies where they are told (`-vv`).
pub(crate) fn requests_to(reporter: Arc<dyn Reporter>) -> OnRequest {
    Arc::new(move |seen| {
        let RequestSeen { method, path, status, took, bodies } = seen;
        let event = match bodies {
            None => Event::Request { method, path, status, took },
            Some((sent, answered)) => {
                let (sent, answered) = (shown(&path, &sent), shown(&path, &answered));
                Event::Bodies { method, path, status, sent, answered }
            }
        };
        reporter.report("", event);
    })
}
