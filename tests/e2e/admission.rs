//! A set never blocks itself: neither its webhooks and policies nor what they do to its own record.

use std::fmt::Write as _;

use serde_json::json;
use workloadctl::testing::Request;

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
    place.until("the webhook is asked", std::time::Duration::from_secs(20), || touch().is_err());
    // A deploy goes on, too.
    place.write(
        "set.yaml",
        &webhook(&name, "'configmaps', 'secrets'", "Ignore").replace("a: '1'", "a: '2'"),
    );
    place.run(&format!("deploy {name} -f set.yaml")).expect(0);
    place.call(Request::json_patch(format!("{path}?fieldManager=kubectl-patch"), &dies)).unwrap();
    place.until("the webhook is asked", std::time::Duration::from_secs(20), || touch().is_err());
    place.run(&format!("delete {name} --yes")).expect(0);
    assert_eq!(place.leftovers(&name), [""; 0]);
    assert_eq!(place.get(&path), None);
}
