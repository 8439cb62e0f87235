//! Records that somebody else wrote: whoever may write that one Secret must not get the rights of
//! whoever deploys.

use std::io::{Read as _, Write as _};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use http::Method;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use workloadctl::testing::Request;

use crate::harness::Place;

fn head(name: &str) -> String {
    format!("/api/v1/namespaces/{name}/secrets/workloadctl.{name}")
}

/// Changes the content of an instance's record.
fn forge(place: &Place, name: &str, change: impl FnOnce(&mut Value)) {
    let secret = place.get(&head(name)).unwrap();
    let packed = STANDARD.decode(secret["data"]["record"].as_str().unwrap()).unwrap();
    let mut text = String::new();
    GzDecoder::new(&*packed).read_to_string(&mut text).unwrap();
    let mut record = serde_json::from_str(&text).unwrap();
    change(&mut record);
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(record.to_string().as_bytes()).unwrap();
    let data = json!({"data": {"record": STANDARD.encode(encoder.finish().unwrap())}});
    place.call(Request::merge_patch(head(name), &data)).unwrap();
}

/// Puts another definition in the place of the newest release's, with a digest that fits.
fn replace_definition(record: &mut Value) {
    let was = record["newest"]["digest"].as_str().unwrap().to_owned();
    let mut objects = record["contents"][&was].as_array().unwrap().clone();
    objects.retain(|object| object["body"]["kind"] == "ConfigMap");
    objects[0]["body"]["data"] = json!({"forged": "yes"});
    let text: String = objects.iter().map(|object| format!("{}\n", object["body"])).collect();
    let digest = Sha256::digest(text.as_bytes());
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    record["contents"] = json!({&digest: objects});
    record["newest"]["digest"] = json!(digest);
    record["newest"]["revisionCreatedAt"] = json!("2100-01-01T00:00:00Z");
}

/// Makes an object and gives its uid.
fn make(place: &Place, collection: &str, body: &Value) -> String {
    let made = place.call(Request::json(Method::POST, collection, body)).unwrap();
    made.body["metadata"]["uid"].as_str().unwrap().to_owned()
}

fn remove(place: &Place, path: &str) {
    place.call(Request::json(Method::DELETE, path, &json!({}))).unwrap();
}

/// Enters an object into the inventory as one that is not wanted any more.
fn enter(record: &mut Value, id: Value, uid: &str) {
    let entry = json!({"id": id, "version": "v1", "uid": uid, "wanted": false});
    record["inventory"].as_array_mut().unwrap().push(entry);
}

const ROLES: &str = "/apis/rbac.authorization.k8s.io/v1/clusterroles";

on_both! {
    fn contents_that_are_not_those_of_the_digest_are_refused(place) {
        let name = place.instance("");
        place.example("web");
        place.run(&format!("deploy {name} -f web")).expect(0);
        let before = place.live(&name, &[]);
        let genuine = place.get(&head(&name)).unwrap()["data"].clone();
        let forgeries: [fn(&mut Value); 3] = [
            |record| record["contents"] = json!({}),
            |record| {
                let contents = record["contents"].as_object_mut().unwrap();
                contents.values_mut().for_each(|objects| *objects = json!([]));
            },
            |record| {
                let contents = record["contents"].as_object_mut().unwrap();
                for objects in contents.values_mut() {
                    objects[0]["body"]["metadata"]["name"] = json!("slipped-in");
                }
            },
        ];
        for forgery in forgeries {
            forge(place, &name, forgery);
            // The database has that digest: its content counts.
            let known = place.run(&format!("deploy {name} -o json")).expect(0).json();
            assert_eq!(known["outcome"], "unchanged", "{known}");
            place.lose_database();
            for line in ["plan NAME", "deploy NAME", "status NAME", "delete NAME --yes"] {
                let told = place.run(&format!("{} -o json", line.replace("NAME", &name)));
                let code = told.json().to_string();
                assert!(code.contains("damaged-record"), "{line}: {told:?}");
                assert_eq!(place.live(&name, &[]), before, "{line}");
            }
            let data = json!({"data": genuine});
            place.call(Request::merge_patch(head(&name), &data)).unwrap();
            place.run(&format!("deploy {name}")).expect(0);
        }
        forge(place, &name, |record| record["contents"] = json!({}));
        place.lose_database();
        snapshot!(place.told(&format!("deploy {name}")), @"
        $ workloadctl deploy NAME
        exit code 1
        --- stderr
        error: the record Secret/workloadctl.NAME in namespace NAME is damaged
          the objects of release 1 are not in it
        hint: delete it (`kubectl -n NAME delete secret workloadctl.NAME`) and deploy again: it is rebuilt from the live objects
        ");
        // The way out that it names.
        remove(place, &head(&name));
        place.run(&format!("delete {name} --yes")).expect(0);
        assert_eq!(place.leftovers(&name), Vec::<String>::new());
    }

    fn what_only_the_record_brings_is_shown_before_it_is_deployed(place) {
        let name = place.instance("");
        place.example("web");
        place.run(&format!("deploy {name} -f web")).expect(0);
        // The forger claims our own release, and another definition that fits its digest.
        forge(place, &name, replace_definition);
        place.run(&format!("status {name}")).expect(0);
        snapshot!(place.told(&format!("deploy {name} --progress none")), @"
        $ workloadctl deploy NAME --progress none
        exit code 0
        --- stdout
        NAME deployed to RUNTIME (release 2, NAME revision 1): 1 updated, 1 unchanged, 2 pruned; ready in N s
        namespace NAME
        --- stderr
        NAME: revision 1 of `NAME` from the record alone (release 1 by tester@HOST, N s ago)
        ");
        // It was deployed with this database: there is nothing more to be said of it.
        snapshot!(place.told(&format!("deploy {name} --restart --progress none")), @"
        $ workloadctl deploy NAME --restart --progress none
        exit code 0
        --- stdout
        NAME deployed to RUNTIME (release 3, NAME revision 1): 2 unchanged; ready in N s
        namespace NAME
        ");
        place.run(&format!("deploy {name} -f web --progress none")).expect(0);
        forge(place, &name, |record| {
            record["newest"]["overrides"] = json!({"replicas": {"Deployment/web": 1}});
        });
        let deployed = place.run(&format!("deploy {name} --progress none"));
        assert!(deployed.stderr.contains("overrides from the record alone"), "{deployed:?}");
        place.run(&format!("delete {name} --yes")).expect(0);
        assert_eq!(place.leftovers(&name), Vec::<String>::new());
    }

    fn an_entry_of_another_namespace_is_refused(place) {
        let (name, victim) = (place.instance(""), place.instance("-victim"));
        place.example("web");
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": victim}});
        make(place, "/api/v1/namespaces", &namespace);
        let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "token"}});
        let secrets = format!("/api/v1/namespaces/{victim}/secrets");
        let uid = make(place, &secrets, &secret);
        let id = json!({"kind": "Secret", "namespace": victim, "name": "token"});
        place.run(&format!("deploy {name} -f web")).expect(0);
        forge(place, &name, |record| enter(record, id, &uid));
        for line in ["deploy NAME", "deploy NAME -f web", "delete NAME --yes"] {
            let told = place.run(&format!("{} -o json", line.replace("NAME", &name)));
            assert!(told.json().to_string().contains("damaged-record"), "{line}: {told:?}");
        }
        // A mode that has objects in other namespaces: then the object itself has to tell.
        forge(place, &name, |record| record["mode"] = json!("own"));
        place.run(&format!("delete {name} --yes"));
        assert!(place.get(&format!("{secrets}/token")).is_some());
        place.run(&format!("delete {name} --yes --ignore-not-found")).expect(0);
        remove(place, &format!("/api/v1/namespaces/{victim}"));
        assert_eq!(place.leftovers(&name), Vec::<String>::new());
    }

    fn an_object_without_a_namespace_needs_our_entry(place) {
        let name = place.instance("");
        let role = format!("{name}-foreign");
        place.example("web");
        let path = format!("{ROLES}/{role}");
        let kind = "rbac.authorization.k8s.io";
        let id = json!({"group": kind, "kind": "ClusterRole", "name": role});
        let body = json!({"apiVersion": format!("{kind}/v1"), "kind": "ClusterRole", "metadata": {"name": role}});
        let uid = make(place, ROLES, &body);
        place.run(&format!("deploy {name} -f web")).expect(0);
        forge(place, &name, |record| enter(record, id.clone(), &uid));
        // A change, so that a release is made and what is not wanted is pruned.
        place.run(&format!("deploy {name} --replicas Deployment/web=1")).expect(0);
        assert!(place.get(&path).is_some(), "pruned");
        forge(place, &name, |record| {
            record["inventory"].as_array_mut().unwrap().retain(|entry| entry["id"] != id);
            enter(record, id.clone(), &uid);
        });
        let told = place.run(&format!("delete {name} --yes")).expect(0);
        assert!(place.get(&path).is_some(), "deleted: {told:?}");
        assert!(told.stdout.contains("only the record says that it is ours"), "{told:?}");
        remove(place, &path);
        assert_eq!(place.leftovers(&name), Vec::<String>::new());
    }

    fn a_head_that_names_other_secrets_as_its_parts_takes_none_along(place) {
        let name = place.instance("");
        place.example("web");
        place.run(&format!("deploy {name} -f web")).expect(0);
        let secrets = format!("/api/v1/namespaces/{name}/secrets");
        let token = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "token"}});
        make(place, &secrets, &token);
        let genuine = place.get(&head(&name)).unwrap()["data"].clone();
        let packed = genuine["record"].clone();
        // The content lies in the foreign Secret, as in a part.
        let part = json!({"data": {"part": packed}});
        place.call(Request::merge_patch(format!("{secrets}/token"), &part)).unwrap();
        let data = json!({"data": {"record": null, "parts": STANDARD.encode(r#"["token"]"#)}});
        place.call(Request::merge_patch(head(&name), &data)).unwrap();
        let told = place.run(&format!("deploy {name} --replicas Deployment/web=1 -o json"));
        assert!(place.get(&format!("{secrets}/token")).is_some(), "{told:?}");
        assert_eq!(told.expect(1).json()["error"]["code"], "damaged-record");
        // Nor is one believed that is named like a part and holds something else.
        let named = format!("workloadctl.{name}.00000000000000000000");
        let part = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": named}, "data": {"part": packed}});
        make(place, &secrets, &part);
        let data = json!({"data": {"parts": STANDARD.encode(json!([named]).to_string())}});
        place.call(Request::merge_patch(head(&name), &data)).unwrap();
        let told = place.run(&format!("status {name} -o json"));
        assert!(told.stdout.contains("do not hold what was written"), "{told:?}");
        let data = json!({"data": {"record": packed, "parts": null}});
        place.call(Request::merge_patch(head(&name), &data)).unwrap();
        place.run(&format!("delete {name} --yes")).expect(0);
        assert_eq!(place.leftovers(&name), Vec::<String>::new());
    }

    fn a_holder_whose_time_is_over_holds_nobody_up(place) {
        let name = place.instance("");
        place.example("web");
        place.run(&format!("deploy {name} -f web")).expect(0);
        let held_until = |expires: Timestamp| {
            let holder = json!({"id": "x", "who": "ci@runner", "command": "workloadctl deploy", "since": expires, "expires": expires});
            let data = json!({"data": {"holder": STANDARD.encode(holder.to_string())}});
            place.call(Request::merge_patch(head(&name), &data)).unwrap();
        };
        // By the server's clock, which is this machine's.
        for command in ["deploy NAME --restart", "delete NAME --yes"] {
            let line = format!("{} --lock-wait 0s -o json", command.replace("NAME", &name));
            held_until(Timestamp::now() + SignedDuration::from_secs(60));
            assert_eq!(place.run(&line).expect(6).json()["error"]["code"], "locked");
            held_until(Timestamp::now() - SignedDuration::from_secs(1));
            place.run(&line).expect(0);
        }
    }

    fn a_holder_that_claims_to_hold_for_ever_holds_for_90_seconds(place) {
        let name = place.instance("");
        place.example("web");
        place.run(&format!("deploy {name} -f web")).expect(0);
        let holder = |expires: &str| {
            let since = "2020-01-01T00:00:00Z";
            let holder = json!({"id": "x", "who": "eve@there", "command": "deploy", "since": since, "expires": expires});
            let data = json!({"data": {"holder": STANDARD.encode(holder.to_string())}});
            place.call(Request::merge_patch(head(&name), &data)).unwrap();
        };
        holder("9999-01-01T00:00:00Z");
        let locked = place.run(&format!("deploy {name} --lock-wait 0 -o json")).expect(6).json();
        let message = locked["error"]["message"].as_str().unwrap();
        let left = message.split("expires in ").nth(1).unwrap().split(' ').next().unwrap();
        assert!(left.parse::<u32>().unwrap() <= 91, "{message}");
        let garbage = json!({"data": {"holder": STANDARD.encode("garbage")}});
        place.call(Request::merge_patch(head(&name), &garbage)).unwrap();
        snapshot!(place.told(&format!("deploy {name}")), @r#"
        $ workloadctl deploy NAME
        exit code 1
        --- stderr
        error: Secret/workloadctl.NAME in namespace NAME does not tell who works on the instance: its holder is not readable
        hint: where nobody does, take it out: `kubectl -n NAME patch secret workloadctl.NAME --type merge -p '{"data":{"holder":null}}'`
        "#);
        let data = json!({"data": {"holder": null}});
        place.call(Request::merge_patch(head(&name), &data)).unwrap();
        place.run(&format!("delete {name} --yes")).expect(0);
    }
}
