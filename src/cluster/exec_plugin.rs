//! Exec plugins: programs that give a token or a client certificate. One runs once a process and
//! user, again only when what it gave has expired or was refused, and never two at once.

use std::{
    collections::BTreeMap,
    process::Stdio,
    sync::{Arc, Mutex},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::process::Command;

use super::{
    authorization::bearer,
    client_certificate::Identity,
    kubeconfig::{Cluster, Exec, ResolvedContext, Secret, parse},
    login::{CurrentLogin, Login},
    oidc::OidcLogins,
};
use crate::workload::error::{Code, Error, Result};

/// A login is renewed so long before it expires, or a quarter of its life if that is less.
const EARLY: SignedDuration = SignedDuration::from_secs(60);

/// The exec plugins of one kubeconfig; clones share them. Each is run once for a user, whatever
/// contexts he is in, because a plugin may open a browser or ask for a password.
#[derive(Debug, Clone, Default)]
pub struct ExecPlugins {
    interactive: bool,
    known: Arc<Mutex<BTreeMap<PluginUse, Arc<ExecPlugin>>>>,
    /// The logins that need no program.
    pub(super) oidc: OidcLogins,
}

/// Whom a plugin serves: a user, and a cluster where the plugin is told about it.
type PluginUse = (String, Option<String>);

impl ExecPlugins {
    /// Begins with none. `interactive` says whether a person can answer one on the terminal: stdin
    /// is one and no source is read from it.
    pub(crate) fn new(interactive: bool) -> Self {
        Self { interactive, ..Self::default() }
    }

    /// Gives the plugin of a context's user. `ca` is the cluster's CA in PEM, for a plugin that
    /// wants to know the cluster.
    pub(super) fn of(
        &self,
        context: &ResolvedContext,
        ca: Option<&[u8]>,
    ) -> Option<Arc<ExecPlugin>> {
        let exec = context.user.exec.as_ref()?;
        let user = context.user_name.clone().unwrap_or_default();
        let cluster = exec.provide_cluster_info.then(|| context.cluster_name.clone());
        let mut known = self.known.lock().expect("noting a plugin does not panic");
        let plugin = known.entry((user.clone(), cluster)).or_insert_with(|| {
            Arc::new(ExecPlugin::new(exec, user, &context.cluster, ca, self.interactive))
        });
        Some(plugin.clone())
    }
}

/// A plugin of one user, and what it gave last.
#[derive(Debug)]
pub(crate) struct ExecPlugin {
    exec: Exec,
    user: String,
    cluster: Option<Value>,
    interactive: bool,
    current: CurrentLogin,
}

impl ExecPlugin {
    fn new(
        exec: &Exec,
        user: String,
        cluster: &Cluster,
        ca: Option<&[u8]>,
        interactive: bool,
    ) -> Self {
        Self {
            exec: exec.clone(),
            user,
            cluster: exec.provide_cluster_info.then(|| describe(cluster, ca)),
            interactive,
            current: CurrentLogin::default(),
        }
    }

    /// Gives a login that has not expired; runs the plugin if there is none.
    ///
    /// # Errors
    /// Code 7 (`exec-plugin`) where the plugin cannot be run, fails or gives nothing usable.
    pub(crate) async fn login(&self) -> Result<Arc<Login>> {
        self.current.get(self.run()).await
    }

    /// Replaces a login that a server refused: runs the plugin once more, unless somebody else
    /// has done so already. None if that has been tried in vain.
    ///
    /// # Errors
    /// Those of [`Self::login`].
    pub(crate) async fn renew(&self, refused: &Arc<Login>) -> Result<Option<Arc<Login>>> {
        self.current.replace(refused, self.run()).await
    }

    async fn run(&self) -> Result<Login> {
        let Exec { api_version, command, args, env, interactive_mode, .. } = &self.exec;
        if command.is_empty() {
            return Err(self.failure("names no command"));
        }
        let interactive = match interactive_mode.as_deref() {
            Some("Never") => false,
            Some("Always") if !self.interactive => {
                return Err(self
                    .failure("needs a terminal to ask on")
                    .hint("run it on a terminal"));
            }
            // `IfAvailable`, or nothing, which v1beta1 allows.
            _ => self.interactive,
        };
        let mut child = Command::new(command);
        child.args(args).envs(env.iter().map(|entry| (&entry.name, &entry.value.0)));
        child.env("KUBERNETES_EXEC_INFO", self.info(api_version.as_deref(), interactive));
        // A request that is given up takes its plugin with it.
        child.stdout(Stdio::piped()).kill_on_drop(true);
        // Where nobody can answer, what it says is kept for the failure: on the terminal it would
        // tear the progress bars, and stdin may be a source of manifests.
        if interactive {
            child.stdin(Stdio::inherit()).stderr(Stdio::inherit());
        } else {
            child.stdin(Stdio::null()).stderr(Stdio::piped());
        }
        let output =
            child.spawn().map_err(|error| self.cannot_start(&error))?.wait_with_output().await;
        let output =
            output.map_err(|error| self.failure("cannot be run").cause(error.to_string()))?;
        if !output.status.success() {
            let error = self.failure(&format!("failed ({})", output.status));
            return Err(error.causes(last_lines(&output.stderr)).hint("log in again"));
        }
        self.read(&output.stdout)
    }

    fn info(&self, api_version: Option<&str>, interactive: bool) -> String {
        let mut spec = json!({"interactive": interactive});
        if let Some(cluster) = &self.cluster {
            spec["cluster"] = cluster.clone();
        }
        json!({
            "kind": "ExecCredential",
            "apiVersion": api_version.unwrap_or("client.authentication.k8s.io/v1"),
            "spec": spec,
        })
        .to_string()
    }

    fn read(&self, stdout: &[u8]) -> Result<Login> {
        let credential: ExecCredential = std::str::from_utf8(stdout)
            .map_err(|_| "it is not UTF-8".to_owned())
            // client-go's decoder takes YAML as well as JSON.
            .and_then(parse)
            .map_err(|why| self.failure("gave an answer that cannot be read").cause(why))?;
        let ExecCredentialStatus {
            token,
            client_certificate_data,
            client_key_data,
            expiration_timestamp,
        } = credential.status.unwrap_or_default();
        let header = match token.filter(|token| !token.0.is_empty()) {
            Some(token) => Some(bearer(&token.0).map_err(|why| self.failure(&why))?),
            None => None,
        };
        let identity = match (client_certificate_data, client_key_data) {
            (Some(certificate), Some(key)) => {
                let identity = Identity::from_pem(certificate.as_bytes(), key.0.as_bytes());
                Some(Arc::new(identity.map_err(|error| {
                    error.while_doing(self.says("gave a client certificate that cannot be used"))
                })?))
            }
            (None, None) => None,
            _ => return Err(self.failure("gave a certificate without a key, or a key without one")),
        };
        if header.is_none() && identity.is_none() {
            return Err(self.failure("gave neither a token nor a client certificate"));
        }
        let renew_at = match expiration_timestamp {
            None => None,
            Some(text) => {
                let expiry = text.parse::<Timestamp>().map_err(|error| {
                    self.failure("gave an expirationTimestamp that is no time")
                        .cause(error.to_string())
                })?;
                renewal(Timestamp::now(), expiry)
            }
        };
        Ok(Login::new(header, identity, renew_at))
    }

    fn says(&self, what: &str) -> String {
        format!("the exec plugin `{}` of user `{}` {what}", self.exec.command, self.user)
    }

    fn failure(&self, what: &str) -> Error {
        Error::runtime(Code::ExecPlugin, self.says(what))
    }

    fn cannot_start(&self, error: &std::io::Error) -> Error {
        if error.kind() != std::io::ErrorKind::NotFound {
            return self.failure("cannot be run").cause(error.to_string());
        }
        let error = self.failure("was not found");
        match &self.exec.install_hint {
            Some(hint) => error.hint(hint.trim()),
            None => error.hint(format!("install `{}` or put it into PATH", self.exec.command)),
        }
    }
}

/// Tells when a login is to be renewed. One that has expired when it is given says nothing: the
/// clocks differ, and the server is to judge.
fn renewal(now: Timestamp, expiry: Timestamp) -> Option<Timestamp> {
    let life = expiry.duration_since(now);
    (life > SignedDuration::ZERO).then(|| expiry - EARLY.min(life / 4))
}

fn last_lines(stderr: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(stderr);
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    // The lines go to a terminal: what steers it is left out.
    let plain = |line: &&str| line.chars().filter(|c| !c.is_control()).take(500).collect();
    lines[lines.len().saturating_sub(8)..].iter().map(plain).collect()
}

fn describe(cluster: &Cluster, ca: Option<&[u8]>) -> Value {
    let mut about = json!({});
    let mut set = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            about[key] = value;
        }
    };
    set("server", cluster.server.clone().map(Value::from));
    set("tls-server-name", cluster.tls_server_name.clone().map(Value::from));
    set("insecure-skip-tls-verify", cluster.insecure_skip_tls_verify.then_some(true.into()));
    // Inline even where the kubeconfig names a file, as client-go has it.
    set("certificate-authority-data", ca.map(|ca| STANDARD.encode(ca).into()));
    set("proxy-url", cluster.proxy_url.clone().map(Value::from));
    set("disable-compression", cluster.disable_compression.then_some(true.into()));
    let config = cluster.extensions.iter().find(|e| e.name == "client.authentication.k8s.io/exec");
    set("config", config.map(|extension| extension.extension.clone()));
    about
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ExecCredential {
    status: Option<ExecCredentialStatus>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ExecCredentialStatus {
    token: Option<Secret>,
    client_certificate_data: Option<String>,
    client_key_data: Option<Secret>,
    expiration_timestamp: Option<String>,
}

#[cfg(test)]
mod tests;
