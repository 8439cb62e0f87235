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
    Outcome::of(line, output)
}

/// Deploys as another user, and shows the answer.
fn told_as(place: &Place, by: &Place, user: &str, line: &str) -> String {
    place.shown(&run_as(by, user, &format!("deploy {line} --progress none")))
}

on_both! {
    fn what_another_deleted_and_made_anew_begins_anew_here_too(place) {
        let (name, other) = (place.instance(""), place.elsewhere());
        let conf = |value: &str| format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: conf}}\ndata: {{a: '{value}'}}\n");
        for value in ["1", "2"] {
            place.write("conf.yaml", &conf(value));
            place.run(&format!("deploy {name} -f conf.yaml")).expect(0);
        }
        let runtime = &place.runtime;
        other.run(&format!("delete {name} --yes --runtime {runtime}")).expect(0);
        other.write("conf.yaml", &conf("3"));
        other.run(&format!("deploy {name} -f conf.yaml --runtime {runtime}")).expect(0);
        place.run(&format!("status {name}")).expect(0);
        let list = place.run(&format!("list {name} -o json")).expect(0).json();
        assert_eq!(list["instances"][0]["release"], 1, "{list}");
        let history = place.run(&format!("history {name} -o json")).expect(0).json();
        let numbers: Vec<&Value> = history["releases"].as_array().unwrap().iter().map(|release| &release["release"]).collect();
        assert_eq!(numbers, [1], "{history}");
        // An empty database has seen nothing; what a deploy that changes nothing sees, it knows.
        let third = place.elsewhere();
        third.write("conf.yaml", &conf("3"));
        third.run(&format!("deploy {name} -f conf.yaml --yes --runtime {runtime}")).expect(0);
        let list = third.run(&format!("list {name} -o json")).expect(0).json();
        assert_eq!(list["instances"][0]["status"], "Healthy", "{list}");
        place.run(&format!("delete {name} --yes")).expect(0);
    }

    fn each_continues_the_others_release_and_is_told(place) {
        let (name, other) = (place.instance(""), place.elsewhere());
        place.write("set.yaml", &set("1", true));
        other.write("set.yaml", &set("2", false));
        run_as(place, "ann", &format!("deploy {name} -f set.yaml")).expect(0);
        snapshot!(told_as(place, &other, "bob", &format!("{name} -f set.yaml")), @"
        $ workloadctl deploy NAME -f set.yaml --progress none
        exit code 0
        --- stdout
        NAME deployed to RUNTIME (release 2, NAME revision 2): 1 updated, 1 unchanged, 1 pruned; ready in N s
        namespace NAME
        --- stderr
        continuing NAME: release 1, last deployed by ann@HOST N s ago
        ");
        assert!(place.get(&format!("/api/v1/namespaces/{name}/configmaps/second")).is_none(), "it was pruned");
        snapshot!(told_as(place, place, "ann", &name), @"
        $ workloadctl deploy NAME --progress none
        exit code 0
        --- stdout
        NAME unchanged (release 2, ready)
        namespace NAME
        --- stderr
        NAME: release 2 by bob@HOST, N s ago
        ");
        // The newest revision counts, whoever brought it.
        assert_eq!(value(place, &name), json!("2"));
        let list = place.run(&format!("list {name} -o json")).expect(0).json();
        assert_eq!(list["instances"][0]["release"], 2, "{list}");
        snapshot!(told_as(place, place, "ann", &format!("{name} -f set.yaml")), @"
        $ workloadctl deploy NAME -f set.yaml --progress none
        exit code 0
        --- stdout
        NAME deployed to RUNTIME (release 3, NAME revision 3): 1 created, 1 updated, 1 unchanged; ready in N s
        namespace NAME
        ");
        snapshot!(told_as(place, &other, "bob", &name), @"
        $ workloadctl deploy NAME --progress none
        exit code 0
        --- stdout
        NAME unchanged (release 3, ready)
        namespace NAME
        --- stderr
        NAME: release 3 by ann@HOST, N s ago
        ");
        assert_eq!(value(place, &name), json!("1"));
        other.run(&format!("delete {name} --yes")).expect(0);
        // What another deleted is gone here too.
        snapshot!(place.told(&format!("status {name}")), @"
        $ workloadctl status NAME
        exit code 0
        --- stdout
        NAME: Unhealthy, nothing of it is on the cluster any more: somebody deleted it
        NAME revision 3 · release 3 by ann@HOST N s ago · runtime RUNTIME · namespace NAME (managed)
        ");
        snapshot!(place.told(&format!("deploy {name} --progress none")), @"
        $ workloadctl deploy NAME --progress none
        exit code 0
        --- stdout
        NAME deployed to RUNTIME (release 4, NAME revision 3): 3 created; ready in N s
        namespace NAME
        --- stderr
        runtime RUNTIME: stored with the instance
        NAME is not on the cluster any more: deploying it anew
        ");
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
        snapshot!(told_as(place, place, "ann", &format!("{name} -f set.yaml")), @"
        $ workloadctl deploy NAME -f set.yaml --progress none
        exit code 0
        --- stdout
        NAME deployed to RUNTIME (release 2, NAME revision 3): 1 updated, 2 unchanged; ready in N s
        namespace NAME
        --- stderr
        NAME: release 1 by bob@HOST, N s ago
        ");
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
        snapshot!(place.told(&format!("plan {name} -f set.yaml -o json")), @r#"
        $ workloadctl plan NAME -f set.yaml -o json
        exit code 5
        --- stdout
        {
          "apiVersion": "workloadctl/v1alpha1",
          "kind": "Plan",
          "name": "NAME",
          "runtime": "RUNTIME",
          "outcome": "refused",
          "error": {
            "code": "other-definition",
            "exitCode": 5,
            "message": "`NAME` runs definition `shop`, not `NAME`",
            "hint": "deploy `NAME` under another instance name"
          }
        }
        --- stderr
        error: `NAME` runs definition `shop`, not `NAME`
        hint: deploy `NAME` under another instance name
        "#);
        let lines = ["deploy NAME -f set.yaml", "deploy NAME --definition NAME", "plan NAME", "deploy NAME --definition shop --progress none"];
        let told = lines.map(|line| place.told(&line.replace("NAME", &name))).join("\n");
        snapshot!(told, @"
        $ workloadctl deploy NAME -f set.yaml
        exit code 5
        --- stderr
        error: `NAME` runs definition `shop`, not `NAME`
        hint: deploy `NAME` under another instance name

        $ workloadctl deploy NAME --definition NAME
        exit code 5
        --- stderr
        error: `NAME` runs definition `shop`, not `NAME`
        hint: deploy `NAME` under another instance name

        $ workloadctl plan NAME
        exit code 0
        --- stdout
        ACTION  OBJECT  NAMESPACE  REASON
        unchanged  Namespace/NAME  -  -
        unchanged  ConfigMap/first  NAME  -
        unchanged  ConfigMap/second  NAME  -
        NAME on RUNTIME: 3 unchanged
        --- stderr
        `NAME` runs definition `shop` now, not `NAME`

        $ workloadctl deploy NAME --definition shop --progress none
        exit code 0
        --- stdout
        NAME unchanged (release 1, ready)
        namespace NAME
        --- stderr
        NAME: release 1 by bob@HOST, N s ago
        ");
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
        let rebuilt = other.run(&format!("deploy {name} -f set.yaml -n {home} --progress none"));
        snapshot!(place.shown(&rebuilt), @"
        $ workloadctl deploy NAME -f set.yaml -n NAME-home --progress none
        exit code 0
        --- stdout
        NAME deployed to RUNTIME (release 1, NAME revision 1): 1 updated, 1 pruned; ready in N s
        namespace NAME-home
        --- stderr
        the record is gone: rebuilt from 2 live objects of `NAME` in namespace NAME-home
        warning: what else it had cannot be told: its record is gone, and no release of it is known here
        ");
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
        let lines = ["deploy NAME -f set.yaml", "plan NAME", "status NAME", "delete NAME --yes", "plan NAME -o json"];
        let told = lines.map(|line| place.told(&line.replace("NAME", &name))).join("\n");
        snapshot!(told, @r#"
        $ workloadctl deploy NAME -f set.yaml
        exit code 5
        --- stderr
        error: the record of `NAME` has format 99, this program knows formats up to 1
        hint: use a newer workloadctl

        $ workloadctl plan NAME
        exit code 5
        --- stderr
        error: the record of `NAME` has format 99, this program knows formats up to 1
        hint: use a newer workloadctl

        $ workloadctl status NAME
        exit code 5
        --- stdout
        NAME: Error, the record of `NAME` has format 99, this program knows formats up to 1
        NAME revision 1 · release 1 by tester@HOST N s ago · runtime RUNTIME · namespace NAME (managed)
        --- stderr
        error: the record of `NAME` has format 99, this program knows formats up to 1
        hint: use a newer workloadctl

        $ workloadctl delete NAME --yes
        exit code 5
        --- stderr
        error: the record of `NAME` has format 99, this program knows formats up to 1
        hint: use a newer workloadctl

        $ workloadctl plan NAME -o json
        exit code 5
        --- stdout
        {
          "apiVersion": "workloadctl/v1alpha1",
          "kind": "Plan",
          "name": "NAME",
          "runtime": "RUNTIME",
          "outcome": "refused",
          "error": {
            "code": "newer-record",
            "exitCode": 5,
            "message": "the record of `NAME` has format 99, this program knows formats up to 1",
            "hint": "use a newer workloadctl"
          }
        }
        --- stderr
        error: the record of `NAME` has format 99, this program knows formats up to 1
        hint: use a newer workloadctl
        "#);
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
        let lines = ["deploy NAME -f set.yaml -o json", "status NAME", "delete NAME --yes"];
        let told = lines.map(|line| place.shown(&other.run(&format!("{} -n {home}", line.replace("NAME", &name)))));
        snapshot!(told.join("\n"), @r#"
        $ workloadctl deploy NAME -f set.yaml -o json -n NAME-home
        exit code 5
        --- stdout
        {
          "apiVersion": "workloadctl/v1alpha1",
          "kind": "Deploy",
          "name": "NAME",
          "runtime": "RUNTIME",
          "outcome": "refused",
          "error": {
            "code": "copied-record",
            "exitCode": 5,
            "message": "Secret/workloadctl.NAME in namespace NAME-home is a copy of the record of `NAME` in namespace NAME",
            "hint": "delete the copy: `kubectl -n NAME-home delete secret workloadctl.NAME`"
          }
        }
        --- stderr
        error: Secret/workloadctl.NAME in namespace NAME-home is a copy of the record of `NAME` in namespace NAME
        hint: delete the copy: `kubectl -n NAME-home delete secret workloadctl.NAME`

        $ workloadctl status NAME -n NAME-home
        exit code 5
        --- stderr
        error: Secret/workloadctl.NAME in namespace NAME-home is a copy of the record of `NAME` in namespace NAME
        hint: delete the copy: `kubectl -n NAME-home delete secret workloadctl.NAME`

        $ workloadctl delete NAME --yes -n NAME-home
        exit code 5
        --- stderr
        error: Secret/workloadctl.NAME in namespace NAME-home is a copy of the record of `NAME` in namespace NAME
        hint: delete the copy: `kubectl -n NAME-home delete secret workloadctl.NAME`
        "#);
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
        let first = place.run(&format!("deploy {name} -f set.yaml -n {} --progress none", homes[0]));
        snapshot!(place.shown(&first), @"
        $ workloadctl deploy NAME -f set.yaml -n NAME-x --progress none
        exit code 0
        --- stdout
        NAME deployed to RUNTIME (release 1, NAME revision 1): 2 created; ready in N s
        namespace NAME-x
        --- stderr
        runtime RUNTIME: WORKLOADCTL_RUNTIME
        ");
        let second = other.run(&format!("deploy {name} -f set.yaml -n {} --progress none", homes[1]));
        snapshot!(place.shown(&second), @"
        $ workloadctl deploy NAME -f set.yaml -n NAME-y --progress none
        exit code 0
        --- stdout
        NAME deployed to RUNTIME (release 1, NAME revision 1): 1 created; ready in N s
        namespace NAME-y
        --- stderr
        runtime RUNTIME: WORKLOADCTL_RUNTIME
        ");
        assert_eq!([value(place, &homes[0]), value(place, &homes[1])], [json!("1"), json!("2")]);
        for at in [place, &other] {
            let again = at.run(&format!("deploy {name} -o json")).expect(0).json();
            assert_eq!(again["outcome"], "unchanged", "{again}");
        }
        // The other's is not taken for ours.
        let lines = ["deploy NAME", "plan NAME", "status NAME", "delete NAME --yes", "deploy NAME -o json"];
        let told = lines.map(|line| place.told(&format!("{} -n {}", line.replace("NAME", &name), homes[1])));
        snapshot!(told.join("\n"), @r#"
        $ workloadctl deploy NAME -n NAME-y
        exit code 5
        --- stderr
        error: `NAME` is in namespace NAME-x, not in NAME-y
        hint: the namespace is fixed at the first deploy: leave the flag out, or use another instance name

        $ workloadctl plan NAME -n NAME-y
        exit code 5
        --- stderr
        error: `NAME` is in namespace NAME-x, not in NAME-y
        hint: the namespace is fixed at the first deploy: leave the flag out, or use another instance name

        $ workloadctl status NAME -n NAME-y
        exit code 5
        --- stdout
        NAME: Error, `NAME` is in namespace NAME-x, not in NAME-y
        NAME revision 1 · release 1 by tester@HOST N s ago · runtime RUNTIME · namespace NAME-x (given)
        --- stderr
        error: `NAME` is in namespace NAME-x, not in NAME-y
        hint: the namespace is fixed at the first deploy: leave the flag out, or use another instance name

        $ workloadctl delete NAME --yes -n NAME-y
        exit code 5
        --- stderr
        error: `NAME` is in namespace NAME-x, not in NAME-y
        hint: the namespace is fixed at the first deploy: leave the flag out, or use another instance name

        $ workloadctl deploy NAME -o json -n NAME-y
        exit code 5
        --- stdout
        {
          "apiVersion": "workloadctl/v1alpha1",
          "kind": "Deploy",
          "name": "NAME",
          "runtime": "RUNTIME",
          "outcome": "refused",
          "error": {
            "code": "other-namespace",
            "exitCode": 5,
            "message": "`NAME` is in namespace NAME-x, not in NAME-y",
            "hint": "the namespace is fixed at the first deploy: leave the flag out, or use another instance name"
          }
        }
        --- stderr
        error: `NAME` is in namespace NAME-x, not in NAME-y
        hint: the namespace is fixed at the first deploy: leave the flag out, or use another instance name
        "#);
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
