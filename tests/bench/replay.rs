//! The limit: the PATCH requests of a deploy as bare bytes over kept-alive TLS connections of
//! HTTP/1.1, one request after the other on each. Nobody who applies every object on its own is
//! faster than the server answers these.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::objects::collection;

/// The content type of an apply.
pub(crate) const APPLY: &str = "application/apply-patch+yaml";

/// The API server that the kubeconfig's current context names.
pub(crate) struct Server {
    address: String,
    host: String,
    token: String,
    tls: TlsConnector,
}

impl Server {
    /// Reads what `kubectl config view --raw --minify -o json` printed.
    pub(crate) fn of(kubeconfig: &Value) -> Self {
        let cluster = &kubeconfig["clusters"][0]["cluster"];
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let address = text(&cluster["server"]).trim_start_matches("https://").to_owned();
        let ca = BASE64_STANDARD
            .decode(text(&cluster["certificate-authority-data"]))
            .expect("the certificates are base64");
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(&ca) {
            roots.add(certificate.expect("a certificate")).expect("a usable certificate");
        }
        let tls = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let host = address.rsplit_once(':').expect("a port").0.to_owned();
        let token = text(&kubeconfig["users"][0]["user"]["token"]);
        Self { address, host, token, tls: TlsConnector::from(Arc::new(tls)) }
    }

    async fn connect(&self) -> TlsStream<TcpStream> {
        let tcp = TcpStream::connect(&self.address).await.expect("the server listens");
        tcp.set_nodelay(true).expect("a live socket");
        let name = ServerName::try_from(self.host.clone()).expect("a host's name");
        self.tls.connect(name, tcp).await.expect("the server is trusted")
    }

    /// Makes the bytes of an apply as workloadctl sends it. `new`: only where the object is not
    /// there yet.
    pub(crate) fn apply(
        &self,
        object: &Value,
        namespace: &str,
        manager: &str,
        new: bool,
    ) -> Vec<u8> {
        let mut object = object.clone();
        if new {
            object["metadata"]["resourceVersion"] = "1".into();
        }
        let path = collection(&object, namespace);
        let name = object["metadata"]["name"].as_str().expect("every object has a name");
        let manager = manager.replace(':', "%3A").replace('/', "%2F");
        let path =
            format!("{path}/{name}?fieldManager={manager}&force=false&fieldValidation=Strict");
        self.request("PATCH", &path, APPLY, &object.to_string())
    }

    /// Makes the bytes of a request as workloadctl sends it.
    pub(crate) fn request(
        &self,
        method: &str,
        path: &str,
        content_type: &str,
        body: &str,
    ) -> Vec<u8> {
        let of = |kind: &str| format!("application/json;as={kind};g=meta.k8s.io;v=v1");
        let accept = match method {
            "GET" if path.contains("?limit=") => of("PartialObjectMetadataList"),
            // A record is read whole.
            "GET" if path.contains("/secrets/workloadctl.") => "application/json".to_owned(),
            _ => of("PartialObjectMetadata"),
        };
        format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n\
             accept: {accept}\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n\r\n{body}",
            self.address,
            self.token,
            body.len(),
        )
        .into_bytes()
    }

    /// Watches a collection for ever: gives each event with the time of its arrival.
    pub(crate) async fn watch(&self, path: &str, mut listener: impl FnMut(Instant, &Value)) {
        let mut stream = self.connect().await;
        let request = format!(
            "GET {path}?watch=true HTTP/1.0\r\nhost: {}\r\nauthorization: Bearer {}\r\n\r\n",
            self.address, self.token
        );
        stream.write_all(request.as_bytes()).await.expect("the server reads");
        stream.flush().await.expect("the server reads");
        let mut buffer = Vec::new();
        // Below HTTP/1.1 a server answers without chunks: a line is an event.
        loop {
            let read = stream.read_buf(&mut buffer).await.expect("the server answers");
            let arrived = Instant::now();
            assert!(read > 0, "the server closed the watch");
            while let Some(end) = buffer.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = buffer.drain(..=end).collect();
                // The head is no JSON.
                if let Ok(event) = serde_json::from_slice(&line) {
                    listener(arrived, &event);
                }
            }
        }
    }

    /// Sends the requests over so many connections; gives the time from the first connection's
    /// start to the last answer.
    pub(crate) async fn replay(
        self: Arc<Self>,
        requests: Arc<Vec<Vec<u8>>>,
        connections: usize,
    ) -> Duration {
        let started = Instant::now();
        let next = Arc::new(AtomicUsize::new(0));
        let senders: Vec<_> = (0..connections)
            .map(|_| {
                let (server, requests, next) = (self.clone(), requests.clone(), next.clone());
                tokio::spawn(async move {
                    let mut stream = server.connect().await;
                    let mut buffer = Vec::new();
                    while let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
                        exchange(&mut stream, request, &mut buffer).await;
                    }
                })
            })
            .collect();
        for sender in senders {
            sender.await.expect("every request is answered with success");
        }
        started.elapsed()
    }
}

/// Sends one request and reads its whole answer, which has to be a success, or say that nothing is there.
async fn exchange(stream: &mut TlsStream<TcpStream>, request: &[u8], buffer: &mut Vec<u8>) {
    stream.write_all(request).await.expect("the server reads");
    stream.flush().await.expect("the server reads");
    buffer.clear();
    while !is_complete(buffer) {
        let read = stream.read_buf(buffer).await.expect("the server answers");
        assert!(read > 0, "the server closed a connection");
    }
    // What is looked for before a first deploy is not there.
    let is_looked_for = request.starts_with(b"GET") && buffer.starts_with(b"HTTP/1.1 404");
    let went_well = buffer.starts_with(b"HTTP/1.1 20") || is_looked_for;
    assert!(went_well, "{}", String::from_utf8_lossy(buffer));
}

/// Tells whether an answer is there to its end, with a length or in chunks.
fn is_complete(answer: &[u8]) -> bool {
    let Some(end) = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(&answer[..end]).to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    match length {
        Some(length) => answer.len() >= end + 4 + length.parse::<usize>().expect("a length"),
        None => answer.ends_with(b"\r\n0\r\n\r\n"),
    }
}
