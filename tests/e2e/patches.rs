//! Overrides that are given once and kept: `--patch`, partial objects in the server's own words, and
//! what a deploy with `-f` says that it drops.

use std::time::Duration;

const CRD: &str = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n\
    metadata: {name: PLURAL.example.com}\nspec:\n  group: example.com\n  scope: Namespaced\n  \
    names: {kind: KIND, plural: PLURAL, singular: SINGULAR}\n  versions:\n  - name: v1\n    served: true\n    \
    storage: true\n    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}\n---\n\
    apiVersion: example.com/v1\nkind: KIND\nmetadata: {name: g}\nspec: {list: [{name: a}, {name: b}], gone: 1}\n";

/// A ConfigMap, and who reads it.
const READER: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\ndata: {a: '1'}\n---\n\
    apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n\
    spec: {selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, \
    spec: {terminationGracePeriodSeconds: 0, containers: [{name: web, image: 'web:1', \
    envFrom: [{configMapRef: {name: conf}}]}]}}}\n";

on_both! {
    fn patches_are_merged_kept_and_dropped(place) {
        let name = place.instance("");
        place.example("web");
        place.write("p.yaml", "kind: Deployment\nmetadata: {name: web}\nspec:\n  template:\n    spec:\n      \
            terminationGracePeriodSeconds: 7\n      containers:\n      - {name: web, env: [{name: A, value: b}]}\n");
        let read = || place.get(&format!("/apis/apps/v1/namespaces/{name}/deployments/web")).unwrap()["spec"]["template"]["spec"].clone();
        place.run(&format!("deploy {name} -f web --patch p.yaml")).expect(0);
        let patched = read();
        assert_eq!(patched["terminationGracePeriodSeconds"], 7);
        // Merged by its name into the one that was there.
        let containers = patched["containers"].as_array().unwrap();
        assert_eq!((containers.len(), &containers[0]["env"][0]["name"]), (1, &"A".into()), "{patched}");
        assert!(containers[0]["image"].is_string());
        let again = place.run(&format!("deploy {name} -o json")).expect(0).json();
        assert_eq!(again["outcome"], "unchanged", "{again}");
        let shown = place.run(&format!("instance show {name} --field overrides.patches")).expect(0).stdout;
        assert!(shown.contains("terminationGracePeriodSeconds"), "{shown}");
        place.run(&format!("deploy {name} --patch deploy/web-")).expect(0);
        assert_eq!(read()["containers"][0].get("env"), None);
    }

    fn custom_resources_are_patched_as_json(place) {
        let name = place.instance("");
        let plural = format!("gadget{}s", name.replace('-', ""));
        let kind = format!("Gadget{}", name.replace('-', ""));
        let set = CRD.replace("PLURAL", &plural).replace("SINGULAR", &kind.to_lowercase()).replace("KIND", &kind);
        place.write("set.yaml", &set);
        place.write("p.yaml", &format!("apiVersion: example.com/v1\nkind: {kind}\nmetadata: {{name: g}}\nspec: {{list: [{{name: c}}], gone: null}}\n"));
        place.run(&format!("deploy {name} -f set.yaml --patch p.yaml")).expect(0);
        let live = place.get(&format!("/apis/example.com/v1/namespaces/{name}/{plural}/g")).unwrap();
        assert_eq!(live["spec"], serde_json::json!({"list": [{"name": "c"}]}));
    }

    /// Also where everything is planned a second time: for `--restart-stale`.
    fn what_is_dropped_with_a_file_is_said_once(place) {
        let name = place.instance("");
        place.write("set.yaml", READER);
        place.run(&format!("deploy {name} -f set.yaml --set ConfigMap/conf:data.b=two")).expect(0);
        let pods = place.get(&format!("/api/v1/namespaces/{name}/pods")).unwrap();
        let made: jiff::Timestamp = pods["items"][0]["metadata"]["creationTimestamp"].as_str().unwrap().parse().unwrap();
        let is_over = || jiff::Timestamp::now().as_second() > made.as_second() + 1;
        place.until("the pod is older than what comes", Duration::from_secs(10), is_over);
        let told = place.told(&format!("deploy {name} -f set.yaml --restart-stale"));
        assert!(told.contains("restarting Deployment/web, which runs with the old ConfigMap/conf\n"), "{told}");
        assert_eq!(told.matches("dropped with -f: the stored --set ConfigMap/conf:data.b\n").count(), 1, "{told}");
        place.run(&format!("delete {name} --yes")).expect(0);
    }

    fn only_overrides_that_are_there_are_dropped(place) {
        let name = place.instance("");
        place.write("set.yaml", READER);
        place.run(&format!("deploy {name} -f set.yaml --image web=web:2 --replicas deploy/web=2 --set ConfigMap/conf:data.b=two")).expect(0);
        snapshot!(place.told(&format!("deploy {name} --image wbe- --progress none")), @"
        $ workloadctl deploy NAME --image wbe- --progress none
        exit code 2
        --- stderr
        error: --image wbe-: there is no such override
          overridden: --image web, --replicas Deployment/web, --set ConfigMap/conf:data.b
        hint: the nearest is `--image web-`
        ");
        for wrong in ["--replicas Deployment/nope-", "--set ConfigMap/conf:data.c-", "--patch ConfigMap/conf-", "-f set.yaml --image nope-"] {
            let refused = place.run(&format!("plan {name} {wrong} -o json")).expect(2).json();
            assert_eq!(refused["error"]["code"], "no-such-override", "{refused}");
        }
        snapshot!(place.told(&format!("instance create {name}-b --definition {name} --replicas deploy/web-")), @"
        $ workloadctl instance create NAME-b --definition NAME --replicas deploy/web-
        exit code 2
        --- stderr
        error: --replicas deploy/web-: there is no such override
          nothing is overridden
        ");
        // Also what `-f` drops anyway.
        let told = place.run(&format!("deploy {name} -f set.yaml --image web- --set ConfigMap/conf:data.b=\"2\" -o json")).expect(0).json();
        assert_eq!(told["overrides"], serde_json::json!({"sets": {"ConfigMap/conf:data.b": "2"}}), "{told}");
        place.run(&format!("delete {name} --yes")).expect(0);

        // One of several is enough.
        let file = |image: &str| format!("apiVersion: workloadctl/v1alpha1\nkind: Workload\nmetadata: {{name: {name}}}\n\
            spec:\n  manifests: [set.yaml]\n  instances:\n  - {{name: {name}{image}}}\n  - {{name: {name}-c}}\n");
        place.instance("-c");
        place.write("w.yaml", &file(", images: {web: 'web:3'}"));
        place.run("deploy -f w.yaml").expect(0);
        place.run("plan -f w.yaml --image web-").expect(0);
        place.write("w.yaml", &file(""));
        snapshot!(place.told("deploy -f w.yaml --image nope- --progress none"), @"
        $ workloadctl deploy -f w.yaml --image nope- --progress none
        exit code 2
        --- stderr
        error: --image nope-: there is no such override
          overridden: --image web
        ");
        place.run("deploy -f w.yaml --image web-").expect(0);
        place.run("deploy -f w.yaml --image web-").expect(2);
        place.run("delete -f w.yaml --yes").expect(0);
    }
}
