//! Trust in a server's certificate by the kubeconfig's CA, as Go has it: a certificate that is
//! itself among the trusted ones needs no issuer. A pod's CA is read again while we run.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use rustls::{
    CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_name,
    },
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::ParsedCertificate,
};

use super::client_certificate;

/// Trusts what the authorities issued, and the authorities themselves.
#[derive(Debug)]
pub(crate) struct Trust {
    issued: Arc<WebPkiServerVerifier>,
    authorities: Vec<CertificateDer<'static>>,
}

impl Trust {
    /// Makes the trust in these certificates; none where there is no usable one among them.
    pub(crate) fn in_authorities(authorities: &[Vec<u8>]) -> Option<Self> {
        let authorities: Vec<_> = authorities.iter().cloned().map(CertificateDer::from).collect();
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(authorities.iter().cloned());
        let issued = WebPkiServerVerifier::builder(Arc::new(roots)).build().ok()?;
        Some(Self { issued, authorities })
    }
}

impl ServerCertVerifier for Trust {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let judged = self.issued.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        );
        match judged {
            // time was judged before the issuer and the kind of certificate
            Err(Error::InvalidCertificate(
                CertificateError::UnknownIssuer | CertificateError::Other(_),
            )) if self.authorities.iter().any(|authority| authority == end_entity) => {
                verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
                Ok(ServerCertVerified::assertion())
            }
            judged => judged,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.issued.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.issued.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.issued.supported_verify_schemes()
    }
}

/// How old what was read of a file may be: a pod's CA is renewed as its token is.
const AGE: Duration = Duration::from_secs(60);

/// Trust in the authorities of a file, which somebody renews.
#[derive(Debug)]
pub(crate) struct TrustInFile {
    path: PathBuf,
    read: Mutex<(Arc<Trust>, Instant)>,
}

impl TrustInFile {
    /// Takes a file and what was read of it just now.
    pub(crate) fn new(path: PathBuf, trust: Trust) -> Self {
        Self { path, read: Mutex::new((Arc::new(trust), Instant::now())) }
    }

    /// Gives the trust; reads the file again if what was read is older than `age`. What was read
    /// last stays where nothing usable is there.
    fn current(&self, age: Duration) -> Arc<Trust> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if read.1.elapsed() >= age {
            let pem = std::fs::read(&self.path).ok();
            let authorities = pem.and_then(|pem| client_certificate::authorities(&pem).ok());
            if let Some(trust) = authorities.and_then(|it| Trust::in_authorities(&it)) {
                read.0 = Arc::new(trust);
            }
            read.1 = Instant::now();
        }
        read.0.clone()
    }
}

impl ServerCertVerifier for TrustInFile {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let trust = self.current(AGE);
        trust.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.current(AGE).verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.current(AGE).verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.current(AGE).supported_verify_schemes()
    }
}

/// Trust in whoever answers: `insecure-skip-tls-verify`.
#[derive(Debug)]
pub(crate) struct TrustInAll;

impl ServerCertVerifier for TrustInAll {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
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
        // Also those that cannot be checked: nothing is.
        vec![
            SignatureScheme::RSA_PKCS1_SHA1,
            SignatureScheme::ECDSA_SHA1_Legacy,
            SignatureScheme::RSA_PKCS1_SHA256,
            SignatureScheme::ECDSA_NISTP256_SHA256,
            SignatureScheme::RSA_PKCS1_SHA384,
            SignatureScheme::ECDSA_NISTP384_SHA384,
            SignatureScheme::RSA_PKCS1_SHA512,
            SignatureScheme::ECDSA_NISTP521_SHA512,
            SignatureScheme::RSA_PSS_SHA256,
            SignatureScheme::RSA_PSS_SHA384,
            SignatureScheme::RSA_PSS_SHA512,
            SignatureScheme::ED25519,
            SignatureScheme::ED448,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::stub;

    #[test]
    fn the_authorities_of_a_file_are_read_again() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("ca.crt");
        let read = |pem: &str| client_certificate::authorities(pem.as_bytes()).unwrap();
        let trust = TrustInFile::new(path.clone(), Trust::in_authorities(&read(stub::CA)).unwrap());
        let held = |age| trust.current(age).authorities[0].to_vec();
        std::fs::write(&path, stub::OTHER_CA).unwrap();
        assert_eq!(held(AGE), read(stub::CA)[0]);
        assert_eq!(held(Duration::ZERO), read(stub::OTHER_CA)[0]);
        std::fs::write(&path, "nonsense").unwrap();
        assert_eq!(held(Duration::ZERO), read(stub::OTHER_CA)[0]);
    }
}
