//! The status of an instance as it was seen, and what the database knows of it.

use crate::{
    ops::{
        session::Session,
        view::{InstanceView, Operation},
    },
    workload::{
        error::Result,
        instance::Observed,
        name::InstanceName,
        release::Outcome,
        status::{InstanceFacts, judge_instance},
    },
};

/// Gives the newest release that the database knows.
///
/// # Errors
/// A database that cannot be read.
pub(super) fn known_release(
    session: &Session<'_>,
    name: &InstanceName,
) -> Result<Option<(u64, Outcome)>> {
    let store = session.store();
    Ok(store.latest_release(name)?.map(|release| (release.number, release.outcome)))
}

/// Judges the instance, and takes it into its answer.
pub(super) fn take_status(
    session: &Session<'_>,
    facts: &InstanceFacts<'_>,
    operation: &mut Operation,
) {
    let (status, reason) = judge_instance(facts);
    operation.instance.describe_status(status, reason, session.now());
}

/// Stores the status that was seen.
///
/// # Errors
/// A database that cannot be written.
pub(super) fn observe(
    session: &Session<'_>,
    name: &InstanceName,
    view: &InstanceView,
) -> Result<()> {
    let (Some(status), Some(reason), Some(at)) = (view.status, &view.reason, view.status_at) else {
        return Ok(());
    };
    let mut store = session.store();
    // Nobody's status is stored of an instance that only the cluster knows.
    if store.instance(name)?.is_none() {
        return Ok(());
    }
    store.set_observed(name, &Observed { status, reason: reason.clone(), at })
}
