//! What happens to every request on its way: it is signed, sent, counted and reported; answers
//! tell the server's clock and its warnings; a refused login is renewed once.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{
    HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode,
    header::{ACCEPT_ENCODING, AUTHORIZATION, DATE, WARNING},
};
use jiff::{SignedDuration, Timestamp};
use kube::client::Body;
use tower::{BoxError, Service, ServiceExt};

use super::{
    client_certificate::Identity,
    credentials::{Credentials, Proof},
    http::{AnswerBody, Endpoint, Wire},
};

/// More different warnings than these are not told.
const WARNING_LIMIT: usize = 1000;

/// A request that was answered, or was not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestSeen {
    /// The HTTP method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// The HTTP status; 0 where there was no answer.
    pub status: u16,
    /// The time from sending to the answer's headers.
    pub took: Duration,
    /// The bodies of request and answer, where they are told: after the request, once more.
    pub bodies: Option<(Bytes, Bytes)>,
}

/// Is told of every request.
pub(crate) type OnRequest = Arc<dyn Fn(RequestSeen) + Send + Sync>;

/// What the answers of one connection told.
#[derive(Default)]
pub(crate) struct Observations {
    requests: AtomicU64,
    on_request: Option<OnRequest>,
    clock: Mutex<Option<(Timestamp, Duration)>>,
    warnings: Mutex<Warnings>,
}

#[derive(Default)]
struct Warnings {
    fresh: Vec<String>,
    known: BTreeSet<String>,
}

impl Observations {
    /// Makes one that reports every request.
    #[must_use]
    pub(crate) fn new(on_request: Option<OnRequest>) -> Self {
        Self { on_request, ..Self::default() }
    }

    /// Tells the bodies of a request that was told already.
    pub(crate) fn tell_bodies(
        &self,
        method: String,
        path: String,
        status: u16,
        bodies: (Bytes, Bytes),
    ) {
        if let Some(report) = &self.on_request {
            let took = Duration::ZERO;
            report(RequestSeen { method, path, status, took, bodies: Some(bodies) });
        }
    }

    /// Counts the requests that were sent so far.
    #[must_use]
    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Takes out the warnings that came since the last call. Each text comes once in all.
    ///
    /// # Panics
    /// When another thread died while it noted one.
    #[must_use]
    pub(crate) fn warnings(&self) -> Vec<String> {
        std::mem::take(&mut self.warnings.lock().expect("noting a warning does not panic").fresh)
    }

    /// Estimates the server's clock from the newest answer, to the second; ours where no answer
    /// told it.
    ///
    /// # Panics
    /// When another thread died while it read the header.
    #[must_use]
    pub(crate) fn server_now(&self) -> Timestamp {
        let told = *self.clock.lock().expect("noting a time does not panic");
        told.and_then(|(date, at)| {
            let passed = SignedDuration::try_from(uptime().saturating_sub(at)).ok()?;
            date.checked_add(passed).ok()
        })
        .unwrap_or_else(Timestamp::now)
    }

    fn note(&self, headers: &HeaderMap) {
        if let Some(date) = headers.get(DATE).and_then(date_of) {
            *self.clock.lock().expect("noting a time does not panic") = Some((date, uptime()));
        }
        headers.get_all(WARNING).iter().flat_map(warnings_of).for_each(|text| self.warn(text));
    }

    /// Adds a warning of our own.
    ///
    /// # Panics
    /// When another thread died while it noted one.
    pub(crate) fn warn(&self, text: String) {
        let mut warnings = self.warnings.lock().expect("noting a warning does not panic");
        if warnings.known.len() < WARNING_LIMIT && warnings.known.insert(text.clone()) {
            warnings.fresh.push(text);
        }
    }
}

/// Reads a clock that never goes back and counts the time in which the machine sleeps.
#[must_use]
pub(crate) fn uptime() -> Duration {
    #[cfg(target_os = "linux")]
    let clock = rustix::time::ClockId::Boottime;
    #[cfg(not(target_os = "linux"))]
    let clock = rustix::time::ClockId::Monotonic;
    let now = rustix::time::clock_gettime(clock);
    Duration::new(
        now.tv_sec.try_into().unwrap_or_default(),
        now.tv_nsec.try_into().unwrap_or_default(),
    )
}

fn date_of(header: &HeaderValue) -> Option<Timestamp> {
    jiff::fmt::rfc2822::parse(header.to_str().ok()?).ok().map(|zoned| zoned.timestamp())
}

/// Reads the texts of `299 - "text"`, several of which may stand in one header. Other codes are
/// about caches.
fn warnings_of(header: &HeaderValue) -> Vec<String> {
    let text = String::from_utf8_lossy(header.as_bytes());
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some((before, quoted)) = rest.split_once('"') {
        let Some((message, after)) = unquote(quoted) else { break };
        if before.starts_with("299 ") && !message.is_empty() {
            found.push(message);
        }
        let after = after.trim_start();
        let after = match after.strip_prefix('"') {
            Some(date) => date.split_once('"').map_or("", |(_, after)| after),
            None => after,
        };
        rest = after.trim_start_matches([' ', '\t', ',']);
    }
    found
}

/// Reads a quoted string whose opening quote has been read; also gives what follows it.
fn unquote(quoted: &str) -> Option<(String, &str)> {
    let mut message = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '"' => return Some((message, &quoted[at + 1..])),
            '\\' => message.push(chars.next()?.1),
            char if char.is_control() => message.push(' '),
            char => message.push(char),
        }
    }
    None
}

/// The service under the kube client.
#[derive(Clone)]
pub(crate) struct Transport(Arc<Inner>);

struct Inner {
    /// None where the service is in this process and needs no certificate.
    endpoint: Option<Endpoint>,
    credentials: Credentials,
    headers: Vec<(HeaderName, HeaderValue)>,
    identity: Option<Arc<Identity>>,
    /// The client, and the exec plugin's certificate that its connections show.
    wire: Mutex<(Option<Arc<Identity>>, Wire)>,
    seen: Arc<Observations>,
}

impl Transport {
    /// Makes a transport. `identity` is the client certificate of the kubeconfig; one of an exec
    /// plugin takes its place. The headers go with every request.
    ///
    /// # Errors
    /// Those of [`Endpoint::wire`].
    pub(crate) fn new(
        endpoint: Endpoint,
        credentials: Credentials,
        identity: Option<Arc<Identity>>,
        headers: Vec<(HeaderName, HeaderValue)>,
        seen: Arc<Observations>,
    ) -> crate::workload::error::Result<Self> {
        let wire = Mutex::new((None, endpoint.wire(identity.as_deref())?));
        let endpoint = Some(endpoint);
        Ok(Self(Arc::new(Inner { endpoint, credentials, headers, identity, wire, seen })))
    }

    /// Makes a transport to a service of this process.
    #[must_use]
    pub(crate) fn over(
        wire: Wire,
        headers: Vec<(HeaderName, HeaderValue)>,
        seen: Arc<Observations>,
    ) -> Self {
        Self(Arc::new(Inner {
            endpoint: None,
            credentials: Credentials::None,
            headers,
            identity: None,
            wire: Mutex::new((None, wire)),
            seen,
        }))
    }
}

impl Inner {
    async fn send(&self, request: Request<Body>) -> Result<Response<AnswerBody>, BoxError> {
        let spare = if self.credentials.can_renew() { copy(&request) } else { None };
        let proof = self.credentials.proof().await?;
        let answer = self.send_once(request, &proof).await?;
        if answer.status() != StatusCode::UNAUTHORIZED {
            proof.accepted();
            return Ok(answer);
        }
        let Some(spare) = spare else { return Ok(answer) };
        match self.credentials.renewed(&proof).await? {
            None => Ok(answer),
            Some(proof) => {
                let answer = self.send_once(spare, &proof).await?;
                if answer.status() != StatusCode::UNAUTHORIZED {
                    proof.accepted();
                }
                Ok(answer)
            }
        }
    }

    async fn send_once(
        &self,
        mut request: Request<Body>,
        proof: &Proof,
    ) -> Result<Response<AnswerBody>, BoxError> {
        let headers = request.headers_mut();
        headers.extend(self.headers.iter().cloned());
        if let Some(header) = proof.header() {
            headers.insert(AUTHORIZATION, header.clone());
        }
        if is_stream(request.uri().query().unwrap_or_default()) {
            // servers zip each event on its own, which the unzipping layer cannot follow
            headers_of_stream(request.headers_mut());
        }
        let wire = self.wire(proof.identity())?;
        let report = self.seen.on_request.as_ref().map(|report| {
            let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
            (report, request.method().to_string(), path.to_owned(), Instant::now())
        });
        self.seen.requests.fetch_add(1, Ordering::Relaxed);
        let answer = wire.oneshot(request).await;
        if let Some((report, method, path, start)) = report {
            let status = answer.as_ref().map_or(0, |answer| answer.status().as_u16());
            let took = start.elapsed();
            report(RequestSeen { method, path, status, took, bodies: None });
        }
        let answer = answer?;
        self.seen.note(answer.headers());
        Ok(answer)
    }

    /// Gives the client whose connections show the right certificate.
    fn wire(&self, wanted: Option<&Arc<Identity>>) -> crate::workload::error::Result<Wire> {
        let mut wire = self.wire.lock().expect("making a client does not panic");
        let same = match (wanted, &wire.0) {
            (None, None) => true,
            (Some(wanted), Some(present)) => Arc::ptr_eq(wanted, present),
            _ => false,
        };
        if let Some(endpoint) = self.endpoint.as_ref().filter(|_| !same) {
            let identity = wanted.or(self.identity.as_ref()).map(AsRef::as_ref);
            *wire = (wanted.cloned(), endpoint.wire(identity)?);
        }
        Ok(wire.1.clone())
    }
}

fn is_stream(query: &str) -> bool {
    query.split('&').any(|part| matches!(part, "watch=true" | "watch=1" | "follow=true"))
}

fn headers_of_stream(headers: &mut HeaderMap) {
    headers.entry(ACCEPT_ENCODING).or_insert(HeaderValue::from_static("identity"));
}

fn copy(request: &Request<Body>) -> Option<Request<Body>> {
    let mut copy = Request::new(request.body().try_clone()?);
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.headers_mut() = request.headers().clone();
    Some(copy)
}

impl Service<Request<Body>> for Transport {
    type Response = Response<AnswerBody>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let inner = self.0.clone();
        Box::pin(async move { inner.send(request).await })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_are_read_as_the_server_writes_them() {
        for (header, expected) in [
            (
                r#"299 - "v1 ComponentStatus is deprecated""#,
                &["v1 ComponentStatus is deprecated"][..],
            ),
            (r#"299 - "unknown field \"spec.foo\", a\\b""#, &[r#"unknown field "spec.foo", a\b"#]),
            (r#"299 kube-apiserver "one" , 299 - "two""#, &["one", "two"]),
            (r#"299 - "one" "Tue, 24 Nov 2026 13:25:00 GMT", 299 - "two""#, &["one", "two"]),
            (r#"110 - "Response is stale", 299 - "one""#, &["one"]),
            (r#"299 - """#, &[]),
            (r#"299 - "not closed"#, &[]),
            (r#"299 - "ends in a backslash\"#, &[]),
            ("299", &[]),
            ("", &[]),
            ("299 - \"sch\u{f6}n\tclear\"", &["sch\u{f6}n clear"]),
        ] {
            let value = HeaderValue::from_bytes(header.as_bytes()).unwrap();
            assert_eq!(warnings_of(&value), expected, "{header}");
        }
    }

    #[test]
    fn each_warning_is_told_once() {
        let seen = Observations::default();
        let mut headers = HeaderMap::new();
        headers.append(WARNING, HeaderValue::from_static(r#"299 - "b""#));
        headers.append(WARNING, HeaderValue::from_static(r#"299 - "a""#));
        seen.note(&headers);
        seen.note(&headers);
        assert_eq!(seen.warnings(), ["b", "a"]);
        headers.append(WARNING, HeaderValue::from_static(r#"299 - "c""#));
        seen.note(&headers);
        assert_eq!(seen.warnings(), ["c"]);
    }

    #[test]
    fn the_newest_answer_tells_the_servers_clock() {
        let seen = Observations::default();
        let distance =
            |from: &str| seen.server_now().duration_since(from.parse().unwrap()).as_secs();
        assert!(seen.server_now().duration_since(Timestamp::now()).as_secs().abs() <= 1);
        for (header, expected) in [
            ("Tue, 24 Nov 2026 13:25:00 GMT", "2026-11-24T13:25:00Z"),
            ("yesterday", "2026-11-24T13:25:00Z"),
            ("Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(DATE, HeaderValue::from_static(header));
            seen.note(&headers);
            assert!((0..60).contains(&distance(expected)), "{header}");
        }
    }

    #[test]
    fn streams_are_known_by_their_query() {
        for (query, expected) in [
            ("watch=true&resourceVersion=1", true),
            ("labelSelector=a&watch=1", true),
            ("follow=true", true),
            ("watch=false", false),
            ("notwatch=true", false),
            ("", false),
        ] {
            assert_eq!(is_stream(query), expected, "{query}");
        }
    }

    #[test]
    fn a_request_is_copied_whole() {
        let request = Request::patch("/x?y=z").header("a", "b").body(Body::from(vec![1])).unwrap();
        let copy = copy(&request).unwrap();
        assert_eq!(
            (copy.method(), copy.uri(), copy.headers()),
            (request.method(), request.uri(), request.headers())
        );
    }
}
