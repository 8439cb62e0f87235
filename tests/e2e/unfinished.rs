//! What is told where a deletion does not come to its end at once: each object with what it waits for,
//! in the answer and in the reports, and counts that are those of the objects.

use std::collections::BTreeMap;

use http::Method;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use workloadctl::testing::Request;

use crate::harness::Place;

const HOLD: &str = "test.workloadctl/hold";

fn config(name: &str, annotation: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, annotations: {{{annotation}}}}}\n"
    )
}

fn deployment(name: &str) -> String {
    format!(
        "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\nspec: {{replicas: 0, \
         selector: {{matchLabels: {{app: {name}}}}}, template: {{metadata: {{labels: {{app: {name}}}}}, \
         spec: {{containers: [{{name: web, image: 'web:1'}}]}}}}}}\n"
    )
}

fn hold(place: &Place, path: &str, finalizers: Value) {
    let patch = json!({"metadata": {"finalizers": finalizers}});
    place.call(Request::merge_patch(path, &patch)).unwrap();
}

fn make(place: &Place, collection: &str, body: &Value) {
    let path = format!("{collection}?fieldManager=kubectl-create");
    place.call(Request::json(Method::POST, path, body)).unwrap();
}

/// Gives what an answer says of each object, without uids and versions.
fn told(place: &Place, answer: &Value) -> String {
    let text = |object: &Value, key: &str| object[key].as_str().unwrap_or("-").to_owned();
    let objects = answer["objects"].as_array().unwrap().iter();
    let mut told: Vec<String> = objects
        .map(|object| {
            let named = format!("{}/{}", text(object, "kind"), text(object, "name"));
            let rest = ["action", "state", "reason", "message"].map(|key| text(object, key));
            format!("{named} {}", rest.join(" | "))
        })
        .collect();
    told.sort();
    place.named(&told.join("\n"))
}

/// Gives the cases of a JUnit report, with what became of them.
fn cases(place: &Place) -> String {
    let text = std::fs::read_to_string(place.path("j.xml")).unwrap();
    let document = roxmltree::Document::parse(&text).unwrap();
    let cases = document.descendants().filter(|node| node.has_tag_name("testcase"));
    let mut told: Vec<String> = cases
        .map(|case| {
            let fate = case.children().find(roxmltree::Node::is_element);
            let fate = fate.map_or("passed", |fate| fate.tag_name().name());
            format!("{} {fate}", case.attribute("name").unwrap())
        })
        .collect();
    told.sort();
    place.named(&told.join("\n"))
}

/// Compares the counts of an answer with its objects: what nothing was done about is not counted.
fn assert_counted(answer: &Value) {
    let mut found: BTreeMap<String, u64> = BTreeMap::new();
    let is_refused = answer["error"]["exitCode"] == 5;
    for object in answer["objects"].as_array().into_iter().flatten() {
        let Some(action) = object["action"].as_str() else { continue };
        let reason = object["reason"].as_str().unwrap_or_default();
        let is_open = ["pending", "skipped", "Terminating"].contains(&reason)
            || (is_refused && action != "delete");
        if ["unchanged", "blocked"].contains(&action) || !is_open {
            *found.entry(action.to_owned()).or_default() += 1;
        }
    }
    let counts = answer["counts"].as_object().into_iter().flatten();
    let counts: BTreeMap<String, u64> = counts
        .map(|(action, count)| (action.clone(), count.as_u64().unwrap()))
        .filter(|(_, count)| *count > 0)
        .collect();
    assert_eq!(counts, found, "{answer}");
}

on_both! {
    fn a_deletion_that_runs_out_of_time_tells_of_each_object(place) {
        let name = place.instance("");
        place.write("set.yaml", &format!("{}{}{}", deployment("free"), deployment("held"), config("later", "")));
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        let held = format!("/apis/apps/v1/namespaces/{name}/deployments/held");
        hold(place, &held, json!([HOLD]));
        let line = format!("delete {name} --yes --timeout 4s -o json --junit j.xml --summary s.md");
        let answer = place.run(&line).expect(1).json();
        snapshot!(told(place, &answer), @"
        ConfigMap/later delete | - | pending | its turn did not come
        Deployment/free delete | - | - | -
        Deployment/held delete | waiting | Terminating | waits for finalizer test.workloadctl/hold
        Namespace/NAME delete | - | pending | its turn did not come
        ");
        assert_counted(&answer);
        snapshot!(cases(place), @"
        ConfigMap/later skipped
        Deployment/free passed
        Deployment/held failure
        Namespace/NAME skipped
        ");
        let summary = std::fs::read_to_string(place.path("s.md")).unwrap();
        for row in ["`Deployment/held` | delete | waiting |", "`ConfigMap/later` | delete |"] {
            assert!(summary.contains(row), "{summary}");
        }
        hold(place, &held, Value::Null);
        let answer = place.run(&format!("delete {name} --yes -o json")).expect(0).json();
        assert_counted(&answer);
        assert_eq!(place.leftovers(&name), Vec::<String>::new());
    }

    fn a_namespace_that_does_not_go_in_time_is_told_with_what_holds_it(place) {
        let name = place.instance("");
        place.write("set.yaml", &config("a", ""));
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        let configs = format!("/api/v1/namespaces/{name}/configmaps");
        let body = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "theirs", "finalizers": [HOLD]}});
        make(place, &configs, &body);
        let answer = place.run(&format!("delete {name} --yes --timeout 3s -o json --junit j.xml")).expect(1).json();
        snapshot!(cases(place), @"
        ConfigMap/a passed
        Namespace/NAME failure
        ");
        assert_counted(&answer);
        // Only its controller tells what is left in it, in its own time.
        let limit = std::time::Duration::from_secs(60);
        place.until("the namespace tells what holds it", limit, || {
            let live = place.get(&format!("/api/v1/namespaces/{name}")).unwrap();
            live["status"]["conditions"].to_string().contains(HOLD)
        });
        let answer = place.run(&format!("delete {name} --yes --timeout 2s -o json")).expect(1).json();
        let namespace = answer["objects"].as_array().unwrap().iter().find(|object| object["kind"] == "Namespace");
        let namespace = namespace.unwrap_or_else(|| panic!("{answer}"));
        assert_eq!((&namespace["action"], &namespace["state"]), (&json!("delete"), &json!("waiting")), "{answer}");
        assert!(namespace["message"].as_str().unwrap().contains(HOLD), "{answer}");
        assert_counted(&answer);
        hold(place, &format!("{configs}/theirs"), Value::Null);
        place.run(&format!("delete {name} --yes")).expect(0);
    }

    fn a_deletion_that_is_stopped_tells_of_each_object(place) {
        let (name, other) = (place.instance(""), place.instance("-o"));
        place.write("set.yaml", &format!("{}{}", deployment("held"), config("later", "")));
        let path = |name: &str| format!("/apis/apps/v1/namespaces/{name}/deployments/held");
        for name in [&name, &other] {
            place.run(&format!("deploy {name} -f set.yaml")).expect(0);
            hold(place, &path(name), json!([HOLD]));
        }
        let child = place.start(&format!("delete {name} {other} --yes --progress none -o json --junit j.xml"));
        let limit = std::time::Duration::from_secs(30);
        place.until("both are on their way out", limit, || [&name, &other].into_iter().all(|name| {
            place.get(&path(name)).is_some_and(|live| live["metadata"].get("deletionTimestamp").is_some())
        }));
        kill_process(Pid::from_child(&child), Signal::INT).unwrap();
        let answer = place.finish(child).expect(130).json();
        for answer in answer["deploys"].as_array().unwrap() {
            assert_counted(answer);
        }
        snapshot!(told(place, &answer["deploys"][0]), @"
        ConfigMap/later delete | - | pending | its turn did not come
        Deployment/held delete | waiting | Terminating | waits for finalizer test.workloadctl/hold
        Namespace/NAME delete | - | pending | its turn did not come
        ");
        snapshot!(cases(place), @"
        ConfigMap/later skipped
        ConfigMap/later skipped
        Deployment/held failure
        Deployment/held failure
        Namespace/NAME skipped
        Namespace/NAME-o skipped
        ");
        for name in [&name, &other] {
            hold(place, &path(name), Value::Null);
        }
        place.run(&format!("delete {name} {other} --yes")).expect(0);
    }

    fn a_refused_deploy_tells_of_the_deletion_that_it_finished(place) {
        let (home, name) = (place.instance("-h"), place.instance(""));
        place.write("home.yaml", &config("home", ""));
        place.run(&format!("deploy {home} -f home.yaml")).expect(0);
        let set = format!("{}{}{}", deployment("held"), config("a", ""), config("kept", "workloadctl/on-remove: keep"));
        place.write("set.yaml", &set);
        place.run(&format!("deploy {name} -f set.yaml -n {home}")).expect(0);
        let held = format!("/apis/apps/v1/namespaces/{home}/deployments/held");
        hold(place, &held, json!([HOLD]));
        place.run(&format!("delete {name} --yes --timeout 3s")).expect(1);
        hold(place, &held, Value::Null);
        let configs = format!("/api/v1/namespaces/{home}/configmaps");
        make(place, &configs, &json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "theirs"}}));
        place.write("set.yaml", &format!("{set}{}", config("theirs", "")));
        let refused = place.run(&format!("deploy {name} -f set.yaml -o json")).expect(5).json();
        snapshot!(place.named(refused["error"]["message"].as_str().unwrap()), @"the deletion was finished; 1 object stands in the way; of the new release nothing was written");
        snapshot!(told(place, &refused), @"
        ConfigMap/a delete | - | - | -
        ConfigMap/kept unchanged | - | - | it asks to be kept
        ConfigMap/theirs blocked | - | - | it exists and is not ours: nothing says who made it
        Deployment/held create | - | - | -
        ");
        assert_counted(&refused);
        assert_eq!((&refused["outcome"], &refused["status"]), (&json!("failed"), &json!("NotDeployed")), "{refused}");
        let listed = place.run("list -o json").expect(0).json();
        let row = listed["instances"].as_array().unwrap().iter().find(|row| row["name"] == json!(name)).unwrap().clone();
        assert_eq!(row["status"], "NotDeployed", "{row}");
        let status = place.run(&format!("status {name} -o json")).json();
        assert_eq!(status["status"], "NotDeployed", "{status}");
        let history = place.run(&format!("history {name} -o json")).json();
        assert_eq!(history["releases"].as_array().map(Vec::len), Some(0), "{history}");
        // Another refusal has nothing to finish, and says so.
        snapshot!(place.told(&format!("deploy {name} -n {home} -f set.yaml --progress none")), @"
        $ workloadctl deploy NAME -n NAME-h -f set.yaml --progress none
        exit code 5
        --- stderr
        the record is gone: rebuilt from 1 live object of `NAME` in namespace NAME-h
        warning: what else it had cannot be told: its record is gone, and no release of it is known here
        error: 1 object stands in the way; nothing was written
          ConfigMap/theirs (set.yaml:15): it exists and is not ours: nothing says who made it
        hint: `--adopt` takes over objects that exist
        ");
        let deployed = place.run(&format!("deploy {name} -f set.yaml --adopt -o json")).expect(0).json();
        assert_counted(&deployed);
        assert_eq!(deployed["release"], 1, "{deployed}");
        place.run(&format!("delete {name} {home} --yes")).expect(0);
    }

    fn counts_are_those_of_the_objects(place) {
        let name = place.instance("");
        let all = format!("{}{}{}", config("a", ""), config("kept", "workloadctl/on-remove: keep"), deployment("web"));
        place.write("one.yaml", &all);
        place.write("two.yaml", &format!("{}{}", config("a", "x: z"), config("c", "")));
        place.write("theirs.yaml", &format!("{all}{}", config("theirs", "")));
        let configs = format!("/api/v1/namespaces/{name}/configmaps");
        for (line, code) in [
            ("plan NAME -f one.yaml", 0),
            ("deploy NAME -f one.yaml", 0),
            ("deploy NAME -f one.yaml", 0),
            ("plan NAME -f two.yaml", 0),
            ("deploy NAME -f two.yaml", 0),
            ("rollback NAME", 0),
            ("deploy NAME -f theirs.yaml", 5),
            ("plan NAME -f theirs.yaml", 5),
            ("delete NAME --yes --no-wait", 0),
            ("deploy NAME -f one.yaml", 0),
            ("delete NAME --yes", 0),
            ("delete NAME --yes", 0),
        ] {
            if line == "deploy NAME -f theirs.yaml" {
                make(place, &configs, &json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "theirs"}}));
            }
            let answer = place.run(&format!("{} -o json", line.replace("NAME", &name))).expect(code).json();
            assert_counted(&answer);
            if line == "delete NAME --yes" {
                assert_eq!(answer["counts"]["unchanged"], 2, "what is kept, and its namespace: {answer}");
            }
        }
        place.call(Request::json(Method::DELETE, format!("/api/v1/namespaces/{name}"), &json!({}))).unwrap();
    }
}
