//! Webhooks and APIServices: they come after what answers their calls, and APIServices before the
//! custom resources that they serve. What webhooks judge is in [`admission`](super::admission).

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::{
    Milestone, Reason,
    builder::{Builder, Prerequisite},
    rules::defined,
};
use crate::workload::{
    kinds::{Kinds, Referent, builtin_kind, pod_template, references::text},
    placement::Placed,
};

/// Adds the edges around webhook configurations, conversion webhooks and APIServices.
pub(super) fn add(builder: &mut Builder<'_>, kinds: &Kinds) {
    let callers: Vec<(usize, Vec<(&str, &str)>)> = builder
        .objects
        .iter()
        .enumerate()
        .map(|(node, object)| (node, called(object)))
        .filter(|(_, services)| !services.is_empty())
        .collect();
    if callers.is_empty() {
        return;
    }
    let workloads = Workloads::new(builder.objects);
    let custom = custom_resources(builder.objects, kinds);
    for (node, services) in callers {
        let object = &builder.objects[node];
        let backends: Vec<Prerequisite> = services
            .into_iter()
            .flat_map(|service| backends(builder, &workloads, service))
            .collect();
        match &*object.id.kind {
            "CustomResourceDefinition" => {
                if let Some((group, kind)) = defined(object) {
                    let resources = custom.get(group).into_iter().flatten().copied();
                    let resources: Vec<usize> = resources
                        .filter(|resource| builder.objects[*resource].id.kind == kind)
                        .collect();
                    // The CRD itself does not wait: it must be there before its conversion webhook
                    // can be.
                    builder.gate(&converters(&backends), &resources);
                }
            }
            "APIService" => {
                builder.gate(&backends, &[node]);
                serve(builder, node, &custom);
            }
            _ => builder.gate(&backends, &[node]),
        }
    }
}

/// Gives namespace and name of the Services that an object makes the API server call.
fn called(object: &Placed) -> Vec<(&str, &str)> {
    let mut services: Vec<(&str, &str)> = builtin_kind(&object.id)
        .names_in_namespaces
        .iter()
        .filter(|reference| reference.to == Referent::Service)
        .flat_map(|reference| reference.all_in(&object.body))
        .filter_map(|service| Some((text(service, "namespace")?, text(service, "name")?)))
        .collect();
    services.sort_unstable();
    services.dedup();
    services
}

/// Gives the custom resources of the set by API group.
fn custom_resources<'a>(objects: &'a [Placed], kinds: &Kinds) -> HashMap<&'a str, Vec<usize>> {
    let mut groups: HashMap<&str, Vec<usize>> = HashMap::new();
    for (node, object) in objects.iter().enumerate() {
        if kinds.is_custom(&object.id.group, &object.id.kind) {
            groups.entry(&object.id.group).or_default().push(node);
        }
    }
    groups
}

/// Puts an APIService before the objects of the group that it serves.
fn serve(builder: &mut Builder<'_>, node: usize, custom: &HashMap<&str, Vec<usize>>) {
    let objects = builder.objects;
    let Some(spec) = objects[node].body.get("spec") else { return };
    let (Some(group), Some(version)) = (text(spec, "group"), text(spec, "version")) else { return };
    for &resource in custom.get(group).into_iter().flatten() {
        // An APIService serves one version of its group.
        if objects[resource].version() == version {
            let before = Prerequisite { node, until: Milestone::Ready, reason: Reason::Serves };
            builder.soft(before, resource);
        }
    }
}

/// Gives what answers the calls to a Service of the set: the Service, and its workloads.
fn backends(
    builder: &Builder<'_>,
    workloads: &Workloads<'_>,
    (namespace, name): (&str, &str),
) -> Vec<Prerequisite> {
    let Some(service) = builder.find(("", "Service", namespace, name)) else { return Vec::new() };
    let reason = Reason::Backend;
    let mut backends = vec![Prerequisite { node: service, until: Milestone::Applied, reason }];
    let selector = builder.objects[service].body.pointer("/spec/selector");
    if let Some(selector) = selector.and_then(Value::as_object) {
        let selected = workloads.selected(namespace, selector);
        backends.extend(selected.into_iter().map(|node| Prerequisite {
            node,
            until: Milestone::Available,
            reason,
        }));
    }
    backends
}

/// Turns backends into converters: calls to them are tried again, and what converts may itself
/// wait for custom resources, so that they are applied suffices.
fn converters(backends: &[Prerequisite]) -> Vec<Prerequisite> {
    let converter = |backend: &Prerequisite| Prerequisite {
        until: Milestone::Applied,
        reason: Reason::Conversion,
        ..*backend
    };
    backends.iter().map(converter).collect()
}

/// A workload with the labels of its pods.
type Labelled<'a> = (usize, &'a Map<String, Value>);

/// The workloads whose pods stay, found by the labels of their pods.
struct Workloads<'a> {
    /// Namespace, label key and value → workloads.
    by_label: HashMap<(&'a str, &'a str, &'a str), Vec<Labelled<'a>>>,
}

impl<'a> Workloads<'a> {
    fn new(objects: &'a [Placed]) -> Self {
        let mut by_label: HashMap<_, Vec<_>> = HashMap::new();
        for (node, object) in objects.iter().enumerate() {
            // A Job's pods end: they answer no calls.
            if object.id.group == "batch" {
                continue;
            }
            let labels = pod_template::template(&object.id, &object.body)
                .and_then(|template| template.pointer("/metadata/labels")?.as_object());
            let (Some(labels), Some(namespace)) = (labels, object.id.namespace.as_deref()) else {
                continue;
            };
            for (key, value) in labels {
                if let Some(value) = value.as_str() {
                    by_label.entry((namespace, &**key, value)).or_default().push((node, labels));
                }
            }
        }
        Self { by_label }
    }

    /// Finds the workloads whose pods a selector selects; an empty selector selects none.
    fn selected(&self, namespace: &str, selector: &Map<String, Value>) -> Vec<usize> {
        let candidates = selector
            .iter()
            .map(|(key, value)| {
                let found = self.by_label.get(&(namespace, &**key, value.as_str().unwrap_or("")));
                found.map_or(&[][..], Vec::as_slice)
            })
            // Begin with the rarest label: one that all objects have would make this quadratic.
            .min_by_key(|found| found.len())
            .unwrap_or_default();
        candidates
            .iter()
            .filter(|(_, labels)| {
                selector.iter().all(|(key, value)| labels.get(key) == Some(value))
            })
            .map(|(node, _)| *node)
            .collect()
    }
}
