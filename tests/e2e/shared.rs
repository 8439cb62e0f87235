//! Cluster-scoped objects that several instances apply: who may change them, and who removes them.

use http::Method;
use serde_json::{Value, json};
use workloadctl::testing::Request;

use crate::harness::{Place, side_by_side};

/// A set with a cluster role of that name and verb.
fn set(role: &str, verb: &str) -> String {
    format!(
        "apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: {role}}}
rules: [{{apiGroups: [''], resources: [nodes], verbs: [{verb}]}}]
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: settings}}
"
    )
}

fn path(role: &str) -> String {
    format!("/apis/rbac.authorization.k8s.io/v1/clusterroles/{role}")
}

fn verb(place: &Place, role: &str) -> String {
    let live = place.get(&path(role)).expect("the role is there");
    live["rules"][0]["verbs"][0].as_str().unwrap().to_owned()
}

fn version(place: &Place, role: &str) -> String {
    let live = place.get(&path(role)).expect("the role is there");
    live["metadata"]["resourceVersion"].as_str().unwrap().to_owned()
}

/// Gives the managers of ours that apply a role, without their prefix.
fn owners(place: &Place, role: &str) -> Vec<String> {
    let live = place.get(&path(role)).expect("the role is there");
    let entries = live["metadata"]["managedFields"].as_array().unwrap().iter();
    let mut owners: Vec<String> = entries
        .filter_map(|entry| entry["manager"].as_str()?.strip_prefix("workloadctl:"))
        .map(str::to_owned)
        .collect();
    owners.sort();
    owners
}

fn both(name: &str) -> String {
    format!("{name}/{name}")
}

on_both! {
    fn equal_bodies_are_shared_and_the_last_one_deletes(place) {
        let (a, b) = (place.instance("-a"), place.instance("-b"));
        place.write("set.yaml", &set(&a, "get"));
        place.run(&format!("deploy {a} -f set.yaml")).expect(0);
        place.run(&format!("deploy {b} -f set.yaml")).expect(0);
        assert_eq!(owners(place, &a), [both(&a), both(&b)]);
        let before = version(place, &a);
        for name in [&a, &b] {
            let again = place.run(&format!("deploy {name} -o json")).expect(0).json();
            assert_eq!(again["outcome"], "unchanged", "{again}");
        }
        assert_eq!(version(place, &a), before, "nothing was written");
        // What leaves the definition is left to the other one too.
        place.write("without.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\n");
        snapshot!(place.told(&format!("deploy {a} -f without.yaml --progress none")), @"
        $ workloadctl deploy NAME-a -f without.yaml --progress none
        exit code 0
        --- stdout
        NAME-a deployed to RUNTIME (release 2, NAME-a revision 2): 3 unchanged; ready in N s
        ClusterRole/NAME-a stays: also used by NAME-b
        namespace NAME-a
        --- stderr
        ClusterRole/NAME-a stays: also used by NAME-b
        ");
        assert_eq!(owners(place, &a), [both(&b)]);
        place.run(&format!("deploy {a} -f set.yaml")).expect(0);
        snapshot!(place.told(&format!("delete {a} --yes --progress none")), @"
        $ workloadctl delete NAME-a --yes --progress none
        exit code 0
        --- stdout
        NAME-a deleted from RUNTIME: 1 unchanged, 2 deleted; in N s
        ClusterRole/NAME-a stays: also used by NAME-b
        --- stderr
        ClusterRole/NAME-a stays: also used by NAME-b
        ");
        assert_eq!((owners(place, &a), verb(place, &a)), (vec![both(&b)], "get".to_owned()));
        place.run(&format!("delete {b} --yes")).expect(0);
        assert!(place.get(&path(&a)).is_none(), "the last one deletes");
    }

    fn of_one_definition_the_last_change_wins_and_says_so(place) {
        let (a, b) = (place.instance("-a"), place.instance("-b"));
        let other = place.elsewhere();
        for (at, name, verb) in [(place, &a, "get"), (&other, &b, "get")] {
            at.write("set.yaml", &set(&a, verb));
            at.run(&format!("deploy {name} -f set.yaml --definition roles")).expect(0);
        }
        // Two revisions: the newer body wins.
        place.write("set.yaml", &set(&a, "list"));
        let line = format!("deploy {a} -f set.yaml --definition roles --progress none");
        snapshot!(place.told(&line.replace("deploy", "plan")), @"
        $ workloadctl plan NAME-a -f set.yaml --definition roles --progress none
        exit code 0
        --- stdout
        ACTION  OBJECT  NAMESPACE  REASON
        unchanged  Namespace/NAME-a  -  -
        update  ClusterRole/NAME-a  -  also used by NAME-b, which runs revision 1
        unchanged  ConfigMap/settings  NAME-a  -
        NAME-a on RUNTIME: 1 to update, 2 unchanged
        --- stderr
        warning: ClusterRole/NAME-a: also used by NAME-b, which runs revision 1
        ");
        snapshot!(place.told(&line), @"
        $ workloadctl deploy NAME-a -f set.yaml --definition roles --progress none
        exit code 0
        --- stdout
        NAME-a deployed to RUNTIME (release 2, roles revision 2): 1 updated, 2 unchanged; ready in N s
        namespace NAME-a
        --- stderr
        warning: ClusterRole/NAME-a: also used by NAME-b, which runs revision 1
        ");
        assert_eq!(verb(place, &a), "list");
        // Whose own body did not change leaves it, and writes nothing, twice.
        let before = version(place, &a);
        for _ in 0..2 {
            let again = other.run(&format!("deploy {b} -o json")).expect(0).json();
            assert_eq!(again["outcome"], "unchanged", "{again}");
        }
        assert_eq!(version(place, &a), before, "nothing was written");
        let plan = other.run(&format!("plan {b} -o json")).expect(0).json();
        assert_eq!((&plan["counts"]["update"], &plan["counts"]["blocked"]), (&json!(0), &json!(0)), "{plan}");
        let forced = other.run(&format!("plan {b} --conflicts force"));
        snapshot!(place.shown(&forced), @"
        $ workloadctl plan NAME-b --conflicts force
        exit code 0
        --- stdout
        ACTION  OBJECT  NAMESPACE  REASON
        unchanged  Namespace/NAME-b  -  -
        update  ClusterRole/NAME-a  -  also used by NAME-a, which runs revision 2
        unchanged  ConfigMap/settings  NAME-b  -
        NAME-b on RUNTIME: 1 to update, 2 unchanged
        --- stderr
        warning: ClusterRole/NAME-a: also used by NAME-a, which runs revision 2
        ");
        // Another object of the set changes: the role is left all the same.
        other.write("set.yaml", &format!("{}data: {{x: some}}\n", set(&a, "get")));
        let more = other.run(&format!("deploy {b} -f set.yaml --definition roles -o json")).expect(0).json();
        assert_eq!((&more["counts"]["update"], verb(place, &a)), (&json!(1), "list".to_owned()), "{more}");
        // And the other way round.
        other.write("set.yaml", &set(&a, "watch"));
        let won = other.run(&format!("deploy {b} -f set.yaml --definition roles --progress none"));
        snapshot!(place.shown(&won), @"
        $ workloadctl deploy NAME-b -f set.yaml --definition roles --progress none
        exit code 0
        --- stdout
        NAME-b deployed to RUNTIME (release 3, roles revision 3): 2 updated, 1 unchanged; ready in N s
        namespace NAME-b
        --- stderr
        warning: ClusterRole/NAME-a: also used by NAME-a, which runs revision 2
        ");
        place.run(&format!("deploy {a}")).expect(0);
        assert_eq!(verb(place, &a), "watch");
        // The winner leaves: its content stays until the other has its own again.
        other.run(&format!("delete {b} --yes")).expect(0);
        assert_eq!(verb(place, &a), "watch");
        let mine = place.run(&format!("deploy {a} -o json")).expect(0).json();
        assert_eq!((&mine["counts"]["update"], verb(place, &a)), (&json!(1), "list".to_owned()), "{mine}");
        place.run(&format!("delete {a} --yes")).expect(0);
        assert!(place.get(&path(&a)).is_none());
    }

    fn another_definition_with_another_body_is_refused(place) {
        let (a, b) = (place.instance("-a"), place.instance("-b"));
        place.write("a.yaml", &set(&a, "get"));
        place.write("b.yaml", &set(&a, "list"));
        place.run(&format!("deploy {a} -f a.yaml")).expect(0);
        let before = version(place, &a);
        snapshot!(place.told(&format!("deploy {b} -f b.yaml")), @"
        $ workloadctl deploy NAME-b -f b.yaml
        exit code 5
        --- stderr
        error: 1 object stands in the way; nothing was written
          ClusterRole/NAME-a (b.yaml:1): rules is held by the workloadctl instance NAME-a/NAME-a; NAME-a is an instance of definition `NAME-a`
        hint: `--conflicts force` takes them, `--conflicts yield` leaves them to their holders
        ");
        snapshot!(place.told(&format!("plan {b} -f b.yaml")), @"
        $ workloadctl plan NAME-b -f b.yaml
        exit code 5
        --- stdout
        ACTION  OBJECT  NAMESPACE  REASON
        create  Namespace/NAME-b  -  -
        blocked  ClusterRole/NAME-a  -  rules is held by the workloadctl instance NAME-a/NAME-a; NAME-a is an instance of definition `NAME-a`
        create  ConfigMap/settings  NAME-b  -
        NAME-b on RUNTIME: 2 to create, 1 blocked
        --- stderr
        error: 1 object stands in the way; nothing was written
          ClusterRole/NAME-a (b.yaml:1): rules is held by the workloadctl instance NAME-a/NAME-a; NAME-a is an instance of definition `NAME-a`
        hint: `--conflicts force` takes them, `--conflicts yield` leaves them to their holders
        ");
        assert_eq!(version(place, &a), before, "nothing was written");
        assert!(place.get(&format!("/api/v1/namespaces/{b}")).is_none());
        place.run(&format!("deploy {b} -f b.yaml --conflicts force")).expect(0);
        assert_eq!(verb(place, &a), "list");
        snapshot!(place.told(&format!("deploy {a}")), @"
        $ workloadctl deploy NAME-a
        exit code 5
        --- stderr
        error: 1 object stands in the way; nothing was written
          ClusterRole/NAME-a (a.yaml:1): rules is held by the workloadctl instance NAME-b/NAME-b; NAME-b is an instance of definition `NAME-b`
        hint: `--conflicts force` takes them, `--conflicts yield` leaves them to their holders
        ");
    }

    fn who_has_no_record_is_no_owner(place) {
        let (a, b, c) = (place.instance("-a"), place.instance("-b"), place.instance("-c"));
        place.write("set.yaml", &set(&a, "get"));
        place.write("other.yaml", &set(&a, "list"));
        place.run(&format!("deploy {a} -f set.yaml")).expect(0);
        place.run(&format!("deploy {b} -f set.yaml")).expect(0);
        let record = format!("/api/v1/namespaces/{a}/secrets/workloadctl.{a}");
        place.call(Request::json(Method::DELETE, &*record, &json!({}))).unwrap();
        place.run(&format!("delete {b} --yes")).expect(0);
        assert!(place.get(&path(&a)).is_none(), "the last one with a record deletes");
        // A body of somebody without a record is taken over.
        place.run(&format!("deploy {a}")).expect(0);
        place.call(Request::json(Method::DELETE, &*record, &json!({}))).unwrap();
        place.run(&format!("deploy {c} -f other.yaml")).expect(0);
        assert_eq!(verb(place, &a), "list");
    }

    fn two_who_leave_at_once_leave_no_orphan(place) {
        let cases: Vec<usize> = (0..4).collect();
        side_by_side(cases, 2, |case| {
            let (here, there) = (place.elsewhere(), place.elsewhere());
            let (a, b) = (place.instance(&format!("-{case}a")), place.instance(&format!("-{case}b")));
            for (at, name) in [(&here, &a), (&there, &b)] {
                at.write("set.yaml", &set(&a, "get"));
                at.run(&format!("deploy {name} -f set.yaml --definition roles")).expect(0);
            }
            let first = here.start(&format!("delete {a} --yes"));
            let second = there.start(&format!("delete {b} --yes"));
            here.finish(first).expect(0);
            there.finish(second).expect(0);
            assert!(place.get(&path(&a)).is_none(), "an orphan");
        });
    }

    fn a_shared_kind_follows_who_changed_it_last(place) {
        let (a, b) = (place.instance("-a"), place.instance("-b"));
        let other = place.elsewhere();
        let plural = format!("gadgets-{a}");
        let path = format!("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{plural}.example.test");
        let versions = || -> Vec<Value> {
            let live = place.get(&path).expect("the kind is there");
            live["spec"]["versions"].as_array().unwrap().iter().map(|it| it["name"].clone()).collect()
        };
        let line = |name: &str| format!("deploy {name} -f set.yaml --definition gadgets");
        let mut kind = definition(&plural);
        for (at, name) in [(place, &a), (&other, &b)] {
            at.write("set.yaml", &kind.to_string());
            at.run(&line(name)).expect(0);
        }
        let mut second = kind["spec"]["versions"][0].clone();
        (second["name"], second["storage"]) = ("v2".into(), false.into());
        kind["spec"]["versions"].as_array_mut().unwrap().push(second);
        place.write("set.yaml", &kind.to_string());
        snapshot!(place.told(&format!("{} --progress none", line(&a))), @"
        $ workloadctl deploy NAME-a -f set.yaml --definition gadgets --progress none
        exit code 0
        --- stdout
        NAME-a deployed to RUNTIME (release 2, gadgets revision 2): 1 updated, 1 unchanged; ready in N s
        namespace NAME-a
        --- stderr
        warning: CustomResourceDefinition/gadgets-NAME-a.example.test: also used by NAME-b, which runs revision 1
        ");
        let before = place.get(&path).unwrap()["metadata"]["resourceVersion"].clone();
        for _ in 0..2 {
            let again = other.run(&format!("deploy {b} -o json")).expect(0).json();
            assert_eq!(again["outcome"], "unchanged", "{again}");
        }
        assert_eq!(place.get(&path).unwrap()["metadata"]["resourceVersion"], before);
        assert_eq!(versions(), ["v1", "v2"]);
        // Neither generation nor our own entry tells that the winner is gone.
        place.run(&format!("delete {a} --yes")).expect(0);
        assert_eq!(versions(), ["v1", "v2"], "leaving changes nothing");
        let again = other.run(&format!("deploy {b} -o json")).expect(0).json();
        assert_eq!((&again["counts"]["update"], versions()), (&json!(1), vec![json!("v1")]), "{again}");
        other.run(&format!("delete {b} --yes")).expect(0);
        assert!(place.get(&path).is_none());
    }

    fn two_who_come_at_once_share(place) {
        let cases: Vec<usize> = (0..3).collect();
        side_by_side(cases, 2, |case| {
            let (here, there) = (place.elsewhere(), place.elsewhere());
            let (a, b) = (place.instance(&format!("-{case}a")), place.instance(&format!("-{case}b")));
            let start = |at: &Place, name: &str| {
                at.write("set.yaml", &set(&a, "get"));
                at.start(&format!("deploy {name} -f set.yaml --definition roles"))
            };
            let (first, second) = (start(&here, &a), start(&there, &b));
            here.finish(first).expect(0);
            there.finish(second).expect(0);
            assert_eq!(owners(place, &a), [both(&a), both(&b)]);
            // One leaves while the other one changes: it is never lost.
            here.write("set.yaml", &set(&a, "list"));
            let change = here.start(&format!("deploy {a} -f set.yaml --definition roles"));
            let leave = there.start(&format!("delete {b} --yes"));
            here.finish(change).expect(0);
            there.finish(leave).expect(0);
            assert_eq!((owners(place, &a), verb(place, &a)), (vec![both(&a)], "list".to_owned()));
        });
    }

    fn a_definition_with_other_peoples_custom_resources_survives(place) {
        for flag in ["", " --delete-crds"] {
            let name = place.instance(if flag.is_empty() { "-s" } else { "-d" });
            let plural = format!("gadgets-{name}");
            let (crd, ours) = (definition(&plural), json!({"metadata": {"name": "ours"}}));
            let kind = crd["spec"]["names"]["kind"].clone();
            place.write("set.yaml", &format!("{crd}\n{}", custom(&kind, &ours)));
            place.run(&format!("deploy {name} -f set.yaml")).expect(0);
            let theirs = json!({"metadata": {"name": "theirs"}});
            let theirs: Value = serde_json::from_str(&custom(&kind, &theirs)).unwrap();
            let collection = format!("/apis/example.test/v1/namespaces/default/{plural}");
            place.call(Request::json(Method::POST, &*collection, &theirs)).unwrap();
            let deleted = place.run(&format!("delete {name} --yes{flag} --progress none")).expect(0);
            let path = format!("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{plural}.example.test");
            if flag.is_empty() {
                snapshot!(place.shown(&deleted), @"
                $ workloadctl delete NAME-s --yes --progress none
                exit code 0
                --- stdout
                NAME-s deleted from RUNTIME: 1 unchanged, 2 deleted; in N s
                CustomResourceDefinition/gadgets-NAME-s.example.test stays: 1 custom resource of it is not ours (`workloadctl delete NAME-s` deletes it once they are gone, `--delete-crds` with them)
                --- stderr
                CustomResourceDefinition/gadgets-NAME-s.example.test stays: 1 custom resource of it is not ours (`workloadctl delete NAME-s` deletes it once they are gone, `--delete-crds` with them)
                ");
                assert!(place.get(&format!("{collection}/theirs")).is_some());
                assert!(place.get(&format!("/api/v1/namespaces/{name}")).is_none());
                // It is known again: by the next deploy, and by a deletion.
                let uid = place.get(&path).unwrap()["metadata"]["uid"].clone();
                let again = place.run(&format!("deploy {name} -f set.yaml -o json")).expect(0).json();
                assert_eq!(again["counts"]["adopt"], 0, "{again}");
                place.run(&format!("delete {name} --yes")).expect(0);
                assert_eq!(place.get(&path).unwrap()["metadata"]["uid"], uid);
                let options = json!({"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background"});
                place.call(Request::json(Method::DELETE, format!("{collection}/theirs"), &options)).unwrap();
                let last = place.run(&format!("delete {name} --yes -o json")).expect(0).json();
                assert_eq!(last["counts"]["delete"], 1, "{last}");
                assert!(place.get(&path).is_none());
            } else {
                assert!(place.get(&path).is_none());
            }
        }
    }
}

fn definition(plural: &str) -> Value {
    let kind = format!("Gadget{}", plural.trim_start_matches("gadgets-").replace('-', ""));
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.example.test")},
        "spec": {"group": "example.test", "scope": "Namespaced",
            "names": {"kind": kind, "plural": plural, "singular": plural.replacen("gadgets", "gadget", 1)},
            "versions": [{"name": "v1", "served": true, "storage": true,
                "schema": {"openAPIV3Schema": {"type": "object"}}}]},
    })
}

fn custom(kind: &Value, object: &Value) -> String {
    let mut object = object.clone();
    object["apiVersion"] = "example.test/v1".into();
    object["kind"] = kind.clone();
    object.to_string()
}
