//! What the server or its controllers derive: rules of aggregated roles, labels of pods.

use std::time::Duration;

use serde_json::{Value, json};

use crate::owners::write;

on_both! {
    /// The controller fills the rules by server-side apply: ours would be in conflict with its.
    fn rules_of_an_aggregated_role_are_left(place) {
        let name = place.instance("");
        let (whole, part) = (format!("{name}-whole"), format!("{name}-part"));
        let label = format!("{name}.example/aggregate");
        let roles = |verb: &str| [
            json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
                "metadata": {"name": whole},
                "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {label.as_str(): "true"}}]}, "rules": []}),
            json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
                "metadata": {"name": part, "labels": {label.as_str(): "true"}},
                "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": [verb]}]}),
        ];
        write(place, &roles("get"));
        let plan = place.run(&format!("plan {name} -f set.json")).expect(0);
        let told = format!("rules are left to the controller that aggregates them in ClusterRole/{whole}");
        let all = format!("{}{}", plan.stdout, plan.stderr);
        assert_eq!(all.matches(&told).count(), 1, "{all}");
        place.run(&format!("deploy {name} -f set.json")).expect(0);

        let path = format!("/apis/rbac.authorization.k8s.io/v1/clusterroles/{whole}");
        place.until("the role is filled", Duration::from_secs(30), || {
            place.get(&path).unwrap()["rules"][0].is_object()
        });
        let again = place.run(&format!("deploy {name} -f set.json -o json")).expect(0).json();
        assert_eq!(again["outcome"], "unchanged", "{again}");
        write(place, &roles("list"));
        place.run(&format!("deploy {name} -f set.json")).expect(0);
        place.until("the role has the new rule", Duration::from_secs(30), || {
            place.get(&path).unwrap()["rules"][0]["verbs"][0] == "list"
        });
        // Its parts go after it: the end of one would make the controller apply it anew.
        place.run(&format!("delete {name} --yes")).expect(0);
        assert_eq!(place.get(&path), None);
    }

    /// A role that is aggregated from now on, or no more: its rules change hands.
    fn a_role_gains_and_loses_its_aggregation(place) {
        let name = place.instance("");
        let (whole, part) = (format!("{name}-whole"), format!("{name}-part"));
        let label = format!("{name}.example/aggregate");
        let rules = |resource: &str| json!([{"apiGroups": [""], "resources": [resource], "verbs": ["get"]}]);
        let role = |name: &str, rest: Value| {
            let mut role = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": name}});
            workloadctl::testing::merge::json(&mut role, &rest);
            role
        };
        let part = role(&part, json!({"metadata": {"labels": {label.as_str(): "true"}}, "rules": rules("pods")}));
        let alone = |verb: &str, resource: &str| role(&whole, json!({"metadata": {"annotations": {"verb": verb}}, "rules": rules(resource)}));
        let aggregated = |verb: &str| role(&whole, json!({"metadata": {"annotations": {"verb": verb}}, "rules": [],
            "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {label.as_str(): "true"}}]}}));
        let path = format!("/apis/rbac.authorization.k8s.io/v1/clusterroles/{whole}");
        let live_rules = || place.get(&path).unwrap()["rules"].clone();
        for (body, wanted, is_aggregated) in [
            (alone("1", "secrets"), rules("secrets"), false),
            (aggregated("1"), rules("pods"), true),
            (aggregated("2"), rules("pods"), true),
            (alone("2", "secrets"), rules("secrets"), false),
            (aggregated("2"), rules("pods"), true),
            // At the value that the controller filled in, both hold it.
            (alone("3", "pods"), rules("pods"), false),
            (alone("3", "nodes"), rules("nodes"), false),
        ] {
            write(place, &[body, part.clone()]);
            let plan = place.run(&format!("plan {name} -f set.json -o json")).expect(0).json();
            let deployed = place.run(&format!("deploy {name} -f set.json -o json")).expect(0).json();
            let warnings: Vec<Value> = Vec::new();
            for answer in [&plan, &deployed] {
                assert_eq!(answer["warnings"].as_array().unwrap_or(&warnings), &warnings, "{answer}");
                assert_eq!(answer["objects"][0]["yielded"], Value::Null, "{answer}");
            }
            assert_eq!(plan["counts"], deployed["counts"]);
            place.until("the rules are there", Duration::from_secs(30), || live_rules() == wanted);
            assert_eq!(place.get(&path).unwrap()["aggregationRule"].is_object(), is_aggregated);
            let again = place.run(&format!("deploy {name} -o json")).expect(0).json();
            assert_eq!(again["outcome"], "unchanged", "{again}");
            let status = place.run(&format!("status {name} -o json")).expect(0).json();
            assert_eq!(status["status"], "Healthy", "{status}");
        }
    }

    /// The server gives objects without labels those of their pods; ours would keep it from that.
    fn objects_without_labels_get_those_of_their_pods(place) {
        let name = place.instance("");
        let template = |policy: &str| json!({"metadata": {"labels": {"app": "a"}},
            "spec": {"restartPolicy": policy, "containers": [{"name": "a", "image": "registry.k8s.io/pause:3.9"}]}});
        let set: Vec<Value> = vec![
            json!({"apiVersion": "v1", "kind": "ReplicationController", "metadata": {"name": "a"},
                "spec": {"replicas": 0, "template": template("Always")}}),
            json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "a"},
                "spec": {"suspend": true, "template": template("Never")}}),
        ];
        write(place, &set);
        place.run(&format!("deploy {name} -f set.json --no-wait")).expect(0);
        for path in [format!("/api/v1/namespaces/{name}/replicationcontrollers/a"), format!("/apis/batch/v1/namespaces/{name}/jobs/a")] {
            let live = place.get(&path).unwrap();
            assert_eq!(live["metadata"]["labels"]["app"], "a", "{live}");
        }
    }
}
