//! From a runtime to a client that behaves: the one place where a kubeconfig context, a pod's
//! service account or the sandbox becomes a connection.

use std::{sync::Arc, time::Duration};

use http::{HeaderName, HeaderValue, Uri, header::USER_AGENT};
use jiff::Timestamp;
use kube::client::{ConfigExt, middleware::AuthLayer};
use tower::Layer;

use super::{
    credentials::{Credentials, TokenFile},
    exec_plugin::ExecPlugin,
    explain::explain,
    identity::{self, Identity},
    kubeconfig::{AuthProvider, Cluster, Kubeconfig, Resolved, User},
    proxy,
    transport::{Observations, OnRequest, Transport},
    wire::Endpoint,
};
use crate::{
    env::Env,
    workload::{
        error::{Error, Result},
        runtime::RuntimeName,
    },
};

/// Making a TCP connection may take so long, or `--request-timeout` if that is less.
const CONNECT_LIMIT: Duration = Duration::from_secs(30);

/// How to connect.
#[derive(Clone)]
pub struct ConnectOptions {
    /// `--request-timeout`: bounds the making of a connection; zero: no limit. It does not bound
    /// an answer's body, so that watches live.
    pub request_timeout: Duration,
    /// The `User-Agent` of every request.
    pub user_agent: String,
    /// Whether an exec plugin may ask on the terminal: stdin is one and no source is read from it.
    pub interactive: bool,
    /// Who is told of every request.
    pub on_request: Option<OnRequest>,
}

impl Default for ConnectOptions {
    fn default() -> Self {
        Self {
            request_timeout: CONNECT_LIMIT,
            user_agent: user_agent(),
            interactive: false,
            on_request: None,
        }
    }
}

/// Gives the `User-Agent` by which audit logs know this program.
#[must_use]
pub fn user_agent() -> String {
    use std::env::consts::{ARCH, OS};
    format!("workloadctl/{} ({OS}/{ARCH})", env!("CARGO_PKG_VERSION"))
}

/// A connection to one cluster. Cheap to clone; clones share the TCP connections and the counts.
#[derive(Clone)]
pub struct Connection {
    /// The client. It retries nothing and has no time limit for answers.
    pub client: kube::Client,
    /// The runtime that it leads to.
    pub runtime: RuntimeName,
    /// The server's URL, for messages and as the cluster's second-best identity.
    pub server: String,
    /// The user's name in the kubeconfig.
    pub kubeconfig_user: Option<String>,
    /// The SHA-256 of the certificates that the server is trusted by, in hex; none where the
    /// system's are used or none at all.
    pub ca_digest: Option<String>,
    /// The namespace of the context or of the pod.
    pub namespace: Option<String>,
    seen: Arc<Observations>,
}

impl Connection {
    /// Counts the requests that were sent so far.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.seen.requests()
    }

    /// Takes out the server's warnings that came since the last call; each text comes once.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        self.seen.warnings()
    }

    /// Estimates the server's clock, to the second; ours before the first answer.
    #[must_use]
    pub fn server_now(&self) -> Timestamp {
        self.seen.server_now()
    }

    /// Explains a failure of the client, with a hint that fits the runtime.
    #[must_use]
    pub fn explain(&self, error: &kube::Error) -> Error {
        self.hinted(explain(error, &self.server))
    }

    /// Adds a hint that fits the runtime to a failure of reaching it that has none.
    #[must_use]
    pub fn hinted(&self, error: Error) -> Error {
        let is_about_reaching = matches!(error.code, "unreachable" | "dns" | "timeout");
        if error.hint.is_some() || !is_about_reaching {
            return error;
        }
        let name = self.runtime.to_string();
        let hint = match &name {
            kind if kind.starts_with("kind-") => {
                "is the cluster running? `kind get clusters`".to_owned()
            }
            k3d if k3d.starts_with("k3d-") => {
                "is the cluster running? `k3d cluster list`".to_owned()
            }
            minikube if minikube.starts_with("minikube") => {
                "is the cluster running? `minikube status`".to_owned()
            }
            _ if self.runtime.is_kind_like() => format!("is {name} running?"),
            _ => format!("workloadctl runtime check {name}"),
        };
        error.hint(hint)
    }
}

/// Connects to a runtime. Nothing is sent yet, and exec plugins run with the first request.
///
/// # Errors
/// Code 2 where the context is unknown or the kubeconfig is wrong about it, code 7 where its
/// certificates cannot be used.
pub async fn connect(
    kubeconfig: &Kubeconfig,
    runtime: &RuntimeName,
    options: &ConnectOptions,
) -> Result<Connection> {
    let target = match runtime {
        RuntimeName::Context(name) => Target::of_context(kubeconfig, name, options)?,
        RuntimeName::InCluster => Target::of_pod(&kubeconfig.env, options)?,
        RuntimeName::Sandbox => {
            return Err(Error::usage("no-sandbox", "the sandbox is not in this version"));
        }
    };
    target.open(runtime, options)
}

/// Everything that a connection is made of.
struct Target {
    endpoint: Endpoint,
    credentials: Credentials,
    identity: Option<Arc<Identity>>,
    oidc: Option<AuthLayer>,
    headers: Vec<(HeaderName, HeaderValue)>,
    user_name: Option<String>,
    namespace: Option<String>,
}

impl Target {
    fn of_context(kubeconfig: &Kubeconfig, name: &str, options: &ConnectOptions) -> Result<Self> {
        let Resolved { cluster_name, cluster, user_name, user, namespace, .. } =
            kubeconfig.resolve(name)?;
        let (endpoint, ca) = endpoint(&cluster, &cluster_name, &user, &kubeconfig.env, options)?;
        let mut target = Self {
            endpoint,
            credentials: Credentials::None,
            identity: None,
            oidc: None,
            headers: Vec::new(),
            user_name,
            namespace,
        };
        // kubectl sends no credentials without TLS; we spare the machine itself
        if target.endpoint.is_tls() || proxy::is_loopback(&target.endpoint.server) {
            let name = target.user_name.clone().unwrap_or_default();
            let plugin = kubeconfig.plugin(&user, &name, &cluster_name, |exec| {
                ExecPlugin::new(exec, &name, &cluster, ca.as_deref(), options.interactive)
            });
            target.credentials = Credentials::of(&user, &name, plugin)?;
            target.identity = client_certificate(&user, &name)?;
            target.oidc = match &user.auth_provider {
                Some(provider) => Some(auth_provider(provider, &name, &target.endpoint.server)?),
                None => None,
            };
            target.headers = impersonation(&user, &name)?;
        }
        Ok(target)
    }

    /// The cluster of the pod that we run in, as its service account.
    fn of_pod(env: &Env, options: &ConnectOptions) -> Result<Self> {
        let missing = || {
            Error::usage(
                "not-in-cluster",
                "runtime `in-cluster` works only in a pod with a service account",
            )
        };
        let host = env.variable("KUBERNETES_SERVICE_HOST").ok_or_else(missing)?;
        let port = env.variable("KUBERNETES_SERVICE_PORT").ok_or_else(missing)?;
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let server = server_url(&format!("https://{host}:{port}"), true)?;
        let folder = &env.service_account;
        let token = TokenFile::open(folder.join("token"), None)?;
        let authority_file = folder.join("ca.crt");
        let authorities = match std::fs::read(&authority_file) {
            Ok(pem) => Some(identity::authorities(&pem)?),
            Err(_) => None,
        };
        let proxy = proxy::proxy_for(&server, None, env).map_err(wrong_proxy)?;
        let namespace = std::fs::read_to_string(folder.join("namespace")).ok();
        Ok(Self {
            endpoint: Endpoint {
                server,
                tls_server_name: None,
                authority_file: authorities.is_some().then_some(authority_file),
                authorities,
                insecure: false,
                proxy,
                gzip: true,
                connect_timeout: connect_timeout(options),
            },
            credentials: Credentials::File(token),
            identity: None,
            oidc: None,
            headers: Vec::new(),
            user_name: None,
            namespace: namespace.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()),
        })
    }

    fn open(self, runtime: &RuntimeName, options: &ConnectOptions) -> Result<Connection> {
        let Self { endpoint, credentials, identity, oidc, mut headers, user_name, namespace } =
            self;
        let server = endpoint.server.to_string().trim_end_matches('/').to_owned();
        let ca_digest = endpoint.authorities.as_deref().map(identity::digest);
        let agent = HeaderValue::try_from(&options.user_agent)
            .map_err(|_| Error::usage("user-agent", "the User-Agent is no header's value"))?;
        headers.push((USER_AGENT, agent));
        let seen = Arc::new(Observations::new(options.on_request.clone()));
        let transport = Transport::new(endpoint, credentials, identity, headers, seen.clone())?;
        let default_namespace = namespace.clone().unwrap_or_else(|| "default".to_owned());
        let client = match oidc {
            Some(layer) => kube::Client::new(layer.layer(transport), default_namespace),
            None => kube::Client::new(transport, default_namespace),
        };
        Ok(Connection {
            client,
            runtime: runtime.clone(),
            server,
            kubeconfig_user: user_name,
            ca_digest,
            namespace,
            seen,
        })
    }
}

/// Finds out how a cluster of the kubeconfig is reached; also gives its CA in PEM.
fn endpoint(
    cluster: &Cluster,
    name: &str,
    user: &User,
    env: &Env,
    options: &ConnectOptions,
) -> Result<(Endpoint, Option<Vec<u8>>)> {
    let in_cluster =
        |error: Error| error.while_doing(format!("cannot use cluster `{name}` of the kubeconfig"));
    let ca = match cluster.insecure_skip_tls_verify {
        true => None,
        false => identity::load(
            "the certificate authority",
            cluster.certificate_authority_data.as_deref(),
            cluster.certificate_authority.as_deref(),
        )
        .map_err(in_cluster)?,
    };
    let has_certificate =
        user.client_certificate.is_some() || user.client_certificate_data.is_some();
    let tls = ca.is_some() || has_certificate || cluster.insecure_skip_tls_verify;
    let server = cluster.server.as_deref().ok_or_else(|| {
        Error::usage("kubeconfig", format!("cluster `{name}` of the kubeconfig has no server"))
    })?;
    let server = server_url(server, tls).map_err(in_cluster)?;
    let proxy =
        proxy::proxy_for(&server, cluster.proxy_url.as_deref(), env).map_err(wrong_proxy)?;
    let is_tls = server.scheme_str() == Some("https");
    let authorities = match ca.as_deref().filter(|_| is_tls) {
        Some(pem) => Some(identity::authorities(pem).map_err(in_cluster)?),
        None => None,
    };
    let endpoint = Endpoint {
        server,
        tls_server_name: cluster.tls_server_name.clone(),
        authorities,
        authority_file: None,
        insecure: cluster.insecure_skip_tls_verify,
        proxy,
        gzip: !cluster.disable_compression,
        connect_timeout: connect_timeout(options),
    };
    Ok((endpoint, ca))
}

fn wrong_proxy(why: String) -> Error {
    Error::runtime("proxy", why)
}

fn connect_timeout(options: &ConnectOptions) -> Option<Duration> {
    let limit = options.request_timeout;
    Some(if limit.is_zero() { CONNECT_LIMIT } else { limit.min(CONNECT_LIMIT) })
}

/// Reads a server's URL; `host:port` alone is https where TLS is configured, else http, as in
/// kubectl.
fn server_url(text: &str, tls: bool) -> Result<Uri> {
    let text = text.trim();
    let wrong =
        |why: &str| Error::usage("kubeconfig", format!("{text:?} is not a server's URL: {why}"));
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) => (scheme.to_ascii_lowercase(), rest),
        None => {
            if text.trim_end_matches('/').contains('/') {
                return Err(wrong("it has a path but no scheme"));
            }
            (if tls { "https" } else { "http" }.to_owned(), text)
        }
    };
    if scheme != "http" && scheme != "https" {
        return Err(wrong(&format!("its scheme is `{scheme}`, not http or https")));
    }
    let uri: Uri =
        format!("{scheme}://{rest}").parse().map_err(|_| wrong("it cannot be parsed"))?;
    let authority = uri.authority().filter(|authority| !authority.host().is_empty());
    let authority = authority.ok_or_else(|| wrong("it has no host"))?.as_str();
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    if authority.ends_with(':') || (uri.port().is_some() && uri.port_u16().is_none()) {
        return Err(wrong("its port is no number"));
    }
    Uri::builder()
        .scheme(scheme.as_str())
        .authority(authority)
        .path_and_query(uri.path())
        .build()
        .map_err(|_| wrong("it cannot be parsed"))
}

fn client_certificate(user: &User, name: &str) -> Result<Option<Arc<Identity>>> {
    let of_user =
        |error: Error| error.while_doing(format!("cannot use user `{name}` of the kubeconfig"));
    let chain = identity::load(
        "the client certificate",
        user.client_certificate_data.as_deref(),
        user.client_certificate.as_deref(),
    );
    let key = identity::load(
        "the client key",
        user.client_key_data.as_ref().map(|secret| secret.0.as_str()),
        user.client_key.as_deref(),
    );
    match (chain.map_err(of_user)?, key.map_err(of_user)?) {
        (None, None) => Ok(None),
        (Some(chain), Some(key)) => {
            Identity::from_pem(&chain, &key).map(|it| Some(Arc::new(it))).map_err(of_user)
        }
        (Some(_), None) => {
            Err(of_user(Error::usage("kubeconfig", "it has a client certificate and no key")))
        }
        (None, Some(_)) => {
            Err(of_user(Error::usage("kubeconfig", "it has a client key and no certificate")))
        }
    }
}

/// Takes the older kind of plugin; kubectl has dropped all but this one.
fn auth_provider(provider: &AuthProvider, user: &str, server: &Uri) -> Result<AuthLayer> {
    let AuthProvider { name, config } = provider;
    if name != "oidc" {
        let message =
            format!("the auth provider `{name}` of user `{user}` is not supported any more");
        return Err(Error::usage("kubeconfig", message).hint("use an exec plugin instead"));
    }
    let mut kube_config = kube::Config::new(server.clone());
    kube_config.auth_info.auth_provider = Some(kube::config::AuthProviderConfig {
        name: name.clone(),
        config: config.iter().map(|(key, value)| (key.clone(), value.0.clone())).collect(),
        ..Default::default()
    });
    let layer = kube_config.auth_layer().map_err(|error| {
        Error::runtime("unauthorized", format!("the OIDC login of user `{user}` cannot be used"))
            .chain(&error)
    })?;
    Ok(layer.expect("a user with an auth provider has a layer"))
}

fn impersonation(user: &User, name: &str) -> Result<Vec<(HeaderName, HeaderValue)>> {
    let User { impersonate, impersonate_uid, impersonate_groups, impersonate_extra, .. } = user;
    let wrong =
        |what: &str| Error::usage("kubeconfig", format!("user `{name}` of the kubeconfig {what}"));
    let Some(impersonate) = impersonate else {
        if impersonate_uid.is_none()
            && impersonate_groups.is_empty()
            && impersonate_extra.is_empty()
        {
            return Ok(Vec::new());
        }
        return Err(wrong("has a uid, groups or extra values to impersonate, but no `as`"));
    };
    let value = |text: &str| {
        HeaderValue::from_str(text)
            .map_err(|_| wrong("impersonates with a text that no header can carry"))
    };
    let mut headers = vec![(HeaderName::from_static("impersonate-user"), value(impersonate)?)];
    if let Some(uid) = impersonate_uid {
        headers.push((HeaderName::from_static("impersonate-uid"), value(uid)?));
    }
    for group in impersonate_groups {
        headers.push((HeaderName::from_static("impersonate-group"), value(group)?));
    }
    for (key, texts) in impersonate_extra {
        let key: HeaderName = format!("impersonate-extra-{}", header_key(key))
            .parse()
            .map_err(|_| wrong("impersonates with an extra key that no header can carry"))?;
        for text in texts {
            headers.push((key.clone(), value(text)?));
        }
    }
    Ok(headers)
}

/// Escapes what no header's name can have, as client-go does.
fn header_key(key: &str) -> String {
    let escaped = |byte: u8| {
        let is_token = byte.is_ascii_alphanumeric() || b"!#$&'*+-.^_`|~".contains(&byte);
        if is_token { char::from(byte).to_string() } else { format!("%{byte:02X}") }
    };
    key.bytes().map(escaped).collect()
}

#[cfg(test)]
mod tests;
