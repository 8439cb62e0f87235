//! Reading aggregated discovery (`apidiscovery.k8s.io/v2`, `v2beta1`) into [`Kinds`].

use serde_json::Value;

use super::{KindInfo, KindOrigin, Kinds};

impl Kinds {
    /// Makes the kinds of an embedded discovery document.
    pub(crate) fn embedded(document: &Value) -> Self {
        let mut kinds = Self::default();
        for group in groups_in(document) {
            let name = group_name(group);
            kinds.embedded.insert(name.to_owned());
            for (kind, mut info) in kinds_in(group) {
                info.builtin = true;
                info.source = KindOrigin::Embedded;
                kinds.insert(name, &kind, info);
            }
        }
        kinds
    }

    /// Takes in the discovery of a cluster: an `APIGroupDiscoveryList`, or a document that holds
    /// several. Call it for the answers of both `/api` and `/apis`; again when a CRD was applied.
    ///
    /// A group whose server did not answer (`freshness: Stale`) keeps what was known of it and is
    /// not judged by what is missing.
    pub(crate) fn add_discovery(&mut self, document: &Value) {
        for group in groups_in(document) {
            let name = group_name(group).to_owned();
            self.contacted.insert(name.clone());
            if is_stale(group) {
                self.stale.insert(name.clone());
            } else {
                self.stale.remove(&name);
            }
            for (kind, mut info) in kinds_in(group) {
                let known = self.lookup(&name, &kind);
                // The CRD of the set is about to replace what the cluster serves.
                if known.is_some_and(|known| known.source == KindOrigin::Set) {
                    continue;
                }
                info.builtin = known.is_some_and(|known| known.builtin);
                self.insert(&name, &kind, info);
            }
        }
    }
}

/// Finds every group of every list in a document, however deep the lists lie.
fn groups_in(document: &Value) -> Vec<&Value> {
    let mut groups = Vec::new();
    let mut open = vec![document];
    while let Some(value) = open.pop() {
        match value {
            Value::Array(values) => open.extend(values.iter().rev()),
            Value::Object(map) => match map.get("items") {
                Some(Value::Array(items)) => groups.extend(items),
                _ => {
                    open.extend(map.values().filter(|value| value.is_object() || value.is_array()))
                }
            },
            _ => {}
        }
    }
    groups
}

fn group_name(group: &Value) -> &str {
    group.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default()
}

fn is_stale(group: &Value) -> bool {
    list(group, "versions").any(|version| text(version, "freshness") == "Stale")
}

/// Gives the kinds of one group with their versions, the preferred version first.
fn kinds_in(group: &Value) -> Vec<(String, KindInfo)> {
    let mut kinds: Vec<(String, KindInfo)> = Vec::new();
    for version in list(group, "versions") {
        for resource in list(version, "resources") {
            let Some(kind) = resource.pointer("/responseKind/kind").and_then(Value::as_str) else {
                continue;
            };
            let served = text(version, "version").to_owned();
            match kinds.iter_mut().find(|(known, _)| known == kind) {
                // Two resources of a group may answer with one kind; the first has its name.
                Some((_, info)) if info.plural == text(resource, "resource") => {
                    info.versions.push(served);
                }
                Some(_) => {}
                None => kinds.push((kind.to_owned(), kind_info(resource, kind, served))),
            }
        }
    }
    kinds
}

fn kind_info(resource: &Value, kind: &str, served: String) -> KindInfo {
    let singular = text(resource, "singularResource");
    KindInfo {
        plural: text(resource, "resource").to_owned(),
        singular: if singular.is_empty() { kind.to_lowercase() } else { singular.to_owned() },
        short_names: texts(resource, "shortNames"),
        namespaced: text(resource, "scope") == "Namespaced",
        versions: vec![served],
        builtin: false,
        verbs: texts(resource, "verbs"),
        source: KindOrigin::Cluster,
    }
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn texts(value: &Value, key: &str) -> Vec<String> {
    list(value, key).filter_map(Value::as_str).map(str::to_owned).collect()
}
