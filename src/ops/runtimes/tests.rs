use std::sync::Mutex;

use tempfile::TempDir;

use super::*;
use crate::{
    cluster::{
        exec_plugin::ExecPlugins,
        stub::{self, Stub},
    },
    ops::stop::Stop,
    workload::error::{Code, ErrorKind},
};

/// A kubeconfig with the contexts `kind-dev` (current) and `prod`, both on one server.
fn setup(server: &str) -> (TempDir, Kubeconfig, Store) {
    let home = TempDir::new().unwrap();
    let text = format!(
        "current-context: kind-dev\n\
         contexts:\n\
         - {{name: kind-dev, context: {{cluster: k, user: u}}}}\n\
         - {{name: prod, context: {{cluster: k, user: u}}}}\n\
         - {{name: broken, context: {{cluster: gone}}}}\n\
         clusters: [{{name: k, cluster: {{server: '{server}'}}}}]\n\
         users: [{{name: u, user: {{token: t}}}}]\n"
    );
    std::fs::write(home.path().join("config"), text).unwrap();
    let env = Env::for_test(&[], home.path());
    let kubeconfig = kubeconfig(&env, Some(Path::new("config"))).unwrap();
    (home, kubeconfig, Store::in_memory().unwrap())
}

async fn checked(server: &str, names: &[&str]) -> Result<Vec<(RuntimeView, Option<Error>)>> {
    let (home, kubeconfig, store) = setup(server);
    let env = Env::for_test(&[], home.path());
    let session = Session {
        env: &env,
        kubeconfig: &kubeconfig,
        store: &Mutex::new(store),
        database: Some(home.path().join("db")),
        reporter: &(),
        ask: &None::<bool>,
        stop: Stop::channel().1,
        clock: jiff::Timestamp::now,
        runtime: None,
        namespace: None,
        is_declared: false,
        request_timeout: None,
        on_request: None,
        warnings: crate::ops::session::no_warnings(),
        plugins: ExecPlugins::default(),
        pool: crate::ops::session::no_connections(),
        command: String::new(),
    };
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    check(&session, &names).await
}

#[test]
fn contexts_are_listed_with_their_marks() {
    let (_home, kubeconfig, mut store) = setup("https://k");
    set_default(&kubeconfig, &mut store, "prod").unwrap();
    let seen: Vec<_> = list(&kubeconfig, &store)
        .unwrap()
        .into_iter()
        .map(|view| (view.name, view.server, view.default, view.current, view.kind_like))
        .collect();
    let server = || Some("https://k".to_owned());
    assert_eq!(
        seen,
        [
            ("kind-dev".to_owned(), server(), false, true, true),
            ("prod".to_owned(), server(), true, false, false),
            ("broken".to_owned(), None, false, false, false),
            ("sandbox".to_owned(), None, false, false, true),
        ]
    );
}

#[test]
fn only_what_is_there_can_be_the_default() {
    let (_home, kubeconfig, mut store) = setup("https://k");
    for (text, code) in [
        ("prdo", "unknown-context"),
        ("broken", "kubeconfig"),
        ("in-cluster", "not-in-cluster"),
        ("", "unknown-runtime"),
    ] {
        let error = set_default(&kubeconfig, &mut store, text).unwrap_err();
        assert_eq!((error.code.word(), error.kind), (code, ErrorKind::Usage), "{text}");
    }
    assert_eq!(store.default_runtime().unwrap(), None);
    let prod = set_default(&kubeconfig, &mut store, "kubeconfig:prod").unwrap();
    assert_eq!(prod, Some(RuntimeName::Context("prod".into())));
    assert_eq!(store.default_runtime().unwrap().as_deref(), Some("prod"));
    assert_eq!(set_default(&kubeconfig, &mut store, "-").unwrap(), None);
    assert_eq!(store.default_runtime().unwrap(), None);
}

#[tokio::test]
async fn a_runtime_tells_its_version_and_who_we_are() {
    let stub = Stub::http(|seen| match seen.line.split(' ').nth(1) {
        Some("/version") => stub::answer(200, "", r#"{"gitVersion": "v1.36.3"}"#),
        _ => stub::answer(
            201,
            "",
            r#"{"kind": "SelfSubjectReview", "status": {"userInfo": {"username": "me"}}}"#,
        ),
    })
    .await;
    let answers = checked(&format!("http://{}", stub.address), &[]).await.unwrap();
    let [(view, None)] = answers.as_slice() else { panic!("{answers:?}") };
    assert_eq!(view.name, "kind-dev");
    assert_eq!(view.reachable, Some(true));
    assert_eq!(view.version.as_deref(), Some("v1.36.3"));
    assert_eq!(view.user.as_deref(), Some("me"));
}

#[tokio::test]
async fn what_is_wrong_stands_beside_the_runtime() {
    for (version, user, reachable, code, kind) in [
        (
            (401, r#"{"message": "expired"}"#),
            (200, "{}"),
            false,
            Some("unauthorized"),
            Some(ErrorKind::Runtime),
        ),
        ((500, "<html>"), (200, "{}"), false, Some("not-usable"), Some(ErrorKind::Runtime)),
        ((200, "<html>"), (200, "{}"), false, Some("not-an-api-server"), Some(ErrorKind::Runtime)),
        (
            (200, r#"{"gitVersion": "v1"}"#),
            (403, r#"{"message": "no"}"#),
            true,
            Some("forbidden"),
            Some(ErrorKind::Runtime),
        ),
        (
            (200, r#"{"gitVersion": "v1"}"#),
            (404, r#"{"kind": "Status", "reason": "NotFound"}"#),
            true,
            None,
            None,
        ),
        (
            (200, r#"{"gitVersion": "v1"}"#),
            (404, "{}"),
            true,
            Some("not-usable"),
            Some(ErrorKind::Runtime),
        ),
    ] {
        let stub = Stub::http(move |seen| {
            let (code, body) = if seen.line.contains("/version") { version } else { user };
            stub::answer(code, "", body)
        })
        .await;
        let (view, error) =
            checked(&format!("http://{}", stub.address), &["prod"]).await.unwrap().remove(0);
        assert_eq!(view.reachable, Some(reachable), "{version:?} {user:?}");
        assert_eq!(error.as_ref().map(|error| error.code.word()), code, "{version:?} {user:?}");
        assert_eq!(error.as_ref().map(|error| error.kind), kind, "{version:?} {user:?}");
        assert_eq!(view.error.is_some(), error.is_some());
    }
}

#[tokio::test]
async fn one_that_is_no_runtime_ends_the_check_before_it_began() {
    let stub = Stub::http(|_| stub::answer(200, "", "{}")).await;
    let error = checked(&format!("http://{}", stub.address), &["prod", "nope"]).await.unwrap_err();
    assert_eq!(error.code, Code::UnknownContext);
    assert_eq!(stub.seen().len(), 0);
}
