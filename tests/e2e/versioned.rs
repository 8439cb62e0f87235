//! ConfigMaps and Secrets that are called after their content.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use workloadctl::testing::Request;

use crate::harness::Place;

fn set(value: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: conf, annotations: {{workloadctl/versioned: 'true'}}}}\n\
         data: {{a: '{value}'}}\n---\n\
         apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  \
         selector: {{matchLabels: {{app: web}}}}\n  template:\n    metadata: {{labels: {{app: web}}}}\n    \
         spec: {{containers: [{{name: web, image: 'registry.k8s.io/pause:3.9', envFrom: [{{configMapRef: {{name: conf}}}}]}}]}}\n"
    )
}

/// The set with a Deployment that is not waited for, and whose pods may fail.
fn unawaited(value: &str, fail: &str) -> String {
    set(value)
        .replace("metadata: {name: web}", "metadata: {name: web, annotations: {workloadctl/wait: 'false'}}")
        .replace(
            "metadata: {labels: {app: web}}",
            &format!("metadata: {{labels: {{app: web}}, annotations: {{test.workloadctl/fail: '{fail}'}}}}"),
        )
        .replace("image: 'registry.k8s.io/pause:3.9'", "image: 'web:1', readinessProbe: {httpGet: {path: /, port: 80}}")
}

/// Says what each pod of the Deployment reads that does not go.
fn pods(place: &Place, name: &str) -> Vec<String> {
    let list = place.get(&format!("/api/v1/namespaces/{name}/pods")).unwrap();
    let stays = |pod: &&Value| pod["metadata"].get("deletionTimestamp").is_none();
    let reads = |pod: &Value| {
        pod["spec"]["containers"][0]["envFrom"][0]["configMapRef"]["name"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    list["items"].as_array().unwrap().iter().filter(stays).map(reads).collect()
}

/// Waits until all pods are there, and read this.
fn wait_for_pods(place: &Place, name: &str, read: &str) {
    let path = format!("/apis/apps/v1/namespaces/{name}/deployments/web");
    place.until("the pods are there", Duration::from_secs(60), || {
        place.get(&path).unwrap()["status"]["availableReplicas"] == 1
            && pods(place, name).iter().all(|reads| reads == read)
    });
}

fn object<'a>(told: &'a Value, name: &str) -> &'a Value {
    let objects = told["objects"].as_array().unwrap();
    objects.iter().find(|object| object["name"] == name).unwrap_or_else(|| panic!("{told}"))
}

/// Names the ConfigMaps of an instance.
fn config_maps(place: &Place, name: &str) -> Vec<String> {
    let live = place.live(name, &[]);
    live.iter().filter_map(|it| it.strip_prefix("configmaps/").map(str::to_owned)).collect()
}

fn named(place: &Place, name: &str) -> Value {
    let live = place.get(&format!("/apis/apps/v1/namespaces/{name}/deployments/web")).unwrap();
    live["spec"]["template"]["spec"]["containers"][0]["envFrom"][0]["configMapRef"]["name"].clone()
}

on_both! {
    fn a_change_is_another_object_and_a_rollback_finds_the_one_before(place) {
        let name = &place.instance("");
        place.write("set.yaml", &set("1"));
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        let first = config_maps(place, name);
        assert_eq!(first.len(), 1, "{first:?}");
        assert!(first[0].starts_with("conf-") && first[0].len() == 15, "{first:?}");
        assert_eq!(named(place, name), first[0]);
        let again = place.run(&format!("deploy {name} -f set.yaml -o json")).expect(0).json();
        assert_eq!(again["outcome"], "unchanged", "{again}");

        place.write("set.yaml", &set("2"));
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        let second = config_maps(place, name);
        assert_eq!(second.len(), 1, "the one before went when the pods were ready: {second:?}");
        assert_ne!(first, second);
        assert_eq!(named(place, name), second[0]);
        place.run(&format!("rollback {name}")).expect(0);
        assert_eq!((config_maps(place, name), named(place, name)), (first.clone(), first[0].as_str().into()));

        // Nobody waits for the pods that still read the one before.
        place.write("set.yaml", &set("3"));
        place.run(&format!("deploy {name} -f set.yaml --no-wait")).expect(0);
        let both = config_maps(place, name);
        assert!(both.len() == 2 && both.contains(&first[0]), "{both:?}");
        assert_ne!(named(place, name), first[0]);
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        let third = config_maps(place, name);
        assert!(third.len() == 1 && third != first, "{third:?}");
        place.run(&format!("delete {name} --yes")).expect(0);
        assert_eq!(place.leftovers(name), [""; 0]);
    }

    fn what_pods_of_before_read_stays_until_none_does(place) {
        let name = &place.instance("");
        let deploy = |value: &str, fail: &str, flags: &str| {
            place.write("set.yaml", &unawaited(value, fail));
            place.run(&format!("deploy {name} -f set.yaml -o json {flags}")).expect(0).json()
        };
        deploy("1", "", "");
        let first = config_maps(place, name);
        wait_for_pods(place, name, &first[0]);

        // Nobody waits for the pods that are to follow, and they do not come up.
        for flags in ["", "--prune before"] {
            let deployed = deploy(flags, "never-ready", flags);
            assert_eq!(deployed["outcome"], "ready", "{deployed}");
            assert!(config_maps(place, name).contains(&first[0]), "{deployed}");
            let kept = object(&deployed, &first[0]);
            assert_eq!(
                (&kept["action"], &kept["message"]),
                (&json!("unchanged"), &json!("left the definition; pods of before still read it")),
                "{deployed}"
            );
        }
        // That it stays is no reason for a release.
        let release = deploy("--prune before", "never-ready", "")["release"].clone();
        let again = deploy("--prune before", "never-ready", "");
        assert_eq!((&again["outcome"], &again["release"]), (&json!("unchanged"), &release), "{again}");
        assert!(config_maps(place, name).contains(&first[0]), "{again}");

        // The same content comes back: it is wanted again, and no other is read any more.
        deploy("1", "", "");
        wait_for_pods(place, name, &first[0]);
        deploy("1", "", "");
        assert_eq!(config_maps(place, name), first);

        // Once the pods have followed, what they read before goes.
        deploy("9", "", "");
        wait_for_pods(place, name, named(place, name).as_str().unwrap());
        deploy("9", "", "");
        let last = config_maps(place, name);
        assert!(last.len() == 1 && last != first, "{last:?}");
        place.run(&format!("delete {name} --yes")).expect(0);
        assert_eq!(place.leftovers(name), [""; 0]);
    }

    /// Its pods follow when somebody deletes them.
    fn what_a_set_that_updates_on_demand_reads_stays(place) {
        let name = &place.instance("");
        let deploy = |value: &str| {
            let text = set(value).replace("kind: Deployment", "kind: StatefulSet").replace(
                "spec:\n  selector",
                "spec:\n  serviceName: web\n  updateStrategy: {type: OnDelete}\n  selector",
            );
            place.write("set.yaml", &text);
            place.run(&format!("deploy {name} -f set.yaml -o json")).expect(0).json()
        };
        deploy("1");
        let first = config_maps(place, name);
        for value in ["2", "3"] {
            let deployed = deploy(value);
            let maps = config_maps(place, name);
            assert!(maps.contains(&first[0]) && maps.len() == 2, "{maps:?} {deployed}");
        }
        let rolled_back = place.run(&format!("rollback {name} --to 1 -o json")).expect(0).json();
        assert_eq!(config_maps(place, name), first, "{rolled_back}");
        deploy("3");
        let pod = format!("/api/v1/namespaces/{name}/pods/web-0");
        let before = place.get(&pod).unwrap()["metadata"]["uid"].clone();
        let now = json!({"gracePeriodSeconds": 0});
        place.call(Request::json(Method::DELETE, &*pod, &now)).unwrap();
        place.until("another pod is there", Duration::from_secs(60), || {
            place.get(&pod).is_some_and(|pod| pod["metadata"]["uid"] != before)
        });
        deploy("3");
        let last = config_maps(place, name);
        assert!(last.len() == 1 && last != first, "{last:?}");
        place.run(&format!("delete {name} --yes")).expect(0);
    }

    fn a_custom_resource_follows_by_what_its_fields_are_called(place) {
        let name = &place.instance("");
        let crd = format!(
            "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {{name: things.{name}.example.com}}\n\
             spec:\n  group: {name}.example.com\n  scope: Namespaced\n  names: {{kind: Thing, plural: things}}\n  versions:\n  \
             - {{name: v1, served: true, storage: true, schema: {{openAPIV3Schema: {{type: object, \
             x-kubernetes-preserve-unknown-fields: true}}}}}}\n---\n\
             apiVersion: {name}.example.com/v1\nkind: Thing\nmetadata: {{name: conf}}\nspec:\n  \
             envFrom: [{{configMapRef: {{name: conf}}}}]\n  valuesFrom: [{{kind: ConfigMap, name: conf}}]\n  \
             other: {{configMapRef: {{name: conf, namespace: elsewhere}}}}\n---\n"
        );
        let path = format!("/apis/{name}.example.com/v1/namespaces/{name}/things/conf");
        let mut before = String::new();
        for value in ["1", "2"] {
            place.write("set.yaml", &format!("{crd}{}", set(value)));
            let deployed = place.run(&format!("deploy {name} -f set.yaml -o json")).expect(0).json();
            assert_eq!(deployed["warnings"].as_array().map_or(0, Vec::len), 0, "{deployed}");
            let made = config_maps(place, name);
            assert!(made.len() == 1 && made[0] != before, "{made:?}");
            let live = place.get(&path).unwrap();
            let expected = serde_json::json!({
                "envFrom": [{"configMapRef": {"name": made[0]}}],
                "valuesFrom": [{"kind": "ConfigMap", "name": made[0]}],
                "other": {"configMapRef": {"name": "conf", "namespace": "elsewhere"}},
            });
            assert_eq!(live["spec"], expected);
            before.clone_from(&made[0]);
        }
        place.run(&format!("delete {name} --yes")).expect(0);
    }
}
