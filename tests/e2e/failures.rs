//! What keeps pods from being made, or objects from coming and going: each failure with its whole
//! message. What goes wrong in pods is in `evidence`.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use http::Method;
use serde_json::{Value, json};
use workloadctl::testing::{Effect, Fault, Matches, Request, When};

use crate::{
    evidence::{explained, failing, fails, steady},
    harness::{Place, side_by_side},
    owners::write,
};

const DENIED: &str = "configmaps \"conf\" is forbidden: ValidatingAdmissionPolicy 'POLICY' with binding 'POLICY' denied request: none of these";

fn is_sandbox(place: &Place) -> bool {
    place.runtime == "sandbox"
}

/// Lets no pod into a namespace for want of room; gives what a template has to ask for.
fn quota(place: &Place, namespace: &str) -> Value {
    if is_sandbox(place) {
        return json!({"test.workloadctl/refused": "exceeded quota: small, requested: pods=1, used: pods=0, limited: pods=0"});
    }
    let path = format!("/api/v1/namespaces/{namespace}/resourcequotas");
    let quota = json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "small"}, "spec": {"hard": {"pods": "0"}}});
    place.call(Request::json(Method::POST, &*path, &quota)).unwrap();
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "probe"}, "spec": {"containers": [{"name": "a", "image": "a"}]}});
    let probe = || {
        place.call(Request::json(
            Method::POST,
            format!("/api/v1/namespaces/{namespace}/pods?dryRun=All"),
            &pod,
        ))
    };
    place.until("the quota counts", Duration::from_secs(30), || {
        probe().is_err_and(|failure| failure.message().contains("exceeded quota"))
    });
    json!({})
}

/// Lets a policy deny objects of a namespace, through an instance of its own; gives what a template has
/// to ask for, where it denies pods.
fn policy(place: &Place, namespace: &str, resource: &str) -> Value {
    if is_sandbox(place) {
        let words = format!(
            "ValidatingAdmissionPolicy '{namespace}' with binding '{namespace}' denied request: none of these"
        );
        return json!({"test.workloadctl/refused": words});
    }
    let version = "admissionregistration.k8s.io/v1";
    let rule = json!({"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": [resource]});
    place.write("policy.json", &json!({"apiVersion": "v1", "kind": "List", "items": [
        {"apiVersion": version, "kind": "ValidatingAdmissionPolicy", "metadata": {"name": namespace}, "spec": {
            "matchConstraints": {"resourceRules": [rule]},
            "matchConditions": [{"name": "here", "expression": format!("request.namespace == '{namespace}' && request.name != 'kube-root-ca.crt'")}],
            "validations": [{"expression": "false", "message": "none of these"}],
        }},
        {"apiVersion": version, "kind": "ValidatingAdmissionPolicyBinding", "metadata": {"name": namespace},
            "spec": {"policyName": namespace, "validationActions": ["Deny"]}},
    ]}).to_string());
    let owner = place.instance("p");
    place.run(&format!("deploy {owner} -f policy.json")).expect(0);
    let (probe, path) = match resource {
        "pods" => (
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "probe"}, "spec": {"containers": [{"name": "a", "image": "a"}]}}),
            "pods",
        ),
        _ => (
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "probe"}}),
            "configmaps",
        ),
    };
    let ask = || {
        place.call(Request::json(
            Method::POST,
            format!("/api/v1/namespaces/{namespace}/{path}?dryRun=All"),
            &probe,
        ))
    };
    place.until("the policy judges", Duration::from_secs(60), || {
        ask().is_err_and(|failure| failure.message().contains("denied request"))
    });
    json!({})
}

fn config_map(data: &Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "conf"}, "data": data})
}

/// Deploys something, so that the namespace is there.
fn begun(place: &Place, suffix: &str) -> String {
    let name = place.instance(suffix);
    write(
        place,
        &[json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "first"}})],
    );
    place.run(&format!("deploy {name} -f set.json")).expect(0);
    name
}

on_both! {
    fn a_crash_loop_that_recovers_is_ready(place) {
        let name = place.instance("");
        let asked = json!({"test.workloadctl/fail": "crash-loop", "test.workloadctl/restarts": "1"});
        write(place, &[failing("Deployment", &asked, &json!({}))]);
        snapshot!(explained(place, &format!("deploy {name} -f set.json --progress none --timeout 90s")), @"
        $ workloadctl deploy NAME -f set.json --progress none --timeout 90s
        exit code 0
        --- stdout
        NAME deployed to RUNTIME (release 1, NAME revision 1): 2 created; ready in N s
        namespace NAME
        --- stderr
        runtime RUNTIME: WORKLOADCTL_RUNTIME
        ");
    }

    fn a_trouble_that_has_two_words_is_told_once(place) {
        let name = place.instance("");
        let asked = json!({"test.workloadctl/fail": "image-pull"});
        let mut never = config_map(&json!({}));
        never["metadata"]["annotations"] = json!({"workloadctl/ready-when": "jsonpath={.data.x}"});
        write(place, &[failing("Deployment", &asked, &json!({})), never]);
        // ErrImagePull and ImagePullBackOff take turns.
        let told = place.run(&format!("deploy {name} -f set.json --progress lines --timeout 15s")).expect(3).stderr;
        assert!(told.contains("container app: ImagePullBackOff"), "{told}");
        assert_eq!(told.matches("\nDeployment/web failed: ").count(), 1, "{told}");
    }

    fn a_key_that_a_config_map_lacks_fails_at_once(place) {
        let name = place.instance("");
        let env = json!([{"name": "URL", "valueFrom": {"configMapKeyRef": {"name": "conf", "key": "url"}}}]);
        let asked = json!({"test.workloadctl/fail": "config-error", "test.workloadctl/message": format!("couldn't find key url in ConfigMap {name}/conf")});
        let pod = json!({"containers": [{"name": "app", "image": "web:1", "env": env}]});
        write(place, &[failing("Deployment", &asked, &pod), config_map(&json!({"uri": "x"}))]);
        snapshot!(explained(place, &format!("deploy {name} -f set.json --progress none")), @"
        $ workloadctl deploy NAME -f set.json --progress none
        exit code 3
        --- stdout
        NAME is not ready on RUNTIME (release 1, NAME revision 1): 3 created; after N s
        namespace NAME
        --- stderr
        runtime RUNTIME: WORKLOADCTL_RUNTIME
        error: `NAME` was applied, but is not ready
          Deployment/web: pod web-POD on node-N: container app cannot be created: couldn't find key url in ConfigMap NAME/conf
        ");
    }

    fn a_quota_without_room_is_waited_for_and_told(place) {
        let name = begun(place, "");
        let asked = quota(place, &name);
        write(place, &[failing("Deployment", &asked, &json!({}))]);
        snapshot!(explained(place, &format!("deploy {name} -f set.json --progress none --prune never --timeout 6s")), @"
        $ workloadctl deploy NAME -f set.json --progress none --prune never --timeout 6s
        exit code 3
        --- stdout
        NAME timed out on RUNTIME (release 2, NAME revision 2): 1 created, 2 unchanged; after N s
        namespace NAME
        --- stderr
        error: out of time: `NAME` was applied, but is not ready yet
          Deployment/web: 0 of 1 pods run the newest template: its pods cannot be created: exceeded quota: small, requested: pods=1, used: pods=0, limited: pods=0
        hint: `workloadctl status NAME --wait` goes on waiting, `--timeout` gives more time
        ");
    }

    fn a_policy_that_denies_pods_fails_at_once(place) {
        let name = begun(place, "");
        let asked = policy(place, &name, "pods");
        write(place, &[failing("Deployment", &asked, &json!({}))]);
        snapshot!(explained(place, &format!("deploy {name} -f set.json --progress none --prune never")), @"
        $ workloadctl deploy NAME -f set.json --progress none --prune never
        exit code 3
        --- stdout
        NAME is not ready on RUNTIME (release 2, NAME revision 2): 1 created, 2 unchanged; after N s
        namespace NAME
        --- stderr
        error: `NAME` was applied, but is not ready
          Deployment/web: 0 of 1 pods run the newest template: its pods cannot be created: ValidatingAdmissionPolicy 'NAME' with binding 'NAME' denied request: none of these
        ");
    }

    fn a_policy_that_denies_an_object_is_told_before_anything_is_written(place) {
        let place = &if is_sandbox(place) { place.behind_proxy() } else { place.aside() };
        let name = begun(place, "");
        if is_sandbox(place) {
            let denied: &'static str = DENIED.replace("POLICY", &name).leak();
            let matches = Matches { method: Some("PATCH"), path: Some("/configmaps/conf?".to_owned()), ..Matches::default() };
            place.faults(&[Arc::new(Fault::new(matches, When::Always, Effect::Rejected(422, denied)))]);
        } else {
            policy(place, &name, "configmaps");
        }
        write(place, &[config_map(&json!({})), json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "first"}, "data": {"a": "b"}})]);
        snapshot!(explained(place, &format!("deploy {name} -f set.json --progress none")).replace("faulty", "RUNTIME"), @r#"
        $ workloadctl deploy NAME -f set.json --progress none
        exit code 1
        --- stderr
        error: 1 object stands in the way; nothing was written
          ConfigMap/conf (set.json:1): configmaps "conf" is forbidden: ValidatingAdmissionPolicy 'NAME' with binding 'NAME' denied request: none of these
        "#);
    }

    fn a_log_that_may_not_be_read_or_does_not_come_is_said_and_the_rest_is_told(place) {
        let place = place.behind_proxy();
        let name = place.instance("");
        let mut other = failing("Deployment", &fails("crash-loop"), &json!({}));
        other["metadata"]["name"] = json!("migrate");
        for label in ["/spec/selector/matchLabels/app", "/spec/template/metadata/labels/app"] {
            *other.pointer_mut(label).unwrap() = json!("migrate");
        }
        write(&place, &[failing("Deployment", &fails("crash-loop"), &json!({})), other]);
        let logs = |pod: &str| Matches { path: Some(format!("/pods/{pod}-")), method: Some("GET"), ..Matches::default() };
        let fault = |pod: &str, effect: Effect| Arc::new(Fault::new(logs(pod), When::Always, effect));
        place.faults(&[fault("web", Effect::Forbidden), fault("migrate", Effect::Slow(Duration::from_secs(60)))]);
        let began = Instant::now();
        let told = explained(&place, &format!("deploy {name} -f set.json --progress none --tolerate-restarts 0"));
        assert!(began.elapsed() < Duration::from_secs(40), "{:?}", began.elapsed());
        // The proxy has its own words for each backend.
        let told = regex::Regex::new("(logs may not be read): .*").unwrap().replace_all(&told, "$1: WHY").into_owned();
        snapshot!(told, @r#"
        $ workloadctl deploy NAME -f set.json --progress none --tolerate-restarts 0
        exit code 3
        --- stdout
        NAME is not ready on faulty (release 1, NAME revision 1): 3 created; after N s
        namespace NAME
        --- stderr
        runtime faulty: WORKLOADCTL_RUNTIME
        error: `NAME` was applied, but is not ready
          Deployment/web: pod web-POD on node-N: container app ended with exit code 1, restarted once
          Deployment/migrate: pod migrate-POD on node-N: container app ended with exit code 1, restarted once
        Deployment/web -> pod web-POD on node-N -> container app: CrashLoopBackOff
          logs may not be read: WHY
        Deployment/migrate -> pod migrate-POD on node-N -> container app: CrashLoopBackOff
          logs cannot be read: no answer within 5 s
        cause: Deployment/web: pod web-POD on node-N: container app ended with exit code 1, restarted once
        "#);
    }

    fn a_finalizer_that_nobody_takes_off_is_named(place) {
        let name = place.instance("");
        write(place, &[config_map(&json!({"a": "1"}))]);
        place.run(&format!("deploy {name} -f set.json")).expect(0);
        let path = format!("/api/v1/namespaces/{name}/configmaps/conf");
        let finalizers = |list: Value| place.call(Request::merge_patch(&*path, &json!({"metadata": {"finalizers": list}}))).unwrap();
        finalizers(json!(["acme.io/keep"]));
        place.call(Request::json(Method::DELETE, &*path, &json!({}))).unwrap();
        let deployed = steady(place.told(&format!("deploy {name} -f set.json --progress none --timeout 4s")));
        let deleted = steady(place.told(&format!("delete {name} --yes --progress none --timeout 4s")));
        finalizers(json!(null));
        snapshot!(deployed, @"
        $ workloadctl deploy NAME -f set.json --progress none --timeout 4s
        exit code 1
        --- stdout
        NAME timed out on RUNTIME (release 2, NAME revision 1): 1 unchanged; after N s
        namespace NAME
        --- stderr
        warning: ConfigMap/conf was deleted (N s ago)
        error: out of time: 1 of 2 objects of `NAME` were applied
          ConfigMap/conf (set.json:1): the one before is still being deleted and waits for finalizer acme.io/keep
        hint: `workloadctl deploy NAME` goes on, `--timeout` gives more time
        ");
        snapshot!(deleted, @"
        $ workloadctl delete NAME --yes --progress none --timeout 4s
        exit code 1
        --- stdout
        NAME timed out from RUNTIME (release 2, NAME revision 1); after N s
        --- stderr
        error: out of time: 1 object is still being deleted
          ConfigMap/conf waits for finalizer acme.io/keep
        hint: `workloadctl delete NAME` goes on, `--timeout` gives more time
        ");
        place.run(&format!("delete {name} --yes")).expect(0);
    }
}

/// The sandbox is out of kubectl's reach.
#[test]
fn control_plane_each_failure_names_the_command_that_helps() {
    let place = &Place::control_plane("command_that_helps");
    let init = json!({"initContainers": [{"name": "migrate", "image": "web:1"}]});
    let probe = json!({"containers": [{"name": "app", "image": "web:1", "readinessProbe": {"httpGet": {"path": "/", "port": 80}}}]});
    let key = json!({"test.workloadctl/fail": "config-error", "test.workloadctl/message": "couldn't find key url in ConfigMap a/conf"});
    let none = json!({});
    let nowhere = json!({"nodeSelector": {"disk": "none"}});
    let cases = vec![
        ("i", "Deployment", fails("image-pull"), none.clone()),
        ("c", "Deployment", fails("crash-loop"), none.clone()),
        ("k", "Deployment", key, none.clone()),
        ("j", "Job", fails("job-fail"), none.clone()),
        ("n", "Deployment", fails("init-crash"), init),
        ("r", "Deployment", fails("never-ready"), probe),
        ("u", "Deployment", json!({}), nowhere),
    ];
    let told = std::sync::Mutex::new(Vec::new());
    side_by_side(cases, 4, |(suffix, kind, annotations, pod)| {
        let place = place.elsewhere();
        let name = place.instance(suffix);
        write(&place, &[failing(kind, &annotations, &pod)]);
        let outcome = place
            .run(&format!(
                "deploy {name} -f set.json --progress none --timeout 8s --tolerate-restarts 0"
            ))
            .expect(3);
        let shown = place.named(&outcome.stderr);
        let hints = shown.lines().filter_map(|line| line.trim_start().strip_prefix("hint: "));
        told.lock()
            .unwrap()
            .extend(hints.map(|hint| format!("{suffix}: {}", hint.replace(&name, "NAME"))));
    });
    let mut told = told.into_inner().unwrap();
    told.sort();
    let told = regex::Regex::new(r"web-[a-z0-9]+(-[a-z0-9]{5})?")
        .unwrap()
        .replace_all(&told.join("\n").replace(" --previous", ""), "web-POD")
        .into_owned();
    snapshot!(told, @"
    c: kubectl --context RUNTIME -n NAMEc logs web-POD -c app
    i: kubectl --context RUNTIME -n NAMEi describe pod web-POD
    j: kubectl --context RUNTIME -n NAMEj logs web-POD -c app
    k: kubectl --context RUNTIME -n NAMEk describe configmap conf
    n: kubectl --context RUNTIME -n NAMEn logs web-POD -c migrate
    r: `workloadctl status NAMEr --wait` goes on waiting, `--timeout` gives more time
    r: kubectl --context RUNTIME -n NAMEr describe pod web-POD
    u: `workloadctl status NAMEu --wait` goes on waiting, `--timeout` gives more time
    u: kubectl --context RUNTIME describe nodes
    ");
}
