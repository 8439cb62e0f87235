//! Who we are: tokens that change, exec plugins, pods.

use std::sync::atomic::{AtomicBool, Ordering};

use super::*;

/// A plugin that notes each run and gives a token with the run's number.
const COUNTING: &str = r#"#!/bin/sh
cd "$(dirname "$0")"
echo run >> runs
n=$(wc -l < runs | tr -d ' ')
printf '%s' "$KUBERNETES_EXEC_INFO" > info
echo "$ARG $1" > arguments
echo '{"kind": "ExecCredential", "status": {"token": "token-'$n'"}}'
"#;
const EXEC: &str = "{exec: {command: ./login, apiVersion: client.authentication.k8s.io/v1beta1, \
                    args: [first], env: [{name: ARG, value: variable}]}}";

fn with_plugin(script: &str, cluster: &str, user: &str) -> Setup {
    Setup::with_files(&[("login", script)], &[], cluster, user)
}

/// A server that takes one token only.
async fn taking(token: &'static str) -> Stub {
    Stub::https(stub::SERVER, move |seen| {
        let fits = seen.header("authorization").as_deref() == Some(token);
        stub::answer(if fits { 200 } else { 401 }, "", "{}")
    })
    .await
}

#[tokio::test]
async fn an_exec_plugin_runs_once_whatever_is_sent() {
    let stub = taking("Bearer token-1").await;
    let setup = with_plugin(COUNTING, &trusting(stub.address, stub::CA), EXEC);
    let first = setup.connect_to("c").await.unwrap();
    let second = setup.connect_to("d").await.unwrap();
    assert_eq!(setup.read("runs"), "", "it runs with the first request");
    let many = (0..8).map(|n| get(if n % 2 == 0 { &first } else { &second }));
    assert_eq!(futures::future::try_join_all(many).await.unwrap(), [200; 8]);
    assert_eq!(setup.read("runs"), "run\n");
    assert_eq!(setup.read("arguments"), "variable first\n");
    assert_eq!(
        setup.read("info"),
        r#"{"apiVersion":"client.authentication.k8s.io/v1beta1","kind":"ExecCredential","spec":{"interactive":false}}"#
    );
}

#[tokio::test]
async fn a_refused_login_is_renewed_once() {
    for (token, status) in [("Bearer token-2", 200), ("Bearer never", 401)] {
        let stub = taking(token).await;
        let setup = with_plugin(COUNTING, &trusting(stub.address, stub::CA), EXEC);
        let connection = setup.connect().await.unwrap();
        for _ in 0..3 {
            assert_eq!(get(&connection).await.unwrap(), status, "{token}");
        }
        assert_eq!(setup.read("runs").lines().count(), 2, "{token}");
    }
}

#[tokio::test]
async fn a_plugin_may_give_a_certificate_and_later_another() {
    let json = serde_json::json!({"status": {
        "clientCertificateData": stub::CLIENT, "clientKeyData": stub::CLIENT_KEY,
    }});
    let script = format!(
        "#!/bin/sh\ncd \"$(dirname \"$0\")\"\necho run >> runs\ncat <<'END'\n{json}\nEND\n"
    );
    let first = AtomicBool::new(true);
    let stub = Stub::https(stub::SERVER, move |_| {
        stub::answer(if first.swap(false, Ordering::Relaxed) { 401 } else { 200 }, "", "{}")
    })
    .await;
    let setup = with_plugin(&script, &trusting(stub.address, stub::CA), EXEC);
    let connection = setup.connect().await.unwrap();
    assert_eq!(get(&connection).await.unwrap(), 200);
    assert_eq!(setup.read("runs").lines().count(), 2);
    let seen = stub.seen();
    assert!(seen.iter().all(|seen| seen.certified));
    assert_ne!(seen[0].connection, seen[1].connection, "the old connection shows the old one");
}

#[tokio::test]
async fn a_plugin_that_fails_says_why() {
    let always = "{exec: {command: ./login, interactiveMode: Always}}";
    let absent = "{exec: {command: no-such-login, installHint: 'brew install it '}}";
    let failing = "#!/bin/sh\necho s3cret\necho 'token has expired' >&2\nexit 3\n";
    let half = "#!/bin/sh\necho 'status: {clientKeyData: x}'\n";
    let soon = "#!/bin/sh\necho 'status: {token: t, expirationTimestamp: soon}'\n";
    for (script, user, message, cause, hint) in [
        (failing, EXEC, "failed (exit status: 3)", "token has expired", "log in again"),
        (
            "#!/bin/sh\necho s3cret\n",
            EXEC,
            "gave an answer that cannot be read",
            "it is not a mapping",
            "",
        ),
        ("#!/bin/sh\necho '{}'\n", EXEC, "gave neither a token nor a client certificate", "", ""),
        (half, EXEC, "gave a certificate without a key, or a key without one", "", ""),
        (soon, EXEC, "gave an expirationTimestamp that is no time", "", ""),
        ("", always, "needs a terminal to ask on", "", "run it on a terminal"),
        ("", absent, "was not found", "", "brew install it"),
        ("", "{exec: {}}", "names no command", "", ""),
    ] {
        let setup = with_plugin(script, "{server: 'http://127.0.0.1:1'}", user);
        let error = get(&setup.connect().await.unwrap()).await.unwrap_err();
        assert_eq!((error.kind.exit_code(), error.code.word()), (7, "exec-plugin"), "{error}");
        assert!(error.message.starts_with("the exec plugin `"), "{error}");
        assert!(error.message.ends_with(message), "{error}");
        assert!(cause.is_empty() || error.causes.iter().any(|text| text == cause), "{error}");
        assert!(!error.causes.concat().contains("s3cret"), "{error}");
        assert_eq!(error.hint.is_some(), !hint.is_empty(), "{error}");
        assert!(error.hint.unwrap_or_default().starts_with(hint));
    }
}

#[tokio::test]
async fn a_plugin_may_answer_in_yaml_and_hear_about_the_cluster() {
    let script = "#!/bin/sh\nprintf '%s' \"$KUBERNETES_EXEC_INFO\" > \"$(dirname \"$0\")/info\"\n\
                  printf 'apiVersion: x\\nstatus:\\n  token: t\\n'\n";
    let stub = taking("Bearer t").await;
    let cluster = trusting(stub.address, stub::CA);
    let user = "{exec: {command: ./login, provideClusterInfo: true}}";
    let setup = with_plugin(script, &cluster, user);
    assert_eq!(get(&setup.connect().await.unwrap()).await.unwrap(), 200);
    let info: serde_json::Value = serde_json::from_str(&setup.read("info")).unwrap();
    assert_eq!(info["spec"]["cluster"]["server"], format!("https://{}", stub.address));
    assert_eq!(info["spec"]["cluster"]["certificate-authority-data"], b64(stub::CA));
}

#[tokio::test]
async fn a_token_file_is_trimmed_and_read_again_when_it_is_refused() {
    let stub = taking("Bearer new").await;
    let cluster = trusting(stub.address, stub::CA);
    let user = "{tokenFile: t, token: inline}";
    let setup = Setup::with_files(&[("t", " old\n")], &[], &cluster, user);
    let connection = setup.connect().await.unwrap();
    assert_eq!(get(&connection).await.unwrap(), 401);
    assert_eq!(stub.seen().len(), 1, "the same token again would be in vain");
    assert_eq!(stub.seen()[0].header("authorization").as_deref(), Some("Bearer old"));
    write(setup.folder.path(), "t", "new\r\n");
    assert_eq!(get(&connection).await.unwrap(), 200);
    std::fs::remove_file(setup.folder.path().join("t")).unwrap();
    assert_eq!(get(&connection).await.unwrap(), 200, "what was read last stays");
}

#[tokio::test]
async fn users_that_cannot_be_are_refused() {
    let of_u = "user `u` of the kubeconfig";
    for (user, text) in [
        ("{token: a, username: b}", format!("{of_u} has a token and a password")),
        (
            "{tokenFile: /none}",
            "cannot use the token file /none: No such file or directory (os error 2)".to_owned(),
        ),
        (
            "{token: \"a\\nb\"}",
            "the token of user `u` cannot be used: the token has characters that no token has"
                .to_owned(),
        ),
        (
            "{as-groups: [g]}",
            format!("{of_u} has a uid, groups or extra values to impersonate, but no `as`"),
        ),
        (
            "{auth-provider: {name: gcp}}",
            "the auth provider `gcp` of user `u` is not supported any more".to_owned(),
        ),
    ] {
        let setup = Setup::new(&[], "{server: 'http://127.0.0.1:1'}", user);
        let error = setup.connect().await.err().unwrap();
        assert_eq!((error.kind.exit_code(), error.to_string()), (2, text));
    }
}

#[tokio::test]
async fn credentials_do_not_go_over_the_net_in_the_clear() {
    // the stub plays the proxy and the server behind it
    let stub = Stub::http(|_| stub::answer(200, "", "")).await;
    let proxied = format!("proxy-url: 'http://{}'", stub.address);
    for (server, expected) in [("localhost:1", Some("Bearer t")), ("cluster.example", None)] {
        let cluster = format!("{{server: 'http://{server}', {proxied}}}");
        let setup = Setup::new(&[], &cluster, "{token: t, as: jane}");
        let connection = setup.connect().await.unwrap();
        get(&connection).await.unwrap();
        let warning = "who you are is not told to http://cluster.example: it does not speak TLS";
        assert_eq!(connection.warnings(), if expected.is_some() { vec![] } else { vec![warning] });
        let seen = stub.seen().pop().unwrap();
        assert_eq!(seen.line, "GET /version?x=1 HTTP/1.1");
        assert_eq!(seen.header("authorization").as_deref(), expected, "{server}");
        assert_eq!(seen.header("impersonate-user").is_some(), expected.is_some());
    }
}

#[tokio::test]
async fn a_pod_connects_as_its_service_account() {
    let stub = taking("Bearer sa").await;
    let port = stub.address.port().to_string();
    let folder = TempDir::new().unwrap();
    let variables = [("KUBERNETES_SERVICE_HOST", "127.0.0.1"), ("KUBERNETES_SERVICE_PORT", &*port)];
    let account = folder.path().join("serviceaccount");
    let load = |variables: &[(&str, &str)]| {
        Kubeconfig::load(&Env::for_test(variables, folder.path()), None).unwrap()
    };
    let connect_in = async |kubeconfig: &Kubeconfig| {
        connect(kubeconfig, &RuntimeName::InCluster, &ConnectOptions::default()).await
    };
    assert!(!load(&variables).in_pod());
    std::fs::create_dir(&account).unwrap();
    for (name, content) in [("token", "sa\n"), ("ca.crt", stub::CA), ("namespace", "team\n")] {
        write(&account, name, content);
    }
    assert!(load(&variables).in_pod());
    let connection = connect_in(&load(&variables)).await.unwrap();
    assert_eq!(get(&connection).await.unwrap(), 200);
    assert_eq!(connection.client.default_namespace(), "team");
    assert_eq!(connection.kubeconfig_user, None);
    let error = connect_in(&load(&[])).await.err().unwrap();
    assert_eq!((error.kind.exit_code(), error.code.word()), (2, "not-in-cluster"));
}
