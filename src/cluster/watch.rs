//! Watching collections: a list, then a watch from where the list stood, for ever. Of the objects most of
//! `managedFields` is left out.
//!
//! A watch that ends is taken up where it stood; one that is too old (410) begins with a new
//! list. Where listing or watching is forbidden or hopeless, the caller is told and asks object by
//! object instead.

use std::time::{Duration, Instant};

use bytes::{Buf as _, BytesMut};
use futures::StreamExt as _;
use http::{Response, StatusCode};
use http_body_util::BodyExt as _;
use kube::client::Body;
use serde_json::Value;
use tokio::sync::mpsc::UnboundedSender;

use super::{
    api::{Api, List},
    failure::Failure,
    stream, trimmed,
};
use crate::workload::{body::Body as ObjectBody, error::Code, object::ObjectId};

/// How long the server keeps one watch open, in seconds.
const WATCH_SECONDS: u64 = 290;
/// The pause before a broken watch is taken up again.
const PAUSE: Duration = Duration::from_millis(500);
/// How long a watch may be silent: the server sends a bookmark about every minute, and a network
/// that forgot the connection says nothing at all.
const SILENCE: Duration = Duration::from_secs(75);
/// The longest line that a watch may send: more than an object can be.
const LINE_LIMIT: usize = 16 << 20;

/// Selects one object by its name.
pub(crate) const BY_NAME: &str = "&fieldSelector=metadata.name%3D";

/// A collection to be observed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Collection {
    /// The path, such as `/apis/apps/v1/namespaces/web/deployments`.
    pub(crate) path: String,
    /// The query, such as `&labelSelector=…`; empty for all.
    pub(crate) query: String,
    /// The API version of its objects, which lists leave out.
    pub(crate) api_version: String,
    /// The kind of its objects, which lists leave out.
    pub(crate) kind: String,
}

#[derive(Debug, Clone)]
pub(crate) enum CollectionEvent {
    /// All objects of a collection, at rest: what is not among them is gone.
    Listed(Collection, Vec<(ObjectId, ObjectBody)>),
    /// An object as it is now.
    Present(Value),
    /// An object's last state; it is gone.
    Gone(Value),
    /// The collection cannot be listed or watched.
    Unobservable(Collection, Failure),
}

impl Collection {
    fn complete(&self, object: &mut Value) {
        if let Value::Object(fields) = object {
            fields.entry("apiVersion").or_insert_with(|| self.api_version.clone().into());
            fields.entry("kind").or_insert_with(|| self.kind.clone().into());
        }
    }

    /// Tells whether an object of this kind and namespace is in the collection, as far as a
    /// selector of one label says.
    pub(crate) fn selects(&self, object: &Value) -> bool {
        let Some(selector) = self.query.strip_prefix("&labelSelector=") else { return true };
        let Some((key, value)) = selector.split_once("%3D") else { return true };
        let labels = object.get("metadata").and_then(|metadata| metadata.get("labels"));
        labels.and_then(|labels| labels.get(key)).and_then(Value::as_str) == Some(value)
    }

    /// Lists the whole collection, each object with its API version and kind.
    ///
    /// # Errors
    /// As [`Api::send`].
    pub(crate) async fn list(&self, api: &Api) -> Result<List, Failure> {
        self.list_kept(api, |object| object).await
    }

    async fn list_kept<T>(&self, api: &Api, keep: impl Fn(Value) -> T) -> Result<List<T>, Failure> {
        let complete = |mut object: Value| {
            self.complete(&mut object);
            keep(object)
        };
        api.list_look(&self.path, &self.query, complete).await
    }

    /// Observes the collection until the receiver is gone or the collection cannot be observed.
    pub(crate) async fn observe(self, api: Api, events: UnboundedSender<CollectionEvent>) {
        self.observe_within(api, events, SILENCE).await;
    }

    /// Observes; a watch that is silent for longer than this begins with a new list.
    pub(crate) async fn observe_within(
        self,
        api: Api,
        events: UnboundedSender<CollectionEvent>,
        silence: Duration,
    ) {
        loop {
            // A page is all that is held as trees.
            let keep = |object: Value| (ObjectId::of(&object), ObjectBody::at_rest(object));
            let list = match self.list_kept(&api, keep).await {
                Ok(list) => list,
                Err(failure) if may_pass(&failure) => {
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
                Err(failure) => {
                    // The receiver's end may be gone: then nobody wants to know.
                    let _ = events.send(CollectionEvent::Unobservable(self, failure));
                    return;
                }
            };
            if events.send(CollectionEvent::Listed(self.clone(), list.items)).is_err() {
                return;
            }
            let mut version = list.resource_version;
            loop {
                let begun = Instant::now();
                let end = self.follow(&api, &mut version, &events, silence).await;
                // A server that ends every watch at once is not to be asked all the time.
                if begun.elapsed() < PAUSE && matches!(end, WatchEnd::Closed | WatchEnd::TooOld) {
                    tokio::time::sleep(PAUSE).await;
                }
                match end {
                    WatchEnd::Closed => {}
                    WatchEnd::TooOld => break,
                    WatchEnd::Unwanted => return,
                    WatchEnd::Failed(failure) if may_pass(&failure) => {
                        tokio::time::sleep(PAUSE).await
                    }
                    WatchEnd::Failed(failure) => {
                        let _ = events.send(CollectionEvent::Unobservable(self, failure));
                        return;
                    }
                }
            }
        }
    }

    /// Watches from a version on, which moves on with what is seen; gives why the watch ended.
    async fn follow(
        &self,
        api: &Api,
        version: &mut String,
        events: &UnboundedSender<CollectionEvent>,
        silence: Duration,
    ) -> WatchEnd {
        let response = match self.open(api, version).await {
            Ok(response) => response,
            Err(end) => return end,
        };
        let mut body = response.into_body().into_data_stream();
        let mut buffer = BytesMut::new();
        loop {
            let chunk = tokio::select! {
                chunk = body.next() => chunk,
                () = events.closed() => return WatchEnd::Unwanted,
                // It may be open at this end alone: a list shows what it did not.
                () = tokio::time::sleep(silence) => return WatchEnd::TooOld,
            };
            match chunk {
                Some(Ok(chunk)) => buffer.extend_from_slice(&chunk),
                Some(Err(error)) => return WatchEnd::no_answer(api, &error),
                None => return WatchEnd::Closed,
            }
            while let Some(end) = buffer.iter().position(|byte| *byte == b'\n') {
                let line = buffer.split_to(end);
                buffer.advance(1);
                if let Some(end) = self.take(&line, version, events) {
                    return end;
                }
            }
            if buffer.len() > LINE_LIMIT {
                return WatchEnd::TooOld;
            }
        }
    }

    /// Opens a watch. Only the answer's head has to come in time: its body may be quiet for long.
    async fn open(&self, api: &Api, version: &str) -> Result<Response<Body>, WatchEnd> {
        let path = format!(
            "{}?watch=true&allowWatchBookmarks=true&timeoutSeconds={WATCH_SECONDS}&resourceVersion={version}{}",
            self.path, self.query
        );
        match stream::open(api, &path).await {
            Ok(Some(response)) => Ok(response),
            // Something on the way may hold watches back: a new list shows what happened.
            Ok(None) => Err(WatchEnd::TooOld),
            Err(failure) if failure.is_status(StatusCode::GONE.as_u16()) => Err(WatchEnd::TooOld),
            Err(failure) => Err(WatchEnd::Failed(failure)),
        }
    }

    /// Takes one line of a watch; `Some` where the watch is over.
    fn take(
        &self,
        line: &[u8],
        version: &mut String,
        events: &UnboundedSender<CollectionEvent>,
    ) -> Option<WatchEnd> {
        // A line that cannot be read may hide an event: begin anew.
        let Ok(mut event) = trimmed::event(line) else {
            return (!line.trim_ascii().is_empty()).then_some(WatchEnd::TooOld);
        };
        let mut object = event["object"].take();
        let kind = event["type"].as_str().unwrap_or_default();
        // A version that is too old is told so too, after a 200: as an event that holds a Status.
        if kind == "ERROR" {
            return Some(WatchEnd::TooOld);
        }
        // Also of bookmarks, which are sent for that alone.
        if let Some(seen) = object.pointer("/metadata/resourceVersion").and_then(Value::as_str) {
            seen.clone_into(version);
        }
        let seen_as = match kind {
            "ADDED" | "MODIFIED" => CollectionEvent::Present,
            "DELETED" => CollectionEvent::Gone,
            _ => return None,
        };
        self.complete(&mut object);
        events.send(seen_as(object)).is_err().then_some(WatchEnd::Unwanted)
    }
}

enum WatchEnd {
    /// The server closed it; it goes on where it stood.
    Closed,
    /// Where it stood is too long ago.
    TooOld,
    /// Nobody listens any more.
    Unwanted,
    /// It could not be opened, or broke.
    Failed(Failure),
}

impl WatchEnd {
    fn no_answer(api: &Api, error: &kube::Error) -> Self {
        Self::Failed(Failure::NoAnswer(Box::new(api.connection().explain(error))))
    }
}

fn may_pass(failure: &Failure) -> bool {
    match failure {
        Failure::Status(status) => matches!(status.code, 429 | 500..),
        // A list too large would be read again and again, and what is no list stays none.
        Failure::NoAnswer(error) => !matches!(error.code, Code::NotAnApiServer | Code::TooLarge),
    }
}
