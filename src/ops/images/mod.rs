//! Images that were built on this machine and are not on the nodes of a local cluster: kind, k3d and
//! minikube keep their own, which no registry fills.
//!
//! Only a look by installed programs, bounded in time: where they are not there, or do not answer,
//! nothing is known, and the answer is why.

mod cluster;
mod compare;
mod engine;
mod program;

use std::{collections::BTreeMap, fmt};

use tokio::sync::{Mutex, MutexGuard};

use crate::{env::Env, workload::error};
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

/// The images that the nodes do not have as they are here.
#[derive(Debug)]
pub(crate) struct Missing {
    cluster: Cluster,
    nodes: Nodes,
    /// The context of the cluster.
    pub context: String,
    pub images: Vec<Image>,
}

/// What a look at the nodes tells.
#[derive(Debug)]
pub(crate) enum Compared {
    Unknown(Unknown),
    /// The nodes have what is here.
    Same,
    Differs(Missing),
}

/// Why nothing is known of the images on the nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unknown {
    /// Neither kind nor k3d nor minikube has made the cluster.
    OtherCluster,
    /// Neither docker nor podman nor nerdctl is installed.
    NoEngine,
    /// The program that made the cluster.
    NotInstalled(&'static str),
    /// No container takes its image by a name from its node.
    NoneTaken,
    /// No engine of this machine has one of the images.
    NoneHere,
    /// A program failed, or did not answer in time.
    Unanswered,
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherCluster => f.write_str("it is no cluster of kind, k3d or minikube"),
            Self::NoEngine => f.write_str("neither docker nor podman nor nerdctl is installed"),
            Self::NotInstalled(program) => write!(f, "{program} is not installed"),
            Self::NoneTaken => f.write_str("no container takes an image from its node"),
            Self::NoneHere => f.write_str("none of its images is on this machine"),
            Self::Unanswered => f.write_str("its nodes do not tell which images they have"),
        }
    }
}

/// Compares images with those on the nodes of a context's cluster.
pub(crate) async fn compare(context: &str, names: &[String], env: &Env) -> Compared {
    match look(context, names, env).await {
        Err(unknown) => Compared::Unknown(unknown),
        Ok(missing) if missing.images.is_empty() => Compared::Same,
        Ok(missing) => Compared::Differs(missing),
    }
}

async fn look(context: &str, names: &[String], env: &Env) -> Result<Missing, Unknown> {
    let cluster = Cluster::of(context, env)?;
    // A digest is what a registry has; what begins like a flag would be one to the programs.
    let is_asked = |name: &&String| !name.contains('@') && !name.starts_with('-');
    let names: Vec<String> = names.iter().filter(is_asked).cloned().collect();
    if names.is_empty() {
        return Err(Unknown::NoneTaken);
    }
    let (nodes, here) = tokio::join!(cluster.nodes(), find(&names, env));
    let nodes = nodes.ok_or(Unknown::Unanswered)?;
    if here.is_empty() {
        return Err(Unknown::NoneHere);
    }
    let on_nodes = nodes.images(&here).await.ok_or(Unknown::Unanswered)?;
    let mut images = Vec::new();
    for (name, found) in here {
        let there: Vec<Option<&NodeImage>> =
            on_nodes.iter().map(|node: &BTreeMap<_, _>| node.get(&name)).collect();
        if let Some(difference) = difference(&found.image, &there) {
            let in_registry = found.image.in_registry;
            images.push(Image { name, difference, in_registry, found });
        }
    }
    Ok(Missing { cluster, nodes, context: context.to_owned(), images })
}

/// Waits until nobody else in this process loads images.
pub(crate) async fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::const_new(());
    TURN.lock().await
}

impl Missing {
    /// Compares the same images again.
    pub(crate) async fn again(&self, env: &Env) -> Compared {
        let names: Vec<String> = self.images.iter().map(|image| image.name.clone()).collect();
        compare(&self.context, &names, env).await
    }

    /// Loads the images onto the nodes.
    ///
    /// # Errors
    /// Code 1: what the program that has to do it says.
    pub(crate) async fn load(&self) -> error::Result<()> {
        let found: Vec<&Found> = self.images.iter().map(|image| &image.found).collect();
        self.cluster.load(&self.nodes, &found).await
    }
}
