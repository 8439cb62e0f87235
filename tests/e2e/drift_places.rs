//! What others change in odd places: namespaces that are not the instance's own, objects of the cluster
//! that several instances share, after a deploy that did not wait, while it is paused or being deleted.

use std::fmt::Write as _;

use http::Method;
use serde_json::{Value, json};
use workloadctl::testing::Request;

use crate::{
    harness::Place,
    owners::{collection, deployment, patch, write},
};

const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1/clusterroles";

fn role(name: &str, verb: &str) -> Value {
    json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": name},
        "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": [verb]}]})
}

fn config_map(namespace: Option<&str>, name: &str) -> Value {
    let mut body = json!({"apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": name, "annotations": {"example.com/owner": "us"}},
        "data": {"index.html": "ours"}});
    if let Some(namespace) = namespace {
        body["metadata"]["namespace"] = json!(namespace);
    }
    body
}

/// Gives the sentence of a status about what differs, and its exit code.
fn drift(place: &Place, name: &str) -> String {
    let status = place.run(&format!("status {name} --exit-code"));
    let text = place.shown(&status);
    let lines = text.lines().take_while(|line| !line.starts_with("OBJECT"));
    let told: Vec<&str> = lines.skip(5).filter(|line| !line.starts_with("---")).collect();
    format!("{} {}", status.code, told.join("\n"))
}

/// Gives the paths that `diff` tells of what is live, as JSON.
fn paths(place: &Place, name: &str) -> Vec<String> {
    let diff = place.run(&format!("diff {name} -o json")).json();
    let objects = diff["objects"].as_array().unwrap().iter();
    let paths = objects.flat_map(|object| {
        let changes = object["changes"].as_array().into_iter().flatten();
        changes.map(|change| {
            format!("{}: {}", object["kind"].as_str().unwrap(), change["path"].as_str().unwrap())
        })
    });
    paths.collect()
}

/// Something that somebody does to the objects.
type Edit<'a> = Box<dyn Fn() + 'a>;

on_both! {
    fn what_others_change_is_told_wherever_it_lies(place) {
        let (name, away, own) = (&place.instance(""), &place.instance("-away"), &place.instance("-own"));
        place.write("away.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n");
        place.run(&format!("deploy {away} -f away.yaml")).expect(0);
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": own}});
        let role_name = &format!("{name}-role");
        let mut web = deployment(Some(1), "nginx:1");
        web["metadata"]["namespace"] = json!(own);
        write(place, &[
            namespace, web, config_map(None, "here"), config_map(Some(away), "there"), role(role_name, "get"),
        ]);
        // Nobody has seen it ready: it is compared all the same.
        place.run(&format!("deploy {name} -f set.json --no-wait")).expect(0);
        place.run(&format!("status {name} --wait")).expect(0);
        let here = format!("/api/v1/namespaces/{own}/configmaps/here");
        let there = format!("/api/v1/namespaces/{away}/configmaps/there");
        let web = format!("{}/web", collection(own, "Deployment"));
        let role_path = format!("{RBAC}/{role_name}");
        let owner = json!({"metadata": {"annotations": {"example.com/owner": "them"}}});
        let edits: Vec<(&str, Edit<'_>)> = vec![
            ("nothing", Box::new(|| ())),
            ("edit in a foreign namespace", Box::new(|| {
                patch(place, &there, "kubectl-edit", &json!({"data": {"index.html": "theirs"}}));
            })),
            ("annotate", Box::new(|| patch(place, &here, "kubectl-annotate", &owner))),
            ("replace", Box::new(|| {
                let mut live = place.get(&here).unwrap();
                live["data"]["index.html"] = json!("replaced");
                let path = format!("{here}?fieldManager=kubectl-replace");
                place.call(Request::json(Method::PUT, path, &live)).unwrap();
            })),
            ("an object of the cluster", Box::new(|| {
                let rules = json!({"rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["*"]}]});
                patch(place, &role_path, "kubectl-edit", &rules);
            })),
            ("patch of a status", Box::new(|| {
                let path = format!("{web}/status");
                let conditions = json!({"status": {"conditions": [{"type": "Odd", "status": "True"}]}});
                patch(place, &path, "kubectl-patch", &conditions);
            })),
            ("rollout pause", Box::new(|| {
                patch(place, &web, "kubectl-rollout", &json!({"spec": {"paused": true}}));
            })),
            ("rollout resume", Box::new(|| {
                patch(place, &web, "kubectl-rollout", &json!({"spec": {"paused": null}}));
            })),
            ("patch of the scale", Box::new(|| {
                let path = format!("{web}/scale");
                patch(place, &path, "kubectl-patch", &json!({"spec": {"replicas": 2}}));
            })),
        ];
        let mut told = String::new();
        for (what, edit) in edits {
            edit();
            // What a controller has not seen yet is no drift, and not Healthy either.
            place.run(&format!("status {name} --wait")).expect(0);
            writeln!(told, "{what}: {}", drift(place, name)).unwrap();
            for path in paths(place, name) {
                writeln!(told, "  diff: {path}").unwrap();
            }
            let status = place.run(&format!("status {name} -o json")).json();
            for one in status["drift"].as_array().into_iter().flatten() {
                writeln!(told, "  json: {}", one["path"].as_str().unwrap()).unwrap();
            }
            let deployed = place.run(&format!("deploy {name} -o json")).expect(0).json();
            for warning in deployed["warnings"].as_array().unwrap() {
                writeln!(told, "  {}", place.named(warning.as_str().unwrap())).unwrap();
            }
            place.run(&format!("status {name} --wait")).expect(0);
        }
        snapshot!(told, @r#"
        nothing: 0 
        edit in a foreign namespace: 3 1 object differs from release 1: NAME-away/ConfigMap/there data["index.html"] by kubectl-edit, N s ago
          diff: ConfigMap: data["index.html"]
          json: data["index.html"]
          NAME-away/ConfigMap/there: data["index.html"] was "theirs" (kubectl-edit, N s ago)
        annotate: 3 1 object differs from release 2: NAME-own/ConfigMap/here metadata.annotations["example.com/owner"] by kubectl-annotate, N s ago
          diff: ConfigMap: metadata.annotations["example.com/owner"]
          json: metadata.annotations["example.com/owner"]
          NAME-own/ConfigMap/here: metadata.annotations["example.com/owner"] was "them" (kubectl-annotate, N s ago)
        replace: 3 1 object differs from release 3: NAME-own/ConfigMap/here data["index.html"] by kubectl-replace, N s ago
          diff: ConfigMap: data["index.html"]
          json: data["index.html"]
          NAME-own/ConfigMap/here: data["index.html"] was "replaced" (kubectl-replace, N s ago)
        an object of the cluster: 3 1 object differs from release 4: ClusterRole/NAME-role rules by kubectl-edit, N s ago
          diff: ClusterRole: rules[0].verbs
          json: rules
          ClusterRole/NAME-role: rules was [{"apiGroups":[""],"resources":["pods"],"verbs":["*"]}] (kubectl-edit, N s ago)
        patch of a status: 0 
        rollout pause: 0 others added 1 field
        rollout resume: 0 
        patch of the scale: 3 1 object differs from release 5: NAME-own/Deployment/web spec.replicas by kubectl-patch
          json: spec.replicas
          NAME-own/Deployment/web: spec.replicas is left to "kubectl-patch", which holds it (`--conflicts force` takes it)
        "#);
        let there = place.get(&there).unwrap();
        assert_eq!(there["data"]["index.html"], "ours");
    }

    fn what_another_instance_of_ours_changes_is_no_drift(place) {
        let (one, two) = (&place.instance("-one"), &place.instance("-two"));
        let shared = &format!("{one}-role");
        write(place, &[role(shared, "get"), config_map(None, "conf")]);
        place.run(&format!("deploy {one} --definition {one} -f set.json")).expect(0);
        write(place, &[role(shared, "list"), config_map(None, "conf")]);
        place.run(&format!("deploy {two} --definition {one} -f set.json")).expect(0);
        assert_eq!(place.get(&format!("{RBAC}/{shared}")).unwrap()["rules"][0]["verbs"], json!(["list"]));
        assert_eq!(drift(place, one), "0 ");
        assert_eq!(drift(place, two), "0 ");
    }

    fn what_is_being_deleted_differs_on_purpose(place) {
        let name = &place.instance("");
        write(place, &[config_map(None, "conf"), config_map(None, "held")]);
        place.run(&format!("deploy {name} -f set.json")).expect(0);
        let held = format!("/api/v1/namespaces/{name}/configmaps/held");
        patch(place, &held, "kubectl-edit", &json!({"metadata": {"finalizers": ["example.com/held"]}}));
        place.run(&format!("delete {name} --yes --no-wait")).expect(0);
        let status = place.run(&format!("status {name} -o json")).json();
        assert_eq!(status["status"], "Deleting", "{status}");
        assert!(status.get("drift").is_none(), "{status}");
        patch(place, &held, "kubectl-edit", &json!({"metadata": {"finalizers": null}}));
        place.run(&format!("delete {name} --yes")).expect(0);
    }
}

/// What the server makes of everything that is sent is nobody's change.
#[test]
fn control_plane_what_admission_mutates_is_no_noise() {
    let place = &Place::control_plane("mutated");
    let name = &place.instance("");
    let policies = "/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicies";
    let bindings = "/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicybindings";
    let expression = "Object{metadata: Object.metadata{annotations: {'example.com/injected': 'yes'}}, \
                      spec: Object.spec{template: Object.spec.template{spec: Object.spec.template.spec{\
                      terminationGracePeriodSeconds: 7, containers: [Object.spec.template.spec.containers{\
                      name: 'main', image: 'mirror.example.com/nginx:1'}]}}}}";
    let policy = json!({"apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingAdmissionPolicy",
        "metadata": {"name": name}, "spec": {"failurePolicy": "Fail", "reinvocationPolicy": "Never",
            "matchConstraints": {"resourceRules": [{"apiGroups": ["apps"], "apiVersions": ["v1"],
                "operations": ["CREATE", "UPDATE"], "resources": ["deployments"]}]},
            "matchConditions": [{"name": "here", "expression": format!("request.namespace == '{name}'")}],
            "mutations": [{"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": expression}}]}});
    let binding = json!({"apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingAdmissionPolicyBinding",
        "metadata": {"name": name}, "spec": {"policyName": name}});
    place.call(Request::json(Method::POST, policies, &policy)).unwrap();
    place.call(Request::json(Method::POST, bindings, &binding)).unwrap();
    let web = format!("{}/web", collection(name, "Deployment"));
    let is_mutated =
        |live: &Value| live["metadata"]["annotations"]["example.com/injected"] == "yes";
    // A policy counts a moment after it is made.
    write(place, &[deployment(Some(1), "nginx:1"), config_map(None, "conf")]);
    place.until("the policy counts", std::time::Duration::from_secs(60), || {
        place.run(&format!("deploy {name} -f set.json --restart")).expect(0);
        is_mutated(&place.get(&web).unwrap())
    });
    let live = place.get(&web).unwrap();
    assert_eq!(
        live["spec"]["template"]["spec"]["containers"][0]["image"],
        "mirror.example.com/nginx:1"
    );
    let again = place.run(&format!("deploy {name} -f set.json -o json")).expect(0).json();
    assert_eq!(again["outcome"], "unchanged", "{again}");
    place.run(&format!("diff {name} --exit-code")).expect(0);
    assert_eq!(drift(place, name).split(' ').next(), Some("0"), "{}", drift(place, name));
    // A change shows itself alone.
    write(place, &[deployment(Some(2), "nginx:1"), config_map(None, "conf")]);
    let plan = place.run(&format!("plan {name} -f set.json -o json")).expect(0).json();
    let changed = plan["objects"].as_array().unwrap().iter();
    let changes: Vec<&Value> = changed.filter_map(|object| object.get("changes")).collect();
    assert_eq!(json!(changes), json!([[{"path": "spec.replicas", "old": 1, "new": 2}]]), "{plan}");
    for path in [bindings, policies] {
        place.call(Request::json(Method::DELETE, format!("{path}/{name}"), &json!({}))).unwrap();
    }
}
