//! References that name a namespace, and must follow an object of the set that moves.

use std::collections::HashMap;

use serde_json::Value;

use super::{DEFAULT, Source};
use crate::workload::{instance::NamespaceMode, object::ObjectId};

/// cert-manager's annotation that names a Certificate as `NAMESPACE/NAME`.
const INJECT_CA_FROM: &str = "cert-manager.io/inject-ca-from";

/// The kinds of objects that references with a namespace are followed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Referent {
    ServiceAccount,
    Service,
    Certificate,
}

impl Referent {
    fn of(id: &ObjectId) -> Option<Self> {
        match (&*id.group, &*id.kind) {
            ("", "ServiceAccount") => Some(Self::ServiceAccount),
            ("", "Service") => Some(Self::Service),
            ("cert-manager.io", "Certificate") => Some(Self::Certificate),
            _ => None,
        }
    }
}

/// Where objects go, and which of the set move there from the namespace that references name.
pub(super) struct Moves<'a> {
    mode: NamespaceMode,
    home: &'a str,
    /// Kind, namespace and name as references in the source say them → the namespace it goes to.
    moved: HashMap<(Referent, &'a str, &'a str), &'a str>,
    any_service: bool,
}

impl<'a> Moves<'a> {
    pub(super) fn new(sources: &'a [Source<'_>], mode: NamespaceMode, home: &'a str) -> Self {
        let mut moves = Self { mode, home, moved: HashMap::new(), any_service: false };
        for source in sources {
            let Some(referent) = Referent::of(&source.id) else { continue };
            let declared = source.id.namespace.as_deref();
            let destination = moves.destination(declared);
            let key = (referent, declared.unwrap_or(DEFAULT), &*source.id.name);
            if declared.is_some() || !moves.moved.contains_key(&key) {
                moves.moved.insert(key, destination);
            }
        }
        moves.moved.retain(|(_, namespace, _), destination| namespace != destination);
        moves.any_service = moves.moved.keys().any(|(referent, ..)| *referent == Referent::Service);
        moves
    }

    /// Gives the namespace that an object goes to which declares `namespace`.
    pub(super) fn destination<'b>(&self, declared: Option<&'b str>) -> &'b str
    where
        'a: 'b,
    {
        match (self.mode, declared) {
            (NamespaceMode::Own, Some(namespace)) => namespace,
            (NamespaceMode::Own, None) | (NamespaceMode::Managed | NamespaceMode::Given, _) => {
                self.home
            }
        }
    }

    /// Gives the namespace that a reference must name instead of `namespace`, if another.
    pub(super) fn follow(&self, to: Referent, namespace: &str, name: &str) -> Option<&'a str> {
        self.moved.get(&(to, namespace, name)).copied()
    }

    /// Tells whether any Service moves.
    pub(super) fn any_service(&self) -> bool {
        self.any_service
    }

    /// Tells whether an object is named after the namespace that its references go to: nothing
    /// refers to a ClusterRoleBinding by name, and every instance needs its own.
    pub(super) fn renames(&self, id: &ObjectId) -> bool {
        self.mode != NamespaceMode::Own && id.is("rbac.authorization.k8s.io", "ClusterRoleBinding")
    }
}

/// Rewrites the references of a body. Returns the namespaces that were put in.
pub(super) fn rewrite<'a>(id: &ObjectId, body: &mut Value, moves: &Moves<'a>) -> Vec<&'a str> {
    let mut followed = Vec::new();
    if moves.moved.is_empty() {
        return followed;
    }
    match (&*id.group, &*id.kind) {
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => {
            for subject in items(body, "/subjects") {
                if subject.get("kind").and_then(Value::as_str) == Some("ServiceAccount") {
                    followed.extend(redirect(subject, Referent::ServiceAccount, moves));
                }
            }
        }
        (
            "admissionregistration.k8s.io",
            "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration",
        ) => {
            for webhook in items(body, "/webhooks") {
                let service = webhook.pointer_mut("/clientConfig/service");
                followed.extend(service.and_then(|it| redirect(it, Referent::Service, moves)));
            }
        }
        ("apiregistration.k8s.io", "APIService") => {
            let service = body.pointer_mut("/spec/service");
            followed.extend(service.and_then(|it| redirect(it, Referent::Service, moves)));
        }
        ("apiextensions.k8s.io", "CustomResourceDefinition") => {
            let service = body.pointer_mut("/spec/conversion/webhook/clientConfig/service");
            followed.extend(service.and_then(|it| redirect(it, Referent::Service, moves)));
        }
        _ => {}
    }
    followed.extend(redirect_certificate(body, moves));
    followed
}

fn items<'a>(body: &'a mut Value, pointer: &str) -> impl Iterator<Item = &'a mut Value> {
    body.pointer_mut(pointer).and_then(Value::as_array_mut).into_iter().flatten()
}

/// Rewrites `namespace` of a reference `{namespace, name}` where its target moves.
fn redirect<'a>(reference: &mut Value, to: Referent, moves: &Moves<'a>) -> Option<&'a str> {
    let text = |key: &str| reference.get(key).and_then(Value::as_str);
    let namespace = text("namespace").filter(|namespace| !namespace.is_empty());
    let destination = moves.follow(to, namespace.unwrap_or(DEFAULT), text("name")?)?;
    reference.as_object_mut()?.insert("namespace".to_owned(), destination.into());
    Some(destination)
}

fn redirect_certificate<'a>(body: &mut Value, moves: &Moves<'a>) -> Option<&'a str> {
    let annotations = body.pointer_mut("/metadata/annotations")?.as_object_mut()?;
    let (namespace, name) = annotations.get(INJECT_CA_FROM)?.as_str()?.split_once('/')?;
    let destination = moves.follow(Referent::Certificate, namespace, name)?;
    let value = format!("{destination}/{name}");
    annotations.insert(INJECT_CA_FROM.to_owned(), value.into());
    Some(destination)
}
