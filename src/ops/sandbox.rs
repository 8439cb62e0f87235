//! The sandbox as a thing of its own: emptied, or served on a port.

use std::{
    fs::{self, File, OpenOptions, Permissions, TryLockError},
    io::{self, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use super::{stop::Stop, target::sandbox_file, view::FailingView};
use crate::{
    cluster::connect,
    sandbox::{
        ServeError, Served,
        failing::{self, Failing},
    },
    workload::error::{Code, Error, Result},
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

/// An object of the sandbox, as it was typed.
#[derive(Debug, Clone)]
pub(crate) struct FailingObject {
    namespace: String,
    kind: &'static str,
    name: String,
}

impl FailingObject {
    /// Reads `KIND/NAME`, in a namespace.
    ///
    /// # Errors
    /// Code 2 where it is none, or of a kind that makes no pods.
    pub(crate) fn parse(text: &str, namespace: &str) -> Result<Self> {
        let (kind, name) =
            text.split_once('/').filter(|(_, name)| !name.is_empty()).ok_or_else(|| {
                Error::usage(Code::InvalidName, format!("`{text}` is not of the form KIND/NAME"))
            })?;
        if let Some((inner, name)) = name.split_once('/') {
            let message = format!("`{text}` is not of the form KIND/NAME");
            return Err(Error::usage(Code::InvalidName, message)
                .hint(format!("`{inner}/{name} -n {kind}`: the namespace is a flag")));
        }
        let kind = failing::kind(kind).ok_or_else(|| {
            Error::usage(Code::UnknownKind, format!("`{kind}` is no kind that makes pods"))
                .hint("Pod, Deployment, StatefulSet, DaemonSet, ReplicaSet, Job or CronJob")
        })?;
        Ok(Self { namespace: namespace.to_owned(), kind, name: name.to_owned() })
    }
}

/// Lets the next pods of an object fail.
///
/// # Errors
/// Code 7 where the sandbox cannot be opened or written.
pub(crate) fn fail(database: &Path, object: FailingObject, failure: &str) -> Result<()> {
    let FailingObject { namespace, kind, name } = object;
    let (kind, failure) = (kind.to_owned(), failure.to_owned());
    let sandbox = connect::open_sandbox(&sandbox_file(database))?;
    sandbox.fail(&Failing { namespace, kind, name, failure }).map_err(unwritten)
}

/// Lets the next pods of an object, or of all, come to life; tells how many were to fail.
///
/// # Errors
/// As [`fail`].
pub(crate) fn heal(database: &Path, object: Option<&FailingObject>) -> Result<usize> {
    let sandbox = connect::open_sandbox(&sandbox_file(database))?;
    let object = object.map(|object| (&*object.namespace, object.kind, &*object.name));
    sandbox.heal(object).map_err(unwritten)
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
