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
