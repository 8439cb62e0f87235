//! kubectl's own commands beside ours, and the real controller of autoscalers. On the control
//! plane alone: the sandbox has no port for kubectl, and no autoscaler.

use std::{process::Command, time::Duration};

use serde_json::{Value, json};
use workloadctl::testing::Request;

use crate::harness::{Outcome, Place, variable};

/// Runs kubectl in a namespace.
fn kubectl(namespace: &str, line: &str) -> Outcome {
    let output = Command::new("kubectl")
        .args(["-n", namespace])
        .args(line.split_whitespace())
        .env("KUBECONFIG", variable("KUBECONFIG").unwrap())
        .output()
        .unwrap();
    Outcome {
        line: String::new(),
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Edits an object with a sed script in the place of the editor.
fn edit(place: &Place, namespace: &str, object: &str, script: &str) {
    let editor = place.write("editor.sh", &format!("#!/bin/sh\nexec sed -i '{script}' \"$1\"\n"));
    let output = Command::new("kubectl")
        .args(["-n", namespace, "edit", object])
        .env("KUBECONFIG", variable("KUBECONFIG").unwrap())
        .env("KUBE_EDITOR", format!("sh {}", editor.display()))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn home(place: &Place) -> String {
    let home = place.instance("-home");
    place.write("home.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: home}\n");
    place.run(&format!("deploy {home} -f home.yaml")).expect(0);
    home
}

fn web(namespace: &str) -> String {
    format!("/apis/apps/v1/namespaces/{namespace}/deployments/web")
}

fn conf(namespace: &str) -> String {
    format!("/api/v1/namespaces/{namespace}/configmaps/conf")
}

fn pods(place: &Place, namespace: &str) -> Vec<String> {
    let path = format!("/api/v1/namespaces/{namespace}/pods?labelSelector=app%3Dweb");
    let list = place.call(Request::get(path)).unwrap().body;
    let pods = list["items"].as_array().unwrap().iter();
    let mut uids: Vec<String> =
        pods.map(|pod| pod["metadata"]["uid"].as_str().unwrap().to_owned()).collect();
    uids.sort();
    uids
}

fn deployment(replicas: &str, image: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web, labels: {{app: web}}}}\nspec:\n  {replicas}\n  \
         selector: {{matchLabels: {{app: web}}}}\n  template:\n    metadata: {{labels: {{app: web}}}}\n    spec:\n      \
         containers:\n        - {{name: nginx, image: '{image}'}}\n"
    )
}

const CONF: &str =
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\ndata: {a: ours, b: same}\n";

/// What `kubectl create` and `expose` made is adopted without a pod being restarted, and nothing
/// of theirs stays in the way of a later change.
#[test]
fn what_kubectl_created_is_adopted_in_place() {
    let place = &Place::control_plane("kubectl_create");
    let (home, name) = (home(place), place.instance(""));
    kubectl(&home, "create deployment web --image=nginx:1 --replicas=2").expect(0);
    kubectl(&home, "expose deployment web --port=80").expect(0);
    kubectl(&home, "create configmap conf --from-literal=a=theirs --from-literal=b=same").expect(0);
    kubectl(&home, "rollout status deployment web --timeout=60s").expect(0);
    let before = pods(place, &home);
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}, ports: [{port: 80}]}\n";
    let set = |web: &str, conf: &str| place.write("set.yaml", &[web, conf, service].join("---\n"));
    set(&deployment("replicas: 2", "nginx:1"), CONF);
    snapshot!(place.told(&format!("deploy {name} -n {home} -f set.yaml")), @"
    $ workloadctl deploy NAME -n NAME-home -f set.yaml
    exit code 5
    --- stderr
    error: 3 objects stand in the way; nothing was written
      Deployment/web (set.yaml:1): it exists and is not ours: made by kubectl-create
      ConfigMap/conf (set.yaml:13): it exists and is not ours: made by kubectl-create
      Service/web (set.yaml:18): it exists and is not ours: made by kubectl-expose
    hint: `--adopt` takes over objects that exist
    ");
    place.run(&format!("deploy {name} -n {home} -f set.yaml --adopt")).expect(0);
    assert_eq!(pods(place, &home), before, "no pod was restarted");
    assert_eq!(place.get(&conf(&home)).unwrap()["data"], json!({"a": "ours", "b": "same"}));
    set(&deployment("minReadySeconds: 0", "nginx:1"), &CONF.replace(", b: same", ""));
    place.run(&format!("deploy {name} -f set.yaml")).expect(0);
    assert_eq!(place.get(&conf(&home)).unwrap()["data"], json!({"a": "ours"}));
    assert_eq!(place.get(&web(&home)).unwrap()["spec"]["replicas"], 1, "ours alone, and dropped");
}

#[test]
fn what_kubectl_applied_is_adopted_with_its_annotation() {
    let place = &Place::control_plane("kubectl_apply");
    let (home, name) = (home(place), place.instance(""));
    let theirs = CONF.replace("a: ours", "a: theirs, c: theirs");
    let file = place.write("theirs.yaml", &theirs);
    let file = file.display();
    kubectl(&home, &format!("apply -f {file}")).expect(0);
    place.write("set.yaml", CONF);
    place.run(&format!("deploy {name} -n {home} -f set.yaml --adopt")).expect(0);
    let live = place.get(&conf(&home)).unwrap();
    assert_eq!(live["data"], json!({"a": "ours", "b": "same"}));
    assert_eq!(live["metadata"]["annotations"], Value::Null);
    // By server-side apply they cannot win without being told.
    let told = kubectl(&home, &format!("apply --server-side -f {file}")).expect(1);
    assert!(told.stderr.contains(&format!("workloadctl:{home}/{name}")), "{}", told.stderr);
    // By client-side apply they do, until we deploy again: what they added stays.
    kubectl(&home, &format!("apply -f {file}")).expect(0);
    assert_eq!(place.get(&conf(&home)).unwrap()["data"]["a"], "theirs");
    place.run(&format!("deploy {name}")).expect(0);
    let live = place.get(&conf(&home)).unwrap();
    assert_eq!(live["data"], json!({"a": "ours", "b": "same", "c": "theirs"}));
    assert_eq!(live["metadata"]["annotations"], Value::Null);
    place.write("set.yaml", &CONF.replace(", b: same", ""));
    place.run(&format!("deploy {name} -f set.yaml")).expect(0);
    let live = place.get(&conf(&home)).unwrap();
    assert_eq!(live["data"], json!({"a": "ours", "c": "theirs"}));
}

#[test]
fn what_kubectl_changes_is_taken_back_and_what_it_adds_stays() {
    let place = &Place::control_plane("kubectl_edit");
    let name = place.instance("");
    place.write("set.yaml", &format!("{CONF}---\n{}", deployment("replicas: 1", "nginx:1")));
    place.run(&format!("deploy {name} -f set.yaml")).expect(0);
    edit(place, &name, "configmap/conf", "s/a: ours/a: edited/");
    kubectl(&name, "patch configmap conf -p {\"data\":{\"added\":\"x\"}}").expect(0);
    kubectl(&name, "annotate deployment web note=stays").expect(0);
    kubectl(&name, "label deployment web team=red").expect(0);
    kubectl(&name, "set image deployment web nginx=nginx:2").expect(0);
    kubectl(&name, "set env deployment web ADDED=x").expect(0);
    kubectl(&name, "rollout restart deployment web").expect(0);
    place.run(&format!("deploy {name}")).expect(0);
    let data = &place.get(&conf(&name)).unwrap()["data"];
    assert_eq!(*data, json!({"a": "ours", "b": "same", "added": "x"}));
    let live = place.get(&web(&name)).unwrap();
    let container = &live["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(
        (&container["image"], &container["env"][0]["name"]),
        (&json!("nginx:1"), &json!("ADDED"))
    );
    assert_eq!(live["metadata"]["annotations"]["note"], "stays");
    assert_eq!(live["metadata"]["labels"]["team"], "red");
    let restarted =
        &live["spec"]["template"]["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"];
    assert!(restarted.is_string(), "{live}");
    // Somebody changes what the definition drops before it is deployed again: it goes.
    edit(place, &name, "configmap/conf", "s/b: same/b: edited/");
    place.write(
        "set.yaml",
        &format!("{}---\n{}", CONF.replace(", b: same", ""), deployment("replicas: 1", "nginx:1")),
    );
    place.run(&format!("deploy {name} -f set.yaml")).expect(0);
    assert_eq!(place.get(&conf(&name)).unwrap()["data"], json!({"a": "ours", "added": "x"}));
}

#[test]
fn the_controller_of_an_autoscaler_keeps_the_replicas() {
    let place = &Place::control_plane("kubectl_autoscale");
    let name = place.instance("");
    let autoscaler = "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: web}\nspec:\n  minReplicas: 4\n  \
                      maxReplicas: 6\n  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}\n";
    let replicas = |count: u64| {
        place.until(&format!("{count} replicas"), Duration::from_secs(60), || {
            place.get(&web(&name)).unwrap()["spec"]["replicas"] == count
        });
    };
    place.write("set.yaml", &format!("{autoscaler}---\n{}", deployment("replicas: 2", "nginx:1")));
    place.run(&format!("deploy {name} -f set.yaml")).expect(0);
    replicas(4);
    let told = "spec.replicas is left to HorizontalPodAutoscaler/web";
    for (image, outcome) in
        [("nginx:1", "unchanged"), ("nginx:2", "ready"), ("nginx:2", "unchanged")]
    {
        place.write("set.yaml", &format!("{autoscaler}---\n{}", deployment("replicas: 2", image)));
        let deployed = place.run(&format!("deploy {name} -f set.yaml -o json")).expect(0);
        assert_eq!(deployed.json()["outcome"], outcome, "{}", deployed.stdout);
        assert!(deployed.stderr.contains(told), "{}", deployed.stderr);
        assert_eq!(place.get(&web(&name)).unwrap()["spec"]["replicas"], 4);
    }
    let status = place.run(&format!("status {name}")).expect(0).stdout;
    assert!(status.contains(told), "{status}");
    place.write("set.yaml", &deployment("replicas: 3", "nginx:2"));
    place.run(&format!("deploy {name} -f set.yaml")).expect(0);
    let path = format!("/apis/autoscaling/v2/namespaces/{name}/horizontalpodautoscalers/web");
    assert!(place.get(&path).is_none());
    // It was there until everything was ready, and may have scaled once more until then.
    let status = place.run(&format!("status {name}")).expect(0).stdout;
    let live = place.get(&web(&name)).unwrap()["spec"]["replicas"].clone();
    assert!(
        live == 3 || status.contains("is left to \"kube-controller-manager\""),
        "{live}: {status}"
    );
}

/// A manifest as `kubectl get -o yaml` shows it has the notes of Kubernetes' own controllers,
/// which change with every rollout.
#[test]
fn what_was_saved_from_a_cluster_is_adopted_and_rolled_out() {
    let place = &Place::control_plane("kubectl_get");
    let (home, name) = (home(place), place.instance(""));
    kubectl(&home, "create deployment web --image=nginx:1").expect(0);
    kubectl(&home, "rollout status deployment web --timeout=60s").expect(0);
    let mut saved = kubectl(&home, "get deployment web -o yaml").expect(0).stdout;
    assert!(saved.contains("deployment.kubernetes.io/revision: \"1\""), "{saved}");
    for image in ["nginx:1", "nginx:2", "nginx:3"] {
        saved = saved.replace("nginx:1", image).replace("nginx:2", image);
        place.write("saved.yaml", &saved);
        place.run(&format!("deploy {name} -n {home} -f saved.yaml --adopt")).expect(0);
    }
    let live = place.get(&web(&home)).unwrap();
    assert_eq!(live["metadata"]["annotations"]["deployment.kubernetes.io/revision"], "3");
}

/// kubectl is run where an instance is, and runs and completes this program as its plugin.
#[test]
fn kubectl_and_this_program_call_each_other() {
    let place = &Place::control_plane("kubectl_plugin");
    let home = home(place);
    let path = variable("PATH").unwrap();
    let run = |line: &str| {
        let output = place.command(line).env("PATH", &path).output().unwrap();
        Outcome::of(line, output)
    };
    let found = run(&format!("kubectl {home} -- get configmap home -o name")).expect(0);
    assert_eq!(found.stdout, "configmap/home\n");
    let missing = run(&format!("kubectl {home} -- get configmap nothing")).expect(1);
    assert!(missing.stderr.contains("NotFound"), "{}", missing.stderr);

    for name in ["kubectl-workload", "kubectl_complete-workload"] {
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_workloadctl"), place.path(name)).unwrap();
    }
    let bin = place.path("").display().to_string();
    let through = |line: &str| {
        let output = Command::new("kubectl")
            .args(line.split_whitespace())
            .env("PATH", format!("{bin}:{path}"))
            .env("KUBECONFIG", variable("KUBECONFIG").unwrap())
            .env("WORKLOADCTL_DB", place.database())
            .output()
            .unwrap();
        Outcome::of(line, output)
    };
    let context = &place.runtime;
    let status = through(&format!("workload status --context {context} -n {home} -o name"));
    assert_eq!(status.expect(0).stdout, format!("{home}\n"));
    let wrong = through("workload undo").expect(2);
    assert!(wrong.stderr.contains("`kubectl workload rollback`"), "{}", wrong.stderr);
    let words = through(&format!("__complete workload status {}", &home[..home.len() - 2]));
    assert!(words.stdout.starts_with(&format!("{home}\tHealthy")), "{}", words.stdout);
}
