//! What a plan would change, field by field, and in one line each what people look for first: images
//! and replicas.

use crate::{
    ops::view::ObjectView,
    output::{
        difference::{self, DiffStyle},
        sanitize::one_line,
        stream::{Stream, Tone},
    },
    workload::difference::Change,
};

/// Shows the changes of all objects; nothing where there are none, or none are to be shown.
pub(super) fn show(objects: &[ObjectView], style: DiffStyle, stream: Stream) -> String {
    let mut out = String::new();
    if style == DiffStyle::None {
        return out;
    }
    for object in objects.iter().filter(|object| !object.changes.is_empty()) {
        out.push('\n');
        out.push_str(&difference::show(&object.id.to_string(), &object.changes, style, stream));
    }
    let images = sum(objects, "images", image_of, stream);
    let replicas = sum(objects, "replicas", replicas_of, stream);
    if !images.is_empty() || !replicas.is_empty() {
        out.push('\n');
        out.push_str(&images);
        out.push_str(&replicas);
    }
    if !out.is_empty() {
        out.push('\n');
    }
    out
}

/// Sums up one sort of changes in a line: `images: Deployment/web web:1 -> web:2`.
fn sum(
    objects: &[ObjectView],
    heading: &str,
    told: fn(&Change) -> Option<String>,
    stream: Stream,
) -> String {
    let of = |object: &ObjectView| -> Vec<String> {
        let told = object.changes.changes.iter().filter_map(told);
        told.map(|told| format!("{} {told}", object.id)).collect()
    };
    let mut all: Vec<String> = objects.iter().flat_map(of).collect();
    // Two containers of one image are one thing to look at.
    all.dedup();
    if all.is_empty() {
        return String::new();
    }
    format!("{}: {}\n", stream.paint(Tone::Strong, heading), one_line(&all.join(", ")))
}

fn image_of(change: &Change) -> Option<String> {
    let (container, rest) = change.path.rsplit_once("ontainers[")?;
    let is_container = container.ends_with(['c', 'C']);
    (is_container && rest.ends_with("].image")).then(|| difference::values(change))
}

fn replicas_of(change: &Change) -> Option<String> {
    (change.path == "spec.replicas").then(|| difference::values(change))
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use serde_json::{Value, json};

    use super::*;
    use crate::workload::{difference::Difference, object::ObjectId};

    fn deployment(replicas: u32, image: &str) -> Value {
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {
            "replicas": replicas, "template": {"spec": {
                "initContainers": [{"name": "init", "image": image}],
                "containers": [{"name": "web", "image": image}]}}}})
    }

    fn view(kind: &str, old: &Value, new: &Value) -> ObjectView {
        let id = ObjectId::new("apps", kind, Some("web"), "web");
        ObjectView { changes: Difference::between(old, new).into(), ..ObjectView::new(id, "v1") }
    }

    #[test]
    fn images_and_replicas_are_summed_up() {
        let (old, new) = (deployment(1, "web:1"), deployment(3, "web:2"));
        let objects = [view("Deployment", &old, &new), view("Same", &old, &old)];
        assert_snapshot!(show(&objects, DiffStyle::Fields, Stream::PLAIN), @"

        Deployment/web
          ~ spec.replicas: 1 -> 3
          ~ spec.template.spec.containers[name=web].image: web:1 -> web:2
          ~ spec.template.spec.initContainers[name=init].image: web:1 -> web:2

        images: Deployment/web web:1 -> web:2
        replicas: Deployment/web 1 -> 3
        ");
        assert_eq!(show(&objects, DiffStyle::None, Stream::PLAIN), "");
        assert_eq!(show(&objects[1..], DiffStyle::Unified, Stream::PLAIN), "");
        let json = serde_json::to_value(&objects[0]).unwrap();
        assert_eq!(json["changes"][0], json!({"path": "spec.replicas", "old": 1, "new": 3}));
        assert_eq!(serde_json::to_value(&objects[1]).unwrap().get("changes"), None);
    }
}
