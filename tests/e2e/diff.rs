//! What differs between what ran, what runs and what would run.

use http::Method;
use serde_json::json;
use workloadctl::testing::Request;

use crate::harness::Place;

fn set(image: &str, more: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  \
         selector: {{matchLabels: {{app: web}}}}\n  template:\n    metadata: {{labels: {{app: web}}}}\n    \
         spec:\n      containers:\n      - {{name: web, image: '{image}'}}\n---\n\
         apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: conf}}\ndata:\n  text: |\n    one\n    {more}\n"
    )
}

const EXTRA: &str = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: extra}\n";
const ONE: &str = "registry.k8s.io/pause:3.9";
const TWO: &str = "registry.k8s.io/pause:3.10";

/// Gives the answer to a call that differs in nothing.
fn same(place: &Place, line: &str) {
    let told = place.run(&format!("{line} --exit-code")).expect(0).stdout;
    assert!(told.starts_with("no difference between "), "{line}: {told}");
}

on_both! {
    fn releases_and_instances_are_compared_with_their_overrides(place) {
        let (dev, prod) = (&place.instance("-dev"), &place.instance("-prod"));
        place.write("set.yaml", &set(ONE, "two"));
        place.run(&format!("deploy {dev} -f set.yaml")).expect(0);
        place.run(&format!("deploy {prod} --definition {dev} --runtime {}", place.runtime)).expect(0);
        // Two namespaces, and nothing that anybody changed.
        same(place, &format!("diff {dev} {prod}"));
        place.run(&format!("deploy {prod} --image web={TWO} --restart")).expect(0);
        place.write("set.yaml", &format!("{}{EXTRA}", set(ONE, "three")));
        place.run(&format!("deploy {dev} -f set.yaml --replicas Deployment/web=2")).expect(0);
        let told = |line: &str| place.told(line).replace(dev, "DEV").replace(prod, "PROD");
        let releases = told(&format!("diff {dev}@1 {dev}@2 --diff fields"));
        let instances = told(&format!("diff {prod} {dev} --exit-code"));
        let newest = told(&format!("diff {prod} --newest --diff fields"));
        snapshot!(format!("{releases}\n{instances}\n{newest}"), @"
        $ workloadctl diff NAME-dev@1 NAME-dev@2 --diff fields
        exit code 0
        --- stdout
        --- NAME-dev release 1 (NAME-dev revision 1)
        +++ NAME-dev release 2 (NAME-dev revision 2)
        Deployment/web
          + spec.replicas: 2
        ConfigMap/conf
          ~ data.text: 1 line added, 1 removed
        added ConfigMap/extra

        $ workloadctl diff NAME-prod NAME-dev --exit-code
        exit code 4
        --- stdout
        --- NAME-prod release 2 (NAME-dev revision 1)
        +++ NAME-dev release 2 (NAME-dev revision 2)
        Deployment/web
          @@ . @@
            metadata:
              name: web
            spec:
          +  replicas: 2
              selector:
                matchLabels:
                  app: web
          @@ spec.template.metadata.labels @@
                    app: web
                spec:
                  containers:
          -  - image: registry.k8s.io/pause:3.10
          +  - image: registry.k8s.io/pause:3.9
                    name: web
        ConfigMap/conf
          @@ . @@
            data:
              text: |
                one
          -  two
          +  three
        added ConfigMap/extra

        $ workloadctl diff NAME-prod --newest --diff fields
        exit code 0
        --- stdout
        --- NAME-prod release 2 (NAME-dev revision 1)
        +++ NAME-prod of NAME-dev revision 2
        ConfigMap/conf
          ~ data.text: 1 line added, 1 removed
        added ConfigMap/extra
        ");
        same(place, &format!("diff {prod}@1 {dev}@1"));
        same(place, &format!("diff {dev} --newest"));
        // A folder without overrides, as a deploy of it would be.
        let folder = place.run(&format!("diff {dev} -f set.yaml --diff fields")).expect(0).stdout;
        assert!(folder.contains("  - spec.replicas: 2\n"), "{folder}");
        // What is live is what was released.
        same(place, &format!("diff {dev}"));
        // What the database lost is there again once the record was read.
        place.lose_database();
        place.run(&format!("db rebuild --runtime {} -n {dev}", place.runtime)).expect(0);
        place.run(&format!("diff {dev}@2 -f set.yaml --exit-code")).expect(4);
    }

    fn what_is_live_is_compared_with_a_release(place) {
        let name = &place.instance("");
        place.write("set.yaml", &format!("{}{EXTRA}", set(ONE, "two")));
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        place.write("set.yaml", &format!("{}{EXTRA}", set(ONE, "three")));
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        same(place, &format!("diff {name}"));
        let path = format!("/apis/apps/v1/namespaces/{name}/deployments/web");
        let patch = json!([{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": TWO}]);
        place.call(Request::json_patch(format!("{path}?fieldManager=kubectl-set"), &patch)).unwrap();
        let extra = format!("/api/v1/namespaces/{name}/configmaps/extra");
        place.call(Request::json(Method::DELETE, extra, &json!({}))).unwrap();
        let fields = place.told(&format!("diff {name} --diff fields --exit-code"));
        let first = place.told(&format!("diff {name}@1 --diff fields"));
        snapshot!(format!("{fields}\n{first}"), @r#"
        $ workloadctl diff NAME --diff fields --exit-code
        exit code 4
        --- stdout
        --- NAME as it is on RUNTIME
        +++ NAME release 2 (NAME revision 2)
        NAME/Deployment/web
          ~ spec.template.spec.containers[name=web].image: registry.k8s.io/pause:3.10 -> registry.k8s.io/pause:3.9
        added NAME/ConfigMap/extra
        --- stderr
        warning: Deployment/web: spec.template…[name=web].image was "registry.k8s.io/pause:3.10" (kubectl-set, N s ago)
        warning: ConfigMap/extra was deleted

        $ workloadctl diff NAME@1 --diff fields
        exit code 0
        --- stdout
        --- NAME as it is on RUNTIME
        +++ NAME release 1 (NAME revision 1)
        NAME/Deployment/web
          ~ spec.template.spec.containers[name=web].image: registry.k8s.io/pause:3.10 -> registry.k8s.io/pause:3.9
        NAME/ConfigMap/conf
          ~ data.text: 1 line added, 1 removed
        added NAME/ConfigMap/extra
        --- stderr
        warning: Deployment/web: spec.template…[name=web].image was "registry.k8s.io/pause:3.10" (kubectl-set, N s ago)
        warning: ConfigMap/extra was deleted
        "#);
        // Nothing was written, and a deploy brings it back.
        place.run(&format!("deploy {name}")).expect(0);
        same(place, &format!("diff {name}"));
        place.run(&format!("diff {name}-x")).expect(1);
        place.run(&format!("diff --definition {name}")).expect(2);
        // Without a database too, by the record.
        place.lose_database();
        same(place, &format!("diff {name}"));
        same(place, &format!("diff {name}@3"));
        let none = place.run("diff nobody").expect(1).stderr;
        assert!(none.starts_with("error: there is no instance `nobody`\n"), "{none}");
    }
}
