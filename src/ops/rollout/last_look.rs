//! The last looks: at what came of the objects, and, when time was up, at what held up the writes and
//! whether the server is there.

use std::time::Duration;

use futures::future::join_all;

use super::Rollout;
use crate::{
    cluster::{api::Api, explain::timed_out, failure::Failure, request::Request},
    ops::deletion::held_by,
    workload::{
        diagnosis::diagnose,
        ownership::is_terminating,
        readiness::{Verdict, restarts_of},
    },
};

/// How long the last look at one object may take.
const LAST_LOOK: Duration = Duration::from_secs(2);
/// How many objects are looked at; more of them are not told of either.
const LOOKED_AT: usize = 20;

/// Asks whether the server is still there; gives why it is not.
pub(super) async fn probe_server(api: Api) -> Option<Failure> {
    // The one path that every account may read. Once: retries would outlast the patience of who
    // waits.
    let call = Request::get("/version").once();
    match tokio::time::timeout(LAST_LOOK, api.send_raw(&call)).await {
        Ok(answer) => answer.err(),
        Err(_) => {
            let late = timed_out(&api.connection().server, LAST_LOOK);
            Some(Failure::NoAnswer(Box::new(late)))
        }
    }
}

impl Rollout<'_> {
    /// Looks at the pods of each object: how often they restarted, and why it is not ready.
    pub(super) fn look_at_last(&mut self) {
        let window = self.window();
        for node in self.nodes.iter_mut().filter(|node| node.watch.object) {
            let Some(object) = self.observer.seen(&node.item.desired.id).flatten() else {
                continue;
            };
            node.restarts = restarts_of(&object, self.observer.around());
            if node.applied && !node.is_settled() {
                let diagnosis = diagnose(&object, self.observer.around(), &window);
                node.diagnosis = Some(Box::new(diagnosis));
            }
            self.observer.rest(node.uid());
        }
    }

    /// Finds out what held up writes that time ran out for: an object that goes and is held.
    pub(super) async fn diagnose_unwritten(&mut self) {
        let target = self.scope.target;
        let unwritten = self
            .nodes
            .iter()
            .enumerate()
            .filter(|(_, node)| !node.applied && node.error.is_none() && !node.skipped);
        let looks = unwritten.take(LOOKED_AT).filter_map(|(index, node)| {
            let desired = &node.item.desired;
            let path = target.path(&desired.id, &desired.version)?;
            Some(async move {
                let look = target.api.find(Request::get_metadata(path).once());
                let seen = tokio::time::timeout(LAST_LOOK, look).await;
                seen.ok().and_then(Result::ok).flatten().map(|live| (index, live))
            })
        });
        // Side by side: time is up already.
        for (index, live) in join_all(looks).await.into_iter().flatten() {
            if !is_terminating(&live) {
                continue;
            }
            let mut why = "the one before is still being deleted".to_owned();
            let held = held_by(&live);
            if !held.is_empty() {
                why = format!("{why} and {held}");
            }
            self.nodes[index].verdict = Some(Verdict::waiting("Terminating", why));
        }
    }
}
