//! The sandbox as a thing of its own: emptied, or served on a port.

use std::{
    fs::{self, File, OpenOptions, Permissions, TryLockError},
    io::{self, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use super::{
    stop::Stop,
    target::sandbox_file,
    view::{AskedToFail, FailingView},
};
use crate::{
    cluster::connect,
    sandbox::{
        ServeError, Served,
        failing::{self, Failing, Maker},
    },
    workload::{
        error::{Code, Error, Result},
        kinds::{self, Kinds, Typed},
        object::{GroupKind, Identity, ObjectId, split_api_version},
    },
};

/// Empties the sandbox that lies beside a database.
///
/// # Errors
/// Code 1 while it is served, and as the file system has them.
pub(crate) fn reset(database: &Path) -> Result<()> {
    let kubeconfig = kubeconfig_file(database);
    // Its server would go on with a file that has no name any more.
    if kubeconfig.exists() {
        Claim::take(&kubeconfig)?.give_up();
    }
    connect::reset_sandbox(&sandbox_file(database))
}

/// The failures that pods of the sandbox may be asked for.
pub(crate) const FAILURES: [&str; 6] = failing::WORDS;

/// An object of the sandbox as it was typed; where it is may be left to a look.
#[derive(Debug, Clone)]
pub(crate) struct FailingObject<'a> {
    text: &'a str,
    namespace: Option<&'a str>,
    kind: GroupKind,
    name: &'a str,
}

impl<'a> FailingObject<'a> {
    /// Reads `KIND/NAME` or `NAMESPACE/KIND/NAME`; `namespace` is what a flag says.
    ///
    /// # Errors
    /// Code 2 where it is none, of a kind that makes no pods, or in two namespaces at once.
    pub(crate) fn parse(text: &'a str, namespace: Option<&'a str>) -> Result<Self> {
        let Typed { namespace: within, kind, name } = Typed::parse(text)?;
        if let (Some(within), Some(namespace)) = (within, namespace)
            && within != namespace
        {
            let message = format!("{text} is not in the namespace {namespace} of --namespace");
            return Err(Error::usage(Code::InvalidObject, message));
        }
        let makes_pods = |kind: &GroupKind| {
            let is_same = |(version, name): &(&str, &str)| {
                *name == kind.kind && split_api_version(version).0 == kind.group
            };
            failing::KINDS.iter().any(is_same)
        };
        let kind =
            Kinds::builtin().resolve(kind).into_iter().find(makes_pods).ok_or_else(|| {
                Error::usage(Code::UnknownKind, format!("`{kind}` is no kind that makes pods"))
                    .hint("Pod, Deployment, StatefulSet, DaemonSet, ReplicaSet, Job or CronJob")
            })?;
        Ok(Self { text, namespace: within.or(namespace), kind, name })
    }

    /// Finds it among others. In a namespace that was named it need not be there.
    fn among(&self, ids: &[ObjectId]) -> Result<ObjectId> {
        match self.namespace {
            Some(namespace) => Ok(self.within(namespace)),
            None => kinds::find(self.text, ids, &Kinds::builtin()).cloned(),
        }
    }

    fn within(&self, namespace: &str) -> ObjectId {
        ObjectId::new(&self.kind.group, &self.kind.kind, Some(namespace), self.name)
    }
}

/// Lets the next pods of an object fail: of one that is there or, in a namespace that was named, of
/// one that is yet to be made.
///
/// # Errors
/// Code 2 where none or several fit; code 7 where the sandbox cannot be opened or written.
pub(crate) fn fail(
    database: &Path,
    object: &FailingObject<'_>,
    failure: &str,
) -> Result<AskedToFail> {
    let sandbox = connect::open_sandbox(&sandbox_file(database))?;
    let there: Vec<ObjectId> =
        sandbox.makers_of_pods().map_err(unwritten)?.iter().map(id).collect();
    let found = object.among(&there).map_err(|error| match error.code {
        Code::UnknownObject => error.cause(
            "the sandbox has none of that name; -n NAMESPACE names one that is yet to be made",
        ),
        _ => error,
    })?;
    let is_there = there.contains(&found);
    let object = found.to_string();
    let Identity { kind, namespace, name, .. } = (*found).clone();
    let namespace = namespace.unwrap_or_default();
    let asked = AskedToFail { object, namespace: namespace.clone(), is_there };
    sandbox
        .fail(&Failing { namespace, kind, name, failure: failure.to_owned() })
        .map_err(unwritten)?;
    Ok(asked)
}

fn id(maker: &Maker) -> ObjectId {
    ObjectId::new(&maker.group, &maker.kind, Some(&maker.namespace), &maker.name)
}

/// Lets the next pods of an object, or of all, come to life.
///
/// # Errors
/// Code 2 where nothing is asked of the object, or of several of that name; else as [`fail`].
pub(crate) fn heal(database: &Path, object: Option<&FailingObject<'_>>) -> Result<()> {
    let sandbox = connect::open_sandbox(&sandbox_file(database))?;
    let Some(object) = object else { return sandbox.heal(None).map(|_| ()).map_err(unwritten) };
    let asked: Vec<ObjectId> =
        sandbox.failing().map_err(unwritten)?.iter().map(id_of_failing).collect();
    let nothing = || {
        let message = format!("no pods of {} are asked to fail", object.text);
        Error::usage(Code::UnknownObject, message)
    };
    let found = object.among(&asked).map_err(|error| match error.code {
        Code::UnknownObject => Error { hint: error.hint, ..nothing() },
        _ => error,
    })?;
    let namespace = found.namespace.as_deref().unwrap_or_default();
    match sandbox.heal(Some((namespace, &found.kind, &found.name))).map_err(unwritten)? {
        0 => Err(nothing().hint("`workloadctl sandbox fail` lists those that are")),
        _ => Ok(()),
    }
}

/// The identity of an object; its kind is in one group alone.
fn id_of_failing(failing: &Failing) -> ObjectId {
    let group = failing::KINDS.iter().find(|(_, kind)| *kind == failing.kind);
    let group = group.map_or("", |(version, _)| split_api_version(version).0);
    ObjectId::new(group, &failing.kind, Some(&failing.namespace), &failing.name)
}

/// Lists the objects whose next pods fail.
///
/// # Errors
/// As [`fail`].
pub(crate) fn failing(database: &Path) -> Result<Vec<FailingView>> {
    let sandbox = connect::open_sandbox(&sandbox_file(database))?;
    let found = sandbox.failing().map_err(unwritten)?.into_iter();
    let view = |Failing { namespace, kind, name, failure }| FailingView {
        namespace,
        object: format!("{kind}/{name}"),
        failure,
    };
    Ok(found.map(view).collect())
}

fn unwritten(why: String) -> Error {
    Error::runtime(Code::Sandbox, "the sandbox does not answer").cause(why)
}

/// Serves the sandbox that lies beside a database until it is to stop; `port` 0 is a free one.
/// `told` hears its URL and the file of its kubeconfig once it answers.
///
/// # Errors
/// Code 1 where the port is taken or the sandbox is served already; code 7 where its file cannot be
/// opened; what `told` could not tell.
pub(crate) async fn serve(
    database: &Path,
    port: u16,
    stop: &Stop,
    told: impl FnOnce(&str, &Path) -> Result<()>,
) -> Result<()> {
    let sandbox = connect::open_sandbox(&sandbox_file(database))?;
    let kubeconfig = kubeconfig_file(database);
    let mut claim = Claim::take(&kubeconfig)?;
    let outcome = async {
        let served =
            Served::bind(sandbox, port).await.map_err(|error| cannot_listen(port, &error))?;
        claim.write(&served.kubeconfig())?;
        told(served.url(), &kubeconfig)?;
        served.run(async { _ = stop.wait().await }).await;
        Ok(())
    }
    .await;
    // A kubeconfig of nobody would only mislead.
    claim.give_up();
    outcome
}

fn cannot_listen(port: u16, error: &ServeError) -> Error {
    let failed = Error::failed(Code::Sandbox, format!("cannot listen on port {port} of 127.0.0.1"))
        .cause(error.to_string());
    match error {
        ServeError::PortTaken => {
            failed.hint("`--port` names another one; without it a free one is taken")
        }
        ServeError::Failed(_) => failed,
    }
}

/// The kubeconfig of the sandbox while it is served: it lies beside the database.
fn kubeconfig_file(database: &Path) -> PathBuf {
    database.with_extension("sandbox.kubeconfig")
}

/// The right to serve a sandbox: the lock on its kubeconfig. The system ends it with the process.
struct Claim {
    path: PathBuf,
    file: File,
}

impl Claim {
    fn take(path: &Path) -> Result<Self> {
        loop {
            let file = OpenOptions::new()
                .create(true)
                .truncate(false)
                .write(true)
                .mode(0o600)
                .open(path)
                .map_err(|error| Self::failed(path, &error))?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    let message = "the sandbox is being served already";
                    return Err(Error::failed(Code::Sandbox, message)
                        .cause(format!("{} is its kubeconfig", path.display())));
                }
                Err(TryLockError::Error(error)) => return Err(Self::failed(path, &error)),
            }
            // Whoever served it may have removed the file in between.
            let ours = file.metadata().map_err(|error| Self::failed(path, &error))?.ino();
            if fs::metadata(path).is_ok_and(|there| there.ino() == ours) {
                return Ok(Self { path: path.to_owned(), file });
            }
        }
    }

    fn write(&mut self, kubeconfig: &str) -> Result<()> {
        // One that was left by a killed process may be longer, or open to others.
        let written = self
            .file
            .set_permissions(Permissions::from_mode(0o600))
            .and_then(|()| self.file.set_len(0))
            .and_then(|()| self.file.write_all(kubeconfig.as_bytes()));
        written.map_err(|error| Self::failed(&self.path, &error))
    }

    fn give_up(self) {
        // With the lock still held: nobody else's file goes.
        let _ = fs::remove_file(&self.path);
    }

    fn failed(path: &Path, error: &io::Error) -> Error {
        Error::failed(Code::Sandbox, format!("cannot write {}", path.display())).chain(error)
    }
}
