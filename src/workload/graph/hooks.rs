//! Helm's hooks: one after the other, before and after all other objects.

use super::{
    Milestone, Reason,
    builder::{Builder, Prerequisite},
};
use crate::workload::hooks::Turns;

/// Adds the edges of the hooks that run; `second` are those that do it twice.
pub(super) fn add(builder: &mut Builder<'_>, turns: &Turns, second: &[usize]) {
    let Turns { before, after, rest } = turns;
    let node = |index: &usize| match second.iter().position(|twice| twice == index) {
        Some(place) => builder.objects.len() + place,
        None => *index,
    };
    let after: Vec<usize> = after.iter().map(node).collect();
    for hooks in [before, &after] {
        for pair in hooks.windows(2) {
            builder.hard(ready(pair[0], Reason::Hook), pair[1]);
        }
    }
    if let Some(last) = before.last() {
        let gate = builder.join();
        builder.hard(ready(*last, Reason::Hook), gate);
        for node in rest {
            let id = &builder.objects[*node].id;
            // Hooks lie in namespaces too, and may be custom resources.
            if !id.is("", "Namespace") && !id.is("apiextensions.k8s.io", "CustomResourceDefinition")
            {
                builder.hard(passed(gate), *node);
            }
        }
    }
    if let Some(first) = after.first() {
        let gate = builder.join();
        for node in rest {
            builder.hard(ready(*node, Reason::BeforeHook), gate);
        }
        if let Some(last) = before.last() {
            builder.hard(ready(*last, Reason::Hook), gate);
        }
        builder.hard(passed(gate), *first);
    }
}

fn ready(node: usize, reason: Reason) -> Prerequisite {
    Prerequisite { node, until: Milestone::Ready, reason }
}

fn passed(gate: usize) -> Prerequisite {
    Prerequisite { node: gate, until: Milestone::Applied, reason: Reason::Hook }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::workload::{
        graph::{Graph, Schedule},
        hooks::Occasion,
        kinds::Kinds,
        object::ObjectId,
        placement::Placed,
    };

    fn placed(mut body: Value, hook: Option<&str>) -> Placed {
        if let Some(hook) = hook {
            body["metadata"]["annotations"] = json!({"helm.sh/hook": hook});
        }
        Placed { id: ObjectId::of(&body), declared: None, body: body.into(), origin: None }
    }

    fn config(name: &str, hook: Option<&str>) -> Placed {
        let metadata = json!({"name": name, "namespace": "shop"});
        placed(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}), hook)
    }

    /// Gives what goes side by side, each wave once the one before is ready.
    fn waves(objects: &[Placed], occasion: Occasion, forgo: bool) -> Vec<Vec<&str>> {
        let mut graph = Graph::build(objects, &Kinds::builtin(), occasion).unwrap();
        if forgo {
            graph.forgo_backends();
        }
        let until = if forgo { Milestone::Applied } else { Milestone::Ready };
        let mut schedule = Schedule::start(&graph);
        let mut waves = Vec::new();
        loop {
            let released = schedule.released();
            if released.is_empty() {
                return waves;
            }
            let object = |node| &objects[graph.first_turn(node).unwrap_or(node)];
            waves.push(released.iter().map(|node| &*object(*node).id.name).collect());
            released.into_iter().for_each(|node| {
                let is_hook = object(node).annotation("helm.sh/hook").is_some();
                schedule.reached(node, if is_hook { Milestone::Ready } else { until });
            });
        }
    }

    #[test]
    fn hooks_stand_around_the_rest_in_its_namespace() {
        let reader = json!({"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "reader", "namespace": "shop"},
            "spec": {"volumes": [{"configMap": {"name": "a"}}]}});
        let shop = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}});
        let objects = [
            config("a", None),
            config("z", None),
            // It names what comes after it, as Helm has it.
            placed(reader, Some("pre-install")),
            config("first", Some("pre-install")),
            config("last", Some("post-install,pre-upgrade")),
            placed(shop, None),
        ];
        assert_eq!(
            waves(&objects, Occasion::Install, false),
            [vec!["shop"], vec!["first"], vec!["reader"], vec!["a", "z"], vec!["last"],]
        );
        // What does not run on this occasion is in nobody's way.
        let upgrade = waves(&objects, Occasion::Upgrade, false);
        assert_eq!(upgrade, [vec!["shop"], vec!["first", "last"], vec!["a", "z"], vec!["reader"]]);
        let plain = [config("a", None), config("last", Some("post-install"))];
        assert_eq!(waves(&plain, Occasion::Install, true), [vec!["a"], vec!["last"]]);
    }

    #[test]
    fn what_runs_before_and_after_has_two_turns() {
        let both = "pre-install,post-install";
        let objects = [
            config("rest", None),
            config("b", Some(both)),
            config("a", Some("pre-install")),
            config("c", Some("post-install")),
            config("d", Some(both)),
        ];
        assert_eq!(
            waves(&objects, Occasion::Install, false),
            [["a"], ["b"], ["d"], ["rest"], ["b"], ["c"], ["d"]].map(Vec::from)
        );
        let graph = Graph::build(&objects, &Kinds::builtin(), Occasion::Install).unwrap();
        let why = graph.why(3).into_iter().map(|why| why.from).collect::<Vec<_>>();
        assert_eq!((graph.second_turns(), why), (&[1, 4][..], vec![1]));
    }

    #[test]
    fn hooks_against_what_the_user_says_are_a_circle() {
        let mut before = config("before", Some("pre-install"));
        before.body["metadata"]["annotations"]["config.kubernetes.io/depends-on"] =
            json!("/namespaces/shop/ConfigMap/a");
        let objects = [config("a", None), before];
        let error = Graph::build(&objects, &Kinds::builtin(), Occasion::Install).unwrap_err();
        assert_eq!(error.causes.len(), 1);
        assert!(error.causes[0].contains("ConfigMap/before"), "{error:?}");
    }
}
