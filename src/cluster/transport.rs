//! What happens to every request on its way: it is signed, sent, counted and reported; answers
//! tell the server's clock and its warnings; a refused login is renewed once.

use std::{
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use futures::future::BoxFuture;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode,
    header::{ACCEPT_ENCODING, AUTHORIZATION},
};
use kube::client::Body;
use tower::{BoxError, Service, ServiceExt};

use super::{
    client_certificate::Identity,
    credentials::{Credentials, Proof},
    http::{AnswerBody, Endpoint, Wire},
    observations::{Observations, RequestSeen},
    pool::SharedWire,
};
use crate::workload::error;

/// The service under the kube client.
#[derive(Clone)]
pub(crate) struct Transport(Arc<SigningClient>);

/// What signs the requests of one connection and sends them.
struct SigningClient {
    /// None where the service is in this process and needs no certificate.
    endpoint: Option<Endpoint>,
    credentials: Credentials,
    headers: Vec<(HeaderName, HeaderValue)>,
    identity: Option<Arc<Identity>>,
    wire: SharedWire,
    seen: Arc<Observations>,
}

impl Transport {
    /// Makes a transport. `identity` is the client certificate of the kubeconfig; one of an exec
    /// plugin takes its place. The headers go with every request. `wire` is a client of the endpoint
    /// with that identity.
    pub(crate) fn new(
        endpoint: Endpoint,
        credentials: Credentials,
        identity: Option<Arc<Identity>>,
        headers: Vec<(HeaderName, HeaderValue)>,
        wire: SharedWire,
        seen: Arc<Observations>,
    ) -> Self {
        let endpoint = Some(endpoint);
        Self(Arc::new(SigningClient { endpoint, credentials, headers, identity, wire, seen }))
    }

    /// Makes a transport to a service of this process.
    pub(crate) fn over(
        wire: SharedWire,
        headers: Vec<(HeaderName, HeaderValue)>,
        seen: Arc<Observations>,
    ) -> Self {
        Self(Arc::new(SigningClient {
            endpoint: None,
            credentials: Credentials::None,
            headers,
            identity: None,
            wire,
            seen,
        }))
    }
}

impl SigningClient {
    async fn send(&self, request: Request<Body>) -> Result<Response<AnswerBody>, BoxError> {
        // A body can be sent once: the copy is for a login that is refused.
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
        if let Some(warning) = proof.take_warning() {
            self.seen.warn(warning);
        }
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
        let method = request.method().to_string();
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let is_write = request.method() != Method::GET;
        let start = Instant::now();
        self.seen.sending();
        let answer = wire.oneshot(request).await;
        let status = answer.as_ref().map_or(0, |answer| answer.status().as_u16());
        let took = start.elapsed();
        self.seen.tell(RequestSeen { method, path, status, took, bodies: None });
        let answer = answer?;
        self.seen.note_time(answer.headers());
        // Of what this program looks at by itself, such as every kind there is, nobody is to be
        // warned.
        if is_write {
            self.seen.note_warnings(answer.headers());
        }
        Ok(answer)
    }

    /// Gives the client whose connections show the right certificate.
    fn wire(&self, wanted: Option<&Arc<Identity>>) -> error::Result<Wire> {
        let mut wire = self.wire.lock().expect("making a client does not panic");
        // TLS shows a certificate when a connection is made: another one needs other connections.
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
        let client = self.0.clone();
        Box::pin(async move { client.send(request).await })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
