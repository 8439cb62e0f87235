//! What goes along with what is deleted although nobody deployed it: claims of StatefulSets, what
//! is in a namespace, custom resources. It is counted before anybody is asked, and what asks to be
//! kept stays.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use http::Method;
use serde_json::{Value, json};
use workloadctl::testing::{Effect, Fault, Matches, Request, When};

use crate::harness::Place;

const CONFIG: &str = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";
const PATIENCE: Duration = Duration::from_secs(30);

/// A StatefulSet of one pod with a claim, which goes with it if `deleted` says so; `annotations`
/// are those of the claim template.
fn set(deleted: &str, annotations: &str) -> String {
    format!(
        "---
apiVersion: apps/v1
kind: StatefulSet
metadata: {{name: db}}
spec:
  replicas: 1
  serviceName: db
  persistentVolumeClaimRetentionPolicy: {{whenDeleted: {deleted}, whenScaled: Retain}}
  selector: {{matchLabels: {{app: db}}}}
  template:
    metadata: {{labels: {{app: db}}}}
    spec:
      terminationGracePeriodSeconds: 0
      containers: [{{name: db, image: db:1, volumeMounts: [{{name: data, mountPath: /data}}]}}]
  volumeClaimTemplates:
    - metadata: {{name: data, annotations: {{{annotations}}}}}
      spec: {{accessModes: [ReadWriteOnce], resources: {{requests: {{storage: 1Gi}}}}}}
"
    )
}

const KEEP: &str = "workloadctl/on-remove: keep";

fn claims(namespace: &str) -> String {
    format!("/api/v1/namespaces/{namespace}/persistentvolumeclaims")
}

/// Takes down the uids of a namespace's claims that are not on their way out.
fn uids(place: &Place, namespace: &str) -> BTreeMap<String, Value> {
    let list = place.get(&claims(namespace)).unwrap();
    let items = list["items"].as_array().unwrap().iter();
    let live = items.filter(|claim| claim["metadata"].get("deletionTimestamp").is_none());
    live.map(|claim| (claim["metadata"]["name"].to_string(), claim["metadata"]["uid"].clone()))
        .collect()
}

fn until_owned(place: &Place, namespace: &str) {
    let path = format!("{}/data-db-0", claims(namespace));
    place.until("the set owns its claim", PATIENCE, || {
        let claim = place.get(&path);
        claim.is_some_and(|claim| claim.pointer("/metadata/ownerReferences/0/kind").is_some())
    });
}

fn claim_of_a_person(place: &Place, namespace: &str, name: &str, annotations: &Value) {
    let body = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "annotations": annotations},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}});
    place.call(Request::json(Method::POST, claims(namespace), &body)).unwrap();
}

/// Deletes what a test left on purpose.
fn remove(place: &Place, path: &str) {
    let body =
        json!({"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background"});
    place.call(Request::json(Method::DELETE, path, &body)).unwrap();
}

fn alongside(answer: &Value) -> Vec<String> {
    let objects = answer["alongside"].as_array().cloned().unwrap_or_default();
    objects.iter().map(|id| format!("{}/{}", id["kind"], id["name"]).replace('"', "")).collect()
}

/// A definition of custom resources, in a group of the test's own, and one of them.
fn custom(name: &str) -> (String, String) {
    let group = format!("{name}.example.test");
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("valves.{group}")},
        "spec": {"group": group, "scope": "Namespaced",
            "names": {"kind": "Valve", "plural": "valves", "singular": "valve"},
            "versions": [{"name": "v1", "served": true, "storage": true,
                "schema": {"openAPIV3Schema": {"type": "object"}}}]},
    });
    let resource =
        json!({"apiVersion": format!("{group}/v1"), "kind": "Valve", "metadata": {"name": "one"}});
    (format!("---\n{definition}\n"), format!("---\n{resource}\n"))
}

fn definition_path(name: &str) -> String {
    format!("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/valves.{name}.example.test")
}

fn valves(name: &str, namespace: &str) -> String {
    format!("/apis/{name}.example.test/v1/namespaces/{namespace}/valves")
}

on_both! {
    fn claims_that_ask_to_be_kept_outlive_their_instance(place) {
        let name = place.instance("");
        place.write("set.yaml", &set("Retain", KEEP));
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        let before = uids(place, &name);
        assert_eq!(before.len(), 1);
        snapshot!(place.told(&format!("delete {name} --yes --progress none")), @"
        $ workloadctl delete NAME --yes --progress none
        exit code 0
        --- stdout
        NAME deleted from RUNTIME: 1 unchanged, 1 deleted; in N s
        Namespace/NAME stays: PersistentVolumeClaim/data-db-0 in it asks to be kept
        ");
        assert_eq!(uids(place, &name), before);
        let namespace = place.get(&format!("/api/v1/namespaces/{name}")).unwrap();
        assert!(namespace["metadata"].get("deletionTimestamp").is_none(), "{namespace}");
        remove(place, &format!("/api/v1/namespaces/{name}"));
    }

    fn a_set_that_takes_its_claims_lets_go_of_those_that_ask_to_be_kept(place) {
        let name = place.instance("");
        place.write("set.yaml", &format!("{CONFIG}{}", set("Delete", KEEP)));
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        until_owned(place, &name);
        let before = uids(place, &name);
        // When it leaves the definition nothing is lost, and nothing is asked.
        place.write("less.yaml", CONFIG);
        let pruned = place.run(&format!("deploy {name} -f less.yaml -o json")).expect(0).json();
        assert_eq!((&pruned["counts"]["prune"], alongside(&pruned)), (&json!(1), vec![]), "{pruned}");
        assert_eq!(uids(place, &name), before);
        let claim = place.get(&format!("{}/data-db-0", claims(&name))).unwrap();
        assert!(claim["metadata"].get("ownerReferences").is_none(), "{claim}");
        // Another set of the name takes it in again; with the instance it stays as well.
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        until_owned(place, &name);
        place.run(&format!("delete {name} --yes")).expect(0);
        assert_eq!(uids(place, &name), before);
        remove(place, &format!("/api/v1/namespaces/{name}"));
    }

    /// Whether a claim is kept stands in its set: without an answer nothing of both goes.
    fn a_set_that_cannot_be_read_is_not_deleted(place) {
        let place = place.behind_proxy();
        let name = place.instance("");
        place.write("set.yaml", &set("Delete", ""));
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        place.write("set.yaml", &set("Delete", KEEP));
        place.run(&format!("deploy {name} -f set.yaml --replace StatefulSet/db")).expect(0);
        until_owned(&place, &name);
        let before = uids(&place, &name);
        let unread = |when, effect| {
            let path = format!("/namespaces/{name}/statefulsets/db");
            let matches = Matches { method: Some("GET"), path: Some(path), watch: None, ..Matches::default() };
            Arc::new(Fault::new(matches, when, effect))
        };
        let page = Effect::Answer(404, "text/html", "<h1>Not Found</h1>");
        // At the look before anything is done, and in the middle.
        for (when, effect, code) in [
            (When::Always, Effect::Forbidden, 1),
            (When::Always, page.clone(), 7),
            (When::From(2), Effect::Forbidden, 1),
            (When::From(2), page, 7),
        ] {
            let fault = unread(when, effect.clone());
            place.faults(&[Arc::clone(&fault)]);
            let failed = place.run(&format!("delete {name} --yes -o json"));
            assert!(fault.seen() > 0);
            assert_eq!(failed.code, code, "{when:?} {effect:?}: {}{}", failed.stdout, failed.stderr);
            let live = place.get(&format!("/apis/apps/v1/namespaces/{name}/statefulsets/db")).unwrap();
            assert_eq!(live["metadata"].get("deletionTimestamp"), None, "{when:?} {effect:?}");
            assert_eq!(uids(&place, &name), before, "{when:?} {effect:?}");
        }
        place.faults(&[]);
        place.run(&format!("delete {name} --yes")).expect(0);
        assert_eq!(uids(&place, &name), before);
        remove(&place, &format!("/api/v1/namespaces/{name}"));
    }

    fn a_claim_from_before_its_template_asked_to_be_kept_is_kept(place) {
        let name = place.instance("");
        place.write("set.yaml", &set("Delete", ""));
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        place.write("set.yaml", &set("Delete", KEEP));
        place.run(&format!("deploy {name} -f set.yaml --replace StatefulSet/db")).expect(0);
        until_owned(place, &name);
        let before = uids(place, &name);
        let deleted = place.run(&format!("delete {name} --yes -o json")).expect(0).json();
        assert_eq!(alongside(&deleted), Vec::<String>::new(), "{deleted}");
        assert_eq!(uids(place, &name), before);
        remove(place, &format!("/api/v1/namespaces/{name}"));
    }

    fn claims_that_go_with_their_set_are_asked_about(place) {
        let name = place.instance("");
        place.write("set.yaml", &format!("{CONFIG}{}", set("Delete", "")));
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        until_owned(place, &name);
        let before = uids(place, &name);
        place.write("less.yaml", CONFIG);
        snapshot!(place.told(&format!("plan {name} -f less.yaml")), @"
        $ workloadctl plan NAME -f less.yaml
        exit code 0
        --- stdout
        ACTION  OBJECT  NAMESPACE  REASON
        unchanged  Namespace/NAME  -  -
        unchanged  ConfigMap/a  NAME  -
        prune  StatefulSet/db  NAME  left the definition
        NAME on RUNTIME: 2 unchanged, 1 to prune
        --- stderr
        warning: goes along with what is deleted: 1 PersistentVolumeClaim with its data (PersistentVolumeClaim/data-db-0)
        ");
        snapshot!(place.told(&format!("deploy {name} -f less.yaml --progress none")), @"
        $ workloadctl deploy NAME -f less.yaml --progress none
        exit code 5
        --- stderr
        error: this would delete 1 PersistentVolumeClaim with its data (PersistentVolumeClaim/data-db-0)
        hint: `--yes` allows it; an annotation `workloadctl/on-remove: keep` keeps an object
        ");
        assert_eq!(uids(place, &name), before);
        // What is not pruned now is not asked about now.
        place.run(&format!("deploy {name} -f less.yaml --prune never")).expect(0);
        assert_eq!(uids(place, &name), before);
        let pruned = place.run(&format!("deploy {name} -f less.yaml --yes -o json")).expect(0).json();
        assert_eq!(alongside(&pruned), ["PersistentVolumeClaim/data-db-0"], "{pruned}");
        place.until("the claim is gone", PATIENCE, || uids(place, &name).is_empty());
        place.run(&format!("delete {name} --yes")).expect(0);
        assert_eq!(place.leftovers(&name), Vec::<String>::new());
    }

    fn a_set_made_anew_keeps_the_claims_that_it_would_take_along(place) {
        let name = place.instance("");
        place.write("set.yaml", &set("Delete", ""));
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        until_owned(place, &name);
        let before = uids(place, &name);
        // A changed template of claims cannot be applied.
        place.write("set.yaml", &set("Delete", "a: b"));
        let line = format!("deploy {name} -f set.yaml --replace StatefulSet/db -o json");
        let replaced = place.run(&line).expect(0).json();
        assert_eq!(replaced["counts"]["recreate"], 1, "{replaced}");
        assert_eq!(alongside(&replaced), Vec::<String>::new(), "{replaced}");
        assert_eq!(uids(place, &name), before);
        place.run(&format!("delete {name} --yes")).expect(0);
    }

    fn a_claim_of_anybody_counts_where_its_namespace_goes(place) {
        let (name, kept) = (place.instance(""), place.instance("-k"));
        place.write("set.yaml", CONFIG);
        for name in [&name, &kept] {
            place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        }
        claim_of_a_person(place, &name, "theirs", &json!({}));
        let deleted = place.run(&format!("delete {name} --yes -o json")).expect(0);
        assert!(deleted.stderr.contains("goes along: 1 PersistentVolumeClaim with its data (PersistentVolumeClaim/theirs)"), "{}", deleted.stderr);
        assert_eq!(alongside(&deleted.json()), ["PersistentVolumeClaim/theirs"]);
        claim_of_a_person(place, &kept, "theirs", &json!({"workloadctl/on-remove": "keep"}));
        let deleted = place.run(&format!("delete {kept} --yes -o json")).expect(0).json();
        assert_eq!(alongside(&deleted), Vec::<String>::new());
        assert_eq!(deleted["remarks"], json!([format!("Namespace/{kept} stays: PersistentVolumeClaim/theirs in it asks to be kept")]));
        assert_eq!(uids(place, &kept).len(), 1);
        remove(place, &format!("/api/v1/namespaces/{kept}"));
    }

    fn a_definition_stays_for_as_long_as_a_resource_of_it_is_in_the_set(place) {
        let name = place.instance("");
        let (definition, resource) = custom(&name);
        // That it asks to be kept changes nothing for as long as it is wanted.
        let kept = resource.replace("\"name\":\"one\"", "\"name\":\"one\",\"annotations\":{\"workloadctl/on-remove\":\"keep\"}");
        assert_ne!(kept, resource);
        place.write("one.yaml", &format!("{CONFIG}{definition}{resource}"));
        place.write("two.yaml", &format!("{CONFIG}{kept}"));
        place.write("back.yaml", &format!("{CONFIG}{resource}"));
        place.write("three.yaml", CONFIG);
        place.run(&format!("deploy {name} -f one.yaml")).expect(0);
        let uid = || place.get(&format!("{}/one", valves(&name, &name))).map(|live| live["metadata"]["uid"].clone());
        let before = uid();
        snapshot!(place.told(&format!("deploy {name} -f two.yaml --progress none")), @"
        $ workloadctl deploy NAME -f two.yaml --progress none
        exit code 0
        --- stdout
        NAME deployed to RUNTIME (release 2, NAME revision 2): 1 updated, 3 unchanged; ready in N s
        CustomResourceDefinition/valves.NAME.example.test stays: Valve/one of it is still in the definition
        namespace NAME
        --- stderr
        CustomResourceDefinition/valves.NAME.example.test stays: Valve/one of it is still in the definition
        ");
        assert_eq!(uid(), before);
        let again = place.run(&format!("deploy {name} -f two.yaml -o json")).expect(0).json();
        assert_eq!(again["outcome"], "unchanged", "{again}");
        place.run(&format!("deploy {name} -f back.yaml")).expect(0);
        // With its last resource it goes.
        let last = place.run(&format!("deploy {name} -f three.yaml --yes -o json")).expect(0).json();
        assert_eq!(last["counts"]["prune"], 2, "{last}");
        assert!(place.get(&definition_path(&name)).is_none());
        place.run(&format!("delete {name} --yes")).expect(0);
    }

    fn a_definition_that_others_have_resources_of_is_planned_to_stay(place) {
        let name = place.instance("");
        let (definition, resource) = custom(&name);
        place.write("one.yaml", &format!("{CONFIG}{definition}"));
        place.write("two.yaml", CONFIG);
        place.run(&format!("deploy {name} -f one.yaml")).expect(0);
        let mut theirs: Value = serde_json::from_str(resource.trim_start_matches("---\n")).unwrap();
        theirs["metadata"]["name"] = json!("theirs");
        place.call(Request::json(Method::POST, valves(&name, "default"), &theirs)).unwrap();
        // Nothing goes, and nothing is asked.
        snapshot!(place.told(&format!("plan {name} -f two.yaml")), @"
        $ workloadctl plan NAME -f two.yaml
        exit code 0
        --- stdout
        ACTION  OBJECT  NAMESPACE  REASON
        unchanged  Namespace/NAME  -  -
        unchanged  ConfigMap/a  NAME  -
        unchanged  CustomResourceDefinition/valves.NAME.example.test  -  left the definition; 1 custom resource of it is not ours
        NAME on RUNTIME: 3 unchanged
        ");
        place.run(&format!("deploy {name} -f two.yaml")).expect(0);
        assert!(place.get(&format!("{}/theirs", valves(&name, "default"))).is_some());
        // With `delete --delete-crds` it goes along.
        let again = place.run(&format!("deploy {name} -f two.yaml -o json")).expect(0).json();
        assert_eq!(again["outcome"], "unchanged", "{again}");
        place.run(&format!("deploy {name} -f one.yaml")).expect(0);
        let deleted = place.run(&format!("delete {name} --yes --delete-crds -o json")).expect(0).json();
        assert_eq!(alongside(&deleted).len(), 1, "{deleted}");
        assert!(alongside(&deleted)[0].ends_with("/theirs"), "{deleted}");
        assert!(place.get(&definition_path(&name)).is_none());
    }

    fn a_definition_that_stayed_for_others_goes_with_a_later_release(place) {
        let name = place.instance("");
        let (definition, resource) = custom(&name);
        place.write("one.yaml", &format!("{CONFIG}{definition}"));
        place.write("two.yaml", CONFIG);
        place.run(&format!("deploy {name} -f one.yaml")).expect(0);
        let mut theirs: Value = serde_json::from_str(resource.trim_start_matches("---\n")).unwrap();
        theirs["metadata"]["name"] = json!("theirs");
        place.call(Request::json(Method::POST, valves(&name, "default"), &theirs)).unwrap();
        place.run(&format!("deploy {name} -f two.yaml")).expect(0);
        assert!(place.get(&definition_path(&name)).is_some());
        let theirs = format!("{}/theirs", valves(&name, "default"));
        place.call(Request::json(Method::DELETE, theirs, &json!({}))).unwrap();
        let later = place.run(&format!("deploy {name} --yes -o json")).expect(0).json();
        assert_eq!(later["counts"]["prune"], 1, "{later}");
        assert!(place.get(&definition_path(&name)).is_none());
        place.run(&format!("delete {name} --yes")).expect(0);
    }

    fn a_rejected_change_of_a_definition_forgets_none_of_its_resources(place) {
        let name = place.instance("");
        let (definition, resource) = custom(&name);
        let cluster_wide = definition.replace("\"Namespaced\"", "\"Cluster\"");
        assert_ne!(cluster_wide, definition);
        place.write("one.yaml", &format!("{definition}{resource}"));
        place.run(&format!("deploy {name} -f one.yaml")).expect(0);
        place.write("two.yaml", &format!("{CONFIG}{cluster_wide}{resource}"));
        let failed = place.run(&format!("deploy {name} -f two.yaml -o json"));
        assert_ne!(failed.code, 0, "{}", failed.stdout);
        place.write("three.yaml", &format!("{CONFIG}{definition}"));
        let next = place.run(&format!("deploy {name} -f three.yaml -o json")).expect(0).json();
        assert_eq!(next["counts"]["prune"], 1, "{next}");
        assert!(place.get(&format!("{}/one", valves(&name, &name))).is_none());
        place.run(&format!("delete {name} --yes")).expect(0);
        assert_eq!(place.leftovers(&name), Vec::<String>::new());
    }

    fn a_namespace_that_stays_for_what_is_in_it_goes_with_a_later_release(place) {
        let (name, other) = (place.instance(""), place.instance("-o"));
        let used = format!("{name}-u");
        let namespace = |name: &str| format!("---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n");
        place.write("two.yaml", &format!("{}{}{CONFIG}", namespace(&name), namespace(&used)));
        place.write("one.yaml", &format!("{}{CONFIG}", namespace(&name)));
        place.write("other.yaml", CONFIG);
        place.run(&format!("deploy {name} -f two.yaml")).expect(0);
        place.run(&format!("deploy {other} -f other.yaml --namespace {used}")).expect(0);
        place.run(&format!("deploy {name} -f one.yaml")).expect(0);
        let again = place.run(&format!("deploy {name} -o json")).expect(0).json();
        assert_eq!(again["outcome"], "unchanged", "{again}");
        place.run(&format!("delete {other} --yes")).expect(0);
        // It is lost now, and so it is asked about.
        let asked = place.run(&format!("deploy {name} -o json")).expect(5).json();
        assert_eq!(asked["error"]["code"], "needs-yes", "{asked}");
        let pruned = place.run(&format!("deploy {name} --yes -o json")).expect(0).json();
        assert_eq!(pruned["counts"]["prune"], 1, "{pruned}");
        assert!(place.get(&format!("/api/v1/namespaces/{used}")).is_none());
        place.run(&format!("delete {name} --yes")).expect(0);
    }

    fn a_namespace_that_cannot_go_says_why_and_its_instance_stays_deleting(place) {
        let name = place.instance("");
        place.write("set.yaml", CONFIG);
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        let maps = format!("/api/v1/namespaces/{name}/configmaps");
        let held = json!({"apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": "theirs", "finalizers": ["test.workloadctl/hold"]}});
        place.call(Request::json(Method::POST, &*maps, &held)).unwrap();
        snapshot!(place.told(&format!("delete {name} --yes --timeout 15s --progress none")), @"
        $ workloadctl delete NAME --yes --timeout 15s --progress none
        exit code 1
        --- stdout
        NAME timed out from RUNTIME (release 1, NAME revision 1): 1 deleted; after N s
        --- stderr
        error: out of time: namespace NAME is still being deleted
          Some content in the namespace has finalizers remaining: test.workloadctl/hold in 1 resource instances; Some resources are remaining: configmaps. has 1 resource instances
        hint: `workloadctl delete NAME` goes on, `--timeout` gives more time
        ");
        let record = format!("/api/v1/namespaces/{name}/secrets");
        place.until("the record is gone", PATIENCE, || {
            place.get(&record).unwrap()["items"].as_array().unwrap().is_empty()
        });
        let listed = place.run("instance list -o json").expect(0).json();
        assert_eq!(listed["instances"][0]["status"], "Deleting", "{listed}");
        let seen = place.run(&format!("status {name} -o json")).json();
        assert_eq!(seen["status"], "Deleting", "{seen}");
        let reason = seen["reason"].as_str().unwrap().replace(&name, "NAME");
        snapshot!(reason, @"its deletion was begun and is not finished: Namespace/NAME: Some content in the namespace has finalizers remaining: test.workloadctl/hold in 1 resource instances; Some resources are remaining: configmaps. has 1 resource instances");
        assert_eq!(place.run(&format!("status {name}")).expect(0).stderr.replace(&name, "NAME"),
            "namespace NAME is being deleted, and took the record with it\n");
        snapshot!(place.told(&format!("plan {name}")), @"
        $ workloadctl plan NAME
        exit code 0
        --- stdout
        ACTION  OBJECT  NAMESPACE  REASON
        create  Namespace/NAME  -  -
        create  ConfigMap/a  NAME  -
        NAME on RUNTIME: 2 to create
        --- stderr
        namespace NAME is being deleted, and took the record with it
        ");
        snapshot!(place.told(&format!("deploy {name} --timeout 2s --progress none")), @"
        $ workloadctl deploy NAME --timeout 2s --progress none
        exit code 1
        --- stderr
        namespace NAME is being deleted, and took the record with it
        error: out of time: there is no namespace NAME yet
          the one before is still being deleted: Some content in the namespace has finalizers remaining: test.workloadctl/hold in 1 resource instances; Some resources are remaining: configmaps. has 1 resource instances
        hint: `workloadctl deploy NAME` goes on, `--timeout` gives more time
        ");
        let seen = place.run(&format!("status {name} -o json")).json();
        assert_eq!(seen["status"], "Deleting", "{seen}");
        let free = json!({"metadata": {"finalizers": null}});
        place.call(Request::merge_patch(format!("{maps}/theirs"), &free)).unwrap();
        let namespace = format!("/api/v1/namespaces/{name}");
        place.until("the namespace is gone", PATIENCE, || place.get(&namespace).is_none());
        snapshot!(place.told(&format!("status {name}")), @"
        $ workloadctl status NAME
        exit code 0
        --- stdout
        NAME: Deleting, its deletion was begun and nothing of it is on the cluster any more: `workloadctl delete NAME` ends it
        NAME revision 1 · release 1 by tester@HOST N s ago · runtime RUNTIME · namespace NAME (managed)
        ");
        place.run(&format!("delete {name} --yes")).expect(0);
        assert_eq!(place.leftovers(&name), Vec::<String>::new());
    }

    fn a_namespace_that_the_flag_made_is_mentioned_where_it_is_made_and_where_it_stays(place) {
        let (name, other) = (place.instance(""), place.instance("-o"));
        let shared = format!("{name}-n");
        place.write("set.yaml", CONFIG);
        let made = place.run(&format!("deploy {name} -f set.yaml --namespace {shared} --progress none")).expect(0);
        let told = |stderr: &str| stderr.lines().filter(|line| line.starts_with("namespace ")).collect::<Vec<_>>().join("\n");
        assert_eq!(told(&made.stderr), format!("namespace {shared} is made; it stays when the instance goes, since `--namespace` names it"));
        let found = place.run(&format!("deploy {other} -f set.yaml --namespace {shared} --adopt -o json"));
        assert_eq!(found.code, 5, "one object has one owner: {}", found.stdout);
        place.write("other.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n");
        let found = place.run(&format!("deploy {other} -f other.yaml --namespace {shared} --progress none")).expect(0);
        assert_eq!(told(&found.stderr), "");
        let deleted = place.run(&format!("delete {other} --yes -o json")).expect(0).json();
        assert!(deleted.get("remarks").is_none(), "{deleted}");
        let deleted = place.run(&format!("delete {name} --yes -o json")).expect(0).json();
        assert_eq!(deleted["remarks"], json!([format!("Namespace/{shared} stays: `--namespace` made it; `kubectl delete namespace {shared}` deletes it")]));
        remove(place, &format!("/api/v1/namespaces/{shared}"));
    }
}
