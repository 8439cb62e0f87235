//! Texts by their URL, from a server that redirects, refuses, stalls or sends too much.

use std::path::Path;

use super::*;
use crate::cluster::stub::{self, Stub};

async fn get_at(url: &str) -> Result<Bytes> {
    download(url, 100, &Env::for_test(&[], Path::new("/nowhere"))).await
}

#[tokio::test]
async fn redirects_are_followed_and_answers_are_told_apart() {
    let stub = Stub::http(|request| {
        let path = request.line.split(' ').nth(1).unwrap_or_default();
        let html = "Content-Type: text/html; charset=utf-8";
        match path {
            "/a/moved" => stub::answer(302, "Location: there?x=1#top", ""),
            "/a/there?x=1" => stub::answer(307, "Location: /file", ""),
            "/file" => stub::answer(200, "Content-Type: text/yaml", "kind: A\n"),
            "/round" => stub::answer(301, "Location: /round", ""),
            "/away" => stub::answer(302, "Location: http://files.example/a.yaml", ""),
            "/page" => stub::answer(200, html, "<html>"),
            "/large" => stub::answer(200, "", &"x".repeat(101)),
            "/down" => stub::answer(503, "", "back at five\n"),
            "/cut" => "HTTP/1.1 200 X\r\nContent-Length: 5\r\n\r\nab".to_owned(),
            _ => stub::answer(404, html, "<html>"),
        }
    })
    .await;
    let root = format!("http://{}", stub.address);
    assert_eq!(get_at(&format!("{root}/a/moved")).await.unwrap(), "kind: A\n");
    let seen = stub.seen();
    assert!(seen[0].header("user-agent").unwrap().starts_with("workloadctl/"));
    for (path, exit, code, said) in [
        ("/none", 2, "no-such-source", "cannot read URL: the server answers 404 Not Found"),
        (
            "/down",
            2,
            "download-failed",
            "cannot read URL: the server answers 503 Service Unavailable: back at five",
        ),
        ("/page", 2, "not-text", "URL is a web page, not a manifest"),
        ("/large", 2, "too-large", "URL is larger than 0 MB"),
        (
            "/away",
            2,
            "unsupported-source",
            "URL redirects to http://files.example/a.yaml, which is not https",
        ),
        (
            "/round",
            2,
            "download-failed",
            "cannot read URL: more than 10 redirects, the last one to ROOT/round",
        ),
    ] {
        let url = format!("{root}{path}");
        let error = get_at(&url).await.unwrap_err();
        assert_eq!((error.kind.exit_code(), error.code.word()), (exit, code), "{error}");
        assert_eq!(
            error.to_string().replace(&url, "URL").replace(&root, "ROOT"),
            said.replace("ROOT/round", "URL")
        );
    }
}

#[tokio::test]
async fn what_is_not_reached_is_told_with_its_cause() {
    let stub = Stub::https(stub::SERVER, |_| stub::answer(200, "", "")).await;
    let tls = format!("https://localhost:{}", stub.address.port());
    for (url, said) in [
        ("https://no-such-host.invalid/a.yaml", "the host's name cannot be resolved"),
        ("http://127.0.0.1:1/a.yaml", "refused"),
        (tls.as_str(), "certificate"),
    ] {
        let error = get_at(url).await.unwrap_err();
        assert_eq!(error.kind.exit_code(), 2, "{error}");
        assert!(
            error.message == format!("cannot read {url}") && error.to_string().contains(said),
            "{error}"
        );
    }
    let closing = Stub::http(|_| String::new()).await;
    let error = get_at(&format!("http://{}", closing.address)).await.unwrap_err();
    assert_eq!((error.code.word(), error.causes.is_empty()), ("download-failed", false));
}

#[tokio::test]
async fn only_what_nobody_can_change_on_the_way_is_read() {
    for (url, said) in [
        ("http://files.example/a.yaml", "http://files.example/a.yaml is not https"),
        ("https:///a.yaml", "https:///a.yaml is no URL"),
        ("https://user:word@files.example/a", "a URL with a login in it is not read"),
    ] {
        let error = get_at(url).await.unwrap_err();
        assert_eq!((error.kind.exit_code(), &*error.message), (2, said));
    }
    assert!(is_loopback("localhost") && is_loopback("[::1]") && is_loopback("127.8.0.1"));
    assert!(!is_loopback("localhost.example") && !is_loopback("10.0.0.1"));
}

#[test]
fn a_redirect_means_a_url() {
    let at: Uri = "https://a.example/b/c?d".parse().unwrap();
    for (location, expected) in [
        ("https://x.example/y", "https://x.example/y"),
        ("//x.example/y", "https://x.example/y"),
        ("/y", "https://a.example/y"),
        ("y?z", "https://a.example/b/y?z"),
        ("?z", "https://a.example/b/c?z"),
    ] {
        assert_eq!(resolve(&at, location), expected);
    }
}

#[test]
fn a_redirect_from_elsewhere_does_not_lead_into_this_machine() {
    let local = "http://127.0.0.1:8080/a.yaml";
    assert!(checked(local, local).is_ok());
    assert!(checked("http://localhost/a", local).is_ok());
    for away in ["https://files.example/a.yaml", "https://localhost/a.yaml"] {
        let error = checked(away, local).unwrap_err();
        assert_eq!(error.message, format!("{away} redirects to {local}, which is not https"));
    }
}
