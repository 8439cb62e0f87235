//! What goes before an apply where others hold fields of the object: replicas are handed over to
//! a second manager of ours before they are left out, and what persons' tools hold, or nobody, is
//! taken over by rewriting managedFields.
//!
//! All can be repeated: a process killed after one of them leaves an object whose fields are
//! all ours, and the next deploy looks at it anew.

use serde_json::{Value, json};

use super::{Writer, content::ApplyContent};
use crate::{
    cluster::{
        failure::Failure,
        request::{Apply, Request},
    },
    workload::{
        error::{Code, Error, Result},
        ownership::{
            YIELDED_MANAGER, given_back, hold_leftovers, holds_replicas_alone, is_terminating,
            resource_version, uid,
        },
        plan::{Desired, Item},
    },
};

/// How often a stale look is renewed.
// Controllers write status and replicas at any moment, and each write makes the look stale.
const TRIES: usize = 10;

impl Writer<'_> {
    /// Gives the replicas that we alone hold to the manager that holds them for an autoscaler, at
    /// the value that they have.
    ///
    /// # Errors
    /// Whatever the server answers, other than that somebody else scaled meanwhile.
    pub(super) async fn hand_over_replicas(
        &self,
        desired: &Desired,
        path: &str,
        wanted: &str,
    ) -> Result<()> {
        for _ in 0..TRIES {
            let live = self.read(desired, Request::get(path)).await?;
            // Gone or another one: the apply's precondition says so.
            let Some(live) = live.filter(|live| uid(live) == Some(wanted)) else { return Ok(()) };
            let replicas = live.pointer("/spec/replicas");
            let Some(replicas) = replicas.filter(|_| holds_replicas_alone(&live, self.manager))
            else {
                return Ok(());
            };
            let body = json!({
                "apiVersion": desired.body["apiVersion"],
                "kind": desired.body["kind"],
                "metadata": {
                    "name": desired.id.name,
                    "namespace": desired.id.namespace,
                    // Without it the apply would try to make what was deleted meanwhile.
                    "uid": wanted,
                },
                "spec": {"replicas": replicas},
            });
            // Not forced: at the value that it has, nobody is in conflict with it, or somebody has
            // just scaled.
            let how = Apply { manager: YIELDED_MANAGER, force: false, dry_run: false };
            match self.api.send(Request::apply(path, &body, &how)).await {
                Ok(_) => return Ok(()),
                // Somebody scaled between the look and the apply.
                Err(failure) if failure.is_conflict() => {}
                Err(failure) => return Err(self.explain(desired, &failure)),
            }
        }
        Err(self.at(desired, changes_too_fast(desired)))
    }

    /// Takes over what persons and packagers hold, so that it goes when the definition drops it.
    /// `seen` is the live object's metadata; where it is stale, it is read again.
    pub(super) async fn take_over(
        &self,
        item: &Item,
        path: &str,
        body: &Value,
        mut seen: Value,
    ) -> Result<()> {
        let desired = &item.desired;
        for _ in 0..TRIES {
            if is_terminating(&seen)
                || item.uid.as_deref().is_some_and(|own| uid(&seen) != Some(own))
            {
                return Ok(());
            }
            let Some(fields) = item.terms.managed_fields(body, self.manager, &seen) else {
                return Ok(());
            };
            match self.api.send(rewrite(path, &fields, resource_version(&seen))).await {
                Ok(_) => return Ok(()),
                Err(failure) if matches!(failure.code(), 409 | 422) => {}
                // It went: the apply's precondition says so.
                Err(failure) if failure.is_not_found() => return Ok(()),
                Err(failure) => return Err(self.explain(desired, &failure)),
            }
            let found = self.read(desired, Request::get_metadata(path)).await?;
            let Some(found) = found else { return Ok(()) };
            seen = found;
        }
        Err(self.at(desired, changes_too_fast(desired)))
    }

    /// Reads the replicas of an object that is about to be made anew, where they are not ours to
    /// set.
    pub(super) async fn replicas_to_keep(
        &self,
        item: &Item,
        path: &str,
        wanted: &str,
    ) -> Result<Option<Value>> {
        if item.terms.kept.is_none() {
            return Ok(None);
        }
        let live = self.read(&item.desired, Request::get(path)).await?;
        let live = live.filter(|live| uid(live) == Some(wanted));
        Ok(live.and_then(|live| live.pointer("/spec/replicas").cloned()))
    }

    /// Gives the replicas of what was made anew to who held them before, and the answer that is
    /// true then.
    pub(super) async fn give_back_replicas(
        &self,
        item: &Item,
        path: &str,
        mut live: Value,
        content: &mut ApplyContent<'_>,
    ) -> Result<Value> {
        let desired = &item.desired;
        // Made with the number that it had, under our name: it becomes theirs again, and their next
        // change no conflict.
        let Some(holder) = &item.terms.kept else { return Ok(live) };
        let made = uid(&live).map(str::to_owned);
        for _ in 0..TRIES {
            let Some(fields) = given_back(&live, self.manager, holder) else { return Ok(live) };
            match self.api.send(rewrite(path, &fields, resource_version(&live))).await {
                Ok(answer) => {
                    content.terms.yielded.clone_from(&item.terms.yielded);
                    return Ok(answer.body);
                }
                Err(failure) if matches!(failure.code(), 409 | 422) => {}
                Err(failure) => return Err(self.explain(desired, &failure)),
            }
            let found = self.read(desired, Request::get_metadata(path)).await?;
            let Some(found) = found.filter(|found| uid(found) == made.as_deref()) else {
                return Ok(live);
            };
            live = found;
        }
        Err(self.at(desired, changes_too_fast(desired)))
    }

    /// Takes hold of what the server filled in by itself and now forbids, so that the next apply
    /// takes it away. False where the failure is about something else.
    pub(super) async fn claim_forbidden(
        &self,
        desired: &Desired,
        path: &str,
        body: &Value,
        failure: &Failure,
    ) -> Result<bool> {
        let forbidden = failure.forbidden_fields();
        // An apply takes away only what we own. What the server filled in when it made the object
        // is nobody's, and stays although the new variant forbids it.
        if forbidden.is_empty() {
            return Ok(false);
        }
        for _ in 0..TRIES {
            let live = self.read(desired, Request::get(path)).await?;
            let Some(live) = live else { return Ok(false) };
            let Some(fields) = hold_leftovers(&live, self.manager, body, &forbidden) else {
                return Ok(false);
            };
            match self.api.send(rewrite(path, &fields, resource_version(&live))).await {
                Ok(_) => return Ok(true),
                Err(failure) if matches!(failure.code(), 409 | 422) => {}
                Err(failure) => return Err(self.explain(desired, &failure)),
            }
        }
        Err(self.at(desired, changes_too_fast(desired)))
    }
}

/// Makes the request that rewrites who holds what of an object, if it is still as it was seen.
fn rewrite(path: &str, fields: &Value, version: Option<&str>) -> Request {
    let patch = json!([
        {"op": "replace", "path": "/metadata/managedFields", "value": fields},
        // A patch with a stale version is 409 (docs/design.md, Who owns a field).
        {"op": "replace", "path": "/metadata/resourceVersion", "value": version},
    ]);
    Request::json_patch(path, &patch).metadata()
}

fn changes_too_fast(desired: &Desired) -> Error {
    Error::failed(
        Code::ObjectBusy,
        format!("{} changes faster than it can be taken over", desired.id),
    )
    .hint("repeat the command")
}
