//! The HTTP client below everything: HTTP/1.1 over kept-alive connections, TLS, proxies, gzip.
//! Its failures carry a type for each step on the way, so that nobody has to read texts.

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body_util::{BodyExt, combinators::UnsyncBoxBody};
use hyper_rustls::{
    DefaultServerNameResolver, FixedServerNameResolver, HttpsConnector, MaybeHttpsStream,
};
use hyper_util::{
    client::legacy::{
        Client,
        connect::{
            Connect, HttpConnector,
            dns::GaiResolver,
            proxy::{SocksV5, Tunnel},
        },
    },
    rt::{TokioExecutor, TokioIo},
};
use kube::client::{Body, middleware::BaseUriLayer};
use rustls::{ClientConfig, pki_types::ServerName};
use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio::net::TcpStream;
use tower::{
    BoxError, Layer, ServiceExt,
    util::{BoxCloneSyncService, MapErr},
};
use tower_http::decompression::DecompressionLayer;

use super::{
    authorization::basic,
    client_certificate::Identity,
    proxy,
    trust::{Trust, TrustInAll, TrustInFile},
};
use crate::{
    env::Env,
    workload::error::{Code, Error, Result},
};

pub(crate) type AnswerBody = UnsyncBoxBody<Bytes, BoxError>;
/// Sends requests whose URI is a path and a query.
pub(crate) type Wire = BoxCloneSyncService<Request<Body>, Response<AnswerBody>, BoxError>;
/// Looks up addresses, with a failure of its own type.
type Resolver = MapErr<GaiResolver, fn(std::io::Error) -> StepError>;
/// Makes the connections below TLS: to the server or through a proxy.
type Connector = BoxCloneSyncService<Uri, MaybeHttpsStream<TokioIo<TcpStream>>, BoxError>;

/// Making a TCP connection may take so long, or `--request-timeout` if that is less.
pub(super) const CONNECT_LIMIT: Duration = Duration::from_secs(30);
/// A connection to somewhere else than a cluster may take so long.
const ELSEWHERE_LIMIT: Duration = Duration::from_secs(10);
/// An idle connection is closed before any usual server or balancer closes it.
const IDLE: Duration = Duration::from_secs(50);
/// A dead connection, such as one from before a suspend, is probed after that time, so often.
const KEEPALIVE: Duration = Duration::from_secs(30);

/// A step on the way to the server that failed.
#[derive(Debug)]
pub(crate) enum StepError {
    /// The name of a host has no address.
    Resolve(BoxError),
    /// The proxy did not let us through.
    Proxy(BoxError),
}

impl fmt::Display for StepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Resolve(_) => "the host's name cannot be resolved",
            Self::Proxy(_) => "the proxy does not let us through",
        })
    }
}

impl std::error::Error for StepError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Resolve(error) | Self::Proxy(error) => Some(&**error),
        }
    }
}

/// Where a server is and how it is reached.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    /// The server's URL, with scheme and host.
    pub(crate) server: Uri,
    /// The name to check the certificate for, if not the URL's host.
    pub(crate) tls_server_name: Option<String>,
    /// The certificates to trust; none: the system's.
    pub(crate) authorities: Option<Vec<Vec<u8>>>,
    /// The file that they come from, where it is to be read again while we run.
    pub(crate) authority_file: Option<PathBuf>,
    /// Whether any certificate will do.
    pub(crate) insecure: bool,
    pub(crate) proxy: Option<Uri>,
    /// Whether answers may come compressed.
    pub(crate) gzip: bool,
    pub(crate) connect_timeout: Duration,
}

impl Endpoint {
    /// Makes the way to where a URL is that is no cluster's: by the environment's proxies, trusting
    /// these authorities or the system's.
    ///
    /// # Errors
    /// What is wrong with the URL or the proxy.
    pub(super) fn elsewhere(
        at: &Uri,
        authorities: Option<Vec<Vec<u8>>>,
        env: &Env,
    ) -> Result<Self, BoxError> {
        let authority = at.authority().map(http::uri::Authority::as_str).unwrap_or_default();
        let root = format!("{}://{authority}", at.scheme_str().unwrap_or_default());
        Ok(Self {
            server: root.parse()?,
            tls_server_name: None,
            authorities,
            authority_file: None,
            insecure: false,
            proxy: proxy::proxy_for(at, None, env)?,
            gzip: true,
            connect_timeout: ELSEWHERE_LIMIT,
        })
    }

    /// Tells whether the server is spoken to over TLS.
    pub(crate) fn is_tls(&self) -> bool {
        self.server.scheme_str() == Some("https")
    }

    /// Makes a client with connections of its own, which show that client certificate.
    ///
    /// # Errors
    /// Code 7 (`tls`) where the kubeconfig has no CA and the system has no certificates either;
    /// code 2 for a server name that is no name.
    pub(crate) fn wire(&self, identity: Option<&Identity>) -> Result<Wire> {
        let connector = self.connector()?;
        if self.is_tls() {
            let tls = self.tls(identity)?;
            Ok(self.client(secured(connector, tls, self.tls_server_name.as_deref())?))
        } else {
            // no trust is needed, so none is looked for: a bare container has none
            Ok(self.client(connector))
        }
    }

    fn connector(&self) -> Result<Connector> {
        let Some(proxy) = &self.proxy else { return Ok(plain(self.direct())) };
        let login = proxy.authority().and_then(|all| Some(all.as_str().rsplit_once('@')?.0));
        Ok(match proxy.scheme_str() {
            Some("socks5") => {
                let socks = SocksV5::new(proxy.clone(), plain(self.direct()));
                let socks = match login.map(proxy::user_and_password) {
                    Some((user, password)) => socks.with_auth(user, password),
                    None => socks,
                };
                BoxCloneSyncService::new(socks.map_err(through_proxy))
            }
            // the same trust as for the cluster, as in Go, but the proxy's own name
            Some("https") => {
                let tls = self.tls(None)?;
                tunnel(proxy, login, BoxCloneSyncService::new(secured(self.direct(), tls, None)?))
            }
            _ => tunnel(proxy, login, plain(self.direct())),
        })
    }

    fn direct(&self) -> HttpConnector<Resolver> {
        let failed: fn(std::io::Error) -> StepError = |error| StepError::Resolve(error.into());
        let mut connector =
            HttpConnector::new_with_resolver(MapErr::new(GaiResolver::new(), failed));
        // The same connector makes the connections below TLS, whose URIs are https.
        connector.enforce_http(false);
        connector.set_nodelay(true);
        connector.set_keepalive(Some(KEEPALIVE));
        connector.set_keepalive_interval(Some(KEEPALIVE));
        connector.set_connect_timeout(Some(self.connect_timeout));
        connector
    }

    fn tls(&self, identity: Option<&Identity>) -> Result<ClientConfig> {
        let nobody = |error: rustls::Error| {
            Error::runtime(Code::Tls, "there are no certificates to trust the server by")
                .chain(&error)
                .hint("add `certificate-authority-data` to the cluster in the kubeconfig")
        };
        // kube's own configuration would link its exec plugins and auth providers.
        let builder = ClientConfig::builder();
        let builder = match &self.authorities {
            _ if self.insecure => {
                builder.dangerous().with_custom_certificate_verifier(Arc::new(TrustInAll))
            }
            None => builder.with_platform_verifier().map_err(nobody)?,
            Some(authorities) => {
                let trust = Trust::in_authorities(authorities)
                    .ok_or_else(|| nobody(rustls::Error::General("none is usable".to_owned())))?;
                builder.dangerous().with_custom_certificate_verifier(match &self.authority_file {
                    Some(file) => Arc::new(TrustInFile::new(file.clone(), trust)),
                    None => Arc::new(trust),
                })
            }
        };
        let mut tls = builder.with_no_client_auth();
        if let Some(identity) = identity {
            tls.client_auth_cert_resolver = identity.resolver();
        }
        Ok(tls)
    }

    fn client<C: Connect + Clone + Send + Sync + 'static>(&self, connector: C) -> Wire {
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE)
            .build::<_, Body>(connector);
        let unzipping = DecompressionLayer::new().gzip(self.gzip).layer(client);
        let rooted = BaseUriLayer::new(self.server.clone()).layer(unzipping);
        BoxCloneSyncService::new(
            rooted
                .map_response(|answer| answer.map(|body| body.map_err(Into::into).boxed_unsync()))
                .map_err(Into::into),
        )
    }
}

fn plain(direct: HttpConnector<Resolver>) -> Connector {
    BoxCloneSyncService::new(direct.map_response(MaybeHttpsStream::Http).map_err(Into::into))
}

fn secured<C>(connector: C, tls: ClientConfig, name: Option<&str>) -> Result<HttpsConnector<C>> {
    let resolver: Arc<dyn hyper_rustls::ResolveServerName + Send + Sync> = match name {
        None => Arc::new(DefaultServerNameResolver::default()),
        Some(name) => {
            let name = ServerName::try_from(name.to_owned()).map_err(|_| {
                Error::usage(Code::Kubeconfig, format!("tls-server-name {name:?} is no host name"))
            })?;
            Arc::new(FixedServerNameResolver::new(name))
        }
    };
    Ok(HttpsConnector::new(connector, tls, false, resolver))
}

fn tunnel(proxy: &Uri, login: Option<&str>, connector: Connector) -> Connector {
    let mut tunnel = Tunnel::new(proxy.clone(), connector);
    if let Some(login) = login {
        let (user, password) = proxy::user_and_password(login);
        tunnel = tunnel.with_auth(basic(&user, &password));
    }
    BoxCloneSyncService::new(tunnel.map_err(through_proxy))
}

fn through_proxy(error: impl Into<BoxError>) -> BoxError {
    StepError::Proxy(error.into()).into()
}
