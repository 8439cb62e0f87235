//! What the user states of the order.

use super::*;

fn config(name: &str, depends: &str) -> String {
    format!(
        "{{apiVersion: v1, kind: ConfigMap, metadata: {{name: {name}, \
         annotations: {{config.kubernetes.io/depends-on: '{depends}'}}}}}}"
    )
}

#[test]
fn stated_dependencies_are_kept() {
    let base = "{apiVersion: batch/v1, kind: Job, metadata: {name: migrate}, spec: {}}\n---\n\
                {apiVersion: v1, kind: ConfigMap, metadata: {name: b, namespace: prod}}\n---\n\
                {apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: r}}";
    let reason = "config.kubernetes.io/depends-on names it";
    for (depends, wanted) in [
        ("batch/namespaces/default/Job/migrate", "Job/migrate"),
        ("batch/namespaces/web/Job/migrate", "Job/migrate"),
        ("batch/Job/migrate", "Job/migrate"),
        ("/namespaces/prod/ConfigMap/b", "ConfigMap/b"),
        ("rbac.authorization.k8s.io/ClusterRole/r", "ClusterRole/r"),
        (" , batch/Job/migrate , ", "Job/migrate"),
    ] {
        let text = format!("{base}\n---\n{}", config("a", depends));
        assert_eq!(
            before(&text, "ConfigMap/a"),
            [format!("{wanted} ready: {reason}")],
            "{depends}"
        );
    }
}

#[test]
fn wrong_dependencies_are_refused() {
    for (depends, code, hint) in [
        (
            "Job/a",
            "invalid-depends-on",
            "for the core group begin with `/`: `/namespaces/web/ConfigMap/app`",
        ),
        (
            "batch/namespaces//Job/a",
            "invalid-depends-on",
            "for the core group begin with `/`: `/namespaces/web/ConfigMap/app`",
        ),
        (
            "/namespaces/elsewhere/ConfigMap/b",
            "unknown-depends-on",
            "write `/namespaces/default/ConfigMap/b`",
        ),
        (
            "/namespaces/default/ConfigMap/c",
            "unknown-depends-on",
            "write `/namespaces/default/ConfigMap/a`",
        ),
    ] {
        let text = format!("{}\n---\n{}", config("a", depends), CONFIG_B);
        let error = build(&text).1.unwrap_err();
        assert_eq!((error.code.word(), error.hint.as_deref()), (code, Some(hint)), "{depends}");
        assert_eq!(error.kind.exit_code(), 2);
        assert!(error.origin.is_some());
    }
}

const CONFIG_B: &str = "{apiVersion: v1, kind: ConfigMap, metadata: {name: b}}";

#[test]
fn a_stated_circle_is_refused_with_its_chain() {
    let target = |name: &str| format!("/namespaces/default/ConfigMap/{name}");
    let text = [
        config("tail", &target("a")),
        config("a", &target("b")),
        config("b", &target("c")),
        config("c", &target("a")),
    ]
    .join("\n---\n");
    let error = build(&text).1.unwrap_err();
    assert_eq!(error.code, Code::DependencyCycle);
    assert_eq!(
        error.causes,
        ["ConfigMap/a waits for ConfigMap/b waits for ConfigMap/c waits for ConfigMap/a"]
    );
}

#[test]
fn what_the_user_states_wins_over_our_rules() {
    let text = "
apiVersion: v1
kind: Pod
metadata: {name: web}
spec: {volumes: [{configMap: {name: conf}}]}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: conf
  annotations: {config.kubernetes.io/depends-on: /namespaces/default/Pod/web}
";
    assert_eq!(rounds(text), [["Namespace/web"], ["Pod/web"], ["ConfigMap/conf"]]);
}
