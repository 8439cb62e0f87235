//! References that name a namespace, and must follow an object of the set that moves.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::{DEFAULT, SourceObject};
use crate::workload::{
    instance::NamespaceMode,
    kinds::{Referent, builtin_kind, references::text},
    object::ObjectId,
};

/// cert-manager's annotation that names a Certificate as `NAMESPACE/NAME`.
const INJECT_CA_FROM: &str = "cert-manager.io/inject-ca-from";

/// Where objects go, and which of the set move there from the namespace that references name.
pub(super) struct Moves<'a> {
    mode: NamespaceMode,
    home: &'a str,
    /// Kind, namespace and name as references in the source say them → the namespace it goes to.
    moved: HashMap<(Referent, &'a str, &'a str), &'a str>,
    /// Kind and name of those that name no namespace.
    unplaced: HashSet<(Referent, &'a str)>,
    /// Kind, namespace and name of those that name one.
    explicit: HashSet<(Referent, &'a str, &'a str)>,
    /// The namespaces that objects of the set leave → where they go.
    replaced: HashMap<&'a str, &'a str>,
}

impl<'a> Moves<'a> {
    pub(super) fn new(sources: &'a [SourceObject], mode: NamespaceMode, home: &'a str) -> Self {
        let mut moves = Self {
            mode,
            home,
            moved: HashMap::new(),
            unplaced: HashSet::new(),
            explicit: HashSet::new(),
            replaced: HashMap::new(),
        };
        for source in sources.iter().filter(|source| source.namespaced) {
            let declared = source.id.namespace.as_deref();
            let (left, destination) = (declared.unwrap_or(DEFAULT), moves.destination(declared));
            moves.replaced.entry(left).or_insert(destination);
            // Every namespace has one, in no set: pods that name no account run under it.
            moves.moved.entry((Referent::ServiceAccount, left, DEFAULT)).or_insert(destination);
        }
        for source in sources {
            let Some(referent) = Referent::of(&source.id) else { continue };
            let declared = source.id.namespace.as_deref();
            let destination = moves.destination(declared);
            let name = &*source.id.name;
            if let Some(namespace) = declared {
                moves.explicit.insert((referent, namespace, name));
                moves.moved.insert((referent, namespace, name), destination);
            } else {
                moves.unplaced.insert((referent, name));
                // A reference without a namespace, and one to `default`, mean it both: so kubectl
                // would have placed it.
                moves.moved.entry((referent, DEFAULT, name)).or_insert(destination);
            }
        }
        moves.moved.retain(|(_, namespace, _), destination| namespace != destination);
        moves.replaced.retain(|namespace, destination| namespace != destination);
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

    /// Gives the namespace of what a reference probably means although it names `namespace`: the
    /// set has such an object that names none, as charts do which leave it to the installer.
    pub(super) fn stray(&self, to: Referent, namespace: &str, name: &str) -> Option<&'a str> {
        let probable = namespace != self.home
            && self.unplaced.contains(&(to, name))
            && !self.explicit.contains(&(to, namespace, name));
        probable.then_some(self.home)
    }

    /// Says of a user or a group of service accounts that it names a namespace which the set leaves:
    /// it is text that nobody may rewrite.
    fn lost_subject(&self, subject: &Value) -> Option<String> {
        let named = text(subject, "name")?;
        let account =
            named.strip_prefix("system:serviceaccount:").and_then(|of| of.split_once(':'));
        let (what, namespace) = match account {
            // An account of `default` that is not in the set may well be meant.
            Some((DEFAULT, name)) => {
                self.follow(Referent::ServiceAccount, DEFAULT, name)?;
                ("user", DEFAULT)
            }
            Some((namespace, _)) => ("user", namespace),
            None => ("group", named.strip_prefix("system:serviceaccounts:")?),
        };
        let destination = self.replaced.get(namespace)?;
        Some(format!(
            "names the {what} {named}, but namespace {namespace} is replaced by {destination}"
        ))
    }

    /// Tells whether any reference may have to be followed.
    pub(super) fn is_empty(&self) -> bool {
        self.moved.is_empty() && self.unplaced.is_empty()
    }

    /// Tells whether an object is named after the namespace that its references go to: nothing
    /// refers to a ClusterRoleBinding by name, and every instance needs its own.
    pub(super) fn renames(&self, id: &ObjectId) -> bool {
        self.mode != NamespaceMode::Own && id.is("rbac.authorization.k8s.io", "ClusterRoleBinding")
    }
}

/// What became of the references of a body.
#[derive(Default)]
pub(super) struct Followed<'a> {
    /// The namespaces that were put in.
    pub(super) namespaces: Vec<&'a str>,
    /// References that lead out of the set and probably should not, in words.
    pub(super) strays: Vec<String>,
}

/// Rewrites the references of a body.
pub(super) fn rewrite<'a>(id: &ObjectId, body: &mut Value, moves: &Moves<'a>) -> Followed<'a> {
    let is_namespaced = id.is("rbac.authorization.k8s.io", "RoleBinding");
    let mut followed = Followed::default();
    if moves.is_empty() {
        return followed;
    }
    for reference in builtin_kind(id).names_in_namespaces {
        for named in reference.all_in_mut(body) {
            // Of the subjects of a binding, users and groups live in no namespace.
            let is_subject = reference.to == Referent::ServiceAccount;
            if is_subject && named.get("kind").is_none_or(|kind| kind != "ServiceAccount") {
                followed.strays.extend(moves.lost_subject(named));
            // Without a namespace it means that of its binding, wherever that goes (docs/design.md,
            // Namespaces).
            } else if !is_subject || !is_namespaced || text(named, "namespace").is_some() {
                followed.redirect(named, reference.to, moves);
            }
        }
    }
    followed.redirect_certificate(body, moves);
    followed
}

impl<'a> Followed<'a> {
    /// Rewrites `namespace` of a reference `{namespace, name}` where its target moves.
    fn redirect(&mut self, reference: &mut Value, to: Referent, moves: &Moves<'a>) {
        let Some(reference) = reference.as_object_mut() else { return };
        let text =
            |key: &str| reference.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
        let (namespace, Some(name)) = (text("namespace").unwrap_or(DEFAULT), text("name")) else {
            return;
        };
        if let Some(destination) = self.destination(to, namespace, name, moves) {
            reference.insert("namespace".to_owned(), destination.into());
        }
    }

    fn redirect_certificate(&mut self, body: &mut Value, moves: &Moves<'a>) {
        let annotations = body.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut);
        let Some(value) = annotations.and_then(|annotations| annotations.get_mut(INJECT_CA_FROM))
        else {
            return;
        };
        let Some((namespace, name)) = value.as_str().and_then(|text| text.split_once('/')) else {
            return;
        };
        if let Some(destination) = self.destination(Referent::Certificate, namespace, name, moves) {
            *value = format!("{destination}/{name}").into();
        }
    }

    /// Gives the namespace that a reference must name instead, and takes note of it.
    fn destination(
        &mut self,
        to: Referent,
        namespace: &str,
        name: &str,
        moves: &Moves<'a>,
    ) -> Option<&'a str> {
        let destination = moves.follow(to, namespace, name);
        self.namespaces.extend(destination);
        if let Some(home) = moves.stray(to, namespace, name).filter(|_| destination.is_none()) {
            self.strays.push(format!(
                "names {to}/{name} in namespace {namespace}, but {to}/{name} goes to namespace {home}"
            ));
        }
        destination
    }
}
