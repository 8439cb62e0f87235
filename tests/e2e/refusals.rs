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
        let refused = place.run(&format!("deploy {name} -f conf.yaml -o json")).expect(5).json();
        assert_eq!(refused["error"]["code"], "namespace-taken", "{refused}");
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
        let refused = place.run(&format!("deploy {name} -f conf.yaml -n {home} -o json")).expect(5).json();
        assert_eq!(refused["error"]["code"], "blocked", "{refused}");
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
        let failed = place.run(&format!("deploy {name} -f set.yaml -o json")).expect(1).json();
        assert_eq!(failed["outcome"], "failed", "{failed}");
        let message = failed["error"].to_string();
        assert!(message.contains("Conf_Bad") && message.contains("set.yaml:6"), "{message}");
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
        let failed = place.run(&format!("deploy {name} -f web -o json")).expect(3).json();
        assert_eq!(failed["outcome"], "notReady", "{failed}");
        assert!(failed["error"].to_string().contains("cannot pull image"), "{failed}");
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
        let failed = place.run(&format!("deploy {name} -f web -o json --timeout 0")).expect(1).json();
        assert_eq!(failed["outcome"], "failed", "{failed}");
        let causes = failed["error"]["causes"].as_array().unwrap();
        let said = |text: &str| causes.iter().any(|cause| cause.as_str().unwrap().contains(text));
        assert!(said("Deployment/web: ") && said("cannot pull image"), "{failed}");
        assert!(said("left out, since they need it: ConfigMap/last"), "{failed}");
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
        let late = place.run(&format!("deploy {name} -f web -o json --timeout 5s")).expect(3).json();
        let told = late["error"]["causes"].to_string();
        assert!(told.contains("its pods cannot be created: ") && told.contains("serviceaccount \\\"robot\\\" not found"), "{late}");
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
        let failed = place.run(&format!("deploy {name} -f set.yaml -o json --timeout 0")).expect(1).json();
        let causes = failed["error"]["causes"].to_string();
        for word in ["Deployment/bad: ", "Deployment/slow: ", "left out", "ConfigMap/last"] {
            assert!(causes.contains(word), "{failed}");
        }
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
        place.run(&format!("delete {name} --yes")).expect(1);
        place.run(&format!("delete {name} --yes --ignore-not-found")).expect(0);
        place.run(&format!("delete {name}")).expect(2);
        place.run(&format!("deploy {name}")).expect(1);
        place.run(&format!("status {name}")).expect(1);
        place.run(&format!("deploy {name} -f nothing.yaml")).expect(2);
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
        let refused = place.run(&format!("deploy {name} -o json")).expect(5).json();
        let told = refused["error"].to_string();
        assert!(told.contains("data.a") && told.contains("some-operator"), "{told}");
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
