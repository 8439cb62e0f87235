//! What leaves a definition or goes with an instance, and what has to stay: nothing that others
//! have in a namespace, nothing that the server does not let go, nothing that cannot be looked at.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use http::Method;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use workloadctl::testing::{Effect, Fault, Matches, Request, When};

use crate::harness::Place;

const CONFIG: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";

fn namespaces(names: &[&str]) -> String {
    let document =
        |name| format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n---\n");
    names.iter().map(document).collect()
}

fn post(place: &Place, collection: &str, kind: &str, name: &str) {
    let body = json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": name}});
    let path = format!("{collection}?fieldManager=kubectl-create");
    place.call(Request::json(Method::POST, path, &body)).unwrap();
}

fn remove(place: &Place, path: &str) {
    let body =
        json!({"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background"});
    place.call(Request::json(Method::DELETE, path, &body)).unwrap();
}

fn on(method: &'static str, path: &str, effect: Effect) -> Arc<Fault> {
    let matches =
        Matches { method: Some(method), path: Some(path.to_owned()), ..Matches::default() };
    Arc::new(Fault::new(matches, When::Always, effect))
}

/// A definition of custom resources, and one of them.
fn custom(name: &str) -> (String, String) {
    let kind = format!("Gadget{}", name.replace('-', ""));
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("gadgets-{name}.example.test")},
        "spec": {"group": "example.test", "scope": "Namespaced",
            "names": {"kind": kind, "plural": format!("gadgets-{name}"), "singular": format!("gadget-{name}")},
            "versions": [{"name": "v1", "served": true, "storage": true,
                "schema": {"openAPIV3Schema": {"type": "object"}}}]},
    });
    let resource =
        json!({"apiVersion": "example.test/v1", "kind": kind, "metadata": {"name": "one"}});
    (format!("---\n{definition}\n"), format!("---\n{resource}\n"))
}

on_both! {
    fn a_namespace_with_what_others_have_in_it_outlives_its_release(place) {
        let (name, other) = (place.instance(""), place.instance("-o"));
        let (found, shared, used) = (format!("{name}-f"), format!("{name}-s"), format!("{name}-u"));
        post(place, "/api/v1/namespaces", "Namespace", &found);
        let theirs = format!("/api/v1/namespaces/{found}/configmaps");
        post(place, &theirs, "ConfigMap", "theirs");
        let inside = format!("---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: b, namespace: {used}}}\n");
        place.write("set.yaml", &format!("{}{CONFIG}{inside}", namespaces(&[&name, &found, &shared, &used])));
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        place.write("other.yaml", CONFIG);
        place.run(&format!("deploy {other} -f other.yaml --namespace {shared}")).expect(0);

        // What it did not make goes without a question: nothing is lost.
        place.write("set.yaml", &format!("{}{CONFIG}{inside}", namespaces(&[&name, &shared, &used])));
        let left = place.run(&format!("deploy {name} -f set.yaml -o json")).expect(0).json();
        assert_eq!(left["counts"].get("prune").and_then(Value::as_u64).unwrap_or(0), 0, "{left}");
        let live = place.get(&format!("/api/v1/namespaces/{found}")).expect("somebody else made it");
        assert!(!live["metadata"]["managedFields"].to_string().contains("workloadctl:"), "{live}");
        assert!(live["metadata"].get("deletionTimestamp").is_none(), "{live}");
        assert!(place.get(&format!("{theirs}/theirs")).is_some());

        place.write("set.yaml", &format!("{}{CONFIG}{inside}", namespaces(&[&name])));
        // What stays is told as the answers come.
        let told = place.told(&format!("deploy {name} -f set.yaml --yes --progress none"));
        let mut told: Vec<&str> = told.lines().collect();
        told.sort_unstable();
        snapshot!(told.join("\n"), @"
        $ workloadctl deploy NAME -f set.yaml --yes --progress none
        --- stderr
        --- stdout
        NAME deployed to RUNTIME (release 3, NAME revision 3): 5 unchanged; ready in N s
        Namespace/NAME-s stays: instance NAME-o lives in it
        Namespace/NAME-s stays: instance NAME-o lives in it
        Namespace/NAME-u stays: NAME-u/ConfigMap/b is in it
        Namespace/NAME-u stays: NAME-u/ConfigMap/b is in it
        exit code 0
        namespace NAME
        ");
        for path in [format!("{shared}/configmaps/a"), format!("{used}/configmaps/b")] {
            assert!(place.get(&format!("/api/v1/namespaces/{path}")).is_some(), "{path}");
        }
        let again = place.run(&format!("deploy {name} -o json")).expect(0).json();
        assert_eq!(again["outcome"], "unchanged", "{again}");
        place.run(&format!("delete {other} --yes")).expect(0);
        place.run(&format!("delete {name} --yes")).expect(0);
        // It made these two, and nobody is in them any more.
        for namespace in [shared, used] {
            assert!(place.get(&format!("/api/v1/namespaces/{namespace}")).is_none(), "{namespace}");
        }
        remove(place, &format!("/api/v1/namespaces/{found}"));
    }

    fn while_a_custom_resource_may_not_go_nothing_else_does(place) {
        let place = place.behind_proxy();
        let name = place.instance("");
        let (definition, resource) = custom(&name);
        place.write("set.yaml", &format!("{CONFIG}{definition}{resource}"));
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        place.faults(&[on("DELETE", &format!("/gadgets-{name}/one"), Effect::Forbidden)]);
        place.write("less.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: other}\n");
        for line in [format!("delete {name}"), format!("deploy {name} -f less.yaml")] {
            let failed = place.run(&format!("{line} --yes -o json")).expect(1).json();
            assert_eq!(failed["error"]["code"], "forbidden", "{failed}");
            if line.starts_with("delete") {
                let told = failed["objects"].as_array().unwrap().iter();
                let mut told: Vec<String> = told.map(|object| format!("{} {}", object["kind"], object["action"])).collect();
                told.sort();
                assert_eq!(told.len(), 4, "{failed}");
                assert_eq!(told.iter().filter(|told| told.ends_with("\"blocked\"")).count(), 1, "{failed}");
                assert_eq!((&failed["counts"]["blocked"], &failed["counts"]["delete"]), (&json!(1), &json!(0)), "{failed}");
            }
            for path in [
                format!("/apis/example.test/v1/namespaces/{name}/gadgets-{name}/one"),
                format!("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/gadgets-{name}.example.test"),
                format!("/api/v1/namespaces/{name}/configmaps/a"),
            ] {
                let live = place.get(&path).unwrap_or_else(|| panic!("{path} is gone"));
                assert!(live["metadata"].get("deletionTimestamp").is_none(), "{live}");
            }
        }
        place.faults(&[]);
        place.run(&format!("delete {name} --yes")).expect(0);
        assert_eq!(place.leftovers(&name), Vec::<String>::new());
    }

    fn a_definition_stays_for_a_custom_resource_that_is_kept(place) {
        let name = place.instance("");
        let (definition, resource) = custom(&name);
        let kept = resource.replace("\"name\":\"one\"", "\"name\":\"one\",\"annotations\":{\"workloadctl/on-remove\":\"keep\"}");
        assert_ne!(kept, resource);
        place.write("set.yaml", &format!("{definition}{kept}"));
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        snapshot!(place.told(&format!("delete {name} --yes --progress none")), @"
        $ workloadctl delete NAME --yes --progress none
        exit code 0
        --- stdout
        NAME deleted from RUNTIME: 3 unchanged; in N s
        Gadget/one stays: it asks to be kept
        CustomResourceDefinition/gadgets-NAME.example.test stays: 1 custom resource of it asks to be kept (`workloadctl delete NAME` deletes it once they are gone, `--delete-crds` with them)
        Namespace/NAME stays: Gadget/one in it asks to be kept
        --- stderr
        CustomResourceDefinition/gadgets-NAME.example.test stays: 1 custom resource of it asks to be kept (`workloadctl delete NAME` deletes it once they are gone, `--delete-crds` with them)
        ");
        assert!(place.get(&format!("/apis/example.test/v1/namespaces/{name}/gadgets-{name}/one")).is_some());
        remove(place, &format!("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/gadgets-{name}.example.test"));
        remove(place, &format!("/api/v1/namespaces/{name}"));
    }

    fn what_cannot_be_looked_at_is_not_forgotten(place) {
        let place = place.behind_proxy();
        let (name, operator) = (place.instance(""), place.instance("-o"));
        let (definition, resource) = custom(&name);
        place.write("operator.yaml", &definition);
        place.run(&format!("deploy {operator} -f operator.yaml")).expect(0);
        place.write("set.yaml", &format!("{CONFIG}{resource}"));
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        place.faults(&[on("GET", "", Effect::StaleGroup("example.test".to_owned()))]);
        place.write("less.yaml", CONFIG);
        for line in [format!("deploy {name} -f less.yaml"), format!("delete {name} --yes")] {
            let failed = place.run(&format!("{line} -o json")).expect(7).json();
            assert_eq!(failed["error"]["code"], "group-unavailable", "{failed}");
        }
        place.faults(&[]);
        place.run(&format!("delete {name} --yes")).expect(0);
        assert!(place.get(&format!("/apis/example.test/v1/namespaces/{name}/gadgets-{name}/one")).is_none());
        place.run(&format!("delete {operator} --yes")).expect(0);
    }

    fn a_lost_record_is_not_rebuilt_without_a_built_in_group(place) {
        let place = place.behind_proxy();
        let name = place.instance("");
        place.write("set.yaml", &format!("{CONFIG}---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {{name: {name}}}\nrules: []\n"));
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        remove(&place, &format!("/api/v1/namespaces/{name}/secrets/workloadctl.{name}"));
        place.faults(&[on("GET", "/clusterroles?", Effect::Unavailable)]);
        let failed = place.run(&format!("delete {name} --yes -o json")).expect(7).json();
        assert_eq!(failed["error"]["code"], "unavailable", "{failed}");
        place.faults(&[]);
        place.run(&format!("delete {name} --yes")).expect(0);
        assert_eq!(place.leftovers(&name), Vec::<String>::new());
    }

    fn a_deletion_that_is_not_answered_ends_with_its_time(place) {
        let place = place.behind_proxy();
        let name = place.instance("");
        place.write("set.yaml", "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: a}\nspec: {selector: {}}\n");
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        let slow = on("DELETE", "/poddisruptionbudgets/", Effect::Slow(Duration::from_secs(40)));
        place.faults(&[Arc::clone(&slow)]);
        let started = Instant::now();
        let failed = place.run(&format!("delete {name} --yes --timeout 1s -o json")).expect(1).json();
        assert_eq!(failed["error"]["code"], "timeout", "{failed}");
        let (seen, running) = (slow.seen(), place.start(&format!("delete {name} --yes")));
        place.until("it is sent", Duration::from_secs(10), || slow.seen() > seen);
        kill_process(Pid::from_child(&running), Signal::INT).unwrap();
        place.finish(running).expect(130);
        assert!(started.elapsed() < Duration::from_secs(25), "{:?}", started.elapsed());
        place.faults(&[]);
        place.run(&format!("delete {name} --yes")).expect(0);
    }

    /// The server takes seconds to begin with a namespace: what has to be waited for goes before, the
    /// rest meanwhile.
    fn plain_contents_go_while_their_namespace_goes(place) {
        let name = place.instance("");
        let claim = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data}\nspec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}\n";
        place.write("set.yaml", &format!("{CONFIG}---\n{claim}"));
        place.run(&format!("deploy {name} -f set.yaml --no-wait")).expect(0);
        let deleted = place.run(&format!("delete {name} --yes -v -o json")).expect(0);
        let sent: Vec<&str> = deleted.stderr.lines().filter_map(|line| line.strip_prefix("DELETE ")).collect();
        let at = |path: &str| sent.iter().position(|line| line.split(' ').next() == Some(path)).expect(path);
        let home = format!("/api/v1/namespaces/{name}");
        assert!(at(&format!("{home}/persistentvolumeclaims/data")) < at(&home), "{sent:?}");
        // The sandbox may be done with the namespace before it is sent.
        assert!(sent[..at(&home)].iter().all(|line| !line.contains("/configmaps/")), "{sent:?}");
        assert_eq!(deleted.json()["counts"]["delete"], 3, "{}", deleted.stdout);
        assert_eq!(place.leftovers(&name), Vec::<String>::new());
    }

    fn what_goes_with_its_namespace_is_told_once_each(place) {
        let (place, name) = (place.behind_proxy(), place.instance(""));
        let map = |name: &str| format!("---\n{}", CONFIG.replace("name: a", &format!("name: {name}")));
        place.write("set.yaml", &["a", "b", "slow"].map(map).concat());
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        // The namespace is gone before the server says that this one is.
        place.faults(&[on("DELETE", "/configmaps/slow", Effect::Slow(Duration::from_secs(60)))]);
        let deleted = place.run(&format!("delete {name} -y --progress json")).expect(0);
        let events = deleted.stderr.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let mut told: Vec<String> = events
            .filter(|event| event["event"] == "done")
            .map(|event| format!("{} {}", event["action"], event["object"]["name"]).replace('"', "").replace(&name, "NAME"))
            .collect();
        told.sort();
        assert_eq!(told, ["delete NAME", "delete a", "delete b", "delete slow"], "{deleted:?}");
    }
}
