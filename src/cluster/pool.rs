//! The TCP connections of one process, kept by server, and what each server's discovery said:
//! operations on several instances of a runtime side by side share them, and whoever comes later
//! finds them.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{client_certificate::Identity, http::Wire};
use crate::workload::{error::Result, runtime::RuntimeName};

/// A client, and the exec plugin's certificate that its connections show.
pub(super) type SharedWire = Arc<Mutex<(Option<Arc<Identity>>, Wire)>>;

/// What the discovery of a runtime said last, and when.
pub(crate) type SharedDiscovery = Arc<tokio::sync::Mutex<Option<(Instant, Vec<Value>)>>>;

/// The clients of one process; clones are the same ones.
#[derive(Clone, Default)]
pub struct Pool {
    wires: Arc<Mutex<BTreeMap<(RuntimeName, Duration), SharedWire>>>,
    discoveries: Arc<Mutex<BTreeMap<RuntimeName, SharedDiscovery>>>,
}

impl Pool {
    /// Gives what is known of the kinds of a runtime.
    pub(crate) fn discovery(&self, runtime: &RuntimeName) -> SharedDiscovery {
        let mut known = self.discoveries.lock().unwrap_or_else(PoisonError::into_inner);
        known.entry(runtime.clone()).or_default().clone()
    }

    /// Gives the client for a runtime whose connections may take so long to be made, and makes it
    /// where there is none yet.
    ///
    /// # Errors
    /// Those of `make`.
    pub(super) fn wire(
        &self,
        runtime: &RuntimeName,
        connect_timeout: Duration,
        make: impl FnOnce() -> Result<Wire>,
    ) -> Result<SharedWire> {
        let mut known = self.wires.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (runtime.clone(), connect_timeout);
        if let Some(wire) = known.get(&key) {
            return Ok(Arc::clone(wire));
        }
        let wire = Arc::new(Mutex::new((None, make()?)));
        known.insert(key, Arc::clone(&wire));
        Ok(wire)
    }
}
