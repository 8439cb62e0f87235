//! What is refused leaves cluster and database as they were; what fails says why, once.

use http::Method;
use serde_json::json;
use workloadctl::testing::Request;

const CONF: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\ndata: {a: b}\n";

on_both! {
    fn a_namespace_that_somebody_made_is_not_taken(place) {
        let name = place.instance("");
        place.write("conf.yaml", CONF);
        let body = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        place.call(Request::json(Method::POST, "/api/v1/namespaces", &body)).unwrap();
        snapshot!(place.told(&format!("deploy {name} -f conf.yaml -o json")), @r#"
        $ workloadctl deploy NAME -f conf.yaml -o json
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
            "hint": "`--namespace NAME` deploys into it; or give the instance another name",
            "object": "Namespace/NAME"
          }
        }
        --- stderr
        error: namespace NAME exists and `NAME` did not make it
        hint: `--namespace NAME` deploys into it; or give the instance another name
        "#);
        let list = place.run("list -o json").expect(0).json();
        assert_eq!(list["instances"], json!([]), "the database is as before");
        place.run(&format!("deploy {name} -f conf.yaml -n {name}")).expect(0);
        place.run(&format!("delete {name} --yes")).expect(0);
        let path = format!("/api/v1/namespaces/{name}");
        assert!(place.get(&path).is_some(), "a given namespace stays");
        place.call(Request::json(Method::DELETE, &*path, &json!({}))).unwrap();
    }

    fn an_object_that_is_not_ours_is_refused_or_adopted(place) {
        let (name, home) = (place.instance(""), place.instance("-home"));
        place.write("conf.yaml", CONF);
        place.write("other.yaml", &CONF.replace("conf", "other"));
        place.run(&format!("deploy {home} -f other.yaml")).expect(0);
        let body = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "conf"}, "data": {"x": "y"}});
        let collection = format!("/api/v1/namespaces/{home}/configmaps");
        place.call(Request::json(Method::POST, &*collection, &body)).unwrap();
        snapshot!(place.told(&format!("deploy {name} -f conf.yaml -n {home} -o json")), @r#"
        $ workloadctl deploy NAME -f conf.yaml -n NAME-home -o json
        exit code 5
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
          "namespace": "NAME-home",
          "namespaceMode": "given",
          "outcome": "refused",
          "counts": {
            "blocked": 1
          },
          "objects": [
            {
              "kind": "ConfigMap",
              "namespace": "NAME-home",
              "name": "conf",
              "version": "v1",
              "action": "blocked",
              "message": "it exists and is not ours: made by workloadctl",
              "source": {
                "file": "conf.yaml",
                "line": 1
              }
            }
          ],
          "error": {
            "code": "blocked",
            "exitCode": 5,
            "message": "1 object stands in the way; nothing was written",
            "causes": [
              "ConfigMap/conf (conf.yaml:1): it exists and is not ours: made by workloadctl"
            ],
            "hint": "`--adopt` takes over objects that exist",
            "object": "ConfigMap/conf",
            "source": {
              "file": "conf.yaml",
              "line": 1
            }
          }
        }
        --- stderr
        error: 1 object stands in the way; nothing was written
          ConfigMap/conf (conf.yaml:1): it exists and is not ours: made by workloadctl
        hint: `--adopt` takes over objects that exist
        "#);
        assert_eq!(place.get(&format!("{collection}/conf")).unwrap()["data"], json!({"x": "y"}));
        place.run(&format!("deploy {name} -f conf.yaml -n {home} --adopt")).expect(0);
        let live = place.get(&format!("{collection}/conf")).unwrap();
        assert_eq!(live["data"], json!({"a": "b", "x": "y"}));
        place.run(&format!("delete {name} --yes")).expect(0);
        assert!(place.get(&format!("{collection}/conf")).is_none());
        assert!(place.get(&format!("{collection}/other")).is_some());
    }

    fn what_the_server_rejects_is_named_and_the_rest_goes_on(place) {
        let name = place.instance("");
        let bad = CONF.replace("name: conf", "name: Conf_Bad");
        place.write("set.yaml", &format!("{CONF}---\n{bad}"));
        snapshot!(place.told(&format!("deploy {name} -f set.yaml --validate ignore --progress none")), @r#"
        $ workloadctl deploy NAME -f set.yaml --validate ignore --progress none
        exit code 1
        --- stdout
        NAME failed on RUNTIME (release 1, NAME revision 1): 2 created; after N s
        namespace NAME
        --- stderr
        runtime RUNTIME: WORKLOADCTL_RUNTIME
        error: cannot apply ConfigMap/Conf_Bad (set.yaml:6): rejected
          metadata.name: Invalid value: "Conf_Bad": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')
        hint: `workloadctl deploy NAME -f set.yaml` goes on once that is mended
        "#);
        assert!(place.get(&format!("/api/v1/namespaces/{name}/configmaps/conf")).is_some());
        place.write("set.yaml", CONF);
        let mended = place.run(&format!("deploy {name} -f set.yaml -o json")).expect(0).json();
        assert_eq!(mended["release"], 2, "{mended}");
    }

    fn a_failing_image_is_told_and_mended(place) {
        let name = place.instance("");
        let folder = place.example("web");
        let file = folder.join("web.yaml");
        let good = std::fs::read_to_string(&file).unwrap();
        let labels = "      labels:\n        app: web\n";
        assert_eq!(good.matches(labels).count(), 1);
        let annotated = format!("{labels}      annotations:\n        test.workloadctl/fail: image-pull\n");
        std::fs::write(&file, good.replace(labels, &annotated)).unwrap();
        // The hint is a command of kubectl, which does not reach the sandbox.
        let told = place.told(&format!("deploy {name} -f web --progress none"));
        snapshot!(told.split("hint: ").next().unwrap(), @r#"
        $ workloadctl deploy NAME -f web --progress none
        exit code 3
        --- stdout
        NAME is not ready on RUNTIME (release 1, NAME revision 1): 4 created; after N s
        namespace NAME
        --- stderr
        runtime RUNTIME: WORKLOADCTL_RUNTIME
        error: `NAME` was applied, but is not ready
          Deployment/web: pod web-POD on node-N: container web cannot pull image "nginxinc/nginx-unprivileged:1.28-alpine": not found
        "#);
        std::fs::write(&file, good).unwrap();
        let mended = place.run(&format!("deploy {name} -f web -o json")).expect(0).json();
        assert_eq!(mended["outcome"], "ready", "{mended}");
    }

    fn what_needs_a_failed_object_is_left_out_at_once(place) {
        let name = place.instance("");
        let folder = place.example("web");
        let file = folder.join("web.yaml");
        let good = std::fs::read_to_string(&file).unwrap();
        let labels = "      labels:\n        app: web\n";
        let annotated = format!("{labels}      annotations:\n        test.workloadctl/fail: image-pull\n");
        std::fs::write(&file, good.replace(labels, &annotated)).unwrap();
        place.write("web/last.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: last, annotations: {config.kubernetes.io/depends-on: apps/Deployment/web}}\n");
        snapshot!(crate::evidence::steady(place.told(&format!("deploy {name} -f web --progress none --timeout 0"))), @r#"
        $ workloadctl deploy NAME -f web --progress none --timeout 0
        exit code 1
        --- stdout
        NAME failed on RUNTIME (release 1, NAME revision 1): 4 created; after N s
        namespace NAME
        --- stderr
        runtime RUNTIME: WORKLOADCTL_RUNTIME
        error: 4 of 5 objects of `NAME` were applied
          Deployment/web: pod web-POD on node-N: container web cannot pull image "nginxinc/nginx-unprivileged:1.28-alpine": not found
          left out, since they need it: ConfigMap/last
        "#);
        std::fs::write(&file, good).unwrap();
        let mended = place.run(&format!("deploy {name} -f web -o json")).expect(0).json();
        assert_eq!(mended["outcome"], "ready", "{mended}");
    }

    fn a_missing_service_account_is_the_reason(place) {
        let name = place.instance("");
        let folder = place.example("web");
        let file = folder.join("web.yaml");
        let good = std::fs::read_to_string(&file).unwrap();
        let containers = "      containers:\n";
        assert_eq!(good.matches(containers).count(), 1);
        let named = format!("      serviceAccountName: robot\n{containers}");
        std::fs::write(&file, good.replace(containers, &named)).unwrap();
        snapshot!(crate::evidence::steady(place.told(&format!("deploy {name} -f web --progress none --timeout 5s"))), @r#"
        $ workloadctl deploy NAME -f web --progress none --timeout 5s
        exit code 3
        --- stdout
        NAME timed out on RUNTIME (release 1, NAME revision 1): 4 created; after N s
        namespace NAME
        --- stderr
        warning: Deployment/web (web/web.yaml:13): serviceAccountName names ServiceAccount/robot in namespace NAME, which is neither in the set nor on the cluster
        runtime RUNTIME: WORKLOADCTL_RUNTIME
        error: out of time: `NAME` was applied, but is not ready yet
          Deployment/web: 0 of 3 pods run the newest template: its pods cannot be created: error looking up service account NAME/robot: serviceaccount "robot" not found
        hint: `workloadctl status NAME --wait` goes on waiting, `--timeout` gives more time
        "#);
        std::fs::write(&file, good).unwrap();
        place.run(&format!("deploy {name} -f web --timeout 20s")).expect(0);
    }

    fn a_network_policy_follows_its_rules(place) {
        let name = place.instance("");
        let policy = |rules: &str| format!("apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: wall}}\nspec:\n  podSelector: {{}}\n  {rules}: [{{}}]\n");
        let path = format!("/apis/networking.k8s.io/v1/namespaces/{name}/networkpolicies/wall");
        for (rules, types) in [("ingress", json!(["Ingress"])), ("egress", json!(["Ingress", "Egress"])), ("ingress", json!(["Ingress"]))] {
            place.write("wall.yaml", &policy(rules));
            place.run(&format!("deploy {name} -f wall.yaml")).expect(0);
            assert_eq!(place.get(&path).unwrap()["spec"]["policyTypes"], types, "{rules}");
        }
        let again = place.run(&format!("deploy {name} -f wall.yaml -o json")).expect(0).json();
        assert_eq!(again["outcome"], "unchanged", "{again}");
    }

    fn a_strategy_changes_to_and_fro(place) {
        let name = place.instance("");
        let folder = place.example("web");
        let file = folder.join("web.yaml");
        let good = std::fs::read_to_string(&file).unwrap();
        let selector = "  selector:\n    matchLabels:\n";
        assert_eq!(good.matches(selector).count(), 1);
        let recreate = good.replace(selector, &format!("  strategy: {{type: Recreate}}\n{selector}"));
        let path = format!("/apis/apps/v1/namespaces/{name}/deployments/web");
        for (text, kind) in [(&good, "RollingUpdate"), (&recreate, "Recreate"), (&good, "RollingUpdate"), (&recreate, "Recreate")] {
            std::fs::write(&file, text).unwrap();
            let plan = place.run(&format!("plan {name} -f web -o json")).expect(0).json();
            assert_eq!(plan["counts"]["blocked"], 0, "{plan}");
            place.run(&format!("deploy {name} -f web")).expect(0);
            assert_eq!(place.get(&path).unwrap()["spec"]["strategy"]["type"], kind);
            let again = place.run(&format!("deploy {name} -f web -o json")).expect(0).json();
            assert_eq!(again["outcome"], "unchanged", "{again}");
        }
    }

    fn what_was_not_reached_is_not_called_applied(place) {
        let name = place.instance("");
        let deployment = |name: &str, annotation: &str| format!("apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\nspec:\n  selector: {{matchLabels: {{app: {name}}}}}\n  template:\n    metadata: {{labels: {{app: {name}}}, annotations: {{{annotation}}}}}\n    spec: {{containers: [{{name: c, image: c:1}}]}}\n---\n");
        let last = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: last, annotations: {config.kubernetes.io/depends-on: apps/Deployment/slow}}\n";
        let bad = deployment("bad", "test.workloadctl/fail: image-pull");
        let slow = deployment("slow", "test.workloadctl/delay: 10m");
        place.write("set.yaml", &format!("{bad}{slow}{last}"));
        snapshot!(crate::evidence::steady(place.told(&format!("deploy {name} -f set.yaml --progress none --timeout 0"))), @r#"
        $ workloadctl deploy NAME -f set.yaml --progress none --timeout 0
        exit code 1
        --- stdout
        NAME failed on RUNTIME (release 1, NAME revision 1): 3 created; after N s
        namespace NAME
        --- stderr
        runtime RUNTIME: WORKLOADCTL_RUNTIME
        error: 3 of 4 objects of `NAME` were applied
          Deployment/bad: pod bad-POD on node-N: container c cannot pull image "c:1": not found
          Deployment/slow: pod slow-POD on node-N: container c runs, but is not ready yet
          left out, since they need it: ConfigMap/last
        Deployment/slow -> pod slow-POD on node-N -> container c: ContainersNotReady
          log:
            | starting
            | listening on port 8080
            | ready
        cause: Deployment/bad: pod bad-POD on node-N: container c cannot pull image "c:1": not found
        "#);
    }

    fn what_is_not_pruned_is_no_change(place) {
        let name = place.instance("");
        let second = CONF.replace("name: conf", "name: second");
        place.write("set.yaml", &format!("{CONF}---\n{second}"));
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        place.write("set.yaml", CONF);
        let line = format!("deploy {name} -f set.yaml --prune never -o json");
        assert_eq!(place.run(&line).expect(0).json()["release"], 2);
        let again = place.run(&line).expect(0).json();
        assert_eq!((&again["outcome"], &again["release"]), (&json!("unchanged"), &json!(2)), "{again}");
        assert!(place.get(&format!("/api/v1/namespaces/{name}/configmaps/second")).is_some());
        let pruned = place.run(&format!("deploy {name} -f set.yaml -o json")).expect(0).json();
        assert_eq!(pruned["counts"]["prune"], 1, "{pruned}");
    }

    fn no_such_names(place) {
        let name = place.instance("");
        let lines = ["delete NAME --yes", "delete NAME --yes --ignore-not-found", "delete NAME", "deploy NAME", "status NAME", "deploy NAME -f nothing.yaml"];
        let told = lines.map(|line| place.told(&line.replace("NAME", &name))).join("\n");
        snapshot!(told, @"
        $ workloadctl delete NAME --yes
        exit code 1
        --- stderr
        error: there is no instance `NAME`
          it is not on runtime RUNTIME either, in namespace NAME
        hint: `workloadctl list` shows what there is

        $ workloadctl delete NAME --yes --ignore-not-found
        exit code 0
        --- stdout
        there is no instance `NAME`

        $ workloadctl delete NAME
        exit code 2
        --- stderr
        error: deleting `NAME` needs `--yes` where nobody can be asked
        hint: workloadctl delete NAME --yes

        $ workloadctl deploy NAME
        exit code 1
        --- stderr
        error: there is no definition `NAME`
        hint: `workloadctl deploy NAME -f PATH` makes definition and instance in one go

        $ workloadctl status NAME
        exit code 1
        --- stderr
        error: there is no instance `NAME`
          it is not on runtime RUNTIME either, in namespace NAME
        hint: `workloadctl list` shows what there is

        $ workloadctl deploy NAME -f nothing.yaml
        exit code 2
        --- stderr
        error: there is no file or folder nothing.yaml
        hint: a source is a file, a folder, a Helm chart, a URL or `-`
        ");
    }

    fn a_field_of_another_manager_is_refused_with_its_owner(place) {
        let name = place.instance("");
        place.write("conf.yaml", CONF);
        place.run(&format!("deploy {name} -f conf.yaml")).expect(0);
        let path = format!("/api/v1/namespaces/{name}/configmaps/conf");
        let edit = |manager: &str, value: &str| {
            let patch = json!({"data": {"a": value}});
            let call = Request::merge_patch(format!("{path}?fieldManager={manager}"), &patch);
            place.call(call).unwrap();
        };
        edit("some-operator", "theirs");
        snapshot!(place.told(&format!("deploy {name} -o json")), @r#"
        $ workloadctl deploy NAME -o json
        exit code 5
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
          "release": 1,
          "outcome": "refused",
          "createdAt": "TIME",
          "deployedAt": "TIME",
          "deployedBy": "tester@HOST",
          "counts": {
            "unchanged": 1,
            "blocked": 1
          },
          "objects": [
            {
              "kind": "Namespace",
              "name": "NAME",
              "version": "v1",
              "uid": "UID",
              "action": "unchanged"
            },
            {
              "kind": "ConfigMap",
              "namespace": "NAME",
              "name": "conf",
              "version": "v1",
              "uid": "UID",
              "action": "blocked",
              "message": "data.a is held by \"some-operator\"",
              "source": {
                "file": "conf.yaml",
                "line": 1
              }
            }
          ],
          "error": {
            "code": "field-conflict",
            "exitCode": 5,
            "message": "1 object stands in the way; nothing was written",
            "causes": [
              "ConfigMap/conf (conf.yaml:1): data.a is held by \"some-operator\""
            ],
            "hint": "`--conflicts force` takes them, `--conflicts yield` leaves them to their holders",
            "object": "ConfigMap/conf",
            "source": {
              "file": "conf.yaml",
              "line": 1
            }
          }
        }
        --- stderr
        error: 1 object stands in the way; nothing was written
          ConfigMap/conf (conf.yaml:1): data.a is held by "some-operator"
        hint: `--conflicts force` takes them, `--conflicts yield` leaves them to their holders
        "#);
        assert_eq!(place.get(&path).unwrap()["data"]["a"], "theirs");
        place.run(&format!("deploy {name} --conflicts force")).expect(0);
        assert_eq!(place.get(&path).unwrap()["data"]["a"], "b");
        edit("kubectl-edit", "mine");
        place.run(&format!("deploy {name}")).expect(0);
        assert_eq!(place.get(&path).unwrap()["data"]["a"], "b", "a person's field is taken over");
    }

    fn a_dry_run_writes_nothing(place) {
        let name = place.instance("");
        place.write("conf.yaml", CONF);
        let plan = place.run(&format!("deploy {name} -f conf.yaml --dry-run -o json")).expect(0).json();
        assert_eq!((&plan["outcome"], &plan["counts"]["create"]), (&json!("planned"), &json!(2)), "{plan}");
        place.run(&format!("plan {name} -f conf.yaml --exit-code")).expect(4);
        assert!(place.get(&format!("/api/v1/namespaces/{name}")).is_none());
        let list = place.run("list -o json").expect(0).json();
        assert_eq!(list["instances"], json!([]));
    }
}
