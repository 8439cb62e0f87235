//! Definitions made of what runs: nothing changes but who the objects belong to.

use std::{io::Write as _, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use flate2::{Compression, write::GzEncoder};
use http::Method;
use serde_json::{Value, json};
use workloadctl::testing::{Apply, Request};

use crate::harness::Place;

const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// A namespace in which another instance lives.
fn home(place: &Place) -> String {
    live_in(place, "-home")
}

/// Makes an instance with a namespace of its own, in which others can live.
pub(crate) fn live_in(place: &Place, suffix: &str) -> String {
    let home = place.instance(suffix);
    place.write("home.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: home}\n");
    place.run(&format!("deploy {home} -f home.yaml")).expect(0);
    home
}

fn paths(home: &str) -> [String; 6] {
    let core = |plural: &str| format!("/api/v1/namespaces/{home}/{plural}");
    [
        format!("/apis/apps/v1/namespaces/{home}/deployments"),
        core("services"),
        core("configmaps"),
        core("secrets"),
        core("serviceaccounts"),
        format!("/apis/rbac.authorization.k8s.io/v1/namespaces/{home}/roles"),
    ]
}

/// An application of a kind each, as somebody wrote it.
pub(crate) fn application() -> [Value; 6] {
    let meta = || json!({"name": "web", "labels": {"app": "web"}});
    [
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta(), "spec": {
            "replicas": 2, "selector": {"matchLabels": {"app": "web"}},
            "strategy": {"rollingUpdate": {"maxUnavailable": 0}},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": {
                "serviceAccountName": "web",
                "containers": [{"name": "main", "image": "registry.k8s.io/pause:3.9",
                    "ports": [{"containerPort": 80}], "envFrom": [{"secretRef": {"name": "web"}}],
                    "resources": {"requests": {"cpu": "0.01"}},
                    "volumeMounts": [{"name": "conf", "mountPath": "/conf"}]}],
                "volumes": [{"name": "conf", "configMap": {"name": "web"}}]}}}}),
        json!({"apiVersion": "v1", "kind": "Service", "metadata": meta(), "spec": {
            "type": "NodePort", "selector": {"app": "web"}, "ports": [{"port": 80, "name": "http"}]}}),
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta(), "data": {"a": "1"}}),
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": meta(), "data": {"a": "c2VjcmV0"}}),
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta()}),
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": meta(),
            "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]}),
    ]
}

/// Makes the application as a tool does that updates.
pub(crate) fn create(place: &Place, home: &str, manager: &str, change: impl Fn(&mut Value)) {
    for (path, mut body) in paths(home).iter().zip(application()) {
        change(&mut body);
        let path = format!("{path}?fieldManager={manager}");
        place.call(Request::json(Method::POST, path, &body)).unwrap();
    }
}

/// Reads the application; what of it was given, without who it belongs to and what is counted.
fn live(place: &Place, home: &str) -> Vec<Value> {
    let read = |path: &String| {
        let mut live = place.get(&format!("{path}/web")).unwrap();
        live.as_object_mut().unwrap().remove("status");
        let metadata = live["metadata"].as_object_mut().unwrap();
        // A Deployment counts changes of its annotations too: the last-applied one goes.
        for counted in ["managedFields", "resourceVersion", "generation"] {
            metadata.remove(counted);
        }
        metadata["labels"].as_object_mut().unwrap().remove("workloadctl/instance");
        if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
            annotations.remove(LAST_APPLIED);
            annotations.remove("deployment.kubernetes.io/revision");
            if annotations.is_empty() {
                metadata.remove("annotations");
            }
        }
        live
    };
    paths(home).iter().map(read).collect()
}

/// Names the pods by their uids.
fn pods(place: &Place, home: &str) -> Vec<String> {
    let pods = place.get(&format!("/api/v1/namespaces/{home}/pods")).unwrap();
    let uids =
        pods["items"].as_array().unwrap().iter().map(|pod| pod["metadata"]["uid"].to_string());
    let mut uids: Vec<String> = uids.collect();
    uids.sort();
    uids
}

pub(crate) fn await_ready(place: &Place, home: &str) {
    let path = format!("{}/web", paths(home)[0]);
    place.until("the Deployment is ready", Duration::from_secs(60), || {
        place.get(&path).unwrap()["status"]["readyReplicas"] == 2
    });
}

/// Puts a release as Helm keeps it: name, number and status.
pub(crate) fn put_helm_release(
    place: &Place,
    home: &str,
    (name, number, status): (&str, u64, &str),
    manifest: &str,
) {
    let hook = json!({"name": "migrate", "kind": "Job", "path": "shop/templates/migrate.yaml",
        "manifest": "", "events": ["pre-install", "pre-upgrade"]});
    let json = json!({"name": name, "namespace": home, "version": number, "manifest": manifest,
        "info": {"status": status}, "hooks": [hook]});
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(json.to_string().as_bytes()).unwrap();
    let twice = STANDARD.encode(STANDARD.encode(packed.finish().unwrap()));
    let labels =
        json!({"owner": "helm", "name": name, "status": status, "version": number.to_string()});
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "type": "helm.sh/release.v1",
        "metadata": {"name": format!("sh.helm.release.v1.{name}.v{number}"), "labels": labels},
        "data": {"release": twice}});
    place.call(Request::json(Method::POST, &paths(home)[3], &secret)).unwrap();
}

/// Takes what was imported over, and deletes it: nothing of it changes on the way.
fn take_over(place: &Place, home: &str, name: &str) {
    let (before, running) = (live(place, home), pods(place, home));
    assert_eq!(running.len(), 2);
    let plan = place.run(&format!("plan {name} --adopt -o json")).expect(0).json();
    assert_eq!(plan["counts"]["adopt"], 6, "{plan}");
    assert_eq!(plan["objects"].as_array().unwrap().len(), 6, "{plan}");
    assert_eq!(live(place, home), before);
    place.run(&format!("deploy {name} --adopt")).expect(0);
    assert_eq!(live(place, home), before);
    assert_eq!(pods(place, home), running);
    let again = place.run(&format!("deploy {name} -o json")).expect(0).json();
    assert_eq!(again["outcome"], "unchanged", "{again}");
    place.run(&format!("delete {name} --yes")).expect(0);
    for path in paths(home) {
        assert!(place.get(&format!("{path}/web")).is_none(), "{path}");
    }
    place.run(&format!("definition delete {name} --yes")).expect(0);
}

on_both! {
    fn what_kubectl_made_is_imported(place) {
        let home = home(place);
        let name = place.instance("-web");
        create(place, &home, "kubectl-client-side-apply", |body| {
            let applied = format!("{body}\n");
            body["metadata"]["annotations"] = json!({LAST_APPLIED: applied});
        });
        await_ready(place, &home);
        let told = place.run(&format!("import {name} --all -n {home}"));
        snapshot!(place.shown(&told), @r"
        $ workloadctl import NAME-web --all -n NAME-home
        exit code 0
        --- stdout
        OBJECT  RESULT  REASON
        ConfigMap/web  taken  made by kubectl-client-side-apply
        Secret/web  taken  made by kubectl-client-side-apply
        Service/web  taken  made by kubectl-client-side-apply
        ServiceAccount/web  taken  made by kubectl-client-side-apply
        Deployment/web  taken  made by kubectl-client-side-apply
        Role/web  taken  made by kubectl-client-side-apply
        ConfigMap/home  left  instance NAME-home/NAME-home has it
        ConfigMap/kube-root-ca.crt  left  every namespace has it
        Secret/workloadctl.NAME-home  left  the record of an instance
        ServiceAccount/default  left  every namespace has it
        --- stderr
        NAME-web imported: 6 objects on RUNTIME; nothing was written to the cluster
        the values of 1 Secret lie in the database as they are
        hint: workloadctl deploy NAME-web --adopt
        ");
        let shown = place.run(&format!("render --definition {name}")).expect(0).stdout;
        snapshot!(shown, @r#"
        apiVersion: v1
        kind: ConfigMap
        metadata:
          labels:
            app: web
          name: web
        data:
          a: "1"
        ---
        apiVersion: v1
        kind: Secret
        metadata:
          labels:
            app: web
          name: web
        data:
          a: c2VjcmV0
        ---
        apiVersion: v1
        kind: Service
        metadata:
          labels:
            app: web
          name: web
        spec:
          ports:
          - name: http
            port: 80
          selector:
            app: web
          type: NodePort
        ---
        apiVersion: v1
        kind: ServiceAccount
        metadata:
          labels:
            app: web
          name: web
        ---
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          labels:
            app: web
          name: web
        spec:
          replicas: 2
          selector:
            matchLabels:
              app: web
          strategy:
            rollingUpdate:
              maxUnavailable: 0
          template:
            metadata:
              labels:
                app: web
            spec:
              containers:
              - envFrom:
                - secretRef:
                    name: web
                image: registry.k8s.io/pause:3.9
                name: main
                ports:
                - containerPort: 80
                resources:
                  requests:
                    cpu: 10m
                volumeMounts:
                - mountPath: /conf
                  name: conf
              serviceAccountName: web
              volumes:
              - configMap:
                  name: web
                name: conf
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata:
          labels:
            app: web
          name: web
        rules:
        - apiGroups:
          - ""
          resources:
          - pods
          verbs:
          - get
        "#);
        let taken = place.told(&format!("import {name} --all -n {home}"));
        snapshot!(taken, @r"
        $ workloadctl import NAME-web --all -n NAME-home
        exit code 5
        --- stderr
        error: instance `NAME-web` exists on runtime `RUNTIME`
        hint: import it as another one
        ");
        take_over(place, &home, &name);

        // The same by labels, of what was applied on the server.
        for (path, body) in paths(&home).iter().zip(application()) {
            let how = Apply { manager: "kubectl", force: false, dry_run: false };
            place.call(Request::apply(&format!("{path}/web"), &body, &how)).unwrap();
        }
        await_ready(place, &home);
        let none = place.told(&format!("import {name} -l app=none -n {home}"));
        snapshot!(none, @r"
        $ workloadctl import NAME-web -l app=none -n NAME-home
        exit code 1
        --- stderr
        error: nothing in namespace NAME-home with labels app=none can be taken
        ");
        let found = place.run(&format!("import {name} -l app=web -n {home} -o json")).expect(0).json();
        assert_eq!(found["left"], json!([]), "{found}");
        take_over(place, &home, &name);
    }

    fn what_helm_made_is_imported(place) {
        let home = home(place);
        let name = place.instance("-web");
        let annotations = json!({"meta.helm.sh/release-name": "shop", "meta.helm.sh/release-namespace": home});
        create(place, &home, "helm", |body| body["metadata"]["annotations"] = annotations.clone());
        await_ready(place, &home);
        let release = |number: u64, status: &str, manifest: &str| {
            put_helm_release(place, &home, ("shop", number, status), manifest);
        };
        let nowhere = place.instance("-nowhere");
        let told = ["import NAME --all", "import NAME --from-helm shop", "db rebuild"]
            .map(|line| place.told(&format!("{} -n {nowhere}", line.replace("NAME", &name))));
        snapshot!(told.join("\n"), @"
        $ workloadctl import NAME-web --all -n NAME-nowhere
        exit code 1
        --- stderr
        error: runtime `RUNTIME` has no namespace NAME-nowhere

        $ workloadctl import NAME-web --from-helm shop -n NAME-nowhere
        exit code 1
        --- stderr
        error: runtime `RUNTIME` has no namespace NAME-nowhere

        $ workloadctl db rebuild -n NAME-nowhere
        exit code 1
        --- stderr
        error: runtime `RUNTIME` has no namespace NAME-nowhere
        ");
        snapshot!(place.told(&format!("import {name} --from-helm shop -n {home}")), @r"
        $ workloadctl import NAME-web --from-helm shop -n NAME-home
        exit code 1
        --- stderr
        error: Helm has no deployed release shop in namespace NAME-home
        hint: `helm list --namespace NAME-home` shows those there are
        ");
        let gone = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "gone"}});
        let away = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "kube-system"}});
        let mut sent = application().to_vec();
        // Somebody has changed it since.
        sent[2]["data"]["a"] = json!("0");
        sent.extend([gone, away]);
        let documents: Vec<String> =
            sent.iter().map(|body| format!("---\n# Source: shop/templates/a.yaml\n{body}\n")).collect();
        release(1, "pending-install", "---\nkind: Nothing\n");
        snapshot!(place.told(&format!("import {name} --from-helm shop -n {home}")), @"
        $ workloadctl import NAME-web --from-helm shop -n NAME-home
        exit code 1
        --- stderr
        error: Helm has no deployed release shop in namespace NAME-home
          its revision 1 is pending-install
        hint: `-l app.kubernetes.io/instance=shop` takes what runs by its labels
        ");
        release(2, "superseded", "---\nkind: Nothing\n");
        release(3, "deployed", &documents.concat());
        release(4, "failed", "---\nkind: Nothing\n");
        release(11, "pending-upgrade", "---\nkind: Nothing\n");
        snapshot!(place.told(&format!("import {name} --from-helm shop -n {home}")), @r"
        $ workloadctl import NAME-web --from-helm shop -n NAME-home
        exit code 0
        --- stdout
        OBJECT  RESULT  REASON
        ConfigMap/web  taken  Helm release shop in namespace NAME-home, made by helm; changed since Helm sent it: taken as it runs
        Secret/web  taken  Helm release shop in namespace NAME-home, made by helm
        Service/web  taken  Helm release shop in namespace NAME-home, made by helm
        ServiceAccount/web  taken  Helm release shop in namespace NAME-home, made by helm
        Deployment/web  taken  Helm release shop in namespace NAME-home, made by helm
        Role/web  taken  Helm release shop in namespace NAME-home, made by helm
        ConfigMap/a  left  it is in namespace kube-system
        ConfigMap/gone  left  it is not on the cluster
        Job/migrate  left  a hook of Helm: pre-install,pre-upgrade
        --- stderr
        NAME-web imported: 6 objects on RUNTIME; nothing was written to the cluster
        the values of 1 Secret lie in the database as they are
        revision 11 of Helm release shop is pending-upgrade: taken is what revision 3 sent, as it runs
        hint: workloadctl deploy NAME-web --adopt
        ");
        take_over(place, &home, &name);
        // Helm's own are left.
        let path = format!("{}/sh.helm.release.v1.shop.v3", paths(&home)[3]);
        assert!(place.get(&path).is_some());
    }
}
