//! What a runtime's connection is made of, as the kubeconfig or the pod says: the server, the way
//! to it, who we are.

use std::sync::Arc;

use http::{HeaderName, HeaderValue, Uri};

use super::{
    client_certificate::{self, Identity},
    credentials::{Credentials, TokenFile},
    exec_plugin::ExecPlugins,
    http::{CONNECT_LIMIT, Endpoint},
    kubeconfig::{Kubeconfig, ResolvedContext, User},
    proxy,
};
use crate::{
    env::Env,
    workload::error::{Code, Error, Result},
};

/// Everything that a connection is made of.
pub(super) struct Access {
    pub(super) endpoint: Endpoint,
    pub(super) credentials: Credentials,
    pub(super) identity: Option<Arc<Identity>>,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    /// What the user should know about it.
    pub(super) warning: Option<String>,
    pub(super) user_name: Option<String>,
    /// The namespace of the context or of the pod.
    pub(super) namespace: Option<String>,
}

impl Access {
    /// Takes a context of the kubeconfig.
    ///
    /// # Errors
    /// Those of [`super::connect::connect`].
    pub(super) fn of_context(
        kubeconfig: &Kubeconfig,
        name: &str,
        plugins: &ExecPlugins,
    ) -> Result<Self> {
        let context = kubeconfig.resolve(name)?;
        let (endpoint, ca) = endpoint(&context, &kubeconfig.env)?;
        let plugin = plugins.of(&context, ca.as_deref());
        let ResolvedContext { user_name, user, namespace, .. } = context;
        let name = user_name.clone().unwrap_or_default();
        let mut access = Self {
            endpoint,
            credentials: Credentials::None,
            identity: None,
            headers: Vec::new(),
            warning: None,
            user_name,
            namespace,
        };
        // clientcmd reads who we are only where the transport is TLS; the machine itself is spared,
        // since nothing leaves it.
        if access.endpoint.is_tls() || proxy::is_loopback(&access.endpoint.server) {
            let oidc = match &user.auth_provider {
                Some(provider) => Some(plugins.oidc.of(provider, &name, &kubeconfig.env)?),
                None => None,
            };
            access.credentials = Credentials::of(&user, &name, plugin, oidc)?;
            access.identity = identity(&user, &name)?;
            access.headers = impersonation(&user, &name)?;
        } else if user != User::default() {
            let server = access.endpoint.server.to_string();
            let server = server.trim_end_matches('/');
            access.warning =
                Some(format!("who you are is not told to {server}: it does not speak TLS"));
        }
        Ok(access)
    }

    /// Takes the cluster of the pod that we run in, as its service account.
    ///
    /// # Errors
    /// Code 2 outside a pod, code 7 where its CA cannot be used.
    pub(super) fn of_pod(env: &Env) -> Result<Self> {
        let missing = || {
            Error::usage(
                Code::NotInCluster,
                "runtime `in-cluster` works only in a pod with a service account",
            )
        };
        let host = env.variable("KUBERNETES_SERVICE_HOST").ok_or_else(missing)?;
        let port = env.variable("KUBERNETES_SERVICE_PORT").ok_or_else(missing)?;
        // An IPv6 address, which the kubelet writes without brackets.
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let server = server_url(&format!("https://{host}:{port}"), true)?;
        let folder = &env.service_account;
        let token = TokenFile::open(folder.join("token"), None)?;
        let authority_file = folder.join("ca.crt");
        // client-go's InClusterConfig goes on without a CA too: the system's may do.
        let authorities = match std::fs::read(&authority_file) {
            Ok(pem) => Some(client_certificate::authorities(&pem)?),
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
                connect_timeout: CONNECT_LIMIT,
            },
            credentials: Credentials::File(token),
            identity: None,
            headers: Vec::new(),
            warning: None,
            user_name: None,
            namespace: namespace.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()),
        })
    }
}

/// Finds out how a cluster of the kubeconfig is reached; also gives its CA in PEM.
fn endpoint(context: &ResolvedContext, env: &Env) -> Result<(Endpoint, Option<Vec<u8>>)> {
    let ResolvedContext { cluster_name: name, cluster, user, .. } = context;
    let in_cluster =
        |error: Error| error.while_doing(format!("cannot use cluster `{name}` of the kubeconfig"));
    // A CA that is not to be believed need not be readable either.
    let ca = match cluster.insecure_skip_tls_verify {
        true => None,
        false => client_certificate::load(
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
        Error::usage(Code::Kubeconfig, format!("cluster `{name}` of the kubeconfig has no server"))
    })?;
    let server = server_url(server, tls).map_err(in_cluster)?;
    let proxy =
        proxy::proxy_for(&server, cluster.proxy_url.as_deref(), env).map_err(wrong_proxy)?;
    let is_tls = server.scheme_str() == Some("https");
    let authorities = match ca.as_deref().filter(|_| is_tls) {
        Some(pem) => Some(client_certificate::authorities(pem).map_err(in_cluster)?),
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
        connect_timeout: CONNECT_LIMIT,
    };
    Ok((endpoint, ca))
}

fn wrong_proxy(why: String) -> Error {
    Error::runtime(Code::Proxy, why)
}

/// Reads a server's URL; `host:port` alone is https where TLS is configured, else http, as in
/// kubectl.
fn server_url(text: &str, tls: bool) -> Result<Uri> {
    let text = text.trim();
    let wrong = |why: &str| {
        Error::usage(Code::Kubeconfig, format!("{text:?} is not a server's URL: {why}"))
    };
    // Without a scheme kube's BaseUriLayer panics at the first request.
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
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    // A login in the URL is left out: the URL stands in messages and in the database.
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = uri.host().filter(|host| !host.is_empty()).ok_or_else(|| wrong("it has no host"))?;
    let port = authority.strip_prefix(host).unwrap_or_default();
    if !port.is_empty() && port[1..].parse::<u16>().is_err() {
        return Err(wrong("its port is no number"));
    }
    Uri::builder()
        .scheme(scheme.as_str())
        .authority(authority)
        .path_and_query(uri.path())
        .build()
        .map_err(|_| wrong("it cannot be parsed"))
}

fn identity(user: &User, name: &str) -> Result<Option<Arc<Identity>>> {
    let of_user =
        |error: Error| error.while_doing(format!("cannot use user `{name}` of the kubeconfig"));
    let chain = client_certificate::load(
        "the client certificate",
        user.client_certificate_data.as_deref(),
        user.client_certificate.as_deref(),
    );
    let key = client_certificate::load(
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
            Err(of_user(Error::usage(Code::Kubeconfig, "it has a client certificate and no key")))
        }
        (None, Some(_)) => {
            Err(of_user(Error::usage(Code::Kubeconfig, "it has a client key and no certificate")))
        }
    }
}

fn impersonation(user: &User, name: &str) -> Result<Vec<(HeaderName, HeaderValue)>> {
    let User { impersonate, impersonate_uid, impersonate_groups, impersonate_extra, .. } = user;
    let wrong = |what: &str| {
        Error::usage(Code::Kubeconfig, format!("user `{name}` of the kubeconfig {what}"))
    };
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
