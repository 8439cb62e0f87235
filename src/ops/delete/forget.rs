//! `delete --forget`: drops what is known of an instance whose cluster is gone, contacting
//! nothing, and says what may be left.

use std::time::Instant;

use crate::{
    ops::{
        events::needs_yes,
        options::DeleteOptions,
        session::Session,
        view::{Operation, OperationOutcome},
    },
    workload::{error::Result, name::InstanceName, object::ObjectId},
};

/// Forgets an instance. A failure is in the answer: code 1 where it is not known here or the
/// answer was no; code 2 where nobody can be asked.
pub(crate) fn forget(
    session: &Session<'_>,
    name: &InstanceName,
    options: &DeleteOptions,
) -> Operation {
    let started = Instant::now();
    let mut operation = Operation::of(name);
    let result = forget_row(session, name, &mut operation);
    operation.ended(result, options, started)
}

fn forget_row(session: &Session<'_>, name: &InstanceName, operation: &mut Operation) -> Result<()> {
    let mut store = session.store();
    let Some(stored) = store.instance(name)? else {
        return Err(store.no_such_instance(name.as_str()));
    };
    operation.instance.runtime = Some(stored.runtime.clone());
    operation.instance.definition = Some(stored.definition.to_string());
    operation.instance.namespace.clone_from(&stored.namespace);
    let question = format!(
        "Forget {name}? Whatever is left of it on {} is no longer known here.",
        stored.runtime
    );
    session.confirm(&question, "answered no; nothing was forgotten", || {
        let command = format!("workloadctl delete {name} --forget --yes");
        needs_yes(&format!("forgetting `{name}`"), &command)
    })?;
    if let Some(release) = store.latest_release(name)? {
        operation.instance.release = Some(release.number);
        for body in store.rendered(name, &release.id)?.unwrap_or_default() {
            let id = ObjectId::of(&body);
            let namespace = id.namespace.as_ref();
            let place = namespace.map(|name| format!(" in namespace {name}")).unwrap_or_default();
            operation.remarks.push(format!("may be left: {id}{place}"));
        }
    }
    store.delete_instance(name)?;
    operation.instance.outcome = Some(OperationOutcome::Deleted);
    Ok(())
}
