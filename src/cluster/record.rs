//! The record on the cluster: reading it, holding the instance, and writing what was done.
//!
//! One writer at a time: every write of the head carries the resourceVersion that was read or
//! written last. A 409 is read again: with our own id in the holder it was our own write, whose
//! answer was lost; else somebody else goes on, or the record was deleted, and this process stops.

mod claim;
mod found;
mod head;
mod listing;
mod secrets;
#[cfg(test)]
mod tests;

use std::{collections::BTreeSet, time::Duration};

use http::Method;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::{
    api::Api,
    failure::Failure,
    fence::{Fence, Moment, lost},
    request::Request,
};
use crate::workload::{
    error::{Code, Error, Result},
    name::InstanceName,
    object::ObjectId,
    ownership::resource_version,
    record::{Holder, Record, encode_holder, head_name, read_head},
};

pub(crate) use claim::Claim;
pub(crate) use found::{Found, read};
use head::{Head, deleted};
pub(crate) use listing::{Place, list};
pub(crate) use secrets::note;
use secrets::{WrittenHead, delete_parts, head_path, list_parts, write_head};

/// How often the holder is renewed: it expires after four and a half of these.
const RENEWAL: Duration = Duration::from_secs(20);
/// The pause before a renewal that failed is tried again.
const RENEWAL_RETRY: Duration = Duration::from_secs(2);

fn collection(namespace: &str) -> String {
    format!("/api/v1/namespaces/{namespace}/secrets")
}

pub(crate) fn head_id(namespace: &str, instance: &InstanceName) -> ObjectId {
    ObjectId::new("", "Secret", Some(namespace), &head_name(instance))
}

/// The record while this process holds the instance.
pub(crate) struct Keeper {
    api: Api,
    claim: Claim,
    since: Timestamp,
    /// When an answer was lost to the holder before, which was killed.
    inherited: Option<Timestamp>,
    fence: Fence,
    kept: Mutex<KeptRecord>,
}

/// The record as it was written last. Its lock makes one write after the other.
struct KeptRecord {
    record: Record,
    head: WrittenHead,
}

impl Keeper {
    /// Writes the intent and becomes the holder. `found` is the record as it was read, `None`
    /// where there was none. `Ok(None)`: somebody else was faster; read again.
    ///
    /// # Errors
    /// Whatever the server answers to the write.
    pub(crate) async fn begin(
        api: &Api,
        found: Option<&Found>,
        record: Record,
        claim: Claim,
    ) -> Result<Option<Self>> {
        let since = api.connection().server_now();
        let dead = found.and_then(|found| found.holder.as_ref());
        let inherited = dead.and_then(|dead| dead.unanswered);
        let lost = api.connection().lost_answer();
        let holder = claim.holder(since, since, inherited.max(lost));
        let old_parts = found.map(|found| found.parts.clone()).unwrap_or_default();
        let sent = Moment::now();
        let base = found.map(|found| &*found.resource_version);
        let Some(head) = write_head(api, &record, base, Some(&holder)).await? else {
            return Ok(None);
        };
        let fence = Fence::new(sent, api.request_timeout());
        if api.connection().lost_answer() != lost {
            // This very head may be made twice, and cannot tell so itself.
            fence.doubt();
        }
        let keeper = Self {
            fence,
            // Writes that wait at the fence once took all places in flight, so that the renewal
            // which they waited for could not be sent.
            api: api.apart(),
            claim,
            since,
            inherited,
            kept: Mutex::new(KeptRecord { record, head }),
        };
        keeper.drop_parts(old_parts).await;
        Ok(Some(keeper))
    }

    /// Gives the fence that writes have to pass.
    pub(crate) fn fence(&self) -> &Fence {
        &self.fence
    }

    /// Gives the release's or deletion's id.
    pub(crate) fn id(&self) -> &str {
        &self.claim.id
    }

    /// Gives a copy of the record as it was written last.
    pub(crate) async fn record(&self) -> Record {
        self.kept.lock().await.record.clone()
    }

    fn holder(&self) -> Holder {
        let connection = self.api.connection();
        let unanswered = self.inherited.max(connection.lost_answer());
        self.claim.holder(self.since, connection.server_now(), unanswered)
    }

    /// Renews the holder for as long as it is polled; ends when the holder is lost. A renewal that
    /// admission denies is told, and tried again at once where that has helped.
    pub(crate) async fn keep(&self, mut helped: impl AsyncFnMut(&Error) -> bool) -> Error {
        let mut pause = RENEWAL;
        loop {
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.fence.renewal_wanted() => {}
            }
            let sent = Moment::now();
            pause = match self.renew().await {
                Ok(()) => RENEWAL,
                Err(_) if self.fence.is_lost() => return self.fence.why_lost(),
                Err(denied) if denied.code == Code::DeniedByAdmission && helped(&denied).await => {
                    Duration::ZERO
                }
                Err(why) => {
                    self.fence.failed(sent, why);
                    RENEWAL_RETRY
                }
            };
        }
    }

    /// Renews the holder now.
    ///
    /// # Errors
    /// Code 6 when the holder is lost, code 1 when the record was deleted; the server's failure
    /// otherwise.
    pub(crate) async fn renew(&self) -> Result<()> {
        let mut kept = self.kept.lock().await;
        for _ in 0..3 {
            let sent = Moment::now();
            let holder = self.holder();
            let patch = json!({
                "metadata": {"resourceVersion": kept.head.resource_version},
                "data": {"holder": encode_holder(Some(&holder))},
            });
            let path = head_path(&kept.record);
            match self.api.send(Request::merge_patch(path, &patch).metadata()).await {
                Ok(answer) => {
                    self.take_version(&mut kept, &answer.body);
                    self.fence.renewed(sent);
                    return Ok(());
                }
                // Our own write whose answer was lost, a takeover, or a deletion: the head tells.
                Err(failure) if failure.is_conflict() || failure.is_not_found() => {
                    self.read_again(&mut kept).await?;
                }
                Err(failure) => return Err(self.explain(&kept, &failure)),
            }
        }
        Err(Error::failed(Code::RecordBusy, "the record is written by others all the time"))
    }

    /// Writes the record and gives up the instance.
    ///
    /// # Errors
    /// As [`Keeper::renew`].
    pub(crate) async fn let_go(&self, record: Record) -> Result<()> {
        let mut kept = self.kept.lock().await;
        let old = self.put(&mut kept, record, false).await?;
        drop(kept);
        self.drop_parts(old).await;
        Ok(())
    }

    /// Changes the record on the way; this process stays the holder. Changes that come side by
    /// side are made one after the other.
    ///
    /// # Errors
    /// As [`Keeper::renew`].
    pub(crate) async fn amend(&self, change: impl FnOnce(&mut Record)) -> Result<()> {
        let mut kept = self.kept.lock().await;
        let mut record = kept.record.clone();
        change(&mut record);
        let old = self.put(&mut kept, record, true).await?;
        drop(kept);
        self.drop_parts(old).await;
        Ok(())
    }

    /// Writes the record; gives the parts that the head before it named.
    async fn put(
        &self,
        kept: &mut KeptRecord,
        record: Record,
        held: bool,
    ) -> Result<BTreeSet<String>> {
        for _ in 0..3 {
            let sent = Moment::now();
            let holder = held.then(|| self.holder());
            let base = Some(&*kept.head.resource_version);
            if let Some(head) = write_head(&self.api, &record, base, holder.as_ref()).await? {
                let before = std::mem::replace(kept, KeptRecord { record, head });
                self.fence.renewed(sent);
                return Ok(before.head.parts);
            }
            self.read_again(kept).await?;
        }
        Err(Error::failed(Code::RecordBusy, "the record is written by others all the time"))
    }

    /// Deletes the record: the head last of all that the instance had. A head that names parts is
    /// first written without them, so that no part is left that nothing names; parts that a dead
    /// process left behind go too, where they can be listed.
    ///
    /// # Errors
    /// Whatever the server answers: while a part may be left, the head stays.
    pub(crate) async fn remove(&self) -> Result<()> {
        let Record { namespace, instance, .. } = self.record().await;
        let mut parts = self.kept.lock().await.head.parts.clone();
        if !parts.is_empty() {
            self.amend(|record| {
                record.inventory.clear();
                (record.newest, record.last_good) = (None, None);
            })
            .await?;
        }
        // Those that the head named were dropped with the write above, whatever the answer was.
        parts.extend(list_parts(&self.api, &namespace, &instance).await?);
        delete_parts(&self.api, &namespace, parts).await?;
        let mut kept = self.kept.lock().await;
        let mut tries = 0..2;
        loop {
            let options = json!({
                "apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background",
                "preconditions": {"resourceVersion": kept.head.resource_version},
            });
            let request = Request::json(Method::DELETE, head_path(&kept.record), &options);
            match self.api.send(request).await {
                Ok(_) => return Ok(()),
                Err(failure) if failure.is_not_found() => return Ok(()),
                // A renewal may have been written although nobody waited for its answer.
                Err(failure) if failure.is_conflict() && tries.next().is_some() => {
                    match self.look(&kept).await? {
                        Head::Ours(secret) => self.take_version(&mut kept, &secret),
                        Head::Absent => return Ok(()),
                        Head::Others => return Err(self.lose(lost())),
                    }
                }
                Err(failure) => {
                    let id = head_id(&kept.record.namespace, &kept.record.instance);
                    return Err(failure.explain("delete", "cannot delete the record", &id, None));
                }
            }
        }
    }

    /// Reads the head again after a 409: our own id means that it was our own write.
    async fn read_again(&self, kept: &mut KeptRecord) -> Result<()> {
        match self.look(kept).await? {
            Head::Ours(secret) => {
                self.take_version(kept, &secret);
                Ok(())
            }
            Head::Others => Err(self.lose(lost())),
            Head::Absent => Err(self.lose(deleted(&kept.record))),
        }
    }

    /// Looks at the head, and whose it is.
    async fn look(&self, kept: &KeptRecord) -> Result<Head> {
        let path = head_path(&kept.record);
        let secret = self
            .api
            .find(Request::get(path))
            .await
            .map_err(|failure| self.explain(kept, &failure))?;
        let Some(secret) = secret else { return Ok(Head::Absent) };
        // A head that cannot be read is none of this process.
        let ours = read_head(&secret)
            .is_ok_and(|(_, holder)| holder.is_some_and(|holder| holder.id == self.claim.id));
        Ok(if ours { Head::Ours(secret) } else { Head::Others })
    }

    /// Lets no write through any more; gives back why.
    fn lose(&self, why: Error) -> Error {
        self.fence.lose(why.clone());
        why
    }

    fn take_version(&self, kept: &mut KeptRecord, head: &Value) {
        if let Some(version) = resource_version(head) {
            version.clone_into(&mut kept.head.resource_version);
        }
    }

    fn explain(&self, kept: &KeptRecord, failure: &Failure) -> Error {
        let id = head_id(&kept.record.namespace, &kept.record.instance);
        failure.explain("patch", "cannot renew the record", &id, None)
    }

    /// Removes parts that the head does not name any more. One that stays is harmless until the
    /// record goes, and goes then.
    async fn drop_parts(&self, old: BTreeSet<String>) {
        let kept = self.kept.lock().await;
        let gone: BTreeSet<String> = old.difference(&kept.head.parts).cloned().collect();
        let namespace = kept.record.namespace.clone();
        drop(kept);
        let _ = delete_parts(&self.api, &namespace, gone).await;
    }
}
