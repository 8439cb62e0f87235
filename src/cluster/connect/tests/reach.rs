//! Ways to the server: none, none in time, and through proxies.

use crate::workload::error::Code;
use std::{net::SocketAddr, sync::Mutex};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::*;
use crate::{
    cluster::{api::Api, failure::Failure, request::Request},
    workload::object::ObjectId,
};

/// Gives a port on which nothing listens.
async fn nowhere() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

#[tokio::test]
async fn failures_to_reach_a_server_are_told_apart() {
    let nowhere = nowhere().await;
    let closing = Stub::http(|_| String::new()).await;
    let nonsense = Stub::http(|_| "220 smtp.example ESMTP\r\n".to_owned()).await;
    for (server, code, message) in [
        (format!("http://{nowhere}"), "unreachable", "cannot be reached: nothing listens there"),
        (format!("https://{nowhere}"), "unreachable", "cannot be reached: nothing listens there"),
        ("https://no-such-host.invalid:1".to_owned(), "dns", "the host of"),
        (format!("http://{}", closing.address), "unreachable", "failed"),
        (format!("http://{}", nonsense.address), "unreachable", "failed"),
    ] {
        let cluster = format!("{{server: '{server}', insecure-skip-tls-verify: true}}");
        let error = ask(&cluster, "null").await.unwrap_err();
        assert_eq!((error.kind.exit_code(), error.code.word()), (7, code), "{error}");
        assert!(error.message.contains(message) && error.message.contains(&server), "{error}");
        assert_eq!(error.hint.as_deref(), Some("workloadctl runtime check c"));
        let refused = message.ends_with("nothing listens there");
        assert_eq!(error.causes.is_empty(), refused, "{error}");
        assert!(error.causes.len() < 3 && !error.to_string().contains('{'), "{error}");
    }
}

#[tokio::test]
async fn a_kind_like_runtime_gets_a_hint_of_its_own() {
    let cluster = format!("{{server: 'http://{}'}}", nowhere().await);
    let connection = Setup::new(&[], &cluster, "null").connect().await.unwrap();
    for (name, hint) in [
        ("kind-dev", "is the cluster running? `kind get clusters`"),
        ("k3d-dev", "is the cluster running? `k3d cluster list`"),
        ("minikube", "is the cluster running? `minikube status`"),
        ("orbstack", "is orbstack running?"),
        ("prod", "workloadctl runtime check prod"),
    ] {
        let runtime = RuntimeName::Context(name.to_owned());
        let error = get(&Connection { runtime, ..connection.clone() }).await.unwrap_err();
        assert_eq!(error.hint.as_deref(), Some(hint));
    }
}

/// Starts a proxy that tunnels to a fixed address; also gives the heads that it sees.
async fn proxy(target: SocketAddr) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let heads: Arc<Mutex<Vec<String>>> = Arc::default();
    let all = heads.clone();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(client.read_u8().await.unwrap());
            }
            all.lock().unwrap().push(String::from_utf8(head).unwrap());
            client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
            let mut server = TcpStream::connect(target).await.unwrap();
            tokio::spawn(
                async move { tokio::io::copy_bidirectional(&mut client, &mut server).await },
            );
        }
    });
    (address, heads)
}

#[tokio::test]
async fn the_proxy_that_counts_is_used() {
    let stub = tls_stub().await;
    let (proxy, heads) = proxy(stub.address).await;
    let variable = format!("http://me:pa%40ss@{proxy}");
    let local = trusting(stub.address, stub::CA);
    let remote = local.replace(&stub.address.to_string(), "cluster.example:6443");
    let named = |cluster: &str| cluster.replace('}', &format!(", proxy-url: 'http://{proxy}'}}"));
    let to_remote = "CONNECT cluster.example:6443 HTTP/1.1\r\n";
    let to_local = format!("CONNECT {} HTTP/1.1\r\n", stub.address);
    for (cluster, name, no_proxy, expected) in [
        (&remote, "HTTPS_PROXY", "", Some(to_remote)),
        (&remote, "https_proxy", &*proxy.ip().to_string(), Some(to_remote)),
        (&local, "HTTPS_PROXY", "", None),
        (&named(&remote), "HTTP_PROXY", "*", Some(to_remote)),
        (&named(&local), "HTTP_PROXY", "", Some(&*to_local)),
    ] {
        heads.lock().unwrap().clear();
        let variables = [(name, &*variable), ("NO_PROXY", no_proxy)];
        let connection = Setup::new(&variables, cluster, "{token: t}").connect().await.unwrap();
        assert_eq!(get(&connection).await.unwrap(), 200, "{cluster} {name}");
        let head = heads.lock().unwrap().first().cloned();
        assert_eq!(head.is_some(), expected.is_some(), "{cluster} {name}");
        if let (Some(head), Some(expected)) = (head, expected) {
            assert!(head.starts_with(expected), "{head}");
            let login = format!("Proxy-Authorization: Basic {}\r\n", b64("me:pa@ss"));
            assert_eq!(head.contains(&login), name.eq_ignore_ascii_case("https_proxy"), "{head}");
            assert!(!head.contains("Bearer"), "the token goes to the cluster alone");
        }
    }
}

#[tokio::test]
async fn no_proxy_exempts_the_cluster() {
    let variables = [("HTTPS_PROXY", "http://127.0.0.1:1"), ("NO_PROXY", ".invalid")];
    let cluster = "{server: 'https://a.invalid', insecure-skip-tls-verify: true}";
    let connection = Setup::new(&variables, cluster, "null").connect().await.unwrap();
    let error = get(&connection).await.unwrap_err();
    assert_eq!(error.code, Code::Dns, "reached for directly: {error}");
}

#[tokio::test]
async fn a_proxy_that_refuses_is_named_as_the_culprit() {
    let refusing = Stub::http(|_| stub::answer(407, "", "")).await;
    let nowhere = nowhere().await;
    let cluster = "{server: 'https://cluster.example', insecure-skip-tls-verify: true}";
    for (proxy, cause) in [
        (format!("http://{}", refusing.address), "proxy authorization required"),
        (format!("http://{nowhere}"), "Connection refused"),
        (format!("socks5://{nowhere}"), "SOCKS error: failed to create underlying connection"),
        ("http://no-such-proxy.invalid".to_owned(), "failed to lookup address information"),
    ] {
        let variables = [("HTTPS_PROXY", proxy.as_str())];
        let connection = Setup::new(&variables, cluster, "null").connect().await.unwrap();
        let error = get(&connection).await.unwrap_err();
        assert_eq!((error.kind.exit_code(), error.code.word()), (7, "proxy"), "{error}");
        assert!(error.causes.iter().any(|text| text.contains(cause)), "{error}");
    }
    let variables = [("HTTPS_PROXY", "ftp://me:secret@x")];
    let error = Setup::new(&variables, cluster, "null").connect().await.err().unwrap();
    assert_eq!((error.code.word(), error.to_string().contains("secret")), ("proxy", false));
}

#[tokio::test]
async fn something_else_that_answers_is_told_from_an_api_server() {
    let page = "<html><head><title>Log in</title></head></html>";
    for (answer, said) in [
        (stub::answer(200, "", page), "does not answer as a Kubernetes API server does: Log in"),
        (stub::answer(200, "", "ok"), ": expected value at line 1 column 1: ok"),
        (
            stub::answer(302, "Location: /login", page),
            "cannot look at ConfigMap/x: the server sends us elsewhere (302): Log in",
        ),
    ] {
        let stub = Stub::http(move |_| answer.clone()).await;
        let setup = Setup::new(&[], &format!("{{server: '{}'}}", stub.address), "null");
        let api = Api::new(setup.connect().await.unwrap(), Duration::from_secs(10));
        let failure = api.send(Request::get("/api")).await.unwrap_err();
        let error = match failure {
            Failure::NoAnswer(error) => *error,
            failure => {
                let id = ObjectId::new("", "ConfigMap", None, "x");
                failure.explain("get", "cannot look at", &id, None)
            }
        };
        assert_eq!(
            (error.kind.exit_code(), error.code.word()),
            (7, "not-an-api-server"),
            "{error}"
        );
        assert!(error.to_string().ends_with(said), "{error}");
        assert!(error.hint.unwrap().starts_with("check the server's URL in the kubeconfig"));
    }
}
