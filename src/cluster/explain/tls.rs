//! Failures of TLS in words, so that nobody has to read Unix times and the names of types.

use jiff::Timestamp;
use rustls::{AlertDescription, CertificateError, pki_types::UnixTime};

use crate::workload::error::{Code, Error};

/// Judges a failure of TLS.
pub(super) fn judge(error: &rustls::Error, server: &str) -> Error {
    let tls = |what: String| Error::runtime(Code::Tls, what);
    match error {
        rustls::Error::InvalidCertificate(why) => certificate(why, server),
        // In TLS 1.3 a client certificate is refused only after the handshake, by an alert.
        rustls::Error::AlertReceived(
            AlertDescription::CertificateRequired
            | AlertDescription::BadCertificate
            | AlertDescription::UnknownCA
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::AccessDenied,
        ) => {
            let what = format!("{server} does not accept the client certificate");
            Error::runtime(Code::Unauthorized, what)
                .hint("log in again, or get its kubeconfig anew")
        }
        rustls::Error::InvalidMessage(_) => tls(format!("{server} does not speak TLS"))
            .hint("check the server's scheme and port in the kubeconfig"),
        _ => tls(format!("no secure connection to {server} can be made")),
    }
}

fn certificate(why: &CertificateError, server: &str) -> Error {
    let tls = |what: &str| Error::runtime(Code::Tls, format!("the certificate of {server} {what}"));
    let expired =
        || tls("has expired").hint("renew it on the cluster; the clock here may also be wrong");
    let early = || tls("is not valid yet").hint("check the clock here and the server's");
    let other_name = || {
        tls("is for another name")
            .hint("set `tls-server-name` of the cluster in the kubeconfig to a name that it is for")
    };
    match why {
        CertificateError::Expired => expired(),
        CertificateError::ExpiredContext { not_after, .. } => {
            expired().cause(format!("it was valid until {}", time(*not_after)))
        }
        CertificateError::NotValidYet => early(),
        CertificateError::NotValidYetContext { not_before, .. } => {
            early().cause(format!("it is valid from {}", time(*not_before)))
        }
        CertificateError::NotValidForName => other_name(),
        CertificateError::NotValidForNameContext { presented, .. } => {
            let names: Vec<&str> = presented.iter().map(|name| bare(name)).collect();
            match names.as_slice() {
                [] => other_name().cause("it names no host"),
                names => other_name().cause(format!("it is for {}", names.join(", "))),
            }
        }
        CertificateError::UnknownIssuer => {
            tls("is not from a certificate authority that is trusted")
                .hint("the cluster may have been created again: get its kubeconfig anew")
        }
        why => {
            let why = match why {
                CertificateError::Other(error) => error.0.to_string(),
                why => why.to_string(),
            };
            tls("is not valid")
                .cause(why)
                .hint("the cluster may have been created again: get its kubeconfig anew")
        }
    }
}

fn time(time: UnixTime) -> String {
    let seconds = i64::try_from(time.as_secs()).ok();
    let time = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
    time.map_or_else(|| "a time that is no time".to_owned(), |time| time.to_string())
}

/// Takes the type off a name such as `DnsName("x")`.
fn bare(name: &str) -> &str {
    let inside = name.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    inside.unwrap_or(name).trim_matches('"')
}
