//! What others change after a deploy: `status` tells it from metadata alone, and the next deploy
//! takes it back.

use std::{fmt::Write as _, time::Duration};

use http::Method;
use serde_json::{Value, json};
use workloadctl::testing::Request;

use crate::{
    harness::{Outcome, Place},
    owners::{collection, deployment, patch, write},
    yielding::{autoscaler, scale},
};

fn set() -> Vec<Value> {
    let mut web = deployment(Some(2), "nginx:1");
    web["metadata"]["labels"] = json!({"tier": "front"});
    vec![
        web,
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "conf"}, "data": {"a": "1", "b": "2"}}),
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "key"}, "stringData": {"password": "hidden"}}),
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"},
            "spec": {"selector": {"app": "web"}, "ports": [{"name": "http", "port": 80}, {"name": "admin", "port": 81}]}}),
    ]
}

fn remove(place: &Place, path: &str) {
    place.call(Request::json(Method::DELETE, path, &json!({}))).unwrap();
}

/// Gives what the second line and the following of a status say before the table.
fn drift(place: &Place, name: &str) -> String {
    let status = place.run(&format!("status {name} --exit-code"));
    let text = place.shown(&status);
    let lines = text.lines().take_while(|line| !line.starts_with("OBJECT"));
    let told: Vec<&str> = lines.skip(5).filter(|line| !line.starts_with("---")).collect();
    format!("{} {}", status.code, told.join("\n"))
}

/// Something that somebody does to the objects.
type Edit<'a> = Box<dyn Fn() + 'a>;

on_both! {
    fn what_others_change_is_told_and_taken_back(place) {
        let name = &place.instance("");
        let of = |kind: &str, object: &str| format!("{}/{object}", collection(name, kind));
        let (web, conf, key) = (of("Deployment", "web"), of("ConfigMap", "conf"), of("Secret", "key"));
        let service = of("Service", "web");
        let image = json!([{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "web:hand"}]);
        let mut applied = set().swap_remove(1);
        applied["data"] = json!({"a": "applied"});
        let edits: Vec<(&str, Edit<'_>)> = vec![
            ("nothing", Box::new(|| ())),
            ("edit", Box::new(|| patch(place, &conf, "kubectl-edit", &json!({"data": {"a": "edited"}})))),
            ("edit that removes", Box::new(|| patch(place, &conf, "kubectl-edit", &json!({"data": {"b": null}})))),
            ("set image", Box::new(|| {
                place.call(Request::json_patch(format!("{web}?fieldManager=kubectl-set"), &image)).unwrap();
            })),
            ("scale", Box::new(|| scale(place, &web, "kubectl", 1))),
            ("label of ours", Box::new(|| patch(place, &web, "kubectl-label", &json!({"metadata": {"labels": {"tier": "back"}}})))),
            ("label of ours taken away", Box::new(|| patch(place, &web, "kubectl-label", &json!({"metadata": {"labels": {"tier": null}}})))),
            ("label of workloadctl taken away", Box::new(|| patch(place, &conf, "kubectl-label", &json!({"metadata": {"labels": {"workloadctl/instance": null}}})))),
            ("apply", Box::new(|| patch(place, &service, "kubectl-client-side-apply", &json!({"spec": {"selector": {"app": "other"}}})))),
            ("server-side apply", Box::new(|| {
                let how = workloadctl::testing::Apply { manager: "kubectl", force: true, dry_run: false };
                place.call(Request::apply(&conf, &applied, &how)).unwrap();
            })),
            ("secret", Box::new(|| patch(place, &key, "kubectl-patch", &json!({"data": {"password": "b3RoZXI="}})))),
            ("item taken away", Box::new(|| {
                let gone = json!([{"op": "remove", "path": "/spec/ports/1"}]);
                place.call(Request::json_patch(format!("{service}?fieldManager=kubectl-edit"), &gone)).unwrap();
            })),
            ("delete", Box::new(|| remove(place, &conf))),
            ("delete and create", Box::new(|| {
                remove(place, &conf);
                let path = format!("{}?fieldManager=kubectl-create", collection(name, "ConfigMap"));
                place.call(Request::json(Method::POST, path, &set().swap_remove(1))).unwrap();
            })),
            ("several", Box::new(|| {
                patch(place, &conf, "kubectl-edit", &json!({"data": {"a": "x", "b": "y", "c": "z"}}));
                patch(place, &web, "kubectl-edit", &json!({"spec": {"replicas": 3}}));
                remove(place, &service);
            })),
            ("autoscaler", Box::new(|| {
                let path = format!("/apis/autoscaling/v2/namespaces/{name}/horizontalpodautoscalers");
                place.call(Request::json(Method::POST, path, &autoscaler())).unwrap();
                scale(place, &web, "kube-controller-manager", 4);
                place.run(&format!("status {name} --wait")).expect(0);
            })),
            ("label of others", Box::new(|| patch(place, &web, "kubectl-label", &json!({"metadata": {"labels": {"team": "red"}}})))),
        ];
        write(place, &set());
        place.run(&format!("deploy {name} -f set.json")).expect(0);
        let mut told = String::new();
        for (what, edit) in edits {
            edit();
            writeln!(told, "{what}: {}", drift(place, name)).unwrap();
            let deployed = place.run(&format!("deploy {name} --adopt -o json")).expect(0).json();
            for warning in deployed["warnings"].as_array().unwrap() {
                writeln!(told, "  {}", warning.as_str().unwrap()).unwrap();
            }
            place.run(&format!("status {name} --wait")).expect(0);
            assert!(drift(place, name).starts_with("0 "), "{what}: {}", drift(place, name));
        }
        snapshot!(told, @r#"
        nothing: 0 
        edit: 3 1 object differs from release 1: ConfigMap/conf data.a by kubectl-edit, N s ago
          ConfigMap/conf: data.a was "edited" (kubectl-edit, N s ago)
        edit that removes: 3 1 object differs from release 2: ConfigMap/conf data.b taken away
          ConfigMap/conf: data.b was taken away
        set image: 3 1 object differs from release 3: Deployment/web spec.template…[name=main].image by kubectl-set, N s ago
          Deployment/web: spec.template…[name=main].image was "web:hand" (kubectl-set, N s ago)
        scale: 3 1 object differs from release 4: Deployment/web spec.replicas by kubectl
          Deployment/web: spec.replicas is left to "kubectl", which holds it (`--conflicts force` takes it)
        label of ours: 3 1 object differs from release 4: Deployment/web metadata.labels.tier by kubectl-label, N s ago
          Deployment/web: spec.replicas is left to "kubectl", which holds it (`--conflicts force` takes it)
          Deployment/web: metadata.labels.tier was "back" (kubectl-label, N s ago)
        label of ours taken away: 3 1 object differs from release 5: Deployment/web metadata.labels.tier taken away
          Deployment/web: spec.replicas is left to "kubectl", which holds it (`--conflicts force` takes it)
          Deployment/web: metadata.labels.tier was taken away
        label of workloadctl taken away: 3 1 object differs from release 6: ConfigMap/conf metadata.labels["workloadctl/instance"] taken away
          Deployment/web: spec.replicas is left to "kubectl", which holds it (`--conflicts force` takes it)
          ConfigMap/conf: metadata.labels["workloadctl/instance"] was taken away
        apply: 3 1 object differs from release 7: Service/web spec.selector by kubectl-client-side-apply, N s ago
          Deployment/web: spec.replicas is left to "kubectl", which holds it (`--conflicts force` takes it)
          Service/web: spec.selector was {"app":"other"} (kubectl-client-side-apply, N s ago)
        server-side apply: 3 1 object differs from release 8: ConfigMap/conf data.a by kubectl, N s ago
          Deployment/web: spec.replicas is left to "kubectl", which holds it (`--conflicts force` takes it)
          ConfigMap/conf: data.a was "applied" (kubectl, N s ago)
        secret: 3 1 object differs from release 9: Secret/key data.password by kubectl-patch, N s ago
          Deployment/web: spec.replicas is left to "kubectl", which holds it (`--conflicts force` takes it)
          Secret/key: data.password was changed (kubectl-patch, N s ago)
        item taken away: 3 1 object differs from release 10: Service/web spec.ports[port=81] taken away
          Deployment/web: spec.replicas is left to "kubectl", which holds it (`--conflicts force` takes it)
          Service/web: spec.ports[port=81] was taken away
        delete: 3 1 object differs from release 11: ConfigMap/conf was deleted
          Deployment/web: spec.replicas is left to "kubectl", which holds it (`--conflicts force` takes it)
          ConfigMap/conf was deleted
        delete and create: 3 1 object differs from release 12: ConfigMap/conf was made anew by kubectl-create, N s ago
          Deployment/web: spec.replicas is left to "kubectl", which holds it (`--conflicts force` takes it)
          ConfigMap/conf was made anew (kubectl-create, N s ago)
        several: 3 3 objects differ from release 13: Deployment/web spec.replicas by kubectl-edit, N s ago; ConfigMap/conf data.a by kubectl-edit, N s ago (and 1 more field); Service/web was deleted; others added 1 field
          Deployment/web: spec.replicas was 3 (kubectl-edit, N s ago)
          ConfigMap/conf: data.a was "x" (kubectl-edit, N s ago), data.b was "y" (kubectl-edit, N s ago)
          Service/web was deleted
        autoscaler: 0 others added 1 field
          Deployment/web: spec.replicas is left to "kube-controller-manager", which holds it (`--conflicts force` takes it)
        label of others: 0 others added 2 fields
          Deployment/web: spec.replicas is left to "kube-controller-manager", which holds it (`--conflicts force` takes it)
        "#);
    }

    fn values_are_shown_where_they_are_asked_for_and_secret_ones_are_masked(place) {
        let name = &place.instance("");
        write(place, &set());
        place.run(&format!("deploy {name} -f set.json")).expect(0);
        let path = |kind: &str, object: &str| format!("{}/{object}", collection(name, kind));
        patch(place, &path("ConfigMap", "conf"), "kubectl-edit", &json!({"data": {"a": "edited"}}));
        patch(place, &path("Secret", "key"), "kubectl-edit", &json!({"data": {"password": "b3RoZXI="}}));
        place.run(&format!("status {name} --exit-code")).expect(3);
        place.run(&format!("status {name} --exit-code --ignore-drift")).expect(0);
        patch(place, &path("Deployment", "web"), "kubectl-edit", &json!({"spec": {"replicas": 1}}));
        remove(place, &path("Service", "web"));
        place.until("one pod is left", Duration::from_secs(30), || {
            place.get(&path("Deployment", "web")).unwrap()["status"]["replicas"] == 1
        });
        // Which pods are on their way out, the moment decides.
        let told = place.told(&format!("status {name} --drift"));
        let told: Vec<&str> = told.lines().filter(|line| !line.contains("Pod/")).collect();
        snapshot!(told.join("\n"), @"
        $ workloadctl status NAME --drift
        exit code 0
        --- stdout
        NAME: Unhealthy, Service/web is missing
        NAME revision 1 · release 1 by tester@HOST N s ago · runtime RUNTIME · namespace NAME (managed)
        4 objects differ from release 1: Deployment/web spec.replicas by kubectl-edit, N s ago; ConfigMap/conf data.a by kubectl-edit, N s ago; Secret/key data.password by kubectl-edit, N s ago; and 1 more
        OBJECT  READY  STATE  RESTARTS  NODE  AGE  REASON
        ├─ Namespace/NAME  -  ready  -  -  N s  -
        ├─ Deployment/web  1/1  ready  0  -  N s  -
        │  └─ ReplicaSet/web-SET  1/1  -  -  -  N s  -
        ├─ ConfigMap/conf  -  ready  -  -  N s  -
        ├─ Secret/key  -  ready  -  -  N s  -
        └─ Service/web  -  missing  -  -  -  NotFound: it is not on the cluster

        NAME: changed by others
        OBJECT  FIELD  BY  AGE  DEPLOYED  LIVE
        Deployment/web  spec.replicas  kubectl-edit  N s  2  1
        ConfigMap/conf  data.a  kubectl-edit  N s  1  edited
        Secret/key  data.password  kubectl-edit  N s  ***  ***
        Service/web  -  -  -  -  (deleted)
        ");
        snapshot!(place.told("status"), @"
        $ workloadctl status
        exit code 0
        --- stdout
        NAME  DEFINITION  REVISION  RELEASE  RUNTIME  NAMESPACE  STATUS  AGE  REASON
        NAME  NAME  1  1  RUNTIME  NAME  Unhealthy  N s  Service/web is missing; 4 objects differ from release 1
        ");
        let status = place.run(&format!("status {name} --drift -o json")).expect(0).json();
        snapshot!(place.shown(&Outcome { stdout: format!("{:#}\n", status["drift"]), ..place.run(&format!("status {name} -o name")) }), @r#"
        $ workloadctl status NAME -o name
        exit code 0
        --- stdout
        [
          {
            "at": "TIME",
            "by": "kubectl-edit",
            "change": "changed",
            "new": 1,
            "object": "Deployment/web",
            "old": 2,
            "path": "spec.replicas"
          },
          {
            "at": "TIME",
            "by": "kubectl-edit",
            "change": "changed",
            "new": "edited",
            "object": "ConfigMap/conf",
            "old": "1",
            "path": "data.a"
          },
          {
            "at": "TIME",
            "by": "kubectl-edit",
            "change": "changed",
            "new": "***",
            "object": "Secret/key",
            "old": "***",
            "path": "data.password"
          },
          {
            "change": "deleted",
            "object": "Service/web"
          }
        ]
        "#);
        let plain = place.run(&format!("status {name} -o json")).expect(0).json();
        assert!(plain["drift"][1]["old"].is_null() && plain["drift"][1]["path"] == "data.a", "{plain}");
    }
}
