//! From a runtime to a client that behaves: the one place where a kubeconfig context, a pod's
//! service account or the sandbox becomes a connection.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use http::{HeaderName, HeaderValue, header::USER_AGENT};
use http_body_util::BodyExt as _;
use jiff::Timestamp;
use tower::{BoxError, ServiceExt as _};

use super::{
    access::Access,
    client_certificate,
    exec_plugin::ExecPlugins,
    explain::explain,
    http::{CONNECT_LIMIT, Wire},
    kubeconfig::Kubeconfig,
    observations::{Observations, OnRequest, RequestSeen, ServerWarnings},
    pool::{Pool, SharedWire},
    transport::Transport,
};
use crate::{
    sandbox::{self, Sandbox},
    workload::{
        error::{Code, Error, Result},
        runtime::RuntimeName,
        shell::quoted,
    },
};

/// How to connect.
#[derive(Clone)]
pub struct ConnectOptions {
    /// `--request-timeout`: bounds the making of a connection; zero: no limit. It does not bound
    /// an answer's body, so that watches live.
    pub request_timeout: Duration,
    /// The `User-Agent` of every request.
    pub user_agent: String,
    /// The exec plugins and OIDC logins of earlier connections of this process.
    pub plugins: ExecPlugins,
    /// The connections that are open already.
    pub pool: Pool,
    /// Who is told of every request.
    pub on_request: Option<OnRequest>,
    /// Where the warnings of the server go.
    pub warnings: ServerWarnings,
    /// The file that holds the sandbox; none where there is no place for one.
    pub sandbox: Option<PathBuf>,
}

impl Default for ConnectOptions {
    fn default() -> Self {
        Self {
            request_timeout: CONNECT_LIMIT,
            user_agent: user_agent(),
            plugins: ExecPlugins::default(),
            pool: Pool::default(),
            on_request: None,
            warnings: ServerWarnings::default(),
            sandbox: None,
        }
    }
}

/// Gives the `User-Agent` by which audit logs know this program.
pub(crate) fn user_agent() -> String {
    use std::env::consts::{ARCH, OS};
    format!("workloadctl/{} ({OS}/{ARCH})", env!("CARGO_PKG_VERSION"))
}

/// A connection to one cluster. Cheap to clone; clones share the TCP connections and the counts.
#[derive(Clone)]
pub struct Connection {
    /// The client. It retries nothing and has no time limit for answers.
    pub client: kube::Client,
    pub(crate) runtime: RuntimeName,
    /// The server's URL, for messages and as the cluster's second-best identity.
    pub(crate) server: String,
    pub(crate) kubeconfig_user: Option<String>,
    /// The SHA-256 of the certificates that the server is trusted by, in hex; none where the
    /// system's are used or none at all.
    pub(crate) ca_digest: Option<String>,
    seen: Arc<Observations>,
}

impl Connection {
    /// Tells the bodies of a request that was told already.
    pub(super) fn tell_bodies(&self, request: RequestSeen) {
        self.seen.tell(request);
    }

    /// Gives the number of requests that were sent so far.
    #[cfg(test)]
    pub(crate) fn requests(&self) -> u64 {
        self.seen.requests()
    }

    /// Notes that the answer to a creation was lost.
    pub(super) fn lose_answer(&self) {
        self.seen.lose_answer();
    }

    /// Gives the time of the last one, by the server's clock.
    pub(super) fn lost_answer(&self) -> Option<Timestamp> {
        self.seen.lost_answer()
    }

    /// Takes out the server's warnings that came since the last call; each text comes once.
    #[cfg(test)]
    pub(crate) fn warnings(&self) -> Vec<String> {
        self.seen.warnings()
    }

    /// Estimates the server's clock, to the second; ours before the first answer.
    pub(crate) fn server_now(&self) -> Timestamp {
        self.seen.server_now()
    }

    /// Explains a failure of the client, with a hint that fits the runtime.
    pub(crate) fn explain(&self, error: &kube::Error) -> Error {
        self.hinted(explain(error, &self.server))
    }

    /// Adds a hint that fits the runtime to a failure of reaching it that has none.
    pub(crate) fn hinted(&self, error: Error) -> Error {
        let is_about_reaching = matches!(error.code, Code::Unreachable | Code::Dns | Code::Timeout);
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
            _ => format!("workloadctl runtime check {}", quoted(&name)),
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
    let access = match runtime {
        RuntimeName::Context(name) => Access::of_context(kubeconfig, name, &options.plugins)?,
        RuntimeName::InCluster => Access::of_pod(&kubeconfig.env)?,
        RuntimeName::Sandbox => {
            return connect_sandbox(runtime, options);
        }
    };
    open(access, runtime, options)
}

fn open(access: Access, runtime: &RuntimeName, options: &ConnectOptions) -> Result<Connection> {
    let Access { mut endpoint, credentials, identity, mut headers, warning, user_name, namespace } =
        access;
    if !options.request_timeout.is_zero() {
        endpoint.connect_timeout = options.request_timeout.min(CONNECT_LIMIT);
    }
    let server = endpoint.server.to_string().trim_end_matches('/').to_owned();
    let ca_digest = endpoint.authorities.as_deref().map(client_certificate::digest);
    // kube sends no User-Agent, by which audit logs tell clients apart.
    headers.push(agent(options)?);
    let seen = Arc::new(Observations::new(options.on_request.clone(), options.warnings.clone()));
    if let Some(warning) = warning {
        seen.warn(warning);
    }
    let wire = options
        .pool
        .wire(runtime, endpoint.connect_timeout, || endpoint.wire(identity.as_deref()))?;
    let transport = Transport::new(endpoint, credentials, identity, headers, wire, seen.clone());
    let default_namespace = namespace.unwrap_or_else(|| "default".to_owned());
    Ok(Connection {
        client: kube::Client::new(transport, default_namespace),
        runtime: runtime.clone(),
        server,
        kubeconfig_user: user_name,
        ca_digest,
        seen,
    })
}

/// Connects to the Kubernetes API inside the program: no port, no thread.
fn connect_sandbox(runtime: &RuntimeName, options: &ConnectOptions) -> Result<Connection> {
    let Some(path) = &options.sandbox else {
        return Err(Error::usage(Code::NoSandbox, "there is no folder for the sandbox")
            .hint("name a place by `--db FILE`, WORKLOADCTL_DB or HOME"));
    };
    let wire = options.pool.wire(runtime, CONNECT_LIMIT, || sandbox_wire(path))?;
    over(wire, sandbox::SERVER, runtime, options)
}

/// Opens the sandbox in a file as a service.
fn sandbox_wire(path: &Path) -> Result<Wire> {
    let sandbox = open_sandbox(path)?;
    let service = tower::service_fn(move |request: http::Request<kube::client::Body>| {
        let sandbox = sandbox.clone();
        async move {
            let answer = sandbox.oneshot(request).await?;
            Ok::<_, BoxError>(answer.map(|body| body.map_err(BoxError::from).boxed_unsync()))
        }
    });
    Ok(Wire::new(service))
}

/// Opens the sandbox in a file, made if need be.
///
/// # Errors
/// Code 7 where the file cannot be opened.
pub(crate) fn open_sandbox(path: &Path) -> Result<Sandbox> {
    Sandbox::open(path, sandbox::Options::default()).map_err(|error| {
        Error::runtime(Code::Sandbox, format!("cannot open the sandbox {}", path.display()))
            .cause(error.to_string())
            .hint(if can_be_written(path) {
                "`workloadctl sandbox reset` empties it"
            } else {
                "the sandbox lies beside the database: `--db FILE` names one in a folder that can \
                 be written"
            })
    })
}

/// Tells whether a file's folder, and the file where it is there, can be written.
fn can_be_written(file: &Path) -> bool {
    let writable = |path: &Path| rustix::fs::access(path, rustix::fs::Access::WRITE_OK).is_ok();
    file.parent().is_none_or(|folder| folder == Path::new("") || writable(folder))
        && (!file.exists() || writable(file))
}

/// Empties the sandbox in a file; one that is not there is empty already.
///
/// # Errors
/// As the file system has them.
pub(crate) fn reset_sandbox(path: &Path) -> Result<()> {
    Sandbox::reset(path).map_err(|error| {
        Error::failed(Code::Sandbox, format!("cannot empty the sandbox {}", path.display()))
            .cause(error.to_string())
    })
}

/// Makes a connection over an HTTP service of this process.
///
/// # Errors
/// Code 2 where the User-Agent is no header's value.
fn over(
    wire: SharedWire,
    server: &str,
    runtime: &RuntimeName,
    options: &ConnectOptions,
) -> Result<Connection> {
    let seen = Arc::new(Observations::new(options.on_request.clone(), options.warnings.clone()));
    let transport = Transport::over(wire, vec![agent(options)?], seen.clone());
    Ok(Connection {
        client: kube::Client::new(transport, "default"),
        runtime: runtime.clone(),
        server: server.to_owned(),
        kubeconfig_user: None,
        ca_digest: None,
        seen,
    })
}

fn agent(options: &ConnectOptions) -> Result<(HeaderName, HeaderValue)> {
    HeaderValue::try_from(&options.user_agent)
        .map(|value| (USER_AGENT, value))
        .map_err(|_| Error::usage(Code::InvalidRequest, "the User-Agent is no header's value"))
}

#[cfg(test)]
mod tests;
