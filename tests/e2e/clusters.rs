//! The right cluster: created again, another one behind the same name, the same one behind another
//! name, one whose identity may not be read, and one that nobody named.

use std::path::{Path, PathBuf};

use http::Method;
use serde_json::json;
use workloadctl::testing::{InstanceName, KnownRuntime, Request, Store};

use crate::harness::{Outcome, Place};

const SET: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: first}\n";

fn users(test: &str, context: &str) -> Place {
    let place = Place::control_plane(test).through(&Place::users(), context);
    place.write("set.yaml", SET);
    place
}

/// Writes the users' kubeconfig with something in it replaced.
fn kubeconfig(place: &Place, name: &str, changes: &[(&str, &str)]) -> PathBuf {
    let mut text = std::fs::read_to_string(Place::users()).unwrap();
    for (from, to) in changes {
        assert!(text.contains(from), "{from} is not in the kubeconfig");
        text = text.replace(from, to);
    }
    place.write(name, &text)
}

/// Runs a command with another kubeconfig and without `WORKLOADCTL_RUNTIME`.
fn run_with(place: &Place, kubeconfig: &Path, line: &str) -> Outcome {
    let mut command = place.command(line);
    command.env("KUBECONFIG", kubeconfig).env_remove("WORKLOADCTL_RUNTIME");
    let output = command.output().unwrap();
    Outcome {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Lets the database believe that instance and runtime were on another cluster.
fn forge_cluster(place: &Place, name: &str) {
    let mut store = Store::open(&place.database()).unwrap();
    let name: InstanceName = name.parse().unwrap();
    let mut instance = store.instance(&name).unwrap().unwrap();
    instance.cluster_uid = Some("another".to_owned());
    let known = store.runtime(&instance.runtime).unwrap().unwrap();
    store.update_instance(&instance).unwrap();
    let known = KnownRuntime { cluster_uid: Some("another".to_owned()), ..known };
    store.remember_runtime(&known).unwrap();
}

#[track_caller]
fn says(outcome: &Outcome, sentence: &str) {
    assert!(outcome.stderr.contains(sentence), "not said: {sentence}\n{}", outcome.stderr);
}

#[track_caller]
fn fails(outcome: Outcome, code: i32, word: &str, hint: &str) {
    let answer = outcome.expect(code).json();
    let error = &answer["error"];
    assert_eq!(error["code"], word, "{error}");
    assert!(error["hint"].as_str().unwrap_or_default().contains(hint), "{error}");
}

on_both! {
    fn what_another_deployed_on_the_new_cluster_is_found(place) {
        let (name, other) = (place.instance(""), place.elsewhere());
        let given = format!("{name}-given");
        place.write("set.yaml", SET);
        other.write("set.yaml", SET);
        place.run(&format!("deploy {name} -f set.yaml -n {given}")).expect(0);
        other.run(&format!("delete {name} -n {given} --yes")).expect(0);
        forge_cluster(place, &name);
        other.run(&format!("deploy {name} -f set.yaml")).expect(0);
        for command in ["plan", "deploy"] {
            let line = format!("{command} {name} -f set.yaml --new-cluster -o json");
            let answer = place.run(&line).expect(0).json();
            assert_eq!((&answer["counts"]["unchanged"], &answer["namespace"]), (&json!(2), &json!(name)), "{answer}");
        }
        place.call(Request::json(Method::DELETE, format!("/api/v1/namespaces/{given}"), &json!({}))).unwrap();
    }
}

#[test]
fn a_sandbox_that_was_created_again_is_served_anew() {
    let place = Place::sandbox("created_again");
    let (name, other) = (place.instance(""), place.instance("-other"));
    place.write("set.yaml", SET);
    for instance in [&name, &other] {
        place.run(&format!("deploy {instance} -f set.yaml")).expect(0);
    }
    place.run("sandbox reset --yes").expect(0);
    let status = place.run(&format!("status {name} -o json")).expect(0).json();
    assert_eq!(status["status"], "Lost", "{status}");
    let unknown = place.run(&format!("status {} -o json", place.instance("-unknown")));
    fails(unknown, 1, "no-such-instance", "");
    let plan = place.run(&format!("plan {name} -o json")).expect(0).json();
    assert_eq!(plan["counts"]["create"], 2, "{plan}");
    let anew = place.run(&format!("deploy {name} -o json")).expect(0);
    says(&anew, &format!("sandbox was created again; deploying {name} anew"));
    let answer = anew.json();
    assert_eq!((&answer["outcome"], &answer["counts"]["create"]), (&json!("ready"), &json!(2)));
    let again = place.run(&format!("deploy {name} -o json")).expect(0);
    assert!(!again.stderr.contains("created again"), "{again:?}");
    assert_eq!(again.json()["outcome"], "unchanged");
    // The other one still knows only the old one.
    let status = place.run(&format!("status {other} -o json")).expect(0).json();
    assert_eq!(status["status"], "Lost", "{status}");
    says(&place.run(&format!("deploy {other} -f set.yaml")).expect(0), "was created again");
    // A new instance has nothing that could have been lost.
    place.run("sandbox reset --yes").expect(0);
    let fresh = place.instance("-fresh");
    let first = place.run(&format!("deploy {fresh} -f set.yaml")).expect(0);
    assert!(!first.stderr.contains("created again"), "{first:?}");
    place.run(&format!("delete {other} --yes")).expect(0);
    place.run(&format!("list {other}")).expect(1);
}

#[test]
fn a_kind_cluster_that_was_created_again_is_served_anew() {
    let place = users("kind_again", "kind-control-plane");
    let name = place.instance("");
    place.run(&format!("deploy {name} -f set.yaml")).expect(0);
    forge_cluster(&place, &name);
    // Somebody deployed it there already: its record tells.
    let found = place.run(&format!("deploy {name} -o json")).expect(0);
    says(&found, &format!("kind-control-plane was created again; deploying {name} anew"));
    assert_eq!(found.json()["outcome"], "unchanged");
    place.run(&format!("delete {name} --yes")).expect(0);
    place.run(&format!("deploy {name} -f set.yaml")).expect(0);
    let elsewhere = place.aside();
    elsewhere.run(&format!("delete {name} --yes")).expect(0);
    forge_cluster(&place, &name);
    let status = place.run(&format!("status {name} -o json")).expect(0).json();
    assert_eq!(status["status"], "Lost", "{status}");
    says(&place.run(&format!("deploy {name}")).expect(0), "kind-control-plane was created again");
}

#[test]
fn another_cluster_behind_the_same_context() {
    let place = users("other_cluster", "control-plane");
    let name = place.instance("");
    place.run(&format!("deploy {name} -f set.yaml")).expect(0);
    forge_cluster(&place, &name);
    place.write("set.yaml", &SET.replace("first", "second"));
    let before = place.get(&format!("/api/v1/namespaces/{name}/secrets/workloadctl.{name}"));
    for (line, hint) in [
        ("deploy NAME -f set.yaml", "--new-cluster"),
        ("plan NAME -f set.yaml", "--new-cluster"),
        ("status NAME", "deploy NAME --new-cluster"),
        ("delete NAME --yes", "deploy NAME --new-cluster"),
        ("delete NAME --yes", "delete NAME --forget"),
    ] {
        let [line, hint] = [line, hint].map(|text| text.replace("NAME", &name));
        fails(place.run(&format!("{line} -o json")), 7, "other-cluster", &hint);
    }
    assert_eq!(
        place.get(&format!("/api/v1/namespaces/{name}/secrets/workloadctl.{name}")),
        before,
        "nothing was sent"
    );
    let anew = place.run(&format!("deploy {name} -f set.yaml --new-cluster -o json")).expect(0);
    says(
        &anew,
        &format!("control-plane reaches another cluster than before; deploying {name} anew"),
    );
    // There is a record of it on that cluster: it goes on from there.
    assert_eq!(anew.json()["counts"]["prune"], 1);
    let again = place.run(&format!("deploy {name} -o json")).expect(0).json();
    assert_eq!(again["outcome"], "unchanged", "{again}");
}

#[test]
fn a_renamed_context_is_followed_and_another_runtime_is_refused() {
    let place = users("renamed", "control-plane");
    let name = place.instance("");
    place.run(&format!("deploy {name} -f set.yaml")).expect(0);
    let renamed = [("name: control-plane, context", "name: prod, context")];
    let renamed = kubeconfig(&place, "renamed", &renamed);
    for line in ["deploy NAME -f set.yaml", "plan NAME", "status NAME"] {
        let line = format!("{} -o json", line.replace("NAME", &name));
        fails(run_with(&place, &renamed, &line), 7, "context-gone", "--runtime CONTEXT");
    }
    let line = format!("delete {name} --yes -o json");
    fails(run_with(&place, &renamed, &line), 7, "context-gone", &format!("delete {name} --forget"));
    // The sandbox has no such record.
    for line in ["deploy NAME", "plan NAME", "status NAME", "delete NAME --yes"] {
        let line = format!("{} --runtime sandbox -o json", line.replace("NAME", &name));
        fails(run_with(&place, &renamed, &line), 5, "other-runtime", &format!("{name} --forget"));
    }
    let status = run_with(&place, &renamed, &format!("status {name} --runtime prod -o json"));
    says(&status, &format!("`{name}` is on runtime prod from now on"));
    assert_eq!(status.expect(0).json()["status"], "Healthy");
    let line = format!("deploy {name} --runtime prod -o json");
    let followed = run_with(&place, &renamed, &line).expect(0);
    assert_eq!(followed.json()["outcome"], "unchanged");
    let plain = run_with(&place, &renamed, &format!("deploy {name} -o json")).expect(0).json();
    assert_eq!((&plain["runtime"], &plain["release"]), (&json!("prod"), &json!(1)), "{plain}");
    // And back, told.
    let back = place.run(&format!("deploy {name} --runtime control-plane")).expect(0);
    says(&back, &format!("`{name}` is on runtime control-plane from now on"));
}

#[test]
fn a_context_called_sandbox_is_told_from_the_sandbox() {
    let place = users("called_sandbox", "control-plane");
    let name = place.instance("");
    let called =
        kubeconfig(&place, "called", &[("name: reader, context", "name: sandbox, context")]);
    let called = kubeconfig_as_admin(&place, &called);
    let line = format!("deploy {name} -f set.yaml -o json");
    let outcome = run_with(&place, &called, &format!("{line} --runtime sandbox"));
    fails(outcome, 2, "ambiguous-runtime", "kubeconfig:sandbox");
    let there = run_with(&place, &called, &format!("{line} --runtime kubeconfig:sandbox"));
    assert_eq!(there.expect(0).json()["runtime"], "kubeconfig:sandbox");
    assert!(place.get(&format!("/api/v1/namespaces/{name}")).is_some());
    run_with(&place, &called, &format!("delete {name} --yes")).expect(0);
    assert!(place.get(&format!("/api/v1/namespaces/{name}")).is_none());
    let inside = run_with(&place, &called, &format!("{line} --runtime builtin:sandbox"));
    assert_eq!(inside.expect(0).json()["runtime"], "sandbox");
    assert!(place.get(&format!("/api/v1/namespaces/{name}")).is_none());
    run_with(&place, &called, &format!("delete {name} --yes")).expect(0);
}

/// Gives the reader's context the rights of the administrator.
fn kubeconfig_as_admin(place: &Place, path: &Path) -> PathBuf {
    let text = std::fs::read_to_string(path).unwrap();
    place.write("admin", &text.replace("user: reader}", "user: admin}"))
}

#[test]
fn a_new_instance_does_not_land_where_nobody_sent_it() {
    let place = users("unnamed", "control-plane");
    let name = place.instance("");
    let several = kubeconfig(&place, "several", &[]);
    let line = format!("deploy {name} -f set.yaml -o json");
    let outcome = run_with(&place, &several, &line);
    fails(outcome, 5, "runtime-not-named", "--runtime control-plane");
    assert!(place.get(&format!("/api/v1/namespaces/{name}")).is_none());
    let list = place.run("list -o json").expect(0).json();
    assert_eq!(list["instances"], json!([]), "the database is as before");
    let line = format!("instance create {name} --definition web -o json");
    place.run("definition apply web -f set.yaml").expect(0);
    fails(run_with(&place, &several, &line), 5, "runtime-not-named", "--runtime control-plane");
    // Named by a flag, by the stored default, by --yes; or there is nothing to be confused with.
    let kind = [("current-context: control-plane", "current-context: kind-control-plane")];
    let kind = kubeconfig(&place, "kind", &kind);
    let one = crate::harness::variable("KUBECONFIG").unwrap();
    for (config, more, why) in [
        (&*several, " --runtime control-plane", "runtime control-plane: --runtime"),
        (&*several, " --yes", "runtime control-plane: kubeconfig's current context"),
        (&*kind, "", "runtime kind-control-plane: kubeconfig's current context"),
        (Path::new(&one), "", "runtime control-plane: kubeconfig's current context"),
    ] {
        let deployed =
            run_with(&place, config, &format!("deploy {name} -f set.yaml{more}")).expect(0);
        says(&deployed, why);
        run_with(&place, config, &format!("delete {name} --yes")).expect(0);
    }
    run_with(&place, &several, "runtime use control-plane").expect(0);
    let deployed = run_with(&place, &several, &format!("deploy {name} -f set.yaml")).expect(0);
    says(&deployed, "runtime control-plane: the default");
}
