//! Helm's hooks: objects that a release makes anew before or after all others, and waits for.
//!
//! They mean what Helm means by them (<https://helm.sh/docs/topics/charts_hooks/>): by weight, kind
//! and name, one after the other, deleted first and afterwards as their policy says. What belongs
//! to Helm's tests and deletions is no part of a deploy.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    kinds::{Trait, builtin_kind},
    object::{Object, ObjectId},
    placement::Placed,
};

const HOOK: &str = "helm.sh/hook";
const WEIGHT: &str = "helm.sh/hook-weight";
const DELETE_POLICY: &str = "helm.sh/hook-delete-policy";

/// The events that Helm knows and no deploy has.
const OTHER_EVENTS: [&str; 5] =
    ["test", "test-success", "test-failure", "pre-delete", "post-delete"];

/// The events that an occasion has: before and after all that is no hook.
const EVENTS: [(Occasion, &str, &str); 3] = [
    (Occasion::Install, "pre-install", "post-install"),
    (Occasion::Upgrade, "pre-upgrade", "post-upgrade"),
    (Occasion::Rollback, "pre-rollback", "post-rollback"),
];

/// The order in which Helm installs kinds; others come after them, by name.
const INSTALL_ORDER: [&str; 32] = [
    "PriorityClass",
    "Namespace",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "PodDisruptionBudget",
    "ServiceAccount",
    "Secret",
    "ConfigMap",
    "StorageClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "CustomResourceDefinition",
    "ClusterRole",
    "ClusterRoleBinding",
    "Role",
    "RoleBinding",
    "Service",
    "DaemonSet",
    "Pod",
    "ReplicationController",
    "ReplicaSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "StatefulSet",
    "Job",
    "CronJob",
    "IngressClass",
    "Ingress",
    "APIService",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
];

/// Which of Helm's commands a release is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Occasion {
    /// No release before it went well.
    Install,
    Upgrade,
    /// What ran before comes back.
    Rollback,
    /// Nothing is done: what runs is only compared.
    Comparison,
}

/// When a hook runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Before all that is no hook.
    Before,
    /// After all that is no hook is ready.
    After,
}

/// What an object says of itself as a hook of a deploy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Hook {
    /// The events, as the annotation lists them.
    events: Vec<String>,
    weight: i64,
    /// The one of the release before goes first; Helm's default.
    before_creation: bool,
    /// It goes once the release's hooks have ended well.
    pub on_success: bool,
    /// It goes when it has failed.
    pub on_failure: bool,
}

impl Hook {
    /// Reads it off a body; none where the object is no hook.
    pub(crate) fn of(body: &Value) -> Option<Self> {
        let annotations = body.get("metadata")?.get("annotations")?;
        let list = |key: &str| -> Vec<String> {
            let text = annotations.get(key).and_then(Value::as_str).unwrap_or_default();
            let words = text.split(',').map(|word| word.trim().to_lowercase());
            words.filter(|word| !word.is_empty()).collect()
        };
        let events = list(HOOK);
        if events.is_empty() {
            return None;
        }
        let policies = list(DELETE_POLICY);
        let has = |policy: &str| policies.iter().any(|known| known == policy);
        let weight = annotations.get(WEIGHT).and_then(Value::as_str);
        Some(Self {
            events,
            // As Helm: what is no number weighs nothing.
            weight: weight.and_then(|weight| weight.parse().ok()).unwrap_or_default(),
            before_creation: policies.is_empty() || has("before-hook-creation"),
            on_success: has("hook-succeeded"),
            on_failure: has("hook-failed"),
        })
    }

    /// Tells when it runs first; none where it does not on that occasion.
    pub(crate) fn phase(&self, occasion: Occasion) -> Option<Phase> {
        match self.phases(occasion) {
            (true, _) => Some(Phase::Before),
            (false, true) => Some(Phase::After),
            (false, false) => None,
        }
    }

    /// Tells whether it runs before all others, and whether after them.
    fn phases(&self, occasion: Occasion) -> (bool, bool) {
        let events = EVENTS.iter().find(|(known, ..)| *known == occasion);
        let Some((_, before, after)) = events else { return (false, false) };
        let has = |event: &str| self.events.iter().any(|known| known == event);
        (has(before), has(after))
    }

    /// Tells whether the object of the release before is deleted and made anew. What runs is, whatever
    /// its policy: it would not run again otherwise. What holds data or objects of others never is.
    pub(crate) fn is_made_anew(&self, id: &ObjectId) -> bool {
        let runs = id.is("batch", "Job") || id.is("", "Pod");
        runs || (self.before_creation && !builtin_kind(id).is(Trait::Precious))
    }

    /// Says it as the reason of an action: `hook pre-install,pre-upgrade`.
    pub(crate) fn told(&self) -> String {
        format!("hook {}", self.events.join(","))
    }
}

/// Gives the reason to leave an object out of a definition: it belongs to no event of a deploy, or
/// to one that Helm does not know and so does not apply either.
pub(crate) fn reason_to_leave_out(object: &Object) -> Option<String> {
    let hook = Hook::of(&object.body)?;
    let events = &hook.events;
    let is_known = |event: &&String| {
        let is_it = |known: &&str| *known == event.as_str();
        OTHER_EVENTS.iter().any(is_it)
            || EVENTS.iter().any(|(_, before, after)| is_it(before) || is_it(after))
    };
    if let Some(unknown) = events.iter().find(|event| !is_known(event)) {
        return Some(format!("Helm knows no {HOOK} {unknown}"));
    }
    let idle = EVENTS.iter().all(|(occasion, ..)| hook.phase(*occasion).is_none());
    idle.then(|| format!("it runs only on {HOOK} {}", events.join(",")))
}

/// The hooks that run, as indices of the objects, in their order.
///
/// One that runs before and after all others is in both lists, if it is made anew: what stays as it is
/// would not run again.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Turns {
    pub before: Vec<usize>,
    pub after: Vec<usize>,
    /// What is no hook.
    pub rest: Vec<usize>,
}

impl Turns {
    /// Sorts objects by their turn.
    pub(crate) fn of(objects: &[Placed], occasion: Occasion) -> Self {
        let mut turns = Self::default();
        let mut hooks = Vec::new();
        for (index, object) in objects.iter().enumerate() {
            let Some(hook) = Hook::of(&object.body) else {
                turns.rest.push(index);
                continue;
            };
            let (before, after) = hook.phases(occasion);
            let after = after && (!before || hook.is_made_anew(&object.id));
            let place = (hook.weight, rank(&object.id), &object.id.name, index);
            hooks.push((place, before, after));
        }
        hooks.sort_by_key(|(place, ..)| *place);
        for ((.., index), before, after) in hooks {
            if before {
                turns.before.push(index);
            }
            if after {
                turns.after.push(index);
            }
        }
        turns
    }

    /// Gives those that have a second turn, in its order.
    pub(crate) fn second(&self) -> Vec<usize> {
        let before: HashSet<usize> = self.before.iter().copied().collect();
        self.after.iter().copied().filter(|index| before.contains(index)).collect()
    }
}

fn rank(id: &ObjectId) -> (usize, &str) {
    let known = INSTALL_ORDER.iter().position(|kind| *kind == id.kind);
    (known.unwrap_or(INSTALL_ORDER.len()), &id.kind)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn hook(annotations: &Value) -> Option<Hook> {
        Hook::of(&json!({"metadata": {"annotations": annotations}}))
    }

    #[test]
    fn phases_and_policies_are_those_of_helm() {
        let (install, upgrade) = (Occasion::Install, Occasion::Upgrade);
        for (events, on_install, on_upgrade) in [
            ("pre-install", Some(Phase::Before), None),
            ("post-install, pre-upgrade", Some(Phase::After), Some(Phase::Before)),
            ("Post-Upgrade,test", None, Some(Phase::After)),
            ("pre-install,post-install", Some(Phase::Before), None),
        ] {
            let hook = hook(&json!({HOOK: events})).unwrap();
            assert_eq!((hook.phase(install), hook.phase(upgrade)), (on_install, on_upgrade));
            assert!(hook.before_creation && !hook.on_success && !hook.on_failure);
        }
        let rollback = hook(&json!({HOOK: "post-rollback,pre-upgrade"})).unwrap();
        assert_eq!(rollback.phase(Occasion::Rollback), Some(Phase::After));
        assert_eq!((rollback.phase(install), rollback.phase(Occasion::Comparison)), (None, None));
        assert_eq!(hook(&json!({})), None);
        assert_eq!(hook(&json!({HOOK: ""})), None);
        let both = json!({HOOK: "pre-install", DELETE_POLICY: "hook-succeeded, hook-failed"});
        let both = hook(&both).unwrap();
        assert!(!both.before_creation && both.on_success && both.on_failure);
        let id = |group, kind| ObjectId::new(group, kind, Some("a"), "a");
        for (id, before, after) in [
            (id("batch", "Job"), true, true),
            (id("", "ConfigMap"), true, false),
            (id("", "PersistentVolumeClaim"), false, false),
        ] {
            let plain = hook(&json!({HOOK: "pre-install", WEIGHT: "x"})).unwrap();
            assert_eq!((plain.is_made_anew(&id), both.is_made_anew(&id)), (before, after), "{id}");
        }
    }

    #[test]
    fn by_weight_then_kind_then_name() {
        let placed = |kind: &str, name: &str, hook: Option<(&str, &str)>| {
            let mut body = json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": name}});
            if let Some((events, weight)) = hook {
                body["metadata"]["annotations"] = json!({HOOK: events, WEIGHT: weight});
            }
            Placed { id: ObjectId::of(&body), declared: None, body: body.into(), origin: None }
        };
        let objects = [
            placed("Job", "b", Some(("pre-install", "0"))),
            placed("Job", "a", Some(("pre-install", "nothing"))),
            placed("ServiceAccount", "z", Some(("pre-install", ""))),
            placed("Widget", "a", Some(("pre-install,post-upgrade", "-10"))),
            placed("ConfigMap", "plain", None),
            placed("Job", "after", Some(("post-install", "9"))),
            placed("Job", "later", Some(("post-install", "10"))),
            placed("Alpha", "a", Some(("pre-install", "0"))),
        ];
        let turns = Turns::of(&objects, Occasion::Install);
        assert_eq!(turns, Turns { before: vec![3, 2, 1, 0, 7], after: vec![5, 6], rest: vec![4] });
        let turns = Turns::of(&objects, Occasion::Upgrade);
        assert_eq!(turns, Turns { before: vec![], after: vec![3], rest: vec![4] });

        // Twice, and not what holds data.
        let both = "pre-install,post-install";
        let objects = [
            placed("Job", "late", Some((both, "2"))),
            placed("Job", "plain", Some(("post-install", "1"))),
            placed("PersistentVolumeClaim", "data", Some((both, "0"))),
            placed("ConfigMap", "first", Some((both, "0"))),
        ];
        let turns = Turns::of(&objects, Occasion::Install);
        assert_eq!(turns, Turns { before: vec![3, 2, 0], after: vec![3, 1, 0], rest: vec![] });
        assert_eq!(turns.second(), [3, 0]);
    }
}
