//! The pods of an instance: those that it has itself, and those that its objects made, at whatever
//! distance.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use crate::workload::ownership::uid;

/// How many owners there may be between a pod and an object of the instance.
const DEPTH: usize = 5;

/// Pods and what made them, by uid.
#[derive(Debug, Default)]
pub(super) struct Owned {
    objects: HashMap<String, Value>,
    roots: HashSet<String>,
}

impl Owned {
    /// Begins with the uids of the objects that count.
    pub(super) fn of(roots: impl IntoIterator<Item = String>) -> Self {
        Self { objects: HashMap::new(), roots: roots.into_iter().collect() }
    }

    /// Takes in an object, or its newer state.
    pub(super) fn put(&mut self, object: Value) {
        if let Some(uid) = uid(&object) {
            self.objects.insert(uid.to_owned(), object);
        }
    }

    /// Takes in that an object is gone.
    pub(super) fn remove(&mut self, object: &Value) {
        if let Some(uid) = uid(object) {
            self.objects.remove(uid);
        }
    }

    /// Gives the pods of the instance.
    pub(super) fn pods(&self) -> impl Iterator<Item = &Value> {
        self.objects.values().filter(|object| object["kind"] == "Pod" && self.is_ours(object))
    }

    /// Tells whether an object is one of the instance's, or was made by one.
    pub(super) fn is_ours(&self, object: &Value) -> bool {
        let mut next = uid(object);
        let mut at = Some(object);
        for _ in 0..DEPTH {
            let Some(uid) = next else { return false };
            if self.roots.contains(uid) {
                return true;
            }
            next = at.and_then(controller);
            at = next.and_then(|uid| self.objects.get(uid));
        }
        false
    }
}

fn controller(object: &Value) -> Option<&str> {
    let owners = object["metadata"]["ownerReferences"].as_array()?;
    owners.iter().find(|owner| owner["controller"] == true)?["uid"].as_str()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn pods_are_found_by_who_made_them() {
        let object = |kind: &str, uid: &str, owner: &str| json!({"kind": kind, "metadata": {"uid": uid, "ownerReferences": [{"controller": true, "uid": owner}]}});
        let mut owned = Owned::of(["deployment".to_owned(), "bare".to_owned(), "cron".to_owned()]);
        owned.put(object("ReplicaSet", "set", "deployment"));
        owned.put(object("Job", "job", "cron"));
        for (uid, owner) in [
            ("web", "set"),
            ("run", "job"),
            ("direct", "deployment"),
            ("bare", ""),
            ("other", "elsewhere"),
            ("loop", "loop"),
        ] {
            owned.put(object("Pod", uid, owner));
        }
        let mut pods: Vec<&str> = owned.pods().filter_map(|pod| uid(pod)).collect();
        pods.sort_unstable();
        assert_eq!(pods, ["bare", "direct", "run", "web"]);
    }
}
