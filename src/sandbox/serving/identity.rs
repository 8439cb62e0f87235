//! Who a served sandbox is, and who may come in: a certificate and a token, new each time.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, header};
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair};
use rustls::{ServerConfig, pki_types::PrivatePkcs8KeyDer};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// What the kubeconfig calls its cluster, user and context.
// Not `sandbox`: that is the runtime inside the program, which needs no server.
const CONTEXT: &str = "served-sandbox";

/// A certificate and a token that no one had before.
pub(super) struct Identity {
    token: String,
    certificate: String,
    pub(super) tls: Arc<ServerConfig>,
}

impl Identity {
    /// Makes one for a server on loopback.
    // TLS, as kubectl and helm send no token over plain HTTP (`IsConfigTransportTLS` of client-go).
    pub(super) fn new() -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let mut params = CertificateParams::new(["127.0.0.1".to_owned(), "localhost".to_owned()])?;
        params.distinguished_name.push(DnType::CommonName, "workloadctl sandbox");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?;
        let private = PrivatePkcs8KeyDer::from(key.serialize_der());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], private.into())?;
        // 244 bits of the system's randomness.
        let token = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        Ok(Self { token, certificate: certificate.pem(), tls: Arc::new(tls) })
    }

    /// Tells whether a request shows the token.
    pub(super) fn admits(&self, headers: &HeaderMap) -> bool {
        let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let shown = shown.and_then(|value| value.split_once(' '));
        let Some((_, shown)) = shown.filter(|(kind, _)| kind.eq_ignore_ascii_case("bearer")) else {
            return false;
        };
        // Digests, so that the time it takes tells nothing of where they differ.
        Sha256::digest(shown.trim()) == Sha256::digest(&self.token)
    }

    /// The kubeconfig of a client of the server at a URL.
    pub(super) fn kubeconfig(&self, url: &str) -> String {
        let config = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": CONTEXT,
            "clusters": [{"name": CONTEXT, "cluster": {
                "server": url, "certificate-authority-data": STANDARD.encode(&self.certificate),
            }}],
            "users": [{"name": CONTEXT, "user": {"token": self.token}}],
            "contexts": [{"name": CONTEXT, "context": {
                "cluster": CONTEXT, "user": CONTEXT, "namespace": "default",
            }}],
        });
        serde_yaml::to_string(&config).unwrap_or_else(|_| config.to_string())
    }
}
