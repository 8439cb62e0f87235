//! Certificates as the kubeconfig brings them: the CA's and the client's, read from PEM with
//! errors that say what is wrong.

use std::{fmt, path::Path, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};
use rustls::{
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    sign::{CertifiedKey, SingleCertAndKey},
};
use sha2::{Digest, Sha256};

use crate::workload::error::{Code, Error, Result};

/// The DER bytes of the curve P-521's object identifier.
const P521: [u8; 7] = [0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23];

/// A client certificate with its key.
pub(crate) struct Identity(Arc<SingleCertAndKey>);

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity(***)")
    }
}

impl Identity {
    /// Reads a certificate chain and a key. Certificates of X.509 version 1 will do, as in
    /// kubectl: only the server has to understand them.
    ///
    /// # Errors
    /// Code 7 (`tls`) saying which of them is unusable and why.
    pub(crate) fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self> {
        let unusable = |what: &str| Error::runtime(Code::Tls, what);
        let chain: Vec<_> =
            CertificateDer::pem_slice_iter(chain).collect::<Result<_, _>>().map_err(|error| {
                unusable("the client certificate is not valid PEM").cause(error.to_string())
            })?;
        if chain.is_empty() {
            return Err(unusable("the client certificate holds no certificate"));
        }
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| {
            unusable("the client key is not a private key in PEM").cause(error.to_string())
        })?;
        // ring lacks the curve and says only that the key is of no kind it knows; kubectl takes it.
        let is_p521 = key.secret_der().windows(P521.len()).any(|bytes| bytes == P521);
        let signing = rustls::crypto::ring::sign::any_supported_type(&key).map_err(|error| {
            if is_p521 {
                unusable("the client key is on the curve P-521, which is not supported")
                    .hint("use a client certificate with an RSA, P-256, P-384 or Ed25519 key")
            } else {
                unusable("the client key is of an unknown kind").cause(error.to_string())
            }
        })?;
        let certified = CertifiedKey::new(chain, signing);
        // Only a proof that they differ counts: of a certificate of version 1 rustls cannot tell.
        if let Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::KeyMismatch)) =
            certified.keys_match()
        {
            return Err(unusable("the client key does not belong to the client certificate"));
        }
        Ok(Self(Arc::new(SingleCertAndKey::from(certified))))
    }

    pub(crate) fn resolver(&self) -> Arc<SingleCertAndKey> {
        self.0.clone()
    }
}

/// Reads bytes that the kubeconfig has inline, base64, or in a file; the inline ones win.
///
/// # Errors
/// Code 2 (`kubeconfig`) naming what it is and the file.
pub(crate) fn load(what: &str, data: Option<&str>, file: Option<&str>) -> Result<Option<Vec<u8>>> {
    if let Some(data) = data {
        // Go's decoder passes over line breaks.
        let plain: String = data.chars().filter(|c| !c.is_ascii_whitespace()).collect();
        return STANDARD.decode(plain).map(Some).map_err(|error| {
            Error::usage(Code::Kubeconfig, format!("{what} in the kubeconfig is not valid base64"))
                .cause(error.to_string())
        });
    }
    let Some(file) = file else { return Ok(None) };
    std::fs::read(Path::new(file)).map(Some).map_err(|error| {
        Error::usage(Code::Kubeconfig, format!("cannot read {what} {file}"))
            .cause(error.to_string())
    })
}

/// Reads the CA's certificates; those that cannot be used are left out, as in kubectl.
///
/// # Errors
/// Code 7 (`tls`) where there is no usable one.
pub(crate) fn authorities(pem: &[u8]) -> Result<Vec<Vec<u8>>> {
    let mut scratch = rustls::RootCertStore::empty();
    let mut found = Vec::new();
    for certificate in CertificateDer::pem_slice_iter(pem).flatten() {
        if scratch.add(certificate.clone()).is_ok() {
            found.push(certificate.to_vec());
        }
    }
    if found.is_empty() {
        return Err(Error::runtime(
            Code::Tls,
            "the certificate authority holds no usable certificate",
        ));
    }
    Ok(found)
}

/// Digests the CA's certificates, whatever their layout as text was.
pub(crate) fn digest(authorities: &[Vec<u8>]) -> String {
    let mut sha = Sha256::new();
    authorities.iter().for_each(|certificate| sha.update(certificate));
    sha.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
