//! Manifests that were saved from a cluster: what was true of one object at one moment.

use http::Method;
use serde_json::{Value, json};
use workloadctl::testing::Request;

use crate::owners::{collection, write};

on_both! {
    /// The garbage collector deletes what names an owner that is not there.
    fn owners_that_are_gone_are_left_out_and_said(place) {
        let (name, home) = (place.instance(""), place.instance("-home"));
        let owner = |name: &str, uid: &str| json!({"apiVersion": "v1", "kind": "ConfigMap", "name": name, "uid": uid});
        let child = |owners: Value| json!({"apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": "child", "ownerReferences": owners}, "data": {"a": "1"}});
        let parent = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "parent"}});
        let gone = owner("parent", "b1dd6dc3-1111-11e9-9530-0242ac110005");
        write(place, &[child(json!([gone])), parent.clone()]);
        let told = place.told(&format!("deploy {name} -f set.json --progress none"));
        snapshot!(told, @"
        $ workloadctl deploy NAME -f set.json --progress none
        exit code 0
        --- stdout
        NAME deployed to RUNTIME (release 1, NAME revision 1): 3 created; ready in N s
        namespace NAME
        --- stderr
        warning: ConfigMap/child (set.json:1): its owner ConfigMap/parent with uid UID is not on the cluster, and is left out
        runtime RUNTIME: WORKLOADCTL_RUNTIME
        ");
        let live = place.get(&format!("{}/child", collection(&name, "ConfigMap"))).unwrap();
        assert_eq!(live["metadata"]["ownerReferences"], Value::Null, "{live}");
        let again = place.run(&format!("deploy {name} -o json")).expect(0).json();
        assert_eq!(again["outcome"], "unchanged", "{again}");

        // One that is there stays, beside one that is not.
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": home}});
        place.call(Request::json(Method::POST, "/api/v1/namespaces", &namespace)).unwrap();
        let made = place.call(Request::json(Method::POST, collection(&home, "ConfigMap"), &parent)).unwrap().body;
        let there = owner("parent", made["metadata"]["uid"].as_str().unwrap());
        write(place, &[child(json!([gone, there]))]);
        place.run(&format!("deploy {home} -f set.json -n {home}")).expect(0);
        let live = place.get(&format!("{}/child", collection(&home, "ConfigMap"))).unwrap();
        assert_eq!(live["metadata"]["ownerReferences"], json!([there]), "{live}");
        place.run(&format!("delete {home} --yes")).expect(0);
        place.call(Request::json(Method::DELETE, format!("/api/v1/namespaces/{home}"), &json!({}))).unwrap();
    }
}
