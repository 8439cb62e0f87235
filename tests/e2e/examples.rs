//! The life of every example: deployed, healthy, unchanged, upgraded, pruned, gone.

use std::{
    path::Path,
    sync::{Mutex, MutexGuard},
};

use serde_json::Value;

use crate::harness::Place;

/// Tests that share cluster-scoped objects of an example take turns, so that each sees the last
/// one of them go.
static CLUSTER_SCOPED: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    CLUSTER_SCOPED.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

const EXTRA: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: extra}\ndata: {a: b}\n";

/// Deploys an example and leads it through its life. `upgrade` changes something: flags for a
/// deploy, or the files.
fn life(place: &Place, example: &str, upgrade: &dyn Fn(&Path) -> String) {
    let name = place.instance("");
    let folder = place.example(example);
    place.write(&format!("{example}/zz-extra.yaml"), EXTRA);
    let first = place.run(&format!("deploy {name} -f {example} -o json")).expect(0).json();
    assert_eq!(first["outcome"], "ready", "{first}");
    assert_eq!(first["namespaceMode"], "managed");
    let status = place.run(&format!("status {name} -o json")).expect(0).json();
    assert_eq!(status["status"], "Healthy", "{status}");

    let before = versions(place, &status);
    let again = place.run(&format!("deploy {name} -o json")).expect(0).json();
    assert_eq!((&again["outcome"], &again["release"]), (&"unchanged".into(), &1.into()), "{again}");
    assert_eq!(versions(place, &status), before, "a redeploy writes nothing");

    let flags = upgrade(&folder);
    let upgraded = place.run(&format!("deploy {name} {flags} -o json")).expect(0).json();
    assert_eq!(
        (&upgraded["outcome"], &upgraded["release"]),
        (&"ready".into(), &2.into()),
        "{upgraded}"
    );
    assert!(changes(&upgraded) >= 1, "{upgraded}");

    std::fs::remove_file(folder.join("zz-extra.yaml")).unwrap();
    let extra = format!("/api/v1/namespaces/{name}/configmaps/extra");
    assert!(place.get(&extra).is_some());
    let pruned =
        place.run(&format!("deploy {name} -f {example} {} -o json", kept(&flags))).expect(0).json();
    assert_eq!(pruned["counts"]["prune"], 1, "{pruned}");
    assert!(place.get(&extra).is_none(), "what left the definition is gone");

    place.run(&format!("delete {name} --yes")).expect(0);
    assert_eq!(place.leftovers(&name), Vec::<String>::new());
    place.run(&format!("status {name}")).expect(1);
}

/// With `-f`, what was overridden has to be said again.
fn kept(flags: &str) -> &str {
    if flags.starts_with("-f") { "" } else { flags }
}

fn changes(answer: &Value) -> u64 {
    ["update", "recreate", "create"]
        .iter()
        .filter_map(|count| answer["counts"][count].as_u64())
        .sum()
}

fn plural(kind: &str) -> String {
    match kind {
        "NetworkPolicy" => "networkpolicies".to_owned(),
        kind => format!("{}s", kind.to_lowercase()),
    }
}

/// Reads the resourceVersion of every namespaced object without a status of its own.
fn versions(place: &Place, status: &Value) -> Vec<String> {
    let objects = status["objects"].as_array().unwrap();
    objects
        .iter()
        .filter(|object| object["namespace"].is_string())
        .map(|object| {
            let text = |field: &str| object[field].as_str().unwrap_or_default();
            let group = text("group");
            let root = if group.is_empty() { "/api".to_owned() } else { format!("/apis/{group}") };
            let path = format!(
                "{root}/{}/namespaces/{}/{}/{}",
                text("version"),
                text("namespace"),
                plural(text("kind")),
                text("name")
            );
            let live = place.get(&path).unwrap_or_else(|| panic!("{path} is not there"));
            format!("{path} {} {}", live["metadata"]["uid"], live["metadata"]["generation"])
        })
        .collect()
}

on_both! {
    fn web(place) {
        life(place, "web", &|_| "--image web=nginxinc/nginx-unprivileged:1.29-alpine".to_owned());
    }

    fn stateful(place) {
        life(place, "stateful", &|_| "--image wordpress=wordpress:6.9-apache".to_owned());
    }

    fn batch(place) {
        life(place, "batch", &|_| "--image report=busybox:1.37".to_owned());
    }

    fn agent(place) {
        let _turn = alone();
        life(place, "agent", &|_| "--image agent=curlimages/curl:8.15.0".to_owned());
        assert!(place.get("/apis/rbac.authorization.k8s.io/v1/clusterroles/node-agent").is_none());
    }

    fn crd(place) {
        let _turn = alone();
        life(place, "crd", &|folder| {
            let file = folder.join("backups.yaml");
            let text = std::fs::read_to_string(&file).unwrap();
            assert!(text.contains("keep: 14"));
            std::fs::write(&file, text.replace("keep: 14", "keep: 15")).unwrap();
            "-f crd".to_owned()
        });
        let definition =
            "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/backups.example.com";
        assert!(place.get(definition).is_none(), "the last instance takes its CRD along");
    }

    fn two_instances_live_side_by_side(place) {
        let _turn = alone();
        let (one, two) = (place.instance("-1"), place.instance("-2"));
        place.example("agent");
        place.run(&format!("deploy {one} -f agent")).expect(0);
        place.run(&format!("deploy {two} --definition {one}")).expect(0);
        let status = place.run(&format!("status {one} {two} -o json")).expect(0).json();
        for instance in status["instances"].as_array().unwrap() {
            assert_eq!(instance["status"], "Healthy", "{instance}");
        }
        for name in [&one, &two] {
            let binding = format!(
                "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/node-agent-{name}"
            );
            assert_eq!(place.get(&binding).unwrap()["subjects"][0]["namespace"], **name);
        }
        place.run(&format!("delete {one} --yes")).expect(0);
        let role = "/apis/rbac.authorization.k8s.io/v1/clusterroles/node-agent";
        assert!(place.get(role).is_some(), "the other instance still uses it");
        let left = place.run(&format!("status {two} -o json")).expect(0).json();
        assert_eq!(left["status"], "Healthy", "{left}");
        place.run(&format!("delete {two} --yes")).expect(0);
        assert!(place.get(role).is_none(), "the last one takes it along");
    }

    fn a_definition_with_its_namespace_runs_once(place) {
        let _turn = alone();
        place.example("own-namespace");
        let (one, two) = (place.instance("-1"), place.instance("-2"));
        let answer = place.run(&format!("deploy {one} -f own-namespace -o json")).expect(0).json();
        assert_eq!(answer["namespaceMode"], "own");
        let refused = place.run(&format!("deploy {two} --definition {one} -o json")).expect(5).json();
        assert_eq!(refused["error"]["code"], "own-namespaces-taken", "{refused}");
        place.run(&format!("delete {one} --yes")).expect(0);
        assert!(place.get("/api/v1/namespaces/own-namespace").is_none());
    }
}
