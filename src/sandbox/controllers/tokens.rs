//! The tokens of service accounts that lie in Secrets: none is there without its account.
//! (`TokensController` of `pkg/controller/serviceaccount`; that it fills them in is left out.)

use serde_json::Value;

use super::text;
use crate::sandbox::{
    delete::{ApiDeleteOptions, delete},
    status::StatusResult,
    storage::ObjectKey,
    world::{TOKEN, World},
};

/// Removes a token whose account is not there, or is another one of the name by now.
pub(super) fn reconcile(world: &World<'_>, key: &ObjectKey, secret: &Value) -> StatusResult<()> {
    if text(secret, "/type") != TOKEN {
        return Ok(());
    }
    let annotation = |name: &str| text(secret, &format!("/metadata/annotations/{name}"));
    let (name, uid) = (
        annotation("kubernetes.io~1service-account.name"),
        annotation("kubernetes.io~1service-account.uid"),
    );
    let account = world.get(&ObjectKey::new("/serviceaccounts", &key.namespace, name))?;
    if account.is_some_and(|account| uid.is_empty() || super::uid(&account) == uid) {
        return Ok(());
    }
    let Some(resource) = world.registry.stored("/secrets") else { return Ok(()) };
    match delete(world, &resource, key, &ApiDeleteOptions::background()) {
        Err(failure) if failure.code != 404 => Err(failure),
        _ => Ok(()),
    }
}
