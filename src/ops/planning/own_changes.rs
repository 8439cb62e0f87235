//! What a release changes of that by which the server judges its objects: a dry run is judged by
//! what is there before, the write by what is there then.
//!
//! A rejection is believed unless something that the release writes or removes explains it, and comes
//! before the object, or beside it. What the order puts behind the object does not help it.

use super::{Candidate, Planning};
use crate::{
    cluster::failure::{Failure, Ground},
    workload::{
        kinds::{defined_kind, references::items},
        object::{GroupKind, ObjectId},
        plan::{Decision, Desired},
    },
};

/// What a release writes, and what it removes before it writes.
pub(crate) struct OwnChanges {
    /// The indexes of the objects that are written.
    written: Vec<usize>,
    /// Those of them that are deleted first.
    recreated: Vec<usize>,
    /// What goes before anything is written (`--prune before`).
    leaving: Vec<ObjectId>,
    /// The kinds whose definitions are written.
    kinds: Vec<(GroupKind, usize)>,
}

impl OwnChanges {
    /// Reads them off what was decided.
    pub(super) fn of(planning: &Planning<'_>, candidates: &[Candidate<'_>]) -> Self {
        let index_of = |candidate: &Candidate<'_>| {
            planning.desired.iter().position(|desired| std::ptr::eq(desired, candidate.desired))
        };
        let (mut written, mut recreated) = (Vec::new(), Vec::new());
        for candidate in candidates {
            match candidate.decision {
                Decision::Unchanged | Decision::Blocked { .. } => continue,
                Decision::Recreate { .. } => recreated.extend(index_of(candidate)),
                Decision::Ask { .. }
                | Decision::Create { .. }
                | Decision::Update { .. }
                | Decision::Adopt { .. } => {}
            }
            written.extend(index_of(candidate));
        }
        let defined =
            |index: &usize| Some((defined_kind(&planning.desired[*index].body.look())?, *index));
        let kinds = written.iter().filter_map(defined).collect();
        let leaving = match planning.options.prunes_before {
            true => planning.leaving().cloned().collect(),
            false => Vec::new(),
        };
        Self { written, recreated, leaving, kinds }
    }

    /// Tells whether the definition of a kind is written.
    pub(super) fn defines(&self, kind: &GroupKind) -> bool {
        self.kinds.iter().any(|(defined, _)| defined == kind)
    }
}

impl Planning<'_> {
    /// Names what the release changes itself and a rejection of one of its objects may rest on;
    /// none: the rejection is believed.
    pub(super) fn explained(&self, desired: &Desired, failure: &Failure) -> Option<String> {
        let changes = self.changes.get()?;
        let kind = desired.id.group_kind();
        let index = self.desired.iter().position(|other| other.id == desired.id)?;
        let helps = |other: &usize| *other != index && !self.graph.is_before(index, *other);
        if changes.kinds.iter().any(|(defined, at)| *defined == kind && helps(at)) {
            return Some("its CustomResourceDefinition".to_owned());
        }
        let ground = failure.ground();
        let rests = |other: &Desired| rests_on(&ground, desired, other, failure);
        let mut written = changes.written.iter().filter(|other| helps(other));
        if let Some(other) = written.find(|other| rests(&self.desired[**other])) {
            return Some(self.desired[*other].id.to_string());
        }
        let mut leaving = changes.leaving.iter();
        if let Some(gone) = leaving.find(|id| rests_on_gone(&ground, &desired.id, id)) {
            return Some(gone.to_string());
        }
        // What is deleted first gives back what it used of a quota.
        if let Ground::Quota(quota) = &ground {
            let is_beside = |id: &&ObjectId| id.namespace == desired.id.namespace;
            let recreated = changes.recreated.iter().map(|other| &self.desired[*other].id);
            let freed = recreated.chain(&changes.leaving).find(is_beside);
            return freed.map(|id| format!("{id}, which uses quota {quota} too"));
        }
        // A hook may do anything to the cluster, such as bring the definitions of kinds.
        let is_custom = !self.target.kinds.is_embedded(&desired.id.group);
        let by_cluster = is_custom || ground != Ground::Object;
        let runs = |other: &&usize| {
            let other = &self.desired[**other];
            other.hook.is_some() && matches!(&*other.id.kind, "Job" | "Pod")
        };
        let mut hooks = changes.written.iter().filter(|_| by_cluster).filter(runs);
        let hook = hooks.find(|other| self.graph.is_before(**other, index))?;
        Some(format!("{}, which runs before", self.desired[*hook].id))
    }
}

/// Tells whether a rejection rests on another object of the release.
fn rests_on(ground: &Ground, desired: &Desired, other: &Desired, failure: &Failure) -> bool {
    let (id, body) = (&other.id, &other.body.look());
    let is_beside = id.namespace == desired.id.namespace;
    match ground {
        Ground::Webhook(name) => {
            items(body, "/webhooks").any(|webhook| webhook["name"].as_str() == Some(name))
        }
        Ground::Policy(name) => {
            id.group == "admissionregistration.k8s.io"
                && (id.name == *name || body["spec"]["policyName"].as_str() == Some(name))
        }
        Ground::Quota(name) => id.is("", "ResourceQuota") && is_beside && id.name == *name,
        Ground::Limits => id.is("", "LimitRange") && is_beside,
        Ground::PodSecurity => {
            id.is("", "Namespace") && desired.id.namespace.as_ref() == Some(&id.name)
        }
        Ground::StorageClass => id.is("storage.k8s.io", "StorageClass"),
        Ground::Taken => id.is("", "Service"),
        Ground::Rights => id.group == "rbac.authorization.k8s.io",
        Ground::Missing => {
            let message = failure.message();
            let words: Vec<&str> =
                message.split([' ', '"', ',', ':', '/']).filter(|word| !word.is_empty()).collect();
            message.to_lowercase().contains(&id.kind.to_lowercase()) && words.contains(&&*id.name)
        }
        Ground::Object => false,
    }
}

/// Tells whether a rejection may rest on what is gone before the object is written: of that only
/// the identity is known.
fn rests_on_gone(ground: &Ground, desired: &ObjectId, gone: &ObjectId) -> bool {
    let is_beside = gone.namespace == desired.namespace;
    match ground {
        Ground::Webhook(_) => gone.kind.ends_with("WebhookConfiguration"),
        Ground::Policy(_) => gone.kind.contains("AdmissionPolicy"),
        Ground::Quota(name) => gone.is("", "ResourceQuota") && is_beside && gone.name == *name,
        Ground::Limits => gone.is("", "LimitRange") && is_beside,
        Ground::Taken => gone.is("", "Service"),
        Ground::PodSecurity
        | Ground::Missing
        | Ground::StorageClass
        | Ground::Rights
        | Ground::Object => false,
    }
}
