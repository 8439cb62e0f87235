//! Whether a Job that is gone has completed before.

use super::Planning;
use crate::{
    cluster::{request::encode_query, watch::Collection},
    ops::target::is_list_forbidden,
    workload::{
        error::Result,
        object::GroupKind,
        plan::Desired,
        readiness::{Related, judge_gone},
        record::Entry,
    },
};

impl Planning<'_> {
    /// Tells whether a Job that is gone was taken away by its time to live after it completed,
    /// which a deploy that did not wait has not seen: the events tell, where they may be read.
    pub(super) async fn has_completed(
        &self,
        desired: &Desired,
        entry: Option<&Entry>,
    ) -> Result<bool> {
        let Some(uid) = entry
            .filter(|entry| {
                // A hook runs anew with each release.
                desired.hook.is_none()
                    && desired.id.is("batch", "Job")
                    && entry.body.as_ref() == Some(&desired.digest)
            })
            .and_then(|entry| entry.uid.as_deref())
        else {
            return Ok(false);
        };
        let kind = GroupKind::new("", "Event");
        let namespace = desired.id.namespace.as_deref();
        let Some(path) = self.target.kinds.collection_path(&kind, "v1", namespace) else {
            return Ok(false);
        };
        // By uid: events of an earlier Job of that name tell nothing.
        let query = format!("&fieldSelector=involvedObject.uid%3D{}", encode_query(uid));
        let events =
            Collection { path, query, api_version: "v1".to_owned(), kind: "Event".to_owned() };
        let list = match events.list(&self.target.api).await {
            Ok(list) => list,
            // It is applied as where its events are gone; the plan says so.
            Err(failure) if is_list_forbidden(&failure) => {
                self.unseen_jobs.lock().expect("no holder panics").push(format!(
                    "whether {} completed before it was gone cannot be seen (forbidden: list Event): it runs again",
                    desired.id
                ));
                return Ok(false);
            }
            // What cannot be known must not run a migration twice.
            Err(failure) => {
                let doing = "cannot tell whether it completed:";
                return Err(failure.explain("list", doing, &desired.id, desired.origin.as_ref()));
            }
        };
        let mut around = Related::default();
        list.items.into_iter().for_each(|event| around.upsert(event));
        Ok(judge_gone(&desired.body, Some(uid), &around).is_ready())
    }
}
