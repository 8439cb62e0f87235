//! The namespace of the record, made before the record: it needs a place.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use serde_json::json;

use super::prepare::Prepared;
use crate::{
    cluster::request::{Apply, Request},
    ops::{
        delete::remaining,
        deletion,
        events::Event,
        options::DeployOptions,
        rollout::until,
        session::Session,
        write::{Writer, Written},
    },
    workload::{
        error::{Code, Error, Result},
        instance::NamespaceMode,
        object::ObjectId,
        ownership::{is_terminating, uid},
        plan::Desired,
    },
};

/// How often it is said what the end of an old namespace waits for.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// How long a look at it may take: nothing else is noticed meanwhile.
const LOOK: Duration = Duration::from_secs(2);

/// Makes the namespace where it is not there. An old one of ours goes first, which may never end:
/// the clock and a signal count here too.
///
/// # Errors
/// Whatever the server answers; time that is up; a signal.
pub(super) async fn make_in_time(
    session: &Session<'_>,
    options: &DeployOptions,
    prepared: &Prepared,
    deadline: Option<Instant>,
) -> Result<Option<Written>> {
    let namespace = &prepared.wish.namespace;
    if !prepared.absent.contains(namespace) {
        return Ok(None);
    }
    let started = Instant::now();
    let making = make(options, prepared);
    tokio::pin!(making);
    loop {
        tokio::select! {
            made = &mut making => return made,
            () = tokio::time::sleep(HEARTBEAT) => {
                let id = ObjectId::new("", "Namespace", None, namespace);
                let open = vec![(id, why_not_yet(prepared).await)];
                let event = Event::StillOpen { phase: "applying", elapsed: started.elapsed(), open };
                session.reporter.report(options.name.as_str(), event);
            }
            () = until(deadline) => {
                let told = format!("out of time: there is no namespace {namespace} yet");
                return Err(Error::failed(Code::Timeout, told)
                    .cause(why_not_yet(prepared).await)
                    .object(format!("Namespace/{namespace}"))
                    .hint(format!(
                        "`workloadctl deploy {}` goes on, `--timeout` gives more time",
                        options.name
                    )));
            }
            signal = session.stop.wait() => {
                return Err(signal
                    .error(format!("stopped: there is no namespace {namespace} yet"))
                    .hint(format!("`workloadctl deploy {}` goes on", options.name)));
            }
        }
    }
}

/// Says what holds the namespace up.
async fn why_not_yet(prepared: &Prepared) -> String {
    let namespace = &prepared.wish.namespace;
    let id = ObjectId::new("", "Namespace", None, namespace);
    let path = prepared.target.path(&id, "v1").expect("namespaces are built in");
    let look = prepared.target.api.find(Request::get(path));
    match tokio::time::timeout(LOOK, look).await {
        Ok(Ok(Some(live))) if is_terminating(&live) => {
            let held = deletion::held_by(&live);
            let why = if held.is_empty() { remaining(&live) } else { held };
            format!("the one before is still being deleted: {why}")
        }
        _ => "the server has not made it".to_owned(),
    }
}

async fn make(options: &DeployOptions, prepared: &Prepared) -> Result<Option<Written>> {
    let wish = &prepared.wish;
    let target = &prepared.target;
    let item =
        prepared.plan.items.iter().find(|item| {
            item.desired.id.is("", "Namespace") && item.desired.id.name == wish.namespace
        });
    if let Some(item) = item {
        let writer = Writer {
            target,
            api: target.api.clone(),
            manager: &prepared.manager,
            conflicts: options.conflicts,
            keeper: None,
        };
        return writer.write(item).await.map(Some);
    }
    debug_assert_eq!(wish.mode, NamespaceMode::Given, "the other modes bring their namespaces");
    let id = ObjectId::new("", "Namespace", None, &wish.namespace);
    let path = target.path(&id, "v1").expect("namespaces are built in");
    let body = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {
        "name": wish.namespace,
        "labels": options.namespace_labels.iter().cloned().collect::<BTreeMap<_, _>>(),
    }});
    let desired = Desired::new(body, None);
    let how = Apply { manager: &prepared.manager, force: false, dry_run: false };
    match target.api.send(Request::apply(&path, &desired.body, &how)).await {
        Ok(answer) if is_terminating(&answer.body) => {
            let old = uid(&answer.body).unwrap_or_default();
            deletion::wait(&target.api, &id, &path, old).await?;
            Box::pin(make(options, prepared)).await
        }
        Ok(_) => Ok(None),
        Err(failure) => Err(failure.explain("patch", "cannot make", &id, None)),
    }
}
