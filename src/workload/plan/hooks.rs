//! What a release does to its hooks: they are made anew each time.

use serde_json::Value;

use super::{Choices, Decision, Desired, Plan, decide};
use crate::workload::{hooks::Hook, ownership::other_instances, record::Entry, release::Action};

/// Decides about a hook that runs. `live` is its metadata or the whole object.
pub(crate) fn decide_hook(
    hook: &Hook,
    desired: &Desired,
    entry: Option<&Entry>,
    live: Option<&Value>,
    manager: &str,
    choices: Choices,
) -> Decision {
    let Some(live) = live else { return Decision::Create { after: None } };
    // Others apply it too, and would lose it.
    let is_shared = desired.id.namespace.is_none() && !other_instances(live, manager).is_empty();
    if is_shared || !hook.is_made_anew(&desired.id) {
        return decide(desired, entry, Some(live), manager, choices);
    }
    let choices = Choices { anew: true, ..choices };
    match decide(desired, entry, Some(live), manager, choices) {
        Decision::Recreate { uid, .. } => Decision::Recreate { uid, why: hook.told() },
        decision => decision,
    }
}

impl Plan {
    /// Leaves the hooks alone: nothing else changes, and no release is made that they would run
    /// for. `inventory` is what is recorded.
    pub(crate) fn leave_hooks(&mut self, inventory: &[Entry]) {
        for item in self.items.iter_mut().filter(|item| item.desired.hook.is_some()) {
            (item.action, item.block, item.uid) = (Action::Unchanged, None, None);
            item.reason = item.desired.hook.as_ref().map(Hook::told).unwrap_or_default();
            item.entry = inventory.iter().find(|entry| entry.id == item.desired.id).cloned();
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::workload::plan::Item;

    const OURS: &str = "workloadctl:web/web";

    fn desired(kind: &str, namespace: Option<&str>) -> Desired {
        let annotations = json!({"helm.sh/hook": "pre-install"});
        let metadata = json!({"name": "a", "namespace": namespace, "annotations": annotations});
        Desired::new(json!({"apiVersion": "v1", "kind": kind, "metadata": metadata}), None)
    }

    fn live(managers: &[&str]) -> Value {
        let fields = managers.iter().map(|name| json!({"manager": name, "operation": "Apply"}));
        json!({"metadata": {"uid": "u", "managedFields": fields.collect::<Vec<_>>()}})
    }

    #[test]
    fn what_is_ours_alone_is_made_anew() {
        let decided = |desired: &Desired, live: Option<&Value>| {
            let hook = desired.hook.as_ref().unwrap();
            let done = Entry {
                body: Some(desired.digest.clone()),
                uid: Some("u".into()),
                completed: true,
                ..Entry::new(desired.id.clone(), "v1")
            };
            let decision = decide_hook(hook, desired, Some(&done), live, OURS, Choices::default());
            match decision {
                Decision::Recreate { why, .. } => why,
                Decision::Create { .. } => "create".to_owned(),
                Decision::Ask { .. } => "ask".to_owned(),
                Decision::Blocked { why, .. } => why,
                other => panic!("{other:?}"),
            }
        };
        let (map, role) = (desired("ConfigMap", Some("web")), desired("ClusterRole", None));
        let ours = live(&[OURS]);
        // Though it completed: it runs again.
        assert_eq!(decided(&map, None), "create");
        assert_eq!(decided(&map, Some(&ours)), "hook pre-install");
        assert_eq!(decided(&role, Some(&ours)), "hook pre-install");
        let shared = live(&[OURS, "workloadctl:b/b"]);
        assert_eq!(decided(&role, Some(&shared)), "ask");
        let claim = desired("PersistentVolumeClaim", Some("web"));
        assert_eq!(decided(&claim, Some(&ours)), "ask");
        let stray = Entry::new(map.id.clone(), "v1");
        let hook = map.hook.as_ref().unwrap();
        let theirs = live(&["kubectl"]);
        let decision =
            decide_hook(hook, &map, Some(&stray), Some(&theirs), OURS, Choices::default());
        assert!(matches!(decision, Decision::Blocked { .. }), "{decision:?}");
    }

    #[test]
    fn without_a_release_hooks_are_left_alone() {
        let desired = desired("ConfigMap", Some("web"));
        let known = Entry { uid: Some("u".into()), ..Entry::new(desired.id.clone(), "v1") };
        let item = Item {
            uid: Some("u".into()),
            reason: "it exists".to_owned(),
            ..Item::new(desired, Action::Recreate)
        };
        let mut plan = Plan { items: vec![item], ..Plan::default() };
        assert!(!plan.has_changes(true));
        assert!(!plan.items[0].is_idle_hook());
        plan.leave_hooks(std::slice::from_ref(&known));
        let [item] = &*plan.items else { panic!("{plan:?}") };
        assert!(item.is_idle_hook());
        assert_eq!((item.entry.as_ref(), &*item.reason), (Some(&known), "hook pre-install"));
    }
}
