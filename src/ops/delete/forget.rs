//! `delete --forget`: drops what is known of an instance whose cluster is gone, contacting
//! nothing, and says what may be left.

use crate::{
    ops::{options::DeleteOptions, session::Session, view::Operation},
    workload::{
        error::{Code, Error, Result},
        object::ObjectId,
    },
};

/// Forgets an instance.
///
/// # Errors
/// Code 1: not known here, or answered no; code 2: nobody can be asked.
pub(super) fn forget(
    session: &Session<'_>,
    options: &DeleteOptions,
    operation: &mut Operation,
) -> Result<()> {
    let name = &options.name;
    let mut store = session.store.lock().expect("no holder of the store panics");
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
    match session.ask.confirm(&question) {
        Some(true) => {}
        Some(false) => {
            return Err(Error::failed(Code::AnsweredNo, "answered no; nothing was forgotten"));
        }
        None => {
            return Err(Error::usage(
                Code::NeedsYes,
                format!("forgetting `{name}` needs `--yes` where nobody can be asked"),
            )
            .hint(format!("workloadctl delete {name} --forget --yes")));
        }
    }
    if let Some(release) = store.latest_release(name)? {
        operation.instance.release = Some(release.number);
        let rendered = store.rendered(name, &release.id)?.unwrap_or_default();
        for body in &rendered {
            let id = ObjectId::of(body);
            let place = id
                .namespace
                .as_ref()
                .map_or_else(String::new, |namespace| format!(" in namespace {namespace}"));
            operation.remarks.push(format!("may be left: {id}{place}"));
        }
    }
    store.delete_instance(name)?;
    operation.instance.outcome = Some("deleted".to_owned());
    Ok(())
}
