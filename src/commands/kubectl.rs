//! `kubectl`: runs kubectl where an instance is.

use std::{io, os::unix::process::CommandExt as _, process::Command};

use clap::Args;

use crate::{
    commands::invocation::{Done, Invocation},
    ops::{
        kubectl::{self, Given},
        runtimes,
    },
    workload::{
        error::{Code, Error},
        name::InstanceName,
    },
};

/// Run kubectl with the context and the namespace of an instance
#[derive(Debug, Args)]
#[command(after_long_help = "\
kubectl takes the place of this program, and its exit code is the answer. It is found on PATH. An \
instance that the database does not know is named with --runtime and --namespace.

Examples:
  workloadctl kubectl web -- get pods -o wide
  workloadctl kubectl web -- exec -it deployment/web -- sh
  workloadctl kubectl web -- port-forward service/web 8080:80

Exit codes:
  1  no such instance, or kubectl cannot be run
  2  wrong command, the instance is in the sandbox, or was never deployed
  7  the instance's context is gone
  all others are those of kubectl")]
pub(crate) struct KubectlArgs {
    /// The instance
    #[arg(value_name = "INSTANCE")]
    name: String,
    /// What kubectl is to do
    #[arg(value_name = "ARGUMENT", last = true, required = true)]
    arguments: Vec<std::ffi::OsString>,
}

/// Becomes kubectl.
pub(super) fn run(args: &KubectlArgs, call: &Invocation) -> Done {
    let name: InstanceName = args.name.parse()?;
    let kubeconfig = runtimes::kubeconfig(&call.env, call.kubeconfig.as_deref())?;
    let given = Given {
        kubeconfig: call.kubeconfig.as_deref(),
        runtime: call.runtime.as_deref(),
        namespace: call.namespace.as_deref(),
    };
    let store = call.open_for_reading()?;
    let flags = kubectl::flags(&store, &kubeconfig, &name, given)?;
    drop(store);
    let failed = Command::new("kubectl").args(flags).args(&args.arguments).exec();
    let error = Error::failed(Code::Kubectl, "cannot run kubectl");
    Err(match failed.kind() {
        io::ErrorKind::NotFound => error.cause("it is not on PATH"),
        _ => error.chain(&failed),
    }
    .into())
}
