//! The webhook configurations, admission policies and bindings of an instance, where one of them
//! rejects the instance's own record: it gives way, since nothing could be done to the instance
//! any more, neither a deploy nor its deletion. The server asks no webhook about them, so that they
//! can always be deleted.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::{
    deletion::{self, Propagation},
    session::Session,
    target::Target,
};
use crate::{
    cluster::request::Request,
    workload::{
        error::{Code, Error, Result},
        kinds::{DeletionWave, builtin_kind, references::items},
        name::InstanceName,
        object::{Object, ObjectId},
        ownership::{is_ours, manager, uid},
        record::{Entry, Record},
    },
};

/// How long the server goes on asking a webhook whose configuration is gone: it looks at them from
/// a watch of its own.
pub(crate) const LAG: Duration = Duration::from_secs(10);
/// The pause before what a judge rejected that is gone is sent again.
pub(crate) const PAUSE: Duration = Duration::from_millis(250);

/// What of an instance judges others.
pub(crate) struct OwnJudges<'a> {
    session: &'a Session<'a>,
    target: &'a Target,
    instance: InstanceName,
    manager: String,
    entries: Vec<Entry>,
    removed: Vec<Removed>,
    /// Why the first of them gave way.
    rejection: Option<Error>,
}

/// A judge that gave way.
struct Removed {
    id: ObjectId,
    body: Value,
    at: Instant,
}

impl<'a> OwnJudges<'a> {
    /// Finds those of a record.
    pub(crate) fn of(session: &'a Session<'a>, target: &'a Target, record: &Record) -> Self {
        let is_judge = |entry: &&Entry| builtin_kind(&entry.id).deletion == DeletionWave::Admission;
        Self {
            session,
            target,
            instance: record.instance.clone(),
            manager: manager(&record.namespace, record.instance.as_str()),
            entries: record.inventory.iter().filter(is_judge).cloned().collect(),
            removed: Vec::new(),
            rejection: None,
        }
    }

    /// Tells whether the record is to be written again after a failure: a judge of the instance
    /// rejected it, and is gone now.
    ///
    /// # Errors
    /// Whatever the server answers.
    pub(crate) async fn give_way(&mut self, failed: &Error) -> Result<bool> {
        if failed.code != Code::DeniedByAdmission {
            return Ok(false);
        }
        let gave_way = self.removed.iter().find(|removed| is_named(&removed.body, failed));
        if gave_way.is_some_and(|removed| removed.at.elapsed() < LAG) {
            tokio::time::sleep(PAUSE).await;
            return Ok(true);
        }
        let mut found = false;
        // Whoever waits for this may go on without it: nothing is forgotten on the way.
        for entry in self.entries.clone() {
            found |= self.remove_if_named(&entry, failed).await?;
        }
        Ok(found)
    }

    /// Gives the first rejection for which one of them gave way.
    pub(crate) fn rejection(&self) -> Option<&Error> {
        self.rejection.as_ref()
    }

    async fn remove_if_named(&mut self, entry: &Entry, failed: &Error) -> Result<bool> {
        let id = &entry.id;
        let Some(path) = self.target.path(id, &entry.version) else { return Ok(false) };
        let api = &self.target.api;
        let live = match api.find(Request::get(&*path)).await {
            Ok(Some(live)) => live,
            Ok(None) => return Ok(false),
            // The rejection that led here is the news, not that nothing can be done about it.
            Err(failure) if failure.is_forbidden() => return Ok(false),
            Err(failure) => return Err(failure.explain("get", "cannot look at", id, None)),
        };
        let is_own = is_ours(&live, &self.manager, entry.uid.as_deref());
        let (true, Some(uid)) = (is_own && is_named(&live, failed), uid(&live)) else {
            return Ok(false);
        };
        self.session.note(
            &self.instance,
            format!("{id} is taken away first: it rejects the record of `{}`", self.instance),
        );
        let uid = uid.to_owned();
        self.rejection.get_or_insert_with(|| failed.clone());
        self.removed.push(Removed { id: id.clone(), body: live, at: Instant::now() });
        deletion::delete(api, id, &path, &uid, Propagation::Background).await?;
        deletion::wait(api, id, &path, &uid).await?;
        Ok(true)
    }

    /// Lists what gave way.
    pub(crate) fn gone(&self) -> Vec<ObjectId> {
        self.removed.iter().map(|removed| removed.id.clone()).collect()
    }
}

/// Tells whether an instance has brought judges of its own.
fn brought_judges(record: &Record) -> bool {
    let newest = record.newest.iter().flat_map(|newest| &newest.objects);
    let mut ids = newest.map(Object::id).chain(record.inventory.iter().map(|it| it.id.clone()));
    ids.any(|id| builtin_kind(&id).deletion == DeletionWave::Admission)
}

/// Writes the record, and again where a judge rejects it that has just gone.
///
/// # Errors
/// As the write's.
pub(crate) async fn outlast<T>(record: &Record, write: impl AsyncFn() -> Result<T>) -> Result<T> {
    let until = brought_judges(record).then(|| Instant::now() + LAG);
    loop {
        match write().await {
            Err(error)
                if error.code == Code::DeniedByAdmission
                    && until.is_some_and(|until| Instant::now() < until) =>
            {
                tokio::time::sleep(PAUSE).await;
            }
            written => return written,
        }
    }
}

/// Tells whether a rejection names a judge: a webhook of a configuration, or the policy or binding
/// itself.
fn is_named(judge: &Value, failed: &Error) -> bool {
    let name = |object: &Value| object["name"].as_str().map(str::to_owned);
    let own = name(&judge["metadata"]).into_iter().map(|name| format!("'{name}'"));
    let webhooks = items(judge, "/webhooks").filter_map(name).map(|name| format!("\"{name}\""));
    own.chain(webhooks).any(|name| failed.causes.iter().any(|cause| cause.contains(&name)))
}

/// The failure of a release whose own webhook or policy rejected its record, and gave way.
pub(crate) fn own_record_rejected(
    instance: &InstanceName,
    gone: &[ObjectId],
    why: &Error,
) -> Error {
    let names: Vec<String> = gone.iter().map(ToString::to_string).collect();
    let names = names.join(", ");
    Error::failed(
        Code::DeniedByAdmission,
        format!(
            "{names} of `{instance}` rejected the record of `{instance}` and was taken away again"
        ),
    )
    .causes(why.causes.iter().cloned())
    .object(&gone[0])
    .hint(
        "leave records out of it: objectSelector: {matchExpressions: [{key: workloadctl/record, \
         operator: DoesNotExist}]}",
    )
}
