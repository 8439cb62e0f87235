//! `plan --why`: why an object has its place in the order, with field, file and line.

use std::collections::BTreeSet;

use serde_json::json;

const SET: &str = "\
apiVersion: v1
kind: ConfigMap
metadata: {name: conf}
data: {a: b}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: runner}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: rights}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
subjects:
  - kind: ServiceAccount
    name: runner
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader}
rules: []
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 0
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      serviceAccountName: runner
      containers:
        - name: web
          image: registry.k8s.io/pause:3.9
          envFrom:
            - configMapRef:
                name: conf
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: after
  annotations:
    config.kubernetes.io/depends-on: apps/namespaces/default/Deployment/web
";

on_both! {
    fn the_place_of_an_object_is_explained(place) {
        let name = place.instance("");
        place.write("set.yaml", SET);
        let plan = format!("plan {name} -f set.yaml --runtime {}", place.runtime);
        let ask = |object: &str| place.told(&format!("{plan} --why {object}"));
        snapshot!(ask("deploy/web"), @r#"
        $ workloadctl plan NAME -f set.yaml --runtime RUNTIME --why deploy/web
        exit code 0
        --- stdout
        ACTION  OBJECT  NAMESPACE  REASON
        create  Namespace/NAME  -  -
        create  ConfigMap/conf  NAME  -
        create  ServiceAccount/runner  NAME  -
        create  RoleBinding/rights  NAME  -
        create  Role/reader  NAME  -
        create  Deployment/web  NAME  -
        create  ConfigMap/after  NAME  -

        Deployment/web (set.yaml:23)
          waits until Namespace/NAME is active: it is the namespace (metadata.namespace, set.yaml:25:1)
          waits until ConfigMap/conf is applied: envFrom names it (spec.template.spec.containers[0].envFrom[0].configMapRef.name, set.yaml:38:17)
            which waits until Namespace/NAME is active: it is the namespace (metadata.namespace, set.yaml:3:1)
          waits until ServiceAccount/runner is applied: serviceAccountName names it (spec.template.spec.serviceAccountName, set.yaml:32:7)
            which waits until Namespace/NAME is active: it is the namespace (metadata.namespace, set.yaml:8:1)
          waits until RoleBinding/rights is applied: it gives rights to the service account of the pods (subjects[0].name, set.yaml:16:5)
            which waits until Namespace/NAME is active: it is the namespace (metadata.namespace, set.yaml:12:1)
            which waits until ServiceAccount/runner is applied: subjects names it (subjects[0].name, set.yaml:16:5), see above
            which waits until Role/reader is applied: roleRef names it (roleRef.name, set.yaml:13:60)
              which waits until Namespace/NAME is active: it is the namespace (metadata.namespace, set.yaml:20:1)
          ConfigMap/after waits until it is ready: config.kubernetes.io/depends-on names it (metadata.annotations["config.kubernetes.io/depends-on"], set.yaml:45:5)

        NAME on RUNTIME: 7 to create
        "#);
        snapshot!(ask(&format!("ns/{name}")), @"
        $ workloadctl plan NAME -f set.yaml --runtime RUNTIME --why ns/NAME
        exit code 0
        --- stdout
        ACTION  OBJECT  NAMESPACE  REASON
        create  Namespace/NAME  -  -
        create  ConfigMap/conf  NAME  -
        create  ServiceAccount/runner  NAME  -
        create  RoleBinding/rights  NAME  -
        create  Role/reader  NAME  -
        create  Deployment/web  NAME  -
        create  ConfigMap/after  NAME  -

        Namespace/NAME
          waits for nothing
          ConfigMap/conf waits until it is active: it is the namespace (metadata.namespace, set.yaml:3:1)
          ServiceAccount/runner waits until it is active: it is the namespace (metadata.namespace, set.yaml:8:1)
          RoleBinding/rights waits until it is active: it is the namespace (metadata.namespace, set.yaml:12:1)
          Role/reader waits until it is active: it is the namespace (metadata.namespace, set.yaml:20:1)
          Deployment/web waits until it is active: it is the namespace (metadata.namespace, set.yaml:25:1)
          ConfigMap/after waits until it is active: it is the namespace (metadata.namespace, set.yaml:42:1)

        NAME on RUNTIME: 7 to create
        ");
        // Where the object is not, nothing of the plan is told.
        snapshot!([ask("deploy/wbe"), ask("web"), ask("kube-system/deploy/web")].join("\n"), @r#"
        $ workloadctl plan NAME -f set.yaml --runtime RUNTIME --why deploy/wbe
        exit code 2
        --- stderr
        error: there is no object deploy/wbe
        hint: write `Deployment/web`

        $ workloadctl plan NAME -f set.yaml --runtime RUNTIME --why web
        exit code 2
        --- stderr
        error: "web" does not name an object
          the form is KIND/NAME, such as Deployment/web, or NAMESPACE/KIND/NAME
        hint: write `Deployment/web`

        $ workloadctl plan NAME -f set.yaml --runtime RUNTIME --why kube-system/deploy/web
        exit code 2
        --- stderr
        error: there is no object kube-system/deploy/web
        hint: write `Deployment/web`
        "#);
        // Of an instance that is there it is the same, from the sources that were stored.
        place.run(&format!("deploy {name} -f set.yaml --runtime {}", place.runtime)).expect(0);
        let json = place.run(&format!("plan {name} --why cm/after -o json")).expect(0).json();
        let why = &json["why"];
        assert_eq!(why["source"], json!({"file": "set.yaml", "line": 40}));
        let waits = why["after"].as_array().unwrap();
        let wait = waits.iter().find(|wait| wait["until"] == "ready").unwrap();
        assert_eq!(wait["object"], json!({"kind": "ConfigMap", "namespace": name, "name": "after"}));
        assert_eq!(
            wait["waitsFor"],
            json!({"group": "apps", "kind": "Deployment", "namespace": name, "name": "web"})
        );
        assert_eq!(wait["reason"], "config.kubernetes.io/depends-on names it");
        assert_eq!(wait["field"], "metadata.annotations[\"config.kubernetes.io/depends-on\"]");
        assert_eq!(wait["source"], json!({"file": "set.yaml", "line": 45, "column": 5}));
        let waiting = waits.iter().map(|wait| wait["waitsFor"]["name"].as_str().unwrap());
        assert_eq!(waiting.collect::<BTreeSet<_>>(), BTreeSet::from([&*name, "web", "conf", "runner", "rights", "reader"]));
        assert_eq!(why["before"], json!([]));
    }
}
