//! Images that were built on this machine and are not on the nodes of a local cluster: kind, k3d and
//! minikube keep their own, which no registry fills.
//!
//! Only a look by installed programs, bounded in time: where they are not there, or do not answer,
//! nothing is known and nothing is said.

mod cluster;
mod compare;
mod engine;
mod program;

use std::collections::BTreeMap;

use tokio::sync::{Mutex, MutexGuard};

use crate::{env::Env, workload::error::Result};
use cluster::{Cluster, Nodes};
pub(crate) use compare::Difference;
use compare::{NodeImage, difference};
use engine::{Found, find};

/// An image that the nodes do not have as it is here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Image {
    /// As the manifests name it.
    pub name: String,
    pub difference: Difference,
    /// Whether a registry has it, or had it: nodes can pull such an image by themselves.
    pub in_registry: bool,
    found: Found,
}

/// The images that the nodes do not have as they are here; never empty.
#[derive(Debug)]
pub(crate) struct Missing {
    cluster: Cluster,
    nodes: Nodes,
    /// The context of the cluster.
    pub context: String,
    pub images: Vec<Image>,
}

/// Compares images with those on the nodes of a context's cluster. `None`: there is nothing to load,
/// or nothing is known.
pub(crate) async fn compare(context: &str, names: &[String], env: &Env) -> Option<Missing> {
    let cluster = Cluster::of(context, env)?;
    let names: Vec<String> = names.iter().filter(|name| !name.contains('@')).cloned().collect();
    if names.is_empty() {
        return None;
    }
    let (nodes, here) = tokio::join!(cluster.nodes(), find(&names, env));
    let nodes = nodes?;
    let on_nodes = nodes.images(&here).await?;
    let mut images = Vec::new();
    for (name, found) in here {
        let there: Vec<Option<&NodeImage>> =
            on_nodes.iter().map(|node: &BTreeMap<_, _>| node.get(&name)).collect();
        if let Some(difference) = difference(&found.image, &there) {
            let in_registry = found.image.in_registry;
            images.push(Image { name, difference, in_registry, found });
        }
    }
    (!images.is_empty()).then_some(Missing { cluster, nodes, context: context.to_owned(), images })
}

/// Waits until nobody else in this process loads images.
pub(crate) async fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::const_new(());
    TURN.lock().await
}

impl Missing {
    /// Compares the same images again.
    pub(crate) async fn again(&self, env: &Env) -> Option<Missing> {
        let names: Vec<String> = self.images.iter().map(|image| image.name.clone()).collect();
        compare(&self.context, &names, env).await
    }

    /// Loads the images onto the nodes.
    ///
    /// # Errors
    /// Code 1: what the program that has to do it says.
    pub(crate) async fn load(&self) -> Result<()> {
        let found: Vec<&Found> = self.images.iter().map(|image| &image.found).collect();
        self.cluster.load(&self.nodes, &found).await
    }
}
