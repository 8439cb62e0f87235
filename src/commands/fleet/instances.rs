//! What is done with each of the instances that a command names.

use super::{FleetCommand, not_begun};
use crate::{
    commands::selection::Member,
    ops::{
        deploy, options::DeployOptions, session::Session, stop::unless_stopped, view::Operation,
        waves::Pace,
    },
};

/// What is done with the instances, and on which options.
pub(super) struct Fleet {
    pub command: FleetCommand,
    pub options: DeployOptions,
    /// How many instances are worked on at once.
    pub width: usize,
    /// How it goes on.
    pub pace: Pace,
    /// Whether only those are meant that are due after a failure.
    pub retries: bool,
    /// What should be heeded in the manifests.
    pub warnings: Vec<String>,
    /// Whether the user is asked before the plan is done.
    pub asks: bool,
}

impl Fleet {
    /// Takes one instance at a time, all of them, and asks nobody.
    pub(super) fn of(command: FleetCommand, options: DeployOptions) -> Self {
        let (pace, warnings) = (Pace::default(), Vec::new());
        Self { command, options, width: 1, pace, retries: false, warnings, asks: false }
    }

    /// Deploys or plans one of the instances.
    pub(super) async fn one(
        &self,
        session: &Session<'_>,
        Member { name, runtime }: &Member,
        options: &DeployOptions,
    ) -> Operation {
        let runtime = runtime.clone().or_else(|| session.runtime.clone());
        // What the servers warn of is told of its own instance.
        let session = &session.at(runtime, session.namespace.clone());
        let mut operation = match (session.stop.requested(), self.command) {
            // Each instance has its answer, also those whose turn did not come: a script counts
            // them.
            (Some(signal), _) => not_begun(name, signal),
            (None, FleetCommand::Deploy) => deploy::run(session, name, options).await,
            (None, FleetCommand::Plan(_)) => deploy::plan(session, name, options).await,
        };
        operation.error = operation.error.map(|error| unless_stopped(error, &session.stop));
        // They were told when the manifests were read, before any instance; in documents they
        // stand with each.
        operation.warnings.splice(0..0, self.warnings.iter().cloned());
        operation
    }
}
