//! A deploy that has nothing to write, of an instance that is not ready any more: what was seen once
//! is no proof of what is there now.

use std::{collections::BTreeMap, time::Duration};

use http::Method;
use serde_json::{Value, json};
use workloadctl::testing::Request;

use crate::harness::Place;

const DEFINITION: &str = "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: GADGETS}
spec:
  group: unready.test
  scope: Namespaced
  names: {plural: PLURAL, singular: PLURAL, kind: KIND, listKind: KINDList}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}}
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
---
apiVersion: unready.test/v1
kind: KIND
metadata: {name: one}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: beside}
";

/// Says as a controller whether a custom resource is ready.
fn say(place: &Place, path: &str, ready: bool) {
    let condition = json!({"type": "Ready", "status": if ready { "True" } else { "False" }, "reason": "Said",
        "message": "the controller says so", "lastTransitionTime": "2026-01-01T00:00:00Z"});
    let status = json!({"status": {"conditions": [condition]}});
    place.call(Request::merge_patch(format!("{path}/status"), &status)).unwrap();
}

/// Gives the requests that a call shows, without what it was told.
fn requests(talk: &str) -> Vec<&str> {
    let is_request =
        |line: &&str| ["GET ", "PATCH ", "POST ", "PUT "].iter().any(|verb| line.starts_with(verb));
    talk.lines().filter(is_request).collect()
}

on_both! {
    fn what_is_not_ready_now_is_waited_for(place) {
        let name = place.instance("");
        let plural = format!("p{}", name.replace('-', ""));
        let kind = format!("K{}", name.replace('-', ""));
        let text = DEFINITION.replace("GADGETS", &format!("{plural}.unready.test"));
        place.write("app.yaml", &text.replace("PLURAL", &plural).replace("KIND", &kind));
        let path = format!("/apis/unready.test/v1/namespaces/{name}/{plural}/one");
        place.run(&format!("deploy {name} -f app.yaml")).expect(0);
        say(place, &path, true);
        place.run(&format!("deploy {name} -f app.yaml")).expect(0);
        say(place, &path, false);
        let refused = place.run(&format!("deploy {name} -f app.yaml --timeout 3s -o json")).expect(3).json();
        let object = refused["objects"].as_array().unwrap().iter().find(|it| it["kind"] == *kind).unwrap();
        assert_eq!((&object["action"], &object["state"]), (&json!("unchanged"), &json!("waiting")), "{refused}");
        // Nothing was written: there is no second release.
        assert_eq!(refused["release"], 1, "{refused}");
        let unwaited = place.run(&format!("deploy {name} -f app.yaml --no-wait")).expect(0);
        assert!(unwaited.stdout.contains("unchanged"), "{unwaited:?}");
        let waiting = place.follow(&format!("deploy {name} -f app.yaml --timeout 60s"));
        let mut waiting = waiting;
        assert!(waiting.until(|line| line.contains("watch=true") || line.contains("waiting")), "it waits");
        say(place, &path, true);
        let waited = waiting.end().expect(0);
        assert!(waited.stdout.contains("unchanged (release 1, ready)"), "{waited:?}");
    }

    fn pods_that_were_deleted_are_waited_for_and_completed_jobs_are_not(place) {
        let name = place.instance("");
        place.write("app.yaml", "apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}, annotations: {test.workloadctl/delay: 2s}}
    spec: {containers: [{name: web, image: 'web:1'}]}
---
apiVersion: batch/v1
kind: Job
metadata: {name: once}
spec:
  ttlSecondsAfterFinished: 1
  template: {spec: {restartPolicy: Never, containers: [{name: once, image: 'once:1'}]}}
");
        place.run(&format!("deploy {name} -f app.yaml")).expect(0);
        let job = format!("/apis/batch/v1/namespaces/{name}/jobs/once");
        place.until("the Job is gone", Duration::from_secs(60), || place.get(&job).is_none());
        let pods = format!("/api/v1/namespaces/{name}/pods");
        let deployment = format!("/apis/apps/v1/namespaces/{name}/deployments/web");
        let available = || place.get(&deployment).unwrap()["status"]["availableReplicas"].clone();
        let gone = json!({"gracePeriodSeconds": 0, "propagationPolicy": "Background"});
        place.call(Request::json(Method::DELETE, &*pods, &gone)).unwrap();
        place.until("it is not available", Duration::from_secs(20), || available() != 2);
        let deployed = place.run(&format!("deploy {name} -f app.yaml --timeout 60s")).expect(0);
        assert_eq!(available(), 2, "{deployed:?}");
        assert!(deployed.stdout.contains("unchanged (release 1, ready)"), "{deployed:?}");
    }

    fn nothing_to_do_costs_no_request_more_for_what_is_ready(place) {
        let name = place.instance("");
        let deployment = |number: u32| json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": format!("web-{number}")},
            "spec": {"selector": {"matchLabels": {"app": "web"}}, "template": {"metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "web", "image": "web:1"}]}}}});
        let items: Vec<Value> = (0..3).map(deployment).collect();
        place.write("app.json", &json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string());
        place.run(&format!("deploy {name} -f app.json")).expect(0);
        place.until("nobody writes any more", Duration::from_secs(20), || {
            place.run(&format!("deploy {name} -f app.json -v")).expect(0).stderr.lines().all(|line| !line.starts_with("PATCH"))
        });
        let plain = place.run(&format!("deploy {name} -f app.json -v --no-wait")).expect(0);
        let waited = place.run(&format!("deploy {name} -f app.json -v")).expect(0);
        let count = |talk: &str| requests(talk).len();
        assert!(count(&plain.stderr) > 3, "{plain:?}");
        assert_eq!(count(&waited.stderr), count(&plain.stderr), "{waited:?}\n{plain:?}");
    }

    fn one_list_and_one_watch_of_a_kind_are_enough_to_wait(place) {
        let name = place.instance("");
        let annotations = json!({"test.workloadctl/delay": "3s"});
        let workload = |kind: &str, number: u32| json!({"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": format!("web-{number}")},
            "spec": {"selector": {"matchLabels": {"app": format!("{kind}{number}")}}, "serviceName": "web",
                "template": {"metadata": {"labels": {"app": format!("{kind}{number}")}, "annotations": annotations},
                    "spec": {"containers": [{"name": "web", "image": "web:1"}]}}}});
        let of = |kind: &'static str| (0..4).map(move |number| (kind, number));
        let mut items: Vec<Value> = of("Deployment").chain(of("StatefulSet")).map(|(kind, number)| workload(kind, number)).collect();
        items.iter_mut().filter(|item| item["kind"] == "Deployment").for_each(|item| drop(item["spec"].as_object_mut().unwrap().remove("serviceName")));
        place.write("app.json", &json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string());
        let deployed = place.run(&format!("deploy {name} -f app.json -v")).expect(0);
        let all = requests(&deployed.stderr);
        let is_write = |line: &&str| line.starts_with("PATCH ") && line.contains("web-") && !line.contains("dryRun");
        let first = all.iter().position(is_write).unwrap();
        let mut asked: BTreeMap<(&str, bool), u32> = BTreeMap::new();
        for line in all[first..].iter().filter(|line| line.starts_with("GET ")) {
            let path = line.split(['?', ' ']).nth(1).unwrap();
            *asked.entry((path, line.contains("watch="))).or_default() += 1;
        }
        let watched: Vec<&str> = asked.keys().filter(|(_, watch)| *watch).map(|(path, _)| path.rsplit('/').next().unwrap()).collect();
        assert_eq!(watched, ["events", "pods", "deployments", "replicasets", "statefulsets"], "{asked:?}");
        assert!(asked.values().all(|count| *count == 1), "{asked:?}");
    }
}
