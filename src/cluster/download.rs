//! Downloading a text by its URL, over the same way as requests to a cluster: the environment's
//! proxies, the system's certificates, limits of time and size.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{
    Request, Response, StatusCode, Uri,
    header::{CONTENT_TYPE, LOCATION, USER_AGENT},
};
use http_body_util::BodyExt as _;
use kube::client::Body;
use tower::{BoxError, ServiceExt as _};

use super::http::{AnswerBody, Endpoint};
use crate::{
    env::Env,
    workload::error::{Code, Error, Result},
};

/// How long all of it may take, redirects included.
const LIMIT: Duration = Duration::from_secs(60);
/// How many redirects are followed.
const REDIRECTS: usize = 10;
/// How many bytes of a refusal's text are shown.
const SHOWN: usize = 500;

/// Gets the text at a URL: `https://`, or `http://` on this machine. At most `limit` bytes.
///
/// # Errors
/// Code 2: a URL that is none, or is not to be trusted; what is not there, too large or a web page;
/// what the server or the way to it failed with, in its own words.
pub(crate) async fn download(url: &str, limit: usize, env: &Env) -> Result<Bytes> {
    match tokio::time::timeout(LIMIT, follow(url, limit, env)).await {
        Ok(downloaded) => downloaded,
        Err(_) => {
            let late = format!("it took longer than {} s", LIMIT.as_secs());
            Err(failed(url).cause(late))
        }
    }
}

async fn follow(url: &str, limit: usize, env: &Env) -> Result<Bytes> {
    let mut at = checked(url, url)?;
    for _ in 0..=REDIRECTS {
        let answer = get(&at, env).await.map_err(|error| explain(url, error))?;
        let location = answer.headers().get(LOCATION).and_then(|value| value.to_str().ok());
        match (answer.status(), location) {
            (StatusCode::OK, _) => return read(url, answer, limit).await,
            (status, Some(location)) if status.is_redirection() => {
                at = checked(url, &resolve(&at, location))?;
            }
            _ => return Err(refused(url, answer).await),
        }
    }
    Err(failed(url).cause(format!("more than {REDIRECTS} redirects, the last one to {at}")))
}

/// Reads a URL, and refuses what anybody on the way could change.
fn checked(url: &str, text: &str) -> Result<Uri> {
    // A fragment is the browser's own.
    let text = text.split('#').next().unwrap_or_default();
    let refuse = |why: String| Error::usage(Code::UnsupportedSource, why);
    let parsed: Option<Uri> = text.parse().ok();
    let Some((uri, host)) = parsed.and_then(|uri| Some((uri.clone(), uri.host()?.to_owned())))
    else {
        return Err(refuse(format!("{text} is no URL")));
    };
    if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        // It would be stored with the definition, and shown.
        return Err(refuse("a URL with a login in it is not read".to_owned())
            .hint("curl -fsSL URL | workloadctl deploy NAME -f -"));
    }
    match uri.scheme_str() {
        Some("https") => Ok(uri),
        // A server far away must not choose what is read of this machine.
        Some("http") if is_loopback(&host) && (text == url || is_local(url)) => Ok(uri),
        _ if text == url => {
            Err(refuse(format!("{url} is not https"))
                .hint("plain http is read of this machine only"))
        }
        _ => Err(refuse(format!("{url} redirects to {text}, which is not https"))),
    }
}

/// Tells whether a URL is plain http of this machine.
fn is_local(url: &str) -> bool {
    url.parse().is_ok_and(|uri: Uri| {
        uri.scheme_str() == Some("http") && uri.host().is_some_and(is_loopback)
    })
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

/// Gives the URL that a redirect means (RFC 3986, 5.2, as far as servers use it).
fn resolve(at: &Uri, location: &str) -> String {
    let scheme = at.scheme_str().unwrap_or_default();
    let authority = at.authority().map(http::uri::Authority::as_str).unwrap_or_default();
    if location.contains("://") {
        location.to_owned()
    } else if location.starts_with("//") {
        format!("{scheme}:{location}")
    } else if location.starts_with('/') {
        format!("{scheme}://{authority}{location}")
    } else if location.starts_with('?') {
        format!("{scheme}://{authority}{}{location}", at.path())
    } else {
        let folder = at.path().rsplit_once('/').map_or("", |(folder, _)| folder);
        format!("{scheme}://{authority}{folder}/{location}")
    }
}

async fn get(at: &Uri, env: &Env) -> Result<Response<AnswerBody>, BoxError> {
    let endpoint = Endpoint::elsewhere(at, None, env)?;
    let path = at.path_and_query().map_or("/", |path| path.as_str());
    let request = Request::get(path)
        // Some servers refuse who does not say what it is.
        .header(USER_AGENT, concat!("workloadctl/", env!("CARGO_PKG_VERSION")))
        .body(Body::empty())?;
    endpoint.wire(None)?.oneshot(request).await
}

async fn read(url: &str, answer: Response<AnswerBody>, limit: usize) -> Result<Bytes> {
    let kind = answer.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    if kind.is_some_and(|kind| kind.starts_with("text/html")) {
        let message = format!("{url} is a web page, not a manifest");
        return Err(Error::usage(Code::NotText, message)
            .hint("give the URL of the file itself, which sites with sources call raw"));
    }
    let mut body = answer.into_body();
    let mut bytes = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| explain(url, error))?;
        bytes.extend_from_slice(frame.data_ref().map_or(&[], |data| data));
        // Counted as it is after unzipping: what is small on the way may be endless.
        if bytes.len() > limit {
            let message = format!("{url} is larger than {} MB", limit >> 20);
            return Err(Error::usage(Code::TooLarge, message));
        }
    }
    Ok(bytes.freeze())
}

/// Tells an answer that is none, with the beginning of its text.
async fn refused(url: &str, answer: Response<AnswerBody>) -> Error {
    let status = answer.status();
    let error = match status {
        StatusCode::NOT_FOUND | StatusCode::GONE => {
            Error::usage(Code::NoSuchSource, format!("cannot read {url}"))
        }
        _ => failed(url),
    };
    let kind = answer.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let is_page = kind.is_some_and(|kind| kind.starts_with("text/html"));
    let error = error.cause(format!("the server answers {status}"));
    let mut body = answer.into_body();
    let mut text = Vec::new();
    while !is_page && text.len() < SHOWN {
        let Some(Ok(frame)) = body.frame().await else { break };
        text.extend_from_slice(frame.data_ref().map_or(&[], |data| data));
    }
    text.truncate(SHOWN);
    let said = String::from_utf8_lossy(&text).trim().to_owned();
    if said.is_empty() { error } else { error.cause(said) }
}

fn failed(url: &str) -> Error {
    Error::usage(Code::DownloadFailed, format!("cannot read {url}"))
}

/// Tells what failed on the way, in the words of each step once.
fn explain(url: &str, error: BoxError) -> Error {
    match error.downcast::<Error>() {
        // There are no certificates to trust a server by.
        Ok(own) => failed(url).cause(own.message).causes(own.causes),
        Err(error) => failed(url).chain(&*error),
    }
}

#[cfg(test)]
mod tests;
