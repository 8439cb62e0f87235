//! The namespace of the record, made before the record: it needs a place.

use std::{
    pin::pin,
    time::{Duration, Instant},
};

use serde_json::json;

use super::{
    Deploy,
    prepare::{Draft, Prepared, terminating},
};
use crate::{
    cluster::request::{Apply, Request},
    ops::{
        deletion::{self, remaining},
        events::{Event, HEARTBEAT},
        shared,
        stop::until,
        write::Written,
    },
    workload::{
        error::{Code, Error, ErrorKind, Result},
        instance::NamespaceMode,
        object::ObjectId,
        ownership::{NAME_LABEL, apply_entry_index, is_terminating, uid},
        plan::Desired,
    },
};

/// How long a look at it may take: nothing else is noticed meanwhile.
const LOOK: Duration = Duration::from_secs(2);

impl Deploy<'_> {
    /// Makes the namespace where it is not there. An old one of ours goes first, which may never
    /// end: the clock and a signal count here too.
    ///
    /// # Errors
    /// Whatever the server answers; time that is up; a signal.
    pub(super) async fn make_namespace_in_time(
        &self,
        prepared: &Prepared,
    ) -> Result<Option<Written>> {
        match prepared.draft.absent.contains(&prepared.draft.desired.namespace) {
            true => self.in_time_for_home(prepared, self.make_namespace(prepared)).await,
            false => Ok(None),
        }
    }

    /// Waits for the end of a namespace of ours that somebody deletes, and the record with it; tells
    /// whether there was one.
    ///
    /// # Errors
    /// As [`Deploy::make_namespace_in_time`].
    pub(super) async fn wait_for_old_home(&self, prepared: &Prepared) -> Result<bool> {
        let Some((id, uid)) = prepared.going_home() else { return Ok(false) };
        self.note(format!("namespace {} is being deleted: waiting for its end", id.name));
        let target = &prepared.start.target;
        let path = target.path(id, "v1").expect("namespaces are built in");
        let gone = deletion::wait(&target.api, id, &path, uid);
        self.in_time_for_home(prepared, gone).await.map(|()| true)
    }

    async fn in_time_for_home<T>(
        &self,
        prepared: &Prepared,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let (name, namespace) = (self.name, &prepared.draft.desired.namespace);
        let returns_to = prepared.draft.chosen.returns_to;
        let started = Instant::now();
        let mut work = pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return done,
                () = tokio::time::sleep(HEARTBEAT) => {
                    let id = ObjectId::new("", "Namespace", None, namespace);
                    let open = vec![(id, why_not_yet(prepared).await)];
                    let elapsed = started.elapsed();
                    self.session.report(name, Event::StillOpen { phase: "applying", elapsed, open });
                }
                () = until(prepared.deadline.at()) => {
                    let told = format!("out of time: there is no namespace {namespace} yet");
                    return Err(Error::failed(Code::Timeout, told)
                        .cause(why_not_yet(prepared).await)
                        .object(format!("Namespace/{namespace}"))
                        .hint(format!(
                            "{} goes on, `--timeout` gives more time",
                            self.again(returns_to)
                        )));
                }
                signal = self.session.stop.wait() => {
                    return Err(signal
                        .error(format!("stopped: there is no namespace {namespace} yet"))
                        .hint(format!("{} goes on", self.again(returns_to))));
                }
            }
        }
    }

    /// Shows whoever is about to delete the namespace that somebody has come into it: its version
    /// changes, after the record is in it. An account that may not write it is shown by the record
    /// alone.
    ///
    /// # Errors
    /// Code 5 where the namespace is being deleted; no answer.
    pub(super) async fn enter_namespace(&self, prepared: &Prepared) -> Result<()> {
        let Draft { desired, manager, .. } = &prepared.draft;
        let was_there = desired.mode == NamespaceMode::Given
            && prepared.start.located.record().is_none()
            && !prepared.draft.absent.contains(&desired.namespace);
        if !was_there {
            return Ok(());
        }
        let target = &prepared.start.target;
        let id = ObjectId::new("", "Namespace", None, &desired.namespace);
        let path = target.path(&id, "v1").expect("namespaces are built in");
        let api = &target.api;
        let live = match api.find(Request::get_metadata(&*path)).await {
            Ok(Some(live)) => live,
            // It was there a moment ago.
            Ok(None) => return Err(terminating(&desired.namespace)),
            Err(failure) if failure.is_forbidden() => return Ok(()),
            Err(failure) => return Err(failure.explain("get", "cannot look at", &id, None)),
        };
        // The version has to change: an entry from before goes, else one comes.
        let touched = match apply_entry_index(&live, manager) {
            Some(_) => shared::drop_apply_entry(api, manager, &id, &live, &path).await.map(drop),
            None => {
                // The label that every namespace has with this value: nothing but our entry comes.
                let body = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {
                    "name": desired.namespace, "labels": {NAME_LABEL: desired.namespace},
                }});
                let how = Apply { manager, force: false, dry_run: false };
                let sent = api.send(Request::apply(&path, &body, &how)).await;
                sent.map(drop).map_err(|f| f.explain("patch", "cannot enter", &id, None))
            }
        };
        // Who may not write it shows itself by the record alone, and looks all the same.
        if let Err(error) = touched
            && error.kind == ErrorKind::Runtime
        {
            return Err(error);
        }
        match deletion::look(api, &id, &path).await? {
            Some(live) if !is_terminating(&live) => Ok(()),
            _ => Err(terminating(&desired.namespace)),
        }
    }

    async fn make_namespace(&self, prepared: &Prepared) -> Result<Option<Written>> {
        let desired = &prepared.draft.desired;
        let target = &prepared.start.target;
        let id = ObjectId::new("", "Namespace", None, &desired.namespace);
        // In the modes managed and own it is an object of the release like any: its write may find
        // an old one that is going.
        if let Some(item) = prepared.draft.plan.items.iter().find(|item| item.desired.id == id) {
            let writer = self.writer(prepared, target.api.clone(), None);
            return writer.write(item).await.map(Some);
        }
        debug_assert_eq!(desired.mode, NamespaceMode::Given, "other modes bring their namespaces");
        let path = target.path(&id, "v1").expect("namespaces are built in");
        // Without our label: `--namespace` names a namespace that stays when the instance goes
        // (docs/design.md, Namespaces).
        let body = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {
            "name": desired.namespace,
            "labels": self.options.may.namespace_labels,
        }});
        let made = Desired::new(body, None);
        let how = Apply { manager: &prepared.draft.manager, force: false, dry_run: false };
        loop {
            match target.api.send(Request::apply(&path, &made.body, &how)).await {
                // An apply to what is being deleted is accepted, and lost with it.
                Ok(answer) if is_terminating(&answer.body) => {
                    let old = uid(&answer.body).unwrap_or_default();
                    deletion::wait(&target.api, &id, &path, old).await?;
                }
                Ok(_) => {
                    self.note(format!(
                        "namespace {} is made; it stays when the instance goes, since \
                         `--namespace` names it",
                        desired.namespace
                    ));
                    return Ok(None);
                }
                Err(failure) => return Err(failure.explain("patch", "cannot make", &id, None)),
            }
        }
    }
}

/// Says what holds the namespace up.
async fn why_not_yet(prepared: &Prepared) -> String {
    let target = &prepared.start.target;
    let id = ObjectId::new("", "Namespace", None, &prepared.draft.desired.namespace);
    let path = target.path(&id, "v1").expect("namespaces are built in");
    let look = target.api.find(Request::get(path));
    match tokio::time::timeout(LOOK, look).await {
        Ok(Ok(Some(live))) if is_terminating(&live) => {
            format!("the one before is still being deleted: {}", remaining(&live))
        }
        _ => "the server has not made it".to_owned(),
    }
}
