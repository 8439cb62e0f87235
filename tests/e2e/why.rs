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

/// The same names in two namespaces, and a hook that runs before and after the rest.
const TWICE: &str = "\
apiVersion: v1
kind: Namespace
metadata: {name: NAME-a}
---
apiVersion: v1
kind: Namespace
metadata: {name: NAME-b}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: conf, namespace: NAME-a}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: conf, namespace: NAME-b}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: rest
  namespace: NAME-a
  annotations: {config.kubernetes.io/depends-on: /namespaces/NAME-b/ConfigMap/conf}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: twice
  namespace: NAME-a
  annotations: {helm.sh/hook: 'pre-install,post-install'}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: last
  namespace: NAME-a
  annotations: {helm.sh/hook: post-install, helm.sh/hook-weight: '1'}
";

on_both! {
    fn namespaces_and_turns_are_told_apart(place) {
        let name = place.instance("");
        place.write("set.yaml", &TWICE.replace("NAME", &name));
        let plan = format!("plan {name} -f set.yaml --runtime {}", place.runtime);
        // Below the table.
        let ask = |object: &str| {
            let told = place.told(&format!("{plan} --why {object}"));
            told.split_once("\n\n").map(|(_, why)| why.to_owned()).unwrap_or(told)
        };
        snapshot!([ask("cm/rest"), ask("cm/twice"), ask("cm/last")].join("\n"), @r#"
        NAME-a/ConfigMap/rest (set.yaml:17)
          waits until Namespace/NAME-a is active: it is the namespace (metadata.namespace, set.yaml:21:3)
          waits until NAME-b/ConfigMap/conf is ready: config.kubernetes.io/depends-on names it (metadata.annotations["config.kubernetes.io/depends-on"], set.yaml:22:17)
            which waits until Namespace/NAME-b is active: it is the namespace (metadata.namespace, set.yaml:15:24)
            which waits until NAME-a/ConfigMap/twice is ready: it is a hook whose turn is before (metadata.annotations["helm.sh/hook"], set.yaml:29:17)
              which waits until Namespace/NAME-a is active: it is the namespace (metadata.namespace, set.yaml:28:3)
          waits until NAME-a/ConfigMap/twice is ready: it is a hook whose turn is before (metadata.annotations["helm.sh/hook"], set.yaml:29:17), see above
          NAME-a/ConfigMap/twice (second turn) waits until it is ready: a hook comes after all that is none (metadata.annotations["helm.sh/hook"], set.yaml:29:17)

        NAME on RUNTIME: 7 to create

        NAME-a/ConfigMap/twice (set.yaml:24)
          waits until Namespace/NAME-a is active: it is the namespace (metadata.namespace, set.yaml:28:3)
          its second turn waits until Namespace/NAME-a is ready: a hook comes after all that is none (metadata.annotations["helm.sh/hook"], set.yaml:29:17)
          its second turn waits until Namespace/NAME-b is ready: a hook comes after all that is none (metadata.annotations["helm.sh/hook"], set.yaml:29:17)
          its second turn waits until NAME-a/ConfigMap/conf is ready: a hook comes after all that is none (metadata.annotations["helm.sh/hook"], set.yaml:29:17)
            which waits until Namespace/NAME-a is active: it is the namespace (metadata.namespace, set.yaml:11:24)
            which waits until NAME-a/ConfigMap/twice is ready: it is a hook whose turn is before (metadata.annotations["helm.sh/hook"], set.yaml:29:17), see above
          its second turn waits until NAME-b/ConfigMap/conf is ready: a hook comes after all that is none (metadata.annotations["helm.sh/hook"], set.yaml:29:17)
            which waits until Namespace/NAME-b is active: it is the namespace (metadata.namespace, set.yaml:15:24)
            which waits until NAME-a/ConfigMap/twice is ready: it is a hook whose turn is before (metadata.annotations["helm.sh/hook"], set.yaml:29:17), see above
          its second turn waits until NAME-a/ConfigMap/rest is ready: a hook comes after all that is none (metadata.annotations["helm.sh/hook"], set.yaml:29:17)
            which waits until Namespace/NAME-a is active: it is the namespace (metadata.namespace, set.yaml:21:3)
            which waits until NAME-b/ConfigMap/conf is ready: config.kubernetes.io/depends-on names it (metadata.annotations["config.kubernetes.io/depends-on"], set.yaml:22:17), see above
            which waits until NAME-a/ConfigMap/twice is ready: it is a hook whose turn is before (metadata.annotations["helm.sh/hook"], set.yaml:29:17), see above
          NAME-a/ConfigMap/conf waits until it is ready: it is a hook whose turn is before (metadata.annotations["helm.sh/hook"], set.yaml:29:17)
          NAME-b/ConfigMap/conf waits until it is ready: it is a hook whose turn is before (metadata.annotations["helm.sh/hook"], set.yaml:29:17)
          NAME-a/ConfigMap/rest waits until it is ready: it is a hook whose turn is before (metadata.annotations["helm.sh/hook"], set.yaml:29:17)
          NAME-a/ConfigMap/last waits until its second turn is ready: it is a hook whose turn is before (metadata.annotations["helm.sh/hook"], set.yaml:29:17)

        NAME on RUNTIME: 7 to create

        NAME-a/ConfigMap/last (set.yaml:31)
          waits until Namespace/NAME-a is active: it is the namespace (metadata.namespace, set.yaml:35:3)
          waits until NAME-a/ConfigMap/twice (second turn) is ready: it is a hook whose turn is before (metadata.annotations["helm.sh/hook"], set.yaml:29:17)
            which waits until Namespace/NAME-a is ready: a hook comes after all that is none (metadata.annotations["helm.sh/hook"], set.yaml:29:17)
            which waits until Namespace/NAME-b is ready: a hook comes after all that is none (metadata.annotations["helm.sh/hook"], set.yaml:29:17)
            which waits until NAME-a/ConfigMap/conf is ready: a hook comes after all that is none (metadata.annotations["helm.sh/hook"], set.yaml:29:17)
              which waits until Namespace/NAME-a is active: it is the namespace (metadata.namespace, set.yaml:11:24)
              which waits until NAME-a/ConfigMap/twice is ready: it is a hook whose turn is before (metadata.annotations["helm.sh/hook"], set.yaml:29:17)
                which waits until Namespace/NAME-a is active: it is the namespace (metadata.namespace, set.yaml:28:3)
            which waits until NAME-b/ConfigMap/conf is ready: a hook comes after all that is none (metadata.annotations["helm.sh/hook"], set.yaml:29:17)
              which waits until Namespace/NAME-b is active: it is the namespace (metadata.namespace, set.yaml:15:24)
              which waits until NAME-a/ConfigMap/twice is ready: it is a hook whose turn is before (metadata.annotations["helm.sh/hook"], set.yaml:29:17), see above
            which waits until NAME-a/ConfigMap/rest is ready: a hook comes after all that is none (metadata.annotations["helm.sh/hook"], set.yaml:29:17)
              which waits until Namespace/NAME-a is active: it is the namespace (metadata.namespace, set.yaml:21:3)
              which waits until NAME-b/ConfigMap/conf is ready: config.kubernetes.io/depends-on names it (metadata.annotations["config.kubernetes.io/depends-on"], set.yaml:22:17), see above
              which waits until NAME-a/ConfigMap/twice is ready: it is a hook whose turn is before (metadata.annotations["helm.sh/hook"], set.yaml:29:17), see above
          nothing waits for it

        NAME on RUNTIME: 7 to create
        "#);
        snapshot!([ask("conf"), ask("cm/cnf"), ask("cm/conf"), ask("other/cm/rest")].join("\n"), @r#"
        $ workloadctl plan NAME -f set.yaml --runtime RUNTIME --why conf
        exit code 2
        --- stderr
        error: "conf" does not name an object
          the form is KIND/NAME, such as Deployment/web, or NAMESPACE/KIND/NAME
        hint: write `NAME-a/ConfigMap/conf`

        $ workloadctl plan NAME -f set.yaml --runtime RUNTIME --why cm/cnf
        exit code 2
        --- stderr
        error: there is no object cm/cnf
        hint: write `NAME-a/ConfigMap/conf`

        $ workloadctl plan NAME -f set.yaml --runtime RUNTIME --why cm/conf
        exit code 2
        --- stderr
        error: cm/conf may mean 2 objects
          NAME-a/ConfigMap/conf
          NAME-b/ConfigMap/conf
        hint: write `NAME-a/ConfigMap/conf`

        $ workloadctl plan NAME -f set.yaml --runtime RUNTIME --why other/cm/rest
        exit code 2
        --- stderr
        error: there is no object other/cm/rest
        hint: write `ConfigMap/rest`
        "#);
        let json = place.run(&format!("{plan} --why cm/twice -o json")).expect(0).json();
        let waits = json["why"]["after"].as_array().unwrap();
        let second = waits.iter().filter(|wait| wait["secondTurn"] == true).count();
        let first = waits.iter().filter(|wait| wait["secondTurn"].is_null()).count();
        assert!(second >= 3 && first >= 3, "{waits:?}");
    }

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
