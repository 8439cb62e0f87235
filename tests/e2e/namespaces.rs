//! Whose a namespace is, and what is in it that has to stay.

use http::Method;
use serde_json::{Value, json};
use workloadctl::testing::Request;

use crate::harness::Place;

const CONFIG: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {x: '1'}\n";
const KEPT: &str = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: kept, annotations: {workloadctl/on-remove: keep}}\n";

fn namespace(name: &str) -> String {
    format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n---\n")
}

fn make_namespace(place: &Place, name: &str) {
    let body = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
    place.call(Request::json(Method::POST, "/api/v1/namespaces", &body)).unwrap();
}

fn remove(place: &Place, path: &str) {
    let body =
        json!({"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background"});
    place.call(Request::json(Method::DELETE, path, &body)).unwrap();
}

fn managers(object: &Value) -> Vec<&str> {
    let entries = object["metadata"]["managedFields"].as_array().unwrap().iter();
    entries.filter_map(|entry| entry["manager"].as_str()).collect()
}

on_both! {
    fn a_namespace_that_was_there_before_is_shared_and_stays(place) {
        let name = place.instance("");
        make_namespace(place, &name);
        place.write("own.yaml", &format!("{}{CONFIG}", namespace(&name)));
        let first = place.run(&format!("deploy {name} -f own.yaml --timeout 20s -o json")).expect(0).json();
        assert_eq!((&first["outcome"], &first["namespaceMode"]), (&json!("ready"), &json!("own")), "{first}");
        let record = format!("/api/v1/namespaces/{name}/secrets/workloadctl.{name}");
        remove(place, &record);
        let again = place.run(&format!("deploy {name} -f own.yaml --timeout 20s -o json")).expect(0).json();
        assert_eq!((&again["outcome"], &again["namespaceMode"]), (&json!("ready"), &json!("own")), "{again}");
        let deleted = place.run(&format!("delete {name} --yes -o json")).expect(0).json();
        assert_eq!(deleted["counts"]["delete"], 1, "{deleted}");
        let path = format!("/api/v1/namespaces/{name}");
        let left = place.get(&path).unwrap();
        assert!(!managers(&left).iter().any(|name| name.starts_with("workloadctl:")), "{left}");
        assert!(place.get(&format!("{path}/configmaps/a")).is_none());
        // What is not ours does not become ours by another way of deploying.
        place.write("set.yaml", CONFIG);
        snapshot!(place.told(&format!("deploy {name} -f set.yaml")), @"
        $ workloadctl deploy NAME -f set.yaml
        exit code 5
        --- stderr
        error: namespace NAME exists and `NAME` did not make it
        hint: `--namespace NAME` deploys into it; or give the instance another name
        ");
        remove(place, &path);
    }

    fn what_lies_in_a_namespace_that_is_not_there_is_refused(place) {
        let name = place.instance("");
        let other = place.instance("other");
        let inside = format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: b, namespace: {other}}}\n");
        place.write("own.yaml", &format!("{}{CONFIG}---\n{inside}", namespace(&name)));
        snapshot!(place.told(&format!("plan {name} -f own.yaml -o json")), @r#"
        $ workloadctl plan NAME -f own.yaml -o json
        exit code 2
        --- stdout
        {
          "apiVersion": "workloadctl/v1alpha1",
          "kind": "Plan",
          "name": "NAME",
          "runtime": "RUNTIME",
          "outcome": "refused",
          "error": {
            "code": "no-namespace",
            "exitCode": 2,
            "message": "1 object is in namespace NAMEother, which is neither in the set nor on RUNTIME",
            "causes": [
              "NAMEother/ConfigMap/b (own.yaml:10)"
            ],
            "hint": "add a Namespace document, or `kubectl create namespace NAMEother` first"
          }
        }
        --- stderr
        error: 1 object is in namespace NAMEother, which is neither in the set nor on RUNTIME
          NAMEother/ConfigMap/b (own.yaml:10)
        hint: add a Namespace document, or `kubectl create namespace NAMEother` first
        "#);
        snapshot!(place.told(&format!("deploy {name} -f own.yaml")), @"
        $ workloadctl deploy NAME -f own.yaml
        exit code 2
        --- stderr
        error: 1 object is in namespace NAMEother, which is neither in the set nor on RUNTIME
          NAMEother/ConfigMap/b (own.yaml:10)
        hint: add a Namespace document, or `kubectl create namespace NAMEother` first
        ");
        assert!(place.get(&format!("/api/v1/namespaces/{name}")).is_none());
        make_namespace(place, &other);
        place.run(&format!("deploy {name} -f own.yaml")).expect(0);
        place.run(&format!("delete {name} --yes")).expect(0);
        remove(place, &format!("/api/v1/namespaces/{other}"));
    }

    fn an_own_namespace_called_like_the_instance_is_known_again(place) {
        let name = place.instance("");
        place.write("own.yaml", &format!("{}{CONFIG}", namespace(&name)));
        place.run(&format!("deploy {name} -f own.yaml")).expect(0);
        remove(place, &format!("/api/v1/namespaces/{name}/secrets/workloadctl.{name}"));
        place.lose_database();
        let again = place.run(&format!("deploy {name} -f own.yaml -o json")).expect(0).json();
        assert_eq!((&again["outcome"], &again["namespaceMode"]), (&json!("ready"), &json!("own")), "{again}");
        place.run(&format!("delete {name} --yes")).expect(0);
        assert_eq!(place.leftovers(&name), Vec::<String>::new());
    }

    fn what_left_the_definition_and_is_kept_outlives_the_instance(place) {
        let name = place.instance("");
        place.write("set.yaml", &format!("{CONFIG}{KEPT}"));
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        place.write("set.yaml", CONFIG);
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        let again = place.run(&format!("deploy {name} -f set.yaml -o json")).expect(0).json();
        assert_eq!(again["outcome"], "unchanged", "{again}");
        let deleted = place.run(&format!("delete {name} --yes -o json")).expect(0).json();
        let kept = format!("/api/v1/namespaces/{name}/configmaps/kept");
        assert!(place.get(&kept).is_some(), "{deleted}");
        let stays = deleted["objects"].as_array().unwrap().iter().filter(|object| object["action"] == "unchanged");
        let stays: Vec<_> = stays.map(|object| object["name"].as_str().unwrap()).collect();
        assert_eq!(stays, ["kept", &name], "{deleted}");
        // The instance comes back to its namespace, and goes with it once nothing is kept.
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        remove(place, &kept);
        place.run(&format!("delete {name} --yes")).expect(0);
        assert_eq!(place.leftovers(&name), Vec::<String>::new());
    }

    fn an_object_made_anew_by_somebody_else_is_not_ours(place) {
        let name = place.instance("");
        place.write("set.yaml", CONFIG);
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        let collection = format!("/api/v1/namespaces/{name}/configmaps");
        remove(place, &format!("{collection}/a"));
        let body = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}});
        place.call(Request::json(Method::POST, format!("{collection}?fieldManager=kubectl-create"), &body)).unwrap();
        snapshot!(place.told(&format!("status {name}")), @"
        $ workloadctl status NAME
        exit code 0
        --- stdout
        NAME: Unhealthy, ConfigMap/a is missing
        NAME revision 1 · release 1 by tester@HOST N s ago · runtime RUNTIME · namespace NAME (managed)
        1 object differs from release 1: ConfigMap/a was made anew N s ago
        OBJECT  STATE  AGE  REASON
        ├─ Namespace/NAME  ready  N s  -
        └─ ConfigMap/a  missing  N s  NotFound: an object of that name is there, and is not ours
        ");
        snapshot!(place.told(&format!("deploy {name}")), @"
        $ workloadctl deploy NAME
        exit code 5
        --- stderr
        error: 1 object stands in the way; nothing was written
          ConfigMap/a (set.yaml:1): it exists and is not ours: nothing says who made it
        hint: `--adopt` takes over objects that exist
        ");
        place.run(&format!("delete {name} --yes")).expect(0);
        assert_eq!(place.leftovers(&name), Vec::<String>::new());
    }

    fn a_job_whose_time_to_live_is_zero_runs_once(place) {
        let name = place.instance("");
        place.write("set.yaml", "apiVersion: batch/v1\nkind: Job\nmetadata: {name: once}\nspec: {ttlSecondsAfterFinished: 0, template: {spec: {restartPolicy: Never, containers: [{name: main, image: 'busybox:1'}]}}}\n");
        let job = format!("/apis/batch/v1/namespaces/{name}/jobs/once");
        for wait in ["", " --no-wait"] {
            place.run(&format!("deploy {name} -f set.yaml --timeout 30s{wait}")).expect(0);
            place.until("the Job is gone", std::time::Duration::from_secs(20), || place.get(&job).is_none());
            let again = place.run(&format!("deploy {name} --timeout 30s -o json")).expect(0).json();
            assert_eq!(again["outcome"], "unchanged", "{again}");
            let status = place.run(&format!("status {name} -o json")).expect(0).json();
            assert_eq!(status["objects"][1]["state"], "ready", "{status}");
            place.run(&format!("delete {name} --yes")).expect(0);
        }
    }

    fn references_that_nothing_answers_are_said(place) {
        let name = place.instance("");
        place.write("set.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: main, image: 'nginx:1', envFrom: [{secretRef: {name: nowhere}}, {configMapRef: {name: maybe, optional: true}}]}]}\n");
        let plan = place.run(&format!("plan {name} -f set.yaml -o json")).expect(0).json();
        let warnings = &plan["warnings"];
        assert_eq!(*warnings, json!([json!(format!("Pod/a (set.yaml:1): envFrom names Secret/nowhere in namespace {name}, which is neither in the set nor on the cluster"))]), "{plan}");
        for command in ["plan", "deploy"] {
            let line = format!("{command} {name} -f set.yaml --references error -o json");
            let refused = place.run(&line).expect(2).json();
            assert_eq!(refused["error"]["causes"], *warnings, "{refused}");
        }
        assert!(place.get(&format!("/api/v1/namespaces/{name}")).is_none());
    }
}
