//! A hand-written HTTP server for tests: it answers what a test says, byte for byte, over TCP or
//! TLS, and keeps what it was asked. The certificates beside it are valid for a hundred years.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
};

/// The certificate authority of the certificates below.
pub(crate) const CA: &str = include_str!("ca.pem");
/// Another one.
pub(crate) const OTHER_CA: &str = include_str!("other-ca.pem");
/// For localhost, cluster.example and 127.0.0.1.
pub(crate) const SERVER: &str = include_str!("server.pem");
/// For elsewhere.example alone.
pub(crate) const SERVER_ELSEWHERE: &str = include_str!("server-elsewhere.pem");
/// Like the first, but issued by itself, and so its own authority.
pub(crate) const SERVER_ITSELF: &str = include_str!("server-itself.pem");
/// Like the first, but expired in 2021.
pub(crate) const SERVER_EXPIRED: &str = include_str!("server-expired.pem");
/// The client certificate of alice.
pub(crate) const CLIENT: &str = include_str!("client.pem");
/// The same as X.509 version 1.
pub(crate) const CLIENT_V1: &str = include_str!("client-v1.pem");
/// The key of both, with a block of EC parameters before it.
pub(crate) const CLIENT_KEY: &str = include_str!("client.key");
/// A key on a curve that is not supported.
pub(crate) const P521_KEY: &str = include_str!("p521.key");
const SERVER_KEY: &str = include_str!("server.key");

/// A request as it came.
#[derive(Debug, Clone, Default)]
pub(crate) struct ReceivedRequest {
    pub(crate) line: String,
    /// The headers, names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    /// The body, where its length was said.
    pub(crate) body: Vec<u8>,
    /// Which connection it came on, from 0.
    pub(crate) connection: usize,
    /// Whether the connection showed a client certificate.
    pub(crate) certified: bool,
}

impl ReceivedRequest {
    /// Gives a header's value; several are joined by a comma.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let values: Vec<&str> =
            self.headers.iter().filter(|(key, _)| key == name).map(|(_, v)| v.as_str()).collect();
        (!values.is_empty()).then(|| values.join(","))
    }
}

/// What a server says; an empty text closes the connection.
type Script = dyn Fn(&ReceivedRequest) -> String + Send + Sync;

/// A running server; it ends with the test's runtime.
pub(crate) struct Stub {
    /// Where it listens, on the loopback interface.
    pub(crate) address: SocketAddr,
    pub(crate) seen: Arc<Mutex<Vec<ReceivedRequest>>>,
}

impl Stub {
    pub(crate) async fn http(
        answer: impl Fn(&ReceivedRequest) -> String + Send + Sync + 'static,
    ) -> Self {
        Self::start(None, answer).await
    }

    /// Starts one with TLS that shows a certificate. It takes a client certificate of any of our
    /// own CA, also of version 1, and none.
    pub(crate) async fn https(
        chain: &str,
        answer: impl Fn(&ReceivedRequest) -> String + Send + Sync + 'static,
    ) -> Self {
        let chain =
            CertificateDer::pem_slice_iter(chain.as_bytes()).collect::<Result<_, _>>().unwrap();
        let key = PrivateKeyDer::from_pem_slice(SERVER_KEY.as_bytes()).unwrap();
        let config = ServerConfig::builder()
            .with_client_cert_verifier(Arc::new(anybody::Anybody))
            .with_single_cert(chain, key)
            .unwrap();
        Self::start(Some(tokio_rustls::TlsAcceptor::from(Arc::new(config))), answer).await
    }

    async fn start(
        tls: Option<tokio_rustls::TlsAcceptor>,
        answer: impl Fn(&ReceivedRequest) -> String + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen: Arc<Mutex<Vec<ReceivedRequest>>> = Arc::default();
        let (all, answer): (_, Arc<Script>) = (seen.clone(), Arc::new(answer));
        tokio::spawn(async move {
            let connections = AtomicUsize::new(0);
            while let Ok((stream, _)) = listener.accept().await {
                let number = connections.fetch_add(1, Ordering::Relaxed);
                let (tls, all, answer) = (tls.clone(), all.clone(), answer.clone());
                tokio::spawn(async move {
                    let Some(tls) = tls else {
                        return serve(stream, number, false, &all, &*answer).await;
                    };
                    let stream = tls.accept(stream).await?;
                    let certified = stream.get_ref().1.peer_certificates().is_some();
                    serve(stream, number, certified, &all, &*answer).await
                });
            }
        });
        Self { address, seen }
    }

    pub(crate) fn seen(&self) -> Vec<ReceivedRequest> {
        self.seen.lock().unwrap().clone()
    }
}

/// Writes an answer with a JSON body.
pub(crate) fn answer(status: u16, headers: &str, body: &str) -> String {
    let headers = if headers.is_empty() { String::new() } else { format!("{headers}\r\n") };
    format!("HTTP/1.1 {status} X\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len())
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    connection: usize,
    certified: bool,
    all: &Mutex<Vec<ReceivedRequest>>,
    answer: &Script,
) -> io::Result<()> {
    let mut buffer = Vec::new();
    loop {
        let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") else {
            if stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
            if buffer.first() == Some(&22) {
                // a TLS handshake: said in the clear, as Go's server does
                stream.write_all(b"HTTP/1.0 400 Bad Request\r\n\r\n").await?;
                return stream.shutdown().await;
            }
            continue;
        };
        let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
        buffer.drain(..end + 4);
        let mut lines = head.split("\r\n");
        let mut seen = ReceivedRequest { connection, certified, ..ReceivedRequest::default() };
        seen.line = lines.next().unwrap_or_default().to_owned();
        let header = |line: &str| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_ascii_lowercase(), value.trim().to_owned()))
        };
        seen.headers = lines.filter_map(header).collect();
        let length = seen.header("content-length").map_or(0, |length| length.parse().unwrap());
        while buffer.len() < length {
            stream.read_buf(&mut buffer).await?;
        }
        seen.body = buffer.drain(..length).collect();
        all.lock().unwrap().push(seen.clone());
        let text = answer(&seen);
        if text.is_empty() {
            return stream.shutdown().await;
        }
        stream.write_all(text.as_bytes()).await?;
    }
}

/// Takes every client certificate, unread: rustls itself would refuse version 1.
mod anybody {
    use rustls::{
        DigitallySignedStruct, DistinguishedName, Error, SignatureScheme,
        client::danger::HandshakeSignatureValid,
        pki_types::{CertificateDer, UnixTime},
        server::danger::{ClientCertVerified, ClientCertVerifier},
    };

    #[derive(Debug)]
    pub(super) struct Anybody;

    impl ClientCertVerifier for Anybody {
        fn client_auth_mandatory(&self) -> bool {
            false
        }

        fn root_hint_subjects(&self) -> &[DistinguishedName] {
            &[]
        }

        fn verify_client_cert(
            &self,
            _: &CertificateDer<'_>,
            _: &[CertificateDer<'_>],
            _: UnixTime,
        ) -> Result<ClientCertVerified, Error> {
            Ok(ClientCertVerified::assertion())
        }

        fn verify_tls12_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            Ok(HandshakeSignatureValid::assertion())
        }

        fn verify_tls13_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            Ok(HandshakeSignatureValid::assertion())
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            vec![SignatureScheme::ECDSA_NISTP256_SHA256]
        }
    }
}
