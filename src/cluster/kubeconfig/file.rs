//! One kubeconfig file as it is written: read as kubectl reads it, tolerant of what kubectl
//! tolerates, its relative paths made absolute.

use std::{
    collections::BTreeMap,
    fmt, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::loose::{
    LooseText, decode, flag, optional, or_default, parse, text, text_lists, texts, unquoted,
};
use crate::workload::error::{Code, Error, Result};

/// A text that is never shown.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        LooseText::deserialize(deserializer).map(|scalar| Self(scalar.0))
    }
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret>, D::Error> {
    optional(deserializer).map(|text| text.map(Secret))
}

#[derive(Debug, Clone, Default)]
pub(super) struct File {
    pub(super) current_context: Option<String>,
    pub(super) contexts: Vec<NamedContext>,
    pub(super) clusters: Vec<NamedCluster>,
    pub(super) users: Vec<NamedUser>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct NamedContext {
    #[serde(default, deserialize_with = "text")]
    pub(super) name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) context: Context,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct NamedCluster {
    #[serde(default, deserialize_with = "text")]
    pub(super) name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) cluster: Cluster,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct NamedUser {
    #[serde(default, deserialize_with = "text")]
    pub(super) name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) user: User,
}

/// A context: a cluster, a user, and the namespace of requests that name none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Context {
    #[serde(default, deserialize_with = "optional")]
    pub(super) cluster: Option<String>,
    #[serde(default, deserialize_with = "optional")]
    pub(super) user: Option<String>,
    #[serde(default, deserialize_with = "optional")]
    pub(super) namespace: Option<String>,
}

/// Where a cluster is and how to know it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub(crate) struct Cluster {
    /// The server's URL, or `host:port`.
    #[serde(deserialize_with = "optional")]
    pub(crate) server: Option<String>,
    /// The name to check the server's certificate for, if not the URL's host.
    #[serde(deserialize_with = "optional")]
    pub(crate) tls_server_name: Option<String>,
    /// Whether any certificate of the server will do.
    #[serde(deserialize_with = "flag")]
    pub(crate) insecure_skip_tls_verify: bool,
    /// The file with the CA's certificates.
    #[serde(deserialize_with = "optional")]
    pub(crate) certificate_authority: Option<String>,
    /// The CA's certificates, base64; they win over the file.
    #[serde(deserialize_with = "optional")]
    pub(crate) certificate_authority_data: Option<String>,
    /// The proxy of every request; no variable of the environment changes it.
    #[serde(deserialize_with = "optional")]
    pub(crate) proxy_url: Option<String>,
    /// Whether answers are to come uncompressed.
    #[serde(deserialize_with = "flag")]
    pub(crate) disable_compression: bool,
    /// Data for others; the entry `client.authentication.k8s.io/exec` goes to the exec plugin.
    #[serde(deserialize_with = "or_default")]
    pub(crate) extensions: Vec<Extension>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct Extension {
    #[serde(deserialize_with = "text")]
    pub(crate) name: String,
    pub(crate) extension: Value,
}

/// Who we are for a cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub(crate) struct User {
    /// The file with the client's certificate chain.
    #[serde(deserialize_with = "optional")]
    pub(crate) client_certificate: Option<String>,
    /// The chain, base64; it wins over the file.
    #[serde(deserialize_with = "optional")]
    pub(crate) client_certificate_data: Option<String>,
    /// The file with the client's key.
    #[serde(deserialize_with = "optional")]
    pub(crate) client_key: Option<String>,
    /// The key, base64; it wins over the file.
    #[serde(deserialize_with = "secret")]
    pub(crate) client_key_data: Option<Secret>,
    #[serde(deserialize_with = "secret")]
    pub(crate) token: Option<Secret>,
    /// The file with the bearer token, read again while the program runs; it wins over `token`.
    #[serde(rename = "tokenFile", deserialize_with = "optional")]
    pub(crate) token_file: Option<String>,
    #[serde(deserialize_with = "optional")]
    pub(crate) username: Option<String>,
    #[serde(deserialize_with = "secret")]
    pub(crate) password: Option<Secret>,
    #[serde(rename = "as", deserialize_with = "optional")]
    pub(crate) impersonate: Option<String>,
    #[serde(rename = "as-uid", deserialize_with = "optional")]
    pub(crate) impersonate_uid: Option<String>,
    #[serde(rename = "as-groups", deserialize_with = "texts")]
    pub(crate) impersonate_groups: Vec<String>,
    #[serde(rename = "as-user-extra", deserialize_with = "text_lists")]
    pub(crate) impersonate_extra: BTreeMap<String, Vec<String>>,
    /// The plugin that gives a token or a certificate.
    pub(crate) exec: Option<Exec>,
    /// The older kind of plugin; only `oidc` is left.
    pub(crate) auth_provider: Option<AuthProvider>,
}

/// A program that gives a token or a certificate.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Exec {
    #[serde(deserialize_with = "optional")]
    pub(crate) api_version: Option<String>,
    /// The program: looked up in PATH, or a path.
    #[serde(deserialize_with = "text")]
    pub(crate) command: String,
    #[serde(deserialize_with = "texts")]
    pub(crate) args: Vec<String>,
    /// Variables to set beside those of this process.
    #[serde(deserialize_with = "or_default")]
    pub(crate) env: Vec<ExecVariable>,
    /// How to get the program, for the person who lacks it.
    #[serde(deserialize_with = "optional")]
    pub(crate) install_hint: Option<String>,
    /// Whether the program is told about the cluster.
    #[serde(deserialize_with = "flag")]
    pub(crate) provide_cluster_info: bool,
    /// `Never`, `IfAvailable` or `Always`: whether it may ask on the terminal.
    #[serde(deserialize_with = "optional")]
    pub(crate) interactive_mode: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct ExecVariable {
    #[serde(deserialize_with = "text")]
    pub(crate) name: String,
    pub(crate) value: Secret,
}

/// A plugin of the older kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct AuthProvider {
    #[serde(deserialize_with = "text")]
    pub(crate) name: String,
    #[serde(deserialize_with = "or_default")]
    pub(crate) config: BTreeMap<String, Secret>,
    /// The file that it stands in.
    #[serde(skip)]
    pub(crate) file: PathBuf,
}

impl File {
    /// Reads a file; none if it does not exist.
    ///
    /// # Errors
    /// Code 2, naming the file and the line, where it cannot be read or is broken.
    pub(super) fn read(path: &Path) -> Result<Option<Self>> {
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            // A home that is a file has none either.
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) =>
            {
                return Ok(None);
            }
            Err(error) => {
                let message = format!("cannot read kubeconfig {}", path.display());
                return Err(Error::usage(Code::Kubeconfig, message).cause(error.to_string()));
            }
        };
        let broken = |why: String| {
            Error::usage(Code::Kubeconfig, format!("kubeconfig {} is broken", path.display()))
                .cause(why)
        };
        let text = decode(bytes).map_err(broken)?;
        let mut file = Self::parse(&text).map_err(broken)?;
        file.check_names().map_err(broken)?;
        file.make_absolute(path.parent().unwrap_or(Path::new("")));
        for provider in file.users.iter_mut().filter_map(|named| named.user.auth_provider.as_mut())
        {
            path.clone_into(&mut provider.file);
        }
        Ok(Some(file))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let mut root: Map<String, Value> = parse(text)?;
        let current =
            Option::<LooseText>::deserialize(root.remove("current-context").unwrap_or_default())
                .map_err(|error| format!("current-context: {error}"))?;
        Ok(Self {
            current_context: current.map(|text| text.0).filter(|text| !text.is_empty()),
            contexts: list(&mut root, "contexts")?,
            clusters: list(&mut root, "clusters")?,
            users: list(&mut root, "users")?,
        })
    }

    /// Refuses a name that stands twice in one file, as kubectl does: it is not clear which
    /// cluster is meant.
    fn check_names(&self) -> Result<(), String> {
        let contexts = self.contexts.iter().map(|named| named.name.as_str());
        let clusters = self.clusters.iter().map(|named| named.name.as_str());
        let users = self.users.iter().map(|named| named.name.as_str());
        twice("context", contexts)?;
        twice("cluster", clusters)?;
        twice("user", users)
    }

    fn make_absolute(&mut self, folder: &Path) {
        for NamedCluster { cluster, .. } in &mut self.clusters {
            join(folder, &mut cluster.certificate_authority);
        }
        for NamedUser { user, .. } in &mut self.users {
            join(folder, &mut user.client_certificate);
            join(folder, &mut user.client_key);
            join(folder, &mut user.token_file);
            let provider = user.auth_provider.as_mut();
            let file = provider.and_then(|it| it.config.get_mut("idp-certificate-authority"));
            if let Some(Secret(file)) = file.filter(|file| !file.0.is_empty()) {
                *file = joined(folder, file);
            }
            // A bare name is looked up in PATH.
            if let Some(exec) = user.exec.as_mut().filter(|exec| exec.command.contains('/')) {
                exec.command = joined(folder, &exec.command);
            }
        }
    }
}

/// Takes a list out of the file; what is wrong is named by its place in it.
fn list<T: DeserializeOwned>(root: &mut Map<String, Value>, key: &str) -> Result<Vec<T>, String> {
    let items = match root.remove(key) {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(items)) => items,
        Some(_) => return Err(format!("{key}: a list is needed")),
    };
    let read = |(index, item): (usize, Value)| {
        let name = item["name"].as_str().map_or_else(|| index.to_string(), str::to_owned);
        serde_json::from_value(item)
            .map_err(|error| format!("{key}[{name}]: {}", unquoted(&error.to_string())))
    };
    items.into_iter().enumerate().map(read).collect()
}

fn twice<'a>(what: &str, names: impl Iterator<Item = &'a str>) -> Result<(), String> {
    let mut seen = std::collections::BTreeSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(format!("{what} `{name}` stands in it twice"));
        }
    }
    Ok(())
}

fn join(folder: &Path, file: &mut Option<String>) {
    if let Some(file) = file {
        *file = joined(folder, file);
    }
}

fn joined(folder: &Path, file: &str) -> String {
    let path: PathBuf = folder.join(file);
    path.to_str().map_or_else(|| file.to_owned(), str::to_owned)
}
