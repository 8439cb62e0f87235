//! Fields and objects that others hold on a live cluster: what is taken over so that it really
//! goes, and what is refused before the first write. What is left to others is in `yielding`.
//!
//! Tools are their managers' names and operations, as a real server records them; kubectl itself
//! runs against the control plane.

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};
use workloadctl::testing::{Apply, Effect, Fault, Matches, Request, When};

use crate::harness::{Outcome, Place};

const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// A namespace to adopt things in, with an instance that keeps it.
fn home(place: &Place) -> String {
    let home = place.instance("-home");
    place.write("home.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: home}\n");
    place.run(&format!("deploy {home} -f home.yaml")).expect(0);
    home
}

pub(crate) fn collection(namespace: &str, kind: &str) -> String {
    match kind {
        "Deployment" => format!("/apis/apps/v1/namespaces/{namespace}/deployments"),
        kind => format!("/api/v1/namespaces/{namespace}/{}s", kind.to_lowercase()),
    }
}

pub(crate) fn config_map(data: &Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "conf"}, "data": data})
}

pub(crate) fn deployment(replicas: Option<u64>, image: &str) -> Value {
    let mut body = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
        "spec": {
            "selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [
                {"name": "main", "image": image, "env": [{"name": "A", "value": "a"}, {"name": "B", "value": "b"}]}]}},
        },
    });
    if let Some(replicas) = replicas {
        body["spec"]["replicas"] = json!(replicas);
    }
    body
}

pub(crate) fn write(place: &Place, objects: &[Value]) {
    let list = json!({"apiVersion": "v1", "kind": "List", "items": objects});
    place.write("set.json", &list.to_string());
}

/// Makes an object as a tool does that updates.
fn create(place: &Place, namespace: &str, manager: &str, body: &Value) {
    let path = collection(namespace, body["kind"].as_str().unwrap());
    place
        .call(Request::json(Method::POST, format!("{path}?fieldManager={manager}"), body))
        .unwrap();
}

/// Applies an object as a tool does that uses server-side apply.
pub(crate) fn apply(place: &Place, path: &str, manager: &str, body: &Value) {
    let how = Apply { manager, force: false, dry_run: false };
    place.call(Request::apply(path, body, &how)).unwrap();
}

pub(crate) fn patch(place: &Place, path: &str, manager: &str, patch: &Value) {
    place.call(Request::merge_patch(format!("{path}?fieldManager={manager}"), patch)).unwrap();
}

fn annotated(mut body: Value, key: &str, value: &str) -> Value {
    body["metadata"]["annotations"][key] = json!(value);
    body
}

pub(crate) fn managers(live: &Value) -> Vec<&str> {
    let entries = live["metadata"]["managedFields"].as_array().unwrap().iter();
    entries.filter_map(|entry| entry["manager"].as_str()).collect()
}

fn version(live: &Value) -> String {
    live["metadata"]["resourceVersion"].as_str().unwrap().to_owned()
}

/// One object of an answer.
pub(crate) fn object<'a>(answer: &'a Value, kind: &str) -> &'a Value {
    let objects = answer["objects"].as_array().unwrap();
    objects.iter().find(|object| object["kind"] == kind).unwrap()
}

pub(crate) fn said(outcome: &Outcome, text: &str) {
    let all = format!("{}{}", outcome.stdout, outcome.stderr);
    assert!(all.contains(text), "{text:?} is not said:\n{all}");
}

/// The data and environment of what is adopted, afterwards.
pub(crate) fn data(place: &Place, namespace: &str) -> Value {
    place.get(&format!("{}/conf", collection(namespace, "ConfigMap"))).unwrap()["data"].clone()
}

on_both! {
    fn what_a_tool_left_behind_goes_when_the_definition_drops_it(place) {
        let home = home(place);
        let path = format!("{}/conf", collection(&home, "ConfigMap"));
        let theirs = json!({"a": "0", "b": "0", "theirs": "0"});
        let last = config_map(&theirs).to_string();
        // How the object is made, and whether its definition is replaced by ours.
        type Make<'a> = Box<dyn Fn(&Value) + 'a>;
        let by = |manager: &'static str| -> Make<'_> {
            Box::new(|body| create(place, &home, manager, body))
        };
        let applied = |manager: &'static str| -> Make<'_> {
            Box::new(|body| apply(place, &path, manager, body))
        };
        let cases: Vec<(&str, Make<'_>, bool)> = vec![
            ("kubectl create", by("kubectl-create"), true),
            ("kubectl apply", Box::new(|body| create(place, &home, "kubectl-client-side-apply", &annotated(body.clone(), LAST_APPLIED, &last))), true),
            ("kubectl apply --server-side", applied("kubectl"), true),
            ("kubectl replace", by("kubectl-replace"), true),
            ("helm 3", by("helm"), true),
            ("helm 4", applied("helm"), true),
            ("kapp", by("kapp"), true),
            ("kubectl edit", by("kubectl-edit"), false),
            ("k9s", by("k9s"), false),
            ("before first apply", Box::new(|body| {
                create(place, &home, "old", body);
                patch(place, &path, "old", &json!({"metadata": {"managedFields": [{}]}}));
            }), false),
            ("before first apply, by kubectl apply", Box::new(|body| {
                create(place, &home, "old", &annotated(body.clone(), LAST_APPLIED, &last));
                patch(place, &path, "old", &json!({"metadata": {"managedFields": [{}]}}));
            }), true),
        ];
        for (index, (tool, make, replaced)) in cases.into_iter().enumerate() {
            let name = place.instance(&format!("-{index}"));
            make(&config_map(&theirs));
            patch(place, &path, "kubectl-annotate", &json!({"metadata": {"annotations": {"note": "stays"}}}));
            patch(place, &path, "kubectl-label", &json!({"metadata": {"labels": {"team": "red"}}}));
            write(place, &[config_map(&json!({"a": "1", "b": "0"}))]);
            place.run(&format!("deploy {name} -n {home} -f set.json")).expect(5);
            place.run(&format!("deploy {name} -n {home} -f set.json --adopt")).expect(0);
            let mut expected = json!({"a": "1", "b": "0"});
            if !replaced {
                expected["theirs"] = json!("0");
            }
            assert_eq!(data(place, &home), expected, "{tool}");
            // b was theirs too, with the same value: no conflict ever told.
            write(place, &[config_map(&json!({"a": "1"}))]);
            place.run(&format!("deploy {name} -f set.json")).expect(0);
            expected.as_object_mut().unwrap().remove("b");
            let live = place.get(&path).unwrap();
            assert_eq!(live["data"], expected, "{tool}");
            assert_eq!(live["metadata"]["annotations"], json!({"note": "stays"}), "{tool}");
            assert_eq!(live["metadata"]["labels"]["team"], "red", "{tool}");
            let unchanged = place.run(&format!("deploy {name} -o json")).expect(0).json();
            assert_eq!(unchanged["outcome"], "unchanged", "{tool}: {unchanged}");
            assert_eq!(version(&place.get(&path).unwrap()), version(&live), "{tool}");
            place.run(&format!("delete {name} --yes")).expect(0);
            assert!(place.get(&path).is_none(), "{tool}");
        }
    }

    fn a_takeover_that_is_killed_at_any_write_converges(place) {
        let home = home(place);
        let path = format!("{}/conf", collection(&home, "ConfigMap"));
        let is_write = |line: &str| {
            ["PATCH", "POST", "PUT"].iter().any(|verb| line.starts_with(verb)) && !line.contains("dryRun")
        };
        let mut killed = true;
        for writes in 1.. {
            let name = place.instance(&format!("-{writes}"));
            let ours = format!("workloadctl:{home}/{name}");
            create(place, &home, "helm", &config_map(&json!({"a": "0", "theirs": "0"})));
            write(place, &[config_map(&json!({"a": "1"}))]);
            let mut running = place.follow(&format!("deploy {name} -n {home} -f set.json --adopt"));
            let mut rewritten = false;
            for _ in 0..writes {
                killed = running.until(|line| {
                    rewritten |= is_write(line) && line.starts_with(&format!("PATCH {path}"));
                    is_write(line)
                });
            }
            if !killed {
                assert_eq!(running.end().code, 0);
                assert!(writes > 4, "record, managedFields, apply, record: {writes}");
                break;
            }
            running.kill();
            if rewritten {
                let live = place.get(&path).unwrap();
                assert!(managers(&live).contains(&&*ours) && !managers(&live).contains(&"helm"), "{live}");
            }
            place.run(&format!("deploy {name} -n {home} -f set.json --adopt --lock-wait 0s")).expect(0);
            assert_eq!(data(place, &home), json!({"a": "1"}), "killed after {writes} writes");
            place.run(&format!("delete {name} --yes")).expect(0);
        }
    }

    fn an_update_without_other_holders_costs_two_requests(place) {
        let name = place.instance("");
        let set = |image: &str| write(place, &[config_map(&json!({"a": image})), deployment(Some(1), image)]);
        set("nginx:1");
        place.run(&format!("deploy {name} -f set.json")).expect(0);
        set("nginx:2");
        let talk = place.run(&format!("deploy {name} -f set.json --no-wait -v")).expect(0).stderr;
        for path in [format!("{}/conf", collection(&name, "ConfigMap")), format!("{}/web", collection(&name, "Deployment"))] {
            // The server is asked first, and told then.
            let sent = talk.lines().filter(|line| line.starts_with(&format!("PATCH {path}")));
            let (asked, written): (Vec<&str>, Vec<&str>) = sent.partition(|line| line.contains("dryRun=All"));
            assert_eq!((asked.len(), written.len()), (1, 1), "{path}:\n{talk}");
            let reads = talk.lines().filter(|line| line.starts_with(&format!("GET {path}"))).count();
            assert!(reads <= 1, "{path}:\n{talk}");
        }
        assert!(!talk.contains("horizontalpodautoscalers"), "{talk}");
    }

    fn what_persons_change_is_taken_back_and_what_they_add_stays(place) {
        let name = place.instance("");
        let path = format!("{}/web", collection(&name, "Deployment"));
        write(place, &[config_map(&json!({"a": "1", "b": "1", "c": "1"})), deployment(Some(1), "nginx:1")]);
        place.run(&format!("deploy {name} -f set.json")).expect(0);
        let conf = format!("{}/conf", collection(&name, "ConfigMap"));
        // b changes and changes back: it is theirs as well as ours then; c changes and stays so.
        patch(place, &conf, "kubectl-edit", &json!({"data": {"b": "2", "c": "2", "added": "x"}}));
        patch(place, &conf, "kubectl-edit", &json!({"data": {"b": "1"}}));
        patch(place, &conf, "kubectl-annotate", &json!({"metadata": {"annotations": {"note": "stays"}}}));
        let env = |name: &str, value: &str| json!([{"name": name, "value": value}]);
        let strategic = |env: Value| json!({"spec": {"template": {"spec": {"containers": [{"name": "main", "env": env}]}}}});
        apply(place, &path, "kubectl", &{
            let mut body = strategic(env("C", "theirs"));
            body["apiVersion"] = json!("apps/v1");
            body["kind"] = json!("Deployment");
            body["metadata"] = json!({"name": "web"});
            body
        });
        patch(place, &path, "kubectl-rollout", &json!({"spec": {"template": {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "now"}}}}}));
        let mut web = deployment(Some(1), "nginx:1");
        web["spec"]["template"]["spec"]["containers"][0]["env"] = env("A", "a");
        write(place, &[config_map(&json!({"a": "1"})), web]);
        place.run(&format!("deploy {name} -f set.json")).expect(0);
        let live = place.get(&conf).unwrap();
        assert_eq!(live["data"], json!({"a": "1", "added": "x"}));
        assert_eq!(live["metadata"]["annotations"], json!({"note": "stays"}));
        let template = &place.get(&path).unwrap()["spec"]["template"];
        let names: Vec<&Value> = template["spec"]["containers"][0]["env"].as_array().unwrap().iter().map(|env| &env["name"]).collect();
        assert_eq!(names, ["A", "C"], "what a person added stays, what we dropped goes");
        assert_eq!(template["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"], "now");
    }

    fn what_the_definition_drops_goes_where_somebody_stripped_all_ownership(place) {
        let name = place.instance("");
        let path = format!("{}/conf", collection(&name, "ConfigMap"));
        write(place, &[config_map(&json!({"a": "1", "b": "1"}))]);
        place.run(&format!("deploy {name} -f set.json")).expect(0);
        patch(place, &path, "kubectl-patch", &json!({"data": {"added": "x"}, "metadata": {"managedFields": [{}]}}));
        write(place, &[config_map(&json!({"a": "1"}))]);
        place.run(&format!("deploy {name} -f set.json")).expect(0);
        assert_eq!(data(place, &name), json!({"a": "1", "added": "x"}));
        let unchanged = place.run(&format!("deploy {name} -o json")).expect(0).json();
        assert_eq!(unchanged["outcome"], "unchanged", "{unchanged}");
    }

    fn fields_of_other_controllers_are_refused_in_one_list_before_anything_is_written(place) {
        let name = place.instance("");
        let path = format!("{}/web", collection(&name, "Deployment"));
        let conf = format!("{}/conf", collection(&name, "ConfigMap"));
        let service = |port: u64| json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"selector": {"app": "web"}, "ports": [{"port": port}]}});
        write(place, &[config_map(&json!({"a.b": "1"})), deployment(Some(1), "nginx:1"), service(80)]);
        place.run(&format!("deploy {name} -f set.json")).expect(0);
        patch(place, &conf, "some-operator", &json!({"data": {"a.b": "theirs"}}));
        let mut theirs = deployment(None, "nginx:9");
        theirs["spec"]["template"]["spec"]["containers"][0]["env"] = json!(null);
        let how = Apply { manager: "argocd-controller", force: true, dry_run: false };
        place.call(Request::apply(&path, &theirs, &how)).unwrap();
        write(place, &[config_map(&json!({"a.b": "2"})), deployment(Some(1), "nginx:2"), service(81)]);
        let before = place.run(&format!("status {name} -o json")).json()["release"].clone();
        let port = || place.get(&format!("{}/web", collection(&name, "Service"))).unwrap()["spec"]["ports"][0]["port"].clone();
        snapshot!(place.told(&format!("deploy {name} -f set.json -o json")), @r#"
        $ workloadctl deploy NAME -f set.json -o json
        exit code 5
        --- stdout
        {
          "apiVersion": "workloadctl/v1alpha1",
          "kind": "Deploy",
          "name": "NAME",
          "definition": "NAME",
          "revision": 2,
          "latestRevision": 2,
          "runtime": "RUNTIME",
          "clusterUid": "UID",
          "namespace": "NAME",
          "namespaceMode": "managed",
          "release": 1,
          "outcome": "refused",
          "createdAt": "TIME",
          "deployedAt": "TIME",
          "deployedBy": "tester@HOST",
          "counts": {
            "unchanged": 1,
            "blocked": 2
          },
          "objects": [
            {
              "kind": "Namespace",
              "name": "NAME",
              "version": "v1",
              "uid": "UID",
              "action": "unchanged"
            },
            {
              "kind": "ConfigMap",
              "namespace": "NAME",
              "name": "conf",
              "version": "v1",
              "uid": "UID",
              "action": "blocked",
              "message": "data.a.b is held by \"some-operator\"",
              "source": {
                "file": "set.json",
                "line": 1
              }
            },
            {
              "group": "apps",
              "kind": "Deployment",
              "namespace": "NAME",
              "name": "web",
              "version": "v1",
              "uid": "UID",
              "action": "blocked",
              "message": "spec.template.spec.containers[name=\"main\"].image is held by \"argocd-controller\", which is Argo CD",
              "images": [
                "nginx:2"
              ],
              "source": {
                "file": "set.json",
                "line": 1
              }
            },
            {
              "kind": "Service",
              "namespace": "NAME",
              "name": "web",
              "version": "v1",
              "uid": "UID",
              "action": "update",
              "source": {
                "file": "set.json",
                "line": 1
              }
            }
          ],
          "error": {
            "code": "field-conflict",
            "exitCode": 5,
            "message": "2 objects stand in the way; nothing was written",
            "causes": [
              "ConfigMap/conf (set.json:1): data.a.b is held by \"some-operator\"",
              "Deployment/web (set.json:1): spec.template.spec.containers[name=\"main\"].image is held by \"argocd-controller\", which is Argo CD"
            ],
            "hint": "`--conflicts force` takes them, `--conflicts yield` leaves them to their holders",
            "object": "ConfigMap/conf",
            "source": {
              "file": "set.json",
              "line": 1
            }
          }
        }
        --- stderr
        error: 2 objects stand in the way; nothing was written
          ConfigMap/conf (set.json:1): data.a.b is held by "some-operator"
          Deployment/web (set.json:1): spec.template.spec.containers[name="main"].image is held by "argocd-controller", which is Argo CD
        hint: `--conflicts force` takes them, `--conflicts yield` leaves them to their holders
        "#);
        assert_eq!(port(), 80, "nothing was written");
        snapshot!(place.told(&format!("deploy --conflicts fail {name} -f set.json")), @r#"
        $ workloadctl deploy --conflicts fail NAME -f set.json
        exit code 5
        --- stderr
        error: 2 objects stand in the way; nothing was written
          ConfigMap/conf (set.json:1): data.a.b is held by "some-operator"
          Deployment/web (set.json:1): spec.template.spec.containers[name="main"].image is held by "argocd-controller", which is Argo CD
        hint: `--conflicts force` takes them, `--conflicts yield` leaves them to their holders
        "#);
        assert_eq!(port(), 80, "nothing was written");
        snapshot!(place.told(&format!("plan {name} -f set.json")), @r#"
        $ workloadctl plan NAME -f set.json
        exit code 5
        --- stdout
        ACTION  OBJECT  NAMESPACE  REASON
        unchanged  Namespace/NAME  -  -
        blocked  ConfigMap/conf  NAME  data.a.b is held by "some-operator"
        blocked  Deployment/web  NAME  spec.template.spec.containers[name="main"].image is held by "argocd-controller", which is Argo CD
        update  Service/web  NAME  -
        NAME on RUNTIME: 1 to update, 1 unchanged, 2 blocked
        --- stderr
        error: 2 objects stand in the way; nothing was written
          ConfigMap/conf (set.json:1): data.a.b is held by "some-operator"
          Deployment/web (set.json:1): spec.template.spec.containers[name="main"].image is held by "argocd-controller", which is Argo CD
        hint: `--conflicts force` takes them, `--conflicts yield` leaves them to their holders
        "#);
        assert_eq!(port(), 80, "nothing was written");
        assert_eq!(place.run(&format!("status {name} -o json")).json()["release"], before);
        let deployed = place.run(&format!("deploy {name} -f set.json --conflicts yield -o json")).expect(0).json();
        assert_eq!(object(&deployed, "ConfigMap")["yielded"], json!([{"field": "data.a.b", "manager": "some-operator"}]), "{deployed}");
        assert_eq!(data(place, &name), json!({"a.b": "theirs"}));
        let again = place.run(&format!("deploy {name} -o json")).expect(0).json();
        assert_eq!(again["outcome"], "unchanged", "what was left is not fought over again: {again}");
        place.run(&format!("deploy {name} --conflicts force")).expect(0);
        assert_eq!(data(place, &name), json!({"a.b": "2"}));
        let image = &place.get(&path).unwrap()["spec"]["template"]["spec"]["containers"][0]["image"];
        assert_eq!(image, "nginx:2");
    }

    fn what_is_not_ours_is_refused_in_one_list_that_says_who_made_it(place) {
        let home = home(place);
        let name = place.instance("");
        let secret = |name: &str| json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": {}});
        let marked = |mut body: Value, map: &str, key: &str, value: &str| {
            body["metadata"][map][key] = json!(value);
            body
        };
        create(place, &home, "kubectl-create", &secret("hand"));
        create(place, &home, "helm", &annotated(annotated(secret("helm"), "meta.helm.sh/release-name", "shop"), "meta.helm.sh/release-namespace", &home));
        create(place, &home, "argocd-controller", &annotated(secret("argo"), "argocd.argoproj.io/tracking-id", "shop:/Secret:x/argo"));
        create(place, &home, "kustomize-controller", &marked(secret("flux"), "labels", "kustomize.toolkit.fluxcd.io/name", "apps"));
        let all = ["hand", "helm", "argo", "flux", "new"].map(secret);
        write(place, &all);
        snapshot!(place.told(&format!("deploy {name} -n {home} -f set.json")), @"
        $ workloadctl deploy NAME -n NAME-home -f set.json
        exit code 5
        --- stderr
        error: 4 objects stand in the way; nothing was written
          Secret/hand (set.json:1): it exists and is not ours: made by kubectl-create
          Secret/helm (set.json:1): it exists and is not ours: Helm release shop in namespace NAME-home, made by helm
          Secret/argo (set.json:1): it exists and is not ours: Argo CD application shop, made by argocd-controller (Argo CD)
          Secret/flux (set.json:1): it exists and is not ours: Flux Kustomization apps, made by kustomize-controller (Flux)
        hint: `--adopt` takes over objects that exist
        ");
        let secrets = collection(&home, "Secret");
        assert!(place.get(&format!("{secrets}/new")).is_none(), "nothing was written");
        assert!(place.get(&format!("{secrets}/workloadctl.{name}")).is_none(), "no record either");
        snapshot!(place.told(&format!("plan {name} -n {home} -f set.json --adopt")), @"
        $ workloadctl plan NAME -n NAME-home -f set.json --adopt
        exit code 0
        --- stdout
        ACTION  OBJECT  NAMESPACE  REASON
        adopt  Secret/hand  NAME-home  made by kubectl-create
        adopt  Secret/helm  NAME-home  Helm release shop in namespace NAME-home, made by helm
        adopt  Secret/argo  NAME-home  Argo CD application shop, made by argocd-controller (Argo CD)
        adopt  Secret/flux  NAME-home  Flux Kustomization apps, made by kustomize-controller (Flux)
        create  Secret/new  NAME-home  -
        NAME on RUNTIME: 1 to create, 4 to adopt
        --- stderr
        warning: Secret/helm: Helm release shop still lists it: `helm uninstall` would delete it
        warning: Secret/argo: Argo CD applies it too, and changes it back until it is taken out there
        warning: Secret/flux: Flux applies it too, and changes it back until it is taken out there
        ");
        snapshot!(place.told(&format!("deploy {name} -n {home} -f set.json --adopt --progress none")), @"
        $ workloadctl deploy NAME -n NAME-home -f set.json --adopt --progress none
        exit code 0
        --- stdout
        NAME deployed to RUNTIME (release 1, NAME revision 1): 1 created, 4 adopted; ready in N s
        namespace NAME-home
        --- stderr
        warning: Secret/helm: Helm release shop still lists it: `helm uninstall` would delete it
        warning: Secret/argo: Argo CD applies it too, and changes it back until it is taken out there
        warning: Secret/flux: Flux applies it too, and changes it back until it is taken out there
        runtime RUNTIME: WORKLOADCTL_RUNTIME
        ");
        place.run(&format!("deploy {name}")).expect(0);
        // What Helm wrote about itself went with its definition.
        let live = place.get(&format!("{secrets}/helm")).unwrap();
        assert_eq!(live["metadata"]["annotations"], Value::Null);
    }

    fn what_an_instance_left_whose_record_is_gone_is_adopted(place) {
        let home = home(place);
        let (before, name) = (place.instance("-before"), place.instance(""));
        write(place, &[config_map(&json!({"a": "0", "b": "0"}))]);
        place.run(&format!("deploy {before} -n {home} -f set.json")).expect(0);
        write(place, &[config_map(&json!({"a": "1"}))]);
        snapshot!(place.told(&format!("deploy {name} -n {home} -f set.json --adopt")), @"
        $ workloadctl deploy NAME -n NAME-home -f set.json --adopt
        exit code 5
        --- stderr
        error: 1 object stands in the way; nothing was written
          ConfigMap/conf (set.json:1): it belongs to the workloadctl instance NAME-home/NAME-before
        ");
        let record = format!("{}/workloadctl.{before}", collection(&home, "Secret"));
        place.call(Request::json(Method::DELETE, &*record, &json!({}))).unwrap();
        snapshot!(place.told(&format!("deploy {name} -n {home} -f set.json")), @"
        $ workloadctl deploy NAME -n NAME-home -f set.json
        exit code 5
        --- stderr
        error: 1 object stands in the way; nothing was written
          ConfigMap/conf (set.json:1): it exists and is not ours: made by the workloadctl instance NAME-home/NAME-before, whose record is gone
        hint: `--adopt` takes over objects that exist
        ");
        place.run(&format!("deploy {name} -n {home} -f set.json --adopt")).expect(0);
        assert_eq!(data(place, &home), json!({"a": "1"}));
        place.run(&format!("delete {before} --forget --yes")).expect(0);
    }

    fn what_an_instance_keeps_and_wants_no_more_is_adopted(place) {
        let home = home(place);
        let (before, name) = (place.instance("-before"), place.instance(""));
        let kept = annotated(config_map(&json!({"a": "0", "b": "0"})), "workloadctl/on-remove", "keep");
        let other = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "other"}});
        write(place, &[kept, other.clone()]);
        place.run(&format!("deploy {before} -n {home} -f set.json")).expect(0);
        let wanted = config_map(&json!({"a": "1"}));
        write(place, std::slice::from_ref(&wanted));
        let refused = place.run(&format!("deploy {name} -n {home} -f set.json --adopt -o json")).expect(5).json();
        assert_eq!(object(&refused, "ConfigMap")["action"], "blocked", "it is wanted: {refused}");
        write(place, std::slice::from_ref(&other));
        place.run(&format!("deploy {before} -f set.json")).expect(0);
        write(place, std::slice::from_ref(&wanted));
        snapshot!(place.told(&format!("deploy {name} -n {home} -f set.json")), @"
        $ workloadctl deploy NAME -n NAME-home -f set.json
        exit code 5
        --- stderr
        error: 1 object stands in the way; nothing was written
          ConfigMap/conf (set.json:1): it exists and is not ours: made by the workloadctl instance NAME-home/NAME-before, which runs revision 2, and is kept, though it left the definition
        hint: `--adopt` takes over objects that exist
        ");
        place.run(&format!("deploy {name} -n {home} -f set.json --adopt")).expect(0);
        let live = place.get(&format!("{}/conf", collection(&home, "ConfigMap"))).unwrap();
        assert_eq!((&live["data"], &live["metadata"]["labels"]["workloadctl/instance"]), (&json!({"a": "1"}), &json!(name)));
        assert_eq!(managers(&live), [format!("workloadctl:{home}/{name}")]);
        // Whose it was leaves it alone, deleted too; whose it is deletes it.
        place.run(&format!("deploy {before}")).expect(0);
        place.run(&format!("delete {before} --yes")).expect(0);
        assert_eq!(data(place, &home), json!({"a": "1"}));
        place.run(&format!("delete {name} --yes")).expect(0);
        assert_eq!(place.get(&format!("{}/conf", collection(&home, "ConfigMap"))), None);
    }

    fn an_adoption_meets_somebody_who_writes_at_that_moment(place) {
        let place = &place.behind_proxy();
        let home = home(place);
        let name = place.instance("");
        create(place, &home, "some-operator", &config_map(&json!({"theirs": "1"})));
        write(place, &[config_map(&json!({"a": "1"}))]);
        let applies = |when| {
            let path = Some("/configmaps/conf?fieldManager=".to_owned());
            let matches = Matches { method: Some("PATCH"), path, ..Matches::default() };
            let fault = Arc::new(Fault::new(matches, when, Effect::Conflict));
            place.faults(&[Arc::clone(&fault)]);
            fault
        };
        let asked = applies(When::Nth(0));
        place.run(&format!("plan {name} -n {home} -f set.json --adopt")).expect(0);
        let met = applies(When::Nth(asked.seen() + 1));
        place.run(&format!("deploy {name} -n {home} -f set.json --adopt")).expect(0);
        assert!(met.seen() > asked.seen() + 1, "it was tried again");
        assert_eq!(data(place, &home), json!({"a": "1", "theirs": "1"}));
    }

    fn a_field_that_a_controller_holds_stops_an_adoption_before_it_begins(place) {
        let home = home(place);
        let name = place.instance("");
        let path = format!("{}/conf", collection(&home, "ConfigMap"));
        create(place, &home, "helm", &config_map(&json!({"a": "0", "b": "0"})));
        patch(place, &path, "some-operator", &json!({"data": {"b": "theirs"}}));
        write(place, &[config_map(&json!({"a": "1", "b": "1"}))]);
        let before = place.get(&path).unwrap();
        snapshot!(place.told(&format!("deploy {name} -n {home} -f set.json --adopt -o json")), @r#"
        $ workloadctl deploy NAME -n NAME-home -f set.json --adopt -o json
        exit code 5
        --- stdout
        {
          "apiVersion": "workloadctl/v1alpha1",
          "kind": "Deploy",
          "name": "NAME",
          "definition": "NAME",
          "revision": 1,
          "latestRevision": 1,
          "runtime": "RUNTIME",
          "clusterUid": "UID",
          "namespace": "NAME-home",
          "namespaceMode": "given",
          "outcome": "refused",
          "counts": {
            "blocked": 1
          },
          "objects": [
            {
              "kind": "ConfigMap",
              "namespace": "NAME-home",
              "name": "conf",
              "version": "v1",
              "action": "blocked",
              "message": "data.b is held by \"some-operator\"",
              "source": {
                "file": "set.json",
                "line": 1
              }
            }
          ],
          "error": {
            "code": "field-conflict",
            "exitCode": 5,
            "message": "1 object stands in the way; nothing was written",
            "causes": [
              "ConfigMap/conf (set.json:1): data.b is held by \"some-operator\""
            ],
            "hint": "`--conflicts force` takes them, `--conflicts yield` leaves them to their holders",
            "object": "ConfigMap/conf",
            "source": {
              "file": "set.json",
              "line": 1
            }
          }
        }
        --- stderr
        error: 1 object stands in the way; nothing was written
          ConfigMap/conf (set.json:1): data.b is held by "some-operator"
        hint: `--conflicts force` takes them, `--conflicts yield` leaves them to their holders
        "#);
        assert_eq!(version(&place.get(&path).unwrap()), version(&before));
        place.run(&format!("deploy {name} -n {home} -f set.json --adopt --conflicts force")).expect(0);
        assert_eq!(data(place, &home), json!({"a": "1", "b": "1"}));
    }
}
