//! Taking one object away and waiting until it is really gone, by its uid and not by its name.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use crate::{
    cluster::{api::Api, request::Request},
    workload::{
        error::{Code, Error, Result},
        kinds::{Trait, builtin_kind},
        object::ObjectId,
        ownership::{finalizers, is_terminating, resource_version, uid},
        readiness::namespace::held_up,
    },
};

/// The first pause between two looks; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(20);
/// The longest pause between two looks.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// How often an object is looked at again that others write.
const TRIES: u32 = 10;
/// The pause before that, once more for each time.
const RETRY_PAUSE: Duration = Duration::from_millis(50);

/// What becomes of an object's dependents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Propagation {
    /// They go first.
    Foreground,
    /// They go afterwards.
    Background,
    /// They stay.
    Orphan,
}

impl Propagation {
    /// Chooses for an object that goes for good: what has dependents waits for them; what
    /// cannot have any goes at once.
    pub(crate) fn of(id: &ObjectId) -> Self {
        // In the foreground an object stays until its dependents are gone, so that its end means
        // theirs. Background would leave pods running after a wait that is over.
        if builtin_kind(id).is(Trait::NoDependents) { Self::Background } else { Self::Foreground }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Foreground => "Foreground",
            Self::Background => "Background",
            Self::Orphan => "Orphan",
        }
    }
}

/// What sending a deletion came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sent {
    /// It goes.
    Accepted,
    /// It is not there any more, or another object of that name is.
    Gone,
}

/// Sends a deletion of the object with this uid.
///
/// # Errors
/// Whatever the server answers but that it is gone; a conflict where the object with this uid is
/// there all the same, which is a refusal.
pub(crate) async fn delete(
    api: &Api,
    id: &ObjectId,
    path: &str,
    uid: &str,
    deletion: Propagation,
) -> Result<Sent> {
    let sent = send(api, id, path, json!({"uid": uid}), deletion).await?;
    Ok(sent.unwrap_or(Sent::Gone))
}

/// Sends a deletion of the object in this very version; `None` where that is another one by now,
/// or another object of that name is there.
///
/// # Errors
/// As [`delete`].
pub(crate) async fn delete_version(
    api: &Api,
    id: &ObjectId,
    path: &str,
    live: &Value,
    deletion: Propagation,
) -> Result<Option<Sent>> {
    let preconditions = json!({"uid": uid(live), "resourceVersion": resource_version(live)});
    send(api, id, path, preconditions, deletion).await
}

async fn send(
    api: &Api,
    id: &ObjectId,
    path: &str,
    preconditions: Value,
    deletion: Propagation,
) -> Result<Option<Sent>> {
    let options = json!({
        "apiVersion": "v1", "kind": "DeleteOptions",
        // Always said: without one the server lets a Job's pods live on as orphans (docs/design.md,
        // Deletions).
        "propagationPolicy": deletion.word(),
        "preconditions": &preconditions,
    });
    match api.send(Request::json(Method::DELETE, path, &options)).await {
        Ok(answer) if is_gone_at_once(&answer.body, &preconditions["uid"]) => Ok(Some(Sent::Gone)),
        Ok(_) => Ok(Some(Sent::Accepted)),
        Err(failure) if failure.is_not_found() => Ok(Some(Sent::Gone)),
        // The message has the values that did not fit, in words only: the live object tells which
        // it was.
        Err(failure) if failure.is_conflict() => {
            match look(api, id, path).await? {
                None => Ok(Some(Sent::Gone)),
                // Another version, or another object of that name: not what was looked at.
                Some(live) if !matches_preconditions(&live, &preconditions) => Ok(None),
                // Somebody else's deletion was faster.
                Some(live) if is_terminating(&live) => Ok(Some(Sent::Accepted)),
                // Not the preconditions: an admission webhook may refuse with any code.
                Some(_) => Err(failure.explain("delete", "cannot delete", id, None)),
            }
        }
        Err(failure) => Err(failure.explain("delete", "cannot delete", id, None)),
    }
}

/// Tells whether the answer to a deletion says that the object with this uid is gone already. The
/// server answers with a Status then, or, of a few kinds, with the object as it was; what still
/// goes it shows with its deletionTimestamp (docs/design.md, Deletions).
fn is_gone_at_once(answer: &Value, gone: &Value) -> bool {
    let found = if answer["kind"] == "Status" {
        answer["status"] == "Success" && &answer["details"]["uid"] == gone
    } else {
        &answer["metadata"]["uid"] == gone && !is_terminating(answer)
    };
    found && gone.is_string()
}

/// Tells whether a live object is the one that preconditions ask for.
fn matches_preconditions(live: &Value, preconditions: &Value) -> bool {
    let is = |field: &str, found: Option<&str>| {
        preconditions[field].as_str().is_none_or(|wanted| found == Some(wanted))
    };
    is("uid", uid(live)) && is("resourceVersion", resource_version(live))
}

/// Reads an object's metadata; `None` where it is not there.
pub(crate) async fn look(api: &Api, id: &ObjectId, path: &str) -> Result<Option<Value>> {
    let live = api.find(Request::get_metadata(path)).await;
    live.map_err(|failure| failure.explain("get", "cannot look at", id, None))
}

/// Does something about an object exactly as it was looked at. `act` gives `None` where somebody
/// wrote it meanwhile: it is looked at again.
///
/// # Errors
/// Those of `act`; code 1 where others write it all the time: `hint` says what goes on.
pub(crate) async fn act_on_latest<T>(
    api: &Api,
    id: &ObjectId,
    path: &str,
    hint: &str,
    act: impl AsyncFn(Option<Value>) -> Result<Option<T>>,
) -> Result<T> {
    for attempt in 0..TRIES {
        // Two instances that leave a shared object at the same moment meet here, and status writes
        // of busy controllers.
        tokio::time::sleep(RETRY_PAUSE * attempt).await;
        if let Some(done) = act(look(api, id, path).await?).await? {
            return Ok(done);
        }
    }
    let message = format!("{id} is written by others all the time");
    Err(Error::failed(Code::ObjectBusy, message).object(id).hint(hint))
}

/// Waits until the object with this uid is gone. For ever: the caller has the clock.
pub(crate) async fn wait(api: &Api, id: &ObjectId, path: &str, gone: &str) -> Result<()> {
    let mut pause = FIRST_PAUSE;
    loop {
        let live = api
            .find(Request::get_metadata(path))
            .await
            .map_err(|failure| failure.explain("get", "cannot wait for the end of", id, None))?;
        match live {
            // By the uid: somebody may make one of the same name at once, which is none of ours.
            Some(live) if uid(&live) == Some(gone) => {}
            _ => return Ok(()),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Says what holds an object up that is being deleted; empty where nothing does.
pub(crate) fn held_by(object: &Value) -> String {
    let (own, others): (Vec<&str>, Vec<&str>) = finalizers(object)
        .into_iter()
        // Kubernetes' garbage collector takes these two away by itself: they say how it goes.
        .partition(|finalizer| ["foregroundDeletion", "orphan"].contains(finalizer));
    match (&*others, &*own) {
        ([], []) => String::new(),
        ([], ["orphan", ..]) => "waits until its dependents are let go (orphan)".to_owned(),
        ([], _) => "waits for the end of its dependents (foregroundDeletion)".to_owned(),
        (others, _) => format!("waits for finalizer {}", others.join(", ")),
    }
}

/// Says what a namespace waits for: by its conditions, and by finalizers of its own.
pub(crate) fn remaining(namespace: &Value) -> String {
    let mut told: Vec<String> =
        held_up(namespace).into_iter().map(|condition| condition.message().to_owned()).collect();
    let held = held_by(namespace);
    if !held.is_empty() {
        told.push(held);
    }
    if told.is_empty() { "is being deleted".to_owned() } else { told.join("; ") }
}

#[cfg(test)]
mod tests;
