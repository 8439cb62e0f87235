//! Two people, two databases, one cluster: each continues the other's work and is told so; what
//! the record is when somebody has lost, copied or renewed it.

use std::io::{Read as _, Write as _};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use http::Method;
use serde_json::{Value, json};
use workloadctl::testing::Request;

use crate::harness::{Outcome, Place};

/// A set of two ConfigMaps, or of one.
fn set(value: &str, second: bool) -> String {
    let first = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: first}}\ndata: {{value: '{value}'}}\n"
    );
    let second = if second {
        "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: second}\n"
    } else {
        ""
    };
    format!("{first}{second}")
}

fn record(namespace: &str, name: &str) -> String {
    format!("/api/v1/namespaces/{namespace}/secrets/workloadctl.{name}")
}

fn remove(place: &Place, path: &str) {
    let options =
        json!({"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background"});
    place.call(Request::json(Method::DELETE, path, &options)).unwrap();
}

fn make_namespace(place: &Place, name: &str) {
    let body = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
    place.call(Request::json(Method::POST, "/api/v1/namespaces", &body)).unwrap();
}

fn value(place: &Place, namespace: &str) -> Value {
    let path = format!("/api/v1/namespaces/{namespace}/configmaps/first");
    place.get(&path).expect("it is there")["data"]["value"].clone()
}

/// Runs a command as another user of the machine.
fn run_as(place: &Place, user: &str, line: &str) -> Outcome {
    let mut command = place.command(line);
    let output = command.env("USER", user).output().unwrap();
    Outcome {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

#[track_caller]
fn says(outcome: &Outcome, sentence: &str) {
    assert!(outcome.stderr.contains(sentence), "not said: {sentence}\n{}", outcome.stderr);
}

on_both! {
    fn each_continues_the_others_release_and_is_told(place) {
        let (name, other) = (place.instance(""), place.elsewhere());
        place.write("set.yaml", &set("1", true));
        other.write("set.yaml", &set("2", false));
        run_as(place, "ann", &format!("deploy {name} -f set.yaml")).expect(0);
        let continued = run_as(&other, "bob", &format!("deploy {name} -f set.yaml")).expect(0);
        says(&continued, &format!("continuing {name}: release 1, last deployed by ann@"));
        assert!(place.get(&format!("/api/v1/namespaces/{name}/configmaps/second")).is_none(), "it was pruned");
        let told = run_as(place, "ann", &format!("deploy {name} -o json")).expect(0);
        says(&told, &format!("{name}: release 2 by bob@"));
        // The newest revision counts, whoever brought it.
        assert_eq!((&told.json()["release"], value(place, &name)), (&json!(2), json!("2")));
        let list = place.run(&format!("list {name} -o json")).expect(0).json();
        assert_eq!(list["instances"][0]["release"], 2, "{list}");
        let third = run_as(place, "ann", &format!("deploy {name} -f set.yaml -o json")).expect(0).json();
        assert_eq!((&third["release"], &third["outcome"]), (&json!(3), &json!("ready")), "{third}");
        says(&run_as(&other, "bob", &format!("deploy {name}")).expect(0), &format!("{name}: release 3 by ann@"));
        assert_eq!(value(place, &name), json!("1"));
        other.run(&format!("delete {name} --yes")).expect(0);
        // What another deleted is gone here too.
        let status = place.run(&format!("status {name} -o json")).expect(0).json();
        assert_eq!(status["reason"], "nothing of it is on the cluster any more: somebody deleted it", "{status}");
        let anew = place.run(&format!("deploy {name} -o json")).expect(0);
        says(&anew, &format!("{name} is not on the cluster any more: deploying it anew"));
        assert_eq!(anew.json()["release"], 4);
        place.run(&format!("delete {name} --yes")).expect(0);
        place.run(&format!("list {name}")).expect(1);
    }

    fn an_instance_that_only_the_cluster_knows(place) {
        let (name, other) = (place.instance(""), place.elsewhere());
        place.write("set.yaml", &set("1", true));
        run_as(place, "ann", &format!("deploy {name} -f set.yaml")).expect(0);
        let list = other.run("list -o json").expect(0).json();
        assert_eq!(list["instances"], json!([]), "listing contacts no cluster");
        other.run(&format!("list {name}")).expect(1);
        let status = other.run(&format!("status {name} -o json")).expect(0).json();
        assert_eq!((&status["status"], &status["release"]), (&json!("Healthy"), &json!(1)), "{status}");
        let list = other.run(&format!("list {name} -o json")).expect(0).json();
        assert_eq!(list["instances"][0]["status"], "Healthy", "it was taken in");
        let third = place.elsewhere();
        let plan = third.run(&format!("plan {name} -o json")).expect(0).json();
        assert_eq!(plan["counts"]["unchanged"], 3, "{plan}");
        third.run(&format!("delete {name} --yes")).expect(0);
        assert_eq!(place.leftovers(&name), Vec::<String>::new());
        third.run(&format!("delete {name} --yes")).expect(1);
    }

    fn deleted_and_made_again_by_another(place) {
        let (name, other) = (place.instance(""), place.elsewhere());
        place.write("set.yaml", &set("1", true));
        other.write("set.yaml", &set("2", true));
        for value in ["1", "2", "3"] {
            place.write("set.yaml", &set(value, true));
            run_as(place, "ann", &format!("deploy {name} -f set.yaml")).expect(0);
        }
        other.run(&format!("delete {name} --yes")).expect(0);
        run_as(&other, "bob", &format!("deploy {name} -f set.yaml")).expect(0);
        let told = run_as(place, "ann", &format!("deploy {name} -f set.yaml -o json")).expect(0);
        says(&told, &format!("{name}: release 1 by bob@"));
        let answer = told.json();
        assert_eq!((&answer["release"], &answer["outcome"]), (&json!(2), &json!("ready")), "{answer}");
        assert_eq!(value(place, &name), json!("3"));
        let again = place.run(&format!("deploy {name} -o json")).expect(0).json();
        assert_eq!((&again["release"], &again["outcome"]), (&json!(2), &json!("unchanged")), "{again}");
    }

    fn another_definition_took_its_place(place) {
        let (name, other) = (place.instance(""), place.elsewhere());
        place.write("set.yaml", &set("1", false));
        other.write("set.yaml", &set("2", true));
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        other.run(&format!("delete {name} --yes")).expect(0);
        run_as(&other, "bob", &format!("deploy {name} -f set.yaml --definition shop")).expect(0);
        for line in ["plan NAME -f set.yaml", "deploy NAME -f set.yaml", "deploy NAME --definition NAME"] {
            let refused = place.run(&format!("{} -o json", line.replace("NAME", &name))).expect(5).json();
            let error = &refused["error"];
            assert_eq!(error["code"], "other-definition", "{line}: {error}");
            assert_eq!(error["message"], format!("`{name}` runs definition `shop`, not `{name}`"), "{line}");
        }
        says(&place.run(&format!("plan {name}")).expect(0), &format!("`{name}` runs definition `shop` now, not `{name}`"));
        let followed = place.run(&format!("deploy {name} --definition shop -o json")).expect(0);
        says(&followed, &format!("{name}: release 1 by bob@"));
        let answer = followed.json();
        assert_eq!((&answer["outcome"], &answer["definition"]), (&json!("unchanged"), &json!("shop")), "{answer}");
        let list = place.run(&format!("list {name} -o json")).expect(0).json();
        assert_eq!(list["instances"][0]["definition"], "shop", "{list}");
        assert_eq!(value(place, &name), json!("2"));
    }

    fn a_lost_record_in_a_given_namespace_is_rebuilt_from_an_empty_database(place) {
        let (name, home) = (place.instance(""), place.instance("-home"));
        make_namespace(place, &home);
        place.write("set.yaml", &set("1", true));
        place.run(&format!("deploy {name} -f set.yaml -n {home}")).expect(0);
        remove(place, &record(&home, &name));
        // Somebody else's object with the same label is not ours.
        let foreign = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata":
            {"name": "foreign", "labels": {"workloadctl/instance": name}}});
        let collection = format!("/api/v1/namespaces/{home}/configmaps");
        place.call(Request::json(Method::POST, &*collection, &foreign)).unwrap();
        let other = place.elsewhere();
        other.write("set.yaml", &set("1", true));
        let plan = other.run(&format!("plan {name} -f set.yaml -n {home} -o json")).expect(0).json();
        assert_eq!(plan["counts"]["unchanged"], 2, "{plan}");
        other.write("set.yaml", &set("2", false));
        let rebuilt = other.run(&format!("deploy {name} -f set.yaml -n {home} -o json")).expect(0);
        says(&rebuilt, "the record is gone: rebuilt from 2 live objects");
        let answer = rebuilt.json();
        assert_eq!((&answer["counts"]["update"], &answer["counts"]["prune"]), (&json!(1), &json!(1)), "{answer}");
        assert_eq!(value(place, &home), json!("2"));
        assert!(place.get(&format!("{collection}/second")).is_none(), "what left the definition was pruned");
        assert!(place.get(&format!("{collection}/foreign")).is_some());
        // Nothing of the new definition is live, and all of the old one goes.
        remove(place, &record(&home, &name));
        let fourth = place.elsewhere();
        fourth.write("set.yaml", "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: app}\n");
        let other = fourth.run(&format!("deploy {name} -f set.yaml -n {home} -o json")).expect(0).json();
        assert_eq!((&other["counts"]["create"], &other["counts"]["prune"]), (&json!(1), &json!(1)), "{other}");
        fourth.write("set.yaml", &set("2", false));
        fourth.run(&format!("deploy {name} -f set.yaml -n {home}")).expect(0);
        // With the record lost and the database empty once more, status and delete look too.
        remove(place, &record(&home, &name));
        let third = place.elsewhere();
        let status = third.run(&format!("status {name} -n {home} -o json")).expect(0).json();
        assert_eq!(status["objects"].as_array().unwrap().len(), 1, "{status}");
        third.run(&format!("delete {name} -n {home} --yes")).expect(0);
        assert!(place.get(&format!("{collection}/first")).is_none());
        place.run(&format!("delete {name} --yes")).expect(0);
        remove(place, &format!("/api/v1/namespaces/{home}"));
    }

    fn a_newer_record_is_refused_by_name(place) {
        let name = place.instance("");
        place.write("set.yaml", &set("1", true));
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        let path = record(&name, &name);
        let before = place.get(&path).unwrap()["data"]["record"].clone();
        let change = |data: &Value| {
            place.call(Request::merge_patch(&*path, &json!({"data": {"record": data}}))).unwrap();
        };
        change(&json!(with_format(before.as_str().unwrap(), 99)));
        place.write("set.yaml", &set("2", true));
        for line in ["deploy NAME -f set.yaml", "plan NAME", "status NAME", "delete NAME --yes"] {
            let refused = place.run(&format!("{} -o json", line.replace("NAME", &name))).expect(5).json();
            let message = format!("the record of `{name}` has format 99, this program knows formats up to 1");
            assert_eq!(refused["error"]["message"], message, "{refused}");
            assert_eq!(refused["error"]["code"], "newer-record");
        }
        assert_eq!(value(place, &name), json!("1"));
        change(&before);
    }

    fn a_copied_record_is_refused_elsewhere(place) {
        let (name, home) = (place.instance(""), place.instance("-home"));
        place.write("set.yaml", &set("1", true));
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        make_namespace(place, &home);
        let mut copy = place.get(&record(&name, &name)).unwrap();
        let labels = copy["metadata"]["labels"].clone();
        copy["metadata"] = json!({"name": format!("workloadctl.{name}"), "labels": labels});
        place.call(Request::json(Method::POST, format!("/api/v1/namespaces/{home}/secrets"), &copy)).unwrap();
        let other = place.elsewhere();
        other.write("set.yaml", &set("2", true));
        for line in ["deploy NAME -f set.yaml", "status NAME", "delete NAME --yes"] {
            let line = format!("{} -n {home} -o json", line.replace("NAME", &name));
            let refused = other.run(&line).expect(5).json();
            assert_eq!(refused["error"]["code"], "copied-record", "{refused}");
            let message = refused["error"]["message"].as_str().unwrap();
            assert!(message.contains(&home) && message.contains(&format!("namespace {name}")), "{message}");
        }
        remove(place, &format!("/api/v1/namespaces/{home}"));
    }

    fn one_name_in_two_namespaces_is_two_instances(place) {
        let (name, other) = (place.instance(""), place.elsewhere());
        let homes = [place.instance("-x"), place.instance("-y")];
        for home in &homes {
            make_namespace(place, home);
        }
        place.write("set.yaml", &set("1", true));
        other.write("set.yaml", &set("2", false));
        let first = place.run(&format!("deploy {name} -f set.yaml -n {} -o json", homes[0])).expect(0);
        let second = other.run(&format!("deploy {name} -f set.yaml -n {} -o json", homes[1])).expect(0);
        for outcome in [&first, &second] {
            assert!(!outcome.stderr.contains("continuing"), "{outcome:?}");
            assert_eq!(outcome.json()["release"], 1);
        }
        assert_eq!([value(place, &homes[0]), value(place, &homes[1])], [json!("1"), json!("2")]);
        for at in [place, &other] {
            let again = at.run(&format!("deploy {name} -o json")).expect(0).json();
            assert_eq!(again["outcome"], "unchanged", "{again}");
        }
        // The other's is not taken for ours.
        for line in ["deploy NAME", "plan NAME", "status NAME", "delete NAME --yes"] {
            let line = format!("{} -n {} -o json", line.replace("NAME", &name), homes[1]);
            let refused = place.run(&line).expect(5).json();
            assert_eq!(refused["error"]["code"], "other-namespace", "{refused}");
        }
        other.run(&format!("delete {name} --yes")).expect(0);
        assert_eq!(value(place, &homes[0]), json!("1"), "the other one lives");
        place.run(&format!("delete {name} --yes")).expect(0);
        for home in &homes {
            assert!(place.get(&format!("/api/v1/namespaces/{home}")).is_some(), "it stays");
            remove(place, &format!("/api/v1/namespaces/{home}"));
        }
    }
}

/// Changes the format of a record's content.
fn with_format(content: &str, format: u32) -> String {
    let mut text = String::new();
    let packed = STANDARD.decode(content).unwrap();
    GzDecoder::new(&packed[..]).read_to_string(&mut text).unwrap();
    let mut stored: Value = serde_json::from_str(&text).unwrap();
    stored["format"] = format.into();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(stored.to_string().as_bytes()).unwrap();
    STANDARD.encode(encoder.finish().unwrap())
}
