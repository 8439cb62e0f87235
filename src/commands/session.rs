//! Builds the surroundings of an operation that talks to clusters, and runs it: kubeconfig,
//! database, reporter, questions, signals.

use std::{
    io::{self, IsTerminal as _},
    sync::{Arc, Mutex},
};

use jiff::Timestamp;

use super::{
    database::DatabaseUse,
    invocation::{Failures, Invocation},
    signals,
};
use crate::{
    ops::{
        runtimes,
        session::{Session, exec_plugins, no_connections, no_warnings, requests_to},
    },
    output::{progress::ProgressReporter, question::Questions},
};

/// How an operation is run.
#[derive(Debug, Clone, Default)]
pub(crate) struct OperationMode {
    /// The command, as it is named to others who have to wait for it.
    pub command: String,
    /// What the database is to it.
    pub database: DatabaseUse,
    /// Whether it tells of several instances.
    pub several: bool,
    /// Whether standard input is a source of manifests.
    pub stdin_is_source: bool,
}

/// What an operation is handed.
pub(crate) struct Surroundings<'a> {
    /// What it works with.
    pub session: &'a Session<'a>,
    /// Where its progress is shown, which ends before its answer is.
    pub progress: &'a ProgressReporter,
}

/// Runs an operation.
///
/// # Errors
/// Where the kubeconfig or the database cannot be read; what the operation itself could not do
/// is in its answer.
pub(crate) fn run<T>(
    call: &Invocation,
    mode: OperationMode,
    operation: impl AsyncFnOnce(Surroundings<'_>) -> T,
) -> Result<T, Failures> {
    let OperationMode { command, database, several, stdin_is_source } = mode;
    let kubeconfig = runtimes::kubeconfig(&call.env, call.kubeconfig.as_deref())?;
    let store = Mutex::new(call.open_for(database)?);
    let reporter = ProgressReporter::new(
        call.progress,
        call.printer,
        several,
        Timestamp::now,
        Arc::clone(&call.reports),
    );
    let reporter = Arc::new(reporter);
    let answer = signals::run(call.printer, reporter.screen(), async |stop| {
        let ask = Questions::new(call.printer, call.yes, stdin_is_source, stop.clone())
            .above(reporter.screen());
        let session = Session {
            env: &call.env,
            kubeconfig: &kubeconfig,
            store: &store,
            database: call.db().ok(),
            reporter: &*reporter,
            ask: &ask,
            stop,
            clock: Timestamp::now,
            runtime: call.runtime.clone(),
            namespace: call.namespace.clone(),
            is_declared: false,
            request_timeout: call.request_timeout,
            // Bodies and times are gathered only where somebody looks at them.
            on_request: (call.printer.verbosity() > 0).then(|| requests_to(reporter.clone())),
            warnings: no_warnings(),
            // A login plugin that asks would read the manifests as its answer.
            pool: no_connections(),
            plugins: exec_plugins(!stdin_is_source && io::stdin().is_terminal()),
            command,
        };
        let around = Surroundings { session: &session, progress: &reporter };
        Ok::<T, Failures>(operation(around).await)
    });
    answer?
}
