//! What still runs with an old ConfigMap or Secret: told where it is true, and where it is not, not,
//! however the content came to be what it is.

use std::time::Duration;

use http::Method;
use jiff::Timestamp;
use serde_json::{Value, json};
use workloadctl::testing::Request;

use crate::harness::Place;

const MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\ndata: {a: 'VALUE'}\n";
const SECRET: &str =
    "apiVersion: v1\nkind: Secret\nmetadata: {name: key}\nstringData: {k: 'VALUE'}\n";
const READER: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n\
    spec: {selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, \
    spec: {terminationGracePeriodSeconds: 0, containers: [{name: web, image: 'web:1', \
    envFrom: [{configMapRef: {name: conf}}, {secretRef: {name: key}}]}]}}}\n";

fn write(place: &Place, file: &str, value: &str) {
    let set = [MAP, SECRET, READER].join("---\n").replace("VALUE", value);
    place.write(file, &set);
}

/// Makes the same, as kubectl does.
fn make(place: &Place, namespace: &str, value: &str) {
    let body = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
    place.call(Request::json(Method::POST, "/api/v1/namespaces", &body)).unwrap();
    for (path, text) in [
        (format!("/api/v1/namespaces/{namespace}/configmaps"), MAP),
        (format!("/api/v1/namespaces/{namespace}/secrets"), SECRET),
        (format!("/apis/apps/v1/namespaces/{namespace}/deployments"), READER),
    ] {
        let body: Value = serde_yaml::from_str(&text.replace("VALUE", value)).unwrap();
        let path = format!("{path}?fieldManager=kubectl-client-side-apply");
        place.until("its namespace takes it", Duration::from_secs(10), || {
            place.call(Request::json(Method::POST, &*path, &body)).is_ok()
        });
    }
}

/// Gives the uids of the pods that stay, once there are some.
fn pods(place: &Place, namespace: &str) -> Vec<String> {
    let mut found = Vec::new();
    place.until("there are pods", Duration::from_secs(30), || {
        let pods = place.get(&format!("/api/v1/namespaces/{namespace}/pods")).unwrap();
        let pods = pods["items"].as_array().unwrap();
        let stay = pods.iter().filter(|pod| pod["metadata"].get("deletionTimestamp").is_none());
        found = stay.map(|pod| pod["metadata"]["uid"].as_str().unwrap().to_owned()).collect();
        !found.is_empty()
    });
    found
}

/// Waits until what is written from now on is newer than all that is there.
fn let_a_second_pass(place: &Place) {
    let now = Timestamp::now().as_second();
    place.until("a second is over", Duration::from_secs(10), || {
        Timestamp::now().as_second() > now + 1
    });
}

/// Gives the remarks of an answer, without its instance.
fn remarks(place: &Place, line: &str) -> Vec<String> {
    let answer = place.run(&format!("{line} -o json")).expect(0).json();
    let remarks = answer["remarks"].as_array().cloned().unwrap_or_default();
    remarks.iter().map(|remark| place.named(remark.as_str().unwrap())).collect()
}

const OLD: &str = "Deployment/web still runs with the old ConfigMap/conf: `workloadctl deploy NAME --restart-stale` restarts it";
const OLD_KEY: &str = "Deployment/web still runs with the old Secret/key: `workloadctl deploy NAME --restart-stale` restarts it";

on_both! {
    /// What is told restarts what runs, and brings nothing else.
    fn what_a_rollback_leaves_old_is_restarted_with_what_it_went_back_to(place) {
        let name = place.instance("");
        for value in ["1", "2"] {
            write(place, &format!("{value}.yaml"), value);
        }
        place.run(&format!("deploy {name} -f 1.yaml")).expect(0);
        let_a_second_pass(place);
        place.run(&format!("deploy {name} -f 2.yaml")).expect(0);
        // Somebody deletes its pod: the new one reads what there is now.
        let_a_second_pass(place);
        let path = format!("/api/v1/namespaces/{name}/pods");
        let listed = place.get(&path).unwrap();
        let pod = listed["items"][0]["metadata"]["name"].as_str().unwrap();
        let gone = pods(place, &name);
        place.call(Request::json(Method::DELETE, format!("{path}/{pod}"), &json!({}))).unwrap();
        place.until("there is another pod", Duration::from_secs(30), || {
            pods(place, &name).iter().all(|pod| !gone.contains(pod))
        });
        place.run(&format!("status {name} --wait")).expect(0);
        let_a_second_pass(place);
        let told = |line: &str| {
            let told = remarks(place, line);
            told.iter().map(|it| it.replace("--revision 1 ", "")).for_each(|it| {
                assert!(it == OLD || it == OLD_KEY, "{it}");
            });
            told
        };
        let back = told(&format!("rollback {name}"));
        assert_eq!(back[0], OLD.replace("NAME", "NAME --revision 1"));
        let before = pods(place, &name);
        let_a_second_pass(place);
        let left = told(&format!("deploy {name} --revision 1 --restart-stale"));
        assert_eq!(left, Vec::<String>::new());
        assert!(pods(place, &name).iter().all(|pod| !before.contains(pod)));
        let path = format!("/api/v1/namespaces/{name}/configmaps/conf");
        assert_eq!(place.get(&path).unwrap()["data"]["a"], "1");
    }

    fn what_is_adopted_as_it_is_makes_nothing_old(place) {
        let name = place.instance("");
        write(place, "set.yaml", "1");
        make(place, &name, "1");
        let before = pods(place, &name);
        let_a_second_pass(place);
        let adopt = format!("deploy {name} -n {name} -f set.yaml --adopt");
        let planned = place.run(&format!("{adopt} --restart-stale --dry-run -o json")).expect(0).json();
        assert_eq!((&planned["counts"]["adopt"], planned.get("remarks")), (&3.into(), None), "{planned}");
        assert_eq!(remarks(place, &format!("{adopt} --restart-stale")), Vec::<String>::new());
        assert_eq!(remarks(place, &format!("status {name}")), Vec::<String>::new());
        // Also after labels alone, which make the write newer.
        let_a_second_pass(place);
        place.write("labels.yaml", &std::fs::read_to_string(place.path("set.yaml")).unwrap().replacen("{name: conf}", "{name: conf, labels: {a: b}}", 1));
        assert_eq!(remarks(place, &format!("deploy {name} -f labels.yaml")), Vec::<String>::new());
        assert_eq!(remarks(place, &format!("status {name}")), Vec::<String>::new());
        let again = place.run(&format!("deploy {name} --restart-stale -o json")).expect(0).json();
        assert_eq!(again["outcome"], "unchanged", "{again}");
        assert_eq!(pods(place, &name), before);
    }

    fn what_is_imported_makes_nothing_old(place) {
        let name = place.instance("");
        make(place, &name, "1");
        let before = pods(place, &name);
        let_a_second_pass(place);
        place.run(&format!("import {name} --all -n {name}")).expect(0);
        assert_eq!(remarks(place, &format!("deploy {name} --adopt")), Vec::<String>::new());
        assert_eq!(remarks(place, &format!("status {name}")), Vec::<String>::new());
        let again = place.run(&format!("deploy {name} --restart-stale -o json")).expect(0).json();
        assert_eq!(again["outcome"], "unchanged", "{again}");
        assert_eq!(pods(place, &name), before);
    }

    fn what_is_adopted_with_other_content_is_told_at_once(place) {
        let name = place.instance("");
        make(place, &name, "1");
        pods(place, &name);
        let_a_second_pass(place);
        write(place, "set.yaml", "2");
        let adopt = format!("deploy {name} -n {name} -f set.yaml --adopt");
        let both = [OLD, OLD_KEY];
        assert_eq!(remarks(place, &adopt), both);
        assert_eq!(remarks(place, &format!("status {name}")), both);
        assert_eq!(remarks(place, &format!("deploy {name} --restart-stale")), Vec::<String>::new());
    }

    /// The restart of the same release is one.
    fn what_is_adopted_with_other_content_is_restarted_where_that_is_asked_for(place) {
        let name = place.instance("");
        make(place, &name, "1");
        let before = pods(place, &name);
        let_a_second_pass(place);
        write(place, "set.yaml", "2");
        let adopt = format!("deploy {name} -n {name} -f set.yaml --adopt --restart-stale");
        assert_eq!(remarks(place, &adopt), Vec::<String>::new());
        assert_eq!(remarks(place, &format!("status {name}")), Vec::<String>::new());
        assert_ne!(pods(place, &name), before);
    }

    fn who_runs_with_a_content_that_is_there_again_is_not_old(place) {
        let name = place.instance("");
        write(place, "one.yaml", "1");
        write(place, "two.yaml", "2");
        place.run(&format!("deploy {name} -f one.yaml")).expect(0);
        let before = pods(place, &name);
        let_a_second_pass(place);
        assert_eq!(remarks(place, &format!("deploy {name} -f two.yaml")).len(), 2);
        let_a_second_pass(place);
        assert_eq!(remarks(place, &format!("rollback {name}")), Vec::<String>::new());
        assert_eq!(remarks(place, &format!("status {name}")), Vec::<String>::new());
        let_a_second_pass(place);
        // Forth and back again, with the flag.
        assert_eq!(remarks(place, &format!("deploy {name} -f two.yaml")).len(), 2);
        let_a_second_pass(place);
        assert_eq!(remarks(place, &format!("deploy {name} -f one.yaml --restart-stale")), Vec::<String>::new());
        assert_eq!(pods(place, &name), before);
        // Whoever began with what was there in between is old.
        let_a_second_pass(place);
        assert_eq!(remarks(place, &format!("deploy {name} -f two.yaml --restart-stale")), Vec::<String>::new());
        assert_ne!(pods(place, &name), before);
        let_a_second_pass(place);
        assert_eq!(remarks(place, &format!("deploy {name} -f one.yaml")).len(), 2);
        assert_eq!(remarks(place, &format!("status {name}")).len(), 2);
    }
}
