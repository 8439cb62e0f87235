//! What a conflict at a deletion means.

use std::time::Duration;

use super::*;
use crate::{
    cluster::{
        connect::{ConnectOptions, connect},
        kubeconfig::Kubeconfig,
        stub::{self, Stub},
    },
    env::Env,
    workload::{error::ErrorKind, runtime::RuntimeName},
};

async fn api(server: &Stub) -> Api {
    let home = tempfile::TempDir::new().unwrap();
    let text = format!(
        "current-context: c\n\
         contexts: [{{name: c, context: {{cluster: k, user: u}}}}]\n\
         clusters: [{{name: k, cluster: {{server: 'http://{}'}}}}]\n\
         users: [{{name: u, user: {{token: t}}}}]\n",
        server.address
    );
    let file = home.path().join("config");
    std::fs::write(&file, text).unwrap();
    let env = Env::for_test(&[], home.path());
    let kubeconfig = Kubeconfig::load(&env, Some(&file)).unwrap();
    let runtime = RuntimeName::Context("c".into());
    let connection = connect(&kubeconfig, &runtime, &ConnectOptions::default()).await.unwrap();
    Api::new(connection, Duration::from_secs(10))
}

#[tokio::test]
async fn a_conflict_is_an_object_that_is_gone_only_where_it_is() {
    const GOES: &str = r#""deletionTimestamp": "2026-01-01T00:00:00Z""#;
    let object = |uid: &str, version: &str, more: &str| {
        let more = if more.is_empty() { String::new() } else { format!(", {more}") };
        let metadata = format!(r#"{{"uid": "{uid}", "resourceVersion": "{version}"{more}}}"#);
        (200, format!(r#"{{"kind": "ConfigMap", "metadata": {metadata}}}"#))
    };
    let missing = (404, r#"{"kind": "Status", "reason": "NotFound"}"#.to_owned());
    for (what, found, by_uid, by_version) in [
        ("gone", missing, Ok(Sent::Gone), Ok(Some(Sent::Gone))),
        ("another one", object("b", "1", ""), Ok(Sent::Gone), Ok(None)),
        ("refused", object("a", "1", ""), Err(()), Err(())),
        ("changed meanwhile", object("a", "2", ""), Err(()), Ok(None)),
        ("it goes", object("a", "1", GOES), Ok(Sent::Accepted), Ok(Some(Sent::Accepted))),
    ] {
        let stub = Stub::http(move |seen| {
            if seen.line.starts_with("DELETE") {
                stub::answer(409, "", r#"{"kind": "Status", "message": "the hook says no"}"#)
            } else {
                stub::answer(found.0, "", &found.1)
            }
        })
        .await;
        let (api, path) = (api(&stub).await, "/api/v1/namespaces/n/configmaps/x");
        let id = ObjectId::new("", "ConfigMap", Some("n"), "x");
        let refused = |error: Error| {
            assert_eq!((error.kind, error.code.word()), (ErrorKind::Failed, "rejected"), "{what}");
            assert_eq!(error.causes, ["the hook says no"], "{what}");
        };
        let sent = delete(&api, &id, path, "a", Propagation::Background).await.map_err(refused);
        assert_eq!(sent, by_uid, "{what}");
        let live = json!({"metadata": {"uid": "a", "resourceVersion": "1"}});
        let sent =
            delete_version(&api, &id, path, &live, Propagation::Background).await.map_err(refused);
        assert_eq!(sent, by_version, "{what}");
    }
}

#[test]
fn an_answer_tells_whether_the_object_is_gone() {
    let status = |status: &str, uid: &str| json!({"kind": "Status", "status": status, "details": {"uid": uid}});
    let object = |uid: &str, goes: Value| json!({"kind": "Service", "metadata": {"uid": uid, "deletionTimestamp": goes}});
    for (answer, expected) in [
        (status("Success", "a"), true),
        (status("Success", "b"), false),
        (status("Failure", "a"), false),
        // Aggregated servers may say less.
        (json!({"kind": "Status", "status": "Success"}), false),
        (object("a", Value::Null), true),
        (object("b", Value::Null), false),
        (object("a", json!("2026-01-01T00:00:00Z")), false),
        (json!({}), false),
        (Value::Null, false),
    ] {
        assert_eq!(is_gone_at_once(&answer, &json!("a")), expected, "{answer}");
        assert!(!is_gone_at_once(&answer, &Value::Null), "{answer}");
    }
}

#[test]
fn what_a_deletion_waits_for_is_told_whatever_it_is() {
    let object = |finalizers: Value| json!({"metadata": {"finalizers": finalizers}});
    for (finalizers, expected) in [
        (json!(null), ""),
        (json!(["foregroundDeletion"]), "waits for the end of its dependents (foregroundDeletion)"),
        (json!(["orphan"]), "waits until its dependents are let go (orphan)"),
        (json!(["foregroundDeletion", "a/b", "c/d"]), "waits for finalizer a/b, c/d"),
    ] {
        assert_eq!(held_by(&object(finalizers)), expected);
    }
    let mut namespace = object(json!(["a/b"]));
    let condition = |kind: &str, status: &str, message: &str| json!({"type": kind, "status": status, "message": message});
    namespace["status"]["conditions"] = json!([
        condition("NamespaceContentRemaining", "True", "remains"),
        condition("NamespaceFinalizersRemaining", "False", "none"),
        condition("NamespaceDeletionDiscoveryFailure", "True", "a.b/v1 is stale"),
    ]);
    assert_eq!(remaining(&namespace), "a.b/v1 is stale; remains; waits for finalizer a/b");
    assert_eq!(remaining(&object(json!(null))), "is being deleted");
}
