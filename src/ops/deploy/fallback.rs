//! `--rollback-on-failure`: a release that did not go well is followed by one that returns to the
//! last good one, on a clock of its own.

use super::Deploy;
use crate::{
    ops::{
        events::{Event, RETURNING},
        options::{DeployOptions, Earlier, Permissions, Validation},
        session::Session,
        view::Operation,
    },
    workload::{
        error::{Error, ErrorKind},
        name::InstanceName,
        release::Release,
    },
};

impl Deploy<'_> {
    /// Notes that a release did not go well, where it is to be followed by a return: it was rejected,
    /// or did not become ready in time. A signal, a lost holder and a runtime that is gone are none of
    /// its faults.
    pub(super) fn note_failure(&mut self, release: &Release, error: &Error) {
        let is_its_fault = match error.kind {
            ErrorKind::Failed | ErrorKind::NotReady | ErrorKind::Refused => true,
            ErrorKind::Usage
            | ErrorKind::Changes
            | ErrorKind::Locked
            | ErrorKind::Runtime
            | ErrorKind::Interrupted
            | ErrorKind::Terminated => false,
        };
        if is_its_fault && self.options.rollback_on_failure {
            self.failed = Some(release.number);
        }
    }
}

/// Returns to the last good release after the one of that number has failed. A failure is in the
/// answer.
pub(super) async fn run(
    session: &Session<'_>,
    name: &InstanceName,
    options: &DeployOptions,
    failed: u64,
) -> Operation {
    let options = DeployOptions {
        earlier: Some(Earlier::LastGood { failed }),
        may: Permissions {
            prune: options.may.prune,
            conflicts: options.may.conflicts,
            // It has been on the cluster: whatever it is, the server took it.
            validation: Validation::Ignore,
            ..Permissions::default()
        },
        ..DeployOptions::of(options.limits)
    };
    session.report(name, Event::Phase(RETURNING));
    let mut deploy = Deploy::new(session, name, &options);
    let result = deploy.run().await;
    deploy.finish(result)
}
