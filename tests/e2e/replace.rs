//! What cannot be changed in place: found by the server's answer, replaced when that is asked for;
//! a StatefulSet's pods and claims live through it.

use std::{collections::BTreeMap, time::Duration};

use http::Method;
use serde_json::{Value, json};
use workloadctl::testing::Request;

use crate::harness::Place;

/// A StatefulSet whose claims are of that size.
fn set(size: &str) -> String {
    format!(
        "apiVersion: apps/v1
kind: StatefulSet
metadata: {{name: db}}
spec:
  replicas: 2
  serviceName: db
  selector: {{matchLabels: {{app: db}}}}
  template:
    metadata: {{labels: {{app: db}}}}
    spec:
      terminationGracePeriodSeconds: 0
      containers: [{{name: db, image: db:1, volumeMounts: [{{name: data, mountPath: /data}}]}}]
  volumeClaimTemplates:
    - metadata: {{name: data}}
      spec:
        accessModes: [ReadWriteOnce]
        resources: {{requests: {{storage: {size}}}}}
"
    )
}

fn stateful_set(name: &str) -> String {
    format!("/apis/apps/v1/namespaces/{name}/statefulsets/db")
}

/// Takes down the uids of a namespace's pods and claims.
fn uids(place: &Place, name: &str) -> BTreeMap<String, Value> {
    let mut uids = BTreeMap::new();
    for collection in ["pods", "persistentvolumeclaims"] {
        let list = place.get(&format!("/api/v1/namespaces/{name}/{collection}")).unwrap();
        for object in list["items"].as_array().unwrap() {
            let metadata = &object["metadata"];
            uids.insert(format!("{collection}/{}", metadata["name"]), metadata["uid"].clone());
        }
    }
    uids
}

fn hold(place: &Place, path: &str, finalizers: &Value) {
    let patch = json!({"metadata": {"finalizers": finalizers}});
    place.call(Request::merge_patch(path, &patch)).unwrap();
}

/// Runs a command that replaces the StatefulSet of a namespace, and kills it after the deletion was
/// sent; the set goes, its pods do not.
fn killed_between_deletion_and_creation(place: &Place, namespace: &str, line: &str) {
    let path = stateful_set(namespace);
    hold(place, &path, &json!(["test.workloadctl/hold"]));
    let mut running = place.follow(line);
    let deletion = format!("DELETE {path}");
    assert!(running.until(|said| said.starts_with(&deletion)));
    running.kill();
    let pods = format!("/api/v1/namespaces/{namespace}/pods");
    let is_owned = |pod: &Value| pod.pointer("/metadata/ownerReferences/0").is_some();
    place.until("the pods have no owner", Duration::from_secs(20), || {
        !place.get(&pods).unwrap()["items"].as_array().unwrap().iter().any(is_owned)
    });
    hold(place, &path, &json!(null));
    place.until("the set is gone", Duration::from_secs(20), || place.get(&path).is_none());
}

on_both! {
    fn claim_templates_are_replaced_and_the_pods_live_on(place) {
        let name = place.instance("");
        place.write("set.yaml", &set("1Gi"));
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        let before = uids(place, &name);
        assert_eq!(before.len(), 4, "{before:?}");
        place.write("set.yaml", &set("2Gi"));
        snapshot!(place.told(&format!("plan {name} -f set.yaml")), @"
        $ workloadctl plan NAME -f set.yaml
        exit code 5
        --- stdout
        ACTION  OBJECT  NAMESPACE  REASON
        unchanged  Namespace/NAME  -  -
        blocked  StatefulSet/db  NAME  spec: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are f…
        NAME on RUNTIME: 1 unchanged, 1 blocked
        --- stderr
        warning: StatefulSet/db (set.yaml:1): serviceName names Service/db in namespace NAME, which is neither in the set nor on the cluster
        error: 1 object stands in the way; nothing was written
          StatefulSet/db (set.yaml:1): spec: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are f…
        hint: `--replace StatefulSet/db` deletes it and creates it again
        ");
        snapshot!(place.told(&format!("deploy {name} -f set.yaml -o json --progress none")), @r#"
        $ workloadctl deploy NAME -f set.yaml -o json --progress none
        exit code 5
        --- stdout
        {
          "apiVersion": "workloadctl/v1alpha1",
          "kind": "Deploy",
          "name": "NAME",
          "definition": "NAME",
          "revision": 2,
          "latestRevision": 2,
          "runtime": "RUNTIME",
          "clusterUid": "UID",
          "namespace": "NAME",
          "namespaceMode": "managed",
          "release": 1,
          "outcome": "refused",
          "createdAt": "TIME",
          "deployedAt": "TIME",
          "deployedBy": "tester@HOST",
          "counts": {
            "unchanged": 1,
            "blocked": 1
          },
          "objects": [
            {
              "kind": "Namespace",
              "name": "NAME",
              "version": "v1",
              "uid": "UID",
              "action": "unchanged"
            },
            {
              "group": "apps",
              "kind": "StatefulSet",
              "namespace": "NAME",
              "name": "db",
              "version": "v1",
              "uid": "UID",
              "action": "blocked",
              "message": "spec: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are f…",
              "images": [
                "db:1"
              ],
              "source": {
                "file": "set.yaml",
                "line": 1
              }
            }
          ],
          "warnings": [
            "StatefulSet/db (set.yaml:1): serviceName names Service/db in namespace NAME, which is neither in the set nor on the cluster"
          ],
          "error": {
            "code": "immutable",
            "exitCode": 5,
            "message": "1 object stands in the way; nothing was written",
            "causes": [
              "StatefulSet/db (set.yaml:1): spec: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are f…"
            ],
            "hint": "`--replace StatefulSet/db` deletes it and creates it again",
            "object": "StatefulSet/db",
            "source": {
              "file": "set.yaml",
              "line": 1
            }
          }
        }
        --- stderr
        warning: StatefulSet/db (set.yaml:1): serviceName names Service/db in namespace NAME, which is neither in the set nor on the cluster
        error: 1 object stands in the way; nothing was written
          StatefulSet/db (set.yaml:1): spec: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are f…
        hint: `--replace StatefulSet/db` deletes it and creates it again
        "#);
        let line = format!("deploy {name} -f set.yaml --replace StatefulSet/db -o json");
        let replaced = place.run(&line).expect(0).json();
        assert_eq!(replaced["counts"]["recreate"], 1, "{replaced}");
        let live = place.get(&stateful_set(&name)).unwrap();
        assert_eq!(live["spec"]["volumeClaimTemplates"][0]["spec"]["resources"]["requests"]["storage"], "2Gi");
        assert_eq!(uids(place, &name), before, "pods and claims are the same");
        let again = place.run(&format!("deploy {name} -o json")).expect(0).json();
        assert_eq!(again["outcome"], "unchanged", "{again}");
    }

    /// What can be changed in place is, and what did not change stays: a command that is said again
    /// does nothing.
    fn what_is_replaced_is_replaced_once(place) {
        let name = place.instance("");
        let path = stateful_set(&name);
        place.write("set.yaml", &set("1Gi"));
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        let uid = || place.get(&path).unwrap()["metadata"]["uid"].clone();
        let first = uid();
        let line = format!("deploy {name} -f set.yaml --replace StatefulSet/db -o json");
        let same = place.run(&line).expect(0).json();
        assert_eq!((&same["outcome"], uid()), (&"unchanged".into(), first.clone()), "{same}");
        place.write("set.yaml", &set("1Gi").replace("db:1", "db:2"));
        let updated = place.run(&line).expect(0).json();
        assert_eq!((&updated["counts"]["update"], uid()), (&1.into(), first.clone()), "{updated}");
        place.write("set.yaml", &set("2Gi"));
        let replaced = place.run(&line).expect(0).json();
        assert_eq!(replaced["counts"]["recreate"], 1, "{replaced}");
        let second = uid();
        assert_ne!(first, second);
        let again = place.run(&line).expect(0).json();
        assert_eq!((&again["outcome"], uid()), (&"unchanged".into(), second), "{again}");
    }

    fn a_set_that_somebody_scaled_is_made_anew_at_that_number(place) {
        let name = place.instance("");
        let path = stateful_set(&name);
        let write = |size: &str| place.write("set.yaml", &set(size));
        write("1Gi");
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        let scale = json!({"spec": {"replicas": 3}});
        place.call(Request::merge_patch(format!("{path}/scale?fieldManager=kubectl"), &scale)).unwrap();
        place.run(&format!("deploy {name}")).expect(0);
        place.until("the third pod", Duration::from_secs(20), || uids(place, &name).len() == 6);
        let before = uids(place, &name);
        write("2Gi");
        place.run(&format!("deploy {name} -f set.yaml --replace StatefulSet/db")).expect(0);
        assert_eq!(uids(place, &name), before, "pods and claims are the same");
        // It is still theirs.
        let again = place.run(&format!("deploy {name} -o json")).expect(0).json();
        assert_eq!(again["outcome"], "unchanged", "{again}");
        place.run(&format!("deploy {name} --set StatefulSet/db:spec.template.metadata.annotations.x=one")).expect(0);
        assert_eq!(place.get(&path).unwrap()["spec"]["replicas"], 3);
    }

    fn a_set_whose_size_nobody_set_keeps_it_when_it_is_made_anew(place) {
        let name = place.instance("");
        let path = stateful_set(&name);
        let write = |size: &str| place.write("set.yaml", &set(size).replace("  replicas: 2\n", ""));
        write("1Gi");
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        let scale = json!({"spec": {"replicas": 3}});
        place.call(Request::merge_patch(format!("{path}/scale?fieldManager=kubectl"), &scale)).unwrap();
        place.run(&format!("deploy {name}")).expect(0);
        place.until("the third pod", Duration::from_secs(20), || uids(place, &name).len() == 6);
        let before = uids(place, &name);
        write("2Gi");
        place.run(&format!("deploy {name} -f set.yaml --replace StatefulSet/db")).expect(0);
        assert_eq!(uids(place, &name), before, "pods and claims are the same");
        let again = place.run(&format!("deploy {name} -o json")).expect(0).json();
        assert_eq!(again["outcome"], "unchanged", "{again}");
        place.run(&format!("deploy {name} --set StatefulSet/db:spec.template.metadata.annotations.x=one")).expect(0);
        assert_eq!(place.get(&path).unwrap()["spec"]["replicas"], 3);
        // A number in the definition counts again; where the scale has an entry (the sandbox has
        // one), it stays with who made it, and that is said.
        place.write("set.yaml", &set("2Gi"));
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        let size = place.get(&path).unwrap()["spec"]["replicas"].clone();
        let told = place.run(&format!("status {name} -o json")).expect(0).stdout;
        assert!(size == 2 || told.contains("yielded"), "{size}: {told}");
    }

    fn killed_in_between_the_pods_are_adopted_or_go(place) {
        let (name, home) = (place.instance(""), place.instance("-home"));
        let body = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": home}});
        place.call(Request::json(Method::POST, "/api/v1/namespaces", &body)).unwrap();
        place.write("set.yaml", &set("1Gi"));
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        let before = uids(place, &name);
        place.write("set.yaml", &set("2Gi"));
        let line = format!("deploy {name} -f set.yaml --replace StatefulSet/db");
        killed_between_deletion_and_creation(place, &name, &line);
        // The next deploy makes it anew.
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        assert_eq!(uids(place, &name), before, "pods and claims are the same");
        // In a namespace that stays, a delete removes the pods too.
        let other = place.instance("-other");
        place.run(&format!("deploy {other} -f set.yaml -n {home}")).expect(0);
        let line = format!("deploy {other} --set StatefulSet/db:spec.serviceName=x --replace StatefulSet/db");
        killed_between_deletion_and_creation(place, &home, &line);
        assert_eq!(uids(place, &home).len(), 4, "the pods run on");
        place.run(&format!("delete {other} --yes --timeout 60s")).expect(0);
        let left: Vec<String> = uids(place, &home).into_keys().filter(|key| key.starts_with("pods")).collect();
        assert_eq!(left, Vec::<String>::new());
        let revisions = place.get(&format!("/apis/apps/v1/namespaces/{home}/controllerrevisions")).unwrap();
        assert_eq!(revisions["items"], json!([]), "{revisions}");
        place.call(Request::json(Method::DELETE, format!("/api/v1/namespaces/{home}"), &json!({}))).unwrap();
    }

    fn what_cannot_be_changed_is_named_with_the_way_out(place) {
        let name = place.instance("");
        for (index, (text, from, to, object)) in CASES.iter().enumerate() {
            let text = text.replace("NAME", &name);
            place.write("set.yaml", &text);
            let instance = place.instance(&format!("-{index}"));
            place.run(&format!("deploy {instance} -f set.yaml")).expect(0);
            assert!(text.contains(from), "{text}");
            place.write("set.yaml", &text.replacen(from, to, 1));
            let refused = place.run(&format!("deploy {instance} -f set.yaml -o json")).expect(5).json();
            let hint = refused["error"]["hint"].as_str().unwrap_or_default();
            let object = object.replace("NAME", &name);
            assert!(hint.starts_with(&format!("`--replace {object}`")), "{object}: {refused}");
            let replaced = place.run(&format!("deploy {instance} -f set.yaml --replace {object} --yes -o json")).expect(0).json();
            assert_eq!(replaced["counts"]["recreate"], 1, "{replaced}");
            place.run(&format!("delete {instance} --yes --no-wait")).expect(0);
        }
    }
}

/// A set, what changes in it, and the object to be named.
const CASES: [(&str, &str, &str, &str); 5] = [
    (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: app}\nspec: {replicas: 0, selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: a, also: b}}, spec: {containers: [{name: a, image: 'a:1'}]}}}",
        "matchLabels: {app: a}",
        "matchLabels: {also: b}",
        "Deployment/app",
    ),
    (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: fixed}\nimmutable: true\ndata: {a: '1'}",
        "a: '1'",
        "a: '2'",
        "ConfigMap/fixed",
    ),
    (
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: bind}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}\nsubjects: [{kind: ServiceAccount, name: default}]",
        "name: view",
        "name: edit",
        "RoleBinding/bind",
    ),
    (
        "apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {name: NAME}\nvalue: 10",
        "value: 10",
        "value: 11",
        "PriorityClass/NAME",
    ),
    (
        "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data}\nspec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}",
        "storage: 1Gi",
        "storage: 2Gi",
        "PersistentVolumeClaim/data",
    ),
];
