//! Which runtime is meant: what was said, stored or set, in the order of docs/cli.md, Runtime.

use super::{
    events::{Ask, confirm},
    session::Session,
};
use crate::{
    cluster::kubeconfig::Kubeconfig,
    workload::{
        error::{Code, Error, Result},
        instance::Instance,
        name::InstanceName,
        runtime::RuntimeName,
        shell::quoted,
    },
};

/// What chose the runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChosenBy {
    /// `--runtime`.
    Flag,
    /// A workload file.
    File,
    /// The instance, at its creation.
    Instance,
    /// `WORKLOADCTL_RUNTIME`.
    Variable,
    /// `runtime use`.
    Default,
    /// The kubeconfig's current context.
    CurrentContext,
    /// The pod that the process runs in.
    Pod,
}

/// A runtime and what chose it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Choice {
    pub runtime: RuntimeName,
    /// What chose it.
    pub by: ChosenBy,
}

impl Choice {
    /// Says what chose the runtime, for the user.
    pub(crate) fn why(&self) -> &'static str {
        match self.by {
            ChosenBy::Flag => "--runtime",
            ChosenBy::File => "named in the workload file",
            ChosenBy::Instance => "stored with the instance",
            ChosenBy::Variable => "WORKLOADCTL_RUNTIME",
            ChosenBy::Default => "the default, see `workloadctl runtime use`",
            ChosenBy::CurrentContext => "kubeconfig's current context",
            ChosenBy::Pod => "the pod's own cluster",
        }
    }
}

/// Chooses the runtime of an instance (docs/cli.md, Runtime).
///
/// # Errors
/// Code 2: an unknown context, no kubeconfig at all; code 7: the instance's stored context is
/// gone from the kubeconfig.
pub(crate) fn choose(session: &Session<'_>, stored: Option<&Instance>) -> Result<Choice> {
    let kubeconfig = session.kubeconfig;
    let is_context = |name: &str| kubeconfig.has_context(name);
    if let Some(flag) = &session.runtime {
        let runtime = RuntimeName::given(flag, is_context)?;
        check_context(session, &runtime)?;
        let by = if session.is_declared { ChosenBy::File } else { ChosenBy::Flag };
        return Ok(Choice { runtime, by });
    }
    // Before the variable and the default: those choose for new instances only, and a shell that
    // points elsewhere must not move one.
    if let Some(stored) = stored {
        let runtime = of_instance(kubeconfig, stored)?;
        return Ok(Choice { runtime, by: ChosenBy::Instance });
    }
    if let Some(variable) = session.env.variable("WORKLOADCTL_RUNTIME") {
        let runtime = RuntimeName::given(variable, is_context)?;
        check_context(session, &runtime)
            .map_err(|error| error.cause("WORKLOADCTL_RUNTIME names it"))?;
        return Ok(Choice { runtime, by: ChosenBy::Variable });
    }
    let default = session.store().default_runtime()?;
    if let Some(default) = default {
        let runtime = RuntimeName::stored(&default)?;
        check_context(session, &runtime).map_err(|error| {
            error
                .cause("it is the stored default")
                .hint("`workloadctl runtime use -` clears the default")
        })?;
        return Ok(Choice { runtime, by: ChosenBy::Default });
    }
    if let Some(current) = kubeconfig.current_context() {
        // A context that is called `sandbox` is a context all the same when the kubeconfig chose
        // it.
        let runtime = RuntimeName::Context(current.to_owned());
        check_context(session, &runtime)?;
        return Ok(Choice { runtime, by: ChosenBy::CurrentContext });
    }
    // After the kubeconfig: a pod that mounts one is told by it (docs/cli.md, Runtime).
    if kubeconfig.in_pod() {
        return Ok(Choice { runtime: RuntimeName::InCluster, by: ChosenBy::Pod });
    }
    if kubeconfig.contexts().is_empty() {
        return Err(kubeconfig.missing());
    }
    Err(Error::usage(
        Code::NoRuntime,
        "no runtime is chosen: the kubeconfig has no current context",
    )
    .hint("name one with `--runtime CONTEXT`, or `workloadctl runtime use CONTEXT`"))
}

/// Chooses the runtime of an instance that is meant to exist. Where no cluster can be asked for one
/// that is not known here, its name may be the mistake: what is near it is said too.
///
/// # Errors
/// As [`choose`].
pub(crate) fn choose_of(
    session: &Session<'_>,
    name: &InstanceName,
    stored: Option<&Instance>,
) -> Result<Choice> {
    choose(session, stored).map_err(|error| match stored {
        Some(_) => error,
        None => error.beside(session.store().no_such_instance(name.as_str())),
    })
}

/// Gives the runtime that an instance was created on.
///
/// # Errors
/// Code 7: its context is gone from the kubeconfig.
pub(crate) fn of_instance(kubeconfig: &Kubeconfig, stored: &Instance) -> Result<RuntimeName> {
    let runtime = RuntimeName::stored(&stored.runtime)?;
    let Some(context) = runtime.context().filter(|context| !kubeconfig.has_context(context)) else {
        return Ok(runtime);
    };
    let (name, files) = (&stored.name, kubeconfig.files());
    let forget = format!("if the cluster is gone: `workloadctl delete {name} --forget`");
    if kubeconfig.is_empty() {
        let looked = if files.is_empty() { files } else { format!(": looked at {files}") };
        let message = format!(
            "`{name}` runs on context `{context}`, and there is no kubeconfig with a context{looked}"
        );
        let hint = format!("set KUBECONFIG or `--kubeconfig FILE`; {forget}");
        return Err(Error::runtime(Code::ContextGone, message).hint(hint));
    }
    Err(Error::runtime(
        Code::ContextGone,
        format!("context `{context}` of `{name}` is not in the kubeconfig ({files})"),
    )
    .hint(format!("if it was renamed: repeat the command with `--runtime CONTEXT`; {forget}")))
}

/// Asks before a new instance goes to a runtime that only the kubeconfig's current context chose
/// (docs/cli.md, Questions). `verb` is what is about to be done to it.
///
/// # Errors
/// Code 1 where the answer is no; code 5 where nobody can be asked.
pub(crate) fn confirm_choice(
    session: &Session<'_>,
    ask: &dyn Ask,
    choice: &Choice,
    verb: &str,
    name: &InstanceName,
) -> Result<()> {
    let Choice { runtime, by } = choice;
    let only = session.kubeconfig.contexts().len() == 1;
    // The current context is whatever `kubectl config use-context` left behind last: the classic
    // way to hit the wrong cluster. A local one, or the only one, can hardly be wrong.
    if *by != ChosenBy::CurrentContext || runtime.is_kind_like() || only {
        return Ok(());
    }
    let question = format!("{verb} {name} on {runtime} ({})?", choice.why());
    confirm(ask, &question, "answered no; nothing was written", || {
        Error::refused(
            Code::RuntimeNotNamed,
            format!(
                "only the kubeconfig's current context chose `{runtime}` for the new instance `{name}`"
            ),
        )
        .hint({
            let runtime = runtime.to_string();
            let runtime = quoted(&runtime);
            format!("name it with `--runtime {runtime}`, or `workloadctl runtime use {runtime}`")
        })
    })
}

fn check_context(session: &Session<'_>, runtime: &RuntimeName) -> Result<()> {
    match runtime.context() {
        Some(context) => session.kubeconfig.resolve(context).map(drop),
        None => Ok(()),
    }
}
