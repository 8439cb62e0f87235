//! Taking over what persons' and packagers' tools hold of an object, so that a field which leaves
//! the definition really goes: a field with a second holder would stay for ever.
//!
//! The rule. *Ours* is a field that the body sets, that our Apply entry holds, or that a recorded
//! release of ours set. Out of the entries of persons, of packagers and of instances whose record
//! is gone (never one of a subresource, never one of a controller) go, into our Apply entry:
//!
//! 1. what is ours, and what lies in a list item that was ours and leaves with it;
//! 2. the annotation in which `kubectl apply` keeps what it applied last;
//! 3. while the object is being adopted: what that annotation names, and everything that a tool
//!    holds which writes whole objects (`kubectl apply`, `create`, `replace`, Helm, kapp): its
//!    definition is replaced by ours.
//!
//! A field that the body does not set goes with the next apply. By 3 never go status,
//! finalizers, owners, replicas, nor the specs of Jobs, Pods and volumes, which cannot change.
//! All else stays: labels and annotations that somebody set with kubectl, the defaults in a
//! `before-first-apply`, what an editor added. What is left to its holder is left in its entry,
//! and replicas that are taken back from an autoscaler are taken out of every entry.

use serde_json::{Value, json};

use super::{
    ManagerClass, apply_entry, class, class_of, entries,
    fields::{self, OwnedPathElement},
    is_apply_of, manager_of, subresource,
};
use crate::workload::{
    kinds::{Trait, builtin_kind},
    object::ObjectId,
};

/// Where `kubectl apply` keeps what it applied last.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// What decides about a takeover.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Takeover<'a> {
    /// The body as it is sent, without what is left to others.
    pub body: &'a Value,
    /// Our manager.
    pub manager: &'a str,
    /// What releases before set.
    pub before: &'a [Value],
    /// Fields that are left to their holders, as the server writes them.
    pub yielded: &'a [&'a str],
    /// Fields that are taken back from an autoscaler.
    pub reclaimed: &'a [&'a str],
    /// The managers of instances whose record is gone: as good as packagers.
    pub gone: &'a [String],
    /// Whether the object is being adopted.
    pub adopting: bool,
}

/// What is known of one live object.
struct Known<'a> {
    own: Option<&'a Value>,
    last_applied: Option<Value>,
    /// A field of a spec that cannot change would be refused if it went.
    is_fixed: bool,
}

impl Takeover<'_> {
    /// Gives the managedFields that a live object gets before our apply; `None` where nothing is
    /// to be taken over. Calling it on its own result gives `None`.
    pub(crate) fn managed_fields(&self, live: &Value) -> Option<Value> {
        let own = apply_entry(live, self.manager);
        let known = Known {
            own: own.map(|entry| &entry["fieldsV1"]),
            last_applied: last_applied(live).and_then(|text| serde_json::from_str(text).ok()),
            is_fixed: builtin_kind(&ObjectId::of(self.body)).is(Trait::FixedSpec),
        };
        let version = own.map_or(&self.body["apiVersion"], |entry| &entry["apiVersion"]);
        let mut taken = known.own.cloned().filter(|fields| *fields != json!({}));
        // Without an entry of ours it is as old as the first that gave something.
        let mut time = own.map(|entry| entry["time"].clone());
        let (mut kept, mut changed) = (Vec::new(), false);
        for entry in entries(live).filter(|entry| !is_apply_of(entry, self.manager)) {
            // An entry's paths are those of the version that it was written in.
            let same_version = entry["apiVersion"] == *version;
            let (gone, rest) = fields::split(&entry["fieldsV1"], &mut |path, _| {
                !path.is_empty() && self.takes(&known, entry, path, same_version)
            });
            let Some(gone) = gone else {
                kept.push(entry.clone());
                continue;
            };
            changed = true;
            time.get_or_insert_with(|| entry["time"].clone());
            match &mut taken {
                Some(taken) => fields::add(taken, &gone),
                None => taken = Some(gone),
            }
            kept.extend(rest.map(|rest| {
                let mut entry = entry.clone();
                entry["fieldsV1"] = rest;
                entry
            }));
        }
        kept.extend(taken.map(|fields| {
            let mut entry = json!({
                "manager": self.manager,
                "operation": "Apply",
                "apiVersion": version,
                "fieldsType": "FieldsV1",
                "fieldsV1": fields,
            });
            if let Some(time @ Value::String(_)) = time {
                entry["time"] = time;
            }
            entry
        }));
        changed.then_some(Value::Array(kept))
    }

    fn takes(
        &self,
        known: &Known<'_>,
        entry: &Value,
        path: &[OwnedPathElement],
        same_version: bool,
    ) -> bool {
        if self.names(self.reclaimed, path) {
            return true;
        }
        let class = class_of(manager_of(entry));
        let gives = match class {
            ManagerClass::Person | ManagerClass::Yielded => true,
            ManagerClass::Instance => self.is_gone(entry),
            ManagerClass::Aggregator | ManagerClass::GitOps(_) | ManagerClass::Other => false,
        };
        if !gives
            || !subresource(entry).is_empty()
            || path[0] == OwnedPathElement::Field("status".to_owned())
            || self.names(self.yielded, path)
        {
            return false;
        }
        // A path of another version may not be one of ours; metadata is the same in all.
        if !same_version && path[0] != OwnedPathElement::Field("metadata".to_owned()) {
            // What the body sets conflicts in whatever version it is held.
            return fields::is_in(self.body, path);
        }
        self.is_ours(known, path)
            || self.leaves_with_its_item(known, path)
            || is_last_applied(path)
            || (self.adopting && self.is_adopted(known, entry, path))
    }

    fn is_gone(&self, entry: &Value) -> bool {
        self.gone.iter().any(|gone| gone == manager_of(entry))
    }

    /// Tells whether a path is, or lies in, one of these fields.
    fn names(&self, texts: &[&str], path: &[OwnedPathElement]) -> bool {
        !texts.is_empty()
            && (1..=path.len()).any(|end| texts.contains(&&*fields::shown(&path[..end])))
    }

    fn is_ours(&self, known: &Known<'_>, path: &[OwnedPathElement]) -> bool {
        fields::is_in(self.body, path) || self.was_ours(known, path)
    }

    fn was_ours(&self, known: &Known<'_>, path: &[OwnedPathElement]) -> bool {
        known.own.is_some_and(|own| fields::has(own, path))
            || self.before.iter().any(|body| fields::is_in(body, path))
    }

    /// What somebody set inside an item of ours would keep a crippled item.
    fn leaves_with_its_item(&self, known: &Known<'_>, path: &[OwnedPathElement]) -> bool {
        let Some(item) = path.iter().position(|step| matches!(step, OwnedPathElement::Item(_)))
        else {
            return false;
        };
        (item + 1..path.len()).any(|end| {
            let place = &path[..end];
            // Of a list only our own items go.
            let is_list = !matches!(path[end], OwnedPathElement::Field(_));
            !is_list && self.was_ours(known, place) && !fields::is_in(self.body, place)
        })
    }

    fn is_adopted(&self, known: &Known<'_>, entry: &Value, path: &[OwnedPathElement]) -> bool {
        let field = |index: usize| match path.get(index) {
            Some(OwnedPathElement::Field(name)) => name.as_str(),
            _ => "",
        };
        // Taken over they would be removed by the next apply: replicas fell to 1, a claim lost its
        // volume (docs/design.md).
        let stays = match (field(0), field(1)) {
            ("metadata", "finalizers" | "ownerReferences") | ("spec", "replicas") => true,
            ("spec", _) => known.is_fixed,
            _ => false,
        };
        !stays
            && (self.is_gone(entry)
                || class::defines_objects(manager_of(entry), entry["operation"] == "Apply")
                || known.last_applied.as_ref().is_some_and(|body| fields::is_in(body, path)))
    }
}

fn last_applied(live: &Value) -> Option<&str> {
    live.get("metadata")?.get("annotations")?.get(LAST_APPLIED)?.as_str()
}

fn is_last_applied(path: &[OwnedPathElement]) -> bool {
    let names = ["metadata", "annotations", LAST_APPLIED];
    path.len() == names.len()
        && path
            .iter()
            .zip(names)
            .all(|(step, name)| matches!(step, OwnedPathElement::Field(field) if field == name))
}

/// Tells whether persons or packagers, or ourselves for an autoscaler, hold anything of an object.
pub(crate) fn has_persons(live: &Value) -> bool {
    entries(live).any(|entry| {
        let class = class_of(manager_of(entry));
        subresource(entry).is_empty()
            && matches!(class, ManagerClass::Person | ManagerClass::Yielded)
    })
}

#[cfg(test)]
mod tests;
