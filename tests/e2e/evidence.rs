//! A failure explains itself: who answers for it, what it wrote last, what the cluster said, and the
//! cause on the last line.

use regex::Regex;
use serde_json::{Value, json};

use crate::{harness::Place, owners::write};

/// A Deployment or Job whose pods ask for what goes wrong with them.
pub(crate) fn failing(kind: &str, annotations: &Value, pod: &Value) -> Value {
    let (version, policy) = match kind {
        "Job" => ("batch/v1", "Never"),
        _ => ("apps/v1", "Always"),
    };
    let mut object = json!({"apiVersion": version, "kind": kind, "metadata": {"name": "web"}, "spec": {
        "template": {
            "metadata": {"labels": {"app": "web"}, "annotations": annotations},
            "spec": {"restartPolicy": policy, "terminationGracePeriodSeconds": 0, "containers": [{"name": "app", "image": "web:1"}]},
        },
    }});
    match kind {
        "Job" => object["spec"]["backoffLimit"] = json!(0),
        _ => object["spec"]["selector"] = json!({"matchLabels": {"app": "web"}}),
    }
    let spec = object["spec"]["template"]["spec"].as_object_mut().unwrap();
    spec.extend(pod.as_object().unwrap().clone());
    object
}

/// Shows a whole answer without what only one backend says: kubectl's commands, which do not reach the
/// sandbox, and events, which come when they come.
pub(crate) fn explained(place: &Place, line: &str) -> String {
    steady(place.told(line))
}

/// Shows an answer without what differs from one backend or run to the next.
pub(crate) fn steady(mut text: String) -> String {
    for (pattern, shown) in [
        (r"(?m)^ *hint: kubectl .*\n", ""),
        (r"(?m)^hint: `workloadctl status NAME` shows all of it\n", ""),
        // A run ends while one looks.
        (r"log of the run before:", "log:"),
        (r"(?m)^  events:\n(    .*\n)+", ""),
        (r"\b(web|migrate)-[a-z0-9]{5}\b", "$1-POD"),
        (r"restarted [0-9]+ times", "restarted N times"),
    ] {
        text = Regex::new(pattern).unwrap().replace_all(&text, shown).into_owned();
    }
    let title = Regex::new(r"^[A-Z]\w+/\w+( on \S+)?( -> .*)?: \w+$").unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let is_told = |at: usize| lines.get(at + 1).is_some_and(|next| next.starts_with("  "));
    // Blocks of which nothing is left.
    let mut left: Vec<&str> = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let is_bare = title.is_match(line) && !is_told(at);
        let explains = left.iter().any(|line| title.is_match(line));
        if !is_bare && (explains || !line.starts_with("cause: ")) {
            left.push(line);
        }
    }
    left.join("\n")
}

pub(crate) fn fails(word: &str) -> Value {
    json!({"test.workloadctl/fail": word})
}

on_both! {
    fn a_crash_loop_tells_what_the_run_before_wrote(place) {
        let name = place.instance("");
        write(place, &[failing("Deployment", &fails("crash-loop"), &json!({}))]);
        snapshot!(explained(place, &format!("deploy {name} -f set.json --progress none --log-lines 2")), @"
        $ workloadctl deploy NAME -f set.json --progress none --log-lines 2
        exit code 3
        --- stdout
        NAME is not ready on RUNTIME (release 1, NAME revision 1): 2 created; after N s
        namespace NAME
        --- stderr
        runtime RUNTIME: WORKLOADCTL_RUNTIME
        error: `NAME` was applied, but is not ready
          Deployment/web: pod web-POD on node-N: container app ended with exit code 1, restarted N times
        Deployment/web -> pod web-POD on node-N -> container app: CrashLoopBackOff
          log:
            | listening on port 8080
            | ready
        cause: Deployment/web: pod web-POD on node-N: container app ended with exit code 1, restarted N times
        ");
        let other = place.instance("o");
        let told = place.run(&format!("deploy {other} -f set.json --tolerate-restarts 0 -o json")).expect(3).json();
        let web = |told: &Value| told["objects"].as_array().unwrap().iter().find(|object| object["name"] == "web").cloned().unwrap_or_else(|| panic!("{told}"));
        let evidence = &web(&told)["evidence"];
        assert_eq!(
            (&evidence["container"], &evidence["logs"]),
            (&json!("app"), &json!(["starting", "listening on port 8080", "ready"])),
            "{told}"
        );
        assert!(evidence["pod"].as_str().unwrap().starts_with("web-"), "{told}");
        assert!(evidence["node"].is_string(), "{told}");
        let mut events = evidence["events"].as_array().into_iter().flatten();
        assert!(events.all(|event| !event.as_str().unwrap().contains('(')), "the uid of a pod tells nobody anything: {told}");
        let silent = place.instance("s");
        let none = place.run(&format!("deploy {silent} -f set.json --log-lines 0 --tolerate-restarts 0 -o json")).expect(3).json();
        assert_eq!(web(&none)["evidence"].get("logs"), None, "{none}");
    }

    fn a_crash_loop_that_recovers_is_waited_for_as_often_as_it_may_restart(place) {
        let name = place.instance("");
        let asked = json!({"test.workloadctl/fail": "crash-loop", "test.workloadctl/restarts": "2"});
        write(place, &[failing("Deployment", &asked, &json!({}))]);
        let strict = place.run(&format!("deploy {name} -f set.json --tolerate-restarts 0 --progress none"));
        assert!(strict.expect(3).stderr.contains("CrashLoopBackOff"));
        let other = place.instance("o");
        place.run(&format!("deploy {other} -f set.json --timeout 60s")).expect(0);
    }

    fn what_goes_wrong_with_a_pod_is_told_down_to_its_container(place) {
        let name = place.instance("");
        let deploy = |object: Value| {
            write(place, &[object]);
            explained(place, &format!("deploy {name} -f set.json --progress none --timeout 20s --prune never"))
        };
        snapshot!(deploy(failing("Deployment", &fails("image-pull"), &json!({}))), @r#"
        $ workloadctl deploy NAME -f set.json --progress none --timeout 20s --prune never
        exit code 3
        --- stdout
        NAME is not ready on RUNTIME (release 1, NAME revision 1): 2 created; after N s
        namespace NAME
        --- stderr
        runtime RUNTIME: WORKLOADCTL_RUNTIME
        error: `NAME` was applied, but is not ready
          Deployment/web: pod web-POD on node-N: container app cannot pull image "web:1": not found
        "#);
        let keyed = json!({"containers": [{"name": "app", "image": "web:1", "env": [{"name": "URL", "valueFrom": {"secretKeyRef": {"name": "db", "key": "url"}}}]}]});
        snapshot!(deploy(failing("Deployment", &fails("config-error"), &keyed)), @r#"
        $ workloadctl deploy NAME -f set.json --progress none --timeout 20s --prune never
        exit code 3
        --- stdout
        NAME timed out on RUNTIME (release 2, NAME revision 2): 1 updated, 1 unchanged; after N s
        namespace NAME
        --- stderr
        warning: Deployment/web (set.json:1): env names Secret/db in namespace NAME, which is neither in the set nor on the cluster
        error: out of time: `NAME` was applied, but is not ready yet
          Deployment/web: pod web-POD on node-N: container app cannot be created: secret "db" not found
        hint: `workloadctl status NAME --wait` goes on waiting, `--timeout` gives more time
        "#);
        let init = json!({"initContainers": [{"name": "migrate", "image": "web:1"}]});
        snapshot!(deploy(failing("Deployment", &fails("init-crash"), &init)), @"
        $ workloadctl deploy NAME -f set.json --progress none --timeout 20s --prune never
        exit code 3
        --- stdout
        NAME is not ready on RUNTIME (release 3, NAME revision 3): 1 updated, 1 unchanged; after N s
        namespace NAME
        --- stderr
        error: `NAME` was applied, but is not ready
          Deployment/web: pod web-POD on node-N: init container migrate ended with exit code 1, restarted N times
        Deployment/web -> pod web-POD on node-N -> container migrate: CrashLoopBackOff
          log:
            | starting
            | listening on port 8080
            | ready
        cause: Deployment/web: pod web-POD on node-N: init container migrate ended with exit code 1, restarted N times
        ");
        snapshot!(deploy(failing("Job", &fails("job-fail"), &json!({}))), @"
        $ workloadctl deploy NAME -f set.json --progress none --timeout 20s --prune never
        exit code 3
        --- stdout
        NAME is not ready on RUNTIME (release 4, NAME revision 4): 1 created, 2 unchanged; after N s
        namespace NAME
        --- stderr
        error: `NAME` was applied, but is not ready
          Job/web: pod web-POD on node-N: container app ended with exit code 1
        Job/web -> pod web-POD on node-N -> container app: BackoffLimitExceeded
          log:
            | starting
            | listening on port 8080
            | ready
        cause: Job/web: pod web-POD on node-N: container app ended with exit code 1
        ");
        let probe = json!({"containers": [{"name": "app", "image": "web:1", "readinessProbe": {"httpGet": {"path": "/healthz", "port": 8080}}}]});
        write(place, &[failing("Deployment", &fails("never-ready"), &probe)]);
        snapshot!(explained(place, &format!("deploy {name} -f set.json --progress none --timeout 6s --prune never")), @"
        $ workloadctl deploy NAME -f set.json --progress none --timeout 6s --prune never
        exit code 3
        --- stdout
        NAME timed out on RUNTIME (release 5, NAME revision 5): 1 updated, 2 unchanged; after N s
        namespace NAME
        --- stderr
        error: out of time: `NAME` was applied, but is not ready yet
          Deployment/web: pod web-POD on node-N: container app runs, but its readiness probe (GET :8080/healthz) does not pass: HTTP probe failed with statuscode: 503
        hint: `workloadctl status NAME --wait` goes on waiting, `--timeout` gives more time
        Deployment/web -> pod web-POD on node-N -> container app: ContainersNotReady
          log:
            | starting
            | listening on port 8080
            | ready
        cause: Deployment/web: pod web-POD on node-N: container app runs, but its readiness probe (GET :8080/healthz) does not pass: HTTP probe failed with statuscode: 503
        ");
        let nowhere = json!({"nodeSelector": {"disk": "none"}});
        write(place, &[failing("Deployment", &json!({}), &nowhere)]);
        snapshot!(explained(place, &format!("deploy {name} -f set.json --progress none --timeout 6s --prune never")), @"
        $ workloadctl deploy NAME -f set.json --progress none --timeout 6s --prune never
        exit code 3
        --- stdout
        NAME timed out on RUNTIME (release 6, NAME revision 6): 1 updated, 2 unchanged; after N s
        namespace NAME
        --- stderr
        error: out of time: `NAME` was applied, but is not ready yet
          Deployment/web: pod web-POD: cannot be scheduled: 0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector
        hint: `workloadctl status NAME --wait` goes on waiting, `--timeout` gives more time
        ");
    }
}
