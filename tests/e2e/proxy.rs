//! A faulty proxy: plain HTTP on a loopback port, before the sandbox or before a real API server.
//!
//! Faults are the sandbox's own values ([`Fault`]). The sandbox makes them itself: the proxy opens
//! its file in this process, beside the program and the test, which may all use it at once. What
//! goes to a real server the proxy spoils in the same ways. So the program under test is the one
//! that ships: it is told of a server in a kubeconfig, and of no fault.

use std::{
    io,
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use crate::storm::{Fate, Storm};
use bytes::{Buf as _, Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, header};
use http_body_util::{BodyExt as _, Full, combinators::UnsyncBoxBody};
use kube::client::Body;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::watch,
};
use tower::{BoxError, ServiceExt as _};
use workloadctl::testing::{Connection, Effect, Fault, Options, Sandbox};

type Answer = Response<UnsyncBoxBody<Bytes, BoxError>>;

/// What is behind a proxy.
pub(crate) enum Backend {
    /// The sandbox in a file.
    Sandbox(PathBuf),
    /// A real API server.
    Server(Box<Connection>),
}

/// A proxy in front of a backend. It ends with this value.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    behind: Arc<Behind>,
    _runtime: tokio::runtime::Runtime,
}

struct Behind {
    backend: Backend,
    faults: Mutex<Vec<Arc<Fault>>>,
    /// The sandbox with the faults that it was opened with.
    sandbox: Mutex<Option<Sandbox>>,
    /// Breaks every connection that is open when it changes.
    cut: watch::Sender<()>,
    storm: Mutex<Option<Arc<Storm>>>,
    /// What every answer warns of.
    warning: Mutex<Option<HeaderValue>>,
    /// Writes that have not been answered, whether or not their sender is still there.
    writes: AtomicUsize,
}

impl Proxy {
    /// Begins to listen on a free port, before a backend that is reached from the proxy's thread.
    pub(crate) fn start(backend: impl AsyncFnOnce() -> Backend) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let backend = runtime.block_on(backend());
        let behind = Arc::new(Behind {
            backend,
            faults: Mutex::default(),
            sandbox: Mutex::default(),
            cut: watch::channel(()).0,
            storm: Mutex::default(),
            warning: Mutex::default(),
            writes: AtomicUsize::new(0),
        });
        let all = Arc::clone(&behind);
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&all)));
            }
        });
        let proxy = Self { address, behind, _runtime: runtime };
        proxy.set(Vec::new());
        proxy
    }

    /// Breaks every connection that is open, and with it every watch.
    pub(crate) fn cut(&self) {
        self.behind.cut.send_replace(());
    }

    /// Lets every answer warn of something.
    pub(crate) fn warn(&self, text: &str) {
        let header = HeaderValue::from_str(&format!("299 - {text:?}")).unwrap();
        *self.behind.warning.lock().unwrap() = Some(header);
    }

    /// Lets a storm blow from now on.
    pub(crate) fn blow(&self, storm: Option<Arc<Storm>>) {
        *self.behind.storm.lock().unwrap() = storm;
    }

    /// Tells how many writes are on their way, those of senders that are gone among them.
    pub(crate) fn writes(&self) -> usize {
        self.behind.writes.load(Ordering::SeqCst)
    }

    /// Makes these faults from now on, in place of the ones before.
    pub(crate) fn set(&self, faults: Vec<Arc<Fault>>) {
        if let Backend::Sandbox(path) = &self.behind.backend {
            let options = Options { faults: faults.clone(), ..Options::default() };
            let sandbox = Sandbox::open(path, options).unwrap();
            *self.behind.sandbox.lock().unwrap() = Some(sandbox);
        }
        *self.behind.faults.lock().unwrap() = faults;
    }
}

impl Behind {
    /// Passes a request on, through the storm.
    async fn deliver(self: Arc<Self>, request: Request<Bytes>) -> Result<Answer, BoxError> {
        let storm = self.storm.lock().unwrap().clone();
        let is_write = request.method() != Method::GET;
        let path = request.uri().to_string();
        let fate = storm.map_or(Fate::Calm, |storm| storm.fate(is_write, &path));
        let writes = usize::from(is_write);
        self.writes.fetch_add(writes, Ordering::SeqCst);
        let work = async move {
            if let Fate::Held(time) | Fate::HeldAndBroken(time) = fate {
                tokio::time::sleep(time).await;
            }
            let answer = match fate {
                Fate::BrokenBefore => Err("reset".into()),
                _ => self.answer(request).await,
            };
            let answer = match (fate, answer) {
                (Fate::BrokenAfter, Ok(answer)) => {
                    answer.into_body().collect().await.and(Err("reset".into()))
                }
                (_, answer) => answer,
            };
            self.writes.fetch_sub(writes, Ordering::SeqCst);
            let warning = self.warning.lock().unwrap().clone();
            answer.map(|mut answer| {
                answer.headers_mut().extend(warning.map(|warning| (header::WARNING, warning)));
                answer
            })
        };
        if let Fate::HeldAndBroken(_) = fate {
            tokio::spawn(work);
            return Err("reset".into());
        }
        work.await
    }

    /// Passes a request on; an error is a connection that breaks.
    async fn answer(&self, request: Request<Bytes>) -> Result<Answer, BoxError> {
        let server = match &self.backend {
            Backend::Server(server) => server,
            Backend::Sandbox(_) => {
                let sandbox = self.sandbox.lock().unwrap().clone().unwrap();
                let answer = sandbox.oneshot(request.map(Full::new)).await?;
                return Ok(answer.map(|body| body.map_err(Into::into).boxed_unsync()));
            }
        };
        let path = request.uri().to_string();
        let faults = self.faults.lock().unwrap().clone();
        let hit: Vec<Effect> = faults
            .iter()
            .filter(|fault| fault.hits(request.method().as_str(), &path))
            .map(|fault| fault.effect.clone())
            .collect();
        for effect in &hit {
            match effect {
                Effect::Slow(time) => tokio::time::sleep(*time).await,
                Effect::ResetBefore => return Err("reset".into()),
                effect => {
                    if let Some(refusal) = refusal(effect) {
                        return Ok(refusal);
                    }
                }
            }
        }
        let answer = server.client.send(request.map(|body| Body::from(body.to_vec()))).await?;
        let mut answer = answer.map(|body| body.map_err(Into::into).boxed_unsync());
        for effect in hit {
            match effect {
                Effect::ResetAfter => {
                    answer.into_body().collect().await?;
                    return Err("reset".into());
                }
                Effect::Gone if answer.status() == 200 => answer = expired(),
                Effect::DropWatch => answer = broken_after_first(answer),
                Effect::StaleGroup(group) if matches!(&*path, "/api" | "/apis") => {
                    answer = stale(answer, &group).await?;
                }
                _ => {}
            }
        }
        Ok(answer)
    }
}

fn text(code: u16, content_type: &'static str, body: impl Into<Bytes>) -> Answer {
    let body = Full::new(body.into()).map_err(|never| match never {}).boxed_unsync();
    let answer = Response::builder().status(code).header(header::CONTENT_TYPE, content_type);
    answer.body(body).unwrap()
}

fn status(code: u16, reason: &str, message: &str) -> Answer {
    let body = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": message, "reason": reason, "code": code,
    });
    text(code, "application/json", body.to_string())
}

/// What is answered in the server's place.
fn refusal(effect: &Effect) -> Option<Answer> {
    Some(match effect {
        Effect::TooManyRequests(seconds) => {
            let words = "Too many requests, please try again later.";
            let mut answer = status(429, "TooManyRequests", words);
            answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(*seconds));
            answer
        }
        Effect::Internal => {
            let words = "Internal error occurred: etcdserver: request timed out";
            status(500, "InternalError", words)
        }
        Effect::Answer(code, content_type, body) => text(*code, content_type, *body),
        Effect::Unavailable => {
            text(503, "text/plain", "upstream connect error or disconnect/reset\n")
        }
        Effect::Unauthorized => status(401, "Unauthorized", "Unauthorized"),
        Effect::Forbidden => status(403, "Forbidden", "User \"somebody\" may not do this"),
        Effect::Rejected(code, message) => {
            let reason = if *code == 500 { "InternalError" } else { "" };
            status(*code, reason, message)
        }
        Effect::Conflict => status(409, "Conflict", "the object has been modified"),
        _ => return None,
    })
}

/// A watch that ends at once because where it stood is too long ago.
fn expired() -> Answer {
    let object = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": "too old resource version: 1 (2)", "reason": "Expired", "code": 410,
    });
    let line = json!({"type": "ERROR", "object": object});
    text(200, "application/json", format!("{line}\n"))
}

/// A stream that breaks once it has said something.
fn broken_after_first(answer: Answer) -> Answer {
    use futures::StreamExt as _;
    answer.map(|body| {
        let stream = body.into_data_stream().take(1);
        let broken = futures::stream::iter([Err(BoxError::from("reset"))]);
        let frames = stream.chain(broken).map(|chunk| chunk.map(http_body::Frame::data));
        http_body_util::StreamBody::new(frames).boxed_unsync()
    })
}

/// Takes a group out of a discovery answer, as if its server were not there.
async fn stale(answer: Answer, group: &str) -> Result<Answer, BoxError> {
    let (parts, body) = answer.into_parts();
    let bytes = body.collect().await?.to_bytes();
    let Ok(mut value) = serde_json::from_slice::<Value>(&bytes) else {
        return Ok(text(parts.status.as_u16(), "text/plain", bytes));
    };
    for item in value["items"].as_array_mut().into_iter().flatten() {
        if item["metadata"]["name"] == group {
            for version in item["versions"].as_array_mut().into_iter().flatten() {
                version["freshness"] = json!("Stale");
                version["resources"] = json!([]);
            }
        }
    }
    let body = Full::new(Bytes::from(value.to_string()));
    Ok(Response::from_parts(parts, body.map_err(|never| match never {}).boxed_unsync()))
}

/// Serves one connection until it breaks.
async fn serve(mut stream: TcpStream, behind: Arc<Behind>) -> io::Result<()> {
    let mut buffer = BytesMut::new();
    let mut cut = behind.cut.subscribe();
    while let Some(request) = read(&mut stream, &mut buffer).await? {
        // To its end, also where the sender leaves meanwhile.
        let answer = Arc::clone(&behind).deliver(request).await;
        let sent = match answer {
            Ok(answer) => tokio::select! {
                sent = write(&mut stream, &mut buffer, answer) => sent?,
                _ = cut.changed() => false,
            },
            Err(_) => false,
        };
        if !sent {
            // With no time to linger the other side gets a reset, not an end.
            return stream.set_zero_linger();
        }
    }
    Ok(())
}

/// Reads a request with its body; `None` at the end.
async fn read(stream: &mut TcpStream, buffer: &mut BytesMut) -> io::Result<Option<Request<Bytes>>> {
    let end = loop {
        if let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    };
    let head = String::from_utf8(buffer[..end].to_vec()).map_err(io::Error::other)?;
    buffer.advance(end + 4);
    let mut lines = head.split("\r\n");
    let mut first = lines.next().unwrap_or_default().split(' ');
    let method = Method::try_from(first.next().unwrap_or_default()).map_err(io::Error::other)?;
    let mut request = Request::new(Bytes::new());
    *request.method_mut() = method;
    *request.uri_mut() = first.next().unwrap_or_default().parse().map_err(io::Error::other)?;
    let headers: HeaderMap = lines
        .filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            let value = HeaderValue::from_str(value.trim()).ok()?;
            Some((name.parse::<HeaderName>().ok()?, value))
        })
        .collect();
    let length =
        headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    for name in [header::ACCEPT, header::CONTENT_TYPE, header::USER_AGENT] {
        if let Some(value) = headers.get(&name) {
            request.headers_mut().insert(name, value.clone());
        }
    }
    let length: usize = length.unwrap_or(0);
    while buffer.len() < length {
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
    *request.body_mut() = buffer.split_to(length).freeze();
    Ok(Some(request))
}

/// Writes an answer, in pieces as they come; `false` where it broke on the way.
async fn write(stream: &mut TcpStream, buffer: &mut BytesMut, answer: Answer) -> io::Result<bool> {
    use std::fmt::Write as _;
    let (mut reader, mut writer) = stream.split();
    let (parts, mut body) = answer.into_parts();
    let mut head = format!("HTTP/1.1 {}\r\ntransfer-encoding: chunked\r\n", parts.status);
    for (name, value) in &parts.headers {
        let ours = [header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::CONNECTION];
        if let (false, Ok(value)) = (ours.contains(name), value.to_str()) {
            write!(head, "{name}: {value}\r\n").map_err(io::Error::other)?;
        }
    }
    head.push_str("\r\n");
    writer.write_all(head.as_bytes()).await?;
    loop {
        let frame = tokio::select! {
            frame = body.frame() => frame,
            // Who has left does not wait for a quiet watch; who asks already may.
            read = reader.read_buf(buffer) => match read? {
                0 => return Ok(false),
                _ => continue,
            },
        };
        match frame {
            None => {
                writer.write_all(b"0\r\n\r\n").await?;
                return Ok(true);
            }
            Some(Err(_)) => return Ok(false),
            Some(Ok(frame)) => {
                let Ok(data) = frame.into_data() else { continue };
                if !data.is_empty() {
                    let size = format!("{:x}\r\n", data.len());
                    writer.write_all(size.as_bytes()).await?;
                    writer.write_all(&data).await?;
                    writer.write_all(b"\r\n").await?;
                }
            }
        }
    }
}
