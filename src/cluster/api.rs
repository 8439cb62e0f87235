//! Requests to one API server: bodies are plain JSON, failures are classified once, here.
//!
//! At most [`IN_FLIGHT`] requests run at once (a connection each); there is no rate limiter.
//! `Retry-After` is honoured, and what may pass is tried again within a bounded number of tries.
//! Every write here can be repeated: applies and deletes carry preconditions.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use kube::client::Body;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Semaphore;

use super::{
    connect::Connection,
    explain::{is_broken_connection, timed_out},
    fence::Fence,
};
use crate::workload::{
    error::{Error, Result},
    object::{ObjectId, Origin},
};

/// How many requests run at once.
pub const IN_FLIGHT: usize = 32;
/// How often a request is tried at the most.
const TRIES: u32 = 6;
/// The longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Asks for an object's metadata alone.
const METADATA_ONLY: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
/// Asks for the metadata alone of a list's objects.
const METADATA_LIST: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

/// The answer of an API server to a request that failed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Status {
    /// The HTTP status code.
    pub code: u16,
    /// The machine-readable reason, such as `Conflict`.
    #[serde(deserialize_with = "text_or_null")]
    pub reason: String,
    /// The message.
    #[serde(deserialize_with = "text_or_null")]
    pub message: String,
    /// More, where there is more.
    pub details: Option<Details>,
}

/// The details of a [`Status`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Details {
    /// A cause per field.
    pub causes: Vec<Cause>,
    /// How many seconds to wait before the next try.
    pub retry_after_seconds: Option<u64>,
}

/// One cause of a rejection.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Cause {
    /// A word, such as `FieldManagerConflict`.
    #[serde(deserialize_with = "text_or_null")]
    pub reason: String,
    /// The message.
    #[serde(deserialize_with = "text_or_null")]
    pub message: String,
    /// The path of the field.
    #[serde(deserialize_with = "text_or_null")]
    pub field: String,
}

fn text_or_null<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.unwrap_or_default())
}

/// Why a request failed.
#[derive(Debug, Clone, PartialEq)]
pub enum Failure {
    /// The server answered with a failure.
    Status(Box<Status>),
    /// There was no answer; whether the request had an effect is unknown.
    NoAnswer(Box<Error>),
}

impl Failure {
    /// Gives the HTTP status code, 0 where there was no answer.
    #[must_use]
    pub fn code(&self) -> u16 {
        match self {
            Self::Status(status) => status.code,
            Self::NoAnswer(_) => 0,
        }
    }

    /// Tells whether the object (or the kind) is not there.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.code() == 404
    }

    /// Tells whether the account may not do this (a terminating namespace is none of that).
    #[must_use]
    pub fn is_forbidden(&self) -> bool {
        self.code() == 403 && !self.has_cause("NamespaceTerminating")
    }

    /// Tells whether a precondition failed or a field is held by another manager.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        self.code() == 409
    }

    /// Tells whether the server named that cause.
    #[must_use]
    pub fn has_cause(&self, reason: &str) -> bool {
        self.causes().iter().any(|cause| cause.reason == reason)
    }

    /// Gives the causes that the server named.
    #[must_use]
    pub fn causes(&self) -> &[Cause] {
        match self {
            Self::Status(status) => {
                status.details.as_ref().map(|details| &*details.causes).unwrap_or_default()
            }
            Self::NoAnswer(_) => &[],
        }
    }

    /// Gives the server's message, or the reason why there was no answer.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Self::Status(status) => status.message.clone(),
            Self::NoAnswer(error) => error.to_string(),
        }
    }

    /// Tells whether the server rejected a change of a field that cannot be changed.
    #[must_use]
    pub fn is_immutable(&self) -> bool {
        let says = |text: &str| {
            [
                "immutable",
                "may not change once set",
                "updates to statefulset spec",
                "pod updates may not change",
            ]
            .iter()
            .any(|known| text.contains(known))
        };
        self.code() == 422
            && (says(&self.message()) || self.causes().iter().any(|cause| says(&cause.message)))
    }

    /// Tells whether an admission webhook could not be called: its backend may come up yet.
    #[must_use]
    pub fn is_webhook_down(&self) -> bool {
        let message = self.message();
        self.code() >= 400
            && (message.contains("failed calling webhook")
                || message.contains("conversion webhook for"))
    }

    /// Turns a failure into what the user is told: what was done, to which object, and why it
    /// did not work. `verb` is the request's (`get`, `patch`), `what` a sentence's beginning
    /// such as `cannot apply`.
    #[must_use]
    pub fn explain(&self, verb: &str, what: &str, id: &ObjectId, origin: Option<&Origin>) -> Error {
        let place = origin.map(|origin| format!(" ({origin})")).unwrap_or_default();
        let error = match self {
            Self::NoAnswer(error) => (**error).clone().while_doing(format!("{what} {id}{place}")),
            Self::Status(status) => match status.code {
                401 => Error::runtime("unauthorized", format!("{what} {id}{place}: not logged in"))
                    .cause(status.message.clone())
                    .hint("log in to the cluster again, then repeat the command"),
                403 if self.has_cause("NamespaceTerminating") => Error::refused(
                    "namespace-terminating",
                    format!(
                        "{what} {id}{place}: namespace {} is being deleted",
                        id.namespace.as_deref().unwrap_or(&id.name)
                    ),
                )
                .hint("wait until it is gone, then repeat the command"),
                403 => {
                    let scope = id
                        .namespace
                        .as_ref()
                        .map_or_else(String::new, |namespace| format!(" in namespace {namespace}"));
                    Error::failed(
                        "forbidden",
                        format!("{what} {id}{place}: forbidden: {verb} {}{scope}", id.group_kind()),
                    )
                    .cause(status.message.clone())
                }
                404 => Error::failed("not-found", format!("{what} {id}{place}: not found"))
                    .cause(status.message.clone()),
                _ => Error::failed("rejected", format!("{what} {id}{place}: rejected"))
                    .causes(status.reasons()),
            },
        };
        let error = error.object(id);
        match origin {
            Some(origin) => error.at(origin),
            None => error,
        }
    }
}

impl Status {
    /// Lists why the server rejected a request, one sentence a field where it named fields.
    #[must_use]
    pub fn reasons(&self) -> Vec<String> {
        let by_field: Vec<String> = self
            .details
            .iter()
            .flat_map(|details| &details.causes)
            .filter(|cause| !cause.message.is_empty())
            .map(|cause| {
                if cause.field.is_empty() {
                    cause.message.clone()
                } else {
                    format!("{}: {}", cause.field.trim_start_matches('.'), cause.message)
                }
            })
            .collect();
        if !by_field.is_empty() {
            return by_field;
        }
        // A body that does not fit the schema: the interesting lines come after the first.
        if let Some((_, errors)) = self.message.split_once("errors:\n") {
            return errors
                .lines()
                .map(|line| line.trim().trim_start_matches('.').to_owned())
                .filter(|line| !line.is_empty())
                .collect();
        }
        vec![if self.message.is_empty() {
            format!("the server answered {} {}", self.code, self.reason)
        } else {
            self.message.clone()
        }]
    }
}

/// A successful answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The body.
    pub body: Value,
    /// The HTTP status code; 201 where an apply made the object.
    pub code: u16,
    /// Whether the request was sent more than once, so that an earlier try may have had an
    /// effect.
    pub retried: bool,
}

/// An API server, as this program uses it. Cheap to clone.
#[derive(Clone)]
pub struct Api {
    connection: Arc<Connection>,
    in_flight: Arc<Semaphore>,
    /// Whether the server has answered before: only then is a refused connection worth a
    /// second try.
    answered: Arc<AtomicBool>,
    request_timeout: Duration,
    /// Where there is one, no write passes it without being sure of the holder.
    fence: Option<Fence>,
    /// Whether bodies are told too.
    tells_bodies: bool,
}

/// One request.
#[derive(Debug, Clone)]
pub struct Call {
    /// The HTTP method.
    pub method: Method,
    /// Path and query.
    pub path: String,
    /// The body and its content type.
    pub body: Option<(Bytes, &'static str)>,
    /// What is asked for.
    pub accept: &'static str,
    /// Whether it is tried again when it fails in a way that may pass.
    pub retry: bool,
}

impl Call {
    /// Makes a GET.
    #[must_use]
    pub fn get(path: impl Into<String>) -> Self {
        Self {
            method: Method::GET,
            path: path.into(),
            body: None,
            accept: "application/json",
            retry: true,
        }
    }

    /// Makes a GET of metadata alone.
    #[must_use]
    pub fn get_metadata(path: impl Into<String>) -> Self {
        Self { accept: METADATA_ONLY, ..Self::get(path) }
    }

    /// Makes a POST or another request with a JSON body.
    #[must_use]
    pub fn json(method: Method, path: impl Into<String>, body: &Value) -> Self {
        Self { method, body: Some((encode(body), "application/json")), ..Self::get(path) }
    }

    /// Makes a JSON merge patch.
    #[must_use]
    pub fn merge_patch(path: impl Into<String>, body: &Value) -> Self {
        Self {
            method: Method::PATCH,
            body: Some((encode(body), "application/merge-patch+json")),
            ..Self::get(path)
        }
    }

    /// Makes a JSON patch.
    #[must_use]
    pub fn json_patch(path: impl Into<String>, body: &Value) -> Self {
        Self {
            method: Method::PATCH,
            body: Some((encode(body), "application/json-patch+json")),
            ..Self::get(path)
        }
    }

    /// Makes a server-side apply with strict field validation; the answer is metadata alone
    /// unless it is a dry run.
    #[must_use]
    pub fn apply(path: &str, body: &Value, how: &Apply<'_>) -> Self {
        let Apply { manager, force, dry_run, validation } = how;
        let manager = encode_query(manager);
        let path = format!(
            "{path}?fieldManager={manager}&force={force}&fieldValidation={validation}{}",
            if *dry_run { "&dryRun=All" } else { "" },
        );
        Self {
            method: Method::PATCH,
            body: Some((encode(body), "application/apply-patch+yaml")),
            accept: METADATA_ONLY,
            path,
            retry: true,
        }
    }

    /// Asks for the whole object where the call would ask for its metadata.
    #[must_use]
    pub fn whole(mut self) -> Self {
        self.accept = "application/json";
        self
    }

    /// Asks for metadata alone.
    #[must_use]
    pub fn metadata(mut self) -> Self {
        self.accept = METADATA_ONLY;
        self
    }

    /// Is not tried again.
    #[must_use]
    pub fn once(mut self) -> Self {
        self.retry = false;
        self
    }
}

/// How an apply is done.
#[derive(Debug, Clone, Copy)]
pub struct Apply<'a> {
    /// The field manager.
    pub manager: &'a str,
    /// Whether fields of other managers are taken.
    pub force: bool,
    /// Whether nothing is stored.
    pub dry_run: bool,
    /// `Strict`, `Warn` or `Ignore`.
    pub validation: &'static str,
}

fn encode(body: &Value) -> Bytes {
    serde_json::to_vec(body).expect("JSON values have string keys").into()
}

/// Encodes a value for a query.
#[must_use]
pub fn encode_query(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            use std::fmt::Write as _;
            write!(encoded, "%{byte:02X}").expect("writing to a string cannot fail");
        }
    }
    encoded
}

/// What one try came to.
enum Try {
    Done(u16, Bytes),
    Failed { failure: Failure, pause: Option<Duration> },
}

impl Api {
    /// Wraps a connection. `request_timeout` is the longest that one try of a request may take.
    #[must_use]
    pub fn new(connection: Connection, request_timeout: Duration) -> Self {
        Self {
            connection: Arc::new(connection),
            in_flight: Arc::new(Semaphore::new(IN_FLIGHT)),
            answered: Arc::new(AtomicBool::new(false)),
            request_timeout,
            fence: None,
            tells_bodies: false,
        }
    }

    /// Tells bodies too (`-vv`).
    #[must_use]
    pub fn telling_bodies(self, tells_bodies: bool) -> Self {
        Self { tells_bodies, ..self }
    }

    /// Gives the same API server behind a fence: every try of a write passes it first.
    #[must_use]
    pub fn fenced(&self, fence: &Fence) -> Self {
        Self { fence: Some(fence.clone()), ..self.clone() }
    }

    /// Gives the same API server with places in flight of its own: writes that wait at the fence
    /// for a renewal must not keep the renewal from being sent.
    #[must_use]
    pub fn apart(&self) -> Self {
        Self { in_flight: Arc::new(Semaphore::new(IN_FLIGHT)), ..self.clone() }
    }

    /// Gives the connection.
    #[must_use]
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Gives the longest time that one try of a request may take.
    #[must_use]
    pub fn request_timeout(&self) -> Duration {
        self.request_timeout
    }

    /// Sends a request and reads the JSON answer.
    ///
    /// # Errors
    /// Whatever the server answered, or that it did not.
    pub async fn call(&self, call: Call) -> Result<Answer, Failure> {
        let (code, bytes, retried) = self.send(&call).await?;
        let body = serde_json::from_slice(&bytes).map_err(|error| {
            Failure::NoAnswer(Box::new(
                Error::runtime("not-an-api-server", "the server's answer is not JSON")
                    .cause(error.to_string())
                    .cause(excerpt(&bytes)),
            ))
        })?;
        Ok(Answer { body, code, retried })
    }

    /// Reads an object; `None` where it is not there.
    ///
    /// # Errors
    /// As [`Api::call`].
    pub async fn find(&self, call: Call) -> Result<Option<Value>, Failure> {
        match self.call(call).await {
            Ok(answer) => Ok(Some(answer.body)),
            Err(failure) if failure.is_not_found() => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// Sends a request and gives status code and body as they came, and whether it was sent
    /// more than once.
    ///
    /// # Errors
    /// As [`Api::call`].
    pub async fn send(&self, call: &Call) -> Result<(u16, Bytes, bool), Failure> {
        let _permit = self.in_flight.acquire().await.expect("the semaphore is never closed");
        let mut attempt = 0;
        loop {
            attempt += 1;
            match self.attempt(call).await {
                Try::Done(code, bytes) => return Ok((code, bytes, attempt > 1)),
                Try::Failed { failure, pause } => match pause {
                    Some(pause) if call.retry && attempt < TRIES => {
                        let backoff = Duration::from_millis(100) * 2u32.pow(attempt);
                        tokio::time::sleep(pause.max(backoff).min(LONGEST_PAUSE.max(pause))).await;
                    }
                    _ => return Err(failure),
                },
            }
        }
    }

    async fn attempt(&self, call: &Call) -> Try {
        if let (Some(fence), true) = (&self.fence, call.method != Method::GET)
            && let Err(error) = fence.pass().await
        {
            return Try::Failed { failure: Failure::NoAnswer(Box::new(error)), pause: None };
        }
        match tokio::time::timeout(self.request_timeout, self.exchange(call)).await {
            Ok(outcome) => outcome,
            Err(_) => Try::Failed {
                failure: Failure::NoAnswer(Box::new(
                    self.connection
                        .hinted(timed_out(&self.connection.server, self.request_timeout)),
                )),
                pause: None,
            },
        }
    }

    async fn exchange(&self, call: &Call) -> Try {
        let request = Request::builder()
            .method(call.method.clone())
            .uri(&call.path)
            .header(header::ACCEPT, call.accept);
        let request = match &call.body {
            Some((body, content_type)) => {
                request.header(header::CONTENT_TYPE, *content_type).body(Body::from(body.to_vec()))
            }
            None => request.body(Body::empty()),
        };
        let request = match request {
            Ok(request) => request,
            Err(error) => {
                return Try::Failed {
                    failure: Failure::NoAnswer(Box::new(
                        Error::failed(
                            "invalid-request",
                            format!("{} is not a valid path", call.path),
                        )
                        .cause(error.to_string()),
                    )),
                    pause: None,
                };
            }
        };
        let response = match self.connection.client.send(request).await {
            Ok(response) => response,
            Err(error) => return self.no_answer(error),
        };
        self.answered.store(true, Ordering::Relaxed);
        let (parts, body) = response.into_parts();
        match body.collect().await {
            Ok(body) => {
                let body = body.to_bytes();
                if self.tells_bodies {
                    let sent = call.body.as_ref().map(|(sent, _)| sent.clone()).unwrap_or_default();
                    let (method, status) = (call.method.as_str(), parts.status.as_u16());
                    self.connection.tell_bodies(method, &call.path, status, (sent, body.clone()));
                }
                judge(parts.status, &parts.headers, body)
            }
            Err(error) => self.no_answer(error),
        }
    }

    fn no_answer(&self, error: kube::Error) -> Try {
        // A connection that breaks may have served its time; a refused one is worth a second
        // try only at a server that has answered before.
        let passing = is_broken_connection(&error) || self.answered.load(Ordering::Relaxed);
        let error = self.connection.explain(&error);
        let passing = passing && matches!(error.code, "unreachable" | "timeout");
        Try::Failed {
            failure: Failure::NoAnswer(Box::new(error)),
            pause: passing.then_some(Duration::from_millis(50)),
        }
    }
}

fn judge(status: StatusCode, headers: &HeaderMap, body: Bytes) -> Try {
    if status.is_success() {
        return Try::Done(status.as_u16(), body);
    }
    let mut parsed: Status = serde_json::from_slice(&body)
        .unwrap_or_else(|_| Status { message: excerpt(&body), ..Status::default() });
    parsed.code = status.as_u16();
    let after = headers
        .get(header::RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.parse().ok())
        .or_else(|| parsed.details.as_ref()?.retry_after_seconds)
        .map(Duration::from_secs);
    let failure = Failure::Status(Box::new(parsed));
    let pause = match status.as_u16() {
        429 | 503 | 504 => Some(after.unwrap_or_default()),
        // A body that does not fit the schema and a webhook's failure come as 500 too: neither
        // passes by asking again at once.
        500 | 502 if !failure.is_webhook_down() && !is_about_the_body(&failure.message()) => {
            Some(after.unwrap_or_default())
        }
        _ => None,
    };
    Try::Failed { failure, pause }
}

fn is_about_the_body(message: &str) -> bool {
    [
        "failed to create typed",
        "failed to convert new object",
        "duplicate entries for key",
        ".managedFields",
    ]
    .iter()
    .any(|known| message.contains(known))
}

fn excerpt(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim();
    let mut excerpt: String = text.chars().take(300).collect();
    if excerpt.len() < text.len() {
        excerpt.push('…');
    }
    excerpt
}

/// A part of a list.
#[derive(Debug)]
pub struct List {
    /// The objects. Lists leave out `apiVersion` and `kind` of their items.
    pub items: Vec<Value>,
    /// The resourceVersion of the list: where a watch goes on.
    pub resource_version: String,
}

impl Api {
    /// Lists a collection, page by page. `query` is appended as it is.
    ///
    /// # Errors
    /// As [`Api::call`].
    pub async fn list(
        &self,
        collection: &str,
        query: &str,
        metadata_only: bool,
    ) -> Result<List, Failure> {
        let mut items = Vec::new();
        let mut next = String::new();
        loop {
            let path = format!("{collection}?limit=500{query}{next}");
            let accept = if metadata_only { METADATA_LIST } else { "application/json" };
            let answer = match self.call(Call { accept, ..Call::get(path) }).await {
                // The list expired while we read it: begin anew, in one piece.
                Err(failure) if failure.code() == 410 && !next.is_empty() => {
                    items.clear();
                    let path = format!("{collection}?{}", query.trim_start_matches('&'));
                    self.call(Call { accept, ..Call::get(path) }).await?
                }
                other => other?,
            };
            let mut body = answer.body;
            if let Value::Array(page) = body["items"].take() {
                items.extend(page);
            }
            match body["metadata"]["continue"].as_str() {
                Some(token) if !token.is_empty() => {
                    next = format!("&continue={}", encode_query(token))
                }
                _ => {
                    let resource_version =
                        body["metadata"]["resourceVersion"].as_str().unwrap_or_default().to_owned();
                    return Ok(List { items, resource_version });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_come_from_fields_from_the_schema_or_from_the_message() {
        let by_field = Status {
            code: 422,
            message: "whole".into(),
            details: Some(Details {
                causes: vec![Cause {
                    field: "spec.x".into(),
                    message: "Invalid value".into(),
                    ..Cause::default()
                }],
                ..Details::default()
            }),
            ..Status::default()
        };
        assert_eq!(by_field.reasons(), ["spec.x: Invalid value"]);
        let by_schema = Status {
            code: 500,
            message: "failed to create typed patch object (/t2; /v1, Kind=ConfigMap): errors:\n  .data.a: expected string, got &value\n  .dta: field not declared in schema".into(),
            ..Status::default()
        };
        assert_eq!(
            by_schema.reasons(),
            ["data.a: expected string, got &value", "dta: field not declared in schema"]
        );
        assert_eq!(
            Status { code: 500, ..Status::default() }.reasons(),
            ["the server answered 500 "]
        );
    }

    #[test]
    fn only_what_may_pass_is_tried_again() {
        let retried = |code: u16, body: &str| {
            let status = StatusCode::from_u16(code).unwrap();
            let Try::Failed { pause, .. } =
                judge(status, &HeaderMap::new(), Bytes::from(body.to_owned()))
            else {
                panic!("{code} is a failure")
            };
            pause.is_some()
        };
        assert!(retried(429, ""));
        assert!(retried(503, "<html>"));
        assert!(retried(500, r#"{"message": "etcdserver: leader changed"}"#));
        assert!(!retried(500, r#"{"message": "failed to create typed patch object"}"#));
        assert!(!retried(500, r#"{"message": "Internal error occurred: failed calling webhook"}"#));
        assert!(!retried(422, ""));
        assert!(!retried(409, ""));
    }

    #[test]
    fn a_terminating_namespace_is_not_a_missing_right() {
        let failure = |causes: Vec<Cause>| {
            Failure::Status(Box::new(Status {
                code: 403,
                details: Some(Details { causes, ..Details::default() }),
                ..Status::default()
            }))
        };
        assert!(failure(vec![]).is_forbidden());
        let terminating = Cause { reason: "NamespaceTerminating".into(), ..Cause::default() };
        assert!(!failure(vec![terminating]).is_forbidden());
    }

    #[test]
    fn queries_are_encoded() {
        assert_eq!(encode_query("workloadctl:a/b"), "workloadctl%3Aa%2Fb");
    }
}
