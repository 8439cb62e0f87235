//! Runtimes: which there are, which is the default, and whether they answer.

use std::path::Path;

use futures::future::join_all;
use http::Method;
use serde_json::{Value, json};

use super::{
    events::Event,
    runtime_choice::{choose, confirm_choice},
    session::Session,
    target::Target,
    view::RuntimeView,
};
use crate::{
    cluster::{api::Api, failure::Failure, kubeconfig::Kubeconfig, request::Request},
    env::Env,
    store::{InstanceFilter, Store},
    workload::{
        error::{Code, Error, Result},
        name::InstanceName,
        runtime::{IN_CLUSTER, RuntimeName},
    },
};

/// Reads the kubeconfig that the flag or the environment names.
///
/// # Errors
/// Those of [`Kubeconfig::load`].
pub(crate) fn kubeconfig(env: &Env, flag: Option<&Path>) -> Result<Kubeconfig> {
    Kubeconfig::load(env, flag)
}

/// Lists the contexts of the kubeconfig, in a pod the pod's own cluster, and the sandbox.
pub(crate) fn list(kubeconfig: &Kubeconfig, store: &Store) -> Result<Vec<RuntimeView>> {
    let mut names: Vec<RuntimeName> = kubeconfig
        .contexts()
        .into_iter()
        .map(|context| RuntimeName::Context(context.name))
        .collect();
    if kubeconfig.in_pod() {
        names.push(RuntimeName::InCluster);
    }
    names.push(RuntimeName::Sandbox);
    names.iter().map(|name| view(kubeconfig, store, name)).collect()
}

fn view(kubeconfig: &Kubeconfig, store: &Store, runtime: &RuntimeName) -> Result<RuntimeView> {
    let name = runtime.to_string();
    let filter = InstanceFilter { definition: None, runtime: Some(&name) };
    let mut contexts = kubeconfig.contexts().into_iter();
    let context = contexts.find(|context| runtime.context() == Some(&context.name));
    let current = kubeconfig.current_context();
    Ok(RuntimeView {
        server: context.and_then(|context| context.server),
        default: store.default_runtime()?.as_deref() == Some(&name),
        current: current.is_some() && current == runtime.context(),
        kind_like: runtime.is_kind_like(),
        instances: store.instances(&filter)?.len(),
        name,
        ..RuntimeView::default()
    })
}

/// Makes a runtime the default of new instances; `-` clears the default.
///
/// # Errors
/// Code 2 for a context that does not exist and for a built-in runtime that is not there; those
/// of the database.
pub(crate) fn set_default(
    kubeconfig: &Kubeconfig,
    store: &mut Store,
    text: &str,
) -> Result<Option<RuntimeName>> {
    if text == "-" {
        store.set_default_runtime(None)?;
        return Ok(None);
    }
    let runtime = known(kubeconfig, text)?;
    store.set_default_runtime(Some(&runtime.to_string()))?;
    Ok(Some(runtime))
}

/// Reads a runtime that a person named, and makes sure that it is there.
///
/// # Errors
/// Code 2 for what is no runtime, or not there.
pub(crate) fn known(kubeconfig: &Kubeconfig, text: &str) -> Result<RuntimeName> {
    let runtime = RuntimeName::given(text, |name| kubeconfig.has_context(name))?;
    match &runtime {
        RuntimeName::Context(context) => kubeconfig.resolve(context).map(drop)?,
        RuntimeName::InCluster if !kubeconfig.in_pod() => {
            return Err(Error::usage(
                Code::NotInCluster,
                format!("runtime `{IN_CLUSTER}` works only in a pod with a service account"),
            ));
        }
        RuntimeName::InCluster | RuntimeName::Sandbox => {}
    }
    Ok(runtime)
}

/// Decides which runtime a new instance gets, asking where it must be asked.
///
/// # Errors
/// Those of [`choose`] and of [`confirm_choice`].
pub(crate) fn for_new_instance(session: &Session<'_>, name: &InstanceName) -> Result<RuntimeName> {
    let choice = choose(session, None)?;
    confirm_choice(session, session.ask, &choice, "Create", name)?;
    session.reporter.report(
        name.as_str(),
        Event::Note(format!("runtime {}: {}", choice.runtime, choice.why())),
    );
    Ok(choice.runtime)
}

/// Asks runtimes, side by side, for their version and for who we are there; without names the
/// one that a new instance would get. A runtime that cannot be used has its error beside it.
///
/// # Errors
/// Code 2 for what is no runtime, before any is asked; those of the database.
pub(crate) async fn check(
    session: &Session<'_>,
    names: &[String],
) -> Result<Vec<(RuntimeView, Option<Error>)>> {
    let runtimes: Vec<RuntimeName> = match names {
        [] => vec![choose(session, None)?.runtime],
        names => names.iter().map(|name| known(session.kubeconfig, name)).collect::<Result<_>>()?,
    };
    let views: Vec<RuntimeView> = {
        let store = session.store();
        let view = |runtime| view(session.kubeconfig, &store, runtime);
        runtimes.iter().map(view).collect::<Result<_>>()?
    };
    let asked = runtimes.iter().zip(views).map(|(runtime, view)| ask(session, runtime, view));
    Ok(join_all(asked).await)
}

async fn ask(
    session: &Session<'_>,
    runtime: &RuntimeName,
    mut view: RuntimeView,
) -> (RuntimeView, Option<Error>) {
    let answer = async {
        let target = Target::connect(session, runtime).await?;
        view.server = Some(target.api.connection().server.clone());
        view.version = Some(version(&target.api).await?);
        view.user = user(&target.api).await?;
        Ok(())
    };
    let error: Option<Error> = answer.await.err();
    // What was done until then stays in the view: a server that tells its version and refuses the
    // login has answered.
    let error = error.map(|mut error: Error| {
        // What it names is what was done just now.
        error.hint = error.hint.filter(|hint| !hint.starts_with("workloadctl runtime check"));
        error.while_doing(format!("cannot use runtime `{runtime}`"))
    });
    view.reachable = Some(view.version.is_some());
    view.error = error.as_ref().map(|error| error.causes.join(": "));
    (view, error)
}

async fn version(api: &Api) -> Result<String> {
    let answer =
        api.send(Request::get("/version").once()).await.map_err(|failure| unusable(&failure))?;
    match answer.body.get("gitVersion").and_then(Value::as_str) {
        Some(version) => Ok(version.to_owned()),
        None => Err(Error::runtime(Code::NotAnApiServer, "the server does not tell its version")),
    }
}

/// Asks who we are; servers before 1.28 cannot tell.
async fn user(api: &Api) -> Result<Option<String>> {
    // What `kubectl auth whoami` asks: every account may, so that 403 means more than a missing
    // right.
    let path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    let body = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
    match api.send(Request::json(Method::POST, path, &body).once()).await {
        Ok(answer) => {
            let user = answer.body.pointer("/status/userInfo/username").and_then(Value::as_str);
            Ok(user.map(str::to_owned))
        }
        Err(failure) if failure.is_not_found() => Ok(None),
        Err(failure) => Err(unusable(&failure)),
    }
}

fn unusable(failure: &Failure) -> Error {
    // Each is code 7, whatever class it would have in the middle of a deploy (docs/cli.md, Exit
    // codes).
    match (failure, failure.code()) {
        (Failure::NoAnswer(error), _) => (**error).clone(),
        (Failure::Status(_), 401) => Error::runtime(Code::Unauthorized, "not logged in")
            .cause(failure.message())
            .hint("log in to the cluster again, then repeat the command"),
        (Failure::Status(_), 403) => {
            Error::runtime(Code::Forbidden, "forbidden").cause(failure.message())
        }
        (Failure::Status(_), code) => {
            Error::runtime(Code::NotUsable, format!("the server answers {code}"))
                .cause(failure.message())
        }
    }
}

#[cfg(test)]
mod tests;
