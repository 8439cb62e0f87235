//! A Kubernetes runtime instance, short runtime: a kubeconfig context, the sandbox, or the pod's
//! own cluster. Its stored text names exactly one of them, whatever contexts exist.

use std::fmt;

use super::error::{Code, Error, Result};

/// The runtime inside the program.
pub(crate) const SANDBOX: &str = "sandbox";
/// The cluster that the process runs on, as a pod.
pub(crate) const IN_CLUSTER: &str = "in-cluster";

const CONTEXT_PREFIX: &str = "kubeconfig:";
const BUILTIN_PREFIX: &str = "builtin:";

/// Which runtime is meant.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RuntimeName {
    /// A context of the kubeconfig, by its name there.
    Context(String),
    /// The Kubernetes API inside the program.
    Sandbox,
    /// The cluster of the pod that the process runs in.
    InCluster,
}

impl RuntimeName {
    /// Reads what a person wrote: a context's name, `sandbox`, `in-cluster`, or either with
    /// `kubeconfig:` or `builtin:` before it. Whether the context exists is not checked.
    ///
    /// # Errors
    /// Code 2 for an empty text, for an unknown built-in, and where a context is itself called
    /// `sandbox` or `in-cluster` and the text does not say which is meant.
    pub fn given(text: &str, is_context: impl Fn(&str) -> bool) -> Result<Self> {
        if matches!(text, SANDBOX | IN_CLUSTER) && is_context(text) {
            return Err(Error::usage(
                Code::AmbiguousRuntime,
                format!("`{text}` is a context of the kubeconfig and a built-in runtime"),
            )
            .hint(format!("use `{CONTEXT_PREFIX}{text}` or `{BUILTIN_PREFIX}{text}`")));
        }
        Self::stored(text)
    }

    /// Reads the text that [`fmt::Display`] wrote. `sandbox` and `in-cluster` are the built-in
    /// ones here, whatever contexts exist by now.
    ///
    /// # Errors
    /// Code 2 for an empty text and for an unknown built-in.
    pub fn stored(text: &str) -> Result<Self> {
        if let Some(context) = text.strip_prefix(CONTEXT_PREFIX).filter(|name| !name.is_empty()) {
            return Ok(Self::Context(context.to_owned()));
        }
        match text.strip_prefix(BUILTIN_PREFIX).unwrap_or(text) {
            SANDBOX => Ok(Self::Sandbox),
            IN_CLUSTER => Ok(Self::InCluster),
            name if name.len() < text.len() => Err(Error::usage(
                Code::UnknownRuntime,
                format!("there is no built-in runtime `{name}`"),
            )
            .hint(format!("use `{SANDBOX}` or `{IN_CLUSTER}`"))),
            "" => Err(Error::usage(Code::UnknownRuntime, "the name of the runtime is empty")
                .hint("workloadctl runtime list")),
            name => Ok(Self::Context(name.to_owned())),
        }
    }

    /// Gives the context's name, if it is one.
    pub fn context(&self) -> Option<&str> {
        match self {
            Self::Context(name) => Some(name),
            Self::Sandbox | Self::InCluster => None,
        }
    }

    /// Tells whether the runtime is local and disposable.
    pub fn is_kind_like(&self) -> bool {
        match self {
            // A context called `sandbox` is somebody's cluster.
            Self::Context(name) => name != SANDBOX && is_kind_like(name),
            Self::Sandbox => true,
            Self::InCluster => false,
        }
    }
}

impl fmt::Display for RuntimeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sandbox => f.write_str(SANDBOX),
            Self::InCluster => f.write_str(IN_CLUSTER),
            Self::Context(name)
                // A context may be called like a built-in runtime.
                if matches!(name.as_str(), SANDBOX | IN_CLUSTER)
                    || name.starts_with(CONTEXT_PREFIX)
                    || name.starts_with(BUILTIN_PREFIX) =>
            {
                write!(f, "{CONTEXT_PREFIX}{name}")
            }
            Self::Context(name) => f.write_str(name),
        }
    }
}

/// Tells whether a runtime is local, disposable and without load balancers, by its name as
/// stored (docs/design.md, Nouns).
pub(crate) fn is_kind_like(context: &str) -> bool {
    const NAMES: [&str; 4] = ["docker-desktop", "orbstack", "rancher-desktop", SANDBOX];
    const PREFIXES: [&str; 4] = ["kind-", "k3d-", "minikube", "colima"];
    NAMES.contains(&context) || PREFIXES.iter().any(|prefix| context.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(name: &str) -> RuntimeName {
        RuntimeName::Context(name.to_owned())
    }

    #[test]
    fn reads_what_was_written() {
        let contexts = ["kind-dev", "in-cluster"];
        let given = |text: &str| RuntimeName::given(text, |name| contexts.contains(&name));
        for (text, expected) in [
            ("kind-dev", context("kind-dev")),
            ("arn:aws:eks:eu-west-1:1:cluster/x", context("arn:aws:eks:eu-west-1:1:cluster/x")),
            ("admin@kind", context("admin@kind")),
            ("sandbox", RuntimeName::Sandbox),
            ("builtin:sandbox", RuntimeName::Sandbox),
            ("builtin:in-cluster", RuntimeName::InCluster),
            ("kubeconfig:in-cluster", context("in-cluster")),
            ("kubeconfig:sandbox", context("sandbox")),
            ("kubeconfig:", context("kubeconfig:")),
        ] {
            assert_eq!(given(text).unwrap(), expected, "{text}");
        }
        for (text, code, hint) in [
            (
                "in-cluster",
                "ambiguous-runtime",
                "use `kubeconfig:in-cluster` or `builtin:in-cluster`",
            ),
            ("builtin:kind-dev", "unknown-runtime", "use `sandbox` or `in-cluster`"),
            ("", "unknown-runtime", "workloadctl runtime list"),
        ] {
            let error = given(text).unwrap_err();
            assert_eq!((error.code.word(), error.hint.as_deref()), (code, Some(hint)), "{text}");
            assert_eq!(error.kind.exit_code(), 2);
        }
    }

    #[test]
    fn the_stored_text_is_read_back_as_the_same_runtime() {
        for runtime in [
            RuntimeName::Sandbox,
            RuntimeName::InCluster,
            context("sandbox"),
            context("in-cluster"),
            context("kind-dev"),
            context("kubeconfig:x"),
            context("builtin:sandbox"),
            context("builtin:"),
        ] {
            assert_eq!(RuntimeName::stored(&runtime.to_string()).unwrap(), runtime);
        }
        assert_eq!(context("kind-dev").to_string(), "kind-dev");
        assert_eq!(context("sandbox").to_string(), "kubeconfig:sandbox");
    }

    #[test]
    fn knows_which_runtimes_are_disposable() {
        for name in [
            "kind-dev",
            "k3d-x",
            "minikube",
            "minikube-2",
            "docker-desktop",
            "orbstack",
            "colima",
            "colima-arm",
            "rancher-desktop",
            "sandbox",
        ] {
            assert!(is_kind_like(name), "{name}");
        }
        for name in
            ["prod", "kind", "akind-dev", "admin@kind", "docker-desktop-2", "in-cluster", ""]
        {
            assert!(!is_kind_like(name), "{name}");
        }
        assert!(RuntimeName::Sandbox.is_kind_like() && !RuntimeName::InCluster.is_kind_like());
        assert!(!context("sandbox").is_kind_like(), "somebody's cluster may be called so");
    }
}
