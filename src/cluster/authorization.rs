//! The values of `Authorization` and `Proxy-Authorization`, marked as sensitive so that no log of
//! headers shows them.

use base64::{Engine, engine::general_purpose::STANDARD};
use http::HeaderValue;

/// Makes the header of a bearer token.
///
/// # Errors
/// Why the token cannot stand in a header, without quoting it.
pub(crate) fn bearer(token: &str) -> Result<HeaderValue, String> {
    let mut header = HeaderValue::try_from(format!("Bearer {}", token.trim()))
        .map_err(|_| "the token has characters that no token has".to_owned())?;
    header.set_sensitive(true);
    Ok(header)
}

/// Makes the header of a name and a password.
pub(crate) fn basic(username: &str, password: &str) -> HeaderValue {
    let coded = STANDARD.encode(format!("{username}:{password}"));
    let mut header = HeaderValue::try_from(format!("Basic {coded}")).expect("base64 is ASCII");
    header.set_sensitive(true);
    header
}
