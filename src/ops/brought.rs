//! The namespaces that the definition of an instance brings: its record lies in one of them.

use super::{deploy::brought_namespaces, session::Session};
use crate::workload::{error::Result, instance::Instance};

/// Gives those of the newest revision that the database has for an instance; none where it knows
/// no such instance.
///
/// # Errors
/// Those of the database.
pub(crate) fn by_stored(session: &Session<'_>, stored: Option<&Instance>) -> Result<Vec<String>> {
    let Some(stored) = stored else { return Ok(Vec::new()) };
    let store = session.store.lock().expect("no holder of the store panics");
    Ok(match store.newest_revision(&stored.definition, Some(&stored.name))? {
        Some(revision) => brought_namespaces(&store.content(&revision)?),
        None => Vec::new(),
    })
}
