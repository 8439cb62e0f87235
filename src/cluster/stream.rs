//! Answers that go on: opening one, for a watch or a log.

use bytes::Bytes;
use http::{Method, Request, Response, header};
use http_body_util::{BodyExt as _, Limited};
use kube::client::Body;

use super::{
    api::{Api, read_status},
    failure::Failure,
};

/// The most bytes of a refusal: a Status is short, and what is longer is read as none.
const REFUSAL: usize = 1 << 20;

/// Opens an answer that goes on. Only its head has to come in time, for its body may be quiet for
/// long; `None` where it does not.
///
/// # Errors
/// What the server answered, or that it did not.
pub(super) async fn open(api: &Api, path: &str) -> Result<Option<Response<Body>>, Failure> {
    let request = Request::builder()
        .method(Method::GET)
        .uri(path)
        .header(header::ACCEPT, "application/json, */*")
        .body(Body::empty())
        .expect("the paths of collections and logs are valid");
    let sending = api.connection().client.send(request);
    let response = match tokio::time::timeout(api.request_timeout(), sending).await {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => {
            return Err(Failure::NoAnswer(Box::new(api.connection().explain(&error))));
        }
        Err(_) => return Ok(None),
    };
    let code = response.status();
    if code.is_success() {
        return Ok(Some(response));
    }
    let reading = Limited::new(response.into_body(), REFUSAL).collect();
    // It may be promised and never come.
    let body = match tokio::time::timeout(api.request_timeout(), reading).await {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(_)) | Err(_) => Bytes::new(),
    };
    Err(Failure::Status(Box::new(read_status(code, &body))))
}
