//! Rows of the database that know less than the cluster, or what is not so any more.

use std::sync::Arc;

use http::Method;
use serde_json::json;
use workloadctl::testing::{Effect, Fault, Matches, Request, When};

use crate::harness::{Outcome, Place};

const SET: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: first}\n";

/// Renames the context of the proxy.
fn rename_context(place: &Place) {
    let path = place.path("faulty.kubeconfig");
    let text = std::fs::read_to_string(&path).unwrap();
    let text = text.replace("name: faulty,", "name: renamed,");
    std::fs::write(path, text.replace("current-context: faulty", "current-context: renamed"))
        .unwrap();
}

fn forbidden() -> Arc<Fault> {
    let matches = Matches { path: Some("/secrets".to_owned()), ..Matches::default() };
    Arc::new(Fault::new(matches, When::Always, Effect::Forbidden))
}

on_both! {
    fn what_somebody_else_deployed_is_found_in_the_namespace_that_it_brings(place) {
        let name = place.instance("");
        let system = format!("{name}-system");
        let set = format!(
            "apiVersion: v1\nkind: Namespace\nmetadata: {{name: {system}}}\n---\n\
             apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: first, namespace: {system}}}\n"
        );
        place.write("set.yaml", &set);
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        let here = place.elsewhere();
        here.write("set.yaml", &set);
        here.run(&format!("definition apply {name} -f set.yaml")).expect(0);
        here.run(&format!("instance create {name}")).expect(0);
        let status = here.run(&format!("status {name} -o json")).expect(0).json();
        assert_eq!(status["status"], "Healthy", "{status}");
        here.lose_database();
        here.run(&format!("definition apply {name} -f set.yaml")).expect(0);
        here.run(&format!("instance create {name}")).expect(0);
        here.run(&format!("delete {name} --yes")).expect(0);
        assert!(place.get(&format!("/api/v1/namespaces/{system}")).is_none());
    }

    fn a_copy_of_the_record_on_another_cluster_moves_nothing(place) {
        let name = place.instance("");
        place.write("set.yaml", SET);
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        let copy = Place::sandbox("copy").behind_proxy();
        let secrets = format!("/api/v1/namespaces/{name}/secrets");
        let record = place.get(&format!("{secrets}/workloadctl.{name}")).unwrap();
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret", "type": record["type"], "data": record["data"],
            "metadata": {"name": record["metadata"]["name"], "labels": record["metadata"]["labels"]},
        });
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        copy.call(Request::json(Method::POST, "/api/v1/namespaces", &namespace)).unwrap();
        copy.call(Request::json(Method::POST, secrets, &secret)).unwrap();
        let lines = ["status NAME -o json", "deploy NAME", "delete NAME --yes"];
        let told = lines.map(|line| {
            let line = format!("{} --runtime faulty", line.replace("NAME", &name));
            let mut command = place.command(&line);
            let output = command.env("KUBECONFIG", copy.path("faulty.kubeconfig")).output().unwrap();
            place.shown(&Outcome::of(&line, output))
        });
        // Without a context there is only `--forget`; the sandbox has none to lose.
        snapshot!(told.join("\n").replace(" --forget", ""), @r#"
        $ workloadctl status NAME -o json --runtime faulty
        exit code 5
        --- stdout
        {
          "apiVersion": "workloadctl/v1alpha1",
          "kind": "Instance",
          "name": "NAME",
          "definition": "NAME",
          "revision": 1,
          "latestRevision": 1,
          "runtime": "faulty",
          "namespace": "NAME",
          "namespaceMode": "managed",
          "status": "Error",
          "reason": "`NAME` is on runtime `RUNTIME`, not on `faulty`",
          "statusAt": "TIME",
          "release": 1,
          "outcome": "refused",
          "createdAt": "TIME",
          "deployedAt": "TIME",
          "deployedBy": "tester@HOST",
          "error": {
            "code": "other-runtime",
            "exitCode": 5,
            "message": "`NAME` is on runtime `RUNTIME`, not on `faulty`",
            "hint": "deploy under another instance name, or `workloadctl delete NAME` first"
          }
        }
        --- stderr
        error: `NAME` is on runtime `RUNTIME`, not on `faulty`
        hint: deploy under another instance name, or `workloadctl delete NAME` first

        $ workloadctl deploy NAME --runtime faulty
        exit code 5
        --- stderr
        error: `NAME` is on runtime `RUNTIME`, not on `faulty`
        hint: deploy under another instance name, or `workloadctl delete NAME` first

        $ workloadctl delete NAME --yes --runtime faulty
        exit code 5
        --- stderr
        error: `NAME` is on runtime `RUNTIME`, not on `faulty`
        hint: deploy under another instance name, or `workloadctl delete NAME` first
        "#);
        let status = place.run(&format!("status {name} -o json")).expect(0).json();
        assert_eq!(status["runtime"], json!(place.runtime), "{status}");
    }

    fn a_renamed_context_is_deleted_through_although_the_record_is_lost(place) {
        let place = place.behind_proxy();
        let name = place.instance("");
        place.write("set.yaml", SET);
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        let record = format!("/api/v1/namespaces/{name}/secrets/workloadctl.{name}");
        place.call(Request::json(Method::DELETE, record, &json!({}))).unwrap();
        rename_context(&place);
        snapshot!(place.told(&format!("delete {name} --yes")), @"
        $ workloadctl delete NAME --yes
        exit code 7
        --- stderr
        error: context `faulty` of `NAME` is not in the kubeconfig (~/faulty.kubeconfig)
        hint: if it was renamed: repeat the command with `--runtime CONTEXT`; if the cluster is gone: `workloadctl delete NAME --forget`
        ");
        place.run(&format!("delete {name} --yes --runtime renamed")).expect(0);
        assert_eq!(place.leftovers(&name), Vec::<String>::new());
        place.run(&format!("list {name}")).expect(1);
        place.log_in("{}");
    }

    fn a_row_that_was_never_deployed_goes_whatever_its_cluster_says(place) {
        let place = place.behind_proxy();
        let name = place.instance("");
        place.write("set.yaml", SET);
        place.run("definition apply set -f set.yaml").expect(0);
        let failing = "{exec: {apiVersion: client.authentication.k8s.io/v1, command: 'false', interactiveMode: Never}}";
        let cases: [(&str, &dyn Fn()); 3] = [
            ("context", &|| rename_context(&place)),
            ("login", &|| place.log_in(failing)),
            ("right", &|| place.faults(&[forbidden()])),
        ];
        for (what, spoil) in cases {
            place.run(&format!("instance create {name} --definition set")).expect(0);
            spoil();
            let deleted = place.run(&format!("delete {name} --yes -o json")).expect(0).json();
            assert_eq!(deleted["outcome"], "deleted", "{what}: {deleted}");
            assert!(deleted["warnings"][0].is_string(), "{what}: {deleted}");
            place.run(&format!("list {name}")).expect(1);
            place.log_in("{}");
            place.faults(&[]);
        }
    }

    /// The record on the cluster says it too, but `list` does not ask it.
    fn a_deletion_that_was_killed_is_in_the_list(place) {
        let name = place.instance("");
        place.write("held.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: held, finalizers: [example.com/held]}\n");
        place.run(&format!("deploy {name} -f held.yaml")).expect(0);
        let mut running = place.follow(&format!("delete {name} --yes --progress lines"));
        assert!(running.until(|line| line.contains("2 objects to delete")));
        running.kill();
        let list = place.run("list -o json").expect(0).json();
        let row = list["instances"].as_array().unwrap().iter().find(|row| row["name"] == *name).unwrap();
        assert_eq!(row["status"], "Deleting", "{row}");
        let path = format!("/api/v1/namespaces/{name}/configmaps/held");
        let free = json!({"metadata": {"finalizers": null}});
        place.call(Request::merge_patch(&*path, &free)).unwrap();
        place.run(&format!("delete {name} --yes")).expect(0);
    }
}
