//! The record: what a cluster keeps of an instance. How it lies there is `secrets`.

#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod head;
mod secrets;
mod verify;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

pub(crate) use head::{HeadContent, encode_holder, head_secret, read_head};
pub(crate) use secrets::{
    Encoded, HEAD_TYPE, PART_TYPE, RECORD_LABEL, head_name, is_part_name, part_name, read_part,
};
pub(crate) use verify::{KnownContents, nothing_known};

use super::{
    cow_vec::CowVec,
    definition::{Content, Revision},
    instance::NamespaceMode,
    name::InstanceName,
    object::{Object, ObjectId},
    ownership::{Seen, Yielded},
    release::{Outcome, Release},
    sent_content::SentContent,
};

/// How long a holder counts without a renewal, in seconds.
pub(crate) const HOLDER_SECONDS: i64 = 90;

/// Who works on the instance right now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Holder {
    /// The id of the release (or deletion) in flight.
    pub id: String,
    /// `user@host`.
    pub who: String,
    pub command: String,
    /// Since when, by the server's clock.
    pub since: Timestamp,
    /// Until when without a renewal, by the server's clock.
    pub expires: Timestamp,
    /// When something was to be made, by the server's clock, and the connection broke before an
    /// answer came: it was sent again since, and may be made twice.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub unanswered: Option<Timestamp>,
}

/// From when on, by the server's clock, nothing arrives any more of a process that was killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Quiet {
    /// What it sent once.
    pub first: Timestamp,
    /// The first copies of what it sent again.
    pub copies: Option<Timestamp>,
}

impl Holder {
    /// Lets it expire no later than it does where it was written at that time: an expiry far ahead
    /// would lock the instance for good.
    pub(crate) fn clamp(&mut self, written: Timestamp) {
        // Its own clock is the server's; the server cuts its time to seconds.
        let most = written.saturating_add(SignedDuration::from_secs(HOLDER_SECONDS + 1));
        if let Ok(most) = most {
            self.expires = self.expires.min(most);
        }
    }
}

/// One object of the inventory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Entry {
    pub id: ObjectId,
    /// The API version that it was applied in, without the group.
    pub version: String,
    /// The uid; none for what is to be made or adopted and has not answered yet.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub uid: Option<String>,
    /// The digest of the body as it was sent last.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub body: Option<Arc<str>>,
    /// The no-op data.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub seen: Option<Arc<Seen>>,
    /// Whether the newest release wants it; what it does not want is due to be removed.
    pub wanted: bool,
    /// Whether it stays when the instance leaves (`workloadctl/on-remove: keep`).
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub keep: bool,
    /// A Job that completed with this body.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub completed: bool,
    /// One of Helm's hooks: it may be gone once it has ended.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub hook: bool,
    /// What stays behind for a moment when this object is deleted and made anew: the pods of a
    /// StatefulSet. Recorded before the deletion; it counts for as long as `uid` is that of the
    /// object deleted.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub orphans: Vec<Orphan>,
    /// Fields that were left to their holders.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub yielded: Vec<Yielded>,
    /// Until when, by the server's clock, a write of it whose answer was lost may still arrive:
    /// until then it is not proven that the object is not, or stays away.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub unsettled: Option<Timestamp>,
    /// The content of a ConfigMap or Secret as it was sent last.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub content: Option<SentContent>,
}

/// A dependent that outlives its owner for a moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Orphan {
    pub id: ObjectId,
    /// The API version, without the group.
    pub version: String,
    pub uid: String,
}

impl Entry {
    /// Makes the entry of an object that is wanted and of which nothing is known yet.
    pub(crate) fn new(id: ObjectId, version: &str) -> Self {
        Self {
            id,
            version: version.to_owned(),
            uid: None,
            body: None,
            seen: None,
            wanted: true,
            keep: false,
            completed: false,
            hook: false,
            orphans: Vec::new(),
            yielded: Vec::new(),
            unsettled: None,
            content: None,
        }
    }

    /// Gives the entry of what is gone, where a late write may make it again.
    pub(crate) fn awaited(&self, now: Timestamp) -> Option<Self> {
        self.unsettled.filter(|until| *until > now).map(|until| Self {
            wanted: false,
            unsettled: Some(until),
            ..Self::new(self.id.clone(), &self.version)
        })
    }

    /// Gives the entries of what this one left behind in the instance's namespace, to be removed
    /// with it. Nothing but a uid in the record tells that they are ours, and elsewhere that is no
    /// proof.
    pub(crate) fn left_behind(&self, home: &str) -> impl Iterator<Item = Self> {
        let at_home = move |orphan: &&Orphan| orphan.id.namespace.as_deref() == Some(home);
        self.orphans.iter().filter(at_home).map(|orphan| Self {
            uid: Some(orphan.uid.clone()),
            wanted: false,
            ..Self::new(orphan.id.clone(), &orphan.version)
        })
    }
}

/// A release with the definition's objects that it deployed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Deployed {
    pub release: Release,
    /// The definition's objects as read.
    pub objects: CowVec<Object>,
}

impl Deployed {
    /// Gives the revision as the record tells of it.
    pub(crate) fn revision(&self) -> Revision {
        let Release { definition, revision, digest, revision_created_at, .. } = &self.release;
        Revision {
            definition: definition.clone(),
            number: *revision,
            digest: digest.clone(),
            created_at: *revision_created_at,
            object_count: self.objects.len(),
            source: "record".to_owned(),
        }
    }

    /// Gives the content; the text that it was read from is not recorded.
    pub(crate) fn content(&self) -> Content {
        Content { objects: self.objects.to_vec(), files: Vec::new() }
    }
}

/// What a cluster keeps of an instance.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Record {
    /// The namespace that it belongs in.
    pub namespace: String,
    pub instance: InstanceName,
    /// The uid of the cluster's `kube-system`, where it could be read.
    pub cluster_uid: Option<String>,
    /// How objects are placed.
    pub mode: NamespaceMode,
    /// Whether a deletion has begun.
    pub deleting: bool,
    /// Everything that the instance owns or may have made.
    pub inventory: CowVec<Entry>,
    /// The newest release: in flight, or ended.
    pub newest: Option<Deployed>,
    /// The last release that went well, where it is not the newest.
    pub last_good: Option<Deployed>,
    /// Until when, by the server's clock, a second creation of the record itself may arrive.
    pub unsettled: Option<Timestamp>,
}

impl Record {
    /// Makes the record of an instance that has nothing yet.
    pub(crate) fn new(namespace: &str, instance: &InstanceName, mode: NamespaceMode) -> Self {
        Self {
            namespace: namespace.to_owned(),
            instance: instance.clone(),
            cluster_uid: None,
            mode,
            deleting: false,
            inventory: CowVec::default(),
            newest: None,
            last_good: None,
            unsettled: None,
        }
    }

    /// Says until when a write of an entry may still arrive. What a release was to write that was
    /// killed (its answers are in no record) and that is not live may come until `quiet`: whoever
    /// buffers requests on the way does not lose them with their sender. What is live comes again
    /// only where it was sent again.
    pub(crate) fn unsettled(
        &self,
        entry: &Entry,
        is_live: bool,
        quiet: Option<Quiet>,
    ) -> Option<Timestamp> {
        let newest = self.newest.as_ref().map(|newest| newest.release.outcome);
        let was_killed = newest == Some(Outcome::InFlight);
        let is_unanswered = was_killed && entry.wanted && entry.body.is_none();
        let quiet = quiet.filter(|_| is_unanswered);
        let until = quiet.and_then(|q| if is_live { q.copies } else { Some(q.first) });
        entry.unsettled.max(until)
    }
}
