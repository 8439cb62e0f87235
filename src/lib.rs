//! workloadctl: define a set of Kubernetes resources once, run any number of instances of it on
//! any cluster, and always know what runs where, since when, and why it is not ready.

#![cfg_attr(test, expect(clippy::too_many_lines, reason = "a test may be one long table"))]

mod cli;
mod cluster;
mod commands;
pub mod env;
mod ops;
mod output;
mod sandbox;
mod schema;
mod store;
mod workload;

/// The door for the suites in `tests/`, which talk to clusters by the program's own client, serve
/// its sandbox and read its database: whatever is not named here is seen by nobody outside.
#[doc(hidden)]
pub mod testing {
    pub use crate::{
        cluster::{
            api::Api,
            connect::{ConnectOptions, Connection, connect},
            failure::Failure,
            kubeconfig::Kubeconfig,
            request::{Answer, Apply, Request},
        },
        sandbox::{Effect, Fault, Matches, Options, Sandbox, When},
        schema::merge,
        store::{KnownRuntime, Store},
        workload::{
            derived, name::InstanceName, object::ObjectId, runtime::RuntimeName, validate::mistakes,
        },
    };
}

/// The door for the targets in `fuzz/`, open only in their builds.
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing {
    /// Reads bytes as the Secrets of a record.
    pub fn record(bytes: &[u8]) {
        crate::workload::record::fuzzing::record(bytes);
    }

    /// Reads a text as YAML or JSON.
    pub fn reader(text: &str) {
        crate::workload::rendering::fuzzing::reader(text);
    }

    /// Renders a text as manifests.
    pub fn render(text: &str) {
        crate::workload::rendering::fuzzing::render(text);
    }
}

use std::{ffi::OsString, process::ExitCode, sync::Arc};

use clap::{CommandFactory as _, FromArgMatches as _};
use jiff::Timestamp;

use crate::{
    cli::Cli,
    commands::{
        completions,
        invocation::{self, Failures, Invocation},
        wrong_words,
    },
    env::Env,
    output::{called::Called, errors, parsing, printer::Printer},
    workload::error::ErrorKind,
};

/// Runs the program: reads the command line, runs the command, tells what went wrong.
pub fn run(arguments: Vec<OsString>, env: Env, now: Timestamp) -> ExitCode {
    if let Some(words) = completions::answer(&arguments, &env, Cli::command) {
        return ExitCode::from(parsing::answer(&words));
    }
    let called = Called::of(&arguments);
    let mut grammar = Cli::command().color(parsing::color(&arguments)).bin_name(called.words());
    if called == Called::Plugin {
        // Both spellings are read; kubectl's users look for theirs.
        grammar = grammar.mut_arg("runtime", |flag| flag.visible_alias("context"));
    }
    let parsed = grammar
        .try_get_matches_from(&arguments)
        .and_then(|matches| Cli::from_arg_matches(&matches));
    match parsed {
        Ok(cli) => run_command(cli, called, env, now),
        Err(mut error) => {
            let hint = wrong_words::advise(&mut error, &arguments, &Cli::command());
            ExitCode::from(parsing::report(&error, &arguments, called, hint))
        }
    }
}

fn run_command(cli: Cli, called: Called, env: Env, now: Timestamp) -> ExitCode {
    let Cli { global, command } = cli;
    let printer = Printer::new(invocation::talk_options(&global, &env)).as_called(called);
    let call = Invocation::new(global, env, now, printer).map_err(Failures::from);
    let reports = call.as_ref().ok().map(|call| Arc::clone(&call.reports));
    let done = call.and_then(|call| commands::run(command, &call, Cli::command));
    let kind = done.unwrap_or_else(|Failures(failures)| {
        printer.failure(&failures);
        reports.iter().for_each(|reports| reports.annotate_errors(&failures));
        errors::exit_kind(&failures)
    });
    ExitCode::from(kind.map_or(0, ErrorKind::exit_code))
}
