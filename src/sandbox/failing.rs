//! Failures for demonstrations and tests: the next pods of an object fail as somebody asked for.
//!
//! They are one table in the file. A pod looks there once, before it has run, and keeps what it
//! found as the annotation by which the tests ask for the same.

use serde_json::{Value, json};

use super::{
    Sandbox,
    status::{StatusError, StatusResult},
    storage::ObjectKey,
    world::World,
};

/// The annotation on a pod that says how it fails.
const ANNOTATION: &str = "test.workloadctl/fail";

/// The failures by their words, each with the word of the annotation.
const FAILURES: [(&str, &str); 6] = [
    ("image-pull", "image-pull"),
    ("crash", "crash-loop"),
    ("oom", "oom"),
    ("init-crash", "init-crash"),
    ("config-error", "config-error"),
    ("never-ready", "never-ready"),
];

/// The words of the failures.
pub(crate) const WORDS: [&str; FAILURES.len()] = {
    let mut words = [""; FAILURES.len()];
    let mut at = 0;
    while at < words.len() {
        words[at] = FAILURES[at].0;
        at += 1;
    }
    words
};

/// The kinds whose pods may be asked to fail, each with its apiVersion.
pub(crate) const KINDS: [(&str, &str); 7] = [
    ("v1", "Pod"),
    ("apps/v1", "Deployment"),
    ("apps/v1", "StatefulSet"),
    ("apps/v1", "DaemonSet"),
    ("apps/v1", "ReplicaSet"),
    ("batch/v1", "Job"),
    ("batch/v1", "CronJob"),
];

/// An object whose next pods fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failing {
    pub(crate) namespace: String,
    pub(crate) kind: String,
    pub(crate) name: String,
    /// One of [`WORDS`].
    pub(crate) failure: String,
}

/// An object that is a pod or makes some.
#[derive(Debug)]
pub(crate) struct Maker {
    pub(crate) group: String,
    pub(crate) kind: String,
    pub(crate) namespace: String,
    pub(crate) name: String,
}

impl Sandbox {
    /// Lets the next pods of an object fail so, one of [`WORDS`].
    ///
    /// # Errors
    /// Says why the file cannot be written.
    pub(crate) fn fail(&self, failing: &Failing) -> Result<(), String> {
        self.write(|world| Ok(world.storage.set_failure(failing)?))
    }

    /// Lets the next pods of an object, or of all, come to life again; tells how many objects failed.
    ///
    /// # Errors
    /// As [`Sandbox::fail`].
    pub(crate) fn heal(&self, object: Option<(&str, &str, &str)>) -> Result<usize, String> {
        self.write(|world| Ok(world.storage.clear_failures(object)?))
    }

    /// The objects whose next pods fail.
    ///
    /// # Errors
    /// Says why the file cannot be read.
    pub(crate) fn failing(&self) -> Result<Vec<Failing>, String> {
        self.write(|world| Ok(world.storage.failures()?))
    }

    /// Whatever is there whose pods may be asked to fail.
    ///
    /// # Errors
    /// As [`Sandbox::failing`].
    pub(crate) fn makers_of_pods(&self) -> Result<Vec<Maker>, String> {
        self.write(|world| {
            let mut found = Vec::new();
            for (version, kind) in KINDS {
                let Some(resource) = world.registry.of_kind(version, kind) else { continue };
                world.storage.list(&resource.storage(), None, ("", ""), |row| {
                    let (group, kind) = (resource.group.clone(), resource.kind.clone());
                    found.push(Maker { group, kind, namespace: row.namespace, name: row.name });
                    true
                })?;
            }
            Ok(found)
        })
    }

    fn write<T>(&self, run: impl FnOnce(&World<'_>) -> StatusResult<T>) -> Result<T, String> {
        let mut state = self.server.state();
        let outcome = self.server.transact(&mut state, true, run);
        outcome.map_err(|failure: StatusError| failure.message)
    }
}

/// Writes onto a pod that has not run how it is to fail; tells whether it does.
pub(super) fn mark(world: &World<'_>, key: &ObjectKey, pod: &Value) -> StatusResult<bool> {
    if !pod["metadata"]["annotations"][ANNOTATION].is_null() {
        return Ok(false);
    }
    let Some(failure) = of(world, pod)? else { return Ok(false) };
    let of_job = |reference: &Value| reference["kind"] == "Job";
    let owners = pod["metadata"]["ownerReferences"].as_array();
    let word = match FAILURES.iter().find(|(word, _)| *word == failure) {
        // A Job counts the pods that failed, and makes new ones.
        Some(("crash", _)) if owners.is_some_and(|list| list.iter().any(of_job)) => "job-fail",
        Some((_, word)) => word,
        None => return Ok(false),
    };
    let mut marked = pod.clone();
    marked["metadata"]["annotations"][ANNOTATION] = json!(word);
    world.write_as("workloadctl-sandbox", "", key, marked)?;
    Ok(true)
}

/// The failure that is asked for of a pod, or of whoever made it.
fn of(world: &World<'_>, pod: &Value) -> StatusResult<Option<String>> {
    let mut object = pod.clone();
    // A pod, its ReplicaSet or Job, and the maker of that.
    for _ in 0..3 {
        let text = |key: &str| object["metadata"][key].as_str().unwrap_or_default().to_owned();
        let (namespace, name) = (text("namespace"), text("name"));
        let kind = object["kind"].as_str().unwrap_or_default();
        if let Some(failure) = world.storage.failure(&namespace, kind, &name)? {
            return Ok(Some(failure));
        }
        let owners = object["metadata"]["ownerReferences"].as_array().into_iter().flatten();
        let mut owners = owners.filter(|owner| owner["controller"] == true);
        let Some(owner) = owners.next() else { return Ok(None) };
        let word = |key: &str| owner[key].as_str().unwrap_or_default();
        let Some(resource) = world.registry.of_kind(word("apiVersion"), word("kind")) else {
            return Ok(None);
        };
        let key = ObjectKey::new(&resource.storage(), &namespace, word("name"));
        let Some(maker) = world.get(&key)? else { return Ok(None) };
        object = maker;
    }
    Ok(None)
}
