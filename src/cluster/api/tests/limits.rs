//! A server, or what stands before it, that answers without end.

use std::{
    io::{Read as _, Write as _},
    path::Path,
    sync::{Arc, atomic::AtomicUsize},
};

use flate2::{Compression, write::GzEncoder};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use super::*;
use crate::{
    cluster::{
        connect::{ConnectOptions, connect},
        kubeconfig::Kubeconfig,
    },
    env::Env,
    workload::{error::ErrorKind, runtime::RuntimeName},
};

/// Serves the body that a request's path gets, zipped; also counts the requests.
async fn serve(
    body: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static,
) -> (Api, Arc<AtomicUsize>, TempDir) {
    serve_with(move |line| (200, body(line))).await
}

/// Serves code and body.
async fn serve_with(
    body: impl Fn(&str) -> (u16, Vec<u8>) + Send + Sync + 'static,
) -> (Api, Arc<AtomicUsize>, TempDir) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (count, body) = (Arc::new(AtomicUsize::new(0)), Arc::new(body));
    let counted = count.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::Relaxed);
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
            let (code, body) = body(String::from_utf8(head).unwrap().lines().next().unwrap());
            let head = format!(
                "HTTP/1.1 {code} X\r\nConnection: close\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            // Who has read enough closes the connection.
            let _ = stream.write_all(head.as_bytes()).await;
            let _ = stream.write_all(&body).await;
        }
    });
    let home = TempDir::new().unwrap();
    let text = format!(
        "contexts: [{{name: c, context: {{cluster: k}}}}]\n\
         clusters: [{{name: k, cluster: {{server: 'http://{address}'}}}}]\n"
    );
    std::fs::write(home.path().join("config"), text).unwrap();
    let env = Env::for_test(&[], home.path());
    let kubeconfig = Kubeconfig::load(&env, Some(Path::new("config"))).unwrap();
    let runtime = RuntimeName::Context("c".to_owned());
    let connection = connect(&kubeconfig, &runtime, &ConnectOptions::default()).await.unwrap();
    (Api::new(connection, Duration::from_secs(60)), count, home)
}

fn zip(text: impl std::io::Read) -> Vec<u8> {
    let mut zipped = GzEncoder::new(Vec::new(), Compression::fast());
    std::io::copy(&mut { text }, &mut zipped).unwrap();
    zipped.flush().unwrap();
    zipped.finish().unwrap()
}

#[track_caller]
fn too_large(failure: Failure, said: &str) {
    let Failure::NoAnswer(error) = failure else { panic!("{failure:?}") };
    assert_eq!((error.kind, error.code), (ErrorKind::Runtime, Code::TooLarge), "{error:?}");
    let text = error.to_string();
    assert!(text.starts_with("http://127.0.0.1:") && text.contains(said), "{text}");
}

/// A tenth of a megabyte on the wire becomes 100 MB: it is not read to its end, and is asked for
/// once.
#[tokio::test]
async fn an_answer_that_is_zipped_small_is_counted_as_it_is_unzipped() {
    let bomb = zip(std::io::repeat(b' ').take(100 << 20).chain(&b"{}"[..]));
    assert!(bomb.len() < 1 << 20);
    let (api, count, _home) = serve(move |_| bomb.clone()).await;
    too_large(api.send(Request::get("/api/v1/pods/x")).await.unwrap_err(), "more than 64 MiB");
    assert_eq!(count.load(Ordering::Relaxed), 1);
}

/// What is short as text takes many times as much as values.
#[tokio::test]
async fn an_answer_of_very_many_values_is_not_taken_apart() {
    let zeros = zip(format!("[0{}]", ",0".repeat(5 << 20)).as_bytes());
    let (api, ..) = serve(move |_| zeros.clone()).await;
    too_large(api.send(Request::get("/api/v1/pods/x")).await.unwrap_err(), "values");
}

#[tokio::test]
async fn a_page_that_is_too_large_is_asked_for_in_smaller_ones() {
    let (api, count, _home) = serve(|line| {
        let limit: usize =
            line.split_once("limit=").unwrap().1.split([' ', '&']).next().unwrap().parse().unwrap();
        if limit > 100 {
            return zip(std::io::repeat(b' ').take(65 << 20));
        }
        let more = if line.contains("continue") { "" } else { "next" };
        let text = format!(
            r#"{{"kind": "PodList", "metadata": {{"continue": "{more}", "resourceVersion": "1"}}, "items": [1]}}"#
        );
        zip(text.as_bytes())
    })
    .await;
    assert_eq!(api.list("/api/v1/pods", "").await.unwrap().items.len(), 2);
    assert_eq!(count.load(Ordering::Relaxed), 3);
}

#[tokio::test]
async fn a_list_ends_whatever_the_server_says() {
    let page = |items: usize| {
        let items = vec!["1"; items].join(",");
        let text = format!(
            r#"{{"kind": "PodList", "metadata": {{"continue": "again"}}, "items": [{items}]}}"#
        );
        zip(text.as_bytes())
    };
    // A page without end of pages, and one that holds more than was asked for.
    let (small, large) = (page(1), page(200_000));
    let (api, count, _home) = serve(move |_| small.clone()).await;
    too_large(api.list("/api/v1/pods", "").await.unwrap_err(), "pages");
    assert!(count.load(Ordering::Relaxed) <= 2001);
    let (api, count, _home) = serve(move |_| large.clone()).await;
    too_large(api.list("/api/v1/pods", "").await.unwrap_err(), "items in one page");
    assert_eq!(count.load(Ordering::Relaxed), 1);
}

/// What expired on the way is read anew once, in one piece; where that is too large, in pages
/// again. What was read before does not count any more.
#[tokio::test]
async fn a_list_that_expires_is_read_anew_once() {
    const GONE: &[u8] = br#"{"kind": "Status", "code": 410, "reason": "Expired"}"#;
    let page = |more: &str, item: u8| {
        let text = format!(
            r#"{{"kind": "PodList", "metadata": {{"continue": "{more}", "resourceVersion": "1"}}, "items": [{item}]}}"#
        );
        zip(text.as_bytes())
    };
    let first = AtomicUsize::new(0);
    let answer = move |line: &str| match (line.contains("limit="), line.contains("continue=")) {
        (true, true) if line.contains("continue=old") => (410, zip(GONE)),
        (true, true) => (200, page("", 3)),
        (true, false) if first.fetch_add(1, Ordering::Relaxed) == 0 => (200, page("old", 1)),
        (true, false) => (200, page("new", 2)),
        (false, _) => (200, zip(std::io::repeat(b' ').take(65 << 20))),
    };
    let (api, count, _home) = serve_with(answer).await;
    assert_eq!(api.list("/api/v1/pods", "").await.unwrap().items, [2, 3]);
    assert_eq!(count.load(Ordering::Relaxed), 5);

    let expiring = move |line: &str| match line.contains("continue=") {
        true => (410, zip(GONE)),
        false => (200, page("old", 1)),
    };
    let (api, count, _home) = serve_with(expiring).await;
    assert_eq!(api.list("/api/v1/pods", "").await.unwrap_err().code(), 410);
    assert_eq!(count.load(Ordering::Relaxed), 4, "two lists of two pages");
}

/// A CRD may name the kind of its lists as it likes; what has no items is no list.
#[tokio::test]
async fn what_has_items_and_a_kind_is_a_list() {
    for (text, count) in [
        (r#"{"kind": "Gadgetry", "metadata": {}, "items": [1, 2]}"#, Some(2)),
        (r#"{"kind": "GadgetList", "metadata": {}, "items": null}"#, Some(0)),
        (r#"{"kind": "Gadget", "metadata": {}}"#, None),
        (r#"{"metadata": {}, "items": [1]}"#, None),
    ] {
        let (api, ..) = serve(move |_| zip(text.as_bytes())).await;
        let list = api.list("/apis/example.com/v1/gadgets", "").await;
        assert_eq!(list.ok().map(|list| list.items.len()), count, "{text}");
    }
}
