//! The door of a served sandbox: who may come in, how long a request may take to arrive, and how
//! many watches may stay.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response, header};
use http_body::Frame;
use hyper::body::Incoming;
use serde_json::{Value, json};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};
use tower::ServiceExt as _;

use super::identity::Identity;
use crate::sandbox::{
    Sandbox,
    body::{Body, Broken},
    request::Reply,
    service::whole,
    status::StatusError,
};

/// How many watches and followed logs there may be at once.
const MOST_STREAMS: usize = 256;
/// How long a request may take from its head to the beginning of its answer.
const ARRIVING: Duration = Duration::from_secs(60);

/// What stands between the port and the sandbox.
pub(super) struct Door {
    pub(super) sandbox: Sandbox,
    pub(super) identity: Identity,
    streams: Arc<Semaphore>,
}

impl Door {
    pub(super) fn new(sandbox: Sandbox, identity: Identity) -> Self {
        Self { sandbox, identity, streams: Arc::new(Semaphore::new(MOST_STREAMS)) }
    }

    /// Answers a request of whoever shows the token.
    pub(super) async fn answer(
        self: Arc<Self>,
        request: Request<Incoming>,
    ) -> Result<Response<Held>, Broken> {
        let refused = |failure: StatusError, retry_after: Option<u64>| {
            let reply = Reply { retry_after, ..failure.into() };
            whole(&self.sandbox.server, reply).map(Held::freely)
        };
        if !self.identity.admits(request.headers()) {
            let failure = StatusError::status(401, "Unauthorized", "Unauthorized", Value::Null);
            return Ok(refused(failure, None));
        }
        let Ok(answer) = timeout(ARRIVING, self.sandbox.clone().oneshot(request)).await else {
            let message = "Timeout: request did not complete within the allotted timeout";
            return Ok(refused(StatusError::status(504, "Timeout", message, json!({})), None));
        };
        let answer = answer?;
        // What has a length is there already.
        if answer.headers().contains_key(header::CONTENT_LENGTH) {
            return Ok(answer.map(Held::freely));
        }
        let Ok(permit) = Arc::clone(&self.streams).try_acquire_owned() else {
            let message = "Too many watches, please try again later.";
            let details = json!({"retryAfterSeconds": 1});
            let failure = StatusError::status(429, "TooManyRequests", message, details);
            return Ok(refused(failure, Some(1)));
        };
        Ok(answer.map(|body| Held { body, _permit: Some(permit) }))
    }
}

/// A body that counts as a watch for as long as it lasts.
pub(super) struct Held {
    body: Body,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Held {
    fn freely(body: Body) -> Self {
        Self { body, _permit: None }
    }
}

impl http_body::Body for Held {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }
}
