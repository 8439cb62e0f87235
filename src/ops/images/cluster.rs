//! The local clusters that have images of their own, by their contexts: what their nodes have, and
//! how it gets there.

use std::{collections::BTreeMap, path::PathBuf};

use futures::future::{join_all, try_join_all};
use serde_json::Value;

use super::{
    Unknown,
    compare::{NodeImage, bare, whole_name},
    engine::{Found, installed},
    program::{is_installed, json, run, text},
};
use crate::{
    env::Env,
    workload::error::{self, Code, Error},
};

/// Which program made a cluster, and loads images into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Maker {
    Kind,
    K3d,
    Minikube,
}

/// A local cluster.
#[derive(Debug)]
pub(super) struct Cluster {
    maker: Maker,
    /// As its maker calls it.
    name: String,
    engines: Vec<&'static str>,
}

/// The nodes of a cluster.
#[derive(Debug)]
pub(super) enum Nodes {
    /// Containers of an engine.
    Containers { engine: &'static str, names: Vec<String> },
    /// What one program says that all of them have.
    Listed(Vec<Value>),
}

impl Cluster {
    /// Gives the cluster of a context.
    ///
    /// # Errors
    /// It is none of these, or a program that it needs is not installed.
    pub(super) fn of(context: &str, env: &Env) -> Result<Self, Unknown> {
        let (maker, name) = if let Some(name) = context.strip_prefix("kind-") {
            (Maker::Kind, name)
        } else if let Some(name) = context.strip_prefix("k3d-") {
            (Maker::K3d, name)
        } else {
            let is_of_it = context.starts_with("minikube");
            (Maker::Minikube, is_of_it.then_some(context).ok_or(Unknown::OtherCluster)?)
        };
        if !is_installed(maker.program(), env) {
            return Err(Unknown::NotInstalled(maker.program()));
        }
        let engines = installed(env);
        if engines.is_empty() {
            return Err(Unknown::NoEngine);
        }
        Ok(Self { maker, name: name.to_owned(), engines })
    }

    /// Finds the nodes; `None` where there are none.
    pub(super) async fn nodes(&self) -> Option<Nodes> {
        let name = &self.name;
        let label = match self.maker {
            Maker::Kind => format!("label=io.x-k8s.kind.cluster={name}"),
            Maker::K3d => format!("label=k3d.cluster={name}"),
            Maker::Minikube => {
                let listed =
                    json("minikube", &["-p", name, "image", "ls", "--format", "json"]).await?;
                return Some(Nodes::Listed(listed.as_array()?.clone()));
            }
        };
        let arguments = ["ps", "--filter", &label, "--format", "{{.Names}}"];
        let looks = self.engines.iter().map(|engine| text(engine, &arguments));
        let told = join_all(looks).await;
        let names = |told: Option<String>| -> Vec<String> {
            let told = told.unwrap_or_default();
            told.lines().filter(|name| self.is_node(name)).map(str::to_owned).collect()
        };
        let mut nodes = self.engines.iter().zip(told.into_iter().map(names));
        let (engine, names) = nodes.find(|(_, names)| !names.is_empty())?;
        Some(Nodes::Containers { engine, names })
    }

    /// Tells whether a container is a node: load balancers and registries are none.
    fn is_node(&self, container: &str) -> bool {
        let prefix = format!("k3d-{}-", self.name);
        match self.maker {
            Maker::K3d => container
                .strip_prefix(&prefix)
                .is_some_and(|role| role.starts_with("server-") || role.starts_with("agent-")),
            Maker::Kind | Maker::Minikube => !container.ends_with("-external-load-balancer"),
        }
    }

    /// Loads images onto all nodes.
    ///
    /// # Errors
    /// Those of [`run`].
    pub(super) async fn load(&self, nodes: &Nodes, images: &[&Found]) -> error::Result<()> {
        // kind looks for the nodes with docker, where nothing else is said.
        let set = match nodes {
            Nodes::Containers { engine, .. } if *engine != "docker" => {
                vec![("KIND_EXPERIMENTAL_PROVIDER", *engine)]
            }
            Nodes::Containers { .. } | Nodes::Listed(_) => Vec::new(),
        };
        for engine in &self.engines {
            let of_it = images.iter().filter(|found| found.engine == *engine);
            let names: Vec<&str> = of_it.map(|found| found.name.as_str()).collect();
            if names.is_empty() {
                continue;
            }
            if *engine == "docker" {
                self.load_by_name(&names, &set).await?;
            } else {
                self.load_by_archive(engine, &names, &set).await?;
            }
        }
        Ok(())
    }

    async fn load_by_name(&self, names: &[&str], set: &[(&str, &str)]) -> error::Result<()> {
        let mut arguments = match self.maker {
            Maker::Kind => vec!["load", "docker-image", "--name", &self.name],
            Maker::K3d => vec!["image", "import", "--cluster", &self.name],
            Maker::Minikube => vec!["-p", &self.name, "image", "load", "--daemon"],
        };
        arguments.extend(names);
        run(self.maker.program(), &arguments, set).await
    }

    /// By a file: the makers ask docker alone for an image.
    async fn load_by_archive(
        &self,
        engine: &str,
        names: &[&str],
        set: &[(&str, &str)],
    ) -> error::Result<()> {
        let folder = Folder::new()?;
        let file = folder.0.join("images.tar").display().to_string();
        let mut save = vec!["save", "-o", &file];
        save.extend(names);
        let load = match self.maker {
            Maker::Kind => vec!["load", "image-archive", "--name", &self.name, &file],
            Maker::K3d => vec!["image", "import", "--cluster", &self.name, &file],
            Maker::Minikube => vec!["-p", &self.name, "image", "load", &file],
        };
        run(engine, &save, &[]).await?;
        run(self.maker.program(), &load, set).await
    }
}

/// A folder that goes with the value.
struct Folder(PathBuf);

impl Folder {
    fn new() -> error::Result<Self> {
        let folder = std::env::temp_dir().join(format!("workloadctl-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir(&folder).map_err(|error| {
            let message = format!("cannot make the folder {}", folder.display());
            Error::failed(Code::ImagesNotLoaded, message).chain(&error)
        })?;
        Ok(Self(folder))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Maker {
    fn program(self) -> &'static str {
        match self {
            Self::Kind => "kind",
            Self::K3d => "k3d",
            Self::Minikube => "minikube",
        }
    }
}

impl Nodes {
    /// Gives what each node has of these images, by the names that they have here; `None` where a
    /// node does not answer.
    pub(super) async fn images(
        &self,
        here: &BTreeMap<String, Found>,
    ) -> Option<Vec<BTreeMap<String, NodeImage>>> {
        match self {
            Self::Listed(listed) => Some(vec![by_name(listed, here)]),
            Self::Containers { engine, names } => {
                let looks = names
                    .iter()
                    .map(|name| async move { of_container(engine, name, here).await.ok_or(()) });
                try_join_all(looks).await.ok()
            }
        }
    }
}

async fn of_container(
    engine: &str,
    node: &str,
    here: &BTreeMap<String, Found>,
) -> Option<BTreeMap<String, NodeImage>> {
    let listed = json(engine, &["exec", node, "crictl", "images", "-o", "json"]).await?;
    let mut images = by_name(listed["images"].as_array()?, here);
    let others = images.iter_mut().filter(|(name, image)| {
        here.get(*name).is_some_and(|found| bare(&found.image.id) != bare(&image.id))
    });
    // More than the id is only asked for where that is another one.
    let looks = others.map(|(name, image)| async move {
        let whole = whole_name(name);
        let told = json(engine, &["exec", node, "crictl", "inspecti", "-o", "json", &whole]).await;
        let spec = told.unwrap_or_default()["info"]["imageSpec"].take();
        let layers = spec["rootfs"]["diff_ids"].as_array().into_iter().flatten();
        image.layers = layers.filter_map(Value::as_str).map(str::to_owned).collect();
        image.created = spec["created"].as_str().and_then(|time| time.parse().ok());
    });
    join_all(looks).await;
    Some(images)
}

/// Picks out of a list of a node's images those that are here, too.
fn by_name(listed: &[Value], here: &BTreeMap<String, Found>) -> BTreeMap<String, NodeImage> {
    let mut images = BTreeMap::new();
    for image in listed {
        let tags: Vec<&str> =
            image["repoTags"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let id = image["id"].as_str().unwrap_or_default();
        for name in here.keys().filter(|name| tags.contains(&&*whole_name(name))) {
            images.insert(name.clone(), NodeImage { id: id.to_owned(), ..NodeImage::default() });
        }
    }
    images
}
