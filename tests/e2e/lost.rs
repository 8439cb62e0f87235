//! What is lost and found again: the database, the record, objects that somebody deleted.

use std::time::Duration;

use http::Method;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use workloadctl::testing::Request;

use crate::{harness::Place, status::with_endpoints};

/// Gives a set with something that outlives its namespace.
fn set(name: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: conf}}\n---\n\
         apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {{name: {name}-role}}\n"
    )
}

fn remove(place: &Place, path: &str) {
    place.call(Request::json(Method::DELETE, path, &json!({}))).unwrap();
}

#[track_caller]
fn remove_namespace(place: &Place, name: &str) {
    let path = format!("/api/v1/namespaces/{name}");
    remove(place, &path);
    place.until("the namespace is gone", Duration::from_secs(60), || place.get(&path).is_none());
}

on_both! {
    fn the_database_is_lost_between_any_two_commands(place) {
        let name = place.instance("");
        place.example("web");
        place.run(&format!("deploy {name} -f web")).expect(0);
        place.lose_database();
        let again = place.run(&format!("deploy {name} -o json")).expect(0).json();
        assert_eq!((&again["outcome"], &again["release"]), (&json!("unchanged"), &json!(1)), "{again}");
        place.lose_database();
        let status = place.run(&format!("status {name} -o json")).expect(0).json();
        assert_eq!(status["status"], "Healthy", "{status}");
        place.lose_database();
        let plan = place.run(&format!("plan {name} -f web -o json")).expect(0).json();
        assert_eq!(plan["counts"]["unchanged"], 4, "{plan}");
        place.lose_database();
        let upgraded = place
            .run(&format!("deploy {name} --image web=nginxinc/nginx-unprivileged:1.29-alpine -o json"))
            .expect(0)
            .json();
        assert_eq!((&upgraded["release"], &upgraded["counts"]["update"]), (&json!(2), &json!(1)), "{upgraded}");
        place.lose_database();
        place.run(&format!("delete {name} --yes")).expect(0);
        assert_eq!(place.leftovers(&name), Vec::<String>::new());
    }

    fn the_record_is_lost_while_its_objects_live(place) {
        let name = place.instance("");
        place.example("web");
        let record = format!("/api/v1/namespaces/{name}/secrets/workloadctl.{name}");
        place.run(&format!("deploy {name} -f web")).expect(0);
        place.call(Request::json(Method::DELETE, &*record, &json!({}))).unwrap();
        let again = place.run(&format!("deploy {name} -o json")).expect(0).json();
        assert_eq!(again["outcome"], "ready", "{again}");
        assert!(place.get(&record).is_some());
        place.call(Request::json(Method::DELETE, &*record, &json!({}))).unwrap();
        place.lose_database();
        place.run(&format!("delete {name} --yes")).expect(0);
        assert_eq!(place.leftovers(&name), Vec::<String>::new());
    }

    fn the_namespace_is_lost_while_something_outside_lives(place) {
        let name = place.instance("");
        let path = format!("/api/v1/namespaces/{name}");
        place.write("set.yaml", &set(&name));
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        for lose_database in [false, true] {
            remove_namespace(place, &name);
            if lose_database {
                place.lose_database();
            }
            let again = place.run(&format!("deploy {name} -f set.yaml -o json")).expect(0).json();
            assert_eq!((&again["outcome"], &again["namespaceMode"]), (&json!("ready"), &json!("managed")), "{again}");
            let made = place.get(&path).unwrap();
            assert_eq!(made["metadata"]["labels"]["workloadctl/instance"], name, "{made}");
        }
        // Somebody else makes it: it is theirs.
        remove_namespace(place, &name);
        let theirs = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        place.call(Request::json(Method::POST, "/api/v1/namespaces", &theirs)).unwrap();
        snapshot!(place.told(&format!("deploy {name} -f set.yaml -o json")), @r#"
        $ workloadctl deploy NAME -f set.yaml -o json
        exit code 5
        --- stdout
        {
          "apiVersion": "workloadctl/v1alpha1",
          "kind": "Deploy",
          "name": "NAME",
          "runtime": "RUNTIME",
          "outcome": "refused",
          "error": {
            "code": "namespace-taken",
            "exitCode": 5,
            "message": "namespace NAME exists and `NAME` did not make it",
            "hint": "`workloadctl delete NAME` leaves it; then `--namespace NAME` deploys into it",
            "object": "Namespace/NAME"
          }
        }
        --- stderr
        the record is gone: rebuilt from 1 live object of `NAME` in namespace NAME
        error: namespace NAME exists and `NAME` did not make it
        hint: `workloadctl delete NAME` leaves it; then `--namespace NAME` deploys into it
        "#);
        place.run(&format!("delete {name} --yes")).expect(0);
        assert_eq!(place.leftovers(&name), [format!("namespaces/{name}")]);
        let given = place.run(&format!("deploy {name} -f set.yaml -n {name} -o json")).expect(0).json();
        assert_eq!(given["namespaceMode"], "given", "{given}");
        place.run(&format!("delete {name} --yes")).expect(0);
        assert_eq!(place.leftovers(&name), [format!("namespaces/{name}")]);
        remove_namespace(place, &name);
    }

    /// While the namespace goes, record and objects may still be there: what is written to them is lost.
    fn what_still_is_in_a_namespace_that_goes_is_made_anew(place) {
        let name = place.instance("");
        place.write("set.yaml", &set(&name));
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        let namespace = format!("/api/v1/namespaces/{name}");
        let held = [format!("{namespace}/configmaps/conf"), format!("{namespace}/secrets/workloadctl.{name}")];
        let hold = |finalizers: &Value| {
            let patch = json!({"metadata": {"finalizers": finalizers}});
            held.iter().for_each(|path| drop(place.call(Request::merge_patch(&**path, &patch)).unwrap()));
        };
        hold(&json!(["test.workloadctl/hold"]));
        remove(place, &namespace);
        // One more object, which the server would not take there.
        place.write("set.yaml", &format!("{}---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: more}}\n", set(&name)));
        let plan = place.run(&format!("plan {name} -f set.yaml -o json")).expect(0).json();
        let actions: Vec<String> = plan["objects"].as_array().unwrap().iter()
            .map(|object| format!("{} {}", object["action"].as_str().unwrap(), object["kind"].as_str().unwrap()))
            .collect();
        assert_eq!(actions, ["create Namespace", "create ConfigMap", "unchanged ClusterRole", "create ConfigMap"], "{plan}");
        let mut running = place.follow(&format!("deploy {name} -f set.yaml -o json"));
        assert!(running.until(|line| line.contains(&format!("namespace {name} is being deleted"))));
        hold(&Value::Null);
        let deployed = running.end().expect(0).json();
        assert_eq!((&deployed["outcome"], &deployed["release"]), (&json!("ready"), &json!(2)), "{deployed}");
        for path in [&held[0], &held[1], &format!("{namespace}/configmaps/more")] {
            assert!(place.get(path).is_some(), "{path}");
        }
        let history = place.run(&format!("history {name} -o json")).expect(0).json();
        let outcomes: Vec<&Value> = history["releases"].as_array().unwrap().iter().map(|release| &release["outcome"]).collect();
        assert_eq!(outcomes, ["ready", "ready"], "{history}");
        place.run(&format!("delete {name} --yes")).expect(0);
        assert_eq!(place.leftovers(&name), Vec::<String>::new());
    }

    /// One that was given is somebody else's to delete.
    fn nothing_is_written_to_a_given_namespace_that_goes(place) {
        let name = place.instance("");
        let namespace = format!("/api/v1/namespaces/{name}");
        place.write("conf.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\n");
        place.run(&format!("deploy {name} -f conf.yaml -n {name}-given")).expect(0);
        let given = format!("{namespace}-given");
        let hold = |finalizers: Value| {
            let patch = json!({"metadata": {"finalizers": finalizers}});
            for path in [format!("{given}/configmaps/conf"), format!("{given}/secrets/workloadctl.{name}")] {
                place.call(Request::merge_patch(path, &patch)).unwrap();
            }
        };
        hold(json!(["test.workloadctl/hold"]));
        remove(place, &given);
        for line in ["plan", "deploy"] {
            let refused = place.run(&format!("{line} {name} -f conf.yaml -o json")).expect(5).json();
            assert_eq!(refused["error"]["code"], "namespace-terminating", "{refused}");
        }
        hold(Value::Null);
        place.until("the namespace is gone", Duration::from_secs(30), || place.get(&given).is_none());
        place.run(&format!("deploy {name} -f conf.yaml")).expect(0);
        place.run(&format!("delete {name} --yes")).expect(0);
        remove_namespace(place, &format!("{name}-given"));
    }

    fn a_deletion_that_is_half_done_shows_in_the_plan(place) {
        let name = place.instance("");
        place.write("set.yaml", &set(&name));
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        let conf = format!("/api/v1/namespaces/{name}/configmaps/conf");
        let hold = |finalizers: Value| {
            let patch = json!({"metadata": {"finalizers": finalizers}});
            place.call(Request::merge_patch(&*conf, &patch)).unwrap();
        };
        hold(json!(["test.workloadctl/hold"]));
        place.run(&format!("delete {name} --yes --timeout 2s")).expect(1);
        let plan = place.run(&format!("plan {name} -f set.yaml -o json")).expect(0).json();
        let objects = plan["objects"].as_array().unwrap();
        assert!(objects.len() == 3 && objects.iter().all(|object| object["action"] == "create"), "{plan}");
        let warnings = plan["warnings"].as_array().cloned().unwrap_or_default();
        assert!(warnings.iter().any(|told| told.as_str().unwrap().contains("half deleted")), "{plan}");
        assert!(!warnings.iter().any(|told| told.as_str().unwrap().contains("was deleted")), "{plan}");
        hold(Value::Null);
        let deployed = place.run(&format!("deploy {name} -f set.yaml -o json")).expect(0).json();
        assert_eq!(deployed["release"], 1, "{deployed}");
        place.run(&format!("delete {name} --yes --no-wait")).expect(0);
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        // Nobody was killed: nothing of the deletion may still arrive.
        let deleted = place.run(&format!("delete {name} --yes")).expect(0);
        assert!(!deleted.stderr.contains("looking again"), "{deleted:?}");
    }

    fn a_namespace_whose_end_does_not_come_is_not_waited_for_without_end(place) {
        let name = place.instance("");
        place.write("set.yaml", &set(&name));
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        let namespace = format!("/api/v1/namespaces/{name}");
        let conf = format!("{namespace}/configmaps/conf");
        let hold = |finalizers: Value| {
            let patch = json!({"metadata": {"finalizers": finalizers}});
            place.call(Request::merge_patch(&*conf, &patch)).unwrap();
        };
        hold(json!(["test.workloadctl/hold"]));
        remove(place, &namespace);
        let record = format!("{namespace}/secrets/workloadctl.{name}");
        place.until("the record is gone", Duration::from_secs(30), || place.get(&record).is_none());
        snapshot!(place.told(&format!("deploy {name} --timeout 3s -o json --progress none")), @r#"
        $ workloadctl deploy NAME --timeout 3s -o json --progress none
        exit code 1
        --- stdout
        {
          "apiVersion": "workloadctl/v1alpha1",
          "kind": "Deploy",
          "name": "NAME",
          "definition": "NAME",
          "revision": 1,
          "latestRevision": 1,
          "runtime": "RUNTIME",
          "clusterUid": "UID",
          "namespace": "NAME",
          "namespaceMode": "managed",
          "outcome": "refused",
          "createdAt": "TIME",
          "counts": {
            "unchanged": 1,
          },
          "objects": [
            {
              "kind": "Namespace",
              "name": "NAME",
              "version": "v1",
              "uid": "UID",
              "action": "create"
            },
            {
              "kind": "ConfigMap",
              "namespace": "NAME",
              "name": "conf",
              "version": "v1",
              "uid": "UID",
              "action": "create",
              "source": {
                "file": "set.yaml",
                "line": 1
              }
            },
            {
              "group": "rbac.authorization.k8s.io",
              "kind": "ClusterRole",
              "name": "NAME-role",
              "version": "v1",
              "uid": "UID",
              "action": "unchanged",
              "source": {
                "file": "set.yaml",
                "line": 5
              }
            }
          ],
          "warnings": [
            "Namespace/NAME was deleted (N s ago)",
            "ConfigMap/conf was deleted"
          ],
          "error": {
            "code": "timeout",
            "exitCode": 1,
            "message": "out of time: there is no namespace NAME yet",
            "causes": [
              "the one before is still being deleted: Some content in the namespace has finalizers remaining: test.workloadctl/hold in 1 resource instances; Some resources are remaining: configmaps. has 1 resource instances"
            ],
            "hint": "`workloadctl deploy NAME` goes on, `--timeout` gives more time",
            "object": "Namespace/NAME"
          }
        }
        --- stderr
        namespace NAME is being deleted, and took the record with it: rebuilt from 2 live objects of `NAME`
        warning: Namespace/NAME was deleted (N s ago)
        warning: ConfigMap/conf was deleted
        error: out of time: there is no namespace NAME yet
          the one before is still being deleted: Some content in the namespace has finalizers remaining: test.workloadctl/hold in 1 resource instances; Some resources are remaining: configmaps. has 1 resource instances
        hint: `workloadctl deploy NAME` goes on, `--timeout` gives more time
        "#);
        let mut running = place.follow(&format!("deploy {name} --timeout 0"));
        let (look, mut looks) = (format!("{namespace} "), 0);
        assert!(running.until(|line| {
            looks += usize::from(line.contains(&look));
            looks == 6
        }));
        kill_process(Pid::from_child(running.child()), Signal::INT).unwrap();
        let stopped = running.end().expect(130);
        assert!(stopped.stderr.contains(&format!("stopped: there is no namespace {name} yet")), "{stopped:?}");
        hold(Value::Null);
        place.run(&format!("deploy {name}")).expect(0);
        place.run(&format!("delete {name} --yes")).expect(0);
        assert_eq!(place.leftovers(&name), Vec::<String>::new());
    }

    fn an_object_that_somebody_deleted_comes_back(place) {
        let name = place.instance("");
        place.example("web");
        place.run(&format!("deploy {name} -f web")).expect(0);
        with_endpoints(place, &name, 3);
        let content = format!("/api/v1/namespaces/{name}/configmaps/web-content");
        place.call(Request::json(Method::DELETE, &*content, &json!({}))).unwrap();
        snapshot!(place.told(&format!("status {name}")), @"
        $ workloadctl status NAME
        exit code 0
        --- stdout
        NAME: Unhealthy, ConfigMap/web-content is missing
        NAME revision 1 · release 1 by tester@HOST N s ago · runtime RUNTIME · namespace NAME (managed)
        1 object differs from release 1: ConfigMap/web-content was deleted
        OBJECT  READY  STATE  RESTARTS  NODE  AGE  REASON
        ├─ Namespace/NAME  -  ready  -  -  N s  -
        ├─ ConfigMap/web-content  -  missing  -  -  -  NotFound: it is not on the cluster
        ├─ Deployment/web  3/3  ready  0  -  N s  -
        │  └─ ReplicaSet/web-SET  3/3  -  -  -  N s  -
        │  ├─ Pod/web-POD  -  ready  0  node-N  N s  -
        │  ├─ Pod/web-POD  -  ready  0  node-N  N s  -
        │  └─ Pod/web-POD  -  ready  0  node-N  N s  -
        └─ Service/web  -  ready  -  -  N s  3 ready endpoints, web.NAME.svc:80
        ");
        snapshot!(place.told(&format!("deploy {name} --progress none")), @"
        $ workloadctl deploy NAME --progress none
        exit code 0
        --- stdout
        NAME deployed to RUNTIME (release 2, NAME revision 1): 1 created, 3 unchanged; ready in N s
        namespace NAME
        --- stderr
        warning: ConfigMap/web-content was deleted
        ");
        assert!(place.get(&content).is_some());
    }

    fn a_foreign_edit_is_undone_and_a_foreign_field_stays(place) {
        let name = place.instance("");
        place.example("web");
        place.run(&format!("deploy {name} -f web")).expect(0);
        let content = format!("/api/v1/namespaces/{name}/configmaps/web-content");
        let patch = json!({"data": {"index.html": "edited", "theirs.html": "kept"}});
        let call = Request::merge_patch(format!("{content}?fieldManager=kubectl-edit"), &patch);
        place.call(call).unwrap();
        let again = place.run(&format!("deploy {name} -o json")).expect(0).json();
        assert_eq!(again["counts"]["update"], 1, "{again}");
        let live = place.get(&content).unwrap();
        assert_ne!(live["data"]["index.html"], "edited");
        assert_eq!(live["data"]["theirs.html"], "kept");
    }

    fn pods_that_read_an_old_config_map_are_named_and_restarted(place) {
        let name = place.instance("");
        let folder = place.example("web");
        place.run(&format!("deploy {name} -f web")).expect(0);
        let file = folder.join("web.yaml");
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, text.replace("Deployed with workloadctl", "Changed")).unwrap();
        snapshot!(place.told(&format!("deploy {name} -f web --progress none")), @"
        $ workloadctl deploy NAME -f web --progress none
        exit code 0
        --- stdout
        NAME deployed to RUNTIME (release 2, NAME revision 2): 1 updated, 3 unchanged; ready in N s
        Deployment/web finds the new ConfigMap/web-content in its volume within minutes; what it reads only at its start needs `workloadctl deploy NAME --restart`
        namespace NAME
        ");
        let restarted = place.run(&format!("deploy {name} --restart -o json")).expect(0).json();
        assert_eq!(restarted["counts"]["update"], 1, "{restarted}");
    }
}
