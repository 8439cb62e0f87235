//! The border to HTTP: requests in, answers and watch streams out, and the faults between.

use std::{
    collections::HashMap,
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response, header};
use http_body::Frame;
use http_body_util::{BodyExt as _, Limited};
use serde_json::json;
use tokio::time::{Instant, Sleep, sleep, sleep_until};

use super::{
    ApiServer, Effect, Handled, Sandbox,
    follow::Follow,
    request::{ApiRequest, Reply},
    status::StatusError,
    watch::{self, Watcher},
    world::World,
};

/// The largest body of a request, in bytes.
const LARGEST_BODY: usize = 3 * 1024 * 1024;

/// The connection broke: a fault that a test asked for, or a body that could not be read.
#[derive(Debug)]
pub struct Broken(String);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Broken {}

fn reset() -> Broken {
    Broken("connection reset by peer".to_owned())
}

/// The body of an answer.
#[derive(Debug)]
pub struct Body(Payload);

enum Payload {
    Whole(Option<Bytes>),
    Stream(Box<BodyStream>),
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Whole(_) => "Whole",
            Self::Stream(_) => "Stream",
        })
    }
}

/// What a stream tells of.
pub(super) enum StreamSource {
    Watch(Box<Watcher>),
    Log(Box<Follow>),
}

impl StreamSource {
    /// What happened since the last look.
    pub(super) fn advance(&mut self, world: &World<'_>) -> Result<String, StatusError> {
        match self {
            Self::Watch(watch) => watch.advance(world),
            Self::Log(log) => log.advance(world).map(|()| String::new()),
        }
    }

    pub(super) fn end(&mut self) {
        match self {
            Self::Watch(watch) => watch.ends = 0,
            Self::Log(log) => log.end(),
        }
    }

    fn is_over(&self, now: i64) -> bool {
        match self {
            Self::Watch(watch) => now >= watch.ends,
            Self::Log(log) => log.is_over(),
        }
    }
}

struct BodyStream {
    server: Arc<ApiServer>,
    source: StreamSource,
    /// What is still to be sent.
    lines: String,
    wait: Pin<Box<Sleep>>,
    /// Breaks once it has said something.
    drops: bool,
    said: bool,
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        match &mut self.0 {
            Payload::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Payload::Stream(stream) => stream.poll(context),
        }
    }
}

impl BodyStream {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        loop {
            if !self.lines.is_empty() {
                let lines = std::mem::take(&mut self.lines);
                self.said = true;
                return Poll::Ready(Some(Ok(Frame::data(Bytes::from(lines)))));
            }
            if self.drops && self.said {
                self.drops = false;
                self.source.end();
                return Poll::Ready(Some(Err(reset())));
            }
            if self.source.is_over((self.server.settings.clock)().as_millisecond()) {
                return Poll::Ready(None);
            }
            ready!(self.wait.as_mut().poll(context));
            let (lines, millis) = self.server.look(&mut self.source);
            self.lines = lines;
            self.wait = Box::pin(sleep_until(Instant::now() + Duration::from_millis(millis)));
        }
    }
}

impl<B> tower::Service<Request<B>> for Sandbox
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Response = Response<Body>;
    type Error = Broken;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Broken>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let server = Arc::clone(&self.server);
        Box::pin(async move {
            let query = request.uri().query().unwrap_or_default().to_owned();
            match read(request).await {
                Ok(request) => respond(server, request, &query).await,
                Err(failure) => Ok(whole(&server, Reply::from(failure))),
            }
        })
    }
}

/// Reads a request with its body.
async fn read<B>(request: Request<B>) -> Result<ApiRequest, StatusError>
where
    B: http_body::Body<Data = Bytes> + Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let (parts, body) = request.into_parts();
    let header = |name: header::HeaderName| {
        let values: Vec<_> =
            parts.headers.get_all(name).iter().filter_map(|v| v.to_str().ok()).collect();
        values.join(",")
    };
    let body = Limited::new(body, LARGEST_BODY).collect().await.map_err(|error| {
        if error.downcast_ref::<http_body_util::LengthLimitError>().is_some() {
            let message = format!("limit is {LARGEST_BODY}");
            StatusError::status(413, "RequestEntityTooLarge", message, json!({}))
        } else {
            StatusError::bad_request(format!("the body could not be read: {error}"))
        }
    })?;
    Ok(ApiRequest {
        method: parts.method.as_str().to_owned(),
        path: decoded(parts.uri.path(), false),
        query: pairs(parts.uri.query().unwrap_or_default()),
        accept: header(header::ACCEPT),
        content_type: header(header::CONTENT_TYPE),
        user_agent: header(header::USER_AGENT),
        body: body.to_bytes(),
    })
}

fn pairs(query: &str) -> HashMap<String, String> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name, true), decoded(value, true))
        })
        .collect()
}

/// Undoes percent encoding; in queries, `+` is a blank.
fn decoded(text: &str, query: bool) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let hex = tail.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        match (first, hex.and_then(|pair| u8::from_str_radix(pair, 16).ok())) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            (b'+', _) if query => {
                bytes.push(b' ');
                rest = tail;
            }
            (byte, _) => {
                bytes.push(byte);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

async fn respond(
    server: Arc<ApiServer>,
    request: ApiRequest,
    query: &str,
) -> Result<Response<Body>, Broken> {
    let path = format!("{}?{query}", request.path);
    let hit: Vec<Effect> = server
        .faults
        .iter()
        .filter(|fault| fault.hits(&request.method, &path))
        .map(|fault| fault.effect.clone())
        .collect();
    let mut drops = false;
    let mut breaks = false;
    let mut gone = false;
    let mut stale = None;
    for effect in hit {
        match effect {
            Effect::Slow(time) => sleep(time).await,
            Effect::ResetBefore => return Err(reset()),
            Effect::ResetAfter => breaks = true,
            Effect::DropWatch => drops = true,
            Effect::Gone => gone = true,
            Effect::StaleGroup(group) => stale = Some(group),
            Effect::TooManyRequests(_)
            | Effect::Internal
            | Effect::Unavailable
            | Effect::Unauthorized
            | Effect::Forbidden
            | Effect::Conflict => return Ok(whole(&server, refusal(&effect, &request))),
        }
    }
    let Ok(outcome) = server.answer(&request);
    if breaks {
        return Err(reset());
    }
    Ok(match outcome {
        Handled::Done(mut reply) => {
            if let Some(group) = stale {
                make_stale(&mut reply, &group);
            }
            whole(&server, reply)
        }
        Handled::Watching(mut watch, mut lines) => {
            if gone {
                lines = watch::expired(0, 0);
                watch.ends = 0;
            }
            streaming(server, StreamSource::Watch(watch), lines, drops, "application/json")
        }
        Handled::Following(log, written) => {
            let written = String::from_utf8_lossy(&written).into_owned();
            streaming(server, StreamSource::Log(log), written, drops, "text/plain")
        }
    })
}

fn refusal(effect: &Effect, request: &ApiRequest) -> Reply {
    match effect {
        Effect::TooManyRequests(seconds) => {
            let message = "Too many requests, please try again later.";
            let details = json!({"retryAfterSeconds": seconds});
            let failure = StatusError::status(429, "TooManyRequests", message, details);
            Reply { retry_after: Some(*seconds), ..Reply::from(failure) }
        }
        Effect::Unavailable => Reply::text(503, "upstream connect error or disconnect/reset\n"),
        Effect::Unauthorized => {
            StatusError::status(401, "Unauthorized", "Unauthorized", serde_json::Value::Null).into()
        }
        Effect::Forbidden => {
            let message = format!(
                "{} {} is forbidden: User \"sandbox\" may not",
                request.method, request.path
            );
            StatusError::status(403, "Forbidden", message, json!({})).into()
        }
        Effect::Conflict => {
            let message = "Operation cannot be fulfilled: the object has been modified; please \
                           apply your changes to the latest version and try again";
            StatusError::status(409, "Conflict", message, json!({})).into()
        }
        _ => {
            let message = "Internal error occurred: etcdserver: request timed out";
            StatusError::status(500, "InternalError", message, json!({})).into()
        }
    }
}

/// Takes a group out of a discovery answer, as if its server were not there.
fn make_stale(reply: &mut Reply, group: &str) {
    let Ok(mut body) = serde_json::from_slice::<serde_json::Value>(&reply.body) else { return };
    for item in body["items"].as_array_mut().into_iter().flatten() {
        if item["metadata"]["name"] == group {
            for version in item["versions"].as_array_mut().into_iter().flatten() {
                version["freshness"] = json!("Stale");
                version["resources"] = json!([]);
            }
        }
    }
    reply.body = body.to_string().into_bytes();
}

fn head(server: &ApiServer, code: u16, content_type: &str) -> http::response::Builder {
    let date = (server.settings.clock)().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    Response::builder()
        .status(code)
        .header(header::CONTENT_TYPE, content_type)
        .header(header::CACHE_CONTROL, "no-cache, private")
        .header(header::DATE, date)
}

fn whole(server: &ApiServer, reply: Reply) -> Response<Body> {
    let mut builder = head(server, reply.code, reply.content_type.unwrap_or("application/json"))
        .header(header::CONTENT_LENGTH, reply.body.len());
    for warning in &reply.warnings {
        let text: String = warning.replace('\\', "\\\\").replace('"', "\\\"");
        let plain: String =
            text.chars().map(|c| if c.is_ascii() && !c.is_control() { c } else { '?' }).collect();
        builder = builder.header(header::WARNING, format!("299 - \"{plain}\""));
    }
    if let Some(seconds) = reply.retry_after {
        builder = builder.header(header::RETRY_AFTER, seconds);
    }
    let body = Body(Payload::Whole(Some(Bytes::from(reply.body)).filter(|body| !body.is_empty())));
    builder.body(body).expect("the headers are plain ASCII")
}

fn streaming(
    server: Arc<ApiServer>,
    source: StreamSource,
    lines: String,
    drops: bool,
    content_type: &str,
) -> Response<Body> {
    let builder = head(&server, 200, content_type);
    let wait = Box::pin(sleep_until(Instant::now()));
    let stream = BodyStream { server, source, lines, wait, drops, said: false };
    builder.body(Body(Payload::Stream(Box::new(stream)))).expect("the headers are plain ASCII")
}
