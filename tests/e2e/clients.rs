//! kubectl on a served sandbox: it says what it says of a real API server.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use regex::Regex;

use crate::{
    harness::{Outcome, Place, variable},
    served::Server,
};

/// Runs kubectl in a namespace, with something on its standard input.
fn kubectl(kubeconfig: &str, namespace: &str, line: &str, input: &str) -> Outcome {
    let mut child = Command::new("kubectl")
        .args(["-n", namespace])
        .args(line.split_whitespace())
        .env("KUBECONFIG", kubeconfig)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    Outcome::of(line, child.wait_with_output().unwrap())
}

/// An answer without what is another one each time: ages, addresses, generated names, nodes, and
/// how long something was waited for.
fn masked(outcome: &Outcome) -> String {
    let text = format!("{}\n{}{}", outcome.code, outcome.stdout, outcome.stderr);
    let rules = [
        (r"(?m)^Waiting for .*\n", ""),
        (r"pod-template-hash=\S+", "POD-HASH"),
        (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UID"),
        (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+", "TIME"),
        (r"\b\d+(ms|s|m\d+s|m)\b", "AGE"),
        (r"\b\d{1,3}(\.\d{1,3}){3}\b", "ADDRESS"),
        (r"-[a-z0-9]{8,10}-[a-z0-9]{5}\b", "-POD"),
        (r"-[a-z0-9]{8,10}\b", "-HASH"),
        (r"\bnode-\d\b", "NODE"),
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "TIME"),
        // A table's columns are as wide as its cells.
        (r"[ \t]+", " "),
    ];
    let masked = rules.iter().fold(text, |text, (pattern, word)| {
        Regex::new(pattern).unwrap().replace_all(&text, *word).into_owned()
    });
    masked.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

const CRD: &str = r#"
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: lamps.clients.example}
spec:
  group: clients.example
  scope: Namespaced
  names: {plural: lamps, singular: lamp, kind: Lamp, shortNames: [lp]}
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              description: What the lamp is to do.
              properties:
                lit: {type: boolean, description: Whether it shines.}
                colours: {type: array, items: {type: string}}
      additionalPrinterColumns:
        - {name: Lit, type: boolean, jsonPath: .spec.lit}
        - {name: Colours, type: string, jsonPath: '.spec.colours[*]', priority: 1}
        - {name: Age, type: date, jsonPath: .metadata.creationTimestamp}
"#;
const LAMP: &str = "{apiVersion: clients.example/v1, kind: Lamp, metadata: {name: l}, spec: {lit: true, colours: [red]}}";
const CONF: &str = "{apiVersion: v1, kind: ConfigMap, metadata: {name: conf}, data: {a: b}}";
const SET: &str = r#"
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, name: http}, {port: 81, name: more}]}
---
apiVersion: v1
kind: Secret
metadata: {name: s}
stringData: {a: b}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: 'db:1'}, {name: more, image: 'more:1'}]}
---
apiVersion: batch/v1
kind: Job
metadata: {name: once}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: 'a:1'}]}}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: often}
spec:
  schedule: '0 0 1 1 *'
  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: 'a:1'}]}}}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: i}
spec:
  rules: [{host: a.example, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: n}
spec: {podSelector: {matchExpressions: [{key: app, operator: In, values: [web, db]}]}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: b}
spec: {minAvailable: 1, selector: {matchLabels: {app: web}}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: rb}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: r}
subjects: [{kind: ServiceAccount, name: x, namespace: y}, {kind: User, name: u, apiGroup: rbac.authorization.k8s.io}]
---
apiVersion: v1
kind: Pod
metadata: {name: bad, annotations: {test.workloadctl/fail: image-pull}}
spec: {containers: [{name: a, image: 'nothing:1'}]}
"#;

/// Kinds whose tables few people look at.
const RARE: &str = include_str!("clients/rare-kinds.yaml");

/// What is typed, and given; in the order in which it is.
const LINES: &[(&str, &str)] = &[
    ("create deployment web --image=nginx --replicas=2", ""),
    ("rollout status deployment web --timeout=60s", ""),
    ("get deployment,replicaset,pods -o wide", ""),
    ("get deployment web", ""),
    ("scale deployment web --replicas=1", ""),
    ("rollout status deployment web --timeout=60s", ""),
    ("rollout restart deployment web", ""),
    ("rollout status deployment web --timeout=60s -w=true --revision=2", ""),
    ("rollout history deployment web", ""),
    ("rollout undo deployment web", ""),
    ("label deployment web x=y", ""),
    ("annotate deployment web x=y", ""),
    ("patch deployment web -p {\"spec\":{\"minReadySeconds\":1}}", ""),
    ("wait --for=condition=Available deployment/web --timeout=60s", ""),
    ("set image deployment/web nginx=nginx:2", ""),
    ("autoscale deployment web --min=1 --max=3 --cpu=50%", ""),
    ("expose deployment web --port=80 --name=exposed", ""),
    ("create -f -", SET),
    ("wait --for=condition=Complete job/once --timeout=60s", ""),
    ("rollout status statefulset db --timeout=60s", ""),
    (
        "wait --for=jsonpath={.status.containerStatuses[0].state.waiting.reason}=ImagePullBackOff pod/bad --timeout=60s",
        "",
    ),
    ("get service,secret,statefulset,job,cronjob -o wide", ""),
    ("get ingress,networkpolicy,poddisruptionbudget,rolebinding -o wide", ""),
    ("create -f -", RARE),
    ("get role r -o wide", ""),
    ("get limitrange lr -o wide", ""),
    ("get podtemplate pt -o wide", ""),
    ("get lease le -o wide", ""),
    ("get endpointslice es -o wide", ""),
    ("get serviceaccount sa -o wide", ""),
    ("get controllerrevision cr -o wide", ""),
    ("get priorityclass clients-rare -o wide", ""),
    ("get storageclass clients-rare -o wide", ""),
    ("get ingressclass clients-rare -o wide", ""),
    ("get runtimeclass clients-rare -o wide", ""),
    ("get csidriver clients-rare -o wide", ""),
    ("get clusterrole clients-rare -o wide", ""),
    ("get clusterrolebinding clients-rare -o wide", ""),
    ("get validatingadmissionpolicybinding clients-rare -o wide", ""),
    ("get mutatingwebhookconfiguration clients-rare -o wide", ""),
    ("get persistentvolume clients-rare -o wide", ""),
    ("get replicationcontroller rc -o wide", ""),
    ("get horizontalpodautoscaler hpa -o wide", ""),
    ("get csistoragecapacity csc -o wide", ""),
    ("get volumeattachment clients-rare -o wide", ""),
    ("get csinode clients-rare -o wide", ""),
    ("get volumeattributesclass clients-rare -o wide", ""),
    ("get prioritylevelconfiguration clients-rare -o wide", ""),
    ("get validatingadmissionpolicy clients-rare -o wide", ""),
    ("get validatingwebhookconfiguration clients-rare -o wide", ""),
    ("get servicecidr clients-rare -o wide", ""),
    ("get ipaddress 203.0.113.7 -o wide", ""),
    ("get deviceclass clients-rare -o wide", ""),
    ("get resourceclaim claim -o wide", ""),
    ("get resourceclaimtemplate claims -o wide", ""),
    ("get resourceslice clients-rare -o wide", ""),
    ("delete -f -", RARE),
    ("get pod bad db-0 -o wide", ""),
    ("get pod bad -o name", ""),
    ("get pods --field-selector=metadata.name=db-0 --no-headers", ""),
    ("apply -f -", CONF),
    ("apply -f -", CONF),
    ("diff -f -", CONF),
    ("get configmap conf", ""),
    ("delete configmap conf", ""),
    ("apply --server-side -f -", CONF),
    (
        "diff --server-side -f -",
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: conf}, data: {a: b, c: d}}",
    ),
    ("replace -f -", CONF),
    ("create -f -", CONF),
    (
        "apply --server-side -f -",
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: conf}, date: {a: b}}",
    ),
    ("apply -f -", CRD),
    ("wait --for=condition=Established crd/lamps.clients.example --timeout=60s", ""),
    ("apply -f -", LAMP),
    ("get lp", ""),
    ("get lamps l -o wide", ""),
    ("explain lamp.spec", ""),
    ("delete lamp l", ""),
    ("delete crd lamps.clients.example", ""),
    ("auth can-i create pods", ""),
    ("get pods nothing", ""),
    ("get nothing", ""),
    ("logs nothing", ""),
    ("logs db-0 -c nothing", ""),
    ("delete statefulset db", ""),
    ("delete job once", ""),
    ("api-resources --api-group=apps -o wide", ""),
];

mod control_plane {
    use super::*;

    #[test]
    fn kubectl_says_the_same_of_both() {
        let place = &Place::sandbox("clients_kubectl");
        let server = Server::start(place);
        let served = server.kubeconfig.display().to_string();
        let real = variable("KUBECONFIG").expect("a cluster");
        let namespace = format!("clients-{}", std::process::id());
        for kubeconfig in [&served, &real] {
            kubectl(kubeconfig, "default", &format!("create namespace {namespace}"), "").expect(0);
        }
        let mut wrong = Vec::new();
        for (line, input) in LINES {
            let [found, expected] = [&served, &real]
                .map(|kubeconfig| masked(&kubectl(kubeconfig, &namespace, line, input)));
            if found != expected {
                wrong.push(format!("$ kubectl {line}\nsandbox: {found}\n\nserver: {expected}\n"));
            }
        }
        kubectl(&real, "default", &format!("delete namespace {namespace} --wait=false"), "")
            .expect(0);
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    /// docs/testing-a-client.md, as it stands there.
    #[test]
    fn the_steps_of_the_page_work() {
        let place = &Place::sandbox("clients_page");
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/testing-a-client.md");
        let page = std::fs::read_to_string(page).unwrap();
        let steps = page.split("```sh\n").nth(1).unwrap().split("```").next().unwrap();
        let program = PathBuf::from(env!("CARGO_BIN_EXE_workloadctl"));
        let path = variable("PATH").unwrap();
        let output = Command::new("sh")
            .args(["-ec", &format!("trap 'kill $! || true' EXIT\n{steps}")])
            .current_dir(place.path(""))
            .env("PATH", format!("{}:{path}", program.parent().unwrap().display()))
            .output()
            .unwrap();
        let outcome = Outcome::of("the page", output).expect(0);
        assert!(outcome.stdout.contains("web    1/1     1            1"), "{}", outcome.stdout);
    }

    /// What only kubectl can ask, and what the sandbox refuses.
    #[test]
    fn the_rest_of_kubectl_works() {
        let place = &Place::sandbox("clients_rest");
        let server = Server::start(place);
        let served = server.kubeconfig.display().to_string();
        let ask = |line: &str| kubectl(&served, "default", line, "");
        ask("create deployment web --image=nginx").expect(0);
        ask("rollout status deployment web --timeout=60s").expect(0);
        let told = ask("describe deployment web").expect(0).stdout;
        assert!(told.contains("NewReplicaSet:   web-"), "{told}");
        let watched = ask("get deployment web -w --request-timeout=2s").stdout;
        assert!(watched.starts_with("NAME   READY   UP-TO-DATE"), "{watched}");
        let events = ask("get events").expect(0).stdout;
        assert!(events.contains("Normal   ScalingReplicaSet"), "{events}");
        let explained = ask("explain deployment.spec.replicas").expect(0).stdout;
        assert!(explained.contains("FIELD: replicas <integer>"), "{explained}");
        ask("cluster-info").expect(0);
        assert_eq!(ask("logs deployment/web --tail=1").expect(0).stdout, "ready\n");
        let refused = ask("exec deployment/web -- ls").expect(1).stderr;
        assert!(refused.contains("pods of the sandbox run nothing: there is no exec"), "{refused}");
        assert_eq!(ask("top pods").expect(1).stderr, "error: Metrics API not available\n");
    }
    /// A log is followed until its container ends, and there is one of the run before.
    #[test]
    fn logs_are_followed_and_looked_up() {
        let place = &Place::sandbox("clients_logs");
        let server = Server::start(place);
        let served = server.kubeconfig.display().to_string();
        let ask = |line: &str| kubectl(&served, "default", line, "");
        ask("create deployment web --image=nginx").expect(0);
        ask("rollout status deployment web --timeout=60s").expect(0);
        // Bounded, so that one that never ends fails.
        let mut follower = Command::new("timeout")
            .args(["30", "kubectl", "logs", "-f", "deployment/web"])
            .env("KUBECONFIG", &served)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(follower.stdout.take().unwrap()).lines();
        let first: Vec<String> = lines.by_ref().take(3).map(Result::unwrap).collect();
        assert_eq!(first, ["starting", "listening on port 8080", "ready"]);
        assert!(follower.try_wait().unwrap().is_none(), "it follows");
        ask("scale deployment web --replicas=0").expect(0);
        assert_eq!((lines.count(), follower.wait().unwrap().code()), (0, Some(0)));

        place.run("sandbox fail Deployment/web crash -n default").expect(0);
        ask("scale deployment web --replicas=1").expect(0);
        let restarted = "wait pod -l app=web --for=jsonpath={.status.containerStatuses[0].restartCount}=1 --timeout=60s";
        ask(restarted).expect(0);
        let previous = ask("logs -l app=web --previous").expect(0).stdout;
        assert_eq!(previous, "starting\nlistening on port 8080\nready\n");
    }
}
