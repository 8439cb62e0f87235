//! The programs that build images: docker, podman and nerdctl, which describe them alike.

use std::collections::BTreeMap;

use futures::future::join_all;
use serde_json::Value;

use super::{
    compare::{LocalImage, whole_name},
    program::{is_installed, json},
};
use crate::env::Env;

/// The engines, in the order in which they are asked.
pub(super) const ENGINES: [&str; 3] = ["docker", "podman", "nerdctl"];

/// An image, and the engine that has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub engine: &'static str,
    /// The name that the engine and the nodes know.
    pub name: String,
    pub image: LocalImage,
}

/// Gives the engines that are installed.
pub(super) fn installed(env: &Env) -> Vec<&'static str> {
    ENGINES.into_iter().filter(|engine| is_installed(engine, env)).collect()
}

/// Finds images by name, each with the first engine that has it.
pub(super) async fn find(names: &[String], env: &Env) -> BTreeMap<String, Found> {
    let engines = installed(env);
    let looks = engines.iter().map(|engine| {
        let mut arguments = vec!["image", "inspect"];
        arguments.extend(names.iter().map(String::as_str));
        // What one engine lacks, it says on standard error, and gives the others.
        async move { json(engine, &arguments).await }
    });
    let described = join_all(looks).await;
    let mut found = BTreeMap::new();
    for (engine, described) in engines.iter().zip(described) {
        for image in described.iter().filter_map(Value::as_array).flatten() {
            for name in names.iter().filter(|name| has_name(image, name)) {
                let one = || Found { engine, name: name.clone(), image: local(image) };
                found.entry(name.clone()).or_insert_with(one);
            }
        }
    }
    found
}

/// Tells whether an image has a name as nodes would read it: podman finds `localhost/web` by `web`.
fn has_name(image: &Value, name: &str) -> bool {
    let tags = image["RepoTags"].as_array().into_iter().flatten().filter_map(Value::as_str);
    tags.into_iter().any(|tag| whole_name(tag) == whole_name(name))
}

fn local(image: &Value) -> LocalImage {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    // Docker's containerd store gives every image a digest of a repository, also one that was built.
    let is_manifest = !image["Descriptor"].is_null();
    let was_pulled = !image["Identity"]["Pull"].is_null();
    LocalImage {
        id: text(&image["Id"]),
        is_comparable: !is_manifest,
        created: image["Created"].as_str().and_then(|time| time.parse().ok()),
        layers: list(&image["RootFS"]["Layers"]).iter().map(text).collect(),
        in_registry: was_pulled || !(is_manifest || list(&image["RepoDigests"]).is_empty()),
    }
}
