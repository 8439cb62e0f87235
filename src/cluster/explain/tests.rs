//! Every failure of the client as the user reads it.

use crate::workload::error::Code;
use rustls::{AlertDescription, CertificateError};

use super::*;

const SERVER: &str = "https://x:6443";

fn api(code: u16, message: &str) -> kube::Error {
    let status = kube::core::Status { code, message: message.to_owned(), ..Default::default() };
    kube::Error::Api(Box::new(status))
}

fn service(error: impl Into<tower::BoxError>) -> kube::Error {
    kube::Error::Service(error.into())
}

fn rustls(error: rustls::Error) -> kube::Error {
    service(io::Error::other(io::Error::other(error)))
}

#[test]
fn every_failure_has_its_word_its_sentence_and_each_cause_once() {
    let json = serde_json::from_str::<u8>("[").unwrap_err();
    let own = Error::usage(Code::Kubeconfig, "what was said before");
    let alert = rustls::Error::AlertReceived(AlertDescription::CertificateRequired);
    for (error, broke, exit, code, text) in [
        (
            api(401, "Unauthorized"),
            false,
            7,
            "unauthorized",
            "https://x:6443 does not accept the login: it has expired or is wrong: Unauthorized",
        ),
        (
            api(422, "spec is wrong"),
            false,
            1,
            "rejected",
            "https://x:6443 rejected the request: spec is wrong",
        ),
        (service(own), false, 2, "kubeconfig", "what was said before"),
        (
            service(io::Error::from(io::ErrorKind::ConnectionReset)),
            true,
            7,
            "unreachable",
            "the connection to https://x:6443 broke: connection reset",
        ),
        (
            service(io::Error::new(io::ErrorKind::UnexpectedEof, "tls handshake eof")),
            true,
            7,
            "unreachable",
            "the connection to https://x:6443 broke: tls handshake eof",
        ),
        (
            service(io::Error::from(io::ErrorKind::TimedOut)),
            true,
            7,
            "timeout",
            "https://x:6443 cannot be reached in time: timed out",
        ),
        (
            service(io::Error::from(io::ErrorKind::NetworkUnreachable)),
            false,
            7,
            "unreachable",
            "https://x:6443 cannot be reached: there is no way to it: network unreachable",
        ),
        (
            service(StepError::Resolve("no such name".into())),
            false,
            7,
            "dns",
            "the host of https://x:6443 is not known: no such name",
        ),
        (
            rustls(alert),
            false,
            7,
            "unauthorized",
            "https://x:6443 does not accept the client certificate: received fatal alert: CertificateRequired",
        ),
        (
            rustls(rustls::Error::InvalidCertificate(CertificateError::NotValidYet)),
            false,
            7,
            "tls",
            "the certificate of https://x:6443 is not valid yet",
        ),
        (
            rustls(rustls::Error::NoCertificatesPresented),
            false,
            7,
            "tls",
            "no secure connection to https://x:6443 can be made: peer sent no certificates",
        ),
        (
            kube::Error::SerdeError(json),
            false,
            7,
            "bad-answer",
            "the answer of https://x:6443 cannot be understood: invalid type: sequence, expected u8 at line 1 column 0",
        ),
        (
            service("odd\u{1b}[31m"),
            true,
            7,
            "unreachable",
            "the request to https://x:6443 failed: odd[31m",
        ),
    ] {
        assert_eq!(is_broken_connection(&error), broke, "{text}");
        let explained = explain(&error, SERVER);
        assert_eq!(
            (explained.kind.exit_code(), explained.code.word()),
            (exit, code),
            "{explained}"
        );
        assert_eq!(explained.to_string(), text);
    }
    let late = timed_out(SERVER, Duration::from_millis(1500));
    assert_eq!(
        (late.code.word(), late.to_string().as_str()),
        ("timeout", "https://x:6443 did not answer within 1.5 s")
    );
}
