//! Where ConfigMaps and Secrets are named by name alone: one list, by which a release orders its
//! objects and by which names that change are followed. Of custom resources nobody knows the
//! fields; there it is how a field is called.

use serde_json::{Map, Value};

use Need::{Named, Optional, Stated};

/// A field that names a ConfigMap or a Secret.
#[derive(Debug)]
pub(crate) struct DataReference {
    pub(crate) kind: &'static str,
    /// The steps to it: `*` is each item of a list, `*containers` each container of a pod's spec.
    path: &'static str,
    /// How it is called where people read of it.
    pub(crate) field: &'static str,
    pub(crate) need: Need,
}

/// Whether what is named has to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// Unless `optional` stands beside the name.
    Stated,
    /// It is better to have it first.
    Optional,
    /// Others may make it, from this very object: nothing follows for the order.
    Named,
}

const fn row(
    kind: &'static str,
    path: &'static str,
    field: &'static str,
    need: Need,
) -> DataReference {
    DataReference { kind, path, field, need }
}

/// In the spec of a pod.
pub(crate) const OF_PODS: &[DataReference] = &[
    row("ConfigMap", "*containers/env/*/valueFrom/configMapKeyRef/name", "env", Stated),
    row("Secret", "*containers/env/*/valueFrom/secretKeyRef/name", "env", Stated),
    row("ConfigMap", "*containers/envFrom/*/configMapRef/name", "envFrom", Stated),
    row("Secret", "*containers/envFrom/*/secretRef/name", "envFrom", Stated),
    row("ConfigMap", "volumes/*/configMap/name", "volumes", Stated),
    row("Secret", "volumes/*/secret/secretName", "volumes", Stated),
    row("ConfigMap", "volumes/*/projected/sources/*/configMap/name", "volumes", Stated),
    row("Secret", "volumes/*/projected/sources/*/secret/name", "volumes", Stated),
    row("Secret", "volumes/*/csi/nodePublishSecretRef/name", "volumes", Stated),
    row("Secret", "imagePullSecrets/*/name", "imagePullSecrets", Stated),
];

/// In a ServiceAccount.
pub(crate) const OF_SERVICE_ACCOUNTS: &[DataReference] = &[
    row("Secret", "imagePullSecrets/*/name", "imagePullSecrets", Optional),
    // A token's Secret names the account in its turn, and is made after it.
    row("Secret", "secrets/*/name", "secrets", Named),
];

/// In an Ingress: cert-manager makes the Secret once it sees the Ingress.
pub(crate) const OF_INGRESSES: &[DataReference] =
    &[row("Secret", "spec/tls/*/secretName", "tls", Named)];

impl DataReference {
    /// Calls for every name at the field, with the object that it stands in.
    pub(crate) fn read<'a>(
        &self,
        value: &'a Value,
        visit: &mut dyn FnMut(&'a Map<String, Value>, &'a str),
    ) {
        read(value, self.path, visit);
    }

    /// Calls for every value at the field, to change it.
    pub(crate) fn change(&self, value: &mut Value, visit: &mut dyn FnMut(&mut Value)) {
        change(value, self.path, visit);
    }
}

const CONTAINERS: [&str; 3] = ["initContainers", "containers", "ephemeralContainers"];

fn read<'a>(value: &'a Value, path: &str, visit: &mut dyn FnMut(&'a Map<String, Value>, &'a str)) {
    let Some((step, rest)) = path.split_once('/') else {
        let Some(holder) = value.as_object() else { return };
        let name = holder.get(path).and_then(Value::as_str).filter(|name| !name.is_empty());
        return name.into_iter().for_each(|name| visit(holder, name));
    };
    match step {
        "*" => value.as_array().into_iter().flatten().for_each(|item| read(item, rest, visit)),
        "*containers" => {
            let lists = CONTAINERS.iter().filter_map(|list| value.get(list)?.as_array());
            lists.flatten().for_each(|item| read(item, rest, visit));
        }
        step => value.get(step).into_iter().for_each(|value| read(value, rest, visit)),
    }
}

fn change(value: &mut Value, path: &str, visit: &mut dyn FnMut(&mut Value)) {
    let Some((step, rest)) = path.split_once('/') else {
        return value.get_mut(path).into_iter().for_each(visit);
    };
    match step {
        "*" => {
            let items = value.as_array_mut().into_iter().flatten();
            items.for_each(|item| change(item, rest, visit));
        }
        "*containers" => {
            for list in CONTAINERS {
                let items = value.get_mut(list).and_then(Value::as_array_mut);
                items.into_iter().flatten().for_each(|item| change(item, rest, visit));
            }
        }
        step => value.get_mut(step).into_iter().for_each(|value| change(value, rest, visit)),
    }
}

/// Calls with the kind for every name of a ConfigMap or Secret of the same namespace in a custom
/// resource, to change it: in `secretName`, in what is called `secret`, `secretRef`,
/// `tlsSecretKeyRef`, `imagePullSecrets` and the like, and beside `kind: Secret`; likewise for
/// ConfigMaps.
pub(crate) fn in_custom_resource(
    namespace: &str,
    body: &mut Value,
    visit: &mut dyn FnMut(&'static str, &mut Value),
) {
    let fields = body.as_object_mut().into_iter().flatten();
    let ours = fields.filter(|(key, _)| !["metadata", "status"].contains(&key.as_str()));
    ours.for_each(|(key, value)| descend(namespace, called(key), value, visit));
}

/// Goes down a field; `kind` is what it names by how it is called.
fn descend(
    namespace: &str,
    kind: Option<&'static str>,
    value: &mut Value,
    visit: &mut dyn FnMut(&'static str, &mut Value),
) {
    match value {
        Value::Array(items) => {
            for item in items {
                match (kind, &item) {
                    (Some(kind), Value::String(_)) => visit(kind, item),
                    _ => descend(namespace, kind, item, visit),
                }
            }
        }
        Value::Object(fields) => {
            let stated =
                fields.get("kind").map(|kind| data_kind(kind.as_str().unwrap_or_default()));
            let other = fields.get("namespace").and_then(Value::as_str);
            let is_foreign = other.is_some_and(|other| !other.is_empty() && other != namespace);
            for (key, value) in fields {
                // What is said counts before how the field is called.
                let kind = match key.as_str() {
                    "name" => stated.unwrap_or(kind),
                    key => key.strip_suffix("Name").and_then(called),
                };
                match (kind, &value) {
                    (Some(kind), Value::String(_)) if !is_foreign => visit(kind, value),
                    (_, Value::String(_)) => {}
                    _ => descend(namespace, called(key), value, visit),
                }
            }
        }
        _ => {}
    }
}

fn data_kind(kind: &str) -> Option<&'static str> {
    ["ConfigMap", "Secret"].into_iter().find(|known| *known == kind)
}

/// Tells what a field names by how it is called: `envSecretRefs` Secrets.
fn called(key: &str) -> Option<&'static str> {
    let stem = key.strip_suffix('s').unwrap_or(key);
    let ends = ["Reference", "Selector", "Ref", "Key"];
    let stem = ends.iter().fold(stem, |stem, end| stem.strip_suffix(end).unwrap_or(stem));
    let stem = stem.to_ascii_lowercase();
    ["ConfigMap", "Secret"].into_iter().find(|kind| stem.ends_with(&kind.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn followed(spec: Value) -> Value {
        let mut body = json!({"apiVersion": "x.com/v1", "kind": "Thing", "spec": spec,
            "metadata": {"name": "conf", "namespace": "web"}, "status": {"secretName": "conf"}});
        in_custom_resource("web", &mut body, &mut |kind, name| {
            *name = format!("{}:{kind}", name.as_str().unwrap()).into();
        });
        assert_eq!(
            (&body["metadata"]["name"], &body["status"]["secretName"]),
            (&json!("conf"), &json!("conf"))
        );
        body["spec"].take()
    }

    #[test]
    fn custom_resources_name_by_what_their_fields_are_called() {
        for (spec, expected) in [
            (json!({"secretName": "a"}), json!({"secretName": "a:Secret"})),
            (json!({"tlsSecretName": "a"}), json!({"tlsSecretName": "a:Secret"})),
            (json!({"configMapName": "a"}), json!({"configMapName": "a:ConfigMap"})),
            (json!({"secretRef": {"name": "a"}}), json!({"secretRef": {"name": "a:Secret"}})),
            (
                json!({"tls": {"caSecretKeyRef": {"name": "a", "key": "b"}}}),
                json!({"tls": {"caSecretKeyRef": {"name": "a:Secret", "key": "b"}}}),
            ),
            (
                json!({"secretKeySelector": {"name": "a"}}),
                json!({"secretKeySelector": {"name": "a:Secret"}}),
            ),
            (json!({"secrets": ["a", "b"]}), json!({"secrets": ["a:Secret", "b:Secret"]})),
            (json!({"configMaps": ["a"]}), json!({"configMaps": ["a:ConfigMap"]})),
            (
                json!({"podTemplate": {"volumes": [{"name": "a", "configMap": {"name": "b", "items": [{"key": "a"}]}}]}}),
                json!({"podTemplate": {"volumes": [{"name": "a", "configMap": {"name": "b:ConfigMap", "items": [{"key": "a"}]}}]}}),
            ),
            (
                json!({"imagePullSecrets": [{"name": "a"}]}),
                json!({"imagePullSecrets": [{"name": "a:Secret"}]}),
            ),
            (
                json!({"valuesFrom": [{"kind": "ConfigMap", "name": "a"}, {"kind": "Thing", "name": "a"}]}),
                json!({"valuesFrom": [{"kind": "ConfigMap", "name": "a:ConfigMap"}, {"kind": "Thing", "name": "a"}]}),
            ),
            // Another namespace, another kind, another word.
            (
                json!({"secretRef": {"name": "a", "namespace": "web"}}),
                json!({"secretRef": {"name": "a:Secret", "namespace": "web"}}),
            ),
            (
                json!({"secretRef": {"name": "a", "namespace": "other"}}),
                json!({"secretRef": {"name": "a", "namespace": "other"}}),
            ),
            (
                json!({"secretRef": {"name": "a", "kind": "Vault"}}),
                json!({"secretRef": {"name": "a", "kind": "Vault"}}),
            ),
            (json!({"secret": "a", "name": "a"}), json!({"secret": "a", "name": "a"})),
            (json!({"secretStoreRef": {"name": "a"}}), json!({"secretStoreRef": {"name": "a"}})),
        ] {
            assert_eq!(followed(spec.clone()), expected, "{spec}");
        }
    }
}
