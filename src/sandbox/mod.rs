//! A Kubernetes API inside the program: a server that is seen only through HTTP types.
//!
//! [`Sandbox`] is a `tower::Service` over requests. Its state lies in one SQLite file that many
//! processes may share. There is no port and no thread: controllers advance when a request
//! touches the sandbox, and while a watch is read; [`Served`] gives it both. It answers as a
//! kube-apiserver 1.36 does for everything that it has; there is no RBAC, no quota, no webhook, no
//! CEL.

use std::{fmt, io, path::Path, sync::Arc};

mod addresses;
mod admission;
mod apply;
mod body;
mod bootstrap;
mod component;
mod controllers;
mod custom;
mod decode;
mod delete;
pub(crate) mod failing;
mod faults;
mod fields;
mod follow;
mod groups;
mod jsonpatch;
mod label_expression;
mod managed;
mod openapi;
mod patch;
mod rand;
mod read;
mod registry;
mod request;
mod router;
mod rules;
mod scale;
mod selector;
mod server;
mod service;
mod serving;
mod status;
mod storage;
mod strategy;
mod stream;
mod table;
#[cfg(test)]
mod tests;
mod typed;
mod watch;
mod world;
mod write;

pub use faults::{Effect, Fault, Matches, When};
pub(crate) use serving::{ServeError, Served};

use server::ApiServer;
use world::Settings;

/// What a sandbox is opened with.
#[derive(Debug, Default)]
pub struct Options {
    /// How it behaves.
    pub settings: Settings,
    /// What goes wrong, for tests.
    pub faults: Vec<Arc<Fault>>,
}

/// The sandbox file could not be opened.
#[derive(Debug)]
pub struct OpenError(String);

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for OpenError {}

/// What the server is called in place of a URL.
pub(crate) const SERVER: &str = "sandbox";

/// The server. Clones share its state.
#[derive(Clone)]
pub struct Sandbox {
    server: Arc<ApiServer>,
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox").field("settings", &self.server.settings).finish_non_exhaustive()
    }
}

impl Sandbox {
    /// Opens the sandbox in a file, made and filled with a cluster's first objects if need be.
    ///
    /// # Errors
    /// Says why the file cannot be opened.
    pub fn open(path: &Path, options: Options) -> Result<Self, OpenError> {
        let connection = storage::open(path).map_err(|error| OpenError(error.to_string()))?;
        let Options { settings, faults } = options;
        let sandbox = Self { server: Arc::new(ApiServer::new(connection, settings, faults)) };
        let mut state = sandbox.server.state();
        sandbox
            .server
            .transact(&mut state, true, bootstrap::fill)
            .map_err(|failure| OpenError(failure.message))?;
        drop(state);
        Ok(sandbox)
    }

    /// Deletes the sandbox in a file: its whole state. Nothing there is success.
    ///
    /// # Errors
    /// As the file system has them.
    pub fn reset(path: &Path) -> io::Result<()> {
        for ending in ["", "-wal", "-shm"] {
            let mut file = path.as_os_str().to_owned();
            file.push(ending);
            match std::fs::remove_file(&file) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}
