//! Requests to one API server: bodies are plain JSON.
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
use http::{HeaderMap, Method, StatusCode, header};
use jiff::Timestamp;
use kube::client::Body;
use serde_json::Value;
use tokio::sync::Semaphore;

mod limits;
mod list;
mod settle;
mod status;

pub(crate) use list::List;
use settle::Settled;
pub(super) use status::read_status;

use super::{
    connect::Connection,
    explain::{is_broken_connection, timed_out},
    failure::Failure,
    fence::Fence,
    observations::RequestSeen,
    request::{Answer, Request},
};
use crate::workload::error::{Code, Error};

/// How many requests run at once.
pub(crate) const IN_FLIGHT: usize = 32;
/// How often a request is tried at the most.
const TRIES: u32 = 6;
/// The longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// By how much the server's clock may be ahead of what it tells: its time is cut to seconds.
const CLOCK: Duration = Duration::from_secs(1);
/// A server that asks to wait longer (`Retry-After`) is not waited for: the user is told.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(30);

/// An API server, as this program uses it. Cheap to clone.
#[derive(Clone)]
pub struct Api {
    connection: Arc<Connection>,
    in_flight: Arc<Semaphore>,
    /// Whether the server has answered before: only then is a refused connection worth a
    /// second try. A cluster that is not running was once told after six seconds of retries.
    answered: Arc<AtomicBool>,
    request_timeout: Duration,
    /// Where there is one, no write passes it without being sure of the holder.
    fence: Option<Fence>,
    tells_bodies: bool,
}

/// What one try came to.
enum Try {
    Done(Bytes),
    /// Without a pause another try would be in vain.
    Failed {
        failure: Failure,
        pause: Option<Duration>,
    },
}

/// Something that is to be made, until its answer is there: also whoever stops waiting for it does
/// not know what becomes of it.
struct Unanswered<'a>(Option<&'a Connection>);

impl Unanswered<'_> {
    fn answered(mut self) {
        self.0 = None;
    }
}

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        if let Some(connection) = self.0 {
            connection.lose_answer();
        }
    }
}

impl Try {
    fn given_up(why: Error) -> Self {
        Self::Failed { failure: Failure::NoAnswer(Box::new(why)), pause: None }
    }
}

impl Api {
    /// Wraps a connection. `request_timeout` is the longest that one try of a request may take.
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
    pub(crate) fn telling_bodies(self, tells_bodies: bool) -> Self {
        Self { tells_bodies, ..self }
    }

    /// Gives the same API server behind a fence: every try of a write passes it first.
    pub(crate) fn fenced(&self, fence: &Fence) -> Self {
        Self { fence: Some(fence.clone()), ..self.clone() }
    }

    /// Gives the same API server with places in flight of its own: writes that wait at the fence
    /// for a renewal must not keep the renewal from being sent.
    pub(crate) fn apart(&self) -> Self {
        Self { in_flight: Arc::new(Semaphore::new(IN_FLIGHT)), ..self.clone() }
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Gives the longest time that one try of a request may take.
    pub(crate) fn request_timeout(&self) -> Duration {
        self.request_timeout
    }

    /// Says until when, by the server's clock, what was to be made may arrive whose answer was lost.
    pub(crate) fn unsettled(&self) -> Option<Timestamp> {
        self.connection.lost_answer().map(|lost| self.arrived(lost))
    }

    /// Says when, by the server's clock, what was sent at a time has arrived or never will: whoever
    /// buffers requests on the way is believed to hold none for longer than a request may take.
    pub(crate) fn arrived(&self, sent: Timestamp) -> Timestamp {
        let longest = self.request_timeout.saturating_add(CLOCK);
        sent.saturating_add(longest).unwrap_or(Timestamp::MAX)
    }

    /// Sends a request and reads the JSON answer.
    ///
    /// # Errors
    /// Whatever the server answered, or that it did not.
    pub async fn send(&self, request: Request) -> Result<Answer, Failure> {
        let bytes = self.send_bounded(&request).await?;
        let body = self.read_answer(&request, &bytes)?;
        Ok(Answer { body })
    }

    /// Sends a request and gives an answer that has no more values than one may have.
    async fn send_bounded(&self, request: &Request) -> Result<Bytes, Failure> {
        let bytes = self.send_raw(request).await?;
        if limits::has_few_values(&bytes) {
            return Ok(bytes);
        }
        let error = limits::too_many_values(&self.connection.server, &request.path);
        Err(Failure::NoAnswer(Box::new(error)))
    }

    /// Reads an object; `None` where it is proven not to be there.
    ///
    /// # Errors
    /// As [`Api::send`].
    pub(crate) async fn find(&self, request: Request) -> Result<Option<Value>, Failure> {
        match self.send(request).await {
            Ok(answer) => Ok(Some(answer.body)),
            Err(failure) if failure.is_not_found() => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// Sends a request and gives the body as it came.
    ///
    /// # Errors
    /// As [`Api::send`].
    pub(crate) async fn send_raw(&self, request: &Request) -> Result<Bytes, Failure> {
        let _permit = self.in_flight.acquire().await.expect("the semaphore is never closed");
        let (mut attempt, mut unserved) = (0, 0);
        loop {
            attempt += 1;
            let unanswered = Unanswered(request.creates().then_some(&*self.connection));
            let tried = self.attempt(request).await;
            // Whatever comes of it: a proxy may hold this try, and deliver it yet.
            if matches!(&tried, Try::Failed { failure, .. } if matches!(failure.code(), 0 | 502 | 504))
            {
                drop(unanswered);
                if let Some(fence) = self.fence.as_ref().filter(|_| request.creates()) {
                    fence.doubt();
                }
            } else {
                unanswered.answered();
            }
            match tried {
                Try::Done(bytes) => return Ok(bytes),
                Try::Failed { failure, pause } => {
                    match pause {
                        Some(pause) if request.retry && attempt < TRIES => {
                            let backoff = Duration::from_millis(100) * 2u32.pow(attempt);
                            // What the server asks for counts, even above our longest pause.
                            tokio::time::sleep(pause.max(backoff).min(LONGEST_PAUSE.max(pause)))
                                .await;
                        }
                        _ => match self.settle(request, failure).await {
                            Settled::Failed(failure) => return Err(failure),
                            Settled::AskAgain(failure) => {
                                let Some(pause) = Self::pause_until_served(unserved) else {
                                    return Err(failure);
                                };
                                unserved += 1;
                                tokio::time::sleep(pause).await;
                            }
                        },
                    }
                }
            }
        }
    }

    async fn attempt(&self, request: &Request) -> Try {
        // Each try, not each request: the holder may be lost in the pause between two.
        if let (Some(fence), true) = (&self.fence, request.method != Method::GET)
            && let Err(error) = fence.pass().await
        {
            return Try::given_up(error);
        }
        // kube's own read time-out would end quiet watches, which share the client.
        match tokio::time::timeout(self.request_timeout, self.exchange(request)).await {
            Ok(outcome) => outcome,
            Err(_) => {
                let late = timed_out(&self.connection.server, self.request_timeout);
                Try::given_up(self.connection.hinted(late))
            }
        }
    }

    async fn exchange(&self, request: &Request) -> Try {
        let message = http::Request::builder()
            .method(request.method.clone())
            .uri(&request.path)
            .header(header::ACCEPT, request.accept);
        let message = match &request.body {
            Some((body, content_type)) => {
                message.header(header::CONTENT_TYPE, *content_type).body(Body::from(body.to_vec()))
            }
            None => message.body(Body::empty()),
        };
        let message = match message {
            Ok(message) => message,
            Err(error) => {
                let what = format!("{} is not a valid path", request.path);
                return Try::given_up(
                    Error::failed(Code::InvalidRequest, what).cause(error.to_string()),
                );
            }
        };
        let response = match self.connection.client.send(message).await {
            Ok(response) => response,
            Err(error) => return self.no_answer(error),
        };
        self.answered.store(true, Ordering::Relaxed);
        let (parts, body) = response.into_parts();
        match limits::read(body).await {
            Ok(Some(body)) => {
                if self.tells_bodies {
                    self.tell_bodies(request, parts.status, body.clone());
                }
                judge(parts.status, &parts.headers, body)
            }
            Ok(None) => {
                Try::given_up(limits::too_many_bytes(&self.connection.server, &request.path))
            }
            Err(error) => self.no_answer(error),
        }
    }

    fn tell_bodies(&self, request: &Request, status: StatusCode, answered: Bytes) {
        let sent = request.body.as_ref().map(|(sent, _)| sent.clone()).unwrap_or_default();
        self.connection.tell_bodies(RequestSeen {
            method: request.method.to_string(),
            path: request.path.clone(),
            status: status.as_u16(),
            took: Duration::ZERO,
            bodies: Some((sent, answered)),
        });
    }

    fn no_answer(&self, error: kube::Error) -> Try {
        // A connection that breaks may have served its time; a refused one is worth a second
        // try only at a server that has answered before.
        let passing = is_broken_connection(&error) || self.answered.load(Ordering::Relaxed);
        let error = self.connection.explain(&error);
        let passing = passing && matches!(error.code, Code::Unreachable | Code::Timeout);
        Try::Failed {
            failure: Failure::NoAnswer(Box::new(error)),
            pause: passing.then_some(Duration::from_millis(50)),
        }
    }
}

fn judge(status: StatusCode, headers: &HeaderMap, body: Bytes) -> Try {
    if status.is_success() {
        return Try::Done(body);
    }
    let mut parsed = read_status(status, &body);
    let after = headers
        .get(header::RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.parse().ok())
        .or_else(|| parsed.details.as_ref()?.retry_after_seconds)
        .map(Duration::from_secs);
    let is_too_long = after.is_some_and(|after| after > LONGEST_RETRY_AFTER);
    if let (true, Some(after)) = (is_too_long, after) {
        parsed.message = format!("{}; it asks to wait {} s", parsed.message, after.as_secs());
    }
    let failure = Failure::Status(Box::new(parsed));
    let pause = match status.as_u16() {
        _ if is_too_long => None,
        429 | 503 | 504 => Some(after.unwrap_or_default()),
        // A body that does not fit the schema and a webhook's failure come as 500 too: neither
        // passes by asking again at once.
        500 | 502 if !failure.is_webhook_down() && !failure.is_about_the_body() => {
            Some(after.unwrap_or_default())
        }
        _ => None,
    };
    Try::Failed { failure, pause }
}

#[cfg(test)]
mod tests;
