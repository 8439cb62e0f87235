//! A set never blocks itself: neither its webhooks and policies nor what they do to its own record.

use std::{
    fmt::Write as _,
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::json;
use workloadctl::testing::{Effect, Fault, Matches, Request, When};

use crate::harness::Place;

const HOOKS: &str = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";

/// A webhook of a server that is not there, for some resources of the instance's namespace.
fn webhook(name: &str, resources: &str, policy: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: guarded}}\ndata: {{a: '1'}}\n---\n\
         apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingWebhookConfiguration\n\
         metadata: {{name: {name}}}\nwebhooks:\n- name: {name}.example.com\n  \
         admissionReviewVersions: [v1]\n  sideEffects: None\n  failurePolicy: {policy}\n  timeoutSeconds: 2\n  \
         namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: {name}}}}}\n  \
         clientConfig: {{url: 'https://127.0.0.1:9/x'}}\n  \
         rules: [{{apiGroups: [''], apiVersions: [v1], operations: [CREATE, UPDATE, DELETE], resources: [{resources}]}}]\n"
    )
}

#[test]
fn control_plane_a_policy_of_the_set_does_not_keep_its_objects_out() {
    let place = &Place::control_plane("own_policy");
    let name = place.instance("");
    let mut set = format!(
        "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicy\nmetadata: {{name: {name}}}\nspec:\n  \
         failurePolicy: Fail\n  \
         matchConstraints: {{resourceRules: [{{apiGroups: [''], apiVersions: [v1], operations: [CREATE, DELETE], resources: [configmaps]}}]}}\n  \
         matchConditions: [{{name: m, expression: \"request.name.startsWith('guarded-') && request.namespace == '{name}'\"}}]\n  \
         validations: [{{expression: 'false'}}]\n---\n\
         apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicyBinding\nmetadata: {{name: {name}}}\n\
         spec: {{policyName: {name}, validationActions: [Deny]}}\n"
    );
    for number in 0..250 {
        writeln!(
            set,
            "---\n{{apiVersion: v1, kind: ConfigMap, metadata: {{name: guarded-{number}}}}}"
        )
        .unwrap();
    }
    place.write("set.yaml", &set);
    place.run(&format!("deploy {name} -f set.yaml")).expect(0);
    place.run(&format!("deploy {name} -f set.yaml")).expect(0);
    place.run(&format!("delete {name} --yes")).expect(0);
    assert_eq!(place.leftovers(&name), [""; 0]);
}

#[test]
fn control_plane_a_dead_webhook_of_the_set_does_not_keep_its_objects_out() {
    let place = &Place::control_plane("own_webhook");
    let name = place.instance("");
    place.write("set.yaml", &webhook(&name, "configmaps", "Fail"));
    place.run(&format!("deploy {name} -f set.yaml")).expect(0);
    place.run(&format!("delete {name} --yes")).expect(0);
    assert_eq!(place.leftovers(&name), [""; 0]);
    assert_eq!(place.get(&format!("{HOOKS}/{name}")), None);
}

/// A webhook that judges Secrets judges the record too.
#[test]
fn control_plane_a_dead_webhook_of_the_set_does_not_lock_its_record() {
    let place = &Place::control_plane("own_record");
    let name = place.instance("");
    place.write("set.yaml", &webhook(&name, "'configmaps', 'secrets'", "Ignore"));
    place.run(&format!("deploy {name} -f set.yaml")).expect(0);
    let path = format!("{HOOKS}/{name}");
    let dies = json!([{"op": "replace", "path": "/webhooks/0/failurePolicy", "value": "Fail"}]);
    place.call(Request::json_patch(format!("{path}?fieldManager=kubectl-patch"), &dies)).unwrap();
    let record = format!("/api/v1/namespaces/{name}/secrets/workloadctl.{name}");
    let touch = json!({"metadata": {"annotations": {"touched": "yes"}}});
    let touch = || place.call(Request::merge_patch(&*format!("{record}?dryRun=All"), &touch));
    place.until("the webhook is asked", Duration::from_secs(20), || touch().is_err());
    // A deploy goes on, too.
    place.write(
        "set.yaml",
        &webhook(&name, "'configmaps', 'secrets'", "Ignore").replace("a: '1'", "a: '2'"),
    );
    place.run(&format!("deploy {name} -f set.yaml")).expect(0);
    place.call(Request::json_patch(format!("{path}?fieldManager=kubectl-patch"), &dies)).unwrap();
    place.until("the webhook is asked", Duration::from_secs(20), || touch().is_err());
    place.run(&format!("delete {name} --yes")).expect(0);
    assert_eq!(place.leftovers(&name), [""; 0]);
    assert_eq!(place.get(&path), None);
}

/// A set as it was found: its webhook, of a server that is not there, judges the set's own record.
fn own_record(name: &str, delay: &str, policy: &str) -> String {
    let app = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: hook}\n\
        spec: {selector: {matchLabels: {app: hook}}, template: {metadata: {labels: {app: hook}, annotations: {test.workloadctl/delay: DELAY}}, \
        spec: {terminationGracePeriodSeconds: 0, containers: [{name: c, image: 'pause:3.9'}]}}}\n---\n\
        apiVersion: v1\nkind: Service\nmetadata: {name: hook}\nspec: {selector: {app: hook}, ports: [{port: 443}]}\n---\n";
    app.replace("DELAY", delay) + &webhook(name, "configmaps, secrets", policy)
}

/// While it is waited for, the holder is renewed: by the first renewal the webhook gives way, and the
/// release has failed.
#[test]
fn control_plane_a_webhook_of_the_set_gives_way_to_renewals_and_outcomes() {
    let place = &Place::control_plane("renewals");
    let name = place.instance("");
    let hook = format!("{HOOKS}/{name}");
    for (delay, patience) in [("50s", 40), ("1s", 20)] {
        place.write("set.yaml", &own_record(&name, delay, "Fail"));
        let deploy = place.start(&format!("deploy {name} -f set.yaml --progress none"));
        let there = || place.get(&hook).is_some();
        place.until("the webhook is there", Duration::from_secs(40), there);
        let record = format!("/api/v1/namespaces/{name}/secrets/workloadctl.{name}");
        let holder = || place.get(&record).unwrap()["data"]["holder"].clone();
        let before = holder();
        // The pod of the first one is not ready yet when it goes.
        place.until("the webhook gave way", Duration::from_secs(patience), || !there());
        if delay == "50s" {
            assert!(before.as_str().is_some_and(|holder| !holder.is_empty()), "{before}");
            place.until("it is renewed", Duration::from_secs(15), || holder() != before);
            assert!(holder().as_str().is_some_and(|holder| !holder.is_empty()), "still held");
        }
        let failed = place.finish(deploy).expect(1);
        snapshot!(place.named(failed.stderr.split_once("error: ").unwrap().1), @r#"
        ValidatingWebhookConfiguration/NAME of `NAME` rejected the record of `NAME` and was taken away again
          Internal error occurred: failed calling webhook "NAME.example.com": failed to call webhook: Post "https://127.0.0.1:9/x?timeout=2s": dial tcp 127.0.0.1:9: connect: connection refused
        hint: leave records out of it: objectSelector: {matchExpressions: [{key: workloadctl/record, operator: DoesNotExist}]}
        "#);
        let status = place.run(&format!("status {name} -o json")).expect(0).json();
        assert_eq!(status["status"], "Unhealthy", "{status}");
    }
    place.write("set.yaml", &own_record(&name, "1s", "Ignore"));
    place.run(&format!("deploy {name} -f set.yaml --lock-wait 0s")).expect(0);
    place.run(&format!("delete {name} --yes")).expect(0);
    assert_eq!(place.leftovers(&name), [""; 0]);
}

/// In a namespace that stays, the record goes by a request of its own, which the webhook judges too.
#[test]
fn control_plane_a_webhook_of_the_set_goes_before_the_record() {
    let place = &Place::control_plane("own_record_given");
    let (name, home) = (place.instance(""), place.instance("h"));
    place.write("conf.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\n");
    place.run(&format!("deploy {home} -f conf.yaml")).expect(0);
    place.write(
        "set.yaml",
        &own_record(&name, "1s", "Ignore")
            .replace(&format!("metadata.name: {name}}}"), &format!("metadata.name: {home}}}")),
    );
    place.run(&format!("deploy {name} -f set.yaml -n {home}")).expect(0);
    let dies = json!([{"op": "replace", "path": "/webhooks/0/failurePolicy", "value": "Fail"}]);
    let path = format!("{HOOKS}/{name}?fieldManager=kubectl-patch");
    place.call(Request::json_patch(path, &dies)).unwrap();
    let record = format!("/api/v1/namespaces/{home}/secrets/workloadctl.{name}");
    let touch = json!({"metadata": {"annotations": {"touched": "yes"}}});
    let touch = || place.call(Request::merge_patch(&*format!("{record}?dryRun=All"), &touch));
    place.until("the webhook is asked", Duration::from_secs(20), || touch().is_err());
    place.run(&format!("delete {name} --yes")).expect(0);
    assert_eq!(place.get(&record), None);
    assert_eq!(place.get(&format!("{HOOKS}/{name}")), None);
    place.run(&format!("delete {home} --yes")).expect(0);
}

const DOWN: &str = "Internal error occurred: failed calling webhook \"x.example.com\": failed to call webhook: \
                    Post \"https://x.web.svc:443/\": dial tcp 10.0.0.1:443: connect: connection refused";

fn rejected(path: &str, when: When, code: u16, message: &'static str) -> Arc<Fault> {
    let matches =
        Matches { method: Some("PATCH"), path: Some(path.to_owned()), ..Matches::default() };
    Arc::new(Fault::new(matches, when, Effect::Rejected(code, message)))
}

const CONF: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\ndata: {a: '1'}\n";

const CRD: &str = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: things.GROUP}\n\
    spec:\n  group: GROUP\n  scope: Namespaced\n  names: {kind: Thing, plural: things}\n  versions:\n  - name: v1\n    served: true\n    storage: true\n    \
    schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {a: {type: string}FIELD}}}}}\n---\n\
    apiVersion: GROUP/v1\nkind: Thing\nmetadata: {name: thing}\nspec: {a: '1'VALUE}\n";

on_both! {
    fn a_webhook_that_does_not_answer_is_waited_for_until_time_is_up_and_named(place) {
        let place = &place.behind_proxy();
        let name = place.instance("");
        place.write("set.yaml", CONF);
        let fault = rejected("/configmaps/conf", When::First(6), 500, DOWN);
        place.faults(&[fault]);
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        place.write("set.yaml", &CONF.replace("'1'", "'2'"));
        place.faults(&[rejected("/configmaps/conf", When::Always, 500, DOWN)]);
        let started = Instant::now();
        let failed = place.run(&format!("deploy {name} -f set.yaml --timeout 4s")).expect(1);
        assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
        assert!(failed.stderr.contains("webhook x.example.com cannot be called"), "{}", failed.stderr);
    }

    fn a_409_that_is_no_conflict_is_not_answered_hundreds_of_times(place) {
        let place = &place.behind_proxy();
        let name = place.instance("");
        place.write("set.yaml", CONF);
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        place.write("set.yaml", &CONF.replace("'1'", "'2'"));
        let denied = "admission webhook \"x.example.com\" denied the request: not today";
        let fault = rejected("/configmaps/conf", When::Always, 409, denied);
        place.faults(&[Arc::clone(&fault)]);
        let failed = place.run(&format!("deploy {name} -f set.yaml")).expect(1);
        assert!(fault.seen() <= 8, "{} requests", fault.seen());
        assert!(failed.stderr.contains("webhook x.example.com denies it"), "{}", failed.stderr);
    }

    fn the_record_is_written_once_the_webhook_of_the_instance_gave_way(place) {
        let place = &place.behind_proxy();
        let name = place.instance("");
        let words = "admission webhook \"own.example.com\" denied the request: no secrets here";
        let set = |value: &str| {
            let set = webhook(&name, "secrets", "Ignore").replace("a: '1'", &format!("a: '{value}'"));
            place.write("set.yaml", &set.replace(&format!("{name}.example.com"), "own.example.com"));
        };
        let record = format!("/secrets/workloadctl.{name}");
        let hook = format!("{HOOKS}/{name}");
        set("1");
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        // At the intent, the deploy goes on with the webhook made anew.
        let before = place.get(&hook).unwrap()["metadata"]["uid"].clone();
        set("2");
        place.faults(&[rejected(&record, When::First(3), 403, words)]);
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        assert_ne!(place.get(&hook).unwrap()["metadata"]["uid"], before);
        // At the outcome, the release has failed.
        set("3");
        let record_written = rejected(&record, When::Nth(2), 403, words);
        place.faults(&[record_written]);
        let failed = place.run(&format!("deploy {name} -f set.yaml")).expect(1);
        let told = format!("ValidatingWebhookConfiguration/{name} of `{name}` rejected the record of `{name}` and was taken away again");
        assert!(failed.stderr.contains(&told), "{}", failed.stderr);
        assert_eq!(place.get(&hook), None);
        place.faults(&[]);
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        // Where it may not be looked at, what it said is the news.
        let matches = Matches { method: Some("GET"), path: Some(hook.clone()), watch: None, ..Matches::default() };
        let hidden = Arc::new(Fault::new(matches, When::Always, Effect::Forbidden));
        place.faults(&[rejected(&record, When::Always, 403, words), hidden]);
        let denied = place.run(&format!("delete {name} --yes -o json")).expect(1).json();
        assert_eq!(denied["error"]["code"], "denied-by-admission", "{denied}");
        place.faults(&[rejected(&record, When::First(3), 403, words)]);
        place.run(&format!("delete {name} --yes")).expect(0);
        assert_eq!(place.leftovers(&name), [""; 0]);
        assert_eq!(place.get(&hook), None);
    }

    /// The server asks a webhook for a moment after its configuration has gone.
    fn the_record_goes_once_the_webhook_of_the_instance_is_not_asked_any_more(place) {
        let place = &place.behind_proxy();
        let (name, home) = (place.instance(""), place.instance("h"));
        let words = "admission webhook \"own.example.com\" denied the request: no secrets here";
        place.write("conf.yaml", CONF);
        place.run(&format!("deploy {home} -f conf.yaml")).expect(0);
        let set = webhook(&name, "secrets", "Ignore").replace(&format!("{name}.example.com"), "own.example.com");
        place.write("set.yaml", &set);
        place.run(&format!("deploy {name} -f set.yaml -n {home}")).expect(0);
        let record = format!("/secrets/workloadctl.{name}");
        let gone = Matches { method: Some("DELETE"), path: Some(record), ..Matches::default() };
        let gone = Arc::new(Fault::new(gone, When::First(3), Effect::Rejected(403, words)));
        place.faults(&[Arc::clone(&gone)]);
        place.run(&format!("delete {name} --yes")).expect(0);
        assert_eq!(gone.seen(), 4);
        assert_eq!(place.get(&format!("/api/v1/namespaces/{home}/secrets/workloadctl.{name}")), None);
        place.run(&format!("delete {home} --yes")).expect(0);
    }

    fn a_new_field_is_waited_for_while_its_definition_is_fresh(place) {
        let place = &place.behind_proxy();
        let name = place.instance("");
        let group = format!("{name}.example.com");
        let set = |field: &str, value: &str| {
            place.write("set.yaml", &CRD.replace("GROUP", &group).replace("FIELD", field).replace("VALUE", value));
        };
        let stale = "failed to create typed patch object (web/thing): .spec.b: field not declared in schema";
        set("", "");
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        set(", b: {type: string}", ", b: '2'");
        snapshot!(place.told(&format!("plan {name} -f set.yaml")).replace(&group, "GROUP"), @"
        $ workloadctl plan NAME -f set.yaml
        exit code 0
        --- stdout
        ACTION  OBJECT  NAMESPACE  REASON
        unchanged  Namespace/NAME  -  -
        update  CustomResourceDefinition/things.NAME.example.com  -  -
        update  Thing/thing  NAME  after its CustomResourceDefinition, which changes with it
        NAME on faulty: 2 to update, 1 unchanged
        ");
        place.faults(&[rejected("/things/thing", When::First(4), 500, stale)]);
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        // Nobody has changed the definition: it is the field that is wrong.
        set(", b: {type: string}", ", b: '3'");
        let fault = rejected("/things/thing", When::Always, 500, stale);
        place.faults(&[Arc::clone(&fault)]);
        place.run(&format!("deploy {name} -f set.yaml")).expect(1);
        assert!(fault.seen() <= 3, "{} requests", fault.seen());
    }
}

/// Its pod is none of this release: nothing that is waited for brings it back.
#[test]
fn somebody_elses_webhook_that_does_not_answer_is_waited_for_a_while() {
    let place = &Place::sandbox("their_webhook").behind_proxy();
    let name = place.instance("");
    place.write("set.yaml", CONF);
    place.faults(&[rejected("/configmaps/conf", When::Always, 500, DOWN)]);
    let started = Instant::now();
    let failed = place.run(&format!("deploy {name} -f set.yaml --timeout 3m")).expect(1);
    let took = started.elapsed();
    assert!((25..50).contains(&took.as_secs()), "{took:?}");
    let told = failed.stderr.split_once("error: ").unwrap().1;
    snapshot!(told, @r#"
    cannot apply ConfigMap/conf (set.yaml:1): webhook x.example.com cannot be called
      Internal error occurred: failed calling webhook "x.example.com": failed to call webhook: Post "https://x.web.svc:443/": dial tcp 10.0.0.1:443: connect: connection refused
      its backend did not answer for N s
    hint: its backend has to run, or its configuration has to go: `kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations` lists them
    "#);
}
