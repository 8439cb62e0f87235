//! What a plan shows of changes about which the server cannot be asked.

use serde_json::{Value, json};
use workloadctl::testing::{Apply, Request};

fn changes<'a>(told: &'a Value, kind: &str) -> &'a Value {
    let objects = told["objects"].as_array().unwrap();
    let object =
        objects.iter().find(|object| object["kind"] == kind).unwrap_or_else(|| panic!("{told}"));
    &object["changes"]
}

/// A definition whose custom resources have one field, and one of them.
fn defined(group: &str, field: &str, kind: &str, value: &str) -> String {
    format!(
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {{name: gadgets.{group}}}\nspec:\n  \
         group: {group}\n  scope: Namespaced\n  names: {{kind: Gadget, plural: gadgets}}\n  versions: [{{name: v1, served: true, \
         storage: true, schema: {{openAPIV3Schema: {{type: object, properties: {{spec: {{type: object, properties: \
         {{kept: {{type: string}}, {field}: {{type: {kind}}}}}}}}}}}}}}}]\n---\n\
         apiVersion: {group}/v1\nkind: Gadget\nmetadata: {{name: one}}\nspec: {{kept: same, {field}: {value}}}\n"
    )
}

on_both! {
    fn a_custom_resource_whose_definition_changes_with_it_shows_its_fields(place) {
        let name = &place.instance("");
        let group = &format!("{name}.example.com");
        place.write("set.yaml", &defined(group, "before", "string", "x"));
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        place.write("set.yaml", &defined(group, "after", "integer", "5"));
        let plan = place.run(&format!("plan {name} -f set.yaml -o json")).expect(0).json();
        let expected = json!([{"path": "spec.after", "new": 5}, {"path": "spec.before", "old": "x"}]);
        assert_eq!(*changes(&plan, "Gadget"), expected, "{plan}");
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        let diff = place.run(&format!("diff {name}@1 -o json")).expect(0).json();
        let back = json!([{"path": "spec.after", "old": 5}, {"path": "spec.before", "new": "x"}]);
        assert_eq!(*changes(&diff, "Gadget"), back, "{diff}");
    }

    /// What an adoption takes over and the definition does not have, goes with the first write.
    fn an_adoption_shows_what_it_removes(place) {
        let name = &place.instance("");
        let namespace = format!("/api/v1/namespaces/{name}");
        let made = |path: &str, body: &Value| {
            let request = Request::apply(path, body, &Apply { manager: "kubectl", force: false, dry_run: false });
            place.call(request).unwrap();
        };
        made(&namespace, &json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}));
        let conf = format!("{namespace}/configmaps/conf");
        made(&conf, &json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "conf"},
            "data": {"a": "1", "precious": "x"}}));
        let container = |name: &str| json!({"name": name, "image": "a:1"});
        let deployment = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {
            "replicas": 0, "selector": {"matchLabels": {"app": "web"}}, "template": {"metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [container("web"), container("side")]}}}});
        made(&format!("/apis/apps/v1/namespaces/{name}/deployments/web"), &deployment);
        let mut ours = deployment.clone();
        ours["spec"]["template"]["spec"]["containers"] = json!([container("web")]);
        let set = json!({"apiVersion": "v1", "kind": "List", "items": [ours,
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "conf"}, "data": {"a": "1"}}]});
        place.write("set.json", &set.to_string());
        let line = format!("{name} -f set.json -n {name} --adopt -o json");
        let plan = place.run(&format!("plan {line}")).expect(0).json();
        assert_eq!(*changes(&plan, "ConfigMap"), json!([{"path": "data.precious", "old": "x"}]), "{plan}");
        let gone = changes(&plan, "Deployment").as_array().unwrap();
        let side = "spec.template.spec.containers[name=side]";
        assert!(!gone.is_empty() && gone.iter().all(|change| {
            change["path"].as_str().unwrap().starts_with(side) && change["new"].is_null()
        }), "{plan}");
        place.run(&format!("deploy {line}")).expect(0);
        assert_eq!(place.get(&conf).unwrap()["data"], json!({"a": "1"}));
        place.run(&format!("delete {name} --yes")).expect(0);
    }

    fn what_is_made_anew_shows_what_changes(place) {
        let name = &place.instance("");
        let set = |image: &str, app: &str| format!(
            "apiVersion: batch/v1\nkind: Job\nmetadata: {{name: once}}\nspec:\n  template:\n    spec: {{restartPolicy: Never, \
             containers: [{{name: a, image: '{image}'}}]}}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\n\
             spec:\n  replicas: 0\n  selector: {{matchLabels: {{app: {app}}}}}\n  template:\n    metadata: {{labels: {{app: {app}}}}}\n    \
             spec: {{containers: [{{name: a, image: 'a:1'}}]}}\n"
        );
        place.write("set.yaml", &set("once:1", "one"));
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        place.write("set.yaml", &set("once:2", "two"));
        let line = format!("plan {name} -f set.yaml --replace Deployment/web -o json");
        let plan = place.run(&line).expect(0).json();
        let image = "spec.template.spec.containers[name=a].image";
        assert_eq!(*changes(&plan, "Job"), json!([{"path": image, "old": "once:1", "new": "once:2"}]), "{plan}");
        let label = |path: &str| json!({"path": path, "old": "one", "new": "two"});
        assert_eq!(
            *changes(&plan, "Deployment"),
            json!([label("spec.selector.matchLabels.app"), label("spec.template.metadata.labels.app")]),
            "{plan}"
        );
    }
}
