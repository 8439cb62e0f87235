//! The kubeconfig: every context that the user can reach, merged from its files as kubectl
//! merges them, read once. Only the tokens of an OIDC login are written.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use crate::{
    env::Env,
    workload::{
        error::{Code, Error, Result},
        name::nearest,
        runtime::SANDBOX,
    },
};

mod file;
mod loose;
#[cfg(test)]
mod tests;
mod tokens;

pub(crate) use file::{AuthProvider, Cluster, Exec, Secret, User};
pub(super) use loose::parse;
pub(super) use tokens::{Tokens, keep_tokens, tokens_of};

use file::{Context, File};

/// The merged kubeconfig, with the environment that it was read from.
#[derive(Debug)]
pub struct Kubeconfig {
    /// The files that were looked at, in their order, whether they exist or not.
    pub(crate) files_looked_at: Vec<PathBuf>,
    pub(super) env: Env,
    current_context: Option<String>,
    contexts: Vec<(String, Context)>,
    clusters: BTreeMap<String, Cluster>,
    users: BTreeMap<String, User>,
}

/// A context as `runtime list` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ContextInfo {
    pub(crate) name: String,
    /// The server as the kubeconfig has it; none where the cluster is missing.
    pub(crate) server: Option<String>,
    pub(crate) user: Option<String>,
    pub(crate) namespace: Option<String>,
}

/// A context that can be connected to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ResolvedContext {
    pub(crate) context: String,
    pub(crate) cluster_name: String,
    pub(crate) cluster: Cluster,
    pub(crate) user_name: Option<String>,
    /// The user; the default one is anonymous.
    pub(crate) user: User,
    pub(crate) namespace: Option<String>,
}

impl Kubeconfig {
    /// Reads the file of `--kubeconfig`, else those of `KUBECONFIG`, else `~/.kube/config`.
    /// Missing files of the list are skipped; no file at all is an empty kubeconfig.
    ///
    /// # Errors
    /// Code 2 where the flag's file is missing, and where a file cannot be read or is broken.
    pub fn load(env: &Env, flag: Option<&Path>) -> Result<Self> {
        let files = match flag {
            Some(file) => vec![env.current_dir.join(file)],
            None => listed(env),
        };
        let mut merged = Self::empty(env);
        for path in &files {
            match File::read(path)? {
                Some(file) => merged.merge(file),
                None if flag.is_some() => {
                    let message = format!("kubeconfig {} does not exist", path.display());
                    return Err(Error::usage(Code::NoKubeconfig, message)
                        .hint("`--kubeconfig` takes a file; without it KUBECONFIG or ~/.kube/config counts"));
                }
                None => {}
            }
        }
        merged.files_looked_at = files;
        Ok(merged)
    }

    fn empty(env: &Env) -> Self {
        Self {
            files_looked_at: Vec::new(),
            env: env.clone(),
            current_context: None,
            contexts: Vec::new(),
            clusters: BTreeMap::new(),
            users: BTreeMap::new(),
        }
    }

    /// Takes in a file: what an earlier one said about a name counts alone.
    fn merge(&mut self, file: File) {
        let File { current_context, contexts, clusters, users } = file;
        self.current_context = self.current_context.take().or(current_context);
        let known: BTreeSet<String> = self.contexts.iter().map(|(name, _)| name.clone()).collect();
        let new = contexts.into_iter().filter(|named| !known.contains(&named.name));
        self.contexts.extend(new.map(|named| (named.name, named.context)));
        for named in clusters {
            self.clusters.entry(named.name).or_insert(named.cluster);
        }
        for named in users {
            self.users.entry(named.name).or_insert(named.user);
        }
    }

    /// Lists the contexts in the order of the files.
    pub(crate) fn contexts(&self) -> Vec<ContextInfo> {
        let info = |(name, context): &(String, Context)| ContextInfo {
            name: name.clone(),
            server: self.cluster_of(context).and_then(|cluster| cluster.server.clone()),
            user: context.user.clone(),
            namespace: context.namespace.clone(),
        };
        self.contexts.iter().map(info).collect()
    }

    /// Tells whether there is no context in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.contexts.is_empty()
    }

    pub(crate) fn has_context(&self, name: &str) -> bool {
        self.contexts.iter().any(|(known, _)| known == name)
    }

    /// Gives the name of the current context, which may be one that does not exist.
    pub(crate) fn current_context(&self) -> Option<&str> {
        self.current_context.as_deref()
    }

    /// Tells whether the process runs in a pod with a service account.
    pub(crate) fn in_pod(&self) -> bool {
        self.env.variable("KUBERNETES_SERVICE_HOST").is_some()
            && self.env.service_account.join("token").is_file()
    }

    /// Finds a context with its cluster and its user. A user that is missing is anonymous, as in
    /// kubectl.
    ///
    /// # Errors
    /// Code 2: no such context (`unknown-context`, with the nearest one as hint), no kubeconfig
    /// at all (`no-kubeconfig`), or a context without a cluster (`kubeconfig`).
    pub(crate) fn resolve(&self, name: &str) -> Result<ResolvedContext> {
        let Some((_, context)) = self.contexts.iter().find(|(known, _)| known == name) else {
            return Err(self.unknown(name));
        };
        let broken = |what: String| Error::usage(Code::Kubeconfig, what);
        let cluster_name = context
            .cluster
            .clone()
            .ok_or_else(|| broken(format!("context `{name}` of the kubeconfig has no cluster")))?;
        let cluster = self.cluster_of(context).cloned().ok_or_else(|| {
            broken(format!("cluster `{cluster_name}` of context `{name}` is not in the kubeconfig"))
        })?;
        let user = context.user.as_ref().and_then(|user| self.users.get(user));
        Ok(ResolvedContext {
            context: name.to_owned(),
            cluster_name,
            cluster,
            user_name: context.user.clone(),
            user: user.cloned().unwrap_or_default(),
            namespace: context.namespace.clone(),
        })
    }

    fn cluster_of(&self, context: &Context) -> Option<&Cluster> {
        self.clusters.get(context.cluster.as_ref()?)
    }

    fn unknown(&self, name: &str) -> Error {
        // The built-in runtime is no context, and what is mistyped may be its name.
        let contexts = self.contexts.iter().map(|(known, _)| known.as_str());
        let near = nearest(name, contexts.chain([SANDBOX]));
        let near = near.map(|near| format!("did you mean `{near}`?"));
        if self.contexts.is_empty() {
            let error = self.missing().while_doing(format!("cannot use context `{name}`"));
            return match near {
                Some(near) => error.hint(near),
                None => error,
            };
        }
        let error = Error::usage(
            Code::UnknownContext,
            format!("context `{name}` is not in the kubeconfig ({})", self.files()),
        );
        error.hint(near.unwrap_or_else(|| "workloadctl runtime list".to_owned()))
    }

    /// Makes the failure of a command that needs a kubeconfig where there is none.
    pub(crate) fn missing(&self) -> Error {
        let message = match self.files_looked_at.as_slice() {
            [] => "there is no kubeconfig: KUBECONFIG is not set and there is no home folder"
                .to_owned(),
            _ => format!("there is no kubeconfig with a context: looked at {}", self.files()),
        };
        Error::usage(Code::NoKubeconfig, message)
            .hint("set KUBECONFIG or `--kubeconfig FILE`, or try it without a cluster: `--runtime sandbox`")
    }

    /// Names the files that were looked at.
    pub(crate) fn files(&self) -> String {
        let files: Vec<_> =
            self.files_looked_at.iter().map(|file| file.display().to_string()).collect();
        files.join(", ")
    }
}

/// Lists the files of `KUBECONFIG`, each once, or the default one.
fn listed(env: &Env) -> Vec<PathBuf> {
    let Some(list) = env.path("KUBECONFIG") else {
        return env.home.iter().map(|home| home.join(".kube/config")).collect();
    };
    let mut files: Vec<PathBuf> = Vec::new();
    for file in std::env::split_paths(list).filter(|file| !file.as_os_str().is_empty()) {
        let file = env.current_dir.join(file);
        if !files.contains(&file) {
            files.push(file);
        }
    }
    files
}
