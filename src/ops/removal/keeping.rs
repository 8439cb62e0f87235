//! Claims that outlive their StatefulSet although its `whenDeleted: Delete` would take them along:
//! those that ask to be kept, by an annotation of their own or of their template.
//!
//! The set's policy is set to Retain first, so that its controller does not write what is taken out
//! next: the claims' references to the set. What fails on the way keeps the set from being deleted.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::Remover;
use crate::{
    cluster::request::{Request, encode_query},
    ops::{claims, deletion},
    workload::{
        error::{Code, Error, Result},
        object::ObjectId,
        ownership::{YIELDED_MANAGER, is_owned_by, is_terminating, resource_version, uid},
        plan::is_kept,
        readiness::KEEP_ANNOTATION,
    },
};

/// How long the StatefulSet controller may take to notice a changed policy.
const PATIENCE: Duration = Duration::from_secs(20);
/// The pause between two looks.
const PAUSE: Duration = Duration::from_millis(100);

impl Remover<'_> {
    /// Sees to it that the claims of a StatefulSet that ask to be kept do not go with it.
    ///
    /// # Errors
    /// Whatever the server answers; code 1 where its controller does not take the policy in.
    pub(super) async fn keep_claims(&self, id: &ObjectId, path: &str, wanted: &str) -> Result<()> {
        let Some(set) = self.set(id, path, wanted).await? else { return Ok(()) };
        let takes_claims = claims::go_with_their_set(&set);
        let templates = claims::kept_templates(&set);
        if !takes_claims && templates.is_empty() {
            return Ok(());
        }
        let namespace = id.namespace.as_deref().unwrap_or_default();
        let Some(found) = claims::of_namespace(&self.api, namespace).await? else {
            // What nobody asked for must not need a right that the instance can do without.
            if templates.is_empty() {
                return Ok(());
            }
            return Err(cannot_keep(id).cause(format!("its claims {}", claims::UNSEEN)));
        };
        let kept: Vec<&Value> = found
            .iter()
            .filter(|claim| !is_terminating(claim))
            .filter(|claim| {
                claims::is_kept_by(&set, claim) || (is_kept(claim) && is_owned_by(claim, wanted))
            })
            .collect();
        for claim in kept.iter().filter(|claim| !is_kept(claim)) {
            // A claim from before its template asked for it: its namespace has to stay as well.
            self.annotate(claim).await?;
        }
        if kept.is_empty() || !takes_claims {
            return Ok(());
        }
        if !is_terminating(&set) {
            self.retain(id, path, wanted).await?;
        }
        for claim in kept {
            self.take_owner_out(&claims::id_of(claim), wanted).await?;
        }
        Ok(())
    }

    /// Reads a StatefulSet; `None` where the one with this uid is gone.
    async fn set(&self, id: &ObjectId, path: &str, wanted: &str) -> Result<Option<Value>> {
        let set = self.api.find(Request::get(path)).await;
        let set = set.map_err(|failure| failure.explain("get", "cannot look at", id, None))?;
        Ok(set.filter(|set| uid(set) == Some(wanted)))
    }

    /// Has a StatefulSet keep its claims, and waits until its controller knows.
    async fn retain(&self, id: &ObjectId, path: &str, wanted: &str) -> Result<()> {
        let change = json!({
            // With another uid it is refused: it would be another set's policy.
            "metadata": {"uid": wanted},
            "spec": {"persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain"}},
        });
        // Under the second manager, which counts as ours: a set that is not deleted after all is
        // taken over by the next deploy.
        let place = format!("{path}?fieldManager={}", encode_query(YIELDED_MANAGER));
        let answer = self.api.send(Request::merge_patch(place, &change)).await;
        let answer = answer
            .map_err(|failure| failure.explain("patch", "cannot keep the claims of", id, None))?;
        let generation = answer.body["metadata"]["generation"].as_i64().unwrap_or_default();
        let until = Instant::now() + PATIENCE;
        while let Some(set) = self.set(id, path, wanted).await? {
            let observed = set["status"]["observedGeneration"].as_i64().unwrap_or_default();
            if observed >= generation {
                break;
            }
            if Instant::now() >= until {
                let why = "its controller has not noticed that its claims are to be retained";
                return Err(cannot_keep(id).cause(why));
            }
            tokio::select! {
                () = tokio::time::sleep(PAUSE) => {}
                signal = self.session.stop.wait() => {
                    return Err(signal.error(format!("stopped: {id} is not deleted")));
                }
            }
        }
        Ok(())
    }

    async fn annotate(&self, claim: &Value) -> Result<()> {
        let (id, path) = self.place_of(claim);
        let change =
            json!({"metadata": {"uid": uid(claim), "annotations": {KEEP_ANNOTATION: "keep"}}});
        let answer = self.api.send(Request::merge_patch(path, &change).metadata()).await;
        answer.map_err(|failure| failure.explain("patch", "cannot keep", &id, None))?;
        Ok(())
    }

    /// Takes a set out of a claim's owners.
    async fn take_owner_out(&self, id: &ObjectId, owner: &str) -> Result<()> {
        let path = self.target.path(id, "v1").expect("claims are built in");
        let hint = "the next `delete` or `deploy` goes on";
        deletion::act_on_latest(&self.api, id, &path, hint, async |live| {
            let Some(live) = live.filter(|live| is_owned_by(live, owner)) else {
                return Ok(Some(()));
            };
            let owners = live["metadata"]["ownerReferences"].as_array().into_iter().flatten();
            let left: Vec<&Value> = owners.filter(|reference| reference["uid"] != owner).collect();
            let change = json!({"metadata": {
                "resourceVersion": resource_version(&live), "ownerReferences": left,
            }});
            match self.api.send(Request::merge_patch(&*path, &change).metadata()).await {
                Ok(_) => Ok(Some(())),
                Err(failure) if failure.is_conflict() => Ok(None),
                Err(failure) if failure.is_not_found() => Ok(Some(())),
                Err(failure) => Err(failure.explain("patch", "cannot keep", id, None)),
            }
        })
        .await
    }

    fn place_of(&self, claim: &Value) -> (ObjectId, String) {
        let id = claims::id_of(claim);
        let path = self.target.path(&id, "v1").expect("claims are built in");
        (id, path)
    }
}

fn cannot_keep(id: &ObjectId) -> Error {
    Error::failed(Code::Failed, format!("cannot keep the claims of {id}: it is not deleted"))
        .object(id)
}
