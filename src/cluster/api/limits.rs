//! How much an answer may be. Whoever answers may be anybody, and gzip makes a thousand bytes of
//! one: what is read is counted as it comes out of the unzipping, and given up at the limit.

use bytes::Bytes;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use kube::client::Body;

use crate::workload::error::{Code, Error};

/// The most bytes of an answer, unzipped. A page of 500 objects that are larger is asked for in
/// smaller pages.
const ANSWER_BYTES: usize = 64 << 20;
/// The most values of an answer: in memory each takes up to a hundred bytes, as text two.
const ANSWER_VALUES: usize = 4 << 20;
/// The most items of a page. Some servers give all that they have, whatever was asked for.
pub(super) const PAGE_ITEMS: usize = 100_000;
/// The most pages of a list: a million objects.
pub(super) const LIST_PAGES: usize = 2000;
/// The most bytes of a list, all its pages together.
pub(super) const LIST_BYTES: usize = 512 << 20;

/// Reads the body of an answer to its end, or to the limit.
///
/// # Errors
/// `Ok(None)` where it is larger than it may be; else the client's.
pub(super) async fn read(body: Body) -> kube::Result<Option<Bytes>> {
    match Limited::new(body, ANSWER_BYTES).collect().await {
        Ok(whole) => Ok(Some(whole.to_bytes())),
        Err(error) if error.is::<LengthLimitError>() => Ok(None),
        Err(error) => Err(match error.downcast::<kube::Error>() {
            Ok(known) => *known,
            Err(other) => kube::Error::Service(other),
        }),
    }
}

/// Tells whether a JSON text has no more values than an answer may have. What stands in strings
/// counts too: to be exact is not worth a parser.
pub(super) fn has_few_values(json: &[u8]) -> bool {
    json.iter().filter(|byte| matches!(byte, b',' | b'[' | b'{')).count() <= ANSWER_VALUES
}

/// Makes the failure of an answer that is larger than it may be.
pub(super) fn too_many_bytes(server: &str, path: &str) -> Error {
    too_large(server, path, &format!("more than {} MiB in one answer", ANSWER_BYTES >> 20))
}

/// Makes the failure of an answer that has more values than it may have.
pub(super) fn too_many_values(server: &str, path: &str) -> Error {
    too_large(server, path, &format!("more than {ANSWER_VALUES} values in one answer"))
}

/// Makes the failure of an answer that is too large to be read.
pub(super) fn too_large(server: &str, path: &str, what: &str) -> Error {
    Error::runtime(Code::TooLarge, format!("{server} answers with {what}"))
        .cause(format!("asked for {path}"))
        .hint("is it the API server that answers? `-v` shows each request")
}
