//! `--image`: by container name, else by image repository.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Sayings, edit::removal};
use crate::workload::{
    error::{Code, Error, Result},
    kinds::pod_template,
    name::nearest,
    object::{Object, ObjectId},
};

/// A container of the set.
struct ContainerImage {
    object: usize,
    /// The list it is in: `initContainers` or `containers`.
    list: &'static str,
    index: usize,
    name: String,
    image: String,
}

/// Sets the images. Returns what was set.
pub(super) fn apply(
    images: &BTreeMap<String, String>,
    objects: &mut [Object],
    ids: &[ObjectId],
    said: &Sayings,
) -> Result<Vec<String>> {
    let containers = containers(objects, ids);
    let mut by_name = vec![None; containers.len()];
    let mut by_repository = vec![None; containers.len()];
    for (key, image) in images {
        let mut found = false;
        for (index, container) in containers.iter().enumerate() {
            if container.name == *key {
                by_name[index] = Some(image);
                found = true;
            }
        }
        // A container's name comes first: a repository may be called like a container of another
        // object.
        if found {
            continue;
        }
        for (index, container) in containers.iter().enumerate() {
            if same_repository(key, &container.image) {
                by_repository[index] = Some(image);
                found = true;
            }
        }
        if !found {
            let error = no_container(key, image, &containers);
            return Err(said.place(error, "--image", key, &format!("--image {key}={image}")));
        }
    }
    let mut set = Vec::new();
    for ((container, by_name), by_repository) in containers.iter().zip(by_name).zip(by_repository) {
        if let Some(image) = by_name.or(by_repository) {
            put(container, image, objects, ids);
            set.push(format!(
                "{}: image of container {} is {image}",
                ids[container.object], container.name
            ));
        }
    }
    Ok(set)
}

/// Tells whether a container, or else an image repository, has that name.
pub(super) fn has_target(key: &str, objects: &[Object], ids: &[ObjectId]) -> bool {
    let mut containers = containers(objects, ids).into_iter();
    containers.any(|it| it.name == key || same_repository(key, &it.image))
}

fn containers(objects: &[Object], ids: &[ObjectId]) -> Vec<ContainerImage> {
    let mut containers = Vec::new();
    for (object, (body, id)) in objects.iter().map(|object| &object.body).zip(ids).enumerate() {
        let Some(spec) = pod_template::pod_spec(id, body) else { continue };
        for list in ["initContainers", "containers"] {
            let items = spec.get(list).and_then(Value::as_array).into_iter().flatten();
            for (index, item) in items.enumerate().filter(|(_, item)| item.is_object()) {
                let text = |key| item.get(key).and_then(Value::as_str).unwrap_or_default();
                let (name, image) = (text("name").to_owned(), text("image").to_owned());
                containers.push(ContainerImage { object, list, index, name, image });
            }
        }
    }
    containers
}

fn put(container: &ContainerImage, image: &str, objects: &mut [Object], ids: &[ObjectId]) {
    let ContainerImage { object, list, index, .. } = container;
    let template = pod_template::template_mut(&ids[*object], &mut objects[*object].body);
    if let Some(template) = template {
        template["spec"][list][*index]["image"] = image.into();
    }
}

fn same_repository(key: &str, image: &str) -> bool {
    !image.is_empty() && normal(key) == normal(repository(image))
}

/// Gives an image without tag and digest.
fn repository(image: &str) -> &str {
    let image = image.split_once('@').map_or(image, |(image, _)| image);
    match image.rsplit_once(':') {
        // What is behind the colon of `localhost:5000/app` is a port.
        Some((repository, tag)) if !tag.contains('/') => repository,
        _ => image,
    }
}

/// Gives a repository without what a container runtime adds by itself.
fn normal(repository: &str) -> &str {
    let repository = repository.strip_prefix("docker.io/").unwrap_or(repository);
    repository.strip_prefix("library/").unwrap_or(repository)
}

fn no_container(key: &str, image: &str, containers: &[ContainerImage]) -> Error {
    let mut known: Vec<&str> = containers
        .iter()
        .flat_map(|container| [&*container.name, repository(&container.image)])
        .filter(|name| !name.is_empty())
        .collect();
    known.sort_unstable();
    known.dedup();
    let message = format!("--image {key}={image}: no container and no image repository is {key}");
    let error = Error::usage(Code::UnknownContainer, message)
        .hint(format!("`{}` removes it where it was stored", removal(&format!("--image {key}"))));
    match nearest(key, known.iter().copied()) {
        Some(near) => error.cause(format!("the nearest is {near}")),
        None if known.is_empty() => error.cause("no object has a built-in pod template"),
        None if known.len() <= 20 => error.cause(format!("there are {}", known.join(", "))),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repositories_are_images_without_tag_and_digest() {
        for (image, wanted) in [
            ("nginx", "nginx"),
            ("nginx:1", "nginx"),
            ("localhost:5000/app", "localhost:5000/app"),
            ("localhost:5000/app:1", "localhost:5000/app"),
            ("app@sha256:00", "app"),
            ("r.io/a/b:1@sha256:00", "r.io/a/b"),
        ] {
            assert_eq!(repository(image), wanted);
        }
        assert!(same_repository("nginx", "docker.io/library/nginx:1"));
        assert!(same_repository("docker.io/library/nginx", "nginx"));
        assert!(!same_repository("nginx", "r.io/nginx"));
    }
}
