//! Fields that are left to others: replicas that somebody scales, certificates that somebody
//! injects, resources that a vertical autoscaler sets. Left, recorded, said, and not fought over.

use http::Method;
use serde_json::{Value, json};
use workloadctl::testing::Request;

use crate::{
    harness::Place,
    owners::{collection, deployment, managers, object, patch, said, write},
};

pub(crate) fn autoscaler() -> Value {
    json!({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "web"},
        "spec": {"maxReplicas": 9, "minReplicas": 1, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
            "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}}]},
    })
}

pub(crate) fn scale(place: &Place, path: &str, manager: &str, replicas: u64) {
    let scale = json!({"spec": {"replicas": replicas}});
    let path = format!("{path}/scale?fieldManager={manager}");
    place.call(Request::merge_patch(path, &scale)).unwrap();
}

pub(crate) fn replicas_holders(live: &Value) -> Vec<&str> {
    let entries = live["metadata"]["managedFields"].as_array().unwrap().iter();
    let holders = entries.filter(|entry| entry["fieldsV1"]["f:spec"]["f:replicas"].is_object());
    holders.map(|entry| entry["manager"].as_str().unwrap()).collect()
}

on_both! {
    fn replicas_that_somebody_scales_are_left_and_said(place) {
        let mut told = String::new();
        for (index, (manager, how)) in [("kubectl", "scale"), ("some-operator", "scale"), ("keda-operator", "")].into_iter().enumerate() {
            let name = place.instance(&format!("-{index}"));
            let path = format!("{}/web", collection(&name, "Deployment"));
            write(place, &[deployment(Some(1), "nginx:1")]);
            place.run(&format!("deploy {name} -f set.json")).expect(0);
            match how {
                "" => patch(place, &path, manager, &json!({"spec": {"replicas": 3}})),
                _ => scale(place, &path, manager, 3),
            }
            for line in ["plan NAME --exit-code", "deploy NAME --progress none", "status NAME --wait --progress none"] {
                told += &place.told(&line.replace("NAME", &name));
            }
            // A write of something else leaves them as well, and a redeploy is none.
            write(place, &[deployment(Some(1), "nginx:2")]);
            let updated = place.run(&format!("deploy {name} -f set.json -o json")).expect(0).json();
            let left = json!([{"field": "spec.replicas", "manager": manager}]);
            assert_eq!(object(&updated, "Deployment")["yielded"], left, "{updated}");
            let live = place.get(&path).unwrap();
            assert_eq!(live["spec"]["replicas"], 3, "{manager}");
            let again = place.run(&format!("deploy {name} -o json")).expect(0).json();
            assert_eq!((&again["outcome"], &object(&again, "Deployment")["yielded"]), (&json!("unchanged"), &left));
            let status = place.run(&format!("status {name} -o json")).expect(0).json();
            assert_eq!(object(&status, "Deployment")["yielded"], left, "{status}");
            let refused = place.run(&format!("deploy {name} --conflicts fail -o json")).expect(5).json();
            assert_eq!(refused["error"]["code"], "field-conflict", "{refused}");
            assert_eq!(place.get(&path).unwrap()["spec"]["replicas"], 3);
            place.run(&format!("deploy {name} --conflicts force")).expect(0);
            assert_eq!(place.get(&path).unwrap()["spec"]["replicas"], 1, "{manager}");
            let mine = place.run(&format!("plan {name} -o json")).expect(0).json();
            assert_eq!(object(&mine, "Deployment")["yielded"], Value::Null, "{mine}");
        }
        snapshot!(told, @r#"
        $ workloadctl plan NAME-0 --exit-code
        exit code 0
        --- stdout
        ACTION  OBJECT  NAMESPACE  REASON
        unchanged  Namespace/NAME-0  -  -
        unchanged  Deployment/web  NAME-0  spec.replicas is left to "kubectl", which holds it
        NAME-0 on RUNTIME: 2 unchanged
        $ workloadctl deploy NAME-0 --progress none
        exit code 0
        --- stdout
        NAME-0 unchanged (release 1, ready)
        namespace NAME-0
        --- stderr
        warning: Deployment/web: spec.replicas is left to "kubectl", which holds it (`--conflicts force` takes it)
        $ workloadctl status NAME-0 --wait --progress none
        exit code 0
        --- stdout
        NAME-0: Healthy, all 2 objects are ready
        NAME-0 revision 1 · release 1 by tester@HOST N s ago · runtime RUNTIME · namespace NAME-0 (managed)
        OBJECT  READY  STATE  RESTARTS  NODE  AGE  REASON
        ├─ Namespace/NAME-0  -  ready  -  -  N s  -
        └─ Deployment/web  3/3  ready  0  -  N s  spec.replicas is left to "kubectl", which holds it
           └─ ReplicaSet/web-SET  3/3  -  -  -  N s  -
              ├─ Pod/web-POD  -  ready  0  node-N  N s  -
              ├─ Pod/web-POD  -  ready  0  node-N  N s  -
              └─ Pod/web-POD  -  ready  0  node-N  N s  -
        $ workloadctl plan NAME-1 --exit-code
        exit code 0
        --- stdout
        ACTION  OBJECT  NAMESPACE  REASON
        unchanged  Namespace/NAME-1  -  -
        unchanged  Deployment/web  NAME-1  spec.replicas is left to "some-operator", which holds it
        NAME-1 on RUNTIME: 2 unchanged
        $ workloadctl deploy NAME-1 --progress none
        exit code 0
        --- stdout
        NAME-1 unchanged (release 1, ready)
        namespace NAME-1
        --- stderr
        warning: Deployment/web: spec.replicas is left to "some-operator", which holds it (`--conflicts force` takes it)
        $ workloadctl status NAME-1 --wait --progress none
        exit code 0
        --- stdout
        NAME-1: Healthy, all 2 objects are ready
        NAME-1 revision 1 · release 1 by tester@HOST N s ago · runtime RUNTIME · namespace NAME-1 (managed)
        OBJECT  READY  STATE  RESTARTS  NODE  AGE  REASON
        ├─ Namespace/NAME-1  -  ready  -  -  N s  -
        └─ Deployment/web  3/3  ready  0  -  N s  spec.replicas is left to "some-operator", which holds it
           └─ ReplicaSet/web-SET  3/3  -  -  -  N s  -
              ├─ Pod/web-POD  -  ready  0  node-N  N s  -
              ├─ Pod/web-POD  -  ready  0  node-N  N s  -
              └─ Pod/web-POD  -  ready  0  node-N  N s  -
        $ workloadctl plan NAME-2 --exit-code
        exit code 0
        --- stdout
        ACTION  OBJECT  NAMESPACE  REASON
        unchanged  Namespace/NAME-2  -  -
        unchanged  Deployment/web  NAME-2  spec.replicas is left to "keda-operator", which holds it
        NAME-2 on RUNTIME: 2 unchanged
        $ workloadctl deploy NAME-2 --progress none
        exit code 0
        --- stdout
        NAME-2 unchanged (release 1, ready)
        namespace NAME-2
        --- stderr
        warning: Deployment/web: spec.replicas is left to "keda-operator", which holds it (`--conflicts force` takes it)
        $ workloadctl status NAME-2 --wait --progress none
        exit code 0
        --- stdout
        NAME-2: Healthy, all 2 objects are ready
        NAME-2 revision 1 · release 1 by tester@HOST N s ago · runtime RUNTIME · namespace NAME-2 (managed)
        OBJECT  READY  STATE  RESTARTS  NODE  AGE  REASON
        ├─ Namespace/NAME-2  -  ready  -  -  N s  -
        └─ Deployment/web  3/3  ready  0  -  N s  spec.replicas is left to "keda-operator", which holds it
           └─ ReplicaSet/web-SET  3/3  -  -  -  N s  -
              ├─ Pod/web-POD  -  ready  0  node-N  N s  -
              ├─ Pod/web-POD  -  ready  0  node-N  N s  -
              └─ Pod/web-POD  -  ready  0  node-N  N s  -
        "#);
    }

    fn replicas_are_handed_over_to_an_autoscaler_and_taken_back_without_it(place) {
        let name = place.instance("");
        let path = format!("{}/web", collection(&name, "Deployment"));
        write(place, &[deployment(Some(3), "nginx:1"), autoscaler()]);
        place.run(&format!("deploy {name} -f set.json")).expect(0);
        assert_eq!(place.get(&path).unwrap()["spec"]["replicas"], 3, "the count to begin with");
        // Nobody has scaled yet: leaving the field out would make it 1.
        write(place, &[deployment(Some(2), "nginx:2"), autoscaler()]);
        snapshot!(place.told(&format!("plan {name} -f set.json")), @"
        $ workloadctl plan NAME -f set.json
        exit code 0
        --- stdout
        ACTION  OBJECT  NAMESPACE  REASON
        unchanged  Namespace/NAME  -  -
        update  Deployment/web  NAME  spec.replicas is left to HorizontalPodAutoscaler/web
        unchanged  HorizontalPodAutoscaler/web  NAME  -
        NAME on RUNTIME: 1 to update, 2 unchanged
        ");
        snapshot!(place.told(&format!("deploy {name} -f set.json --progress none")), @"
        $ workloadctl deploy NAME -f set.json --progress none
        exit code 0
        --- stdout
        NAME deployed to RUNTIME (release 2, NAME revision 2): 1 updated, 2 unchanged; ready in N s
        namespace NAME
        --- stderr
        Deployment/web: spec.replicas is left to HorizontalPodAutoscaler/web
        ");
        let live = place.get(&path).unwrap();
        assert_eq!(live["spec"]["replicas"], 3);
        assert!(managers(&live).contains(&"workloadctl-yielded"), "{live}");
        let again = place.run(&format!("deploy {name} -o json")).expect(0).json();
        assert_eq!(again["outcome"], "unchanged", "{again}");
        let generation = |live: &Value| live["metadata"]["generation"].clone();
        assert_eq!(generation(&place.get(&path).unwrap()), generation(&live));
        // It scales, and it goes on scaling.
        let mut told = String::new();
        for replicas in [5, 4] {
            scale(place, &path, "kube-controller-manager", replicas);
            told += &place.told(&format!("deploy {name} --progress none"));
            assert_eq!(place.get(&path).unwrap()["spec"]["replicas"], replicas);
        }
        snapshot!(told, @"
        $ workloadctl deploy NAME --progress none
        exit code 0
        --- stdout
        NAME unchanged (release 2, ready)
        namespace NAME
        --- stderr
        Deployment/web: spec.replicas is left to HorizontalPodAutoscaler/web
        $ workloadctl deploy NAME --progress none
        exit code 0
        --- stdout
        NAME unchanged (release 2, ready)
        namespace NAME
        --- stderr
        Deployment/web: spec.replicas is left to HorizontalPodAutoscaler/web
        ");
        snapshot!(place.told(&format!("status {name} --wait --progress none")), @"
        $ workloadctl status NAME --wait --progress none
        exit code 0
        --- stdout
        NAME: Healthy, all 3 objects are ready
        NAME revision 2 · release 2 by tester@HOST N s ago · runtime RUNTIME · namespace NAME (managed)
        OBJECT  READY  STATE  RESTARTS  NODE  AGE  REASON
        ├─ Namespace/NAME  -  ready  -  -  N s  -
        ├─ Deployment/web  4/4  ready  0  -  N s  spec.replicas is left to HorizontalPodAutoscaler/web
        │  └─ ReplicaSet/web-SET  4/4  -  -  -  N s  -
        │  ├─ Pod/web-POD  -  ready  0  node-N  N s  -
        │  ├─ Pod/web-POD  -  ready  0  node-N  N s  -
        │  ├─ Pod/web-POD  -  ready  0  node-N  N s  -
        │  └─ Pod/web-POD  -  ready  0  node-N  N s  -
        └─ HorizontalPodAutoscaler/web  -  ready  -  -  N s  -
        ");
        write(place, &[deployment(Some(2), "nginx:2")]);
        place.run(&format!("deploy {name} -f set.json")).expect(0);
        let live = place.get(&path).unwrap();
        assert_eq!(live["spec"]["replicas"], 2, "without an autoscaler the replicas are ours again");
        write(place, &[deployment(Some(1), "nginx:2")]);
        let last = place.run(&format!("deploy {name} -f set.json -o json")).expect(0).json();
        assert_eq!(object(&last, "Deployment")["yielded"], Value::Null, "{last}");
        assert_eq!(place.get(&path).unwrap()["spec"]["replicas"], 1);
    }

    fn replicas_do_not_fall_where_the_definition_drops_them_for_an_autoscaler(place) {
        for (index, own) in [true, false].into_iter().enumerate() {
            let name = place.instance(&format!("-{index}"));
            let path = format!("{}/web", collection(&name, "Deployment"));
            write(place, &[deployment(Some(3), "nginx:1")]);
            place.run(&format!("deploy {name} -f set.json")).expect(0);
            if own {
                write(place, &[deployment(None, "nginx:1"), autoscaler()]);
            } else {
                let path = format!("/apis/autoscaling/v2/namespaces/{name}/horizontalpodautoscalers");
                place.call(Request::json(Method::POST, path, &autoscaler())).unwrap();
                write(place, &[deployment(None, "nginx:1")]);
            }
            place.run(&format!("deploy {name} -f set.json")).expect(0);
            assert_eq!(place.get(&path).unwrap()["spec"]["replicas"], 3, "own autoscaler: {own}");
        }
    }

    fn a_hand_over_that_is_killed_on_the_way_lets_no_replica_fall(place) {
        for (index, own) in [true, false].into_iter().enumerate() {
            let name = place.instance(&format!("-{index}"));
            let path = format!("{}/web", collection(&name, "Deployment"));
            write(place, &[deployment(Some(3), "nginx:1")]);
            place.run(&format!("deploy {name} -f set.json")).expect(0);
            if own {
                write(place, &[deployment(None, "nginx:1"), autoscaler()]);
            } else {
                let path = format!("/apis/autoscaling/v2/namespaces/{name}/horizontalpodautoscalers");
                place.call(Request::json(Method::POST, path, &autoscaler())).unwrap();
                write(place, &[deployment(None, "nginx:1")]);
            }
            let mut running = place.follow(&format!("deploy {name} -f set.json"));
            let handed = format!("PATCH {path}?fieldManager=workloadctl-yielded");
            assert!(running.until(|line| line.starts_with(&handed)));
            running.kill();
            assert_eq!(place.get(&path).unwrap()["spec"]["replicas"], 3);
            place.run(&format!("deploy {name} -f set.json --lock-wait 0s")).expect(0);
            let live = place.get(&path).unwrap();
            assert_eq!(live["spec"]["replicas"], 3);
            assert_eq!(replicas_holders(&live), ["workloadctl-yielded"]);
        }
    }

    fn replicas_come_back_when_somebodys_autoscaler_is_gone(place) {
        let name = place.instance("");
        let path = format!("{}/web", collection(&name, "Deployment"));
        let deploy = |image: &str| {
            write(place, &[deployment(Some(2), image)]);
            place.run(&format!("deploy {name} -f set.json")).expect(0)
        };
        deploy("nginx:1");
        let autoscalers = format!("/apis/autoscaling/v2/namespaces/{name}/horizontalpodautoscalers");
        place.call(Request::json(Method::POST, &*autoscalers, &autoscaler())).unwrap();
        scale(place, &path, "kube-controller-manager", 4);
        said(&deploy("nginx:2"), "spec.replicas is left to HorizontalPodAutoscaler/web");
        assert_eq!(place.get(&path).unwrap()["spec"]["replicas"], 4);
        place.call(Request::json(Method::DELETE, format!("{autoscalers}/web"), &json!({}))).unwrap();
        deploy("nginx:3");
        let live = place.get(&path).unwrap();
        assert_eq!(live["spec"]["replicas"], 2);
        let ours = format!("workloadctl:{name}/{name}");
        assert_eq!(replicas_holders(&live), [&*ours], "ours alone");
    }

    fn certificates_and_resources_that_others_set_are_left(place) {
        let name = place.instance("");
        let path = format!("{}/web", collection(&name, "Deployment"));
        let hooks = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";
        let hook = format!("{hooks}/{name}.test");
        let mut web = deployment(Some(1), "nginx:1");
        web["spec"]["template"]["spec"]["containers"][0]["resources"] = json!({"requests": {"cpu": "10m", "memory": "8Mi"}});
        let webhook = |path: &str| json!({
            "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration", "metadata": {"name": format!("{name}.test")},
            "webhooks": [{"name": "check.owners.test", "sideEffects": "None", "failurePolicy": "Ignore", "admissionReviewVersions": ["v1"],
                "rules": [{"apiGroups": ["owners.test"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["nothings"]}],
                "clientConfig": {"caBundle": "Cg==", "url": format!("https://owners.test{path}")}}],
        });
        write(place, &[web.clone(), webhook("/a")]);
        place.run(&format!("deploy {name} -f set.json")).expect(0);
        let injected = json!([{"op": "replace", "path": "/webhooks/0/clientConfig/caBundle", "value": "Y2E="}]);
        place.call(Request::json_patch(format!("{hook}?fieldManager=cert-manager-cainjector"), &injected)).unwrap();
        let resized = json!([{"op": "replace", "path": "/spec/template/spec/containers/0/resources/requests/cpu", "value": "20m"}]);
        place.call(Request::json_patch(format!("{path}?fieldManager=vpa-updater"), &resized)).unwrap();
        write(place, &[web, webhook("/b")]);
        let deployed = place.run(&format!("deploy {name} -f set.json -o json")).expect(0).json();
        let left = |kind: &str| object(&deployed, kind)["yielded"].clone();
        assert_eq!(left("ValidatingWebhookConfiguration"), json!([{"field": "webhooks[name=\"check.owners.test\"].clientConfig.caBundle", "manager": "cert-manager-cainjector"}]));
        assert_eq!(left("Deployment"), json!([{"field": "spec.template.spec.containers[name=\"main\"].resources.requests.cpu", "manager": "vpa-updater"}]));
        let live = place.get(&hook).unwrap();
        assert_eq!(live["webhooks"][0]["clientConfig"], json!({"caBundle": "Y2E=", "url": "https://owners.test/b"}));
        let live = place.get(&path).unwrap();
        assert_eq!(live["spec"]["template"]["spec"]["containers"][0]["resources"]["requests"], json!({"cpu": "20m", "memory": "8Mi"}));
        let again = place.run(&format!("deploy {name} -o json")).expect(0).json();
        assert_eq!(again["outcome"], "unchanged", "{again}");
    }
}
