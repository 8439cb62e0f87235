//! A removal that something ends before it is done: what went until then is told, counted and out of
//! the record.

use serde_json::{Value, json};
use workloadctl::testing::Request;

use crate::harness::Place;

fn plain(kind: &str, name: &str) -> Value {
    match kind {
        "Deployment" => {
            json!({"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name}, "spec": {
            "replicas": 0, "selector": {"matchLabels": {"app": name}}, "template": {
                "metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "web", "image": "web:1"}]}}}})
        }
        kind => json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": name}}),
    }
}

fn write(place: &Place, objects: &[(&str, &str)]) {
    let items: Vec<Value> = objects.iter().map(|(kind, name)| plain(kind, name)).collect();
    let list = json!({"apiVersion": "v1", "kind": "List", "items": items});
    place.write("set.json", &list.to_string());
}

fn hold(place: &Place, path: &str, finalizers: Value) {
    let patch = json!({"metadata": {"finalizers": finalizers}});
    place.call(Request::merge_patch(path, &patch)).unwrap();
}

/// Gives what an answer says was done to its objects, as `action Kind/name`.
fn done(answer: &Value) -> Vec<String> {
    let objects = answer["objects"].as_array().unwrap().iter();
    let text = |object: &Value, key: &str| object[key].as_str().unwrap_or_default().to_owned();
    let told = objects.map(|object| {
        format!("{} {}/{}", text(object, "action"), text(object, "kind"), text(object, "name"))
    });
    told.collect()
}

on_both! {
    /// A deploy that ends a deletion first tells of it what a deletion tells.
    fn what_stays_of_a_half_deleted_instance_is_told_with_the_new_release(place) {
        let (name, home) = (place.instance(""), place.instance("h"));
        write(place, &[("ConfigMap", "home")]);
        place.run(&format!("deploy {home} -f set.json")).expect(0);
        let mut kept = plain("ConfigMap", "kept");
        kept["metadata"]["annotations"] = json!({"workloadctl/on-remove": "keep"});
        let list = json!({"apiVersion": "v1", "kind": "List", "items": [kept, plain("ConfigMap", "goes")]});
        place.write("set.json", &list.to_string());
        place.run(&format!("deploy {name} -f set.json -n {home}")).expect(0);
        place.run(&format!("delete {name} --yes --no-wait")).expect(0);
        let answer = place.run(&format!("deploy {name} -f set.json -n {home} -o json")).expect(0).json();
        assert_eq!(answer["remarks"], json!(["ConfigMap/kept stays: it asks to be kept"]), "{answer}");
        place.run(&format!("delete {name} {home} --yes")).expect(0);
    }

    fn a_deletion_that_runs_out_of_time_tells_what_went(place) {
        let name = place.instance("");
        write(place, &[("Deployment", "free"), ("Deployment", "held")]);
        place.run(&format!("deploy {name} -f set.json")).expect(0);
        let held = format!("/apis/apps/v1/namespaces/{name}/deployments/held");
        hold(place, &held, json!(["test.workloadctl/hold"]));
        let answer = place.run(&format!("delete {name} --yes --timeout 4s -o json")).expect(1).json();
        assert_eq!(answer["outcome"], "timedOut", "{answer}");
        assert_eq!(done(&answer)[..2], ["delete Deployment/free", "delete Deployment/held"], "{answer}");
        assert_eq!(answer["counts"]["delete"], 1, "{answer}");
        hold(place, &held, Value::Null);
        place.run(&format!("delete {name} --yes")).expect(0);
        assert_eq!(place.leftovers(&name), Vec::<String>::new());
    }

    fn a_prune_that_runs_out_of_time_counts_and_forgets_what_went(place) {
        let name = place.instance("");
        write(place, &[("ConfigMap", "a"), ("Deployment", "free"), ("Deployment", "held")]);
        place.run(&format!("deploy {name} -f set.json")).expect(0);
        let held = format!("/apis/apps/v1/namespaces/{name}/deployments/held");
        hold(place, &held, json!(["test.workloadctl/hold"]));
        write(place, &[("ConfigMap", "a")]);
        let answer = place.run(&format!("deploy {name} -f set.json --timeout 5s -o json")).expect(1).json();
        assert_eq!((&answer["outcome"], &answer["counts"]["prune"]), (&json!("timedOut"), &json!(1)), "{answer}");
        // What is left is what the next release still has to remove.
        let plan = place.run(&format!("plan {name} -f set.json -o json")).expect(0).json();
        let prunes: Vec<String> = done(&plan).into_iter().filter(|told| told.starts_with("prune")).collect();
        assert_eq!(prunes, ["prune Deployment/held"], "{plan}");
        let shown = place.run(&format!("history {name} -o json")).expect(0).json();
        let release = shown["releases"].as_array().unwrap().iter().find(|it| it["release"] == 2).unwrap();
        assert_eq!(release["counts"]["prune"], 1, "{shown}");
        hold(place, &held, Value::Null);
        place.run(&format!("deploy {name} -f set.json")).expect(0);
        place.run(&format!("delete {name} --yes")).expect(0);
    }
}
