//! Drift: what others changed of the objects of an instance since it was deployed, told from
//! metadata alone.
//!
//! A field that we sent and that our Apply entry no longer has was changed by somebody else; who and
//! when stands in that manager's entry. What others added beside ours is no drift, and neither is
//! what is left to them by rule.

use jiff::Timestamp;
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::{
    mask,
    object::ObjectId,
    overrides::{Path, PathStep},
    ownership::{
        Holder, Lost, added_beside, apply_entry, deleted_at,
        fields::{OwnedPathElement, shown, value_at},
        is_terminating, lost_fields, made_at, uid,
    },
    readiness::goes_when_finished,
    record::Entry,
};

/// What happened to an object, or to a field of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Change {
    /// Another manager set a field.
    Changed,
    /// A field was taken away.
    Removed,
    /// The object is gone, or going.
    Deleted,
    /// Somebody deleted the object and made it anew.
    Replaced,
    /// Another manager added a field beside ours: no difference from what was sent.
    Added,
}

/// One difference from what was sent last.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Drift {
    #[serde(serialize_with = "as_text")]
    pub object: ObjectId,
    pub change: Change,
    /// The field; empty where it is about the object as a whole.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "as_path")]
    pub path: Vec<OwnedPathElement>,
    /// The manager that did it, as far as is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// When that manager last wrote the object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// What was sent, where values are asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<Value>,
    /// What is live, where values are asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<Value>,
}

fn as_text<S: Serializer>(object: &ObjectId, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&object.short())
}

fn as_path<S: Serializer>(path: &[OwnedPathElement], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&typed(path))
}

/// Turns the server's path into the one that a plan shows and `--set` takes: an item is told by its
/// name, or by its other keys but for what all have by default.
fn typed(path: &[OwnedPathElement]) -> Path {
    let step = |step: &OwnedPathElement| match step {
        OwnedPathElement::Field(name) => PathStep::Key(name.clone()),
        OwnedPathElement::Index(index) => PathStep::Index(*index),
        OwnedPathElement::OwnedField(value) => {
            PathStep::Select { field: String::new(), text: bare(value) }
        }
        OwnedPathElement::Item(keys) => {
            let told = |key: &str, value: &Value| key != "protocol" || value != "TCP";
            let mut keys: Vec<_> = keys.iter().filter(|(key, value)| told(key, value)).collect();
            keys.sort_by_key(|(key, _)| (*key == "protocol", *key));
            let pairs = keys.iter().map(|(key, value)| format!("{key}={}", bare(value)));
            let pairs = pairs.collect::<Vec<_>>().join(",");
            let (field, text) = pairs.split_once('=').unwrap_or_default();
            PathStep::Select { field: field.to_owned(), text: text.to_owned() }
        }
    };
    Path(path.iter().map(step).collect())
}

fn bare(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Lists what others added to an object beside what was sent.
pub(crate) fn added_to(entry: &Entry, sent: &Value, live: &Value, manager: &str) -> Vec<Drift> {
    let added = added_beside(sent, live, manager, &entry.yielded).into_iter();
    added
        .map(|Lost { path, holder }| Drift::of(&entry.id, Change::Added, path).by(holder))
        .collect()
}

impl Drift {
    /// Tells of replicas that somebody set by scaling, and nobody holds.
    pub(crate) fn scaled(object: &ObjectId) -> Self {
        let path = ["spec", "replicas"].map(|name| OwnedPathElement::Field(name.to_owned()));
        Self::of(object, Change::Added, path.to_vec())
    }

    fn of(object: &ObjectId, change: Change, path: Vec<OwnedPathElement>) -> Self {
        Self { object: object.clone(), change, path, by: None, at: None, old: None, new: None }
    }

    fn by(self, holder: Option<Holder>) -> Self {
        let (by, at) = holder.map_or((None, None), |holder| (Some(holder.manager), holder.at));
        Self { by, at, ..self }
    }

    /// Gives the path as a plan shows it: `spec.template.spec.containers[name=web].image`.
    pub(crate) fn path_as_typed(&self) -> String {
        typed(&self.path).to_string()
    }

    /// Gives the path as it fits a sentence: `spec.template…[name=web].image`.
    pub(crate) fn path_in_short(&self) -> String {
        let path = &self.path;
        let is_item = |step: Option<&OwnedPathElement>| {
            step.is_some_and(|step| !matches!(step, OwnedPathElement::Field(_)))
        };
        // The item is named too: a pod has several containers.
        let last =
            if is_item(path.len().checked_sub(2).and_then(|at| path.get(at))) { 2 } else { 1 };
        match path.len().checked_sub(last) {
            Some(end) if end > 3 => {
                format!("{}…{}", typed(&path[..2]), typed(&path[end..]))
            }
            _ => self.path_as_typed(),
        }
    }

    /// Takes in the values of a field: of the body that was sent, and of the whole live object.
    /// Those of Secrets are masked.
    pub(crate) fn take_values(&mut self, sent: &Value, live: &Value) {
        let value = |object: &Value| value_at(&mask::object(object), &self.path).cloned();
        (self.old, self.new) = (value(sent), value(live));
    }
}

/// Gives what others changed of an object since `sent` was applied. `live` is its metadata, or the
/// whole; none where it is proven to be gone.
pub(crate) fn drift_of(
    entry: &Entry,
    sent: Option<&Value>,
    live: Option<&Value>,
    manager: &str,
) -> Vec<Drift> {
    let is_object = |change| Drift::of(&entry.id, change, Vec::new());
    // A hook has its turn and may be gone; what has no uid was never there.
    let Some(known) = entry.uid.as_deref().filter(|_| !entry.hook && entry.wanted) else {
        return Vec::new();
    };
    let Some(live) = live else {
        // Its time to live took it away.
        let ended = entry.completed && sent.is_none_or(goes_when_finished);
        return if ended { Vec::new() } else { vec![is_object(Change::Deleted)] };
    };
    if is_terminating(live) {
        return vec![Drift { at: deleted_at(live), ..is_object(Change::Deleted) }];
    }
    if uid(live) != Some(known) {
        let replaced = is_object(Change::Replaced).by(Holder::first(live));
        return vec![Drift { at: made_at(live).or(replaced.at), ..replaced }];
    }
    let (Some(sent), Some(seen)) = (sent, &entry.seen) else { return Vec::new() };
    if seen.still_holds(live, manager, sent) {
        return Vec::new();
    }
    let keeps_fields = seen.keeps_fields(live, manager, sent);
    if keeps_fields && entry.yielded.is_empty() {
        return Vec::new();
    }
    if apply_entry(live, manager).is_none() && live.pointer("/metadata/managedFields").is_none() {
        let path = ["metadata", "managedFields"].map(|name| OwnedPathElement::Field(name.into()));
        return vec![Drift::of(&entry.id, Change::Removed, path.to_vec())];
    }
    let lost = lost_fields(sent, live, manager).into_iter();
    // What was left is not in our entry, whoever changes it.
    let was_left = |lost: &Lost| {
        let field = shown(&lost.path);
        entry.yielded.iter().any(|left| left.field == field)
    };
    let counts = |lost: &Lost| !is_left(entry, lost) && (!keeps_fields || was_left(lost));
    let told = lost.filter(counts).map(|lost| {
        let change = if lost.holder.is_some() { Change::Changed } else { Change::Removed };
        Drift::of(&entry.id, change, lost.path).by(lost.holder)
    });
    told.collect()
}

/// Tells whether a field was left to its holder when the object was sent. Somebody else who took it
/// since changed it all the same.
fn is_left(entry: &Entry, lost: &Lost) -> bool {
    let field = shown(&lost.path);
    let holder = lost.holder.as_ref();
    entry.yielded.iter().filter(|left| left.field == field && !left.dropped).any(|left| {
        left.autoscaler.is_some() || holder.is_none_or(|holder| holder.manager == left.manager)
    })
}

#[cfg(test)]
mod tests;
