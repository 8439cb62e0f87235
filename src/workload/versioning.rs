//! ConfigMaps and Secrets that are called after their content: annotated `workloadctl/versioned:
//! "true"`, each content is an object of its own, and what names it in the set follows. So pods are
//! made anew when it changes, and those of before find the one that they were made with.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{
    definition::digest_of,
    error::{Code, Error},
    kinds::{
        Kinds,
        data_references::{OF_INGRESSES, OF_PODS, OF_SERVICE_ACCOUNTS, in_custom_resource},
        pod_template::template_mut,
    },
    object::{Object, ObjectId},
    placement::Placed,
    readiness::WrongAnnotation,
};

/// The annotation of what is called after its content.
pub(super) const VERSIONED: &str = "workloadctl/versioned";

/// How much of the digest is in the name.
const LENGTH: usize = 10;
/// The longest that a name may be (RFC 1123 subdomains).
const NAME_LIMIT: usize = 253;

/// What a name stands for: kind, namespace, name.
type Named = (&'static str, String, String);

/// Tells whether a live or placed object is called after its content.
pub(crate) fn is_versioned(body: &Value) -> bool {
    annotation(body) == Some("true")
}

/// Tells whether an object has the annotation, whatever it says.
pub(crate) fn is_annotated(body: &Value) -> bool {
    annotation(body).is_some()
}

fn annotation(body: &Value) -> Option<&str> {
    body.get("metadata")?.get("annotations")?.get(VERSIONED)?.as_str()
}

/// Tells what is wrong with the annotation, where it cannot be followed.
pub(crate) fn check(object: &Object) -> Option<WrongAnnotation> {
    let value = annotation(&object.body)?;
    let id = object.id();
    let why = if !["true", "false"].contains(&value) {
        format!("is {value:?}: true or false")
    } else if kind(&id).is_none() {
        "is for ConfigMaps and Secrets".to_owned()
    } else if value == "true" && id.name.len() + 1 + LENGTH > NAME_LIMIT {
        format!("makes a name of more than {NAME_LIMIT} characters")
    } else {
        return None;
    };
    let error = Error::usage(Code::InvalidAnnotation, format!("annotation {VERSIONED} {why}"));
    Some(WrongAnnotation::of(object, VERSIONED, error))
}

fn kind(id: &ObjectId) -> Option<&'static str> {
    ["ConfigMap", "Secret"].into_iter().find(|kind| id.is("", kind))
}

/// Gives what is versioned its name, and lets what names it follow. Gives a warning for each that
/// nothing in the set names.
pub(crate) fn apply(objects: &mut [Placed], kinds: &Kinds) -> Vec<String> {
    let mut names: BTreeMap<Named, String> = BTreeMap::new();
    for object in objects.iter_mut().filter(|object| is_versioned(&object.body)) {
        let Some(kind) = kind(&object.id) else { continue };
        let name = versioned_name(&object.id.name, &object.body);
        let namespace = object.id.namespace.clone().unwrap_or_default();
        names.insert((kind, namespace, object.id.name.clone()), name.clone());
        object.declared.get_or_insert_with(|| object.id.clone());
        object.body["metadata"]["name"] = name.as_str().into();
        object.id.name = name;
    }
    if names.is_empty() {
        return Vec::new();
    }
    let mut followed = BTreeSet::new();
    for object in objects {
        let namespace = object.id.namespace.clone().unwrap_or_default();
        follow(object, kinds, &mut |kind, name| {
            let named = (kind, namespace.clone(), name.as_str().unwrap_or_default().to_owned());
            if let Some(new) = names.get(&named) {
                *name = new.as_str().into();
                followed.insert(named);
            }
        });
    }
    let unnamed = names.keys().filter(|named| !followed.contains(*named));
    let unnamed = unnamed.map(|(kind, _, name)| {
        format!("{kind}/{name} is versioned, but nothing in the set names it where names follow")
    });
    unnamed.collect()
}

fn versioned_name(name: &str, body: &Value) -> String {
    // Not the metadata: the same content is the same object, whoever labels it.
    let content = ["data", "binaryData", "type"].map(|field| body.get(field));
    let digest = digest_of(&json!(content));
    format!("{name}-{}", &digest[..LENGTH])
}

/// Calls for every name of a ConfigMap or Secret in an object.
fn follow(object: &mut Placed, kinds: &Kinds, visit: &mut dyn FnMut(&'static str, &mut Value)) {
    let Placed { id, body, .. } = object;
    if kinds.is_custom(&id.group, &id.kind) {
        let namespace = id.namespace.clone().unwrap_or_default();
        return in_custom_resource(&namespace, body, visit);
    }
    let references = if id.is("", "ServiceAccount") {
        OF_SERVICE_ACCOUNTS
    } else if id.is("networking.k8s.io", "Ingress") {
        OF_INGRESSES
    } else {
        &[]
    };
    for reference in references {
        reference.change(body, &mut |name| visit(reference.kind, name));
    }
    let spec = template_mut(id, body).and_then(|template| template.get_mut("spec"));
    let Some(spec) = spec else { return };
    for reference in OF_PODS {
        reference.change(spec, &mut |name| visit(reference.kind, name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::object::Origin;

    fn placed(body: Value) -> Placed {
        Placed { id: ObjectId::of(&body), declared: None, body: body.into(), origin: None }
    }

    fn source(kind: &str, value: &str, data: &Value) -> Value {
        json!({"apiVersion": "v1", "kind": kind, "data": data, "metadata": {
            "name": "conf", "namespace": "web", "annotations": {VERSIONED: value}}})
    }

    /// A pod that names `conf` in every way, as ConfigMap or Secret.
    fn pod(config: &str, secret: &str) -> Value {
        let container = json!([{"name": "a",
            "env": [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": config, "key": "a"}}},
                {"name": "B", "valueFrom": {"secretKeyRef": {"name": secret, "key": "a"}}}],
            "envFrom": [{"configMapRef": {"name": config}}, {"secretRef": {"name": secret}}]}]);
        json!({"containers": container, "initContainers": container,
            "imagePullSecrets": [{"name": secret}, {"name": "other"}],
            "volumes": [{"name": "a", "configMap": {"name": config}},
                {"name": "b", "secret": {"secretName": secret}},
                {"name": "c", "projected": {"sources": [
                    {"configMap": {"name": config}}, {"secret": {"name": secret}}]}}]})
    }

    #[test]
    fn the_content_is_in_the_name_and_all_that_names_it_follows() {
        let workload = |namespace: &str, config: &str, secret: &str| {
            json!({"apiVersion": "batch/v1", "kind": "CronJob",
                "metadata": {"name": "a", "namespace": namespace},
                "spec": {"jobTemplate": {"spec": {"template": {"spec": pod(config, secret)}}}}})
        };
        let account = |name: &str| {
            json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "a", "namespace": "web"},
                "imagePullSecrets": [{"name": name}]})
        };
        let ingress = |name: &str| {
            json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
                "metadata": {"name": "a", "namespace": "web"}, "spec": {"tls": [{"secretName": name}]}})
        };
        let custom = |config: &str, secret: &str| {
            json!({"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "conf", "namespace": "web"},
                "spec": {"pod": pod(config, secret), "secretName": secret}})
        };
        let mut objects = [
            source("ConfigMap", "true", &json!({"a": "1"})),
            source("Secret", "true", &json!({"a": "MQ=="})),
            workload("web", "conf", "conf"),
            workload("elsewhere", "conf", "conf"),
            account("conf"),
            ingress("conf"),
            custom("conf", "conf"),
        ]
        .map(placed);
        assert_eq!(apply(&mut objects, &Kinds::builtin()), [""; 0]);
        let (config, secret) = (objects[0].id.name.clone(), objects[1].id.name.clone());
        assert_eq!([config.len(), secret.len()], [15, 15]);
        assert_ne!(config, secret);
        assert_eq!(objects[0].body["metadata"]["name"], *config);
        assert_eq!(objects[0].declared().name, "conf");
        let expected = [
            workload("web", &config, &secret),
            workload("elsewhere", "conf", "conf"),
            account(&secret),
            ingress(&secret),
            custom(&config, &secret),
        ];
        for (object, expected) in objects[2..].iter().zip(&expected) {
            assert_eq!(*object.body, *expected);
        }
    }

    #[test]
    fn another_content_is_another_name_and_labels_are_none() {
        let name = |data: Value, label: &str| {
            let mut body = source("ConfigMap", "true", &data);
            body["metadata"]["labels"] = json!({"a": label});
            let mut objects = [placed(body)];
            let warnings = apply(&mut objects, &Kinds::builtin());
            assert_eq!(
                warnings,
                ["ConfigMap/conf is versioned, but nothing in the set names it where names follow"]
            );
            objects[0].id.name.clone()
        };
        assert_eq!(name(json!({"a": "1"}), "x"), name(json!({"a": "1"}), "y"));
        assert_ne!(name(json!({"a": "1"}), "x"), name(json!({"a": "2"}), "x"));
        let mut objects = [placed(source("ConfigMap", "false", &json!({})))];
        assert_eq!(apply(&mut objects, &Kinds::builtin()), [""; 0]);
        assert_eq!(objects[0].id.name, "conf");
    }

    #[test]
    fn what_cannot_be_followed_is_refused() {
        let told = |kind: &str, value: &str, name: &str| {
            let mut body = source(kind, value, &json!({}));
            body["metadata"]["name"] = json!(name);
            let object = Object { body: body.into(), origin: Origin::line("a.yaml", 3) };
            check(&object).map(|wrong| wrong.error.message)
        };
        let long = "a".repeat(243);
        for (kind, value, name, expected) in [
            ("ConfigMap", "true", "a", None),
            ("Secret", "false", "a", None),
            ("Service", "true", "a", Some("is for ConfigMaps and Secrets")),
            ("ConfigMap", "yes", "a", Some("is \"yes\": true or false")),
            ("ConfigMap", "true", &*long, Some("makes a name of more than 253 characters")),
        ] {
            let expected = expected.map(|why| format!("annotation {VERSIONED} {why}"));
            assert_eq!(told(kind, value, name), expected);
        }
    }
}
