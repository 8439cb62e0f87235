//! Where webhooks and policies stand in the order.

use crate::workload::graph::tests::{before, rounds};

/// A configuration with one webhook, of somebody else's server.
fn webhook(rest: &str) -> String {
    format!(
        "{{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingWebhookConfiguration, \
         metadata: {{name: judge}}, webhooks: [{{clientConfig: {{url: 'https://elsewhere'}}, {rest}}}]}}"
    )
}

fn rule(rest: &str) -> String {
    webhook(&format!(
        "rules: [{{apiGroups: [''], apiVersions: [v1], operations: [CREATE], {rest}}}]"
    ))
}

const CONFIG_MAP: &str = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, labels: {app: a}}}";

#[test]
fn webhooks_come_after_what_they_could_match_and_after_nothing_else() {
    let any =
        "rules: [{apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*']}]";
    let selecting = |selector: &str| webhook(&format!("{any}, {selector}"));
    for (could, judge) in [
        (true, selecting("name: a")),
        (true, rule("resources: [configmaps]")),
        (true, rule("resources: ['*/*']")),
        (true, rule("resources: [secrets, 'configmaps/*'], scope: Namespaced")),
        (false, rule("resources: [configmaps], scope: Cluster")),
        (false, rule("resources: [secrets, 'configmaps/status']")),
        (false, webhook("rules: [{apiGroups: [apps], operations: ['*'], resources: ['*']}]")),
        (false, webhook("rules: [{apiGroups: [''], operations: [CONNECT], resources: ['*']}]")),
        (
            true,
            webhook(
                "rules: [{apiGroups: [''], apiVersions: [v2], operations: [UPDATE], resources: ['*']}]",
            ),
        ),
        (
            false,
            webhook(
                "matchPolicy: Exact, rules: [{apiGroups: [''], apiVersions: [v2], operations: [UPDATE], resources: ['*']}]",
            ),
        ),
        (false, webhook("name: a")),
        // What the server knows of every namespace.
        (true, selecting("namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: web}}")),
        (
            false,
            selecting("namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: other}}"),
        ),
        (
            false,
            selecting(
                "namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: NotIn, values: [web]}]}",
            ),
        ),
        (
            true,
            selecting(
                "namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: In, values: [web]}]}",
            ),
        ),
        // Others may have given it that label.
        (true, selecting("namespaceSelector: {matchLabels: {guarded: 'yes'}}")),
        (true, selecting("objectSelector: {matchLabels: {app: a}}")),
        (false, selecting("objectSelector: {matchLabels: {app: b}}")),
        (
            false,
            selecting("objectSelector: {matchExpressions: [{key: app, operator: DoesNotExist}]}"),
        ),
        (true, selecting("objectSelector: {matchExpressions: [{key: app, operator: Exists}]}")),
        (true, selecting("matchConditions: [{name: never, expression: 'false'}]")),
    ] {
        let found =
            before(&format!("{judge}\n---\n{CONFIG_MAP}"), "ValidatingWebhookConfiguration/judge");
        let wanted: &[&str] =
            if could { &["ConfigMap/a applied: it would be judged"] } else { &[] };
        assert_eq!(found, wanted, "{judge}");
    }
}

#[test]
fn policies_and_bindings_come_after_what_they_could_match() {
    let set = |policy: &str, binding: &str| {
        format!(
            "{{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingAdmissionPolicy, metadata: {{name: p}}, \
             spec: {{matchConstraints: {{resourceRules: [{{apiGroups: [''], apiVersions: [v1], operations: [CREATE], resources: [configmaps]{policy}}}]}}}}}}\n---\n\
             {{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingAdmissionPolicyBinding, metadata: {{name: b}}, \
             spec: {{policyName: p{binding}}}}}\n---\n{CONFIG_MAP}\n---\n\
             {{apiVersion: v1, kind: Secret, metadata: {{name: s}}}}"
        )
    };
    let after = ["ConfigMap/a applied: it would be judged"];
    let both = set("", "");
    assert_eq!(before(&both, "ValidatingAdmissionPolicy/p"), after);
    assert_eq!(before(&both, "ValidatingAdmissionPolicyBinding/b"), after);
    let limited = set(
        "",
        ", matchResources: {namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: x}}}",
    );
    assert_eq!(before(&limited, "ValidatingAdmissionPolicy/p"), after);
    assert_eq!(before(&limited, "ValidatingAdmissionPolicyBinding/b"), [""; 0]);
    assert_eq!(
        before(&set(", resourceNames: [b]", ""), "ValidatingAdmissionPolicyBinding/b"),
        [""; 0]
    );
    // A policy of somebody else's: what it matches is not known.
    let foreign = set("", "").replace("policyName: p", "policyName: theirs");
    assert_eq!(
        before(&foreign, "ValidatingAdmissionPolicyBinding/b"),
        ["ConfigMap/a applied: it would be judged", "Secret/s applied: it would be judged"]
    );
}

const SERVED: &str = "
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: judge}
webhooks:
- clientConfig: {service: {name: hook, namespace: web}}
  rules: [{apiGroups: ['GROUP'], apiVersions: [v1], operations: ['*'], resources: ['*']}]
---
{apiVersion: v1, kind: Service, metadata: {name: hook}, spec: {selector: {app: op}}}
---
{apiVersion: apps/v1, kind: Deployment, metadata: {name: op}, spec: {template: {metadata: {labels: {app: op}}}}}
---
{apiVersion: example.com/v1, kind: Backup, metadata: {name: nightly}}
---
{apiVersion: other.com/v1, kind: Other, metadata: {name: other}}
";

#[test]
fn only_custom_resources_come_after_a_webhook_that_the_set_serves() {
    let judge = "MutatingWebhookConfiguration/judge";
    let named = SERVED.replace("GROUP", "example.com");
    let rounds_of = |text: &str| rounds(text).split_off(1);
    assert_eq!(
        rounds_of(&named),
        [vec!["Service/hook", "Deployment/op", "Other/other"], vec![judge], vec!["Backup/nightly"]]
    );
    let everything = SERVED.replace("GROUP", "*");
    assert_eq!(
        rounds_of(&everything),
        [vec!["Service/hook", "Deployment/op", "Backup/nightly", "Other/other"], vec![judge]]
    );
    // Of another's server nobody knows whether it is there.
    let elsewhere = named.replace("namespace: web", "namespace: elsewhere");
    assert_eq!(before(&elsewhere, judge), ["Backup/nightly applied: it would be judged"]);
}

#[test]
fn an_order_that_somebody_asks_for_holds() {
    let job = "{apiVersion: batch/v1, kind: Job, metadata: {name: patch}, spec: {template: {spec: \
               {containers: [{args: ['--webhook-name=judge']}]}}}}";
    let any =
        "rules: [{apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*']}]";
    for text in [format!("{job}\n---\n{}", webhook(any)), format!("{}\n---\n{job}", webhook(any))] {
        let named = ["ValidatingWebhookConfiguration/judge applied: --webhook-name names it"];
        assert_eq!(before(&text, "Job/patch"), named);
        assert_eq!(before(&text, "ValidatingWebhookConfiguration/judge"), [""; 0]);
    }
}

#[test]
fn many_policies_of_many_objects_are_not_edges_by_the_million() {
    use std::fmt::Write as _;
    let mut text = String::new();
    for number in 0..60 {
        let any = "resourceRules: [{apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*']}]";
        writeln!(text, "{{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingAdmissionPolicy, metadata: {{name: p{number}}}, spec: {{matchConstraints: {{{any}}}}}}}\n---").unwrap();
        writeln!(text, "{{apiVersion: v1, kind: ConfigMap, metadata: {{name: c{number}}}}}\n---")
            .unwrap();
    }
    let (_, graph) = crate::workload::graph::tests::build(&text);
    let edges = graph.unwrap().edges.len();
    assert!(edges < 300, "{edges}");
}
