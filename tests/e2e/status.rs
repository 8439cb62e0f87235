//! What `status` shows of an instance below its objects, and of a runtime that nothing here knows.

use std::time::Duration;

use regex::Regex;
use serde_json::Value;

use crate::harness::Place;

const APP: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: 'web:1', ports: [{containerPort: 80}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web}
spec: {rules: [{host: web.test, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}}]}
---
apiVersion: batch/v1
kind: Job
metadata: {name: once}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: once, image: 'once:1'}]}}}
";

fn find<'a>(answer: &'a Value, kind: &str) -> &'a Value {
    let objects = answer["objects"].as_array().unwrap();
    objects.iter().find(|object| object["kind"] == kind).unwrap()
}

/// Waits until the endpoints controller has counted.
pub(crate) fn with_endpoints(place: &Place, name: &str, wanted: u64) {
    place.until(&format!("{wanted} endpoints"), Duration::from_secs(30), || {
        let answer = place.run(&format!("status {name} -o json")).expect(0).json();
        find(&answer, "Service")["endpoints"] == wanted
    });
}

on_both! {
    fn the_tree_shows_pods_endpoints_and_hosts(place) {
        let name = place.instance("");
        place.write("app.yaml", APP);
        let deployed = place.run(&format!("deploy {name} -f app.yaml")).expect(0).stdout;
        let reached = format!("\nreach it: http://web.test/ (Ingress/web)\nnamespace {name}\n");
        assert!(deployed.ends_with(&reached), "{deployed}");
        with_endpoints(place, &name, 2);
        snapshot!(place.told(&format!("status {name}")), @"
        $ workloadctl status NAME
        exit code 0
        --- stdout
        NAME: Healthy, all 5 objects are ready
        NAME revision 1 · release 1 by tester@HOST N s ago · runtime RUNTIME · namespace NAME (managed)
        OBJECT  READY  STATE  RESTARTS  NODE  AGE  REASON
        ├─ Namespace/NAME  -  ready  -  -  N s  -
        ├─ Deployment/web  2/2  ready  0  -  N s  -
        │  └─ ReplicaSet/web-SET  2/2  -  -  -  N s  -
        │  ├─ Pod/web-POD  -  ready  0  node-N  N s  -
        │  └─ Pod/web-POD  -  ready  0  node-N  N s  -
        ├─ Service/web  -  ready  -  -  N s  2 ready endpoints, web.NAME.svc:80
        ├─ Ingress/web  -  ready  -  -  N s  http://web.test/
        └─ Job/once  1/1  ready  0  -  N s  1 attempt
           └─ Pod/once-POD  -  ready  0  node-N  N s  Completed
        reach it: http://web.test/ (Ingress/web)
        ");
        let answer = place.run(&format!("status {name} -o json")).expect(0).json();
        let deployment = find(&answer, "Deployment");
        assert_eq!((&deployment["ready"], &deployment["desired"]), (&2.into(), &2.into()));
        let pods = deployment["pods"].as_array().unwrap();
        assert_eq!(pods.len(), 2, "{deployment}");
        for pod in pods {
            assert_eq!(pod["ready"], true, "{pod}");
            assert_eq!(pod["restarts"], 0, "{pod}");
            assert!(pod["node"].is_string() && pod["age"].is_u64(), "{pod}");
            assert_eq!(pod["replicaSet"], deployment["replicaSets"][0]["name"], "{pod}");
        }
        let job = find(&answer, "Job");
        assert_eq!((&job["attempts"], &job["attemptLimit"]), (&1.into(), &7.into()), "{job}");
    }

    fn the_reason_of_a_failed_release_stays_until_the_next(place) {
        let name = place.instance("");
        let labels = "{labels: {app: web}}";
        let fails = "{labels: {app: web}, annotations: {test.workloadctl/fail: image-pull}}";
        place.write("app.yaml", &APP.replace(labels, fails));
        place.run(&format!("deploy {name} -f app.yaml --timeout 20s")).expect(3);
        let answer = place.run(&format!("status {name} -o json")).expect(0).json();
        assert_eq!(answer["failure"]["release"], 1, "{answer}");
        let reason = answer["failure"]["reason"].as_str().unwrap();
        assert!(reason.contains("Deployment/web"), "{reason}");
        place.write("app.yaml", APP);
        place.run(&format!("deploy {name} -f app.yaml")).expect(0);
        let answer = place.run(&format!("status {name} -o json")).expect(0).json();
        assert_eq!(answer["failure"], Value::Null, "{answer}");
    }

    fn an_empty_database_sees_what_runs_on_a_runtime(place) {
        let (mine, theirs) = (place.instance("-mine"), place.instance("-theirs"));
        let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";
        place.write("map.yaml", map);
        for name in [&mine, &theirs] {
            place.run(&format!("deploy {name} -f map.yaml")).expect(0);
        }
        let elsewhere = place.elsewhere();
        let runtime = &place.runtime;
        let answer = elsewhere.run(&format!("status --runtime {runtime} -o json")).expect(0).json();
        let instances = answer["instances"].as_array().unwrap();
        for name in [&mine, &theirs] {
            let seen = instances.iter().find(|one| one["name"] == **name).unwrap();
            assert_eq!(seen["status"], "Healthy", "{seen}");
            assert!(seen["deployedBy"].as_str().unwrap().starts_with("tester@"), "{seen}");
        }
        // Nothing of a stranger's is taken in.
        assert_eq!(elsewhere.run("list -o name").expect(0).stdout, "");
        let line = format!("status --runtime {runtime} --namespace {mine}");
        let told = place.shown(&elsewhere.run(&line));
        snapshot!(told, @"
        $ workloadctl status --runtime RUNTIME --namespace NAME-mine
        exit code 0
        --- stdout
        NAME  DEFINITION  REVISION  RELEASE  RUNTIME  NAMESPACE  STATUS  AGE  DEPLOYED BY  REASON
        NAME-mine  NAME-mine  1  1  RUNTIME  NAME-mine  Healthy  N s  tester@HOST  all 2 objects are ready
        ");
        // What is known here is there once.
        elsewhere.run(&format!("status {mine}")).expect(0);
        let names = elsewhere.run(&format!("status --runtime {runtime} -o name")).expect(0).stdout;
        assert_eq!(names.lines().filter(|name| **name == mine).count(), 1, "{names}");
    }

    fn an_old_configuration_is_said_until_the_pods_are_new(place) {
        let name = place.instance("");
        let app = |value: usize| {
            let map = |name: &str| format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{a: 'v{value}'}}\n---\n");
            format!("{}{}{}{}", map("env"), map("files"), map("part"), "apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: web:1
          envFrom: [{configMapRef: {name: env}}]
          volumeMounts: [{name: files, mountPath: /files}, {name: part, mountPath: /part, subPath: a}]
      volumes: [{name: files, configMap: {name: files}}, {name: part, configMap: {name: part}}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: other}
spec:
  selector: {matchLabels: {app: other}}
  template: {metadata: {labels: {app: other}}, spec: {containers: [{name: other, image: 'web:1'}]}}
")
        };
        place.write("app.yaml", &app(0));
        place.run(&format!("deploy {name} -f app.yaml")).expect(0);
        let remarks = || {
            let answer = place.run(&format!("status {name} -o json")).expect(0).json();
            answer["remarks"].as_array().map_or(0, Vec::len)
        };
        assert_eq!(remarks(), 0);
        // Of the same second nothing is known.
        let mut value = 0;
        let mut told = String::new();
        place.until("pods older than the content", Duration::from_secs(30), || {
            value += 1;
            place.write("app.yaml", &app(value));
            told = place.told(&format!("deploy {name} -f app.yaml --progress none"));
            remarks() == 2
        });
        let told = Regex::new("release [0-9]+|revision [0-9]+").unwrap().replace_all(&told, "N").into_owned();
        let status = place.run(&format!("status {name}")).expect(0).stdout;
        let last: Vec<&str> = status.lines().filter(|line| line.contains("--restart")).collect();
        snapshot!(told + &last.join("\n").replace(&name, "NAME"), @"
        $ workloadctl deploy NAME -f app.yaml --progress none
        exit code 0
        --- stdout
        NAME deployed to RUNTIME (N, NAME N): 3 updated, 3 unchanged; ready in N s
        Deployment/web still runs with the old ConfigMap/env: `workloadctl deploy NAME --restart-stale` restarts it
        Deployment/web finds the new ConfigMap/files in its volume within minutes; what it reads only at its start needs `workloadctl deploy NAME --restart`
        Deployment/web still runs with the old ConfigMap/part: `workloadctl deploy NAME --restart-stale` restarts it
        namespace NAME
        Deployment/web still runs with the old ConfigMap/env: `workloadctl deploy NAME --restart-stale` restarts it
        Deployment/web still runs with the old ConfigMap/part: `workloadctl deploy NAME --restart-stale` restarts it
        ");
        let told = place.told(&format!("deploy {name} --restart-stale --progress none"));
        let told = Regex::new("release [0-9]+|revision [0-9]+").unwrap().replace_all(&told, "N").into_owned();
        snapshot!(told, @"
        $ workloadctl deploy NAME --restart-stale --progress none
        exit code 0
        --- stdout
        NAME deployed to RUNTIME (N, NAME N): 1 updated, 5 unchanged; ready in N s
        namespace NAME
        --- stderr
        restarting Deployment/web, which runs with the old ConfigMap/env
        restarting Deployment/web, which runs with the old ConfigMap/part
        ");
        // Those of before take a moment to end.
        place.until("the pods are new", Duration::from_secs(30), || remarks() == 0);
        let told = place.told(&format!("deploy {name} --restart-stale --progress none"));
        snapshot!(Regex::new("release [0-9]+|revision [0-9]+").unwrap().replace_all(&told, "N"), @"
        $ workloadctl deploy NAME --restart-stale --progress none
        exit code 0
        --- stdout
        NAME unchanged (N, ready)
        namespace NAME
        --- stderr
        nothing runs with an old ConfigMap or Secret
        ");
        // With what changes in the same release.
        place.write("app.yaml", &app(value + 1));
        let line = format!("deploy {name} -f app.yaml --restart-stale -o json");
        let both = place.run(&line).expect(0).json();
        assert_eq!((&both["counts"]["update"], both.get("remarks")), (&4.into(), None), "{both}");
        let again = place.run(&line).expect(0).json();
        assert_eq!(again["outcome"], "unchanged", "{again}");
    }

    /// A label is no content, and a workload of the same name elsewhere is another one.
    fn what_is_restarted_is_what_runs_with_old_content(place) {
        let (here, there) = (place.instance("a"), place.instance("b"));
        let app = |label: &str, value: usize| {
            let namespace = |name: &str| format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n---\n");
            let of = |namespace: &str, label: &str, value: usize| format!("apiVersion: v1
kind: ConfigMap
metadata: {{name: env, namespace: {namespace}, labels: {{l: '{label}'}}}}
data: {{a: 'v{value}'}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web, namespace: {namespace}}}
spec:
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec: {{terminationGracePeriodSeconds: 0, containers: [{{name: web, image: 'web:1', envFrom: [{{configMapRef: {{name: env}}}}]}}]}}
---
");
            place.write("app.yaml", &(namespace(&here) + &namespace(&there) + &of(&here, "x", value) + &of(&there, label, 0)));
        };
        let answer = |line: &str| place.run(&format!("{line} -o json")).expect(0).json();
        app("x", 0);
        place.run(&format!("deploy {here} -f app.yaml")).expect(0);
        let made = |namespace: &str| {
            let pods = place.get(&format!("/api/v1/namespaces/{namespace}/pods")).unwrap();
            let pods = pods["items"].as_array().unwrap().iter();
            let live: Vec<&Value> = pods.filter(|pod| pod["metadata"].get("deletionTimestamp").is_none()).collect();
            assert_eq!(live.len(), 1, "{live:?}");
            live[0]["metadata"]["creationTimestamp"].as_str().unwrap().to_owned()
        };
        let first = made(&there);
        let is_over = || jiff::Timestamp::now().as_second() > first.parse::<jiff::Timestamp>().unwrap().as_second() + 1;
        place.until("the pods are older than what comes", Duration::from_secs(10), is_over);
        // Labels alone, with the flag and without.
        app("y", 0);
        let labelled = answer(&format!("deploy {here} -f app.yaml --restart-stale"));
        assert_eq!((&labelled["counts"]["update"], labelled.get("remarks")), (&1.into(), None), "{labelled}");
        app("z", 0);
        let labelled = answer(&format!("deploy {here} -f app.yaml"));
        assert_eq!((&labelled["counts"]["update"], labelled.get("remarks")), (&1.into(), None), "{labelled}");
        assert_eq!(answer(&format!("status {here}")).get("remarks"), None);
        let nothing = answer(&format!("deploy {here} --restart-stale"));
        assert_eq!(nothing["outcome"], "unchanged", "{nothing}");
        // Content in one namespace: the other's workload goes on.
        app("z", 1);
        let restarted = answer(&format!("deploy {here} -f app.yaml --restart-stale"));
        assert_eq!(restarted["counts"]["update"], 2, "{restarted}");
        assert_eq!(made(&there), first);
        place.run(&format!("delete {here} --yes")).expect(0);
    }
}
