//! The login by OIDC: used, renewed, written back.

use std::sync::{
    Mutex,
    atomic::{AtomicBool, Ordering},
};

use super::*;

/// A token that lasts as long as its claims say.
fn token(claims: &str) -> String {
    let coded = b64(claims).replace('+', "-").replace('/', "_");
    format!("x.{}.y", coded.trim_end_matches('='))
}

fn expired() -> String {
    token(r#"{"exp": 1}"#)
}

fn lasting(name: &str) -> String {
    token(&format!(r#"{{"exp": 4102444800, "name": "{name}"}}"#))
}

/// An issuer that answers requests for tokens by `answer`.
async fn issuer(answer: impl Fn(&stub::ReceivedRequest) -> String + Send + Sync + 'static) -> Stub {
    Stub::http(discovering("http", answer)).await
}

fn discovering(
    scheme: &'static str,
    answer: impl Fn(&stub::ReceivedRequest) -> String + Send + Sync + 'static,
) -> impl Fn(&stub::ReceivedRequest) -> String + Send + Sync + 'static {
    move |seen| match &*seen.line {
        "GET /realm/.well-known/openid-configuration HTTP/1.1" => {
            let endpoint = format!("{scheme}://{}/token", seen.header("host").unwrap());
            stub::answer(200, "", &format!(r#"{{"token_endpoint": "{endpoint}", "x": 1}}"#))
        }
        "POST /token HTTP/1.1" => answer(seen),
        line => panic!("{line}"),
    }
}

fn gives(id: &str, refresh: Option<&str>) -> String {
    let body =
        serde_json::json!({"id_token": id, "refresh_token": refresh, "token_type": "Bearer"});
    stub::answer(200, "", &body.to_string())
}

/// A user with a client `c:d` and more settings.
fn user(issuer: &str, id: &str, more: &str) -> String {
    format!(
        "{{auth-provider: {{name: oidc, config: {{idp-issuer-url: '{issuer}/realm/', \
         client-id: 'c:d', id-token: {id}{more}}}}}}}"
    )
}

fn at(stub: &Stub) -> String {
    format!("http://{}", stub.address)
}

/// A cluster on this machine, and what it is sent.
async fn cluster() -> (Stub, String) {
    let stub = Stub::http(|_| stub::answer(200, "", "{}")).await;
    let cluster = format!("{{server: '{}'}}", at(&stub));
    (stub, cluster)
}

fn bodies(stub: &Stub) -> Vec<String> {
    let posts = stub.seen().into_iter().filter(|seen| seen.line.starts_with("POST"));
    posts.map(|seen| String::from_utf8(seen.body).unwrap()).collect()
}

#[tokio::test]
async fn an_id_token_that_lasts_is_sent_and_nobody_is_asked() {
    let (stub, cluster) = cluster().await;
    let alone = |id: &str| format!("{{auth-provider: {{name: oidc, config: {{id-token: {id}}}}}}}");
    let valid = lasting("a");
    let public = user("https://127.0.0.1:1", &valid, ", refresh-token: r");
    for user in [&alone(&valid), &public] {
        assert_eq!(ask(&cluster, user).await.unwrap(), 200);
        let sent = stub.seen().pop().unwrap().header("authorization");
        assert_eq!(sent, Some(format!("Bearer {valid}")));
    }
    let both = alone(&expired()).replacen('{', "{token: t, ", 1);
    ask(&cluster, &both).await.unwrap();
    let sent = stub.seen().pop().unwrap().header("authorization");
    assert_eq!(sent.as_deref(), Some("Bearer t"), "a token comes before, as in kubectl");
    let error = ask(&cluster, &alone(&expired())).await.unwrap_err();
    assert_eq!((error.kind.exit_code(), error.code.word()), (7, "unauthorized"), "{error}");
    assert_eq!(
        error.to_string(),
        "the OIDC login of user `u` has expired: there is no `refresh-token` in the kubeconfig to \
         renew it by"
    );
    assert!(error.hint.unwrap().starts_with("log in again"));
}

#[tokio::test]
async fn an_expired_login_is_renewed_once_and_written_back() {
    let (stub, cluster) = cluster().await;
    let issuer = issuer(|_| gives(&lasting("new"), Some("r/2"))).await;
    let secret = ", client-secret: 's&t', refresh-token: r+1, mine: 7";
    let setup = Setup::new(&[], &cluster, &user(&at(&issuer), &expired(), secret));
    let before = setup.read("config");
    let (first, second) =
        (setup.connect_to("c").await.unwrap(), setup.connect_to("d").await.unwrap());
    let many = (0..8).map(|n| get(if n % 2 == 0 { &first } else { &second }));
    assert_eq!(futures::future::try_join_all(many).await.unwrap(), [200; 8]);
    let bearer = format!("Bearer {}", lasting("new"));
    assert!(stub.seen().iter().all(|seen| seen.header("authorization").as_ref() == Some(&bearer)));
    assert_eq!(bodies(&issuer), ["grant_type=refresh_token&refresh_token=r%2B1"]);
    let asked = issuer.seen().pop().unwrap();
    // c%3Ad:s%26t
    assert_eq!(asked.header("authorization").as_deref(), Some("Basic YyUzQWQ6cyUyNnQ="));
    let expected = before.replace(&expired(), &lasting("new")).replace("r+1", "r/2");
    assert_eq!(setup.read("config"), expected);
    assert!(first.warnings().is_empty());
    let debug = format!("{:?}", setup.options.plugins);
    assert!(debug.contains("Oidc(u)") && !debug.contains("r/2"), "{debug}");
    // The next command needs no renewal.
    let again = Kubeconfig::load(&setup.kubeconfig.env, Some(Path::new("config"))).unwrap();
    let runtime = RuntimeName::Context("c".to_owned());
    let next = connect(&again, &runtime, &ConnectOptions::default()).await.unwrap();
    assert_eq!(get(&next).await.unwrap(), 200);
    assert_eq!(bodies(&issuer).len(), 1);
}

#[tokio::test]
async fn an_issuer_may_want_the_client_in_the_form_and_that_is_remembered() {
    let public = "&client_id=c%3Ad";
    let with_secret = "&client_id=c%3Ad&client_secret=s";
    for (secret, expected) in
        [("", vec![public; 2]), (", client-secret: s", vec!["", with_secret, with_secret])]
    {
        let first = AtomicBool::new(true);
        let cluster = Stub::http(move |_| {
            stub::answer(if first.swap(false, Ordering::Relaxed) { 401 } else { 200 }, "", "{}")
        })
        .await;
        let issuer = issuer(|seen| match seen.header("authorization") {
            Some(_) => stub::answer(401, "", r#"{"error": "invalid_client"}"#),
            // By our clock it has expired already: the server is to judge.
            None => gives(&expired(), None),
        })
        .await;
        let user = user(&at(&issuer), &expired(), &format!("{secret}, refresh-token: r"));
        let setup = Setup::new(&[], &format!("{{server: '{}'}}", at(&cluster)), &user);
        assert_eq!(get(&setup.connect().await.unwrap()).await.unwrap(), 200);
        let begin = "grant_type=refresh_token&refresh_token=r";
        let expected: Vec<_> = expected.iter().map(|more| format!("{begin}{more}")).collect();
        assert_eq!(bodies(&issuer), expected);
    }
}

#[tokio::test]
async fn a_refused_login_is_renewed_once() {
    for (taken, status, renewals) in [("new", 200, 1), ("never", 401, 1)] {
        let taken = format!("Bearer {}", lasting(taken));
        let stub = Stub::http(move |seen| {
            let fits = seen.header("authorization").as_ref() == Some(&taken);
            stub::answer(if fits { 200 } else { 401 }, "", "{}")
        })
        .await;
        let issuer = issuer(|_| gives(&lasting("new"), None)).await;
        let user = user(&at(&issuer), &lasting("old"), ", client-secret: s, refresh-token: r");
        let setup = Setup::new(&[], &format!("{{server: '{}'}}", at(&stub)), &user);
        let connection = setup.connect().await.unwrap();
        for _ in 0..3 {
            assert_eq!(get(&connection).await.unwrap(), status);
        }
        assert_eq!(bodies(&issuer).len(), renewals);
    }
}

#[tokio::test]
async fn what_others_renewed_meanwhile_is_taken() {
    let (stub, cluster) = cluster().await;
    let user = user("https://127.0.0.1:1", &expired(), ", refresh-token: r");
    let setup = Setup::new(&[], &cluster, &user);
    let connection = setup.connect().await.unwrap();
    let renewed = setup.read("config").replace(&expired(), &lasting("theirs"));
    write(setup.folder.path(), "config", &renewed);
    assert_eq!(get(&connection).await.unwrap(), 200);
    let bearer = format!("Bearer {}", lasting("theirs"));
    assert_eq!(stub.seen()[0].header("authorization"), Some(bearer));
}

#[tokio::test]
async fn a_kubeconfig_that_cannot_be_written_is_warned_of_once() {
    let (_cluster, cluster) = cluster().await;
    let issuer = issuer(|_| gives(&lasting("new"), Some("r2"))).await;
    let user = user(&at(&issuer), &expired(), ", refresh-token: r");
    let setup = Setup::new(&[], &cluster, &user);
    let connection = setup.connect().await.unwrap();
    let file = setup.folder.path().join("config");
    std::fs::remove_file(&file).unwrap();
    for _ in 0..2 {
        assert_eq!(get(&connection).await.unwrap(), 200);
    }
    let warning = format!(
        "the renewed OIDC login of user `u` cannot be kept in {}, so that the next command may need \
         another login: No such file or directory (os error 2)",
        file.display()
    );
    assert_eq!(connection.warnings(), [warning]);
    assert_eq!(bodies(&issuer).len(), 1);
}

#[tokio::test]
async fn an_issuer_is_trusted_by_its_own_authority() {
    let (_cluster, cluster) = cluster().await;
    let answers = discovering("https", |_| gives(&lasting("new"), None));
    let issuer = Stub::https(stub::SERVER, answers).await;
    let url = format!("https://{}", issuer.address);
    let data = format!(", idp-certificate-authority-data: {}", b64(stub::CA));
    let other = format!(", idp-certificate-authority-data: {}", b64(stub::OTHER_CA));
    let file = ", idp-certificate-authority: ca.pem".to_owned();
    for (more, trusted) in [(&data, true), (&file, true), (&other, false)] {
        let user = user(&url, &expired(), &format!("{more}, refresh-token: r"));
        let setup = Setup::with_files(&[("ca.pem", stub::CA)], &[], &cluster, &user);
        match get(&setup.connect().await.unwrap()).await {
            Ok(status) => assert!(trusted && status == 200, "{more}"),
            Err(error) => {
                assert!(!trusted && error.to_string().contains("UnknownIssuer"), "{error}");
                assert_eq!((error.kind.exit_code(), error.code.word()), (7, "unauthorized"));
            }
        }
    }
}

#[tokio::test]
async fn an_issuer_is_reached_through_the_environments_proxy() {
    let (_cluster, cluster) = cluster().await;
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let lines = asked.clone();
    let proxy = Stub::http(move |seen| {
        lines.lock().unwrap().push(seen.line.clone());
        stub::answer(403, "", "")
    })
    .await;
    let user = user(
        "https://idp.example",
        &expired(),
        &format!(", idp-certificate-authority-data: {}, refresh-token: r", b64(stub::CA)),
    );
    let setup = Setup::new(&[("HTTPS_PROXY", &*at(&proxy))], &cluster, &user);
    let error = get(&setup.connect().await.unwrap()).await.unwrap_err();
    assert!(error.to_string().contains("the proxy does not let us through"), "{error}");
    assert_eq!(*asked.lock().unwrap(), ["CONNECT idp.example:443 HTTP/1.1"]);
}

#[tokio::test]
async fn a_login_that_cannot_be_renewed_says_why_and_shows_no_secret() {
    let (_cluster, cluster) = cluster().await;
    let huge = "x".repeat(2 << 20);
    let ended = r#"{"error": "invalid_grant", "error_description": "r3fresh of s3cret ended"}"#;
    let denied = r#"{"error": "unauthorized_client"}"#;
    for (answers, cause) in [
        (
            vec![stub::answer(400, "", ended), stub::answer(401, "", denied)],
            "answers 400 Bad Request: invalid_grant *** of *** ended",
        ),
        (
            vec![stub::answer(401, "", denied), stub::answer(400, "", ended)],
            "answers 400 Bad Request: invalid_grant *** of *** ended",
        ),
        (vec![stub::answer(401, "", "<html>r3fresh"); 2], "answers 401 Unauthorized"),
        (vec![stub::answer(500, "", "r3fresh")], "answers 500 Internal Server Error"),
        (vec![stub::answer(200, "", "r3fresh")], "cannot be understood"),
        (vec![stub::answer(200, "", &huge)], "answers with more than 1048576 bytes"),
        (
            vec![stub::answer(200, "", r#"{"access_token": "r3fresh"}"#)],
            "gave no id_token that is a JWT",
        ),
        (vec![gives("r3fresh", None)], "gave no id_token that is a JWT"),
        (vec![String::new()], "cannot be asked: client error (SendRequest)"),
    ] {
        let left = Mutex::new(answers.into_iter());
        let issuer = issuer(move |_| left.lock().unwrap().next().unwrap()).await;
        let more = ", client-secret: s3cret, refresh-token: r3fresh";
        let setup = Setup::new(&[], &cluster, &user(&at(&issuer), &expired(), more));
        let error = get(&setup.connect().await.unwrap()).await.unwrap_err();
        assert_eq!((error.kind.exit_code(), error.code.word()), (7, "unauthorized"), "{error}");
        assert_eq!(error.message, "the OIDC login of user `u` cannot be renewed");
        let text = error.to_string();
        assert!(text.contains(cause), "{text}\n{cause}");
        assert!(!text.contains("r3fresh") && !text.contains("s3cret"), "{text}");
        assert!(error.hint.is_some(), "{text}");
    }
    let none = user("http://127.0.0.1:1", &expired(), ", refresh-token: r");
    let error = ask(&cluster, &none).await.unwrap_err();
    let discovery = "http://127.0.0.1:1/realm/.well-known/openid-configuration";
    assert!(error.to_string().contains(&format!("{discovery} cannot be asked: ")), "{error}");
}

#[tokio::test]
async fn an_oidc_login_that_cannot_be_is_refused() {
    let (_cluster, cluster) = cluster().await;
    let config = |text: &str| {
        format!("{{auth-provider: {{name: oidc, config: {{refresh-token: r3fresh, {text}}}}}}}")
    };
    for (user, text) in [
        (config("client-id: c"), "it has no `idp-issuer-url`"),
        (config("idp-issuer-url: https://x"), "it has no `client-id`"),
        (
            config("idp-issuer-url: http://idp.example, client-id: c"),
            "its `idp-issuer-url` is none to ask: \"http://idp.example\" is not https",
        ),
        (
            config("idp-issuer-url: https://x, client-id: c, idp-certificate-authority: /none"),
            "cannot read the issuer's certificate authority /none: No such file or directory (os \
             error 2)",
        ),
    ] {
        let error = ask(&cluster, &user).await.unwrap_err();
        assert_eq!((error.kind.exit_code(), error.code.word()), (2, "kubeconfig"), "{error}");
        assert_eq!(error.to_string(), format!("the OIDC login of user `u` cannot be used: {text}"));
    }
    let two =
        config("client-id: c, idp-issuer-url: https://x").replacen('{', "{exec: {command: x}, ", 1);
    let error = ask(&cluster, &two).await.unwrap_err();
    assert_eq!(error.message, "user `u` of the kubeconfig has `exec` and `auth-provider`");
}
