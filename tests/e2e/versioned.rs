//! ConfigMaps and Secrets that are called after their content.

use serde_json::Value;

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
