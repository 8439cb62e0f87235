//! What differs between two sets of objects: which came, which went, and field by field what changed
//! in those that stayed.

use std::collections::HashMap;

use serde::Serialize;

use super::{body::Body, difference::Difference, object::ObjectId};

/// What became of an object from one set to the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Fate {
    Added,
    Removed,
    Changed,
}

impl Fate {
    /// Gives the stable word.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
        }
    }
}

/// An object that is not the same in both sets.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ObjectDifference {
    /// Which object; where its namespace changed, with the one of after.
    pub id: ObjectId,
    pub fate: Fate,
    /// What changed in it; nothing where it came or went.
    pub difference: Difference,
}

/// Compares two sets. What changed or came stands in the order of the second set, and what went
/// after that in the order of the first.
pub(crate) fn compare(old: Vec<Body>, new: Vec<Body>) -> Vec<ObjectDifference> {
    let ids = |bodies: &[Body]| bodies.iter().map(|body| ObjectId::of(body)).collect();
    let (old_ids, new_ids): (Vec<ObjectId>, Vec<ObjectId>) = (ids(&old), ids(&new));
    let partners = partners(&old_ids, &new_ids);
    let mut left: Vec<Option<Body>> = old.into_iter().map(Some).collect();
    let mut differing = Vec::new();
    for ((id, body), partner) in new_ids.into_iter().zip(new).zip(partners) {
        let Some(partner) = partner else {
            differing.push(only_in_one(id, Fate::Added));
            continue;
        };
        let Some(old) = left[partner].take() else { continue };
        // Most bodies of two releases are the same.
        if old == body {
            continue;
        }
        let difference = Difference::between_own(old.into_value(), body.into_value());
        if !difference.is_empty() {
            differing.push(ObjectDifference { id, fate: Fate::Changed, difference });
        }
    }
    let gone = old_ids.into_iter().zip(left).filter(|(_, left)| left.is_some());
    differing.extend(gone.map(|(id, _)| only_in_one(id, Fate::Removed)));
    differing
}

fn only_in_one(id: ObjectId, fate: Fate) -> ObjectDifference {
    ObjectDifference { id, fate, difference: Difference::default() }
}

/// Finds for each new object the old one that it was. Most instances give every object their own
/// namespace: one whose namespace alone changed is the same, where no other could be meant.
fn partners(old: &[ObjectId], new: &[ObjectId]) -> Vec<Option<usize>> {
    let places: HashMap<&ObjectId, usize> =
        old.iter().enumerate().map(|(place, id)| (id, place)).collect();
    let mut partners: Vec<Option<usize>> = new.iter().map(|id| places.get(id).copied()).collect();
    let mut old_alone = vec![true; old.len()];
    partners.iter().flatten().for_each(|place| old_alone[*place] = false);
    let named = |id: &ObjectId| (id.group_kind(), id.name.clone());
    let mut alone: HashMap<_, (Vec<usize>, Vec<usize>)> = HashMap::new();
    for (place, id) in old.iter().enumerate().filter(|(place, _)| old_alone[*place]) {
        alone.entry(named(id)).or_default().0.push(place);
    }
    for (place, id) in new.iter().enumerate().filter(|(place, _)| partners[*place].is_none()) {
        alone.entry(named(id)).or_default().1.push(place);
    }
    for (old, new) in alone.into_values() {
        if let ([old], [new]) = (&*old, &*new) {
            partners[*new] = Some(*old);
        }
    }
    partners
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn map(namespace: Option<&str>, name: &str, value: &str) -> Body {
        let mut body = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name},
                              "data": {"a": value}});
        if let Some(namespace) = namespace {
            body["metadata"]["namespace"] = namespace.into();
        }
        body.into()
    }

    fn told(old: &[Body], new: &[Body]) -> Vec<String> {
        let differing = compare(old.to_vec(), new.to_vec());
        let told = differing.iter().map(|it| {
            let paths: Vec<&str> =
                it.difference.changes.iter().map(|change| &*change.path).collect();
            format!("{} {} {}", it.fate.word(), it.id, paths.join(","))
        });
        told.map(|line| line.trim_end().to_owned()).collect()
    }

    #[test]
    fn objects_come_go_and_change() {
        let old = [map(None, "gone", "1"), map(None, "same", "1"), map(None, "other", "1")];
        let new = [map(None, "new", "1"), map(None, "other", "2"), map(None, "same", "1")];
        assert_eq!(
            told(&old, &new),
            ["added ConfigMap/new", "changed ConfigMap/other data.a", "removed ConfigMap/gone"]
        );
        assert_eq!(told(&old, &old), [""; 0]);
    }

    #[test]
    fn an_object_whose_namespace_alone_changed_is_the_same_one() {
        let old = [map(Some("a"), "x", "1")];
        assert_eq!(told(&old, &[map(None, "x", "1")]), ["changed ConfigMap/x metadata.namespace"]);
        // Which of two it was nobody knows.
        let two = [map(Some("b"), "x", "1"), map(Some("c"), "x", "1")];
        assert_eq!(
            told(&old, &two),
            ["added ConfigMap/x", "added ConfigMap/x", "removed ConfigMap/x"]
        );
    }

    #[test]
    fn the_version_is_no_part_of_the_identity() {
        let mut new = map(None, "x", "1");
        new["apiVersion"] = "v2".into();
        assert_eq!(told(&[map(None, "x", "1")], &[new]), ["changed ConfigMap/x apiVersion"]);
    }
}
