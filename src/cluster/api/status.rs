//! What a failed answer says: a `Status`, or the words of whoever stands before the server.

use http::StatusCode;

use crate::cluster::{absence::Absence, failure::ApiStatus};

/// Reads the answer to a request that failed.
pub(in crate::cluster) fn read_status(code: StatusCode, body: &[u8]) -> ApiStatus {
    // Not every failure is a Status: an unknown path is `404 page not found`, a dead APIService
    // 503 in plain text, a proxy answers in HTML.
    let mut status: ApiStatus = serde_json::from_slice(body)
        .unwrap_or_else(|_| ApiStatus { message: excerpt(body), ..ApiStatus::default() });
    // Not every Status repeats its code.
    status.code = code.as_u16();
    status.absence = Absence::told_by(&status.kind, status.code, &status.reason);
    status
}

/// Shows the beginning of an answer that is no JSON; of a proxy's page its title.
pub(super) fn excerpt(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim();
    if text.starts_with('<') {
        let between = |open, close| text.split_once(open)?.1.split_once(close);
        let title = between("<title>", "</title>").or_else(|| between("<h1>", "</h1>"));
        return title.map_or("a page of HTML", |(title, _)| title.trim()).to_owned();
    }
    let mut excerpt: String = text.chars().take(300).collect();
    if excerpt.len() < text.len() {
        excerpt.push('…');
    }
    excerpt
}
