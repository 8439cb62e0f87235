//! What kubectl has to be told to look at an instance: context and namespace.

use std::path::Path;

use super::{runtime_choice, runtimes};
use crate::{
    cluster::kubeconfig::Kubeconfig,
    store::Store,
    workload::{
        error::{Code, Error, Result},
        name::InstanceName,
        runtime::RuntimeName,
    },
};

/// What says where an instance is, in place of the database.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Given<'a> {
    /// `--kubeconfig`.
    pub kubeconfig: Option<&'a Path>,
    /// `--runtime`.
    pub runtime: Option<&'a str>,
    /// `--namespace`.
    pub namespace: Option<&'a str>,
}

/// Gives kubectl's flags for an instance.
///
/// # Errors
/// Code 1: no such instance, unless runtime and namespace are given; code 2: the sandbox, and where
/// no namespace is known; code 7:
/// the instance's context is gone.
pub(crate) fn flags(
    store: &Store,
    kubeconfig: &Kubeconfig,
    name: &InstanceName,
    given: Given<'_>,
) -> Result<Vec<String>> {
    let stored = store.instance(name)?;
    let runtime = match (given.runtime, &stored) {
        (Some(text), _) => runtimes::known(kubeconfig, text)?,
        (None, Some(stored)) => runtime_choice::of_instance(kubeconfig, stored)?,
        (None, None) => return Err(store.no_such_instance(name.as_str())),
    };
    let namespace = given.namespace.map(str::to_owned).or_else(|| stored?.namespace);
    let Some(namespace) = namespace else {
        let message = format!("where `{name}` is, is not known here: it was never deployed");
        return Err(Error::usage(Code::NoNamespace, message)
            .hint(format!("workloadctl deploy {name}, or `--namespace NAMESPACE`")));
    };
    let mut flags = Vec::new();
    match &runtime {
        RuntimeName::Context(context) => flags.push(format!("--context={context}")),
        // kubectl finds the pod's account by itself.
        RuntimeName::InCluster => {}
        RuntimeName::Sandbox => {
            let message = format!("`{name}` is in the sandbox, which kubectl does not reach");
            return Err(Error::usage(Code::NoSandbox, message).hint(format!(
                "`workloadctl sandbox serve` lets it, and `workloadctl status {name}` shows it"
            )));
        }
    }
    flags.extend(given.kubeconfig.map(|file| format!("--kubeconfig={}", file.display())));
    flags.push(format!("--namespace={namespace}"));
    Ok(flags)
}
