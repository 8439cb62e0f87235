//! Why a cluster could not be spoken to, as one sentence with its causes and a hint.

use std::{error::Error as StdError, io, time::Duration};

use super::http::StepError;
use crate::workload::error::{Code, Error};

mod tls;

/// What helps where something else than an API server answers.
pub(crate) const NOT_AN_API_SERVER: &str =
    "check the server's URL in the kubeconfig; a proxy on the way may want a login";

/// Explains a failure of the kube client. Answers of the server other than 401 are told by their
/// message alone; whoever sent the request knows better what was asked.
pub(crate) fn explain(error: &kube::Error, server: &str) -> Error {
    let links = links(error);
    // A login or a certificate of ours that failed travels inside of an error of kube.
    if let Some(known) = links.iter().find_map(|link| link.downcast_ref::<Error>()) {
        return known.clone();
    }
    if let kube::Error::Api(status) = error {
        return match status.code {
            401 => unauthorized(server).cause(status.message.clone()),
            _ => Error::failed(Code::Rejected, format!("{server} rejected the request"))
                .cause(status.message.clone()),
        };
    }
    let texts = texts(&links);
    match links.iter().find_map(|link| judge(*link, server)) {
        // The judgement says what the links up to the innermost only say in other words.
        Some(judged) if is_refused(&links) && judged.code == Code::Unreachable => judged,
        Some(judged) => judged.causes(texts.into_iter().next_back()),
        None => fallback(error, server).causes(texts),
    }
}

/// Tells whether nothing listened: there is no more to be said of it.
fn is_refused(links: &[&(dyn StdError + 'static)]) -> bool {
    links
        .iter()
        .filter_map(|link| link.downcast_ref::<io::Error>())
        .any(|error| error.kind() == io::ErrorKind::ConnectionRefused)
}

/// Makes the failure of a request that was not answered in time.
pub(crate) fn timed_out(server: &str, after: Duration) -> Error {
    Error::runtime(
        Code::Timeout,
        format!("{server} did not answer within {} s", after.as_secs_f64()),
    )
    .hint("a longer `--request-timeout` may help")
}

/// Makes the failure of a request whose login the server refused.
pub(crate) fn unauthorized(server: &str) -> Error {
    Error::runtime(
        Code::Unauthorized,
        format!("{server} does not accept the login: it has expired or is wrong"),
    )
    .hint("log in again")
}

/// Tells whether the connection broke, so that a request that may be repeated is worth repeating.
/// One that was never made (refused, no route) did not break.
pub(crate) fn is_broken_connection(error: &kube::Error) -> bool {
    let links = links(error);
    let is_other = links
        .iter()
        .any(|link| link.is::<Error>() || link.is::<StepError>() || link.is::<rustls::Error>());
    let never_made =
        links.iter().filter_map(|link| link.downcast_ref::<io::Error>()).any(|error| {
            matches!(
                error.kind(),
                io::ErrorKind::ConnectionRefused
                    | io::ErrorKind::HostUnreachable
                    | io::ErrorKind::NetworkUnreachable
            )
        });
    let transport = matches!(
        error,
        kube::Error::Service(_) | kube::Error::HyperError(_) | kube::Error::ReadEvents(_)
    );
    transport && !is_other && !never_made
}

/// Walks an error's sources, and into what an I/O error wraps, which `source` passes over.
fn links<'a>(error: &'a (dyn StdError + 'static)) -> Vec<&'a (dyn StdError + 'static)> {
    let mut links = Vec::new();
    let mut next = Some(error);
    while let Some(link) = next {
        links.push(link);
        let wrapped = link.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match wrapped {
            Some(wrapped) => Some(wrapped as &(dyn StdError + 'static)),
            None => link.source(),
        };
    }
    links
}

/// Gives what the links say, without those that only say that something failed.
fn texts(links: &[&(dyn StdError + 'static)]) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    for link in links {
        // what an I/O error wraps is a link of its own; a wrong certificate was told in words
        let says_nothing = link.is::<kube::Error>()
            || link.is::<hyper_util::client::legacy::Error>()
            || link.downcast_ref::<io::Error>().is_some_and(|error| error.get_ref().is_some())
            || matches!(link.downcast_ref(), Some(rustls::Error::InvalidCertificate(_)));
        if says_nothing {
            continue;
        }
        let text: String = link.to_string().chars().filter(|c| !c.is_control()).collect();
        if !text.is_empty() && !texts.iter().any(|earlier| earlier.contains(&text)) {
            texts.push(text);
        }
    }
    texts
}

/// Judges one link of the chain; the outermost that says anything counts.
fn judge(link: &(dyn StdError + 'static), server: &str) -> Option<Error> {
    if let Some(step) = link.downcast_ref::<StepError>() {
        return Some(match step {
            StepError::Proxy(_) => Error::runtime(
                Code::Proxy,
                format!("the proxy on the way to {server} does not let us through"),
            )
            .hint("check HTTPS_PROXY, NO_PROXY and `proxy-url` in the kubeconfig"),
            StepError::Resolve(_) => {
                Error::runtime(Code::Dns, format!("the host of {server} is not known"))
            }
        });
    }
    if let Some(error) = link.downcast_ref::<rustls::Error>() {
        return Some(tls::judge(error, server));
    }
    if link.is::<tokio::time::error::Elapsed>() {
        return Some(Error::runtime(Code::Timeout, format!("{server} did not answer in time")));
    }
    let error = link.downcast_ref::<io::Error>()?;
    let unreachable = |what: &str| Some(Error::runtime(Code::Unreachable, what));
    match error.kind() {
        io::ErrorKind::ConnectionRefused => {
            unreachable(&format!("{server} cannot be reached: nothing listens there"))
        }
        io::ErrorKind::TimedOut => {
            Some(Error::runtime(Code::Timeout, format!("{server} cannot be reached in time")))
        }
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            unreachable(&format!("{server} cannot be reached: there is no way to it"))
        }
        // rustls has UnexpectedEof for a connection that ends without a close_notify.
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::UnexpectedEof => unreachable(&format!("the connection to {server} broke")),
        _ => None,
    }
}

fn fallback(error: &kube::Error, server: &str) -> Error {
    match error {
        kube::Error::SerdeError(_) | kube::Error::FromUtf8(_) => {
            Error::runtime(Code::BadAnswer, format!("the answer of {server} cannot be understood"))
        }
        _ => Error::runtime(Code::Unreachable, format!("the request to {server} failed")),
    }
}

#[cfg(test)]
mod tests;
