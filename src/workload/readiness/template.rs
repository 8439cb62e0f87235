//! What can be read off the pod template of an object: its images, and whether it is another's.

use serde_json::{Map, Value};

use super::field::{list, text};
use crate::workload::{kinds::pod_template, object::ObjectId};

/// The label by which the controller tells replica sets apart; the one difference between the
/// template of a Deployment and that of its replica set.
const TEMPLATE_HASH: &str = "pod-template-hash";

/// Gives the images of an object's containers, init containers first, each once.
pub(crate) fn images_of(body: &Value) -> Vec<String> {
    let Some(spec) = pod_template::pod_spec(&ObjectId::of(body), body) else { return Vec::new() };
    let mut images: Vec<String> = Vec::new();
    for container in list(spec, "/initContainers").iter().chain(list(spec, "/containers")) {
        let image = text(container, "/image");
        if !image.is_empty() && !images.iter().any(|known| known == image) {
            images.push(image.to_owned());
        }
    }
    images
}

/// Tells whether a replica set runs the template of a Deployment.
pub(crate) fn same(deployment: &Value, replica_set: &Value) -> bool {
    match (deployment.pointer("/spec/template"), replica_set.pointer("/spec/template")) {
        // As the deployment controller finds its new replica set (EqualIgnoreHash).
        (Some(wanted), Some(present)) => equal(wanted, present),
        _ => false,
    }
}

/// Compares values; a null is as good as a missing key, and the template's hash does not count.
fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            counting(a) == counting(b)
                && a.iter()
                    .filter(counts)
                    .all(|(key, value)| b.get(key).is_some_and(|other| equal(value, other)))
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b))
        }
        _ => a == b,
    }
}

fn counts((key, value): &(&String, &Value)) -> bool {
    *key != TEMPLATE_HASH && !value.is_null()
}

fn counting(object: &Map<String, Value>) -> usize {
    object.iter().filter(counts).count()
}
