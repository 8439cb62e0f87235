//! Why an image cannot be pulled, read off a kubelet's message; the words are those of
//! containerd, CRI-O and the registries behind them.

use super::field::shorten;

/// Troubles of the network, of the registry's load or of a node: they pass.
const PASSING: &[&str] = &[
    "toomanyrequests",
    "too many requests",
    "rate limit",
    "timeout",
    "timed out",
    "deadline exceeded",
    "dial tcp",
    "lookup ",
    "connection refused",
    "connection reset",
    "no such host",
    "tls handshake",
    "x509",
    ": eof",
    "unexpected eof",
    "500 internal server error",
    "502 bad gateway",
    "503 service unavailable",
    "504 gateway",
    "no space left",
    "context canceled",
];

/// The image is not there, or is not for us.
const FINAL: &[&str] = &[
    "not found",
    "notfound",
    "manifest unknown",
    "name unknown",
    "does not exist",
    "denied",
    "unauthorized",
    "forbidden",
    "authentication required",
    "authorization failed",
    "no basic auth credentials",
    "insufficient_scope",
    "no match for platform",
    "invalid reference format",
];

/// Tells whether another try is in vain: the image is not found, or access is denied.
pub(crate) fn is_final(image: &str, message: &str) -> bool {
    let message = without_image(image, message).to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    // What passes wins: a timeout on the way to a registry is reported behind "failed to resolve".
    !says(PASSING) && says(FINAL)
}

/// Tells whether access is denied, so that credentials may help.
pub(crate) fn is_denied(message: &str) -> bool {
    let message = message.to_lowercase();
    ["denied", "unauthorized", "forbidden", "authentication", "authorization"]
        .iter()
        .any(|word| message.contains(word))
}

/// Tells whether the message says more than that the kubelet waits before it tries again.
pub(crate) fn explains(message: &str) -> bool {
    !message.is_empty()
        && (!message.starts_with("Back-off pulling image") || message.contains("ErrImagePull: "))
}

/// Reduces a kubelet's message to what is wrong: `not found`, `pull access denied, …`.
pub(crate) fn explain(image: &str, message: &str) -> String {
    let mut rest = message.trim();
    // Newer kubelets repeat the error behind their back-off.
    if let Some((_, detail)) = rest.split_once("ErrImagePull: ") {
        rest = detail;
    }
    while let Some(detail) = step(image, rest) {
        rest = detail;
    }
    shorten(rest)
}

/// Drops one outer layer of an error: each says only what was being done.
fn step<'a>(image: &str, message: &'a str) -> Option<&'a str> {
    const DOING: &[&str] = &[
        "rpc error: code = ",
        "Failed to pull image ",
        "failed to pull and unpack image ",
        "failed to resolve reference ",
        "failed to resolve image ",
        "initializing source docker://",
        "reading manifest ",
        "Error response from daemon: ",
    ];
    let doing = DOING.iter().find(|doing| message.starts_with(**doing));
    let rest = if let Some(doing) = doing {
        let rest = &message[doing.len()..];
        if doing.ends_with("code = ") {
            rest.split_once("desc = ")?.1
        } else if doing.ends_with(": ") {
            rest
        } else {
            rest.split_once(": ")?.1
        }
    } else {
        let (reference, rest) = message.split_once(": ")?;
        let repeats = !image.is_empty() && !reference.contains(' ') && reference.ends_with(image);
        repeats.then_some(rest)?
    };
    Some(rest.trim()).filter(|rest| !rest.is_empty())
}

/// Takes the image's own name out of a message: it may be called `timeout` or `denied`.
fn without_image(image: &str, message: &str) -> String {
    let name = image.split('@').next().unwrap_or_default();
    let repository = match name.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => repository,
        _ => name,
    };
    let path = match repository.split_once('/') {
        Some((registry, path)) if registry.contains(['.', ':']) || registry == "localhost" => path,
        _ => repository,
    };
    [image, name, repository, path]
        .into_iter()
        .filter(|part| !part.is_empty())
        .fold(message.to_owned(), |message, part| message.replace(part, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Image, message, what is wrong, whether it is final.
    const CASES: &[(&str, &str, &str, bool)] = &[
        (
            "x:1",
            r#"rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/library/x:1": failed to resolve reference "docker.io/library/x:1": docker.io/library/x:1: not found"#,
            "not found",
            true,
        ),
        (
            "x:1",
            r#"Back-off pulling image "x:1": ErrImagePull: rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/library/x:1": failed to resolve reference "docker.io/library/x:1": docker.io/library/x:1: not found"#,
            "not found",
            true,
        ),
        (
            "nobody/private",
            r#"failed to pull and unpack image "docker.io/nobody/private:latest": failed to resolve reference "docker.io/nobody/private:latest": pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed"#,
            "pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed",
            true,
        ),
        (
            "ghcr.io/acme/web:2",
            r#"rpc error: code = Unknown desc = failed to pull and unpack image "ghcr.io/acme/web:2": failed to resolve reference "ghcr.io/acme/web:2": failed to authorize: failed to fetch anonymous token: unexpected status from GET request to https://ghcr.io/token?scope=repository%3Aacme%2Fweb%3Apull&service=ghcr.io: 401 Unauthorized"#,
            "failed to authorize: failed to fetch anonymous token: unexpected status from GET request to https://ghcr.io/token?scope=repository%3Aacme%2Fweb%3Apull&service=ghcr.io: 401 Unauthorized",
            true,
        ),
        (
            "x:1",
            r#"failed to pull and unpack image "docker.io/library/x:1": failed to copy: httpReadSeeker: failed open: unexpected status code https://registry-1.docker.io/v2/: 429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate limit."#,
            "failed to copy: httpReadSeeker: failed open: unexpected status code https://registry-1.docker.io/v2/: 429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate limit.",
            false,
        ),
        (
            "registry.internal/denied:1",
            r#"failed to pull and unpack image "registry.internal/denied:1": failed to resolve reference "registry.internal/denied:1": failed to do request: Head "https://registry.internal/v2/denied/manifests/1": dial tcp: lookup registry.internal on 10.0.0.1:53: no such host"#,
            r#"failed to do request: Head "https://registry.internal/v2/denied/manifests/1": dial tcp: lookup registry.internal on 10.0.0.1:53: no such host"#,
            false,
        ),
        (
            "registry.internal/timeout:1",
            r#"failed to resolve reference "registry.internal/timeout:1": registry.internal/timeout:1: not found"#,
            "not found",
            true,
        ),
        (
            "quay.io/acme/web:9",
            "initializing source docker://quay.io/acme/web:9: reading manifest 9 in quay.io/acme/web: manifest unknown",
            "manifest unknown",
            true,
        ),
        (
            "x:1",
            "Error response from daemon: pull access denied for x, repository does not exist or may require 'docker login'",
            "pull access denied for x, repository does not exist or may require 'docker login'",
            true,
        ),
    ];

    #[test]
    fn tells_what_is_final_from_what_passes() {
        for (image, message, wrong, last) in CASES {
            assert_eq!(explain(image, message), *wrong, "{message}");
            assert_eq!(is_final(image, message), *last, "{message}");
        }
    }

    #[test]
    fn a_bare_back_off_explains_nothing() {
        assert!(!explains(r#"Back-off pulling image "x:1""#));
        assert!(explains(r#"Back-off pulling image "x:1": ErrImagePull: not found"#));
        assert!(!explains(""));
    }

    #[test]
    fn odd_messages_are_left_alone() {
        for message in ["", ":", ": ", "rpc error: code = ", "failed to resolve reference \"x\""] {
            assert_eq!(explain("x", message), message.trim());
        }
    }
}
