//! What a manifest says of how far an object is waited for: `wait`, `ready-at` and `timeout`. Deploy,
//! plan and status agree on it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{evidence::steady, harness::Place, owners::write};

/// A Deployment whose pods never become ready.
fn unready(annotations: &Value) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "annotations": annotations}, "spec": {
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}, "annotations": {"test.workloadctl/fail": "never-ready"}},
            "spec": {"terminationGracePeriodSeconds": 0, "containers": [{"name": "app", "image": "web:1",
                "readinessProbe": {"httpGet": {"path": "/", "port": 80}}}]},
        },
    }})
}

fn config_map() -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "conf"}})
}

fn object<'a>(told: &'a Value, name: &str) -> &'a Value {
    let objects = told["objects"].as_array().unwrap();
    objects.iter().find(|object| object["name"] == name).unwrap_or_else(|| panic!("{told}"))
}

fn told(place: &Place, line: &str) -> String {
    // The probe is told of when it fails anew.
    steady(place.told(line)).replace(": HTTP probe failed with statuscode: 503", "")
}

on_both! {
    fn what_is_not_to_be_waited_for_is_applied_and_left(place) {
        let name = place.instance("");
        write(place, &[unready(&json!({"workloadctl/wait": "false"})), config_map()]);
        place.run(&format!("plan {name} -f set.json")).expect(0);
        let deployed = place.run(&format!("deploy {name} -f set.json -o json")).expect(0).json();
        assert_eq!(deployed["outcome"], "ready", "{deployed}");
        let web = object(&deployed, "web");
        assert_eq!(
            (&web["action"], web.get("state"), &web["message"]),
            (&json!("create"), None, &json!("not waited for (workloadctl/wait)")),
            "nobody saw it ready: {deployed}"
        );
        let unchanged = place.run(&format!("deploy {name} -f set.json")).expect(0);
        assert!(unchanged.stdout.contains("unchanged (release 1, ready)"), "{unchanged:?}");
        let status = place.run(&format!("status {name} -o json --exit-code")).expect(0).json();
        let web = object(&status, "web");
        assert_eq!((&status["status"], &web["state"]), (&json!("Healthy"), &json!("ready")), "{status}");
        let why = web["message"].as_str().unwrap();
        assert!(why.starts_with("not waited for (workloadctl/wait): "), "{status}");
        // Its namespace and the ConfigMap are ready; what nobody waits for is not said to be.
        assert_eq!(status["reason"], "2 of 3 objects ready, 1 not waited for", "{status}");
        // Without the annotation all three say so.
        write(place, &[unready(&json!({})), config_map()]);
        place.run(&format!("deploy {name} -f set.json --timeout 4s")).expect(3);
        place.run(&format!("status {name} --exit-code")).expect(3);
    }

    fn what_the_order_waits_for_is_waited_for_all_the_same(place) {
        let name = place.instance("");
        let job = json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "first", "annotations": {"workloadctl/wait": "false"}},
            "spec": {"template": {"metadata": {"annotations": {"test.workloadctl/delay": "3s"}},
                "spec": {"restartPolicy": "Never", "containers": [{"name": "app", "image": "job:1"}]}}}});
        let mut after = config_map();
        after["metadata"]["annotations"] = json!({"config.kubernetes.io/depends-on": "batch/namespaces/NS/Job/first".replace("NS", &name)});
        write(place, &[job, after]);
        place.run(&format!("deploy {name} -f set.json")).expect(0);
        let time = |path: &str, field: &str| {
            place.get(path).unwrap().pointer(field).unwrap().as_str().unwrap().to_owned()
        };
        let done = time(&format!("/apis/batch/v1/namespaces/{name}/jobs/first"), "/status/completionTime");
        let made = time(&format!("/api/v1/namespaces/{name}/configmaps/conf"), "/metadata/creationTimestamp");
        assert!(made >= done, "{made} {done}");
    }

    fn as_many_pods_as_it_says_make_it_ready(place) {
        let name = place.instance("");
        let set = |annotations: Value| json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "db", "annotations": annotations}, "spec": {
            "replicas": 2, "serviceName": "db", "selector": {"matchLabels": {"app": "db"}},
            "template": {
                // One comes after the other: for that long the first is all there is.
                "metadata": {"labels": {"app": "db"}, "annotations": {"test.workloadctl/delay": "6s"}},
                "spec": {"terminationGracePeriodSeconds": 0, "containers": [{"name": "db", "image": "db:1"}]},
            },
        }});
        write(place, &[set(json!({"workloadctl/ready-at": "50%"}))]);
        let deployed = place.run(&format!("deploy {name} -f set.json -o json")).expect(0).json();
        assert_eq!(object(&deployed, "db")["message"], "1 of 2 pods available, enough for workloadctl/ready-at: 50%", "{deployed}");
        let status = place.run(&format!("status {name} -o json --exit-code")).expect(0).json();
        assert_eq!(status["status"], "Healthy", "{status}");
    }

    fn what_takes_longer_than_it_says_has_failed(place) {
        let name = place.instance("");
        write(place, &[unready(&json!({"workloadctl/timeout": "6s"})), config_map()]);
        let began = Instant::now();
        snapshot!(told(place, &format!("deploy {name} -f set.json --progress none --log-lines 0")), @"
        $ workloadctl deploy NAME -f set.json --progress none --log-lines 0
        exit code 3
        --- stdout
        NAME is not ready on RUNTIME (release 1, NAME revision 1): 3 created; after N s
        namespace NAME
        --- stderr
        runtime RUNTIME: WORKLOADCTL_RUNTIME
        error: `NAME` was applied, but is not ready
          Deployment/web: not ready within 6s (workloadctl/timeout): pod web-POD on node-N: container app runs, but its readiness probe (GET :80/) does not pass
        ");
        assert!(began.elapsed() < Duration::from_secs(60), "the deploy's own time is 5 minutes");
        place.run(&format!("status {name} --exit-code")).expect(3);
        write(place, &[unready(&json!({"workloadctl/timeout": "30m"})), config_map()]);
        // What was typed is the end of everything.
        snapshot!(told(place, &format!("deploy {name} -f set.json --progress none --log-lines 0 --timeout 6s")), @"
        $ workloadctl deploy NAME -f set.json --progress none --log-lines 0 --timeout 6s
        exit code 3
        --- stdout
        NAME timed out on RUNTIME (release 2, NAME revision 2): 1 updated, 2 unchanged; after N s
        namespace NAME
        --- stderr
        error: out of time: `NAME` was applied, but is not ready yet
          Deployment/web: pod web-POD on node-N: container app runs, but its readiness probe (GET :80/) does not pass
        hint: `workloadctl status NAME --wait` goes on waiting, `--timeout` gives more time
        ");
    }
}
