//! The border to HTTP: requests in, answers and watch streams out, and the faults between.

use std::{
    collections::HashMap,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response, header};
use http_body_util::{BodyExt as _, Limited};
use serde_json::json;
use tokio::time::sleep;

use super::{
    Sandbox,
    body::{Body, Broken},
    faults::{Effect, make_stale},
    request::{ApiRequest, Reply},
    router::Handled,
    server::ApiServer,
    status::{StatusError, StatusResult},
    stream::StreamSource,
    watch,
};

/// The largest body of a request, in bytes.
const LARGEST_BODY: usize = 3 * 1024 * 1024;

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
async fn read<B>(request: Request<B>) -> StatusResult<ApiRequest>
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
    // The server limits bodies to 3 MiB as well (`MaxRequestBodyBytes`).
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
            Effect::ResetBefore => return Err(Broken::reset()),
            Effect::ResetAfter => breaks = true,
            Effect::DropWatch => drops = true,
            Effect::Gone => gone = true,
            Effect::StaleGroup(group) => stale = Some(group),
            Effect::Answer(..)
            | Effect::TooManyRequests(_)
            | Effect::Internal
            | Effect::Unavailable
            | Effect::Unauthorized
            | Effect::Forbidden
            | Effect::Conflict
            | Effect::Rejected(..) => return Ok(whole(&server, effect.refusal(&request))),
        }
    }
    let handled = server.answer(&request);
    if breaks {
        return Err(Broken::reset());
    }
    match handled {
        Handled::Done(mut reply) => {
            if let Some(group) = stale {
                make_stale(&mut reply, &group);
            }
            Ok(whole(&server, reply))
        }
        Handled::Streaming(mut source, mut lines) => {
            if gone && let StreamSource::Watch(_) = source {
                lines = watch::expired(0, 0);
                source.end();
            }
            let builder = head(&server, 200, source.content_type());
            let body = Body::stream(server, source, lines, drops);
            Ok(builder.body(body).expect("the headers are plain ASCII"))
        }
    }
}

fn head(server: &ApiServer, code: u16, content_type: &str) -> http::response::Builder {
    let date = (server.settings.clock)().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    Response::builder()
        .status(code)
        .header(header::CONTENT_TYPE, content_type)
        .header(header::CACHE_CONTROL, "no-cache, private")
        .header(header::DATE, date)
}

/// An answer that is complete.
pub(super) fn whole(server: &ApiServer, reply: Reply) -> Response<Body> {
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
    let body = Body::whole(reply.body);
    builder.body(body).expect("the headers are plain ASCII")
}
